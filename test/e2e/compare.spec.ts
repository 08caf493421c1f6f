import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { caseArchive, expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

const dir = join(caseArchive('mixed_random'), '..')
const receipts = readFileSync(join(dir, 'receipts.ndjson'), 'utf8')
const payouts = readFileSync(join(dir, 'payouts.csv'), 'utf8')
const count = receipts.trimEnd().split('\n').length

let served: ServedPage
let folder: string

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-compare-page-'))
  served = await servePages([caseArchive('mixed_random')])
})
test.afterAll(async () => {
  await served.close()
  rmSync(folder, { recursive: true, force: true })
})

async function give(page: Page, files: Record<string, string>): Promise<void> {
  const paths = Object.entries(files).map(([name, text]) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  })
  await page.getByLabel('Files of the proposal').setInputFiles(paths)
}

test('from a period to the comparison: the same files are all equal, and what that rests on is said', async ({ page }) => {
  await served.open(page, '/periods/80')
  await page.getByRole('link', { name: 'Compare with a proposal' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Period 80 against a proposal' })).toBeVisible()
  await expectAccessible(page)
  await give(page, { 'payouts.csv': payouts, 'receipts.ndjson': receipts })
  const verdict = page.getByRole('region', { name: 'Verdict' })
  await expect(verdict.getByRole('heading')).toHaveText(`All ${count} are equal.`)
  await verdict.getByText('What this rests on').click()
  await expect(verdict).toContainText('No storage proofs were checked.')
  await expect(verdict).toContainText('payouts.csv, receipts.ndjson')
  await expectAccessible(page)
})

/** Where a proposal is given; the page shows the last comparison first, if there was one. */
async function openCompare(page: Page): Promise<void> {
  await served.open(page, '/periods/80/compare')
  const again = page.getByRole('button', { name: 'Compare with another proposal' })
  await expect(again.or(page.getByText("Drop another signer's files here"))).toBeVisible()
  if (await again.isVisible()) await again.click()
}

test('what differs stands first with its reason; a row opens the sheet with both sides and the own derivation; the CSV has it', async ({
  page,
}) => {
  await openCompare(page)
  const lines = receipts.split('\n')
  const at = lines.findIndex(line => line.includes('"violation":null') && !line.includes('"tft":0}'))
  const node = JSON.parse(lines[at]!).node_id as number
  await give(page, { 'receipts.ndjson': lines.with(at, lines[at]!.replace(/"measured_uptime":\d+/, '"measured_uptime":12')).join('\n') })
  const verdict = page.getByRole('region', { name: 'Verdict' })
  await expect(verdict.getByRole('heading')).toHaveText(`${count - 1} equal, 1 differs.`)
  const list = page.getByRole('grid', { name: 'Comparison' })
  await expect(list.getByRole('row').nth(1)).toContainText('measured_uptime, hash of the bytes, and said')
  await page.getByLabel('Show', { exact: true }).selectOption('differs')
  await expect(list).toHaveAttribute('aria-rowcount', '2')
  await list.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('dialog', { name: new RegExp(`^Node ${node}, `) })
  await expect(sheet.getByRole('row', { name: /^measured_uptime/ })).toContainText('12')
  await expect(sheet.getByRole('region', { name: 'Where that can come from' })).toContainText('changed after it was hashed')
  await expect(sheet.getByRole('region', { name: 'How your own result comes about' })).toContainText('From the inputs to the payout')
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Differences as CSV' }).click()
  const file = await download
  expect(file.suggestedFilename()).toBe('differences-period-80.csv')
  expect(readFileSync(await file.path(), 'utf8')).toContain(`differs,${node},`)
})

test('a file that is no proposal is refused with its line, and another one can be given', async ({ page }) => {
  await openCompare(page)
  await give(page, { 'payouts.csv': 'GABC,1.0,abc\n' })
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('payouts.csv, line 1')
  await alert.getByRole('button').click()
  await expect(page.getByText("Drop another signer's files here")).toBeVisible()
})
