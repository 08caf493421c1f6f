import { expect, type Page } from '@playwright/test'
import type { ServedPage } from './pages.ts'
import { administratorPassphrase, passphraseOf } from './treasury.ts'

/** Opens a page as an entity of `openTreasury`; an entity that is unlocked already stays the one that acts. */
export async function openAs(served: ServedPage, page: Page, name: string, path: string): Promise<void> {
  await served.open(page, path)
  const unlock = page.getByRole('button', { name: 'Unlock your entity' })
  await expect(unlock.or(page.getByText('Acting as'))).toBeVisible()
  if ((await unlock.count()) === 0) return
  await unlock.click()
  await unlockEntity(page, name)
}

/** Acts as another entity from now on. */
export async function actAs(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  await unlockEntity(page, name)
}

async function unlockEntity(page: Page, name: string): Promise<void> {
  const sheet = page.getByRole('dialog')
  await sheet
    .getByRole('combobox', { name: 'Entity' })
    .or(sheet.getByRole('textbox', { name: 'Entity' }))
    .click()
  await page.getByRole('option', { name, exact: true }).click()
  await sheet.getByRole('textbox', { name: 'Its passphrase' }).fill(passphraseOf(name))
  await sheet.getByRole('button', { name: 'Unlock', exact: true }).click()
  await expect(sheet).toBeHidden()
  await expect(page.getByText('Acting as')).toBeVisible()
}

/** Unlocks the administrator where that is not so yet. */
export async function beAdministrator(page: Page): Promise<void> {
  const unlock = page.getByRole('button', { name: 'Unlock administrator' })
  await expect(unlock.or(page.getByRole('button', { name: 'End', exact: true }))).toBeVisible()
  if ((await unlock.count()) === 0) return
  await unlock.click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('textbox', { name: 'Administrator passphrase' }).fill(administratorPassphrase)
  await sheet.getByRole('button', { name: 'Unlock', exact: true }).click()
  await expect(sheet).toBeHidden()
}
