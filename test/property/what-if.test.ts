import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cloudUnits } from '../../src-main/engines/minting/cloud-units.ts'
import { createNodePeriodFold } from '../../src-main/engines/minting/node-period/fold.ts'
import { mintOf } from '../../src-main/engines/minting/node-period/mint.ts'
import { createV3Mint } from '../../src-main/engines/minting/v3.ts'
import { limitStep } from '../../src-main/engines/projection/cu-limit.ts'
import { type WhatIfInputs, whatIf } from '../../src-main/engines/projection/what-if.ts'
import { AppError } from '../../src-shared/errors.ts'
import { PERIOD_SEC, POST_PERIOD_BLOCKS } from '../../src-shared/time.ts'
import { bytesFromGib, gibFromBytes } from '../../src-shared/what-if.ts'
import { feed } from '../helpers/cases.ts'
import { feedBlocks, policyOf } from '../helpers/node-period.ts'
import { randomHistory } from '../helpers/random-history.ts'
import { randomNodeLife } from '../helpers/random-node-life.ts'
import { runs } from '../helpers/runs.ts'

const timeout = 3_600_000
const GIB = 2n ** 30n
const KINDS = ['cru', 'mru', 'sru'] as const

/** What a history that contradicts itself gives says nothing here. */
function refusedAsNull<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

test('as it is equals the mint of a v3 period that is over, lines and all', { timeout }, () => {
  let paid = 0
  const { numRuns, seed } = runs(200)
  fc.assert(
    fc.property(randomHistory, history => {
      const fold = createV3Mint(history.header, history.start, history.end, { resources: 'latest', explain: () => true })
      const result = refusedAsNull(() => {
        feed(history.blocks, fold)
        return fold.finish(history.end.block + POST_PERIOD_BLOCKS)
      })
      for (const node of result?.nodes ?? []) {
        const policy = history.end.farmingPolicies.find(({ id }) => id === node.policyId)
        if (node.violation !== null || node.virtualized || !policy) continue
        const { resources, nruBytes, ipSec } = fold.use(node.nodeId)!
        const { derivation } = fold.explanation(node.nodeId)
        const price = Number(/at the price when the node connected, (\d+\.\d{3})/.exec(JSON.stringify(derivation))![1]!.replace('.', ''))
        const { certified, measuredUptimeSec: uptimeSec } = node
        const asIs = whatIf({ rules: 'v3', resources, nruBytes, ipSec, policy, certified, connectionPriceMusd: price, uptimeSec })
        expect([asIs.units, asIs.musd, asIs.slaPermille]).toEqual([node.rewardUnits, node.rewardMusd, node.slaPermille])
        expect(asIs.derivation).toEqual(derivation)
        if (asIs.units > 0n) paid++
      }
    }),
    { numRuns, seed },
  )
  expect(paid).toBeGreaterThan(0)
})

test("as it is equals the mint of a node's own period that was closed", { timeout }, () => {
  let paid = 0
  const { numRuns, seed } = runs(200)
  fc.assert(
    fc.property(randomNodeLife(), archive => {
      const fold = createNodePeriodFold(archive.header, archive.start, archive.end, { boundary: null })
      refusedAsNull(() => feedBlocks(archive.blocks, fold))
      for (const saved of fold.saved()) {
        const mint = refusedAsNull(() => mintOf(saved, { network: 'test', carbon: false }))
        if (mint === null || mint.outcome === 'violation') continue
        const { minimum: resources, nruBytes, ipSec, certified, connectionPriceMusd, uptimeSec } = mint.info
        const { policy } = mint
        const inputs = { resources, nruBytes, ipSec, policy, certified, connectionPriceMusd, uptimeSec }
        const asIs = refusedAsNull(() => whatIf({ rules: 'node-period', ...inputs }))
        // a raised node may be paid where this one is not, and then a price of 0 is an error
        if (asIs === null) expect(connectionPriceMusd).toBe(0)
        else expect([asIs.units, asIs.musd, asIs.slaMet]).toEqual([mint.rewardUnits, mint.rewardMusd, mint.slaMet])
        if (mint.rewardUnits > 0n) paid++
      }
    }),
    { numRuns, seed },
  )
  expect(paid).toBeGreaterThan(0)
})

