import { AppError } from '../../src-shared/errors.ts'
import type { EnvelopeKind, PayoutPlan, RunStage } from '../../src-shared/pay.ts'
import type { Envelope, RowState } from '../engines/payout-plan/row.ts'
import { prepared, writeTransaction } from './db.ts'
import type { Store } from './open.ts'
import { markRows } from './payment-marks.ts'
import { refuseBesideUnknown } from './restored.ts'
import type { PayoutEnvelopesTable, PayoutRowsTable, PayoutRunsTable } from './schema.ts'
import { books, change, row, rows } from './sql.ts'

/** A run as the books have it, without its rows. */
export interface StoredRun {
  runId: string
  network: string
  /** `period 102`, or `mints` */
  subject: string
  /** the canonical plan; its hash is the run's id */
  planText: string
  madeHere: boolean
  signedHere: boolean
  stage: RunStage
  addedTs: number
  changedTs: number
}

/** An envelope as the books have it; its signatures stand beside it. */
export interface StoredEnvelope extends Envelope {
  place: number
  generation: number
  minTs: number
  feeStroops: number
  /** base64 of the XDR, without signatures */
  envelope: string
}

/** What a plan is about: there is one live run of it for a network. */
export function subjectOf(plan: Pick<PayoutPlan, 'period'>): string {
  return plan.period === null ? 'mints' : `period ${plan.period}`
}

/** Runs of a network, or of all, newest first. */
export function listRuns(store: Store, network?: string): StoredRun[] {
  const query = books.selectFrom('payout_runs').selectAll().orderBy('added_ts', 'desc').orderBy('id')
  return rows(store.books, network === undefined ? query : query.where('network', '=', network)).map(toRun)
}

/** A run by its id or a beginning of it. Throws AppError not-found. */
export function loadRun(store: Store, runId: string): StoredRun {
  if (/^[0-9a-f]{4,64}$/.test(runId)) {
    const query = books.selectFrom('payout_runs').selectAll().where('id', '>=', runId).where('id', '<=', `${runId}g`)
    const found = rows(store.books, query)
    if (found.length === 1) return toRun(found[0]!)
    if (found.length > 1) throw new AppError('usage', `More than one run begins with ${runId}. Give more of its id.`)
  }
  throw new AppError('not-found', `There is no payout run ${runId}. Look at the list of runs.`, { details: { runId } })
}

export interface NewRun {
  runId: string
  plan: PayoutPlan
  planText: string
  madeHere: boolean
  /** by place: the first envelope of each row */
  envelopes: readonly { hash: string; envelope: string }[]
}

export function hasRun(store: Store, runId: string): boolean {
  return prepared(store.books, 'SELECT 1 FROM payout_runs WHERE id = ?').get(runId) !== undefined
}

/**
 * Adds a run with its rows; from here on it holds its period. One that is there already stays as it is. Throws AppError `store.conflict` where
 * another run of the same network and period lives, or a receipt of it is under way or paid in another run: the tables refuse it
 * (runs-tables.ts); `pay.refused` where the books came back from a backup and a run that they do not know could still be paid. Whoever calls
 * it holds the transaction (runCommand does).
 */
export function insertRun(store: Store, { runId, plan, planText, madeHere, envelopes }: NewRun): { added: boolean } {
  const db = store.books
  if (hasRun(store, runId)) return { added: false }
  refuseBesideUnknown(store, runId, plan.createdTs)
  const subject = subjectOf(plan)
  const now = store.now()
  refusing(store, plan.network, subject, () => {
    db.prepare('INSERT INTO payout_runs (id, network, subject, plan, made_here, stage, added_ts, changed_ts) VALUES (?,?,?,?,?,?,?,?)').run(
      runId,
      plan.network,
      subject,
      planText,
      madeHere ? 1 : 0,
      'open',
      now,
      now,
    )
    const insertRow = db.prepare(
      `INSERT INTO payout_rows (run_id, place, network, receipt, origin, node_id, farm_id, payee, amount_units, stage)
       VALUES (?,?,?,?,?,?,?,?,?,'planned')`,
    )
    const insertEnvelope = envelopeInsert(store)
    for (const [place, planned] of plan.rows.entries()) {
      const { receipt, retryFor, nodeId, farmId, payee, amountUnits, minTs, maxTs } = planned
      insertRow.run(runId, place, plan.network, receipt, retryFor ?? receipt, nodeId, farmId, payee, amountUnits.toString())
      const { hash, envelope } = envelopes[place]!
      insertEnvelope.run(hash, runId, place, 0, 'payment', minTs, maxTs, plan.feeStroops, envelope)
    }
    markRows(store, runId)
  })
  return { added: true }
}

