import type { EventName, EventSink, PowerState, PowerTarget, RareEvent, Resources } from '../../src-shared/grid.ts'
import { namesOf } from './json-basics.ts'
import { END, type JsonReader } from './json-reader.ts'
import { readContract, readFarm, readNode, readPolicy, readPowerState, readPowerTarget, readResources } from './records.ts'

const eventNames = [
  'TfgridModule.NodeUptimeReported',
  'SmartContractModule.NruConsumptionReportReceived',
  'TfgridModule.NodeStored',
  'TfgridModule.NodeUpdated',
  'TfgridModule.NodeDeleted',
  'TfgridModule.PowerTargetChanged',
  'TfgridModule.PowerStateChanged',
  'TfgridModule.FarmUpdated',
  'TfgridModule.FarmingPolicyStored',
  'TfgridModule.FarmingPolicyUpdated',
  'TfgridModule.ConnectionPriceSet',
  'SmartContractModule.ContractCreated',
  'SmartContractModule.UpdatedUsedResources',
  'SmartContractModule.NodeContractCanceled',
  'SmartContractModule.RentContractCanceled',
] as const satisfies EventName[]
const names = namesOf(...eventNames)

/** Reads one event, `[name, data]` in any valid spelling, and gives it to the sink. */
export function readEvent(r: JsonReader, sink: EventSink): void {
  r.enterList()
  if (!r.element()) r.fail('is an empty event; an event is [name, data]')
  if (r.peek() !== 0x22) r.expected('the name of an event')
  const which = r.choice(names, 0, 'a known event')
  if (!r.element()) r.fail(`lacks the data of its event; an event is [name, data]`)
  // The two that come by the million go out only when the whole event was seen to be well formed.
  if (which === 0) readUptime(r, sink)
  else if (which === 1) readConsumption(r, sink)
  else {
    const event = readRare(r, eventNames[which] as RareEvent[0])
    closeEvent(r)
    sink.rare(event)
  }
}

function closeEvent(r: JsonReader): void {
  if (r.element()) r.fail('is more than an event has; an event is [name, data]')
}

const uptimeNames = namesOf('node_id', 'now', 'uptime')
function readUptime(r: JsonReader, sink: EventSink): void {
  let nodeId = 0
  let now: number | bigint = 0
  let uptime: number | bigint = 0
  r.enterObject()
  for (let i = r.member(uptimeNames, 0); i !== END; i = r.member(uptimeNames, i + 1)) {
    if (i === 0) nodeId = r.integer()
    else if (i === 1) now = r.u64()
    else uptime = r.u64()
  }
  r.require(uptimeNames, 3)
  closeEvent(r)
  sink.uptime(nodeId, now, uptime)
}

const consumptionNames = namesOf('contract_id', 'timestamp', 'window', 'nru')
function readConsumption(r: JsonReader, sink: EventSink): void {
  let contractId = 0
  let timestamp: number | bigint = 0
  let window: number | bigint = 0
  let nru: number | bigint = 0
  r.enterObject()
  for (let i = r.member(consumptionNames, 0); i !== END; i = r.member(consumptionNames, i + 1)) {
    if (i === 0) contractId = r.integer()
    else if (i === 1) timestamp = r.u64()
    else if (i === 2) window = r.u64()
    else nru = r.u64()
  }
  r.require(consumptionNames, 4)
  closeEvent(r)
  sink.consumption(contractId, timestamp, window, nru)
}

/** An object with one member that is a whole record. */
function readOnly<T>(r: JsonReader, only: ReturnType<typeof namesOf>, read: (r: JsonReader) => T): T {
  let value: T | undefined
  r.enterObject()
  for (let i = r.member(only, 0); i !== END; i = r.member(only, 0)) value = read(r)
  r.require(only, 1)
  return value as T
}

