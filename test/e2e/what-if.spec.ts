import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

const demo = (period: number) => join(import.meta.dirname, `../../resources/demo/period-${period}.ndjson.zst`)
let served: ServedPage

test.beforeAll(async () => {
  served = await servePages([demo(102), demo(103)])
})

test.afterAll(async () => {
  await served.close()
})

const result = (page: Page) => page.getByRole('region', { name: 'What a period pays' })
/** Units of 1e-7 TFT in a cell of the first row: as it is, changed, difference. */
async function units(page: Page, column: number): Promise<bigint> {
  const text = await result(page)
    .getByRole('row', { name: /Pays, TFT/ })
    .getByRole('cell')
    .nth(column)
    .locator('[data-exact]')
    .getAttribute('data-exact')
  return BigInt(text!.replace('.', ''))
}

test('what limits is named, trying it earns what was said, and Back goes a step back', async ({ page }) => {
  await served.open(page, '/what-if/3')
  const sentence = result(page).getByText(/^As it is: SSD limits its compute units/)
  const [, gain] = /earn ([\d,.]+) TFT/.exec(await sentence.innerText())!
  await result(page).getByRole('button', { name: 'Try it' }).click()
  await expect(result(page).getByRole('status')).toContainText('more a period')
  const difference = (await units(page, 1)) - (await units(page, 0))
  expect(await units(page, 2)).toBe(difference)
  // the field holds three decimals of a GiB, so it may be a thousandth more than the step
  const said = BigInt(gain!.replace(/[,.]/g, '')) * 100_000n
  expect(difference).toBeGreaterThanOrEqual(said)
  expect(difference).toBeLessThan(said + 200_000n)
  const ssd = page.getByRole('textbox', { name: 'SSD, GiB' })
  const stepped = await ssd.inputValue()
  await page.getByRole('button', { name: 'Double the memory' }).click()
  await expect(page.getByRole('textbox', { name: 'Memory, GiB' })).not.toHaveValue('63.102')
  await page.goBack()
  await expect(page.getByRole('textbox', { name: 'Memory, GiB' })).toHaveValue('63.102')
  await expect(ssd).toHaveValue(stepped)
  await page.goBack()
  await expect(ssd).toHaveValue('465.661')
  await expect(result(page).getByRole('status')).toContainText('a period as it is')
})

test('each suggestion does what it says; another policy brings its prices; as it is again', async ({ page }) => {
  await served.open(page, '/what-if/3')
  await page.getByRole('button', { name: 'Add 1 TB of SSD' }).click()
  await expect(page.getByRole('textbox', { name: 'SSD, GiB' })).toHaveValue('1396.983')
  await page.getByRole('button', { name: 'Become certified' }).click()
  await expect(page.getByRole('checkbox', { name: 'Certified' })).toBeChecked()
  await expect(result(page).getByRole('row', { name: /Asks for/ })).toContainText('98.00')
  await page.getByRole('button', { name: '99.9 % uptime' }).click()
  await expect(result(page).getByRole('row', { name: /Uptime/ })).toContainText('99.90')
  const cu = page.getByRole('textbox', { name: 'CU, USD' })
  await cu.fill('9.999')
  await page.getByRole('button', { name: 'Policy 2 instead' }).click()
  await expect(cu).not.toHaveValue('9.999')
  await page.getByRole('button', { name: 'As it is', exact: true }).click()
  await expect(page.getByRole('textbox', { name: 'SSD, GiB' })).toHaveValue('465.661')
  await expect(page.getByRole('checkbox', { name: 'Certified' })).not.toBeChecked()
})

test('what the fields don’t take is said at the field, and nothing is worked out from it', async ({ page }) => {
  await served.open(page, '/what-if/3')
  const tries: [field: string, text: string, says: RegExp][] = [
    ['Cores', '1.5', /whole number/],
    ['Memory, GiB', 'lots', /plain number/],
    ['SSD, GiB', '-1', /plain number/],
    ['HDD, GiB', '99999999999999999999', /more than any node has/],
    ['Uptime, %', '120', /0 to 100/],
    ['USD a TFT', '0', /Above 0/],
    ['CU, USD', '1e3', /3 decimals/],
  ]
  for (const [name, text, says] of tries) {
    const field = page.getByRole('textbox', { name })
    const before = await field.inputValue()
    await field.fill(text)
    await expect(field).toHaveAttribute('aria-invalid', 'true')
    await expect(field).toHaveAccessibleDescription(says)
    await expect(result(page).getByRole('status')).toHaveText('Correct the marked figure to see what it changes.')
    await field.fill(before)
    await expect(field).not.toHaveAttribute('aria-invalid', 'true')
  }
  await expect(result(page).getByRole('status')).toContainText('a period as it is')
})

