import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { importFiles } from '../../src-main/core/index.ts'
import { openHostCore } from '../../src-main/hosts/open-host-core.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { demoArchives } from '../helpers/demo-archive.ts'
import { sendAs } from '../helpers/devnet-sender.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { weakly } from '../helpers/weak-stretching.ts'

// the curves of a chain on the page Curve, against a devnet whose archive was imported

let root: string
let demo: Awaited<ReturnType<typeof demoArchives>>
let devnet: Devnet
let served: ServedPage
test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-curve-chain-'))
  const data = join(root, 'data')
  demo = await demoArchives([{ nodes: 2, seed: 21, period: 103, days: 2 }])
  await importFiles({ dataDir: data, files: demo.files, actor: 'test' }, {})
  devnet = await startDevnet({ archive: demo.files[0]! })
  const core = await openHostCore({ ...weakly, dataDir: data, host: 'loopback' })
  await core.command('network.addEndpoint', { network: 'demo', url: devnet.url }, { actor: { id: 'test' }, idempotencyKey: 'demo-network' })
  await core.close()
  await sendAs(devnet.url, '//Alice', tx => tx.tokenMintingCurve!.createCurve!(7, 0, 7_000, 3_000_000_000))
  await sendAs(devnet.url, '//Bob', tx => tx.tokenMintingCurve!.mint!(7, 40_000_000))
  served = await serveFolder(data)
})
test.afterAll(async () => {
  await served?.close()
  await devnet?.close()
  demo?.remove()
  rmSync(root, { recursive: true, force: true })
})

test('a chain with curves shows them with its account checked; when it is away they stand as they were read', async ({ page }) => {
  await served.open(page, '/curve')
  const section = page.getByRole('region', { name: 'On the chain' })
  const row = section.getByRole('row', { name: /Asset 7/ })
  await expect(row).toContainText('TFT')
  await expect(row.getByRole('cell').nth(3)).toHaveText('0.003')
  await expect(section.getByText('5EYCAe5jXfhqLzusixrt2Ch3ZateFvpRuiGFejB9K4oodMC1')).toBeVisible()
  await expect(section.getByText('The same: the chain names the id tmcurve0.')).toBeVisible()
  await expectAccessible(page)
  await devnet.close()
  await section.getByRole('button', { name: 'Read the chain now' }).click()
  await expect(section.getByText('this is what was read last', { exact: false })).toBeVisible({ timeout: 30_000 })
  await expect(row).toBeVisible()
})
