import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../src-shared/errors.ts'
import { booksAccessTokens } from './access-tokens.ts'
import { booksAlerts } from './alerts-tables.ts'
import { booksAuditHeads } from './audit-head-tables.ts'
import { booksChainCalls, booksChainWords } from './chain-calls-tables.ts'
import { booksChainCurves } from './chain-curves-tables.ts'
import { booksDao } from './dao-tables.ts'
import { type Db, type DbKind, storeError } from './db.ts'
import { booksExports } from './exports-tables.ts'
import { makePrivateFile } from './files.ts'
import { booksLedgerHours } from './ledger-hours-tables.ts'
import { booksLedgerReads } from './ledger-read-tables.ts'
import { booksLedger, booksLedgerFaster } from './ledger-tables.ts'
import { booksPayReports } from './pay-report-tables.ts'
import { booksPaymentMarks } from './payment-marks-tables.ts'
import { booksRestored } from './restored-tables.ts'
import { booksRuns } from './runs-tables.ts'
import { booksSchedule } from './schedule-tables.ts'
import { booksSecrets } from './sealed-secrets.ts'
import { booksStrayPayments } from './stray-payments-tables.ts'

import { booksCredit } from './treasury-credit-tables.ts'
import { booksCurve } from './treasury-curve-tables.ts'
import { booksGovernance } from './treasury-governance-tables.ts'
import { booksParameters } from './treasury-parameters.ts'
import { booksMarkGroups, booksPayments } from './treasury-payments-tables.ts'
import { booksPools } from './treasury-pools-tables.ts'
import { booksRewards } from './treasury-rewards-tables.ts'
import { booksStaking } from './treasury-staking-tables.ts'
import { booksTreasury } from './treasury-tables.ts'
import { booksTrust } from './treasury-trust.ts'

/** Applied in order, each in a transaction of its own; a migration that has been released is never changed again. */
export type Migrations = Record<DbKind, readonly string[]>

const facts1 = `
  CREATE TABLE imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    period INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('writing', 'current', 'dropping')),
    network TEXT NOT NULL,
    period_start INTEGER NOT NULL,
    period_end INTEGER NOT NULL,
    start_block INTEGER NOT NULL,
    end_block INTEGER NOT NULL,
    end_ts INTEGER NOT NULL,
    nodes INTEGER NOT NULL,
    farms INTEGER NOT NULL,
    source TEXT NOT NULL,
    identity TEXT NOT NULL,
    start_hash TEXT NOT NULL,
    end_hash TEXT NOT NULL,
    chunks INTEGER NOT NULL DEFAULT 0,
    events INTEGER NOT NULL DEFAULT 0,
    last_block INTEGER NOT NULL DEFAULT -1,
    position TEXT,
    covered_block INTEGER NOT NULL DEFAULT -1,
    covered_ts INTEGER NOT NULL DEFAULT 0,
    digest TEXT,
    started_ts INTEGER NOT NULL,
    finished_ts INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX imports_current ON imports (period) WHERE state = 'current';
  CREATE UNIQUE INDEX imports_writing ON imports (period) WHERE state = 'writing';
  CREATE TABLE snapshots (
    import_id INTEGER NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    part TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (import_id, part)
  ) STRICT;
  CREATE TABLE chunks (id INTEGER PRIMARY KEY, head BLOB NOT NULL) STRICT;
  CREATE TABLE events (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
  CREATE TABLE period_results (
    period INTEGER PRIMARY KEY,
    facts_digest TEXT NOT NULL,
    summary TEXT NOT NULL
  ) STRICT;
  CREATE TABLE node_results (
    period INTEGER NOT NULL,
    node_id INTEGER NOT NULL,
    twin_id INTEGER NOT NULL,
    farm_id INTEGER NOT NULL,
    farm_name TEXT NOT NULL,
    payout_address TEXT NOT NULL,
    policy_id INTEGER NOT NULL,
    certified INTEGER NOT NULL,
    virtualized INTEGER NOT NULL,
    country TEXT NOT NULL,
    city TEXT NOT NULL,
    violation TEXT,
    measured_uptime_sec INTEGER NOT NULL,
    slow_boots INTEGER NOT NULL,
    last_report_ts INTEGER,
    sleeping_since_ts INTEGER,
    reward_musd TEXT NOT NULL,
    reward_units TEXT NOT NULL,
    full_musd TEXT NOT NULL,
    full_units TEXT NOT NULL,
    sla_permille INTEGER NOT NULL,
    scaled INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (period, node_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX node_results_node ON node_results (node_id, period);
  CREATE INDEX node_results_hash ON node_results (hash);
  CREATE TABLE node_texts (
    period INTEGER NOT NULL,
    node_id INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    overview_line TEXT NOT NULL,
    days BLOB NOT NULL,
    PRIMARY KEY (period, node_id)
  ) STRICT;
`

/** The start snapshot once more, in parts of 64 nodes: one node's page reads only the part of that node (see mint-input.ts). */
const facts2 = `
  CREATE TABLE start_parts (
    import_id INTEGER NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    bucket INTEGER NOT NULL,
    json TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (import_id, bucket)
  ) STRICT;
`

