/** Heads of the audit trail that were signed with the installation's key (store/audit-heads.ts): kept as they were, in the order of the trail. */
export const booksAuditHeads = `
  CREATE TABLE audit_signed_heads (
    id INTEGER PRIMARY KEY,
    entries INTEGER NOT NULL CHECK (entries > 0),
    hash TEXT NOT NULL,
    marks_hash TEXT NOT NULL,
    ts INTEGER NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('daily', 'export')),
    public_key TEXT NOT NULL,
    signature TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER audit_signed_heads_in_order BEFORE INSERT ON audit_signed_heads
    WHEN NEW.entries < (SELECT max(entries) FROM audit_signed_heads)
      OR NEW.hash IS NOT (SELECT hash FROM audit WHERE seq = NEW.entries)
    BEGIN SELECT RAISE(ABORT, 'a head is that of the trail, and of no less than the one before'); END;
  CREATE TRIGGER audit_signed_heads_no_update BEFORE UPDATE ON audit_signed_heads
    BEGIN SELECT RAISE(ABORT, 'a signed head stays as it is'); END;
  CREATE TRIGGER audit_signed_heads_no_delete BEFORE DELETE ON audit_signed_heads
    BEGIN SELECT RAISE(ABORT, 'a signed head stays as it is'); END;
`
