import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { type ServedPage, serveFolder } from '../helpers/pages.ts'
import { smallPng } from '../helpers/small-png.ts'
import { administrator, openTreasury } from '../helpers/treasury.ts'
import { openAs } from '../helpers/treasury-page.ts'

/*
 * The README's pictures: the embedded demo and a small treasury beside it, at one and the same moment, so that they are the same whenever
 * they are made. `GRANARY_PICTURES=1 npm run e2e -- pictures` writes them; otherwise it is only looked whether each page shows what its
 * picture is about.
 */

/** ten minutes after the demo's last block: 19 Nov 2026, 21:30 UTC */
const PICTURED_TS = 1_795_123_840
const DAY_SEC = 86_400
const makesPictures = Boolean(process.env.GRANARY_PICTURES)
const folder = join(import.meta.dirname, '../../resources/pictures')

test.use({ timezoneId: 'UTC', locale: 'en-GB' })

let root: string
let served: ServedPage

test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-pictures-'))
  await makeBooks()
  served = await serveFolder(join(root, 'data'), { nowTs: () => PICTURED_TS })
})

test.afterAll(async () => {
  await served?.close()
  rmSync(root, { recursive: true, force: true })
})

/** Two entities that pay each other. */
async function makeBooks(): Promise<void> {
  const treasury = await openTreasury(PICTURED_TS - DAY_SEC)
  const alder = await treasury.entity('Alder Farm', '2000')
  const birch = await treasury.entity('Birch Farm', '500')
  await treasury.run(administrator, 'tokens.fund', { to: alder.entity, token: 'BTA-GOV', amount: '40' })
  for (const [from, to, amount, memo] of [
    [alder, birch, '12.5', 'Rack 4, November'],
    [birch, alder, '3.2', 'Returned cable'],
    [alder, birch, '250', 'Power supply'],
  ] as const) {
    treasury.clock.ts += 3_700
    await treasury.run(from, 'tokens.transfer', { to: to.entity, token: 'AZR', amount, memo })
  }
  await treasury.run(alder, 'staking.stake', { amount: '500', days: 365 })
  await treasury.restart(async dataDir => cpSync(dataDir, join(root, 'data'), { recursive: true }))
  treasury.close()
}

/** Writes the picture down where that is asked for. */
async function picture(page: Page, name: string): Promise<void> {
  if (!makesPictures) return
  mkdirSync(folder, { recursive: true })
  // no cursor, no focus, and what the page still asks for has come
  await page.mouse.move(0, 0)
  await page.waitForTimeout(1_000)
  writeFileSync(join(folder, `${name}.png`), smallPng(await page.screenshot({ caret: 'hide' })))
}

test('each page shows what its picture in the README is about', async ({ page }) => {
  await page.clock.setFixedTime(PICTURED_TS * 1000)
  await page.emulateMedia({ colorScheme: 'light' })

  await served.open(page, '/')
  await page.getByRole('button', { name: 'Later' }).click()
  await expect(page.getByRole('region', { name: '4 things need you' })).toBeInViewport()
  await expect(page.getByRole('button', { name: /how if they stay up is computed/ })).toBeInViewport()
  await picture(page, 'overview')
  if (makesPictures) {
    await page.emulateMedia({ colorScheme: 'dark' })
    await picture(page, 'overview-dark')
    await page.emulateMedia({ colorScheme: 'light' })
  }

  await served.open(page, '/periods/102')
  await expect(page.getByRole('heading', { level: 1, name: 'Period 102' })).toBeVisible()
  await expect(page.getByText('Kestrel Racks').first()).toBeInViewport()
  await picture(page, 'period')

  await served.open(page, '/nodes/6/102')
  await page.getByRole('button', { name: 'how payout of node 6, period 102 is computed' }).first().click()
  await expect(page.getByRole('dialog').getByText('From the inputs to the payout')).toBeVisible()
  await picture(page, 'node')
  await page.keyboard.press('Escape')

  await served.open(page, '/audit')
  const audit = page.getByRole('button', { name: 'Audit period 102' })
  await expect(audit).toBeVisible()
  // what an audit finds is looked at in a test of its own, and takes a while
  if (makesPictures) {
    await audit.click()
    await expect(page.getByRole('table', { name: 'Checks' }).getByRole('row', { name: /^Recomputed/ })).toContainText('24')
    await picture(page, 'audit')
  }

  await openAs(served, page, 'Alder Farm', '/account')
  await expect(page.getByText('Power supply')).toBeInViewport()
  await picture(page, 'account')
})
