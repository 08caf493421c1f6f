import { setImmediate as breathe } from 'node:timers/promises'
import { AppError } from '../../../src-shared/errors.ts'
import type { AuditedRecords } from '../../../src-shared/receipt-audit.ts'
import { basisSchema } from '../../../src-shared/verify.ts'
import { subjectText } from '../../../src-shared/vote-text.ts'
import { STATEMENT_BYTES, type VoteSubject } from '../../../src-shared/votes-contract.ts'
import { basisHash } from '../../signing/votes/basis.ts'
import { verifies } from '../../signing/votes/signature.ts'
import { signersHash } from '../../signing/votes/signers.ts'
import { keyName, subjectKey } from '../../signing/votes/statement.ts'
import { readVote } from '../../signing/votes/verify.ts'
import type { Store } from '../../store/index.ts'
import { loadDecision } from '../../store/mint-decisions.ts'
import { loadRun } from '../../store/runs.ts'
import type { VotesTable } from '../../store/schema.ts'
import { loadExecutions, loadSignerSet, loadVotes, networksWithSigners } from '../../store/votes.ts'
import { readKnownPlan } from '../pay/state.ts'
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
  // a vote that was changed says so itself
  if (wrong.length === 0) for (const network of genesisOf.keys()) wrong.push(...paidWithoutVotes(store, network))
  const checked = votes.length + bases.length
  const why =
    votes.length > 0
      ? 'Each has the signature of its signer’s key over all that it says, and stands where it says.'
      : genesisOf.size > 0
        ? 'There is no vote in the books, and nothing was sent from here that needs one.'
        : 'There is no vote in the books, and none is wanted: no network here has signers with keys.'
  // where there is nothing to look at, nothing is right
  return { kind: 'vote', checked, state: wrong.length > 0 ? 'fails' : checked === 0 ? 'not-checked' : 'right', why, wrong }
}

/**
 * Periods and mints that were paid from here under the present signers though too few of them had voted alike. Before the set was entered or last
 * changed, other votes or none were needed: of that nothing is said; neither of what others sent.
 */
function paidWithoutVotes(store: Store, network: string): Wrong[] {
  const set = loadSignerSet(store, network)
  if (!set) return []
  const hash = signersHash(set)
  const agreeing = new Map<string, number>()
  for (const bytes of loadVotes(store, network, hash)) {
    const { statement } = readVote(bytes)
    const key = `${subjectKey(statement.subject)} ${statement.planHash} ${statement.amountUnits}`
    agreeing.set(key, (agreeing.get(key) ?? 0) + 1)
  }
  const most = (subject: string) => Math.max(0, ...[...agreeing].flatMap(([key, votes]) => (key.startsWith(`${subject} `) ? [votes] : [])))
  return sentSince(store, network).flatMap(subject => {
    const votes = most(subjectKey(subject))
    const why = `It was paid from here, and ${votes} of the ${set.threshold} equal votes that it takes are in the books.`
    return votes >= set.threshold ? [] : [{ name: `votes on ${subjectText(subject)} (network ${network})`, why }]
  })
}

/** The subjects of which a payment was sent from here and arrived, and whose voting was over only once the signers were those that they are now. */
function sentSince(store: Store, network: string): VoteSubject[] {
  const changedTs = store.books.prepare('SELECT changed_ts FROM vote_signers WHERE network = ?').pluck().get(network) as number
  const executions = loadExecutions(store, network)
  const rows = store.books
    .prepare(
      `SELECT r.id AS runId, w.place, r.subject, w.node_id AS nodeId FROM payout_rows w JOIN payout_runs r ON r.id = w.run_id
       JOIN payout_attempts a ON a.hash = w.tx WHERE r.network = ? GROUP BY r.id, w.place HAVING min(a.sent_ts) > ? ORDER BY r.id, w.place`,
    )
    .all(network, changedTs) as { runId: string; place: number; subject: string; nodeId: number }[]
  const found = rows.flatMap(({ runId, place, subject, nodeId }): VoteSubject[] => {
    const period = /^period (\d+)$/.exec(subject)?.[1]
    if (period !== undefined) {
      const voted: VoteSubject = { rules: 'v3', period: Number(period) }
      return (executions.get(subjectKey(voted))?.ts ?? Number.POSITIVE_INFINITY) > changedTs ? [voted] : []
    }
    const startTs = startOfMint(store, runId, place)
    const decision = startTs === null ? undefined : loadDecision(store, network, nodeId, startTs)?.decision
    const decided = decision?.payments.find(({ result }) => result === 'paid')?.decided ?? decision?.decided
    const isVoted = decided?.how === 'votes' && decided.ts > changedTs
    return startTs === null || !isVoted ? [] : [{ rules: 'node-period', nodeId, start: startTs, attempt: decided.attempt }]
  })
  return [...new Map(found.map(subject => [subjectKey(subject), subject])).values()]
}

/** Null where the plan can’t be read: that is told where payments are looked at. */
function startOfMint(store: Store, runId: string, place: number): number | null {
  try {
    return readKnownPlan(loadRun(store, runId).planText).plan.rows[place]?.startTs ?? null
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'archive.format') throw error
    return null
  }
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
