import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { demoArchives } from '../helpers/demo-archive.ts'
import { test } from '../helpers/one-page.ts'
import { caseArchive, expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

const golden = readFileSync(join(caseArchive('mixed_random'), '../receipts.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')
const rows = golden.map(
  line => JSON.parse(line) as { node_id: number; hash: string; violation: string | null; receipt: { reward: { tft: number } } },
)
const paid = rows.find(row => row.receipt.reward.tft > 0)!
const violating = rows.find(row => row.violation === 'UptimeTooHigh')!
let served: ServedPage

test.beforeAll(async () => {
  served = await servePages([caseArchive('mixed_random')])
})

test.afterAll(async () => {
  await served.close()
})

test('the payout opens its derivation, with the exact receipt, and can be copied as text', async ({ page }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await served.open(page, `/nodes/${paid.node_id}/80`)
  await page
    .getByRole('button', { name: /how payout of node \d+, period 80 is computed/ })
    .first()
    .click()
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByText(paid.hash, { exact: true })).toBeVisible()
  await sheet.getByRole('button', { name: 'Copy as text' }).click()
  await expect(sheet.getByRole('button', { name: 'Copied' })).toBeVisible()
  const text = await page.evaluate(() => navigator.clipboard.readText())
  const tft = BigInt(paid.receipt.reward.tft)
  expect(text).toContain(`= ${tft / 10_000_000n}.${(tft % 10_000_000n).toString().padStart(7, '0')} TFT`)
  // the very bytes that are hashed
  const bytes = golden
    .find(line => line.includes(paid.hash))!
    .replace(/^.*?"receipt":/, '')
    .slice(0, -1)
  expect(text).toContain(bytes)
})

test('the timeline reads event by event and zooms by keyboard, and by dragging', async ({ page }) => {
  await served.open(page, `/nodes/${paid.node_id}/80`)
  const timeline = page.getByRole('slider', { name: `Node ${paid.node_id}, period 80: events of the period` })
  await expect(timeline).toHaveAttribute('aria-valuetext', /^In this period: up .* reports/)
  await timeline.focus()
  await page.keyboard.press('ArrowRight')
  await expect(timeline).toHaveAttribute('aria-valuenow', '1')
  const first = await timeline.getAttribute('aria-valuetext')
  expect(first).toMatch(/ UTC\): .*Block [\d,]+\.$/)
  await expect(page.getByTestId('timeline-reading')).toHaveText(first!.replace('): ', ') '))
  await page.keyboard.press('ArrowRight')
  await expect(timeline).not.toHaveAttribute('aria-valuetext', first!)
  await page.keyboard.press('Home')
  await expect(timeline).toHaveAttribute('aria-valuetext', first!)
  const whole = page.getByRole('button', { name: 'Whole period' })
  await expect(whole).toBeDisabled()
  await page.keyboard.press('ArrowUp')
  await expect(whole).toBeEnabled()
  await page.keyboard.press('0')
  await expect(whole).toBeDisabled()
  const box = (await timeline.boundingBox())!
  await page.mouse.move(box.x + 200, box.y + 50)
  await page.mouse.down()
  await page.mouse.move(box.x + 400, box.y + 50)
  await page.mouse.up()
  await expect(whole).toBeEnabled()
  await whole.click()
  await expect(whole).toBeDisabled()
})

test('a violation stands above the fold with both reports and the block', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 })
  await served.open(page, `/nodes/${violating.node_id}/80`)
  const box = page.getByRole('region', { name: 'Violation' })
  await expect(box).toBeInViewport({ ratio: 1 })
  await expect(box).toContainText('uptime too high')
  await expect(box).toContainText(/Seen in block [\d,]+/)
  await expect(box).toContainText(/Between the two [\d,]+ s/)
})

test('keys lead to the neighbours, and the label stays', async ({ page }) => {
  await served.open(page, '/nodes/2/80')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Node 2')
  // the heading is there before the node is, and so before anyone knows its neighbours
  await expect(page.getByRole('button', { name: 'Next' })).toBeEnabled()
  await page.keyboard.press(']')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Node 3')
  await page.keyboard.press('[')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Node 2')
  const notes = page.getByRole('region', { name: 'Your label and note' })
  await notes.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('dialog').getByLabel('Label').fill('Attic')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Node 2: Attic')
  await page.reload()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Node 2: Attic')
})

test('an unknown node says so', async ({ page }) => {
  await served.open(page, '/nodes/99999/80')
  await expect(page.getByRole('alert')).toContainText('99999')
})

test('accessible in both themes, with a violation and with the sheet open', async ({ page }) => {
  await served.open(page, `/nodes/${violating.node_id}/80`)
  await expect(page.getByRole('region', { name: 'Violation' })).toBeVisible()
  await expectAccessible(page)
  await page
    .getByRole('button', { name: /how payout of node/ })
    .first()
    .click()
  await expect(page.getByRole('dialog').getByText(violating.hash, { exact: true })).toBeVisible()
  await expectAccessible(page)
})

test('a node of a running period: how long it may still be down, of how much, what it pays, and why', async ({ page }) => {
  const demo = await demoArchives([{ nodes: 60, days: 12, seed: 3 }])
  const own = await servePages(demo.files)
  try {
    await own.open(page, '/nodes')
    const grid = page.getByRole('grid', { name: 'Nodes' })
    await grid.getByRole('button', { name: 'Downtime left' }).click()
    await expect(grid.getByRole('columnheader', { name: 'Downtime left' })).toHaveAttribute('aria-sort', 'descending')
    await grid.getByRole('link').first().click()
    const panel = page.getByRole('region', { name: 'Downtime budget' })
    await expect(panel).toBeInViewport({ ratio: 1 })
    await expect(panel).toContainText(/\d+ h( \d+ min)? left/)
    await expect(panel).toContainText(/of \d+ h( \d+ min)? that its policy allows/)
    await panel.getByRole('button', { name: /how downtime left of node/ }).click()
    const sheet = page.getByRole('dialog')
    const lines = sheet.getByRole('list').first().getByRole('listitem')
    // the sum of the derivation: what is reached, less what is asked for
    const seconds = (await lines.allInnerTexts()).map(text => Number(/([\d,]+) s/.exec(text)?.[1]?.replace(/,/g, '')))
    expect(seconds.length).toBe(6)
    expect(seconds[5]).toBe(seconds[4]! - seconds[0]!)
    expect(seconds[4]).toBe(seconds[2]! + seconds[3]!)
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /how projection of node \d+ if it goes down now is computed/ }).click()
    await expect(sheet).toContainText('If it goes down now')
  } finally {
    await own.close()
    demo.remove()
  }
})
