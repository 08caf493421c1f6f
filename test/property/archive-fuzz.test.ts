import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readArchive } from '../../src-main/archive/read.ts'
import { writeArchive } from '../../src-main/archive/write.ts'
import { jsonText } from '../../src-main/archive/write-lines.ts'
import { AppError } from '../../src-shared/errors.ts'
import type {
  ArchiveSink,
  ContractType,
  FarmingPolicy,
  GridContract,
  GridFarm,
  GridNode,
  GridPower,
  PowerState,
  RareEvent,
  Resources,
  U64,
} from '../../src-shared/grid.ts'
import { periodAt } from '../../src-shared/time.ts'
import { blockLine, consumptionText, createRecorder, firstLines, uptimeText } from '../helpers/archive-samples.ts'
import { runs } from '../helpers/runs.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-archive-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// Numbers near the borders of their kinds, and any.
const id = fc.oneof(fc.nat(20), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER))
const u64: fc.Arbitrary<U64> = fc
  .oneof(
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.bigInt(2n ** 53n - 3n, 2n ** 53n + 3n),
    fc.bigInt(10n ** 15n - 2n, 10n ** 15n + 2n),
    fc.bigInt(0n, 2n ** 32n),
  )
  .map(value => (value <= Number.MAX_SAFE_INTEGER ? Number(value) : value))
// Well-formed text of any kind: escapes, control characters, letters beyond ASCII.
const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' })).map(value => value.toWellFormed())
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true }) as unknown as fc.Arbitrary<T>

const resources = record<Resources>({ hru: u64, sru: u64, cru: u64, mru: u64 })
const node = record<GridNode>({
  id,
  farm_id: id,
  twin_id: id,
  resources,
  location: record({ latitude: text, longitude: text }),
  country: text,
  city: text,
  created: id,
  farming_policy_id: id,
  certification: fc.constantFrom('Diy', 'Certified'),
  virtualized: fc.boolean(),
  connection_price: id,
})
const contractType: fc.Arbitrary<ContractType> = fc.oneof(
  record({ NodeContract: record({ node_id: id, public_ips: id }) }),
  record({ RentContract: record({ node_id: id }) }),
  record({ NameContract: record({ name: text }) }),
)
const contract = fc.oneof(
  record<GridContract>({ contract_id: id, twin_id: id, contract_type: contractType }),
  record<GridContract>({ contract_id: id, twin_id: id, contract_type: contractType, resources: fc.option(resources) }),
)
const powerTarget = fc.constantFrom('Up' as const, 'Down' as const)
const powerState: fc.Arbitrary<PowerState> = fc.oneof(fc.constant('Up' as const), record({ Down: id }))
const power = record<GridPower>({ node_id: id, state: powerState, down_since_ts: fc.option(id), target: powerTarget })
const farm = record<GridFarm>({ id, name: text, twin_id: id })
const policy = record<FarmingPolicy>({
  id,
  name: text,
  cu: id,
  su: id,
  nu: id,
  ipv4: id,
  minimal_uptime: id,
  policy_end: id,
  immutable: fc.boolean(),
  default: fc.boolean(),
  node_certification: text,
  farm_certification: text,
})
const event = <N extends RareEvent[0]>(name: N, data: fc.Arbitrary<unknown>) => data.map(value => [name, value] as unknown as RareEvent)
const rare: fc.Arbitrary<RareEvent> = fc.oneof(
  event('TfgridModule.NodeStored', record({ node })),
  event('TfgridModule.NodeUpdated', record({ node })),
  event('TfgridModule.NodeDeleted', record({ node_id: id })),
  event('TfgridModule.PowerTargetChanged', record({ farm_id: id, node_id: id, power_target: powerTarget })),
  event('TfgridModule.PowerStateChanged', record({ farm_id: id, node_id: id, power_state: powerState })),
  event('TfgridModule.FarmUpdated', record({ farm })),
  event('TfgridModule.FarmingPolicyStored', record({ policy })),
  event('TfgridModule.FarmingPolicyUpdated', record({ policy })),
  event('TfgridModule.ConnectionPriceSet', record({ price: id })),
  event('SmartContractModule.ContractCreated', record({ contract })),
  event('SmartContractModule.UpdatedUsedResources', record({ contract_id: id, used: resources })),
  event('SmartContractModule.NodeContractCanceled', record({ contract_id: id, node_id: id, twin_id: id })),
  event('SmartContractModule.RentContractCanceled', record({ contract_id: id })),
)

