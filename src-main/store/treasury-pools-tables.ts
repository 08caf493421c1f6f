/**
 * Pools, guarantees, auctions and access. What was put in, guaranteed, joined and paid for stays as it was written, which the database itself
 * keeps; so does that no more of a reward is paid than has fallen due, and no more falls due than is earned.
 */
export const booksPools = `
  CREATE TABLE pool_positions (
    entity TEXT NOT NULL,
    pool TEXT NOT NULL,
    accrued INTEGER NOT NULL,
    -- of less than one unit, in 1/87,600,000
    accrued_rest INTEGER NOT NULL CHECK (accrued_rest BETWEEN 0 AND 87599999),
    due INTEGER NOT NULL CHECK (due <= accrued),
    paid INTEGER NOT NULL CHECK (paid >= 0 AND paid <= due),
    -- when what is owed fell due; null: nothing is
    owed_ts INTEGER,
    PRIMARY KEY (entity, pool),
    CHECK ((owed_ts IS NULL) = (paid = due))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX pool_positions_pool ON pool_positions (pool);
  CREATE INDEX pool_positions_owed ON pool_positions (pool, owed_ts) WHERE owed_ts IS NOT NULL;
  CREATE TRIGGER pool_positions_keep BEFORE DELETE ON pool_positions
    BEGIN SELECT RAISE(ABORT, 'a position stays'); END;
  CREATE TRIGGER pool_positions_grow BEFORE UPDATE ON pool_positions
    WHEN NEW.entity <> OLD.entity OR NEW.pool <> OLD.pool OR NEW.accrued < OLD.accrued OR NEW.due < OLD.due OR NEW.paid < OLD.paid
    BEGIN SELECT RAISE(ABORT, 'what was earned, due and paid stays'); END;

  CREATE TABLE pool_deposits (
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    pool TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    deposited_ts INTEGER NOT NULL,
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 100),
    entry INTEGER NOT NULL UNIQUE REFERENCES ledger_entries (id),
    -- of the amount, what is still in the pool; whole hours that are accrued
    left_in INTEGER NOT NULL CHECK (left_in BETWEEN 0 AND amount),
    counted_hours INTEGER NOT NULL CHECK (counted_hours >= 0),
    FOREIGN KEY (entity, pool) REFERENCES pool_positions (entity, pool)
  ) STRICT;
  CREATE INDEX pool_deposits_in ON pool_deposits (pool, entity, id) WHERE left_in > 0;
  CREATE TRIGGER pool_deposits_keep BEFORE DELETE ON pool_deposits
    BEGIN SELECT RAISE(ABORT, 'a deposit stays'); END;
  CREATE TRIGGER pool_deposits_fixed BEFORE UPDATE OF id, entity, pool, amount, deposited_ts, trust, entry ON pool_deposits
    BEGIN SELECT RAISE(ABORT, 'a deposit stays what it is'); END;
  CREATE TRIGGER pool_deposits_once BEFORE UPDATE ON pool_deposits
    WHEN NEW.left_in > OLD.left_in OR NEW.counted_hours < OLD.counted_hours
    BEGIN SELECT RAISE(ABORT, 'an hour counts once, and what was withdrawn is out'); END;

  CREATE TABLE pool_yields (
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    pool TEXT NOT NULL,
    token TEXT NOT NULL,
    ts INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    by TEXT NOT NULL CHECK (by IN ('withdrawal', 'owed')),
    entry INTEGER NOT NULL UNIQUE REFERENCES ledger_entries (id),
    FOREIGN KEY (entity, pool) REFERENCES pool_positions (entity, pool)
  ) STRICT;
  CREATE INDEX pool_yields_entity ON pool_yields (entity, id);
  CREATE TRIGGER pool_yields_keep BEFORE DELETE ON pool_yields
    BEGIN SELECT RAISE(ABORT, 'a reward that was paid stays'); END;
  CREATE TRIGGER pool_yields_fixed BEFORE UPDATE ON pool_yields
    BEGIN SELECT RAISE(ABORT, 'a reward that was paid stays'); END;

  CREATE TABLE treasury_guarantees (
    id INTEGER PRIMARY KEY,
    guarantor TEXT NOT NULL,
    beneficiary TEXT NOT NULL CHECK (beneficiary <> guarantor),
    guaranteed INTEGER NOT NULL CHECK (guaranteed > 0),
    coverage_bps INTEGER NOT NULL CHECK (coverage_bps BETWEEN 0 AND 10000),
    ratio INTEGER NOT NULL CHECK (ratio >= 0),
    allocated INTEGER NOT NULL CHECK (allocated BETWEEN 0 AND guaranteed),
    minted INTEGER NOT NULL CHECK (minted >= 0),
    memo TEXT NOT NULL,
    created_ts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('LOCKED', 'UNLOCKED', 'BURNED')),
    ended_ts INTEGER,
    CHECK ((state = 'LOCKED') = (ended_ts IS NULL))
  ) STRICT;
  CREATE INDEX treasury_guarantees_guarantor ON treasury_guarantees (guarantor, id);
  CREATE INDEX treasury_guarantees_beneficiary ON treasury_guarantees (beneficiary, id);
  CREATE TRIGGER treasury_guarantees_keep BEFORE DELETE ON treasury_guarantees
    BEGIN SELECT RAISE(ABORT, 'a guarantee stays'); END;
  CREATE TRIGGER treasury_guarantees_fixed
    BEFORE UPDATE OF id, guarantor, beneficiary, guaranteed, coverage_bps, ratio, allocated, minted, memo, created_ts ON treasury_guarantees
    BEGIN SELECT RAISE(ABORT, 'a guarantee stays what it is'); END;
  CREATE TRIGGER treasury_guarantees_once BEFORE UPDATE ON treasury_guarantees WHEN OLD.state <> 'LOCKED'
    BEGIN SELECT RAISE(ABORT, 'a guarantee is let go once'); END;

  CREATE TABLE treasury_auctions (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    organiser TEXT NOT NULL,
    base INTEGER NOT NULL CHECK (base > 0),
    opened_ts INTEGER NOT NULL,
    end_ts INTEGER NOT NULL CHECK (end_ts > opened_ts),
    state TEXT NOT NULL CHECK (state IN ('open', 'ended')),
    ended_ts INTEGER,
    CHECK ((state = 'open') = (ended_ts IS NULL))
  ) STRICT;
  CREATE INDEX treasury_auctions_open ON treasury_auctions (end_ts, id) WHERE state = 'open';
  CREATE TRIGGER treasury_auctions_keep BEFORE DELETE ON treasury_auctions
    BEGIN SELECT RAISE(ABORT, 'an auction stays'); END;
  CREATE TRIGGER treasury_auctions_fixed BEFORE UPDATE OF id, title, organiser, base, opened_ts, end_ts ON treasury_auctions
    BEGIN SELECT RAISE(ABORT, 'an auction stays what it is'); END;
  CREATE TRIGGER treasury_auctions_once BEFORE UPDATE ON treasury_auctions WHEN OLD.state <> 'open'
    BEGIN SELECT RAISE(ABORT, 'an auction ends once'); END;
  CREATE TABLE auction_participations (
    id INTEGER PRIMARY KEY,
    auction INTEGER NOT NULL REFERENCES treasury_auctions (id),
    entity TEXT NOT NULL,
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 100),
    locked INTEGER NOT NULL CHECK (locked > 0),
    joined_ts INTEGER NOT NULL,
    UNIQUE (auction, entity)
  ) STRICT;
  CREATE TRIGGER auction_participations_keep BEFORE DELETE ON auction_participations
    BEGIN SELECT RAISE(ABORT, 'who took part stays'); END;
  CREATE TRIGGER auction_participations_fixed BEFORE UPDATE ON auction_participations
    BEGIN SELECT RAISE(ABORT, 'who took part stays'); END;

  CREATE TABLE treasury_access (
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL UNIQUE,
    paid_ts INTEGER NOT NULL,
    paid INTEGER NOT NULL CHECK (paid >= 0)
  ) STRICT;
  CREATE TRIGGER treasury_access_keep BEFORE DELETE ON treasury_access
    BEGIN SELECT RAISE(ABORT, 'access that was paid for stays'); END;
  CREATE TRIGGER treasury_access_fixed BEFORE UPDATE ON treasury_access
    BEGIN SELECT RAISE(ABORT, 'access that was paid for stays'); END;
`
