import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialiseTokens, moveTokens, type TokenOrder, TREASURY } from '../../src-main/core/treasury/tokens.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import {
  balanceOf,
  checkLedger,
  type EntryOrder,
  holdersOf,
  holdingsOf,
  type Posting,
  post,
  postAll,
  statementOf,
  supplyOf,
} from '../../src-main/store/ledger.ts'
import { AppError } from '../../src-shared/errors.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { formatAmount, parseAmount } from '../../src-shared/treasury/amounts.ts'
import { openLedger } from '../helpers/ledger.ts'
import { runs } from '../helpers/runs.ts'

const { numRuns, seed } = runs(30, 5_000)
const options = { numRuns, seed }

describe('amounts', () => {
  test('are read back from what was written', () => {
    fc.assert(
      fc.property(fc.bigInt(-MAX_UNITS, MAX_UNITS), amountUnits => {
        expect(parseAmount(formatAmount(amountUnits), 'amount')).toBe(amountUnits)
      }),
      options,
    )
  })

  test('any other text is refused, naming the field', () => {
    const plain = /^-?\d+(\.\d{1,7})?$/
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[-+.,\de ]{1,25}$/)), text => {
        if (plain.test(text) && text.replace(/\D/g, '').length <= 12) return void parseAmount(text, 'amount')
        if (plain.test(text)) return
        expect(() => parseAmount(text, 'your field')).toThrow(/"your field"/)
      }),
      options,
    )
    for (const given of [1, 1.5, 1n, null, undefined, {}, Number.NaN, '', '1e3', '1,5', '0.00000001', '922337203685.4775808', '１'])
      expect(() => parseAmount(given, 'amount')).toThrow(AppError)
    expect(parseAmount('922337203685.4775807', 'amount')).toBe(MAX_UNITS)
  })
})

const entities = [TREASURY, 'ann', 'bob', 'cleo']
const tokens = ['GOLD', 'RICE']
const mostUnits = 1_000n

/** Amounts around what is there, and such as no account can hold. */
const someUnits = fc.oneof({ weight: 9, arbitrary: fc.bigInt(-2n, 400n) }, { weight: 1, arbitrary: fc.constantFrom(MAX_UNITS, mostUnits) })
const someEntity = fc.constantFrom(...entities)
const someOrder: fc.Arbitrary<TokenOrder> = fc.oneof(
  fc.record({
    op: fc.constant('transfer' as const),
    token: fc.constantFrom(...tokens, 'NONE'),
    from: someEntity,
    to: someEntity,
    amountUnits: someUnits,
  }),
  fc.record({ op: fc.constant('mint' as const), token: fc.constantFrom(...tokens), to: someEntity, amountUnits: someUnits }),
  fc.record({
    op: fc.constantFrom('burn' as const, 'lock' as const, 'unlock' as const, 'burn-locked' as const),
    token: fc.constantFrom(...tokens),
    entity: someEntity,
    amountUnits: someUnits,
  }),
)

describe('any sequence of orders', () => {
  // one for all runs, each of which is undone: to make books takes longer than what is tried on them
  const { store, close } = openLedger()
  afterAll(close)

  test('balances at every step, overdraws nobody, and leaves no trace where it is refused; what was posted gives every balance at any time', () => {
    fc.assert(
      fc.property(fc.array(someOrder, { minLength: 5, maxLength: 60 }), orders => {
        store.books.exec('SAVEPOINT run')
        try {
          const all = () => entities.map(entity => holdingsOf(store, entity))
          const definitions = tokens.map((token, at) => ({
            token,
            purpose: '',
            initialUnits: 500n,
            maxUnits: at === 0 ? mostUnits : null,
          }))
          writeTransaction(store.books, 'books.db', () => initialiseTokens(store, definitions, { actor: 'test', ts: 0 }))
          const past: ReturnType<typeof all>[] = [all()]
          const issued = new Map(tokens.map(token => [token, 500n]))
          for (const [at, order] of orders.entries()) {
            const before = all()
            try {
              writeTransaction(store.books, 'books.db', () => moveTokens(store, order, { actor: 'test', ts: at + 1, memo: '' }))
              const change = order.op === 'mint' ? order.amountUnits : order.op.startsWith('burn') ? -order.amountUnits : 0n
              issued.set(order.token, issued.get(order.token)! + change)
            } catch (error) {
              if (!(error instanceof AppError) || error.code === 'internal') throw error
              expect(all()).toEqual(before)
            }
            for (const token of tokens) {
              const held = entities.reduce((sum, entity) => {
                const { availableUnits, lockedUnits } = balanceOf(store, entity, token)
                expect(availableUnits >= 0n && lockedUnits >= 0n).toBe(true)
                return sum + availableUnits + lockedUnits
              }, 0n)
              expect(supplyOf(store, token)).toBe(issued.get(token))
              expect(held).toBe(issued.get(token))
            }
            past.push(all())
          }
          expect(checkLedger(store)).toEqual([])
          for (const [at, holdings] of past.entries())
            for (const [which, entity] of entities.entries())
              for (const { token, ...then } of holdings[which]!) expect(balanceOf(store, entity, token, at)).toEqual(then)
          // an account's statement comes to its balance
          for (const entity of entities)
            for (const token of tokens) {
              const { rows, total } = statementOf(store, entity, token, { offset: 0, limit: 1_000 })
              expect(rows).toHaveLength(total)
              const sumOf = (part: string) => rows.filter(row => row.part === part).reduce((sum, row) => sum + row.amountUnits, 0n)
              expect({ availableUnits: sumOf('available'), lockedUnits: sumOf('locked') }).toEqual(balanceOf(store, entity, token))
            }
          for (const token of tokens)
            expect(
              holdersOf(store, token, { offset: 0, limit: 10 }).reduce((sum, row) => sum + row.availableUnits + row.lockedUnits, 0n),
            ).toBe(issued.get(token))
        } finally {
          store.books.exec('ROLLBACK TO run; RELEASE run')
        }
      }),
      { ...options, numRuns: Math.min(numRuns, 1_000) },
    )
  }, 600_000)
})

