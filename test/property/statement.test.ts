import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readStatement } from '../../src-main/core/statement.ts'
import { parsePrices } from '../../src-main/engines/statement/prices-csv.ts'
import { marketValue } from '../../src-main/engines/statement/statement.ts'
import { statementCsv } from '../../src-main/engines/statement/statement-csv.ts'
import { savePrices } from '../../src-main/store/market-prices.ts'
import type { Store } from '../../src-main/store/open.ts'
import { sumRows } from '../../src-main/store/pay-lists.ts'
import { mirroredBalance } from '../../src-main/store/tft-mirror.ts'
import { parseCsv } from '../../src-shared/csv.ts'
import { tftExact, unitsFromTft } from '../../src-shared/money.ts'
import type { Statement } from '../../src-shared/statement.ts'
import { periodAt } from '../../src-shared/time.ts'
import { openLedger } from '../helpers/ledger.ts'
import { runs } from '../helpers/runs.ts'
import {
  booksNetwork,
  hashOf,
  keepFound,
  keepPeriod,
  keepRun,
  keepSeen,
  type MadeRow,
  payeeOf,
  receiptOf,
} from '../helpers/statement-books.ts'

let store: Store
let close: () => void

beforeAll(() => {
  ;({ store, close } = openLedger())
})
afterAll(() => close())

/** Around two turns of the year: period 80 ends on 2024-12-30, 92 on 2025-12-31. */
const PERIODS = [79, 80, 81, 92]
const FARMS = [1, 2]
const YEARS = [2024, 2025, 2026, 2027]
const ZONES = ['UTC', 'Pacific/Kiritimati', 'America/Anchorage', 'Europe/Brussels']
const CURRENCY = 'EUR'

const fates = ['paid', 'paid-twice-seen', 'retried', 'found', 'planned', 'failed', 'conflict', 'never'] as const

const receipt = fc.record({
  farmId: fc.constantFrom(...FARMS),
  // a receipt without a reward owes nothing
  amountUnits: fc.oneof(fc.bigInt(1n, 10n ** 14n), fc.bigInt(1n, 30n), fc.constant(0n)),
  musd: fc.bigInt(0n, 10n ** 9n),
  fate: fc.constantFrom(...fates),
  // days after the period's end, and a second of the day: also the first and the last
  days: fc.integer({ min: 0, max: 500 }),
  second: fc.oneof(fc.constantFrom(0, 86_399), fc.integer({ min: 0, max: 86_399 })),
})
const history = fc.record({
  periods: fc.array(fc.array(receipt, { maxLength: 6 }), { minLength: PERIODS.length, maxLength: PERIODS.length }),
  /** payments of which the receipt is not in the store */
  strangers: fc.array(
    fc.record({ farmId: fc.constantFrom(...FARMS), amountUnits: fc.bigInt(1n, 10n ** 12n), day: fc.integer({ min: 0, max: 900 }) }),
    {
      maxLength: 2,
    },
  ),
  prices: fc.dictionary(
    fc.integer({ min: 0, max: 900 }).map(day => dayOf(periodAt(79).end + day * 86_400)),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 999_999 }))
      .map(([whole, part]) => `${whole}.${String(part).padStart(6, '0')}`),
    { maxKeys: 60, noNullPrototype: true },
  ),
  zone: fc.constantFrom(...ZONES),
})
type History = typeof history extends fc.Arbitrary<infer T> ? T : never

const dayOf = (ts: number) => new Date(ts * 1000).toISOString().slice(0, 10)

interface Expected {
  /** by farm: what stands in the ledger, and what was found on Stellar besides */
  ledger: Map<number, bigint>
  found: Map<number, bigint>
  /** hashes that are paid, and that are owed and not paid */
  paid: Set<string>
  open: Set<string>
}

