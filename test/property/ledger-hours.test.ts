import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { initialiseTokens, moveTokens, type TokenOrder, TREASURY } from '../../src-main/core/treasury/tokens.ts'
import { countSteps, type FigureStep, flowsIn, stepAround, stepsOf } from '../../src-main/engines/tokens/figures.ts'
import { checkHours, keepHours, readHours, rebuildHours } from '../../src-main/jobs/ledger-hours.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { holdingsOf } from '../../src-main/store/ledger.ts'
import { entriesOf, HOUR_SEC } from '../../src-main/store/ledger-hours.ts'
import { statementBetween } from '../../src-main/store/ledger-statement.ts'
import type { Store } from '../../src-main/store/open.ts'
import { AppError } from '../../src-shared/errors.ts'
import { openLedger } from '../helpers/ledger.ts'
import { runs } from '../helpers/runs.ts'

/* Figures by the hour beside a count that knows nothing of hours, whatever is posted for times that are past. One ledger, a token for each run. */

const options = runs(20, 2_000)
let store: Store
let close: () => void
beforeAll(() => {
  ;({ store, close } = openLedger())
})
afterAll(() => close())

const entities = [TREASURY, 'ann', 'bob', 'cleo']
const someEntity = fc.constantFrom(...entities)
const someUnits = fc.bigInt(1n, 300n)
const someMove = fc.oneof(
  fc.record({ op: fc.constant('transfer' as const), from: someEntity, to: someEntity, amountUnits: someUnits }),
  fc.record({ op: fc.constant('mint' as const), to: someEntity, amountUnits: someUnits }),
  fc.record({ op: fc.constantFrom('burn' as const, 'lock' as const, 'unlock' as const), entity: someEntity, amountUnits: someUnits }),
)
const someTs = fc.integer({ min: 1_700_000_000, max: 1_700_000_000 + 60 * HOUR_SEC })
const someStep = fc.oneof(fc.record({ move: someMove, ts: someTs }), fc.record({ keepTs: someTs }))

let tokens = 0

