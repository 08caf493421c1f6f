import type { V14 } from '@polkadot-api/substrate-bindings'
import { expect, test } from 'vitest'
import { buildRuntime } from '../../src-main/clients/tfchain/runtime.ts'
import { AppError } from '../../src-shared/errors.ts'
import { openPeer } from '../helpers/chain-peer.ts'
import { bytesOf, encodeTree, TINY_SPEC, tinyTree } from '../helpers/tiny-metadata.ts'

const tiny = encodeTree(tinyTree().tree)
const runtime = buildRuntime(tiny)
const peer = openPeer(tiny)

function failure(work: () => unknown): AppError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    return error as AppError
  }
  throw new Error('nothing was thrown')
}

/** Metadata that was changed before it was encoded. */
function changed(change: (tree: V14, type: Record<string, number>) => void): Uint8Array {
  const { tree, type } = tinyTree()
  change(tree, type)
  return encodeTree(tree)
}

test('a runtime knows its spec, its bytes and what it has', () => {
  expect(runtime.specVersion).toBe(TINY_SPEC)
  expect(runtime.metadata).toBe(tiny)
  expect(runtime.hasStorage('TfgridModule', 'Nodes')).toBe(true)
  expect(runtime.hasStorage('TfgridModule', 'NodeUptimeReported')).toBe(true)
  expect(runtime.hasStorage('TfgridModule', 'Nothing')).toBe(false)
  expect(runtime.hasStorage('Nothing', 'Nodes')).toBe(false)
})

test('bytes that are no metadata of version 14 are refused, with what is wrong', () => {
  expect(failure(() => buildRuntime(new Uint8Array())).message).toContain('does not begin with `meta`')
  expect(failure(() => buildRuntime(Uint8Array.of(...tiny.subarray(0, 4), 15, ...tiny.subarray(5)))).message).toContain(
    'it has version 15, and this Granary reads version 14',
  )
  for (let length = 4; length < tiny.length; length += 13) {
    const error = failure(() => buildRuntime(tiny.subarray(0, length)))
    expect(error.code).toBe('chain.undecodable')
  }
  expect(failure(() => buildRuntime(Uint8Array.of(...tiny, 1, 2))).message).toContain('2 bytes are left over')
  const nameless = changed(tree => {
    tree.pallets[0]!.constants = []
  })
  expect(failure(() => buildRuntime(nameless)).message).toContain('System.Version')
})

test('metadata in a view into a larger buffer is read from its own beginning', () => {
  const buffer = new Uint8Array(tiny.length + 9).fill(0xff)
  buffer.set(tiny, 5)
  expect(buildRuntime(buffer.subarray(5, 5 + tiny.length)).specVersion).toBe(TINY_SPEC)
})

test('storage keys: prefix, hashed keys, raw keys, and the id at the end', () => {
  // known from a real chain: twox128 of both names, blake2_128 of the id, the id
  const prefix = '0x19a2526838feefd7695a3b5715b415b1519dfc7fdad21b84f64a5310fa178ef2'
  const key = `${prefix}d82c12285b5d4551f88e8f6e7eb52b8101000000`
  expect(runtime.storageKey('TfgridModule', 'Nodes')).toBe(prefix)
  expect(runtime.storageKey('TfgridModule', 'Nodes', 1)).toBe(key)
  expect(runtime.storageKey('TfgridModule', 'Nodes', 1n)).toBe(key)
  expect(runtime.storageKey('TfgridModule', 'Nodes', Uint8Array.of(1, 0, 0, 0))).toBe(key)
  expect(runtime.idOfKey(key)).toBe(1)
  const wide = runtime.storageKey('SmartContractModule', 'Contracts', 2 ** 53 - 1)
  expect(runtime.idOfKey(wide)).toBe(2 ** 53 - 1)
  const twox = runtime.storageKey('SmartContractModule', 'ActiveNodeContracts', 258)
  expect(runtime.idOfKey(twox)).toBe(258)
  expect(twox.length).toBe(2 + 2 * (32 + 8 + 4))
})

test('keys that cannot be are refused', () => {
  const absent = failure(() => runtime.storageKey('TfgridModule', 'Nothing', 1))
  expect(absent).toMatchObject({
    code: 'chain.undecodable',
    details: { pallet: 'TfgridModule', item: 'Nothing', spec: TINY_SPEC },
  })
  expect(failure(() => runtime.storageKey('TfgridModule', 'Nodes', 1, 2)).message).toContain('has 1 keys, and 2 are given')
  expect(failure(() => runtime.storageKey('System', 'Number', 1)).code).toBe('chain.undecodable')
  for (const id of [-1, 1.5, 2 ** 32, 2 ** 60, Number.NaN, -1n, 2n ** 32n])
    expect(failure(() => runtime.storageKey('TfgridModule', 'Nodes', id)).code).toBe('internal')
  const tooLarge = runtime.storageKey('SmartContractModule', 'Contracts', 2n ** 53n)
  expect(failure(() => runtime.idOfKey(tooLarge)).message).toContain('larger')
  for (const key of ['0x', runtime.storageKey('TfgridModule', 'Nodes'), '0xzz', ''])
    expect(failure(() => runtime.idOfKey(key)).code).toBe('chain.undecodable')
})

