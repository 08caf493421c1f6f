import { expandMetadata, Metadata, TypeRegistry } from '@polkadot/types'
import type { Codec } from '@polkadot/types/types'
import { decAnyMetadata, unifyMetadata } from '@polkadot-api/substrate-bindings'
import type { ChainEventSink } from '../../src-main/clients/tfchain/types.ts'
import type { GridEvent } from '../../src-shared/grid.ts'
import { hexOf } from './tiny-metadata.ts'

/*
 * The same chain through @polkadot/types: what our decoders are compared with. And values of any type of a runtime, made at
 * random from its registry.
 */

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type JsonRecord = { [name: string]: Json }

export interface Peer {
  registry: TypeRegistry
  /** bytes of an event, its two indexes included, from its fields (an object, a list or the only value) */
  encodeEvent(name: string, fields?: unknown): Uint8Array
  /** bytes of a value of a storage item */
  encodeValue(pallet: string, item: string, value: unknown): Uint8Array
  decodeValue(pallet: string, item: string, bytes: Uint8Array): JsonRecord
  /** all events of a block, in order; those that are followed as an archive has them, the others as null (all, for a bench) */
  decodeEvents(bytes: Uint8Array, asData?: boolean): (GridEvent | null)[]
  /** the names of all kinds of events, with the type of their pallet's events and their indexes */
  kinds: { name: string; pallet: number; event: number }[]
  /** all storage items: `keyTypes` of a map's keys; `key` of as many key values as SCALE bytes, or the map's prefix of none */
  items: { pallet: string; item: string; keyTypes: number[]; key(...keys: Uint8Array[]): string }[]
}

export function openPeer(metadata: Uint8Array): Peer {
  const registry = new TypeRegistry()
  // it says on the console which extensions of extrinsics it does not know; no extrinsic is read here
  const warn = console.warn
  console.warn = () => undefined
  const decoded = new Metadata(registry, hexOf(metadata))
  registry.setMetadata(decoded)
  console.warn = warn
  const pallets = decoded.asLatest.pallets
  const palletOf = (name: string) => pallets.find(pallet => pallet.name.toString() === name)!
  const nameOf = (prefix: string) =>
    pallets.find(({ storage }) => storage.isSome && storage.unwrap().prefix.toString() === prefix)!.name.toString()
  const itemOf = (pallet: string, item: string) =>
    palletOf(pallet)
      .storage.unwrap()
      .items.find(found => found.name.toString() === item)!
  const typeOf = (pallet: string, item: string) => {
    const { type } = itemOf(pallet, item)
    return registry.createLookupType(type.isPlain ? type.asPlain : type.asMap.value)
  }
  const kinds = pallets.flatMap(pallet => {
    if (pallet.events.isNone) return []
    const variants = registry.lookup.getSiType(pallet.events.unwrap().type).def.asVariant.variants
    return variants.map(variant => ({
      name: `${pallet.name.toString()}.${variant.name.toString()}`,
      pallet: pallet.index.toNumber(),
      event: variant.index.toNumber(),
    }))
  })
  const listType = typeOf('System', 'Events')
  return {
    registry,
    kinds,
    encodeEvent(name, fields) {
      const [pallet, event] = name.split('.') as [string, string]
      const inner = palletOf(pallet)
      const type = registry.createLookupType(inner.events.unwrap().type)
      return Uint8Array.from([inner.index.toNumber(), ...registry.createType(type, { [event]: fields }).toU8a()])
    },
    encodeValue: (pallet, item, value) => registry.createType(typeOf(pallet, item), value).toU8a(),
    decodeValue(pallet, item, bytes) {
      const codec = registry.createType(typeOf(pallet, item), bytes)
      if (hexOf(codec.toU8a()) !== hexOf(bytes)) throw new Error(`${pallet}.${item}: the peer read other bytes than there are`)
      return codec.toJSON() as JsonRecord
    },
    decodeEvents(bytes, asData = true) {
      const list = registry.createType(listType, bytes) as unknown as Iterable<{ event: PeerEvent }> & Codec
      if (!asData) return [...list].map(() => null)
      if (hexOf(list.toU8a()) !== hexOf(bytes)) throw new Error('the peer read other bytes than there are')
      return [...list].map(({ event }) => gridEvent(event))
    },
    items: Object.entries(expandMetadata(registry, decoded).query)
      // `substrate` holds well-known keys that are no pallet's
      .filter(([section]) => section !== 'substrate')
      .flatMap(([, entries]) => Object.values(entries))
      // a key of this name is added to every pallet there
      .filter(entry => entry.meta.name.toString() !== 'palletVersion')
      .map(entry => {
        const { type, name } = entry.meta
        const hashers = type.isMap ? type.asMap.hashers.length : 0
        const key = type.isMap ? registry.lookup.getSiType(type.asMap.key) : null
        const keyTypes = key === null ? [] : hashers > 1 ? key.def.asTuple.map(Number) : [Number(type.asMap.key)]
        return {
          pallet: nameOf(entry.prefix),
          item: name.toString(),
          keyTypes,
          key(...keys) {
            if (type.isMap && keys.length === 0) return hexOf(entry.keyPrefix())
            const parts = keys.map((part, i) => registry.createType(registry.createLookupType(keyTypes[i]!), part))
            return hexOf(lengthCut(entry(...parts)))
          },
        }
      }),
  }
}

