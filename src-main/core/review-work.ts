import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { PayoutPlan } from '../../src-shared/pay.ts'
import type { ReviewRow, ReviewSubject, RunReview, SignReview } from '../../src-shared/review-contract.ts'
import { isBy } from '../clients/stellar/signatures.ts'
import { isDead } from '../engines/payout-plan/row.ts'
import { approvalBytes, createSlices, envelopesToSign, isApproval } from '../jobs/pay/sign.ts'
import { decodeEnvelope } from '../signing/review/envelope.ts'
import type { Planned, Reviewed } from '../signing/review/facts.ts'
import { reviewEnvelope, unknownOf } from '../signing/review/review.ts'
import { inReviewOrder, type ReviewedRow, reviewRow, summariseRun } from '../signing/review/run.ts'
import { signersOfEnvelope } from '../store/review-facts.ts'
import { findEnvelope, listRuns, loadApprovals, loadEnvelopes, loadRun, type StoredEnvelope, type StoredRun } from '../store/runs.ts'
import { payConfigOf } from './pay-config.ts'
import { type PayRoom, payNetwork, planOf } from './pay-room.ts'
import { createAccountBook, type LedgerWord } from './review-accounts.ts'
import { gatherFacts } from './review-facts.ts'

export interface ReviewedRun {
  review: RunReview
  /** the worst first */
  rows: ReviewRow[]
}

export interface Reviewer {
  /** Rejects with AppError not-found, usage, stellar.envelope, store.*, cancelled. */
  envelope(of: Exclude<ReviewSubject, { kind: 'vote' }>, askLedger: boolean, signal?: AbortSignal): Promise<SignReview>
  /** Every envelope that a signature on the run signs. Rejects as above. */
  run(runId: string, askLedger: boolean, signal?: AbortSignal): Promise<ReviewedRun>
}

const reviewers = new WeakMap<PayRoom, Reviewer>()

/** The room's reviewer: what it has looked at a moment ago is not looked at once more. */
export function reviewerOf(room: PayRoom): Reviewer {
  const known = reviewers.get(room)
  if (known) return known
  const made = createReviewer(room)
  reviewers.set(room, made)
  return made
}

/** A run's review is good for so long, in seconds, as long as nothing was written to the books. */
const GOOD_SEC = 60

const NOT_ASKED: LedgerWord = { accounts: new Map(), signers: [], why: null }