/** Whole numbers above 2^53 - 1 would come back as bigint; they have an example of their own. */
const plainValue: fc.Arbitrary<unknown> = fc
  .jsonValue({ noUnicodeString: false })
  .map(value =>
    JSON.parse(JSON.stringify(value).toWellFormed(), (_name, inner) =>
      Number.isInteger(inner) && !Number.isSafeInteger(inner) ? 0 : inner,
    ),
  )

/** One call of a sink, as the recorder notes it. */
type Call = unknown[]
const eventCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('uptime'), id, u64, u64) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('consumption'), id, u64, u64, u64) },
  { weight: 2, arbitrary: rare.map(value => ['rare', value]) },
)
const { start, end } = periodAt(80)
const unique = <T>(item: fc.Arbitrary<T>, key: (item: T) => unknown) => fc.uniqueArray(item, { selector: key, maxLength: 5 })
const header = text
  .filter(network => network !== '')
  .map(network => [
    'header',
    { kind: 'header', format: 'grid-archive', version: 1, network, period: { index: 80, start, end }, blocks: { first: 5, last: 9 } },
  ])
const startSnapshot = fc
  .record(
    {
      nodes: unique(node, n => n.id),
      contracts: unique(contract, c => c.contract_id),
      power: unique(power, p => p.node_id),
      connectionPrice: id,
      farms: unique(farm, f => f.id),
      farmingPolicies: unique(policy, p => p.id),
      nodeStates: fc.array(plainValue),
    },
    { requiredKeys: ['nodes', 'contracts', 'power'], noNullPrototype: true },
  )
  .map(snapshot => ['start', { kind: 'snapshot', at: 'start', block: 5, ts: start + 1, ...snapshot }])
const endSnapshot = fc
  .record(
    {
      farms: unique(farm, f => f.id),
      twins: unique(record({ id, relay: fc.option(text), pk: fc.option(text) }), t => t.id),
      farmingPolicies: unique(policy, p => p.id),
      payoutAddresses: unique(record({ farm_id: id, address: text }), a => a.farm_id),
    },
    { noNullPrototype: true },
  )
  .map(snapshot => ['end', { kind: 'snapshot', at: 'end', block: 9, ts: end + 1, ...snapshot }])
const blocks = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.nat(10), fc.array(eventCall, { maxLength: 6 })), { maxLength: 8 })
  .map(list => {
    const calls: Call[] = []
    let n = 5
    let ts = start
    for (const [step, wait, events] of list) {
      n += step
      ts += wait
      calls.push(['block', n, ts], ...events)
    }
    return calls
  })
const archive: fc.Arbitrary<Call[]> = fc
  .tuple(header, startSnapshot, endSnapshot, blocks)
  .map(([first, second, third, rest]) => [first, second, third, ...rest])

function play(calls: Call[], sink: ArchiveSink): void {
  for (const [name, ...args] of calls) (sink[name as keyof ArchiveSink] as (...args: unknown[]) => void)(...args)
}

async function readText(content: string | Uint8Array): Promise<unknown[][]> {
  const path = join(folder, 'read.ndjson')
  writeFileSync(path, content)
  const recorder = createRecorder()
  await readArchive(path, recorder)
  return recorder.calls
}

test('what is written is read again, plain and packed', async () => {
  await fc.assert(
    fc.asyncProperty(archive, fc.constantFrom('a.ndjson', 'a.ndjson.gz', 'a.ndjson.zst'), async (calls, name) => {
      const path = join(folder, name)
      await writeArchive(path, async sink => play(calls, sink))
      const recorder = createRecorder()
      await readArchive(path, recorder)
      expect(recorder.calls).toEqual(calls)
    }),
    runs(60, 5_000),
  )
})

