import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketOf, buckets, exportEvents, LOOSE, readEvents } from '../../src-main/store/events.ts'
import { openStore } from '../../src-main/store/open.ts'
import { listPeriods } from '../../src-main/store/periods.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { ContractType, FarmingPolicy, GridContract, GridNode, RareEvent, U64 } from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'
import { runs } from '../helpers/runs.ts'
import { archiveOf, begin, importWhole, recorder, type Seen, withFolder } from '../helpers/store.ts'

const u64: fc.Arbitrary<U64> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(4_000_000_000) },
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32, 2 ** 48 - 1, 2 ** 48, Number.MAX_SAFE_INTEGER, 2n ** 53n, 2n ** 64n - 1n),
  fc.bigInt(2n ** 53n, 2n ** 64n - 1n),
)
const nodeId = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(0, 63, 64, 0xffff_ffff))
const contractId = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(2 ** 40, Number.MAX_SAFE_INTEGER))
const resources = fc.record({ hru: u64, sru: u64, cru: u64, mru: u64 })
const contractType: fc.Arbitrary<ContractType> = fc.oneof(
  fc.record({ NodeContract: fc.record({ node_id: nodeId, public_ips: fc.nat(3) }) }),
  fc.record({ RentContract: fc.record({ node_id: nodeId }) }),
  fc.record({ NameContract: fc.record({ name: fc.string() }) }),
)
const node: fc.Arbitrary<GridNode> = fc.record({
  id: nodeId,
  farm_id: fc.nat(),
  twin_id: fc.nat(),
  resources,
  location: fc.record({ latitude: fc.string(), longitude: fc.constantFrom('51.0512345678901234567', '":12345678901234567890}') }),
  country: fc.string(),
  city: fc.string({ unit: 'grapheme' }),
  created: fc.nat(),
  farming_policy_id: fc.nat(5),
  certification: fc.constantFrom('Diy' as const, 'Certified' as const),
  virtualized: fc.boolean(),
  connection_price: fc.nat(100),
})
const policy: fc.Arbitrary<FarmingPolicy> = fc.record({
  ...{ id: fc.nat(5), name: fc.string(), cu: fc.nat(), su: fc.nat(), nu: fc.nat(), ipv4: fc.nat(), minimal_uptime: fc.nat(1000) },
  ...{ policy_end: fc.nat(), immutable: fc.boolean(), default: fc.boolean() },
  ...{ node_certification: fc.constant('Diy'), farm_certification: fc.constant('Gold') },
})
const rare: fc.Arbitrary<RareEvent> = fc.oneof(
  fc.tuple(fc.constantFrom('TfgridModule.NodeStored' as const, 'TfgridModule.NodeUpdated' as const), fc.record({ node })),
  fc.tuple(
    fc.constant('TfgridModule.PowerStateChanged' as const),
    fc.record({ farm_id: fc.nat(), node_id: nodeId, power_state: fc.oneof(fc.constant('Up' as const), fc.record({ Down: fc.nat() })) }),
  ),
  fc.tuple(
    fc.constant('TfgridModule.PowerTargetChanged' as const),
    fc.record({ farm_id: fc.nat(), node_id: nodeId, power_target: fc.constantFrom('Up' as const, 'Down' as const) }),
  ),
  fc.tuple(fc.constant('TfgridModule.ConnectionPriceSet' as const), fc.record({ price: fc.nat() })),
  fc.tuple(
    fc.constant('TfgridModule.FarmUpdated' as const),
    fc.record({ farm: fc.record({ id: nodeId, name: fc.string(), twin_id: fc.nat() }) }),
  ),
  fc.tuple(
    fc.constantFrom('TfgridModule.FarmingPolicyStored' as const, 'TfgridModule.FarmingPolicyUpdated' as const),
    fc.record({ policy }),
  ),
  fc.tuple(fc.constant('TfgridModule.NodeDeleted' as const), fc.record({ node_id: nodeId })),
  fc.tuple(
    fc.constant('SmartContractModule.NodeContractCanceled' as const),
    fc.record({ contract_id: contractId, node_id: nodeId, twin_id: fc.nat() }),
  ),
  fc.tuple(
    fc.constant('SmartContractModule.ContractCreated' as const),
    fc.record({ contract: fc.record({ contract_id: contractId, twin_id: fc.nat(), contract_type: contractType }) }),
  ),
  fc.tuple(fc.constant('SmartContractModule.UpdatedUsedResources' as const), fc.record({ contract_id: contractId, used: resources })),
  fc.tuple(fc.constant('SmartContractModule.RentContractCanceled' as const), fc.record({ contract_id: contractId })),
)
type Happening = { is: 'uptime' | 'use'; of: number; values: U64[] } | { is: 'rare'; event: RareEvent }
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ is: fc.constant('uptime' as const), of: nodeId, values: fc.tuple(u64, u64) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('use' as const), of: contractId, values: fc.tuple(u64, u64, u64) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('rare' as const), event: rare }) },
)
const blockStep = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(14_400, 30_000))
const chain: fc.Arbitrary<Seen[]> = fc
  .array(fc.record({ step: blockStep, sec: fc.nat(1000), events: fc.array(happening, { minLength: 1, maxLength: 12 }) }), { maxLength: 60 })
  .map(list => {
    const events: Seen[] = []
    let n = 1_000_000
    let ts = 1_732_971_402
    for (const { step, sec, events: inside } of list) {
      n += step
      ts += sec
      for (const event of inside) events.push({ n, ts, ...event })
    }
    return events
  })
