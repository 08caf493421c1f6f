import type { EventSink, RareEvent, U64 } from './grid.ts'

/** What an event of EventColumns is: the two low bits of its `kinds`. */
export const UPTIME = 0
export const USE = 1
/** told by `others`: what does not fit the columns */
export const OTHER = 2
export const POWER = 3

/** What changed, for POWER. */
export const TARGET_UP = 0
export const TARGET_DOWN = 1
export const STATE_UP = 2
export const STATE_DOWN = 3

/** An event as data, also one of the two that EventSink tells by a call of its own: their figures may be too large for a column. */
export type AnyEvent = RareEvent | ['uptime', number, U64, U64] | ['use', number, U64, U64, U64]

/**
 * Events of 64 neighbouring nodes in chain order, by columns: millions of them are folded without a call and an object for each.
 * Only the first `count` entries hold, and only until the one who filled them in goes on.
 */
export interface EventColumns {
  count: number
  /** node minus `firstNode`, times 4, plus what it is */
  readonly kinds: Uint8Array
  firstNode: number
  /** the event's block as an index into `blocks` and `times` (seconds) */
  readonly at: Uint32Array
  blocks: Float64Array
  times: Float64Array
  /** UPTIME: now; USE: contract; OTHER: index into `others`; POWER: what changed */
  readonly a: Float64Array
  /** UPTIME: uptime; USE: window; POWER: farm */
  readonly b: Float64Array
  /** USE: nru; POWER: the block since when it is Down, for STATE_DOWN */
  readonly c: Float64Array
  /** USE: timestamp */
  readonly d: Float64Array
  others: AnyEvent[]
}

/** A sink that takes changes of power without an event made for each; where nodes sleep and wake daily they are half of what a mint is told. */
export interface PowerSink extends EventSink {
  /** `change`: TARGET_UP to STATE_DOWN */
  power(nodeId: number, change: number): void
}

/** A sink that takes events by columns too; it then gets all of them so. */
export interface ColumnSink extends EventSink {
  columns(events: EventColumns): void
}

/** Room for `size` events. */
export function eventColumns(size: number): EventColumns {
  const none = new Float64Array(0)
  return {
    count: 0,
    kinds: new Uint8Array(size),
    firstNode: 0,
    at: new Uint32Array(size),
    blocks: none,
    times: none,
    a: new Float64Array(size),
    b: new Float64Array(size),
    c: new Float64Array(size),
    d: new Float64Array(size),
    others: [],
  }
}

/** Tells a sink one event that is given as data. */
export function tellAny(sink: EventSink, event: AnyEvent): void {
  if (event[0] === 'uptime') sink.uptime(event[1], event[2], event[3])
  else if (event[0] === 'use') sink.consumption(event[1], event[2], event[3], event[4])
  else sink.rare(event)
}

/** Tells a sink event `i` of the columns; its block has been told. */
export function tellColumn(sink: EventSink | PowerSink, events: EventColumns, i: number): void {
  const kind = events.kinds[i]!
  const nodeId = events.firstNode + (kind >> 2)
  const type = kind & 3
  if (type === UPTIME) sink.uptime(nodeId, events.a[i]!, events.b[i]!)
  else if (type === USE) sink.consumption(events.a[i]!, events.d[i]!, events.b[i]!, events.c[i]!)
  else if (type === OTHER) tellAny(sink, events.others[events.a[i]!]!)
  else if ('power' in sink) sink.power(nodeId, events.a[i]!)
  else sink.rare(powerEvent(nodeId, events.b[i]!, events.a[i]!, events.c[i]!))
}

function powerEvent(nodeId: number, farmId: number, change: number, downSinceBlock: number): RareEvent {
  if (change === TARGET_UP || change === TARGET_DOWN) {
    const target = change === TARGET_UP ? 'Up' : 'Down'
    return ['TfgridModule.PowerTargetChanged', { farm_id: farmId, node_id: nodeId, power_target: target }]
  }
  const state = change === STATE_UP ? 'Up' : { Down: downSinceBlock }
  return ['TfgridModule.PowerStateChanged', { farm_id: farmId, node_id: nodeId, power_state: state }]
}
