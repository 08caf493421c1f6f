import { createHash } from 'node:crypto'
import { toAppError } from '../../../src-shared/errors.ts'
import type { Basis } from '../../../src-shared/verify.ts'
import { STATEMENT_BYTES, VOTE_BYTES, type VoteRefusal, voteRefusalSchema } from '../../../src-shared/votes-contract.ts'
import { basisHash, readBasisLine } from './basis.ts'
import { refused } from './statement.ts'

/*
 * Votes as text, one a line, so that files can be joined and a line fits a QR picture. `grv1:` and base64url of the vote's 274 bytes and 4 of
 * checksum (the first of SHA-256 over `grv1:` and the vote): 376 characters, which is QR version 15 at correction level M. `grs1:` is the
 * same of a statement that is still to be signed: 210 and 4 bytes, 291 characters. base64url, not base45: base45 has spaces, which mails and
 * chats cut off. Other lines: `{"basis":…}`, what a vote rests on; `#`, a remark; empty ones.
 */

const VOTE = 'grv1:'
const STATEMENT = 'grs1:'
const CHECKSUM_BYTES = 4
const MAX_BASIS_CHARS = 30_000

export function voteText(bytes: Uint8Array): string {
  return format(VOTE, bytes)
}

export function statementText(bytes: Uint8Array): string {
  return format(STATEMENT, bytes)
}

/** What stands in a votes' text. `problems`: lines that are nothing of it. */
export interface VotesText {
  items: { line: number; kind: 'vote' | 'statement'; bytes: Uint8Array }[]
  /** by hash */
  bases: Map<string, Basis>
  problems: { line: number; reason: VoteRefusal; message: string }[]
}

/** Reads any text; never throws. */
export function readVotesText(text: string): VotesText {
  const found: VotesText = { items: [], bases: new Map(), problems: [] }
  for (const [at, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const content = raw.trim()
    if (content === '' || content.startsWith('#')) continue
    const line = at + 1
    try {
      readLine(content, line, found)
    } catch (error) {
      const { message, details } = toAppError(error)
      found.problems.push({ line, reason: voteRefusalSchema.catch('damaged').parse(details.reason), message })
    }
  }
  return found
}

function readLine(content: string, line: number, found: VotesText): void {
  if (content.startsWith('{')) {
    const basis = content.length > MAX_BASIS_CHARS ? null : readBasisLine(content)
    if (!basis) throw refused('damaged', 'This line says nothing that a vote can rest on. The votes beside it are taken without it.')
    found.bases.set(basisHash(basis), basis)
    return
  }
  const prefix = [VOTE, STATEMENT].find(start => content.toLowerCase().startsWith(start))
  if (prefix === undefined)
    throw refused(
      /^gr[vs]\d/i.test(content) ? 'version' : 'damaged',
      /^gr[vs]\d/i.test(content)
        ? 'This vote is written as a newer Granary does. Update Granary, then import it again.'
        : `This is no vote: a vote begins with ${VOTE} and is one line. Nothing was taken of it.`,
    )
  const bytes = parse(prefix, content.slice(prefix.length))
  found.items.push({ line, kind: prefix === VOTE ? 'vote' : 'statement', bytes })
}

function format(prefix: string, bytes: Uint8Array): string {
  return prefix + Buffer.concat([bytes, checksum(prefix, bytes)]).toString('base64url')
}

function parse(prefix: string, code: string): Uint8Array {
  const wanted = (prefix === VOTE ? VOTE_BYTES : STATEMENT_BYTES) + CHECKSUM_BYTES
  const all = Buffer.from(code, 'base64url')
  const bytes = all.subarray(0, -CHECKSUM_BYTES)
  // one text for one vote: what Buffer would overlook (padding, bits left over, other letters) is refused
  const isWhole = all.length === wanted && all.toString('base64url') === code
  if (!isWhole || !all.subarray(-CHECKSUM_BYTES).equals(checksum(prefix, bytes)))
    throw refused('damaged', 'This vote is cut or mistyped: its checksum is wrong. Copy or scan it once more.')
  return Uint8Array.from(bytes)
}

function checksum(prefix: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(prefix).update(bytes).digest().subarray(0, CHECKSUM_BYTES)
}