/** Writes a history down, and says from it alone what must come out. */
function keep({ periods, strangers, prices }: History): Expected {
  const expected: Expected = { ledger: new Map(), found: new Map(), paid: new Set(), open: new Set() }
  const add = (to: Map<number, bigint>, farmId: number, units: bigint) => to.set(farmId, (to.get(farmId) ?? 0n) + units)
  for (const [at, receipts] of periods.entries()) {
    const index = PERIODS[at]!
    keepPeriod(
      store,
      index,
      receipts.map(({ farmId, amountUnits, musd }, n) => ({ nodeId: n + 1, farmId, amountUnits, musd })),
    )
    const rows: MadeRow[] = []
    const seen: MadeRow[] = []
    for (const [n, { farmId, amountUnits, fate, days, second }] of receipts.entries()) {
      if (amountUnits === 0n) continue
      const hash = receiptOf(index, n + 1)
      const midnight = Math.floor(periodAt(index).end / 86_400 + 1 + days) * 86_400
      const paidTs = midnight + second
      const paid: MadeRow = {
        nodeId: n + 1,
        farmId,
        amountUnits,
        receipt: hash,
        origin: hash,
        stage: 'paid',
        tx: hashOf(`tx ${hash}`),
        paidTs,
      }
      const isPaid = fate === 'paid' || fate === 'paid-twice-seen' || fate === 'retried' || fate === 'found'
      if (isPaid) expected.paid.add(hash)
      else expected.open.add(hash)
      if (fate === 'found') {
        keepFound(store, hash, paidTs)
        add(expected.found, farmId, amountUnits)
      } else if (isPaid) {
        rows.push(fate === 'retried' ? { ...paid, receipt: hashOf(`retry ${hash}`) } : paid)
        // another run has a row that the same transaction paid: it counts once
        if (fate === 'paid-twice-seen') seen.push({ ...paid, stage: 'planned', tx: null, paidTs: null })
        add(expected.ledger, farmId, amountUnits)
      } else if (fate === 'conflict') rows.push({ ...paid, stage: 'conflict' })
      else if (fate !== 'never') rows.push({ ...paid, stage: fate, tx: null, paidTs: null })
    }
    // both runs were planned before either paid
    keepRun(store, `seen-${index}`, index, seen)
    keepRun(store, `run-${index}`, index, rows)
    const txs = rows.flatMap(({ origin, tx, paidTs }) => (tx !== null && paidTs !== null ? [[origin, { tx, paidTs }] as const] : []))
    keepSeen(store, `seen-${index}`, new Map(txs))
  }
  const lost = strangers.map(({ farmId, amountUnits, day }, n): MadeRow => {
    const hash = hashOf(`stranger ${n}`)
    add(expected.ledger, farmId, amountUnits)
    return {
      nodeId: 99,
      farmId,
      amountUnits,
      receipt: hash,
      origin: hash,
      stage: 'paid',
      tx: hashOf(`tx ${hash}`),
      paidTs: periodAt(79).end + day * 86_400,
    }
  })
  keepRun(store, 'run-lost', 60, lost)
  savePrices(store, CURRENCY, new Map([...Object.entries(prices), ['2018-01-01', '1']]))
  return expected
}

const sum = (amounts: Iterable<bigint>) => [...amounts].reduce((total, amount) => total + amount, 0n)

function checkSums(statement: Statement, prices: History['prices']): void {
  const { payments, days, nodes, total, missingDays } = statement
  for (const sums of [payments, days, nodes]) expect(sum(sums.map(({ amountUnits }) => amountUnits))).toBe(total.amountUnits)
  for (const sums of [days, nodes]) {
    expect(sum(sums.map(({ musd }) => musd))).toBe(total.musd)
    expect(sum(sums.map(({ valueHundredths }) => valueHundredths))).toBe(total.valueHundredths)
  }
  expect(sum(payments.map(({ musd }) => musd ?? 0n))).toBe(total.musd)
  for (const { day, price, amountUnits, valueHundredths } of payments) {
    expect(Number(day.slice(0, 4))).toBe(statement.year)
    // a day's own price or none, and never that of another day
    expect(price === null ? undefined : Number(price)).toBe(prices[day] === undefined ? undefined : Number(prices[day]))
    expect(valueHundredths).toBe(price === null ? null : marketValue(amountUnits, price))
  }
  expect(missingDays).toEqual([...new Set(payments.flatMap(({ day }) => (prices[day] === undefined ? [day] : [])))])
  expect(total.withoutValueUnits).toBe(sum(payments.flatMap(({ price, amountUnits }) => (price === null ? [amountUnits] : []))))
}

/** The file says what the value says. */
function checkFile(statement: Statement): void {
  const text = statementCsv(statement)
  expect(statementCsv(structuredClone(statement))).toBe(text)
  const [header, ...rows] = parseCsv(text)
  const tft = header!.cells.indexOf('tft')
  const of = (section: string) => rows.filter(({ cells }) => cells[0] === section).map(({ cells }) => unitsFromTft(cells[tft]!)!)
  expect(sum(of('payment'))).toBe(statement.total.amountUnits)
  expect(of('total')).toEqual([statement.total.amountUnits])
  expect(sum([...of('not paid'), ...of('other year')])).toBe(statement.apartUnits)
}

