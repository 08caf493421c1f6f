/**
 * Staking: its pools, and every stake. What was staked, by whom and at what rate stays as it was written, and so does what a stake has earned
 * once it is unstaked; no more is paid than was earned, and nothing before the stake is back. The database itself keeps that.
 */
export const booksStaking = `
  CREATE TABLE staking_pools (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    token TEXT NOT NULL REFERENCES ledger_tokens (token),
    apy_bps INTEGER NOT NULL CHECK (apy_bps >= 0),
    min_stake INTEGER NOT NULL CHECK (min_stake >= 0),
    max_stake INTEGER CHECK (max_stake > 0 AND max_stake >= min_stake),
    lock_days INTEGER NOT NULL CHECK (lock_days >= 0),
    -- hundredths
    min_trust INTEGER NOT NULL CHECK (min_trust BETWEEN 0 AND 10000),
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    created_ts INTEGER NOT NULL
  ) STRICT;
  CREATE TRIGGER staking_pools_keep BEFORE DELETE ON staking_pools
    BEGIN SELECT RAISE(ABORT, 'a staking pool stays'); END;
  CREATE TRIGGER staking_pools_fixed
    BEFORE UPDATE OF id, name, token, apy_bps, min_stake, max_stake, lock_days, min_trust, created_ts ON staking_pools
    BEGIN SELECT RAISE(ABORT, 'a staking pool stays what it is'); END;

  CREATE TABLE stakes (
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    token TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    apy_bps INTEGER NOT NULL CHECK (apy_bps >= 0),
    -- of the staker then, hundredths
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 10000),
    start_ts INTEGER NOT NULL,
    entry INTEGER NOT NULL UNIQUE REFERENCES ledger_entries (id),
    -- a fixed term
    days INTEGER CHECK (days > 0),
    unstaking_sec INTEGER CHECK (unstaking_sec >= 0),
    counted_days INTEGER NOT NULL DEFAULT 0 CHECK (counted_days >= 0),
    claimable_ts INTEGER,
    -- or a pool
    pool INTEGER REFERENCES staking_pools (id),
    locked_until_ts INTEGER,
    state TEXT NOT NULL CHECK (state IN ('active', 'unstaking', 'completed')),
    accrued INTEGER NOT NULL DEFAULT 0 CHECK (accrued >= 0),
    paid INTEGER NOT NULL DEFAULT 0 CHECK (paid BETWEEN 0 AND accrued),
    ended_ts INTEGER,
    CHECK ((pool IS NULL) = (days IS NOT NULL) AND (pool IS NULL) = (unstaking_sec IS NOT NULL)),
    CHECK ((pool IS NULL) = (locked_until_ts IS NULL)),
    CHECK (days IS NULL OR counted_days <= days),
    CHECK (state <> 'unstaking' OR claimable_ts IS NOT NULL),
    CHECK ((state = 'completed') = (ended_ts IS NOT NULL)),
    CHECK (paid = 0 OR state = 'completed')
  ) STRICT;
  CREATE INDEX stakes_entity ON stakes (entity, id);
  CREATE INDEX stakes_open ON stakes (id) WHERE state <> 'completed';
  CREATE INDEX stakes_earning ON stakes (id) WHERE state = 'active' AND counted_days < days;
  CREATE INDEX stakes_owed ON stakes (ended_ts, id) WHERE paid < accrued AND state = 'completed';
  CREATE TRIGGER stakes_keep BEFORE DELETE ON stakes
    BEGIN SELECT RAISE(ABORT, 'a stake stays'); END;
  CREATE TRIGGER stakes_fixed
    BEFORE UPDATE OF id, entity, token, amount, apy_bps, trust, start_ts, entry, days, unstaking_sec, pool, locked_until_ts ON stakes
    BEGIN SELECT RAISE(ABORT, 'a stake stays what it is'); END;
  CREATE TRIGGER stakes_once BEFORE UPDATE ON stakes
    WHEN NEW.counted_days < OLD.counted_days OR NEW.accrued < OLD.accrued OR NEW.paid < OLD.paid
      OR (OLD.state <> 'active' AND (NEW.accrued <> OLD.accrued OR NEW.counted_days <> OLD.counted_days OR NEW.state = 'active'))
      OR (OLD.state = 'completed' AND (NEW.state <> 'completed' OR NEW.ended_ts <> OLD.ended_ts))
    BEGIN SELECT RAISE(ABORT, 'a day counts once, a stake ends once, and what was paid is paid'); END;
`
