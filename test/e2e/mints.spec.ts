import { readFileSync } from 'node:fs'
import { expect, type Page } from '@playwright/test'
import { verifyBundle } from '../../src-main/jobs/audit/verify-bundle.ts'
import { parseCsv } from '../../src-shared/csv.ts'
import { demoArchives } from '../helpers/demo-archive.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

/* Mints by rule set node-period, from the rules that a network pays by to a mint that is paid. The tests go on from each other. */
test.describe.configure({ mode: 'serial' })

let demo: Awaited<ReturnType<typeof demoArchives>>
let served: ServedPage

test.beforeAll(async () => {
  const grid = { nodes: 14, seed: 21, since: 102 } as const
  demo = await demoArchives([
    { ...grid, period: 102 },
    { ...grid, period: 103, days: 9 },
  ])
  served = await servePages(demo.files)
})

test.afterAll(async () => {
  await served?.close()
  demo?.remove()
})

const grid = (page: Page) => page.getByRole('grid', { name: 'Mints' })
const figure = (page: Page, title: string) => page.locator('dl > div').filter({ has: page.getByText(title, { exact: true }) })
const tab = (page: Page, name: string) => page.locator('label', { hasText: new RegExp(`^${name}$`) })
const rules = (page: Page) => page.getByRole('form', { name: 'Minting rules' })

async function openFirst(page: Page): Promise<void> {
  // tab and filter that were chosen last are kept
  await tab(page, 'Mints').click()
  await expect(grid(page).getByRole('row').nth(1)).toBeVisible()
  const clear = page.getByRole('button', { name: 'Clear filters' })
  if (await clear.isVisible()) await clear.click()
  await expect(clear).toBeHidden()
  await expect(grid(page)).toHaveAttribute('aria-busy', 'false')
  await grid(page).focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
}

/** Chooses in one of Mantine's selects. */
async function choose(page: Page, label: string, option: string): Promise<void> {
  await page
    .getByRole('combobox', { name: label })
    .or(page.getByRole('textbox', { name: label }))
    .first()
    .click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

async function save(page: Page): Promise<void> {
  await rules(page).getByRole('button', { name: 'Save minting rules' }).click()
  await expect(rules(page).getByText('Not saved yet.')).toBeHidden()
}

test('under v3 the page says so first, each mint says why nothing can be done, and shows how it comes about', async ({ page }) => {
  await served.open(page, '/mints')
  await expect(page.getByRole('region', { name: 'This network pays by rule set v3' })).toBeVisible()
  await expect(figure(page, 'Would be claimable')).toBeVisible()
  await openFirst(page)
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByText('nothing can be claimed or decided here')).toBeVisible()
  await expect(sheet.getByRole('button', { name: /^(Claim|Trigger|Force|Vote)/ })).toHaveCount(0)
  for (const heading of ['Measured', 'Worked out', 'Would pay', 'Where the uptime comes from', 'Record'])
    await expect(sheet.getByRole('heading', { name: heading })).toBeVisible()
  await expect(sheet.getByText('Payout in TFT')).toBeVisible()
  await expect(sheet.getByText(/^[0-9a-f]{64}$/)).toBeVisible()
  const download = page.waitForEvent('download')
  await sheet.getByRole('button', { name: 'Evidence bundle' }).click()
  const bundle = await download
  expect(bundle.suggestedFilename()).toMatch(/^node-\d+-from-\d{4}-\d\d-\d\d\.evidence$/)
  const { checks, problems } = await verifyBundle('it', readFileSync(await bundle.path()), null)
  expect([problems, checks.find(({ name }) => name === 'recomputed from its events')?.state]).toEqual([[], 'right'])
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
})