describe('the database refuses by itself', () => {
  const { store, close } = openLedger()
  const write = <T>(work: () => T) => writeTransaction(store.books, 'books.db', work)
  const sql = (text: string) => write(() => store.books.exec(text))
  const postings = (...list: [string, Posting['part'], bigint][]): Posting[] =>
    list.map(([entity, part, amountUnits]) => ({ entity, part, amountUnits, token: 'GOLD' }))
  const order = (list: Posting[]) => ({ kind: 'TRANSFER' as const, ts: 1, actor: 'test', memo: '', postings: list })
  beforeAll(() => {
    const rice = { token: 'RICE', purpose: '', initialUnits: 0n, maxUnits: null }
    write(() =>
      initialiseTokens(store, [{ token: 'GOLD', purpose: '', initialUnits: 500n, maxUnits: 900n }, rice], { actor: 'test', ts: 0 }),
    )
    write(() => post(store, order(postings([TREASURY, 'available', -100n], ['ann', 'available', 60n], ['ann', 'locked', 40n]))))
  })
  afterAll(close)
  const state = () => JSON.stringify([TREASURY, 'ann'].map(entity => holdingsOf(store, entity).map(each => String(Object.values(each)))))

  test.each([
    [
      'an entry that does not balance',
      () => write(() => post(store, order(postings([TREASURY, 'available', -1n], ['ann', 'available', 2n])))),
    ],
    ['an entry of nothing', () => write(() => post(store, order([])))],
    ['an overdraft', () => write(() => post(store, order(postings(['ann', 'available', -61n], [TREASURY, 'available', 61n]))))],
    ['an overdraft of what is locked', () => write(() => post(store, order(postings(['ann', 'locked', -41n], ['ann', 'available', 41n]))))],
    [
      'more than there may be',
      () => write(() => post(store, order(postings(['issuance', 'issuance', -401n], ['ann', 'available', 401n])))),
    ],
    [
      'a sum past 64 bits',
      () => write(() => post(store, order(postings(['ann', 'available', MAX_UNITS], ['bob', 'available', -MAX_UNITS])))),
    ],
    [
      'a number past 64 bits',
      () => write(() => post(store, order(postings(['ann', 'available', 2n ** 64n], ['bob', 'available', -(2n ** 64n)])))),
    ],
    [
      'an entry that balances only across tokens',
      () =>
        write(() =>
          post(
            store,
            order([...postings([TREASURY, 'available', -1n]), { entity: 'ann', token: 'RICE', part: 'available', amountUnits: 1n }]),
          ),
        ),
    ],
    [
      'postings into an entry that stands, by an account that moved since',
      () =>
        sql(
          "INSERT INTO ledger_postings SELECT 1, 9, id, -100 FROM ledger_accounts WHERE entity = 'treasury' AND part = 'available' AND token = 'GOLD'",
        ),
    ],
    ['a second issuance', () => write(() => post(store, order(postings(['mallory', 'issuance', -5n], ['ann', 'available', 5n]))))],
    ['an unknown token', () => write(() => post(store, order([{ entity: 'ann', token: 'IRON', part: 'available', amountUnits: 1n }])))],
    [
      'postings without an entry',
      () => sql("INSERT INTO ledger_postings SELECT 99, 0, id, 5 FROM ledger_accounts WHERE entity = 'ann' LIMIT 1"),
    ],
    [
      'postings into an entry that stands',
      () => sql("INSERT INTO ledger_postings SELECT 1, 9, id, 5 FROM ledger_accounts WHERE entity = 'ann' LIMIT 1"),
    ],
    ['another amount', () => sql('UPDATE ledger_postings SET amount = amount * 2')],
    ['a posting less', () => sql('DELETE FROM ledger_postings WHERE entry = 2')],
    ['another entry', () => sql("UPDATE ledger_entries SET memo = 'other'")],
    ['an entry less', () => sql('DELETE FROM ledger_entries WHERE id = 2')],
    ['a balance by hand', () => sql("UPDATE ledger_accounts SET balance = balance + 1 WHERE entity = 'ann'")],
    [
      'an account that begins with something',
      () => sql("INSERT INTO ledger_accounts (entity, token, part, balance) VALUES ('eve', 'GOLD', 'available', 5)"),
    ],
    ['another owner', () => sql("UPDATE ledger_accounts SET entity = 'eve' WHERE entity = 'ann'")],
    ['a higher limit', () => sql('UPDATE ledger_tokens SET max_units = NULL')],
  ])('%s', (_what, work) => {
    const before = state()
    expect(work).toThrow(AppError)
    expect(state()).toBe(before)
    expect(checkLedger(store)).toEqual([])
  })

  test('an entry of several tokens is taken where each of them balances', () => {
    const of = (token: string, entity: string, part: Posting['part'], amountUnits: bigint): Posting => ({
      token,
      entity,
      part,
      amountUnits,
    })
    const list = [
      of('RICE', 'issuance', 'issuance', -3n),
      of('GOLD', 'ann', 'available', -2n),
      of('RICE', 'ann', 'available', 3n),
      of('GOLD', TREASURY, 'available', 2n),
    ]
    write(() => post(store, order(list)))
    expect(balanceOf(store, 'ann', 'RICE').availableUnits).toBe(3n)
    expect(checkLedger(store)).toEqual([])
  })

  test('what was altered past it is found', () => {
    const { books } = store
    books.exec('SAVEPOINT altered; DROP TRIGGER ledger_accounts_follow; UPDATE ledger_accounts SET balance = balance + 1 WHERE id = 1')
    expect(checkLedger(store)).not.toEqual([])
    books.exec(
      'ROLLBACK TO altered; DROP TRIGGER ledger_postings_fixed; UPDATE ledger_postings SET amount = amount + 1 WHERE entry = 2 AND place = 0',
    )
    expect(checkLedger(store).join()).toMatch(/Entry 2 does not balance/)
    books.exec('ROLLBACK TO altered; RELEASE altered')
    expect(checkLedger(store)).toEqual([])
  })
})

