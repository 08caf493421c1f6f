import { expect } from '@playwright/test'
import { demoArchives } from '../helpers/demo-archive.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

let demo: Awaited<ReturnType<typeof demoArchives>>
let served: ServedPage

test.beforeAll(async () => {
  demo = await demoArchives([{ nodes: 12, days: 2, seed: 9 }])
  served = await servePages(demo.files)
})

test.afterAll(async () => {
  await served?.close()
  demo?.remove()
})

test('the first question waits for nobody, and its answer is kept', async ({ page }) => {
  await served.open(page, '/')
  const question = page.getByRole('region', { name: 'What brings you here?' })
  await expect(question).toBeVisible()
  await expect(page.getByRole('grid', { name: 'Farms' })).toBeVisible()
  await question.getByRole('button', { name: 'I check payouts' }).click()
  await expect(question).toBeHidden()
  // the look around that is offered then: whoever starts it from Help has answered too
  const offer = page.getByRole('region', { name: 'A look around' })
  await expect(offer).toBeVisible()
  await page.getByRole('link', { name: 'Help' }).press('Enter')
  await page.getByRole('main').getByRole('button', { name: 'Show me around' }).press('Enter')
  await expect(page.getByRole('dialog')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(offer).toBeHidden()
  await page.reload()
  await page.getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('combobox', { name: 'What brings you here' })).toHaveValue('I check payouts')
  // the rail has open what the role comes for; the rest is a press away, and stays as it was left
  const rail = page.getByRole('navigation', { name: 'Main' })
  await expect(rail.getByRole('link', { name: 'Payouts' })).toBeVisible()
  await expect(rail.getByRole('link', { name: 'Tokens' })).toBeHidden()
  await rail.getByRole('button', { name: 'Treasury', expanded: false }).press('Enter')
  await expect(rail.getByRole('link', { name: 'Tokens' })).toBeVisible()
  await expect(question).toBeHidden()
})

test('the theme changes at once, stays after a reload, and the audit trail says who changed it', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' })
  await served.open(page, '/settings')
  const html = page.locator('html')
  await expect(html).toHaveAttribute('data-mantine-color-scheme', 'light')
  await page.getByText('Dark', { exact: true }).click()
  await expect(html).toHaveAttribute('data-mantine-color-scheme', 'dark')
  await page.reload()
  await expect(html).toHaveAttribute('data-mantine-color-scheme', 'dark')
  await expect(page.getByText(/^Intact, \d+ entries$/)).toBeVisible()
  const trail = page.getByRole('grid', { name: 'Audit trail' })
  await expect(trail.getByRole('row').filter({ hasText: 'settings.set' }).first()).toContainText('browser:')
  await trail.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toContainText(/[0-9a-f]{64}/)
  await page.keyboard.press('Escape')
  await page.getByText('As the system', { exact: true }).click()
  await expect(html).toHaveAttribute('data-mantine-color-scheme', 'light')
})

test('my farms narrow the overview to them', async ({ page }) => {
  await served.open(page, '/settings')
  const field = page.getByRole('combobox', { name: 'My farms' }).or(page.getByRole('textbox', { name: 'My farms' }))
  await field.click()
  const option = page.getByRole('option').first()
  const name = (await option.innerText()).trim()
  await option.click()
  await expect(page.getByText(name).first()).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Overview' }).click()
  await expect(page.getByRole('grid', { name: 'Farms' })).toHaveAttribute('aria-rowcount', '2')
})

test('says where the data lies, until when it goes, and what runs', async ({ page }) => {
  await served.open(page, '/settings')
  const data = page.getByRole('region', { name: 'Data' })
  await expect(data).toContainText('granary-pages-')
  await expect(data).toContainText('Read and write')
  await expect(data).toContainText('ago)')
  await expect(page.getByRole('region', { name: 'About' })).toContainText('Local server, shown in a browser')
})

test('an error of the page leaves a report, which is looked at and deleted', async ({ page }) => {
  await served.open(page, '/settings')
  const section = page.getByRole('region', { name: 'Logs and crash reports' })
  await expect(section).toContainText('There is no crash report.')
  await expect(section.getByRole('grid', { name: 'Log' })).toContainText('Started')
  await page.evaluate(() => {
    setTimeout(() => {
      throw new TypeError('nothing took "this"')
    })
  })
  await expect(section).toContainText('One crash report is new.')
  const reports = section.getByRole('grid', { name: 'Crash reports' })
  await expect(reports.getByRole('row').nth(1)).toBeVisible()
  await reports.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('dialog')
  await expect(sheet).toContainText('TypeError: nothing took “…”')
  await expect(sheet.getByRole('button', { name: 'Copy the report' })).toBeVisible()
  await expect(section).not.toContainText('One crash report is new.')
  await sheet.getByRole('button', { name: 'Delete this report' }).click()
  await expect(sheet).toBeHidden()
  await expect(section).toContainText('There is no crash report.')
})

test('accessible in both themes', async ({ page }) => {
  await served.open(page, '/settings')
  await expect(page.getByText(/^Intact/)).toBeVisible()
  await expectAccessible(page)
})
