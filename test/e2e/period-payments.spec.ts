import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { openCore } from '../../src-main/core/index.ts'
import { TFT } from '../helpers/horizon/index.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { importPaidPeriods, type PaidWorld, payees, startPaidWorld } from '../helpers/paid-period.ts'
import { run } from '../helpers/pay-core.ts'

/* Whether a period's receipts were paid, as Stellar has it. */

let folder: string
let lab: PaidWorld
let served: ServedPage
let tx: string

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-period-payments-'))
  const dataDir = join(folder, 'data')
  await importPaidPeriods(dataDir, folder)
  lab = await startPaidWorld()
  const core = await openCore({ dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  const { rows } = await core.query('receipts.list', { period: 79 })
  const { local, world } = lab
  const config = { passphrase: local.ledger.state.passphrase, assetCode: TFT.code, issuer: TFT.issuer, payer: world.payer.publicKey() }
  await run(core, 'pay.setConfig', {
    network: 'test',
    config: { ...config, horizon: local.url, channels: [], feeStroops: 100, signSec: 3600 },
  })
  await core.close()
  const due = (node: number) => rows.find(({ nodeId }) => nodeId === node)!
  const pay = (node: number) => lab.pay({ payee: payees[node - 1]!, amountUnits: due(node).rewardUnits, memoHash: due(node).hash })
  tx = pay(1)
  pay(3)
  pay(3)
  served = await serveFolder(dataDir)
})
test.afterAll(async () => {
  await served?.close()
  await lab?.local.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a period asks Stellar once, and each receipt says when it was paid, with what, or what is wrong', async ({ page }) => {
  await served.open(page, '/periods/79')
  const payments = page.getByRole('region', { name: 'Payments' })
  await expect(payments).toContainText('Known here is what was paid from this data folder.')
  await payments.getByRole('button', { name: 'Look on Stellar' }).click()
  await expect(payments).toContainText('1 paid, 1 paid twice, 1 not paid, 1 nothing due, as of')
  await expect(payments.getByRole('button', { name: 'Look again' })).toBeEnabled()
  const grid = page.getByRole('grid', { name: 'Receipts of period 79' })
  const row = (node: number) => grid.getByRole('row').filter({ has: page.getByRole('link', { name: String(node), exact: true }) })
  await expect(row(1)).toContainText('Paid on')
  await expect(row(1)).toContainText(tx.slice(0, 8))
  await expect(row(2)).toContainText('not arrived yet')
  await expect(row(3)).toContainText('paid twice')
  await expectAccessible(page)
})
