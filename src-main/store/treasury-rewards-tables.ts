/**
 * Rewards: proofs of knowledge, what the UBO fund has paid, and the rewards that are minted. A proof stays as it was hashed and is paid at most
 * once; a reward is distributed once. The database itself keeps that.
 */
export const booksRewards = `
  CREATE TABLE knowledge_proofs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    entity TEXT NOT NULL,
    module TEXT NOT NULL,
    -- all that the hash covers, and the hash, as it is exported
    proof TEXT NOT NULL CHECK (json_valid(proof) AND proof ->> '$.id' = id AND proof ->> '$.userId' = entity AND proof ->> '$.moduleId' = module),
    reward INTEGER NOT NULL CHECK (reward > 0),
    submitted_ts INTEGER NOT NULL,
    UNIQUE (entity, module)
  ) STRICT;
  CREATE INDEX knowledge_proofs_entity ON knowledge_proofs (entity, number);
  CREATE TRIGGER knowledge_proofs_keep BEFORE DELETE ON knowledge_proofs
    BEGIN SELECT RAISE(ABORT, 'a proof stays'); END;
  CREATE TRIGGER knowledge_proofs_fixed BEFORE UPDATE ON knowledge_proofs
    BEGIN SELECT RAISE(ABORT, 'a proof stays'); END;

  CREATE TABLE fund_payments (
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    -- of a proof, or out of the amount table
    proof INTEGER UNIQUE REFERENCES knowledge_proofs (number),
    type TEXT,
    category TEXT,
    memo TEXT NOT NULL,
    -- of the recipient when it was paid
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 100),
    paid_ts INTEGER NOT NULL,
    entry INTEGER NOT NULL UNIQUE REFERENCES ledger_entries (id),
    CHECK ((proof IS NULL) = (type IS NOT NULL) AND (type IS NULL) = (category IS NULL))
  ) STRICT;
  CREATE INDEX fund_payments_entity ON fund_payments (entity, id);
  CREATE TRIGGER fund_payments_whole BEFORE INSERT ON fund_payments
    WHEN NEW.proof IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM knowledge_proofs WHERE number = NEW.proof AND entity = NEW.entity AND reward = NEW.amount)
    BEGIN SELECT RAISE(ABORT, 'a proof is paid its reward, to whom it is of'); END;
  CREATE TRIGGER fund_payments_keep BEFORE DELETE ON fund_payments
    BEGIN SELECT RAISE(ABORT, 'what the fund has paid stays'); END;
  CREATE TRIGGER fund_payments_fixed BEFORE UPDATE ON fund_payments
    BEGIN SELECT RAISE(ABORT, 'what the fund has paid stays'); END;

  CREATE TABLE minted_rewards (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('transaction', 'learning', 'governance', 'referral')),
    recipient TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    memo TEXT NOT NULL,
    -- of the recipient when it was granted
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 100),
    created_ts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'DISTRIBUTED', 'CLAIMED')),
    entry INTEGER UNIQUE REFERENCES ledger_entries (id),
    distributed_ts INTEGER,
    claimed_ts INTEGER,
    CHECK ((state = 'PENDING') = (entry IS NULL) AND (entry IS NULL) = (distributed_ts IS NULL)),
    CHECK ((state = 'CLAIMED') = (claimed_ts IS NOT NULL))
  ) STRICT;
  CREATE INDEX minted_rewards_recipient ON minted_rewards (recipient, id);
  CREATE TRIGGER minted_rewards_keep BEFORE DELETE ON minted_rewards
    BEGIN SELECT RAISE(ABORT, 'a reward stays'); END;
  CREATE TRIGGER minted_rewards_fixed BEFORE UPDATE OF id, kind, recipient, amount, memo, trust, created_ts ON minted_rewards
    BEGIN SELECT RAISE(ABORT, 'a reward stays what it is'); END;
  CREATE TRIGGER minted_rewards_once BEFORE UPDATE ON minted_rewards
    WHEN NOT ((OLD.state = 'PENDING' AND NEW.state = 'DISTRIBUTED') OR (OLD.state = 'DISTRIBUTED' AND NEW.state = 'CLAIMED' AND NEW.entry = OLD.entry
      AND NEW.distributed_ts = OLD.distributed_ts))
    BEGIN SELECT RAISE(ABORT, 'a reward is distributed once, then claimed once'); END;
`
