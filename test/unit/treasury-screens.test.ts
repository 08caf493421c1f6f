import fc from 'fast-check'
import { expect, test } from 'vitest'
import { trustOf } from '../../src-main/engines/trust/trust.ts'
import { endOfDay, mostPayable, trustParts, trustWeights } from '../../src-renderer/account-model.ts'
import { chartPath, chartTop, tickLabels } from '../../src-renderer/components/series-model.ts'
import { formatShare, formatUtcStep } from '../../src-renderer/format.ts'
import { shareUnits } from '../../src-shared/treasury/shares.ts'

test('the most that can be paid is covered with its fee, and one unit more is not', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.integer({ min: 0, max: 1_000 }), (available, feeBps) => {
      const costs = (units: bigint) => units + shareUnits(units, feeBps)
      const most = mostPayable(available, feeBps)
      expect(costs(most)).toBeLessThanOrEqual(available)
      expect(costs(most + 1n)).toBeGreaterThan(available)
    }),
    { numRuns: 300 },
  )
})

test('a day ends with its last second, local; what is no day has no end', () => {
  expect(endOfDay('2026-11-12')).toBe(new Date(2026, 10, 12, 23, 59, 59).getTime() / 1000)
  for (const text of ['', '2026-13-40', '12.11.2026', '0001-01-01']) expect(endOfDay(text), text).toBeNull()
})

test('the weights that the page shows are those of the rules', () => {
  const none = { transactionHistory: 0, socialConnections: 0, reputation: 0, financialStability: 0, communityEngagement: 0 }
  for (const part of trustParts) expect(trustOf({ ...none, [part]: 100 }), part).toBe(trustWeights[part])
})

test.each([
  ['', 1n],
  ['0 0', 1n],
  ['1', 1n],
  ['12', 20n],
  ['500 3', 500n],
  ['501', 1000n],
  ['999999', 1_000_000n],
])('a chart of "%s" ends at %s', (values, top) => {
  expect(chartTop(values.split(' ').map(BigInt))).toBe(top)
})

test('bars begin at the bottom and are seen however little they are; a line is level within each step', () => {
  expect(chartPath([0n, 10n, 1n], 10_000n, true, 300, 100)).toBe('M115 100V98.5h70V100zM215 100V98.5h70V100z')
  expect(chartPath([0n, 100n], 200n, false, 200, 100)).toBe('M0 100H100L100 50H200')
  expect(chartPath([5n], 5n, false, 200, 100)).toBe('M0 0H200')
  expect(chartPath([], 1n, false, 200, 100)).toBe('')
})

test('a scale names its first and last step, and some between', () => {
  expect(tickLabels(['a', 'b'], 4)).toEqual(['a', 'b'])
  expect(tickLabels([...'abcdefg'], 4)).toEqual(['a', 'c', 'e', 'g'])
})

test('shares are cut, never rounded up; steps are named in UTC', () => {
  expect(formatShare(99_999n, 100_000n)).toBe('99.99')
  expect(formatShare(1n, 3n)).toBe('33.33')
  expect(formatShare(1n, 0n)).toBeNull()
  expect(formatUtcStep(1_700_006_400, 'hour')).toBe('15 Nov, 00:00')
  expect(formatUtcStep(1_700_006_400, 'day')).toBe('15 Nov 2023')
  expect(formatUtcStep(1_698_796_800, 'month')).toBe('Nov 2023')
})