test('stored values as an archive has them', () => {
  const value = (item: string, fields: unknown) => peer.encodeValue('TfgridModule', item, fields)
  const twin = (fields: object) => runtime.twin(value('Twins', { id: 3, ...fields }))
  expect(twin({ relay: null, pk: null })).toEqual({ id: 3, relay: null, pk: null })
  // both there, of no bytes: the other library would write none at all
  const empty = runtime.twin(Uint8Array.of(3, 0, 0, 0, ...new Array(32).fill(0), 1, 0, 0, 1, 0))
  expect(empty).toEqual({ id: 3, relay: '', pk: '0x' })
  expect(twin({ relay: 'relay.grid.tf', pk: '0x02AB' })).toEqual({ id: 3, relay: 'relay.grid.tf', pk: '0x02ab' })
  expect(runtime.farm(value('Farms', { id: 1, name: 'hof', twinId: 2 }))).toEqual({ id: 1, name: 'hof', twin_id: 2 })
  expect(runtime.power(value('NodePower', { state: { Down: 5 }, target: 'Down' }))).toEqual({ state: { Down: 5 }, target: 'Down' })
  expect(runtime.payoutAddress(value('FarmPayoutV2AddressByFarmID', 'GABC'))).toBe('GABC')
  expect(runtime.ids('TfgridModule', 'NodesByFarmID', value('NodesByFarmID', [3, 2 ** 32 - 1]))).toEqual([3, 2 ** 32 - 1])
  const contracts = peer.encodeValue('SmartContractModule', 'ActiveNodeContracts', [1, 2n ** 53n - 1n])
  expect(runtime.ids('SmartContractModule', 'ActiveNodeContracts', contracts)).toEqual([1, 2 ** 53 - 1])
  const used = peer.encodeValue('SmartContractModule', 'NodeContractResources', { contractId: 1, used: { hru: 2n ** 53n, cru: 4 } })
  expect(runtime.contractResources(used)).toEqual({ hru: 2n ** 53n, sru: 0, cru: 4, mru: 0 })
})

test('the value where nothing is stored is the item’s own, or none', () => {
  expect(runtime.power(runtime.defaultValue('TfgridModule', 'NodePower')!)).toEqual({ state: 'Up', target: 'Up' })
  expect(runtime.defaultValue('TfgridModule', 'Nodes')).toBe(null)
  expect(failure(() => runtime.defaultValue('TfgridModule', 'Nothing')).code).toBe('chain.undecodable')
})

test('a value that is cut, too long, or of another item is refused with the item’s name', () => {
  const node = peer.encodeValue('TfgridModule', 'Nodes', { id: 1, location: { city: 'Gent' } })
  expect(runtime.node(node)).toMatchObject({ id: 1, city: 'Gent' })
  for (let length = 0; length < node.length; length++) {
    const error = failure(() => runtime.node(node.subarray(0, length)))
    expect(error).toMatchObject({ code: 'chain.undecodable', details: { pallet: 'TfgridModule', item: 'Nodes', spec: TINY_SPEC } })
  }
  expect(failure(() => runtime.node(Uint8Array.of(...node, 0))).message).toContain('1 bytes are left over')
  expect(failure(() => runtime.ids('TfgridModule', 'NodesByFarmID', bytesOf('0x03ffffffff'))).message).toContain('middle of a value')
  expect(failure(() => runtime.ids('TfgridModule', 'Nothing', bytesOf('0x00'))).message).toContain('TfgridModule.Nothing')
})

test('the layout of twins and nodes before spec 130', () => {
  const old = changed((tree, type) => {
    const twin = tree.lookup[type.Twin!]!.def
    const node = tree.lookup[type.Node!]!.def
    const location = tree.lookup[type.Location!]!.def
    if (twin.tag !== 'composite' || node.tag !== 'composite' || location.tag !== 'composite') throw new Error('no structs')
    twin.value = [
      twin.value[0]!,
      twin.value[1]!,
      { ...twin.value[2]!, name: 'ip', type: type.Name! },
      { ...twin.value[3]!, name: 'entities' },
    ]
    const places = location.value.splice(0, 2)
    node.value.splice(6, 0, places[1]!, places[0]!)
  })
  const before = buildRuntime(old)
  const beforePeer = openPeer(old)
  const twin = beforePeer.encodeValue('TfgridModule', 'Twins', { id: 3, ip: '::1', entities: [1] })
  expect(before.twin(twin)).toEqual({ id: 3, relay: null, pk: null })
  const fields = { id: 1, country: 'Belgium', city: 'Gent', location: { latitude: '51', longitude: '3' } }
  expect(before.node(beforePeer.encodeValue('TfgridModule', 'Nodes', fields))).toMatchObject({
    country: 'Belgium',
    city: 'Gent',
    location: { latitude: '51', longitude: '3' },
  })
})

test('a twin with neither a relay nor an ip is not taken for an old one', () => {
  const other = changed((tree, type) => {
    const twin = tree.lookup[type.Twin!]!.def
    if (twin.tag === 'composite') twin.value[2]!.name = 'relays'
  })
  const twin = peer.encodeValue('TfgridModule', 'Twins', { id: 3 })
  expect(failure(() => buildRuntime(other).twin(twin)).message).toContain('has no field relay')
})

test('types that contain only themselves, or nest without end, are refused when they are needed', () => {
  const endless = changed((tree, type) => {
    const { def } = tree.lookup[type.Farm!]!
    tree.lookup[type.Farm!]!.def = { tag: 'tuple', value: [type.Farm!] }
    // used by a deep chain of lists
    for (let i = 0; i < 5000; i++) {
      const id = tree.lookup.length
      tree.lookup.push({ id, path: [], params: [], def: { tag: 'sequence', value: i === 0 ? type.u8! : id - 1 }, docs: [] })
    }
    const node = tree.lookup[type.Node!]!.def
    if (node.tag === 'composite') node.value[0]!.type = tree.lookup.length - 1
    expect(def.tag).toBe('composite')
  })
  const odd = buildRuntime(endless)
  expect(failure(() => odd.farm(bytesOf('0x00'))).message).toContain('nothing but itself')
  expect(failure(() => odd.node(bytesOf('0x00'))).message).toContain('nested deeper')
})
