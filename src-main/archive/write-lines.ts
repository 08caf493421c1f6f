import { AppError } from '../../src-shared/errors.ts'
import type {
  ArchiveHeader,
  ContractType,
  EndSnapshot,
  FarmingPolicy,
  GridContract,
  GridFarm,
  GridNode,
  PowerState,
  RareEvent,
  Resources,
  StartSnapshot,
} from '../../src-shared/grid.ts'

/*
 * The canonical text of each record: members in the order of the format's examples, no spaces, numbers as plain
 * integers. Written by hand and not by JSON.stringify, because that knows no bigint and because the order of members
 * must not depend on how a record came to be. A snapshot comes as pieces: as one string it may be too long for one.
 */

const text = (value: string): string => JSON.stringify(value)
const textOrNull = (value: string | null): string => (value === null ? 'null' : text(value))

/** Any plain JSON value; a bigint is written as the integer it is. */
export function jsonText(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return String(value)
    case 'number':
      // Beyond 2^53 a number no longer says which whole number was meant; a bigint does.
      if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
        throw new AppError('internal', `An archive cannot hold the number ${value}.`)
      return JSON.stringify(value)
    case 'string':
    case 'boolean':
      return JSON.stringify(value)
    case 'object': {
      if (value === null) return 'null'
      if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
      const members = Object.entries(value).filter(([, member]) => member !== undefined)
      return `{${members.map(([name, member]) => `${text(name)}:${jsonText(member)}`).join(',')}}`
    }
    default:
      throw new AppError('internal', `An archive cannot hold a ${typeof value}.`)
  }
}

export function headerText(h: ArchiveHeader): string {
  const period = `{"index":${h.period.index},"start":${h.period.start},"end":${h.period.end}}`
  const blocks = `{"first":${h.blocks.first},"last":${h.blocks.last}}`
  return `{"kind":"header","format":"grid-archive","version":1,"network":${text(h.network)},"period":${period},"blocks":${blocks}}\n`
}

const resourcesText = (r: Resources): string => `{"hru":${r.hru},"sru":${r.sru},"cru":${r.cru},"mru":${r.mru}}`

function nodeText(n: GridNode): string {
  return (
    `{"id":${n.id},"farm_id":${n.farm_id},"twin_id":${n.twin_id},"resources":${resourcesText(n.resources)},` +
    `"location":{"latitude":${text(n.location.latitude)},"longitude":${text(n.location.longitude)}},` +
    `"country":${text(n.country)},"city":${text(n.city)},"created":${n.created},"farming_policy_id":${n.farming_policy_id},` +
    `"certification":"${n.certification}","virtualized":${n.virtualized},"connection_price":${n.connection_price}}`
  )
}

function contractTypeText(type: ContractType): string {
  if ('NodeContract' in type) {
    return `{"NodeContract":{"node_id":${type.NodeContract.node_id},"public_ips":${type.NodeContract.public_ips}}}`
  }
  if ('RentContract' in type) return `{"RentContract":{"node_id":${type.RentContract.node_id}}}`
  return `{"NameContract":{"name":${text(type.NameContract.name)}}}`
}

function contractText(c: GridContract): string {
  const used = c.resources === undefined ? '' : `,"resources":${c.resources === null ? 'null' : resourcesText(c.resources)}`
  return `{"contract_id":${c.contract_id},"twin_id":${c.twin_id},"contract_type":${contractTypeText(c.contract_type)}${used}}`
}

const powerStateText = (state: PowerState): string => (state === 'Up' ? '"Up"' : `{"Down":${state.Down}}`)
const farmText = (f: GridFarm): string => `{"id":${f.id},"name":${text(f.name)},"twin_id":${f.twin_id}}`

