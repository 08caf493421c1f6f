import { setImmediate as breathe } from 'node:timers/promises'
import { AppError } from '../../../src-shared/errors.ts'
import type { AuditedRecords } from '../../../src-shared/receipt-audit.ts'
import { basisSchema } from '../../../src-shared/verify.ts'
import { subjectText } from '../../../src-shared/vote-text.ts'
import { STATEMENT_BYTES } from '../../../src-shared/votes-contract.ts'
import { basisHash } from '../../signing/votes/basis.ts'
import { verifies } from '../../signing/votes/signature.ts'
import { signersHash } from '../../signing/votes/signers.ts'
import { keyName, subjectKey } from '../../signing/votes/statement.ts'
import { readVote } from '../../signing/votes/verify.ts'
import type { Store } from '../../store/index.ts'
import type { VotesTable } from '../../store/schema.ts'
import { loadSignerSet, networksWithSigners } from '../../store/votes.ts'
import { jsonOrNothing } from './read-text.ts'

type Wrong = AuditedRecords['wrong'][number]

/** Votes between two breaths: a signature takes some milliseconds. */
const AT_ONCE = 8

/**
 * Examines every vote of the books: its bytes, its signature, and that it stands where its bytes say; and what votes rest on. A vote that does
 * not count here is none the less what its signer signed.
 */
export async function examineVotes(store: Store): Promise<AuditedRecords> {
  const genesisOf = new Map<string, string>()
  const wrong: Wrong[] = []
  for (const network of networksWithSigners(store)) {
    const set = readSet(store, network)
    if ('why' in set) wrong.push(set)
    else genesisOf.set(network, set.genesis)
  }
  const votes = store.books.prepare('SELECT * FROM votes ORDER BY network, subject, signer').all() as VotesTable[]
  for (const [at, row] of votes.entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await breathe()
    const why = await faultOfVote(row, genesisOf.get(row.network))
    if (why !== null) wrong.push({ name: nameOf(row), why })
  }
  const bases = store.books.prepare('SELECT hash, basis FROM vote_bases ORDER BY hash').all() as { hash: string; basis: string }[]
  for (const { hash, basis } of bases) {
    const parsed = basisSchema.safeParse(jsonOrNothing(basis))
    if (!parsed.success || basisHash(parsed.data) !== hash)
      wrong.push({ name: `what votes rest on, ${hash}`, why: 'It is not what has this hash: it was changed.' })
  }
  const why =
    votes.length === 0
      ? 'There is no vote in the books.'
      : 'Each has the signature of its signer’s key over all that it says, and stands where it says.'
  return { kind: 'vote', checked: votes.length + bases.length, state: wrong.length > 0 ? 'fails' : 'right', why, wrong }
}

function readSet(store: Store, network: string): Wrong | { genesis: string } {
  try {
    const set = loadSignerSet(store, network)
    // hashing it shows that every member of it is one
    if (set) signersHash(set)
    return { genesis: set?.genesis ?? '' }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store.corrupt') throw error
    return { name: `signers of network ${network}`, why: error.message }
  }
}

function nameOf({ network, subject, signer }: VotesTable): string {
  return `vote of ${signer} on ${subject} (network ${network})`
}

async function faultOfVote(row: VotesTable, genesis: string | undefined): Promise<string | null> {
  try {
    const { statement, signature } = readVote(Uint8Array.from(row.vote))
    const { signer, subject, castTs } = statement
    const signed = await verifies(signer, row.vote.subarray(0, STATEMENT_BYTES), signature)
    if (!signed) return 'The signature is not that of its signer over what it says: the vote was changed.'
    const stands: [string, unknown, unknown][] = [
      ['signer', row.signer, keyName(signer)],
      ['subject', row.subject, subjectKey(subject)],
      ['set of signers', row.signers_hash, statement.signersHash],
      ['time', row.cast_ts, castTs],
    ]
    const moved = stands.find(([, now, said]) => now !== said)
    if (moved) return `It stands under ${moved[0]} ${moved[1]}, and what was signed says ${moved[2]} (${subjectText(subject)}).`
    if (genesis === undefined) return `Network ${row.network} has no signers, so no vote on it was ever taken.`
    return genesis === statement.genesis ? null : `It is a vote on another chain, 0x${statement.genesis}.`
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'vote.refused') throw error
    return `${error.message}`
  }
}
