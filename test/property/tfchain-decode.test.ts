import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildRuntime } from '../../src-main/clients/tfchain/runtime.ts'
import { AppError } from '../../src-shared/errors.ts'
import { blockOf, createEventList, createValues, openPeer, randomFrom } from '../helpers/chain-peer.ts'
import { runs } from '../helpers/runs.ts'
import { encodeTree, tinyTree } from '../helpers/tiny-metadata.ts'

const real = join(import.meta.dirname, '../../../shared/data/metadata/tfchain-152.scale')
if (!existsSync(real)) console.log('skipped: damaged bytes by a real runtime, ../shared/data/metadata is not here')
const sources: [string, () => Uint8Array][] = [['a tiny runtime', () => encodeTree(tinyTree().tree)]]
if (existsSync(real)) sources.push(['the runtime of spec 152', () => new Uint8Array(readFileSync(real))])

/** Either it works, or it is this one error. */
function onlyUndecodable(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'chain.undecodable') throw error
  }
}

/** Changes as damage makes them: bytes set, cut out, put in, the rest cut off. */
const damage = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'remove', 'insert', 'cut'),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x13, 0xfe, 0xff), fc.nat(255)),
  }),
  { minLength: 1, maxLength: 4 },
)
function damaged(bytes: Uint8Array, changes: { kind: string; at: number; byte: number }[]): Uint8Array {
  const out = [...bytes]
  for (const { kind, at, byte } of changes) {
    const place = Math.floor(at * out.length)
    if (kind === 'set') out[place] = byte
    else if (kind === 'remove') out.splice(place, 1)
    else if (kind === 'insert') out.splice(place, 0, byte)
    else out.length = place
  }
  return Uint8Array.from(out)
}

test.each(sources)('%s: random and damaged bytes are decoded or refused, nothing else', (_name, open) => {
  const metadata = open()
  const runtime = buildRuntime(metadata)
  const peer = openPeer(metadata)
  const readers = [
    runtime.node,
    runtime.farm,
    runtime.twin,
    runtime.policy,
    runtime.contract,
    runtime.contractResources,
    runtime.power,
    runtime.payoutAddress,
    (bytes: Uint8Array) => runtime.ids('TfgridModule', 'NodesByFarmID', bytes),
  ]
  const all = (bytes: Uint8Array) => {
    onlyUndecodable(() => runtime.decodeEvents(bytes, createEventList().sink, 1))
    for (const read of readers) onlyUndecodable(() => read(bytes))
  }
  const options = runs(200, 20_000)
  fc.assert(
    fc.property(fc.nat(), damage, fc.uint8Array({ maxLength: 200 }), (seed, changes, bytes) => {
      const values = createValues(metadata, randomFrom(seed))
      const kinds = Array.from({ length: 5 }, (_, i) => peer.kinds[(seed + 31 * i) % peer.kinds.length]!)
      all(damaged(blockOf(kinds.map(kind => ({ event: values.event(kind), topics: seed % 2 }))), changes))
      const type = values.storageType('TfgridModule', 'Nodes')!
      all(damaged(values.value(type), changes))
      all(bytes)
      // begins as a block of some events does
      all(Uint8Array.of(16, 1, peer.kinds[seed % peer.kinds.length]!.pallet, ...bytes))
    }),
    options,
  )
})

test.each(sources)('%s: damaged metadata makes a runtime or is refused', (_name, open) => {
  const metadata = open()
  const peer = openPeer(metadata)
  const options = runs(metadata.length > 50_000 ? 15 : 200, 20_000)
  fc.assert(
    fc.property(fc.nat(), damage, (seed, changes) => {
      const values = createValues(metadata, randomFrom(seed))
      const block = blockOf(peer.kinds.filter((_, i) => (i + seed) % 7 === 0).map(kind => ({ event: values.event(kind) })))
      onlyUndecodable(() => {
        const runtime = buildRuntime(damaged(metadata, changes))
        onlyUndecodable(() => runtime.decodeEvents(block, createEventList().sink, 1))
        onlyUndecodable(() => runtime.node(block))
        onlyUndecodable(() => runtime.storageKey('TfgridModule', 'Nodes', Uint8Array.of(1, 0, 0, 0)))
        runtime.hasStorage('TfgridModule', 'NodeStored')
      })
    }),
    options,
  )
  expect(buildRuntime(metadata).specVersion).toBeGreaterThan(100)
})
