import { setImmediate as breathe } from 'node:timers/promises'
import { StrKey } from '@stellar/stellar-sdk/base'
import { AppError } from '../../../src-shared/errors.ts'
import { tftExact } from '../../../src-shared/money.ts'
import type { PayoutPlan } from '../../../src-shared/pay.ts'
import { foundPaymentSchema, ledgerReadSchema } from '../../../src-shared/payment.ts'
import type { AuditedRecords } from '../../../src-shared/receipt-audit.ts'
import { readEnvelope } from '../../clients/stellar/envelope.ts'
import { isBy } from '../../clients/stellar/signatures.ts'
import { rowStage } from '../../engines/payout-plan/row.ts'
import type { Store } from '../../store/index.ts'
import { type CheckRow, checkMark, type FindRow, findMark, rowMark } from '../../store/payment-marks.ts'
import { listRuns, loadEnvelopes, loadRows, loadSignatures, type StoredEnvelope, type StoredRun, subjectOf } from '../../store/runs.ts'
import type { PayoutRowsTable } from '../../store/schema.ts'
import { readKnownPlan } from '../pay/state.ts'
import { bytesOfBase64, jsonOrNothing } from './read-text.ts'

type Wrong = AuditedRecords['wrong'][number]

/** Rows between two breaths. */
const AT_ONCE = 50

/**
 * Examines every payment of the books: that each run's plan has its hash, that rows, envelopes and signatures are what the plan and their own
 * bytes say, that rows and what was found on Stellar carry their marks. Whether the ledger holds it, Stellar alone says.
 */
export async function examinePayments(store: Store): Promise<AuditedRecords> {
  const wrong: Wrong[] = []
  let checked = 0
  let unmarked = 0
  for (const run of listRuns(store)) {
    const { rows, faults, withoutMark } = await examineRun(store, run)
    checked += rows
    unmarked += withoutMark
    wrong.push(...faults)
  }
  const finds = store.books.prepare('SELECT * FROM payment_finds ORDER BY network, receipt').all() as (FindRow & { mark: string | null })[]
  for (const find of finds) {
    checked++
    if (find.mark === null) unmarked++
    const why = faultOfFind(find)
    if (why !== null) wrong.push({ name: `payment found for receipt ${find.receipt} (network ${find.network}, ${find.subject})`, why })
  }
  const checks = store.books.prepare('SELECT * FROM payment_checks ORDER BY network, subject').all() as (CheckRow & {
    mark: string | null
  })[]
  for (const check of checks) {
    const isRead = ledgerReadSchema.safeParse(jsonOrNothing(check.ledger)).success
    const isMarked = check.mark === null || check.mark === checkMark(check)
    if (!isRead || !isMarked) wrong.push({ name: `how Stellar was read for ${check.subject} (network ${check.network})`, why: CHANGED })
  }
  const rest =
    unmarked === 0 ? '' : ` ${unmarked} of them were kept before Granary marked them: what the ledger said of those is taken as it stands.`
  const why =
    checked === 0
      ? 'There is no payment in the books.'
      : `Each is as it was planned, signed and kept here; the ledger was not asked.${rest}`
  // where there is nothing to look at, nothing is right
  return { kind: 'payment', checked, state: wrong.length > 0 ? 'fails' : checked === 0 ? 'not-checked' : 'right', why, wrong }
}

const CHANGED = 'It is not what was kept: it was changed outside of Granary. Ask Stellar anew.'

function faultOfFind(find: FindRow & { mark: string | null }): string | null {
  const parsed = foundPaymentSchema.safeParse(jsonOrNothing(find.found))
  if (!parsed.success || parsed.data.state !== find.state) return CHANGED
  return find.mark === null || find.mark === findMark(find) ? null : CHANGED
}

async function examineRun(store: Store, run: StoredRun): Promise<{ rows: number; withoutMark: number; faults: Wrong[] }> {
  const { runId, planText } = run
  const faults: Wrong[] = []
  const name = `run ${runId}`
  const plan = planOf(planText, runId)
  if (plan === null)
    return { rows: 0, withoutMark: 0, faults: [{ name, why: 'Its plan was changed: it is not the one that the run’s id is the hash of.' }] }
  if (run.network !== plan.network || run.subject !== subjectOf(plan))
    faults.push({
      name,
      why: `It stands under ${run.subject} of network ${run.network}; its plan is of ${subjectOf(plan)}, ${plan.network}.`,
    })
  const rows = store.books.prepare('SELECT * FROM payout_rows WHERE run_id = ? ORDER BY place').all(runId) as PayoutRowsTable[]
  const envelopes = loadEnvelopes(store, runId)
  const signatures = loadSignatures(store, runId)
  if (rows.length !== plan.rows.length) faults.push({ name, why: `It has ${rows.length} rows, its plan ${plan.rows.length}.` })
  for (const [at, row] of rows.entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await breathe()
    const own = envelopes[row.place] ?? []
    const why =
      faultOfRow(row, plan, own) ??
      own
        .map(envelope => faultOfEnvelope(envelope, plan, row.place) ?? faultOfSignatures(envelope, signatures.get(envelope.hash) ?? []))
        .find(fault => fault !== null) ??
      (row.mark === null || row.mark === rowMark(store, row)
        ? null
        : 'What became of it is not what was kept: it was changed outside of Granary. Reconcile the run with Stellar.')
    if (why !== null) faults.push({ name: rowName(row), why })
  }
  const states = faults.length > 0 ? [] : loadRows(store, runId)
  for (const [place, state] of states.entries())
    if (rows[place] && rowStage(state) !== rows[place].stage)
      faults.push({ name: rowName(rows[place]), why: `It stands as ${rows[place].stage}; by its envelopes it is ${rowStage(state)}.` })
  return { rows: rows.length, withoutMark: rows.filter(({ mark }) => mark === null).length, faults }
}

