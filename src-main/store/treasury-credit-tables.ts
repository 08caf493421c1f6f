/**
 * Credit: applications, what an analyst was asked about them, loans and what was repaid. What was applied for, decided, agreed on, asked and
 * repaid stays as it was written, which the database itself keeps.
 */
export const booksCredit = `
  CREATE TABLE credit_applications (
    id INTEGER PRIMARY KEY,
    entity TEXT NOT NULL,
    asked INTEGER NOT NULL CHECK (asked > 0),
    purpose TEXT NOT NULL,
    note TEXT NOT NULL,
    -- of the applicant then: its trust with its parts as JSON, and what it owed
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 100),
    trust_parts TEXT NOT NULL CHECK (json_valid(trust_parts)),
    owed INTEGER NOT NULL CHECK (owed >= 0),
    created_ts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('analysing', 'approved', 'rejected', 'accepted', 'withdrawn')),
    -- the decision; all null before it
    decided_ts INTEGER,
    basis TEXT CHECK (basis IN ('analyst', 'fallback')),
    no_advice TEXT,
    reasons TEXT CHECK (json_valid(reasons)),
    is_advised INTEGER,
    suggested INTEGER CHECK (suggested >= 0),
    rejected TEXT CHECK (rejected IN ('advice', 'trust', 'amount')),
    approved INTEGER CHECK (approved >= 0 AND approved <= asked),
    rate_bps INTEGER,
    term_months INTEGER,
    tax_bps INTEGER,
    CHECK ((decided_ts IS NULL) = (basis IS NULL)),
    CHECK (state <> 'analysing' OR decided_ts IS NULL),
    CHECK (state NOT IN ('approved', 'rejected', 'accepted') OR decided_ts IS NOT NULL)
  ) STRICT;
  CREATE INDEX credit_applications_entity ON credit_applications (entity, id);
  CREATE INDEX credit_applications_analysing ON credit_applications (id) WHERE state = 'analysing';
  CREATE TRIGGER credit_applications_keep BEFORE DELETE ON credit_applications
    BEGIN SELECT RAISE(ABORT, 'an application stays'); END;
  CREATE TRIGGER credit_applications_fixed
    BEFORE UPDATE OF id, entity, asked, purpose, note, trust, trust_parts, owed, created_ts ON credit_applications
    BEGIN SELECT RAISE(ABORT, 'an application stays what it is'); END;
  CREATE TRIGGER credit_applications_decided_once
    BEFORE UPDATE OF decided_ts, basis, no_advice, reasons, is_advised, suggested, rejected, approved, rate_bps, term_months, tax_bps
    ON credit_applications WHEN OLD.decided_ts IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an application is decided once'); END;

  -- each asking is on the disk before anything is sent; ended_ts null: it did not end
  CREATE TABLE credit_asked (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL REFERENCES credit_applications (id),
    asked_ts INTEGER NOT NULL,
    url TEXT NOT NULL,
    asked TEXT NOT NULL,
    ended_ts INTEGER,
    answered TEXT,
    status INTEGER,
    problem TEXT
  ) STRICT;
  CREATE INDEX credit_asked_application ON credit_asked (application, id);
  CREATE TRIGGER credit_asked_keep BEFORE DELETE ON credit_asked
    BEGIN SELECT RAISE(ABORT, 'what was asked stays'); END;
  CREATE TRIGGER credit_asked_fixed BEFORE UPDATE ON credit_asked
    WHEN OLD.ended_ts IS NOT NULL OR NEW.application <> OLD.application OR NEW.url <> OLD.url OR NEW.asked <> OLD.asked
    BEGIN SELECT RAISE(ABORT, 'what was asked and answered stays'); END;

  -- to which addresses an entity allows that its applications are sent
  CREATE TABLE credit_allowed (
    entity TEXT NOT NULL,
    url TEXT NOT NULL,
    allowed_ts INTEGER NOT NULL,
    PRIMARY KEY (entity, url)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE credit_loans (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL UNIQUE REFERENCES credit_applications (id),
    entity TEXT NOT NULL,
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 100),
    principal INTEGER NOT NULL CHECK (principal > 0),
    rate_bps INTEGER NOT NULL CHECK (rate_bps >= 0),
    term_months INTEGER NOT NULL CHECK (term_months > 0),
    tax_bps INTEGER NOT NULL CHECK (tax_bps BETWEEN 0 AND 9999),
    opened_ts INTEGER NOT NULL,
    net_instalment INTEGER NOT NULL CHECK (net_instalment > 0),
    status TEXT NOT NULL CHECK (status IN ('active', 'paid_off', 'defaulted')),
    outstanding INTEGER NOT NULL CHECK (outstanding >= 0),
    interest INTEGER NOT NULL CHECK (interest >= 0),
    charged_months INTEGER NOT NULL CHECK (charged_months BETWEEN 0 AND term_months),
    instalment INTEGER NOT NULL CHECK (instalment BETWEEN 1 AND term_months),
    covered INTEGER NOT NULL CHECK (covered >= 0),
    collected INTEGER NOT NULL CHECK (collected >= 0),
    -- of the instalment that is due next
    due_ts INTEGER NOT NULL,
    CHECK (status <> 'paid_off' OR (outstanding = 0 AND interest = 0))
  ) STRICT;
  CREATE INDEX credit_loans_entity ON credit_loans (entity, id);
  CREATE INDEX credit_loans_due ON credit_loans (due_ts, id) WHERE status = 'active';
  CREATE TRIGGER credit_loans_keep BEFORE DELETE ON credit_loans
    BEGIN SELECT RAISE(ABORT, 'a loan stays'); END;
  CREATE TRIGGER credit_loans_fixed
    BEFORE UPDATE OF id, application, entity, trust, principal, rate_bps, term_months, tax_bps, opened_ts, net_instalment ON credit_loans
    BEGIN SELECT RAISE(ABORT, 'what a loan was agreed on stays'); END;
  CREATE TRIGGER credit_loans_ended BEFORE UPDATE ON credit_loans WHEN OLD.status <> 'active'
    BEGIN SELECT RAISE(ABORT, 'this loan has ended'); END;

  CREATE TABLE credit_repayments (
    id INTEGER PRIMARY KEY,
    loan INTEGER NOT NULL REFERENCES credit_loans (id),
    entity TEXT NOT NULL,
    ts INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES ledger_entries (id),
    by TEXT NOT NULL CHECK (by IN ('borrower', 'collection')),
    taken INTEGER NOT NULL CHECK (taken > 0),
    tax INTEGER NOT NULL CHECK (tax >= 0),
    interest INTEGER NOT NULL CHECK (interest >= 0),
    principal INTEGER NOT NULL CHECK (principal >= 0),
    CHECK (taken = tax + interest + principal)
  ) STRICT;
  CREATE INDEX credit_repayments_loan ON credit_repayments (loan, id);
  CREATE INDEX credit_repayments_entity ON credit_repayments (entity);
  CREATE TRIGGER credit_repayments_keep BEFORE DELETE ON credit_repayments
    BEGIN SELECT RAISE(ABORT, 'a repayment stays'); END;
  CREATE TRIGGER credit_repayments_fixed BEFORE UPDATE ON credit_repayments
    BEGIN SELECT RAISE(ABORT, 'a repayment stays'); END;
`
