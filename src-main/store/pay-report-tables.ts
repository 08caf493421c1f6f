/** What plannings of payout runs came to: who was left out and why, what was short, how the payer was. */
export const booksPayReports = `
  CREATE TABLE payout_reports (
    id INTEGER PRIMARY KEY,
    network TEXT NOT NULL,
    subject TEXT NOT NULL,
    run_id TEXT,
    report TEXT NOT NULL,
    added_ts INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX payout_reports_run ON payout_reports (run_id);
  CREATE TABLE payout_left_out (
    report_id INTEGER NOT NULL REFERENCES payout_reports (id),
    place INTEGER NOT NULL,
    network TEXT NOT NULL,
    origin TEXT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (report_id, place)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX payout_left_out_origin ON payout_left_out (network, origin);
`
