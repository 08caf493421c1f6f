import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { Keypair, TransactionBuilder, xdr } from '@stellar/stellar-sdk/base'
import type { Ledger } from './ledger.ts'
import { assetKey, type Trustline } from './state.ts'

const madeKeys = new Map<string, Keypair>()

/** A key of the tests, always the same for a name. Nothing of value hangs on it. */
export function makeKey(name: string): Keypair {
  const known = madeKeys.get(name)
  if (known) return known
  const made = Keypair.fromRawEd25519Seed(createHash('sha256').update(`granary test key ${name}`).digest())
  madeKeys.set(name, made)
  return made
}

const issuer = makeKey('issuer')
/** The tests' asset. */
export const TFT = { code: 'TFT', issuer: issuer.publicKey() }

/** The envelope with one more signature for each key, added as a wallet does. */
export function signWith(envelope: string, passphrase: string, ...keys: Keypair[]): string {
  const tx = TransactionBuilder.fromXdr(envelope, passphrase)
  const hash = tx.hash()
  for (const key of keys)
    tx.addDecoratedSignature(new xdr.DecoratedSignature({ hint: key.signatureHint(), signature: signatureBy(key, hash) }))
  return tx.toXdr()
}

const privateKeys = new Map<string, KeyObject>()
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The system's own ed25519 is ten times as fast as one in JavaScript, and gives the same bytes. */
export function signatureBy(key: Keypair, bytes: Uint8Array): Buffer {
  return sign(null, bytes, privateKeyOf(key))
}

function privateKeyOf(key: Keypair): KeyObject {
  const known = privateKeys.get(key.publicKey())
  if (known) return known
  const seed = key.rawSecretKey().subarray(0, 32)
  const made = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' })
  privateKeys.set(key.publicKey(), made)
  return made
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
