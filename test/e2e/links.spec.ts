import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base, expect } from '@playwright/test'
import { refusedPath } from '../../src-shared/app-links.ts'
import { standInDesktop } from '../helpers/desktop-stand-in.ts'
import { test } from '../helpers/one-page.ts'
import { caseArchive, expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

// Where links and opened files lead. The same addresses work in the desktop's window, which is stood in for here.

const [receipt] = readFileSync(join(caseArchive('mixed_random'), '../receipts.ndjson'), 'utf8')
  .split('\n', 1)
  .map(line => JSON.parse(line) as { node_id: number; hash: string })
let served: ServedPage
let folder: string

test.beforeAll(async () => {
  served = await servePages([caseArchive('mixed_random')])
  folder = mkdtempSync(join(tmpdir(), 'granary-links-'))
  copyFileSync(caseArchive('mixed_random'), join(folder, 'period 80.ndjson.gz'))
  copyFileSync(join(caseArchive('mixed_random'), '../receipts.ndjson'), join(folder, 'receipts.ndjson'))
  writeFileSync(join(folder, 'holiday.jpg'), 'no grid data')
})
test.afterAll(async () => {
  await served.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a link to a receipt looks it up and shows what it pays and why; an unknown one says where to look', async ({ page }) => {
  await served.open(page, `/receipt/${receipt!.hash}`)
  await expect(page.getByRole('heading', { level: 1 })).toContainText(`Receipt ${receipt!.hash.slice(0, 12)}`)
  await expect(page.getByText(receipt!.hash, { exact: true }).first()).toBeVisible()
  await expect(page.getByRole('region', { name: 'What it pays, and why' })).toContainText('Payout in TFT')
  await expectAccessible(page)
  await page.getByRole('link', { name: `Node ${receipt!.node_id}`, exact: true }).click()
  await expect(page).toHaveURL(new RegExp(`#/nodes/${receipt!.node_id}/80$`))

  await served.open(page, `/receipt/${'0'.repeat(64)}`)
  await expect(page.getByRole('heading', { name: 'This receipt is not here' })).toBeVisible()
  await page.getByRole('region', { name: 'Where to look' }).getByRole('link', { name: 'See which periods are here' }).click()
  await expect(page).toHaveURL(/#\/periods$/)
})

test('links to a node and a period lead to their pages; what is no link is shown and does nothing', async ({ page }) => {
  await served.open(page, '/nowhere')
  for (const [from, to] of [
    [`/node/${receipt!.node_id}`, `#/nodes/${receipt!.node_id}`],
    ['/period/80', '#/periods/80'],
    ['/run/0a1b', '#/payouts/0a1b'],
  ] as const) {
    await page.evaluate(path => {
      window.location.hash = path
    }, from)
    await expect(page).toHaveURL(url => url.hash === to)
  }
  await expect(page.getByText(/not-found|no run|No payout/i).first()).toBeVisible()
  for (const path of [refusedPath('link', 'granary://pay/all?to=GEVIL'), '/node/1e9', '/receipt/xyz']) {
    await served.open(page, path)
    await expect(page.getByRole('heading', { name: 'Not opened' })).toBeVisible()
    await expect(page.getByRole('main')).toContainText(path.startsWith('/refused') ? 'granary://pay/all?to=GEVIL' : `#${path}`)
  }
})

base('opened files say what they are and wait; the desktop has its own settings and the menu its search', async ({ page }) => {
  const state = { startAtLogin: false, keepInTray: false, notifications: true, note: null, alwaysGoesOn: false }
  const files = ['period 80.ndjson.gz', 'receipts.ndjson', 'holiday.jpg', 'gone.evidence'].map(name => join(folder, name))
  await standInDesktop(page, { state, opened: { 3: files } })
  await served.open(page, '/opened/3')
  const archive = page.getByRole('region', { name: 'period 80.ndjson.gz' })
  await expect(archive.getByRole('region', { name: 'What it says of itself, unchecked' })).toContainText(/test.*80/s)
  await expect(archive.getByRole('button', { name: 'Import period 80.ndjson.gz' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'holiday.jpg' })).toContainText('Not a file that Granary knows')
  await expect(page.getByRole('region', { name: 'gone.evidence' }).getByRole('alert')).toContainText('gone.evidence')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Check receipts.ndjson' }).click()
  await expect(page).toHaveURL(/#\/audit$/)
  // it is begun: the core took the file by its path
  await expect(page.getByRole('button', { name: 'New audit' })).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
  await served.open(page, '/import')
  await expect(page.getByRole('region', { name: 'Files' })).toHaveCount(0)
  await served.open(page, '/opened/4')
  await expect(page.getByText('These files are not held any more')).toBeVisible()

  await served.open(page, '/settings')
  const desktop = page.getByRole('region', { name: 'Desktop' })
  await desktop.getByRole('checkbox', { name: 'Keep in the tray' }).check()
  await desktop.getByRole('checkbox', { name: 'Start when you log in' }).check()
  await expect(desktop.getByRole('checkbox', { name: 'Start when you log in' })).toBeChecked()
  expect(await page.evaluate(() => (window as unknown as { desktopAsked: unknown }).desktopAsked)).toEqual([
    { keepInTray: true },
    { startAtLogin: true },
  ])
  await page.evaluate(() => window.postMessage('granary:search', '*'))
  await expect(
    page.getByRole('textbox', { name: 'Page, node, farm, receipt hash or action' }).or(page.getByRole('dialog')),
  ).not.toHaveCount(0)
})

test('a browser has no desktop settings, and says where files are given', async ({ page }) => {
  await served.open(page, '/settings')
  await expect(page.getByRole('region', { name: 'Data' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Desktop' })).toHaveCount(0)
  await served.open(page, '/opened/1')
  await expect(page.getByText('Files are opened here only by the desktop application')).toBeVisible()
})
