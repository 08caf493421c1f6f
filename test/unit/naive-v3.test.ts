import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { GridEvent } from '../../src-shared/grid.ts'
import { naiveMint, type PlainArchive } from '../helpers/naive-v3.ts'

/** The naive re-statement of the rules against the golden cases: only so is it worth comparing anything with it. */
const root = join(import.meta.dirname, '../golden/cases')
const cases = readdirSync(root, { withFileTypes: true }).filter(entry => entry.isDirectory())

function readCase(name: string): PlainArchive {
  const text = gunzipSync(readFileSync(join(root, name, 'archive.ndjson.gz'))).toString('utf8')
  const lines = text.split('\n').filter(line => line !== '')
  const [header, start, end, ...rest] = lines.map(line => JSON.parse(line))
  return { header, start, end, blocks: rest.map(({ n, ts, events }) => ({ n, ts, events: events as GridEvent[] })) }
}

/** The figures of a golden receipt that the naive side computes too. */
interface Expected {
  node_id: number
  violation: string | null
  receipt: {
    farm_id: number
    measured_uptime: number
    cloud_units: { cu: number; su: number; nu: number }
    resource_utilization: { cru: number; mru: number; hru: number; sru: number; ip: number }
    reward: { musd: number; tft: number }
    node_type: string
    farming_policy_id: number
  }
}

test('there are cases of both kinds', () => {
  const refused = cases.filter(entry => existsSync(join(root, entry.name, 'error')))
  expect(refused.length).toBeGreaterThan(0)
  expect(cases.length - refused.length).toBeGreaterThan(90)
})

describe.each(cases.map(entry => entry.name))('%s', name => {
  const archive = readCase(name)
  if (existsSync(join(root, name, 'error'))) {
    test('is refused', () => {
      expect(() => naiveMint(archive, { resources: 'latest' })).toThrow(/^(block|node|start snapshot)/)
    })
    return
  }
  test('gives the golden figures', () => {
    const expected = readFileSync(join(root, name, 'receipts.ndjson'), 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Expected)
    const nodes = naiveMint(archive, { resources: 'latest' })
    expect(
      nodes.map(node => ({
        node_id: node.nodeId,
        violation: node.violation,
        farm_id: node.farmId,
        measured_uptime: node.measuredUptimeSec,
        cloud_units: { cu: Number(node.cu) / 1e6, su: Number(node.su) / 1e6, nu: Number(node.nu) / 1e6 },
        resource_utilization: node.utilization,
        reward: { musd: Number(node.rewardMusd), tft: Number(node.rewardUnits) },
        node_type: node.certified ? 'CERTIFIED' : 'DIY',
        farming_policy_id: node.policyId,
      })),
    ).toEqual(
      expected.map(({ node_id, violation, receipt }) => ({
        node_id,
        violation,
        farm_id: receipt.farm_id,
        measured_uptime: receipt.measured_uptime,
        cloud_units: receipt.cloud_units,
        resource_utilization: receipt.resource_utilization,
        reward: receipt.reward,
        node_type: receipt.node_type,
        farming_policy_id: receipt.farming_policy_id,
      })),
    )
  })
})
