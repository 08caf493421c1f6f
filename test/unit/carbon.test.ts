import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { carbonUnits } from '../../src-main/engines/minting/node-period/carbon.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'

interface CarbonVector {
  cu_micro: number
  su_micro: number
  connection_price_musd: number
  uptime: number
  carbon_units: number
}
const path = new URL('../golden/economy/node-period-vectors.json', import.meta.url)
const { carbon } = JSON.parse(readFileSync(path, 'utf8')) as { carbon: CarbonVector[] }

test('the vectors', () => {
  expect(carbon.length).toBeGreaterThan(1)
  for (const vector of carbon) {
    const units = { cu: BigInt(vector.cu_micro), su: BigInt(vector.su_micro) }
    expect(carbonUnits(units, vector.connection_price_musd, vector.uptime)).toBe(BigInt(vector.carbon_units))
  }
})

test('one floor, at the very end', () => {
  // a millionth of a CU for the whole period: 354 * 10 / 7 = 505.7 units
  expect(carbonUnits({ cu: 1n, su: 0n }, 7, PERIOD_SEC)).toBe(505n)
  // two thirds of it are 337.1; of 505 they would be 336
  expect(carbonUnits({ cu: 1n, su: 0n }, 7, (PERIOD_SEC / 3) * 2)).toBe(337n)
  // (1 CU at 354 + 1 SU at 122) * 1e7 / 3 = 1586666666.6 together; 1180000000 + 406666666.6 apart
  expect(carbonUnits({ cu: 1_000_001n, su: 1_000_002n }, 3, PERIOD_SEC)).toBe((10n * (354n * 1_000_001n + 122n * 1_000_002n)) / 3n)
})

test('no uptime gives nothing, and no more than the whole period counts', () => {
  const units = { cu: 3_750_000n, su: 2_901_333n }
  expect(carbonUnits(units, 80, 0)).toBe(0n)
  expect(carbonUnits(units, 80, PERIOD_SEC + 60)).toBe(carbonUnits(units, 80, PERIOD_SEC))
})

test('without a price there is no amount', () => {
  expect(carbonUnits({ cu: 1n, su: 1n }, 0, PERIOD_SEC)).toBeNull()
})
