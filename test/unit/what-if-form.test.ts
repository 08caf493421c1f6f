import { expect, test } from 'vitest'
import {
  type FieldId,
  fieldIds,
  fieldText,
  formFromState,
  nextPolicy,
  readForm,
  suggestions,
  untouched,
  withField,
  withMore,
  withPolicy,
} from '../../src-renderer/what-if-form.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import type { WhatIfAnswer } from '../../src-shared/what-if.ts'
import { limitText } from '../../src-shared/what-if-text.ts'

const GIB = 2n ** 30n
const policy = { id: 1, cu: 2_400, su: 1_000, nu: 30, ipv4: 5, minimalUptime: 95 }
const node: Pick<WhatIfAnswer, 'own' | 'policies'> = {
  own: {
    cru: 16n,
    mru: 67_755_049_079n, // 63.101…, which no field shows in full
    hru: 0n,
    sru: 500n * GIB,
    nruBytes: 33_343_333_333n,
    ipSec: 1_234_567n,
    uptimeSec: PERIOD_SEC - 24_681,
    certified: false,
    connectionPriceMusd: 80,
    policy,
  },
  policies: [
    { ...policy, name: 'diy', scaled: true },
    { ...policy, id: 4, cu: 2_000, name: 'fourth', scaled: false },
  ],
}

test('what nobody changed stays exact, also when it is typed again as it is shown', () => {
  expect(readForm(untouched, node)).toEqual({ figures: node.own, problems: {}, isChanged: false })
  let form = untouched
  for (const id of fieldIds) form = withField(form, id, ` ${fieldText(untouched, id, node.own)} `)
  expect(readForm(form, node)).toEqual({ figures: node.own, problems: {}, isChanged: false })
})

test('each field changes its own figure and no other', () => {
  const changes: [FieldId, string, object][] = [
    ['cru', '32', { cru: 32n }],
    ['mru', '128', { mru: 128n * GIB }],
    ['sru', '0.5', { sru: GIB / 2n }],
    ['hru', '1', { hru: GIB }],
    ['nru', '7', { nruBytes: 7n * GIB }],
    ['ip', '2.5', { ipSec: 9_000n }],
    ['uptime', '50', { uptimeSec: PERIOD_SEC / 2 }],
    ['price', '0.055', { connectionPriceMusd: 55 }],
    ['policyCu', '3', { policy: { ...policy, cu: 3_000 } }],
    ['policySu', '3', { policy: { ...policy, su: 3_000 } }],
    ['policyNu', '3', { policy: { ...policy, nu: 3_000 } }],
    ['policyIp', '3', { policy: { ...policy, ipv4: 3_000 } }],
    ['policySla', '999', { policy: { ...policy, minimalUptime: 999 } }],
  ]
  expect(changes.map(([id]) => id).sort()).toEqual([...fieldIds].sort())
  for (const [id, text, change] of changes)
    expect(readForm(withField(untouched, id, text), node), id).toEqual({
      figures: { ...node.own, ...change },
      problems: {},
      isChanged: true,
    })
})

test('what a field does not take is a problem of that field, and its figure is the node’s own', () => {
  for (const id of fieldIds)
    for (const text of ['', 'x', '-1', '1e3', '1,5', '99999999999999999999999', '0.0000000001']) {
      const { figures, problems, isChanged } = readForm(withField(untouched, id, text), node)
      expect(Object.keys(problems), `${id} ${text}`).toEqual([id])
      expect(figures).toEqual(node.own)
      expect(isChanged).toBe(true)
    }
  expect(readForm(withField(untouched, 'price', '0'), node).problems).toHaveProperty('price')
  expect(readForm(withField(untouched, 'policySla', '1001'), node).problems).toHaveProperty('policySla')
})

test('another policy brings its own prices; back at its own the node is unchanged', () => {
  const form = withPolicy(withField(untouched, 'policyCu', '9'), 4)
  expect(readForm(form, node)).toMatchObject({ figures: { policy: { id: 4, cu: 2_000 } }, isChanged: true })
  expect(readForm(withPolicy(form, 1), node).isChanged).toBe(false)
  expect(nextPolicy(node.own, node.policies)).toBe(4)
  expect(nextPolicy({ ...node.own, policy: { ...policy, id: 4 } }, node.policies)).toBe(1)
  expect(nextPolicy(node.own, node.policies.slice(0, 1))).toBeNull()
})

test('suggestions go on from what stands in the form; the step of a limit is taken in full', () => {
  const doubled = suggestions.doubleMemory(withField(untouched, 'mru', '64'), readForm(withField(untouched, 'mru', '64'), node).figures)
  expect(readForm(doubled, node).figures.mru).toBe(128n * GIB)
  expect(readForm(suggestions.certify(untouched, node.own), node).figures.certified).toBe(true)
  const more = { cru: 2n, mru: 9n * GIB, sru: 311n * GIB }
  const { figures } = readForm(withMore(untouched, node.own, more), node)
  expect(figures.cru).toBe(18n)
  expect(figures.sru).toBe(811n * GIB)
  expect(figures.mru).toBeGreaterThanOrEqual(node.own.mru + more.mru)
  expect(figures.mru - node.own.mru - more.mru).toBeLessThan(GIB / 500n)
})

test('a step of the history that holds no form is an untouched one', () => {
  for (const state of [null, undefined, 7, 'x', {}, { whatIf: null }, { whatIf: { fields: 3 } }])
    expect(formFromState(state)).toEqual(untouched)
  expect(formFromState({ whatIf: withField(untouched, 'cru', '3') })).toEqual(withField(untouched, 'cru', '3'))
})

test('what limits, in words', () => {
  const none = { cru: 0n, mru: 0n, sru: 0n }
  const say = (limit: Parameters<typeof limitText>[0]['limit'], slaMet = true) => limitText({ limit, slaMet, units: slaMet ? 1n : 0n })
  const gain = { gainUnits: 31_000_000n, gainMusd: 1n }
  expect(say({ by: ['sru'], more: { ...none, sru: 1500n * GIB }, ...gain })).toBe(
    'SSD limits its compute units: up to 1,500 GiB more would earn 3.10 TFT more a period.',
  )
  expect(say({ by: ['cru'], more: { ...none, cru: 1n }, ...gain })).toBe(
    'Cores limit its compute units: up to 1 core more would earn 3.10 TFT more a period.',
  )
  expect(say({ by: ['cru', 'mru'], more: { ...none, cru: 2n, mru: 16n * GIB }, ...gain })).toBe(
    'Cores and memory limit its compute units alike: up to 2 cores and 16 GiB of memory more would earn 3.10 TFT more a period.',
  )
  expect(say({ by: ['cru', 'mru', 'sru'], more: none, gainUnits: 0n, gainMusd: 0n })).toMatch(/alike: more of one of them alone adds none/)
  const nothing = { by: ['mru' as const], more: { ...none, mru: GIB }, gainUnits: 0n, gainMusd: 0n }
  expect(say(nothing, false)).toBe('Memory limits its compute units, but more of it earns nothing while the SLA is missed.')
  expect(say(nothing)).toMatch(/nothing more at these prices/)
})
