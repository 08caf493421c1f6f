import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { importFiles, mintPeriodByNode, openCore } from '../../src-main/core/index.ts'
import { listAudit, openStore } from '../../src-main/store/index.ts'
import { saveMintConfig } from '../../src-main/store/mint-config.ts'
import { loadSummaries } from '../../src-main/store/results.ts'
import { AppError } from '../../src-shared/errors.ts'
import { defaultMintConfig, type MintConfig } from '../../src-shared/node-period.ts'
import { PERIOD_SEC, periodAt } from '../../src-shared/time.ts'
import { granary } from '../helpers/granary.ts'
import { gridNode, policyOf } from '../helpers/node-period.ts'

/* An archive that rule set v3 finds inconsistent: refused where v3 pays its period, stored where its nodes' own periods pay it. */

let folder: string
let dataDir: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-import-'))
  dataDir = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const S = periodAt(100).start
const FIRST = 1_000_000
const LAST = FIRST + 438_480
type Event = [string, object]

/** Node 1 is up all the time. Node 2 is virtual and has no price, which v3 can't pay by and node-period never looks at. */
function archive(changes: { price?: number; also?: (ts: number) => Event } = {}): string {
  const { price = 0, also } = changes
  const blocks = []
  for (let sec = 12; sec < PERIOD_SEC + 90_000; sec += 2_400) {
    const ts = S + sec
    const uptime = (node_id: number): Event => ['TfgridModule.NodeUptimeReported', { node_id, now: ts, uptime: 500_000 + sec }]
    blocks.push({ kind: 'block', n: FIRST + sec / 6, ts, events: [uptime(1), uptime(2), ...(also ? [also(ts)] : [])] })
  }
  const farms = [{ id: 1, name: 'Alder', twin_id: 501 }]
  const farmingPolicies = [policyOf(1), policyOf(3)]
  const nodes = [gridNode(1), gridNode(2, { virtualized: true, connection_price: price })]
  const lines = [
    {
      kind: 'header',
      format: 'grid-archive',
      version: 1,
      network: 'lab',
      period: periodAt(100),
      blocks: { first: FIRST, last: LAST + 16_200 },
    },
    ...[
      { kind: 'snapshot', at: 'start', block: FIRST, ts: S, nodes, contracts: [], power: [], connectionPrice: 80, farms, farmingPolicies },
    ],
    {
      ...{ kind: 'snapshot', at: 'end', block: LAST, ts: S + PERIOD_SEC, farms, farmingPolicies },
      ...{ twins: [{ id: 1, relay: 'r', pk: null }], payoutAddresses: [] },
    },
    ...blocks,
  ]
  const file = join(folder, `archive-${price}-${also ? 'also' : ''}.ndjson`)
  writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  return file
}

function configure(change: Partial<MintConfig>): void {
  mkdirSync(dataDir, { recursive: true })
  const store = openStore(dataDir, { mode: 'write' })
  saveMintConfig(store, 'lab', { ...defaultMintConfig, trigger: 'claim', ...change })
  store.close()
}

const importing = (file: string) => importFiles({ dataDir, files: [file], actor: 'test' }, {})

async function refusal(file: string): Promise<AppError> {
  const error = await importing(file).then(
    () => null,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

function stored() {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    const [entry] = listAudit(store, { offset: 0, limit: 1 }).rows
    return { summaries: loadSummaries(store), audit: entry! }
  } finally {
    store.close()
  }
}

test('a network that pays by v3 refuses it, and speaks of no payout', async () => {
  for (const change of [{}, { rules: 'node-period', firstNodePeriod: 101 }] as const) {
    configure(change)
    const { code, message } = await refusal(archive())
    expect(code).toBe('mint.inconsistent')
    expect(message).toContain('node 2')
    expect(message).not.toMatch(/payout/i)
    await expect(mintPeriodByNode({ dataDir, period: 100, outDir: join(folder, 'out') })).rejects.toMatchObject({ code: 'mint.missing' })
  }
})

test('one that pays by node-period stores it, mints it, and says what v3 lacks and why', async () => {
  configure({ rules: 'node-period' })
  const file = archive()
  const [done] = await importing(file)
  expect(done).toMatchObject({ period: 100, outcome: 'imported', v3Lack: expect.stringMatching(/no figures by rule set v3.*node 2/s) })
  expect(done!.v3Lack).not.toContain('Nothing was written')
  expect(stored()).toMatchObject({ summaries: [], audit: { action: 'import.finished', details: expect.stringContaining('node 2') } })
  const minted = await mintPeriodByNode({ dataDir, period: 100, outDir: join(folder, 'out') })
  expect(minted).toMatchObject({ mints: 1, paidMints: 1 })
  expect(readFileSync(join(folder, 'out', 'mints.ndjson'), 'utf8')).toContain('"node_id":1,')
  // a program that opens it says so too, and computes its nodes' own periods
  const core = await openCore({ dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  try {
    while (!(await core.query('mints.list', {})).complete) await new Promise(resolve => setTimeout(resolve, 20))
    const list = await core.query('mints.list', {})
    expect(list).toMatchObject({ claimable: 1, claimableUnits: minted.rewardUnits })
    expect(list.gaps.filter(gap => gap.includes('no figures by rule set v3'))).toEqual([done!.v3Lack])
    await expect(core.query('node.get', { nodeId: 1, period: 100 })).rejects.toMatchObject({ code: 'mint.missing', message: done!.v3Lack })
    await expect(core.query('node.get', { nodeId: 1 })).rejects.toMatchObject({ code: 'mint.missing', message: done!.v3Lack })
    const jobs = (await core.query('status.get', {})).jobs.filter(({ kind, period }) => kind === 'mint' && period === 100)
    expect(jobs).toMatchObject([{ state: 'done', detail: done!.v3Lack }])
  } finally {
    await core.close()
  }
  expect(await importing(file)).toMatchObject([{ outcome: 'unchanged', v3Lack: null }])
})

test('a period that v3 can compute has its figures as before', async () => {
  configure({ rules: 'node-period' })
  expect(await importing(archive({ price: 80 }))).toMatchObject([{ outcome: 'imported', v3Lack: null }])
  expect(stored().summaries).toMatchObject([{ summary: { index: 100, nodes: 2 }, stale: false }])
})

test("what the nodes' own periods find wrong too is refused by either", async () => {
  configure({ rules: 'node-period' })
  const unknown = (now: number): Event => ['TfgridModule.NodeUptimeReported', { node_id: 77, now, uptime: 5 }]
  const { code, message } = await refusal(archive({ also: unknown }))
  expect(code).toBe('mint.inconsistent')
  expect(message).toContain('node 77')
  expect(message).not.toMatch(/payout/i)
  expect(stored()).toMatchObject({ summaries: [], audit: { action: 'import.failed' } })
})

test('the command line says both', async () => {
  configure({ rules: 'node-period' })
  const done = await granary('import', archive(), '--data', dataDir)
  expect(done.code).toBe(0)
  expect(done.out).toMatch(/period 100, \d+ events, imported\nPeriod 100 has no figures by rule set v3/)
})
