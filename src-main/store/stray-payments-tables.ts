/** Payments of a network's payer that no run here has a row for, as they were when its history was last read. All of it can be read again. */
export const booksStrayPayments = `
  CREATE TABLE stray_payments (
    network TEXT NOT NULL PRIMARY KEY,
    read_ts INTEGER NOT NULL,
    ledger TEXT NOT NULL,
    found TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`
