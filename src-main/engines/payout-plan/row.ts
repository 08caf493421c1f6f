import type { EnvelopeKind, EnvelopeStage, PayoutPlan, PlanRow, RowStage } from '../../../src-shared/pay.ts'

/*
 * What becomes of a row of a run, as a value. A row owns one sequence number of one account, and all its envelopes take that number, so the
 * ledger can hold at most one of them: this, and not what any machine remembers, is why a row is paid at most once. What is said here
 * about the ledger must come from the ledger.
 */

/** One transaction that was made for a row. */
export interface Envelope {
  /** of the transaction, hex; a fee bump around it leaves it as it is */
  hash: string
  kind: EnvelopeKind
  /** it can't be included in a ledger that closes after this; seconds */
  maxTs: number
  stage: EnvelopeStage
}

/** Where on the ledger a row's payment stands. */
export interface Payment {
  hash: string
  ledger: number
  ts: number
  /** by a transaction that is none of the row's envelopes known here */
  foreign: boolean
}

export interface RowState {
  envelopes: readonly Envelope[]
  payment: Payment | null
  /** what the ledger holds that contradicts the plan, in words; empty: nothing. Such a row waits for a person */
  conflict: string
}

/** A transaction that stands in a ledger, as far as rows are concerned. */
export interface LedgerTx {
  /** of the transaction that was signed: the inner one of a fee bump */
  hash: string
  successful: boolean
  ledger: number
  /** seconds */
  ts: number
  source: string
  sequence: bigint
  /** the memo's hash, hex; null: another memo or none */
  memo: string | null
  /** its only operation where that is a payment, else null */
  payment: { from: string; to: string; assetCode: string; issuer: string; amountUnits: bigint } | null
}

export type RowEvent =
  /** signatures meet the thresholds */
  | { kind: 'signed'; hash: string }
  /** it is about to be sent; kept before it is */
  | { kind: 'send'; hash: string }
  /** it was sent, and nobody knows what became of it */
  | { kind: 'unclear'; hash: string }
  /** a transaction of the ledger that has to do with this row: an envelope of it, its memo, or its number */
  | { kind: 'found'; tx: LedgerTx }
  /** no ledger that closed up to `closedTs` holds it */
  | { kind: 'absent'; hash: string; closedTs: number }
  /** the account's number went past this row's, and no transaction of the row took it, up to the ledger that closed at `closedTs` */
  | { kind: 'skipped'; closedTs: number }
  /**
   * Another envelope under the row's own number; a payment only after all before it expired. `elsewhere`: another machine made it, which had
   * the proof; this one may not have asked the ledger yet, and need not, as the ledger takes one of them
   */
  | { kind: 'replace'; envelope: Pick<Envelope, 'hash' | 'kind' | 'maxTs'>; elsewhere?: boolean }

/** The row as it is now (the same object where the event says nothing new), or why it was refused. */
export type RowResult = { row: RowState } | { refused: string }

/** A row with its first envelope. */
export function newRow(hash: string, maxTs: number): RowState {
  return { envelopes: [{ hash, kind: 'payment', maxTs, stage: 'planned' }], payment: null, conflict: '' }
}

export function rowStage({ envelopes, payment, conflict }: RowState): RowStage {
  if (conflict !== '') return 'conflict'
  if (payment) return 'paid'
  const ended = envelopes.find(({ stage }) => stage === 'used-up' || stage === 'failed')
  return ended?.stage ?? envelopes.at(-1)!.stage
}

/** An envelope that no ledger holds and none ever can, or that did not pay. */
export function isDead({ stage }: Pick<Envelope, 'stage'>): boolean {
  return stage === 'used-up' || stage === 'failed' || stage === 'expired' || stage === 'overtaken'
}

/** Whether no transaction took the row's number yet, as far as is known: it holds up the rows after it on its channel. */
export function isNumberFree({ envelopes }: RowState): boolean {
  return envelopes.every(({ stage }) => isOpen(stage) || stage === 'expired')
}

/**
 * Nothing more can happen to the row, unless an expired one is replaced. A conflict is never over: a person must look. Nor is a row that
 * somebody else paid while an envelope of it could still pay it again.
 */
export function isOver(row: RowState): boolean {
  return row.conflict === '' && row.envelopes.every(envelope => isDead(envelope) || envelope.stage === 'paid')
}

/** Whether only another envelope helps: the number is free, and what was made for it expired. */
export function needsReplacement(row: RowState): boolean {
  return row.conflict === '' && row.envelopes.every(({ stage }) => stage === 'expired')
}

/** The envelope to send now, if one may be sent: the last one, signed and not settled; of a paid row only what uses its number up. */
export function sendable(row: RowState): Envelope | null {
  const last = row.envelopes.at(-1)!
  if (row.conflict !== '' || (row.payment && last.kind === 'payment')) return null
  return last.stage === 'signed' || last.stage === 'sent' || last.stage === 'unclear' ? last : null
}

