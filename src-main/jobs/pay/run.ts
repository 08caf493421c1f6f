import { AppError } from '../../../src-shared/errors.ts'
import type { EnvelopeKind, RowStage, RunStage } from '../../../src-shared/pay.ts'
import { checkNetwork } from '../../clients/stellar/accounts.ts'
import { buildFeeBump } from '../../clients/stellar/build.ts'
import type { MemoIndex } from '../../clients/stellar/history.ts'
import type { AskOptions, Horizon } from '../../clients/stellar/horizon.ts'
import { addSignature, fitSignatures } from '../../clients/stellar/signatures.ts'
import { type SubmitOutcome, submit } from '../../clients/stellar/submit.ts'
import { type ChannelHead, channelHeads, countRows, secondsLeft } from '../../engines/payout-plan/run.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import { markReconciled, refuseUnreconciled } from '../../store/restored.ts'
import { beginAttempts, endAttempt, findEnvelope, loadRun, loadSignatures, saveStage } from '../../store/runs.ts'
import type { JobContext } from '../context.ts'
import { ledgerTx } from './ledger.ts'
import { openHistory, settle, settleMemos } from './settle.ts'
import { type Accounts, loadAccounts, markSigned, type PaySigner, withSignatures } from './sign.ts'
import { applyEvents, type LiveRun, openEnvelopes, openRun, type PlacedEvent, refused } from './state.ts'

/** Transactions on their way at once, each of another channel. */
const CONCURRENCY = 20
/** A ledger takes some five seconds. */
const LEDGER_MS = 5_000
/** So often in a row an envelope may be refused for a reason that waiting does not mend, until a person must look. */
const MOST_REFUSALS = 3

export interface RunOptions {
  /** called in the transaction in which the run begins to be sent, or goes on: what it throws ends that before anything is sent */
  begin?: () => void
  /** pays a higher fee where the network asks for it: its account, its key, and the most for one transaction in all */
  raise?: { signer: PaySigner; mostStroops: bigint }
  /** between two rounds, milliseconds */
  roundMs?: number
  /** stops after so many rounds; default: when nothing is left to do */
  mostRounds?: number
}

export interface RunReport {
  counts: Record<RowStage, number>
  /** channels that can't go on, with the row that holds them up and the reason */
  blocked: { channel: string; place: number; why: string }[]
  /** paused or stopped meanwhile */
  held: boolean
}

/**
 * Sends a run's envelopes and settles them, until every row is settled or only a person can go on. Each round: what the ledger says (the
 * payer's history is searched for every memo before anything is sent), then the next envelope of each channel, kept as sent before it is
 * sent, then what came back. After an unclear answer the same bytes are sent again. Pausing or stopping the run ends it after the round.
 * Throws AppError `pay.refused` (signatures, stage), stellar.*, cancelled: whatever was sent is in the books and is settled next time.
 */
export async function sendRun(
  store: Store,
  horizon: Horizon,
  runId: string,
  context: JobContext = {},
  options: RunOptions = {},
): Promise<RunReport> {
  const { signal } = context
  await checkNetwork(horizon, { signal })
  const live = openRun(store, runId)
  const { run } = live
  refuseUnreconciled(store, live.runId, 'sent')
  if (!maySend(run.stage, openEnvelopes(store, live.runId)))
    throw refused(
      'stage',
      run.stage === 'paused' ? 'The run is paused. Resume it first.' : `Nothing of this run is sent any more: it is ${run.stage}.`,
    )
  const accounts = await loadAccounts(horizon, live.plan, { signal })
  const signed = markSigned(store, live, accounts)
  if (signed.ready === 0 && signed.open > 0)
    throw refused(
      signed.onlyMaker ? 'only-maker' : 'signatures',
      signed.onlyMaker
        ? "Only the run's maker has signed it. Somebody else must sign too before it is sent."
        : `No envelope has enough signatures yet; ${signed.signers.length === 0 ? 'nobody has signed' : `${signed.signers.length} signed`}. Collect the others first.`,
    )
  writeTransaction(store.books, 'books.db', () => {
    options.begin?.()
    if (loadRun(store, live.runId).stage === 'open') saveStage(store, live.runId, 'running')
  })
  const history = await openHistory(horizon, live, { signal })
  const refusals = new Map<string, { times: number; why: string; lowFee: boolean }>()
  const total = live.rows.length
  for (let round = 1; ; round++) {
    await settle(store, horizon, live, history, { signal })
    // signatures may have come in meanwhile
    markSigned(store, live, accounts)
    const heads = channelHeads(live.plan, live.rows)
    const { stage } = loadRun(store, live.runId)
    const isHeld = !maySend(
      stage,
      heads.flatMap(({ send }) => send ?? []),
    )
    const going = heads.filter(({ send }) => send && maySend(stage, [send]) && (refusals.get(send.hash)?.times ?? 0) < MOST_REFUSALS)
    if (isHeld || going.length === 0 || round > (options.mostRounds ?? Number.POSITIVE_INFINITY))
      return {
        counts: countRows(live.rows),
        blocked: blockedOf(heads, refusals),
        held: isHeld && (stage === 'paused' || stage === 'stopped'),
      }
    for (let from = 0; from < going.length; from += CONCURRENCY)
      await sendSome(
        store,
        horizon,
        live,
        { heads: going.slice(from, from + CONCURRENCY), history, accounts, refusals, options },
        { signal },
      )
    const counts = countRows(live.rows)
    context.onProgress?.({
      fraction: counts.paid / total,
      detail: `${counts.paid} of ${total} paid`,
      secondsLeft: secondsLeft(live.plan, live.rows),
    })
    await sleep(horizon, options.roundMs ?? LEDGER_MS, signal)
  }
}