/** What the sync keeps. */
const factsSync = `
  ALTER TABLE imports ADD COLUMN origin TEXT NOT NULL DEFAULT 'archive' CHECK (origin IN ('archive', 'sync'));
  ALTER TABLE imports ADD COLUMN scope TEXT;
  ALTER TABLE imports ADD COLUMN covered_hash TEXT NOT NULL DEFAULT '';
  CREATE TABLE chain (id INTEGER PRIMARY KEY CHECK (id = 1), network TEXT NOT NULL, genesis TEXT NOT NULL) STRICT;
  CREATE TABLE runtimes (spec_version INTEGER PRIMARY KEY, first_block INTEGER NOT NULL, metadata BLOB NOT NULL) STRICT;
  CREATE TABLE blocks (n INTEGER PRIMARY KEY, hash BLOB NOT NULL, ts INTEGER NOT NULL) STRICT;
`

/** What projections need of a node whose period is not final; results of such periods are computed again to have it. */
const factsOutlook = `
  ALTER TABLE node_results ADD COLUMN outlook TEXT;
  UPDATE period_results SET facts_digest = '' WHERE json_extract(summary, '$.provisional');
`

/** What rule set node-period gives for each fixed period of the store (see node-mints.ts); a run takes along what belongs to it. */
const factsNodePeriod = `
  CREATE TABLE node_runs (
    period INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    covered_block INTEGER NOT NULL,
    open INTEGER NOT NULL,
    mints INTEGER NOT NULL,
    buckets TEXT NOT NULL,
    computed_ts INTEGER NOT NULL,
    problems TEXT NOT NULL
  ) STRICT;
  CREATE TABLE node_states (
    period INTEGER NOT NULL REFERENCES node_runs (period) ON DELETE CASCADE,
    bucket INTEGER NOT NULL,
    json TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (period, bucket)
  ) STRICT;
  CREATE TABLE node_mints (
    node_id INTEGER NOT NULL,
    start_ts INTEGER NOT NULL,
    end_ts INTEGER NOT NULL,
    period INTEGER NOT NULL REFERENCES node_runs (period) ON DELETE CASCADE,
    closed_ts INTEGER NOT NULL,
    farm_id INTEGER NOT NULL,
    farm_name TEXT NOT NULL,
    farm_twin_id INTEGER,
    policy_id INTEGER NOT NULL,
    uptime_sec INTEGER NOT NULL,
    violation TEXT,
    outcome TEXT NOT NULL,
    reward_units TEXT NOT NULL,
    carbon_units TEXT NOT NULL,
    utilization TEXT NOT NULL,
    hash TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (node_id, start_ts)
  ) STRICT;
  CREATE TABLE node_open (
    period INTEGER NOT NULL REFERENCES node_runs (period) ON DELETE CASCADE,
    node_id INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (period, node_id)
  ) STRICT;
  CREATE INDEX node_mints_period ON node_mints (period, node_id, start_ts);
  CREATE INDEX node_mints_farm ON node_mints (farm_id, node_id, start_ts);
  CREATE INDEX node_mints_hash ON node_mints (hash);
`

/** Of a period that was synced: which endpoints gave its blocks, and how many were compared, as JSON. */
const factsAsked = `
  ALTER TABLE imports ADD COLUMN asked TEXT;
`

const books1 = `
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    ts INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    entries INTEGER NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  INSERT INTO audit_head VALUES (1, 0, '');
  CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  CREATE TRIGGER audit_no_insert_between BEFORE INSERT ON audit
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
  CREATE TABLE answers (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    command TEXT NOT NULL,
    input_hash TEXT NOT NULL,
    output TEXT NOT NULL,
    ts INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE labels (
    node_id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    note TEXT NOT NULL,
    changed_ts INTEGER NOT NULL
  ) STRICT;
`

/** What was decided about mints of rule set node-period, and the transfers to the bridge's vault. */
const booksNodePeriod = `
  CREATE TABLE mint_decisions (
    network TEXT NOT NULL,
    node_id INTEGER NOT NULL,
    start_ts INTEGER NOT NULL,
    mint_id TEXT NOT NULL,
    decision TEXT NOT NULL,
    changed_ts INTEGER NOT NULL,
    PRIMARY KEY (network, node_id, start_ts)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE vault_transfers (
    network TEXT NOT NULL,
    tx TEXT NOT NULL,
    ts INTEGER NOT NULL,
    amount_units TEXT NOT NULL,
    memo TEXT,
    note TEXT NOT NULL,
    added_ts INTEGER NOT NULL,
    PRIMARY KEY (network, tx)
  ) STRICT, WITHOUT ROWID;
`

