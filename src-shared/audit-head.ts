import { z } from 'zod'

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))

/**
 * A head of the audit trail as it is held elsewhere: how many entries there were, the hash that they end in, and of each entry the first
 * bytes of its hash, signed with the installation's key. With it, also a trail that was rewritten and hashed anew shows which entry was
 * altered first.
 */
export const signedHeadSchema = z.object({
  format: z.literal('granary-audit-head'),
  version: z.literal(1),
  entries: z.int().min(1),
  hash: hex(32),
  /** seconds since the epoch: when it was signed, by the clock of that machine */
  ts: z.int(),
  /** base64, MARK_BYTES of each entry's hash, in order */
  marks: z.base64(),
  /** ed25519 */
  publicKey: hex(32),
  signature: hex(64),
})
export type SignedHead = z.infer<typeof signedHeadSchema>

/** What was found of one head, be it held elsewhere or kept in the books. */
export const headFindingSchema = z.object({
  /** the file that it came from; null: kept in the books */
  from: z.string().nullable(),
  entries: z.number(),
  ts: z.number(),
  publicKey: z.string(),
  /** `same`: the trail goes on from this head; `forged`: its signature is not that of its own key over what it says, so it proves nothing */
  state: z.enum(['same', 'differs', 'forged']),
  /** signed with the key of this data folder */
  isOwnKey: z.boolean(),
})
export type HeadFinding = z.infer<typeof headFindingSchema>

export const auditReportSchema = z.object({
  entries: z.number(),
  /** each entry follows from the one before: whoever altered one has hashed all that follow anew, or altered none */
  consistent: z.boolean(),
  /** how many heads from elsewhere the trail goes on from; kept ones are none of these */
  matchedHeld: z.number(),
  /** up to here the trail is the one that a head from elsewhere was signed over; 0: no such head was given, or none is the same */
  provenEntries: z.number(),
  /** the first entry that was altered or is missing; with `last` above it, it is one of those from `first` to `last`; null: none was found */
  altered: z.object({ first: z.number(), last: z.number() }).nullable(),
  heads: z.array(headFindingSchema),
})
export type AuditReport = z.infer<typeof auditReportSchema>

/** What a check of the trail found, in words. */
export function auditReportText({ entries, consistent, matchedHeld, provenEntries, altered, heads }: AuditReport): string {
  const lines = [
    `${entries === 1 ? '1 entry' : `${entries} entries`}. ${consistent ? 'Consistent in itself: each entry follows from the one before.' : 'Not consistent in itself: an entry does not follow from the one before.'}`,
  ]
  for (const { from, entries: at, state, isOwnKey } of heads) {
    if (from === null && state === 'same') continue
    const which = from === null ? `The kept head of entry ${at}` : `${from} (entry ${at})`
    const key = isOwnKey ? '' : ' It was signed with the key of another data folder.'
    const said = {
      same: 'matches: up to there nothing was altered since.',
      differs: 'does not match: the trail is another than the one that was signed.',
      forged: 'proves nothing: its signature does not fit what it says.',
    }
    lines.push(`${which} ${said[state]}${key}`)
  }
  if (altered) {
    const where = altered.first === altered.last ? `entry ${altered.first}` : `one of the entries ${altered.first} to ${altered.last}`
    lines.push(
      `The first that was altered, or is missing, is ${where}. What it says before that holds. Compare with a backup of the books.`,
    )
  } else if (matchedHeld > 0) lines.push(`Matches what is held elsewhere up to entry ${provenEntries}.`)
  else lines.push('Only a signed head that is held elsewhere shows whether all of it was written anew: give one to compare with.')
  return lines.join('\n')
}