interface PeerEvent {
  index: { 0: number; 1: number } & Uint8Array
  data: Iterable<Codec> & { toJSON(): Json[] }
  meta: { name: { toString(): string } }
  section: string
}

/** A key from there has its length in front. */
function lengthCut(key: Uint8Array): Uint8Array {
  return key.subarray([1, 2, 4][key[0]! & 3]!)
}

const text = (value: Json) => Buffer.from(String(value).slice(2), 'hex').toString('utf8')
const u64 = (value: Json) => {
  const big = BigInt(value as number | string)
  return big <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(big) : big
}
const at = (value: Json, name: string) => (value as JsonRecord)[name]!
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

export function resourcesOf(r: Json) {
  return { hru: u64(at(r, 'hru')), sru: u64(at(r, 'sru')), cru: u64(at(r, 'cru')), mru: u64(at(r, 'mru')) }
}

export function nodeOf(node: JsonRecord) {
  const location = node.location as JsonRecord
  return {
    id: node.id,
    farm_id: node.farmId,
    twin_id: node.twinId,
    resources: resourcesOf(node.resources!),
    location: { latitude: text(location.latitude!), longitude: text(location.longitude!) },
    country: text(node.country ?? location.country!),
    city: text(node.city ?? location.city!),
    created: u64(node.created!),
    farming_policy_id: node.farmingPolicyId,
    certification: node.certification,
    virtualized: node.virtualized,
    connection_price: node.connectionPrice,
  }
}

export const farmOf = (farm: JsonRecord) => ({ id: farm.id, name: text(farm.name!), twin_id: farm.twinId })

export const twinOf = (twin: JsonRecord) => ({
  id: twin.id,
  relay: twin.relay == null ? null : text(twin.relay),
  pk: twin.pk ?? null,
})

export const policyOf = (policy: JsonRecord) => ({
  id: policy.id,
  name: text(policy.name!),
  cu: policy.cu,
  su: policy.su,
  nu: policy.nu,
  ipv4: policy.ipv4,
  minimal_uptime: policy.minimalUptime,
  policy_end: policy.policyEnd,
  immutable: policy.immutable,
  default: policy.default,
  node_certification: policy.nodeCertification,
  farm_certification: policy.farmCertification,
})

export function contractOf(contract: JsonRecord) {
  const [kind, data] = Object.entries(contract.contractType as JsonRecord)[0] as [string, JsonRecord]
  const type =
    kind === 'nodeContract'
      ? { node_id: data.nodeId, public_ips: data.publicIps }
      : kind === 'rentContract'
        ? { node_id: data.nodeId }
        : { name: text(data.name!) }
  return { contract_id: u64(contract.contractId!), twin_id: contract.twinId, contract_type: { [capital(kind)]: type } }
}

