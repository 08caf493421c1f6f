import { writeTransaction } from './db.ts'
import { dropNodeRuns } from './node-mints.ts'
import type { Store } from './open.ts'
import { chunkId, eventsId } from './periods.ts'
import { change, facts, rows } from './sql.ts'

/** Deletes what dropped and replaced imports left, chunk by chunk, so that no other writer waits long. */
export function sweep(store: Store): void {
  const gone = rows(store.facts, facts.selectFrom('imports').select('id').where('state', '=', 'dropping'))
  for (const { id } of gone) {
    const chunks = store.facts
      .prepare('SELECT id FROM chunks WHERE id >= ? AND id < ?')
      .pluck()
      .all(chunkId(id, 0), chunkId(id + 1, 0)) as number[]
    const dropEvents = store.facts.prepare('DELETE FROM events WHERE id >= ? AND id < ?')
    const dropChunk = store.facts.prepare('DELETE FROM chunks WHERE id = ?')
    for (const chunkRow of chunks)
      writeTransaction(store.facts, 'facts.db', () => {
        const chunk = chunkRow - chunkId(id, 0)
        dropEvents.run(eventsId(id, chunk, 0), eventsId(id, chunk + 1, 0))
        dropChunk.run(chunkRow)
      })
    writeTransaction(store.facts, 'facts.db', () => change(store.facts, facts.deleteFrom('imports').where('id', '=', id)))
  }
}

/** Takes a period with its results and any unfinished import out of the store. */
export function dropPeriod(store: Store, index: number): void {
  writeTransaction(store.facts, 'facts.db', () => {
    change(store.facts, facts.updateTable('imports').set({ state: 'dropping' }).where('period', '=', index))
    for (const table of ['period_results', 'node_results', 'node_texts'] as const)
      change(store.facts, facts.deleteFrom(table).where('period', '=', index))
    // the runs after it rest on it
    dropNodeRuns(store, index)
  })
  sweep(store)
}