export function createReviewer(room: PayRoom): Reviewer {
  const { books } = room
  const askAccounts = createAccountBook(() => books.now())
  let kept: { key: string; atTs: number; answer: Promise<ReviewedRun> } | null = null

  function askedOf(network: string, askLedger: boolean, payees: readonly string[], sources: readonly string[], signal?: AbortSignal) {
    if (!askLedger) return Promise.resolve(NOT_ASKED)
    return askAccounts(payConfigOf(room, network).config, { payees, sources, signal })
  }

  /** Reviews one envelope; where it belongs to a run, against its row. */
  async function look(
    text: string,
    passphrase: string,
    { network, from, askLedger, signal }: { network: string; from: From | null; askLedger: boolean; signal?: AbortSignal | undefined },
  ): Promise<SignReview> {
    const envelope = decodeEnvelope(text, passphrase)
    const reviewed: Reviewed = { envelope, passphrase, planned: from && plannedOf(from) }
    const { act, source, memo } = envelope
    const payees = act.kind === 'pay' ? [act.to] : []
    const sources = [...new Set([source, ...(act.kind === 'pay' ? [act.from] : [])])].filter(account => /^G[A-Z2-7]{55}$/.test(account))
    const word = await askedOf(network, askLedger, payees, sources, signal)
    const facts = await gatherFacts(room, {
      network,
      run: from && { runId: from.run.runId, period: from.plan.period, maker: from.plan.maker },
      rows: from ? [from.plan.rows[from.stored.place]!] : [],
      memo: memo.kind === 'hash' ? memo.value : null,
      accounts: word.accounts,
      ledgerSigners: word.signers,
      signal,
    })
    const signed = from ? signersOfEnvelope(books, from.stored.hash) : []
    const review = reviewEnvelope(reviewed, facts, { text, network, isBy, signed })
    return { ...review, unknown: withWhy(review.unknown, word) }
  }

  async function lookAtRun(runId: string, askLedger: boolean, signal?: AbortSignal): Promise<ReviewedRun> {
    const run = loadRun(books, runId)
    const plan = planOf(room, run)
    const slice = createSlices(signal)
    await slice()
    const open = envelopesToSign(books, run)
    await slice()
    const reviewed: { of: Reviewed; stored: StoredEnvelope }[] = []
    for (const stored of open) {
      const envelope = decodeEnvelope(stored.envelope, plan.passphrase)
      reviewed.push({ of: { envelope, passphrase: plan.passphrase, planned: plannedOf({ run, plan, stored }) }, stored })
      // thousands of envelopes are held at once: only one that is looked at by itself shows every value
      envelope.leaves = []
      await slice()
    }
    const payees = reviewed.flatMap(({ of: { envelope } }) => (envelope.act.kind === 'pay' ? [envelope.act.to] : []))
    const word = await askedOf(run.network, askLedger, payees, [plan.payer], signal)
    const facts = await gatherFacts(room, {
      network: run.network,
      run: { runId: run.runId, period: plan.period, maker: plan.maker },
      rows: plan.rows,
      memo: null,
      accounts: word.accounts,
      ledgerSigners: word.signers,
      signal,
    })
    const list: ReviewedRow[] = []
    const unknown = new Map<string, number>()
    for (const { of, stored } of reviewed) {
      list.push(reviewRow(of, facts, { place: stored.place, generation: stored.generation }))
      for (const text of unknownOf(of, facts)) unknown.set(text, (unknown.get(text) ?? 0) + 1)
      await slice()
    }
    const approvals = loadApprovals(books, run.runId).map(approval => {
      const name = facts.signers.get(approval.signer)
      return { who: name ? `${name}, ${approval.signer}` : approval.signer, isValid: isApproval(run.runId, approval) }
    })
    const review = summariseRun(
      {
        plan,
        runId: run.runId,
        signatures: approvals,
        unknown: withWhy(
          [...unknown].map(([text, n]) => (n === list.length ? text : `Of ${n} of ${list.length} envelopes: ${text}`)),
          word,
        ),
        bytes: { form: "text, before the envelopes' hashes", text: Buffer.from(approvalBytes(run.runId)).toString('utf8') },
      },
      list,
    )
    return { review, rows: inReviewOrder(list.map(({ row }) => row)) }
  }

  /** Changes whenever somebody wrote to the books. */
  function booksMark(): string {
    const own = books.books.prepare('SELECT total_changes()').pluck().get() as number
    return `${String(books.books.pragma('data_version', { simple: true }))} ${own}`
  }

  return {
    async envelope(of, askLedger, signal) {
      const network = payNetwork(room) ?? ''
      if (of.kind === 'envelope') {
        const text = of.text.trim()
        const { from, passphrase } = originOf(text, network)
        return look(text, passphrase, { network: from?.run.network ?? network, from, askLedger, signal })
      }
      const run = loadRun(books, of.runId)
      const plan = planOf(room, run)
      const own = loadEnvelopes(books, run.runId)[of.place] ?? []
      const stored =
        of.generation === undefined
          ? (own.findLast(each => !isDead(each)) ?? own.at(-1))
          : own.find(each => each.generation === of.generation)
      if (!stored)
        throw new AppError('not-found', `Run ${run.runId.slice(0, 16)} has no such row. It has ${plan.rows.length}, counted from 0.`)
      return look(stored.envelope, plan.passphrase, { network: run.network, from: { run, plan, stored }, askLedger, signal })
    },
    async run(runId, askLedger, signal) {
      const key = `${loadRun(books, runId).runId} ${askLedger} ${booksMark()}`
      if (kept?.key !== key || kept.atTs < books.now() - GOOD_SEC) {
        const answer = lookAtRun(runId, askLedger, signal)
        const mine = { key, atTs: books.now(), answer }
        kept = mine
        answer.catch(() => {
          if (kept === mine) kept = null
        })
        return answer
      }
      try {
        return await kept.answer
      } catch (error) {
        // whoever asked first went away; that is no reason for the others
        if (toAppError(error).code !== 'cancelled' || signal?.aborted) throw error
        return lookAtRun(runId, askLedger, signal)
      }
    },
  }

  /** The run that an envelope from elsewhere belongs to, and the passphrase that it is hashed with. */
  function originOf(text: string, network: string): { from: From | null; passphrase: string } {
    const { passphrase: configured } = payConfigOf(room, network).config
    const runs = listRuns(books).map(run => run.runId)
    const plans = configured === '' ? runs.slice(0, 1).map(runId => planOf(room, loadRun(books, runId))) : []
    const passphrase = configured || plans[0]?.passphrase
    if (!passphrase)
      throw new AppError(
        'usage',
        'How this network pays is not entered here, so that it is not known what a signature on this envelope would sign. Enter the network passphrase in the payout settings first.',
      )
    const { hash, innerHash } = decodeEnvelope(text, passphrase)
    const found = findEnvelope(books, innerHash ?? hash)
    if (!found) return { from: null, passphrase }
    const run = loadRun(books, found.runId)
    return { from: { run, plan: planOf(room, run), stored: found }, passphrase }
  }
}

interface From {
  run: StoredRun
  plan: PayoutPlan
  stored: StoredEnvelope
}

function plannedOf({ run, plan, stored }: From): Planned {
  return { runId: run.runId, terms: plan, row: plan.rows[stored.place]!, kind: stored.kind }
}

function withWhy(unknown: readonly string[], { why }: LedgerWord): string[] {
  return why === null ? [...unknown] : [...unknown, `The ledger was not asked in full: ${why}`]
}
