import type { V14 } from '@polkadot-api/substrate-bindings'
import { expect, test } from 'vitest'
import { buildRuntime } from '../../src-main/clients/tfchain/runtime.ts'
import { AppError } from '../../src-shared/errors.ts'
import { blockOf, compactBytes, createEventList, openPeer } from '../helpers/chain-peer.ts'
import { encodeTree, TINY_SPEC, tinyTree } from '../helpers/tiny-metadata.ts'

const tiny = encodeTree(tinyTree().tree)
const runtime = buildRuntime(tiny)
const peer = openPeer(tiny)
const encode = (name: string, fields?: unknown) => ({ event: peer.encodeEvent(name, fields) })
const success = encode('System.ExtrinsicSuccess')

function decode(block: Uint8Array, by = runtime) {
  const { list, sink } = createEventList()
  const count = by.decodeEvents(block, sink, 77)
  return { list, count }
}

function failure(work: () => unknown): AppError {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    return error as AppError
  }
  throw new Error('nothing was thrown')
}

/** A runtime whose description was changed before it was encoded. */
function changed(change: (tree: V14, type: Record<string, number>) => void) {
  const { tree, type } = tinyTree()
  change(tree, type)
  return buildRuntime(encodeTree(tree))
}

function renameField(tree: V14, type: number, from: string, to: string): void {
  const { def } = tree.lookup[type]!
  if (def.tag !== 'composite') throw new Error('no struct')
  def.value.find(field => field.name === from)!.name = to
}

const node = {
  version: 5,
  id: 7,
  farmId: 3,
  twinId: 9,
  resources: { hru: 2n ** 53n, sru: 2n ** 53n - 1n, cru: 16, mru: 2n ** 64n - 1n },
  location: { city: 'Gent', country: 'België', latitude: '51.05', longitude: '3.72' },
  publicConfig: '0x010203',
  created: 1_700_000_000,
  farmingPolicyId: 1,
  interfaces: ['zos', 'dmz'],
  certification: 'Certified',
  secureBoot: true,
  virtualized: false,
  serialNumber: 'abc',
  connectionPrice: 80,
}
const gridNode = {
  id: 7,
  farm_id: 3,
  twin_id: 9,
  resources: { hru: 2n ** 53n, sru: 2 ** 53 - 1, cru: 16, mru: 2n ** 64n - 1n },
  location: { latitude: '51.05', longitude: '3.72' },
  country: 'België',
  city: 'Gent',
  created: 1_700_000_000,
  farming_policy_id: 1,
  certification: 'Certified',
  virtualized: false,
  connection_price: 80,
}
const policy = {
  version: 2,
  id: 4,
  name: 'gold',
  cu: 2400,
  su: 1000,
  nu: 30,
  ipv4: 5,
  minimalUptime: 95,
  policyCreated: 12,
  policyEnd: 0,
  immutable: false,
  default: true,
  nodeCertification: 'Diy',
  farmCertification: 'Gold',
}
const gridPolicy = {
  id: 4,
  name: 'gold',
  cu: 2400,
  su: 1000,
  nu: 30,
  ipv4: 5,
  minimal_uptime: 95,
  policy_end: 0,
  immutable: false,
  default: true,
  node_certification: 'Diy',
  farm_certification: 'Gold',
}
const contract = (contractType: unknown) => ({ version: 1, state: { Up: null }, contractId: 2n ** 53n - 1n, twinId: 5, contractType })
const gridContract = (contract_type: unknown) => ({ contract: { contract_id: 2 ** 53 - 1, twin_id: 5, contract_type } })

