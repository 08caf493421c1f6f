import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Metadata, TypeRegistry } from '@polkadot/types'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callValue, readCallValue } from '../../src-main/clients/tfchain/calls.ts'
import { createExtrinsics, eraAt, extrinsicHash, signedBytes, type Terms } from '../../src-main/clients/tfchain/extrinsic.ts'
import { devnetRuntimes } from '../../src-main/jobs/devnet/runtime.ts'
import type { ChainCall } from '../../src-shared/chain-contract.ts'
import { runs } from '../helpers/runs.ts'

/* Payloads and extrinsics against @polkadot/types, for the real runtimes' metadata and the devnet's. */

const folder = new URL('../../../shared/data/metadata', import.meta.url).pathname
const metadataOf: Record<string, () => Uint8Array> = Object.fromEntries([
  ...realFiles().map(name => [name, () => new Uint8Array(readFileSync(join(folder, name)))] as const),
  ...devnetRuntimes().map(({ specVersion, metadata }) => [`devnet ${specVersion}`, () => bytesOf(metadata)] as const),
])

function realFiles(): string[] {
  try {
    return readdirSync(folder).filter(name => name.endsWith('.scale'))
  } catch {
    // a clone without the shared data still has the devnet's
    return []
  }
}
function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.slice(2), 'hex'))
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => `0x${Buffer.from(bytes).toString('hex')}`)
const call: fc.Arbitrary<ChainCall> = fc.oneof(
  fc.record({ kind: fc.constant('vote' as const), farmId: u32, proposal: hash, approve: fc.boolean() }),
  fc.record({
    kind: fc.constant('payout-address' as const),
    farmId: u32,
    address: fc
      .array(fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'), { minLength: 55, maxLength: 55 })
      .map(letters => `G${letters.join('')}`),
  }),
)
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const periodStart = fc.nat(Number.MAX_SAFE_INTEGER)
/** of minting, which no released runtime has */
const mintCall: fc.Arbitrary<ChainCall> = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), nodeId: u32 }),
  fc.record({ kind: fc.constant('submit-amount' as const), nodeId: u32, periodStart, amountUnits: u64.map(String) }),
  fc.record({ kind: fc.constant('trigger' as const), nodeId: u32, periodStart }),
)
const terms = fc.record({
  nonce: u32,
  tip: fc.bigInt({ min: 0n, max: 2n ** 127n }),
  block: fc.nat(2 ** 31),
  birthHash: hash,
  genesis: hash,
})

test('an era is as long as the chain keeps hashes of blocks: 2,048 of the 2,400 that all these have', () => {
  for (const metadata of Object.values(metadataOf)) expect(createExtrinsics(metadata()).longestEra).toBe(2048)
})

