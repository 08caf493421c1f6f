import { z } from 'zod'
import { formatUtc } from './time.ts'

/*
 * A sealed file: text of one line for each thing that it says, and a last line, the seal, with the hash of all, the first bytes of each line's
 * own hash, and the signature of whoever made it. A line that was changed since is named.
 */

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))

export const sealSignerSchema = z.object({
  kind: z.enum(['sr25519', 'ed25519']),
  publicKey: hex(32),
  /** what the signer's vault calls the key; anybody can write any name */
  name: z.string().max(200),
})
export type SealSigner = z.infer<typeof sealSignerSchema>

export const sealSchema = z.object({
  /** of the lines before the seal, joined by line feeds: SHA-256 */
  digest: hex(32),
  lines: z.int().min(1),
  /** base64, SEAL_MARK_BYTES of each line's SHA-256, in order */
  marks: z.base64(),
  /** seconds, by the clock of the machine that made it */
  ts: z.int(),
  signer: sealSignerSchema.nullable(),
  signature: hex(64).nullable(),
})
export type Seal = z.infer<typeof sealSchema>

export const SEAL_MARK_BYTES = 8

/** What was found of a seal. */
export const sealFindingSchema = z.object({
  /** unsigned: all lines are as they were sealed, but anybody could have sealed them anew; broken: not as they were sealed */
  state: z.enum(['signed', 'unsigned', 'broken']),
  signer: sealSignerSchema.nullable(),
  ts: z.number().nullable(),
  /** numbers of the lines (from 1) that are not as they were sealed; empty where only the seal itself was changed */
  altered: z.array(z.number()),
  why: z.string(),
})
export type SealFinding = z.infer<typeof sealFindingSchema>

/** `signed by key 5f… ("office")` in a sentence, the same on paper and on screen. */
export function sealText({ state, signer, ts, why }: SealFinding): string {
  if (state === 'broken') return `Changed since it was made. ${why}`
  const when = ts === null ? '' : ` at ${formatUtc(ts)}, by that machine's clock`
  if (state === 'unsigned' || signer === null)
    return `Not signed: it is whole as it was made${when}, but whoever changed it could have sealed it anew.`
  return `Signed with the ${signer.kind} key ${signer.publicKey}${when}. Whose key that is, ask its owner in another way.`
}
