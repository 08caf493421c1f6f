import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiPromise as Api } from '@polkadot/api'
import type { ApiDecoration } from '@polkadot/api/types'
import type { ProviderInterface } from '@polkadot/rpc-provider/types'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportArchive } from '../../src-main/core/index.ts'
import { openStore } from '../../src-main/store/index.ts'
import { listPeriods } from '../../src-main/store/periods.ts'
import { FIRST_PERIOD_START_TS, PERIOD_SEC } from '../../src-shared/time.ts'
import { hasRecording, type Replay, startReplay } from '../helpers/replay.ts'
import { syncFolder } from '../helpers/sync.ts'

type Records = { event: { section: string; method: string; data: { toJSON(): unknown } } }[]
interface BlockRead {
  records: Records
  /** seconds */
  ts: number
}
type At = ApiDecoration<'promise'>
/** What the library makes of a value: its members in camel case, bytes as 0x…, large figures as numbers or 0x…. */
type Json = { readonly [member: string]: Json } & { readonly [index: number]: Json } & (string | number | boolean | null)

/** Words in camel case as the archive writes them: farmId, farm_id. */
const snake = (word: string) => word.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
const text = (value: Json) => Buffer.from(String(value).slice(2), 'hex').toString('utf8')
const pick = (value: Json, ...members: string[]) => Object.fromEntries(members.map(member => [snake(member), value[member]]))
const one = (value: Json) => (typeof value === 'object' ? Object.fromEntries(Object.entries(value as object)) : value)

// The archive's form of the chain's records, written from interfaces.md and the library's values alone.
const nodeOf = (node: Json) => ({
  ...pick(node, 'id', 'farmId', 'twinId', 'created', 'farmingPolicyId', 'certification', 'virtualized', 'connectionPrice'),
  resources: pick(node.resources!, 'hru', 'sru', 'cru', 'mru'),
  location: { latitude: text(node.location!.latitude!), longitude: text(node.location!.longitude!) },
  country: text(node.location!.country!),
  city: text(node.location!.city!),
})
const farmOf = (farm: Json) => ({ ...pick(farm, 'id', 'twinId'), name: text(farm.name!) })
const twinOf = (twin: Json) => ({ id: twin.id, relay: twin.relay === null ? null : text(twin.relay!), pk: twin.pk })
const policyOf = (policy: Json) => ({
  ...pick(policy, 'id', 'cu', 'su', 'nu', 'ipv4', 'minimalUptime', 'policyEnd', 'immutable', 'default'),
  ...pick(policy, 'nodeCertification', 'farmCertification'),
  name: text(policy.name!),
})
const eventOf: Record<string, (data: Json) => unknown> = {
  'TfgridModule.NodeStored': data => ({ node: nodeOf(data[0]!) }),
  'TfgridModule.NodeUpdated': data => ({ node: nodeOf(data[0]!) }),
  'TfgridModule.NodeUptimeReported': data => ({ node_id: data[0], now: data[1], uptime: data[2] }),
}
/** Kinds that Granary does not keep; a kind in neither list fails the test. */
const notKept = ['System', 'Balances', 'TransactionPayment', 'Session']
const notKeptOfGrid = ['TwinStored', 'FarmStored', 'FarmPayoutV2AddressRegistered']

/** A map of the chain's state by id, rising. */
async function mapOf(at: At, pallet: string, item: string): Promise<[id: number, value: Json][]> {
  const entries = await at.query[pallet]![item]!.entries()
  return entries
    .map(([key, value]) => [Number(key.args[0]!.toString()), value.toJSON() as Json] as [number, Json])
    .sort(([a], [b]) => a - b)
}

