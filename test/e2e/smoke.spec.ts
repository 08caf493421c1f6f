import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { serveCore } from '../../src-main/hosts/loopback/serve.ts'
import type { LoopbackServer } from '../../src-main/hosts/loopback/server.ts'
import { openHostCore, pageDir } from '../../src-main/hosts/open-host-core.ts'
import type { Core } from '../../src-shared/contract.ts'
import { expectAccessible } from '../helpers/pages.ts'

// the first minute of a new user: an empty data folder, the embedded demo, one link
let dataDir: string
let core: Core
let server: LoopbackServer

test.beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'granary-smoke-'))
  core = await openHostCore({ dataDir, host: 'loopback' })
  server = await serveCore({ core, dataDir, pageDir, print: () => {}, printError: line => console.error(line) })
})

test.afterAll(async () => {
  await server?.close()
  await core?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Everything that a page complains about: errors, refusals of the policy, answers that failed. */
function complaints(page: Page): string[] {
  const found: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') found.push(message.text())
  })
  page.on('pageerror', error => found.push(error.message))
  page.on('requestfailed', request => found.push(`${request.url()} ${request.failure()?.errorText}`))
  return found
}

test('one link opens the app on demo data, says so, and leaves no token behind', async ({ page }) => {
  const found = complaints(page)
  const asked: string[] = []
  page.on('request', request => asked.push(request.url()))
  const link = server.link()
  const token = link.split('#token=')[1]!
  await page.goto(link)
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
  await expect(page.getByText(/demo data/i).first()).toBeVisible()
  expect(page.url()).not.toContain('token')
  expect(
    await page.evaluate(() => document.documentElement.outerHTML + JSON.stringify({ ...sessionStorage, ...localStorage })),
  ).not.toContain(token)
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(found).toEqual([])
  for (const url of asked.filter(each => !each.startsWith('data:'))) expect(url.startsWith(`${server.origin}/`)).toBe(true)
})

test('the first screen has no finding of axe', async ({ page }) => {
  await page.goto(server.link())
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.getByText(/demo data/i).first()).toBeVisible()
  await expectAccessible(page)
})

test('a reload goes on; the same link in another window is refused, and the page says what to do', async ({ page, browser }) => {
  const link = server.link()
  await page.goto(link)
  await expect(page.getByText(/demo data/i).first()).toBeVisible()
  await page.reload()
  await expect(page.getByText(/demo data/i).first()).toBeVisible()
  const other = await browser.newContext()
  const stranger = await other.newPage()
  await stranger.goto(link)
  await expect(stranger.getByText(/new link/).first()).toBeVisible()
  await expect(stranger.getByText(/demo data/i)).toHaveCount(0)
  await other.close()
})

test('a new link put into the same tab is a way in too, and leaves no token behind', async ({ page }) => {
  await page.goto(server.link())
  await expect(page.getByText(/demo data/i).first()).toBeVisible()
  // as after Granary was started again: the key of this tab is worth nothing any more
  await page.evaluate(() => sessionStorage.clear())
  await page.evaluate(hash => {
    location.hash = hash
  }, new URL(server.link()).hash)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview')
  await expect(page).not.toHaveURL(/token/)
  await page.reload()
  await expect(page.getByText(/demo data/i).first()).toBeVisible()
})

test('what the demo says of a time that has passed says that it has', async ({ page }) => {
  await page.goto(server.link())
  const list = page.getByRole('region', { name: /needs? you/ })
  await expect(list.getByText(/^As of .+ ago\)?\. What happened since is not known here\.$/)).toBeVisible()
  await expect(list.getByText(/^It must be back by .+, which has passed$/)).toBeVisible()
  await page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', { name: /^Alerts/ })
    .click()
  await expect(page.getByRole('heading', { name: 'No alert is open, but not everything is known' })).toBeVisible()
})

test('a page of another port, with the session key in hand, gets nothing', async ({ page, context }) => {
  await page.goto(server.link())
  await expect(page.getByText(/demo data/i).first()).toBeVisible()
  const key = await page.evaluate(() => sessionStorage.getItem('granary.session'))
  expect(key).toMatch(/^[\w-]{43}$/)
  const second = await serveCore({ core, dataDir, pageDir, print: () => {}, printError: () => {} })
  const foreign = await context.newPage()
  // the foreign page's own policy must not be what stops it
  await foreign.route('**/*', route => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>foreign</title>' }))
  await foreign.goto(`${second.origin}/`)
  await foreign.unroute('**/*')
  const got = await foreign.evaluate(
    async ([origin, session]) => {
      const read = await fetch(`${origin}/`).then(
        () => 'read',
        () => 'refused',
      )
      const posted = await fetch(`${origin}/session`, { method: 'POST', body: JSON.stringify({ session }) }).then(
        () => 'read',
        () => 'refused',
      )
      const socket = await new Promise<string>(resolve => {
        const line = new WebSocket(`${origin!.replace('http', 'ws')}/rpc`, ['granary', `session.${session}`])
        line.onopen = () => resolve('open')
        line.onerror = () => resolve('refused')
      })
      return { read, posted, socket }
    },
    [server.origin, key!],
  )
  expect(got).toEqual({ read: 'refused', posted: 'refused', socket: 'refused' })
  await second.close()
})

test('when the server goes, the page says so; when another run takes its place, the page asks for a new link', async ({ page }) => {
  const found: string[] = []
  page.on('pageerror', error => found.push(error.message))
  const edges = { core, dataDir, pageDir, print: () => {}, printError: () => {} }
  const first = await serveCore(edges)
  await page.goto(first.link())
  await expect(page.getByText(/demo data/i).first()).toBeVisible()
  await first.close()
  await expect(page.getByText(/does not answer|reconnect|no connection|not connected|lost/i).first()).toBeVisible()
  const second = await serveCore({ ...edges, port: Number(new URL(first.origin).port) })
  await expect(page.getByText(/new link/).first()).toBeVisible({ timeout: 15_000 })
  await second.close()
  expect(found).toEqual([])
})

test('a period that still runs pays nothing yet, which is no 0, and each figure of a node says why', async ({ page }) => {
  await page.goto(server.link())
  await page.getByRole('link', { name: 'Periods' }).click()
  await page.getByRole('grid', { name: 'Periods' }).getByRole('link').first().click()
  await expect(page).toHaveTitle(/^Period \d+ - Granary$/)
  await expect(page.getByText('Still running')).toBeVisible()
  await expect(page.getByText('Pays', { exact: true }).locator('..')).toContainText('not yet')
  await page.getByRole('grid').getByRole('link').first().click()
  await expect(page).toHaveTitle(/^Node \d+, period \d+ - Granary$/)
  await page.getByRole('button', { name: /how projection of node \d+ if it stays up/ }).click()
  await expect(page.getByRole('dialog')).toContainText('Full payout for the period')
  await expect(page.getByRole('dialog')).toContainText('not yet')
})
