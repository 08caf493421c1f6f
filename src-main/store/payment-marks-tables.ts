/**
 * With each row of a payout run, and with each payment that was found on Stellar, a mark: SHA-256 over all that stands in it. Plan and envelopes
 * have hashes of their own; what the ledger said of them has none, so that a changed row would show nowhere. NULL: kept before there were marks.
 */
export const booksPaymentMarks = `
  ALTER TABLE payout_rows ADD COLUMN mark TEXT;
  ALTER TABLE payment_checks ADD COLUMN mark TEXT;
  ALTER TABLE payment_finds ADD COLUMN mark TEXT;
`
