import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importFiles, mintPeriod, openCore } from '../../src-main/core/index.ts'
import type { Core } from '../../src-shared/contract.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { demoArchives } from '../helpers/demo-archive.ts'

/* Where rule set node-period pays, the overview and the nodes are judged by the nodes' own periods. */

const folder = mkdtempSync(join(tmpdir(), 'granary-own-'))
let core: Core
let key = 0
const act = () => ({ actor: { id: 'test' }, idempotencyKey: `own ${key++}` })

beforeAll(async () => {
  const shared = { nodes: 40, seed: 3, since: 101 }
  const made = await demoArchives([
    { ...shared, period: 101 },
    { ...shared, period: 102, days: 12 },
  ])
  await importFiles({ dataDir: folder, files: made.files, actor: 'test' }, {})
  made.remove()
  core = await openCore({ dataDir: folder, host: 'cli', version: 'test', demoDir: null, networksFile: null, mode: 'write' })
  await idle()
})
afterAll(async () => {
  await core.close()
  rmSync(folder, { recursive: true, force: true })
})

async function idle(): Promise<void> {
  while ((await core.query('jobs.list', {})).some(job => job.state === 'running')) await new Promise(resolve => setTimeout(resolve, 20))
}

test('under v3 the fixed period counts; under node-period the sums are those of the running periods, and each node says which', async () => {
  const before = await core.query('overview.get', {})
  expect(before.rules).toBe('v3')
  const { config } = await core.query('mintConfig.get', {})
  await core.command('mintConfig.set', { config: { ...config, rules: 'node-period' } }, act())
  await idle()
  const after = await core.query('overview.get', {})
  expect(after.rules).toBe('node-period')
  const running = await core.query('mints.running', { limit: 1000 })
  expect(running.total).toBeGreaterThan(30)
  const sum = (pick: (row: (typeof running.rows)[number]) => bigint) => running.rows.reduce((total, row) => total + pick(row), 0n)
  expect(after.staysUpUnits).toBe(sum(row => row.projection.staysUp.units))
  expect(after.goesDownUnits).toBe(sum(row => row.projection.goesDown.units))
  expect(after.earnedUnits).toBe(sum(row => row.projection.earnedUnits))
  expect(after.attention.some(one => one.kind === 'no-address')).toBe(false)

  const [row] = running.rows
  const detail = await core.query('node.get', { nodeId: row!.nodeId })
  expect(detail.projection).toEqual(row!.projection)
  expect(detail.projection.period.end - detail.projection.period.start).toBe(PERIOD_SEC)
  const explained = await core.query('node.explain', { nodeId: row!.nodeId, rules: 'node-period' })
  expect(explained.period.start).toBe(detail.projection.period.start)
  expect(explained.measuredUptimeSec).toBe(detail.projection.uptimeSec)
  // the period before is over: what it paid by v3 stays as it was
  const past = await core.query('nodes.list', { period: 101, limit: 1000 })
  expect(past.rows.every(one => one.backByTs === null)).toBe(true)

  // a mint of a fixed period from the change-over on says that it must not be paid too
  const problemsOf = async (period: number) => {
    const outDir = join(folder, `mint-${period}`)
    const { problems } = await mintPeriod({ dataDir: folder, period, resources: 'latest', outDir }, {})
    return problems.filter(problem => problem.kind === 'other-rules').map(problem => problem.subject)
  }
  expect(await problemsOf(102)).toEqual(['period 102'])
  await core.command('mintConfig.set', { config: { ...config, rules: 'node-period', firstNodePeriod: 102 } }, act())
  await idle()
  expect(await problemsOf(101)).toEqual([])
  expect(await problemsOf(102)).toEqual(['period 102'])

  await core.command('mintConfig.set', { config: { ...defaultMintConfig } }, act())
  await idle()
  expect(await problemsOf(102)).toEqual([])
  expect(await core.query('overview.get', {})).toEqual(before)
})
