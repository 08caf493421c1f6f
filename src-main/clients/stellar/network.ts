import { StrKey } from '@stellar/stellar-sdk/base'
import { checkHorizonUrl } from './horizon.ts'
import type { StellarNetwork } from './types.ts'

/** What is wrong with an entry of a network's Stellar side: the member, and words that name it and the way out. */
export interface StellarNetworkProblem {
  field: 'horizon' | 'passphrase' | 'assetCode' | 'issuer'
  message: string
}

/** Longest passphrase; those of Stellar's own networks have some fifty characters. */
const longestPassphrase = 200

/** What is wrong with what the operator entered, in the order of the form; empty if nothing is. Whether Horizon agrees is for checkNetwork. */
export function checkStellarNetwork({ horizon, passphrase, asset }: StellarNetwork): StellarNetworkProblem[] {
  const problems: StellarNetworkProblem[] = []
  if (!isHorizonUrl(horizon))
    problems.push({
      field: 'horizon',
      message:
        'Horizon: this is no address of a Horizon server. Enter https://HOST, or http:// for one on this machine, without user name, query or fragment.',
    })
  // not trimmed: every character of it goes into every hash
  if (passphrase === '' || passphrase !== passphrase.trim() || passphrase.length > longestPassphrase)
    problems.push({
      field: 'passphrase',
      message: `Passphrase: enter the Stellar network's passphrase exactly, without spaces around it, up to ${longestPassphrase} characters.`,
    })
  if (!/^[A-Za-z0-9]{1,12}$/.test(asset.code))
    problems.push({ field: 'assetCode', message: 'Asset: its code has 1 to 12 letters and digits, such as TFT.' })
  if (!StrKey.isValidEd25519PublicKey(asset.issuer))
    problems.push({ field: 'issuer', message: 'Issuer: this is no Stellar account. Enter the 56 characters that begin with G.' })
  return problems
}

function isHorizonUrl(text: string): boolean {
  try {
    checkHorizonUrl(text)
    return true
  } catch {
    return false
  }
}
