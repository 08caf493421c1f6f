import { expect, type Locator, type Page } from '@playwright/test'
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
  // the address changes before the page does, and the key is about the page
  await expect(page.getByRole('heading', { level: 1, name: 'Alerts' })).toBeVisible()
  await page.keyboard.press('F1')
  await expect(page).toHaveURL(/#\/help\/alerts/)
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

/** A step of a look around: its page, its title, and what it stands beside. */
type Step = readonly [path: string, title: string, beside: (page: Page) => Locator]
const wholePage = (name: string) => (page: Page) =>
  page.getByRole('main').filter({ has: page.getByRole('heading', { level: 1, name, exact: true }) })
const grid = (name: string) => (page: Page) => page.getByRole('grid', { name, exact: true })
const region = (name: string | RegExp) => (page: Page) => page.getByRole('region', { name })
const rail = (page: Page) => page.getByRole('navigation', { name: 'Main' })
const search = (path: string): Step => [path, 'Anywhere in a few letters', page => rail(page).getByRole('button', { name: /^Search/ })]
const help = (path: string): Step => [path, 'What a word or figure means', page => rail(page).getByRole('link', { name: 'Help' })]
const ownData: Step = ['/sync', 'Your own data', wholePage('Follow the chain')]

const lookArounds: Record<string, readonly Step[]> = {
  'I run nodes': [
    ['/', 'First, whether anything is wrong', region(/need/)],
    ['/', 'Then, what you will earn', region('Earnings')],
    ['/nodes', 'All nodes, their days and their payout', grid('Nodes')],
    ['/nodes', 'Until when all of this is known', page => page.getByRole('contentinfo')],
    ['/alerts', 'It tells you by itself', wholePage('Alerts')],
    ownData,
  ],
  'I sign payouts': [
    ['/payouts', 'What is to be paid', wholePage('Payouts')],
    ['/votes', 'What is owed, agreed by votes', wholePage('Votes')],
    ['/keys', 'Your keys stay here', wholePage('Keys')],
    search('/keys'),
    help('/keys'),
    ownData,
  ],
  'I check payouts': [
    ['/audit', 'Check receipts', region('A period of your own')],
    ['/periods', 'What was paid, period by period', grid('Periods')],
    ['/nodes', 'Why a node earned what it did', grid('Nodes')],
    ['/exports', 'Take it along', wholePage('Exports')],
    help('/exports'),
    ownData,
  ],
  'I keep a treasury': [
    ['/tokens', 'Every token in one ledger', wholePage('Tokens')],
    ['/account', 'Who acts', wholePage('Account')],
    ['/jobs', 'What runs by itself', wholePage('Jobs')],
    ['/configuration', 'The numbers it works by', wholePage('Configuration')],
    search('/configuration'),
    help('/configuration'),
  ],
}

/** Waits, looking at every frame, until the box of a step has the focus. Only then keys count. */
async function arriveAt(page: Page, [, title]: Step): Promise<void> {
  await page.waitForFunction(name => {
    const { activeElement: box } = document
    return box?.role === 'dialog' && box.querySelector('h2')?.textContent === name
  }, title)
}

/** The box has the focus, stands in the window beside what it is about, and a line is around that. */
async function expectStep(page: Page, steps: readonly Step[], at: number): Promise<void> {
  const [path, title, beside] = steps[at]!
  const box = page.getByRole('dialog', { name: title, exact: true })
  await expect(box).toBeFocused()
  await expect(box.getByText(`${at + 1} of ${steps.length}`, { exact: true })).toBeVisible()
  await expect(box).toBeInViewport({ ratio: 1 })
  await expect(page).toHaveURL(url => url.hash === `#${path}`)
  // it is looked every 100 ms where the target is, so the line may come after the page has moved it
  await expect.poll(() => beside(page).evaluate(howItIsShown)).toEqual({ isSeen: true, isInLine: true, isLineSeen: true })
}

/** In the page: whether the middle of a step's target is seen, and the line is around it and within the window. */
function howItIsShown(target: Element) {
  const around = target.getBoundingClientRect()
  const line = document.querySelector('[aria-hidden]:has(+ [role=dialog])')?.getBoundingClientRect()
  if (!line) return 'without a line'
  const left = Math.max(around.left, 0)
  const top = Math.max(around.top, 0)
  const right = Math.min(around.right, window.innerWidth)
  const bottom = Math.min(around.bottom, window.innerHeight)
  const gaps = [left - line.left, top - line.top, line.right - right, line.bottom - bottom]
  return {
    isSeen: target.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2)),
    isInLine: gaps.every(gap => gap > -0.5 && gap < 4),
    isLineSeen: line.left >= 0 && line.top >= 0 && line.right <= window.innerWidth && line.bottom <= window.innerHeight,
  }
}

async function expectLeft(page: Page, path: string): Promise<void> {
  await expect(page.locator('[role=dialog]')).toHaveCount(0)
  await expect(page.getByRole('main')).toBeFocused()
  await expect(page).toHaveURL(url => url.hash === `#${path}`)
}

/** It always begins at its first step, so leaving at each takes long: two roles do, the other two leave at the table, which has keys of its own. */
const leftAt: Record<string, readonly number[]> = { 'I run nodes': [2], 'I check payouts': [2] }

for (const [role, steps] of Object.entries(lookArounds))
  test(`"${role}": the look around is left with Escape, goes to its end by keyboard alone, and does not come again`, async ({ page }) => {
    await served.open(page, '/settings')
    await page.getByRole('combobox', { name: 'What brings you here' }).press('Enter')
    await page.getByRole('option', { name: role }).click()
    const start = async () => {
      await page.keyboard.press('F1')
      await page.getByRole('main').getByRole('button', { name: 'Show me around' }).press('Enter')
      await arriveAt(page, steps[0]!)
    }
    for (const last of leftAt[role] ?? steps.keys()) {
      await start()
      for (let at = 1; at <= last; at++) {
        await page.keyboard.press('ArrowRight')
        await arriveAt(page, steps[at]!)
      }
      await page.keyboard.press('Escape')
      await expectLeft(page, steps[last]![0])
    }
    await start()
    await expectStep(page, steps, 0)
    for (let at = 1; at < steps.length; at++) {
      await page.keyboard.press('ArrowRight')
      await arriveAt(page, steps[at]!)
      await expectStep(page, steps, at)
    }
    await expect(page.getByRole('dialog').getByRole('button')).toHaveText(['Back', 'Done'])
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expectLeft(page, steps.at(-1)![0])
    const [first, , beside] = steps[0]!
    await served.open(page, first)
    await expect(beside(page)).toBeVisible()
    await expect(page.locator('[role=dialog]')).toHaveCount(0)
    await expect(page.getByRole('region', { name: 'A look around' })).toBeHidden()
  })
