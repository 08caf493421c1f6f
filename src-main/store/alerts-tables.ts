/**
 * Alerts. That a cause opens once and ends once is said here too: causes are unique, a subject has one open alert of a kind, and what is over stays
 * over. News are what somebody is to be told of an alert, each once; a telling is one message, a delivery its way to the webhook.
 */
export const booksAlerts = `
  CREATE TABLE alert_rules (
    kind TEXT PRIMARY KEY,
    is_on INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    severity TEXT NOT NULL,
    threshold INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    cause TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('down', 'at-risk', 'info')),
    network TEXT NOT NULL,
    subject TEXT NOT NULL,
    title TEXT NOT NULL,
    reason TEXT NOT NULL,
    way_out TEXT NOT NULL,
    href TEXT NOT NULL,
    as_of_ts INTEGER NOT NULL,
    opened_ts INTEGER NOT NULL,
    over_ts INTEGER,
    over_as_of_ts INTEGER,
    how TEXT CHECK (how IN ('over', 'replaced', 'rule-off', 'unwatched')),
    CHECK ((over_ts IS NULL) = (how IS NULL))
  ) STRICT;
  CREATE UNIQUE INDEX alerts_open ON alerts (kind, network, subject) WHERE over_ts IS NULL;
  CREATE INDEX alerts_subject ON alerts (kind, network, subject, id);
  CREATE TABLE alert_tellings (
    seq INTEGER PRIMARY KEY,
    ts INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('opened', 'over', 'summary')),
    severity TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    href TEXT NOT NULL
  ) STRICT;
  CREATE TABLE alert_news (
    alert_id INTEGER NOT NULL REFERENCES alerts (id),
    what TEXT NOT NULL CHECK (what IN ('opened', 'over')),
    ts INTEGER NOT NULL,
    is_held INTEGER NOT NULL DEFAULT 0 CHECK (is_held IN (0, 1)),
    telling INTEGER REFERENCES alert_tellings (seq),
    PRIMARY KEY (alert_id, what)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alert_news_untold ON alert_news (ts) WHERE telling IS NULL;
  CREATE INDEX alert_news_telling ON alert_news (telling) WHERE telling IS NOT NULL;
  CREATE TABLE alert_deliveries (
    telling INTEGER PRIMARY KEY REFERENCES alert_tellings (seq),
    url TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    tries INTEGER NOT NULL,
    next_ts INTEGER NOT NULL,
    problem TEXT NOT NULL,
    changed_ts INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX alert_deliveries_waiting ON alert_deliveries (next_ts) WHERE state = 'waiting';
  CREATE TRIGGER alerts_keep BEFORE UPDATE ON alerts
    WHEN OLD.over_ts IS NOT NULL OR NEW.cause <> OLD.cause
    BEGIN SELECT RAISE(ABORT, 'an alert that is over stays as it is'); END;
  CREATE TRIGGER alerts_no_delete BEFORE DELETE ON alerts
    BEGIN SELECT RAISE(ABORT, 'alerts are kept'); END;
  CREATE TRIGGER alert_news_once BEFORE UPDATE ON alert_news WHEN OLD.telling IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'what was told is not told again'); END;
`
