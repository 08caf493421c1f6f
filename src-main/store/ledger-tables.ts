/**
 * The treasury's ledger. What the books must never hold is refused by the database itself, whatever the code above it does: an entry whose
 * postings do not sum to 0 for each token, an account (but an issuance) below 0, more of a token than its most, a sum past 64 bits (such a sum
 * becomes a float, which a STRICT table does not take), and any change of what was posted.
 *
 * Postings come before their entry, which seals them: it is refused unless they balance, and without it the transaction can't be committed.
 */
export const booksLedger = `
  CREATE TABLE ledger_tokens (
    token TEXT PRIMARY KEY,
    max_units INTEGER CHECK (max_units >= 0),
    initialised_ts INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ledger_accounts (
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL CHECK (entity <> ''),
    token TEXT NOT NULL REFERENCES ledger_tokens (token),
    part TEXT NOT NULL CHECK (part IN ('available', 'locked', 'issuance')),
    balance INTEGER NOT NULL DEFAULT 0,
    UNIQUE (entity, token, part),
    CHECK (CASE part WHEN 'issuance' THEN balance <= 0 ELSE balance >= 0 END)
  ) STRICT;
  CREATE UNIQUE INDEX ledger_accounts_issuance ON ledger_accounts (token) WHERE part = 'issuance';
  CREATE TABLE ledger_entries (
    id INTEGER PRIMARY KEY,
    ts INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    memo TEXT NOT NULL,
    chain_tx TEXT
  ) STRICT;
  CREATE INDEX ledger_entries_ts ON ledger_entries (ts);
  CREATE TABLE ledger_postings (
    entry INTEGER NOT NULL REFERENCES ledger_entries (id) DEFERRABLE INITIALLY DEFERRED,
    place INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES ledger_accounts (id),
    amount INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry, place)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ledger_postings_account ON ledger_postings (account, entry);

  CREATE TRIGGER ledger_accounts_begin BEFORE INSERT ON ledger_accounts WHEN NEW.balance <> 0
    BEGIN SELECT RAISE(ABORT, 'an account begins empty'); END;
  CREATE TRIGGER ledger_accounts_fixed BEFORE UPDATE OF id, entity, token, part ON ledger_accounts
    BEGIN SELECT RAISE(ABORT, 'an account stays what it is'); END;
  CREATE TRIGGER ledger_accounts_keep BEFORE DELETE ON ledger_accounts
    BEGIN SELECT RAISE(ABORT, 'an account stays'); END;
  CREATE TRIGGER ledger_tokens_most AFTER UPDATE OF balance ON ledger_accounts
    WHEN NEW.part = 'issuance' AND -NEW.balance > (SELECT max_units FROM ledger_tokens WHERE token = NEW.token)
    BEGIN SELECT RAISE(ABORT, 'more of a token than its most'); END;
  CREATE TRIGGER ledger_tokens_fixed BEFORE UPDATE ON ledger_tokens
    BEGIN SELECT RAISE(ABORT, 'a token stays what it is'); END;
  CREATE TRIGGER ledger_tokens_keep BEFORE DELETE ON ledger_tokens
    BEGIN SELECT RAISE(ABORT, 'a token stays'); END;
  CREATE TRIGGER ledger_postings_sealed BEFORE INSERT ON ledger_postings
    WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.entry)
    BEGIN SELECT RAISE(ABORT, 'an entry takes no more postings'); END;
  CREATE TRIGGER ledger_postings_move AFTER INSERT ON ledger_postings
    BEGIN UPDATE ledger_accounts SET balance = balance + NEW.amount WHERE id = NEW.account; END;
  -- the balance follows the posting that has just come in, of an entry that is not sealed, and nothing else
  CREATE TRIGGER ledger_accounts_follow BEFORE UPDATE OF balance ON ledger_accounts
    WHEN NOT EXISTS (
      SELECT 1 FROM (SELECT entry, amount FROM ledger_postings WHERE account = NEW.id ORDER BY entry DESC, place DESC LIMIT 1) AS last
      WHERE last.amount = NEW.balance - OLD.balance AND NOT EXISTS (SELECT 1 FROM ledger_entries WHERE id = last.entry)
    )
    BEGIN SELECT RAISE(ABORT, 'a balance follows its postings'); END;
  CREATE TRIGGER ledger_postings_fixed BEFORE UPDATE ON ledger_postings
    BEGIN SELECT RAISE(ABORT, 'what is posted stays'); END;
  CREATE TRIGGER ledger_postings_keep BEFORE DELETE ON ledger_postings
    BEGIN SELECT RAISE(ABORT, 'what is posted stays'); END;
  CREATE TRIGGER ledger_entries_balance BEFORE INSERT ON ledger_entries
    WHEN NOT EXISTS (SELECT 1 FROM ledger_postings WHERE entry = NEW.id)
      OR EXISTS (
        SELECT 1 FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account
        WHERE entry = NEW.id GROUP BY token HAVING sum(amount) <> 0
      )
    BEGIN SELECT RAISE(ABORT, 'an entry must balance for each token'); END;
  CREATE TRIGGER ledger_entries_fixed BEFORE UPDATE ON ledger_entries
    WHEN NEW.id <> OLD.id OR NEW.ts <> OLD.ts OR NEW.kind <> OLD.kind OR NEW.actor <> OLD.actor OR NEW.memo <> OLD.memo
      OR OLD.chain_tx IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an entry stays as it is'); END;
  CREATE TRIGGER ledger_entries_keep BEFORE DELETE ON ledger_entries
    BEGIN SELECT RAISE(ABORT, 'an entry stays'); END;
`

/**
 * The same rules in fewer looks, for a payment has three postings and all of them pass here: an entry of one token (nearly all) is summed
 * without sorting, a posting into an entry that stands is refused by the balance that would follow it, and that balance finds its posting in
 * the index alone.
 */
export const booksLedgerFaster = `
  DROP TRIGGER ledger_postings_sealed;
  DROP INDEX ledger_postings_account;
  CREATE INDEX ledger_postings_account ON ledger_postings (account, entry, place, amount);
  DROP TRIGGER ledger_accounts_follow;
  -- the balance follows the account's last posting, which has just come in, of an entry that does not stand yet, and nothing else
  CREATE TRIGGER ledger_accounts_follow BEFORE UPDATE OF balance ON ledger_accounts
    WHEN NEW.balance - OLD.balance IS NOT (
      SELECT CASE WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE id = entry) THEN NULL ELSE amount END
      FROM ledger_postings WHERE account = NEW.id ORDER BY entry DESC, place DESC LIMIT 1
    )
    BEGIN SELECT RAISE(ABORT, 'a balance follows its postings'); END;
  DROP TRIGGER ledger_entries_balance;
  CREATE TRIGGER ledger_entries_balance BEFORE INSERT ON ledger_entries
    WHEN CASE
      WHEN EXISTS (
        SELECT 1 FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account
        WHERE entry = NEW.id AND token <> (
          SELECT token FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account
          WHERE entry = NEW.id ORDER BY place LIMIT 1
        )
      ) THEN EXISTS (
        SELECT 1 FROM ledger_postings JOIN ledger_accounts ON ledger_accounts.id = account
        WHERE entry = NEW.id GROUP BY token HAVING sum(amount) <> 0
      )
      ELSE (SELECT sum(amount) FROM ledger_postings WHERE entry = NEW.id) IS NOT 0
    END
    BEGIN SELECT RAISE(ABORT, 'an entry must balance for each token'); END;
`
