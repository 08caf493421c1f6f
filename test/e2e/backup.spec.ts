import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { importFiles } from '../../src-main/core/index.ts'
import { test } from '../helpers/one-page.ts'
import { caseArchive, expectAccessible, type ServedPage, serveFolder } from '../helpers/pages.ts'

/* Backups as a person makes and restores them in Settings, with the files on the machine where Granary runs. */

const root = mkdtempSync(join(tmpdir(), 'granary-backup-page-'))
const copies = join(root, 'copies')
let served: ServedPage

test.beforeAll(async () => {
  mkdirSync(copies)
  await importFiles({ dataDir: join(root, 'data'), files: [caseArchive('sla_diy_950')], actor: 'test' }, {})
  served = await serveFolder(join(root, 'data'))
})
test.afterAll(async () => {
  await served?.close()
  rmSync(root, { recursive: true, force: true })
})

test('a backup is made, looked at and restored while the page is open; the former store is kept under a name that is told', async ({
  page,
}) => {
  await served.open(page, '/settings')
  const section = page.getByRole('region', { name: 'Backup' })
  await expect(section).toContainText('None yet')
  await section.getByRole('button', { name: 'Back up now' }).click()
  const sheet = page.getByRole('dialog')
  const path = join(copies, 'first')
  await sheet.getByLabel('File or folder on the machine').fill(path)
  await sheet.getByLabel('Passphrase, if it is').fill('a long enough passphrase')
  await sheet.getByRole('button', { name: 'Back up' }).click()
  await expect(sheet).toContainText('The two differ.')
  await sheet.getByLabel('Passphrase, if it is').fill('a long enough passphrase')
  await sheet.getByLabel('The passphrase once more').fill('a long enough passphrase')
  await sheet.getByRole('button', { name: 'Back up' }).click()
  await expect(sheet).toBeHidden()
  await expect(section).toContainText(`${path} (`)
  expect(existsSync(path)).toBe(true)

  // something that is done after it
  const choice = page.getByRole('region', { name: 'Computation' })
  await choice.getByText('The least in the period').click()
  await expect(choice).toContainText('As the text of the rules says it')
  await section.getByRole('button', { name: 'Restore a backup' }).click()
  await sheet.getByLabel('Backup file').fill(path)
  await sheet.getByLabel('Its passphrase, if').fill('another passphrase')
  await sheet.getByRole('button', { name: 'Look at it' }).click()
  await expect(sheet).toContainText('This is not the passphrase of this backup.')
  await sheet.getByLabel('Its passphrase, if').fill('a long enough passphrase')
  await sheet.getByLabel('Its passphrase, if').press('Enter')
  await expect(sheet).toContainText('entries of the audit trail were written since the backup')
  await expectAccessible(page)
  await sheet.getByLabel('Its passphrase once more').fill('a long enough passphrase')
  await sheet.getByRole('button', { name: 'Replace the present store' }).click()
  await expect(sheet.getByRole('status')).toContainText(/The former store is kept in .*before-restore-/)
  await page.keyboard.press('Escape')
  // the page goes on with the restored store
  await expect(section).toContainText('from first, as of')
  await expect(choice).toContainText('As the minting program in use does it')
  await expect(page.getByText(/^Intact, \d+ entries$/)).toBeVisible()
})

test('scheduled backups are written to their folder, and a failed one is said on the overview', async ({ page }) => {
  await served.open(page, '/settings')
  const section = page.getByRole('region', { name: 'Backup' })
  const sheet = page.getByRole('dialog')
  const change = async (folder: string) => {
    await section.getByRole('button', { name: 'Change the schedule' }).click()
    await sheet.getByText('Every day', { exact: true }).click()
    await sheet.getByLabel('Folder on the machine').fill(folder)
    await sheet.getByRole('button', { name: 'Save the schedule' }).click()
  }
  await change('/nowhere/at/all')
  await expect(sheet).toContainText('There is no folder /nowhere/at/all')
  await page.keyboard.press('Escape')
  const daily = join(root, 'daily')
  mkdirSync(daily)
  await change(daily)
  await expect(section).toContainText(`Every day, ${daily}`)
  await expect.poll(() => readdirSync(daily).filter(name => name.endsWith('.granary-backup')).length).toBe(1)
  await expectAccessible(page)
  // a file where the next one is wanted: it is refused, and said where everybody looks
  const taken = join(copies, 'taken')
  await section.getByRole('button', { name: 'Back up now' }).click()
  await sheet.getByLabel('File or folder on the machine').fill(taken)
  writeFileSync(taken, 'mine')
  await sheet.getByRole('button', { name: 'Back up' }).click()
  await expect(section).toContainText('is there already')
  await page.getByRole('link', { name: 'Overview' }).click()
  await expect(page.getByText(/^The backup of .* failed$/)).toBeVisible()
})