test('the SLA that is missed under v3 pays by the uptime under node-period; each figure says how', async ({ page }) => {
  await served.open(page, '/what-if/3')
  await page.getByRole('textbox', { name: 'Uptime, %' }).fill('90')
  await expect(result(page).getByText('SLA missed: 90.00 % up, the policy asks for 95.00 %.')).toBeVisible()
  expect(await units(page, 1)).toBe(0n)
  await page.getByText('node-period: own periods').click()
  await expect(result(page).getByText('SLA missed')).toBeHidden()
  await expect(page.getByRole('textbox', { name: 'Uptime, %' })).toHaveValue('90')
  await expect.poll(() => units(page, 1)).toBeGreaterThan(0n)
  await result(page)
    .getByRole('button', { name: /how payout of node 3, changed is computed/ })
    .click()
  const sheet = page.getByRole('dialog', { name: 'Payout of node 3, changed' })
  await expect(sheet.getByText('Payout in TFT')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
})

test('a violation: first that the period pays nothing, as everywhere else, then what it would pay without', async ({ page }) => {
  await served.open(page, '/what-if/19')
  const status = result(page).getByRole('status')
  await expect(status.locator('p').first()).toHaveText(/^0\.00\sTFT this period, because of a violation: clock skew\.$/)
  await expect(status.locator('p').last()).toHaveText(/^[\d,]+\.\d\d\sTFT a period without the violation\./)
  expect(await units(page, 0)).toBeGreaterThan(0n)
  await expect(result(page).getByRole('columnheader', { name: 'Without the violation' })).toBeVisible()
  await expect(result(page).getByText('As it is')).toHaveCount(0)
  await page.getByRole('button', { name: 'Add 1 TB of SSD' }).click()
  await expect(status.locator('p').last()).toHaveText(/more a period \+[\d,.]+\sUSD, without the violation$/)
  await expect(status.locator('p').first()).toHaveText(/^0\.00\sTFT this period/)
  await expectAccessible(page)
})

test('a sentence about the SLA wraps inside its panel', async ({ page }) => {
  await served.open(page, '/what-if/3')
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.getByRole('textbox', { name: 'Uptime, %' }).fill('94')
  const sentence = result(page).getByText('SLA missed: 94.00 % up')
  await expect(sentence).toBeVisible()
  const [inner, panel] = [(await sentence.boundingBox())!, (await result(page).boundingBox())!]
  expect(inner.x + inner.width).toBeLessThanOrEqual(panel.x + panel.width)
})

test('the uptime if the node stays up is the same figure here and on its page', async ({ page }) => {
  await served.open(page, '/what-if/3')
  const cells = result(page)
    .getByRole('row', { name: /Uptime/ })
    .getByRole('cell')
  const uptime = await cells.first().innerText()
  // two decimals, neither of them the 0 of a permille that was cut
  expect(uptime).toMatch(/^\d+\.\d[1-9]$/)
  await served.open(page, '/nodes/3')
  await expect(page.getByText(`${uptime} % up`).first()).toBeVisible()
})

test('from a node’s page, to another node by its farm, and back', async ({ page }) => {
  await served.open(page, '/nodes/3')
  await page.getByRole('button', { name: 'What if…' }).click()
  await expect(page).toHaveTitle(/What if: node 3/)
  await page.getByRole('button', { name: 'Double the memory' }).click()
  const choice = page.getByRole('combobox', { name: 'Node' })
  await choice.fill('12')
  await page.getByRole('option', { name: /^12, / }).click()
  await expect(page).toHaveTitle(/What if: node 12/)
  await expect(result(page).getByRole('status')).toContainText('a period as it is')
  await page.goBack()
  await expect(page).toHaveTitle(/What if: node 3/)
  await expect(
    result(page)
      .getByRole('row', { name: /Pays, TFT/ })
      .getByRole('cell'),
  ).toHaveCount(3)
})

test('without a node in the address the first one is shown; a number that is none, or of no node, says so', async ({ page }) => {
  await served.open(page, '/overview')
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'What-if' }).click()
  await expect(page.getByRole('combobox', { name: 'Node' })).toHaveValue(/^1, /)
  await page.evaluate(() => {
    window.location.hash = '/what-if/abc'
  })
  await expect(page.getByText('"abc" is not a node\'s number.')).toBeVisible()
  await page.evaluate(() => {
    window.location.hash = '/what-if/999999'
  })
  await expect(page.getByRole('alert')).toContainText('no node 999999')
})

test('accessible in both themes', async ({ page }) => {
  await served.open(page, '/what-if/3')
  await page.getByRole('button', { name: 'Add 1 TB of SSD' }).click()
  await expect(result(page).getByRole('status')).toContainText('more a period')
  await expectAccessible(page)
  await page.getByRole('textbox', { name: 'Uptime, %' }).fill('x')
  await expect(page.getByRole('textbox', { name: 'Uptime, %' })).toHaveAttribute('aria-invalid', 'true')
  await expectAccessible(page)
})
