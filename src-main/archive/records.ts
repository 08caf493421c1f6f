import type {
  ContractType,
  FarmingPolicy,
  GridContract,
  GridFarm,
  GridNode,
  GridPower,
  GridTwin,
  PayoutAddress,
  PowerState,
  PowerTarget,
  Resources,
} from '../../src-shared/grid.ts'
import { namesOf } from './json-basics.ts'
import { END, type JsonReader } from './json-reader.ts'

/*
 * The chain's records as an archive has them: each function reads one from the cursor, in any order of members, and
 * refuses what is missing, there twice or of the wrong kind. Results have the format's order of members.
 */

const resourceNames = namesOf('hru', 'sru', 'cru', 'mru')
export function readResources(r: JsonReader): Resources {
  const out: Resources = { hru: 0, sru: 0, cru: 0, mru: 0 }
  r.enterObject()
  for (let i = r.member(resourceNames, 0); i !== END; i = r.member(resourceNames, i + 1)) {
    if (i === 0) out.hru = r.u64()
    else if (i === 1) out.sru = r.u64()
    else if (i === 2) out.cru = r.u64()
    else out.mru = r.u64()
  }
  r.require(resourceNames, 4)
  return out
}

const locationNames = namesOf('latitude', 'longitude')
function readLocation(r: JsonReader): GridNode['location'] {
  const out = { latitude: '', longitude: '' }
  r.enterObject()
  for (let i = r.member(locationNames, 0); i !== END; i = r.member(locationNames, i + 1)) {
    if (i === 0) out.latitude = r.string()
    else out.longitude = r.string()
  }
  r.require(locationNames, 2)
  return out
}

const certifications = namesOf('Diy', 'Certified')
const nodeNames = namesOf(
  'id',
  'farm_id',
  'twin_id',
  'resources',
  'location',
  'country',
  'city',
  'created',
  'farming_policy_id',
  'certification',
  'virtualized',
  'connection_price',
)
export function readNode(r: JsonReader): GridNode {
  const out: GridNode = {
    id: 0,
    farm_id: 0,
    twin_id: 0,
    resources: noResources,
    location: noLocation,
    country: '',
    city: '',
    created: 0,
    farming_policy_id: 0,
    certification: 'Diy',
    virtualized: false,
    connection_price: 0,
  }
  r.enterObject()
  for (let i = r.member(nodeNames, 0); i !== END; i = r.member(nodeNames, i + 1)) {
    switch (i) {
      case 0:
        out.id = r.integer()
        break
      case 1:
        out.farm_id = r.integer()
        break
      case 2:
        out.twin_id = r.integer()
        break
      case 3:
        out.resources = readResources(r)
        break
      case 4:
        out.location = readLocation(r)
        break
      case 5:
        out.country = r.string()
        break
      case 6:
        out.city = r.string()
        break
      case 7:
        out.created = r.integer()
        break
      case 8:
        out.farming_policy_id = r.integer()
        break
      case 9:
        out.certification = r.choice(certifications) === 0 ? 'Diy' : 'Certified'
        break
      case 10:
        out.virtualized = r.boolean()
        break
      default:
        out.connection_price = r.integer()
    }
  }
  r.require(nodeNames, 12)
  return out
}
/** Stand-ins that require() makes sure are replaced. */
const noResources: Resources = { hru: 0, sru: 0, cru: 0, mru: 0 }
const noLocation = { latitude: '', longitude: '' }

const contractKinds = namesOf('NodeContract', 'RentContract', 'NameContract')
const nodeContractNames = namesOf('node_id', 'public_ips')
const rentContractNames = namesOf('node_id')
const nameContractNames = namesOf('name')
function readContractType(r: JsonReader): ContractType {
  let type: ContractType | undefined
  r.enterObject()
  for (let i = r.member(contractKinds, 0); i !== END; i = r.member(contractKinds, 0)) {
    if (type !== undefined) r.fail('is a second kind of contract in one contract_type; a contract has exactly one')
    type = readContractVariant(r, i)
  }
  return type ?? r.fail('must be one of NodeContract, RentContract, NameContract')
}

function readContractVariant(r: JsonReader, kind: number): ContractType {
  r.enterObject()
  if (kind === 2) {
    let name = ''
    for (let i = r.member(nameContractNames, 0); i !== END; i = r.member(nameContractNames, 0)) name = r.string()
    r.require(nameContractNames, 1)
    return { NameContract: { name } }
  }
  let nodeId = 0
  if (kind === 1) {
    for (let i = r.member(rentContractNames, 0); i !== END; i = r.member(rentContractNames, 0)) nodeId = r.integer()
    r.require(rentContractNames, 1)
    return { RentContract: { node_id: nodeId } }
  }
  let publicIps = 0
  for (let i = r.member(nodeContractNames, 0); i !== END; i = r.member(nodeContractNames, i + 1)) {
    if (i === 0) nodeId = r.integer()
    else publicIps = r.integer()
  }
  r.require(nodeContractNames, 2)
  return { NodeContract: { node_id: nodeId, public_ips: publicIps } }
}

