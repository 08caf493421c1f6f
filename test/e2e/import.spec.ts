import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type FileChooser, type Page, test } from '@playwright/test'
import { caseArchive, expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

let served: ServedPage

test.beforeEach(async () => {
  served = await servePages([caseArchive('healthy')])
})

test.afterEach(async () => {
  await served.close()
})

/** Gives files through the browser's own chooser. */
async function choose(page: Page, files: Parameters<FileChooser['setFiles']>[0]): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Choose files' }).click()])
  await chooser.setFiles(files)
}

/** Drops a file on the field as a browser does. */
async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ fileName, base64 }) => {
      const data = new DataTransfer()
      data.items.add(new File([Uint8Array.from(atob(base64), char => char.charCodeAt(0))], fileName))
      return data
    },
    { fileName: name, base64: bytes.toString('base64') },
  )
  const field = page.getByText('Drop grid archives here')
  for (const type of ['dragenter', 'dragover', 'drop']) await field.dispatchEvent(type, { dataTransfer: transfer })
}

const files = (page: Page) => page.getByRole('region', { name: 'Files' })
const stored = (page: Page) => page.getByRole('region', { name: 'What is in the store' })

test('an archive chosen in the browser is imported, and leads to its period', async ({ page }) => {
  await served.open(page, '/import')
  await expect(stored(page).getByRole('link')).toHaveText(['Period 80'])
  await choose(page, caseArchive('healthy'))
  await expect(files(page).getByText('Imported', { exact: true })).toBeVisible()
  await files(page).getByRole('link', { name: 'See period 80' }).click()
  await expect(page.getByRole('heading', { name: 'Period 80' })).toBeVisible()
  await expect(page.getByRole('grid').getByText('279.42')).toBeVisible()
})

test('dropped archives wait for each other; what is refused says why, and the store stays as it was', async ({ page }) => {
  await served.open(page, '/import')
  const archive = readFileSync(caseArchive('healthy'))
  await drop(page, 'whole.ndjson.gz', archive)
  await drop(page, 'cut.ndjson.gz', archive.subarray(0, archive.length / 2))
  await drop(page, 'table.csv', Buffer.from('node,amount\n1,2\n'))
  await expect(files(page).getByText('Imported', { exact: true })).toHaveCount(1)
  const failures = files(page).getByRole('alert')
  await expect(failures).toHaveCount(2)
  await expect(failures.filter({ hasText: 'cut.ndjson.gz' })).toContainText(/gzip|cut|ends|damaged/)
  await expect(failures.filter({ hasText: 'table.csv' })).toContainText('line 1')
  await expect(failures.first()).toContainText('what was in the store before is untouched')
  await expect(stored(page).getByRole('link')).toHaveText(['Period 80'])
  await files(page)
    .getByRole('button', { name: /Take off the list: .*table\.csv/ })
    .click()
  await expect(failures).toHaveCount(1)
})

test('sending a big file shows how far it is, and stops on request', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-big-'))
  try {
    const big = join(folder, 'big.ndjson')
    writeFileSync(big, '')
    truncateSync(big, 1_500_000_000)
    await served.open(page, '/import')
    await choose(page, big)
    await expect(files(page).getByText(/Sending to Granary: .* of 1\.50 GB, .*\/s, .* left/)).toBeVisible()
    // leaving would lose it, so the browser asks
    const asks = () => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })))
    expect(await asks()).toBe(true)
    await files(page).getByRole('button', { name: 'Stop sending big.ndjson' }).click()
    await expect(files(page).getByText('Stopped before anything was imported')).toBeVisible()
    expect(await asks()).toBe(false)
    await expect(files(page).getByRole('button', { name: 'Import after all: big.ndjson' })).toBeVisible()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('accessible in both themes', async ({ page }) => {
  await served.open(page, '/import')
  await drop(page, 'table.csv', Buffer.from('node,amount\n1,2\n'))
  await expect(files(page).getByRole('alert')).toBeVisible()
  await expectAccessible(page)
})
