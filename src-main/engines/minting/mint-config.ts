import type { MintConfig } from '../../../src-shared/node-period.ts'
import { isAccountId } from './strkey.ts'

/** What is wrong with a setting: the member of MintConfig, and words that name it and the way out. */
export interface ConfigProblem {
  field: 'signers' | 'threshold' | 'administrators' | 'carbon.wallet' | 'vault.address'
  message: string
}

/**
 * What is wrong with an operator's choices, in the order of the form; empty if nothing is. Signers and threshold count only under the two
 * triggers that vote (minting.md, Who triggers the payout: M is more than half of N).
 */
export function checkMintConfig(config: MintConfig): ConfigProblem[] {
  const problems = votes(config) ? votingProblems(config) : []
  const administrator = twice(config.administrators)
  if (administrator !== null)
    problems.push({ field: 'administrators', message: `Administrators: "${administrator}" is listed twice. Take one of them out.` })
  if (config.carbon.on && config.carbon.wallet === '')
    problems.push({
      field: 'carbon.wallet',
      message: 'Carbon wallet: the offset is on and has no wallet. Enter the wallet that gets it, or turn the offset off.',
    })
  if (config.vault.address !== '' && !isAccountId(config.vault.address))
    problems.push({
      field: 'vault.address',
      message: 'Vault address: this is no Stellar account. Enter the 56 characters that begin with G, or leave it empty.',
    })
  return problems
}

/** Whether amounts are voted on: triggers 1 and 2. */
export function votes(config: Pick<MintConfig, 'trigger'>): boolean {
  return config.trigger === 'offline-amount' || config.trigger === 'verified-amount'
}

/**
 * What is wrong with the signers and their threshold, where amounts are voted on. While anything is, no vote decides: with half of the
 * signers or fewer, two amounts could both have enough votes.
 */
export function votingProblems({ signers, threshold }: Pick<MintConfig, 'signers' | 'threshold'>): ConfigProblem[] {
  if (signers.length === 0)
    return [{ field: 'signers', message: 'Signers: there is none, and this trigger needs votes. Add signers, or choose another trigger.' }]
  const problems: ConfigProblem[] = []
  const signer = twice(signers)
  if (signer !== null)
    problems.push({
      field: 'signers',
      message: `Signers: "${signer}" is listed twice, and each signer has one vote. Take one of them out.`,
    })
  const most = signers.length
  const least = Math.floor(most / 2) + 1
  if (threshold > most)
    problems.push({
      field: 'threshold',
      message: `Threshold: ${threshold} equal votes are more than the ${countOf(most)}. Enter ${rangeText(least, most)}, or add signers.`,
    })
  else if (threshold < least)
    problems.push({
      field: 'threshold',
      message: `Threshold: ${threshold} of ${most} is not more than half. Enter ${rangeText(least, most)}.`,
    })
  return problems
}

/** The first name that stands in the list again, also where only its letters' case or width differ; null if none does. */
function twice(names: readonly string[]): string | null {
  const seen = new Set<string>()
  for (const name of names) {
    const folded = name.normalize('NFKC').trim().toLowerCase()
    if (seen.has(folded)) return name
    seen.add(folded)
  }
  return null
}

function countOf(signers: number): string {
  return signers === 1 ? 'one signer' : `${signers} signers`
}

function rangeText(least: number, most: number): string {
  return least === most ? `${least}` : `${least} to ${most}`
}
