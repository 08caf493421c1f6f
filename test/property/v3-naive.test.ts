import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createV3Mint } from '../../src-main/engines/minting/v3.ts'
import { AppError } from '../../src-shared/errors.ts'
import { type NodeResult, type ResourceRule, resourceRuleSchema } from '../../src-shared/mint.ts'
import { POST_PERIOD_BLOCKS } from '../../src-shared/time.ts'
import { type NaiveNode, naiveMint, type PlainArchive } from '../helpers/naive-v3.ts'
import { feedBlocks } from '../helpers/node-period.ts'
import { randomHistory } from '../helpers/random-history.ts'
import { runs } from '../helpers/runs.ts'

/*
 * The engine against the naive re-statement of the rules, which was written from the rules' text without sight of the engine. Where
 * neither text nor golden cases decide, README-v3.md beside this file says what was chosen.
 */

/** What both sides must agree on, of one node. */
interface Figures {
  nodeId: number
  violation: string | null
  measuredUptimeSec: number
  slowBoots: number
  rewardMusd: bigint
  rewardUnits: bigint
  cloudUnits: { cu: number; su: number; nu: number }
  utilization: { cru: number; mru: number; hru: number; sru: number; ip: number }
  farmId: number
  policyId: number
  certified: boolean
  virtualized: boolean
}
/** Either side's answer: the nodes, or that it refuses. */
type Answer = { nodes: Figures[] } | { refused: true }

function ofEngine(node: NodeResult): Figures {
  const receipt = JSON.parse(node.receipt) as {
    measured_uptime: number
    cloud_units: Figures['cloudUnits']
    resource_utilization: Figures['utilization']
    reward: { musd: number; tft: number }
  }
  // the receipt and the result are two outlets of one figure
  expect(receipt.measured_uptime).toBe(node.measuredUptimeSec)
  expect(receipt.reward).toEqual({ musd: Number(node.rewardMusd), tft: Number(node.rewardUnits) })
  const { nodeId, violation, measuredUptimeSec, slowBoots, rewardMusd, rewardUnits, farmId, policyId, certified, virtualized } = node
  return {
    ...{ nodeId, violation, measuredUptimeSec, slowBoots, rewardMusd, rewardUnits, farmId, policyId, certified, virtualized },
    cloudUnits: receipt.cloud_units,
    utilization: receipt.resource_utilization,
  }
}

function runEngine(archive: PlainArchive, resources: ResourceRule, explain: boolean) {
  const mint = createV3Mint(archive.header, archive.start, archive.end, { resources, explain: () => explain })
  feedBlocks(archive.blocks, mint)
  // read to the last block that counts, as the naive side takes it: while a period runs, the engine holds an open boot request back
  return { mint, nodes: mint.finish(archive.end.block + POST_PERIOD_BLOCKS).nodes }
}

function engineAnswer(archive: PlainArchive, resources: ResourceRule): Answer {
  try {
    return { nodes: runEngine(archive, resources, false).nodes.map(ofEngine) }
  } catch (error) {
    if (error instanceof AppError) return { refused: true }
    throw error
  }
}

function ofNaive(node: NaiveNode): Figures {
  const { cu, su, nu, usage: _, ...rest } = node
  return { ...rest, cloudUnits: { cu: Number(cu) / 1e6, su: Number(su) / 1e6, nu: Number(nu) / 1e6 } }
}

function naiveAnswer(archive: PlainArchive, resources: ResourceRule): Answer {
  let nodes: NaiveNode[]
  try {
    nodes = naiveMint(archive, { resources })
  } catch (error) {
    // it refuses with a plain Error only; anything else is a slip of the naive side itself
    if (Object.getPrototypeOf(error) === Error.prototype) return { refused: true }
    throw error
  }
  return { nodes: nodes.map(ofNaive) }
}

// for long runs by GRANARY_RUNS
const timeout = 1_800_000

describe.each(resourceRuleSchema.options)('resources: %s', resources => {
  test('engine and naive re-statement agree', { timeout }, () => {
    const seen = { nodes: 0, paid: 0, violating: 0, refused: 0 }
    const { numRuns, seed } = runs(300)
    fc.assert(
      fc.property(randomHistory, archive => {
        const naive = naiveAnswer(archive, resources)
        expect(engineAnswer(archive, resources)).toEqual(naive)
        if ('refused' in naive) seen.refused++
        else
          for (const node of naive.nodes) {
            seen.nodes++
            if (node.rewardUnits > 0n) seen.paid++
            if (node.violation !== null) seen.violating++
          }
      }),
      { numRuns, seed },
    )
    console.log(`v3 ${resources}: ${JSON.stringify(seen)}`)
    // the histories must reach both sides of every rule, or agreement says little
    if (numRuns >= 100) {
      expect(seen.paid).toBeGreaterThan(seen.nodes / 10)
      expect(seen.violating).toBeGreaterThan(seen.nodes / 10)
      expect(seen.refused).toBeGreaterThan(0)
    }
  })
})

test('explaining changes no result, and its credits add up to the measured uptime', { timeout }, () => {
  fc.assert(
    fc.property(randomHistory, archive => {
      if ('refused' in engineAnswer(archive, 'latest')) return
      const { nodes } = runEngine(archive, 'latest', false)
      const explained = runEngine(archive, 'latest', true)
      expect(explained.nodes).toEqual(nodes)
      for (const node of nodes) {
        const { steps, measuredUptimeSec, violation } = explained.mint.explanation(node.nodeId)
        expect(measuredUptimeSec).toBe(node.measuredUptimeSec)
        expect(steps.reduce((sum, step) => sum + step.creditedSec, 0)).toBe(node.measuredUptimeSec)
        expect(violation?.violation ?? null).toBe(node.violation)
        for (const step of steps) expect(step.lostSec).toBe(step.elapsedSec - step.creditedSec)
      }
    }),
    runs(150, 10_000),
  )
})