const amount = fc.oneof(
  fc.bigInt(0n, 4_096n * GIB),
  fc.bigInt(0n, 256n).map(count => count * GIB),
  fc.constantFrom(0n, 1n, GIB - 1n, GIB),
)
const inputs: fc.Arbitrary<WhatIfInputs> = fc.record({
  rules: fc.constantFrom<WhatIfInputs['rules']>('v3', 'node-period'),
  resources: fc.record({ cru: fc.bigInt(0n, 256n), mru: amount, hru: amount, sru: amount }),
  nruBytes: amount,
  ipSec: fc.bigInt(0n, 10n ** 9n),
  policy: fc
    .record({ id: fc.integer({ min: 1, max: 5 }), cu: fc.nat(5000), minimal_uptime: fc.nat(1000) })
    .map(({ id, ...prices }) => policyOf(id, prices)),
  certified: fc.boolean(),
  connectionPriceMusd: fc.integer({ min: 1, max: 500 }),
  uptimeSec: fc.nat(PERIOD_SEC),
})

test('more of anything never earns less, and the step of the limiting resource is exactly what reaches the next limit', { timeout }, () => {
  const { numRuns, seed } = runs(2_000)
  fc.assert(
    fc.property(inputs, fc.bigInt(0n, 500n * GIB), (node, extra) => {
      const now = whatIf(node)
      const { by, more, gainUnits } = now.limit
      expect(gainUnits).toBeGreaterThanOrEqual(0n)
      for (const kind of ['cru', 'mru', 'hru', 'sru'] as const) {
        const resources = { ...node.resources, [kind]: BigInt(node.resources[kind]) + extra }
        expect(whatIf({ ...node, resources }).units).toBeGreaterThanOrEqual(now.units)
      }
      const raised = raisedBy(node.resources, more)
      expect(whatIf({ ...node, resources: raised }).units - now.units).toBe(gainUnits)
      const cu = (resources: WhatIfInputs['resources']) => cloudUnits(resources, 0n).cu
      if (by.length === KINDS.length) {
        expect(more).toEqual({ cru: 0n, mru: 0n, sru: 0n })
        return
      }
      expect(cu(raised)).toBeGreaterThan(now.cloudUnits.cu)
      // one less of any of them falls short, and more of all of them brings nothing: another limits now
      for (const kind of by) {
        const step = kind === 'cru' ? 1n : GIB
        expect(cu(raisedBy(node.resources, { ...more, [kind]: more[kind] - step }))).toBeLessThan(cu(raised))
        expect(limitStep(raised).by).toEqual(
          expect.arrayContaining(KINDS.filter(other => !by.includes(other) && capOf(raised, other) === cu(raised))),
        )
      }
      const beyond = Object.fromEntries(by.map(kind => [kind, more[kind] + extra]))
      expect(cu(raisedBy(node.resources, { ...more, ...beyond }))).toBe(cu(raised))
      // and of what does not limit, more alone brings nothing
      for (const kind of KINDS.filter(one => !by.includes(one)))
        expect(cu(raisedBy(node.resources, { cru: 0n, mru: 0n, sru: 0n, [kind]: extra }))).toBe(now.cloudUnits.cu)
    }),
    { numRuns, seed },
  )
})

/** CU that one resource would allow if the others were no limit. */
function capOf(resources: WhatIfInputs['resources'], kind: (typeof KINDS)[number]): bigint {
  const plenty = { cru: 10n ** 9n, mru: 10n ** 9n * GIB, hru: 0n, sru: 10n ** 9n * GIB }
  return cloudUnits({ ...plenty, [kind]: resources[kind] }, 0n).cu
}

function raisedBy(resources: WhatIfInputs['resources'], more: Record<(typeof KINDS)[number], bigint>): WhatIfInputs['resources'] {
  const of = (kind: (typeof KINDS)[number]) => BigInt(resources[kind]) + more[kind]
  return { ...resources, cru: of('cru'), mru: of('mru'), sru: of('sru') }
}

test('what is shown of an amount and entered again is the same to 3 decimals', () => {
  const { numRuns, seed } = runs(1_000)
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n), bytes => {
      const text = gibFromBytes(bytes)
      const back = bytesFromGib(text)!
      expect(back).toBeLessThanOrEqual(bytes)
      expect(bytes - back).toBeLessThan(GIB / 1000n + 2n)
      expect(text).toMatch(/^\d+(\.\d{0,2}[1-9])?$/)
    }),
    { numRuns, seed },
  )
})