/** An equal line in another spelling: members shuffled, spaces, unknown members, escapes; `pick` decides. */
function respell(value: unknown, pick: () => number): string {
  const space = () => ['', '', ' ', '\t', ' \r'][pick() % 5]!
  const string = (content: string) =>
    pick() % 6 === 0
      ? `"${[...Array(content.length).keys()].map(i => `\\u${content.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
      : JSON.stringify(content)
  const around = (inner: string) => `${space()}${inner}${space()}`
  if (Array.isArray(value)) return `[${value.map(item => around(respell(item, pick))).join(',')}${space()}]`
  if (typeof value === 'string') return string(value)
  if (typeof value !== 'object' || value === null) return jsonText(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => ({ order: pick(), text: `${around(string(name))}:${around(respell(member, pick))}` }))
  if (pick() % 8 === 0) members.push({ order: pick(), text: '"other":{"a":[1,-2.5e-3,{"b":null}],"c":"\\u00fc"}' })
  return `{${members
    .sort((a, b) => a.order - b.order)
    .map(member => member.text)
    .join(',')}${space()}}`
}

function lineOf(calls: Call[]): unknown[] {
  const lines: unknown[] = []
  for (const [name, ...args] of calls) {
    const events = (lines.at(-1) as { events?: unknown[] } | undefined)?.events
    if (name === 'block') lines.push({ kind: 'block', n: args[0], ts: args[1], events: [] })
    else if (name === 'uptime') events!.push(['TfgridModule.NodeUptimeReported', { node_id: args[0], now: args[1], uptime: args[2] }])
    else if (name === 'consumption') {
      events!.push([
        'SmartContractModule.NruConsumptionReportReceived',
        { contract_id: args[0], timestamp: args[1], window: args[2], nru: args[3] },
      ])
    } else if (name === 'rare') events!.push(args[0])
    else lines.push(args[0])
  }
  return lines
}

test('another spelling of the same lines gives the same calls', async () => {
  const picks = fc.array(fc.nat(), { minLength: 50, maxLength: 200 })
  await fc.assert(
    fc.asyncProperty(
      archive.filter(calls => !JSON.stringify(calls[1], (_k, v) => (typeof v === 'bigint' ? `${v}` : v)).includes('nodeStates')),
      picks,
      async (calls, numbers) => {
        let at = 0
        const pick = () => numbers[at++ % numbers.length]! + at
        const content = lineOf(calls)
          .map(line => respell(line, pick))
          .join('\n')
        expect(await readText(content)).toEqual(calls)
      },
    ),
    runs(60, 5_000),
  )
})

const sample = `${[
  ...firstLines,
  blockLine(
    1001,
    [
      uptimeText(1, 1732972401, 3600),
      consumptionText(7, 1732972401, 3600, 99),
      uptimeText(2, 1732972401, 18446744073709551615n.toString()),
    ].join(','),
  ),
  blockLine(
    1002,
    '["TfgridModule.PowerStateChanged",{"farm_id":1,"node_id":1,"power_state":{"Down":1002}}],["TfgridModule.NodeDeleted",{"node_id":3}]',
  ),
  blockLine(1004, ''),
].join('\n')}\n`

test('changed bytes are refused with a message or read, never anything else; JSON.parse agrees on what is JSON', async () => {
  const change = fc.record({
    at: fc.nat(sample.length - 1),
    drop: fc.nat(3),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom(...'{}[]",:0-.e\\ \n\r'.split('')).map(c => Uint8Array.from(Buffer.from(c))),
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async changes => {
      let bytes: Buffer = Buffer.from(sample)
      for (const { at, drop, insert } of changes) bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + drop)])
      const outcome = await readText(bytes).catch((error: unknown) => error)
      if (Array.isArray(outcome)) {
        // What is read is JSON in every line.
        const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
        for (const line of text.split('\n')) if (line.trim() !== '') JSON.parse(line)
        return
      }
      expect(outcome).toBeInstanceOf(AppError)
      const error = outcome as AppError
      expect(['archive.format', 'archive.compression']).toContain(error.code)
      expect(error.code === 'archive.compression' || 'line' in error.details).toBe(true)
    }),
    runs(300, 20_000),
  )
})

test('random JSON values are passed over exactly if JSON.parse takes them', async () => {
  const token = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '"\\n"',
      '"\\u12"',
      '1',
      '-0',
      '01',
      '1.5',
      '2.',
      '1e9',
      '-',
      'true',
      'nul',
      'null',
      ' ',
    ],
  )
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(token, { maxLength: 8 }).map(list => list.join('')),
        fc.json(),
      ),
      async value => {
        let valid = true
        let unique = true
        try {
          JSON.parse(value, function (this: unknown, _name, inner: unknown) {
            return inner
          })
          unique = membersIn(value) === membersOf(JSON.parse(value))
        } catch {
          valid = false
        }
        const outcome = await readText(`${[...firstLines, blockLine(1001, '').replace('{', () => `{"x":${value},`)].join('\n')}\n`).then(
          () => true,
          (error: AppError) => (error.code === 'archive.format' ? false : error),
        )
        expect(outcome).toBe(valid && unique && value.isWellFormed())
      },
    ),
    runs(300, 20_000),
  )
})

/** Members written in a valid JSON text, counted by its colons outside strings. */
const membersIn = (json: string) => json.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return Object.values(value).reduce((sum: number, inner) => sum + membersOf(inner), own)
}
