import { expect, type Page } from '@playwright/test'
import { demoArchives } from '../helpers/demo-archive.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

// a running period, with what goes wrong on a grid of sixty nodes
let demo: Awaited<ReturnType<typeof demoArchives>>
let served: ServedPage

test.beforeAll(async () => {
  demo = await demoArchives([{ nodes: 60, days: 12, seed: 3 }])
  served = await servePages(demo.files)
})

test.afterAll(async () => {
  await served?.close()
  demo?.remove()
})

async function openOverview(page: Page): Promise<void> {
  await served.open(page, '/')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview')
  await expect(page.getByRole('grid', { name: 'Farms' })).toBeVisible()
}

test('what needs attention comes first, with reason and way out, and leads to the node', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 })
  await openOverview(page)
  const list = page.getByRole('region', { name: /things? needs? you/ })
  const first = list.getByRole('listitem').first()
  await expect(first).toBeInViewport({ ratio: 1 })
  const lines = (await first.innerText()).split('\n').filter(line => line.trim() !== '')
  expect(lines.length).toBeGreaterThanOrEqual(4) // state, title, reason, way out
  // what was earned and can't be paid can be saved, which what broke a rule can't
  await expect(first.getByRole('link', { name: /^Farm \d+ has no (valid )?payout address$/ })).toBeVisible()
  await list.getByRole('button', { name: /^Show all/ }).click()
  const link = list.getByRole('link', { name: /^Node \d+/ }).first()
  const nodeId = /^Node (\d+)/.exec((await link.textContent()) ?? '')?.[1]
  expect(nodeId).toBeDefined()
  await link.click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Node ${nodeId}`)
})

test('what is known of long ago says of when it is', async ({ page }) => {
  await openOverview(page)
  const list = page.getByRole('region', { name: /things? needs? you/ })
  await expect(list.getByText(/^As of .+ ago\)?\. What happened since is not known here\.$/)).toBeVisible()
})

test('counts of nodes add up to the farms, and each leads to its nodes', async ({ page }) => {
  await openOverview(page)
  const buttons = page.getByRole('list', { name: 'Nodes by state' }).getByRole('button')
  const counts = await buttons.allInnerTexts()
  expect(counts.map(text => text.replace(/^[\d,]+\s*/, ''))).toEqual(['down', 'at risk', 'unknown', 'asleep', 'up'])
  expect(counts.map(text => Number.parseInt(text, 10)).reduce((sum, count) => sum + count, 0)).toBe(60)
  const up = Number.parseInt(counts[4]!, 10)
  await buttons.nth(4).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Nodes')
  await expect(page.getByRole('grid', { name: 'Nodes' })).toHaveAttribute('aria-rowcount', String(up + 1))
})

test('a figure opens its derivation, whose parts add up to it', async ({ page }) => {
  await openOverview(page)
  const figure = page.getByRole('button', { name: /how earned so far is computed/ })
  const shown = /^[\d,.]+/.exec(await figure.innerText())?.[0]
  await figure.press('Enter')
  const sheet = page.getByRole('dialog', { name: 'Earned so far' })
  await expect(sheet.getByRole('heading', { name: 'Rule' })).toBeVisible()
  const amounts = (await sheet.getByRole('row').allInnerTexts())
    .slice(1)
    .map(row => BigInt(/[\d,]+\.\d{7}$/.exec(row.trim())![0].replace(/[,.]/g, '')))
  const total = amounts.pop()!
  expect(amounts.reduce((sum, amount) => sum + amount, 0n)).toBe(total)
  const digits = total.toString().padStart(8, '0')
  expect(`${digits.slice(0, -7)}.${digits.slice(-7, -5)}`).toBe(shown?.replace(/,/g, ''))
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()
  await expect(figure).toBeFocused()
})

test('Back closes what stands over the page that it leaves', async ({ page }) => {
  await served.open(page, '/nodes')
  await openOverview(page)
  await page.getByRole('button', { name: /how earned so far is computed/ }).press('Enter')
  await expect(page.getByRole('dialog', { name: 'Earned so far' })).toBeVisible()
  await page.goBack()
  await expect(page.getByRole('dialog')).toBeHidden()
})

test('what will I earn: if they stay up first, beside it so far and if they go down; how, and until when data is known', async ({
  page,
}) => {
  await openOverview(page)
  await page.getByRole('button', { name: 'projection', exact: true }).focus()
  await expect(page.getByRole('tooltip')).toContainText('if every node reports on time from now to the end')
  const amount = async (name: RegExp) => {
    const text = /^[\d,.]+/.exec(await page.getByRole('button', { name }).innerText())?.[0] ?? ''
    return Number(text.replace(/,/g, ''))
  }
  const [staysUp, soFar, goesDown] = [
    await amount(/how if they stay up is computed/),
    await amount(/how earned so far is computed/),
    await amount(/how if all go down now is computed/),
  ]
  expect(staysUp).toBeGreaterThan(soFar)
  expect(goesDown).toBeLessThan(soFar)
  await expect(page.getByText(/^12 d known, 18 d .* to go$/)).toBeVisible()
  await expect(page.getByRole('contentinfo')).toContainText(/Data complete until .+ago/)
})

test('nodes that run out of downtime are counted, and the count leads to them', async ({ page }) => {
  await openOverview(page)
  const low = page.getByRole('link', { name: /nodes?: under 10 %/ })
  const none = page.getByText('No node is running out')
  await expect(low.or(none)).toBeVisible()
  if (await none.isVisible()) return
  const count = Number(/\d+/.exec(await low.innerText())?.[0])
  await low.click()
  const grid = page.getByRole('grid', { name: 'Nodes' })
  await expect(grid.getByRole('columnheader', { name: 'Downtime left' })).toHaveAttribute('aria-sort', 'ascending')
  const risky = grid.locator('[role=row]:has([role=gridcell]) [role=gridcell]:nth-child(9)').filter({ hasText: /^\s*\d+ (h|min)/ })
  await expect(risky.first()).toBeVisible()
  expect(await risky.filter({ has: page.locator('svg') }).count()).toBeGreaterThanOrEqual(Math.min(count, 3))
})

test('the keyboard reaches the page and, by the palette, a node', async ({ page }) => {
  await openOverview(page)
  await page.reload()
  await expect(page.getByRole('grid', { name: 'Farms' })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toBeFocused()
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog').getByRole('textbox')).toBeFocused()
  await page.keyboard.type('17')
  await expect(page.getByRole('dialog').getByRole('button', { name: /^Node 17\b/ })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Node 17')
})

test('the farm table sorts, keeps its order, and a row leads to the nodes of the farm', async ({ page }) => {
  await openOverview(page)
  const grid = page.getByRole('grid', { name: 'Farms' })
  await grid.getByRole('button', { name: 'Nodes' }).click()
  await expect(grid.getByRole('columnheader', { name: 'Nodes' })).toHaveAttribute('aria-sort', 'descending')
  await page.reload()
  await expect(grid.getByRole('columnheader', { name: 'Nodes' })).toHaveAttribute('aria-sort', 'descending')
  const first = grid.getByRole('row').nth(1)
  const nodes = Number((await first.getByRole('gridcell').nth(2).innerText()).trim())
  await grid.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('grid', { name: 'Nodes' })).toHaveAttribute('aria-rowcount', String(nodes + 1))
})

test('a lost connection is said, with what is safe, and what was shown stays', async ({ page }) => {
  const own = await servePages(demo.files)
  await own.open(page, '/')
  await expect(page.getByRole('grid', { name: 'Farms' })).toBeVisible()
  await own.close()
  await expect(page.getByRole('alert')).toContainText('Connection lost')
  await expect(page.getByRole('alert')).toContainText('Nothing was changed')
  await expect(page.getByRole('grid', { name: 'Farms' })).toBeVisible()
})

test('accessible in both themes, also at 200 %', async ({ page }) => {
  await openOverview(page)
  await expectAccessible(page)
  await page.setViewportSize({ width: 640, height: 400 })
  await expectAccessible(page)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640)
})
