import { z } from 'zod'
import { AppError } from '../../src-shared/errors.ts'
import { type Basis, basisSchema } from '../../src-shared/verify.ts'
import { type SignerSet, signerSetSchema } from '../../src-shared/votes-contract.ts'
import type { Store } from './open.ts'
import { books, change, row, rows } from './sql.ts'

/** A network's signers; null where nobody entered any. Throws AppError store.corrupt. */
export function loadSignerSet(store: Store, network: string): SignerSet | null {
  const found = row(store.books, books.selectFrom('vote_signers').selectAll().where('network', '=', network))
  if (!found) return null
  const parsed = signerSetSchema.safeParse(parseJson(found.signer_set))
  if (parsed.success) return parsed.data
  // never taken for none: then whoever is named in the minting rules could vote without a signature
  throw new AppError(
    'store.corrupt',
    `The signers of network "${network}" in books.db can't be read. Nothing was changed. Put a copy of the books from the folder "backups" in its place.`,
    { details: { network } },
  )
}

/** The networks that have signers, by name. */
export function networksWithSigners(store: Store): string[] {
  return rows(store.books, books.selectFrom('vote_signers').select('network').orderBy('network')).map(({ network }) => network)
}

/** Puts a set in the place of the one before; whoever calls it holds the transaction (runCommand does). */
export function saveSignerSet(store: Store, network: string, set: SignerSet): void {
  const values = { signer_set: JSON.stringify(z.encode(signerSetSchema, set)), changed_ts: store.now() }
  change(
    store.books,
    books
      .insertInto('vote_signers')
      .values({ network, ...values })
      .onConflict(conflict => conflict.column('network').doUpdateSet(values)),
  )
}

/** Where a vote stands: of one signer on one subject there is one, for each set of signers. */
export interface VotePlace {
  signersHash: string
  subject: string
  signer: string
}

/** The bytes of a network's votes under one set of signers, of one subject or of all, in order of subject and signer. */
export function loadVotes(store: Store, network: string, signersHash: string, subject?: string): Uint8Array[] {
  let query = books.selectFrom('votes').select('vote').where('network', '=', network).where('signers_hash', '=', signersHash)
  if (subject !== undefined) query = query.where('subject', '=', subject)
  return rows(store.books, query.orderBy('subject').orderBy('signer')).map(({ vote }) => vote)
}

/** The bytes of the vote in a place; undefined where there is none. */
export function loadVote(store: Store, network: string, place: VotePlace): Uint8Array | undefined {
  const query = books.selectFrom('votes').select('vote').where('network', '=', network).where('signers_hash', '=', place.signersHash)
  return row(store.books, query.where('subject', '=', place.subject).where('signer', '=', place.signer))?.vote
}

/** Puts a vote into its place, whatever was there; whoever calls it holds the transaction and has compared the two. */
export function putVote(store: Store, network: string, place: VotePlace, castTs: number, bytes: Uint8Array): void {
  const values = { cast_ts: castTs, vote: Buffer.from(bytes), added_ts: store.now() }
  change(
    store.books,
    books
      .insertInto('votes')
      .values({ network, signers_hash: place.signersHash, subject: place.subject, signer: place.signer, ...values })
      .onConflict(conflict => conflict.columns(['network', 'signers_hash', 'subject', 'signer']).doUpdateSet(values)),
  )
}

/** How many votes of a network stand under other signers than these. */
export function countVoidVotes(store: Store, network: string, signersHash: string): number {
  const query = books.selectFrom('votes').select(books.fn.countAll<number>().as('n')).where('network', '=', network)
  return row(store.books, query.where('signers_hash', '!=', signersHash))?.n ?? 0
}

/** Keeps what votes rest on, by hash; whoever calls it holds the transaction. */
export function saveBasis(store: Store, hash: string, basis: Basis): void {
  const values = { hash, basis: JSON.stringify(basis) }
  change(
    store.books,
    books
      .insertInto('vote_bases')
      .values(values)
      .onConflict(conflict => conflict.column('hash').doNothing()),
  )
}

/** What a vote rests on; null where that did not come along, or can't be read. */
export function loadBasis(store: Store, hash: string): Basis | null {
  const found = row(store.books, books.selectFrom('vote_bases').select('basis').where('hash', '=', hash))
  const parsed = basisSchema.safeParse(found && parseJson(found.basis))
  return parsed.success ? parsed.data : null
}

/** What became of a subject's votes. */
export interface VoteExecution {
  amountUnits: bigint
  planHash: string
  /** in words: `run 4f2a… is under way` */
  how: string
  /** the payout run that executes it; empty: none of this program */
  runId: string
  /** seconds */
  ts: number
}

/** The subjects whose votes count no more, by name. */
export function loadExecutions(store: Store, network: string): Map<string, VoteExecution> {
  const found = rows(store.books, books.selectFrom('vote_executions').selectAll().where('network', '=', network))
  return new Map(
    found.map(({ subject, amount_units: amountUnits, plan_hash: planHash, how, run_id: runId, ts }) => [
      subject,
      { amountUnits: BigInt(amountUnits), planHash, how, runId, ts },
    ]),
  )
}

/**
 * Ends the voting on a subject: a payout run of what was agreed begins. What is there stays, but for the run: another one of the same plan may
 * follow one that paid nothing. Whoever calls it holds the transaction in which that happens.
 */
export function saveExecution(store: Store, network: string, subject: string, execution: Omit<VoteExecution, 'ts'>): void {
  const { amountUnits, planHash, how, runId } = execution
  const values = { network, subject, amount_units: amountUnits.toString(), plan_hash: planHash, how, run_id: runId, ts: store.now() }
  change(
    store.books,
    books
      .insertInto('vote_executions')
      .values(values)
      .onConflict(conflict =>
        conflict.columns(['network', 'subject']).doUpdateSet({ how, run_id: runId }).where('vote_executions.plan_hash', '=', planHash),
      ),
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
