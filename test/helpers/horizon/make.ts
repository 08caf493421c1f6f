import { createHash } from 'node:crypto'
import { Keypair, TransactionBuilder } from '@stellar/stellar-sdk/base'
import type { Ledger } from './ledger.ts'
import { assetKey, type Trustline } from './state.ts'

/** A key of the tests, always the same for a name. Nothing of value hangs on it. */
export function makeKey(name: string): Keypair {
  return Keypair.fromRawEd25519Seed(createHash('sha256').update(`granary test key ${name}`).digest())
}

const issuer = makeKey('issuer')
/** The tests' asset. */
export const TFT = { code: 'TFT', issuer: issuer.publicKey() }

/** The envelope with one more signature for each key, added as a wallet does. */
export function signWith(envelope: string, passphrase: string, ...keys: Keypair[]): string {
  const tx = TransactionBuilder.fromXdr(envelope, passphrase)
  tx.sign(...keys)
  return tx.toXdr()
}

export type World = ReturnType<typeof makeWorld>

/**
 * Accounts for a payout: a payer with three signers of which two are needed (its own key has no weight), channel accounts that the signers
 * sign for too (one of them is enough), and farmers with trustlines.
 */
export function makeWorld(ledger: Ledger, { channels = 2, farmers = 3, payerUnits = 1_000_000_0000000n } = {}) {
  const key = assetKey(TFT.code, TFT.issuer)
  const line = (balance = 0n, limit = 2n ** 63n - 1n): Trustline => ({ balance, limit, authorised: true })
  const signers = ['Ann', 'Bob', 'Cleo'].map(makeKey)
  const weights = (own: string, weight: number) => ({ [own]: weight, ...Object.fromEntries(signers.map(each => [each.publicKey(), 1])) })
  const payer = makeKey('payer')
  const channelKeys = Array.from({ length: channels }, (_, n) => makeKey(`channel ${n}`))
  const farmerKeys = Array.from({ length: farmers }, (_, n) => makeKey(`farmer ${n}`))
  ledger.setAccount(issuer.publicKey())
  ledger.setAccount(payer.publicKey(), {
    thresholds: { low: 1, med: 2, high: 3 },
    signers: weights(payer.publicKey(), 0),
    trustlines: { [key]: line(payerUnits) },
  })
  for (const channel of channelKeys) ledger.setAccount(channel.publicKey(), { signers: weights(channel.publicKey(), 1) })
  for (const farmer of farmerKeys) ledger.setAccount(farmer.publicKey(), { trustlines: { [key]: line() } })
  return { signers, payer, issuer, channels: channelKeys, farmers: farmerKeys, line, key }
}