const samples: [string, unknown, unknown][] = [
  ['TfgridModule.NodeStored', node, { node: gridNode }],
  ['TfgridModule.NodeUpdated', node, { node: gridNode }],
  ['TfgridModule.NodeDeleted', 12, { node_id: 12 }],
  ['TfgridModule.NodeUptimeReported', [1, 1_700_000_000, 2n ** 64n - 1n], { node_id: 1, now: 1_700_000_000, uptime: 2n ** 64n - 1n }],
  ['TfgridModule.NodeUptimeReported', [4_294_967_295, 2n ** 53n, 0], { node_id: 4_294_967_295, now: 2n ** 53n, uptime: 0 }],
  ['TfgridModule.PowerTargetChanged', [1, 2, 'Down'], { farm_id: 1, node_id: 2, power_target: 'Down' }],
  ['TfgridModule.PowerStateChanged', [1, 2, { Down: 99 }], { farm_id: 1, node_id: 2, power_state: { Down: 99 } }],
  ['TfgridModule.PowerStateChanged', [1, 2, { Up: null }], { farm_id: 1, node_id: 2, power_state: 'Up' }],
  ['TfgridModule.FarmUpdated', { id: 3, name: 'hof', twinId: 8, publicIps: ['0x01'] }, { farm: { id: 3, name: 'hof', twin_id: 8 } }],
  ['TfgridModule.FarmingPolicyStored', policy, { policy: gridPolicy }],
  ['TfgridModule.FarmingPolicyUpdated', policy, { policy: gridPolicy }],
  ['TfgridModule.ConnectionPriceSet', 80, { price: 80 }],
  [
    'SmartContractModule.ContractCreated',
    contract({ NodeContract: { nodeId: 6, deploymentData: 'x', publicIps: 2, publicIpsList: [`0x${'11'.repeat(32)}`] } }),
    gridContract({ NodeContract: { node_id: 6, public_ips: 2 } }),
  ],
  ['SmartContractModule.ContractCreated', contract({ RentContract: { nodeId: 6 } }), gridContract({ RentContract: { node_id: 6 } })],
  ['SmartContractModule.ContractCreated', contract({ NameContract: { name: 'web' } }), gridContract({ NameContract: { name: 'web' } })],
  [
    'SmartContractModule.UpdatedUsedResources',
    { contractId: 8, used: { hru: 1, sru: 2, cru: 3, mru: 4 } },
    { contract_id: 8, used: { hru: 1, sru: 2, cru: 3, mru: 4 } },
  ],
  [
    'SmartContractModule.NruConsumptionReportReceived',
    { contractId: 8, timestamp: 1_700_000_000, window: 3600, nru: 2n ** 60n },
    { contract_id: 8, timestamp: 1_700_000_000, window: 3600, nru: 2n ** 60n },
  ],
  ['SmartContractModule.NodeContractCanceled', [8, 6, 5], { contract_id: 8, node_id: 6, twin_id: 5 }],
  ['SmartContractModule.RentContractCanceled', [8], { contract_id: 8 }],
]

test.each(samples)('%s is delivered as an archive has it', (name, fields, data) => {
  const block = blockOf([success, encode(name, fields), { ...encode('Balances.Withdraw'), topics: 2 }])
  expect(decode(block)).toEqual({ list: [[name, data]], count: 3 })
})

test('members come in the archive’s order, whatever the chain’s', () => {
  const [event] = decode(blockOf([encode('TfgridModule.NodeStored', node)])).list
  expect(Object.keys((event as [string, { node: object }])[1].node)).toEqual(Object.keys(gridNode))
})

test('events come in their order, of all phases, and all are counted', () => {
  const block = blockOf(samples.flatMap(([name, fields]) => [encode(name, fields), success]))
  const { list, count } = decode(block)
  expect(list).toEqual(samples.map(([name, , data]) => [name, data]))
  expect(count).toBe(2 * samples.length)
})

test('a block without a value, and one without events, have none', () => {
  expect(decode(new Uint8Array())).toEqual({ list: [], count: 0 })
  expect(decode(Uint8Array.of(0))).toEqual({ list: [], count: 0 })
})

test('a view into a larger buffer is read from its own beginning', () => {
  const block = blockOf([encode('TfgridModule.NodeStored', node), encode('TfgridModule.NodeUptimeReported', [1, 2, 3])])
  const buffer = new Uint8Array(block.length + 20).fill(0xff)
  buffer.set(block, 7)
  expect(decode(buffer.subarray(7, 7 + block.length))).toEqual(decode(block))
})

test('bytes that are no UTF-8 become U+FFFD, one for each longest beginning; a byte order mark stays', () => {
  const named = (bytes: number[]) => {
    const hex = `0x${Buffer.from(bytes).toString('hex')}`
    return decode(blockOf([encode('TfgridModule.FarmUpdated', { id: 1, name: hex, twinId: 1 })])).list
  }
  const farm = (name: string) => [['TfgridModule.FarmUpdated', { farm: { id: 1, name, twin_id: 1 } }]]
  expect(named([0x61, 0xff, 0xe2, 0x82, 0x62])).toEqual(farm('a\ufffd\ufffdb'))
  expect(named([0xed, 0xa0, 0x80])).toEqual(farm('\ufffd\ufffd\ufffd'))
  expect(named([0xef, 0xbb, 0xbf, 0x61])).toEqual(farm('\ufeffa'))
})

