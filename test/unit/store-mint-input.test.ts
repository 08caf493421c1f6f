import { expect, test } from 'vitest'
import { ensureStartParts, hasStartParts, loadEnd, loadStart, startOf, startParts } from '../../src-main/store/mint-input.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { dropPeriod, type StoredPeriod } from '../../src-main/store/periods.ts'
import type { GridContract, GridNode } from '../../src-shared/grid.ts'
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
  ]
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
    expect(loadStart(store, period, 0, 0)).toEqual({ block, ts, nodes: [n1, n63], contracts: [start.contracts[0]], power: [] })
    expect(loadStart(store, period, 1, 1)).toEqual({ block, ts, nodes: [n64], contracts: [], power })
    expect(loadStart(store, period, 2, 9)).toEqual({ block, ts, nodes: [], contracts: [], power: [] })
    expect(loadStart(store, period, 2 ** 26 - 1, 2 ** 26 - 1).nodes).toEqual([last])
    expect(loadStart(store, period, 0, 2 ** 26).contracts).toEqual(start.contracts.slice(0, 2))
    expect(startOf(start, id => id === 1)).toEqual({ block, ts, nodes: [n1], contracts: [start.contracts[0]], power: [] })
    expect(loadEnd(store, period)).toEqual(end)
  })
})

test('a store from before gives the same, and gets its parts once', async () => {
  await withGrid((store, period, { start }) => {
    const wanted = loadStart(store, period, 0, 0)
    store.facts.exec('DELETE FROM start_parts')
    expect(hasStartParts(store, period)).toBe(false)
    expect(loadStart(store, period, 0, 0)).toEqual(wanted)
    expect(loadStart(store, period, 0, 2 ** 26).nodes).toHaveLength(start.nodes.length)
    expect(startParts(store, period).part(5)).toEqual({ nodes: [], contracts: [], power: [] })
    ensureStartParts(store, period)
    ensureStartParts(store, period)
    expect(hasStartParts(store, period)).toBe(true)
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
