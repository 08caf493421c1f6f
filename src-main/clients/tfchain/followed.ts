import type { EventData, EventName, RareEvent } from '../../../src-shared/grid.ts'
import { contract, contractResources, farm, node, policy, powerState, powerTarget } from './chain-records.ts'
import type { Field } from './metadata.ts'
import { misfit } from './misfit.ts'
import { fieldsOf, id, type Read, readFields, type Schema, type Shape, type Shapes, uint } from './values.ts'

export type RareName = RareEvent[0]
/** Makes the reader of an event from its fields. */
type EventShape<T> = (schema: Schema, fields: readonly Field[], what: string) => Read<T>

/** The events that Granary follows besides the two that come by the million (see measure below). */
export const rareEvents: { [N in RareName]: EventShape<EventData[N]> } = {
  'TfgridModule.NodeStored': only('node', node),
  'TfgridModule.NodeUpdated': only('node', node),
  'TfgridModule.NodeDeleted': members({ node_id: uint }),
  'TfgridModule.PowerTargetChanged': members({ farm_id: uint, node_id: uint, power_target: powerTarget }),
  'TfgridModule.PowerStateChanged': members({ farm_id: uint, node_id: uint, power_state: powerState }),
  'TfgridModule.FarmUpdated': only('farm', farm),
  'TfgridModule.FarmingPolicyStored': only('policy', policy),
  'TfgridModule.FarmingPolicyUpdated': only('policy', policy),
  'TfgridModule.ConnectionPriceSet': members({ price: uint }),
  'SmartContractModule.ContractCreated': only('contract', contract),
  'SmartContractModule.UpdatedUsedResources': within(contractResources),
  'SmartContractModule.NodeContractCanceled': members({ contract_id: id, node_id: uint, twin_id: uint }),
  'SmartContractModule.RentContractCanceled': members({ contract_id: id }),
}

export const UPTIME: EventName = 'TfgridModule.NodeUptimeReported'
export const CONSUMPTION: EventName = 'SmartContractModule.NruConsumptionReportReceived'

/** Whether Granary follows that event. */
export function isFollowed(name: string): name is EventName {
  return name === UPTIME || name === CONSUMPTION || Object.hasOwn(rareEvents, name)
}

/** A reader of an event as an archive's line has it. Throws Misfit where the fields are others than expected. */
export function readRare<N extends RareName>(schema: Schema, name: N, fields: readonly Field[]): Read<RareEvent> {
  const read = rareEvents[name](schema, fields, 'it')
  return cursor => [name, read(cursor)] as RareEvent
}

/** The event's only field, under the archive's name. */
function only<N extends string, T>(name: N, shape: Shape<T>): EventShape<{ [K in N]: T }> {
  return (schema, fields, what) => {
    const read = shape(schema, onlyType(fields, what, name), name)
    return cursor => ({ [name]: read(cursor) }) as { [K in N]: T }
  }
}

/** The event's only field is the record itself. */
function within<T>(shape: Shape<T>): EventShape<T> {
  return (schema, fields, what) => shape(schema, onlyType(fields, what), what)
}

function onlyType(fields: readonly Field[], what: string, name?: string): number {
  const field = fields[0]
  if (fields.length !== 1 || field === undefined) return misfit(`${what} has ${fields.length} fields, not one`)
  if (field.name !== undefined && name !== undefined && field.name !== name) misfit(`${what} has no field ${name}`)
  return field.type
}

/** Fields by name; where the chain gives them none, as many as there are members, in their order. */
function members<T extends object>(shapes: Shapes<T>): EventShape<T> {
  return (schema, fields, what) => readFields(schema, named(fields, Object.keys(shapes), what), shapes, what)
}

function named(fields: readonly Field[], names: string[], what: string): readonly Field[] {
  if (fields.some(field => field.name !== undefined)) return fields
  if (fields.length !== names.length) misfit(`${what} has ${fields.length} fields, not ${names.length}`)
  return fields.map((field, i) => ({ name: names[i], type: field.type }))
}

/** Where the numbers of a frequent event stand, counted from its first byte, and how many bytes it has. */
export interface Places {
  at: number[]
  size: number
}

type Width = 'u32' | 'u64'

/** NodeUptimeReported: node_id, now, uptime. */
export function measureUptime(schema: Schema, fields: readonly Field[]): Places {
  const wanted: Record<string, Width> = { node_id: 'u32', now: 'u64', uptime: 'u64' }
  return measure(schema, named(fields, Object.keys(wanted), 'it'), wanted)
}

/** NruConsumptionReportReceived: the record contract_id, timestamp, window, nru. */
export function measureConsumption(schema: Schema, fields: readonly Field[]): Places {
  return measure(schema, fieldsOf(schema, onlyType(fields, 'it'), 'it'), {
    contract_id: 'u64',
    timestamp: 'u64',
    window: 'u64',
    nru: 'u64',
  })
}

function measure({ types, layouts }: Schema, fields: readonly Field[], wanted: Record<string, Width>): Places {
  const places = new Map<string, number>()
  let size = 0
  for (const { name, type } of fields) {
    const bytes = layouts.layoutOf(type)
    if (typeof bytes !== 'number') return misfit(`its field ${name} has no fixed number of bytes`)
    if (name !== undefined && Object.hasOwn(wanted, name)) {
      const def = types.def(types.unwrap(type))
      if (def.tag !== 'primitive' || def.value.tag !== wanted[name]) misfit(`its field ${name} is no ${wanted[name]}`)
      places.set(name, size)
    }
    size += bytes
  }
  const at = Object.keys(wanted).map(name => places.get(name) ?? misfit(`it has no field ${name}`))
  return { at, size }
}