function policyText(p: FarmingPolicy): string {
  return (
    `{"id":${p.id},"name":${text(p.name)},"cu":${p.cu},"su":${p.su},"nu":${p.nu},"ipv4":${p.ipv4},` +
    `"minimal_uptime":${p.minimal_uptime},"policy_end":${p.policy_end},"immutable":${p.immutable},"default":${p.default},` +
    `"node_certification":${text(p.node_certification)},"farm_certification":${text(p.farm_certification)}}`
  )
}

function* listText<T>(name: string, items: readonly T[], itemText: (item: T) => string): Generator<string> {
  yield `,"${name}":[`
  for (const [index, item] of items.entries()) yield index === 0 ? itemText(item) : `,${itemText(item)}`
  yield ']'
}

export function* startText(s: StartSnapshot): Generator<string> {
  yield `{"kind":"snapshot","at":"start","block":${s.block},"ts":${s.ts}`
  yield* listText('nodes', s.nodes, nodeText)
  yield* listText('contracts', s.contracts, contractText)
  yield* listText('power', s.power, p => {
    const since = p.down_since_ts === undefined ? '' : `,"down_since_ts":${p.down_since_ts}`
    return `{"node_id":${p.node_id},"state":${powerStateText(p.state)}${since},"target":"${p.target}"}`
  })
  if (s.connectionPrice !== undefined) yield `,"connectionPrice":${s.connectionPrice}`
  if (s.farms !== undefined) yield* listText('farms', s.farms, farmText)
  if (s.farmingPolicies !== undefined) yield* listText('farmingPolicies', s.farmingPolicies, policyText)
  if (s.nodeStates !== undefined) yield* listText('nodeStates', s.nodeStates, jsonText)
  yield '}\n'
}

export function* endText(s: EndSnapshot): Generator<string> {
  yield `{"kind":"snapshot","at":"end","block":${s.block},"ts":${s.ts}`
  yield* listText('farms', s.farms, farmText)
  yield* listText('twins', s.twins, t => `{"id":${t.id},"relay":${textOrNull(t.relay)},"pk":${textOrNull(t.pk)}}`)
  yield* listText('farmingPolicies', s.farmingPolicies, policyText)
  yield* listText('payoutAddresses', s.payoutAddresses, a => `{"farm_id":${a.farm_id},"address":${text(a.address)}}`)
  yield '}\n'
}

export function rareText(event: RareEvent): string {
  return `["${event[0]}",${rareDataText(event)}]`
}

function rareDataText([name, data]: RareEvent): string {
  switch (name) {
    case 'TfgridModule.NodeStored':
    case 'TfgridModule.NodeUpdated':
      return `{"node":${nodeText(data.node)}}`
    case 'TfgridModule.NodeDeleted':
      return `{"node_id":${data.node_id}}`
    case 'TfgridModule.PowerTargetChanged':
      return `{"farm_id":${data.farm_id},"node_id":${data.node_id},"power_target":"${data.power_target}"}`
    case 'TfgridModule.PowerStateChanged':
      return `{"farm_id":${data.farm_id},"node_id":${data.node_id},"power_state":${powerStateText(data.power_state)}}`
    case 'TfgridModule.FarmUpdated':
      return `{"farm":${farmText(data.farm)}}`
    case 'TfgridModule.FarmingPolicyStored':
    case 'TfgridModule.FarmingPolicyUpdated':
      return `{"policy":${policyText(data.policy)}}`
    case 'TfgridModule.ConnectionPriceSet':
      return `{"price":${data.price}}`
    case 'SmartContractModule.ContractCreated':
      return `{"contract":${contractText(data.contract)}}`
    case 'SmartContractModule.UpdatedUsedResources':
      return `{"contract_id":${data.contract_id},"used":${resourcesText(data.used)}}`
    case 'SmartContractModule.NodeContractCanceled':
      return `{"contract_id":${data.contract_id},"node_id":${data.node_id},"twin_id":${data.twin_id}}`
    case 'SmartContractModule.RentContractCanceled':
      return `{"contract_id":${data.contract_id}}`
  }
}
