/**
 * Payout runs. What makes a second payment impossible is said here too, so that no mistake above can get past it: one live run for a
 * network and what it pays, paid receipts once, nothing taken back, nothing deleted.
 */
export const booksRuns = `
  CREATE TABLE payout_runs (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    subject TEXT NOT NULL,
    plan TEXT NOT NULL,
    made_here INTEGER NOT NULL CHECK (made_here IN (0, 1)),
    signed_here INTEGER NOT NULL DEFAULT 0 CHECK (signed_here IN (0, 1)),
    stage TEXT NOT NULL CHECK (stage IN ('open', 'running', 'paused', 'stopped', 'done', 'dead', 'withdrawn')),
    added_ts INTEGER NOT NULL,
    changed_ts INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX payout_runs_live ON payout_runs (network, subject)
    WHERE stage IN ('open', 'running', 'paused', 'stopped') OR (stage = 'done' AND subject <> 'mints');
  CREATE TABLE payout_rows (
    run_id TEXT NOT NULL REFERENCES payout_runs (id),
    place INTEGER NOT NULL,
    network TEXT NOT NULL,
    receipt TEXT NOT NULL,
    origin TEXT NOT NULL,
    node_id INTEGER NOT NULL,
    farm_id INTEGER NOT NULL,
    payee TEXT NOT NULL,
    amount_units TEXT NOT NULL,
    stage TEXT NOT NULL,
    tx TEXT,
    ledger INTEGER,
    paid_ts INTEGER,
    is_foreign INTEGER NOT NULL DEFAULT 0,
    conflict TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, place),
    CHECK ((tx IS NULL) = (paid_ts IS NULL)),
    CHECK (stage <> 'paid' OR tx IS NOT NULL)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX payout_rows_paid ON payout_rows (network, origin) WHERE stage = 'paid' AND is_foreign = 0;
  CREATE INDEX payout_rows_origin ON payout_rows (network, origin);
  CREATE INDEX payout_rows_receipt ON payout_rows (receipt);
  -- two plans may have a row in common down to its bytes: then its envelope is the same transaction
  CREATE TABLE payout_envelopes (
    run_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    place INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'bump')),
    min_ts INTEGER NOT NULL,
    max_ts INTEGER NOT NULL,
    fee_stroops INTEGER NOT NULL,
    envelope TEXT NOT NULL,
    stage TEXT NOT NULL,
    PRIMARY KEY (run_id, hash),
    UNIQUE (run_id, place, generation),
    FOREIGN KEY (run_id, place) REFERENCES payout_rows (run_id, place)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX payout_envelopes_hash ON payout_envelopes (hash);
  CREATE TABLE payout_signatures (
    hash TEXT NOT NULL,
    signer TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (hash, signer)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE payout_approvals (
    run_id TEXT NOT NULL REFERENCES payout_runs (id),
    signer TEXT NOT NULL,
    signature TEXT NOT NULL,
    added_ts INTEGER NOT NULL,
    PRIMARY KEY (run_id, signer)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE payout_attempts (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    sent_ts INTEGER NOT NULL,
    outcome TEXT,
    note TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE INDEX payout_attempts_hash ON payout_attempts (hash);

  CREATE TRIGGER payout_runs_no_delete BEFORE DELETE ON payout_runs
    BEGIN SELECT RAISE(ABORT, 'a payout run is never deleted'); END;
  CREATE TRIGGER payout_rows_no_delete BEFORE DELETE ON payout_rows
    BEGIN SELECT RAISE(ABORT, 'a payout row is never deleted'); END;
  CREATE TRIGGER payout_envelopes_no_delete BEFORE DELETE ON payout_envelopes
    BEGIN SELECT RAISE(ABORT, 'an envelope is never deleted'); END;
  CREATE TRIGGER payout_attempts_no_delete BEFORE DELETE ON payout_attempts
    BEGIN SELECT RAISE(ABORT, 'an attempt is never deleted'); END;
  CREATE TRIGGER payout_runs_fixed BEFORE UPDATE OF id, network, subject, plan ON payout_runs
    BEGIN SELECT RAISE(ABORT, 'a payout plan is never changed'); END;
  CREATE TRIGGER payout_runs_dead BEFORE UPDATE OF stage ON payout_runs
    WHEN NEW.stage = 'dead' AND (
      EXISTS (SELECT 1 FROM payout_rows WHERE run_id = NEW.id AND (tx IS NOT NULL OR conflict <> ''))
      OR EXISTS (SELECT 1 FROM payout_envelopes WHERE run_id = NEW.id AND stage NOT IN ('used-up', 'failed', 'expired', 'overtaken')))
    BEGIN SELECT RAISE(ABORT, 'a run of which something was paid, or still can be, is not dead'); END;
  CREATE TRIGGER payout_runs_withdrawn BEFORE UPDATE OF stage ON payout_runs
    WHEN NEW.stage = 'withdrawn' AND (OLD.signed_here = 1 OR OLD.stage <> 'open')
    BEGIN SELECT RAISE(ABORT, 'a run that was signed here is not withdrawn'); END;
  CREATE TRIGGER payout_runs_ended BEFORE UPDATE OF stage ON payout_runs
    WHEN OLD.stage IN ('dead', 'withdrawn') AND NEW.stage <> OLD.stage
    BEGIN SELECT RAISE(ABORT, 'a run that ended stays ended'); END;
  CREATE TRIGGER payout_runs_signed BEFORE UPDATE OF signed_here ON payout_runs
    WHEN NEW.signed_here < OLD.signed_here OR (NEW.signed_here = 1 AND OLD.stage IN ('dead', 'withdrawn'))
    BEGIN SELECT RAISE(ABORT, 'what was signed stays signed'); END;
  CREATE TRIGGER payout_rows_fixed BEFORE UPDATE OF run_id, place, network, receipt, origin, payee, amount_units ON payout_rows
    BEGIN SELECT RAISE(ABORT, 'a payout plan is never changed'); END;
  CREATE TRIGGER payout_rows_paid_stays BEFORE UPDATE ON payout_rows
    WHEN OLD.tx IS NOT NULL AND (NEW.tx IS NULL OR NEW.tx <> OLD.tx)
    BEGIN SELECT RAISE(ABORT, 'what was paid stays paid'); END;
  CREATE VIEW payout_held AS
    SELECT o.network, o.origin, o.run_id FROM payout_rows o JOIN payout_runs r ON r.id = o.run_id
    WHERE r.stage <> 'withdrawn' AND (o.tx IS NOT NULL OR o.conflict <> '' OR EXISTS (
      SELECT 1 FROM payout_envelopes e WHERE e.run_id = o.run_id AND e.place = o.place
        AND e.stage NOT IN ('used-up', 'failed', 'expired', 'overtaken')));
  CREATE TRIGGER payout_rows_under_way BEFORE INSERT ON payout_rows
    WHEN EXISTS (SELECT 1 FROM payout_held h WHERE h.network = NEW.network AND h.origin = NEW.origin AND h.run_id <> NEW.run_id)
    BEGIN SELECT RAISE(ABORT, 'receipt under way'); END;
  CREATE TRIGGER payout_envelopes_replace BEFORE INSERT ON payout_envelopes
    WHEN NEW.generation > 0 AND NEW.kind = 'payment' AND EXISTS (
      SELECT 1 FROM payout_rows n JOIN payout_held h ON h.network = n.network AND h.origin = n.origin AND h.run_id <> n.run_id
      WHERE n.run_id = NEW.run_id AND n.place = NEW.place)
    BEGIN SELECT RAISE(ABORT, 'receipt under way'); END;
  CREATE TRIGGER payout_envelopes_fixed BEFORE UPDATE OF hash, run_id, place, generation, kind, min_ts, max_ts, fee_stroops, envelope ON payout_envelopes
    BEGIN SELECT RAISE(ABORT, 'an envelope is never changed'); END;
  CREATE TRIGGER payout_attempts_saved BEFORE INSERT ON payout_attempts
    WHEN NOT EXISTS (SELECT 1 FROM payout_envelopes WHERE hash = NEW.hash AND stage IN ('sent', 'unclear'))
    BEGIN SELECT RAISE(ABORT, 'an envelope is sent only after that was saved'); END;
`