function envelopeInsert(store: Store) {
  return store.books.prepare(
    `INSERT INTO payout_envelopes (hash, run_id, place, generation, kind, min_ts, max_ts, fee_stroops, envelope, stage)
     VALUES (?,?,?,?,?,?,?,?,?,'planned')`,
  )
}

/** Adds an envelope that takes the place of others of its row. Throws as insertRun does. */
export function insertReplacement(store: Store, run: StoredRun, added: Omit<StoredEnvelope, 'stage'>): void {
  const { hash, place, generation, kind, minTs, maxTs, feeStroops, envelope } = added
  refusing(store, run.network, run.subject, () => {
    envelopeInsert(store).run(hash, run.runId, place, generation, kind, minTs, maxTs, feeStroops, envelope)
    markRows(store, run.runId, place)
  })
}

/** What the tables refuse, in words. */
function refusing(store: Store, network: string, subject: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown }
    const isUnique = code === 'SQLITE_CONSTRAINT_UNIQUE' && String(message).includes('payout_runs')
    if (!isUnique && !String(message).includes('receipt under way')) throw error
    const other = listRuns(store, network).find(run => run.subject === subject && run.stage !== 'dead' && run.stage !== 'withdrawn')
    throw new AppError(
      'store.conflict',
      isUnique
        ? `There is a run of ${subject} on network "${network}" already: ${other?.runId.slice(0, 16) ?? 'unknown'}. Nothing was changed. A second one is refused until the first is proven dead: every envelope past its time bounds in a closed ledger, and none applied. Use that run, or reconcile it later.`
        : `A receipt of this plan is paid, or still can be, by another run on network "${network}". Nothing was changed. Reconcile that run first; it is planned anew once every envelope has expired or failed.`,
      { cause: error, details: { network, subject, runId: other?.runId ?? null } },
    )
  }
}

/** The rows' states, by place. */
export function loadRows(store: Store, runId: string): RowState[] {
  const envelopes = loadEnvelopes(store, runId)
  const found = prepared(store.books, 'SELECT * FROM payout_rows WHERE run_id = ? ORDER BY place').all(runId) as PayoutRowsTable[]
  return found.map(stored => toRow(stored, envelopes[stored.place]!))
}

function toRow(
  { tx, ledger, paid_ts: ts, is_foreign: foreign, conflict }: PayoutRowsTable,
  envelopes: readonly StoredEnvelope[],
): RowState {
  return {
    envelopes: envelopes.map(({ hash, kind, maxTs, stage }) => ({ hash, kind, maxTs, stage })),
    payment: tx === null ? null : { hash: tx, ledger: ledger!, ts: ts!, foreign: foreign === 1 },
    conflict,
  }
}

/** A run's envelopes by place, each row's oldest first. */
export function loadEnvelopes(store: Store, runId: string): StoredEnvelope[][] {
  const all = prepared(store.books, 'SELECT * FROM payout_envelopes WHERE run_id = ? ORDER BY place, generation').all(
    runId,
  ) as PayoutEnvelopesTable[]
  const byPlace: StoredEnvelope[][] = []
  for (const stored of all) {
    const own = byPlace[stored.place] ?? []
    own.push(toEnvelope(stored))
    byPlace[stored.place] = own
  }
  return byPlace
}

/** The envelope of a hash, in whichever run has it; undefined where there is none. */
export function findEnvelope(store: Store, hash: string): (StoredEnvelope & { runId: string }) | undefined {
  const found = row(store.books, books.selectFrom('payout_envelopes').selectAll().where('hash', '=', hash))
  return found && { ...toEnvelope(found), runId: found.run_id }
}

