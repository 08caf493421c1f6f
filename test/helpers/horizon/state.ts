import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { TxOutcome } from './codes.ts'

/*
 * What the tests' own Stellar ledger holds. Amounts are units of 1e-7 (of lumens and of any other asset), sequences are 64 bits: both are
 * bigint. Times are seconds.
 */

export interface Trustline {
  balance: bigint
  limit: bigint
  authorised: boolean
}

export interface Account {
  id: string
  lumens: bigint
  sequence: bigint
  /** the ledger that last changed it */
  changedLedger: number
  thresholds: { low: number; med: number; high: number }
  /** weight by key, the master key among them; weight 0: none */
  signers: Record<string, number>
  /** by `CODE:ISSUER` */
  trustlines: Record<string, Trustline>
  /** holders of its assets need its consent */
  authRequired: boolean
}

export interface LedgerRow {
  sequence: number
  closeTs: number
  hash: string
  previousHash: string
  operations: number
  succeeded: number
  failed: number
}

/** A transaction that a ledger holds, successful or failed. */
export interface TxRow {
  hash: string
  /** of the transaction that a fee bump wraps */
  innerHash: string | null
  envelope: string
  result: string
  outcome: TxOutcome
  successful: boolean
  ledger: number
  /** place in its ledger, from 0 */
  place: number
  /** whose sequence number it took */
  source: string
  sequence: string
  feeSource: string
  feeCharged: bigint
  maxFee: bigint
  /** in whose history it stands */
  accounts: string[]
}

/** Accepted, in no ledger yet. */
export interface Pending {
  hash: string
  innerHash: string | null
  envelope: string
  source: string
  sequence: bigint
  fee: bigint
  isBump: boolean
  /** not before this ledger */
  fromLedger: number
}

export interface State {
  passphrase: string
  ledgers: LedgerRow[]
  /** every version of an account, the ledger that made it with it, oldest first */
  accounts: Record<string, Account[]>
  txs: TxRow[]
  pending: Pending[]
  /** the least fee per operation that gets in */
  minFee: bigint
}

export const assetKey = (code: string, issuer: string) => `${code}:${issuer}`

export function cloneAccount(account: Account): Account {
  return {
    ...account,
    thresholds: { ...account.thresholds },
    signers: { ...account.signers },
    trustlines: Object.fromEntries(Object.entries(account.trustlines).map(([key, line]) => [key, { ...line }])),
  }
}

/** Beside the file and renamed, so that whoever is killed meanwhile leaves a whole one. */
export function saveState(file: string, state: State): void {
  const text = JSON.stringify(state, (_, value) => (typeof value === 'bigint' ? { $big: value.toString() } : value))
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

export function loadState(file: string): State | null {
  if (!existsSync(file)) return null
  return JSON.parse(readFileSync(file, 'utf8'), (_, value) =>
    value !== null && typeof value === 'object' && typeof value.$big === 'string' ? BigInt(value.$big) : value,
  )
}
