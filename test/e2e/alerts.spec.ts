import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// a page of each test's own: what stands in for the clock and for notifications would stay on a kept one
import { expect, type Page, test } from '@playwright/test'
import { serveCore } from '../../src-main/hosts/loopback/serve.ts'
import type { LoopbackServer } from '../../src-main/hosts/loopback/server.ts'
import { pageDir } from '../../src-main/hosts/open-host-core.ts'
import { type Alert, alertKinds, defaultQuietHours, defaultRule, type Telling } from '../../src-shared/alerts.ts'
import { AppError } from '../../src-shared/errors.ts'
import { expectAccessible } from '../helpers/pages.ts'
import { headTs, syncCore } from '../helpers/sync-core.ts'

// the page Alerts against a core that only answers: what it says, what it sends, and when a browser is asked

const alert = (id: number, change: Partial<Alert> = {}): Alert => ({
  ...{
    id,
    cause: `node-down|main|node ${id}|${headTs - 9_000}`,
    kind: 'node-down',
    severity: 'down',
    network: 'main',
    subject: `node ${id}`,
  },
  ...{ title: `Node ${id} is down`, reason: 'Its last report was at 2026-11-13 22:12:40 UTC.', href: `/nodes/${id}` },
  ...{ wayOut: 'If it is off, bring it back within 9 h 20 min, or it misses its SLA and this period pays nothing.', asOfTs: headTs },
  ...{ openedTs: headTs - 3_600, overTs: null, end: null, toldTs: headTs - 3_600, ...change },
})

const open = [
  alert(17),
  alert(3, {
    ...{ kind: 'address-invalid', severity: 'at-risk', subject: 'farm 12', href: '/nodes', cause: 'address-invalid|main|farm 12|1' },
    ...{ title: 'Farm 12 (Alder Farm) has no payout address', reason: 'What its nodes earn cannot be paid.' },
    wayOut: 'Set a Stellar payout address for the farm on the chain.',
  }),
  alert(4, {
    kind: 'vote-wanted',
    severity: 'info',
    subject: 'period 102',
    href: '/votes',
    title: 'Period 102 waits for your vote',
    toldTs: null,
  }),
]
const past = [
  alert(2, { overTs: headTs - 600, end: 'over' }),
  alert(1, { kind: 'node-late', severity: 'info', overTs: headTs - 900, end: 'replaced' }),
]

const world = {
  open,
  rules: alertKinds.map(defaultRule),
  quiet: { ...defaultQuietHours, zone: 'Europe/Brussels' },
  webhook: { on: false, url: '', headerName: 'Authorization', secret: 'none' as const, waiting: 0, failed: 0 },
  tellings: [] as Telling[],
}
const { core } = syncCore()
let server: LoopbackServer
let dataDir: string

