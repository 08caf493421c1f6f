/**
 * Scheduled jobs. That a slot runs once is said here too: one row for a job and a slot, and one that is done stays as it is.
 */
export const booksSchedule = `
  CREATE TABLE schedule_clock (id INTEGER PRIMARY KEY CHECK (id = 1), trusted_ts INTEGER NOT NULL) STRICT;
  CREATE TABLE scheduled_jobs (name TEXT PRIMARY KEY, cron TEXT NOT NULL, cursor_ts INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE scheduled_runs (
    job TEXT NOT NULL,
    slot_ts INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('slot', 'asked')),
    state TEXT NOT NULL CHECK (state IN ('done', 'failed')),
    tries INTEGER NOT NULL CHECK (tries > 0),
    started_ts INTEGER NOT NULL,
    ended_ts INTEGER NOT NULL,
    did TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (job, slot_ts),
    CHECK ((state = 'failed') = (error IS NOT NULL))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX scheduled_runs_slot ON scheduled_runs (slot_ts, job);
  CREATE INDEX scheduled_runs_failed ON scheduled_runs (job) WHERE state = 'failed';
  CREATE TRIGGER scheduled_runs_keep BEFORE UPDATE ON scheduled_runs
    WHEN OLD.state = 'done' OR NEW.job <> OLD.job OR NEW.slot_ts <> OLD.slot_ts
    BEGIN SELECT RAISE(ABORT, 'a slot that has run stays as it is'); END;
  CREATE TRIGGER scheduled_runs_no_delete BEFORE DELETE ON scheduled_runs
    BEGIN SELECT RAISE(ABORT, 'a slot that has run stays as it is'); END;
`
