import { decAnyMetadata, metadata as metadataCodec } from '@polkadot-api/substrate-bindings'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { devnetRuntimes } from '../../src-main/jobs/devnet/runtime.ts'
import type { Value } from '../../src-main/jobs/devnet/scale.ts'
import { decodersOf, plain } from '../helpers/devnet-reader.ts'
import { runs } from '../helpers/runs.ts'

const u32 = fc.nat({ max: 2 ** 32 - 1 })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const text = fc.string({ unit: 'grapheme', maxLength: 80 })
const resources = fc.record({ hru: u64, sru: u64, cru: u64, mru: u64 })
const ip = fc.record({ ip: text, gw: text })
const node = fc.record({
  version: u32,
  id: u32,
  farm_id: u32,
  twin_id: u32,
  rack: fc.option(u32),
  resources,
  location: fc.record({ city: text, country: text, latitude: text, longitude: text }),
  public_config: fc.option(fc.record({ ip4: ip, ip6: fc.option(ip), domain: fc.option(text) })),
  created: u64,
  farming_policy_id: u32,
  interfaces: fc.array(fc.record({ name: text, mac: text, ips: fc.array(text, { maxLength: 3 }) }), { maxLength: 70 }),
  certification: fc.constantFrom('Diy', 'Certified'),
  secure_boot: fc.boolean(),
  virtualized: fc.boolean(),
  serial_number: fc.option(text),
  connection_price: u32,
})
const powerState = fc.oneof(
  fc.constant('Up'),
  u32.map(block => ({ Down: block })),
)
const resourcesOfContract = fc.record({ contract_id: u64, used: resources })

/** What the other decoder says of an enum, in the way the devnet writes it. */
function enumsShort(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(enumsShort)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  if ('type' in value && 'value' in value && entries.length === 2)
    return value.value === null ? value.type : { [String(value.type)]: enumsShort(value.value) }
  return Object.fromEntries(entries.map(([name, inner]) => [name, enumsShort(inner)]))
}

const pairs = devnetRuntimes().map(runtime => ({ runtime, decoders: decodersOf(runtime.metadata) }))

test('the metadata is what another codec writes of the same content', () => {
  for (const { runtime } of pairs) {
    const decoded = decAnyMetadata(runtime.metadata as `0x${string}`)
    expect(decoded.metadata.tag).toBe('v14')
    expect(`0x${Buffer.from(metadataCodec.enc(decoded)).toString('hex')}`).toBe(runtime.metadata)
  }
})

test('records and events read the same by the metadata alone', () => {
  fc.assert(
    fc.property(node, powerState, resourcesOfContract, u32, u64, (record, state, used, id, wide) => {
      for (const { runtime, decoders } of pairs) {
        const { rack, ...without } = record
        const isNewer = runtime.specVersion === 146
        const expected = plain(isNewer ? record : without)
        const stored = runtime.encodeStorage('TfgridModule', 'Nodes', record)
        expect(enumsShort(decoders.value('TfgridModule', 'Nodes', stored))).toEqual(expected)
        expect(plain(runtime.decodeStorage('TfgridModule', 'Nodes', stored))).toEqual(expected)
        expect(runtime.storageKey('SmartContractModule', 'Contracts', wide)).toBe(decoders.key('SmartContractModule', 'Contracts', wide))

        const events: [string, string, Value, unknown][] = [
          ['TfgridModule', 'NodeUptimeReported', [id, wide, wide], plain([id, wide, wide])],
          ['TfgridModule', 'NodeUpdated', record, expected],
          ['SmartContractModule', 'UpdatedUsedResources', used, plain(used)],
          [
            'TfgridModule',
            'PowerStateChanged',
            { farm_id: id, node_id: id, power_state: state },
            plain({ farm_id: id, node_id: id, power_state: state }),
          ],
        ]
        for (const [pallet, name, fields, wanted] of events) {
          const bytes = runtime.event(pallet, name, fields).toString('hex')
          const [decoded] = decoders.events(`0x040001000000${bytes}00`)
          expect(decoded!.name).toBe(`${pallet}.${name}`)
          expect(enumsShort(decoded!.data)).toEqual(wanted)
        }
      }
    }),
    runs(100, 5_000),
  )
})