/** The vault of keys, and how often passphrases were wrong. */
const booksKeys = `
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('stellar', 'sr25519', 'ed25519')),
    origin TEXT NOT NULL CHECK (origin IN ('made', 'words', 'seed', 'json', 'watch')),
    public_key TEXT NOT NULL,
    address TEXT NOT NULL,
    path TEXT NOT NULL,
    box BLOB,
    bound_to TEXT,
    ask TEXT,
    created_ts INTEGER NOT NULL,
    UNIQUE (kind, public_key),
    CHECK ((box IS NULL) = (origin = 'watch'))
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE key_tries (id INTEGER PRIMARY KEY CHECK (id = 1), wrong INTEGER NOT NULL, last_ts INTEGER NOT NULL) STRICT;
  INSERT INTO key_tries VALUES (1, 0, 0);
`

/** Signers and their votes (core/votes.ts). A vote stands under the signers that it was cast for: after a change of them it counts no more. */
const booksVotes = `
  CREATE TABLE vote_signers (network TEXT PRIMARY KEY, signer_set TEXT NOT NULL, changed_ts INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE votes (
    network TEXT NOT NULL,
    signers_hash TEXT NOT NULL,
    subject TEXT NOT NULL,
    signer TEXT NOT NULL,
    cast_ts INTEGER NOT NULL,
    vote BLOB NOT NULL,
    added_ts INTEGER NOT NULL,
    PRIMARY KEY (network, signers_hash, subject, signer)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE vote_bases (hash TEXT PRIMARY KEY, basis TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE vote_executions (
    network TEXT NOT NULL,
    subject TEXT NOT NULL,
    amount_units TEXT NOT NULL,
    plan_hash TEXT NOT NULL,
    how TEXT NOT NULL,
    ts INTEGER NOT NULL,
    PRIMARY KEY (network, subject)
  ) STRICT, WITHOUT ROWID;
`

/** Which run executes what was agreed; empty: none of this program. */
const booksVoteRuns = "ALTER TABLE vote_executions ADD COLUMN run_id TEXT NOT NULL DEFAULT ''"

export const migrations: Migrations = {
  facts: [facts1, facts2, factsSync, factsOutlook, factsNodePeriod, factsAsked],
  books: [
    books1,
    booksNodePeriod,
    booksKeys,
    booksRuns,
    booksVotes,
    booksPayReports,
    booksChainCalls,
    booksChainWords,
    booksSchedule,
    booksLedgerReads,
    booksVoteRuns,
    booksStrayPayments,
    booksLedger,
    booksAuditHeads,
    booksLedgerFaster,
    booksTreasury,
    booksParameters,
    booksSecrets,
    booksAccessTokens,
    booksLedgerHours,
    booksTrust,
    booksCredit,
    booksPayments,
    booksMarkGroups,
    booksPools,
    booksStaking,
    booksRewards,
    booksExports,
    booksPaymentMarks,
    booksCurve,
    booksGovernance,
    booksAlerts,
    booksDao,
    booksChainCurves,
    booksRestored,
  ],
}

export function versionOf(db: Db): number {
  return db.pragma('user_version', { simple: true }) as number
}

/** Refuses a database that a newer Granary wrote: AppError store.newer. */
export function refuseNewer(db: Db, kind: DbKind, known: number, path: string): void {
  const version = versionOf(db)
  if (version > known)
    throw new AppError(
      'store.newer',
      `${path} was written by a newer Granary (its format is ${version}, this program knows ${known}). Nothing was changed; update Granary, or name another folder with --data.`,
      { details: { path, database: kind, version, known } },
    )
}

/**
 * Copies the books to `backups/books-v<version>-<time>.db` in the data folder. Gives the copy's path.
 * `nowMs`: milliseconds since the epoch.
 */
export function backupBooks(books: Db, dataDir: string, nowMs: number): string {
  const folder = join(dataDir, 'backups')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const time = new Date(nowMs).toISOString().replace(/[:.]/g, '-')
  const path = join(folder, `books-v${versionOf(books)}-${time}.db`)
  // VACUUM INTO accepts an empty file that is there, so the copy is never readable by others, not even while it is written
  makePrivateFile(path)
  books.prepare('VACUUM INTO ?').run(path)
  return path
}

/**
 * Brings one database to the newest format, a transaction for each step. Throws AppError store.migration, which names the
 * backup of the books (null for a database that was just made); that step is undone then.
 */
export function migrate(db: Db, kind: DbKind, steps: readonly string[], backup: string | null): void {
  for (let version = versionOf(db); version < steps.length; version++) {
    try {
      db.transaction(() => {
        db.exec(steps[version]!)
        db.pragma(`user_version = ${version + 1}`)
      }).immediate()
    } catch (cause) {
      const reason = storeError(cause, `${kind}.db`)
      if (reason.code === 'io.full') throw reason
      const copy = backup ? ` A copy of the books from before is ${backup}.` : ''
      throw new AppError(
        'store.migration',
        `Bringing ${kind}.db from format ${version} to ${version + 1} failed: ${(cause as Error).message}. That step was undone and nothing is lost.${copy} Use the former Granary, or report this.`,
        { cause, details: { database: kind, from: version, to: version + 1, backup } },
      )
    }
  }
}
