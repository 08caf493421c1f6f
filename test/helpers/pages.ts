import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { importFiles } from '../../src-main/core/index.ts'
import { serveCore } from '../../src-main/hosts/loopback/serve.ts'
import { openHostCore, pageDir } from '../../src-main/hosts/open-host-core.ts'
import { weakly } from './weak-stretching.ts'

/** The archive of a golden case. */
export function caseArchive(name: string): string {
  return join(import.meta.dirname, '../golden/cases', name, 'archive.ndjson.gz')
}

export interface ServedPage {
  /** puts the page, with a fresh link, on `path` (`/nodes/1/80`) */
  open(page: Page, path: string): Promise<void>
  close(): Promise<void>
}

/** The real core on a data folder of its own, holding the given archives, served to a browser by the loopback host. */
export async function servePages(archives: string[]): Promise<ServedPage> {
  const root = mkdtempSync(join(tmpdir(), 'granary-pages-'))
  const dataDir = join(root, 'data')
  mkdirSync(dataDir)
  if (archives.length > 0) await importFiles({ dataDir, files: archives, actor: 'test' }, {})
  const served = await serveFolder(dataDir)
  return {
    ...served,
    async close() {
      await served.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/**
 * The same on a data folder that is there already and stays. `ledgerMs`: between two rounds of a payout, as the local Horizon waits for
 * nothing; `nowTs`: the core's clock, where it is not the machine's.
 */
export async function serveFolder(
  dataDir: string,
  { ledgerMs = 200, nowTs }: { ledgerMs?: number; nowTs?: () => number } = {},
): Promise<ServedPage> {
  const core = await openHostCore({ ...weakly, dataDir, host: 'loopback', ledgerMs, ...(nowTs && { nowTs }) })
  const server = await serveCore({ core, dataDir, pageDir, print: () => undefined, printError: line => console.error(line), debug: true })
  return {
    async open(page, path) {
      if (page.url().startsWith(`${server.origin}/`)) await showRoute(page, NOWHERE)
      else {
        await page.goto(server.link())
        // the link's token is in the address until it is traded; a path set before that would be lost
        await expect(page).not.toHaveURL(/token/)
      }
      await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
      await showRoute(page, path)
    },
    async close() {
      await server.close()
      await core.close()
    },
  }
}

/** A route that no page has: what was shown before is left, also where the same page follows. */
const NOWHERE = '/nowhere'

async function showRoute(page: Page, path: string): Promise<void> {
  await page.evaluate(to => {
    window.location.hash = to
  }, path)
  await expect(page).toHaveURL(url => url.hash === `#${path}`)
}

const axeSource = readFileSync(createRequire(import.meta.resolve('@axe-core/playwright')).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * No finding of axe in either theme, which differ in colours only. The page is left in the light one. Where a sheet is open, it alone is
 * looked at: what lies under it can't be reached, and is looked at while no sheet is open.
 */
export async function expectAccessible(page: Page): Promise<void> {
  const sheetOpen = (await page.getByRole('dialog').count()) > 0
  // once for each document: the builder evaluates its source, of more than a megabyte, twice at every look
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource)
  const axe = () => {
    // one frame only, so axe need not look for others; describing all that is right takes it twice as long as looking
    const builder = new AxeBuilder({ page, axeSource: '0' }).setLegacyMode(true).options({ resultTypes: ['violations'] })
    return sheetOpen ? builder.include('[role=dialog]') : builder
  }
  await showTheme(page, 'dark')
  const findings = described('dark', await axe().withRules(['color-contrast']).analyze())
  await showTheme(page, 'light')
  findings.push(...described('light', await axe().analyze()))
  expect(findings).toEqual([])
}

async function showTheme(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme })
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme)
  await settle(page)
}

/** Waits for what moves even with reduced motion, from the frame on in which it begins. What moves for ever is not waited for. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const nextFrame = () => new Promise(resolve => requestAnimationFrame(resolve))
    await nextFrame()
    await nextFrame()
    const ending = document.getAnimations().filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
    await Promise.allSettled(ending.map(({ finished }) => finished))
  })
}

function described(theme: string, { violations }: Awaited<ReturnType<AxeBuilder['analyze']>>): string[] {
  return violations.map(({ id, nodes }) => `${theme}: ${id}: ${nodes.map(node => node.target.join(' ')).join(', ')}`)
}
