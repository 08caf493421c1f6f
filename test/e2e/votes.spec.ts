import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import decodeQR from 'qr/decode.js'
import { openVotes } from '../../src-main/core/votes-command.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { openStore } from '../../src-main/store/index.ts'
import { saveMintConfig } from '../../src-main/store/mint-config.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { importMintGrid } from '../helpers/mint-grid.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { ann, bob, cast, eve, labGenesis } from '../helpers/votes.ts'

// a network of which period 101 is over, by rule set v3, and then nodes' own periods; Ann's key is in the vault
test.describe.configure({ mode: 'serial' })

const passphrase = 'a passphrase of the test'
let root: string
let served: ServedPage

test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-votes-page-'))
  const dataDir = join(root, 'data')
  await importMintGrid(dataDir)
  const store = openStore(dataDir, { mode: 'write' })
  const config = { ...defaultMintConfig, rules: 'node-period', trigger: 'verified-amount', firstNodePeriod: 102 } as const
  writeTransaction(store.books, 'books.db', () => saveMintConfig(store, 'lab', { ...config, signers: ['Ann', 'Bob'], threshold: 2 }))
  store.close()
  const opened = openVotes({ dataDir, actor: 'test', mode: 'write', networksFile: null })
  const secret = `0x${Buffer.alloc(32, 'seed of Ann').toString('hex')}`
  await opened.keys.command('keys.import', { name: 'mine', kind: 'sr25519', secret, passphrase }, { id: 'test' }, randomUUID())
  opened.close()
  served = await serveFolder(dataDir)
})

test.afterAll(async () => {
  await served?.close()
  rmSync(root, { recursive: true, force: true })
})

async function openPage(page: Page): Promise<void> {
  await served.open(page, '/votes')
  await expect(page.getByRole('heading', { level: 1, name: 'Votes' })).toBeVisible()
}

async function openPeriod(page: Page): Promise<void> {
  await openPage(page)
  await page.getByRole('grid', { name: 'What is voted on' }).getByText('period 101').click()
  await expect(page.getByRole('dialog', { name: 'Period 101' })).toBeVisible()
}

test('without signers the page asks for them; a key that is missing, or a genesis, is named; M must be more than half', async ({
  page,
}) => {
  await openPage(page)
  await page.getByRole('button', { name: 'Enter the signers' }).click()
  const form = page.getByRole('form', { name: 'Signers of the network' })
  await form.getByRole('button', { name: 'Save the signers' }).click()
  await expect(form.getByText('Enter the 64 hex digits')).toBeVisible()
  await form.getByLabel('Genesis').fill(`0x${labGenesis}`)
  await form.getByRole('button', { name: 'Add a signer' }).click()
  for (const [n, signer] of [ann, bob].entries()) {
    const fields = form.getByRole('group', { name: `Signer ${n + 1}` })
    await fields.getByLabel('Name').fill(signer.name)
    await fields.getByLabel('Key', { exact: true }).fill(`0x${signer.publicKey}`)
  }
  await form.getByRole('group', { name: 'Signer 2' }).getByRole('combobox', { name: 'Kind of key' }).click()
  await page.getByRole('option', { name: 'ed25519', exact: true }).click()
  await form.getByRole('button', { name: 'Save the signers' }).click()
  await expect(form.getByRole('alert')).toContainText('1 of 2 is not more than half')
  await form.getByLabel(/Equal votes that decide/).fill('2')
  await form.getByRole('button', { name: 'Save the signers' }).click()
  await expect(page.getByText('2 equal votes of 2')).toBeVisible()
  await expectAccessible(page)
})

test('a vote is looked at, unlocked, confirmed and signed; what rests on one word is not signed without a confirmation', async ({
  page,
}) => {
  await openPeriod(page)
  await page.getByRole('button', { name: 'Vote for Ann' }).click()
  const review = page.getByRole('dialog', { name: 'Before you sign' })
  await expect(review).toContainText(`0x${labGenesis}`)
  await expect(review).toContainText('period 101')
  await expect(review).toContainText('No storage proofs were checked.')
  await expectAccessible(page)
  await review.getByRole('button', { name: 'Unlock the key' }).click()
  await page.getByLabel('Passphrase').fill(passphrase)
  await page.getByRole('form', { name: 'Unlock' }).getByRole('button', { name: 'Unlock' }).click()
  const sign = page.getByRole('button', { name: /^Sign .* TFT as Ann$/ })
  await sign.click()
  await expect(review.getByText('Look at the warnings first, and confirm.')).toBeVisible()
  await review.getByLabel('I have looked at this, and sign it all the same').check()
  await sign.click()
  const matrix = page.getByRole('dialog', { name: 'Period 101' })
  await expect(matrix.getByRole('row', { name: /^Ann/ })).toContainText('counts')
  await expect(matrix.getByRole('row', { name: /^Bob/ })).toContainText('did not vote')
  await expect(matrix.getByRole('region', { name: 'What comes of it' })).toContainText('1 vote, 2 needed')
})