const contractNames = namesOf('contract_id', 'twin_id', 'contract_type', 'resources')
export function readContract(r: JsonReader): GridContract {
  let contractId = 0
  let twinId = 0
  let type: ContractType | undefined
  let resources: Resources | null | undefined
  r.enterObject()
  for (let i = r.member(contractNames, 0); i !== END; i = r.member(contractNames, i + 1)) {
    if (i === 0) contractId = r.integer()
    else if (i === 1) twinId = r.integer()
    else if (i === 2) type = readContractType(r)
    else resources = r.takeNull() ? null : readResources(r)
  }
  r.require(contractNames, 3)
  const out: GridContract = { contract_id: contractId, twin_id: twinId, contract_type: type! }
  if (resources !== undefined) out.resources = resources
  return out
}

const powerWords = namesOf('Up', 'Down')
export function readPowerTarget(r: JsonReader): PowerTarget {
  return r.choice(powerWords) === 0 ? 'Up' : 'Down'
}

const upWord = namesOf('Up')
const downNames = namesOf('Down')
/** `"Up"` or `{"Down":block}`. */
export function readPowerState(r: JsonReader): PowerState {
  const first = r.peek()
  if (first === 0x22) {
    r.choice(upWord)
    return 'Up'
  }
  if (first !== 0x7b) r.expected('"Up" or {"Down":block}')
  let block = 0
  r.enterObject()
  for (let i = r.member(downNames, 0); i !== END; i = r.member(downNames, 0)) block = r.integer()
  r.require(downNames, 1)
  return { Down: block }
}

const powerNames = namesOf('node_id', 'state', 'target', 'down_since_ts')
export function readPower(r: JsonReader): GridPower {
  let nodeId = 0
  let state: PowerState = 'Up'
  let target: PowerTarget = 'Up'
  let since: number | null | undefined
  r.enterObject()
  for (let i = r.member(powerNames, 0); i !== END; i = r.member(powerNames, i + 1)) {
    if (i === 0) nodeId = r.integer()
    else if (i === 1) state = readPowerState(r)
    else if (i === 2) target = readPowerTarget(r)
    else since = r.takeNull() ? null : r.integer()
  }
  r.require(powerNames, 3)
  return since === undefined ? { node_id: nodeId, state, target } : { node_id: nodeId, state, down_since_ts: since, target }
}

const farmNames = namesOf('id', 'name', 'twin_id')
export function readFarm(r: JsonReader): GridFarm {
  const out: GridFarm = { id: 0, name: '', twin_id: 0 }
  r.enterObject()
  for (let i = r.member(farmNames, 0); i !== END; i = r.member(farmNames, i + 1)) {
    if (i === 0) out.id = r.integer()
    else if (i === 1) out.name = r.string()
    else out.twin_id = r.integer()
  }
  r.require(farmNames, 3)
  return out
}

const twinNames = namesOf('id', 'relay', 'pk')
export function readTwin(r: JsonReader): GridTwin {
  const out: GridTwin = { id: 0, relay: null, pk: null }
  r.enterObject()
  for (let i = r.member(twinNames, 0); i !== END; i = r.member(twinNames, i + 1)) {
    if (i === 0) out.id = r.integer()
    else if (i === 1) out.relay = r.stringOrNull()
    else out.pk = r.stringOrNull()
  }
  r.require(twinNames, 3)
  return out
}

const addressNames = namesOf('farm_id', 'address')
export function readPayoutAddress(r: JsonReader): PayoutAddress {
  const out: PayoutAddress = { farm_id: 0, address: '' }
  r.enterObject()
  for (let i = r.member(addressNames, 0); i !== END; i = r.member(addressNames, i + 1)) {
    if (i === 0) out.farm_id = r.integer()
    else out.address = r.string()
  }
  r.require(addressNames, 2)
  return out
}

const policyNumbers = ['id', 'cu', 'su', 'nu', 'ipv4', 'minimal_uptime', 'policy_end'] as const
const policyFlags = ['immutable', 'default'] as const
const policyTexts = ['name', 'node_certification', 'farm_certification'] as const
const policyNames = namesOf(...policyNumbers, ...policyFlags, ...policyTexts)
export function readPolicy(r: JsonReader): FarmingPolicy {
  const out: FarmingPolicy = {
    id: 0,
    name: '',
    cu: 0,
    su: 0,
    nu: 0,
    ipv4: 0,
    minimal_uptime: 0,
    policy_end: 0,
    immutable: false,
    default: false,
    node_certification: '',
    farm_certification: '',
  }
  r.enterObject()
  for (let i = r.member(policyNames, 0); i !== END; i = r.member(policyNames, 0)) {
    if (i < policyNumbers.length) out[policyNumbers[i]!] = r.integer()
    else if (i < policyNumbers.length + policyFlags.length) out[policyFlags[i - policyNumbers.length]!] = r.boolean()
    else out[policyTexts[i - policyNumbers.length - policyFlags.length]!] = r.string()
  }
  r.require(policyNames, 12)
  return out
}

/** A list in which each record is there once: `idName` names the member by which it is known, `what` the record. */
export function readList<T>(r: JsonReader, what: string, idName: string, read: (r: JsonReader) => T, idOf: (record: T) => number): T[] {
  const list: T[] = []
  const ids = new Set<number>()
  r.enterList()
  while (r.element()) {
    const record = read(r)
    const id = idOf(record)
    if (ids.has(id)) r.fail(`names ${what} ${id} (${idName}) a second time; a snapshot has each once`)
    ids.add(id)
    list.push(record)
  }
  return list
}
