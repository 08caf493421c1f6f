import { AppError } from '../../../src-shared/errors.ts'
import type {
  EndSnapshot,
  GridContract,
  GridFarm,
  GridNode,
  GridPower,
  GridTwin,
  PayoutAddress,
  StartSnapshot,
} from '../../../src-shared/grid.ts'
import type { AskOptions } from './scheduler.ts'
import type { Chain, Hex, Runtime } from './types.ts'

/** Keys asked for at once, and values: half of them where the answer would be too big. */
const KEYS_PER_PAGE = 1_000
const VALUES_PER_CALL = 200
/** Calls for values under way at once. */
const CALLS_AT_ONCE = 8

/** A block whose state is read: with the hash nothing can change while it is read. */
export interface StateBlock {
  n: number
  hash: Hex
  /** seconds */
  ts: number
}

/** Reads the state after one block. Every call rejects with AppError chain.*, cancelled. */
export interface StateReader {
  readonly block: StateBlock
  readonly runtime: Runtime
  /** one value, or what counts where nothing is stored; null where there is none; keys are numbers or raw SCALE bytes */
  value(pallet: string, item: string, ...keys: (number | Uint8Array)[]): Promise<Uint8Array | null>
  /** values of a map by id, in the order of the ids; those that are not there are left out */
  some(pallet: string, item: string, ids: Iterable<number>): Promise<[id: number, value: Uint8Array][]>
  /** a whole map, by id, rising */
  all(pallet: string, item: string): Promise<[id: number, value: Uint8Array][]>
}

export function stateReader(chain: Chain, runtime: Runtime, block: StateBlock, options: AskOptions = {}): StateReader {
  const call = { ...options, block: block.n }

  async function values(keys: Hex[]): Promise<(Uint8Array | null)[]> {
    if (keys.length === 0) return []
    try {
      const sets = await chain.call<{ changes: [Hex, Hex | null][] }[] | null>('state_queryStorageAt', [keys, block.hash], call)
      const found = new Map((sets ?? []).flatMap(set => set.changes))
      return keys.map(key => {
        const value = found.get(key)
        // a key that the node does not speak of is not the same as one without a value
        if (value === undefined)
          throw new AppError(
            'chain.answer',
            `The endpoint left a value out of the state of block ${block.n}. Try again, or with another endpoint.`,
            { retryable: true, details: { block: block.n, key } },
          )
        return value === null ? null : Buffer.from(value.slice(2), 'hex')
      })
    } catch (error) {
      if (!(error instanceof AppError) || error.details.tooBig !== true || keys.length === 1) throw error
      const half = keys.length >> 1
      return [...(await values(keys.slice(0, half))), ...(await values(keys.slice(half)))]
    }
  }

  /** Values of many keys, some calls at a time. */
  async function manyValues(keys: Hex[]): Promise<(Uint8Array | null)[]> {
    const parts: Hex[][] = []
    for (let i = 0; i < keys.length; i += VALUES_PER_CALL) parts.push(keys.slice(i, i + VALUES_PER_CALL))
    const results: (Uint8Array | null)[][] = []
    for (let i = 0; i < parts.length; i += CALLS_AT_ONCE)
      results.push(...(await Promise.all(parts.slice(i, i + CALLS_AT_ONCE).map(part => values(part)))))
    return results.flat()
  }

  async function keysBelow(prefix: Hex): Promise<Hex[]> {
    const keys: Hex[] = []
    for (let from: Hex | null = null; ; ) {
      const page: Hex[] = await chain.call('state_getKeysPaged', [prefix, KEYS_PER_PAGE, from, block.hash], call)
      keys.push(...page)
      if (page.length < KEYS_PER_PAGE) return keys
      from = page.at(-1)!
    }
  }

  return {
    block,
    runtime,
    async value(pallet, item, ...keys) {
      if (!runtime.hasStorage(pallet, item)) return null
      return (await values([runtime.storageKey(pallet, item, ...keys)]))[0] ?? runtime.defaultValue(pallet, item)
    },
    async some(pallet, item, ids) {
      if (!runtime.hasStorage(pallet, item)) return []
      const list = [...ids]
      const found = await manyValues(list.map(id => runtime.storageKey(pallet, item, id)))
      return list.flatMap((id, i): [number, Uint8Array][] => (found[i] ? [[id, found[i]]] : []))
    },
    async all(pallet, item) {
      if (!runtime.hasStorage(pallet, item)) return []
      const keys = await keysBelow(runtime.storageKey(pallet, item))
      const found = await manyValues(keys)
      return keys
        .flatMap((key, i): [number, Uint8Array][] => (found[i] ? [[runtime.idOfKey(key), found[i]]] : []))
        .sort(([a], [b]) => a - b)
    },
  }
}

/** The ids of all nodes of some farms. */
export async function nodesOfFarms(state: StateReader, farms: Iterable<number>): Promise<number[]> {
  const found = await state.some('TfgridModule', 'NodesByFarmID', farms)
  return found.flatMap(([, value]) => state.runtime.ids('TfgridModule', 'NodesByFarmID', value))
}

/** Records of nodes, of all (null) or by id; those that do not exist are left out. */
export async function readNodes(state: StateReader, ids: Iterable<number> | null): Promise<GridNode[]> {
  const found = await (ids === null ? state.all('TfgridModule', 'Nodes') : state.some('TfgridModule', 'Nodes', sorted(ids)))
  return found.map(([, value]) => state.runtime.node(value))
}

