import { expect, type Page } from '@playwright/test'
import { demoArchives } from '../helpers/demo-archive.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

let demo: Awaited<ReturnType<typeof demoArchives>>
let served: ServedPage

test.beforeAll(async () => {
  demo = await demoArchives([{ nodes: 100, days: 1, seed: 5 }])
  served = await servePages(demo.files)
})

test.afterAll(async () => {
  await served?.close()
  demo?.remove()
})

const dialog = (page: Page) => page.getByRole('dialog')
const entry = (page: Page, name: string | RegExp) => dialog(page).getByRole('button', { name })

async function type(page: Page, text: string): Promise<void> {
  // the keys that open it close it too
  if (await dialog(page).isVisible()) await page.keyboard.press('Escape')
  await expect(dialog(page)).toBeHidden()
  await served.open(page, '/settings')
  await page.keyboard.press('Control+k')
  await dialog(page).getByRole('textbox').fill(text)
}

/** Types it and takes what stands first. */
async function take(page: Page, text: string, first: string | RegExp): Promise<void> {
  await type(page, text)
  await expect(dialog(page).getByRole('button').first()).toHaveAccessibleName(first)
  await dialog(page).getByRole('button').first().click()
  await expect(dialog(page)).toBeHidden()
}

test('a node, a farm and a period are found by what they are called, and a press leads to each', async ({ page }) => {
  await take(page, 'Node 7', /^Node 7(?!\d)/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Node 7')
  await type(page, 'farm 2')
  const farm = entry(page, /^Farm 2: /)
  const title = (await farm.innerText()).split('\n')[0]!
  await take(page, title, /^Farm 2: /)
  await expect(page.getByRole('grid', { name: 'Nodes' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Clear filters' })).toBeVisible()
  await type(page, 'period')
  const period = (await entry(page, /^Period \d+/).innerText()).split('\n')[0]!
  await take(page, period, new RegExp(`^${period}`))
  await expect(page.getByRole('heading', { level: 1 })).toContainText(period)
  await type(page, period.replace('Period ', ''))
  await expect(entry(page, new RegExp(`^${period}`))).toBeVisible()
})

test('a page is found by its name also where the rail has none, and by what is done there', async ({ page }) => {
  await take(page, 'statement', /^Statement/)
  await expect(page).toHaveURL(/#\/exports\/statement$/)
  await type(page, 'csv')
  await expect(entry(page, /^Exports/)).toBeVisible()
  await expect(entry(page, /^Statement/)).toBeVisible()
  await take(page, 'label', /^Nodes/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Nodes')
  // every node has "Node" in its name
  await take(page, 'node', /^Nodes/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Nodes')
  await type(page, 'period')
  await expectAccessible(page)
})
