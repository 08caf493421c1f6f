import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { administrator, openTreasury } from '../helpers/treasury.ts'
import { beAdministrator, openAs as openAsEntity } from '../helpers/treasury-page.ts'

const DAY_SEC = 86_400
let root: string
let served: ServedPage

test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-proposals-page-'))
  await makeBooks()
  served = await serveFolder(join(root, 'data'))
})

test.afterAll(async () => {
  await served?.close()
  rmSync(root, { recursive: true, force: true })
})

/** A proposal that has passed, one that nobody voted on, one whose vote is on, and one still to come. Alder has 6,000 of 10,000 BTA-GOV. */
async function makeBooks(): Promise<void> {
  const nowTs = Math.floor(Date.now() / 1000)
  const treasury = await openTreasury(nowTs - 10 * DAY_SEC)
  await treasury.configure({ 'jobs.collection': '0 0 29 2 *', 'jobs.poolYields': '0 3 * * *', 'jobs.auctions': '0 4 * * *' })
  await treasury.treasury.runDue()
  const alder = await treasury.entity('Alder Farm', '2000')
  const birch = await treasury.entity('Birch Farm')
  for (const [{ entity }, amount] of [[alder, '6000'] as const, [birch, '4000'] as const])
    await treasury.run(administrator, 'tokens.fund', { to: entity, token: 'BTA-GOV', amount })
  for (const { entity } of [alder, birch]) treasury.trust(entity, 4, 3)
  const [early, over] = [treasury.clock.ts, treasury.clock.ts + 3 * DAY_SEC]
  const fee = { type: 'PARAMETER_UPDATE', parameter: 'payments.feeBps', value: '25' } as const
  await treasury.run(alder, 'governance.create', { ...fee, title: 'A fee that pays for the mirror', startTs: early, endTs: over })
  await treasury.run(alder, 'governance.create', { type: 'POLICY_CHANGE', title: 'Meet on Mondays', startTs: early, endTs: over })
  await treasury.run(alder, 'governance.vote', { id: 'prop-1', vote: 'YES' })
  treasury.clock.ts = nowTs - 3_600
  await treasury.treasury.runDue()
  await treasury.run(administrator, 'schedule.confirm', { shownTs: treasury.clock.ts })
  for (const { entity } of [alder, birch]) treasury.trust(entity, 4, 3)
  await treasury.run(birch, 'governance.create', {
    ...{ type: 'PARAMETER_UPDATE', parameter: 'credit.minTrust', value: '55', title: 'Credit for newer farms' },
    description: 'Farms that joined this year can not borrow.\nFifty-five is what most of them have.',
  })
  await treasury.run(birch, 'governance.vote', { id: 'prop-3', vote: 'NO' })
  await treasury.run(birch, 'governance.create', {
    ...{ type: 'FUND_ALLOCATION', title: 'A second mirror', startTs: nowTs + 2 * DAY_SEC, endTs: nowTs + 9 * DAY_SEC },
  })
  await treasury.run(administrator, 'curve.create', {
    ...{ kind: 'simulated', asset: 'SIM', foreignAsset: 'USD', initialPrice: '2', slope: '0.00000000000000001' },
  })
  await treasury.run(administrator, 'curve.create', { asset: 'BTA-UTIL', foreignAsset: 'AZR', initialPrice: '0.05', slope: '0.0001' })
  await treasury.run(alder, 'curve.mint', { curveId: 'curve-2', payment: '100' })
  await treasury.configure({ 'curve.routerFeePpm': '10000' })
  await treasury.treasury.runDue()
  await treasury.restart(async dataDir => cpSync(dataDir, join(root, 'data'), { recursive: true }))
  await treasury.close()
}

const openAs = (page: Page, path: string) => openAsEntity(served, page, 'Alder Farm', path)
const outcome = (page: Page) => page.getByRole('dialog').getByRole('region', { name: 'What this does' })
const card = (page: Page, id: string) => page.getByRole('article', { name: new RegExp(`^${id},`) })

