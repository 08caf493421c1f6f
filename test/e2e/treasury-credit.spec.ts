import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { administrator, administratorPassphrase, openTreasury } from '../helpers/treasury.ts'

const DAY_SEC = 86_400
const passphrase = 'the passphrase of Alder Farm'
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
  await treasury.run(administrator, 'tokens.fund', { to: 'credit-pool', token: 'AZR', amount: '5000' })
  const alder = await treasury.entity('Alder Farm', '1000')
  const birch = await treasury.entity('Birch Farm')
  const { id } = await treasury.run(alder, 'credit.apply', { amount: '600', purpose: 'business', note: 'A mill.' })
  await treasury.run(alder, 'credit.accept', { id })
  treasury.clock.ts += 45 * DAY_SEC
  for (let count = 0; count < 10; count++) await treasury.run(alder, 'tokens.transfer', { to: birch.entity, token: 'AZR', amount: '1' })
  await treasury.configure({ 'analyst.url': url })
  await treasury.restart(async dataDir => cpSync(dataDir, join(root, 'data'), { recursive: true }))
  treasury.close()
}

async function openCredit(page: Page): Promise<void> {
  await served.open(page, '/credit')
  const unlock = page.getByRole('button', { name: 'Unlock your entity' })
  await expect(unlock.or(page.getByText('Acting as'))).toBeVisible()
  if ((await unlock.count()) === 0) return
  await unlock.click()
  const sheet = page.getByRole('dialog')
  await sheet
    .getByRole('combobox', { name: 'Entity' })
    .or(sheet.getByRole('textbox', { name: 'Entity' }))
    .click()
  await page.getByRole('option', { name: 'Alder Farm' }).click()
  await sheet.getByRole('textbox', { name: 'Its passphrase' }).fill(passphrase)
  await sheet.getByRole('button', { name: 'Unlock', exact: true }).click()
  await expect(page.getByText('Acting as')).toBeVisible()
}

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
  const marks = page.getByRole('grid', { name: 'Marks' })
  await marks.getByRole('row').filter({ hasText: 'Unusually many' }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByRole('table', { name: 'The payments that show it' }).getByRole('row')).toHaveCount(9)
  await sheet.getByText('Suspicious', { exact: true }).click()
  await sheet.getByRole('textbox', { name: 'Administrator passphrase' }).fill(administratorPassphrase)
  await sheet.getByRole('button', { name: 'Decide: suspicious' }).click()
  await expect(sheet).toContainText('Say why in a few words.')
  await sheet.getByRole('textbox', { name: 'Why' }).fill('Split payments.')
  await sheet.getByRole('button', { name: 'Decide: suspicious' }).click()
  await expect(sheet).toBeHidden()
  await page.getByText('All', { exact: true }).click()
  await expect(marks.getByRole('row').filter({ hasText: 'Suspicious' })).toHaveCount(1)
})

test('accessible in both themes', async ({ page }) => {
  await openCredit(page)
  await page.getByRole('grid', { name: 'Loans' }).getByRole('row').nth(1).click()
  await expect(page.getByRole('table', { name: 'Every instalment' })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await served.open(page, '/jobs')
  await expect(page.getByText('Watchfulness')).toBeVisible()
  await expectAccessible(page)
})
