import { expect, test } from 'vitest'
import { createV3Mint } from '../../src-main/engines/minting/v3.ts'
import { headerOf } from '../../src-main/jobs/mint.ts'
import { dropPeriod } from '../../src-main/store/drop-period.ts'
import { ensureStartParts, hasStartParts, loadEnd, loadStart, startOf, startParts } from '../../src-main/store/mint-input.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import type { StoredPeriod } from '../../src-main/store/periods.ts'
import type { FarmingPolicy, GridContract, GridNode } from '../../src-shared/grid.ts'
import { type Archive, archiveOf, importWhole, withFolder } from '../helpers/store.ts'

const lastOf = 2 ** 32 - 1

function node(id: number): GridNode {
  return {
    id,
    farm_id: 1,
    twin_id: 1,
    resources: { hru: 2n ** 60n, sru: 1, cru: 2, mru: 3 },
    location: { latitude: '0', longitude: '0' },
    country: 'Belgium',
    city: ',18446744073709551615,',
    created: 5,
    farming_policy_id: 1,
    certification: 'Diy',
    virtualized: false,
    connection_price: 80,
  }
}

const policy: FarmingPolicy = {
  ...{ id: 1, name: 'default', cu: 2400, su: 1000, nu: 30, ipv4: 5, minimal_uptime: 95, policy_end: 0, immutable: true, default: true },
  ...{ node_certification: 'Diy', farm_certification: 'NotCertified' },
}

function grid(): Archive {
  const on = (id: number, nodeId: number): GridContract => ({
    contract_id: id,
    twin_id: 1,
    contract_type: { NodeContract: { node_id: nodeId, public_ips: 0 } },
    resources: { hru: 0, sru: 0, cru: 1, mru: 1 },
  })
  const archive = archiveOf([])
  archive.start.nodes = [node(64), node(1), node(63), node(lastOf)]
  archive.start.power = [{ node_id: 64, state: 'Up', target: 'Down' }]
  archive.start.contracts = [
    on(9, 1),
    // on a node that the snapshot does not have
    on(8, 700),
    { contract_id: 7, twin_id: 1, contract_type: { NameContract: { name: 'x' } } },
    { contract_id: 6, twin_id: 1, contract_type: { RentContract: { node_id: 1 } } },
    // the only thing of its bucket
    { contract_id: 5, twin_id: 1, contract_type: { RentContract: { node_id: 900 } } },
  ]
  archive.start.nodeStates = [{ node_id: 64, nru: 2n ** 64n }, { node_id: 1, last: 7 }, { node_id: '1' }, null, { node: 1 }]
  archive.start.connectionPrice = 80
  archive.start.farms = [{ id: 1, name: 'farm at the start', twin_id: 1 }]
  archive.start.farmingPolicies = []
  archive.end.farms = [{ id: 1, name: 'farm', twin_id: 1 }]
  return archive
}

async function withGrid(work: (store: Store, period: StoredPeriod, archive: Archive) => void): Promise<void> {
  await withFolder(folder => {
    const store = openStore(folder, { mode: 'write' })
    try {
      const archive = grid()
      work(store, importWhole(store, archive).period, archive)
    } finally {
      store.close()
    }
  })
}

function codeOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return null
}

test('a part of the start snapshot is what the whole has of its nodes', async () => {
  await withGrid((store, period, { start, end }) => {
    const { block, ts, power } = start
    const [n64, n1, n63, last] = start.nodes
    const [contract, , , rent] = start.contracts
    expect(loadStart(store, period, 0, 0)).toEqual({ block, ts, nodes: [n1, n63], contracts: [contract, rent], power: [] })
    expect(loadStart(store, period, 1, 1)).toEqual({ block, ts, nodes: [n64], contracts: [], power })
    expect(loadStart(store, period, 2, 9)).toEqual({ block, ts, nodes: [], contracts: [], power: [] })
    expect(loadStart(store, period, 2 ** 26 - 1, 2 ** 26 - 1).nodes).toEqual([last])
    expect(loadStart(store, period, 0, 2 ** 26).contracts.map(({ contract_id }) => contract_id)).toEqual([9, 6, 8, 5])
    expect(startOf(start, id => id === 1)).toEqual({ block, ts, nodes: [n1], contracts: [contract, rent], power: [] })
    expect(loadEnd(store, period)).toEqual(end)
  })
})

test('what rule set node-period needs besides is there too: what belongs to no node, and running states by their nodes', async () => {
  const expectAll = (store: Store, period: StoredPeriod, { start }: Archive) => {
    const parts = startParts(store, period)
    expect(parts.common()).toEqual({ connectionPrice: 80, farms: start.farms, farmingPolicies: [] })
    expect(parts.part(0).nodeStates).toEqual([start.nodeStates?.[1]])
    expect(parts.part(1).nodeStates).toEqual([start.nodeStates?.[0]])
    expect('nodeStates' in parts.part(14)).toBe(false)
    expect(parts.buckets).toEqual([0, 1, 10, 14, 2 ** 26 - 1])
  }
  await withGrid((store, period, archive) => {
    expectAll(store, period, archive)
    store.facts.exec('DELETE FROM start_parts')
    expectAll(store, period, archive)
  })
  await withFolder(folder => {
    const store = openStore(folder, { mode: 'write' })
    const { period } = importWhole(store, archiveOf([]))
    expect(startParts(store, period).common()).toEqual({})
    store.close()
  })
})