/** Of a run that was stopped only what uses its numbers up is sent. */
function maySend(stage: RunStage, envelopes: readonly { kind: EnvelopeKind }[]): boolean {
  return stage === 'open' || stage === 'running' || (stage === 'stopped' && envelopes.some(({ kind }) => kind === 'bump'))
}

/** Brings the books up to what the ledger says, and sends nothing. Throws AppError stellar.*, cancelled. */
export async function reconcileRun(store: Store, horizon: Horizon, runId: string, context: JobContext = {}): Promise<RunReport> {
  const options = { signal: context.signal }
  await checkNetwork(horizon, options)
  const live = openRun(store, runId)
  await settle(store, horizon, live, await openHistory(horizon, live, options), options)
  writeTransaction(store.books, 'books.db', () => markReconciled(store, live.runId))
  return { counts: countRows(live.rows), blocked: blockedOf(channelHeads(live.plan, live.rows), new Map()), held: false }
}

type Refusals = Map<string, { times: number; why: string; lowFee: boolean }>

interface Round {
  heads: readonly ChannelHead[]
  history: MemoIndex
  accounts: Accounts
  refusals: Refusals
  options: RunOptions
}

async function sendSome(store: Store, horizon: Horizon, live: LiveRun, round: Round, ask: AskOptions): Promise<void> {
  const { history, accounts, refusals, options } = round
  // the last look before the bytes leave: what somebody else paid meanwhile is not sent
  await settleMemos(store, live, history, ask)
  const signatures = loadSignatures(store, live.runId)
  const ready = round.heads.flatMap(({ place, send }) => {
    const stored = findEnvelope(store, send!.hash)
    if (!stored) return []
    const signed = withSignatures(stored.envelope, live.plan.passphrase, signatures.get(stored.hash) ?? [])
    const fit = fitSignatures(signed, live.plan.passphrase, accounts)
    return [{ place, hash: stored.hash, kind: stored.kind, envelope: refusals.get(stored.hash)?.lowFee ? raised(fit, live, options) : fit }]
  })
  let begun: typeof ready = []
  const ids = beginAttempts(store, () => {
    // somebody may have paused or stopped the run a moment ago
    const { stage } = loadRun(store, live.runId)
    const still = ready.filter(one => maySend(stage, [one]))
    const sends = still.map(({ place, hash }): PlacedEvent => ({ place, event: { kind: 'send', hash } }))
    const refusedSends = new Set(applyEvents(store, live, sends))
    begun = still.filter((_, at) => !refusedSends.has(sends[at]!))
    return begun.map(({ hash }) => hash)
  })
  const outcomes = await Promise.allSettled(begun.map(({ envelope }) => submit(horizon, envelope, ask)))
  const events: PlacedEvent[] = []
  writeTransaction(store.books, 'books.db', () => {
    for (const [at, { place, hash }] of begun.entries()) {
      const outcome = outcomes[at]!
      if (outcome.status === 'rejected') {
        endAttempt(store, ids[at]!, 'error', String((outcome.reason as Error).message).slice(0, 300))
        events.push({ place, event: { kind: 'unclear', hash } })
        continue
      }
      endAttempt(store, ids[at]!, outcome.value.kind, noteOf(outcome.value))
      events.push({ place, event: eventOf(outcome.value, hash) })
      countRefusal(refusals, hash, outcome.value)
    }
    applyEvents(store, live, events)
  })
  const broken = outcomes.find(outcome => outcome.status === 'rejected')
  if (broken?.status === 'rejected') throw broken.reason
}

