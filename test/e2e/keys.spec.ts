import { expect, type Locator, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

// the vault of keys of a folder of its own, in the order of a signer's first day
test.describe.configure({ mode: 'serial' })

const passphrase = 'correct horse battery staple'
const seed = 'SBGWSG6BTNCKCOB3DIFBGCVMUPQFYPA2G4O34RMTB343OYPXU5DJDVMN'
const address = 'GDRXE2BQUC3AZNPVFSCEZ76NJ3WWL25FYFK6RGZGIEKWE4SOOHSUJUJ6'

let served: ServedPage
test.beforeAll(async () => {
  served = await servePages([])
})
test.afterAll(() => served?.close())

async function openKeys(page: Page): Promise<void> {
  await served.open(page, '/keys')
  await expect(page.getByRole('heading', { level: 1, name: 'Keys' })).toBeVisible()
}

const sheet = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name })
const field = (within: Locator, label: string) => within.getByRole('textbox', { name: label, exact: true })

/** Everything that a page keeps, or that stands in its markup. */
async function kept(page: Page): Promise<string> {
  return page.evaluate(() =>
    JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      location.href,
      history.state,
      document.documentElement.outerHTML,
    ]),
  )
}

async function choosePassphrase(within: Locator, text = passphrase): Promise<void> {
  await field(within, 'Passphrase').fill(text)
  await field(within, 'The same passphrase once more').fill(text)
}

test('without keys the page says what a key is for, and the rail has it under Sign', async ({ page }) => {
  await openKeys(page)
  await expect(page.getByRole('heading', { name: 'No keys yet' })).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Keys' })).toHaveAttribute('aria-current', 'page')
  await expect(page.getByText('no safe storage of the system')).toBeVisible()
  await expectAccessible(page)
})

test('a key is made: a short passphrase and two that differ are said at the field; its words are shown once, three are asked back, wrong ones bring others', async ({
  page,
}) => {
  await openKeys(page)
  await page.getByRole('button', { name: 'Make a key' }).click()
  const form = sheet(page, 'Make a key')
  await field(form, 'Name').fill('my vote')
  await form.getByRole('combobox', { name: 'Signs for' }).click()
  await page.getByRole('option', { name: 'Chain (sr25519)' }).click()
  await field(form, 'Passphrase').fill('too short')
  await form.getByRole('button', { name: 'Make a key' }).click()
  await expect(form.getByText('At least 12 characters.', { exact: true })).toBeVisible()
  await expect(form.getByText('The two differ.')).toBeVisible()
  await expectAccessible(page)
  await choosePassphrase(form)
  await form.getByRole('button', { name: 'Make a key' }).click()

  const shown = sheet(page, 'Write these words down')
  await expect(shown.getByRole('listitem')).toHaveCount(24)
  const words = await shown.getByRole('listitem').allTextContents()
  await expectAccessible(page)
  await shown.getByRole('button', { name: 'I wrote them down' }).click()

  const confirm = sheet(page, 'Give words back')
  const asked = async () => {
    const labels = await confirm
      .getByRole('textbox')
      .evaluateAll(inputs => inputs.map(input => (input as HTMLInputElement).labels?.[0]?.textContent ?? ''))
    return labels.map(label => Number(/\d+/.exec(label)?.[0] ?? 0))
  }
  await expect(confirm.getByRole('textbox')).toHaveCount(3)
  const first = await asked()
  for (const place of first) await field(confirm, `Word ${place}`).fill(words[place % 24]!)
  await confirm.getByRole('button', { name: 'Give them back' }).click()
  await expect(confirm.getByRole('alert')).toContainText(`These are not words ${first.join(', ')}`)
  await expect.poll(async () => (await asked()).filter(place => place > 0 && !first.includes(place)).length).toBe(3)
  // the words are gone from the page, and so is what was entered
  expect(await kept(page)).not.toContain(words.slice(0, 4).join('</li><li>'))
  for (const box of await confirm.getByRole('textbox').all()) await expect(box).toHaveValue('')
  for (const place of await asked()) await field(confirm, `Word ${place}`).fill(words[place - 1]!)
  await confirm.getByRole('button', { name: 'Give them back' }).click()
  await expect(page.getByRole('row', { name: /my vote/ })).toContainText('Unlocked')
  await expect(page.getByRole('region', { name: 'Give back three words' })).toHaveCount(0)
})

