import type { PayoutPlan, RowStage, RunStage } from '../../../src-shared/pay.ts'
import { boundsAt, LEDGER_SEC } from './plan.ts'
import { type Envelope, isDead, isNumberFree, isOver, needsReplacement, type RowState, rowStage, sendable } from './row.ts'

/** The first row of a channel whose number is free: all after it wait for it. */
export interface ChannelHead {
  channel: string
  place: number
  /** what may be sent now; null: `why` says what is in the way */
  send: Envelope | null
  why: 'signatures' | 'expired' | 'paid-elsewhere' | 'conflict' | null
}

/** For each channel with a free number, its first row. */
export function channelHeads(plan: PayoutPlan, rows: readonly RowState[]): ChannelHead[] {
  const heads = new Map<string, ChannelHead>()
  // a plan's rows take their channel's numbers in rising order
  for (const [place, row] of rows.entries()) {
    const { channel } = plan.rows[place]!
    if (heads.has(channel) || !isNumberFree(row)) continue
    const send = sendable(row)
    heads.set(channel, { channel, place, send, why: send ? null : obstacle(row) })
  }
  return [...heads.values()]
}

function obstacle(row: RowState): ChannelHead['why'] {
  if (row.conflict !== '') return 'conflict'
  if (row.payment) return 'paid-elsewhere'
  return needsReplacement(row) ? 'expired' : 'signatures'
}

export type RowCounts = Record<RowStage, number>

export function countRows(rows: readonly RowState[]): RowCounts {
  const counts: RowCounts = {
    planned: 0,
    signed: 0,
    sent: 0,
    unclear: 0,
    paid: 0,
    'used-up': 0,
    failed: 0,
    expired: 0,
    overtaken: 0,
    conflict: 0,
  }
  for (const row of rows) counts[rowStage(row)]++
  return counts
}

/**
 * Whether another plan may take this one's place: nothing of it was paid, and every envelope is dead, on the word of the ledger. What was
 * never signed and never left this machine can be withdrawn instead.
 */
export function isProvenDead(rows: readonly RowState[]): boolean {
  return rows.every(row => row.conflict === '' && row.payment === null && row.envelopes.every(isDead))
}

/** Every row is settled; some may be replaced still. */
export function isSettled(rows: readonly RowState[]): boolean {
  return rows.every(isOver)
}

/** The run's stage after its rows changed. One that died may be replaced by another plan; one that is done never is. */
export function settledStage(stage: RunStage, rows: readonly RowState[]): RunStage {
  if (stage === 'withdrawn' || stage === 'dead' || !isSettled(rows)) return stage
  if (isProvenDead(rows)) return 'dead'
  // expired rows of a run that goes on are for a person to replace or to leave
  return rows.some(needsReplacement) && stage !== 'stopped' ? stage : 'done'
}

/** How long the rest takes, in seconds, if nothing goes wrong. */
export function secondsLeft(plan: PayoutPlan, rows: readonly RowState[]): number {
  const byChannel = new Map<string, number>()
  for (const [place, row] of rows.entries()) {
    const { channel } = plan.rows[place]!
    if (isNumberFree(row)) byChannel.set(channel, (byChannel.get(channel) ?? 0) + 1)
  }
  return Math.max(0, ...byChannel.values()) * LEDGER_SEC
}

/** An envelope that is to take the place of others of its row, under the row's number. */
export interface Replacement {
  place: number
  /** 1 for the first after the plan's own */
  generation: number
  kind: 'payment' | 'bump'
  minTs: number
  maxTs: number
  feeStroops: number
}

/**
 * The rows that another envelope would bring on: with `payment` those that expired, with `bump` every free number (to end the run at once, or
 * where somebody else paid). Deterministic; the time bounds are staggered anew from `fromTs`, and never end before those of the row's others:
 * what proves the last one dead must prove all dead.
 */
export function planReplacements(
  plan: PayoutPlan,
  rows: readonly RowState[],
  { kind, fromTs, signSec, feeStroops }: { kind: 'payment' | 'bump'; fromTs: number; signSec: number; feeStroops: number },
): Replacement[] {
  const depths = new Map<string, number>()
  return rows.flatMap((row, place) => {
    if (!isNumberFree(row) || row.conflict !== '') return []
    const { channel } = plan.rows[place]!
    const depth = depths.get(channel) ?? 0
    depths.set(channel, depth + 1)
    if (kind === 'payment' && (row.payment || !needsReplacement(row))) return []
    if (kind === 'bump' && row.envelopes.at(-1)?.kind === 'bump' && !needsReplacement(row)) return []
    const { minTs, maxTs } = boundsAt(depth, fromTs, signSec)
    const longest = Math.max(...row.envelopes.map(envelope => envelope.maxTs))
    return [{ place, generation: row.envelopes.length, kind, minTs, maxTs: Math.max(maxTs, longest + 1), feeStroops }]
  })
}
