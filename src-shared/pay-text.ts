import { group, tftExact } from './money.ts'
import type { EnvelopeStage, RowStage, RunStage } from './pay.ts'
import type { PlanReport, ShortageRow } from './pay-contract.ts'
import { formatDuration, formatUtc } from './time.ts'

/** Payout runs in words: the same on the command line and on screen. */

export const runStageWords: Record<RunStage, string> = {
  open: 'being signed',
  running: 'being paid',
  paused: 'paused',
  stopped: 'cancelled',
  done: 'done',
  dead: 'dead',
  withdrawn: 'withdrawn',
}

export const runStageHints: Record<RunStage, string> = {
  open: 'Signatures are collected; nothing was sent yet.',
  running: 'What is signed is sent, and settled.',
  paused: 'Nothing is sent until it is resumed.',
  stopped: 'What was not sent is not sent any more.',
  done: 'Every row is settled.',
  dead: 'Nothing of it was paid and nothing can be any more: another plan may take its place.',
  withdrawn: 'It was taken back before anybody here signed it.',
}

export const rowStageWords: Record<RowStage, string> = {
  planned: 'unsigned',
  signed: 'signed',
  sent: 'sent',
  unclear: 'unclear',
  paid: 'paid',
  'used-up': 'used up',
  failed: 'failed',
  expired: 'expired',
  overtaken: 'overtaken',
  conflict: 'contradicted',
}

export const rowStageHints: Record<RowStage, string> = {
  planned: 'Not enough signatures yet.',
  signed: 'It has its signatures and waits for its turn.',
  sent: 'It was sent; the ledger has not answered yet.',
  unclear: 'It was sent and nobody said what became of it: the same bytes are sent again.',
  paid: 'It stands on the ledger with the payee, amount, asset and memo of the plan.',
  'used-up': 'Its number was used up without a payment: it can be planned anew.',
  failed: 'The ledger took the transaction and the payment failed: it can be planned anew once its reason is mended.',
  expired: 'Its time bounds passed without it: it can be replaced under its own number.',
  overtaken: 'Another transaction took its number: it can be planned anew.',
  conflict: 'The ledger holds something else for it than the plan says.',
}

/** What stands in the way of a receipt that has not arrived, for its farmer. */
export const arrivalWords: Record<Exclude<RowStage, 'paid'>, string> = {
  planned: 'It is in a payout that signatures are collected for.',
  signed: 'It is in a payout that is signed and waits to be sent.',
  sent: 'Its payment is on its way.',
  unclear: 'Its payment was sent, and what became of it is not known yet.',
  'used-up': 'Its payment was given up. It can be paid with another payout.',
  failed: 'Its payment failed on Stellar. It can be paid with another payout once the account can take it.',
  expired: 'Its payment was not made in time. It is made anew, or paid with another payout.',
  overtaken: 'Its payment lost its turn. It can be paid with another payout.',
  conflict: 'The ledger holds something else for it than what was planned; its signers have to look at it.',
}

export const envelopeStageWords: Record<EnvelopeStage, string> = rowStageWords

/** `period 102`, or `decided mints`. */
export function runSubject(period: number | null): string {
  return period === null ? 'decided mints' : `period ${period}`
}

/** `1,234.5678900 TFT`: all decimals, for buttons and warnings. */
export function assetText(amountUnits: bigint, assetCode: string): string {
  return `${group(tftExact(amountUnits))} ${assetCode}`
}

/** `12 rows`, `1 row`. */
export function rowCount(count: number): string {
  return `${group(String(count))} ${count === 1 ? 'row' : 'rows'}`
}

export function shortageText({ account, asset, needsUnits, hasUnits }: ShortageRow): string {
  return `${account} lacks ${assetText(needsUnits - hasUnits, asset)}: it has ${assetText(hasUnits, asset)} and needs ${assetText(needsUnits, asset)}.`
}

/** The least that a transaction with a raised fee may cost: its wrapping counts as one more operation, and each offers no less than before. */
export function leastRaisedFee(feeStroops: number): number {
  return 2 * feeStroops
}

/** What raising the fee may come to: the fee as signed, the raised one, and all of them. */
export function raiseText({ rows, feeStroops }: { rows: number; feeStroops: number }, mostStroops: number): string {
  const xlm = (stroops: number) => assetText(BigInt(stroops), 'XLM')
  const all = rows === 1 ? '' : `, and ${xlm(rows * mostStroops)} for ${rowCount(rows)}`
  return `As it was signed a transaction costs up to ${xlm(feeStroops)}. Where Stellar asks for more, it costs up to ${xlm(mostStroops)}${all}.`
}

/** What looking for them is called while it goes on. */
export const strayTitle = 'Look for payments that no run here has'

/** `2 payments of the payer that no run here has.` */
export function strayCountText(count: number): string {
  return `${count === 0 ? 'No' : group(String(count))} ${count === 1 ? 'payment' : 'payments'} of the payer that no run here has.`
}

/**
 * What a payment of the payer is that no run here has, and why it matters. `of`: the receipt of its memo, null: none is known here; `isOwn`: it
 * went to an account of the configuration; `fromTs`: receipts from before are not known here.
 */
export function strayWhy(stray: { operation: string; memo: string | null; of: string | null; isOwn: boolean; fromTs: number }): string {
  const { operation, memo, of, isOwn, fromTs } = stray
  if (of !== null)
    return `It pays ${of}, and no run here has it: another machine or another program paid it. Import the files of its run, so that it is known here; a payout that is planned here leaves the receipt out.`
  if (operation !== 'payment') return `The payer did something else than pay (${operation}). Ask its signers what it was for.`
  if (isOwn)
    return 'It went to an account of the configuration: a channel, for its fees perhaps, the issuer or the vault. Ask the signers if you did not expect it.'
  const otherwise = 'If none of the signers knows it, somebody else may have the payer’s keys.'
  if (memo === null) return `It has no receipt's hash as its memo, so that it pays nothing that a run could account for. ${otherwise}`
  return `No receipt known here has this memo: it may be of before ${formatUtc(fromTs)}, or of data that is not here. ${otherwise}`
}

/** A planning in one line. */
export function planText(report: PlanReport & { leftOut: number }, assetCode: string): string {
  const { runId, rows, totalUnits, alreadyPaid, leftOut, expectedSec } = report
  const parts = [
    runId === null
      ? 'Nothing is left to pay'
      : `Run ${runId.slice(0, 16)}: ${rowCount(rows)}, ${assetText(totalUnits, assetCode)}, some ${formatDuration(expectedSec)} to send`,
  ]
  if (alreadyPaid > 0) parts.push(`${group(String(alreadyPaid))} paid already`)
  if (leftOut > 0) parts.push(`${group(String(leftOut))} left out`)
  return `${parts.join('; ')}.`
}
