import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'

const passphrase = 'administrator of the tests'
let root: string
let served: ServedPage

test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-configuration-page-'))
  served = await serveFolder(root)
})

test.afterAll(async () => {
  await served?.close()
  rmSync(root, { recursive: true, force: true })
})

async function openSetting(page: Page, about: string, name: string) {
  await served.open(page, '/configuration')
  await page.getByRole('textbox', { name: 'Find a setting' }).fill(about)
  const row = page.getByRole('row').filter({ hasText: about })
  await expect(row).toHaveCount(1)
  await row.click()
  const sheet = page.getByRole('dialog', { name, exact: true })
  await expect(sheet).toBeVisible()
  return sheet
}

test('a setting is changed within its bounds by the administrator, and says who changed it', async ({ page }) => {
  await served.open(page, '/configuration')
  await expect(page.getByText(/^All \d+ settings are as the rules have them/)).toBeVisible()
  const sheet = await openSetting(page, 'Fee of a payment', 'payments.feeBps')
  await expect(sheet).toContainText('0 to 1,000 (0.00 % to 10.00 %)')
  await expect(sheet).toContainText('Nobody has changed it.')
  const value = sheet.getByRole('textbox', { name: 'New value, basis points' })
  // nobody is the administrator yet: the form asks for a passphrase to choose
  await sheet.getByRole('textbox', { name: 'Passphrase', exact: true }).fill(passphrase)
  await sheet.getByRole('textbox', { name: 'The same passphrase once more' }).fill(passphrase)
  await value.fill('1001')
  await sheet
    .getByRole('button', { name: 'Change these rows' })
    .or(sheet.getByRole('button', { name: /^Change/ }))
    .click()
  await expect(value).toHaveAttribute('aria-invalid', 'true')
  await value.fill('25')
  await expect(sheet).toContainText('That is 0.25 %.')
  await sheet.getByRole('button', { name: 'Change to 0.25 %' }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByText(/^1 of \d+ settings differ/)).toBeVisible()
  const row = page.getByRole('row').filter({ hasText: 'Fee of a payment' })
  await expect(row).toContainText('0.25 %')
  await expect(row).toContainText('0.10 %')
  await expect(row).toContainText('Administrator')
  const again = await openSetting(page, 'Fee of a payment', 'payments.feeBps')
  await expect(again.getByRole('table', { name: 'Changes of this setting' })).toContainText('0.25 %')
  await again.getByRole('button', { name: 'Fill in the default: 0.10 %' }).click()
  await again.getByRole('button', { name: 'Change to 0.10 %' }).click()
  await expect(page.getByText(/^All \d+ settings are as the rules have them/)).toBeVisible()
})

test('a table is entered row by row, and a wrong cell is told at its field', async ({ page }) => {
  const sheet = await openSetting(page, 'Yearly reward by the length', 'staking.apy')
  const second = sheet.getByRole('group', { name: 'Row 2' })
  await second.getByRole('textbox', { name: 'A year, basis points' }).fill('twenty')
  await sheet.getByRole('button', { name: 'Change these rows' }).click()
  await expect(second.getByRole('textbox', { name: 'A year, basis points' })).toHaveAttribute('aria-invalid', 'true')
  await second.getByRole('textbox', { name: 'A year, basis points' }).fill('450')
  await sheet.getByRole('button', { name: 'Take out row 5' }).click()
  await sheet.getByRole('button', { name: 'Change these rows' }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByRole('row').filter({ hasText: 'Yearly reward by the length' })).toContainText('4 rows')
})

test('settings go out as a file, and come in after a look at what they would change', async ({ page }) => {
  await served.open(page, '/configuration')
  const waits = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as a file' }).click()
  const file = await waits
  expect(file.suggestedFilename()).toMatch(/^treasury-configuration-.*\.json$/)
  const text = readFileSync(await file.path(), 'utf8')
  const give = (content: string) =>
    page.locator('input[type=file]').setInputFiles({ name: 'mine.json', mimeType: 'application/json', buffer: Buffer.from(content) })
  const sheet = page.getByRole('dialog', { name: 'Settings of a file' })
  await give(text)
  await expect(sheet).toContainText('There is nothing to change')
  await page.keyboard.press('Escape')
  await give('{}')
  await expect(sheet).toContainText('no file of settings')
  await page.keyboard.press('Escape')
  await give(text.replace('"credit.maxTermMonths": 24', '"credit.maxTermMonths": 240'))
  await expect(sheet).toContainText('can’t be taken over')
  await expect(sheet.getByRole('button', { name: /^Change/ })).toHaveCount(0)
  await page.keyboard.press('Escape')
  await give(text.replace('"credit.maxTermMonths": 24', '"credit.maxTermMonths": 18'))
  await expect(sheet.getByRole('row').filter({ hasText: 'credit.maxTermMonths' })).toContainText('18 months')
  await sheet.getByRole('button', { name: 'Change 1 setting' }).click()
  await expect(sheet).toBeHidden()
  await page.getByRole('textbox', { name: 'Find a setting' }).fill('maxTermMonths')
  await expect(page.getByRole('row').filter({ hasText: 'The longest term' })).toContainText('18 months')
})

test('accessible in both themes', async ({ page }) => {
  await openSetting(page, 'The pools, with what', 'pools.list')
  await expectAccessible(page)
})
