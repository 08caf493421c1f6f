/**
 * What was counted of the ledger hour by hour (store/ledger-hours.ts), for charts: all of it can be counted again. Sums of what moved are texts,
 * for the same tokens may move often enough to come to more than 64 bits. And a way to find an entry by its transaction on a chain.
 */
export const booksLedgerHours = `
  CREATE TABLE ledger_hours (
    token TEXT NOT NULL,
    hour INTEGER NOT NULL,
    supply INTEGER NOT NULL,
    treasury INTEGER NOT NULL,
    holders INTEGER NOT NULL,
    minted TEXT NOT NULL,
    burnt TEXT NOT NULL,
    transferred TEXT NOT NULL,
    movements INTEGER NOT NULL,
    PRIMARY KEY (token, hour)
  ) STRICT, WITHOUT ROWID;
  -- hours before this one are counted, from entries up to this number
  CREATE TABLE ledger_hours_until (id INTEGER PRIMARY KEY CHECK (id = 1), hour INTEGER NOT NULL, entry INTEGER NOT NULL) STRICT;
  INSERT INTO ledger_hours_until VALUES (1, 0, 0);
  CREATE INDEX ledger_entries_chain_tx ON ledger_entries (chain_tx) WHERE chain_tx IS NOT NULL;
`
