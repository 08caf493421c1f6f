import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { supplyOf } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { AppError, errorCodes } from '../../src-shared/errors.ts'
import type { TreasuryRow } from '../../src-shared/treasury/row.ts'
import { isTreasuryQuery, type TreasuryCommandName, type TreasuryName, treasuryEntries } from '../../src-shared/treasury/table.ts'
import { createRandom } from '../helpers/horizon/index.ts'
import { runs } from '../helpers/runs.ts'
import { takenInput, wrongInput } from '../helpers/table-inputs.ts'
import { administrator, administratorPassphrase, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'
import { pick } from '../helpers/treasury-acts.ts'
import { changedTables, checkMoney, checkWhole, traceOf } from '../helpers/treasury-check.ts'

/*
 * Every query and command of the table, by whoever might try it, on things in every state: wrong inputs and right ones that are not theirs to give.
 * Inputs are made from the table, so that a row that joins is tried by being there.
 */

const { numRuns, seed } = runs(8, 500)
const random = createRandom(seed)

/** Wrong passphrases are counted, and stand in the trail: that is what they leave. */
const triesPassphrase = new Set<TreasuryName>(['entities.unlock', 'entities.setPassphrase', 'administrator.set', 'administrator.unlock'])
const triedAt = ['key_tries', 'audit']

/** Said before an input is looked at. */
const isForOthers: string[] = ['entities.other', 'entities.locked', 'administrator.needed']

let world: TestTreasury
let actors: Actor[] = []
let texts: string[] = []
let keys = 0

beforeAll(async () => {
  world = await openTreasury()
  world.store.books.pragma('synchronous = OFF')
  const [ada, bob, eve] = [await world.entity('Ada', '5000'), await world.entity('Bob', '5000'), await world.entity('Eve', '50')]
  const [first, second] = [ada!, bob!]
  await world.configure({ 'credit.minTrust': '0', 'credit.fallbackMinTrust': '0' })
  for (const to of [first.entity, second.entity, 'pool:azr-staking', 'credit-pool'])
    for (const token of ['AZR', 'BTA-UTIL']) await world.run(administrator, 'tokens.fund', { to, token, amount: '500' })
  const pending = await world.run(first, 'requests.create', { from: 'Bob', amount: '1' })
  const paid = await world.run(first, 'requests.create', { from: 'Bob', amount: '2' })
  await world.run(second, 'requests.fulfil', { id: paid.id })
  const held = await world.run(first, 'escrow.hold', { to: 'Bob', amount: '3' })
  const over = await world.run(first, 'escrow.hold', { to: 'Bob', amount: '3' })
  await world.run(second, 'escrow.release', { id: over.id })
  await world.run(first, 'tokens.lock', { token: 'AZR', amount: '10' })
  await world.run(first, 'pools.deposit', { id: 'azr-staking', amount: '100' })
  const given = await world.run(first, 'guarantees.create', { to: 'Bob', amount: '7', coverageBps: 5_000 })
  const auction = await world.run(administrator, 'auctions.open', { title: 'Storage', base: '2', endTs: world.clock.ts + 1_000_000 })
  await world.run(first, 'auctions.join', { id: auction.id })
  const application = await world.run(first, 'credit.apply', { amount: '20', purpose: 'personal' })
  const loan = await world.run(first, 'credit.accept', { id: application.id })
  const waiting = await world.run(first, 'credit.apply', { amount: '20', purpose: 'personal' })
  const { token } = await world.run(first, 'access-tokens.create', { name: 'x', scopes: ['tokens:read'] })
  const onCurve = { foreignAsset: 'AZR', initialPrice: '0.5', slope: '0.0001' }
  const curve = await world.run(administrator, 'curve.create', { ...onCurve, asset: 'BTA-UTIL', profile: 'thirds-burnt' })
  const simulated = await world.run(administrator, 'curve.create', { ...onCurve, asset: 'TOK', kind: 'simulated' })
  await world.run(first, 'curve.mint', { curveId: curve.id, payment: '10' })
  await world.treasury.runDue()
  texts = [
    ...[pending, paid, held, over, given, auction, application, loan, waiting, token, curve, simulated].map(({ id }) => id),
    ...[
      first.entity,
      'Bob',
      'Eve',
      'nobody',
      'treasury',
      'fees',
      'pool:azr-staking',
      'azr-staking',
      'curve:1:pool',
      'AZR',
      'BTA-UTIL',
      'TFT',
      'BTA-NONE',
    ],
    ...['pay-1', 'pay-0', 'pay-01', 'req--1', 'esc-999999999999999999999', 'loan-1; DROP TABLE audit', '__proto__', 'constructor', ' '],
    ...[
      '\u202e',
      '\ud800',
      "'; --",
      '%',
      'payments.feeBps',
      'collection',
      '11',
      'text,to\n1',
      '{"format":"granary-treasury-configuration"}',
    ],
    ...['x'.repeat(300), 'http://127.0.0.1:1/v1'],
  ]
  actors = [
    ...[nobody, administrator, first, second, eve!],
    ...[{ id: 'test:rest', entity: 'treasury' }, { id: '' }, { id: 'x'.repeat(500), entity: first.entity }],
  ]
})
afterAll(() => {
  expect(checkWhole(world.store)).toEqual([])
  world.close()
})

async function ask(name: TreasuryName, input: unknown, actor: Actor, key = `fuzz-${keys++}`): Promise<unknown> {
  return isTreasuryQuery(name) ? world.treasury.query(name, input, actor) : world.treasury.command(name, input, actor, key)
}

/** What it is refused with; null: it is not. Whatever is refused or only asked leaves no trace in any table. */
async function refusalOf(name: TreasuryName, input: unknown, actor: Actor, key?: string): Promise<AppError | null> {
  const before = traceOf(world.store)
  const refusal = await ask(name, input, actor, key).then(
    () => null,
    error => error as AppError,
  )
  if (refusal === null && !isTreasuryQuery(name)) return null
  const left = changedTables(before, traceOf(world.store)).filter(table => !(triesPassphrase.has(name) && triedAt.includes(table)))
  expect(left, `${name} left something`).toEqual([])
  if (refusal === null) return null
  expect(refusal, name).toBeInstanceOf(AppError)
  expect(errorCodes, refusal.message).toContain(refusal.code)
  expect(refusal.code, `${name}: ${refusal.message} ${String(refusal.cause)}`).not.toMatch(
    /^(internal|ledger\.refused|store\.corrupt|io\..*)$/,
  )
  expect(refusal.message.length, name).toBeGreaterThanOrEqual('ZeroAmount'.length)
  return refusal
}

function told(name: TreasuryName, input: unknown): string {
  const text = JSON.stringify(input, (_key, value) => (typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : value))
  return `GRANARY_SEED=${seed}: ${name} ${String(text).slice(0, 300)}`
}

describe.each(treasuryEntries)('%s', (name: TreasuryName, row: TreasuryRow) => {
  test('refuses what is no input and names the member; nothing moves', async () => {
    for (let run = 0; run < numRuns; run++) {
      const wrong = wrongInput(row, { random, texts })
      if (wrong === null) continue
      const { input, member } = wrong
      const refusal = await refusalOf(name, input, pick(random, actors))
      if (refusal === null) throw new Error(`${told(name, input)} was taken`)
      // of things that are for others, that is said first
      if (isForOthers.includes(refusal.code)) continue
      expect(refusal.code, told(name, input)).toBe('usage')
      if (member === null) expect(refusal.message, told(name, input)).toContain(name)
      else {
        expect(String(refusal.details?.field).split('.')[0], told(name, input)).toBe(member)
        expect(refusal.message, told(name, input)).toMatch(new RegExp(`^${member}\\b`))
      }
    }
  })

  test('by anybody, with anything that there is: done, or refused without a trace', async () => {
    const issued = () => new Map(tokens().map(token => [token, supplyOf(world.store, token)]))
    for (let run = 0; run < numRuns; run++) {
      const [input, actor] = [takenInput(row, { random, texts }), pick(random, actors)]
      try {
        await refusalOf(name, input, actor)
      } catch (error) {
        throw new Error(`${told(name, input)}, ${JSON.stringify(actor).slice(0, 80)}: ${(error as Error).message}`, { cause: error })
      }
    }
    // who was locked by chance, and a wait after wrong passphrases, are no part of the next test
    if (/^(entities|administrator)\./.test(name)) await admit()
    expect(checkMoney(world.store, issued())).toEqual([])
  })
})

test('a key that was used gives its answer again, and does nothing else', async () => {
  const [ada, bob] = [actors[2]!, actors[3]!]
  for (let run = 0; run < numRuns; run++) {
    const key = `used-${run}`
    const input = { to: bob.entity!, amount: '0.5', memo: String(run) }
    const answer = await world.run(ada, 'payments.send', input, key)
    const before = traceOf(world.store)
    expect(await world.run(ada, 'payments.send', input, key)).toEqual(answer)
    expect(changedTables(before, traceOf(world.store))).toEqual([])
    const [name, row] = pick(
      random,
      treasuryEntries.filter(([, { kind, who }]) => kind === 'command' && who === 'entity'),
    )
    const refusal = await refusalOf(name, { ...takenInput(row, { random, texts }), memo: 'another' }, ada, key)
    // what is wrong by itself is said first
    expect(refusal, name).not.toBeNull()
    const other = await refusalOf('payments.send', { ...input, amount: '0.6' }, ada, key)
    expect(other).toMatchObject({ code: 'idempotency.reused', details: { key, command: 'payments.send' } })
    // the same key of somebody else is another key
    await world.run(bob, 'payments.send' satisfies TreasuryCommandName, { ...input, to: ada.entity! }, key)
  }
})

function tokens(): string[] {
  return world.store.books.prepare('SELECT token FROM ledger_tokens').pluck().all() as string[]
}

async function admit(): Promise<void> {
  world.clock.ts += 4_000
  await world.treasury.runDue()
  await world.run(administrator, 'administrator.unlock', { passphrase: administratorPassphrase })
}