export async function readFarms(state: StateReader, ids: Iterable<number> | null): Promise<GridFarm[]> {
  const found = await (ids === null ? state.all('TfgridModule', 'Farms') : state.some('TfgridModule', 'Farms', sorted(ids)))
  return found.map(([, value]) => state.runtime.farm(value))
}

async function readTwins(state: StateReader, ids: Iterable<number> | null): Promise<GridTwin[]> {
  const found = await (ids === null ? state.all('TfgridModule', 'Twins') : state.some('TfgridModule', 'Twins', sorted(ids)))
  return found.map(([, value]) => state.runtime.twin(value))
}

export async function readPayoutAddresses(state: StateReader, farms: Iterable<number> | null): Promise<PayoutAddress[]> {
  const item = 'FarmPayoutV2AddressByFarmID'
  const found = await (farms === null ? state.all('TfgridModule', item) : state.some('TfgridModule', item, sorted(farms)))
  return found.map(([farm_id, value]) => ({ farm_id, address: state.runtime.payoutAddress(value) }))
}

/** Contracts with their used resources: all (null), or those on some nodes. */
async function readContracts(state: StateReader, nodes: readonly number[] | null): Promise<GridContract[]> {
  const { runtime } = state
  let found: [number, Uint8Array][]
  let used: [number, Uint8Array][]
  if (nodes === null) {
    found = await state.all('SmartContractModule', 'Contracts')
    used = await state.all('SmartContractModule', 'NodeContractResources')
  } else {
    const active = await state.some('SmartContractModule', 'ActiveNodeContracts', nodes)
    const rented = await state.some('SmartContractModule', 'ActiveRentContractForNode', nodes)
    const ids = sorted([
      ...active.flatMap(([, value]) => runtime.ids('SmartContractModule', 'ActiveNodeContracts', value)),
      ...rented.map(([, value]) => Number(Buffer.from(value).readBigUInt64LE(0))),
    ])
    found = await state.some('SmartContractModule', 'Contracts', ids)
    used = await state.some('SmartContractModule', 'NodeContractResources', ids)
  }
  const resources = new Map(used)
  return found.map(([id, value]) => {
    const its = resources.get(id)
    return { ...runtime.contract(value), resources: its ? runtime.contractResources(its) : null }
  })
}

/** Power of nodes that have an entry; a node that is down with the time of the block in which it went down. */
export async function readPower(
  state: StateReader,
  nodes: readonly number[] | null,
  timeOfBlock: (n: number) => Promise<number>,
): Promise<GridPower[]> {
  const found = await (nodes === null ? state.all('TfgridModule', 'NodePower') : state.some('TfgridModule', 'NodePower', nodes))
  const times = new Map<number, number>()
  const powers: GridPower[] = []
  for (const [node_id, value] of found) {
    const { state: power, target } = state.runtime.power(value)
    if (power === 'Up') powers.push({ node_id, state: power, down_since_ts: null, target })
    else {
      if (!times.has(power.Down)) times.set(power.Down, await timeOfBlock(power.Down))
      powers.push({ node_id, state: power, down_since_ts: times.get(power.Down)!, target })
    }
  }
  return powers
}

/**
 * The start snapshot of a period (interfaces.md): the state after its start block. `nodes`: the followed ones; null: all.
 * With what rule set node-period needs of the start.
 */
export async function readStartSnapshot(
  state: StateReader,
  nodes: readonly number[] | null,
  timeOfBlock: (n: number) => Promise<number>,
): Promise<StartSnapshot> {
  const { block, runtime } = state
  const found = await readNodes(state, nodes)
  const ids = nodes === null ? null : found.map(node => node.id)
  const price = await state.value('TfgridModule', 'ConnectionPrice')
  return {
    kind: 'snapshot',
    at: 'start',
    block: block.n,
    ts: block.ts,
    nodes: found,
    contracts: await readContracts(state, ids),
    power: await readPower(state, ids, timeOfBlock),
    ...(price && price.length >= 4 && { connectionPrice: Buffer.from(price).readUInt32LE(0) }),
    farms: await readFarms(state, nodes === null ? null : found.map(node => node.farm_id)),
    farmingPolicies: (await state.all('TfgridModule', 'FarmingPoliciesMap')).map(([, value]) => runtime.policy(value)),
  }
}

/** The end snapshot: the state after the period's last block, or after the newest one. `ids` null: all farms and twins. */
export async function readEndSnapshot(
  state: StateReader,
  ids: { farms: Iterable<number>; twins: Iterable<number> } | null,
): Promise<EndSnapshot> {
  const { block, runtime } = state
  return {
    kind: 'snapshot',
    at: 'end',
    block: block.n,
    ts: block.ts,
    farms: await readFarms(state, ids?.farms ?? null),
    twins: await readTwins(state, ids?.twins ?? null),
    farmingPolicies: (await state.all('TfgridModule', 'FarmingPoliciesMap')).map(([, value]) => runtime.policy(value)),
    payoutAddresses: await readPayoutAddresses(state, ids?.farms ?? null),
  }
}

function sorted(ids: Iterable<number>): number[] {
  return [...new Set(ids)].sort((a, b) => a - b)
}
