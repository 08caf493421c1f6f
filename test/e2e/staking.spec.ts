import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { administrator, openTreasury } from '../helpers/treasury.ts'
import { beAdministrator, openAs as openAsEntity } from '../helpers/treasury-page.ts'

const DAY_SEC = 86_400
let root: string
let served: ServedPage

test.beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-staking-page-'))
  await makeBooks()
  served = await serveFolder(join(root, 'data'))
})

test.afterAll(async () => {
  await served?.close()
  rmSync(root, { recursive: true, force: true })
})

/** Stakes of 45 days ago: one whose term is over, one that runs on, and a wallet that has less than they earned; a pool that locks. */
async function makeBooks(): Promise<void> {
  const treasury = await openTreasury(Math.floor(Date.now() / 1000) - 45 * DAY_SEC)
  await treasury.configure({ 'jobs.collection': '0 0 29 2 *', 'jobs.poolYields': '0 3 * * *', 'jobs.auctions': '0 4 * * *' })
  await treasury.treasury.runDue()
  const alder = await treasury.entity('Alder Farm', '2000')
  await treasury.run(administrator, 'tokens.fund', { to: alder.entity, token: 'BTA-UTIL', amount: '500' })
  await treasury.run(administrator, 'tokens.fund', { to: 'staking-pool', token: 'AZR', amount: '0.25' })
  await treasury.run(administrator, 'staking.createPool', {
    name: 'Storage',
    token: 'BTA-UTIL',
    apyBps: 1_000,
    minStake: '10',
    lockDays: 60,
  })
  await treasury.run(alder, 'staking.stake', { amount: '100', days: 30 })
  await treasury.run(alder, 'staking.stake', { amount: '1000', days: 365 })
  await treasury.run(alder, 'staking.stake', { amount: '50', poolId: 'spool-1' })
  await treasury.run(alder, 'rewards.prove', { id: 'storage-1', moduleId: 'storage', difficulty: 5, scoreText: '71.50', completed: true })
  // 1 AZR is left of the 10 million that it begins with
  await treasury.run(administrator, 'tokens.fund', { from: 'ubo-fund', to: 'credit-pool', token: 'AZR', amount: '9999999' })
  await treasury.run(alder, 'rewards.prove', { id: 'network-1', moduleId: 'network', difficulty: 8, scoreText: '90', completed: true })
  treasury.clock.ts += 45 * DAY_SEC
  await treasury.treasury.runDue()
  await treasury.run(administrator, 'schedule.confirm', { shownTs: treasury.clock.ts })
  await treasury.treasury.runDue()
  await treasury.restart(async dataDir => cpSync(dataDir, join(root, 'data'), { recursive: true }))
  await treasury.close()
}

const openAs = (page: Page, path: string) => openAsEntity(served, page, 'Alder Farm', path)
const outcome = (page: Page) => page.getByRole('dialog').getByRole('region', { name: 'What this does' })
const stake = (page: Page, id: string) => page.getByRole('grid', { name: 'Your stakes' }).getByRole('row').filter({ hasText: id })

test('terms and pools are looked at by anybody; positions stand first for whoever they belong to', async ({ page }) => {
  await served.open(page, '/staking')
  const terms = page.getByRole('table', { name: 'Terms side by side' })
  await expect(terms.getByRole('row')).toHaveCount(5)
  await expect(page.getByRole('button', { name: 'Stake', exact: true })).toHaveCount(0)
  await page.getByRole('textbox', { name: 'What would be staked' }).fill('365')
  // 365 at 12 % for a year
  await expect(terms.getByRole('row').last()).toContainText('43.80')
  await openAs(page, '/staking')
  await expect(stake(page, 'stake-1')).toContainText('Term over')
  await expect(page.getByRole('table', { name: 'What ends when' }).getByRole('row')).toHaveCount(4)
  await expectAccessible(page)
})

test('unstaking says what comes back, what stays owed, and what an early exit goes without', async ({ page }) => {
  await openAs(page, '/staking')
  await stake(page, 'stake-1').click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('button', { name: 'Unstake…' }).click()
  await expect(outcome(page)).toContainText('Comes back100 AZR')
  await expect(outcome(page)).toContainText('Of the reward, can be paid now0.25 AZR')
  await sheet.getByRole('button', { name: 'Unstake 100 AZR' }).click()
  await expect(sheet).toBeHidden()
  await expect(stake(page, 'stake-1')).toContainText('Owed')
  await stake(page, 'stake-2').click()
  await sheet.getByRole('button', { name: 'Unstake…' }).click()
  await expect(sheet).toContainText('The term is not over.')
  await expect(outcome(page)).toContainText('You go without')
  await sheet.getByRole('button', { name: 'Unstake 1,000 AZR' }).click()
  await expect(stake(page, 'stake-2')).toContainText('Waits')
  await stake(page, 'stake-2').click()
  await expect(sheet).toContainText('It can be claimed from')
  await expect(sheet.getByRole('button', { name: 'Claim', exact: true })).toHaveCount(0)
})

