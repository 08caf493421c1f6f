import { type AppError, toAppError } from '../../../src-shared/errors.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'

/** The UBO fund: what it holds, and what it has paid since it began. */
export interface Fund {
  fundUnits: bigint
  paidUnits: bigint
}

/** Rewards by type and category, base units: the configuration's table. */
export type RewardTable = Readonly<Record<string, Readonly<Record<string, bigint>>>>

/** What the table gives. @throws `rewards.kind` */
export function tableReward(table: RewardTable, type: string, category: string): bigint {
  const row = Object.hasOwn(table, type) ? table[type] : undefined
  const amountUnits = row && Object.hasOwn(row, category) ? row[category] : undefined
  if (amountUnits === undefined) throw refuse('rewards.kind')
  return amountUnits
}

/** The fund after one payment out of it. @throws `rewards.amount`, `rewards.fund` */
export function payFromFund(fund: Fund, amountUnits: bigint): Fund {
  if (amountUnits <= 0n) throw refuse('rewards.amount')
  if (amountUnits > fund.fundUnits) throw refuse('rewards.fund')
  return { fundUnits: fund.fundUnits - amountUnits, paidUnits: fund.paidUnits + amountUnits }
}

/** @throws `rewards.top-up` */
export function topUpFund(fund: Fund, amountUnits: bigint): Fund {
  if (amountUnits <= 0n) throw refuse('rewards.top-up')
  return { ...fund, fundUnits: fund.fundUnits + amountUnits }
}

/** How much of the fund is used, in basis points rounded down: `paid/(fund+paid)`; 0 where there never was anything. */
export function utilisationBps({ fundUnits, paidUnits }: Fund): number {
  const wholeUnits = fundUnits + paidUnits
  return wholeUnits === 0n ? 0 : Number((paidUnits * 10_000n) / wholeUnits)
}

/** Whether so many percent of it are used, or more. */
export function isFundLow({ fundUnits, paidUnits }: Fund, warnPercent: number): boolean {
  return paidUnits > 0n && paidUnits * 100n >= BigInt(warnPercent) * (fundUnits + paidUnits)
}

/** A proof as a batch pays it. */
export interface AccruedProof {
  rewardUnits: bigint
  isPaid: boolean
}

export interface BatchStep {
  proofId: string
  /** `paid`: in this batch, for `amountUnits`; the others move nothing */
  outcome: 'paid' | 'paid-before' | 'unknown' | 'refused'
  amountUnits: bigint
  /** the fund after it, and what the batch came to until now: for its progress */
  fund: Fund
  totalUnits: bigint
  /** why it was refused */
  refused: AppError | null
}

/**
 * Pays each accrued proof of a batch once, in the order given; a proof that is named twice is paid the first time. One that the fund can't pay is
 * refused alone: it stays accrued, and smaller ones after it may still be paid.
 */
export function* payBatch(
  proofIds: readonly string[],
  find: (proofId: string) => AccruedProof | null,
  fund: Fund,
): Generator<BatchStep, void, void> {
  const paidHere = new Set<string>()
  let totalUnits = 0n
  let left = fund
  const step = (proofId: string, outcome: BatchStep['outcome'], amountUnits = 0n, refused: AppError | null = null): BatchStep => ({
    ...{ proofId, outcome, amountUnits, fund: left, totalUnits, refused },
  })
  for (const proofId of proofIds) {
    const proof = find(proofId)
    if (!proof) yield step(proofId, 'unknown')
    else if (proof.isPaid || paidHere.has(proofId)) yield step(proofId, 'paid-before')
    else {
      const after = paidOrRefusal(left, proof.rewardUnits)
      if ('refused' in after) yield step(proofId, 'refused', 0n, after.refused)
      else {
        left = after
        totalUnits += proof.rewardUnits
        paidHere.add(proofId)
        yield step(proofId, 'paid', proof.rewardUnits)
      }
    }
  }
}

function paidOrRefusal(fund: Fund, amountUnits: bigint): Fund | { refused: AppError } {
  try {
    return payFromFund(fund, amountUnits)
  } catch (error) {
    const refused = toAppError(error)
    if (refused.code !== 'rewards.fund') throw error
    return { refused }
  }
}
