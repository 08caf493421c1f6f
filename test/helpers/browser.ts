import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium } from '@playwright/test'
import { browserCandidates } from '../../src-main/hosts/loopback/open-browser.ts'

let found: { path: string | undefined } | undefined

/**
 * The browser of the end-to-end tests: GRANARY_BROWSER, else an installed one of Chromium's family (the same list by which
 * the app opens its window), else Playwright's own. Throws where GRANARY_BROWSER names something that does not run.
 */
export function findBrowser(): string | undefined {
  if (found) return found.path
  const chosen = process.env.GRANARY_BROWSER
  if (chosen && !runs(chosen))
    throw new Error(`GRANARY_BROWSER is ${chosen}, which is no browser that runs here. Set it right or unset it.`)
  found = { path: [...browserCandidates(process.platform, process.env), chromium.executablePath()].find(runs) }
  return found.path
}

/** Forgets what was found: one may have been installed since. */
export function forgetBrowser(): void {
  found = undefined
}

/** Some systems have a script in a browser's place that only says how to install one. */
function runs(path: string): boolean {
  if (!existsSync(path)) return false
  // on Windows a browser asked for its version opens a window instead
  if (process.platform === 'win32') return true
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0
}