test('what is wrong with the rules stands at its field, and nothing is saved', async ({ page }) => {
  await served.open(page, '/settings')
  const form = rules(page)
  await form.getByText('node-period: each node’s own').click()
  await choose(page, 'Who triggers the payout', 'Signers vote on an amount')
  await form.getByRole('button', { name: 'Save minting rules' }).click()
  await expect(form.getByText('Signers: there is none, and this trigger needs votes')).toBeVisible()
  const signers = form.getByLabel('Signers')
  for (const name of ['Ada', 'Bo', 'Cy']) {
    await signers.fill(name)
    await signers.press('Enter')
  }
  await form.getByLabel('Equal votes that it takes').fill('1')
  await form.getByRole('button', { name: 'Save minting rules' }).click()
  await expect(form.getByText('Threshold: 1 of 3 is not more than half')).toBeVisible()
  await form.getByLabel('Vault address').fill('GNOT')
  await form.getByLabel('Equal votes that it takes').fill('2')
  await form.getByRole('button', { name: 'Save minting rules' }).click()
  await expect(form.getByText('this is no Stellar account')).toBeVisible()
  await form.getByRole('button', { name: 'Discard changes' }).click()
  await expect(form.getByLabel('Vault address')).toHaveValue('')
  await expect(page.getByRole('grid', { name: 'Audit trail' }).getByRole('row').filter({ hasText: 'mintConfig.set' })).toHaveCount(0)
})

test('once the farmer claims, a mint is claimed, paid, and both stand on it, by keyboard alone', async ({ page }) => {
  await served.open(page, '/settings')
  const form = rules(page)
  await form.getByText('node-period: each node’s own').click()
  await choose(page, 'Who triggers the payout', 'The farmer claims')
  await form.getByLabel('Administrators').fill('Ada')
  await form.getByLabel('Administrators').press('Enter')
  await save(page)
  await page.getByRole('link', { name: 'Mints', exact: true }).click()
  const claimable = figure(page, 'Claimable now')
  await expect(claimable).toBeVisible()
  const before = await claimable.locator('[data-exact]').getAttribute('data-exact')
  await openFirst(page)
  const sheet = page.getByRole('dialog')
  const exact = await sheet.locator('[data-exact]').first().getAttribute('data-exact')
  const claim = sheet.getByRole('button', { name: /^Claim / })
  await expect(claim).toHaveText(/^Claim [\d,]+\.\d{7} TFT for .+ \(\d+\), twin \d+$/)
  expect((await claim.innerText()).replaceAll(',', '')).toContain(exact!)
  await claim.focus()
  await page.keyboard.press('Enter')
  await expect(sheet.getByText(/claimed by browser:/)).toBeVisible()
  await sheet.getByRole('button', { name: /as paid$/ }).click()
  await expect(sheet.getByText('Enter the transaction.')).toBeVisible()
  await sheet.getByLabel('Transaction of the payment').fill('abc123')
  await page.keyboard.press('Enter')
  await expect(sheet.getByText('It is paid. A mint is paid at most once.')).toBeVisible()
  await expect(sheet.getByText('abc123')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(figure(page, 'Paid').locator('[data-exact]')).toHaveAttribute('data-exact', exact!)
  await expect(claimable.locator('[data-exact]')).not.toHaveAttribute('data-exact', before!)
})

test('filters, farms and the file; a figure says what it is the sum of', async ({ page }) => {
  await served.open(page, '/mints')
  await choose(page, 'Stage', 'Paid')
  await expect(grid(page)).toHaveAttribute('aria-rowcount', '2')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'All as CSV' }).click()])
  const lines = parseCsv(readFileSync(await download.path(), 'utf8'))
  expect(lines).toHaveLength(2)
  expect(lines[1]!.cells).toContain('abc123')
  await page.getByRole('textbox', { name: 'Search mints' }).fill('nothing like it')
  await expect(page.getByText('No mint fits these filters.')).toBeVisible()
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await figure(page, 'Claimable now').getByRole('button').click()
  await expect(page.getByRole('dialog').getByText('Sum by farm')).toBeVisible()
  await page.keyboard.press('Escape')
  await tab(page, 'By farm').click()
  const farms = page.getByRole('grid', { name: 'By farm' })
  await expect(farms.getByRole('row').nth(1)).toBeVisible()
  await farms.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(grid(page)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Clear filters' })).toBeVisible()
  await page.getByRole('button', { name: 'Clear filters' }).click()
})

