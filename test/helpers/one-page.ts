import { test as base, expect, type Page } from '@playwright/test'

/**
 * `test` with one page for all tests of a file: loading the app anew takes longer than most tests do. The window's size and media are set
 * back and sheets closed before each test; what is kept in the core, and what a page remembers while it is open, carries over. A test that
 * needs a page that was never used takes Playwright's own `test`.
 */
export const test = base.extend<{ page: Page }, { keptPage: Page }>({
  keptPage: [
    async ({ browser }, use) => {
      const context = await browser.newContext({ reducedMotion: 'reduce' })
      await use(await context.newPage())
      await context.close()
    },
    { scope: 'worker' },
  ],
  page: async ({ keptPage, viewport }, use) => {
    if (viewport) await keptPage.setViewportSize(viewport)
    await keptPage.emulateMedia({ colorScheme: null, reducedMotion: 'reduce' })
    await closeSheets(keptPage)
    await use(keptPage)
  },
})

async function closeSheets(page: Page): Promise<void> {
  const sheets = page.getByRole('dialog')
  for (let open = await sheets.count(); open > 0; open--) {
    await page.keyboard.press('Escape')
    await expect(sheets).toHaveCount(open - 1)
  }
}