const contracts: fc.Arbitrary<GridContract[]> = fc.uniqueArray(
  fc.record({
    contract_id: contractId,
    twin_id: fc.nat(),
    contract_type: contractType,
    resources: fc.option(resources),
  }) as fc.Arbitrary<GridContract>,
  { selector: contract => contract.contract_id, maxLength: 10 },
)

function nodeOf(type: ContractType): number {
  if ('NodeContract' in type) return type.NodeContract.node_id
  return 'RentContract' in type ? type.RentContract.node_id : -1
}

/** Said again, naively: the node that each event belongs to, -1 for none. */
function homes(start: GridContract[], events: Seen[]): number[] {
  const home = new Map(start.map(contract => [contract.contract_id, nodeOf(contract.contract_type)]))
  return events.map(event => {
    if (event.is === 'uptime') return event.of
    if (event.is === 'use') return home.get(event.of) ?? -1
    const [name, data] = event.event
    if (name === 'SmartContractModule.ContractCreated') home.set(data.contract.contract_id, nodeOf(data.contract.contract_type))
    if ('contract' in data) return nodeOf(data.contract.contract_type)
    if ('node' in data) return data.node.id
    if ('node_id' in data) return data.node_id
    return 'contract_id' in data ? (home.get(data.contract_id) ?? -1) : -1
  })
}

test('what was imported comes out again: all in order, and by node what is the node’s', async () => {
  await fc.assert(
    fc.asyncProperty(chain, contracts, async (events, start) => {
      await withFolder(async folder => {
        const store = openStore(folder, { mode: 'write' })
        const { period } = importWhole(store, archiveOf(events, { contracts: start }))
        const all = recorder()
        await exportEvents(store, period, all)
        expect(all.seen).toEqual(events)
        const home = homes(start, events)
        for (const nodeId of new Set([...home, 5])) {
          if (nodeId < 0) continue
          const one = recorder()
          readEvents(store, period, one, { nodeId })
          expect(one.seen).toEqual(events.filter((_, i) => home[i] === nodeId))
        }
        const loose = recorder()
        readEvents(store, period, loose, { bucketFrom: LOOSE, bucketTo: LOOSE })
        expect(loose.seen).toEqual(events.filter((_, i) => home[i] === -1))
        expect(buckets(store, period).reduce((sum, bucket) => sum + bucket.events, 0)).toBe(events.length)
        store.close()
      })
    }),
    runs(10, 1_000),
  )
})

/** Said again, naively: what concerns every node although it is of none. */
function concernsAll(event: Seen): boolean {
  if (event.is !== 'rare') return false
  const [name] = event.event
  return name === 'TfgridModule.FarmUpdated' || name.startsWith('TfgridModule.FarmingPolicy') || name === 'TfgridModule.ConnectionPriceSet'
}

test('with what concerns all nodes between them, a node’s events and a bucket’s come in the archive’s order', async () => {
  let between = 0
  await fc.assert(
    fc.asyncProperty(chain, contracts, async (events, start) => {
      await withFolder(async folder => {
        const store = openStore(folder, { mode: 'write' })
        const { period } = importWhole(store, archiveOf(events, { contracts: start }))
        const home = homes(start, events)
        const read = (options: Parameters<typeof readEvents>[3]) => {
          const into = recorder()
          readEvents(store, period, into, { ...options, withLoose: true })
          return into.seen
        }
        const expected = (own: (nodeId: number) => boolean) =>
          events.filter((event, i) => (home[i]! >= 0 && own(home[i]!)) || concernsAll(event))
        // 5 and the bucket of 3000 may have no events, or none of their own
        for (const nodeId of new Set([...home.filter(id => id >= 0), 5, 3000])) {
          const seen = read({ nodeId })
          expect(seen).toEqual(expected(id => id === nodeId))
          if (seen.slice(1, -1).some(concernsAll)) between++
          const bucket = bucketOf(nodeId)
          expect(read({ bucketFrom: bucket, bucketTo: bucket })).toEqual(expected(id => bucketOf(id) === bucket))
        }
        const own = [...new Set(home.filter(id => id >= 0).map(bucketOf))].sort((a, b) => a - b)
        expect(read({})).toEqual(own.flatMap(bucket => expected(id => bucketOf(id) === bucket)))
        const loose = recorder()
        readEvents(store, period, loose, { bucketFrom: LOOSE, bucketTo: LOOSE })
        expect(read({ bucketFrom: LOOSE, bucketTo: LOOSE })).toEqual(loose.seen)
        store.close()
      })
    }),
    runs(10, 1_000),
  )
  expect(between).toBeGreaterThan(0)
})