describe.each(Object.keys(metadataOf))('%s', name => {
  const metadata = metadataOf[name]!()
  const ours = createExtrinsics(metadata)
  const hasMinting = ours.calls().every(({ missing }) => missing === '')
  const registry = new TypeRegistry()
  const warn = console.warn
  console.warn = () => undefined
  registry.setMetadata(new Metadata(registry, `0x${Buffer.from(metadata).toString('hex')}`))
  console.warn = warn

  test('payload and extrinsic are byte for byte those of @polkadot/types, and read back as what was asked for', () => {
    fc.assert(
      fc.property(
        hasMinting ? fc.oneof(call, mintCall) : call,
        terms,
        fc.constantFrom('sr25519' as const, 'ed25519' as const),
        fc.uint8Array({ minLength: 96, maxLength: 96 }),
        (asked, given, kind, random) => {
          const { specVersion, transactionVersion } = ours
          const full: Terms = { ...given, era: eraAt(given.block), specVersion, transactionVersion }
          const payload = ours.payload(callValue(asked), full)
          const { pallet, name: method, args } = callValue(asked)
          const index = registry.metadata.pallets.find(found => found.name.toString() === pallet)!
          const variant = registry.lookup
            .getSiType(index.calls.unwrap().type)
            .def.asVariant.variants.find(found => found.name.toString() === method)!
          const values = Object.values(args).map(value => (value instanceof Uint8Array ? `0x${Buffer.from(value).toString('hex')}` : value))
          const made = registry.createType('Call', {
            callIndex: [index.index.toNumber(), variant.index.toNumber()],
            args: Object.fromEntries(Object.keys(args).map((key, i) => [key, values[i]])),
          } as never)
          const theirs = {
            blockHash: given.birthHash,
            era: registry.createType('ExtrinsicEra', { current: given.block, period: 64 }).toHex(),
            genesisHash: given.genesis,
            method: made.toHex(),
            nonce: registry.createType('Compact<u32>', given.nonce).toHex(),
            specVersion,
            tip: registry.createType('Compact<u128>', given.tip).toHex(),
            transactionVersion,
            version: 4,
          }
          const expected = registry.createType('ExtrinsicPayload', theirs as never, { version: 4 })
          expect(Buffer.from(payload).toString('hex')).toBe(Buffer.from(expected.toU8a({ method: true })).toString('hex'))
          const decoded = ours.decode(payload)
          expect(decoded).toEqual({
            nonce: given.nonce,
            tip: given.tip,
            birthHash: given.birthHash,
            genesis: given.genesis,
            specVersion,
            transactionVersion,
            era: full.era,
            call: { pallet, name: method, args: decoded.call.args },
          })
          expect(readCallValue(decoded.call)).toEqual(asked)
          expect(
            Object.entries(decoded.call.args).map(([key, value]) => [
              key,
              value instanceof Uint8Array ? Buffer.from(value).toString() : value,
            ]),
          ).toEqual(Object.entries(args).map(([key, value]) => [key, value instanceof Uint8Array ? Buffer.from(value).toString() : value]))
          const publicKey = random.slice(0, 32)
          const signature = random.slice(32)
          const extrinsic = ours.assemble(payload, { kind, publicKey }, signature)
          const read = registry.createType('Extrinsic', extrinsic)
          expect(read.toHex()).toBe(`0x${Buffer.from(extrinsic).toString('hex')}`)
          expect(read.hash.toHex()).toBe(extrinsicHash(extrinsic))
          expect(Buffer.from(read.signer.value as unknown as Uint8Array)).toEqual(Buffer.from(publicKey))
          expect(read.nonce.toNumber()).toBe(given.nonce)
          expect(read.tip.toBigInt()).toBe(given.tip)
        },
      ),
      runs(60),
    )
  })

  test('bytes that were changed are refused, or say what they now say; none is read as the call that was shown', () => {
    const { specVersion, transactionVersion } = ours
    fc.assert(
      fc.property(call, terms, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (asked, given, at, by, cut) => {
        const payload = ours.payload(callValue(asked), { ...given, era: eraAt(given.block), specVersion, transactionVersion })
        const changed = cut ? payload.slice(0, at % payload.length) : Uint8Array.from(payload)
        if (!cut) changed[at % payload.length]! ^= by
        let read: unknown
        try {
          read = ours.decode(changed)
        } catch (error) {
          expect(error).toMatchObject({ code: 'chain.undecodable' })
          return
        }
        expect(cut).toBe(false)
        expect(read).not.toEqual(ours.decode(payload))
      }),
      runs(100),
    )
  })
})

test('what a chain has no call for is told: no released runtime has a pallet Minting, the devnet has', () => {
  const missing = (name: string) =>
    Object.fromEntries(
      createExtrinsics(metadataOf[name]!())
        .calls()
        .map(one => [one.kind, one.missing]),
    )
  const both = { vote: '', 'payout-address': '' }
  const minting = (why: string) => ({ claim: why, 'submit-amount': why, trigger: why })
  for (const name of realFiles()) expect(missing(name)).toEqual({ ...both, ...minting('This network’s chain has no Minting.') })
  expect(missing('devnet 146')).toEqual({ ...both, ...minting('') })
})

test('long payloads are signed by their hash', () => {
  expect(signedBytes(new Uint8Array(256))).toHaveLength(256)
  expect(signedBytes(new Uint8Array(257))).toHaveLength(32)
})