test('are those of the entries themselves, at every step, and are kept as they would be counted anew', () => {
  fc.assert(
    fc.property(fc.array(someStep, { minLength: 3, maxLength: 40 }), fc.constantFrom<FigureStep>('hour', 'day', 'month'), (steps, step) => {
      const token = `T${tokens++}`
      const done: { order: TokenOrder; ts: number }[] = []
      writeTransaction(store.books, 'books.db', () =>
        initialiseTokens(store, [{ token, purpose: '', initialUnits: 500n, maxUnits: null }], { actor: 'test', ts: 1_700_000_000 }),
      )
      done.push({ order: { op: 'mint', token, to: TREASURY, amountUnits: 500n }, ts: 1_700_000_000 })
      for (const one of steps) {
        if ('keepTs' in one) {
          keepHours(store, one.keepTs)
          continue
        }
        const order = { ...one.move, token } as TokenOrder
        try {
          writeTransaction(store.books, 'books.db', () => moveTokens(store, order, { actor: 'test', ts: one.ts, memo: '' }))
          done.push({ order, ts: one.ts })
        } catch (error) {
          if (!(error instanceof AppError) || error.code === 'internal') throw error
        }
      }
      const [fromTs, toTs] = [1_700_000_000 + 5 * HOUR_SEC, 1_700_000_000 + 61 * HOUR_SEC]
      const { startTs } = stepAround(fromTs, step)
      const { before, hours } = readHours(store, token, startTs / HOUR_SEC, stepAround(toTs, step).nextTs / HOUR_SEC - 1)
      const found = stepsOf(hours, before, { fromTs, toTs, step })
      expect(found).toHaveLength(countSteps(fromTs, toTs, step, 1_000))
      for (const figures of found) {
        const endTs = stepAround(figures.ts, step).nextTs - 1
        const within = done.filter(({ ts }) => ts >= figures.ts && ts <= endTs)
        const sumOf = (...ops: string[]) =>
          within.filter(({ order }) => ops.includes(order.op)).reduce((sum, { order }) => sum + order.amountUnits, 0n)
        const held = entities.map(entity => {
          const { availableUnits = 0n, lockedUnits = 0n } = holdingsOf(store, entity, endTs).find(one => one.token === token) ?? {}
          return availableUnits + lockedUnits
        })
        const toItself = within
          .filter(({ order }) => order.op === 'transfer' && order.from === order.to)
          .reduce((sum, { order }) => sum + order.amountUnits, 0n)
        expect(figures).toEqual({
          ts: figures.ts,
          supplyUnits: held.reduce((sum, units) => sum + units, 0n),
          circulatingUnits: held.slice(1).reduce((sum, units) => sum + units, 0n),
          holders: held.filter(units => units > 0n).length,
          mintedUnits: sumOf('mint'),
          burntUnits: sumOf('burn'),
          transferredUnits: sumOf('transfer') - toItself,
          movements: within.length,
        })
      }
      // who gave and took comes to what each has more or less
      const nets = new Map<string, bigint>()
      for (const { postings } of entriesOf(store, token, fromTs, toTs))
        for (const { from, to, amountUnits } of flowsIn(postings)) {
          nets.set(from, (nets.get(from) ?? 0n) - amountUnits)
          nets.set(to, (nets.get(to) ?? 0n) + amountUnits)
        }
      for (const entity of entities) {
        const totalAt = (ts: number) => {
          const held = holdingsOf(store, entity, ts).find(one => one.token === token)
          return (held?.availableUnits ?? 0n) + (held?.lockedUnits ?? 0n)
        }
        expect(nets.get(entity) ?? 0n).toBe(totalAt(toTs) - totalAt(fromTs - 1))
        const lines = statementBetween(store, entity, token, { fromTs, toTs }, 1_000)
        expect(lines.reduce((sum, { amountUnits }) => sum + amountUnits, 0n)).toBe(totalAt(toTs) - totalAt(fromTs - 1))
      }
    }),
    options,
  )
  expect(checkHours(store)).toEqual([])
})

test('that were altered are found, and counted anew', () => {
  keepHours(store, 1_700_000_000 + 100 * HOUR_SEC)
  expect(keepHours(store, 1_700_000_000 + 100 * HOUR_SEC + 5)).toBe(false)
  store.books.exec("UPDATE ledger_hours SET holders = holders + 1 WHERE token = 'T0'; DELETE FROM ledger_hours WHERE token = 'T1'")
  const wrong = checkHours(store).join('\n')
  expect(wrong).toMatch(/The figures of T0 in the hour from 2023-11-14 22:00:00 UTC are others than its entries come to\./)
  expect(wrong).toMatch(/The figures of T1 .* are missing\./)
  writeTransaction(store.books, 'books.db', () => rebuildHours(store))
  expect(checkHours(store)).toEqual([])
})

test('months are those of the calendar, and several givers are paired to the unit', () => {
  const ts = (text: string) => Date.parse(text) / 1000
  expect(stepAround(ts('2024-02-29T23:59:59Z'), 'month')).toEqual({
    startTs: ts('2024-02-01T00:00:00Z'),
    nextTs: ts('2024-03-01T00:00:00Z'),
  })
  expect(stepAround(ts('2024-12-05T00:00:00Z'), 'month').nextTs).toBe(ts('2025-01-01T00:00:00Z'))
  const of = (entity: string, amountUnits: bigint) => ({ entity, isIssuance: false, amountUnits })
  expect(flowsIn([of('a', -5n), of('b', -2n), of('c', 4n), of('a', 1n), of('d', 2n)])).toEqual([
    { from: 'a', to: 'c', amountUnits: 4n },
    { from: 'b', to: 'd', amountUnits: 2n },
  ])
})
