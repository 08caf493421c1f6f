import { crc32 } from 'node:zlib'
import { Blake2256 } from '@polkadot-api/substrate-bindings'
import { type Arena, createArena, type EventRecord, encodeRecords, recordsOf } from './event-log.ts'
import { hashesBefore, type KnownTime, timesBefore } from './past.ts'
import { type DevnetRuntime, devnetRuntimes } from './runtime.ts'
import { createWriter, writeCompact, writeRaw, writeU8 } from './scale.ts'
import { createStateHistory, type StateHistory } from './state.ts'

export interface ChainHeader {
  parentHash: string
  number: string
  stateRoot: string
  extrinsicsRoot: string
  digest: { logs: string[] }
}

export interface SealedBlock {
  /** seconds since the epoch */
  ts: number
  /** of an event log */
  log: Buffer
  /** of a block with signed extrinsics: these instead of the log's */
  signed?: { extrinsics: Buffer[]; records: EventRecord[] }
}

/** A chain's blocks from genesis to its head, which grows by `seal`. */
export interface DevChain {
  readonly name: string
  /** the first block that has events and state; before it there are only hashes and times */
  readonly base: number
  /** its time, seconds */
  readonly baseTs: number
  /** the block that upgrades the runtime: the last one whose events are those of the first runtime */
  readonly upgradeBlock: number
  readonly state: StateHistory
  head(): number
  hash(block: number): string
  /** undefined for a hash that is no block's */
  numberOf(hash: string): number | undefined
  tsOf(block: number): number
  records(block: number): EventRecord[]
  events(block: number): Buffer
  header(block: number): ChainHeader
  /** the timestamp's and the signed ones; the extrinsics behind an archive's events are not known and not there */
  extrinsics(block: number): string[]
  /** the runtime that a node names for the state after that block */
  runtimeAfter(block: number): DevnetRuntime
  /** the runtime that ran the block: its events and stored values are encoded with it */
  runtimeOf(block: number): DevnetRuntime
  /** adds the next block and tells those who listen */
  seal(block: SealedBlock): number
  onSealed(listener: (block: number) => void): () => void
}

export interface ChainOptions {
  /** two chains of one name share their past */
  name: string
  base: number
  baseTs: number
  /** times of blocks before the base, where known */
  known: readonly KnownTime[]
  upgradeBlock: number
  /** how many blocks will come, as far as that is known */
  expectedBlocks: number
}

const HASH_BYTES = 32
const NO_EVENTS = Buffer.alloc(0)

