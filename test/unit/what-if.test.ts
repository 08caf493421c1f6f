import { describe, expect, test } from 'vitest'
import { limitStep } from '../../src-main/engines/projection/cu-limit.ts'
import { atTodaysPace, type WhatIfInputs, whatIf } from '../../src-main/engines/projection/what-if.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import {
  bytesFromGib,
  gibFromBytes,
  hoursFromSec,
  musdFromUsd,
  percentFromUptime,
  secFromHours,
  uptimeFromPercent,
  whatIfFiguresSchema,
} from '../../src-shared/what-if.ts'
import { policyOf } from '../helpers/node-period.ts'

const GIB = 2n ** 30n
const gib = (cru: bigint, mru: bigint, sru: bigint) => ({ cru, mru: mru * GIB, hru: 0n, sru: sru * GIB })

const node: WhatIfInputs = {
  rules: 'v3',
  // 16, 7.75 and 10 CU
  resources: gib(8n, 32n, 500n),
  nruBytes: 0n,
  ipSec: 0n,
  policy: policyOf(3),
  certified: false,
  connectionPriceMusd: 80,
  uptimeSec: PERIOD_SEC,
}

describe('what limits the compute units', () => {
  test('memory: up to where SSD limits, in whole GiB', () => {
    // 10 CU take 41 GiB
    expect(limitStep(node.resources)).toEqual({ by: ['mru'], more: { cru: 0n, mru: 9n * GIB, sru: 0n } })
  })

  test('SSD: what it earns counts its storage units too', () => {
    const inputs = { ...node, resources: gib(8n, 65n, 500n) } // 16, 16 and 10 CU
    const { limit, units } = whatIf(inputs)
    expect(limit).toMatchObject({ by: ['sru'], more: { cru: 0n, mru: 0n, sru: 300n * GIB } })
    // 6 CU at 2.400 and 1.2 SU at 1.000 USD are 15.600 USD, at 0.080 USD a TFT
    expect(limit.gainMusd).toBe(15_600n)
    expect(limit.gainUnits).toBe(1_950_000_000n)
    expect(whatIf({ ...inputs, resources: gib(8n, 65n, 800n) }).units).toBe(units + limit.gainUnits)
  })

  test('two that limit alike must both be raised; all three alike have no next step', () => {
    expect(limitStep(gib(8n, 65n, 1000n))).toEqual({ by: ['cru', 'mru'], more: { cru: 2n, mru: 16n * GIB, sru: 0n } })
    expect(limitStep(gib(8n, 65n, 800n))).toEqual({ by: ['cru', 'mru', 'sru'], more: { cru: 0n, mru: 0n, sru: 0n } })
    expect(limitStep(gib(0n, 0n, 0n)).by).toHaveLength(3)
  })

  test('a node with less than 1 GiB of memory, or without SSD', () => {
    expect(limitStep({ ...gib(8n, 0n, 500n), mru: 5n })).toEqual({ by: ['mru'], more: { cru: 0n, mru: 41n * GIB, sru: 0n } })
    expect(limitStep(gib(8n, 32n, 0n))).toEqual({ by: ['sru'], more: { cru: 0n, mru: 0n, sru: 388n * GIB } })
  })

  test('where the SLA is missed nothing is gained', () => {
    expect(whatIf({ ...node, uptimeSec: PERIOD_SEC / 2 })).toMatchObject({ units: 0n, slaMet: false, limit: { gainUnits: 0n } })
  })
})

test('certification: a quarter more on policy 1 under v3, and nothing under node-period', () => {
  const inputs = { ...node, policy: policyOf(1), resources: gib(8n, 65n, 800n) }
  const both = (rules: WhatIfInputs['rules']) => [false, true].map(certified => whatIf({ ...inputs, rules, certified }).units)
  const [diy, certified] = both('v3')
  expect(certified).toBe((diy! * 5n) / 4n)
  const [diyByNode, certifiedByNode] = both('node-period')
  expect(certifiedByNode).toBe(diyByNode)
  // what asks for 98 % instead of 95 % may cost it everything
  const at96 = { ...inputs, uptimeSec: uptimeFromPercent('96')! }
  expect(whatIf(at96).slaMet).toBe(true)
  expect(whatIf({ ...at96, certified: true })).toMatchObject({ slaMet: false, units: 0n, slaPermille: 980 })
})

