import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reinvest } from '../../src-main/engines/credit/metabolic.ts'
import { auctionLockUnits } from '../../src-main/engines/guarantees/auction.ts'
import { endGuarantee, giveGuarantee } from '../../src-main/engines/guarantees/guarantee.ts'
import { holdEscrow, releaseEscrow } from '../../src-main/engines/payments/escrow.ts'
import { quotePayment } from '../../src-main/engines/payments/payment.ts'
import { accrue, deposit, depositedIn, type PoolPosition, payOwed, withdraw } from '../../src-main/engines/pools/pool.ts'
import { trustFrom, trustOf } from '../../src-main/engines/trust/trust.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { feeBps, reinvestShares } from '../helpers/economy.ts'
import { runs } from '../helpers/runs.ts'

/* Payments, escrow, reinvestment, pools, guarantees and trust: splits add up, and no hour earns twice. */

const t0 = 1_700_000_000
const amount = fc.oneof(fc.bigInt({ min: 1n, max: 5000n }), fc.bigInt({ min: 1n, max: MAX_UNITS }))

test('a payment reaches the recipient whole, its fee is the floor of a thousandth, and an escrow gives out what it holds', () => {
  fc.assert(
    fc.property(amount, fc.constantFrom('buyer', 'seller'), (amountUnits, actor) => {
      const order = { from: 'buyer', to: 'seller', amountUnits }
      const plan = quotePayment(order, feeBps)
      expect(plan).toEqual({ amountUnits, feeUnits: amountUnits / 1000n, debitedUnits: amountUnits + amountUnits / 1000n })
      const end = releaseEscrow(holdEscrow(order, plan.debitedUnits, feeBps).escrow, actor)
      expect(end.toSellerUnits + end.toBuyerUnits + end.feeUnits).toBe(plan.debitedUnits)
      expect(end.toSellerUnits).toBe(actor === 'buyer' ? amountUnits : 0n)
      expect(() => holdEscrow(order, plan.debitedUnits - 1n, feeBps)).toThrow('Insufficient balance')
    }),
    runs(200),
  )
})

test('revenue is split without a rest, and the reserve comes out of external capital alone', () => {
  const money = fc.oneof(fc.constant(0n), amount)
  fc.assert(
    fc.property(money, money, (revenue, external) => {
      const split = reinvest(revenue, external, reinvestShares)
      expect(split.infrastructureUnits + split.studentsUnits + split.teamUnits).toBe(revenue)
      expect(split.infrastructureUnits * 10n).toBeGreaterThanOrEqual(revenue * 7n)
      expect(split.reserveFundedUnits + split.externalLeftUnits).toBe(external)
      expect(split.reserveFundedUnits + split.reserveShortfallUnits).toBe(revenue / 20n)
      expect(split.externalLeftUnits === 0n || split.reserveShortfallUnits === 0n).toBe(true)
    }),
    runs(200),
  )
})

const HOUR_SEC = 3600
const small = fc.bigInt({ min: 1n, max: 10n ** 15n })
const apyBps = fc.constantFrom(800, 1200, 1500, 2000)
const moves = fc.array(
  fc.record({
    /** seconds since the move before */
    afterSec: fc.integer({ min: 0, max: 40 * HOUR_SEC }),
    kind: fc.constantFrom('deposit', 'withdraw', 'accrue', 'early', 'pay'),
    amount: small,
    permille: fc.integer({ min: 1, max: 1000 }),
    reserve: fc.oneof(fc.constant(0n), fc.constant(MAX_UNITS), fc.bigInt({ min: 0n, max: 10n ** 9n })),
  }),
  { minLength: 1, maxLength: 40 },
)

/** The rules once more, plainly: each unit's stay in the pool with its whole hours, all summed at the end. */
interface Stay {
  amount: bigint
  fromTs: number
}

