import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { serveCore } from '../../src-main/hosts/loopback/serve.ts'
import type { LoopbackServer } from '../../src-main/hosts/loopback/server.ts'
import { pageDir } from '../../src-main/hosts/open-host-core.ts'
import { AppError } from '../../src-shared/errors.ts'
import { expectAccessible } from '../helpers/pages.ts'
import { examined, headTs, liveNodes, type SyncWorld, syncCore, syncIn } from '../helpers/sync-core.ts'

// the screens of the sync against a core that only answers: what they say in each phase, and what they send

let dataDir: string
let server: LoopbackServer | undefined

test.beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'granary-sync-pages-'))
})

test.afterEach(async () => {
  await server?.close()
  server = undefined
})

test.afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

async function open(page: Page, path: string, change: Partial<SyncWorld> = {}) {
  const stand = syncCore(change)
  server = await serveCore({ core: stand.core, dataDir, pageDir, print: () => undefined, printError: line => console.error(line) })
  await page.clock.setFixedTime(headTs * 1000)
  await page.goto(server.link())
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
  await expect(page).not.toHaveURL(/token/)
  await page.evaluate(to => {
    window.location.hash = to
  }, path)
  const sent = (name: string) => stand.core.calls.filter(call => call.name === name).map(call => call.input)
  return { ...stand, sent }
}

test('first run: find a farm, choose its nodes, see what it takes, follow, and see them now', async ({ page }) => {
  const { sent } = await open(page, '/')
  await page.getByRole('link', { name: 'Follow the chain' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Follow the chain')
  await expect(page.getByRole('button', { name: 'Work it out' })).toBeDisabled()
  await page.getByRole('textbox', { name: 'Find farms' }).fill('ald')
  await page.keyboard.press('Enter')
  await expect(page.getByText('2 found')).toBeVisible()
  await page.getByRole('button', { name: 'Single nodes: Alder Farm (12)' }).click()
  await page.getByRole('button', { name: 'Node 17', exact: true }).click()
  await page.getByRole('button', { name: 'Node 18', exact: true }).click()
  await page.getByRole('button', { name: 'Work it out' }).click()
  await expect(page.getByText('Follow 2 nodes of Alder Farm (12): about 2.10 GB to fetch, 25 min, 9.0 MB on disk')).toBeVisible()
  const asked = { network: 'main', scope: { farms: [], nodes: [17, 18] }, periods: 2 }
  expect(sent('sync.estimate')).toEqual([asked])
  expect(sent('sync.configure')).toEqual([])
  await page.getByRole('button', { name: 'Follow 2 nodes of Alder Farm (12)' }).click()
  await expect(page.getByRole('heading', { name: 'Catching up: 43 %, about 25 min left' })).toBeVisible()
  expect(sent('sync.configure')).toEqual([{ ...asked, compareShare: 0.05 }])
  const now = page.getByRole('grid', { name: 'Followed nodes now' })
  await expect(now.getByRole('row').nth(1)).toContainText('Down')
  await expect(now.getByRole('link', { name: '18' })).toHaveAttribute('href', '#/nodes/18')
})

test('an estimate is of one choice: another one has to be worked out again before it can begin', async ({ page }) => {
  await open(page, '/sync/setup', { sync: syncIn('following') })
  await page.getByRole('button', { name: 'Work it out' }).click()
  await expect(page.getByRole('button', { name: 'Follow Alder Farm (12)' })).toBeVisible()
  await page.getByText('The whole grid', { exact: true }).click()
  await expect(page.getByRole('button', { name: /^Follow / })).toHaveCount(0)
  await page.getByRole('button', { name: 'Work it out' }).click()
  await expect(page.getByRole('button', { name: 'Follow the whole grid' })).toBeVisible()
})

test('an estimate under way says so and can be cancelled; an endpoint without old state is called what it is', async ({ page }) => {
  const { core } = await open(page, '/sync/setup', { sync: syncIn('following') })
  const answers: ((value: unknown) => void)[] = []
  let aborted = false
  core.answers['sync.estimate'] = call =>
    new Promise((resolve, reject) => {
      answers.push(resolve)
      call.signal?.addEventListener('abort', () => {
        aborted = true
        reject(new AppError('cancelled', 'Stopped on request.'))
      })
    })
  await page.getByRole('button', { name: 'Work it out' }).click()
  await expect(page.getByText('Measuring on main')).toBeVisible()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('button', { name: 'Work it out' })).toBeEnabled()
  await expect.poll(() => aborted).toBe(true)
  core.answers['sync.estimate'] = () => {
    throw new AppError('chain.not-archive', 'wss://chain.two.example/ws has no state of block 17,361,520. Add an archive node.')
  }
  await page.getByRole('button', { name: 'Work it out' }).click()
  await expect(page.getByRole('alert')).toContainText('This endpoint is not an archive node')
  await expect(page.getByRole('alert')).toContainText('Add an archive node.')
  await expect(page.getByRole('button', { name: 'Follow without knowing what it takes' })).toBeVisible()
})

test('periods and endpoints in words; pause, resume, and a halt with its reason and its way out', async ({ page }) => {
  const { sent, show } = await open(page, '/sync', { sync: syncIn('backfilling'), live: liveNodes })
  const periods = page.getByRole('region', { name: 'Periods' })
  await expect(periods.getByRole('row').nth(1)).toContainText('Running, known to the head')
  await expect(periods.getByRole('row').nth(2)).toContainText(/Filling\s*42 %/)
  await expect(periods.getByRole('row').nth(3)).toContainText('nothing yet')
  await expect(periods.getByRole('progressbar')).toHaveAttribute('aria-valuenow', /^4[23]$/)
  const endpoints = page.getByRole('region', { name: 'Endpoints' })
  await expect(endpoints).toContainText('not an archive node')
  await expect(endpoints).toContainText('It did not answer for 20 s.')
  await expect(page.getByRole('region', { name: 'What this rests on' })).toContainText('12,345 of 246,900 blocks')
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByRole('heading', { name: 'Paused: 43 %' })).toBeVisible()
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(page.getByRole('heading', { name: 'Catching up' })).toBeVisible()
  expect([sent('sync.pause').length, sent('sync.start').length]).toEqual([1, 1])
  show({ sync: syncIn('halted') })
  const halted = page.getByRole('region', { name: 'Halted' })
  await expect(halted).toContainText('SmartContractModule.Renamed (spec 153). Update Granary')
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible()
  await expect(page.getByRole('contentinfo')).toContainText('Sync: halted')
})

