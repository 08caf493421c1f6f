import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { importFiles } from '../../src-main/core/index.ts'
import { openHostCore } from '../../src-main/hosts/open-host-core.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { demoArchives } from '../helpers/demo-archive.ts'
import { sendAs } from '../helpers/devnet-sender.ts'
import { granary, withFd } from '../helpers/granary.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { weakly } from '../helpers/weak-stretching.ts'

// calls to the chain, from the page Keys, against a devnet whose archive was imported
test.describe.configure({ mode: 'serial' })

const passphrase = 'a passphrase of the test'
const secret = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk//Alice'
const otherStellar = 'GDVEU3DD4KOFECV66VIHWEZOYX4ZKR3WV27L464SIIPOU2IUI3JCZA57'
const stellar = 'GDIJY6K2BBRIRX423ZFUYKKFDN66XP2KMSBZFQSE2PSNDZ6EDVQTRLSU'

let root: string
let demo: Awaited<ReturnType<typeof demoArchives>>
let devnet: Devnet
/** the devnet gives the first farm to Alice */
let farm: number
let served: ServedPage
test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-chain-page-'))
  const data = join(root, 'data')
  // nodes' own periods end in the second of these
  const grid = { nodes: 6, seed: 21, since: 102 } as const
  demo = await demoArchives([
    { ...grid, period: 102 },
    { ...grid, period: 103, days: 2 },
  ])
  const archive = demo.files[1]!
  await importFiles({ dataDir: data, files: demo.files, actor: 'test' }, {})
  devnet = await startDevnet({ archive })
  const core = await openHostCore({ ...weakly, dataDir: data, host: 'loopback' })
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
  demo?.remove()
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

  const review = sheet(page, 'Before you sign')
  await expect(review.getByText(`You sign: Payouts of farm ${farm} to …QTRLSU`)).toBeVisible()
  await expect(review.getByText('TfgridModule.add_stellar_payout_v2address')).toBeVisible()
  await expect(review.getByText(stellar, { exact: true })).toBeVisible()
  await expectAccessible(page)
  await review.getByRole('button', { name: 'Unlock the key' }).click()
  const unlock = sheet(page, 'Unlock the key')
  await unlock.getByRole('textbox', { name: 'Passphrase' }).fill(passphrase)
  await unlock.getByRole('button', { name: 'Unlock' }).click()
  await review.getByRole('button', { name: /^Sign: / }).click()
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
  const review = sheet(page, 'Before you sign')
  await expect(review.getByText('The chain knows no proposal with this hash.')).toBeVisible()
  await expect(review.getByText('against it', { exact: true })).toBeVisible()
  await review.getByRole('button', { name: /^Sign: / }).click()
  await expect(calls.getByRole('row', { name: /against proposal/ }).getByText('Failed: Dao.ProposalMissing')).toBeVisible()
})

test('a proposal of the DAO is read from the chain and voted on as a farm of one’s own, from the page Proposals', async ({ page }) => {
  await sendAs(devnet.url, '//Alice', tx =>
    tx.dao!.propose!(2, tx.system!.remark!('0x0102'), 'A farm for all', 'https://example.org/a', null),
  )
  await served.open(page, '/proposals')
  const chain = page.getByRole('region', { name: 'On the chain' })
  const card = chain.getByRole('article', { name: 'No. 0, A farm for all' })
  await expect(card.getByText('System.remark(remark: 0x0102)')).toBeVisible()
  // the chain of the archive stands still in its past
  await expect(card.getByText(/^until block [\d,]+$/)).toBeVisible()
  await expect(card.getByText('Not voted yet')).toBeVisible()
  await expectAccessible(page)
  await card.getByRole('button', { name: `Vote for No. 0 as farm ${farm}` }).click()
  const form = sheet(page, 'Vote in the DAO')
  await expect(form.getByRole('textbox', { name: 'Farm' })).toHaveValue(String(farm))
  await form.getByRole('button', { name: 'Show what is signed' }).click()
  const review = sheet(page, 'Before you sign')
  await expect(review.getByText('for it', { exact: true })).toBeVisible()
  await review.getByRole('button', { name: /^Sign: / }).click()
  await expect(card.getByText('Voted for')).toBeVisible()
  await expect(card.getByText('more for than against', { exact: true })).toBeVisible()
  await card.getByRole('button', { name: 'Details of No. 0 on the chain' }).click()
  const details = sheet(page, 'Proposal 0 on the chain')
  await expect(details.getByText('https://example.org/a')).toBeVisible()
  await expect(details.getByRole('grid', { name: 'Votes' }).getByRole('row', { name: new RegExp(`^${farm} .* for`) })).toBeVisible()
})

test('a node’s mint is claimed from its sheet, where the chain has a call for it', async ({ page }) => {
  await served.open(page, '/mints')
  const grid = page.getByRole('grid', { name: 'Mints' })
  await expect(grid.getByRole('row').nth(1)).toBeVisible()
  await expect(grid).toHaveAttribute('aria-busy', 'false')
  await grid.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const mint = sheet(page, /^Mint of node \d+$/)
  const node = Number(/\d+/.exec((await mint.getByRole('heading', { name: /^Mint of node/ }).textContent()) ?? '')?.[0])
  await sendAs(devnet.url, '//Bob', tx => tx.minting!.saveMintingInfo!(node, 50, 60, 10, 700_000n))
  await sendAs(devnet.url, '//Bob', tx => tx.minting!.setMode!('Claim'))
  await expect(mint.getByRole('button', { name: 'Trigger on the chain' })).toBeVisible()
  await mint.getByRole('button', { name: 'Claim on the chain' }).click()
  const form = sheet(page, 'Claim on the chain')
  await expect(form.getByRole('textbox', { name: 'Node' })).toHaveValue(String(node))
  await form.getByRole('button', { name: 'Show what is signed' }).click()
  await page.getByRole('button', { name: `Sign: Claim what node ${node} earned` }).click()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Keys' }).click()
  const row = page
    .getByRole('region', { name: 'Calls to the chain' })
    .getByRole('row', { name: new RegExp(`Claim what node ${node} earned`) })
  await expect(row.getByText('Done')).toBeVisible()
})

test('a call goes to the machine with its key as a file, and its signature comes back and is sent', async ({ page }) => {
  await served.open(page, '/keys')
  const calls = page.getByRole('region', { name: 'Calls to the chain' })
  await calls.getByRole('button', { name: 'Change a payout address' }).click()
  const form = sheet(page, 'Change a payout address')
  await form.getByRole('textbox', { name: 'Farm' }).fill(String(farm))
  await form.getByRole('textbox', { name: 'Stellar address' }).fill(otherStellar)
  await form.getByLabel('Its key is on another machine').check()
  await form.getByRole('button', { name: 'Show what is signed' }).click()
  const review = sheet(page, 'Before you sign')
  const saved = async (name: string | RegExp) => {
    const download = page.waitForEvent('download')
    await review.getByRole('button', { name }).click()
    return (await download).path()
  }
  const file = await saved('Save as a file')
  await page.keyboard.press('Escape')

  await calls.getByLabel('Sign a file').setInputFiles(file)
  await expect(review.getByText(otherStellar, { exact: true })).toBeVisible()
  await expectAccessible(page)
  const signature = await saved(/^Sign: Payouts of farm/)
  await calls.getByLabel('Bring a signature').setInputFiles(signature)
  const request = sheet(page, /^Payouts of farm \d+ to …/)
  await expect(request.getByText('Signed, not sent')).toBeVisible()
  await request.getByRole('button', { name: 'Send it now' }).click()
  await expect(request.getByText('Done', { exact: true })).toBeVisible()
})