export const powerStateOf = (state: Json) => ('down' in (state as JsonRecord) ? { Down: at(state, 'down') } : 'Up')
export const powerOf = (power: JsonRecord) => ({ state: powerStateOf(power.state!), target: power.target })
export const addressOf = (address: Json) => text(address)

/** By position: what each event's fields are, written down from the runtimes' tables. */
const fieldsOf: Record<string, (...data: Json[]) => unknown> = {
  'TfgridModule.NodeStored': node => ({ node: nodeOf(node as JsonRecord) }),
  'TfgridModule.NodeUpdated': node => ({ node: nodeOf(node as JsonRecord) }),
  'TfgridModule.NodeDeleted': id => ({ node_id: id }),
  'TfgridModule.NodeUptimeReported': (id, now, uptime) => ({ node_id: id, now: u64(now!), uptime: u64(uptime!) }),
  'TfgridModule.PowerTargetChanged': (farm, node, target) => ({ farm_id: farm, node_id: node, power_target: target }),
  'TfgridModule.PowerStateChanged': (farm, node, state) => ({ farm_id: farm, node_id: node, power_state: powerStateOf(state!) }),
  'TfgridModule.FarmUpdated': farm => ({ farm: farmOf(farm as JsonRecord) }),
  'TfgridModule.FarmingPolicyStored': policy => ({ policy: policyOf(policy as JsonRecord) }),
  'TfgridModule.FarmingPolicyUpdated': policy => ({ policy: policyOf(policy as JsonRecord) }),
  'TfgridModule.ConnectionPriceSet': price => ({ price }),
  'SmartContractModule.ContractCreated': contract => ({ contract: contractOf(contract as JsonRecord) }),
  'SmartContractModule.UpdatedUsedResources': used => ({
    contract_id: u64(at(used!, 'contractId')),
    used: resourcesOf(at(used!, 'used')),
  }),
  'SmartContractModule.NruConsumptionReportReceived': report => ({
    contract_id: u64(at(report!, 'contractId')),
    timestamp: u64(at(report!, 'timestamp')),
    window: u64(at(report!, 'window')),
    nru: u64(at(report!, 'nru')),
  }),
  'SmartContractModule.NodeContractCanceled': (id, node, twin) => ({ contract_id: u64(id!), node_id: node, twin_id: twin }),
  'SmartContractModule.RentContractCanceled': id => ({ contract_id: u64(id!) }),
}
export const followedNames = Object.keys(fieldsOf)

function gridEvent(event: PeerEvent): GridEvent | null {
  const name = `${capital(event.section)}.${event.meta.name.toString()}`
  const fields = fieldsOf[name]
  return fields ? ([name, fields(...event.data.toJSON())] as GridEvent) : null
}

/** Keeps what it is given as an archive has it. */
export function createEventList(): { list: GridEvent[]; sink: ChainEventSink } {
  const list: GridEvent[] = []
  return {
    list,
    sink: {
      uptime: (node_id, now, uptime) => list.push(['TfgridModule.NodeUptimeReported', { node_id, now, uptime }]),
      consumption: (contract_id, timestamp, window, nru) =>
        list.push(['SmartContractModule.NruConsumptionReportReceived', { contract_id, timestamp, window, nru }]),
      rare: event => list.push(event),
    },
  }
}

/** Bytes of a block's events: each in some phase, without topics unless given. */
export function blockOf(events: { event: Uint8Array; topics?: number }[]): Uint8Array {
  const parts = events.map(({ event, topics = 0 }, i) => {
    const phase = i % 3 === 0 ? [0, ...littleEndian(i, 4)] : [i % 3]
    return [...phase, ...event, ...compactBytes(BigInt(topics)), ...new Array(topics * 32).fill(i & 255)]
  })
  return Uint8Array.from([...compactBytes(BigInt(events.length)), ...parts.flat()])
}

const littleEndian = (value: number | bigint, size: number) =>
  Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n))

