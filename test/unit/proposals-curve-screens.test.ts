import { describe, expect, test } from 'vitest'
import { spotPrice } from '../../src-main/engines/curve/quote.ts'
import { isApproved, isQuorate, tallyOf } from '../../src-main/engines/governance/tally.ts'
import { readPercent } from '../../src-renderer/amount-entry.ts'
import { chartColumns } from '../../src-renderer/components/curve-chart-model.ts'
import { shortScale } from '../../src-renderer/components/line-meter.tsx'
import { doublesAfter, priceAt, readDecimal, writePpm, writePrice } from '../../src-renderer/curve-words.ts'
import { isPast, localInput, nextFirst, readLocalInput, shareBps, withVote } from '../../src-renderer/proposals-model.ts'
import type { ProposalShown } from '../../src-shared/treasury/governance-table.ts'

describe('proposals on screen', () => {
  test('a share that is short of its line by a unit is drawn below it', () => {
    expect(shareBps(49_999_999n, 100_000_000n)).toBe(4_999)
    expect(shareBps(50_000_000n, 100_000_000n)).toBe(5_000)
    expect(shareBps(1n, 0n)).toBe(0)
  })

  test('with a vote it stands as the engine would count it', () => {
    const [mine, other] = [
      { choice: 'YES', powerUnits: 60n, weightUnits: 30n },
      { choice: 'NO', powerUnits: 40n, weightUnits: 30n },
    ] as const
    const before = tallyOf([other])
    const shown = { turnout: before.turnoutUnits, yes: 0n, no: before.noWeightUnits, abstain: 0n }
    const after = tallyOf([other, mine])
    expect(withVote(shown, 'YES', { power: 60n, weight: 30n })).toEqual({ turnout: after.turnoutUnits, yes: 30n, no: 30n, abstain: 0n })
    expect(isQuorate(after, 10_000, 100n) && isApproved(after, 5_000)).toBe(true)
  })

  test('a scale goes beyond what it shows, and never past the whole', () => {
    expect([shortScale(0, 1_000), shortScale(4_000, 1_000), shortScale(9_900, 1_000), shortScale(0, 9_000)]).toEqual([
      2_000, 5_000, 10_000, 10_000,
    ])
  })

  test('votes that are on stand before those to come, the one that ends first before all', () => {
    const row = (id: string, state: 'ACTIVE' | 'PENDING', startTs: number, endTs: number) =>
      ({ id, state, startTs, endTs }) as ProposalShown
    const rows = [row('a', 'PENDING', 50, 90), row('b', 'ACTIVE', 1, 80), row('c', 'ACTIVE', 2, 70), row('d', 'PENDING', 40, 95)]
    expect(nextFirst(rows).map(({ id }) => id)).toEqual(['c', 'b', 'd', 'a'])
    expect(rows.filter(one => isPast(one, 70)).map(({ id }) => id)).toEqual(['a', 'd'])
    // its last second belongs to the vote
    expect(isPast(rows[2]!, 71)).toBe(true)
  })

  test('a moment goes into its field and out again', () => {
    const ts = 1_795_000_020
    expect(readLocalInput(localInput(ts))).toBe(ts - (ts % 60))
    expect(readLocalInput('')).toBeNull()
  })

  test.each([
    ['0', null],
    ['', null],
    ['100', 100],
    ['100.01', null],
    ['33.33', 33.33],
    ['0.07', 0.07],
    ['1.005', null],
    [12.5, 12.5],
  ])('a percentage of %s is %s', (text, percent) => {
    expect(readPercent(text)).toBe(percent)
  })
})

describe('a curve on screen', () => {
  const shape = { initialPrice: 50_000_000_000n, slope: 10_000_000_000_000n, initialIssuanceUnits: 0n, precision: 10n ** 12n }

  test('its price is that of the engine', () => {
    for (const supply of [0n, 1n, 10_000_000_000n, 123_456_789_012n])
      expect(priceAt(shape.initialPrice, shape.slope, supply)).toBe(spotPrice(shape, supply))
    const doubled = doublesAfter(shape.initialPrice, shape.slope)!
    expect(spotPrice(shape, doubled)).toBe(2n * shape.initialPrice)
    expect(doublesAfter(1n, null)).toBeNull()
  })

  test('what is now and what was bought are rows of their own, and the purchase is between them', () => {
    const point = (supply: bigint) => ({ supply, price: spotPrice(shape, supply) })
    const columns = chartColumns({
      points: [point(0n), point(20_000_000n)],
      now: point(10_000_000n),
      bought: point(30_000_000n),
      floor: 0n,
    })
    expect(columns[0]).toEqual([0, 1, 2, 3])
    expect(columns[2].map(price => price !== null)).toEqual([false, true, true, true])
    expect(chartColumns({ points: [point(0n)], now: point(0n), bought: null, floor: null })[3]).toEqual([null])
  })

  test('decimals are read and written exactly', () => {
    expect(readDecimal(' 0.000000000001 ', 12)).toBe(1n)
    for (const text of ['0', '-1', '1,5', '0.0000000000001', '', '1e3']) expect(readDecimal(text, 12), text).toBeNull()
    expect(writePrice(1_234_500_000_000_001n)).toBe('1,234.500000000001')
    expect(writePpm(3_000)).toBe('0.3 %')
  })
})
