import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { serveCore } from '../../src-main/hosts/loopback/serve.ts'
import type { LoopbackServer } from '../../src-main/hosts/loopback/server.ts'
import { openHostCore, pageDir } from '../../src-main/hosts/open-host-core.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import type { Core } from '../../src-shared/contract.ts'
import { expectAccessible } from '../helpers/pages.ts'

// A farmer's first run against a real endpoint (the devnet): find the farm, see what it costs, follow it, see its nodes and its period.
let dataDir: string
let core: Core
let server: LoopbackServer
let devnet: Devnet

test.beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'granary-follow-'))
  // faster than the clock, so that blocks come while somebody looks; the history is short, so that it is there soon
  devnet = await startDevnet({ nodes: 9, days: 0.5, speed: 30, nowMs: Date.now() - 86_400_000 })
  core = await openHostCore({ dataDir, host: 'loopback' })
  server = await serveCore({ core, dataDir, pageDir, print: () => {}, printError: line => console.error(line) })
})

test.afterAll(async () => {
  await server?.close()
  await core?.close()
  await devnet?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

test('from nothing to a followed farm: the network, the farm, what it takes, its nodes now, its period', async ({ page }) => {
  await page.goto(server.link())
  await page.getByRole('link', { name: 'Follow the chain' }).first().click()

  await page.getByRole('button', { name: 'Add a network or an endpoint' }).click()
  const form = page.getByRole('form', { name: 'Add an endpoint' })
  await form.getByRole('combobox', { name: 'Network' }).click()
  await page.getByRole('option', { name: 'A new network' }).click()
  await form.getByLabel('Name of the network').fill('local')
  await form.getByLabel('Address').fill(devnet.url)
  await form.getByRole('button', { name: 'Check and add' }).click()
  await page.getByRole('radio', { name: /local/ }).check()

  await page.getByLabel('Find farms').fill('Kestrel')
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await page.getByRole('button', { name: /^Add the farm: Kestrel Racks/ }).click()
  await page.getByRole('button', { name: 'Work it out' }).click()
  await expect(page.getByText(/^Follow Kestrel Racks \(1\): about .* to fetch, .* on disk$/)).toBeVisible({ timeout: 20_000 })
  await page.getByRole('button', { name: 'Follow Kestrel Racks (1)' }).click()

  await expect(page.getByRole('heading', { name: 'Sync', level: 1 })).toBeVisible()
  // its own nodes and no others, as the chain's storage has them
  const nodes = page.getByRole('grid').filter({ hasText: 'Power target' })
  await expect(nodes.getByText('Kestrel Racks').first()).toBeVisible({ timeout: 20_000 })
  await expect(nodes.getByText(/Zonnehoeve|Étang/)).toHaveCount(0)
  await expect(page.getByText('Up to date')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByText(/demo data/i)).toHaveCount(0)
  await expectAccessible(page)

  // what is stored grows with the chain, and the period that it brought is computed
  const network = await core.query('networks.list', {})
  expect(network.find(({ name }) => name === 'local')).toMatchObject({ genesis: devnet.genesis, known: false })
  const before = (await core.query('status.get', {})).sync.storedTs!
  await expect.poll(async () => (await core.query('status.get', {})).sync.storedTs!, { timeout: 20_000 }).toBeGreaterThan(before)
  await page.getByRole('link', { name: 'Overview' }).click()
  await expect(page.getByRole('grid').getByText('Kestrel Racks').first()).toBeVisible({ timeout: 20_000 })
  await expectAccessible(page)

  await page.getByRole('link', { name: /^Sync: following/ }).click()
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByRole('button', { name: 'Resume' })).toBeVisible()
  const stored = (await core.query('status.get', {})).sync
  expect(stored.phase).toBe('paused')
  expect((await core.query('audit.list', {})).rows.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['network.addEndpoint', 'sync.configure', 'sync.pause']),
  )
})
