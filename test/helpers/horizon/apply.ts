import type { OperationRecord } from '@stellar/stellar-sdk/base'
import { baseAccount, keyOfAsset, kindOf, type Parsed, reserveOf } from './check.ts'
import type { OpOutcome, TxOutcome } from './codes.ts'
import { type Account, cloneAccount } from './state.ts'

/*
 * What a transaction that a ledger holds does. Its fee and its sequence number are gone whatever becomes of it; its operations are all
 * done or none.
 */

/** The accounts while a ledger is made. */
export interface Draft {
  find(id: string): Account | undefined
  /** one that may be changed */
  change(id: string): Account | undefined
  create(account: Account): void
}

/** A draft on a draft: `keep` hands its changes down. */
export function draftOn(below: { find(id: string): Account | undefined }): Draft & { changed: Map<string, Account> } {
  const changed = new Map<string, Account>()
  return {
    changed,
    find: id => changed.get(id) ?? below.find(id),
    change(id) {
      const own = changed.get(id)
      if (own) return own
      const found = below.find(id)
      if (!found) return undefined
      const copy = cloneAccount(found)
      changed.set(id, copy)
      return copy
    },
    create: account => void changed.set(account.id, account),
  }
}

/** Applies one transaction; `ledger` is the ledger that is being made. Its fee was charged before. */
export function applyTx(parsed: Parsed, draft: ReturnType<typeof draftOn>, ledger: number): TxOutcome {
  const { tx, source: sourceId } = parsed
  const source = draft.change(sourceId)
  // a bump of another transaction in the same ledger may have run ahead
  if (!source || BigInt(tx.sequence) !== source.sequence + 1n) return { code: 'tx_bad_seq', operations: [], isOuter: false }
  source.sequence = BigInt(tx.sequence)
  const scratch = draftOn(draft)
  const operations = tx.operations.map(operation => ({
    kind: kindOf(operation),
    code: applyOperation(operation, baseAccount(operation.source ?? sourceId), scratch, ledger),
  }))
  const failed = operations.some(({ code }: OpOutcome) => code !== 'op_success')
  if (!failed) for (const account of scratch.changed.values()) draft.create(account)
  return { code: failed ? 'tx_failed' : 'tx_success', operations, isOuter: false }
}

function applyOperation(operation: OperationRecord, sourceId: string, draft: Draft, ledger: number): string {
  const source = draft.change(sourceId)
  if (!source) return 'op_no_source_account'
  if (operation.type === 'payment') {
    const amount = unitsOf(operation.amount)
    const to = baseAccount(operation.destination)
    const key = keyOfAsset(operation.asset)
    return key === null ? payLumens(source, to, amount, draft) : payAsset(source, to, key, amount, draft)
  }
  if (operation.type === 'createAccount') {
    const amount = unitsOf(operation.startingBalance)
    if (draft.find(operation.destination)) return 'op_already_exists'
    if (source.lumens - reserveOf(source) < amount) return 'op_underfunded'
    if (amount < 10_000_000n) return 'op_low_reserve'
    source.lumens -= amount
    draft.create(emptyAccount(operation.destination, amount, BigInt(ledger) << 32n))
    return 'op_success'
  }
  if (operation.type === 'bumpSequence') {
    const to = BigInt(operation.bumpTo)
    if (to > source.sequence) source.sequence = to
    return 'op_success'
  }
  if (operation.type === 'changeTrust') return changeTrust(operation, source, draft)
  return 'op_not_supported'
}

function payLumens(source: Account, toId: string, amount: bigint, draft: Draft): string {
  const to = draft.change(toId)
  if (!to) return 'op_no_destination'
  if (source.lumens - reserveOf(source) < amount) return 'op_underfunded'
  source.lumens -= amount
  to.lumens += amount
  return 'op_success'
}

/** The issuer's own account needs no trustline: it makes and destroys. */
function payAsset(source: Account, toId: string, key: string, amount: bigint, draft: Draft): string {
  const issuer = key.slice(key.indexOf(':') + 1)
  const to = draft.change(toId)
  if (!to) return 'op_no_destination'
  const into = to.trustlines[key]
  if (to.id !== issuer) {
    if (!into) return 'op_no_trust'
    if (!into.authorised) return 'op_not_authorized'
    // to oneself changes nothing
    if (to.id !== source.id && into.balance + amount > into.limit) return 'op_line_full'
  }
  if (source.id !== issuer) {
    const from = source.trustlines[key]
    if (!from) return 'op_src_no_trust'
    if (!from.authorised) return 'op_src_not_authorized'
    if (from.balance < amount) return 'op_underfunded'
    from.balance -= amount
  }
  if (into && to.id !== issuer) into.balance += amount
  return 'op_success'
}

function changeTrust(operation: OperationRecord & { type: 'changeTrust' }, source: Account, draft: Draft): string {
  const key = 'issuer' in operation.line ? keyOfAsset(operation.line) : null
  if (key === null) return 'op_malformed'
  const issuer = draft.find(key.slice(key.indexOf(':') + 1))
  if (!issuer) return 'op_no_issuer'
  const limit = unitsOf(operation.limit)
  const line = source.trustlines[key]
  if (line ? limit < line.balance : limit === 0n) return 'op_invalid_limit'
  if (limit === 0n) delete source.trustlines[key]
  else if (line) line.limit = limit
  else {
    if (source.lumens - reserveOf(source) < 5_000_000n) return 'op_low_reserve'
    source.trustlines[key] = { balance: 0n, limit, authorised: !issuer.authRequired }
  }
  return 'op_success'
}

export function emptyAccount(id: string, lumens: bigint, sequence: bigint): Account {
  return {
    id,
    lumens,
    sequence,
    changedLedger: 0,
    thresholds: { low: 0, med: 0, high: 0 },
    signers: { [id]: 1 },
    trustlines: {},
    authRequired: false,
  }
}

/** Units of 1e-7 of a text that has 7 decimals. */
export function unitsOf(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.')
  return BigInt(whole + fraction.padEnd(7, '0'))
}
