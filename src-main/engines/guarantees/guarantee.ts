import { MAX_UNITS } from '../../../src-shared/money.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { shareUnits } from '../../../src-shared/treasury/shares.ts'

/** Who does something, as the session has it. */
export interface Actor {
  entity: string
  isAdministrator: boolean
}

export interface GuaranteeOrder {
  /** who guarantees, and holds the locked BTA-GUAR */
  guarantor: string
  /** who is guaranteed */
  beneficiary: string
  guaranteedUnits: bigint
  /** basis points: 0..10,000 are 0..100 percent */
  coverageBps: number
  /** collateral ratio in units of 1e-7: 10,000,000 is 1, the default */
  ratioUnits: bigint
}

export interface Guarantee extends GuaranteeOrder {
  state: 'LOCKED' | 'UNLOCKED' | 'BURNED'
  /** `floor(guaranteed*coverage/100)` */
  allocatedUnits: bigint
  /** BTA-GUAR that was minted to the guarantor and locked at once; 0 once it is burned */
  lockedUnits: bigint
}

const RATIO_ONE = 10_000_000n

/**
 * A guarantee: mint its `lockedUnits` of BTA-GUAR to the guarantor and lock them; 0 mints nothing and is no error (tokenomics.md, Guarantees).
 * @throws `guarantees.amount`, `guarantees.coverage`, `guarantees.ratio`, `guarantees.size` (more than an amount can hold)
 */
export function giveGuarantee(order: GuaranteeOrder): Guarantee {
  const { guarantor, beneficiary, guaranteedUnits, coverageBps, ratioUnits } = order
  if (guaranteedUnits <= 0n) throw refuse('guarantees.amount')
  if (!Number.isInteger(coverageBps) || coverageBps < 0 || coverageBps > 10_000) throw refuse('guarantees.coverage')
  if (ratioUnits < 0n) throw refuse('guarantees.ratio')
  const allocatedUnits = shareUnits(guaranteedUnits, coverageBps)
  const lockedUnits = (allocatedUnits * ratioUnits) / RATIO_ONE
  if (lockedUnits > MAX_UNITS) throw refuse('guarantees.size')
  return { guarantor, beneficiary, guaranteedUnits, coverageBps, ratioUnits, state: 'LOCKED', allocatedUnits, lockedUnits }
}

/**
 * The end of a guarantee, once: `release` (it is not needed any more: UNLOCKED) or `draw` (it was called on: BURNED). Both burn its BTA-GUAR
 * from locked in one step. Letting go is for who is guaranteed, or for an administrator; never for the guarantor, whose promise it is.
 * @param guarantee null where there is none of that id
 * @throws `guarantees.unknown`, `guarantees.owner`, `guarantees.state`
 */
export function endGuarantee(
  guarantee: Guarantee | null,
  end: 'release' | 'draw',
  actor: Actor,
): { guarantee: Guarantee; burnedUnits: bigint } {
  if (!guarantee) throw refuse('guarantees.unknown')
  if (!actor.isAdministrator && actor.entity !== guarantee.beneficiary) throw refuse('guarantees.owner')
  if (guarantee.state !== 'LOCKED') throw refuse('guarantees.state')
  const state = end === 'release' ? 'UNLOCKED' : 'BURNED'
  return { guarantee: { ...guarantee, state, lockedUnits: 0n }, burnedUnits: guarantee.lockedUnits }
}
