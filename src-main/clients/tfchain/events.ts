import type { RareEvent } from '../../../src-shared/grid.ts'
import { CONSUMPTION, isFollowed, measureConsumption, measureUptime, type Places, type RareName, readRare, UPTIME } from './followed.ts'
import { asSkip, readCount, readU32, type Skip } from './layout.ts'
import type { Field, ParsedMetadata } from './metadata.ts'
import { Misfit, misfit, tooShort, undecodable } from './misfit.ts'
import type { ChainEventSink } from './types.ts'
import { type Cursor, cursorOf, fieldsOf, type Read, readU64, type Schema, safeNumber } from './values.ts'

/** Decodes blocks' System.Events; see Runtime.decodeEvents in types.ts. */
export type DecodeEvents = (events: Uint8Array, sink: ChainEventSink, block: number) => number

/** What to do with an event, as a number: so many bytes to skip, or one of these. */
const UNSEEN = -1
const REPORT = -2
const USAGE = -3
const SKIP = -4
const READ = -5

interface EventKind {
  pallet: string
  name: string
  fields: readonly Field[]
}

interface Frame {
  /** bytes of a phase by its first byte; 0: there is no such phase */
  phaseSizes: Int32Array
  topics: Skip
  /** the runtime's events by pallet index and event index */
  pallets: Map<number, { name: string; events: Map<number, EventKind> }>
}

/**
 * Makes the decoder of a runtime's events. What an event kind needs is made when the first of its kind comes, so that a kind
 * that is not as expected does no harm where it never comes. The sink may have been called before an error is thrown: nothing
 * of that block may be kept then. What the sink throws goes through as it is.
 */
export function createEventDecoder(schema: Schema, metadata: ParsedMetadata, spec: number): DecodeEvents {
  let frame: Frame | null = null
  const codes = new Int32Array(256 * 256).fill(UNSEEN)
  const skips: Skip[] = []
  const reads: Read<RareEvent>[] = []
  let report: Places = { at: [], size: 0 }
  let usage: Places = { at: [], size: 0 }

  function kindOf(pallet: number, event: number): EventKind {
    const found = frame?.pallets.get(pallet)
    if (found === undefined) return misfit('this runtime has no such pallet')
    return found.events.get(event) ?? misfit(`the pallet ${found.name} has no such event`)
  }

  /** Makes what is needed for one kind of event. */
  function prepare(pallet: number, event: number): number {
    const slot = (pallet << 8) | event
    const kind = kindOf(pallet, event)
    const name = `${kind.pallet}.${kind.name}`
    if (name === UPTIME) {
      report = measureUptime(schema, kind.fields)
      codes[slot] = REPORT
    } else if (name === CONSUMPTION) {
      usage = measureConsumption(schema, kind.fields)
      codes[slot] = USAGE
    } else if (isFollowed(name)) {
      reads[slot] = readRare(schema, name as RareName, kind.fields)
      codes[slot] = READ
    } else {
      const layout = schema.layouts.layoutOfFields(kind.fields)
      if (typeof layout === 'number' && layout < 2 ** 30) codes[slot] = layout
      else {
        skips[slot] = asSkip(layout)
        codes[slot] = SKIP
      }
    }
    return codes[slot]!
  }

  function deliver(cursor: Cursor, at: number, code: number, slot: number, sink: ChainEventSink): number {
    const { bytes, end } = cursor
    if (code === REPORT) {
      if (at + report.size > end) tooShort()
      const places = report.at
      sink.uptime(readU32(bytes, at + places[0]!), readU64(bytes, at + places[1]!), readU64(bytes, at + places[2]!))
      return at + report.size
    }
    if (code === USAGE) {
      if (at + usage.size > end) tooShort()
      const places = usage.at
      const contractId = safeNumber(readU64(bytes, at + places[0]!), 'its contract_id')
      sink.consumption(contractId, readU64(bytes, at + places[1]!), readU64(bytes, at + places[2]!), readU64(bytes, at + places[3]!))
      return at + usage.size
    }
    if (code === SKIP) return skips[slot]!(cursor, at)
    cursor.at = at
    const event = reads[slot]!(cursor)
    if (cursor.at > end) tooShort()
    sink.rare(event)
    return cursor.at
  }

  return (events, sink, block) => {
    // no value stored: a block before the first event
    if (events.length === 0) return 0
    const cursor = cursorOf(events)
    const end = events.length
    let slot = -1
    try {
      frame ??= frameOf(schema, metadata)
      const { phaseSizes, topics } = frame
      const count = readCount(cursor, 0)
      let at = cursor.next
      if (count > end - at) misfit(`it says that ${count} events come, and has ${end - at} bytes for them`)
      for (let i = 0; i < count; i++) {
        slot = -1
        if (at >= end) tooShort()
        const phase = phaseSizes[events[at]!]!
        if (phase === 0) misfit(`the phase ${events[at]!} of event ${i} is none`)
        at += phase
        if (at + 2 > end) tooShort()
        slot = (events[at]! << 8) | events[at + 1]!
        let code = codes[slot]!
        if (code === UNSEEN) code = prepare(slot >> 8, slot & 255)
        at += 2
        at = code >= 0 ? at + code : deliver(cursor, at, code, slot, sink)
        if (at >= end) tooShort()
        // nearly all have no topics: a list of none is a single 0
        at = events[at] === 0 ? at + 1 : topics(cursor, at)
      }
      slot = -1
      if (at > end) tooShort()
      if (at < end) misfit(`${end - at} bytes are left over behind its ${count} events`)
      return count
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
      throw eventError(error, frame, slot, spec, block)
    }
  }
}

