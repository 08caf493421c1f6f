import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import { findBrowser } from './helpers/browser.ts'

const browser = findBrowser()

export default defineConfig({
  testDir: 'e2e',
  outputDir: join(import.meta.dirname, '../test-results'),
  // every file has a core and a server of its own, so two run at a time; no test asserts a time, and waits are long enough for that
  workers: 2,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: Boolean(process.env.CI),
  // test/run.mjs names what needed its second try
  retries: 1,
  use: {
    viewport: { width: 1280, height: 800 },
    // what fades in or out has too little contrast halfway, and is waited for
    contextOptions: { reducedMotion: 'reduce' },
    // recording every page's changes costs more than the pages do
    trace: 'off',
    launchOptions: {
      ...(browser ? { executablePath: browser } : {}),
      // Chromium refuses to run as root otherwise; the pages under test are our own
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
})