test('rule set v3 passes over rents and all that node-period needs besides', async () => {
  await withGrid((store, period, { start, end }) => {
    end.farmingPolicies = [policy]
    const whole = loadStart(store, period, 0, 2 ** 26)
    const without = whole.contracts.filter(({ contract_type }) => !('RentContract' in contract_type))
    expect(without.length).toBe(whole.contracts.length - 2)
    const minted = (contracts: GridContract[]) => {
      const nodes = whole.nodes.map(node => ({ ...node, resources: start.nodes[1]!.resources }))
      const mint = createV3Mint(headerOf(period), { ...whole, nodes, contracts }, end, { resources: 'latest' })
      mint.block(period.startBlock + 1, period.start + 3600)
      mint.uptime(1, period.start + 3600, 3600)
      for (const id of [9, 6]) mint.consumption(id, period.start + 3600, 3600, 1_000_000)
      mint.rare(['SmartContractModule.UpdatedUsedResources', { contract_id: 6, used: { cru: 9, mru: 9, hru: 9, sru: 9 } }])
      mint.block(period.startBlock + 2, period.start + 7200)
      for (const id of [9, 6]) mint.consumption(id, period.start + 7200, 3600, 1_000_000)
      mint.rare(['SmartContractModule.RentContractCanceled', { contract_id: 6 }])
      return mint.finish(period.coveredToBlock).nodes
    }
    expect(minted(whole.contracts)).toEqual(minted(without))
    expect(minted(whole.contracts)).not.toEqual(minted([]))
  })
})

test.each([
  ['none at all', 'DELETE FROM start_parts'],
  // the first form named no version and had no rents; no part of it may be read
  ['the first form', `UPDATE start_parts SET json = replace(json, '"version":2,', ''), crc = 0; DELETE FROM start_parts WHERE bucket = -2`],
])('a store from before, with %s of the parts, gives the same, and gets its parts once', async (_, sql) => {
  await withGrid((store, period, { start }) => {
    const wanted = loadStart(store, period, 0, 0)
    store.facts.exec(sql)
    expect(hasStartParts(store, period)).toBe(false)
    expect(loadStart(store, period, 0, 0)).toEqual(wanted)
    expect(loadStart(store, period, 0, 2 ** 26).nodes).toHaveLength(start.nodes.length)
    expect(startParts(store, period).part(5)).toEqual({ nodes: [], contracts: [], power: [] })
    ensureStartParts(store, period)
    expect(hasStartParts(store, period)).toBe(true)
    const changes = store.facts.prepare('SELECT total_changes()').pluck()
    const before = changes.get()
    ensureStartParts(store, period)
    expect(changes.get()).toBe(before)
    expect(loadStart(store, period, 0, 0)).toEqual(wanted)
  })
})

test.each([
  ['changed', 'UPDATE start_parts SET json = replace(json, \'"Belgium"\', \'"Holland"\') WHERE bucket = 1'],
  ['lost', 'DELETE FROM start_parts WHERE bucket = 1'],
  ['another’s', 'UPDATE start_parts SET (json, crc) = (SELECT json, crc FROM start_parts WHERE bucket = 0) WHERE bucket = 1'],
])('a part that is %s is noticed, the others can be read', async (_, sql) => {
  await withGrid((store, period) => {
    store.facts.exec(sql)
    expect(codeOf(() => loadStart(store, period, 1, 1))).toBe('store.corrupt')
    expect(loadStart(store, period, 0, 0).nodes).toHaveLength(2)
  })
})

test.each([
  ['changed', "UPDATE start_parts SET json = replace(json, '80', '81') WHERE bucket = -2", 'is wrong'],
  ['lost', 'DELETE FROM start_parts WHERE bucket = -2', 'lacks'],
])('what belongs to no node, %s, is noticed', async (_, sql, what) => {
  await withGrid((store, period) => {
    store.facts.exec(sql)
    expect(() => startParts(store, period).common()).toThrow(what)
    expect(codeOf(() => startParts(store, period).common())).toBe('store.corrupt')
    expect(loadStart(store, period, 0, 0).nodes).toHaveLength(2)
  })
})

test('a changed end snapshot is noticed', async () => {
  await withGrid((store, period) => {
    store.facts.exec("UPDATE snapshots SET json = replace(json, '\"farm\"', '\"farn\"') WHERE part = 'end'")
    expect(codeOf(() => loadEnd(store, period))).toBe('store.corrupt')
  })
})

test('a period that is gone takes its parts along, and its reader is told to ask again', async () => {
  await withGrid((store, period) => {
    dropPeriod(store, period.index)
    expect(store.facts.prepare('SELECT count(*) FROM start_parts').pluck().get()).toBe(0)
    expect(codeOf(() => loadStart(store, period, 0, 0))).toBe('store.busy')
    expect(codeOf(() => loadEnd(store, period))).toBe('store.busy')
  })
})
