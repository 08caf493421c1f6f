import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Download, expect, type Page } from '@playwright/test'
import { openStore } from '../../src-main/store/open.ts'
import { parseCsv } from '../../src-shared/csv.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { importPaidPeriods } from '../helpers/paid-period.ts'
import { keepPaid } from '../helpers/statement-books.ts'

/* Files that leave from the page Exports, and the statement of a farm and year. */

let folder: string
let served: ServedPage

/** 4 December 2024 and the last day of that year. */
const paidOn = [1_733_270_405, 1_735_603_205]

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-exports-page-'))
  const dataDir = join(folder, 'data')
  await importPaidPeriods(dataDir, folder)
  const store = openStore(dataDir, { mode: 'write' })
  for (const [i, period] of [79, 80].entries()) keepPaid(store, period, 1, paidOn[i]!)
  store.close()
  served = await serveFolder(dataDir)
})
test.afterAll(async () => {
  await served?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function saved(page: Page, press: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), press()])
  return { name: download.suggestedFilename(), bytes: await bytesOf(download) }
}

const bytesOf = async (download: Download) => readFileSync(await download.path())

test('what would stand in the file is seen before, and the file holds just that; filters are kept by name', async ({ page }) => {
  await served.open(page, '/exports')
  const filters = page.getByRole('region', { name: 'Filters' })
  const preview = page.getByRole('region', { name: 'Preview', exact: true })
  await filters.getByLabel('Period').fill('79')
  const button = filters.getByRole('button', { name: /^Export \d+ rows$/ })
  await expect(button).toBeEnabled()
  const total = Number(/\d+/.exec((await button.textContent())!)![0])
  await expect(preview).toContainText(`${total} rows`)
  await expect(preview.getByRole('columnheader', { name: 'receipt_hash' })).toBeVisible()
  const file = await saved(page, () => button.click())
  expect(file.name).toBe('granary-receipts-period-79.csv')
  expect(parseCsv(file.bytes.toString())).toHaveLength(total + 1)

  await filters.getByRole('button', { name: 'Save as preset' }).click()
  await page.getByLabel('Name of the preset').fill('Period 79')
  await page.keyboard.press('Enter')
  await expect(filters.getByLabel('Preset')).toHaveValue('Period 79')
  await filters.getByText('Payouts', { exact: true }).click()
  await filters.getByRole('button', { name: 'Clear filters' }).click()
  await expect(preview).toContainText('2 rows')
  await filters.getByLabel('To (UTC)').fill('2020-01-01')
  await expect(preview).toContainText('No row passes these filters.')
  await filters.getByLabel('Preset').selectOption('')
  await filters.getByLabel('Preset').selectOption('Period 79')
  await expect(button).toHaveText(`Export ${total} rows`)
  await expectAccessible(page)
})

test('a statement says what was paid and what is open, values it by a file of one’s own, and names the days without a price', async ({
  page,
}) => {
  await served.open(page, '/periods')
  await page.getByRole('link', { name: 'Statement of a year' }).click()
  const part = page.getByRole('region', { name: 'Statement', exact: true })
  await part.getByLabel('Farm').click()
  await page.getByRole('option', { name: /\(1\)$/ }).click()
  await part.getByLabel('Year').fill('2024')
  await expect(part.getByRole('region', { name: 'By day of payment' }).getByRole('row')).toHaveCount(4)
  await expect(part.getByText('Payments2', { exact: true })).toBeVisible()

  const prices = page.getByRole('region', { name: 'Market prices' })
  await prices.getByLabel('Currency of the file').fill('eur')
  const give = async (text: string) =>
    prices.getByLabel('Import a price file').setInputFiles({ name: 'prices.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await give('date,price\n2024-12-04,0.02\n2024-13-01,1\n')
  await expect(prices.getByRole('alert')).toContainText('Line 3: "2024-13-01" is no day')
  await give('date,price\n2024-12-04,0.02\n')
  await expect(prices).toContainText('Prices in EUR: 1 new')
  await expect(part).toContainText('1 day with payments has no price')
  await expect(part).toContainText('2024-12-31')
  await expect(part.getByRole('region', { name: 'By day of payment' }).getByText('no price')).toBeVisible()

  const csv = await saved(page, () => part.getByRole('button', { name: 'CSV' }).click())
  expect(csv.name).toBe('granary-statement-farm-1-2024.csv')
  expect(csv.bytes.toString()).toContain('missing price,2024-12-31')
  const pdf = await saved(page, () => part.getByRole('button', { name: 'PDF' }).click())
  expect(pdf.bytes.subarray(0, 5).toString()).toBe('%PDF-')
  await expectAccessible(page)
})
