import { expect } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { caseArchive, expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

let served: ServedPage

test.beforeAll(async () => {
  served = await servePages([caseArchive('mixed_random')])
})

test.afterAll(async () => {
  await served.close()
})

test('topics lead to each other, and a search leads to the place', async ({ page }) => {
  await served.open(page, '/help')
  await expect(page.getByRole('heading', { level: 1, name: 'Glossary' })).toBeVisible()
  await page.getByRole('navigation', { name: 'Topics' }).getByRole('link', { name: 'What is protected, and how' }).click()
  await page.getByRole('article').getByRole('link', { name: 'backups' }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Backups' })).toBeVisible()
  await page.getByRole('searchbox', { name: 'Search the help' }).fill('quiet hours')
  await page.getByRole('region', { name: 'Search the help' }).getByRole('link', { name: 'Quiet hours' }).click()
  await expect(page.getByRole('heading', { name: 'Quiet hours' })).toBeFocused()
  await expectAccessible(page)
  await page.getByRole('searchbox', { name: 'Search the help' }).fill('xyzzy')
  await expect(page.getByText('Nothing about "xyzzy".')).toBeVisible()
})

test('a figure, a column and a page lead to what they mean', async ({ page }) => {
  await served.open(page, '/periods/80')
  await page.getByRole('button', { name: /^[\d,.]+ TFT/ }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('link', { name: 'More in Help' }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByRole('heading', { name: 'Payout', exact: true })).toBeFocused()
  await served.open(page, '/periods/80')
  const grid = page.getByRole('grid', { name: 'Receipts of period 80' })
  // keys count once there are rows
  await expect(grid).not.toHaveAttribute('aria-busy', 'true')
  await expect(grid).not.toHaveAttribute('aria-rowcount', '1')
  await grid.focus()
  await page.keyboard.press('ArrowDown')
  for (let column = 0; column < 3; column++) await page.keyboard.press('ArrowRight')
  await page.keyboard.press('F1')
  await expect(page.getByRole('dialog', { name: 'Uptime' })).toContainText('each report credits')
  await page.keyboard.press('Escape')
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Alerts' }).focus()
  await served.open(page, '/alerts')
  await page.keyboard.press('F1')
  await expect(page.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible()
})

test('after the choice of a role a look around is offered: by keyboard, step by step, left with Escape, and offered once', async ({
  page,
}) => {
  await served.open(page, '/')
  await page.getByRole('button', { name: 'I check payouts' }).click()
  const offer = page.getByRole('region', { name: 'A look around' })
  await offer.getByRole('button', { name: 'Show me around' }).press('Enter')
  await expect(offer).toBeHidden()
  const first = page.getByRole('dialog', { name: 'Check receipts' })
  await expect(first).toBeFocused()
  await expect(first).toHaveAccessibleDescription(/bytes, hash, recomputed/)
  await expectAccessible(page)
  await page.keyboard.press('ArrowRight')
  const second = page.getByRole('dialog', { name: 'What was paid, period by period' })
  await expect(second).toBeFocused()
  await expect(page).toHaveURL(/#\/periods$/)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Why a node earned what it did' })).toBeFocused()
  await page.keyboard.press('ArrowLeft')
  await expect(second).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('main')).toBeFocused()
  await served.open(page, '/help')
  await expect(offer).toBeHidden()
  await page.getByRole('button', { name: 'Show me around' }).click()
  await expect(first).toBeFocused()
  // whoever goes elsewhere has seen enough
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
})

test('the look around goes to its end, in sight all the way', async ({ page }) => {
  await served.open(page, '/settings')
  await page.getByRole('combobox', { name: 'What brings you here' }).click()
  await page.getByRole('option', { name: 'I run nodes' }).click()
  await served.open(page, '/help')
  await page.getByRole('button', { name: 'Show me around' }).click()
  for (let step = 1; step <= 6; step++) {
    const box = page.getByRole('dialog')
    await expect(box.getByText(`${step} of 6`, { exact: true })).toBeVisible()
    await expect(box).toBeInViewport({ ratio: 1 })
    await page.keyboard.press('ArrowRight')
  }
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page).toHaveURL(/#\/sync$/)
})