test('an unknown pallet or event stops the block and says which', () => {
  const where = { spec: TINY_SPEC, block: 77 }
  const pallet = failure(() => decode(blockOf([success, { event: Uint8Array.of(200, 1) }])))
  expect(pallet).toMatchObject({ code: 'chain.undecodable', details: { ...where, pallet: '200', event: '1' } })
  const event = failure(() => decode(blockOf([success, { event: Uint8Array.of(25, 99) }])))
  expect(event).toMatchObject({ code: 'chain.undecodable', details: { ...where, pallet: 'TfgridModule', event: '99' } })
  expect(event.message).toContain('Block 77 holds an event that this Granary cannot decode, TfgridModule.99 (runtime 145)')
})

test('every cut of a block is refused, and so is what is left over', () => {
  const block = blockOf(samples.map(([name, fields]) => ({ ...encode(name, fields), topics: 1 })))
  expect(decode(block).count).toBe(samples.length)
  for (let length = 1; length < block.length; length++) {
    const error = failure(() => decode(block.subarray(0, length)))
    expect(error).toMatchObject({ code: 'chain.undecodable', details: { spec: TINY_SPEC, block: 77 } })
  }
  const longer = failure(() => decode(Uint8Array.of(...block, 0)))
  expect(longer.message).toContain('1 bytes are left over')
  expect(longer.details).toEqual({ pallet: null, event: null, spec: TINY_SPEC, block: 77 })
})

test('lengths and compact numbers that are too large are refused before anything is made for them', () => {
  const reasonOf = (event: number[]) => failure(() => decode(blockOf([{ event: Uint8Array.from(event) }]))).message
  const huge = compactBytes(2n ** 32n - 1n)
  expect(failure(() => decode(Uint8Array.from(huge))).message).toContain('says that 4294967295 events come, and has 0 bytes')
  expect(failure(() => decode(Uint8Array.from(compactBytes(2n ** 40n)))).message).toContain('larger than any length')
  // System.Spoken: a text, skipped; Remarked: an account, then what may hold itself
  expect(reasonOf([0, 4, ...huge])).toContain('longer than what is left')
  expect(reasonOf([0, 3, ...new Array(32).fill(0), 1, ...huge])).toContain('longer than what is left')
  // ExtrinsicSuccess: compact numbers of 64 bits
  expect(reasonOf([0, 0, ...compactBytes(2n ** 64n), 0, 0, 0])).toContain('too large')
  expect(decode(blockOf([{ event: Uint8Array.from([0, 0, ...compactBytes(2n ** 64n - 1n), 0, 0, 0]) }])).count).toBe(1)
  // FarmUpdated: a name, read
  expect(reasonOf([25, 1, ...new Array(8).fill(0), ...huge])).toContain('middle of a value')
})

test('what holds itself is skipped, yet not to any depth', () => {
  const remarked = (depth: number) => ({ event: Uint8Array.from([0, 3, ...new Array(32).fill(0), ...Array(depth).fill([1, 4]).flat(), 0]) })
  expect(decode(blockOf([remarked(50), success])).count).toBe(2)
  const error = failure(() => decode(blockOf([remarked(100_000)])))
  expect(error).toMatchObject({ code: 'chain.undecodable', details: { pallet: 'System', event: 'Remarked' } })
  expect(error.message).toContain('nested deeper')
  expect(decode(blockOf([remarked(50), success])).count).toBe(2)
})

