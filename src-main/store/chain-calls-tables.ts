/**
 * Calls to the grid's chain. What keeps one from being sent unsaved, or two from having the same number, is said here too, so that no
 * mistake above can get past it.
 */
export const booksChainCalls = `
  CREATE TABLE chain_runtimes (
    hash TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    spec_version INTEGER NOT NULL,
    metadata BLOB NOT NULL,
    added_ts INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE chain_calls (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    call TEXT NOT NULL,
    key_kind TEXT NOT NULL CHECK (key_kind IN ('sr25519', 'ed25519')),
    public_key TEXT NOT NULL,
    address TEXT NOT NULL,
    payload BLOB NOT NULL,
    runtime TEXT NOT NULL REFERENCES chain_runtimes (hash),
    nonce INTEGER NOT NULL,
    first_block INTEGER NOT NULL,
    last_block INTEGER NOT NULL,
    extrinsic BLOB,
    hash TEXT UNIQUE,
    stage TEXT NOT NULL CHECK (stage IN ('prepared', 'signed', 'sent', 'final', 'refused', 'expired', 'overtaken')),
    attempts INTEGER NOT NULL DEFAULT 0,
    searched_to INTEGER NOT NULL,
    block_n INTEGER,
    block_hash TEXT,
    error TEXT,
    fee_units TEXT,
    note TEXT NOT NULL DEFAULT '',
    replaces TEXT,
    created_ts INTEGER NOT NULL,
    sent_ts INTEGER,
    ended_ts INTEGER,
    CHECK ((extrinsic IS NULL) = (hash IS NULL)),
    CHECK (stage IN ('prepared') OR hash IS NOT NULL),
    CHECK ((stage = 'final') = (block_n IS NOT NULL) AND (block_n IS NULL) = (block_hash IS NULL)),
    CHECK (stage = 'final' OR error IS NULL)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chain_calls_created ON chain_calls (created_ts);
  CREATE UNIQUE INDEX chain_calls_number ON chain_calls (network, public_key, nonce) WHERE stage IN ('signed', 'sent');
  CREATE TRIGGER chain_calls_fixed BEFORE UPDATE OF id, network, call, key_kind, public_key, address, payload, runtime, nonce, first_block, last_block ON chain_calls
    BEGIN SELECT RAISE(ABORT, 'the bytes of a call are never changed'); END;
  CREATE TRIGGER chain_calls_signed_once BEFORE UPDATE OF extrinsic, hash ON chain_calls
    WHEN OLD.hash IS NOT NULL AND (NEW.hash IS NOT OLD.hash OR NEW.extrinsic IS NOT OLD.extrinsic)
    BEGIN SELECT RAISE(ABORT, 'a call is signed once'); END;
  CREATE TRIGGER chain_calls_ended BEFORE UPDATE OF stage ON chain_calls
    WHEN (OLD.stage IN ('final', 'expired', 'overtaken') AND NEW.stage <> OLD.stage)
      OR (OLD.stage = 'refused' AND NEW.stage NOT IN ('refused', 'final'))
      OR (OLD.stage = 'sent' AND NEW.stage IN ('prepared', 'signed'))
    BEGIN SELECT RAISE(ABORT, 'what was sent or ended does not go back'); END;
  CREATE TRIGGER chain_calls_saved BEFORE UPDATE OF attempts ON chain_calls
    WHEN NEW.attempts <> OLD.attempts + 1 OR OLD.stage <> 'sent'
    BEGIN SELECT RAISE(ABORT, 'a call is sent only after that was saved'); END;
  CREATE TRIGGER chain_calls_no_delete BEFORE DELETE ON chain_calls WHEN OLD.stage = 'sent'
    BEGIN SELECT RAISE(ABORT, 'a call that may stand in a block is not forgotten'); END;
`

/** What was said of a call when it was prepared: warnings, and what a node expected of fee and account. */
export const booksChainWords = `
  ALTER TABLE chain_calls ADD COLUMN told TEXT NOT NULL DEFAULT '{"warnings":[],"feeUnits":null,"freeUnits":null}';
`