test.beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'granary-alert-pages-'))
  Object.assign(core.answers, {
    'alerts.list': ({ input }: { input: unknown }) => ({
      rows: world.open.slice(0, (input as { limit: number }).limit),
      ...{ total: world.open.length, nodes: 4, why: null, problem: null, lookedTs: headTs },
    }),
    'alerts.count': () => ({ total: world.open.length, worst: world.open[0]?.severity ?? null, last: world.tellings.length }),
    'alerts.history': ({ input }: { input: unknown }) => {
      const { state, kind, search } = input as { state?: string; kind?: string; search?: string }
      const rows = [...world.open, ...past].filter(
        one =>
          (state === undefined || (one.overTs === null) === (state === 'open')) &&
          (kind === undefined || one.kind === kind) &&
          (search === undefined || one.title.toLowerCase().includes(search)),
      )
      return { rows, total: rows.length }
    },
    'alerts.rules': () => ({ rules: world.rules, quiet: world.quiet, isQuiet: world.quiet.on, held: world.quiet.on ? 2 : 0 }),
    'alerts.news': ({ input }: { input: unknown }) => ({
      tellings: world.tellings.filter(({ seq }) => seq > (input as { after: number }).after),
      last: world.tellings.length,
    }),
    'alerts.webhook': () => world.webhook,
    'alerts.deliveries': () => ({
      rows: [
        { seq: 2, ts: headTs, title: 'Node 17 is down', state: 'waiting', tries: 1, nextTs: headTs + 60, problem: 'It answered 500.' },
      ],
      total: 1,
    }),
    'alerts.webhookPreview': ({ input }: { input: unknown }) => {
      const { url } = input as { url: string }
      if (!url.startsWith('https://')) throw new AppError('usage', 'This is no address for a webhook. Enter https://HOST/…')
      return { url, headers: { 'Content-Type': 'application/json' }, body: '{\n  "title": "Node 17 is down"\n}', seen: 'abc' }
    },
    'alerts.setRule': ({ input }: { input: unknown }) => {
      const rule = input as (typeof world.rules)[number]
      world.rules = world.rules.map(one => (one.kind === rule.kind ? rule : one))
      core.announce(['alerts'])
      return {}
    },
    'alerts.setQuiet': ({ input }: { input: unknown }) => {
      world.quiet = input as typeof world.quiet
      core.announce(['alerts'])
      return {}
    },
    'alerts.webhookOn': ({ input }: { input: unknown }) => {
      world.webhook = { ...world.webhook, on: true, url: (input as { url: string }).url, waiting: 1 }
      core.announce(['alerts'])
      return {}
    },
    'alerts.webhookRetry': () => ({}),
  })
  server = await serveCore({ core, dataDir, pageDir, print: () => undefined, printError: line => console.error(line) })
})
test.afterAll(async () => {
  await server.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const sent = (name: string) => core.calls.filter(call => call.name === name).map(call => call.input)

/** Where the browser's own notifications would be: what is asked and shown is kept. */
async function standIn(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const kept = { asked: 0, shown: [] as { title: string; body: string; tag: string; click: () => void }[] }
    class Notification {
      static permission = 'default'
      static async requestPermission() {
        kept.asked++
        Notification.permission = 'granted'
        return 'granted'
      }
      onclick: (() => void) | null = null
      constructor(title: string, { body, tag }: { body: string; tag: string }) {
        kept.shown.push({ title, body, tag, click: () => this.onclick?.() })
      }
      close() {}
    }
    Object.assign(window, { Notification, kept })
  })
}

const kept = <T>(page: Page, of: string) => page.evaluate(`window.kept.${of}`) as Promise<T>

async function show(page: Page): Promise<void> {
  if (!page.url().startsWith(server.origin)) {
    await standIn(page)
    await page.clock.setFixedTime(headTs * 1000)
    await page.goto(server.link())
    await expect(page).not.toHaveURL(/token/)
  }
  await page.evaluate(() => {
    window.location.hash = '/alerts'
  })
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Alerts')
}

test('open alerts come first with reason, way out and link; the rail counts them', async ({ page }) => {
  await show(page)
  const now = page.getByRole('region', { name: '3 alerts are open' })
  await expect(now.getByRole('listitem')).toHaveCount(3)
  await expect(now.getByRole('listitem').first()).toContainText('Urgent')
  await expect(now.getByRole('listitem').first()).toContainText('bring it back within 9 h 20 min')
  await expect(now.getByRole('link', { name: 'Node 17 is down' })).toHaveAttribute('href', '#/nodes/17')
  await expect(page.getByRole('link', { name: /^Alerts.*3 open alerts$/ })).toBeVisible()
  await expectAccessible(page)
})

test('history is filtered, and a row opens its sheet', async ({ page }) => {
  await show(page)
  const table = page.getByRole('grid', { name: 'All alerts' })
  await expect(table.getByText('Turned worse')).toBeVisible()
  await page.getByRole('radiogroup', { name: 'Which alerts' }).getByText('Over').click()
  await expect(table.getByText('Node 17 is down')).toHaveCount(0)
  await page.getByRole('textbox', { name: 'Search in what and subject' }).fill('node 2')
  await expect(table.getByText('Node 1 is down')).toHaveCount(0)
  await table.getByText('Node 2 is down').click()
  const sheet = page.getByRole('dialog', { name: 'Alert' })
  await expect(sheet).toContainText('node-down|main|node 2')
  await expect(sheet.getByRole('link', { name: 'Go to it' })).toHaveAttribute('href', '#/nodes/2')
})

