import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { openHostCore } from '../../src-main/hosts/open-host-core.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { granary, withFd } from '../helpers/granary.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'

// calls to the chain, from the page Keys, against a devnet whose archive was imported
test.describe.configure({ mode: 'serial' })

const passphrase = 'a passphrase of the test'
const secret = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk//Alice'
const stellar = 'GDIJY6K2BBRIRX423ZFUYKKFDN66XP2KMSBZFQSE2PSNDZ6EDVQTRLSU'

let root: string
let devnet: Devnet
/** the devnet gives the first farm to Alice */
let farm: number
let served: ServedPage
test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-chain-page-'))
  const data = join(root, 'data')
  const archive = join(root, 'demo.ndjson')
  for (const args of [
    ['demo', '--nodes', '6', '--days', '2', archive],
    ['import', archive, '--data', data],
  ]) {
    const { code, err } = await granary(...args)
    expect(code, err).toBe(0)
  }
  devnet = await startDevnet({ archive })
  const core = await openHostCore({ dataDir: data, host: 'loopback' })
  await core.command('network.addEndpoint', { network: 'demo', url: devnet.url }, { actor: { id: 'test' }, idempotencyKey: 'demo-network' })
  const { farms } = await core.query('overview.get', {})
  farm = Math.min(...farms.map(({ farmId }) => farmId))
  await core.close()
  const imported = await withFd(secret, key =>
    withFd(passphrase, fd =>
      granary(
        ...['keys', 'import', '--name', 'Alice', '--kind', 'sr25519', '--data', data],
        ...['--secret-fd', key, '--passphrase-fd', fd],
      ),
    ),
  )
  expect(imported.code, imported.err).toBe(0)
  served = await serveFolder(data)
})
test.afterAll(async () => {
  await served?.close()
  await devnet?.close()
  rmSync(root, { recursive: true, force: true })
})

const sheet = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name })

test('a payout address is changed: entered, shown from its bytes, signed, and done', async ({ page }) => {
  await served.open(page, '/keys')
  const calls = page.getByRole('region', { name: 'Calls to the chain' })
  await expect(calls.getByText('No call was made here yet.')).toBeVisible()
  await calls.getByRole('button', { name: 'Change a payout address' }).click()
  const form = sheet(page, 'Change a payout address')
  await form.getByRole('button', { name: 'Show what is signed' }).click()
  await expect(form.getByText('Enter a whole number.')).toBeVisible()
  await expect(form.getByText('A Stellar address has 56 letters and digits and begins with G.')).toBeVisible()
  await form.getByRole('textbox', { name: 'Farm' }).fill(String(farm))
  await form.getByRole('textbox', { name: 'Stellar address' }).fill(stellar)
  await expectAccessible(page)
  await form.getByRole('button', { name: 'Show what is signed' }).click()

  const review = sheet(page, 'Sign and send')
  await expect(review.getByText('TfgridModule.add_stellar_payout_v2address')).toBeVisible()
  await expect(review.getByText(stellar, { exact: true })).toBeVisible()
  await expectAccessible(page)
  await review.getByRole('button', { name: 'Unlock the key' }).click()
  const unlock = sheet(page, 'Unlock the key')
  await unlock.getByRole('textbox', { name: 'Passphrase' }).fill(passphrase)
  await unlock.getByRole('button', { name: 'Unlock' }).click()
  await review.getByRole('button', { name: 'Sign and send' }).click()
  await expect(page.getByText('Sent. It is followed until a finalized block has it')).toBeVisible()

  const row = calls.getByRole('row', { name: /Payouts of farm \d+ to …QTRLSU/ })
  await expect(row.getByText('Done')).toBeVisible()
  await row.getByRole('button', { name: /^Open call/ }).click()
  await expect(sheet(page, /Payouts of farm/).getByText('Done: TfgridModule.FarmPayoutV2AddressRegistered')).toBeVisible()
  await expectAccessible(page)
})

test('a vote that can’t count is told before, and by the chain’s own name after', async ({ page }) => {
  await served.open(page, '/keys')
  const calls = page.getByRole('region', { name: 'Calls to the chain' })
  await calls.getByRole('button', { name: 'Vote in the DAO' }).click()
  const form = sheet(page, 'Vote in the DAO')
  await form.getByRole('textbox', { name: 'Farm' }).fill(String(farm))
  await form.getByRole('textbox', { name: 'Proposal' }).fill(`0x${'ab'.repeat(32)}`)
  await form.getByText('Against it').click()
  await form.getByRole('button', { name: 'Show what is signed' }).click()
  const review = sheet(page, 'Sign and send')
  await expect(review.getByText('The chain knows no proposal with this hash.')).toBeVisible()
  await expect(review.getByText('against it', { exact: true })).toBeVisible()
  await review.getByRole('button', { name: 'Sign and send' }).click()
  await expect(calls.getByRole('row', { name: /against proposal/ }).getByText('Failed: Dao.ProposalMissing')).toBeVisible()
})
