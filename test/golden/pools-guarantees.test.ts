import { describe, expect, test } from 'vitest'
import { endGuarantee, giveGuarantee } from '../../src-main/engines/guarantees/guarantee.ts'
import { accrue, deposit, withdraw } from '../../src-main/engines/pools/pool.ts'
import { readVectors, refusalOf, vectorUnits } from '../helpers/economy.ts'

/* Pools and guarantees against the vectors of the specification. */

interface RewardVector {
  amount: string
  amount_units: string
  apy_bps: number
  whole_hours: number
  reward_units: string
  reward: string
}
interface StepVector {
  hour: number
  amount: string
  error?: string
  withdrawn_units?: string
  rewards_paid_units?: string
  rewards_paid?: string
  returned?: string
  remaining?: string
  active?: boolean
}
interface DefiVectors {
  pools: { apy_bps: number }[]
  errors: { deposit: string[]; withdraw: string[] }
  rewards: RewardVector[]
  partial_withdrawals: { deposit: string; apy_bps: number; steps: StepVector[]; total_rewards_units: string }[]
}
interface GuaranteeVector {
  guaranteed_amount: string
  coverage_percent: string
  collateral_ratio: string
  allocated: string
  tokens_minted_and_locked: string
  on_release: { locked: string; burned: string; total_supply_change: string }
}
const defi = readVectors<DefiVectors>('defi')
const t0 = 1_700_000_000
const plenty = vectorUnits('1000000')
const pool = (apyBps: number) => ({ apyBps, isActive: true })

describe('pools', () => {
  test.each(defi.rewards)('$amount at $apy_bps for $whole_hours hours', vector => {
    const position = deposit(pool(vector.apy_bps), null, BigInt(vector.amount_units), t0)
    const rewardAt = (ts: number) => accrue(position, vector.apy_bps, ts).accruedUnits
    expect(rewardAt(t0 + vector.whole_hours * 3600)).toBe(BigInt(vector.reward_units))
    expect(rewardAt(t0 + vector.whole_hours * 3600 + 3599)).toBe(vectorUnits(vector.reward))
    expect(vectorUnits(vector.amount)).toBe(BigInt(vector.amount_units))
  })

  test.each(defi.partial_withdrawals)('withdrawing $deposit at $apy_bps in parts', vector => {
    const terms = pool(vector.apy_bps)
    let position = deposit(terms, null, vectorUnits(vector.deposit), t0)
    for (const step of vector.steps) {
      const work = () => withdraw(terms, position, vectorUnits(step.amount), plenty, t0 + step.hour * 3600)
      if (step.error) expect(refusalOf(work)).toBe(step.error)
      else {
        const { position: after, withdrawal } = work()
        expect(withdrawal).toEqual({
          withdrawnUnits: BigInt(step.withdrawn_units!),
          rewardPaidUnits: BigInt(step.rewards_paid_units!),
          returnedUnits: vectorUnits(step.returned!),
          remainingUnits: vectorUnits(step.remaining!),
          owedUnits: 0n,
          isActive: step.active,
        })
        expect(vectorUnits(step.rewards_paid!)).toBe(BigInt(step.rewards_paid_units!))
        position = after
      }
    }
    expect(position.paidUnits).toBe(BigInt(vector.total_rewards_units))
  })

  test('every refusal', () => {
    const terms = pool(800)
    const position = deposit(terms, null, 10n, t0)
    const deposits = [
      () => deposit(terms, null, 0n, t0),
      () => deposit({ ...terms, isActive: false }, null, 1n, t0),
      () => deposit(null, null, 1n, t0),
    ]
    expect(new Set(deposits.map(refusalOf))).toEqual(new Set(defi.errors.deposit))
    const withdrawals = [
      () => withdraw(terms, null, 1n, plenty, t0),
      () => withdraw(terms, position, 11n, plenty, t0),
      () => withdraw(null, null, 1n, plenty, t0),
      () => withdraw(terms, position, 0n, plenty, t0),
    ]
    expect(withdrawals.map(refusalOf)).toEqual(defi.errors.withdraw)
  })
})

test.each(readVectors<{ guarantee: GuaranteeVector[] }>('bta').guarantee)(
  'a guarantee of $guaranteed_amount at $coverage_percent percent, ratio $collateral_ratio',
  vector => {
    const guarantee = giveGuarantee({
      guarantor: 'gus',
      beneficiary: 'ben',
      guaranteedUnits: vectorUnits(vector.guaranteed_amount),
      coverageBps: Number(vector.coverage_percent) * 100,
      ratioUnits: vectorUnits(vector.collateral_ratio),
    })
    expect(guarantee).toMatchObject({
      state: 'LOCKED',
      allocatedUnits: vectorUnits(vector.allocated),
      lockedUnits: vectorUnits(vector.tokens_minted_and_locked),
    })
    const released = endGuarantee(guarantee, 'release', { entity: 'ben', isAdministrator: false })
    expect(released.guarantee).toMatchObject({ state: 'UNLOCKED', lockedUnits: vectorUnits(vector.on_release.locked) })
    expect(released.burnedUnits).toBe(vectorUnits(vector.on_release.burned))
    expect(-released.burnedUnits).toBe(vectorUnits(vector.on_release.total_supply_change))
  },
)
