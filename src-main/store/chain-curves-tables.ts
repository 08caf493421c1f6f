/** What was read last of each network's minting curves; it can be read again at any time, and no money rests on it. */
export const booksChainCurves = `
  CREATE TABLE chain_curves (
    network TEXT PRIMARY KEY,
    read_ts INTEGER NOT NULL,
    -- as JSON (src-shared/chain-curves.ts)
    found TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`
