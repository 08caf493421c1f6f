/** What was read of Stellar: how receipts stand with their payments, and the transfers to a network's vault. All of it can be read again. */
export const booksLedgerReads = `
  CREATE TABLE payment_checks (
    network TEXT NOT NULL,
    subject TEXT NOT NULL,
    checked_ts INTEGER NOT NULL,
    ledger TEXT NOT NULL,
    PRIMARY KEY (network, subject)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE payment_finds (
    network TEXT NOT NULL,
    receipt TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    found TEXT NOT NULL,
    PRIMARY KEY (network, receipt)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX payment_finds_subject ON payment_finds (network, subject, state);
  -- cursor: the token of the last payment that was read; null: none yet
  CREATE TABLE vault_reads (
    network TEXT NOT NULL,
    vault TEXT NOT NULL,
    asset TEXT NOT NULL,
    cursor TEXT,
    until_ts INTEGER,
    read_ts INTEGER NOT NULL,
    PRIMARY KEY (network, vault, asset)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE vault_ledger (
    network TEXT NOT NULL,
    vault TEXT NOT NULL,
    asset TEXT NOT NULL,
    tx TEXT NOT NULL,
    ts INTEGER NOT NULL,
    amount_units TEXT NOT NULL,
    memo TEXT,
    PRIMARY KEY (network, vault, asset, tx)
  ) STRICT, WITHOUT ROWID;
`