test('the QR picture of a vote holds exactly its text', async ({ page }) => {
  await openPeriod(page)
  await page.getByRole('button', { name: 'Show the vote of Ann' }).click()
  const picture = page.getByRole('dialog', { name: 'Vote of Ann' }).getByRole('img', { name: 'The text as a QR picture' })
  await expect(picture).toBeVisible()
  const path = (await picture.locator('path').nth(1).getAttribute('d')) ?? ''
  const size = Number((await picture.getAttribute('viewBox'))?.split(' ')[2])
  const scale = 4
  const data = new Uint8ClampedArray((size * scale) ** 2 * 4).fill(255)
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h/g))
    for (let dy = 0; dy < scale; dy++)
      for (let dx = 0; dx < scale; dx++) {
        const at = ((Number(y) * scale + dy) * size * scale + Number(x) * scale + dx) * 4
        data.set([0, 0, 0], at)
      }
  expect(decodeQR({ width: size * scale, height: size * scale, data })).toMatch(/^grv1:[A-Za-z0-9_-]{371}$/)
})

test("another signer's vote is pasted; what can't count is refused with the reason; then enough agree", async ({ page }) => {
  await openPeriod(page)
  await page.getByRole('button', { name: 'Vote for Bob' }).click()
  // his key is not here: the statement goes to him, and comes back as a vote
  const review = page.getByRole('dialog', { name: 'Before you sign' })
  await expect(review).toContainText('No key that signs for this signer is in the vault here.')
  const value = async (name: string) => (await review.locator('dt', { hasText: name }).locator('xpath=../dd').textContent()) ?? ''
  const planHash = await value('Plan')
  const amountUnits = BigInt((await value('Amount')).replace(/[^\d]/g, ''))
  const signersHash = /0x([0-9a-f]{64})/.exec(await value('Signers'))?.[1] ?? ''
  const vote = { subject: { rules: 'v3', period: 101 }, planHash, amountUnits, signersHash } as const
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Import votes' }).click()
  const form = page.getByRole('form', { name: 'Votes as text' })
  await form.getByLabel('Votes as text').fill(`${cast(eve, vote)}\n${cast(bob, vote)}`)
  await form.getByRole('button', { name: 'Import', exact: true }).click()
  await expect(form.getByRole('status')).toContainText('1 vote taken. 1 refused.')
  await expect(form.getByRole('status')).toContainText('Line 1: The key sr25519 0x')
  await page.keyboard.press('Escape')
  const row = page.getByRole('grid', { name: 'What is voted on' }).getByRole('row', { name: /period 101/ })
  await expect(row).toContainText('Agreed')
  await expectAccessible(page)
})

test('votes on many mints are chosen, looked at with their number and sum, and signed in one go', async ({ page }) => {
  await openPage(page)
  const grid = page.getByRole('grid', { name: 'What is voted on' })
  const mints = grid.getByRole('row', { name: /mint of node/ })
  await expect(mints.first()).toContainText('Ann')
  for (const which of [0, 1, 2]) await mints.nth(which).getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Vote for Ann…' }).click()
  const review = page.getByRole('dialog', { name: 'Before you sign' })
  await expect(review.getByText(/^You sign: 3 votes for [0-9,.]+ TFT in all, as Ann$/)).toBeVisible()
  await expectAccessible(page)
  await review.getByText('Every value').click()
  await expect(review.getByText(/^mint of node \d+/)).toHaveCount(3)
  const sign = review.getByRole('button', { name: /^Sign 3 votes for .* TFT as Ann$/ })
  await sign.click()
  await review.getByLabel('I have looked at this, and sign it all the same').check()
  await sign.click()
  await expect(page.getByText('3 votes signed.')).toBeVisible()
  // what was voted on comes first
  for (const which of [0, 1, 2]) await expect(mints.nth(which)).not.toContainText('Ann')
  await expect(mints.nth(3)).toContainText('Ann')
})
