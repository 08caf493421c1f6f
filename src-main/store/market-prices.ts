import { AppError } from '../../src-shared/errors.ts'
import type { PriceImport, PriceList } from '../../src-shared/statement.ts'
import type { Store } from './open.ts'

/** What one TFT cost in a currency, by day; empty where no price file of it was imported. */
export function loadPrices(store: Store, currency: string): Map<string, string> {
  const found = store.books.prepare('SELECT day, price FROM market_prices WHERE currency = ? ORDER BY day').all(currency) as {
    day: string
    price: string
  }[]
  return new Map(found.map(({ day, price }) => [day, price]))
}

export function listPrices(store: Store): PriceList[] {
  return store.books
    .prepare(
      `SELECT currency, count(*) AS days, min(day) AS firstDay, max(day) AS lastDay,
         CAST(julianday(max(day)) - julianday(min(day)) AS INTEGER) + 1 - count(*) AS gaps
       FROM market_prices GROUP BY currency ORDER BY currency`,
    )
    .all() as PriceList[]
}

/** Keeps prices; a day that had another one gets the new one. Whoever calls it holds the transaction (runCommand does). */
export function savePrices(
  store: Store,
  currency: string,
  prices: ReadonlyMap<string, string>,
): Pick<PriceImport, 'added' | 'changed' | 'unchanged'> {
  const before = loadPrices(store, currency)
  const insert = store.books.prepare('INSERT OR REPLACE INTO market_prices (currency, day, price) VALUES (?, ?, ?)')
  const done = { added: 0, changed: 0, unchanged: 0 }
  for (const [day, price] of prices) {
    const old = before.get(day)
    if (old === price) {
      done.unchanged++
      continue
    }
    insert.run(currency, day, price)
    if (old === undefined) done.added++
    else done.changed++
  }
  return done
}

/** Takes all prices of a currency out; whoever calls it holds the transaction. Throws AppError not-found. */
export function deletePrices(store: Store, currency: string): void {
  const { changes } = store.books.prepare('DELETE FROM market_prices WHERE currency = ?').run(currency)
  if (changes === 0)
    throw new AppError('not-found', `No prices in ${currency} are kept here, so there is nothing to remove.`, { details: { currency } })
}
