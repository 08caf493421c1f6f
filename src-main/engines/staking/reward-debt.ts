import { lesser } from '../../../src-shared/treasury/shares.ts'

/** A reward that is due: what of it is paid, and what the wallet could not pay yet. */
export interface RewardDebt {
  paidUnits: bigint
  owedUnits: bigint
}

/** Pays of what is owed as much as the wallet has; `paidUnits` grows by it. */
export function payReward(debt: RewardDebt, walletUnits: bigint): RewardDebt {
  const nowUnits = walletUnits > 0n ? lesser(debt.owedUnits, walletUnits) : 0n
  return { paidUnits: debt.paidUnits + nowUnits, owedUnits: debt.owedUnits - nowUnits }
}