test('a period that runs says what it comes to', async ({ page }) => {
  await served.open(page, '/mints')
  await tab(page, 'Running').click()
  const running = page.getByRole('grid', { name: 'Periods that run' })
  await expect(running.getByRole('row').nth(1)).toBeVisible()
  await running.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog').getByText('As if the period ended now')).toBeVisible()
  await page.keyboard.press('Escape')
})

test('signers vote: a bad amount is told at its field, equal votes decide', async ({ page }) => {
  await served.open(page, '/settings')
  const form = rules(page)
  await choose(page, 'Who triggers the payout', 'Signers vote on an amount')
  for (const name of ['Ada', 'Bo']) {
    await form.getByLabel('Signers').fill(name)
    await form.getByLabel('Signers').press('Enter')
  }
  await form.getByLabel('Equal votes that it takes').fill('2')
  await form.getByRole('switch', { name: 'Show what locking would hold back' }).check()
  await save(page)
  await page.getByRole('link', { name: 'Mints', exact: true }).click()
  await openFirst(page)
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('Amount, TFT').fill('1.00000001')
  await sheet.getByRole('button', { name: /^Vote/ }).click()
  await expect(sheet.getByText('Enter an amount above 0')).toBeVisible()
  await expect(sheet.getByText('Choose a name.')).toBeVisible()
  await sheet.getByLabel('Amount, TFT').fill('1.5')
  for (const name of ['Ada', 'Bo']) {
    await choose(page, 'Signer', name)
    await sheet.getByRole('button', { name: 'Vote for 1.5000000 TFT' }).click()
    if (name === 'Ada') await expect(sheet.getByText('1 of the 2 votes that it takes are for 1.5000000 TFT.')).toBeVisible()
  }
  await expect(sheet.getByText(/by the votes of Ada, Bo/)).toBeVisible()
})

test('what anyone may trigger is said before it is saved, and triggered once it is', async ({ page }) => {
  await served.open(page, '/settings')
  await choose(page, 'Who triggers the payout', 'Anyone')
  await expect(rules(page).getByText(/^Saving triggers \d+ mints at once, [\d,]+\.\d{7} TFT in all, as anyone may\.$/)).toBeVisible()
  await save(page)
  await page.getByRole('link', { name: 'Mints', exact: true }).click()
  await expect(figure(page, 'Claimable now')).toContainText('none')
  await tab(page, 'Locks').click()
  await expect(page.getByRole('grid', { name: 'When locked tokens open' }).getByRole('row').nth(1)).toBeVisible()
})

test('accessible in both themes', async ({ page }) => {
  await served.open(page, '/mints')
  for (const name of ['Locks', 'Running', 'By farm', 'Mints']) {
    await tab(page, name).click()
    await expect(page.getByRole('grid').getByRole('row').nth(1)).toBeVisible()
    await expectAccessible(page)
  }
  await openFirst(page)
  await expect(page.getByRole('dialog').getByText('Payout in TFT')).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(rules(page)).toBeVisible()
  await expectAccessible(page)
})

test('a mint that was paid stays on the page when the data no longer gives it', async ({ page }) => {
  await served.open(page, '/mints')
  const paid = figure(page, 'Paid').locator('[data-exact]')
  const before = await paid.getAttribute('data-exact')
  await page.getByRole('link', { name: 'Settings' }).click()
  await rules(page).getByLabel('First period by node-period').fill('103')
  await save(page)
  await page.getByRole('link', { name: 'Mints', exact: true }).click()
  await expect(page.getByText(/decisions are on mints that the data does not give any more/)).toBeVisible()
  await expect(paid).toHaveAttribute('data-exact', before!)
  await choose(page, 'Stage', 'Paid')
  await expect(grid(page)).toHaveAttribute('aria-rowcount', '2')
  await expect(grid(page).getByText('Paid, data gone')).toBeVisible()
  await expectAccessible(page)
  await grid(page).focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByText(/no longer worked out from the data as it is now.* It is paid\./)).toBeVisible()
  await expect(sheet.getByText('abc123')).toBeVisible()
  await expect(sheet.getByRole('button', { name: 'Copy id' })).toBeVisible()
  await expect(sheet.getByText('Payout in TFT')).toBeHidden()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
})
