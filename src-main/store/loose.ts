import type { RunSink } from '../../src-shared/event-runs.ts'
import type { EventName, EventSink, RareEvent } from '../../src-shared/grid.ts'
import { END, type LoadBlob } from './codec-bucket.ts'
import type { ChunkHead } from './codec-head.ts'
import { BucketReader } from './codec-read.ts'
import type { Place } from './envelope.ts'

/** An event of no node that every node's mint by rule set node-period may depend on, with its place in its chunk and its block. */
export interface LooseEvent {
  place: number
  n: number
  ts: number
  event: RareEvent
}

/** Of what is in the bucket LOOSE the rest (names, contracts that nobody knows) concerns no node. */
const wanted: ReadonlySet<EventName> = new Set<EventName>([
  'TfgridModule.FarmUpdated',
  'TfgridModule.FarmingPolicyStored',
  'TfgridModule.FarmingPolicyUpdated',
  'TfgridModule.ConnectionPriceSet',
])

/** Takes those events out of a chunk's bucket LOOSE. They are few, so they are kept while bucket after bucket is read beside them. */
export function looseEvents(load: LoadBlob, head: ChunkHead, expected: number, at: Place): LooseEvent[] {
  const events: LooseEvent[] = []
  const reader = new BucketReader(load, head, expected, at)
  let place = 0
  let n = 0
  let ts = 0
  const sink: EventSink = {
    block(number, time) {
      n = number
      ts = time
    },
    uptime: () => {},
    consumption: () => {},
    rare(event) {
      if (wanted.has(event[0])) events.push({ place, n, ts, event })
    },
  }
  while (reader.next < END) {
    place = reader.next
    reader.run(sink, place + 1)
  }
  return events
}

/**
 * Delivers a bucket's events of one chunk (of one node with `slot`, see BucketReader.run; null: it has none) with the loose ones of that
 * chunk between them, in chain order.
 */
export function runBeside(reader: BucketReader | null, loose: readonly LooseEvent[], sink: EventSink | RunSink, slot: number): void {
  for (const { place, n, ts, event } of loose) {
    reader?.run(sink, place, slot)
    sink.block(n, ts)
    sink.rare(event)
  }
  if (reader !== null && loose.length === 0 && slot < 0 && 'wantsRuns' in sink && reader.runs(sink)) return
  reader?.run(sink, END, slot)
}
