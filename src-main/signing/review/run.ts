import type { PayoutPlan } from '../../../src-shared/pay.ts'
import { runSubject } from '../../../src-shared/pay-text.ts'
import type { ReviewField, ReviewRow, ReviewWarning, RunReview } from '../../../src-shared/review-contract.ts'
import { assetAmount, boundsText, countText, feeText, severityOrder, worstFirst } from '../../../src-shared/review-text.ts'
import { cleanName } from '../../../src-shared/text.ts'
import type { Reviewed, ReviewFacts } from './facts.ts'
import { whoseOf } from './facts.ts'
import { warningsOf } from './warnings.ts'

/** What is looked at of a run, envelope by envelope, and added up. */
export interface ReviewedRow {
  row: ReviewRow
  feeStroops: bigint
  bounds: { minTs: bigint; maxTs: bigint } | null
}

/** One envelope of a run, in the list of all that a signature on the run signs. */
export function reviewRow(reviewed: Reviewed, facts: ReviewFacts, at: { place: number; generation: number }): ReviewedRow {
  const { envelope, planned } = reviewed
  const { act, hash, feeStroops, bounds } = envelope
  const whose = whoseOf(reviewed, facts)
  const warnings = warningsOf(reviewed, facts)
  const pays = act.kind === 'pay'
  const row: ReviewRow = {
    ...at,
    kind: planned?.kind ?? 'payment',
    payable: planned?.row.kind ?? 'receipt',
    nodeId: whose?.nodeId ?? 0,
    farmId: whose?.farmId ?? 0,
    farmName: facts.farms.get(whose?.farmId ?? 0)?.name ?? '',
    payee: pays ? act.to : '',
    amountUnits: pays ? act.amountUnits : 0n,
    worst: warnings[0]?.severity ?? null,
    warnings,
    hash,
  }
  return { row, feeStroops, bounds }
}

/** The worst first, then those with more to say; what is alike in that in the run's order. */
export function inReviewOrder(rows: readonly ReviewRow[]): ReviewRow[] {
  const order = ({ worst }: ReviewRow) => (worst === null ? severityOrder.length : severityOrder.indexOf(worst))
  return [...rows].sort((a, b) => order(a) - order(b) || b.warnings.length - a.warnings.length || a.place - b.place)
}

export type RunAsk = Pick<RunReview, 'runId' | 'signatures' | 'unknown' | 'bytes'> & { plan: PayoutPlan }

/** All that a signature on the run signs, in sum. Sums are of the envelopes' own bytes. */
export function summariseRun({ plan, runId, signatures, unknown, bytes }: RunAsk, list: readonly ReviewedRow[]): RunReview {
  const rows = list.map(({ row }) => row)
  const totalUnits = rows.reduce((sum, { amountUnits }) => sum + amountUnits, 0n)
  const payments = rows.filter(({ payee }) => payee !== '').length
  const total = assetAmount(totalUnits, plan.assetCode)
  const rest = rows.length - payments
  const what = [
    ...(payments > 0 || rest === 0 ? [`pay ${total} in ${countText(payments, 'payment')} of ${runSubject(plan.period)}`] : []),
    ...(rest > 0 ? [`${countText(rest, 'transaction')} that ${rest === 1 ? 'pays' : 'pay'} nothing`] : []),
  ].join(', and ')
  const counts = countWarnings(rows)
  return {
    kind: 'run',
    runId,
    decision: rows.length === 0 ? `Nothing of this run is left to sign (${runSubject(plan.period)})` : `You sign: ${what}`,
    action: payments > 0 ? `Sign ${countText(payments, 'payment')}, ${total}` : `Sign ${countText(rest, 'transaction')}`,
    warnings: counts.map(({ code, severity, rows: n, example }): ReviewWarning => {
      return { code, severity, text: n === 1 ? example : `${countText(n, 'envelope')}, such as: ${example}` }
    }),
    unknown,
    fields: fieldsOf(plan, list),
    values: [],
    signatures,
    hash: runId,
    bytes,
    rows: rows.length,
    warned: rows.filter(({ worst }) => worst !== null).length,
    totalUnits,
    counts,
  }
}

function countWarnings(rows: readonly ReviewRow[]): RunReview['counts'] {
  const counts = new Map<string, RunReview['counts'][number]>()
  for (const { warnings } of rows) {
    const own = new Map(warnings.map(warning => [warning.code, warning]))
    for (const { code, severity, text } of own.values()) {
      const known = counts.get(code)
      if (known) known.rows++
      else counts.set(code, { code, severity, rows: 1, example: text })
    }
  }
  return worstFirst([...counts.values()].sort((a, b) => b.rows - a.rows))
}

function fieldsOf(plan: PayoutPlan, list: readonly ReviewedRow[]): ReviewField[] {
  const { network, passphrase, payer, assetCode, issuer, rules, channels, maker, period } = plan
  const payees = new Set(list.flatMap(({ row }) => (row.payee === '' ? [] : [row.payee]))).size
  const fees = list.reduce((sum, { feeStroops }) => sum + feeStroops, 0n)
  const total = list.reduce((sum, { row }) => sum + row.amountUnits, 0n)
  return [
    { name: 'Pays', value: `${runSubject(period)}, by rule set ${rules}` },
    { name: 'Amount', value: `${assetAmount(total, assetCode)} to ${countText(payees, 'account')}` },
    { name: 'Asset', value: `${cleanName(assetCode)} of ${issuer}` },
    { name: 'From', value: payer },
    { name: 'Transactions', value: `${countText(list.length, 'transaction')} from ${countText(channels.length, 'account')}` },
    { name: 'Fees', value: `up to ${feeText(fees)} in all` },
    { name: 'Bounds', value: spanText(list) },
    { name: 'Network', value: `${cleanName(network)}, "${cleanName(passphrase)}"` },
    { name: 'Made by', value: maker === '' ? 'a machine without a signing key' : maker },
  ]
}

/** From the first beginning to the last end. */
function spanText(list: readonly ReviewedRow[]): string {
  const bounds = list.map(each => each.bounds)
  const [first] = bounds
  if (!first) return bounds.length === 0 ? 'none' : boundsText(null)
  let { minTs, maxTs } = first
  for (const each of bounds) {
    if (!each || each.maxTs === 0n) return 'some have no end'
    if (each.minTs < minTs) minTs = each.minTs
    if (each.maxTs > maxTs) maxTs = each.maxTs
  }
  return boundsText({ minTs, maxTs })
}