function rowName({ run_id: runId, place, receipt, node_id: nodeId }: PayoutRowsTable): string {
  return `payment ${place + 1} of run ${runId.slice(0, 16)} (node ${nodeId}, receipt ${receipt})`
}

function planOf(text: string, runId: string): PayoutPlan | null {
  try {
    const read = readKnownPlan(text)
    return read.runId === runId ? read.plan : null
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'archive.format') throw error
    return null
  }
}

/** What a row says otherwise than its plan. */
function faultOfRow(row: PayoutRowsTable, plan: PayoutPlan, own: readonly StoredEnvelope[]): string | null {
  const planned = plan.rows[row.place]
  if (!planned) return 'Its plan has no such row.'
  const should: [string, unknown, unknown][] = [
    ['network', row.network, plan.network],
    ['receipt', row.receipt, planned.receipt],
    ['receipt that it stands for', row.origin, planned.retryFor ?? planned.receipt],
    ['node', row.node_id, planned.nodeId],
    ['farm', row.farm_id, planned.farmId],
    ['payee', row.payee, planned.payee],
    ['amount', row.amount_units, planned.amountUnits.toString()],
  ]
  const other = should.find(([, now, said]) => now !== said)
  if (other) return `Its ${other[0]} is ${shown(other)}, its plan says ${shown([other[0], other[2]])}.`
  if (row.tx !== null && row.is_foreign === 0 && !own.some(({ hash, stage }) => hash === row.tx && stage === 'paid'))
    return `It is said to be paid by ${row.tx}, which is none of its transactions that were paid.`
  return null
}

function shown([what, value]: readonly unknown[]): string {
  return what === 'amount' && /^\d{1,38}$/.test(String(value)) ? `${tftExact(BigInt(String(value)))} TFT` : String(value)
}

/** What an envelope says otherwise than its row, by its own bytes. */
function faultOfEnvelope(envelope: StoredEnvelope, plan: PayoutPlan, place: number): string | null {
  const planned = plan.rows[place]!
  const which = `Its transaction ${envelope.hash}`
  try {
    const facts = readEnvelope(envelope.envelope, plan.passphrase)
    if (facts.hash !== envelope.hash || !bytesOfBase64(envelope.envelope)) return `${which} has other bytes than its hash says.`
    if (facts.source !== planned.channel || facts.sequence !== planned.sequence) return `${which} uses another number than the row’s.`
    if (facts.minTime !== envelope.minTs || facts.maxTime !== envelope.maxTs || Number(facts.feeStroops) !== envelope.feeStroops)
      return `${which} has another fee or other bounds than are kept beside it.`
    const [payment] = facts.payments
    if (envelope.kind !== 'bump' && envelope.kind !== 'payment') return `${which} is kept as something that it can’t be.`
    if (envelope.kind === 'bump') return payment ? `${which} pays, though it should only use the row’s number up.` : null
    if (!payment || facts.payments.length > 1 || facts.otherOperations.length > 0) return `${which} does something else than one payment.`
    const isRight =
      payment.from === plan.payer &&
      payment.to === planned.payee &&
      payment.amountUnits === planned.amountUnits &&
      payment.asset?.code === plan.assetCode &&
      payment.asset.issuer === plan.issuer &&
      facts.memoHash === planned.receipt
    return isRight ? null : `${which} pays something else than the plan says.`
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'stellar.envelope') throw error
    return `${which} can’t be read: its bytes were changed.`
  }
}

function faultOfSignatures(envelope: StoredEnvelope, signatures: readonly { signer: string; signature: string }[]): string | null {
  const hash = Buffer.from(envelope.hash, 'hex')
  for (const { signer, signature } of signatures) {
    const bytes = bytesOfBase64(signature)
    const isRight = StrKey.isValidEd25519PublicKey(signer) && bytes?.length === 64 && isBy(signer, hash, bytes)
    if (!isRight) return `The signature of ${signer} does not fit its transaction ${envelope.hash}.`
  }
  return null
}
