/**
 * Governance: proposals, and the votes on them. What was proposed stays as it was written, and so does every vote. `snapshot_entry` is the last
 * entry of the ledger that counts for the votes' power, fixed with the first vote; an outcome is counted from the votes and kept nowhere. The
 * database itself keeps that.
 */
export const booksGovernance = `
  CREATE TABLE governance_proposals (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL CHECK (type IN ('POLICY_CHANGE', 'PARAMETER_UPDATE', 'FUND_ALLOCATION', 'TOKENOMICS_CHANGE')),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    proposer TEXT NOT NULL,
    created_ts INTEGER NOT NULL,
    -- what a PARAMETER_UPDATE sets, and to what (JSON)
    parameter TEXT,
    value TEXT,
    quorum_bps INTEGER NOT NULL CHECK (quorum_bps BETWEEN 1 AND 10000),
    threshold_bps INTEGER NOT NULL CHECK (threshold_bps BETWEEN 1 AND 10000),
    start_ts INTEGER NOT NULL CHECK (start_ts >= created_ts),
    end_ts INTEGER NOT NULL CHECK (end_ts > start_ts),
    -- with the first vote
    snapshot_entry INTEGER,
    circulating INTEGER CHECK (circulating >= 0),
    executed_ts INTEGER CHECK (executed_ts > end_ts),
    value_before TEXT,
    CHECK ((type = 'PARAMETER_UPDATE') = (parameter IS NOT NULL)),
    CHECK ((parameter IS NULL) = (value IS NULL)),
    CHECK ((snapshot_entry IS NULL) = (circulating IS NULL)),
    CHECK ((value_before IS NOT NULL) = (executed_ts IS NOT NULL AND parameter IS NOT NULL)),
    CHECK (executed_ts IS NULL OR snapshot_entry IS NOT NULL)
  ) STRICT;
  CREATE INDEX governance_proposals_end ON governance_proposals (end_ts);
  CREATE TRIGGER governance_proposals_keep BEFORE DELETE ON governance_proposals
    BEGIN SELECT RAISE(ABORT, 'a proposal stays'); END;
  CREATE TRIGGER governance_proposals_fixed
    BEFORE UPDATE OF id, type, title, description, proposer, created_ts, parameter, value, quorum_bps, threshold_bps, start_ts, end_ts
      ON governance_proposals
    BEGIN SELECT RAISE(ABORT, 'a proposal stays what it is'); END;
  CREATE TRIGGER governance_proposals_once BEFORE UPDATE ON governance_proposals
    WHEN OLD.executed_ts IS NOT NULL
      OR (OLD.snapshot_entry IS NOT NULL AND (NEW.snapshot_entry IS NOT OLD.snapshot_entry OR NEW.circulating IS NOT OLD.circulating))
    BEGIN SELECT RAISE(ABORT, 'what votes are counted by is fixed once, and a proposal is carried out once'); END;

  CREATE TABLE governance_votes (
    id INTEGER PRIMARY KEY,
    proposal INTEGER NOT NULL REFERENCES governance_proposals (id),
    entity TEXT NOT NULL,
    choice TEXT NOT NULL CHECK (choice IN ('YES', 'NO', 'ABSTAIN')),
    power INTEGER NOT NULL CHECK (power >= 0),
    -- of the voter then, hundredths
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 10000),
    weight INTEGER NOT NULL CHECK (weight BETWEEN 0 AND power),
    cast_ts INTEGER NOT NULL,
    UNIQUE (proposal, entity)
  ) STRICT;
  CREATE TRIGGER governance_votes_window BEFORE INSERT ON governance_votes
    WHEN NOT EXISTS (
      SELECT 1 FROM governance_proposals
      WHERE id = NEW.proposal AND NEW.cast_ts BETWEEN start_ts AND end_ts AND snapshot_entry IS NOT NULL AND executed_ts IS NULL
    )
    BEGIN SELECT RAISE(ABORT, 'a vote is cast while it is on'); END;
  CREATE TRIGGER governance_votes_keep BEFORE DELETE ON governance_votes
    BEGIN SELECT RAISE(ABORT, 'a vote stays'); END;
  CREATE TRIGGER governance_votes_fixed BEFORE UPDATE ON governance_votes
    BEGIN SELECT RAISE(ABORT, 'a vote stays what it is'); END;
`