test('use so far at the same pace, cut; a period that is over, or not begun, as it is', () => {
  expect(atTodaysPace(1_000n, PERIOD_SEC / 4)).toBe(4_000n)
  expect(atTodaysPace(7n, 3)).toBe((7n * BigInt(PERIOD_SEC)) / 3n)
  expect(atTodaysPace(2n ** 70n, PERIOD_SEC)).toBe(2n ** 70n)
  expect(atTodaysPace(5n, 0)).toBe(0n)
})

test('texts become the chain’s own units exactly, and anything else is refused', () => {
  expect(bytesFromGib('62.5')).toBe(67_108_864_000n)
  expect(bytesFromGib('0.000000001')).toBe(1n)
  expect(bytesFromGib('9007199254740993')).toBe(9_007_199_254_740_993n * GIB)
  expect(gibFromBytes(67_108_864_001n)).toBe('62.5')
  expect(gibFromBytes(0n)).toBe('0')
  expect(gibFromBytes(1_000n * GIB)).toBe('1000')
  expect(secFromHours('1.5')).toBe(5_400n)
  expect(hoursFromSec(5_400n)).toBe('1.5')
  expect(musdFromUsd('2.44')).toBe(2_440)
  for (const text of ['', ' ', '-1', '1e3', '1,5', 'x', '0x10', '1.', '.5', 'Infinity', 'NaN', '1.0000000001'])
    expect([bytesFromGib(text), secFromHours(text), uptimeFromPercent(text)], text).toEqual([null, null, null])
  for (const text of ['-1', '0.0001', '4294967.296', '']) expect(musdFromUsd(text), text).toBeNull()
})

test('a percentage becomes the least uptime that reaches it', () => {
  expect(uptimeFromPercent('100')).toBe(PERIOD_SEC)
  expect(uptimeFromPercent('0')).toBe(0)
  const sec = uptimeFromPercent('99.9')!
  expect(Math.floor((sec * 1000) / PERIOD_SEC)).toBe(999)
  expect(Math.floor(((sec - 1) * 1000) / PERIOD_SEC)).toBe(998)
  expect(uptimeFromPercent('100.1')).toBeNull()
  expect(percentFromUptime(PERIOD_SEC + 60)).toBe('100')
  expect(percentFromUptime(PERIOD_SEC - 1)).toBe('99.999')
})

test('figures cross the wire as they are, and negative ones do not', () => {
  const { resources, policy, ...rest } = node
  const { id, cu, su, nu, ipv4, minimal_uptime: minimalUptime } = policy
  const { cru, mru, hru, sru } = resources as Record<'cru' | 'mru' | 'hru' | 'sru', bigint>
  const { certified, connectionPriceMusd, uptimeSec, ipSec, nruBytes } = rest
  const prices = { id, cu, su, nu, ipv4, minimalUptime }
  const figures = { cru, mru, hru, sru, nruBytes, ipSec, uptimeSec, certified, connectionPriceMusd, policy: prices }
  expect(whatIfFiguresSchema.parse(JSON.parse(JSON.stringify(whatIfFiguresSchema.encode(figures))))).toEqual(figures)
  const wire = whatIfFiguresSchema.encode(figures)
  for (const bad of [{ mru: '-1' }, { cru: '1.5' }, { uptimeSec: -1 }, { connectionPriceMusd: 2 ** 32 }, { ipSec: 'all' }])
    expect(whatIfFiguresSchema.safeParse({ ...wire, ...bad }).success, JSON.stringify(bad)).toBe(false)
})
