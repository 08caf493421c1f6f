/**
 * Who has accounts in the treasury. A secret is kept as what scrypt and a hash make of it (core/treasury/secrets.ts), never itself. An entity
 * stays: accounts are in its name.
 */
export const booksTreasury = `
  CREATE TABLE treasury_entities (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'organisation', 'program')),
    verifier TEXT,
    key_id TEXT,
    created_ts INTEGER NOT NULL,
    CHECK ((verifier IS NULL) <> (key_id IS NULL))
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER treasury_entities_keep BEFORE DELETE ON treasury_entities
    BEGIN SELECT RAISE(ABORT, 'an entity stays'); END;
  CREATE TRIGGER treasury_entities_fixed BEFORE UPDATE OF id, created_ts ON treasury_entities
    BEGIN SELECT RAISE(ABORT, 'an entity stays what it is'); END;
  CREATE TABLE treasury_administrator (id INTEGER PRIMARY KEY CHECK (id = 1), verifier TEXT NOT NULL, set_ts INTEGER NOT NULL) STRICT;
  -- what entities put aside themselves: of their locked tokens only this is theirs to unlock
  CREATE TABLE treasury_own_locks (
    entity TEXT NOT NULL,
    token TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (entity, token)
  ) STRICT, WITHOUT ROWID;
`
