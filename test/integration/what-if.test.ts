import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importFiles, openCore } from '../../src-main/core/index.ts'
import { run } from '../../src-main/hosts/cli/main.ts'
import type { Core } from '../../src-shared/contract.ts'
import { type Projection, projectionSchema } from '../../src-shared/projection.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { whatIfFiguresSchema } from '../../src-shared/what-if.ts'

const demo = (period: number) => join(import.meta.dirname, `../../resources/demo/period-${period}.ndjson.zst`)
const folder = mkdtempSync(join(tmpdir(), 'granary-what-if-'))
/** a period that is over, and the same with the one that runs after it */
const over = join(folder, 'over')
const running = join(folder, 'running')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

beforeAll(async () => {
  await importFiles({ dataDir: over, files: [demo(102)], actor: 'test' }, {})
  await importFiles({ dataDir: running, files: [demo(102), demo(103)], actor: 'test' }, {})
})

async function withCore<T>(dataDir: string, work: (core: Core) => Promise<T>, mode: 'read' | 'write' = 'read'): Promise<T> {
  const core = await openCore({ dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode })
  try {
    return await work(core)
  } finally {
    await core.close()
  }
}

async function granary(...args: string[]) {
  const collect = () => {
    const parts: string[] = []
    const stream = new Writable({
      write(chunk, _encoding, done) {
        parts.push(String(chunk))
        done()
      },
    }) as unknown as NodeJS.WriteStream
    return { stream, text: () => parts.join('') }
  }
  const [stdout, stderr] = [collect(), collect()]
  const code = await run(args, { stdout: stdout.stream, stderr: stderr.stream })
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

interface Told {
  rules: string
  nodes: { nodeId: number; farmId: number; projection: Projection }[]
  earnedUnits: string
  staysUpUnits: string
  goesDownUnits: string
}

async function projected(...args: string[]): Promise<Told> {
  const { code, stdout, stderr } = await granary('project', '--json', ...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const told = JSON.parse(stdout) as Told
  return { ...told, nodes: told.nodes.map(node => ({ ...node, projection: projectionSchema.decode(node.projection as never) })) }
}

describe('the query', () => {
  test('as it is, a period that is over pays its mint, node by node', async () => {
    await withCore(over, async core => {
      const { rows } = await core.query('nodes.list', { limit: 1000 })
      let paid = 0
      for (const row of rows) {
        if (row.virtualized || row.violation !== null) continue
        const { asIs, changed, own, period } = await core.query('whatIf.get', { nodeId: row.nodeId })
        expect([asIs.units, asIs.musd], `node ${row.nodeId}`).toEqual([row.rewardUnits, row.rewardMusd])
        expect(changed).toBeNull()
        expect(own.uptimeSec).toBe(row.uptimeSec)
        expect(period.end - period.start).toBe(PERIOD_SEC)
        if (asIs.units > 0n) paid++
      }
      expect(paid).toBeGreaterThan(5)
    })
  })

  test('a node’s own figures put in change nothing, under either rule set, and each says how it comes about', async () => {
    await withCore(running, async core => {
      for (const rules of ['v3', 'node-period'] as const) {
        const { own, asIs } = await core.query('whatIf.get', { nodeId: 3, rules })
        const { changed, networkRules } = await core.query('whatIf.get', { nodeId: 3, rules, figures: whatIfFiguresSchema.encode(own) })
        expect(changed).toEqual(asIs)
        expect(networkRules).toBe('v3')
        expect(asIs.derivation.at(-1)).toMatchObject({ name: 'tft', unit: 'TFT' })
        const more = await core.query('whatIf.get', {
          nodeId: 3,
          rules,
          figures: whatIfFiguresSchema.encode({ ...own, sru: own.sru + asIs.limit.more.sru }),
        })
        expect(asIs.limit.by).toEqual(['sru'])
        expect(more.changed!.units - asIs.units).toBe(asIs.limit.gainUnits)
        expect(asIs.limit.gainUnits).toBeGreaterThan(0n)
      }
    })
  })

  test('use so far goes on at the same pace; uptime is that of the projection', async () => {
    await withCore(running, async core => {
      const { own, asOfTs, period } = await core.query('whatIf.get', { nodeId: 3 })
      const detail = await core.query('node.get', { nodeId: 3 })
      expect(own.uptimeSec).toBe(detail.projection.staysUp.uptimeSec)
      const knownSec = asOfTs - period.start
      expect(knownSec).toBeLessThan(PERIOD_SEC)
      // NU are GiB of what was used so far, in millionths, cut
      const soFar = Number(detail.cloudUnits.nu)
      const scaled = Number(own.nruBytes) / 2 ** 30
      expect(scaled).toBeGreaterThan(soFar)
      expect(scaled).toBeCloseTo((soFar * PERIOD_SEC) / knownSec, 4)
    })
  })

  test('a policy that the chain does not have, a price of 0 and a node that is not there are refused with the way out', async () => {
    await withCore(running, async core => {
      const { own } = await core.query('whatIf.get', { nodeId: 3 })
      const ask = (change: object) => core.query('whatIf.get', { nodeId: 3, figures: { ...whatIfFiguresSchema.encode(own), ...change } })
      await expect(ask({ policy: { ...own.policy, id: 99 } })).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringMatching(/no farming policy 99.*1 \(/),
      })
      await expect(ask({ connectionPriceMusd: 0 })).rejects.toMatchObject({ code: 'usage' })
      for (const rules of ['v3', 'node-period'] as const)
        await expect(core.query('whatIf.get', { nodeId: 999_999, rules })).rejects.toMatchObject({ code: 'not-found' })
    })
  })

  test('a store without a period says so', async () => {
    const ask = (core: Core) => expect(core.query('whatIf.get', { nodeId: 1 })).rejects.toMatchObject({ code: 'mint.missing' })
    await withCore(join(folder, 'empty'), ask, 'write')
    expect(await granary('project', '--data', join(folder, 'empty'))).toMatchObject({ code: 1, stderr: expect.stringMatching(/no period/) })
  })
})

describe('granary project', () => {
  test('tells what the app tells, with sums, under v3', async () => {
    const told = await projected('--data', running)
    expect(told.rules).toBe('v3')
    await withCore(running, async core => {
      const { rows } = await core.query('nodes.list', { limit: 1000 })
      expect(told.nodes.map(({ nodeId }) => nodeId)).toEqual(rows.map(({ nodeId }) => nodeId))
      for (const [i, row] of rows.entries()) {
        const { projection } = told.nodes[i]!
        expect([projection.staysUp.units, projection.goesDown.units, projection.budgetSec]).toEqual([
          row.staysUpUnits,
          row.goesDownUnits,
          row.budgetSec,
        ])
      }
      const { staysUpUnits, earnedUnits } = await core.query('overview.get', {})
      expect([told.staysUpUnits, told.earnedUnits]).toEqual([String(staysUpUnits), String(earnedUnits)])
    })
  })

  test('one node, one farm, and by node-period; the text has one line a node and the sums', async () => {
    const all = await projected('--data', running, '--rules', 'node-period')
    expect(all.nodes.length).toBeGreaterThan(5)
    expect(all.nodes.every(({ projection }) => projection.rules === 'node-period')).toBe(true)
    const sum = all.nodes.reduce((total, { projection }) => total + projection.staysUp.units, 0n)
    expect(all.staysUpUnits).toBe(String(sum))
    const farm = await projected('--data', running, '--farm', '2')
    expect(farm.nodes.length).toBeGreaterThan(1)
    expect(farm.nodes.every(({ farmId }) => farmId === 2)).toBe(true)
    const text = await granary('project', '--data', running, '--farm', '2')
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(farm.nodes.length + 3)
    expect((await projected('--data', running, '--node', '3')).nodes.map(({ nodeId }) => nodeId)).toEqual([3])
  })

  test('what is not there, and bad input', async () => {
    expect(await granary('project', '--data', running, '--node', '999999')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no node 999999/),
    })
    expect(await granary('project', '--data', running, '--node', '3', '--farm', '999')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/farm 999/),
    })
    expect(await granary('project', '--data', running, '--node', 'x')).toMatchObject({ code: 2, stdout: '' })
    expect(await granary('project', '--data', running, '--rules', 'v4')).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('granary what-if', () => {
  test('more SSD earns what the limit says', async () => {
    const { stdout } = await granary('what-if', '--data', running, '--node', '3', '--json')
    const { asIs, own } = JSON.parse(stdout) as {
      asIs: { units: string; limit: { more: { sru: string }; gainUnits: string } }
      own: { sru: string }
    }
    const gib = (BigInt(own.sru) + BigInt(asIs.limit.more.sru)) / 2n ** 30n
    const rest = (BigInt(own.sru) + BigInt(asIs.limit.more.sru)) % 2n ** 30n
    const decimals = String((rest * 10n ** 9n + 2n ** 30n - 1n) / 2n ** 30n).padStart(9, '0')
    const more = await granary('what-if', '--data', running, '--node', '3', '--sru', `${gib}.${decimals}`, '--json')
    const { changed } = JSON.parse(more.stdout) as { changed: { units: string } }
    expect(BigInt(changed.units) - BigInt(asIs.units)).toBe(BigInt(asIs.limit.gainUnits))
    const text = await granary('what-if', '--data', running, '--node', '3')
    expect(text.stdout).toContain('SSD limits its compute units: up to')
  })

  test('what a violation takes is said before any figure, and no column passes for what is paid', async () => {
    // both stand in the demo's last period; everywhere else it says that it pays nothing
    const { stdout } = await granary('what-if', '--data', running, '--node', '19')
    const [, first, second] = stdout.split('\n')
    expect(first).toBe('It pays 0 TFT because of a violation (ClockSkew); what follows leaves that out.')
    expect(second).toMatch(/^As it is: \d+ cores/)
    expect(stdout).toMatch(/^ +without the violation +changed +difference$/m)
    const healthy = await granary('what-if', '--data', running, '--node', '3')
    expect(healthy.stdout).not.toContain('violation')
    expect(healthy.stdout).toMatch(/^ +as it is +changed +difference$/m)
  })

  test('policy, price, uptime and certification are taken', async () => {
    const figures = [
      '--policy',
      '2',
      '--price',
      '0.05',
      '--uptime',
      '99.9',
      '--certified',
      '--cru',
      '64',
      '--hru',
      '0',
      '--ip-hours',
      '10',
      '--nru',
      '7',
    ]
    const { stdout } = await granary('what-if', '--data', running, '--node', '3', ...figures, '--json')
    const told = JSON.parse(stdout) as { figures: Record<string, unknown>; changed: { permille: number; slaPermille: number } }
    expect(told.figures).toMatchObject({
      cru: '64',
      hru: '0',
      ipSec: '36000',
      nruBytes: String(7 * 2 ** 30),
      certified: true,
      connectionPriceMusd: 50,
      policy: { id: 2 },
    })
    expect(told.changed).toMatchObject({ permille: 999, slaPermille: 980 })
  })

  test('bad input says which option takes what', async () => {
    const tries: [string[], RegExp][] = [
      [['--mru', '12,5'], /--mru takes GiB/],
      [['--sru', '-1'], /--sru takes GiB|argument missing/],
      [['--uptime', '100.5'], /--uptime takes per cent/],
      [['--price', '0.0001'], /--price takes USD/],
      [['--price', '0'], /price of 0/],
      [['--policy', '99'], /no farming policy 99/],
      [['--certified', '--diy'], /not both/],
      [['--cru', '1.5'], /whole number/],
    ]
    for (const [args, message] of tries)
      expect(await granary('what-if', '--data', running, '--node', '3', ...args), args.join(' ')).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(message),
      })
    expect((await granary('what-if', '--data', running)).code).toBe(2)
  })
})