test('the status bar leads from every page to the sync and says when offline until when things are known', async ({ page }) => {
  await open(page, '/settings', { sync: syncIn('offline') })
  const bar = page.getByRole('contentinfo')
  await expect(bar).toContainText(/last block \d\d:\d\d, offline/)
  await bar.getByRole('link').click()
  await expect(page.getByRole('heading', { level: 1, name: 'Sync' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Offline' })).toContainText('Granary keeps trying')
})

test('before any period the overview shows the followed nodes as they are now, and each state alone', async ({ page }) => {
  await open(page, '/', { sync: syncIn('backfilling'), live: liveNodes })
  const grid = page.getByRole('grid', { name: 'Followed nodes now' })
  await expect(grid).toHaveAttribute('aria-rowcount', '5')
  await page.getByRole('button', { name: '1 down' }).click()
  await expect(grid).toHaveAttribute('aria-rowcount', '2')
  await page.getByRole('button', { name: 'Show all 4' }).click()
  await expect(grid).toHaveAttribute('aria-rowcount', '5')
  await page.getByRole('link', { name: 'See the sync' }).click()
  await expect(page).toHaveTitle('Sync - Granary')
})

test('settings: an endpoint is checked in the form and by the core, one of your own can go; an examination says the problem first', async ({
  page,
}) => {
  const { sent } = await open(page, '/settings')
  const networks = page.getByRole('region', { name: 'Networks' })
  const address = networks.getByRole('textbox', { name: 'Address' })
  await address.fill('http://chain.example')
  await networks.getByRole('button', { name: 'Check and add' }).click()
  await expect(networks).toContainText('An endpoint is wss://HOST')
  expect(sent('network.addEndpoint')).toEqual([])
  await address.fill('wss://other.example')
  await networks.getByRole('button', { name: 'Check and add' }).click()
  await expect(networks.getByRole('alert')).toContainText('belongs to another network')
  await address.fill('wss://mine.example')
  await networks.getByRole('button', { name: 'Check and add' }).click()
  await expect(networks).toContainText('Added to main')
  await expect(networks).toContainText('not an archive node')
  await networks.getByRole('button', { name: 'Remove wss://mine.example from main' }).click()
  await expect(networks.getByRole('button', { name: 'Remove wss://mine.example from main' })).toHaveCount(0)
  expect(sent('network.removeEndpoint')).toEqual([{ network: 'main', url: 'wss://mine.example' }])
  const region = page.getByRole('region', { name: 'Examination' })
  await expect(region).toContainText('Not examined yet.')
  await region.getByRole('button', { name: 'Examine' }).click()
  await expect(region).toContainText('One check found a problem; one could not be made.')
  await expect(region.getByRole('listitem').first()).toContainText('Import period 102 again')
})

test('the demo offers a chain to see the sync at work; a second Granary can only look', async ({ page }) => {
  const { sent, show } = await open(page, '/sync', { demo: true })
  await page.getByRole('button', { name: 'Follow the made-up chain' }).click()
  await expect(page.getByRole('heading', { name: 'Up to date' })).toBeVisible()
  expect(sent('demo.follow').length).toBe(1)
  show({ readOnly: true })
  await expect(page.getByRole('button', { name: 'Pause' })).toBeDisabled()
})

test('accessible in both themes', async ({ page }) => {
  const { show } = await open(page, '/sync', { live: liveNodes, doctor: examined })
  await expect(page.getByRole('heading', { name: 'What it takes' })).toBeVisible()
  await expectAccessible(page)
  for (const [phase, shown] of [
    ['backfilling', page.getByRole('progressbar').first()],
    ['halted', page.getByRole('region', { name: 'Halted' })],
  ] as const) {
    show({ sync: syncIn(phase) })
    await expect(shown).toBeVisible()
    await expect(page.getByRole('grid', { name: 'Followed nodes now' })).toBeVisible()
    await expect(page.getByRole('region', { name: 'Endpoints' })).toBeVisible()
    await expectAccessible(page)
  }
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByText('Fine', { exact: true })).toBeVisible()
  await expectAccessible(page)
})
