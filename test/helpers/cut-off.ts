import type { Store } from '../../src-main/store/open.ts'

/** What every error of a write that was cut off says. */
export const CUT_OFF = 'the machine gave up'

export interface CutOff {
  /** the write after so many others fails, and the books go on: `once`; or everything after it fails too, as with a machine that is off: `off` */
  after(writes: number, how: 'once' | 'off'): void
  /** nothing fails any more */
  never(): void
  /** whether it came since it was set */
  happened(): boolean
}

/**
 * Makes writes to the books fail in the middle of their transactions: a trigger before each change of each table, of this connection alone.
 * What is written after the commands at its own time (a look by watchfulness, what an analyst was asked) is left out, so that the same seed
 * cuts off the same write.
 */
export function cutOffOf({ books }: Pick<Store, 'books'>): CutOff {
  let left = Number.POSITIVE_INFINITY
  let how: 'once' | 'off' = 'once'
  let hasHappened = false
  // 0: goes on; 1: this statement fails; 2: the whole transaction is undone
  books.function('granary_cut_off', () => {
    if (left-- > 0) return 0
    hasHappened = true
    if (how === 'off') return 2
    left = Number.POSITIVE_INFINITY
    return 1
  })
  const tables = books
    .prepare(
      "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT IN (SELECT value FROM json_each(?))",
    )
    .pluck()
    .all(
      JSON.stringify(['treasury_watch', 'treasury_marks', 'treasury_mark_evidence', 'credit_asked', 'ledger_hours', 'ledger_hours_until']),
    ) as string[]
  for (const table of tables)
    for (const change of ['INSERT', 'UPDATE', 'DELETE'])
      books.exec(`CREATE TEMP TRIGGER cut_off_${table}_${change} BEFORE ${change} ON main.${table} BEGIN
        SELECT CASE granary_cut_off() WHEN 1 THEN RAISE(ABORT, '${CUT_OFF}') WHEN 2 THEN RAISE(ROLLBACK, '${CUT_OFF}') END;
      END`)
  return {
    after(writes, chosen) {
      left = writes
      how = chosen
      hasHappened = false
    },
    never() {
      left = Number.POSITIVE_INFINITY
      hasHappened = false
    },
    happened: () => hasHappened,
  }
}