test('open proposals stand first, with what changes, how far they are and what a vote of one’s own counts', async ({ page }) => {
  await served.open(page, '/proposals')
  await expect(page.getByRole('article')).toHaveCount(3)
  await expect(page.getByRole('article').first()).toContainText('Credit for newer farms')
  await expect(page.getByRole('button', { name: /^Vote / })).toHaveCount(0)
  await openAs(page, '/proposals')
  const open = card(page, 'prop-3')
  await expect(open.getByRole('img', { name: /^Quorum: 40\.00 % have voted, 10 % are needed, reached\.$/ })).toBeVisible()
  await expect(open.getByRole('img', { name: /^Approval: 0\.00 % .*, 50 % are needed, not reached yet\.$/ })).toBeVisible()
  await expect(open).toContainText(/Your power here: 6,000/)
  await expect(card(page, 'prop-4')).toContainText(/begins in 1 d 23 h|begins in 2 d/)
  await expectAccessible(page)
})

test('a vote says first what it weighs and how the proposal would stand with it, and is cast once', async ({ page }) => {
  await openAs(page, '/proposals')
  const open = card(page, 'prop-3')
  await open.getByRole('button', { name: 'Vote yes on prop-3' }).click()
  const sheet = page.getByRole('dialog')
  await expect(outcome(page)).toContainText('Quorum then100.00 %, 10 % needed')
  await expect(outcome(page)).toContainText('Approval then60.00 %, 50 % needed')
  await sheet.getByRole('button', { name: /^Vote yes with a weight of [\d,.]+ on prop-3$/ }).click()
  await expect(sheet).toBeHidden()
  await expect(open).toContainText(/You voted yes with a weight of [\d,.]+/)
  await expect(open.getByRole('button', { name: /^Vote / })).toHaveCount(0)
  await expect(open.getByRole('img', { name: /^Approval: 60\.00 % .*, reached\.$/ })).toBeVisible()
  await open.getByRole('button', { name: 'Details of prop-3' }).click()
  await expect(sheet.getByRole('grid', { name: 'Votes' }).getByRole('row').filter({ hasText: 'Birch Farm' })).toContainText('No')
})

test('a setting is proposed within its bounds, beside what it is now; what has passed is executed by the administrator and changes it', async ({
  page,
}) => {
  await openAs(page, '/proposals')
  await page.getByRole('button', { name: 'Propose', exact: true }).click()
  const sheet = page.getByRole('dialog')
  await sheet
    .getByRole('combobox', { name: 'Setting' })
    .or(sheet.getByRole('textbox', { name: 'Setting' }))
    .click()
  await page.getByRole('option', { name: 'Payments: fee of a payment, on top of it' }).click()
  await expect(sheet).toContainText('Present value: 0.10 %. It may be 0.00 % to 10.00 %.')
  await sheet.getByRole('textbox', { name: 'Title' }).fill('A lower fee')
  await sheet.getByRole('textbox', { name: /^New value/ }).fill('1001')
  await sheet.getByRole('button', { name: 'Propose "A lower fee"' }).click()
  await expect(sheet.getByRole('textbox', { name: /^New value/ })).toHaveAttribute('aria-invalid', 'true')
  await sheet.getByRole('textbox', { name: /^New value/ }).fill('5')
  await expect(outcome(page)).toContainText('0.10 % → 0.05 %')
  await sheet.getByRole('button', { name: 'Propose "A lower fee"' }).click()
  await expect(sheet).toBeHidden()
  await expect(card(page, 'prop-5')).toContainText('0.10 %')
  await beAdministrator(page)
  await page.getByRole('button', { name: 'Execute prop-1' }).click()
  await sheet.getByRole('button', { name: 'Execute: set payments.feeBps to 0.25 %' }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByRole('grid', { name: 'Decided' }).getByRole('row').filter({ hasText: 'prop-1' })).toContainText('Executed')
  // what others propose to change is now another value
  await expect(card(page, 'prop-5')).toContainText('0.25 %')
})