/**
 * Keeps what became of a row; its former state is given, so that only what changed is written. `stage` is its rowStage. A payment of a run
 * that was withdrawn was made by others, also where it is this very envelope: the run that took its place may have it in common.
 */
export function saveRow(store: Store, run: StoredRun, place: number, before: RowState, after: RowState, stage: string): void {
  if (before === after) return
  const { runId } = run
  for (const [at, { hash, stage: now }] of after.envelopes.entries())
    if (before.envelopes[at]?.stage !== now)
      change(store.books, books.updateTable('payout_envelopes').set({ stage: now }).where('run_id', '=', runId).where('hash', '=', hash))
  const { payment, conflict } = after
  const paid = { tx: payment?.hash ?? null, ledger: payment?.ledger ?? null, paid_ts: payment?.ts ?? null }
  const values = { ...paid, stage, is_foreign: payment?.foreign || run.stage === 'withdrawn' ? 1 : 0, conflict }
  change(store.books, books.updateTable('payout_rows').set(values).where('run_id', '=', runId).where('place', '=', place))
  markRows(store, runId, place)
}

/** A signature of an envelope's hash, checked by whoever keeps it. */
export interface EnvelopeSignature {
  hash: string
  signer: string
  /** base64 */
  signature: string
}

/** Keeps signatures; one of the same signer on the same envelope stays as it is. Gives how many are new. */
export function saveSignatures(store: Store, list: readonly EnvelopeSignature[]): number {
  const insert = prepared(
    store.books,
    'INSERT INTO payout_signatures (hash, signer, signature) VALUES (?,?,?) ON CONFLICT (hash, signer) DO NOTHING',
  )
  return list.reduce((added, { hash, signer, signature }) => added + insert.run(hash, signer, signature).changes, 0)
}

/** All signatures of a run's envelopes by hash, each envelope's by signer. */
export function loadSignatures(store: Store, runId: string): Map<string, EnvelopeSignature[]> {
  const all = prepared(
    store.books,
    `SELECT s.hash, s.signer, s.signature FROM payout_signatures s JOIN payout_envelopes e ON e.hash = s.hash
     WHERE e.run_id = ? ORDER BY s.hash, s.signer`,
  ).all(runId) as EnvelopeSignature[]
  return Map.groupBy(all, ({ hash }) => hash)
}

/** What others paid of a run before it is withdrawn here stays theirs: the run that takes its place may have it in common. */
export function saveStage(store: Store, runId: string, stage: RunStage): void {
  if (stage === 'withdrawn') {
    change(store.books, books.updateTable('payout_rows').set({ is_foreign: 1 }).where('run_id', '=', runId).where('tx', 'is not', null))
    markRows(store, runId)
  }
  change(store.books, books.updateTable('payout_runs').set({ stage, changed_ts: store.now() }).where('id', '=', runId))
}

/**
 * A key of this store signs the run: from here on the run can't be withdrawn, and no other of its period is taken in until it is proven
 * dead. Kept before the first signature is made.
 */
export function saveSignedHere(store: Store, runId: string): void {
  change(store.books, books.updateTable('payout_runs').set({ signed_here: 1 }).where('id', '=', runId).where('signed_here', '=', 0))
}

/** A signer's word on the run's id. */
export interface Approval {
  signer: string
  /** base64 */
  signature: string
}

export function loadApprovals(store: Store, runId: string): Approval[] {
  const query = books.selectFrom('payout_approvals').selectAll().where('run_id', '=', runId).orderBy('signer')
  return rows(store.books, query).map(({ signer, signature }) => ({ signer, signature }))
}

export function saveApproval(store: Store, runId: string, { signer, signature }: Approval): void {
  const values = { run_id: runId, signer, signature, added_ts: store.now() }
  change(
    store.books,
    books
      .insertInto('payout_approvals')
      .values(values)
      .onConflict(conflict => conflict.columns(['run_id', 'signer']).doNothing()),
  )
}

/** SQLite's number for synchronous=FULL. */
const FULL = 2