const nodeOnly = namesOf('node')
const nodeIdOnly = namesOf('node_id')
const farmOnly = namesOf('farm')
const policyOnly = namesOf('policy')
const priceOnly = namesOf('price')
const contractOnly = namesOf('contract')
const contractIdOnly = namesOf('contract_id')

function readRare(r: JsonReader, name: RareEvent[0]): RareEvent {
  switch (name) {
    case 'TfgridModule.NodeStored':
    case 'TfgridModule.NodeUpdated':
      return [name, { node: readOnly(r, nodeOnly, readNode) }]
    case 'TfgridModule.NodeDeleted':
      return [name, { node_id: readOnly(r, nodeIdOnly, () => r.integer()) }]
    case 'TfgridModule.PowerTargetChanged':
      return [name, readPowerTargetChanged(r)]
    case 'TfgridModule.PowerStateChanged':
      return [name, readPowerStateChanged(r)]
    case 'TfgridModule.FarmUpdated':
      return [name, { farm: readOnly(r, farmOnly, readFarm) }]
    case 'TfgridModule.FarmingPolicyStored':
    case 'TfgridModule.FarmingPolicyUpdated':
      return [name, { policy: readOnly(r, policyOnly, readPolicy) }]
    case 'TfgridModule.ConnectionPriceSet':
      return [name, { price: readOnly(r, priceOnly, () => r.integer()) }]
    case 'SmartContractModule.ContractCreated':
      return [name, { contract: readOnly(r, contractOnly, readContract) }]
    case 'SmartContractModule.UpdatedUsedResources':
      return [name, readUsed(r)]
    case 'SmartContractModule.NodeContractCanceled':
      return [name, readNodeContractCanceled(r)]
    case 'SmartContractModule.RentContractCanceled':
      return [name, { contract_id: readOnly(r, contractIdOnly, () => r.integer()) }]
  }
}

const targetNames = namesOf('farm_id', 'node_id', 'power_target')
function readPowerTargetChanged(r: JsonReader) {
  const out = { farm_id: 0, node_id: 0, power_target: 'Up' as PowerTarget }
  r.enterObject()
  for (let i = r.member(targetNames, 0); i !== END; i = r.member(targetNames, i + 1)) {
    if (i === 0) out.farm_id = r.integer()
    else if (i === 1) out.node_id = r.integer()
    else out.power_target = readPowerTarget(r)
  }
  r.require(targetNames, 3)
  return out
}

const stateNames = namesOf('farm_id', 'node_id', 'power_state')
function readPowerStateChanged(r: JsonReader) {
  const out = { farm_id: 0, node_id: 0, power_state: 'Up' as PowerState }
  r.enterObject()
  for (let i = r.member(stateNames, 0); i !== END; i = r.member(stateNames, i + 1)) {
    if (i === 0) out.farm_id = r.integer()
    else if (i === 1) out.node_id = r.integer()
    else out.power_state = readPowerState(r)
  }
  r.require(stateNames, 3)
  return out
}

const usedNames = namesOf('contract_id', 'used')
function readUsed(r: JsonReader) {
  let contractId = 0
  let used: Resources | undefined
  r.enterObject()
  for (let i = r.member(usedNames, 0); i !== END; i = r.member(usedNames, i + 1)) {
    if (i === 0) contractId = r.integer()
    else used = readResources(r)
  }
  r.require(usedNames, 2)
  return { contract_id: contractId, used: used! }
}

const canceledNames = namesOf('contract_id', 'node_id', 'twin_id')
function readNodeContractCanceled(r: JsonReader) {
  const out = { contract_id: 0, node_id: 0, twin_id: 0 }
  r.enterObject()
  for (let i = r.member(canceledNames, 0); i !== END; i = r.member(canceledNames, i + 1)) {
    if (i === 0) out.contract_id = r.integer()
    else if (i === 1) out.node_id = r.integer()
    else out.twin_id = r.integer()
  }
  r.require(canceledNames, 3)
  return out
}