export function compactBytes(value: bigint): number[] {
  if (value < 1n << 6n) return littleEndian(value << 2n, 1)
  if (value < 1n << 14n) return littleEndian((value << 2n) | 1n, 2)
  if (value < 1n << 30n) return littleEndian((value << 2n) | 2n, 4)
  const size = Math.max(4, Math.ceil(value.toString(16).length / 2))
  return [((size - 4) << 2) | 3, ...littleEndian(value, size)]
}

/** Values of a runtime's types, at random: of every kind that can be, with numbers near the borders of their kinds. */
export function createValues(metadata: Uint8Array, random: () => number) {
  const { lookup, pallets } = unifyMetadata(decAnyMetadata(metadata.slice()))
  const below = (n: number) => Math.floor(random() * n)
  const sizes: Record<string, number> = { u8: 1, u16: 2, u32: 4, u64: 8, u128: 16, u256: 32, i8: 1, i16: 2, i32: 4, i64: 8, i128: 16 }
  // what must be a number in an archive stays below 2^53
  const safeOnly = ['contract_id', 'created']

  function numberOf(size: number, name: string): bigint {
    let value = 0n
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(below(256))
    if (below(4) === 0) value = (1n << BigInt(size * 8)) - 1n - BigInt(below(3))
    if (below(3) === 0) value = BigInt(below(200))
    const border = below(6)
    if (size === 8 && border < 2) value = (1n << 53n) - BigInt(border)
    return size === 8 && safeOnly.includes(name) ? value & ((1n << 53n) - 1n) : value
  }

  function bytesOfType(type: number, name = '', depth = 0): number[] {
    const { def } = lookup[type]!
    const few = depth > 6 ? 0 : below(4)
    switch (def.tag) {
      case 'primitive':
        if (def.value.tag === 'bool') return [below(2)]
        if (def.value.tag === 'str') return [few << 2, ...new Array(few).fill(97)]
        return littleEndian(numberOf(sizes[def.value.tag]!, name), sizes[def.value.tag]!)
      case 'composite':
        return def.value.flatMap(field => bytesOfType(field.type, field.name ?? name, depth + 1))
      case 'tuple':
        return def.value.flatMap(inner => bytesOfType(inner, name, depth + 1))
      case 'variant': {
        // not nothing, yet of every case
        const variant = def.value[below(def.value.length)]!
        return [variant.index, ...fieldBytes(variant.fields, depth)]
      }
      case 'sequence':
        return [...compactBytes(BigInt(few)), ...Array.from({ length: few }, () => bytesOfType(def.value, name, depth + 1)).flat()]
      case 'array':
        return Array.from({ length: def.value.len }, () => bytesOfType(def.value.type, name, depth + 1)).flat()
      case 'compact': {
        let inner = lookup[def.value]!.def
        while (inner.tag === 'composite') inner = lookup[inner.value[0]!.type]!.def
        return inner.tag === 'primitive' ? compactBytes(numberOf(sizes[inner.value.tag]!, name)) : []
      }
      default:
        throw new Error(`no value of a ${def.tag} is made here`)
    }
  }
  const fieldBytes = (fields: { name?: string | undefined; type: number }[], depth: number) =>
    fields.flatMap(field => bytesOfType(field.type, field.name ?? '', depth + 1))

  return {
    value: (type: number) => Uint8Array.from(bytesOfType(type)),
    storageType(pallet: string, item: string): number | null {
      const found = pallets.find(p => p.name === pallet)?.storage?.items.find(i => i.name === item)
      return found ? (found.type.tag === 'plain' ? found.type.value : found.type.value.value) : null
    },
    event({ pallet, event }: { pallet: number; event: number }): Uint8Array {
      const { def } = lookup[pallets.find(p => p.index === pallet)!.events!.type]!
      if (def.tag !== 'variant') throw new Error('events are a choice')
      return Uint8Array.from([pallet, event, ...fieldBytes(def.value.find(kind => kind.index === event)!.fields, 0)])
    },
  }
}

/** A random source from a seed, so that a failure can be repeated. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