function eventError(error: Misfit, frame: Frame | null, slot: number, spec: number, block: number) {
  if (slot < 0) {
    const what = `The list of events of block ${block} (runtime ${spec}) cannot be decoded`
    return undecodable(what, error.message, { pallet: null, event: null, spec, block }, error)
  }
  const found = frame?.pallets.get(slot >> 8)
  const pallet = found?.name ?? String(slot >> 8)
  const event = found?.events.get(slot & 255)?.name ?? String(slot & 255)
  const what = `Block ${block} holds an event that this Granary cannot decode, ${pallet}.${event} (runtime ${spec})`
  return undecodable(what, error.message, { pallet, event, spec, block }, error)
}

/** The form of System.Events: a list of records of phase, event and topics, in this order. */
function frameOf(schema: Schema, { pallets }: ParsedMetadata): Frame {
  const { types, layouts } = schema
  const item = pallets.find(pallet => pallet.name === 'System')?.storage?.items.find(found => found.name === 'Events')
  if (item?.type.tag !== 'plain') return misfit('this runtime has no System.Events')
  const list = types.def(types.unwrap(item.type.value))
  if (list.tag !== 'sequence') return misfit('System.Events is no list')
  const fields = fieldsOf(schema, list.value, 'an event’s record')
  if (fields.map(field => field.name).join() !== 'phase,event,topics') misfit('an event’s record is not phase, event, topics')
  return {
    phaseSizes: phaseSizesOf(schema, fields[0]!.type),
    topics: asSkip(layouts.layoutOf(fields[2]!.type)),
    pallets: palletsOf(schema, fields[1]!.type),
  }
}

function phaseSizesOf({ types, layouts }: Schema, type: number): Int32Array {
  const def = types.def(types.unwrap(type))
  if (def.tag !== 'variant') return misfit('a phase is no choice of cases')
  const sizes = new Int32Array(256)
  for (const { index, fields } of def.value) {
    const layout = layouts.layoutOfFields(fields)
    if (typeof layout !== 'number' || layout > 256) return misfit('a phase has no fixed number of bytes')
    sizes[index] = 1 + layout
  }
  return sizes
}

function palletsOf({ types }: Schema, type: number): Frame['pallets'] {
  const outer = types.def(types.unwrap(type))
  if (outer.tag !== 'variant') return misfit('an event is no choice of pallets')
  const pallets: Frame['pallets'] = new Map()
  for (const { index, name, fields } of outer.value) {
    const inner = fields.length === 1 ? types.def(fields[0]!.type) : null
    if (inner?.tag !== 'variant') return misfit(`the events of pallet ${name} are no choice of events`)
    const kinds = inner.value.map((kind): [number, EventKind] => [kind.index, { pallet: name, name: kind.name, fields: kind.fields }])
    pallets.set(index, { name, events: new Map(kinds) })
  }
  return pallets
}
