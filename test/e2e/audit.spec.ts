import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { verifySealed } from '../../src-main/core/desk-command.ts'
import { importFiles } from '../../src-main/core/index.ts'
import { openKeys } from '../../src-main/core/keys-command.ts'
import { test } from '../helpers/one-page.ts'
import { caseArchive, expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'

const receipts = readFileSync(join(caseArchive('mixed_random'), '..', 'receipts.ndjson'), 'utf8')
const count = receipts.trimEnd().split('\n').length

const PASSPHRASE = 'a passphrase of the test'

let served: ServedPage
let folder: string
const at = (name: string) => join(folder, name)

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-audit-page-'))
  const dataDir = at('data')
  await importFiles({ dataDir, files: [caseArchive('mixed_random')], actor: 'test' }, {})
  const keys = openKeys({ dataDir, actor: 'test', mode: 'write' })
  const key = { name: 'office', kind: 'ed25519', secret: `0x${'17'.repeat(32)}`, passphrase: PASSPHRASE } as const
  await keys.command('keys.import', key)
  keys.close()
  served = await serveFolder(dataDir)
})
test.afterAll(async () => {
  await served.close()
  rmSync(folder, { recursive: true, force: true })
})

const newAudit = (page: Page) => page.getByRole('button', { name: 'New audit' })
const auditOwn = (page: Page) => page.getByRole('button', { name: 'Audit period 80' })

/** Whether the last audit's report is shown, rather than what can be audited: there is none where a test runs alone. */
async function showsReport(page: Page): Promise<boolean> {
  await expect(newAudit(page).or(auditOwn(page))).toBeVisible()
  return newAudit(page).isVisible()
}

async function give(page: Page, ...names: string[]): Promise<void> {
  if (await showsReport(page)) await newAudit(page).click()
  await page.getByLabel('Files to audit').setInputFiles(names.map(at))
}

/** Saves what a button hands over; gives its name. */
async function saved(page: Page, button: string): Promise<string> {
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: button }).click()
  const file = await download
  await file.saveAs(at(file.suggestedFilename()))
  return file.suggestedFilename()
}

test('a period of one’s own: the answer first, what was not checked and why, the report as two files that are verified elsewhere', async ({
  page,
}) => {
  await served.open(page, '/audit')
  await expect(page.getByRole('heading', { level: 1, name: 'Audit' })).toBeVisible()
  await auditOwn(page).click()
  const verdict = page.getByRole('region', { name: 'Verdict' })
  await expect(verdict.getByRole('heading', { level: 2 })).toHaveText(
    `Nothing is wrong in what was checked. Of ${count} receipts not everything could be checked.`,
  )
  const checks = verdict.getByRole('table', { name: 'Checks' })
  await expect(checks.getByRole('row', { name: /^Recomputed/ })).toContainText(`${count}00`)
  await expect(checks.getByRole('row', { name: /^Paid/ })).toContainText(`00${count}`)
  await expect(verdict.getByRole('region', { name: 'Books and chain data' })).toContainText('Stored results: ')
  await expectAccessible(page)
  const report = await saved(page, 'Report for others')
  expect(readFileSync(at(await saved(page, 'Page to print')), 'utf8')).toContain('<h1>Audit of period 80</h1>')
  const [found] = await verifySealed(at('nobody'), [at(report)])
  expect([found!.seal.state, found!.problems]).toEqual(['unsigned', []])
})

test('a row opens the sheet with its checks; a receipt that was changed stands first, with what it should be', async ({ page }) => {
  await served.open(page, '/audit')
  const lines = receipts.split('\n')
  const line = lines.findIndex(text => text.includes('"violation":null') && !text.includes('"tft":0}'))
  const node = JSON.parse(lines[line]!).node_id as number
  writeFileSync(at('receipts.ndjson'), lines.with(line, lines[line]!.replace(/"measured_uptime":\d+/, '"measured_uptime":12')).join('\n'))
  await give(page, 'receipts.ndjson')
  const verdict = page.getByRole('region', { name: 'Verdict' })
  await expect(verdict.getByRole('heading', { level: 2 })).toHaveText(`Wrong: 1 receipt of ${count}.`)
  const list = page.getByRole('grid', { name: 'Receipts' })
  await expect(list.getByRole('row').nth(1)).toContainText(`Receipt of node ${node}, period 80`)
  await page.getByLabel('Show', { exact: true }).selectOption('fails')
  await expect(list).toHaveAttribute('aria-rowcount', '2')
  await list.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const sheet = page.getByRole('dialog', { name: `Receipt of node ${node}, period 80: audited` })
  await expect(sheet.getByRole('region', { name: 'Checks' })).toContainText('Stellar was not asked')
  await expect(sheet.getByRole('row', { name: /^measured_uptime/ })).toContainText('12')
  await expect(sheet.getByRole('region', { name: 'How your own result comes about' })).toContainText('From the inputs to the payout')
  await expectAccessible(page)
  await page.keyboard.press('Escape')
})

test('evidence is saved from an explanation, and read here; one that was changed is named by its block', async ({ page }) => {
  await served.open(page, '/audit')
  if (!(await showsReport(page))) await auditOwn(page).click()
  const list = page.getByRole('grid', { name: 'Receipts' })
  await expect(list.getByRole('row').nth(1)).toBeVisible()
  await list.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const bundle = await saved(page, 'Evidence bundle')
  await page.keyboard.press('Escape')
  const { gunzipSync, gzipSync } = await import('node:zlib')
  const text = gunzipSync(readFileSync(at(bundle))).toString()
  const event = /"kind":"block","n":(\d+)[^\n]*"uptime":\d+/.exec(text)!
  writeFileSync(at('changed.evidence'), gzipSync(text.replace(event[0], `${event[0]}1`)))
  await give(page, bundle, 'changed.evidence')
  const right = page.getByRole('region', { name: bundle })
  await expect(right).toContainText('recomputed from its events')
  await expect(right).toContainText('Every event and state of the node is as stored here')
  await expect(page.getByRole('region', { name: 'changed.evidence' })).toContainText(`block ${event[1]} (`)
})

test('the report is signed with a key of the vault, and says so where it is verified', async ({ page }) => {
  await served.open(page, '/audit')
  if (await showsReport(page)) await newAudit(page).click()
  await expectAccessible(page)
  await auditOwn(page).click()
  await page.getByRole('button', { name: 'Sign the report' }).click()
  const sheet = page.getByRole('dialog', { name: 'Sign the report' })
  await sheet.getByRole('button', { name: 'Unlock the key' }).click()
  await page.getByLabel('Passphrase').fill(PASSPHRASE)
  await page.getByRole('dialog').getByRole('button', { name: 'Unlock' }).click()
  await sheet.getByRole('button', { name: 'Sign the report' }).click()
  await expect(page.getByRole('region', { name: 'Report' })).toContainText('Signed with office, key ')
  const [found] = await verifySealed(at('nobody'), [at(await saved(page, 'Report for others'))])
  expect([found!.seal.state, found!.seal.signer?.name]).toEqual(['signed', 'office'])
})
