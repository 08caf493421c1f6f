import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { openCore } from '../../src-main/core/index.ts'
import { assetText } from '../../src-shared/pay-text.ts'
import { backUp } from '../helpers/backup.ts'
import { importMintGrid } from '../helpers/mint-grid.ts'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'
import { paidOnLedger } from '../helpers/pay.ts'
import { ended, keepLargeRun, newest, openFarms, openKey, type PayWorld, payPassphrase, run, startPayWorld } from '../helpers/pay-core.ts'
import { payElsewhere } from '../helpers/pay-elsewhere.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/* A payout from the network's configuration to what its farmers see, in the order in which it is done. */
test.describe.configure({ mode: 'serial' })

let folder: string
let lab: PayWorld
let served: ServedPage
/** how far the core's clock is ahead of the machine's */
let aheadSec = 0
/** of the books when the run was signed and nothing was paid */
let backupPath: string
/** a node that is paid, and one whose farmer has no account yet */
let paidNode: number
let shyNode: number

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-payouts-'))
  await importMintGrid(folder)
  lab = await startPayWorld()
  const core = await openCore({ ...weakly, dataDir: folder, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  const { rows } = await core.query('receipts.list', { period: 102, sort: 'reward', descending: true })
  const [shy] = rows
  await openFarms(lab, core, 102, [shy!.payoutAddress])
  shyNode = shy!.nodeId
  paidNode = rows.find(({ payoutAddress, rewardUnits }) => payoutAddress !== shy!.payoutAddress && rewardUnits > 0n)!.nodeId
  for (const which of [0, 1]) await openKey(lab, core, which)
  await core.close()
  served = await serveFolder(folder, { nowTs: () => Math.floor(Date.now() / 1000) + aheadSec })
})
test.afterAll(async () => {
  await served?.close()
  await lab?.local.stop()
  rmSync(folder, { recursive: true, force: true })
})

const sheet = (page: Page, name: string) => page.getByRole('dialog', { name })
const next = (page: Page) => page.getByRole('region', { name: 'What comes next' })

async function openRun(page: Page): Promise<void> {
  await served.open(page, '/payouts')
  await page.getByRole('link', { name: 'Open the payout of period 102' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Payout of period 102' })).toBeVisible()
}

/** Collects tasks of more than 50 ms that the page is busy with. */
function watchLongTasks(page: Page): Promise<void> {
  return page.evaluate(() => {
    const seen: number[] = []
    Object.assign(window, { longTasks: seen })
    new PerformanceObserver(list => {
      for (const entry of list.getEntries()) seen.push(Math.round(entry.duration))
    }).observe({ type: 'longtask' })
  })
}

/** Those since the last time, milliseconds. */
function takeLongTasks(page: Page): Promise<number[]> {
  return page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks.splice(0))
}

const listed = (tasks: number[]) => (tasks.length === 0 ? 'none' : `${tasks.join(', ')} ms`)

async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate(to => {
    window.location.hash = to
  }, path)
}

test('how the network pays is entered in the settings: an error stands at its field, Stellar says how the accounts are', async ({
  page,
}) => {
  await served.open(page, '/payouts')
  await expect(page.getByRole('heading', { level: 1, name: 'Payouts' })).toBeVisible()
  await expect(page.getByText('How this network pays on Stellar is not entered yet.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Plan a payout' })).toBeDisabled()
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Enter it' }).click()
  const form = page.getByRole('form', { name: 'Stellar' })
  const fill = (label: string, text: string) => form.getByRole('textbox', { name: label, exact: true }).fill(text)
  await fill("Horizon's address", lab.config.horizon)
  await fill('Network passphrase', lab.config.passphrase)
  await fill('Asset', lab.config.assetCode)
  await fill('Issuer', lab.config.issuer)
  await fill('Paying account', 'GNOBODY')
  const channels = form
    .getByRole('combobox', { name: 'Channel accounts' })
    .or(form.getByRole('textbox', { name: 'Channel accounts' }))
    .first()
  for (const channel of lab.config.channels) {
    await channels.fill(channel)
    await page.keyboard.press('Enter')
  }
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form.getByText('Paying account: this is no Stellar account.')).toBeVisible()
  await fill('Paying account', lab.config.payer)
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form.getByText('Not saved yet.')).toBeHidden()
  await page.getByRole('button', { name: 'Ask Stellar about these accounts' }).click()
  await expect(page.getByRole('table', { name: 'Accounts on Stellar' }).getByRole('row')).toHaveCount(6)
  await expectAccessible(page)
})

