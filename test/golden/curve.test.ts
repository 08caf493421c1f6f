import { expect, test } from 'vitest'
import { palletAccount, palletAddress } from '../../src-main/engines/curve/account.ts'
import { costUnits, quoteMint } from '../../src-main/engines/curve/quote.ts'
import type { Pricing } from '../../src-shared/treasury/curve.ts'
import { readVectors, refusalOf } from '../helpers/economy.ts'
import { naiveMint } from '../helpers/naive-curve.ts'

/* The minting curve against the vectors of the specification, and the naive curve of the property tests too. */

type Outcome = { error?: string; minted?: string; user?: string; zap?: string; spot_before?: string; spot_after?: string } & {
  charge_exact?: string
  unspent?: string
}
interface CurveVector {
  id: string
  in: Record<'initial_price' | 'slope' | 'initial_issuance' | 'total_issuance' | 'precision' | 'payment', string>
  out: Outcome
  spot_floor: Outcome
}
const { vectors, count } = readVectors<{ vectors: CurveVector[]; count: number }>('tmc')

function read(vector: CurveVector) {
  const given = vector.in
  const curve = {
    initialPrice: BigInt(given.initial_price),
    slope: BigInt(given.slope),
    initialIssuanceUnits: BigInt(given.initial_issuance),
    precision: BigInt(given.precision),
  }
  return { curve, issuance: BigInt(given.total_issuance), payment: BigInt(given.payment) }
}

const cases = vectors.flatMap(vector => [
  { id: vector.id, pricing: 'exact' as Pricing, vector, expected: vector.out },
  { id: vector.id, pricing: 'spot' as Pricing, vector, expected: vector.spot_floor },
])

test('all vectors are there', () => expect(vectors).toHaveLength(count))

test.each(cases)('$id, $pricing', ({ pricing, vector, expected }) => {
  const { curve, issuance, payment } = read(vector)
  const work = () => quoteMint(curve, issuance, payment, { pricing })
  const naive = naiveMint(curve, issuance, payment, pricing)
  if (expected.error) {
    expect(refusalOf(work)).toBe(expected.error)
    expect(naive).toBe(expected.error)
    return
  }
  const quote = work()
  expect(quote).toMatchObject({
    mintedUnits: BigInt(expected.minted!),
    userUnits: BigInt(expected.user!),
    zapUnits: BigInt(expected.zap!),
    treasuryUnits: 0n,
    burntUnits: 0n,
    spotBefore: BigInt(expected.spot_before!),
    spotAfter: BigInt(expected.spot_after!),
  })
  expect([quote.chargedUnits, quote.unspentUnits]).toEqual(
    pricing === 'exact' ? [BigInt(expected.charge_exact!), BigInt(expected.unspent!)] : [payment, 0n],
  )
  if (pricing === 'exact') expect(costUnits(curve, issuance, quote.mintedUnits)).toBe(quote.chargedUnits)
  const { mintedUnits, userUnits, zapUnits, chargedUnits, spotBefore, spotAfter } = quote
  expect(naive).toEqual({ minted: mintedUnits, user: userUnits, zap: zapUnits, charged: chargedUnits, spotBefore, spotAfter })
})

test("the pallet's account", () => {
  expect(Buffer.from(palletAccount('tmcurve0')).toString('hex')).toBe(Buffer.concat([Buffer.from('modltmcurve0')], 32).toString('hex'))
  expect(Buffer.from(palletAccount('tmcurve0')).toString('hex')).toMatch(/^6d6f646c/)
  expect(palletAddress('tmcurve0')).toBe('5EYCAe5jXfhqLzusixrt2Ch3ZateFvpRuiGFejB9K4oodMC1')
})