test('a byte that is no yes or no, no case, no phase or a too large id is refused', () => {
  const change = (name: string, fields: unknown, at: number, byte: number) => {
    const { event } = encode(name, fields)
    event[at < 0 ? event.length + at : at] = byte
    return failure(() => decode(blockOf([{ event }]))).message
  }
  expect(change('TfgridModule.FarmingPolicyStored', policy, -3, 2)).toContain('default is neither yes nor no but 2')
  expect(change('TfgridModule.FarmingPolicyStored', policy, -1, 2)).toContain('farm_certification has no case 2')
  expect(change('TfgridModule.PowerTargetChanged', [1, 2, 'Up'], -1, 2)).toContain('power_target has no case 2')
  expect(change('SmartContractModule.RentContractCanceled', [1], -1, 1)).toContain('contract_id is 72057594037927937, larger')
  expect(change('SmartContractModule.NruConsumptionReportReceived', { contractId: 1 }, 9, 1)).toContain('contract_id is')
  const block = blockOf([success])
  block[1] = 3
  expect(failure(() => decode(block)).message).toContain('the phase 3 of event 0 is none')
})

test('a followed event whose fields are others than expected is refused when it comes, not before', () => {
  const renamed = changed((tree, type) => renameField(tree, type.Node!, 'farm_id', 'farm'))
  expect(decode(blockOf([success, encode('TfgridModule.NodeDeleted', 1)]), renamed).count).toBe(2)
  const error = failure(() => decode(blockOf([success, encode('TfgridModule.NodeStored', node)]), renamed))
  expect(error.details).toEqual({ pallet: 'TfgridModule', event: 'NodeStored', spec: TINY_SPEC, block: 77 })
  expect(error.message).toContain('has no field farm_id')
  // and again: the failed attempt is not remembered as a success
  expect(failure(() => decode(blockOf([encode('TfgridModule.NodeStored', node)]), renamed)).code).toBe('chain.undecodable')
})

test('other shapes of the frequent events are refused too', () => {
  const uptimeBlock = blockOf([encode('TfgridModule.NodeUptimeReported', [1, 2, 3])])
  const fieldsOfUptime = (tree: V14, type: Record<string, number>) => {
    const { def } = tree.lookup[type.TfgridModule!]!
    if (def.tag !== 'variant') throw new Error('no events')
    return def.value.find(kind => kind.name === 'NodeUptimeReported')!.fields
  }
  const wider = changed((tree, type) => {
    fieldsOfUptime(tree, type)[0]!.type = type.u64!
  })
  expect(failure(() => decode(uptimeBlock, wider)).message).toContain('node_id is no u32')
  const more = changed((tree, type) => {
    const fields = fieldsOfUptime(tree, type)
    fields.push(fields[0]!)
  })
  expect(failure(() => decode(uptimeBlock, more)).message).toContain('has 4 fields, not 3')
  const usage = changed((tree, type) => renameField(tree, type.NruConsumption!, 'nru', 'bytes'))
  const consumption = blockOf([encode('SmartContractModule.NruConsumptionReportReceived', { contractId: 1 })])
  expect(failure(() => decode(consumption, usage)).message).toContain('has no field nru')
})

test('fields are found by their names: in another order, and with new ones between', () => {
  const moved = changed((tree, type) => {
    const usage = tree.lookup[type.NruConsumption!]!.def
    if (usage.tag === 'composite') usage.value.reverse()
    const used = tree.lookup[type.ContractResources!]!.def
    if (used.tag === 'composite') used.value.unshift({ name: 'since', type: type.Bytes!, typeName: undefined, docs: [] })
  })
  const event = Uint8Array.from([26, 11, ...[1, 2, 3, 4].flatMap(value => [value, 0, 0, 0, 0, 0, 0, 0])])
  const used = encode('SmartContractModule.UpdatedUsedResources', { contractId: 8, used: { hru: 1 } }).event
  const { list } = decode(blockOf([{ event }, { event: Uint8Array.from([26, 10, 8, 1, 2, ...used.subarray(2)]) }]), moved)
  expect(list).toEqual([
    ['SmartContractModule.NruConsumptionReportReceived', { contract_id: 4, timestamp: 3, window: 2, nru: 1 }],
    ['SmartContractModule.UpdatedUsedResources', { contract_id: 8, used: { hru: 1, sru: 0, cru: 0, mru: 0 } }],
  ])
})

test('what the sink throws comes out as it is', () => {
  const stop = new AppError('io.full', 'full')
  const { sink } = createEventList()
  const full = () => {
    throw stop
  }
  const block = blockOf([encode('TfgridModule.NodeUptimeReported', [1, 2, 3])])
  expect(failure(() => runtime.decodeEvents(block, { ...sink, uptime: full }, 1))).toBe(stop)
})