test('staking for a term and into a pool shows first what it earns and when it is out', async ({ page }) => {
  await openAs(page, '/staking')
  await page.getByRole('button', { name: 'Stake for 365 days' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('textbox', { name: 'How much' }).fill('36.5')
  await expect(outcome(page)).toContainText('Earns over the term, 12.00 %4.38 AZR')
  await sheet.getByRole('button', { name: 'Stake 36.5 AZR for 365 days' }).click()
  await expect(stake(page, 'stake-4')).toContainText('36.50')
  await page.getByRole('button', { name: 'Stake in Storage' }).click()
  await sheet.getByRole('textbox', { name: 'How much' }).fill('9')
  await expect(sheet).toContainText('This pool takes stakes from 10 BTA-UTIL.')
  await sheet.getByRole('textbox', { name: 'How much' }).fill('20')
  await expect(outcome(page)).toContainText('Earns in a year, 10.00 %2 BTA-REWARD')
  await sheet.getByRole('button', { name: 'Stake 20 BTA-UTIL in Storage' }).click()
  await expect(stake(page, 'stake-5')).toContainText('Storage')
  await stake(page, 'stake-5').click()
  await expect(sheet).toContainText('It is locked in its pool until')
})

test('the administrator makes a staking pool, which trust can keep closed, and closes it', async ({ page }) => {
  await openAs(page, '/staking')
  await beAdministrator(page)
  await page.getByRole('button', { name: 'Make a staking pool' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('textbox', { name: 'Name' }).fill('Trusted')
  await sheet.getByRole('textbox', { name: 'Yields a year, %' }).fill('12.5')
  await sheet.getByRole('textbox', { name: 'Trust it asks for' }).fill('99')
  await sheet.getByRole('button', { name: 'Make Trusted' }).click()
  const pools = page.getByRole('table', { name: 'Staking pools' })
  await expect(pools.getByRole('row').filter({ hasText: 'Trusted' })).toContainText('12.50 %')
  await expect(pools.getByRole('button', { name: 'Stake in Trusted' })).toBeDisabled()
  await pools.getByRole('button', { name: 'Close Storage' }).click()
  await sheet.getByRole('button', { name: 'Close Storage' }).click()
  await expect(pools.getByRole('button', { name: 'Stake in Storage' })).toBeDisabled()
})

test('rewards: a proof is verified from its pasted text, proofs are paid as far as the fund has it, a reward is granted, minted and claimed', async ({
  page,
}) => {
  await openAs(page, '/rewards')
  await beAdministrator(page)
  const proofs = page.getByRole('grid', { name: 'Proofs of knowledge' })
  await expect(proofs.getByRole('row').filter({ hasText: 'storage-1' })).toContainText('Waits')
  await expectAccessible(page)
  const fund = page.getByRole('region', { name: 'UBO fund' })
  await expect(fund).toContainText('AZR short of what waits')
  await proofs.getByRole('row').filter({ hasText: 'storage-1' }).click()
  const sheet = page.getByRole('dialog')
  await expect(sheet).toContainText('It holds: its hash and its reward are right.')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Verify a proof' }).click()
  await sheet.getByRole('textbox', { name: 'Text of the proof' }).fill('{"id":"storage-1"}')
  await sheet.getByRole('button', { name: 'Verify', exact: true }).click()
  await expect(sheet).toContainText('It does not hold.')
  await page.keyboard.press('Escape')
  await fund.getByRole('button', { name: 'Pay all that wait' }).click()
  await sheet.getByRole('button', { name: /^Pay 2 proofs from the UBO fund: / }).click()
  // 0.93 of the first; the second is more than what is left of 1
  await expect(sheet).toContainText('1 paid: 0.93 AZR')
  await expect(sheet).toContainText('network-1: ')
  await page.keyboard.press('Escape')
  await expect(proofs.getByRole('row').filter({ hasText: 'storage-1' })).toContainText('Paid')
  await expect(fund).toContainText('top it up')
  await page.getByRole('button', { name: 'Grant a reward' }).click()
  await sheet
    .getByRole('combobox', { name: 'To whom' })
    .or(sheet.getByRole('textbox', { name: 'To whom' }))
    .click()
  await page.getByRole('option', { name: 'Alder Farm' }).click()
  await sheet.getByRole('textbox', { name: 'How much' }).fill('5')
  await sheet.getByRole('button', { name: 'Grant 5 BTA-REWARD to Alder Farm' }).click()
  await sheet.getByRole('button', { name: 'Mint 5 BTA-REWARD to Alder Farm' }).click()
  await expect(sheet).toBeHidden()
  await page.getByRole('row').filter({ hasText: 'rew-1' }).click()
  await sheet.getByRole('button', { name: 'Claim 5 BTA-REWARD' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'rew-1' })).toContainText('Claimed')
})
