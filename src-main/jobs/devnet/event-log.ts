import type { DevnetRuntime } from './runtime.ts'
import { createWriter, reserve, type Value, writeCompact, writeRaw, writeU8 } from './scale.ts'

const CHUNK_BYTES = 4 * 1024 * 1024

/** Byte strings laid one after another in large pieces: an object for each block's events would take more room than the events. */
export interface Arena {
  /** a copy is kept; the position is for `get` */
  add(bytes: Uint8Array): number
  get(position: number, length: number): Buffer
}

export function createArena(): Arena {
  const chunks: Buffer[] = []
  let used = 0
  return {
    add(bytes) {
      if (chunks.length === 0 || used + bytes.length > chunks.at(-1)!.length) {
        chunks.push(Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytes.length)))
        used = 0
      }
      chunks.at(-1)!.set(bytes, used)
      const position = (chunks.length - 1) * 2 ** 32 + used
      used += bytes.length
      return position
    },
    get(position, length) {
      const offset = position % 2 ** 32
      return chunks[Math.floor(position / 2 ** 32)]!.subarray(offset, offset + length)
    },
  }
}

/**
 * Events of one block, kept short: each event's bytes (pallet index, event index, fields) with their length before them. Phases, topics
 * and the success of each extrinsic are added when somebody asks: every event counts as the only one of an extrinsic of its own.
 */
export interface EventLog {
  begin(runtime: DevnetRuntime): void
  event(pallet: string, name: string, fields: Value): void
  /** the two that come by the million, without making objects */
  uptime(nodeId: number, now: number | bigint, uptime: number | bigint): void
  consumption(contractId: number, timestamp: number | bigint, window: number | bigint, nru: number | bigint): void
  /** valid until the next begin */
  bytes(): Buffer
}

const LONG = 255

export function createEventLog(): EventLog {
  const writer = createWriter()
  let runtime: DevnetRuntime
  let uptimeIndexes: [number, number]
  let consumptionIndexes: [number, number]
  const u64 = (at: number, value: number | bigint): void => {
    if (typeof value === 'bigint') writer.bytes.writeBigUInt64LE(value, at)
    else {
      writer.bytes.writeUInt32LE(value % 2 ** 32, at)
      writer.bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4)
    }
  }
  const head = (length: number, indexes: [number, number]): number => {
    const at = reserve(writer, length + 1)
    writer.bytes[at] = length
    writer.bytes[at + 1] = indexes[0]
    writer.bytes[at + 2] = indexes[1]
    return at + 3
  }
  return {
    begin(next) {
      writer.length = 0
      if (next === runtime) return
      runtime = next
      uptimeIndexes = runtime.eventIndexes('TfgridModule', 'NodeUptimeReported')
      consumptionIndexes = runtime.eventIndexes('SmartContractModule', 'NruConsumptionReportReceived')
    },
    event(pallet, name, fields) {
      const bytes = runtime.event(pallet, name, fields)
      if (bytes.length < LONG) writeU8(writer, bytes.length)
      else {
        writeU8(writer, LONG)
        const at = reserve(writer, 4)
        writer.bytes.writeUInt32LE(bytes.length, at)
      }
      writeRaw(writer, bytes)
    },
    uptime(nodeId, now, uptime) {
      const at = head(22, uptimeIndexes)
      writer.bytes.writeUInt32LE(nodeId, at)
      u64(at + 4, now)
      u64(at + 12, uptime)
    },
    consumption(contractId, timestamp, window, nru) {
      const at = head(34, consumptionIndexes)
      u64(at, contractId)
      u64(at + 8, timestamp)
      u64(at + 16, window)
      u64(at + 24, nru)
    },
    bytes: () => writer.bytes.subarray(0, writer.length),
  }
}

const successes = new WeakMap<DevnetRuntime, { mandatory: Buffer; normal: Buffer }>()

/** ExtrinsicSuccess of the timestamp and of an ordinary extrinsic. */
export function successEvents(runtime: DevnetRuntime): { mandatory: Buffer; normal: Buffer } {
  let made = successes.get(runtime)
  if (!made) {
    const success = (kind: string): Buffer => runtime.event('System', 'ExtrinsicSuccess', { dispatch_info: dispatchInfo(kind) })
    made = { mandatory: success('Mandatory'), normal: success('Normal') }
    successes.set(runtime, made)
  }
  return made
}

export function dispatchInfo(kind: string): Value {
  return { weight: { ref_time: 262_074_000n, proof_size: 1_493n }, class: kind, pays_fee: 'Yes' }
}

/** An event as System.Events has it. */
export interface EventRecord {
  extrinsic: number
  event: Buffer
}

/** What System.Events holds: SCALE of a list of records, all in the phase of applying an extrinsic, without topics. */
export function encodeRecords(records: readonly EventRecord[]): Buffer {
  const writer = createWriter()
  writeCompact(writer, records.length)
  for (const { extrinsic, event } of records) {
    const at = reserve(writer, 5)
    writer.bytes[at] = 0
    writer.bytes.writeUInt32LE(extrinsic, at + 1)
    writeRaw(writer, event)
    writeU8(writer, 0)
  }
  return writer.bytes.subarray(0, writer.length)
}

/** The events of a log with the success of each extrinsic; the timestamp's is extrinsic 0. */
export function recordsOf(log: Buffer, runtime: DevnetRuntime): EventRecord[] {
  const { mandatory, normal } = successEvents(runtime)
  const records: EventRecord[] = [{ extrinsic: 0, event: mandatory }]
  for (let at = 0, extrinsic = 1; at < log.length; extrinsic++) {
    let length = log[at]!
    at += 1
    if (length === LONG) {
      length = log.readUInt32LE(at)
      at += 4
    }
    records.push({ extrinsic, event: log.subarray(at, at + length) }, { extrinsic, event: normal })
    at += length
  }
  return records
}