test('the loose events of a period that grew are those that it has now', async () => {
  await withFolder(async folder => {
    const store = openStore(folder, { mode: 'write' })
    const price = (n: number): Seen => ({
      n,
      ts: periodAt(80).start + n,
      is: 'rare',
      event: ['TfgridModule.ConnectionPriceSet', { price: n }],
    })
    const first = importWhole(store, archiveOf([price(1_000_005)], { endBlock: 1_000_010, endTs: periodAt(80).start + 1_000_010 }))
    const read = (period: typeof first.period) => {
      const into = recorder()
      readEvents(store, period, into, { nodeId: 1, withLoose: true })
      return into.seen
    }
    expect(read(first.period)).toEqual([price(1_000_005)])
    const both = [price(1_000_005), price(1_000_020)]
    const { period } = importWhole(store, archiveOf(both, { endBlock: 1_000_030, endTs: periodAt(80).start + 1_000_030 }))
    expect(read(period)).toEqual(both)
    store.close()
  })
})

test('an import cut anywhere and taken up again is the same as one in one go', async () => {
  // dense enough for several chunks
  const dense = fc.record({
    seed: fc.nat(1_000_000),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(dense, async ({ seed, cuts }) => {
      const events = denseEvents(seed)
      const archive = archiveOf(events)
      await withFolder(async folder => {
        const whole = openStore(`${folder}-whole`, { mode: 'write' })
        const digest = importWhole(whole, archive).period.digest
        whole.close()
        let stored = 0
        for (const cut of cuts.sort()) {
          const store = openStore(folder, { mode: 'write' })
          const { writer, feed } = begin(store, archive)
          expect(writer.storedEvents).toBeGreaterThanOrEqual(stored)
          stored = writer.storedEvents
          feed(Math.max(writer.resume?.offset ?? 0, Math.floor(cut * events.length)))
          expect(listPeriods(store)).toEqual([])
          writer.abort({ keep: true })
          store.close()
        }
        const store = openStore(folder, { mode: 'write' })
        const { period } = importWhole(store, archive)
        expect(period.digest).toBe(digest)
        const all = recorder()
        await exportEvents(store, period, all)
        expect(all.seen).toEqual(events)
        store.close()
      })
    }),
    runs(3, 60),
  )
})

/** Some 20,000 events over 60,000 blocks, with contracts that come and go. */
function denseEvents(seed: number): Seen[] {
  const events: Seen[] = []
  let state = seed + 1
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  let made = 0
  for (let n = 1_000_001; n < 1_060_000; n += 1 + random(5)) {
    const ts = 1_732_971_402 + (n - 1_000_000) * 6
    const kind = random(20)
    if (kind === 0) {
      const contract = { contract_id: ++made, twin_id: 1, contract_type: { NodeContract: { node_id: 1 + random(300), public_ips: 0 } } }
      events.push({ n, ts, is: 'rare', event: ['SmartContractModule.ContractCreated', { contract }] })
    }
    events.push(
      kind < 5
        ? { n, ts, is: 'use', of: 1 + random(made + 3), values: [ts, 3600 + random(3), random(2_000_000_000)] }
        : { n, ts, is: 'uptime', of: 1 + random(300), values: [ts, random(3_000_000)] },
    )
  }
  return events
}

test('a flipped byte in stored events is found, and is never read as something else', async () => {
  await withFolder(async folder => {
    const store = openStore(folder, { mode: 'write' })
    const events = denseEvents(7)
    const { period } = importWhole(store, archiveOf(events))
    const list = [
      ...(store.facts.prepare("SELECT 'events' AS name, id, data AS bytes FROM events").safeIntegers().all() as Row[]),
      ...(store.facts.prepare("SELECT 'chunks' AS name, id, head AS bytes FROM chunks").safeIntegers().all() as Row[]),
    ]
    fc.assert(
      fc.property(fc.nat(list.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (which, at, mask, cut) => {
        const { name, id, bytes } = list[which]!
        const bad = cut ? bytes.subarray(0, at % bytes.length) : Buffer.from(bytes)
        if (!cut) bad[at % bad.length]! ^= mask
        const put = store.facts.prepare(`UPDATE ${name} SET ${name === 'events' ? 'data' : 'head'} = ? WHERE id = ?`)
        put.run(bad, id)
        store.heads = null
        const all = recorder()
        try {
          readEvents(store, period, all, { bucketTo: LOOSE })
          expect.unreachable('read damaged events')
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
          expect((error as AppError).code).toBe('store.corrupt')
          expect((error as AppError).message).toMatch(/period 80.*chunk \d+/)
        } finally {
          put.run(bytes, id)
        }
      }),
      runs(30, 5_000),
    )
    store.heads = null
    const all = recorder()
    await exportEvents(store, period, all)
    expect(all.seen).toEqual(events)
    store.close()
  })
})

interface Row {
  name: 'events' | 'chunks'
  id: bigint
  bytes: Buffer
}
