import type {
  ContractType,
  FarmingPolicy,
  GridContract,
  GridFarm,
  GridNode,
  GridTwin,
  PowerState,
  PowerTarget,
  Resources,
} from '../../../src-shared/grid.ts'
import type { NodePower } from './types.ts'
import { caseName, cases, fieldsOf, flag, hex, id, optional, record, type Schema, type Shape, text, u64, uint } from './values.ts'

/*
 * The chain's records as the grid archive has them (interfaces.md, "Grid archive"): which fields there are, by the names
 * that the chain gives them. Everything else in a record is skipped.
 */

export const resources = record<Resources>({ hru: u64, sru: u64, cru: u64, mru: u64 })

export const farm = record<GridFarm>({ id: uint, name: text, twin_id: uint })

interface Place {
  country: string
  city: string
}
type Location = GridNode['location']
type NodeRest = Omit<GridNode, 'location' | 'country' | 'city'>
const place = { country: text, city: text }
const location = { latitude: text, longitude: text }
const nodeRest = {
  id: uint,
  farm_id: uint,
  twin_id: uint,
  resources,
  created: id,
  farming_policy_id: uint,
  certification: cases<GridNode['certification']>({ Diy: { is: 'Diy' }, Certified: { is: 'Certified' } }),
  virtualized: flag,
  connection_price: uint,
}

/** Country and city stand in the node itself up to spec 115, in its location since. */
export const node: Shape<GridNode> = (schema, type, what) => {
  const isInNode = hasField(schema, type, 'country', what)
  const read = isInNode
    ? record<NodeRest & Place & { location: Location }>({ ...nodeRest, ...place, location: record<Location>(location) })(schema, type, what)
    : record<NodeRest & { location: Location & Place }>({ ...nodeRest, location: record<Location & Place>({ ...location, ...place }) })(
        schema,
        type,
        what,
      )
  return cursor => {
    const found = read(cursor)
    const { country, city } = 'country' in found ? found : found.location
    return {
      id: found.id,
      farm_id: found.farm_id,
      twin_id: found.twin_id,
      resources: found.resources,
      location: { latitude: found.location.latitude, longitude: found.location.longitude },
      country,
      city,
      created: found.created,
      farming_policy_id: found.farming_policy_id,
      certification: found.certification,
      virtualized: found.virtualized,
      connection_price: found.connection_price,
    }
  }
}

function hasField(schema: Schema, type: number, name: string, what: string): boolean {
  return fieldsOf(schema, type, what).some(field => field.name === name)
}

/**
 * Relay and key came with spec 130; a twin of before has an `ip` instead, and neither: relay and pk are null. A relay of no
 * bytes is '' and, as null, none to rule set v3 (minting.md, "Twins"). No key is null and fine there; a key of no bytes is
 * `0x`, which is there and invalid.
 */
export const twin: Shape<GridTwin> = (schema, type, what) => {
  if (hasField(schema, type, 'ip', what) && !hasField(schema, type, 'relay', what)) {
    const read = record({ id: uint })(schema, type, what)
    return cursor => ({ id: read(cursor).id, relay: null, pk: null })
  }
  return record<GridTwin>({ id: uint, relay: optional(text), pk: optional(hex) })(schema, type, what)
}

export const policy = record<FarmingPolicy>({
  id: uint,
  name: text,
  cu: uint,
  su: uint,
  nu: uint,
  ipv4: uint,
  minimal_uptime: uint,
  policy_end: uint,
  immutable: flag,
  default: flag,
  node_certification: caseName,
  farm_certification: caseName,
})

const nodeContract = record<{ node_id: number; public_ips: number }>({ node_id: uint, public_ips: uint })
const rentContract = record<{ node_id: number }>({ node_id: uint })
const nameContract = record<{ name: string }>({ name: text })
/** Without `resources`, which the chain keeps beside the contract. */
export const contract = record<GridContract>({
  contract_id: id,
  twin_id: uint,
  contract_type: cases<ContractType>({
    NodeContract: { holds: wrapped('NodeContract', nodeContract) },
    RentContract: { holds: wrapped('RentContract', rentContract) },
    NameContract: { holds: wrapped('NameContract', nameContract) },
  }),
})

/** The value of `shape` as the only member of an object. */
export function wrapped<N extends string, T>(name: N, shape: Shape<T>): Shape<{ [K in N]: T }> {
  return (schema, type, what) => {
    const read = shape(schema, type, what)
    return cursor => ({ [name]: read(cursor) }) as { [K in N]: T }
  }
}

export const contractResources = record<{ contract_id: number; used: Resources }>({ contract_id: id, used: resources })

export const powerTarget = cases<PowerTarget>({ Up: { is: 'Up' }, Down: { is: 'Down' } })
export const powerState = cases<PowerState>({ Up: { is: 'Up' }, Down: { holds: wrapped('Down', uint) } })
export const power = record<NodePower>({ state: powerState, target: powerTarget })
