/**
 * Payments, requests for them, escrows, how revenue was split, and what watchfulness has marked. What was paid, asked for, held and decided
 * stays as it was written, which the database itself keeps.
 */
export const booksPayments = `
  CREATE TABLE treasury_payments (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL UNIQUE REFERENCES ledger_entries (id),
    kind TEXT NOT NULL CHECK (kind IN ('direct', 'request', 'escrow')),
    payer TEXT NOT NULL,
    payee TEXT NOT NULL CHECK (payee <> payer),
    token TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    fee INTEGER NOT NULL CHECK (fee >= 0),
    ts INTEGER NOT NULL,
    memo TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX treasury_payments_payer ON treasury_payments (payer, id);
  CREATE INDEX treasury_payments_payee ON treasury_payments (payee, id);
  CREATE TRIGGER treasury_payments_keep BEFORE DELETE ON treasury_payments
    BEGIN SELECT RAISE(ABORT, 'a payment stays'); END;
  CREATE TRIGGER treasury_payments_fixed BEFORE UPDATE ON treasury_payments
    BEGIN SELECT RAISE(ABORT, 'a payment stays what it is'); END;

  -- payer is asked to pay, payee asks
  CREATE TABLE treasury_requests (
    id INTEGER PRIMARY KEY,
    payer TEXT NOT NULL,
    payee TEXT NOT NULL CHECK (payee <> payer),
    token TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    memo TEXT NOT NULL,
    created_ts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'fulfilled', 'cancelled')),
    ended_ts INTEGER,
    payment INTEGER UNIQUE REFERENCES treasury_payments (id),
    CHECK ((state = 'pending') = (ended_ts IS NULL)),
    CHECK ((state = 'fulfilled') = (payment IS NOT NULL))
  ) STRICT;
  CREATE INDEX treasury_requests_payer ON treasury_requests (payer, id);
  CREATE INDEX treasury_requests_payee ON treasury_requests (payee, id);
  CREATE TRIGGER treasury_requests_keep BEFORE DELETE ON treasury_requests
    BEGIN SELECT RAISE(ABORT, 'a request stays'); END;
  CREATE TRIGGER treasury_requests_fixed BEFORE UPDATE OF id, payer, payee, token, amount, memo, created_ts ON treasury_requests
    BEGIN SELECT RAISE(ABORT, 'a request stays what it is'); END;
  CREATE TRIGGER treasury_requests_once BEFORE UPDATE ON treasury_requests WHEN OLD.state <> 'pending'
    BEGIN SELECT RAISE(ABORT, 'a request is over once'); END;

  -- payer is the buyer, payee the seller; amount and fee are locked with the buyer while it is held
  CREATE TABLE treasury_escrows (
    id INTEGER PRIMARY KEY,
    payer TEXT NOT NULL,
    payee TEXT NOT NULL CHECK (payee <> payer),
    token TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    fee INTEGER NOT NULL CHECK (fee >= 0),
    memo TEXT NOT NULL,
    created_ts INTEGER NOT NULL,
    held_entry INTEGER NOT NULL REFERENCES ledger_entries (id),
    state TEXT NOT NULL CHECK (state IN ('held', 'released', 'refunded')),
    ended_ts INTEGER,
    ended_entry INTEGER REFERENCES ledger_entries (id),
    payment INTEGER UNIQUE REFERENCES treasury_payments (id),
    CHECK ((state = 'held') = (ended_ts IS NULL) AND (state = 'held') = (ended_entry IS NULL)),
    CHECK ((state = 'released') = (payment IS NOT NULL))
  ) STRICT;
  CREATE INDEX treasury_escrows_payer ON treasury_escrows (payer, id);
  CREATE INDEX treasury_escrows_payee ON treasury_escrows (payee, id);
  CREATE TRIGGER treasury_escrows_keep BEFORE DELETE ON treasury_escrows
    BEGIN SELECT RAISE(ABORT, 'an escrow stays'); END;
  CREATE TRIGGER treasury_escrows_fixed
    BEFORE UPDATE OF id, payer, payee, token, amount, fee, memo, created_ts, held_entry ON treasury_escrows
    BEGIN SELECT RAISE(ABORT, 'an escrow stays what it is'); END;
  CREATE TRIGGER treasury_escrows_once BEFORE UPDATE ON treasury_escrows WHEN OLD.state <> 'held'
    BEGIN SELECT RAISE(ABORT, 'an escrow is let go once'); END;

  CREATE TABLE treasury_reinvestments (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL UNIQUE REFERENCES ledger_entries (id),
    ts INTEGER NOT NULL,
    token TEXT NOT NULL,
    revenue INTEGER NOT NULL CHECK (revenue > 0),
    infrastructure INTEGER NOT NULL CHECK (infrastructure >= 0),
    students INTEGER NOT NULL CHECK (students >= 0),
    team INTEGER NOT NULL CHECK (team >= 0),
    reserve_target INTEGER NOT NULL CHECK (reserve_target >= 0),
    reserve_funded INTEGER NOT NULL CHECK (reserve_funded BETWEEN 0 AND reserve_target),
    -- null: nobody gave capital
    capital_from TEXT,
    students_bps INTEGER NOT NULL,
    team_bps INTEGER NOT NULL,
    reserve_bps INTEGER NOT NULL,
    CHECK (revenue = infrastructure + students + team),
    CHECK (reserve_funded = 0 OR capital_from IS NOT NULL)
  ) STRICT;
  CREATE TRIGGER treasury_reinvestments_keep BEFORE DELETE ON treasury_reinvestments
    BEGIN SELECT RAISE(ABORT, 'a split stays'); END;
  CREATE TRIGGER treasury_reinvestments_fixed BEFORE UPDATE ON treasury_reinvestments
    BEGIN SELECT RAISE(ABORT, 'a split stays what it is'); END;

  -- the last entry of the ledger that was looked at
  CREATE TABLE treasury_watch (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    entry INTEGER NOT NULL
  ) STRICT;
  INSERT INTO treasury_watch (id, entry) VALUES (1, 0);
  CREATE TABLE treasury_marks (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL CHECK (rule IN ('velocity', 'circle', 'own-trust')),
    -- entities as JSON, sorted
    actors TEXT NOT NULL CHECK (json_valid(actors)),
    finding TEXT NOT NULL,
    ts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'fine', 'suspicious')),
    decided_ts INTEGER,
    decided_by TEXT,
    note TEXT,
    CHECK ((state = 'open') = (decided_ts IS NULL) AND (state = 'open') = (decided_by IS NULL) AND (state = 'open') = (note IS NULL))
  ) STRICT;
  CREATE INDEX treasury_marks_about ON treasury_marks (rule, actors, id);
  CREATE UNIQUE INDEX treasury_marks_open ON treasury_marks (rule, actors) WHERE state = 'open';
  CREATE TRIGGER treasury_marks_keep BEFORE DELETE ON treasury_marks
    BEGIN SELECT RAISE(ABORT, 'a mark stays'); END;
  CREATE TRIGGER treasury_marks_once BEFORE UPDATE ON treasury_marks WHEN OLD.state <> 'open'
    BEGIN SELECT RAISE(ABORT, 'a mark is decided once'); END;
  CREATE TABLE treasury_mark_evidence (
    mark INTEGER NOT NULL REFERENCES treasury_marks (id),
    entry INTEGER NOT NULL REFERENCES ledger_entries (id),
    PRIMARY KEY (mark, entry)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER treasury_mark_evidence_keep BEFORE DELETE ON treasury_mark_evidence
    BEGIN SELECT RAISE(ABORT, 'evidence stays'); END;
  CREATE TRIGGER treasury_mark_evidence_fixed BEFORE UPDATE ON treasury_mark_evidence
    BEGIN SELECT RAISE(ABORT, 'evidence stays'); END;
`

/** Marks of one rule that share entities are one mark, which grows while it is open: what it is about is nothing that only one of them has. */
export const booksMarkGroups = `
  DROP INDEX treasury_marks_open;
  DROP INDEX treasury_marks_about;
  CREATE INDEX treasury_marks_rule ON treasury_marks (rule, state, id);
`
