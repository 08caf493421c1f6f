import { type CompiledQuery, DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { type Db, prepared } from './db.ts'
import type { BooksTables, FactsTables } from './schema.ts'

/*
 * Queries by kysely. Apart from db.ts, as loading it takes longer than opening the store: what a mint reads before its first node is asked for
 * in SQL.
 */

/** Kysely as a typed writer of SQL only: transactions here are synchronous, its own drivers are not. */
function sqlBuilder<Tables>(): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: db => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}
export const facts = sqlBuilder<FactsTables>()
export const books = sqlBuilder<BooksTables>()

interface Compilable<Row> {
  compile(): CompiledQuery<Row>
}

/** Runs a query that gives rows. */
export function rows<Row>(db: Db, query: Compilable<Row>): Row[] {
  const { sql, parameters } = query.compile()
  return prepared(db, sql).all(...parameters) as Row[]
}

/** The first row, or undefined. */
export function row<Row>(db: Db, query: Compilable<Row>): Row | undefined {
  const { sql, parameters } = query.compile()
  return prepared(db, sql).get(...parameters) as Row | undefined
}

/** Runs a statement that changes something; gives the number of rows that it changed. */
export function change(db: Db, query: Compilable<unknown>): number {
  const { sql, parameters } = query.compile()
  return prepared(db, sql).run(...parameters).changes
}