function check(of: History): void {
  const expected = keep(of)
  const all = FARMS.flatMap(farmId => {
    const known = of.periods.flat().some(one => one.farmId === farmId) || of.strangers.some(one => one.farmId === farmId)
    if (!known) return []
    const statements = YEARS.map(year =>
      readStatement({ facts: store, books: store }, { farmId, year, timeZone: of.zone, currency: CURRENCY }),
    )
    const totalUnits = sum(statements.map(({ total }) => total.amountUnits))
    const ledgerUnits = expected.ledger.get(farmId) ?? 0n
    // all years together are what the ledger has of the farm's account, to the unit, and what was found besides
    expect(tftExact(totalUnits)).toBe(tftExact(ledgerUnits + (expected.found.get(farmId) ?? 0n)))
    expect(mirroredBalance(store, booksNetwork, payeeOf(farmId))).toBe(ledgerUnits)
    return statements
  })
  // what the payout runs report as paid; what two of them know counts twice there
  const reported = sum([...PERIODS.map(index => `run-${index}`), 'run-lost'].map(runId => sumRows(store, runId).paidUnits))
  expect(sum(all.map(({ total }) => total.amountUnits))).toBe(reported + sum(expected.found.values()))
  const paid = all.flatMap(({ payments }) => payments.filter(({ musd }) => musd !== null))
  expect(paid.map(({ receipt }) => receipt).sort()).toEqual([...expected.paid].sort())
  const unpaid = new Set(all.flatMap(({ apart }) => apart.filter(({ paidDay }) => paidDay === null).map(one => one.receipt)))
  expect([...unpaid].sort()).toEqual([...expected.open].sort())
  for (const { apart } of all) for (const { reason } of apart) expect(reason).not.toBe('')
  for (const statement of all) {
    checkSums(statement, of.prices)
    checkFile(statement)
  }
}

test('a farm’s statements come to what its receipts were paid, what the payout runs report and what the ledger has, to the unit', () => {
  fc.assert(
    fc.property(history, of => {
      for (const db of [store.facts, store.books]) db.exec('SAVEPOINT one')
      try {
        check(of)
      } finally {
        for (const db of [store.facts, store.books]) db.exec('ROLLBACK TO one; RELEASE one')
      }
    }),
    runs(25),
  )
})

test('a price file is taken as a whole, or every wrong line is named', () => {
  const day = fc.integer({ min: 0, max: 400 }).map(n => dayOf(1_735_689_600 + n * 86_400))
  const good = fc.record({ day, price: fc.integer({ min: 1, max: 10 ** 9 }).map(n => `0.${String(n).padStart(10, '0')}`) })
  const bad = fc.constantFrom(
    '2025-02-30,1',
    '2025-02-01,0',
    '2025-02-01,-1',
    '2025-02-01,1e3',
    '2025-02-01',
    '2025-02-01,"1,5"',
    ',',
    '01/02/2025,1',
    '2025-02-01,.5',
  )
  fc.assert(
    fc.property(
      fc.uniqueArray(good, { minLength: 1, maxLength: 30, selector: one => one.day }),
      fc.array(fc.tuple(fc.nat(30), bad), { maxLength: 4 }),
      (lines, wrong) => {
        const texts = lines.map(one => `${one.day},${one.price}`)
        for (const [at, text] of wrong) texts.splice(Math.min(at, texts.length), 0, text)
        const text = `date,price\n${texts.join('\n')}\n`
        const wrongLines = texts.flatMap((one, i) => (wrong.some(([, other]) => other === one) ? [i + 2] : []))
        if (wrongLines.length === 0) {
          const { prices } = parsePrices(text)
          expect([...prices.keys()]).toEqual(lines.map(one => one.day).sort())
          for (const one of lines) expect(Number(prices.get(one.day))).toBe(Number(one.price))
          return
        }
        let message = ''
        try {
          parsePrices(text)
        } catch (error) {
          message = (error as Error).message
        }
        expect([...message.matchAll(/Line (\d+):/g)].map(([, n]) => Number(n))).toEqual(wrongLines)
      },
    ),
    runs(60),
  )
})
