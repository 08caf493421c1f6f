import { expect, test } from 'vitest'
import { type DemoOptions, generateDemo } from '../../src-main/archive/demo.ts'
import type { EndSnapshot, GridContract, GridNode, GridPower, StartSnapshot } from '../../src-shared/grid.ts'
import { embedded } from '../helpers/make-demo.ts'

/** What a grid is at the end of an archive, from its start snapshot and its events alone. */
async function playedOn(options: DemoOptions) {
  const nodes = new Map<number, GridNode>()
  const contracts = new Map<number, GridContract>()
  const power = new Map<number, GridPower>()
  const uptimes = new Map<number, [number, number]>()
  const moves: string[] = []
  let price: number | undefined
  let endBlock = 0
  let at = { n: 0, ts: 0 }
  let end: EndSnapshot | undefined
  const late = () => at.n > endBlock
  await generateDemo(options, {
    header: ({ blocks }) => {
      endBlock = blocks.last
    },
    start: snapshot => {
      for (const node of snapshot.nodes) nodes.set(node.id, node)
      for (const contract of snapshot.contracts) contracts.set(contract.contract_id, contract)
      for (const one of snapshot.power) power.set(one.node_id, one)
      price = snapshot.connectionPrice
    },
    end: snapshot => {
      end = snapshot
    },
    block: (n, ts) => {
      at = { n, ts }
    },
    uptime(nodeId, now, uptime) {
      if (!late()) uptimes.set(nodeId, [Number(now), Number(uptime)])
    },
    consumption(contractId) {
      if (!late()) expect(contracts.has(contractId)).toBe(true)
    },
    rare([name, data]) {
      if (late()) return
      if ('node' in data) {
        const before = nodes.get(data.node.id)
        if (before && before.farm_id !== data.node.farm_id) moves.push('farm')
        if (before && before.farming_policy_id !== data.node.farming_policy_id) moves.push('policy')
        nodes.set(data.node.id, data.node)
      } else if ('contract' in data) contracts.set(data.contract.contract_id, { ...data.contract, resources: null })
      else if ('used' in data) contracts.get(data.contract_id)!.resources = data.used
      else if ('contract_id' in data) expect(contracts.delete(data.contract_id)).toBe(true)
      else if ('price' in data) price = data.price
      else if ('power_target' in data) power.get(data.node_id)!.target = data.power_target
      else if ('power_state' in data) {
        const isUp = data.power_state === 'Up'
        Object.assign(power.get(data.node_id)!, { state: data.power_state, down_since_ts: isUp ? null : at.ts })
      } else expect.unreachable(name)
    },
    drain: async () => {},
  })
  return { nodes, contracts, power, price, uptimes, moves, end: end! }
}

test.each([
  ['one drawn by chance', { nodes: 60, seed: 2, since: 50, period: 50 }, { nodes: 60, seed: 2, since: 50, period: 51, days: 0.2 }],
  ['the embedded one', embedded[0]!.options, embedded[1]!.options],
])('the next period begins with what the one before left: %s', async (_, options, next) => {
  const before = await playedOn(options)
  let start: StartSnapshot | undefined
  const reports: [node: number, now: number, uptime: number][] = []
  await generateDemo(next, {
    ...{ header: () => {}, end: () => {}, block: () => {}, consumption: () => {}, rare: () => {}, drain: async () => {} },
    start: snapshot => {
      start = snapshot
    },
    uptime: (nodeId, now, uptime) => void reports.push([nodeId, Number(now), Number(uptime)]),
  })
  expect(start!.nodes).toEqual([...before.nodes.values()].sort((a, b) => a.id - b.id))
  const named = (list: Iterable<GridContract>) => [...list].filter(({ contract_type }) => 'NameContract' in contract_type)
  const others = (list: Iterable<GridContract>) =>
    [...list].filter(({ contract_type }) => !('NameContract' in contract_type)).sort((a, b) => a.contract_id - b.contract_id)
  expect(others(start!.contracts)).toEqual(others(before.contracts.values()))
  expect(named(start!.contracts)).toHaveLength(named(before.contracts.values()).length)
  expect(start!.power).toEqual([...before.power.values()])
  expect(start!.connectionPrice).toBe(before.price)
  expect(before.price).not.toBe(80)
  expect(start!.farms).toEqual(before.end.farms)
  expect(start!.farmingPolicies).toEqual(before.end.farmingPolicies)
  expect(start!.contracts.some(({ contract_type }) => 'RentContract' in contract_type)).toBe(true)
  expect(new Set(before.moves)).toEqual(new Set(['farm', 'policy']))
  // a node that is not restarted between reports by as much more as passed
  const follow = reports.filter(([nodeId, now, uptime], i) => {
    const last = before.uptimes.get(nodeId)
    return reports.findIndex(([id]) => id === nodeId) === i && last && Math.abs(uptime - last[1] - (now - last[0])) <= 60
  })
  expect(follow.length).toBeGreaterThan(before.nodes.size / 2)
})