test('a seed is entered through a field that nothing fills in, keeps or copies from, and is in no storage and no markup, before and after', async ({
  page,
}) => {
  await openKeys(page)
  await page.getByRole('button', { name: 'Import a key' }).click()
  const form = sheet(page, 'Import a key')
  await field(form, 'Name').fill('payer')
  const secret = field(form, 'Secret')
  await secret.fill(seed)
  await choosePassphrase(form)
  for (const label of ['Secret', 'Its own password', 'Passphrase', 'The same passphrase once more']) {
    const box = field(form, label)
    await expect(box).toHaveAttribute('autocomplete', 'off')
    await expect(box).toHaveAttribute('spellcheck', 'false')
    expect(
      await box.evaluate(input => [
        getComputedStyle(input).getPropertyValue('-webkit-text-security'),
        input.getAttribute('name'),
        input.getAttribute('type') === 'password',
      ]),
    ).toEqual(['disc', null, false])
  }
  await secret.selectText()
  const copied = await secret.evaluate(input => {
    const event = new ClipboardEvent('copy', { bubbles: true, cancelable: true, clipboardData: new DataTransfer() })
    return input.dispatchEvent(event)
  })
  expect(copied).toBe(false)
  for (const text of [seed, passphrase]) expect(await kept(page)).not.toContain(text)
  await form.getByRole('checkbox', { name: 'Show what is entered' }).check()
  expect(await secret.evaluate(input => getComputedStyle(input).getPropertyValue('-webkit-text-security'))).toBe('none')
  await form.getByRole('button', { name: 'Import a key' }).click()
  await expect(page.getByRole('row', { name: /payer/ })).toContainText('Locked')
  for (const text of [seed, passphrase]) expect(await kept(page)).not.toContain(text)
})

test('what is no secret is refused at once, without being repeated, and the field is empty again', async ({ page }) => {
  await openKeys(page)
  await page.getByRole('button', { name: 'Import a key' }).click()
  const form = sheet(page, 'Import a key')
  await field(form, 'Name').fill('bad')
  await field(form, 'Secret').fill(seed.replace('SBG', 'SBH'))
  await choosePassphrase(form)
  await form.getByRole('button', { name: 'Import a key' }).click()
  await expect(form.getByRole('alert')).toContainText('begins like a Stellar seed')
  await expect(field(form, 'Secret')).toHaveValue('')
  expect(await kept(page)).not.toContain(seed.slice(5))
})

test('unlocked by its passphrase, locked by hand; a wrong one says so; the secret is shown once, after the passphrase', async ({
  page,
}) => {
  await openKeys(page)
  await page.getByRole('button', { name: 'Open key payer' }).click()
  const key = sheet(page, 'payer')
  await expect(key).toContainText(address)
  await key.getByRole('button', { name: 'Unlock', exact: true }).click()
  const unlock = sheet(page, 'Unlock')
  await field(unlock, 'Passphrase').fill('wrong horse battery staple')
  await page.keyboard.press('Enter')
  await expect(unlock.getByRole('alert')).toContainText('does not open key "payer"')
  await field(unlock, 'Passphrase').fill(passphrase)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('row', { name: /payer/ })).toContainText('Unlocked')
  await page.getByRole('button', { name: 'Lock all' }).click()
  await expect(page.getByRole('row', { name: /payer/ })).toContainText('Locked')
  await expect(page.getByRole('row', { name: /my vote/ })).toContainText('Locked')

  await page.getByRole('button', { name: 'Open key payer' }).click()
  await key.getByRole('button', { name: 'Show its secret' }).click()
  const form = sheet(page, 'Show its secret')
  await field(form, 'Passphrase').fill(passphrase)
  await form.getByRole('button', { name: 'Show its secret' }).click()
  const shown = sheet(page, 'Its secret')
  await expect(shown).toContainText(seed)
  await expectAccessible(page)
  await shown.getByRole('button', { name: 'Close', exact: true }).last().click()
  await expect(shown).toHaveCount(0)
  expect(await kept(page)).not.toContain(seed)
})

test('after wrong passphrases the page says from when on the next one is tried, and stops saying so when it is', async ({ page }) => {
  await openKeys(page)
  await page.getByRole('button', { name: 'Unlock all' }).click()
  const unlock = sheet(page, 'Unlock')
  const wait = page.getByText(/the next one is tried from/)
  const tryWrong = async (message: string) => {
    await field(unlock, 'Passphrase').fill('wrong horse battery staple')
    await unlock.getByRole('button', { name: 'Unlock' }).click()
    await expect(unlock.getByRole('alert')).toContainText(message)
  }
  await tryWrong('does not open any key')
  await tryWrong('does not open any key')
  await tryWrong('The next one is tried after 2 s')
  // said on the page behind the sheet, for a moment
  await expect(wait).toBeVisible()
  await expect(wait).toHaveCount(0)
  await tryWrong('The next one is tried after 4 s')
  await expect(wait).toBeVisible()
  await expect(wait).toHaveCount(0)
})

test('a key is removed by its name, and the audit trail says who did what, without a secret', async ({ page }) => {
  await openKeys(page)
  await page.getByRole('button', { name: 'Open key payer' }).click()
  await sheet(page, 'payer').getByRole('button', { name: 'Remove "payer"' }).click()
  const form = sheet(page, 'Remove this key')
  await field(form, 'Enter its name to remove it: payer').fill('my vote')
  await form.getByRole('button', { name: 'Remove "payer"' }).click()
  await expect(form.getByRole('alert')).toContainText('This key is called "payer"')
  await field(form, 'Enter its name to remove it: payer').fill('payer')
  await form.getByRole('button', { name: 'Remove "payer"' }).click()
  await expect(page.getByRole('row', { name: /payer/ })).toHaveCount(0)
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click()
  const trail = page.getByRole('region', { name: 'Audit trail' })
  await expect(trail).toContainText('keys.wrongPassphrase')
  for (const text of [seed, passphrase, 'wrong horse']) await expect(trail).not.toContainText(text)
})