describe.skipIf(!hasRecording())('a chain that the grid’s own runtime made, synced', () => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-sync-recording-'))
  const dataDir = join(folder, 'data')
  let replay: Replay
  let api: Api
  const at = async (n: number): Promise<At> => api.at(await api.rpc.chain.getBlockHash(n))
  let provider: ProviderInterface
  async function decorated(n: number): Promise<BlockRead> {
    const state = await at(n)
    const [records, now] = await Promise.all([state.query.system!.events!(), state.query.timestamp!.now!()])
    return { records: records as unknown as Records, ts: Math.floor(Number(now.toString()) / 1000) }
  }
  /** by the library's types of the one runtime that this chain has */
  async function decoded(n: number): Promise<BlockRead> {
    const hash = await provider.send('chain_getBlockHash', [n])
    const stored = (key: string): Promise<string> => provider.send('state_getStorage', [key, hash])
    const [events, now] = [await stored(api.query.system!.events!.key()), await stored(api.query.timestamp!.now!.key())]
    const records = api.registry.createType('Vec<FrameSystemEventRecord>', events) as unknown as Records
    return { records, ts: Math.floor(Number(Buffer.from(now.slice(2), 'hex').readBigUInt64LE()) / 1000) }
  }
  /** the stored periods' lines as they are exported, oldest first */
  const exported: { header: Json; start: Json; end: Json; blocks: Map<number, { ts: number; events: Json }> }[] = []

  beforeAll(async () => {
    replay = await startReplay()
    const { runtimes } = await syncFolder(dataDir, { endpoints: [replay.url], network: 'recorded', periods: 1_000 })
    expect(runtimes).toEqual([{ specVersion: 144, firstBlock: 1 }])
    // loaded only where there is a recording
    const { ApiPromise, WsProvider } = await import('../helpers/polkadot-api.ts')
    provider = new WsProvider(replay.url) as unknown as ProviderInterface
    api = await ApiPromise.create({ provider, noInitWarn: true })
    const store = openStore(dataDir, { mode: 'read' })
    const periods = listPeriods(store).map(({ index }) => index)
    store.close()
    for (const period of periods.sort((a, b) => a - b)) {
      const target = join(folder, `${period}.ndjson`)
      await exportArchive({ dataDir, period, target }, {})
      const [header, start, end, ...lines] = readFileSync(target, 'utf8').trimEnd().split('\n')
      const blocks = lines.map(line => JSON.parse(line) as { n: number; ts: number; events: Json })
      exported.push({
        ...{ header: JSON.parse(header!), start: JSON.parse(start!), end: JSON.parse(end!) },
        blocks: new Map(blocks.map(block => [block.n, block])),
      })
    }
  })
  afterAll(async () => {
    await api?.disconnect()
    await replay?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('every event, block by block, and the periods’ bounds, are what @polkadot/api reads one block after the other', async () => {
    const times: number[] = [0]
    let events = 0
    for (let n = 1; n <= replay.head; n++) {
      // a decoration of its own for each block is what the library recommends and what takes its time: by default some blocks have one
      const { records, ts } = process.env.GRANARY_RUNS || n % 12 === 1 ? await decorated(n) : await decoded(n)
      times.push(ts)
      const found = records.flatMap(({ event }) => {
        const pallet = event.section[0]!.toUpperCase() + event.section.slice(1)
        const form = eventOf[`${pallet}.${event.method}`]
        if (form) return [[`${pallet}.${event.method}`, form(event.data.toJSON() as Json)]]
        expect(notKept.includes(pallet) || notKeptOfGrid.includes(event.method), `${pallet}.${event.method}`).toBe(true)
        return []
      })
      events += found.length
      const holding = exported.filter(({ blocks }) => blocks.has(n))
      if (found.length > 0) expect(holding.length, `block ${n}`).toBeGreaterThan(0)
      for (const { blocks } of holding) expect([n, blocks.get(n)]).toEqual([n, expect.objectContaining({ n, ts, events: found })])
    }
    expect(events).toBeGreaterThan(1_000)

    const indexes = [...new Set(times.slice(1).map(ts => Math.floor((ts - FIRST_PERIOD_START_TS) / PERIOD_SEC)))]
    expect(exported.map(({ header }) => header.period!.index)).toEqual(indexes)
    for (const { header, start, end } of exported) {
      const { start: startTs, end: endTs } = header.period as unknown as { start: number; end: number }
      const first = times.findIndex((ts, n) => n > 0 && ts > startTs)
      const over = times.findIndex((ts, n) => n > 0 && ts > endTs)
      const last = over < 0 ? replay.head : over
      expect([start.block, start.ts, end.block, end.ts]).toEqual([first, times[first], last, times[last]])
      expect(header.blocks).toEqual({ first, last })
    }
  })

  test('both snapshots are what entries() gives at their blocks', async () => {
    for (const { start, end } of exported) {
      const first = await at(Number(start.block))
      const last = await at(Number(end.block))
      const all = async (state: At, pallet: string, item: string, form: (value: Json) => unknown) =>
        (await mapOf(state, pallet, item)).map(([, value]) => form(value))
      const used = new Map(await mapOf(first, 'smartContractModule', 'nodeContractResources'))
      const contracts = (await mapOf(first, 'smartContractModule', 'contracts')).map(([id, contract]) => ({
        ...pick(contract, 'contractId', 'twinId'),
        contract_type: one(contract.contractType!),
        resources: used.get(id)?.used ?? null,
      }))
      expect(start).toMatchObject({
        nodes: await all(first, 'tfgridModule', 'nodes', nodeOf),
        farms: await all(first, 'tfgridModule', 'farms', farmOf),
        farmingPolicies: await all(first, 'tfgridModule', 'farmingPoliciesMap', policyOf),
        power: (await mapOf(first, 'tfgridModule', 'nodePower')).map(([node_id, power]) => ({
          node_id,
          ...pick(power, 'state', 'target'),
        })),
        contracts,
        connectionPrice: Number((await first.query.tfgridModule!.connectionPrice!()).toString()),
      })
      expect(end).toMatchObject({
        farms: await all(last, 'tfgridModule', 'farms', farmOf),
        twins: await all(last, 'tfgridModule', 'twins', twinOf),
        farmingPolicies: await all(last, 'tfgridModule', 'farmingPoliciesMap', policyOf),
        payoutAddresses: (await mapOf(last, 'tfgridModule', 'farmPayoutV2AddressByFarmID')).map(([farm_id, address]) => ({
          farm_id,
          address: text(address),
        })),
      })
    }
    // the state has something to say
    expect(exported.at(-1)!.end).toMatchObject({ farms: [{ id: 1 }], twins: [{ id: 1 }, { id: 2 }], payoutAddresses: [{ farm_id: 1 }] })
  })
})
