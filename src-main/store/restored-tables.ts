/**
 * That these books came back from a backup, and what must be known before they pay again. Like the rules of payout runs (runs-tables.ts) it is said
 * here too, so that no mistake above can get past it: a run that came back is sent only after it was held against the ledger, and no new run is
 * taken in while a run of which these books know nothing could still be paid.
 */
export const booksRestored = `
  CREATE TABLE restores (
    id INTEGER PRIMARY KEY,
    restored_ts INTEGER NOT NULL,
    backup_ts INTEGER NOT NULL,
    source TEXT NOT NULL,
    until_ts INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE restored_runs (
    run_id TEXT PRIMARY KEY,
    restored_ts INTEGER NOT NULL,
    reconciled_ts INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER restores_no_delete BEFORE DELETE ON restores
    BEGIN SELECT RAISE(ABORT, 'that books were restored stays known'); END;
  CREATE TRIGGER restores_fixed BEFORE UPDATE ON restores
    BEGIN SELECT RAISE(ABORT, 'that books were restored stays known'); END;
  CREATE TRIGGER restored_runs_no_delete BEFORE DELETE ON restored_runs
    BEGIN SELECT RAISE(ABORT, 'that a run was restored stays known'); END;
  CREATE TRIGGER restored_runs_not_sent BEFORE INSERT ON payout_attempts
    WHEN EXISTS (SELECT 1 FROM payout_envelopes e JOIN restored_runs r ON r.run_id = e.run_id
      WHERE e.hash = NEW.hash AND r.reconciled_ts IS NULL)
    BEGIN SELECT RAISE(ABORT, 'a run that was restored is reconciled before it is sent'); END;
  CREATE TRIGGER restored_no_new_run BEFORE INSERT ON payout_runs
    WHEN NOT EXISTS (SELECT 1 FROM restored_runs WHERE run_id = NEW.id)
      AND EXISTS (SELECT 1 FROM restores WHERE until_ts >= coalesce(json_extract(NEW.plan, '$.createdTs'), 0))
    BEGIN SELECT RAISE(ABORT, 'a run that these books do not know could still be paid'); END;
`
