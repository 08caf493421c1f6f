/** Named exports, and what one TFT cost by day in currencies of the user's own, as price files said. */
export const booksExports = `
  CREATE TABLE export_presets (
    name TEXT PRIMARY KEY,
    order_json TEXT NOT NULL,
    saved_ts INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE market_prices (
    currency TEXT NOT NULL,
    day TEXT NOT NULL CHECK (length(day) = 10),
    price TEXT NOT NULL,
    PRIMARY KEY (currency, day)
  ) STRICT, WITHOUT ROWID;
`
