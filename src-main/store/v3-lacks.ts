import { writeTransaction } from './db.ts'
import type { Store } from './open.ts'
import type { StoredPeriod } from './periods.ts'
import { loadNote, saveNote } from './settings.ts'
import { books, change } from './sql.ts'

/*
 * Periods that rule set v3 finds inconsistent, where the network pays them by its nodes' own periods: they are stored without results, and
 * why is kept in the books, with the hash of the facts that it rests on.
 */

type Place = Pick<StoredPeriod, 'network' | 'index' | 'digest'>

/** Keeps why v3 gives nothing for a period, or with null that it does. Throws AppError store.busy, io.full. */
export function saveV3Lack(store: Store, period: Place, why: string | null): void {
  const name = nameOf(period)
  if (why === null && loadNote(store, name) === undefined) return
  writeTransaction(store.books, 'books.db', () => {
    if (why === null) change(store.books, books.deleteFrom('settings').where('name', '=', name))
    else saveNote(store, name, { digest: period.digest, why })
  })
}

/** Why v3 gives nothing for a period as it is stored now; null: it does, or it was not computed yet. */
export function loadV3Lack(store: Store, period: Place): string | null {
  const note = loadNote(store, nameOf(period)) as { digest?: unknown; why?: unknown } | undefined
  return note?.digest === period.digest && typeof note.why === 'string' ? note.why : null
}

/** What is said of such a period, wherever its figures are asked for. */
export function v3LackText(index: number, why: string): string {
  return `Period ${index} has no figures by rule set v3, which finds its data inconsistent: ${why} The network pays this period by its nodes' own periods, which are worked out.`
}

function nameOf({ network, index }: Place): string {
  return `v3-lack/${network}/${index}`
}
