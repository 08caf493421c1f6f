import type { ArchiveHeader, EndSnapshot, StartSnapshot } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'
import { namesOf } from './json-basics.ts'
import { END, type JsonReader } from './json-reader.ts'
import { readValue } from './json-value.ts'
import { readContract, readFarm, readList, readNode, readPayoutAddress, readPolicy, readPower, readTwin } from './records.ts'

/** The members of a line by name: `read` goes to the one named and reads it, refusing the line if it is not there. */
export interface LineMembers {
  has(name: string): boolean
  read<T>(name: string, read: (r: JsonReader) => T): T
}

const formats = namesOf('grid-archive')
const periodNames = namesOf('index', 'start', 'end')
const blocksNames = namesOf('first', 'last')
const integer = (r: JsonReader) => r.integer()

/** The header. Its version comes first: a newer one may have any other form. */
export function readHeader(line: LineMembers): ArchiveHeader {
  line.read('format', r => r.choice(formats))
  line.read('version', r => {
    const version = r.integer()
    if (version > 1) {
      r.fail(`is ${version}: this archive was written by a newer program. This one reads version 1; update it`)
    }
    if (version < 1) r.fail(`must be 1, but is ${version}`)
  })
  const network = line.read('network', r => r.string() || r.fail('must name the network, but is empty'))
  const period = line.read('period', readPeriod)
  const blocks = line.read('blocks', readBlocks)
  return { kind: 'header', format: 'grid-archive', version: 1, network, period, blocks }
}

function readPeriod(r: JsonReader): ArchiveHeader['period'] {
  const period = { index: 0, start: 0, end: 0 }
  r.enterObject()
  for (let i = r.member(periodNames, 0); i !== END; i = r.member(periodNames, i + 1)) {
    if (i === 0) period.index = r.integer()
    else if (i === 1) period.start = r.integer()
    else period.end = r.integer()
  }
  r.require(periodNames, 3)
  const { start, end } = periodAt(period.index)
  if (period.start !== start || period.end !== end) {
    r.fail(`says that period ${period.index} is ${period.start} to ${period.end}, but that period is ${start} to ${end}`)
  }
  return period
}

function readBlocks(r: JsonReader): ArchiveHeader['blocks'] {
  const blocks = { first: 0, last: 0 }
  r.enterObject()
  for (let i = r.member(blocksNames, 0); i !== END; i = r.member(blocksNames, i + 1)) {
    if (i === 0) blocks.first = r.integer()
    else blocks.last = r.integer()
  }
  r.require(blocksNames, 2)
  if (blocks.last < blocks.first) r.fail(`ends (${blocks.last}) before it begins (${blocks.first})`)
  return blocks
}

const readNodes = (r: JsonReader) => readList(r, 'node', 'id', readNode, n => n.id)
const readContracts = (r: JsonReader) => readList(r, 'contract', 'contract_id', readContract, c => c.contract_id)
const readPowers = (r: JsonReader) => readList(r, 'node', 'node_id', readPower, p => p.node_id)
const readFarms = (r: JsonReader) => readList(r, 'farm', 'id', readFarm, f => f.id)
const readTwins = (r: JsonReader) => readList(r, 'twin', 'id', readTwin, t => t.id)
const readPolicies = (r: JsonReader) => readList(r, 'farming policy', 'id', readPolicy, p => p.id)
const readAddresses = (r: JsonReader) => readList(r, 'farm', 'farm_id', readPayoutAddress, a => a.farm_id)

function readStates(r: JsonReader): unknown[] {
  const states: unknown[] = []
  r.enterList()
  while (r.element()) states.push(readValue(r))
  return states
}

export function readStart(line: LineMembers): StartSnapshot {
  const snapshot: StartSnapshot = {
    kind: 'snapshot',
    at: 'start',
    block: line.read('block', integer),
    ts: line.read('ts', integer),
    nodes: line.read('nodes', readNodes),
    contracts: line.read('contracts', readContracts),
    power: line.read('power', readPowers),
  }
  if (line.has('connectionPrice')) snapshot.connectionPrice = line.read('connectionPrice', integer)
  if (line.has('farms')) snapshot.farms = line.read('farms', readFarms)
  if (line.has('farmingPolicies')) snapshot.farmingPolicies = line.read('farmingPolicies', readPolicies)
  if (line.has('nodeStates')) snapshot.nodeStates = line.read('nodeStates', readStates)
  return snapshot
}

export function readEnd(line: LineMembers, start: StartSnapshot): EndSnapshot {
  const block = line.read('block', r => {
    const value = r.integer()
    return value >= start.block ? value : r.fail(`is ${value}, before block ${start.block} of the start snapshot`)
  })
  const ts = line.read('ts', r => {
    const value = r.integer()
    return value >= start.ts ? value : r.fail(`is ${value}, before the start snapshot's ${start.ts}`)
  })
  return {
    kind: 'snapshot',
    at: 'end',
    block,
    ts,
    farms: line.read('farms', readFarms),
    twins: line.read('twins', readTwins),
    farmingPolicies: line.read('farmingPolicies', readPolicies),
    payoutAddresses: line.read('payoutAddresses', readAddresses),
  }
}
