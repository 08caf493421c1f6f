import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ByteWriter } from '../../src-main/store/bytes.ts'
import { BucketWriter, END, LOOSE, type LoadBlob, restOf } from '../../src-main/store/codec-bucket.ts'
import type { ChunkHead } from '../../src-main/store/codec-head.ts'
import { BucketReader } from '../../src-main/store/codec-read.ts'
import { CODEC_VERSION, ENVELOPE_BYTES, FOLLOWED, RUNS_VERSION } from '../../src-main/store/envelope.ts'
import { exactStringify } from '../../src-main/store/exact-json.ts'
import type { AppError } from '../../src-shared/errors.ts'
import { STATE_DOWN, TARGET_DOWN } from '../../src-shared/event-columns.ts'
import type { RunSink } from '../../src-shared/event-runs.ts'
import type { RareEvent } from '../../src-shared/grid.ts'
import { recorder } from '../helpers/store.ts'

const place = { period: 80, chunk: 3, bucket: 2 }
/** nodes 128 to 191 */
const FIRST_NODE = 128

/** A chunk of one block with `events` events. */
function headOf(events: number): ChunkHead {
  return {
    blocks: Float64Array.of(1_000),
    ts: Float64Array.of(1_700_000_000),
    ends: Uint32Array.of(events),
    closeMarks: null,
    rows: null,
    buckets: [place.bucket],
    counts: [events],
    contracts: [],
    digest: new Uint8Array(32),
    followed: FOLLOWED,
  }
}

function pack(events: RareEvent[], slotOf: (event: RareEvent) => number, bucket = place.bucket): Uint8Array {
  const writer = new BucketWriter(bucket)
  for (const [index, event] of events.entries()) writer.rare(index, slotOf(event), event)
  return writer.encode({ ...place, bucket }).data
}

function unpack(blob: Uint8Array, events: number, slot = -1, bucket = place.bucket): RareEvent[] {
  const into = recorder()
  new BucketReader(() => blob, headOf(events), events, { ...place, bucket }).run(into, END, slot)
  return into.seen.flatMap(seen => (seen.is === 'rare' ? [seen.event] : []))
}

const slotOfNode = (event: RareEvent) => ('node_id' in event[1] ? event[1].node_id - FIRST_NODE : 0)

