import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { buildRuntime } from '../../src-main/clients/tfchain/runtime.ts'
import type { Runtime } from '../../src-main/clients/tfchain/types.ts'
import {
  addressOf,
  blockOf,
  contractOf,
  createEventList,
  createValues,
  farmOf,
  followedNames,
  nodeOf,
  openPeer,
  policyOf,
  powerOf,
  randomFrom,
  resourcesOf,
  twinOf,
} from '../helpers/chain-peer.ts'
import { runs } from '../helpers/runs.ts'
import { bytesOf } from '../helpers/tiny-metadata.ts'

const shared = join(import.meta.dirname, '../../../shared/data')
const folder = join(shared, 'metadata')
const recordingPath = join(shared, 'recordings/one-node-30-days.json.gz')
const hasMetadata = existsSync(folder)
const hasRecording = existsSync(recordingPath)
if (!hasMetadata) console.log('skipped: decoding by the real runtimes, ../shared/data/metadata is not here')
if (!hasRecording) console.log('skipped: decoding a recorded chain, ../shared/data/recordings is not here')

const specs: Record<string, number> = {
  'tfchain-v115.scale': 115,
  'tfchain-v123.scale': 125,
  'tfchain-v131.scale': 130,
  'tfchain-v141.scale': 145,
  'tfchain-152.scale': 152,
}
const files = hasMetadata ? readdirSync(folder).filter(name => name.endsWith('.scale')) : Object.keys(specs)
type Json = Parameters<typeof nodeOf>[0]
/** Our reader of each storage item, and what the other library's value comes to. */
const readersOf = (runtime: Runtime): [string, string, (bytes: Uint8Array) => unknown, (json: Json) => unknown][] => [
  ['TfgridModule', 'Nodes', runtime.node, nodeOf],
  ['TfgridModule', 'Farms', runtime.farm, farmOf],
  ['TfgridModule', 'Twins', runtime.twin, twinOf],
  ['TfgridModule', 'FarmingPoliciesMap', runtime.policy, policyOf],
  ['TfgridModule', 'NodePower', runtime.power, powerOf],
  ['TfgridModule', 'FarmPayoutV2AddressByFarmID', runtime.payoutAddress, addressOf],
  ['SmartContractModule', 'Contracts', runtime.contract, contractOf],
  ['SmartContractModule', 'NodeContractResources', runtime.contractResources, json => resourcesOf(json.used!)],
  ['TfgridModule', 'NodesByFarmID', bytes => runtime.ids('TfgridModule', 'NodesByFarmID', bytes), json => json],
]

/** absent before spec 130 */
const powerEvents = ['TfgridModule.PowerTargetChanged', 'TfgridModule.PowerStateChanged']
const { numRuns, seed } = runs(3, 200)