test('a period is planned; who can not be paid is left out with what the farmer must do', async ({ page }) => {
  await served.open(page, '/payouts')
  await page.getByRole('button', { name: 'Plan a payout' }).click()
  const form = sheet(page, 'Plan a payout')
  await expect(form.getByRole('checkbox', { name: /Also pay/ })).toBeChecked()
  await form.getByRole('checkbox', { name: /Also pay/ }).uncheck()
  await form.getByRole('button', { name: 'Plan period 102' }).click()
  await expect(form.getByText('Create it by sending it at least 1.5 XLM', { exact: false }).first()).toBeVisible()
  await expectAccessible(page)
  await form.getByRole('button', { name: 'Open the run' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Payout of period 102' })).toBeVisible()
  await expect(next(page).getByRole('status')).toHaveText('Review it and sign it.')
  await expect(page.getByRole('grid', { name: 'Rows' }).getByRole('row').nth(1)).toBeVisible()
  await page.getByRole('tab', { name: /Left out/ }).click()
  await expect(page.getByRole('cell', { name: 'The account does not exist on Stellar.' }).first()).toBeVisible()
  await expectAccessible(page)
})

test('it is signed with two keys, each unlocked with its passphrase; the button names rows and amount', async ({ page }) => {
  await openRun(page)
  for (const [at, name] of ['Ann', 'Bob'].entries()) {
    await next(page).getByRole('button', { name: 'Sign it' }).click()
    const form = sheet(page, 'Sign this run')
    await expect(form.getByText(lab.config.payer)).toBeVisible()
    await form.getByRole('combobox', { name: 'Sign with' }).click()
    await page.getByRole('option', { name: new RegExp(`^${name}`) }).click()
    if (at === 0) {
      await expect(form.getByText(/^You sign: pay [\d,]+\.\d{7} TFT in 4 payments of period 102$/)).toBeVisible()
      await form.getByRole('button', { name: 'Ask Stellar about the payees' }).click()
      await expect(form.getByRole('button', { name: 'Ask Stellar about the payees' })).toBeHidden()
      await expectAccessible(page)
      // one of its envelopes, value by value, and back
      await form.getByRole('grid', { name: 'Envelopes that are signed' }).focus()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await expect(form.getByText(/^You sign: pay [\d,]+\.\d{7} TFT to .+ \(farm \d+\), G/)).toBeVisible()
      await form.getByText('Every value of the bytes', { exact: true }).click()
      await expect(form.getByText('tx.tx.operations[0].body.payment.destination')).toBeVisible()
      await expectAccessible(page)
      await form.getByRole('button', { name: 'Back to the run' }).click()
    }
    await form.getByRole('textbox', { name: 'Passphrase' }).fill(payPassphrase)
    await form.getByRole('button', { name: /^Sign 4 payments, [\d,.]+ TFT$/ }).click()
    await expect(form).toBeHidden()
    await page.getByRole('tab', { name: new RegExp(`Signers \\(${at + 1}\\)`) }).click()
    await expect(page.getByRole('row', { name: new RegExp(`^${name} .* 4 / 4 yes$`) })).toBeVisible()
  }
  await expect(next(page).getByRole('status')).toHaveText('It is signed. Pay it.')
  const made = await backUp(folder, join(folder, 'signed.granary-backup'))
  backupPath = made.path
})

test('it is paid, and the farmer sees when and by which transaction, or why not', async ({ page }) => {
  await openRun(page)
  await next(page)
    .getByRole('button', { name: /^Pay 4 rows, [\d,.]+ TFT$/ })
    .click()
  await expect(next(page).getByRole('status')).toHaveText('All 4 rows are paid. Nothing is left to do.', { timeout: 40_000 })
  expect(paidOnLedger(lab.local, lab.config.payer).size).toBe(4)
  const rows = page.getByRole('grid', { name: 'Rows' })
  await expect(rows.getByText('paid', { exact: true })).toHaveCount(4)
  await rows.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: /^Payment for node/ }).getByText('Channel account')).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')

  await goTo(page, `/nodes/${paidNode}/102`)
  const receipts = page.getByRole('region', { name: 'Receipts' })
  await expect(receipts.getByText('Paid on')).toHaveCount(1)
  await goTo(page, `/nodes/${shyNode}/102`)
  await expect(page.getByRole('region', { name: 'Receipts' }).getByText('left out')).toHaveAttribute('title', /does not exist on Stellar/)
  await expectAccessible(page)
})

test('payments of the payer that no run here has are looked for and listed', async ({ page }) => {
  await served.open(page, '/payouts')
  const strays = page.getByRole('region', { name: 'Payments that no run here has', exact: true })
  await strays.getByRole('button', { name: 'Look on Stellar' }).click()
  await expect(strays.getByText('No payments of the payer that no run here has.')).toBeVisible()
  payElsewhere(lab, 'ab'.repeat(32), 12_3456789n)
  await strays.getByRole('button', { name: 'Look again' }).click()
  await expect(strays.getByText('1 payment of the payer that no run here has.')).toBeVisible()
  await expect(strays.getByRole('row', { name: /12\.3456789 TFT .* abababab.*No receipt known here has this memo/ })).toBeVisible()
  await expectAccessible(page)
})

