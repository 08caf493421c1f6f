/**
 * Minting curves. Their numbers are u128, which no integer of SQLite holds: they are kept as text of digits. What an asset's curve began with stays;
 * its slope may change. A simulated curve has its issuance and everybody's holdings here, one on a token of the ledger has them there.
 */
export const booksCurve = `
  CREATE TABLE treasury_curves (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('ledger', 'simulated')),
    asset TEXT NOT NULL,
    foreign_asset TEXT NOT NULL CHECK (foreign_asset <> asset),
    profile TEXT NOT NULL,
    pricing TEXT NOT NULL CHECK (pricing = 'exact' OR kind = 'simulated'),
    initial_price TEXT NOT NULL CHECK (initial_price GLOB '[1-9]*' AND initial_price NOT GLOB '*[^0-9]*'),
    slope TEXT NOT NULL CHECK (slope GLOB '[1-9]*' AND slope NOT GLOB '*[^0-9]*'),
    initial_issuance TEXT NOT NULL CHECK (initial_issuance GLOB '[0-9]*' AND initial_issuance NOT GLOB '*[^0-9]*'),
    precision TEXT NOT NULL CHECK (precision GLOB '[1-9]*' AND precision NOT GLOB '*[^0-9]*'),
    -- millionths
    pool_fee_ppm INTEGER NOT NULL CHECK (pool_fee_ppm BETWEEN 0 AND 1000000),
    created_ts INTEGER NOT NULL,
    updated_ts INTEGER,
    -- shares of the pool that exist, and those that the treasury owns
    shares TEXT NOT NULL DEFAULT '0' CHECK (shares GLOB '[0-9]*' AND shares NOT GLOB '*[^0-9]*'),
    owned_shares TEXT NOT NULL DEFAULT '0' CHECK (owned_shares GLOB '[0-9]*' AND owned_shares NOT GLOB '*[^0-9]*'),
    -- simulated: what is issued of the asset, and what was given out of the one that is paid with
    issuance TEXT CHECK (issuance GLOB '[0-9]*' AND issuance NOT GLOB '*[^0-9]*'),
    given_out TEXT CHECK (given_out GLOB '[0-9]*' AND given_out NOT GLOB '*[^0-9]*'),
    UNIQUE (kind, asset),
    CHECK ((kind = 'simulated') = (issuance IS NOT NULL) AND (kind = 'simulated') = (given_out IS NOT NULL))
  ) STRICT;
  CREATE TRIGGER treasury_curves_keep BEFORE DELETE ON treasury_curves
    BEGIN SELECT RAISE(ABORT, 'a curve stays'); END;
  CREATE TRIGGER treasury_curves_fixed
    BEFORE UPDATE OF id, kind, asset, foreign_asset, profile, pricing, initial_price, initial_issuance, precision, pool_fee_ppm, created_ts
    ON treasury_curves
    BEGIN SELECT RAISE(ABORT, 'a curve stays what it began as'); END;

  CREATE TABLE treasury_curve_holdings (
    curve INTEGER NOT NULL REFERENCES treasury_curves (id),
    entity TEXT NOT NULL,
    asset TEXT NOT NULL CHECK (asset GLOB '[0-9]*' AND asset NOT GLOB '*[^0-9]*'),
    foreign_asset TEXT NOT NULL CHECK (foreign_asset GLOB '[0-9]*' AND foreign_asset NOT GLOB '*[^0-9]*'),
    PRIMARY KEY (curve, entity)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE treasury_curve_events (
    id INTEGER PRIMARY KEY,
    curve INTEGER NOT NULL REFERENCES treasury_curves (id),
    ts INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- whose doing it is; null: nobody's alone
    entity TEXT,
    -- names and decimal texts, as JSON
    fields TEXT NOT NULL,
    entry INTEGER REFERENCES ledger_entries (id)
  ) STRICT;
  CREATE INDEX treasury_curve_events_curve ON treasury_curve_events (curve, id);
  CREATE TRIGGER treasury_curve_events_keep BEFORE DELETE ON treasury_curve_events
    BEGIN SELECT RAISE(ABORT, 'what happened on a curve stays'); END;
  CREATE TRIGGER treasury_curve_events_fixed BEFORE UPDATE ON treasury_curve_events
    BEGIN SELECT RAISE(ABORT, 'what happened on a curve stays'); END;
`
