import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { caseArchive, expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

interface Receipt {
  node_id: number
  hash: string
  violation: string | null
  receipt: { reward: { tft: number } }
}

const golden = readFileSync(join(caseArchive('mixed_random'), '../receipts.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line) as Receipt)
let served: ServedPage

test.beforeAll(async () => {
  served = await servePages([caseArchive('mixed_random')])
})

test.afterAll(async () => {
  await served.close()
})

test('from the list of periods to a receipt and its derivation, by keyboard alone', async ({ page }) => {
  await served.open(page, '/periods')
  const list = page.getByRole('grid', { name: 'Periods' })
  await expect(list.getByRole('row')).toHaveCount(2)
  await list.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Period 80' })).toBeVisible()
  const paid = golden.filter(one => one.receipt.reward.tft > 0)
  const sum = paid.reduce((total, one) => total + BigInt(one.receipt.reward.tft), 0n)
  await expect(page.getByText('Paid nodes').locator('..')).toContainText(String(paid.length))
  await expect(page.getByText('Pays', { exact: true }).locator('..').locator('[data-exact]')).toHaveAttribute(
    'data-exact',
    `${sum / 10_000_000n}.${(sum % 10_000_000n).toString().padStart(7, '0')}`,
  )
  const receipts = page.getByRole('grid', { name: 'Receipts of period 80' })
  await expect(receipts).toHaveAttribute('aria-rowcount', String(golden.length + 1))
  await receipts.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByText(golden[1]!.hash, { exact: true })).toBeVisible()
  await expect(sheet.getByText('Payout in TFT')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
})

test('the search finds a receipt by its hash, and says when it finds none', async ({ page }) => {
  await served.open(page, '/periods/80')
  const receipts = page.getByRole('grid', { name: 'Receipts of period 80' })
  await page.getByRole('textbox', { name: 'Search receipts' }).fill(golden[7]!.hash.slice(0, 12))
  await expect(receipts).toHaveAttribute('aria-rowcount', '2')
  await expect(receipts.getByRole('link')).toHaveText(String(golden[7]!.node_id))
  await page.getByRole('textbox', { name: 'Search receipts' }).fill('nothing like it')
  await expect(page.getByText('No receipt fits "nothing like it".')).toBeVisible()
})

test('every receipt is in the CSV file', async ({ page }) => {
  await served.open(page, '/periods/80')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'All receipts as CSV' }).click()])
  const text = readFileSync(await download.path(), 'utf8')
  expect(download.suggestedFilename()).toMatch(/80.*\.csv$/)
  expect(text.trimEnd().split('\r\n')).toHaveLength(golden.length + 1)
  for (const one of golden) expect(text).toContain(one.hash)
})

test('a period that is not here says how to get it', async ({ page }) => {
  await served.open(page, '/periods/12')
  await expect(page.getByText('Period 12 is not here')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Import its grid archive' })).toBeVisible()
})

test('accessible in both themes', async ({ page }) => {
  await served.open(page, '/periods')
  await expect(page.getByRole('grid').getByRole('row')).toHaveCount(2)
  await expectAccessible(page)
  await page.getByRole('link', { name: '80', exact: true }).click()
  await expect(page.getByRole('grid', { name: 'Receipts of period 80' })).toBeVisible()
  await expectAccessible(page)
})