export function createChain(options: ChainOptions): DevChain {
  const { name, base, upgradeBlock } = options
  const [before, after] = devnetRuntimes()
  const state = createStateHistory()
  const arena: Arena = createArena()
  const past = hashesBefore(name)
  const pastTime = timesBefore({ block: base, ts: options.baseTs }, options.known)
  const listeners = new Set<(block: number) => void>()
  const signed = new Map<number, { extrinsics: Buffer[]; records: EventRecord[] }>()
  let capacity = Math.max(1024, options.expectedBlocks)
  let count = 0
  let hashes = Buffer.alloc(capacity * HASH_BYTES)
  let times = new Float64Array(capacity)
  let positions = new Float64Array(capacity)
  let lengths = new Uint32Array(capacity)
  let slots = new Uint32Array(tableSize(capacity))

  const grow = (): void => {
    capacity *= 2
    const more = <T extends Float64Array | Uint32Array>(old: T, larger: T): T => {
      larger.set(old)
      return larger
    }
    hashes = Buffer.concat([hashes], capacity * HASH_BYTES)
    times = more(times, new Float64Array(capacity))
    positions = more(positions, new Float64Array(capacity))
    lengths = more(lengths, new Uint32Array(capacity))
    slots = new Uint32Array(tableSize(capacity))
    for (let index = 0; index < count; index++) enter(index)
  }
  /** Puts a kept block into the table from hashes to blocks. */
  const enter = (index: number): void => {
    let slot = hashes.readUInt32LE(index * HASH_BYTES) & (slots.length - 1)
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = index + 1
  }
  const hashBytes = (block: number): Buffer => {
    if (block < 0) return Buffer.alloc(HASH_BYTES)
    if (block < base) return past.hashOf(block)
    const at = (block - base) * HASH_BYTES
    return hashes.subarray(at, at + HASH_BYTES)
  }
  const numberOf = (hash: string): number | undefined => {
    const bytes = Buffer.from(hash.slice(2), 'hex')
    if (bytes.length !== HASH_BYTES) return undefined
    for (let slot = bytes.readUInt32LE(0) & (slots.length - 1); slots[slot] !== 0; slot = (slot + 1) & (slots.length - 1)) {
      const index = slots[slot]! - 1
      if (hashes.compare(bytes, 0, HASH_BYTES, index * HASH_BYTES, (index + 1) * HASH_BYTES) === 0) return base + index
    }
    const number = past.numberOf(bytes)
    return number < base && past.hashOf(number).equals(bytes) ? number : undefined
  }
  const tsOf = (block: number): number => (block < base ? pastTime(block) : times[block - base]!)
  const logOf = (block: number): Buffer => {
    const length = block < base ? 0 : lengths[block - base]!
    return length === 0 ? NO_EVENTS : arena.get(positions[block - base]!, length)
  }
  const runtimeOf = (block: number): DevnetRuntime => (block > upgradeBlock ? after : before)
  const records = (block: number): EventRecord[] => signed.get(block)?.records ?? recordsOf(logOf(block), runtimeOf(block))

  const stamp = (block: number): Buffer => {
    const bytes = runtimeOf(block).codec('RuntimeCall')
    const writer = createWriter()
    writeU8(writer, 4)
    bytes.write(writer, { Timestamp: { set: { now: tsOf(block) * 1000 } } })
    const framed = createWriter()
    writeCompact(framed, writer.length)
    writeRaw(framed, writer.bytes.subarray(0, writer.length))
    return framed.bytes.subarray(0, framed.length)
  }
  /** There is no trie: these roots only differ where blocks do. */
  const roots = (block: number): [Buffer, Buffer] => {
    const stateRoot = Buffer.alloc(HASH_BYTES)
    const log = logOf(block)
    stateRoot.writeDoubleLE(tsOf(block), 0)
    stateRoot.writeUInt32LE(crc32(log), 8)
    stateRoot.writeUInt32LE(log.length, 12)
    const own = signed.get(block)
    if (!own) return [stateRoot, stateRoot]
    stateRoot.set(Blake2256(encodeRecords(own.records)).subarray(0, 16), 16)
    return [stateRoot, Buffer.from(Blake2256(Buffer.concat(own.extrinsics)))]
  }
  const logsOf = (block: number): string[] => (block === upgradeBlock ? [RUNTIME_UPDATED] : [])
  const headerBytes = createWriter()
  const computeHash = (block: number): Uint8Array => {
    const [stateRoot, extrinsicsRoot] = roots(block)
    headerBytes.length = 0
    writeRaw(headerBytes, hashBytes(block - 1))
    writeCompact(headerBytes, block)
    writeRaw(headerBytes, stateRoot)
    writeRaw(headerBytes, extrinsicsRoot)
    const logs = logsOf(block)
    writeCompact(headerBytes, logs.length)
    for (const log of logs) writeRaw(headerBytes, Buffer.from(log.slice(2), 'hex'))
    return Blake2256(headerBytes.bytes.subarray(0, headerBytes.length))
  }

  return {
    name,
    base,
    baseTs: options.baseTs,
    upgradeBlock,
    state,
    head: () => base + count - 1,
    hash: block => hex(hashBytes(block)),
    numberOf,
    tsOf,
    records,
    events: block => encodeRecords(records(block)),
    header(block) {
      const [stateRoot, extrinsicsRoot] = roots(block)
      return {
        parentHash: hex(hashBytes(block - 1)),
        number: `0x${block.toString(16)}`,
        stateRoot: hex(stateRoot),
        extrinsicsRoot: hex(extrinsicsRoot),
        digest: { logs: logsOf(block) },
      }
    },
    extrinsics: block => [hex(stamp(block)), ...(signed.get(block)?.extrinsics ?? []).map(hex)],
    runtimeAfter: block => (block >= upgradeBlock ? after : before),
    runtimeOf,
    seal({ ts, log, signed: own }) {
      if (count === capacity) grow()
      const index = count
      const block = base + index
      times[index] = ts
      positions[index] = log.length === 0 ? 0 : arena.add(log)
      lengths[index] = log.length
      if (own) signed.set(block, own)
      count++
      hashes.set(computeHash(block), index * HASH_BYTES)
      enter(index)
      for (const listener of listeners) listener(block)
      return block
    },
    onSealed(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** DigestItem::RuntimeEnvironmentUpdated */
const RUNTIME_UPDATED = '0x08'

function tableSize(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * 2))
}

export function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}