describe.skipIf(!hasMetadata).each(files)('%s', file => {
  const metadata = hasMetadata ? new Uint8Array(readFileSync(join(folder, file))) : new Uint8Array()
  const open = () => ({ runtime: buildRuntime(metadata), peer: openPeer(metadata) })
  let opened: ReturnType<typeof open> | null = null
  const both = () => {
    opened ??= open()
    return opened
  }

  test('is of the spec that its notes say, and has the events that it should', () => {
    const { runtime } = both()
    expect(runtime.specVersion).toBe(specs[file])
    const has = (name: string) => {
      const [pallet, event] = name.split('.') as [string, string]
      return runtime.hasStorage(pallet, event)
    }
    expect(followedNames.filter(name => !has(name))).toEqual(runtime.specVersion < 130 ? powerEvents : [])
  })

  test('blocks of every kind of event are decoded as by @polkadot/types', () => {
    const { runtime, peer } = both()
    for (let run = 0; run < numRuns; run++) {
      const random = randomFrom(seed + run)
      const values = createValues(metadata, random)
      const kinds = [...peer.kinds, ...peer.kinds.filter(({ name }) => followedNames.includes(name))]
      const block = blockOf(kinds.map(kind => ({ event: values.event(kind), topics: random() < 0.2 ? 2 : 0 })))
      const expected = peer.decodeEvents(block)
      const { list, sink } = createEventList()
      expect(runtime.decodeEvents(block, sink, 1)).toBe(kinds.length)
      expect(list, `seed ${seed + run}`).toEqual(expected.filter(event => event !== null))
      expect(list.length).toBeGreaterThanOrEqual(2 * (followedNames.length - 2))
    }
  })

  test('an event with the values that @polkadot/types starts from is decoded too', () => {
    const { runtime, peer } = both()
    for (const { name } of peer.kinds) {
      const block = blockOf([{ event: peer.encodeEvent(name) }])
      const { list, sink } = createEventList()
      expect(runtime.decodeEvents(block, sink, 1)).toBe(1)
      expect(list).toEqual(peer.decodeEvents(block).filter(event => event !== null))
    }
  })

  test('stored values are decoded as by @polkadot/types', () => {
    const { runtime, peer } = both()
    const items = readersOf(runtime)
    for (let run = 0; run < 20 * numRuns; run++) {
      const values = createValues(metadata, randomFrom(seed + run))
      for (const [pallet, item, ours, theirs] of items) {
        const type = values.storageType(pallet, item)
        if (type === null) {
          expect([item, runtime.hasStorage(pallet, item), runtime.specVersion < 130]).toEqual(['NodePower', false, true])
          continue
        }
        const bytes = values.value(type)
        expect(ours(bytes), `${item}, seed ${seed + run}`).toEqual(theirs(peer.decodeValue(pallet, item, bytes)))
      }
    }
  })

  test('storage keys of all items are those of @polkadot/types', () => {
    const { runtime, peer } = both()
    const values = createValues(metadata, randomFrom(seed))
    for (const { pallet, item, keyTypes, key } of peer.items) {
      expect(runtime.hasStorage(pallet, item), `${pallet}.${item}`).toBe(true)
      expect(runtime.storageKey(pallet, item), `${pallet}.${item}`).toBe(key())
      const keys = keyTypes.map(values.value)
      if (keys.length > 0) expect(runtime.storageKey(pallet, item, ...keys), `${pallet}.${item}`).toBe(key(...keys))
    }
    expect(peer.items.filter(({ keyTypes }) => keyTypes.length > 1).length).toBeGreaterThan(1)
    const node = runtime.storageKey('TfgridModule', 'Nodes', 4_000_000_001)
    expect(node).toBe(runtime.storageKey('TfgridModule', 'Nodes', Uint8Array.of(0x01, 0x28, 0x6b, 0xee)))
    expect(runtime.idOfKey(node)).toBe(4_000_000_001)
    const contract = runtime.storageKey('SmartContractModule', 'Contracts', 2n ** 40n + 7n)
    expect(contract).toBe(runtime.storageKey('SmartContractModule', 'Contracts', Uint8Array.of(7, 0, 0, 0, 0, 1, 0, 0)))
    expect(runtime.idOfKey(contract)).toBe(2 ** 40 + 7)
  })
})

describe.skipIf(!hasRecording)('the recorded chain', () => {
  const open = () => {
    const recording = JSON.parse(gunzipSync(readFileSync(recordingPath)).toString('utf8')) as {
      runtimes: { from: number; metadata: string }[]
      blocks: unknown[]
      storage: [string, [number, string | null][]][]
    }
    const metadata = bytesOf(recording.runtimes[0]!.metadata)
    return { recording, runtime: buildRuntime(metadata), peer: openPeer(metadata) }
  }

  test('every block’s events, and every value of the items read, as @polkadot/types decodes them', () => {
    const { recording, runtime, peer } = open()
    const history = recording.storage.find(([key]) => key === runtime.storageKey('System', 'Events'))![1]
    expect(history.length).toBe(recording.blocks.length - 1)
    let followed = 0
    for (const [height, value] of history) {
      const bytes = bytesOf(value!)
      const expected = peer.decodeEvents(bytes)
      const { list, sink } = createEventList()
      expect(runtime.decodeEvents(bytes, sink, height), `block ${height}`).toBe(expected.length)
      expect(list, `block ${height}`).toEqual(expected.filter(event => event !== null))
      followed += list.length
    }
    expect(followed).toBe(1081)

    const found: string[] = []
    for (const [pallet, item, ours, theirs] of readersOf(runtime)) {
      const prefix = runtime.storageKey(pallet, item)
      for (const [key, versions] of recording.storage.filter(([name]) => name.startsWith(prefix)))
        for (const [, value] of versions) {
          if (value === null) continue
          const json = peer.decodeValue(pallet, item, bytesOf(value))
          expect(ours(bytesOf(value)), key).toEqual(theirs(json))
          if (typeof json === 'object' && 'id' in json) expect(runtime.idOfKey(key)).toBe(json.id)
          found.push(item)
        }
    }
    const kinds = ['Nodes', 'Farms', 'Twins', 'FarmingPoliciesMap', 'FarmPayoutV2AddressByFarmID', 'NodesByFarmID']
    expect([...new Set(found)]).toEqual(kinds)
  })
})