test('books that come back from a backup pay nothing until the run in it was reconciled, and plan nothing while one that it lacks could be paid', async ({
  page,
}) => {
  const plan = sheet(page, 'Plan a payout')
  const openPlan = async () => {
    await served.open(page, '/payouts')
    await page.getByRole('button', { name: 'Plan a payout' }).click()
  }
  // since the backup period 102 was paid, and this is a run of which it knows nothing
  await openPlan()
  await plan.getByRole('button', { name: 'Plan period 101' }).click()
  await plan.getByRole('button', { name: 'Open the run' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Payout of period 101' })).toBeVisible()

  await served.open(page, '/settings')
  const backup = page.getByRole('region', { name: 'Backup' })
  const form = sheet(page, 'Restore a backup')
  const waitsForRun = 'One payout run waits to be reconciled with Stellar.'
  const waitsForTime = /A new payout is planned after \d.* at the earliest\./
  await expect(backup.getByRole('button', { name: 'Restore a backup' })).toBeVisible()
  await expect(backup.getByText(waitsForRun)).toBeHidden()
  await expect(backup.getByText(waitsForTime)).toBeHidden()
  await backup.getByRole('button', { name: 'Restore a backup' }).click()
  await form.getByLabel('Backup file').fill(backupPath)
  await form.getByRole('button', { name: 'Look at it' }).click()
  await expect(form.getByText(/^Payout run [0-9a-f]{16} \(lab, period 101\) is open\.$/)).toBeVisible()
  await form.getByRole('button', { name: 'Replace the present store' }).click()
  await expect(form.getByRole('status')).toContainText(
    'One payout run is to be reconciled with Stellar before anything of it is signed or sent.',
  )
  await expect(form.getByRole('status')).toContainText(waitsForTime)
  await page.keyboard.press('Escape')
  await expect(backup.getByText(waitsForRun)).toBeVisible()
  await expect(backup.getByText(waitsForTime)).toBeVisible()
  await expectAccessible(page)
  await goTo(page, '/')
  await expect(page.getByText('A payout run came back from a backup')).toBeVisible()

  // the run is as it was signed, but only the ledger is believed
  await goTo(page, '/settings')
  await backup.getByRole('link', { name: /^Run [0-9a-f]{16}$/ }).click()
  await expect(next(page).getByRole('status')).toHaveText(
    'It came back from a backup: what was paid of it since is not known here. Reconcile it with Stellar before anything else.',
  )
  await expect(next(page).getByRole('button')).toHaveText(['Reconcile', 'Export its files'])
  await openPlan()
  await expect(plan.getByText(/^period 102: Run [0-9a-f]{16} is for it\.$/)).toBeVisible()
  await expect(plan.getByText(/^period 101: It waits until \d.*, after a restore\. Settings, Backup says why\.$/)).toBeVisible()
  await expect(plan.getByRole('button', { name: /^Plan/ })).toBeHidden()
  await page.keyboard.press('Escape')

  await openRun(page)
  await next(page).getByRole('button', { name: 'Reconcile' }).click()
  await expect(next(page).getByRole('status')).toHaveText('All 4 rows are paid. Nothing is left to do.')
  // the four and the one that no run has, each once
  expect([...paidOnLedger(lab.local, lab.config.payer).values()].map(payments => payments.length)).toEqual([1, 1, 1, 1, 1])
  await served.open(page, '/settings')
  await expect(backup.getByText(waitsForTime)).toBeVisible()
  await expect(backup.getByText(waitsForRun)).toBeHidden()

  // what could have been signed of the lost run is good for a day at the most; the core, the ledger and the page have their own clocks
  aheadSec = 25 * 3600
  lab.local.close(1, aheadSec)
  await page.evaluate(sec => {
    const now = Date.now
    Date.now = () => now() + sec * 1000
  }, aheadSec)
  await served.open(page, '/settings')
  await expect(backup.getByText('from signed.granary-backup, as of')).toBeVisible()
  await expect(backup.getByText(waitsForTime)).toBeHidden()
  await openPlan()
  await plan.getByRole('button', { name: 'Plan period 101' }).click()
  await expect(plan.getByRole('button', { name: 'Open the run' })).toBeVisible()
})

test('the fee of a run is raised; cancelled, its free numbers are used up', async ({ page }) => {
  const own = await startPayWorld()
  const data = mkdtempSync(join(tmpdir(), 'granary-payouts-'))
  await importMintGrid(data)
  const core = await openCore({ dataDir: data, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write', ledgerMs: 20 })
  await run(core, 'pay.setConfig', { network: 'lab', config: own.config })
  await openFarms(own, core, 102)
  const keyIds = [await openKey(own, core, 0), await openKey(own, core, 1)]
  await ended(core, await run(core, 'pay.plan', { network: 'lab', period: 102, retries: false }))
  const { runId, rows } = await newest(core)
  await ended(core, await run(core, 'pay.sign', { runId, keyIds }))
  own.local.ledger.setMinFee(5_000n)
  await ended(core, await run(core, 'pay.start', { runId }))
  await core.close()
  // slow enough that a run under way can be paused
  const pages = await serveFolder(data, { ledgerMs: 1_500 })
  try {
    await pages.open(page, `/payouts/${runId}`)
    // it goes on by itself, and Stellar still refuses what it refused before
    await expect(next(page).getByRole('status')).toHaveText(/^Stellar asks for higher fees by now than 3 rows were signed with/, {
      timeout: 40_000,
    })
    await next(page).getByRole('button', { name: 'Raise the fee' }).click()
    const form = sheet(page, 'Raise the fee')
    const most = form.getByRole('textbox', { name: 'Most for one transaction, stroops' })
    await most.fill('1999')
    await form.getByRole('button', { name: /^Send/ }).click()
    await expect(form.getByText('Enter a number within these limits.')).toBeVisible()
    await most.fill('20000')
    const inAll = assetText(BigInt(rows) * 20_000n, 'XLM')
    await expect(form.getByText(/^As it was signed a transaction costs up to 0.0001000 XLM\./)).toContainText(
      `it costs up to 0.0020000 XLM, and ${inAll} for ${rows} rows.`,
    )
    await expectAccessible(page)
    await form.getByRole('textbox', { name: 'Passphrase' }).fill(payPassphrase)
    await form.getByRole('button', { name: `Send ${rows} rows with fees of up to ${inAll}` }).click()
    await expect(form).toBeHidden()
    await next(page).getByRole('button', { name: 'Pause' }).click()
    await next(page)
      .getByRole('button', { name: /^Cancel the rest/ })
      .click({ timeout: 40_000 })
    await next(page).getByRole('button', { name: 'Use up the free numbers' }).click()
    await expect(next(page).getByRole('status')).toHaveText('It is cancelled. Sign what uses its free numbers up, so that it ends sooner.')
  } finally {
    await pages.close()
    await own.local.stop()
    rmSync(data, { recursive: true, force: true })
  }
})

test('the rows of a whole grid scroll to the end, few at a time', async ({ page }) => {
  test.slow()
  test.setTimeout(120_000)
  const large = mkdtempSync(join(tmpdir(), 'granary-payouts-'))
  const runId = await keepLargeRun(lab, large, 5_500)
  const core = await openCore({ dataDir: large, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  await openKey(lab, core, 0)
  await core.close()
  const own = await serveFolder(large)
  try {
    await own.open(page, `/payouts/${runId}`)
    const rows = page.getByRole('grid', { name: 'Rows' })
    await expect(rows.getByRole('row').nth(1)).toBeVisible()
    await expect(rows).toHaveAttribute('aria-rowcount', '5501')
    await rows.hover()
    await watchLongTasks(page)
    // whoever wants the figures asks for more of it
    const times = process.env.GRANARY_RUNS ? 4 : 1
    for (let step = 0; step < 25 * times; step++) {
      await page.mouse.wheel(0, step < 15 * times ? 400 : 4000)
      await page.waitForTimeout(16)
    }
    const longTasks = await takeLongTasks(page)
    // a busy machine must not fail this: the figures are printed, and read by people
    console.log(`scrolling 5,500 rows: tasks over 50 ms: ${listed(longTasks)}`)
    await page.mouse.wheel(0, 1e6)
    await expect(rows.locator('[role=row][aria-rowindex="5501"]').getByRole('link')).toBeVisible()
    expect(await rows.getByRole('row').count()).toBeLessThan(60)
    // what signing all of it would sign
    await takeLongTasks(page)
    await next(page).getByRole('button', { name: 'Sign it' }).click()
    const form = sheet(page, 'Sign this run')
    const envelopes = form.getByRole('grid', { name: 'Envelopes that are signed' })
    await expect(envelopes).toHaveAttribute('aria-rowcount', '5501', { timeout: 40_000 })
    await envelopes.hover()
    for (let step = 0; step < 10 * times; step++) {
      await page.mouse.wheel(0, step < 5 * times ? 300 : 6000)
      await page.waitForTimeout(16)
    }
    console.log(`reviewing 5,500 rows: tasks over 50 ms: ${listed(await takeLongTasks(page))}`)
    await expect(form.getByRole('button', { name: /^Sign 5,500 payments/ })).toBeVisible()
  } finally {
    await own.close()
    rmSync(large, { recursive: true, force: true })
  }
})
