import { afterAll, expect, test } from 'vitest'
import { initialiseTokens, moveTokens, type TokenOrder, TREASURY } from '../../src-main/core/treasury/tokens.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { balanceOf, listLedgerTokens, supplyOf } from '../../src-main/store/ledger.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { defaultTokens } from '../../src-shared/treasury/tokens.ts'
import { readVectors, refusalOf, vectorUnits } from '../helpers/economy.ts'
import { openLedger } from '../helpers/ledger.ts'

/* Tokens on a ledger on the disk, against the vectors of the specification. */

interface Step {
  op: 'transfer' | 'lock' | 'unlock' | 'burn' | 'burn_locked'
  amount: string
  error?: string
  available: string
  locked: string
  balance: string
}
const vectors = readVectors<{
  tokens: { symbol: string; initial: string; max: string | null }[]
  mint: { symbol: string; amount: string; error?: string; total_supply?: string }[]
  ledger_sequences: { start: { available: string; locked: string }; steps: Step[] }[]
}>('bta')

const { store, close } = openLedger()
afterAll(close)
const doing = { actor: 'test', ts: 1_700_000_000, memo: '' }
const move = (order: TokenOrder) => writeTransaction(store.books, 'books.db', () => moveTokens(store, order, doing))

test('the initial supply is the treasury’s, once', () => {
  const initialise = () => writeTransaction(store.books, 'books.db', () => initialiseTokens(store, defaultTokens, doing))
  expect(initialise()).toHaveLength(6)
  expect(initialise()).toEqual([])
  const most = new Map(listLedgerTokens(store).map(({ token, maxUnits }) => [token, maxUnits]))
  for (const { symbol, initial, max } of vectors.tokens) {
    expect(balanceOf(store, TREASURY, symbol).availableUnits).toBe(vectorUnits(initial))
    expect(most.get(symbol)).toBe(max === null ? null : vectorUnits(max))
  }
  expect(formatAmount(supplyOf(store, 'AZR'))).toBe('1000000000')
})

test.each(vectors.mint)('minting $amount $symbol', ({ symbol, amount, error, total_supply }) => {
  const before = supplyOf(store, symbol)
  const mint = () => move({ op: 'mint', token: symbol, to: 'ann', amountUnits: vectorUnits(amount) })
  expect(refusalOf(mint)).toBe(error ?? null)
  expect(supplyOf(store, symbol)).toBe(total_supply === undefined ? before : vectorUnits(total_supply))
})

test.each(vectors.ledger_sequences.map((sequence, at) => ({ ...sequence, at })))('sequence $at', ({ start, steps, at }) => {
  const entity = `holder-${at}`
  move({ op: 'transfer', token: 'AZR', from: TREASURY, to: entity, amountUnits: vectorUnits(start.available) })
  expect(start.locked).toBe('0')
  for (const { op, amount, error, available, locked, balance } of steps) {
    const amountUnits = vectorUnits(amount)
    const order: TokenOrder =
      op === 'transfer'
        ? { op, token: 'AZR', from: entity, to: 'somebody', amountUnits }
        : { op: op === 'burn_locked' ? 'burn-locked' : op, token: 'AZR', entity, amountUnits }
    expect(refusalOf(() => move(order))).toBe(error ?? null)
    const held = balanceOf(store, entity, 'AZR')
    expect([held.availableUnits, held.lockedUnits, held.availableUnits + held.lockedUnits].map(formatAmount)).toEqual([
      available,
      locked,
      balance,
    ])
  }
})

test('a token that is not there is not found', () => {
  expect(refusalOf(() => move({ op: 'lock', token: 'AZ', entity: 'ann', amountUnits: 1n }))).toBe('Token not found')
})
