import { sumUnits } from '../../../src-shared/money.ts'
import type { Utilization } from '../../../src-shared/node-period.ts'
import { compareText } from '../../../src-shared/text.ts'
import { FIRST_PERIOD_START_TS, PERIOD_SEC, type Period, periodAt } from '../../../src-shared/time.ts'

/** Utilization at which tokens are free at once: 30 % (minting.md, Locking). */
export const FREE_PERMILLE = 300
export const LOCK_PERIODS = 24
/**
 * How long a lock lasts: 24 months, a month being a minting period. 12 periods make a year and leap days are spread over them, so every lock
 * is equally long; and what one period locked opens within one period again, so locks stack without two ever falling together by the calendar.
 */
export const LOCK_SEC = LOCK_PERIODS * PERIOD_SEC

/** A mint as locking sees it. Amounts in units of 1e-7 TFT, times in seconds. */
export interface LockableMint {
  id: string
  nodeId: number
  farmId: number
  amountUnits: bigint
  paidTs: number
  utilization: Utilization
}

/** A delayed payout: all of a mint's tokens, which open at once. */
export interface Lock {
  id: string
  nodeId: number
  farmId: number
  amountUnits: bigint
  paidTs: number
  opensTs: number
  /** why it is locked: below FREE_PERMILLE, or null for a node without any use to measure */
  utilizationPermille: number | null
  /** at the schedule's time */
  isOpen: boolean
  /** all locks up to and including this one, and those that are left after it; open ones too */
  openedUnits: bigint
  leftUnits: bigint
}

/** The locks that open in one fixed period. */
export interface LockMonth {
  period: Period
  amountUnits: bigint
  count: number
  /** what is left after the period */
  leftUnits: bigint
}

/** `totalUnits` = `freeUnits` + `lockedUnits`. */
export interface LockSchedule {
  totalUnits: bigint
  /** never locked, or open by now */
  freeUnits: bigint
  lockedUnits: bigint
  /** what opens next, of all locks of that second; null if nothing is locked */
  next: { opensTs: number; amountUnits: bigint } | null
  /** all locks, also those that are open, by opening time and id */
  locks: Lock[]
  /** periods in which a lock opens, also past ones */
  months: LockMonth[]
}

/**
 * The model of locking (minting.md, Locking: "Tokens lock for 24 months unless utilization is at least 30 %. A lock is a delayed payout that
 * stacks."). Not paid by today's rules: a figure of what would be locked at `nowTs`. Each mint is free at once or one lock of its own, which
 * is open from the second on that lies LOCK_SEC after its payment. The order of the input does not matter.
 */
export function lockSchedule(mints: readonly LockableMint[], nowTs: number): LockSchedule {
  const totalUnits = sumUnits(mints)
  const locked = mints.filter(isLocked).sort((a, b) => a.paidTs - b.paidTs || compareText(a.id, b.id))
  let leftUnits = sumUnits(locked)
  let openedUnits = 0n
  const locks = locked.map(({ utilization, ...mint }): Lock => {
    openedUnits += mint.amountUnits
    leftUnits -= mint.amountUnits
    const opensTs = mint.paidTs + LOCK_SEC
    return { ...mint, opensTs, utilizationPermille: meanPermille(utilization), isOpen: opensTs <= nowTs, openedUnits, leftUnits }
  })
  const closed = locks.filter(lock => !lock.isOpen)
  const lockedUnits = sumUnits(closed)
  const opensTs = closed[0]?.opensTs
  return {
    totalUnits,
    freeUnits: totalUnits - lockedUnits,
    lockedUnits,
    next: opensTs === undefined ? null : { opensTs, amountUnits: sumUnits(closed.filter(lock => lock.opensTs === opensTs)) },
    locks,
    months: monthsOf(locks),
  }
}

/**
 * A node's utilization as one figure in permille, floored: the plain average of those of its resources. The rules don't say how four figures
 * become one; here none weighs more than another, and a resource that the node doesn't have counts as none. Null for a node without any.
 */
export function meanPermille(utilization: Utilization): number | null {
  const figures = [utilization.cru, utilization.mru, utilization.hru, utilization.sru].filter(figure => figure !== null)
  if (figures.length === 0) return null
  return Math.floor(figures.reduce((total, figure) => total + figure, 0) / figures.length)
}

/** A node without any utilization has not reached 30 %; an amount of 0 has nothing to lock. */
function isLocked({ amountUnits, utilization }: LockableMint): boolean {
  return amountUnits !== 0n && (meanPermille(utilization) ?? 0) < FREE_PERMILLE
}

/** Locks are in the order of their opening. */
function monthsOf(locks: readonly Lock[]): LockMonth[] {
  const months: LockMonth[] = []
  for (const { opensTs, amountUnits, leftUnits } of locks) {
    const index = Math.floor((opensTs - FIRST_PERIOD_START_TS) / PERIOD_SEC)
    const month = months.at(-1)
    if (month?.period.index === index)
      Object.assign(month, { amountUnits: month.amountUnits + amountUnits, count: month.count + 1, leftUnits })
    else months.push({ period: periodAt(index), amountUnits, count: 1, leftUnits })
  }
  return months
}
