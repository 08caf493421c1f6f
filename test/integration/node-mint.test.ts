import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PERIOD_SEC, periodAt } from '../../src-shared/time.ts'
import { granary } from '../helpers/granary.ts'
import type { PlainBlock } from '../helpers/naive-v3.ts'
import { gridNode, policyOf } from '../helpers/node-period.ts'

/* The files of `granary mint --rules node-period`, byte for byte, from an archive and from the store (interfaces.md, What a mint writes). */

const gib = 2 ** 30
const S = periodAt(100).start
const startBlock = (index: number) => index * 500_000

const nodes = [
  gridNode(1),
  gridNode(2, { farming_policy_id: 1, connection_price: 100 }),
  // farm 9 is in the end snapshot only
  gridNode(3, { farm_id: 9 }),
  gridNode(4),
  gridNode(5, { virtualized: true }),
]
const contracts = [
  {
    contract_id: 70,
    twin_id: 8,
    contract_type: { NodeContract: { node_id: 2, public_ips: 1 } },
    resources: { cru: 2, mru: gib, hru: 0, sru: 0 },
  },
]

type Event = PlainBlock['events'][number]
const report = (node_id: number, ts: number, uptime: number): Event => ['TfgridModule.NodeUptimeReported', { node_id, now: ts, uptime }]
const at = (sec: number, ...events: ((ts: number) => Event)[]): PlainBlock => ({
  n: startBlock(100) + 1 + Math.floor(sec / 6),
  ts: S + sec,
  events: events.map(event => event(S + sec)),
})

/**
 * Each begins at S + 10. Node 1 is up all the time; node 2, on a scaled policy, is away until it boots at S + 999,500; node 3 once reports
 * more than can be; node 4 never reports.
 */
const told: PlainBlock[] = [
  at(
    10,
    ts => report(1, ts, 1_000),
    ts => report(2, ts, 1_000),
    ts => report(3, ts, 1_000),
  ),
  at(1_000, ts => report(3, ts, 100_000)),
  at(1_000_000, ts => report(2, ts, 500)),
  at(1_000_500, ts => [
    'SmartContractModule.NruConsumptionReportReceived',
    { contract_id: 70, timestamp: ts, window: 1_000, nru: 1.5 * gib },
  ]),
]
const afterwards = [
  at(
    PERIOD_SEC + 110,
    ts => report(1, ts, 1_000 + PERIOD_SEC + 100),
    ts => report(2, ts, 500 + PERIOD_SEC + 110 - 1_000_000),
    ts => report(3, ts, 1_000 + PERIOD_SEC + 100),
  ),
]

function archiveText(index: number, blocks: PlainBlock[], start: object = {}): string {
  const period = periodAt(index)
  const farms = [{ id: 1, name: 'Alder', twin_id: 501 }]
  const farmingPolicies = [policyOf(1), policyOf(3)]
  const lines = [
    {
      ...{ kind: 'header', format: 'grid-archive', version: 1, network: 'lab', period },
      blocks: { first: startBlock(index), last: startBlock(index + 1) },
    },
    {
      ...{ kind: 'snapshot', at: 'start', block: startBlock(index), ts: period.start + 1, nodes, contracts, power: [] },
      ...{ connectionPrice: 80, farms, farmingPolicies, ...start },
    },
    {
      ...{
        kind: 'snapshot',
        at: 'end',
        block: startBlock(index + 1),
        ts: period.end + 1,
        farms: [...farms, { id: 9, name: 'Late', twin_id: 509 }],
        twins: [],
        farmingPolicies,
      },
      payoutAddresses: [],
    },
    ...blocks.map(block => ({ kind: 'block', ...block })),
  ]
  return lines.map(line => `${JSON.stringify(line)}\n`).join('')
}

/** That of period 100, up to the reports that close the nodes' own periods after it. */
const WHOLE = archiveText(100, [...told, ...afterwards.map(block => ({ ...block, n: startBlock(101) + 17 }))])

const folder = mkdtempSync(join(tmpdir(), 'granary-node-mint-'))
const dataDir = join(folder, 'data')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Mints with these arguments; gives each file by name, as it was written. */
async function minted(name: string, ...args: string[]): Promise<Record<string, string>> {
  const out = join(folder, name)
  const done = await granary('mint', ...args, '--rules', 'node-period', '--out', out, '--json')
  expect(done).toMatchObject({ code: 0, err: '' })
  const files = readdirSync(out).sort()
  expect((JSON.parse(done.out) as { files: string[] }).files.sort()).toEqual(files)
  return Object.fromEntries(files.map(file => [file, readFileSync(join(out, file), 'utf8')]))
}

async function fromArchive(name: string, text: string): Promise<Record<string, string>> {
  const path = join(folder, `${name}.ndjson`)
  writeFileSync(path, text)
  return minted(name, '--archive', path)
}

async function imported(name: string, text: string, into = dataDir): Promise<void> {
  const path = join(folder, `${name}.ndjson`)
  writeFileSync(path, text)
  expect(await granary('import', path, '--data', into)).toMatchObject({ code: 0, err: '' })
}

let archive: Record<string, string> = {}
beforeAll(async () => {
  archive = await fromArchive('whole', WHOLE)
  await imported('to-store', WHOLE)
})

