import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { administrator, administratorPassphrase, openTreasury } from '../helpers/treasury.ts'
import { beAdministrator, openAs as openAsEntity } from '../helpers/treasury-page.ts'

const DAY_SEC = 86_400
const advice = { approve: true, amount: '200', rate: '4', term: '6', reasons: ['It has repaid before.'] }
let analyst: Server
let asked: string[]
let root: string
let served: ServedPage

test.beforeAll(async () => {
  analyst = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', part => {
      body += part
    })
    request.on('end', () => {
      asked.push(body)
      response.end(JSON.stringify({ choices: [{ finish_reason: 'stop', message: { content: JSON.stringify(advice) } }] }))
    })
  })
  await new Promise<void>(resolve => analyst.listen(0, '127.0.0.1', resolve))
  asked = []
  root = mkdtempSync(join(tmpdir(), 'granary-credit-page-'))
  await makeBooks(`http://127.0.0.1:${(analyst.address() as AddressInfo).port}/v1`)
  served = await serveFolder(join(root, 'data'))
})

test.afterAll(async () => {
  await served?.close()
  analyst.closeAllConnections()
  analyst.close()
  rmSync(root, { recursive: true, force: true })
})

/** A loan of 45 days ago, of which the first instalment is overdue, and payments that watchfulness marks. */
async function makeBooks(url: string): Promise<void> {
  const treasury = await openTreasury(Math.floor(Date.now() / 1000) - 45 * DAY_SEC)
  await treasury.configure({
    'credit.minTrust': '20',
    'credit.fallbackMinTrust': '20',
    'analyst.model': 'small',
    'watch.velocityPayments': '3',
  })
  // collecting is none of the days of this test, and yields once a day are enough
  await treasury.configure({ 'jobs.collection': '0 0 29 2 *', 'jobs.poolYields': '0 3 * * *', 'jobs.auctions': '0 4 * * *' })
  await treasury.treasury.runDue()
  await treasury.run(administrator, 'tokens.fund', { to: 'credit-pool', token: 'AZR', amount: '5000' })
  const alder = await treasury.entity('Alder Farm', '1000')
  const birch = await treasury.entity('Birch Farm', '1000')
  for (const { entity } of [alder, birch])
    await treasury.run(administrator, 'tokens.fund', { to: entity, token: 'BTA-UTIL', amount: '200' })
  await treasury.run(administrator, 'tokens.fund', { to: 'pool:high-yield', token: 'AZR', amount: '0.5' })
  const { id } = await treasury.run(alder, 'credit.apply', { amount: '600', purpose: 'business', note: 'A mill.' })
  await treasury.run(alder, 'credit.accept', { id })
  await treasury.run(alder, 'pools.deposit', { id: 'high-yield', amount: '100' })
  await treasury.run(birch, 'guarantees.create', { to: alder.entity, amount: '400', coverageBps: 7_500 })
  await treasury.configure({ 'access.fee': '25' })
  treasury.clock.ts += 45 * DAY_SEC
  for (let count = 0; count < 10; count++) await treasury.run(alder, 'tokens.transfer', { to: birch.entity, token: 'AZR', amount: '1' })
  await treasury.configure({ 'analyst.url': url })
  await treasury.restart(async dataDir => cpSync(dataDir, join(root, 'data'), { recursive: true }))
  await treasury.close()
}

const openAs = (page: Page, path: string) => openAsEntity(served, page, 'Alder Farm', path)
const openCredit = (page: Page) => openAs(page, '/credit')