function eventOf(outcome: SubmitOutcome, hash: string): PlacedEvent['event'] {
  if (outcome.kind === 'applied') return { kind: 'found', tx: ledgerTx(outcome.tx) }
  if (outcome.kind === 'rejected' && outcome.tx) return { kind: 'found', tx: ledgerTx(outcome.tx) }
  // also a refusal: the same bytes that were sent before may still wait somewhere
  return { kind: 'unclear', hash }
}

function noteOf(outcome: SubmitOutcome): string {
  if (outcome.kind === 'applied') return `ledger ${outcome.tx.ledger}`
  if (outcome.kind === 'unclear') return outcome.detail.slice(0, 300)
  return `${outcome.means.code}: ${outcome.means.meaning}`
}

/** What waiting mends is no refusal: a number whose turn has not come, a ledger that is full. */
function countRefusal(refusals: Refusals, hash: string, outcome: SubmitOutcome): void {
  if (outcome.kind !== 'rejected' || outcome.tx) {
    refusals.delete(hash)
    return
  }
  const { code, meaning, wayOut } = outcome.means
  const isMended = wayOut === 'again' || code === 'tx_bad_seq' || code === 'tx_too_late'
  const times = isMended ? 0 : (refusals.get(hash)?.times ?? 0) + 1
  refusals.set(hash, { times, why: meaning, lowFee: wayOut === 'raise-fee' || (refusals.get(hash)?.lowFee ?? false) })
}

/** The same transaction with a higher fee: its hash and its signatures stay. Without somebody who pays it, as it is. */
function raised(envelope: string, { plan }: LiveRun, { raise }: RunOptions): string {
  if (!raise) return envelope
  const { signer, mostStroops } = raise
  // the fee is offered for each operation, and the wrapping counts as one
  const bump = buildFeeBump({ passphrase: plan.passphrase, envelope, feeSource: signer.address, feeStroops: mostStroops / 2n })
  const signature = signer.sign(Buffer.from(bump.hash, 'hex'))
  return addSignature({ envelope: bump.envelope, passphrase: plan.passphrase, publicKey: signer.address, signature })
}

const obstacles: Record<NonNullable<ChannelHead['why']>, string> = {
  signatures: 'It lacks signatures.',
  expired: 'Its time bounds passed. Replace it under its own number: a payment signed anew, or one that only uses the number up.',
  'paid-elsewhere': 'Somebody else paid this receipt. Use its number up, so that the rows after it can go on.',
  conflict: 'The ledger contradicts this row. Look at it before anything else.',
}

function blockedOf(heads: readonly ChannelHead[], refusals: Refusals): RunReport['blocked'] {
  return heads.flatMap(({ channel, place, send, why }) => {
    if (why) return [{ channel, place, why: obstacles[why] }]
    const refusal = send && refusals.get(send.hash)
    return refusal && refusal.times >= MOST_REFUSALS ? [{ channel, place, why: refusal.why }] : []
  })
}

async function sleep(horizon: Horizon, ms: number, signal: AbortSignal | undefined): Promise<void> {
  await horizon.sleep(ms, signal).catch(() => {
    throw new AppError('cancelled', 'Stopped on request. What was sent is in the books and is settled next time.')
  })
}

export type Order = 'pause' | 'resume' | 'cancel' | 'withdraw'

/**
 * Holds a run, lets it go on, ends it (what was not sent is not sent any more), or withdraws it: one that no key here has signed and that was
 * not sent from here gives its period free. Throws AppError `pay.refused` where its stage does not allow it.
 */
export function steerRun(store: Store, runId: string, order: Order): void {
  const { stage, signedHere, runId: id } = loadRun(store, runId)
  const { from, to, done } = orders[order]
  if (!from.includes(stage)) throw refused('stage', `The run is ${stage}, so it can't be ${done}.`)
  if (order === 'withdraw' && signedHere)
    throw refused(
      'signed',
      "A key of yours signed this run, so it can't be withdrawn: others may have the signatures. Wait until it is proven dead.",
    )
  saveStage(store, id, to)
}

const orders: Record<Order, { from: readonly RunStage[]; to: RunStage; done: string }> = {
  pause: { from: ['open', 'running'], to: 'paused', done: 'paused' },
  resume: { from: ['paused'], to: 'running', done: 'resumed' },
  cancel: { from: ['open', 'running', 'paused'], to: 'stopped', done: 'cancelled' },
  withdraw: { from: ['open'], to: 'withdrawn', done: 'withdrawn' },
}
