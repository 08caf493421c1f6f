import type { Store } from './open.ts'

/** Changes of the treasury's settings, a row each, for good: the newest of a name counts. */
export const booksParameters = `
  CREATE TABLE treasury_parameters (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)),
    ts INTEGER NOT NULL,
    actor TEXT NOT NULL
  ) STRICT;
  CREATE INDEX treasury_parameters_name ON treasury_parameters (name, version);
  CREATE TRIGGER treasury_parameters_no_update BEFORE UPDATE ON treasury_parameters
    BEGIN SELECT RAISE(ABORT, 'a change of a setting stays'); END;
  CREATE TRIGGER treasury_parameters_no_delete BEFORE DELETE ON treasury_parameters
    BEGIN SELECT RAISE(ABORT, 'a change of a setting stays'); END;
  CREATE TRIGGER treasury_parameters_in_order BEFORE INSERT ON treasury_parameters
    WHEN NEW.version <> (SELECT coalesce(max(version), 0) + 1 FROM treasury_parameters)
    BEGIN SELECT RAISE(ABORT, 'changes of settings follow each other'); END;
`

export interface ParameterChange {
  version: number
  name: string
  /** JSON */
  value: string
  changedTs: number
  changedBy: string
}

const COLUMNS = 'version, name, value, ts AS changedTs, actor AS changedBy'

/** How many changes there were. */
export function parametersVersion(store: Store): number {
  return store.books.prepare('SELECT coalesce(max(version), 0) FROM treasury_parameters').pluck().get() as number
}

/** The newest change of each name. */
export function loadParameters(store: Store): Map<string, ParameterChange> {
  const sql = `SELECT ${COLUMNS} FROM treasury_parameters WHERE version IN (SELECT max(version) FROM treasury_parameters GROUP BY name)`
  const found = store.books.prepare(sql).all() as ParameterChange[]
  return new Map(found.map(change => [change.name, change]))
}

/** Keeps a change; gives its version. Whoever calls it holds the transaction. */
export function insertParameter(store: Store, { name, value, changedTs, changedBy }: Omit<ParameterChange, 'version'>): number {
  const version = parametersVersion(store) + 1
  store.books.prepare('INSERT INTO treasury_parameters VALUES (?, ?, ?, ?, ?)').run(version, name, value, changedTs, changedBy)
  return version
}

/** A page of the changes, newest first; `name` null: of all. */
export function listParameterChanges(
  store: Store,
  name: string | null,
  { offset, limit }: { offset: number; limit: number },
): { rows: ParameterChange[]; total: number } {
  const where = 'FROM treasury_parameters WHERE ?1 IS NULL OR name = ?1'
  const rows = store.books
    .prepare(`SELECT ${COLUMNS} ${where} ORDER BY version DESC LIMIT ?2 OFFSET ?3`)
    .all({ 1: name, 2: limit, 3: offset })
  const total = store.books.prepare(`SELECT count(*) ${where}`).pluck().get({ 1: name }) as number
  return { rows: rows as ParameterChange[], total }
}