test('a rule changes at once and keeps to its bounds; quiet hours are kept', async ({ page }) => {
  await show(page)
  const threshold = page.getByRole('textbox', { name: 'Threshold: Node down' })
  await threshold.fill('5')
  await threshold.press('Enter')
  await expect(page.getByText('The threshold of "Node down" is a whole number from 41 to 2880 min.')).toBeAttached()
  expect(sent('alerts.setRule')).toEqual([])
  await threshold.fill('120')
  await threshold.press('Enter')
  await expect.poll(() => sent('alerts.setRule')).toEqual([{ kind: 'node-down', on: true, severity: 'down', threshold: 120 }])
  // it shows what the core has kept, so it is not unchecked in the same moment
  await page.getByRole('checkbox', { name: 'Report late' }).click()
  await expect.poll(() => sent('alerts.setRule').at(-1)).toEqual({ kind: 'node-late', on: false, severity: 'info', threshold: 45 })
  const quiet = page.getByRole('form', { name: 'Quiet hours' })
  await quiet.getByRole('checkbox', { name: 'Keep quiet hours' }).check()
  await quiet.getByLabel('To', { exact: true }).fill('22:00')
  await expect(quiet.getByText('begin and end at the same time')).toBeVisible()
  await expect(quiet.getByRole('button', { name: 'Keep' })).toBeDisabled()
  await quiet.getByLabel('To', { exact: true }).fill('06:30')
  await quiet.getByRole('button', { name: 'Keep' }).click()
  await expect(page.getByText('It is quiet now; 2 messages wait.')).toBeVisible()
  expect(sent('alerts.setQuiet')).toEqual([{ on: true, from: '22:00', to: '06:30', zone: 'Europe/Brussels', except: 'down' }])
})

test('a browser is asked by a button only; what is told then shows, and a click leads to its page', async ({ page }) => {
  await show(page)
  const telling = (seq: number): Telling => ({
    ...{ seq, ts: headTs, what: 'opened', severity: 'down', title: `Node 17 is down ${seq}`, body: 'Why.', href: '/sync' },
  })
  world.tellings.push(telling(1))
  core.announce(['alerts'])
  await expect.poll(() => core.calls.filter(({ name }) => name === 'alerts.news').length).toBeGreaterThan(1)
  expect(await kept(page, 'asked')).toBe(0)
  expect(await kept(page, 'shown.length')).toBe(0)
  await page.getByRole('button', { name: 'Show notifications in this browser' }).click()
  await expect(page.getByText('This browser shows notifications while Granary is open in it.')).toBeVisible()
  expect(await kept(page, 'asked')).toBe(1)
  world.tellings.push(telling(2))
  core.announce(['alerts'])
  await expect.poll(() => kept(page, 'shown.map(({ title }) => title)')).toEqual(['Node 17 is down 2'])
  await kept(page, 'shown[0].click()')
  await expect(page).toHaveURL(url => url.hash === '#/sync')
})

test('the webhook shows what it sends before it can be switched on', async ({ page }) => {
  await show(page)
  await page.getByRole('region', { name: 'Webhook' }).getByRole('button', { name: 'Set up' }).click()
  const sheet = page.getByRole('dialog', { name: 'Set up' })
  const address = sheet.getByRole('textbox', { name: 'Address' })
  await address.fill('http://example.org/hook')
  await sheet.getByRole('button', { name: 'Show what it sends' }).click()
  await expect(sheet.getByRole('alert')).toContainText('This is no address for a webhook')
  await address.fill('https://example.org/hook')
  await expect(sheet.getByRole('button', { name: /Switch on/ })).toHaveCount(0)
  await sheet.getByRole('button', { name: 'Show what it sends' }).click()
  await expect(sheet.getByRole('region', { name: 'What it sends, on an example' })).toContainText('"title": "Node 17 is down"')
  await expectAccessible(page)
  await sheet.getByRole('button', { name: 'Switch on, to example.org' }).click()
  await expect(page.getByText('1 message waits to be sent.')).toBeVisible()
  expect(sent('alerts.webhookOn')).toEqual([{ url: 'https://example.org/hook', headerName: 'Authorization', seen: 'abc' }])
  await expect(page.getByText('It answered 500.')).toBeVisible()
  await page.getByRole('button', { name: 'Try again now' }).click()
  await expect.poll(() => sent('alerts.webhookRetry')).toHaveLength(1)
})