/** Applies one event. Pure: changes nothing that it was given. */
export function applyRow(plan: Terms, planned: PlanRow, row: RowState, event: RowEvent): RowResult {
  switch (event.kind) {
    case 'signed':
      return move(row, event.hash, stage => (stage === 'planned' ? 'signed' : isOpen(stage) ? stage : null), 'is settled already')
    case 'send':
      if (row.conflict !== '') return { refused: `The ledger contradicts this row: ${row.conflict}` }
      if (row.envelopes.at(-1)?.hash !== event.hash) return { refused: 'Another envelope took the place of this one.' }
      if (row.payment && row.envelopes.at(-1)?.kind === 'payment') return { refused: 'The row is paid.' }
      return move(row, event.hash, stage => (isOpen(stage) && stage !== 'planned' ? 'sent' : null), 'lacks signatures or is settled')
    case 'unclear':
      return move(row, event.hash, stage => (stage === 'sent' || stage === 'unclear' ? 'unclear' : null), 'was not sent or is settled')
    case 'found':
      return { row: withTx(plan, planned, row, event.tx) }
    case 'absent': {
      const { hash, closedTs } = event
      const envelope = row.envelopes.find(known => known.hash === hash)
      if (!envelope) return { refused: 'The row has no such envelope.' }
      if (!isOpen(envelope.stage) || closedTs <= envelope.maxTs) return { row }
      return { row: withStage(row, hash, 'expired') }
    }
    case 'skipped':
      // its number may have been taken by an envelope that the ledger's history does not show yet
      if (row.envelopes.some(({ stage, maxTs }) => isOpen(stage) && event.closedTs <= maxTs)) return { row }
      return { row: isNumberFree(row) ? overtakeOthers(row, '') : row }
    case 'replace':
      return replaced(row, event.envelope, event.elsewhere ?? false)
  }
}

/** What all rows of a plan share. */
export type Terms = Pick<PayoutPlan, 'payer' | 'assetCode' | 'issuer'>

function isOpen(stage: EnvelopeStage): boolean {
  return stage === 'planned' || stage === 'signed' || stage === 'sent' || stage === 'unclear'
}

function move(row: RowState, hash: string, next: (stage: EnvelopeStage) => EnvelopeStage | null, otherwise: string): RowResult {
  const envelope = row.envelopes.find(known => known.hash === hash)
  if (!envelope) return { refused: 'The row has no such envelope.' }
  const stage = next(envelope.stage)
  if (stage === null) return { refused: `The envelope ${otherwise} (${envelope.stage}).` }
  return { row: stage === envelope.stage ? row : withStage(row, hash, stage) }
}

function withStage(row: RowState, hash: string, stage: EnvelopeStage): RowState {
  return { ...row, envelopes: row.envelopes.map(known => (known.hash === hash ? { ...known, stage } : known)) }
}

/** A payment only after all before it expired; what only uses the number up at any time: the ledger takes one of them, whichever. */
function replaced(row: RowState, next: Pick<Envelope, 'hash' | 'kind' | 'maxTs'>, elsewhere: boolean): RowResult {
  if (row.envelopes.some(({ hash }) => hash === next.hash)) return { refused: 'The row has this envelope already.' }
  if (row.conflict !== '') return { refused: `The ledger contradicts this row: ${row.conflict}` }
  if (!isNumberFree(row)) return { refused: "The row's number is used up." }
  if (next.kind === 'payment' && row.payment) return { refused: 'The row is paid.' }
  // what proves the last one dead must prove those before it dead too
  if (row.envelopes.some(({ maxTs }) => maxTs >= next.maxTs)) return { refused: 'Another envelope of the row is good for longer.' }
  if (next.kind === 'payment' && !elsewhere && !needsReplacement(row))
    return { refused: 'A payment is replaced only after its time bounds passed in a closed ledger.' }
  return { row: { ...row, envelopes: [...row.envelopes, { ...next, stage: 'planned' }] } }
}

/** What a transaction of the ledger means for a row. Repeated, or in any order, it comes to the same. */
function withTx(plan: Terms, planned: PlanRow, row: RowState, tx: LedgerTx): RowState {
  const own = row.envelopes.find(({ hash }) => hash === tx.hash)
  const tookNumber = tx.source === planned.channel && tx.sequence === planned.sequence
  const settled = tookNumber ? overtakeOthers(row, tx.hash) : row
  if (!tx.successful) return own ? withStage(settled, tx.hash, 'failed') : settled
  if (own?.kind === 'bump') return withStage(settled, tx.hash, 'used-up')
  // a payment of others with the same memo says nothing about this row
  if (!own && (tx.memo !== planned.receipt || tx.payment?.from !== plan.payer)) return settled
  const differs = difference(plan, planned, tx)
  if (differs !== '') {
    const ended = own ? withStage(settled, tx.hash, 'used-up') : settled
    return { ...ended, conflict: `transaction ${tx.hash} has another ${differs}` }
  }
  const paid = own ? withStage(settled, tx.hash, 'paid') : settled
  if (row.payment && row.payment.hash !== tx.hash)
    return { ...paid, conflict: `transactions ${[row.payment.hash, tx.hash].sort().join(' and ')} both pay this receipt` }
  return { ...paid, payment: { hash: tx.hash, ledger: tx.ledger, ts: tx.ts, foreign: !own } }
}

/** The row's number is gone to the transaction `hash`: no other envelope can be included any more. One that expired is as dead, in another way. */
function overtakeOthers(row: RowState, hash: string): RowState {
  const dead = (known: Envelope): Envelope =>
    known.hash !== hash && (isOpen(known.stage) || known.stage === 'expired') ? { ...known, stage: 'overtaken' } : known
  return { ...row, envelopes: row.envelopes.map(dead) }
}

/** Paid means that success, payer, payee, asset, amount and memo all agree; the first that does not, in words. */
function difference(plan: Terms, planned: PlanRow, { memo, payment }: LedgerTx): string {
  if (!payment) return 'operation'
  if (payment.from !== plan.payer) return 'payer'
  if (payment.to !== planned.payee) return 'payee'
  if (payment.assetCode !== plan.assetCode || payment.issuer !== plan.issuer) return 'asset'
  if (payment.amountUnits !== planned.amountUnits) return 'amount'
  return memo === planned.receipt ? '' : 'memo'
}
