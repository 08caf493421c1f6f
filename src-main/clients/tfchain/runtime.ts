import { contract, contractResources, farm, node, policy, power, twin } from './chain-records.ts'
import { createEventDecoder } from './events.ts'
import { createLayouts } from './layout.ts'
import { type ParsedMetadata, parseMetadata } from './metadata.ts'
import { Misfit, undecodable } from './misfit.ts'
import { createStorage, idOfKey } from './storage.ts'
import type { Runtime } from './types.ts'
import { id, listOf, readWhole, record, type Schema, text, uint } from './values.ts'

/** What a Runtime of types.ts has, and the values of items that nothing is stored under. */
export interface BuiltRuntime extends Runtime {
  /** SCALE bytes of the value where nothing is stored; null: nothing stored means that there is none. Throws as storageKey */
  defaultValue(pallet: string, item: string): Uint8Array | null
}

/**
 * A runtime's decoders from its metadata (version 14, as state_getMetadata gives it), some 30 ms. Throws AppError
 * chain.undecodable for bytes that are no such metadata. An event or storage item that is not as expected throws only when
 * one comes. Stored values are those at a key as they are (an optional item's value has no mark before it); bytes of none,
 * where the chain has nothing, are the caller's to see before.
 */
export function buildRuntime(metadata: Uint8Array): BuiltRuntime {
  const parsed = parseMetadata(metadata)
  const schema: Schema = { types: parsed.types, layouts: createLayouts(parsed.types) }
  const specVersion = specOf(schema, parsed)
  const storage = createStorage(schema, parsed, specVersion)
  const idList = listOf(id)
  return {
    specVersion,
    metadata,
    hasStorage: (pallet, item) => storage.has(pallet, item) || hasEvent(parsed, pallet, item),
    storageKey: storage.key,
    defaultValue: storage.fallback,
    idOfKey: key => idOfKey(key, specVersion),
    pallets: parsed.pallets.map(({ name }) => name),
    constant(pallet, name) {
      const found = parsed.pallets.find(one => one.name === pallet)?.constants.find(one => one.name === name)
      return found ? Uint8Array.from(Buffer.from(found.value.slice(2), 'hex')) : null
    },
    read: storage.read,
    decodeEvents: createEventDecoder(schema, parsed, specVersion),
    node: bytes => storage.read('TfgridModule', 'Nodes', node, bytes),
    farm: bytes => storage.read('TfgridModule', 'Farms', farm, bytes),
    twin: bytes => storage.read('TfgridModule', 'Twins', twin, bytes),
    policy: bytes => storage.read('TfgridModule', 'FarmingPoliciesMap', policy, bytes),
    contract: bytes => storage.read('SmartContractModule', 'Contracts', contract, bytes),
    contractResources: bytes => storage.read('SmartContractModule', 'NodeContractResources', contractResources, bytes).used,
    power: bytes => storage.read('TfgridModule', 'NodePower', power, bytes),
    payoutAddress: bytes => storage.read('TfgridModule', 'FarmPayoutV2AddressByFarmID', text, bytes),
    ids: (pallet, item, bytes) => storage.read(pallet, item, idList, bytes),
  }
}

const version = record<{ spec_version: number }>({ spec_version: uint })

/** From the constant System.Version. */
function specOf(schema: Schema, { pallets }: ParsedMetadata): number {
  const constant = pallets.find(pallet => pallet.name === 'System')?.constants.find(found => found.name === 'Version')
  const what = 'The runtime’s version (System.Version in its metadata) cannot be read'
  if (constant === undefined) throw undecodable(what, 'it is not there', {})
  try {
    const bytes = Buffer.from(constant.value.slice(2), 'hex')
    return readWhole(version(schema, constant.type, 'System.Version'), bytes).spec_version
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    throw undecodable(what, error.message, {}, error)
  }
}

function hasEvent({ types, pallets }: ParsedMetadata, pallet: string, event: string): boolean {
  const type = pallets.find(found => found.name === pallet)?.events?.type
  if (type === undefined || !types.has(type)) return false
  const def = types.def(type)
  return def.tag === 'variant' && def.value.some(kind => kind.name === event)
}
