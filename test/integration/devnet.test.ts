import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateDemo } from '../../src-main/archive/demo.ts'
import { readArchive } from '../../src-main/archive/read.ts'
import { writeArchive } from '../../src-main/archive/write.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import type { EndSnapshot, GridNode, StartSnapshot } from '../../src-shared/grid.ts'
import { createRecorder } from '../helpers/archive-samples.ts'
import { connect, type DecodedEvent, type DevnetReader, decodersOf, plain } from '../helpers/devnet-reader.ts'
import { oddBounds, oddPeriod, writeOddArchive } from '../helpers/odd-archive.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-devnet-'))
const oddFile = join(folder, 'odd.ndjson')
const demoFile = join(folder, 'demo.ndjson')
beforeAll(async () => {
  await writeOddArchive(oddFile)
  await writeArchive(demoFile, sink => generateDemo({ nodes: 10, days: 0.3, seed: 4 }, sink))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Decoders = ReturnType<typeof decodersOf>

/** The archive's events as plain values, by block. */
async function archiveOf(file: string) {
  const recorder = createRecorder()
  await readArchive(file, recorder)
  const blocks = new Map<number, { ts: number; events: unknown[] }>()
  let current: unknown[] = []
  let start: StartSnapshot | undefined
  let end: EndSnapshot | undefined
  for (const [kind, ...values] of recorder.calls) {
    if (kind === 'start') start = values[0] as StartSnapshot
    if (kind === 'end') end = values[0] as EndSnapshot
    if (kind === 'block') {
      current = []
      blocks.set(values[0] as number, { ts: values[1] as number, events: current })
    }
    if (kind === 'uptime') current.push(plain(['TfgridModule.NodeUptimeReported', values]))
    if (kind === 'consumption') current.push(plain(['SmartContractModule.NruConsumptionReportReceived', values]))
    if (kind === 'rare') current.push(plain(values[0]))
  }
  return { blocks, start: start!, end: end! }
}

const enumOf = (value: unknown): unknown => {
  const { type, value: inner } = value as { type: string; value: unknown }
  return inner === null ? type : { [type]: inner }
}
const nodeOf = (value: unknown): unknown => {
  const { location, certification, ...rest } = value as Record<string, unknown>
  const { city, country, latitude, longitude } = location as Record<string, string>
  const known = ['id', 'farm_id', 'twin_id', 'resources', 'created', 'farming_policy_id', 'virtualized', 'connection_price']
  const own = Object.fromEntries(known.map(name => [name, rest[name]]))
  return { ...own, location: { latitude, longitude }, country, city, certification: (certification as { type: string }).type }
}
const policyOf = (value: unknown): unknown => {
  const { version, policy_created, node_certification, farm_certification, ...rest } = value as Record<string, unknown>
  return { ...rest, node_certification: enumOf(node_certification), farm_certification: enumOf(farm_certification) }
}
const contractOf = (value: unknown): unknown => {
  const { contract_id, twin_id, contract_type } = value as Record<string, { type: string; value: Record<string, string> | string }>
  const { type, value: inner } = contract_type!
  const { node_id, public_ips } = inner as Record<string, string>
  return { contract_id, twin_id, contract_type: { [type]: type === 'NodeContract' ? { node_id, public_ips } : inner } }
}

/** A decoded event as the archive has it, all numbers as text. */
function asArchived({ name, data }: DecodedEvent): unknown {
  const record = data as Record<string, unknown>
  switch (name) {
    case 'TfgridModule.NodeStored':
    case 'TfgridModule.NodeUpdated':
      return [name, { node: nodeOf(data) }]
    case 'TfgridModule.NodeDeleted':
      return [name, { node_id: data }]
    case 'TfgridModule.PowerTargetChanged':
      return [name, { ...record, power_target: enumOf(record.power_target) }]
    case 'TfgridModule.PowerStateChanged':
      return [name, { ...record, power_state: enumOf(record.power_state) }]
    case 'TfgridModule.FarmUpdated':
      return [name, { farm: { id: record.id, name: record.name, twin_id: record.twin_id } }]
    case 'TfgridModule.FarmingPolicyStored':
    case 'TfgridModule.FarmingPolicyUpdated':
      return [name, { policy: policyOf(data) }]
    case 'TfgridModule.ConnectionPriceSet':
      return [name, { price: data }]
    case 'SmartContractModule.ContractCreated':
      return [name, { contract: contractOf(data) }]
    case 'SmartContractModule.NruConsumptionReportReceived':
      return [name, [record.contract_id, record.timestamp, record.window, record.nru]]
    case 'SmartContractModule.RentContractCanceled':
      return [name, typeof data === 'string' ? { contract_id: data } : data]
    default:
      return [name, data]
  }
}

async function decodersAt(reader: DevnetReader, hash: string): Promise<Decoders> {
  return decodersOf(await reader.call<string>('state_getMetadata', [hash]))
}

/** All values of a map at a block, decoded. */
async function valuesOf(reader: DevnetReader, decoders: Decoders, pallet: string, item: string, hash: string): Promise<unknown[]> {
  const prefix = decoders.key(pallet, item)
  const values: unknown[] = []
  for (let start: string | null = null; ; ) {
    const keys: string[] = await reader.call('state_getKeysPaged', [prefix, 3, start, hash])
    if (keys.length === 0) return values
    const [set] = await reader.call<{ changes: [string, string][] }[]>('state_queryStorageAt', [keys, hash])
    values.push(...set!.changes.map(([, value]) => decoders.value(pallet, item, value)))
    start = keys.at(-1)!
  }
}

const byId = (list: unknown[], id = 'id'): unknown[] =>
  [...list].sort((a, b) => Number((a as Record<string, string>)[id]) - Number((b as Record<string, string>)[id]))

describe.each([
  ['an archive with every kind of event', oddFile],
  ['a demo archive', demoFile],
])('%s as a chain', (_, file) => {
  let devnet: Devnet
  let reader: DevnetReader
  beforeAll(async () => {
    devnet = await startDevnet({ archive: file })
    reader = await connect(devnet.url)
  })
  afterAll(async () => {
    reader.close()
    await devnet.close()
  })

  test('gives the same blocks, times and events, each decoded by the runtime before it', async () => {
    const archive = await archiveOf(file)
    const decoders = [
      await decodersAt(reader, devnet.hashOf(devnet.firstBlock)),
      await decodersAt(reader, devnet.hashOf(devnet.upgradeBlock)),
    ]
    expect(decoders[0]).not.toBe(decoders[1])
    const keys = ['Events', 'Number', 'ParentHash'].map(item => decoders[0]!.key('System', item))
    keys.push(decoders[0]!.key('Timestamp', 'Now'))
    const found = new Map<number, { ts: number; events: unknown[] }>()
    let parent = devnet.hashOf(devnet.firstBlock - 1)
    for (let block = devnet.firstBlock; block <= devnet.head(); block++) {
      const [hash] = await reader.call<string[]>('chain_getBlockHash', [[block]])
      const [set] = await reader.call<{ block: string; changes: [string, string][] }[]>('state_queryStorageAt', [keys, hash])
      const [events, number, parentHash, now] = set!.changes.map(([, value]) => value)
      expect(set!.block).toBe(hash)
      expect(parentHash).toBe(parent)
      expect(Buffer.from(number!.slice(2), 'hex').readUInt32LE()).toBe(block)
      parent = hash!
      // A block without events of the grid has the timestamp's success alone.
      if (events!.length < 40 && !archive.blocks.has(block)) continue
      const decoded = decoders[block > devnet.upgradeBlock ? 1 : 0]!.events(events!).filter(
        event => event.name !== 'System.ExtrinsicSuccess',
      )
      const ts = Number(Buffer.from(now!.slice(2), 'hex').readBigUInt64LE() / 1000n)
      found.set(block, { ts, events: decoded.map(asArchived) })
    }
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(archive.blocks))
    expect([...found.keys()].some(block => block <= devnet.upgradeBlock)).toBe(true)
    expect([...found.keys()].some(block => block > devnet.upgradeBlock)).toBe(true)
  })

  test('has the state of both snapshots', async () => {
    const { start, end } = await archiveOf(file)
    const startHash = devnet.hashOf(start.block)
    const before = await decodersAt(reader, startHash)
    const read = (pallet: string, item: string) => valuesOf(reader, before, pallet, item, startHash)
    expect(byId((await read('TfgridModule', 'Nodes')).map(nodeOf))).toEqual(plain(start.nodes))
    const contracts = (await read('SmartContractModule', 'Contracts')) as Record<string, unknown>[]
    expect(contracts.map(contract => contract.contract_id).sort()).toEqual(start.contracts.map(({ contract_id: id }) => String(id)).sort())
    for (const { node_id, state, target, down_since_ts } of start.power) {
      const hex = await reader.call<string>('state_getStorage', [before.key('TfgridModule', 'NodePower', node_id), startHash])
      const power = before.value('TfgridModule', 'NodePower', hex) as Record<string, unknown>
      expect([enumOf(power.state), enumOf(power.target)]).toEqual(plain([state, target]))
      if (typeof state === 'object') expect(devnet.tsOf(state.Down)).toBe(down_since_ts)
    }
    for (const { contract_id, resources } of start.contracts) {
      const key = before.key('SmartContractModule', 'NodeContractResources', BigInt(contract_id))
      const hex = await reader.call<string | null>('state_getStorage', [key, startHash])
      const stored = hex === null ? null : (before.value('SmartContractModule', 'NodeContractResources', hex) as { used: unknown }).used
      expect(stored).toEqual(plain(resources ?? null))
    }
    const endHash = devnet.hashOf(end.block)
    const after = await decodersAt(reader, endHash)
    const readEnd = (item: string) => valuesOf(reader, after, 'TfgridModule', item, endHash)
    const farms = (await readEnd('Farms')) as Record<string, unknown>[]
    expect(byId(farms.map(({ id, name, twin_id }) => ({ id, name, twin_id })))).toEqual(byId(plain(end.farms) as unknown[]))
    expect(byId((await readEnd('FarmingPoliciesMap')).map(policyOf))).toEqual(byId(plain(end.farmingPolicies) as unknown[]))
    const twins = (await readEnd('Twins')) as Record<string, unknown>[]
    const keyText = (pk: string | null): string | null => (pk === null ? null : Buffer.from(pk.slice(2), 'hex').toString('utf8'))
    expect(byId(twins.map(({ id, relay, pk }) => ({ id, relay, pk })))).toEqual(
      byId(end.twins.map(({ id, relay, pk }) => ({ id: String(id), relay, pk: keyText(pk) }))),
    )
    for (const { farm_id, address } of end.payoutAddresses) {
      const hex = await reader.call<string>('state_getStorage', [
        after.key('TfgridModule', 'FarmPayoutV2AddressByFarmID', farm_id),
        endHash,
      ])
      expect(after.value('TfgridModule', 'FarmPayoutV2AddressByFarmID', hex)).toBe(address)
    }
  })
})

test('a period’s start and end blocks are the first ones past its bounds, and events change the state', async () => {
  const devnet = await startDevnet({ archive: oddFile })
  try {
    const bounds = [oddPeriod.start, oddPeriod.end].map(bound => {
      let block = 0
      while (devnet.tsOf(block) <= bound) block++
      return block
    })
    expect(bounds).toEqual([oddBounds.first, oddBounds.last])
    const reader = await connect(devnet.url)
    const hash = devnet.hashOf(devnet.head())
    const decoders = await decodersAt(reader, hash)
    const get = async (pallet: string, item: string, ...keys: unknown[]) => {
      const hex = await reader.call<string | null>('state_getStorage', [decoders.key(pallet, item, ...keys), hash])
      return hex === null ? null : decoders.value(pallet, item, hex)
    }
    expect(await get('TfgridModule', 'Nodes', 3)).toBe(null)
    expect(((await get('TfgridModule', 'Nodes', 4)) as GridNode).farm_id).toBe('1')
    expect(await get('TfgridModule', 'NodesByFarmID', 1)).toEqual(['1', '4'])
    expect(await get('TfgridModule', 'NodesByFarmID', 9)).toEqual(['2'])
    expect(await get('TfgridModule', 'NodePower', 1)).toEqual({
      state: { type: 'Down', value: '5010' },
      target: { type: 'Down', value: null },
    })
    expect(await get('TfgridModule', 'ConnectionPrice')).toBe('50')
    expect(await get('SmartContractModule', 'Contracts', 30n)).toBe(null)
    expect(await get('SmartContractModule', 'ActiveNodeContracts', 1)).toBe(null)
    expect(await get('SmartContractModule', 'ActiveRentContractForNode', 2)).toBe(null)
    expect(await get('SmartContractModule', 'ActiveNodeContracts', 4)).toEqual(['41'])
    // Made before the upgrade and after it: the new field tells which.
    expect(await get('SmartContractModule', 'Contracts', 40n)).toMatchObject({ created_block: '0', contract_id: '40' })
    expect(await get('SmartContractModule', 'Contracts', 41n)).toMatchObject({ created_block: '5046', contract_id: '41' })
    reader.close()
  } finally {
    await devnet.close()
  }
})

test('an invented grid lives on: its head grows with the clock, and the same seed gives the same chain', async () => {
  const options = { nodes: 4, seed: 9, days: 0.02, nowMs: 1_700_000_000_000 }
  const devnet = await startDevnet({ ...options, speed: 20_000 })
  const twin = await startDevnet({ ...options, live: false })
  try {
    const first = devnet.head()
    expect(devnet.tsOf(twin.head())).toBeGreaterThan(1_700_000_000 - 7)
    const reader = await connect(devnet.url)
    let told = 0
    await reader.call('chain_subscribeFinalizedHeads')
    while (devnet.head() < first + 1_000) {
      const head = await reader.call<string>('chain_getFinalizedHead')
      const { number } = await reader.call<{ number: string }>('chain_getHeader', [head])
      expect(Number(number)).toBeGreaterThanOrEqual(told)
      told = Number(number)
    }
    twin.produce(1_000)
    expect(twin.hashOf(first + 1_000)).toBe(devnet.hashOf(first + 1_000))
    const decoders = await decodersAt(reader, devnet.hashOf(devnet.head()))
    let reports = 0
    for (let block = first + 1; block <= first + 1_000; block++) {
      const hex = await reader.call<string>('state_getStorage', [decoders.key('System', 'Events'), devnet.hashOf(block)])
      reports += decoders.events(hex).filter(event => event.name === 'TfgridModule.NodeUptimeReported').length
    }
    expect(reports).toBeGreaterThan(2)
    reader.close()
  } finally {
    await Promise.all([devnet.close(), twin.close()])
  }
})

test('options out of range and a taken port are refused with a word on what to do', async () => {
  await expect(startDevnet({ speed: 0 })).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('speed') })
  await expect(startDevnet({ nodes: 10_001 })).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('nodes') })
  await expect(startDevnet({ archive: join(folder, 'none') })).rejects.toMatchObject({ code: 'io.missing' })
  const devnet = await startDevnet({ archive: oddFile })
  await expect(startDevnet({ archive: oddFile, port: devnet.port })).rejects.toMatchObject({
    code: 'io.failed',
    message: expect.stringContaining('another port'),
  })
  await devnet.close()
})