const changes: RareEvent[] = [
  ['TfgridModule.PowerTargetChanged', { farm_id: 1, node_id: 128, power_target: 'Down' }],
  ['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: 128, power_state: { Down: 13_000_000 } }],
  ['TfgridModule.PowerTargetChanged', { farm_id: 0xffff_ffff, node_id: 191, power_target: 'Up' }],
  ['TfgridModule.PowerStateChanged', { farm_id: 0, node_id: 191, power_state: 'Up' }],
  ['TfgridModule.PowerStateChanged', { farm_id: 7, node_id: 130, power_state: { Down: 0 } }],
]

describe('changes of power', () => {
  test('come back as they were, packed', () => {
    const blob = pack(changes, slotOfNode)
    expect(unpack(blob, changes.length)).toEqual(changes)
    expect(unpack(blob, changes.length).map(exactStringify)).toEqual(changes.map(exactStringify))
    expect(Buffer.from(blob).includes('Power')).toBe(false)
    expect(blob.length - ENVELOPE_BYTES).toBeLessThan(8 * changes.length)
  })

  test('of one node are found among others', () => {
    const blob = pack(changes, slotOfNode)
    expect(unpack(blob, changes.length, 0)).toEqual(changes.slice(0, 2))
    expect(unpack(blob, changes.length, 63)).toEqual(changes.slice(2, 4))
    expect(unpack(blob, changes.length, 5)).toEqual([])
  })

  test.each([
    ['members in another order', { node_id: 129, farm_id: 1, power_target: 'Up' }],
    ['a member more', { farm_id: 1, node_id: 129, power_target: 'Up', note: 'x' }],
    ['an unknown target', { farm_id: 1, node_id: 129, power_target: 'Sideways' }],
    ['a target with a block', { farm_id: 1, node_id: 129, power_target: { Down: 5 } }],
    ['a negative farm', { farm_id: -1, node_id: 129, power_target: 'Up' }],
    ['a farm beyond what is packed', { farm_id: 2 ** 60, node_id: 129, power_target: 'Up' }],
  ])('with %s are kept too', (_, data) => {
    const event = ['TfgridModule.PowerTargetChanged', data] as unknown as RareEvent
    expect(
      unpack(
        pack([event], () => 1),
        1,
      ).map(exactStringify),
    ).toEqual([exactStringify(event)])
  })

  test.each([['Down'], [{ Down: 2n ** 63n }], [{ Down: 1, since: 2 }], [{ Up: 1 }], [null]])('to the state %o are kept too', state => {
    const event = ['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: 129, power_state: state }] as unknown as RareEvent
    expect(
      unpack(
        pack([event], () => 1),
        1,
      ).map(exactStringify),
    ).toEqual([exactStringify(event)])
  })

  test('of no node that can be are kept too', () => {
    const event: RareEvent = ['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: 2 ** 33, power_state: 'Up' }]
    expect(
      unpack(
        pack([event], () => 0, LOOSE),
        1,
        -1,
        LOOSE,
      ),
    ).toEqual([event])
  })
})

/** A bucket as bytes of any version, with one event of this kind. */
function blobOf(version: number, kind: number, json: string, more: number[] = []): Uint8Array {
  const out = new ByteWriter()
  out.append(Uint8Array.of(version, 0, 0, 0, 0, 0, 0, 0, 0))
  for (const count of [1, 0]) out.varint(count)
  out.varint(Buffer.byteLength(json))
  out.append(Buffer.from(json))
  // nothing in the rest, no runs
  if (version >= RUNS_VERSION) out.append(Uint8Array.of(0, 0))
  out.append(Uint8Array.of(0, kind, ...more))
  const blob = out.view()
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  view.setUint32(1, FOLLOWED, true)
  const seed = crc32(blob.subarray(0, 5), crc32(`${place.period}/${place.chunk}/${place.bucket}`))
  view.setUint32(5, crc32(blob.subarray(ENVELOPE_BYTES), seed), true)
  return blob
}

function codeOf(work: () => unknown): string | null {
  try {
    work()
    return null
  } catch (error) {
    return (error as AppError).code
  }
}

test('what versions 1 and 2 wrote is read as before', () => {
  const [event] = changes
  expect(unpack(blobOf(1, (0 << 2) | 2, JSON.stringify([event])), 1)).toEqual([event])
  expect(unpack(blobOf(2, (0 << 2) | 2, JSON.stringify([event])), 1)).toEqual([event])
  expect(unpack(blobOf(CODEC_VERSION, (0 << 2) | 2, JSON.stringify([event])), 1)).toEqual([event])
})

test('what a newer version wrote is refused, and a change of power that there is not is damage', () => {
  expect(codeOf(() => unpack(blobOf(CODEC_VERSION + 1, 3, '', [0, 1]), 1))).toBe('store.newer')
  expect(codeOf(() => unpack(blobOf(CODEC_VERSION, 3, '', [0, 1]), 1))).toBe(null)
  for (const more of [[4, 1], [0], [], [3, 1], [0, 1, 1]])
    expect(
      codeOf(() => unpack(blobOf(CODEC_VERSION, 3, '', more), 1)),
      `${more}`,
    ).toBe('store.corrupt')
})

describe('runs', () => {
  const START = 1_700_000_000
  const day = Array.from({ length: 30 }, (_, i) => ({ n: 1_000 + i * 400, ts: START + i * 1_200 }))
  /** What happens in a block, told to the writer: of nodes 128 and 129, and of contract 5 on 128. */
  type Tell = (writer: BucketWriter, at: number, ts: number) => void
  const report =
    (nodeId: number, late = 0): Tell =>
    (writer, at, ts) =>
      writer.uptime(at, ts, nodeId, ts, ts - START + 50_000 - late)

  function written(blocks: Tell[]): { load: LoadBlob; head: ChunkHead } {
    const writer = new BucketWriter(place.bucket)
    for (const [index, tell] of blocks.entries()) tell(writer, index, day[index]!.ts)
    const { data, rest } = writer.encode(place)
    const head: ChunkHead = {
      ...headOf(blocks.length),
      blocks: Float64Array.from(day.slice(0, blocks.length), ({ n }) => n),
      ts: Float64Array.from(day.slice(0, blocks.length), ({ ts }) => ts),
      ends: Uint32Array.from(blocks, (_, i) => i + 1),
    }
    return { load: number => (number === place.bucket ? data : number === restOf(place.bucket) ? (rest ?? undefined) : undefined), head }
  }

  function told(
    { load, head }: ReturnType<typeof written>,
    takes: 'all' | 'others' | 'none',
  ): { reports: number; runs: number[]; all: number } {
    const seen = { reports: 0, runs: [] as number[], all: 0 }
    const sink: RunSink = {
      block: () => {},
      uptime: () => seen.reports++,
      consumption: () => seen.reports++,
      rare: () => {},
      power: () => {},
      wantsRuns: () => true,
      nodeRun: (_, run, isFirstTold) => {
        if (!isFirstTold) seen.runs.push(run.lastUptime - run.firstUptime)
        return takes === 'all' || (takes === 'others' && isFirstTold)
      },
      contractRun: (_, run, isFirstTold) => {
        if (!isFirstTold) seen.runs.push(run.windowSec)
        return takes === 'all' || (takes === 'others' && isFirstTold)
      },
    }
    expect(new BucketReader(load, head, head.counts[0]!, place).runs(sink)).toBe(true)
    const into = recorder()
    new BucketReader(load, head, head.counts[0]!, place).run(into, END)
    seen.all = into.seen.filter(({ is }) => is === 'uptime' || is === 'use').length
    return seen
  }

  test('a healthy day is one run, and is there report by report too', () => {
    const one = written(day.map(() => report(128)))
    expect(told(one, 'all')).toEqual({ reports: 0, runs: [29 * 1_200], all: 30 })
    expect(told(one, 'others')).toEqual({ reports: 1, runs: [29 * 1_200], all: 30 })
    expect(told(one, 'none')).toEqual({ reports: 30, runs: [29 * 1_200], all: 30 })
  })

  test('a chunk whose times lie too far apart is not told in runs, but all of it is told', () => {
    const { load, head } = written([report(128), report(128)])
    head.ts[1] = START + 2 ** 33
    const sink = { ...recorder(), power: () => {}, wantsRuns: () => true, nodeRun: () => true, contractRun: () => true }
    const reader = new BucketReader(load, head, 2, place)
    expect(reader.runs(sink)).toBe(false)
    reader.run(sink, END)
    expect(sink.seen.filter(({ is }) => is === 'uptime')).toHaveLength(2)
  })

  test('changes of power are told between runs, with their node and block', () => {
    const power =
      (event: RareEvent): Tell =>
      (writer, at) =>
        writer.rare(at, 1, event)
    const [down, asleep] = [
      ['TfgridModule.PowerTargetChanged', { farm_id: 300, node_id: 129, power_target: 'Down' }],
      ['TfgridModule.PowerStateChanged', { farm_id: 300, node_id: 129, power_state: { Down: 70_000 } }],
    ] as RareEvent[]
    const { load, head } = written([report(128), power(down!), report(128), power(asleep!)])
    const told: unknown[] = []
    const sink: RunSink = {
      block: n => told.push(n),
      uptime: () => {},
      consumption: () => {},
      rare: event => told.push(event),
      power: (nodeId, change) => told.push([nodeId, change]),
      wantsRuns: () => true,
      nodeRun: nodeId => told.push(nodeId) > 0,
      contractRun: () => true,
    }
    expect(new BucketReader(load, head, 4, place).runs(sink)).toBe(true)
    expect(told).toEqual([1_000, 128, 1_400, [129, TARGET_DOWN], 2_200, [129, STATE_DOWN]])
  })

  test('a reboot, a change of power and a changed node cut runs', () => {
    const power: Tell = (writer, at) => writer.rare(at, 0, changes[0]!)
    const node: Tell = (writer, at) => writer.rare(at, 0, ['TfgridModule.NodeDeleted', 128] as unknown as RareEvent)
    for (const between of [power, node]) {
      const blocks = [report(128), report(128), between, report(128), report(128), report(128)]
      expect(told(written(blocks), 'others')).toEqual({ reports: 2, runs: [1_200, 2_400], all: 5 })
    }
    const reboot = [report(128), report(128), report(128, 51_000), report(128, 51_000)]
    expect(told(written(reboot), 'others')).toEqual({ reports: 2, runs: [1_200, 1_200], all: 4 })
    // another node's events cut nothing
    const other: Tell = (writer, at) => writer.rare(at, 1, changes[0]!)
    expect(told(written([report(128), other, report(128)]), 'others')).toEqual({ reports: 1, runs: [2_400], all: 2 })
  })

  test('a lost or exchanged rest is damage, where it is read', () => {
    const { load, head } = written(day.map(() => report(128)))
    const all = (changed: LoadBlob) => codeOf(() => new BucketReader(changed, head, 30, place).run(recorder(), END))
    expect(all(load)).toBe(null)
    expect(all(number => (number === place.bucket ? load(number) : undefined))).toBe('store.corrupt')
    expect(all(() => load(place.bucket))).toBe('store.corrupt')
    const other = written(day.map(() => report(129)))
    expect(all(number => (number === place.bucket ? load(number) : other.load(number)?.slice(0, 40)))).toBe('store.corrupt')
  })
})