/**
 * Begins attempts to send envelopes, in a transaction of its own that is on the disk when this returns: only then may they be sent. `mark`
 * keeps that their rows are being sent and gives their hashes. Gives the attempts' ids. Throws AppError `internal` where the books would
 * not survive a power cut.
 */
export function beginAttempts(store: Store, mark: () => readonly string[]): number[] {
  if ((store.books.pragma('synchronous', { simple: true }) as number) < FULL)
    throw new AppError('internal', 'The books are not written through to the disk, so nothing is sent.')
  return writeTransaction(store.books, 'books.db', () => {
    const insert = store.books.prepare('INSERT INTO payout_attempts (hash, sent_ts) VALUES (?, ?)')
    return mark().map(hash => Number(insert.run(hash, store.now()).lastInsertRowid))
  })
}

/** Keeps what came back of an attempt. */
export function endAttempt(store: Store, id: number, outcome: string, note: string): void {
  change(store.books, books.updateTable('payout_attempts').set({ outcome, note }).where('id', '=', id))
}

export interface Attempt {
  hash: string
  sentTs: number
  outcome: string | null
  note: string
}

/** The attempts to send a row's envelopes, oldest first. */
export function loadAttempts(store: Store, runId: string, place: number): Attempt[] {
  const found = store.books
    .prepare(
      `SELECT a.* FROM payout_attempts a JOIN payout_envelopes e ON e.hash = a.hash WHERE e.run_id = ? AND e.place = ? ORDER BY a.id`,
    )
    .all(runId, place) as { hash: string; sent_ts: number; outcome: string | null; note: string }[]
  return found.map(({ hash, sent_ts: sentTs, outcome, note }) => ({ hash, sentTs, outcome, note }))
}

/** Accounts whose sequence numbers are spoken for: channels of runs that have open envelopes, each with the run. */
export function busyChannels(store: Store, network: string): Map<string, string> {
  const busy = new Map<string, string>()
  const runs = listRuns(store, network).filter(({ stage }) => stage !== 'dead' && stage !== 'withdrawn' && stage !== 'done')
  for (const { runId, planText } of runs) for (const channel of (JSON.parse(planText) as PayoutPlan).channels) busy.set(channel, runId)
  return busy
}

/** The origins (receipts, of retries those that they stand for) that are paid in the books or under way in a run that was not withdrawn. */
export function originsUnderWay(store: Store, network: string): Set<string> {
  const found = store.books.prepare('SELECT origin FROM payout_held WHERE network = ?').pluck().all(network) as string[]
  return new Set(found)
}

/** Of those, the ones that runs of other subjects hold. */
export function originsHeldBeside(store: Store, network: string, subject: string): Set<string> {
  const found = store.books
    .prepare('SELECT h.origin FROM payout_held h JOIN payout_runs r ON r.id = h.run_id WHERE h.network = ? AND r.subject <> ?')
    .pluck()
    .all(network, subject) as string[]
  return new Set(found)
}

/** The payment of a receipt, where the books have one. */
export function paymentOf(store: Store, receipt: string): { tx: string; paidTs: number; runId: string } | undefined {
  const found = row(
    store.books,
    books.selectFrom('payout_rows').selectAll().where('receipt', '=', receipt).where('tx', 'is not', null).limit(1),
  )
  return found && { tx: found.tx!, paidTs: found.paid_ts!, runId: found.run_id }
}

function toRun({ id, network, subject, plan, made_here, signed_here, stage, added_ts, changed_ts }: PayoutRunsTable): StoredRun {
  return {
    runId: id,
    network,
    subject,
    planText: plan,
    madeHere: made_here === 1,
    signedHere: signed_here === 1,
    stage: stage as RunStage,
    addedTs: added_ts,
    changedTs: changed_ts,
  }
}

function toEnvelope({ hash, place, generation, kind, min_ts, max_ts, fee_stroops, envelope, stage }: PayoutEnvelopesTable): StoredEnvelope {
  return {
    hash,
    place,
    generation,
    kind: kind as EnvelopeKind,
    minTs: min_ts,
    maxTs: max_ts,
    feeStroops: fee_stroops,
    envelope,
    stage: stage as StoredEnvelope['stage'],
  }
}
