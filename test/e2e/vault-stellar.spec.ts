import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { openStore } from '../../src-main/store/index.ts'
import { savePayConfig } from '../../src-main/store/pay-config.ts'
import { group, tftExact } from '../../src-shared/money.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { makeKey, TFT } from '../helpers/horizon/index.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { type PaidWorld, startPaidWorld } from '../helpers/paid-period.ts'
import { type DecidedMint, decidedMints } from '../helpers/vault-store.ts'

/* The bridge vault as Stellar has it: read, compared, mended, and a transfer built. */

const vault = makeKey('farmer 2').publicKey()
let folder: string
let lab: PaidWorld
let served: ServedPage
let decided: DecidedMint[]

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-vault-page-'))
  lab = await startPaidWorld()
  const made = await decidedMints(folder, 3, { vault: { ...defaultMintConfig.vault, address: vault } })
  decided = made.decided
  const { local, world } = lab
  const store = openStore(folder, { mode: 'write' })
  savePayConfig(store, made.network, {
    ...{ horizon: local.url, passphrase: local.ledger.state.passphrase, assetCode: TFT.code, issuer: TFT.issuer },
    ...{ payer: world.payer.publicKey(), channels: [], feeStroops: 200, signSec: 3600 },
  })
  store.close()
  lab.pay({ payee: vault, amountUnits: decided[0]!.amountUnits, memoHash: decided[0]!.mint.hash })
  served = await serveFolder(folder)
})
test.afterAll(async () => {
  await served?.close()
  await lab?.local.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('the vault is read from Stellar; an entry that is gone is mended; a transfer for a mint is built and saved', async ({ page }) => {
  const amount = (n: number) => group(tftExact(decided[n]!.amountUnits))
  await served.open(page, '/bridge-vault')
  const ledger = page.getByRole('region', { name: 'Compared with Stellar' })
  await expect(ledger).toContainText('Stellar was not read yet')
  await ledger.getByRole('button', { name: 'Read from Stellar' }).click()
  await expect(ledger).toContainText('1 transfer, all as in the books')
  await expect(page.getByRole('tab', { name: 'Not backed (2)' })).toBeVisible()

  await page.getByRole('tab', { name: /^Transfers/ }).click()
  const transfers = page.getByRole('grid', { name: 'Transfers' })
  await expect(transfers.getByRole('row').nth(1)).toBeVisible()
  await transfers.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: `Remove ${amount(0)} TFT` }).click()
  await expect(ledger).toContainText('1 entry differs')
  await ledger.getByRole('button', { name: 'Show the differences' }).click()
  const sheet = page.getByRole('dialog', { name: 'Not as on Stellar' })
  await expect(sheet).toContainText('It stands on Stellar and not in the books.')
  await sheet.getByRole('button', { name: `Enter what Stellar has: ${amount(0)} TFT` }).click()
  await expect(sheet).toContainText('all as in the books')
  await page.keyboard.press('Escape')

  await page.getByRole('tab', { name: /^Not backed/ }).click()
  const open = page.getByRole('grid', { name: 'Not backed' })
  await expect(open.getByRole('row').nth(1)).toBeVisible()
  await open.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: `Build a transfer of ${amount(1)} TFT` }).click()
  const built = page.getByRole('dialog', { name: 'A transfer to the vault' })
  await expect(built).toContainText('the bridge vault of')
  // the note of the removal goes by itself
  await expect(page.getByText('taken out of the books')).toBeHidden({ timeout: 15_000 })
  await expectAccessible(page)
  const [download] = await Promise.all([page.waitForEvent('download'), built.getByRole('button', { name: /^Save the envelope/ }).click()])
  expect(readFileSync(await download.path(), 'utf8')).toMatch(/^[A-Za-z0-9+/=]+\n$/)
})