describe('entries that are written together', () => {
  const { store, close } = openLedger()
  afterAll(close)
  beforeAll(() => {
    const definitions = tokens.map(token => ({ token, purpose: '', initialUnits: 500n, maxUnits: null }))
    writeTransaction(store.books, 'books.db', () => initialiseTokens(store, definitions, { actor: 'test', ts: 0 }))
  })
  /** What the work leaves, or that it is refused; undone afterwards. */
  const outcomeOf = (work: () => bigint[]) => {
    store.books.exec('SAVEPOINT together')
    try {
      const ids = work()
      const page = { offset: 0, limit: 10_000 }
      const statements = entities.map(entity => statementOf(store, entity, null, page))
      return { ids, statements, held: entities.map(entity => holdingsOf(store, entity)), problems: checkLedger(store) }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return error.code
    } finally {
      store.books.exec('ROLLBACK TO together; RELEASE together')
    }
  }
  // accounts whose names are alike when they are put together carelessly
  const someMove = fc.record({
    from: fc.constantFrom(...entities, 'available GOLD ann'),
    to: fc.constantFrom(...entities, 'available GOLD ann', 'GOLD ann'),
    token: fc.constantFrom(...tokens),
    amountUnits: fc.bigInt(0n, 12n),
    part: fc.constantFrom('available' as const, 'locked' as const),
  })
  const orderOf = (
    { from, to, token, amountUnits, part }: typeof someMove extends fc.Arbitrary<infer T> ? T : never,
    ts: number,
  ): EntryOrder => ({
    ...{ kind: 'TRANSFER', ts, actor: 'test', memo: `move ${ts}` },
    postings: [
      { entity: from, token, part: 'available', amountUnits: -amountUnits },
      { entity: to, token, part, amountUnits: amountUnits / 2n },
      { entity: 'fees', token, part: 'available', amountUnits: amountUnits - amountUnits / 2n },
    ],
  })

  test('are what they would be one by one, and refused where one of them is', () => {
    const seen = { taken: 0, refused: 0 }
    fc.assert(
      fc.property(fc.array(someMove, { maxLength: 90 }), fc.boolean(), (moves, isFunded) => {
        const funds = isFunded
          ? entities.slice(1).flatMap(to => tokens.map(token => ({ from: TREASURY, to, token, amountUnits: 120n })))
          : []
        const orders = [...funds.map(fund => ({ ...fund, part: 'available' as const })), ...moves].map(orderOf)
        const together = outcomeOf(() => postAll(store, orders))
        expect(together).toEqual(outcomeOf(() => orders.map(order => post(store, order))))
        seen[typeof together === 'string' ? 'refused' : 'taken']++
      }),
      { ...options, numRuns: Math.min(numRuns, 200) },
    )
    expect(seen.taken * seen.refused).toBeGreaterThan(0)
  })
})
