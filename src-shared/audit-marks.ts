/** Bytes of each entry's hash that a signed head of the audit trail holds: enough to tell which entry is another, and short. */
export const MARK_BYTES = 8