test('mints.csv has the columns of the interface, a line for every closed period', () => {
  const ids = archive['mints.ndjson']!.trim()
    .split('\n')
    .map(line => (JSON.parse(line) as { id: string }).id)
  expect(new Set(ids).size).toBe(3)
  const [start, end] = [S + 10, S + 10 + PERIOD_SEC]
  // 7.75 CU × 2.4 + 4.096 SU × 1 = 22.696 USD, at 0.08; node 2: and 1.5 NU × 0.03 + 1000 s of an address × 0.005 / h, of which the share
  // 1631390 / 2630880 is paid, at 0.1
  expect(archive['mints.csv']).toBe(
    [
      'node,farm,twin,period_start,period_end,uptime,downtime,cu,su,nu,ip_hours,sla_permille,scaled,usd,tft,connection_price,policy,violation,receipt_hash',
      `1,1,501,${start},${end},2630880,0,7.750000,4.096000,0.000000,0.000000,950,false,22.696,283.7000000,0.080,3,,${ids[0]}`,
      `2,1,501,${start},${end},1631390,999490,7.750000,4.096000,1.500000,0.277777,950,true,14.102,141.0239380,0.100,1,,${ids[1]}`,
      `3,9,,${start},${end},2630880,0,7.750000,4.096000,0.000000,0.000000,950,false,0.000,0.0000000,0.080,3,UptimeTooHigh,${ids[2]}`,
      '',
    ].join('\n'),
  )
})

test('open.ndjson has every node that is followed as it goes on', () => {
  const resources = '{"cru":8,"hru":0,"mru":34359738368,"sru":1099511627776}'
  const none = '{"cru":0,"hru":0,"mru":0,"sru":0}'
  // 100 seconds of the next period are known
  const capacity = '{"cru":800,"hru":0,"mru":3435973836800,"sru":109951162777600}'
  const running = (node: number, farm: number, policy: number, uptime: number) =>
    `{"maximum":${resources},"node_id":${node},"period":{"capacity":${capacity},"farm_id":${farm},"farming_policy_id":${policy}` +
    `,"ip_seconds":0,"last_ts":${S + PERIOD_SEC + 110},"last_uptime":${uptime},"minimum":${resources},"nru_bytes":0` +
    `,"start":${S + 10 + PERIOD_SEC},"uptime":100,"used":${none},"violation":null}}`
  expect(archive['open.ndjson']).toBe(
    [
      running(1, 1, 3, 1_000 + PERIOD_SEC + 100),
      running(2, 1, 1, 500 + PERIOD_SEC + 110 - 1_000_000),
      running(3, 9, 3, 1_000 + PERIOD_SEC + 100),
      `{"maximum":${resources},"node_id":4,"period":null}`,
      '',
    ].join('\n'),
  )
})

test('the store gives the same files', async () => {
  const store = await minted('from-store', '--period', '100', '--data', dataDir)
  expect(Object.keys(store)).toEqual(['mints.csv', 'mints.ndjson', 'open.ndjson', 'problems.json'])
  expect(store).toEqual(archive)
})

test('what is open is what the next period begins with, and a mint that begins with it goes on as the store does', async () => {
  const both = join(folder, 'data-both')
  await imported('first', archiveText(100, told), both)
  await imported(
    'second',
    archiveText(
      101,
      afterwards.map(block => ({ ...block, n: startBlock(101) + 17 })),
    ),
    both,
  )
  const first = await minted('first', '--period', '100', '--data', both)
  expect(first['mints.csv']!.split('\n')).toHaveLength(2)
  const open = first['open.ndjson']!.trim().split('\n')
  expect(open).toHaveLength(4)
  const exported = join(folder, 'exported.ndjson')
  expect((await granary('archive', 'export', exported, '--period', '101', '--node-states', '--data', both)).code).toBe(0)
  const text = readFileSync(exported, 'utf8')
  expect((JSON.parse(text.split('\n')[1]!) as { nodeStates: unknown[] }).nodeStates).toEqual(open.map(line => JSON.parse(line) as unknown))
  const second = await minted('second', '--period', '101', '--data', both)
  expect(await fromArchive('again', text)).toEqual(second)
  expect([second['mints.csv'], second['open.ndjson']]).toEqual([archive['mints.csv'], archive['open.ndjson']])
})

const gapOf = (period: number) => ({
  kind: 'incomplete',
  subject: 'the start',
  message: expect.stringMatching(
    new RegExp(
      `^The start snapshot of period ${period} has no node's running state.*before the start is not counted.*import the period before it too.*--node-states`,
    ),
  ) as string,
})
const problemsOf = (files: Record<string, string>): unknown => JSON.parse(files['problems.json']!)

test('a start without running states is told, from the archive and from the store, also where the list of them is empty', async () => {
  expect(problemsOf(archive)).toEqual([gapOf(100)])
  expect(problemsOf(await fromArchive('empty-list', archiveText(100, told, { nodeStates: [] })))).toEqual([gapOf(100)])
  const alone = join(folder, 'data-alone')
  await imported('alone-101', archiveText(101, []), alone)
  expect(problemsOf(await minted('alone', '--period', '101', '--data', alone))).toEqual([gapOf(101)])
  // the period before comes too: 101 goes on from it, and only 100 begins with nothing
  await imported('alone-100', archiveText(100, told), alone)
  expect(problemsOf(await minted('followed', '--period', '101', '--data', alone))).toEqual([])
  expect(problemsOf(await minted('before', '--period', '100', '--data', alone))).toEqual([gapOf(100)])
})

test('a start that has running states, or no node that could have one, lacks nothing', async () => {
  const nodeStates = archive['open.ndjson']!.trim()
    .split('\n')
    .map(line => JSON.parse(line) as unknown)
  const later = archiveText(101, [], { nodeStates })
  expect(problemsOf(await fromArchive('with-states', later))).toEqual([])
  const stored = join(folder, 'data-states')
  await imported('stored-states', later, stored)
  expect(problemsOf(await minted('from-stored-states', '--period', '101', '--data', stored))).toEqual([])
  const virtual = archiveText(100, [], { nodes: [gridNode(5, { virtualized: true })], contracts: [] })
  expect(problemsOf(await fromArchive('virtual', virtual))).toEqual([])
})