test('whatever is put in and taken out, whenever it is accrued, all reward is the floor of what each deposit’s whole hours earned', () => {
  fc.assert(
    fc.property(apyBps, moves, (bps, life) => {
      const terms = { apyBps: bps, isActive: true }
      let position: PoolPosition | null = null
      let [stays, earned, nowTs, paid] = [[] as Stay[], 0n, t0, 0n]
      const hoursOf = (stay: Stay) => BigInt(Math.floor((nowTs - stay.fromTs) / HOUR_SEC))
      for (const move of life) {
        nowTs += move.afterSec
        if (move.kind === 'deposit' || !position) {
          position = deposit(terms, position, move.amount, nowTs)
          stays.push({ amount: move.amount, fromTs: nowTs })
        } else if (move.kind === 'withdraw') {
          const held = depositedIn(position)
          if (held === 0n) continue
          const taken = (held * BigInt(move.permille) + 999n) / 1000n
          const made: ReturnType<typeof withdraw> = withdraw(terms, position, taken, move.reserve, nowTs)
          let left = taken
          stays = stays.flatMap(stay => {
            const part = left < stay.amount ? left : stay.amount
            left -= part
            earned += part * hoursOf(stay)
            return part < stay.amount ? [{ ...stay, amount: stay.amount - part }] : []
          })
          position = made.position
          paid += made.withdrawal.rewardPaidUnits
          expect(made.withdrawal.remainingUnits).toBe(held - taken)
          expect(made.withdrawal.rewardPaidUnits).toBeLessThanOrEqual(move.reserve)
          const all = stays.reduce((sum, stay) => sum + stay.amount * hoursOf(stay), earned)
          expect(paid + made.withdrawal.owedUnits).toBe((all * BigInt(bps)) / 87_600_000n)
        } else if (move.kind === 'pay') {
          const made: ReturnType<typeof payOwed> = payOwed(position, move.reserve)
          position = made.position
          paid += made.paidUnits
        } else position = accrue(position, bps, move.kind === 'early' ? nowTs - 30 * HOUR_SEC : nowTs)
        expect(depositedIn(position)).toBe(stays.reduce((sum, stay) => sum + stay.amount, 0n))
      }
      const all = stays.reduce((sum, stay) => sum + stay.amount * hoursOf(stay), earned)
      const end: PoolPosition = accrue(position!, bps, nowTs)
      expect(end.accruedUnits).toBe((all * BigInt(bps)) / 87_600_000n)
      expect(end.paidUnits).toBe(paid)
      expect(end.accruedRest).toBeLessThan(87_600_000n)
    }),
    runs(300),
  )
})

test('withdrawing in any parts pays the whole reward that one withdrawal pays', () => {
  fc.assert(
    fc.property(
      apyBps,
      small,
      fc.integer({ min: 0, max: 20_000 }),
      fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 6 }),
      (bps, whole, hours, parts) => {
        const terms = { apyBps: bps, isActive: true }
        const nowTs = t0 + hours * HOUR_SEC + 1800
        const start = deposit(terms, null, whole, t0)
        const atOnce = withdraw(terms, start, whole, MAX_UNITS, nowTs).withdrawal.rewardPaidUnits
        let [position, paid] = [start, 0n]
        const take = (units: bigint) => {
          const made = withdraw(terms, position, units, MAX_UNITS, nowTs)
          position = made.position
          paid += made.withdrawal.rewardPaidUnits
        }
        for (const permille of parts) {
          const part = (depositedIn(position) * BigInt(permille)) / 1000n
          if (part > 0n) take(part)
        }
        take(depositedIn(position))
        expect(paid).toBe(atOnce)
      },
    ),
    runs(200),
  )
})

test('a guarantee burns exactly what it minted, once', () => {
  const order = fc.record({
    guarantor: fc.constant('gus'),
    beneficiary: fc.constant('ben'),
    guaranteedUnits: amount,
    coverageBps: fc.integer({ min: 0, max: 10_000 }),
    ratioUnits: fc.bigInt({ min: 0n, max: 10_000_000n }),
  })
  fc.assert(
    fc.property(order, fc.constantFrom('release' as const, 'draw' as const), (given, end) => {
      const guarantee = giveGuarantee(given)
      expect(guarantee.allocatedUnits).toBe((given.guaranteedUnits * BigInt(given.coverageBps)) / 10_000n)
      expect(guarantee.lockedUnits).toBe((guarantee.allocatedUnits * given.ratioUnits) / 10_000_000n)
      const ben = { entity: 'ben', isAdministrator: false }
      const ended = endGuarantee(guarantee, end, ben)
      expect(ended.burnedUnits).toBe(guarantee.lockedUnits)
      expect(() => endGuarantee(ended.guarantee, 'draw', ben)).toThrow('already released or drawn')
    }),
    runs(100),
  )
})

test('trust lies between 0 and 100 and never falls with what is done', () => {
  const count = fc.integer({ min: 0, max: 2 ** 40 })
  const history = fc.record({ repayments: count, counterparties: count, releasedEscrows: count, proofs: count, applications: count })
  fc.assert(
    fc.property(history, fc.constantFrom('repayments', 'counterparties', 'releasedEscrows', 'proofs', 'applications'), (done, more) => {
      const { overall, parts } = trustFrom(done)
      expect(overall).toBe(trustOf(parts))
      for (const score of [overall, ...Object.values(parts)]) expect(score >= 0 && score <= 100).toBe(true)
      expect(trustFrom({ ...done, [more]: done[more] + 1 }).overall).toBeGreaterThanOrEqual(overall)
    }),
    runs(100),
  )
})

test('what an auction locks lies between once and twice its base', () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: 0, max: 100 }), (base, trust) => {
      const locked = auctionLockUnits(base, trust)
      expect(locked).toBe((base * BigInt(200 - trust)) / 100n)
      expect(locked >= base && locked <= 2n * base).toBe(true)
    }),
    runs(100),
  )
})
