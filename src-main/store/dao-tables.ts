/** The grid chain's DAO as it was read last, one reading for each network. */
export const booksDao = `
  CREATE TABLE dao_readings (
    network TEXT PRIMARY KEY,
    block INTEGER NOT NULL,
    reading TEXT NOT NULL CHECK (json_valid(reading))
  ) STRICT, WITHOUT ROWID;
`