test('what a loan costs can be looked at by anybody; loans are shown to whoever they belong to', async ({ page }) => {
  await served.open(page, '/credit')
  await expect(page.getByRole('heading', { name: 'Nobody acts here yet' })).toBeVisible()
  await expect(page.getByRole('grid', { name: 'Loans' })).toHaveCount(0)
  await page.getByRole('button', { name: 'See what a loan costs' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('textbox', { name: 'How much' }).fill('1,200')
  await expect(sheet.getByRole('button', { name: '1,200 AZR' })).toBeVisible()
  await sheet.getByRole('textbox', { name: 'How much' }).fill('1200')
  const schedule = sheet.getByRole('table', { name: 'Every instalment' })
  await expect(schedule.getByRole('row')).toHaveCount(13)
  // 1,200 at 5 % over 12 months: 32.7478 of interest, and a quarter of all that reduces the debt on top
  await expect(sheet.getByRole('region', { name: 'What it costs' })).toContainText(/It costs you.*340\.93\d+ AZR, 28\.41 %/s)

  // what a word means stands over the sheet, which comes back with what was typed
  const mark = schedule.getByRole('button', { name: 'What "Interest, AZR" means' })
  await mark.press('Enter')
  await expect(sheet.getByText('Rule:', { exact: false }).first()).toBeVisible()
  await expect(schedule).toBeHidden()
  const back = sheet.getByRole('button', { name: 'Back to “See what a loan costs”' })
  await expect(back).toBeFocused()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(mark).toBeFocused()
  await expect(sheet.getByRole('textbox', { name: 'How much' })).toHaveValue('1200')
  await mark.press('Enter')
  await back.press('Enter')
  await expect(back).toBeHidden()
  await expect(mark).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
})

test('a clock that jumped asks the administrator, and what was due runs once it is confirmed', async ({ page }) => {
  await served.open(page, '/jobs')
  const asks = page.getByRole('region', { name: 'Is the clock right?' })
  await expect(asks).toContainText('45 d')
  await expect(page.getByRole('button', { name: /^Run now: .*yield/i })).toBeDisabled()
  await asks.getByRole('button', { name: 'The clock is right' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('textbox', { name: 'Administrator passphrase' }).fill(administratorPassphrase)
  await sheet.getByRole('button', { name: /^Confirm / }).click()
  await expect(asks).toBeHidden()
  await expect(page.getByText('All that was due has run.')).toBeVisible()
  await expect(page.getByRole('grid', { name: 'Runs' })).toHaveAttribute('aria-rowcount', /^\d{2,}$/)
  await page.getByRole('button', { name: /^Run now: .*yield/i }).click()
  await sheet.getByRole('button', { name: 'Run now', exact: true }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByRole('grid', { name: 'Runs' }).getByRole('row').nth(1)).toContainText('asked for')
})

test('what is overdue stands first and is repaid, with what the tax takes', async ({ page }) => {
  await openCredit(page)
  await expect(page.getByText('for 15 days')).toBeVisible()
  await expect(page.getByRole('grid', { name: 'Loans' }).getByRole('row').nth(1)).toContainText('Overdue for 15 d')
  await page.getByRole('button', { name: 'Open: Overdue' }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByRole('table', { name: 'Every instalment' }).getByRole('row').nth(1)).toContainText('Overdue')
  const due = sheet.getByRole('button', { name: /^What is due: / })
  const amount = /[\d.,]+/.exec(await due.innerText())?.[0] ?? ''
  await due.click()
  await expect(sheet.getByRole('region', { name: 'What this does' })).toContainText(`Taken from you${amount} AZR`)
  await sheet.getByRole('button', { name: `Repay ${amount} AZR` }).click()
  await expect(sheet.getByRole('table', { name: 'Repayments' }).getByRole('row')).toHaveCount(2)
  await expect(sheet.getByRole('table', { name: 'Every instalment' }).getByRole('row').nth(1)).toContainText('Paid')
  await page.keyboard.press('Escape')
  await expect(page.getByText('for 15 days')).toBeHidden()
})

test('an application shows its cost and what leaves the machine before anything does, and the loan its terms before it is taken', async ({
  page,
}) => {
  await openCredit(page)
  await page.getByRole('button', { name: 'Apply for credit' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('textbox', { name: 'How much' }).fill('250')
  await sheet.getByRole('textbox', { name: 'In your own words' }).fill('A second mill.')
  await expect(sheet.getByRole('region', { name: 'What it costs' })).toContainText('You pay back')
  const leaves = sheet.getByRole('textbox', { name: 'This text leaves your machine, and nothing else' })
  await expect(leaves).toHaveValue(/A second mill\./)
  const text = await leaves.inputValue()
  expect(text).not.toContain('Alder')
  expect(asked).toEqual([])
  await sheet.getByRole('checkbox', { name: /^Send this to http/ }).check()
  await sheet.getByRole('button', { name: 'Apply for 250 AZR' }).click()
  await expect(sheet).toContainText('Approved, waits for you')
  expect(asked).toEqual([text])
  await expect(sheet).toContainText('It has repaid before.')
  await expect(sheet.getByRole('table', { name: 'Every instalment' }).getByRole('row')).toHaveCount(7)
  await sheet.getByRole('button', { name: /^Take 200 AZR, pay back 25\d/ }).click()
  await expect(page.getByRole('dialog', { name: /^Loan / })).toContainText('On time')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('grid', { name: 'Loans' })).toHaveAttribute('aria-rowcount', '3')
})

test('what watchfulness marked is decided on by the administrator, with its payments and a reason', async ({ page }) => {
  await served.open(page, '/jobs')
  await beAdministrator(page)
  const marks = page.getByRole('grid', { name: 'Marks' })
  await marks.getByRole('row').filter({ hasText: 'Unusually many' }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByRole('table', { name: 'The payments that show it' }).getByRole('row')).toHaveCount(9)
  await sheet.getByText('Suspicious', { exact: true }).click()
  await sheet.getByRole('button', { name: 'Decide: suspicious' }).click()
  await expect(sheet).toContainText('Say why in a few words.')
  await sheet.getByRole('textbox', { name: 'Why' }).fill('Split payments.')
  await sheet.getByRole('button', { name: 'Decide: suspicious' }).click()
  await expect(sheet).toBeHidden()
  await page.getByText('All', { exact: true }).click()
  await expect(marks.getByRole('row').filter({ hasText: 'Suspicious' })).toHaveCount(1)
})

test('a withdrawal says what the pool pays and what it owes, and a deposit what it earns', async ({ page }) => {
  await openAs(page, '/pools')
  const pools = page.getByRole('table', { name: 'Pools side by side' })
  const row = pools.getByRole('row').filter({ hasText: 'High Yield Pool' })
  // 100 at 20 % for 45 days are 2.46, and the reserve has 0.5
  await expect(row).toContainText('1.96 short')
  await row.getByRole('button', { name: 'Withdraw from High Yield Pool' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('textbox', { name: 'How much' }).fill('40')
  const outcome = sheet.getByRole('region', { name: 'What this does' })
  await expect(outcome).toContainText('You get40.5 AZR')
  await expect(outcome).toContainText(/Stays owed until the reserve can pay1\.96\d+ AZR/)
  await sheet.getByRole('button', { name: 'Withdraw 40 AZR' }).click()
  await expect(sheet).toBeHidden()
  await expect(row).toContainText('1.96 owed')
  await expect(page.getByRole('grid', { name: 'What the pools paid you' }).getByRole('row').nth(1)).toContainText('0.50')
  await page.getByRole('button', { name: 'Deposit into AZR Staking Pool' }).click()
  await sheet.getByRole('textbox', { name: 'How much' }).fill('36.5')
  await expect(outcome).toContainText('Earns in a year, 8.00 %2.92 AZR')
  await sheet.getByRole('button', { name: 'Deposit 36.5 AZR into AZR Staking Pool' }).click()
  await expect(pools.getByRole('row').filter({ hasText: 'AZR Staking Pool' })).toContainText('36.50')
})

test('a guarantee is given with its collateral shown first, and ended by whoever is guaranteed', async ({ page }) => {
  await openAs(page, '/guarantees')
  await page.getByRole('grid', { name: 'Guarantees' }).getByRole('row').filter({ hasText: 'guar-1' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('button', { name: 'Release…' }).click()
  await sheet.getByRole('button', { name: 'Release Birch Farm from 300' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'guar-1' })).toContainText('Released')
  await page.getByRole('button', { name: 'Give a guarantee' }).click()
  await sheet
    .getByRole('combobox', { name: 'To whom' })
    .or(sheet.getByRole('textbox', { name: 'To whom' }))
    .click()
  await page.getByRole('option', { name: 'Birch Farm' }).click()
  await sheet.getByRole('textbox', { name: 'Amount that is guaranteed' }).fill('80')
  await sheet.getByRole('textbox', { name: 'Of that you cover, %' }).fill('50')
  await expect(sheet.getByRole('region', { name: 'What this does' })).toContainText('Minted to you and locked40 BTA-GUAR')
  await sheet.getByRole('button', { name: 'Guarantee 40 to Birch Farm' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'guar-2' })).toContainText('Stands')
  await page.getByRole('button', { name: 'Pay for access' }).click()
  await sheet.getByRole('button', { name: 'Pay 25 BTA-UTIL to the treasury' }).click()
  await expect(page.getByRole('region', { name: 'Access to the platform' })).toContainText('You have access')
})

test('an auction is opened by the administrator and locks what taking part takes', async ({ page }) => {
  await openAs(page, '/guarantees')
  await beAdministrator(page)
  await page.getByRole('button', { name: 'Open an auction' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('textbox', { name: 'Title' }).fill('Capacity')
  await sheet.getByRole('textbox', { name: 'Base' }).fill('50')
  await sheet.getByLabel('Ends').fill('2090-01-01T12:00')
  await sheet.getByRole('button', { name: 'Open Capacity' }).click()
  await page.getByRole('row').filter({ hasText: 'Capacity' }).click()
  await sheet.getByRole('button', { name: /^Lock [\d.]+ BTA-UTIL and take part$/ }).click()
  await expect(sheet.getByRole('table', { name: 'Who takes part' })).toContainText('Alder Farm')
})

test('accessible in both themes', async ({ page }) => {
  await openCredit(page)
  await page.getByRole('grid', { name: 'Loans' }).getByRole('row').nth(1).click()
  await expect(page.getByRole('table', { name: 'Every instalment' })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await openAs(page, '/pools')
  await expect(page.getByRole('table', { name: 'Pools side by side' })).toBeVisible()
  await expectAccessible(page)
  await openAs(page, '/guarantees')
  await expect(page.getByRole('row').filter({ hasText: 'guar-1' })).toBeVisible()
  await expectAccessible(page)
  await served.open(page, '/jobs')
  await expect(page.getByText('Watchfulness')).toBeVisible()
  await expectAccessible(page)
})
