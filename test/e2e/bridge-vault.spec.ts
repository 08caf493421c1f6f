import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { group, tftExact } from '../../src-shared/money.ts'
import { test } from '../helpers/one-page.ts'
import { caseArchive, expectAccessible, type ServedPage, serveFolder, servePages } from '../helpers/pages.ts'
import { type DecidedMint, decidedMints } from '../helpers/vault-store.ts'

// a network that pays by node-period, with three mints that were decided
test.describe.configure({ mode: 'serial' })

let root: string
let decided: DecidedMint[]
let served: ServedPage

test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-vault-page-'))
  const dataDir = join(root, 'data')
  mkdirSync(dataDir)
  ;({ decided } = await decidedMints(dataDir, 3))
  served = await serveFolder(dataDir)
})

test.afterAll(async () => {
  await served?.close()
  rmSync(root, { recursive: true, force: true })
})

const txOf = (n: number) => n.toString(16).padStart(64, '0')
const exact = (units: bigint) => group(tftExact(units))
const total = () => decided.reduce((sum, { amountUnits }) => sum + amountUnits, 0n)

async function openVault(page: Page): Promise<void> {
  await served.open(page, '/bridge-vault')
  await expect(page.getByRole('heading', { level: 1, name: 'Bridge vault' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Verdict' })).toBeVisible()
}

async function tab(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name: new RegExp(`^${name}`) }).click()
}

test('the verdict stands first, with the sum that is missing and what to do; a figure says what it is made of', async ({ page }) => {
  await openVault(page)
  const verdict = page.getByRole('region', { name: 'Verdict' })
  await expect(verdict).toBeInViewport({ ratio: 1 })
  await expect(verdict.getByRole('heading')).toHaveText(`${exact(total())} TFT are not backed`)
  await expect(verdict).toContainText('Send to the vault what each of 3 mints lacks')
  await expect(page.getByRole('tab', { name: 'Not backed (3)' })).toHaveAttribute('aria-selected', 'true')
  await verdict.getByRole('button', { name: /how minted is computed/ }).click()
  const sheet = page.getByRole('dialog', { name: 'Minted' })
  await expect(sheet.getByRole('row', { name: /^Paid \(1\)/ })).toContainText(exact(decided[0]!.amountUnits))
  await expect(sheet.getByRole('row', { name: /^Sum/ })).toContainText(exact(total()))
})

test('from a mint without its transfer to the transfer, by keyboard; the field says what is wrong; the mint leaves the list', async ({
  page,
}) => {
  await openVault(page)
  const list = page.getByRole('grid', { name: 'Not backed' })
  await expect(list).toHaveAttribute('aria-rowcount', '4')
  await list.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const mint = page.getByRole('dialog', { name: `Mint of node ${decided[0]!.mint.nodeId}` })
  await expect(mint).toContainText('No transfer has its id as the memo.')
  await expect(mint).toContainText(decided[0]!.mint.hash)
  await mint.getByRole('button', { name: 'Enter its transfer' }).press('Enter')
  const form = page.getByRole('form', { name: 'Enter a transfer' })
  await expect(form.getByLabel('Memo')).toHaveValue(decided[0]!.mint.hash)
  await expect(form.getByLabel('Amount in TFT')).toHaveValue(tftExact(decided[0]!.amountUnits))
  const save = form.getByRole('button', { name: `Enter ${exact(decided[0]!.amountUnits)} TFT` })
  await form.getByLabel('Time in UTC').fill('yesterday')
  await save.click()
  await expect(form.getByLabel('Transaction')).toHaveAccessibleDescription(/Enter the Stellar transaction's hash/)
  await expect(form.getByLabel('Time in UTC')).toHaveAccessibleDescription(/"yesterday" is no time in UTC\. Enter/)
  await form.getByLabel('Transaction').fill(txOf(1))
  await form.getByLabel('Time in UTC').fill('2999-01-01T00:00:00Z')
  await save.click()
  await expect(form).toContainText('is still to come')
  await form.getByLabel('Time in UTC').fill('2024-11-30T12:56:40Z')
  await form.getByLabel('Amount in TFT').fill('0')
  await expect(form.getByLabel('Amount in TFT')).toHaveAccessibleDescription(/can't be an amount of a transfer/)
  await form.getByLabel('Amount in TFT').fill(tftExact(decided[0]!.amountUnits))
  await save.click()
  await expect(page.getByText(`${exact(decided[0]!.amountUnits)} TFT entered`)).toBeVisible()
  await expect(list).toHaveAttribute('aria-rowcount', '3')
  await expect(page.getByRole('region', { name: 'Verdict' }).getByRole('heading')).toHaveText(
    `${exact(total() - decided[0]!.amountUnits)} TFT are not backed`,
  )
})

test('a CSV file is taken as a whole, or refused with line and column', async ({ page }) => {
  await openVault(page)
  const choose = page.getByLabel('Import a CSV').and(page.locator('input'))
  const header = 'tx,time,amount,memo,note'
  const lineOf = ({ mint, amountUnits }: DecidedMint, n: number) => `${txOf(n)},1732971400,${tftExact(amountUnits)},${mint.hash},=note ${n}`
  const file = (name: string, ...lines: string[]) => ({ name, mimeType: 'text/csv', buffer: Buffer.from([header, ...lines].join('\n')) })
  const sheet = page.getByRole('dialog', { name: 'Import a CSV' })
  await choose.setInputFiles(file('wrong.csv', lineOf(decided[1]!, 2), `${txOf(3)},1732971400,-5,,`))
  await expect(sheet).toContainText('wrong.csv was not taken')
  await expect(sheet).toContainText('Line 3, column amount')
  await page.keyboard.press('Escape')
  await choose.setInputFiles(file('right.csv', lineOf(decided[1]!, 2), lineOf(decided[2]!, 3)))
  await expect(sheet).toContainText('right.csv: 2 entered, 0 were there already.')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('region', { name: 'Verdict' }).getByRole('heading')).toHaveText('Everything that was minted is backed')
  await expect(page.getByText('Every mint is backed.')).toBeVisible()
  await choose.setInputFiles({ name: 'large.csv', mimeType: 'text/csv', buffer: Buffer.alloc(1_000_001, 'x') })
  await expect(sheet).toContainText('granary vault import FILE')
})

test('transfers are found, saved as a file that can be imported again, and removed by a button that names the amount', async ({ page }) => {
  await openVault(page)
  await tab(page, 'Transfers')
  const list = page.getByRole('grid', { name: 'Transfers', exact: true })
  await expect(list).toHaveAttribute('aria-rowcount', '4')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save all as CSV' }).click()])
  const text = readFileSync(await download.path(), 'utf8')
  expect(text.split('\r\n')).toHaveLength(5)
  expect(text).toContain(`'=note 2`)
  await page.getByRole('textbox', { name: /^Search transaction/ }).fill(txOf(3))
  await expect(list).toHaveAttribute('aria-rowcount', '2')
  await list.getByText('Matches').click()
  const sheet = page.getByRole('dialog', { name: 'Transfer to the vault' })
  await expect(sheet).toContainText(decided[2]!.mint.hash)
  await sheet.getByRole('button', { name: `Remove ${exact(decided[2]!.amountUnits)} TFT` }).click()
  await expect(page.getByText(`Nothing fits "${txOf(3)}".`)).toBeVisible()
  await tab(page, 'All mints')
  const states = page.getByRole('grid', { name: 'All mints' })
  await expect(states.getByRole('row').filter({ hasText: 'Backed' })).toHaveCount(2)
  await expect(states.getByRole('row').filter({ hasText: 'No transfer' })).toHaveCount(1)
})

test('accessible in both themes', async ({ page }) => {
  await openVault(page)
  for (const name of ['Not backed', 'Transfers']) {
    await tab(page, name)
    await expect(page.getByRole('grid', { name })).toBeVisible()
    await expectAccessible(page)
  }
  await page.getByRole('grid', { name: 'Transfers', exact: true }).getByText('Matches').first().click()
  await expect(page.getByRole('dialog', { name: 'Transfer to the vault' })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Enter a transfer' }).click()
  await expect(page.getByRole('form', { name: 'Enter a transfer' })).toBeVisible()
  await expectAccessible(page)
})

test('under rule set v3 the page says that nothing has to be backed, and transfers can be entered all the same', async ({ page }) => {
  const other = await servePages([caseArchive('healthy')])
  try {
    await other.open(page, '/bridge-vault')
    await expect(page.getByRole('heading', { name: 'Nothing to back under rule set v3' })).toBeVisible()
    await expect(page.getByRole('tab', { name: 'Transfers (0)' })).toHaveAttribute('aria-selected', 'true')
    await page.getByRole('tab', { name: 'All mints (0)' }).click()
    await expect(page.getByText('Rule set v3 mints nothing on the chain.')).toBeVisible()
    await expect(page.getByRole('link', { name: 'Change in Settings' })).toBeVisible()
  } finally {
    await other.close()
  }
})