test('a curve is drawn with now, a purchase and the floor; a quote says the share first, as a chain does too, and why it is refused', async ({
  page,
}) => {
  await openAs(page, '/curve')
  const quote = page.getByRole('region', { name: 'What a payment gives' })
  const pay = quote.getByRole('textbox', { name: 'You pay' })
  await expect(page.getByRole('img', { name: /^Price over supply\. With 1,000 BTA-UTIL minted, one costs 0\.15 AZR now\./ })).toBeVisible()
  await page.getByRole('button', { name: 'Show curve-1' }).click()
  // half a unit
  await pay.fill('0.0000001')
  await expect(quote).toContainText('The curve refuses: InsufficientBalance.')
  await expect(quote).toContainText('You do not have what you offer, or it is too little for a single unit.')
  await page.getByRole('button', { name: 'Show curve-2' }).click()
  await pay.fill('40')
  await expect(quote).toContainText('You get82.1415577 BTA-UTIL')
  await expect(page.getByRole('img', { name: /After this purchase one costs 0\.17464249196 AZR\./ })).toBeVisible()
  await expect(quote.getByRole('row').filter({ hasText: 'Pool' })).toContainText(/better by [\d.]+ BTA-UTIL/)
  await page.getByText('As a table').click()
  await expect(page.getByRole('table', { name: 'Price over supply' }).getByRole('row').filter({ hasText: 'Now' })).toContainText('0.15')
  await expectAccessible(page)
  await quote.getByText('As a chain does', { exact: true }).click()
  await expect(quote).toContainText('it cuts the price first and takes the whole payment')
  await expect(quote).toContainText('You are charged40 AZR')
})

test('minting names share and charge on its button, burning lowers the price; the administrator changes the slope and makes a simulated curve', async ({
  page,
}) => {
  await openAs(page, '/curve')
  const sheet = page.getByRole('dialog')
  await page.getByRole('textbox', { name: 'You pay' }).fill('40')
  await page.getByRole('button', { name: 'Mint…' }).click()
  await expect(outcome(page)).toContainText('You get at least81.3201421 BTA-UTIL')
  await sheet.getByRole('button', { name: 'Mint 82.1415577 BTA-UTIL for 40 AZR' }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByRole('img', { name: /one costs 0\.17464249196 AZR now\./ })).toBeVisible()
  await expect(page.getByRole('grid', { name: 'What happened' }).getByRole('row').filter({ hasText: 'Minted' })).toHaveCount(2)
  await page.getByRole('button', { name: 'Burn…' }).click()
  await sheet.getByRole('textbox', { name: 'How much of yours' }).fill('46.4249196')
  await expect(outcome(page)).toContainText('Price then0.17 AZR')
  await sheet.getByRole('button', { name: 'Burn 46.4249196 BTA-UTIL of yours' }).click()
  await expect(sheet).toBeHidden()
  await beAdministrator(page)
  await page.getByRole('button', { name: 'Change the slope…' }).click()
  await sheet.getByRole('textbox', { name: /^Rises for each minted by/ }).fill('0.0002')
  await expect(outcome(page)).toContainText('Price then0.29 AZR')
  await sheet.getByRole('button', { name: 'Change the slope to 0.0002' }).click()
  await expect(page.getByRole('img', { name: /one costs 0\.29 AZR now\./ })).toBeVisible()
  await page.getByRole('button', { name: 'Make a curve' }).click()
  await sheet.getByRole('textbox', { name: /^Price of the first/ }).fill('1')
  await sheet.getByRole('textbox', { name: /^Rises for each minted by/ }).fill('0.5')
  await expect(outcome(page)).toContainText('The price doubles after2 BTA-UTIL')
  await sheet.getByRole('button', { name: 'Make the curve of BTA-UTIL, paid in AZR' }).click()
  await expect(sheet).toContainText('CurveAlreadyExists: This asset has a curve already. Change its slope instead.')
  await sheet
    .getByRole('combobox', { name: 'What for' })
    .or(sheet.getByRole('textbox', { name: 'What for' }))
    .click()
  await page.getByRole('option', { name: 'Simulated' }).click()
  await sheet.getByRole('button', { name: 'Make the curve of BTA-UTIL, paid in AZR' }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByRole('table', { name: 'Curves' }).getByRole('row').filter({ hasText: 'Simulated' })).toHaveCount(2)
})
