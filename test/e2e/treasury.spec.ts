import { readFileSync } from 'node:fs'
import { expect, type Locator, type Page } from '@playwright/test'
import { test } from '../helpers/one-page.ts'
import { expectAccessible, type ServedPage, servePages } from '../helpers/pages.ts'

/* A treasury from nothing: its first administrator, tokens and entities, and what they pay each other, in the order in which it is done. */
test.describe.configure({ mode: 'serial' })

const administrator = 'administrator of this treasury'
const passphraseOf = (name: string) => `the passphrase of ${name}`
let served: ServedPage
/** the next command of this name reaches the core, and its answer is lost with the line */
let loseAnswerTo: string | null = null

test.beforeAll(async () => {
  served = await servePages([])
})
test.afterAll(() => served?.close())

const sheet = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name })
const field = (within: Locator, label: string) => within.getByRole('textbox', { name: label, exact: true })

async function choose(page: Page, within: Locator, label: string, option: string): Promise<void> {
  await within.getByRole('combobox', { name: label, exact: true }).click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

async function chooseNewPassphrase(within: Locator, text: string): Promise<void> {
  await field(within, 'Passphrase').fill(text)
  await field(within, 'The same passphrase once more').fill(text)
}

async function makeEntity(page: Page, name: string): Promise<void> {
  const form = sheet(page, 'Make an entity')
  await field(form, 'Name').fill(name)
  await chooseNewPassphrase(form, passphraseOf(name))
  await form.getByRole('button', { name: 'Make it and unlock it' }).click()
  await expect(form).toBeHidden()
}

/** Acts as this entity from now on. */
async function actAs(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  const form = sheet(page, 'Unlock an entity')
  await choose(page, form, 'Entity', name)
  await field(form, 'Its passphrase').fill(passphraseOf(name))
  await form.getByRole('button', { name: 'Unlock', exact: true }).click()
  await expect(form).toBeHidden()
}

/** Shows one of the account's lists. */
async function showList(page: Page, name: string): Promise<void> {
  await page.getByRole('radiogroup', { name: 'What to show' }).getByText(name, { exact: true }).click()
}

/** What stands behind a figure's name on the page Account. */
const figure = (page: Page, name: string) => page.locator('dl > div', { hasText: name }).locator('dd')

/** Lines that break when a test wants it, as they do where a core stops while it answers. */
async function breakableLine(page: Page): Promise<void> {
  await page.routeWebSocket(/./, line => {
    const core = line.connectToServer()
    let isLost = false
    line.onMessage(message => {
      core.send(message)
      if (loseAnswerTo === null || !String(message).includes(`"${loseAnswerTo}"`)) return
      loseAnswerTo = null
      isLost = true
    })
    core.onMessage(message => {
      if (isLost) void line.close({ code: 1001 })
      else line.send(message)
    })
  })
}

test('without tokens the page says what to do first; the first administrator chooses a passphrase and makes them', async ({ page }) => {
  await breakableLine(page)
  await served.open(page, '/tokens')
  await expect(page.getByRole('heading', { name: 'There are no tokens yet' })).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Tokens' })).toHaveAttribute('aria-current', 'page')
  await page.getByRole('button', { name: 'Initialise the tokens' }).click()
  const form = sheet(page, 'Initialise the tokens')
  await expect(form.getByRole('region', { name: 'What this does' })).toContainText('Treasury gets, BTA-GOV1,000,000,000')
  await expect(form.getByRole('region', { name: 'What this does' })).toContainText('of it to the UBO fund, AZR10,000,000')
  await form.getByRole('button', { name: 'Initialise the tokens' }).click()
  await expect(form.getByText('At least 12 characters.', { exact: true })).toBeVisible()
  await chooseNewPassphrase(form, administrator)
  await form.getByRole('button', { name: 'Initialise the tokens' }).click()
  await expect(form).toBeHidden()
  const row = page.getByRole('table', { name: 'Tokens' }).getByRole('row', { name: /^AZR / })
  await expect(row).toContainText('10,000,000.00')
  await expect(row).toContainText('99.00 %')
  await expect(page.getByRole('region', { name: 'AZR in detail' }).getByRole('img', { name: /^Supply and what circulates/ })).toBeVisible()
  await expectAccessible(page)
})

test('an entity is made and funded; an amount that can be read two ways is asked about, and said back with its unit', async ({ page }) => {
  await served.open(page, '/account')
  await expect(page.getByRole('heading', { name: 'No entity yet' })).toBeVisible()
  await page.getByRole('button', { name: 'Make an entity' }).click()
  await makeEntity(page, 'Alder Farm')
  await expect(page.getByText('Nothing yet. What others send you')).toBeVisible()
  await page.getByRole('button', { name: 'Change', exact: true }).click()
  await sheet(page, 'Unlock an entity').getByRole('button', { name: 'Make another entity' }).click()
  await makeEntity(page, 'Birch Farm')
  await actAs(page, 'Alder Farm')

  await served.open(page, '/tokens/AZR')
  await page.getByRole('button', { name: 'Fund an account' }).click()
  const form = sheet(page, 'Fund an account with AZR')
  await choose(page, form, 'To', 'Alder Farm')
  const amount = field(form, 'Amount')
  await amount.fill('1,234')
  await expect(form.getByText('Which of these do you mean?')).toBeVisible()
  await expect(form.getByRole('button', { name: 'Send', exact: true })).toBeVisible()
  await expectAccessible(page)
  await form.getByRole('button', { name: '1.234 AZR', exact: true }).click()
  await expect(amount).toHaveValue('1.234')
  await expect(form.getByRole('button', { name: 'Send 1.234 AZR to Alder Farm' })).toBeVisible()
  await amount.fill('990,000,001.00')
  await expect(form.getByText('This account has 990,000,000 AZR available.')).toBeVisible()
  await amount.fill('1,234.5678901')
  await expect(form.getByRole('status')).toHaveText('1,234.5678901 AZR')
  await expect(form.getByRole('region', { name: 'What this does' })).toContainText('Treasury has then, available989,998,765.4321099 AZR')
  // the second click comes before the first is answered
  await form.getByRole('button', { name: 'Send 1,234.5678901 AZR to Alder Farm' }).dblclick()
  await expect(form).toBeHidden()
  await expect(page.getByRole('grid', { name: 'Holders' }).getByRole('row', { name: /Alder Farm/ })).toContainText('1,234.56')
})

test('sending shows the fee before anything moves; a payment whose answer was lost is sent again and done once', async ({ page }) => {
  await served.open(page, '/account')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  const form = sheet(page, 'Send tokens')
  await choose(page, form, 'To', 'Birch Farm')
  await field(form, 'Amount').fill('1234.5')
  await expect(form.getByText(/^You can pay at most 1,233\.\d+ AZR: the fee comes on top\.$/)).toBeVisible()
  await field(form, 'Amount').fill('100.5')
  await field(form, 'Note').fill('November')
  const outcome = form.getByRole('region', { name: 'What this does' })
  await expect(outcome).toContainText('Birch Farm gets100.5 AZR')
  await expect(outcome).toContainText('Fee, 0.10 %0.1005 AZR')
  await expect(outcome).toContainText('You pay100.6005 AZR')
  await expect(outcome).toContainText('You have then, available1,133.9673901 AZR')
  await expectAccessible(page)
  loseAnswerTo = 'payments.send'
  await form.getByRole('button', { name: 'Send 100.5 AZR to Birch Farm' }).click()
  await expect(form.getByText('Send it again: it is done only once.', { exact: false })).toBeVisible()
  await expect(page.getByText('Connection lost.', { exact: true })).toBeHidden({ timeout: 15_000 })
  await form.getByRole('button', { name: 'Send 100.5 AZR to Birch Farm' }).click()
  await expect(form).toBeHidden()
  await expect(figure(page, 'AZR available')).toHaveText('1,133.96')
  await showList(page, 'Payments')
  const payments = page.getByRole('grid', { name: 'Payments' })
  await expect(payments).toHaveAttribute('aria-rowcount', '2')
  await payments.getByRole('row', { name: /Birch Farm/ }).click()
  const payment = sheet(page, /^Payment pay-/)
  await expect(payment).toContainText('["granary-payment-v1",')
  await expect(payment.getByRole('row', { name: /^Hash [0-9a-f]{64}$/ })).toBeVisible()
  await expectAccessible(page)
})

test('who is asked to pay sees it first, and pays it with one look at what it costs', async ({ page }) => {
  await served.open(page, '/account')
  await page.getByRole('button', { name: 'Request', exact: true }).click()
  const form = sheet(page, 'Request a payment')
  await choose(page, form, 'Who is to pay', 'Birch Farm')
  await field(form, 'Amount').fill('20')
  await field(form, 'Note').fill('cables')
  await form.getByRole('button', { name: 'Request 20 AZR from Birch Farm' }).click()
  await expect(form).toBeHidden()
  await actAs(page, 'Birch Farm')
  const toPay = page.getByRole('region', { name: 'Requests to pay' })
  await expect(toPay).toContainText('cables')
  await expectAccessible(page)
  await toPay.getByRole('button', { name: 'Pay 20 AZR to Alder Farm' }).click()
  const pay = sheet(page, 'Pay what is requested')
  await expect(pay.getByRole('region', { name: 'What this does' })).toContainText('You pay20.02 AZR')
  await pay.getByRole('button', { name: 'Pay 20 AZR to Alder Farm' }).click()
  await expect(pay).toBeHidden()
  await expect(toPay).toBeHidden()
  await showList(page, 'Requests')
  await expect(page.getByRole('table', { name: 'Requests' }).getByRole('row', { name: /cables/ })).toContainText('paid')
})

test('a payment is held and released, tokens are put aside; the statement leaves as a file', async ({ page }) => {
  await served.open(page, '/account')
  await page.getByRole('button', { name: 'Hold in escrow' }).click()
  const hold = sheet(page, 'Hold a payment in escrow')
  await choose(page, hold, 'To', 'Alder Farm')
  await field(hold, 'Amount').fill('50')
  await hold.getByRole('button', { name: 'Hold 50 AZR for Alder Farm' }).click()
  await expect(hold).toBeHidden()
  await expect(figure(page, 'AZR locked')).toHaveText('50.05')
  await showList(page, 'Escrow')
  await page.getByRole('table', { name: 'Escrow' }).getByRole('button', { name: 'Release' }).click()
  const release = sheet(page, 'Release a held payment')
  await expectAccessible(page)
  await release.getByRole('button', { name: 'Pay 50 AZR to Alder Farm' }).click()
  await expect(release).toBeHidden()
  await expect(figure(page, 'AZR locked')).toHaveText('0.00')

  await page.getByRole('button', { name: 'Put aside or take back AZR' }).click()
  const aside = sheet(page, 'Put aside or take back AZR')
  await field(aside, 'Amount').fill('10')
  await aside.getByRole('button', { name: 'Put 10 AZR aside' }).click()
  await expect(aside).toBeHidden()
  await expect(figure(page, 'AZR available')).toHaveText('20.43')

  await showList(page, 'Statement')
  await expect(page.getByRole('grid', { name: 'Statement' }).getByRole('row').nth(1)).toContainText('Locked')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as a file' }).click()])
  expect(readFileSync(await file.path(), 'utf8')).toContain('20.43')
  await page.getByLabel('As it was at the end of').fill('2020-01-31')
  await expect(page.getByText('It had nothing then.')).toBeVisible()
  await expectAccessible(page)
})

test('trust opens with its five parts', async ({ page }) => {
  await served.open(page, '/account')
  await page.getByRole('button', { name: /^\d+ of 100/ }).click()
  const trust = sheet(page, 'Trust')
  await expect(trust.getByRole('table', { name: 'How trust comes about' }).getByRole('row')).toHaveCount(7)
  await expect(trust).toContainText('Counted from 2 completed actions')
  await expectAccessible(page)
})

test('a file of payments says what it would pay, or each line that is wrong, before anything moves', async ({ page }) => {
  const choose = (...lines: string[]) =>
    page
      .getByLabel('Pay from a file')
      .and(page.locator('input'))
      .setInputFiles({
        ...{ name: 'november.csv', mimeType: 'text/csv' },
        buffer: Buffer.from(['reference,to,amount,memo', ...lines].join('\n')),
      })
  await served.open(page, '/account')
  await choose('nov-1,Alder Farm,1.5,rent', 'nov-2,Nobody,1,', 'nov-1,Alder Farm,2,')
  const form = sheet(page, 'Payments from a file')
  await expect(form).toContainText('2 lines of november.csv can’t be paid')
  await expect(form.getByRole('row', { name: /^3 There is no such entity/ })).toBeVisible()
  await expectAccessible(page)
  await form.getByRole('button', { name: 'Close', exact: true }).last().click()
  await choose('nov-1,Alder Farm,1.5,rent', 'nov-2,Alder Farm,2,')
  await expect(form.getByRole('region', { name: 'What this does' })).toContainText('You pay, AZR3.5035 AZR')
  await expectAccessible(page)
  await form.getByRole('button', { name: 'Make 2 payments, 3.5 AZR' }).click()
  await expect(form).toBeHidden()
  await expect(figure(page, 'AZR available')).toHaveText('16.92')
  await choose('nov-1,Alder Farm,1.5,rent')
  await expect(form).toContainText('All of it was paid before.')
})

test('a program gets a token, shown once, with what it may do in words; withdrawn it lets nobody in', async ({ page }) => {
  await served.open(page, '/account')
  await showList(page, 'Programs')
  const programs = page.getByRole('region', { name: 'Programs' })
  await expect(programs).toContainText('The door for programs is closed')
  await programs.getByRole('button', { name: 'Make a token' }).click()
  const form = sheet(page, 'Make a token')
  await field(form, 'Name').fill('Payroll')
  await form.getByRole('button', { name: 'Make the token for Payroll' }).click()
  await expect(form.getByText('Choose at least one.')).toBeVisible()
  await form.getByRole('checkbox', { name: 'Payments: see them' }).check()
  await form.getByRole('checkbox', { name: 'Payments: pay, request, hold' }).check()
  await expectAccessible(page)
  await form.getByRole('button', { name: 'Make the token for Payroll' }).click()
  const made = sheet(page, 'The new token')
  await expect(made.getByLabel('Token', { exact: true })).toHaveText(/^granary_[\w-]{43}$/)
  await made.getByRole('button', { name: 'I have given it on' }).click()
  const row = programs.getByRole('row', { name: /^Payroll/ })
  await expect(row).toContainText('Payments: see and act')
  await expect(row).toContainText('never')
  await expectAccessible(page)
  await row.getByRole('button', { name: 'Withdraw' }).click()
  await sheet(page, 'Withdraw').getByRole('button', { name: 'Withdraw the token of Payroll' }).click()
  await expect(row).toContainText('withdrawn')
  await expect(row.getByRole('button')).toHaveCount(0)
})

test('fees that came in are split as was shown before, with a reserve out of capital alone', async ({ page }) => {
  await served.open(page, '/tokens/AZR')
  const revenue = page.getByRole('region', { name: 'Fees and taxes' })
  await expect(revenue).toContainText('It was never split.')
  await revenue.getByRole('button', { name: 'Split it' }).click()
  const form = sheet(page, 'Split the fees and taxes in AZR')
  const outcome = form.getByRole('region', { name: 'What this does' })
  await expect(outcome).toContainText('To infrastructure0.1218 AZRTo students0.0348 AZRTo the team0.0174 AZR')
  await expect(outcome).toContainText('Reserve gets0 AZRReserve lacks0.0087 AZR')
  await field(form, 'Capital for the reserve, from Birch Farm').fill('0.005')
  await expect(outcome).toContainText('Reserve gets0.005 AZRReserve lacks0.0037 AZR')
  await expectAccessible(page)
  await form.getByRole('button', { name: 'Split 0.174 AZR' }).click()
  await expect(form).toBeHidden()
  await expect(revenue).toContainText('Nothing has come in since it was split last.')
  await expect(revenue.getByRole('row', { name: /Birch Farm$/ })).toContainText('0.17')
  await expectAccessible(page)
})

test('who is locked meanwhile is asked for again in the form, which keeps what was filled in', async ({ page }) => {
  await served.open(page, '/tokens/BTA-REWARD')
  await page.getByRole('button', { name: 'Issue', exact: true }).click()
  const form = sheet(page, 'Issue BTA-REWARD')
  await field(form, 'Amount').fill('7.25')
  // the administrator's grant ends elsewhere, as it does by itself after a while
  const other = await page.context().newPage()
  await served.open(other, '/tokens')
  await other.getByRole('button', { name: 'End', exact: true }).click()
  await expect(other.getByRole('button', { name: 'Unlock administrator' })).toBeVisible()
  await other.close()
  const secret = field(form, 'Administrator passphrase')
  await expect(secret).toBeVisible()
  await form.getByRole('button', { name: 'Issue 7.25 BTA-REWARD to Treasury' }).click()
  await expect(form.getByText('This is needed.')).toBeVisible()
  await secret.fill('not the passphrase')
  await form.getByRole('button', { name: 'Issue 7.25 BTA-REWARD to Treasury' }).click()
  await expect(form.getByRole('alert')).toContainText('Nothing was moved.')
  await expectAccessible(page)
  await secret.fill(administrator)
  await form.getByRole('button', { name: 'Issue 7.25 BTA-REWARD to Treasury' }).click()
  await expect(form).toBeHidden()
  await expect(page.getByRole('table', { name: 'Tokens' }).getByRole('row', { name: /^BTA-REWARD/ })).toContainText('7.25')
  await page.getByRole('button', { name: 'Lock', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Unlock your entity' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Unlock administrator' })).toBeVisible()
})
