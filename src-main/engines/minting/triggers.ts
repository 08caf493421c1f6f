import { MAX_UNITS, tftExact } from '../../../src-shared/money.ts'
import type { MintConfig, MintDecided, MintDecision, MintPayment, MintStage, MintVote, Trigger } from '../../../src-shared/node-period.ts'
import { votes, votingProblems } from './mint-config.ts'

/*
 * Who may trigger the payout of a mint, and that it is paid at most once (minting.md, Who triggers the payout). A decision is a value;
 * whoever keeps it saves what `applyAction` returns before anything is submitted, and keeps it by node and period, not by the mint's id, so
 * that a mint that is worked out anew still is the one that was paid.
 */

/** What one mint is to a decision. */
export interface DecidableMint {
  id: string
  /** the self-calculated amount */
  rewardUnits: bigint
}

/** Names are those of the session, never of the payload. */
export type MintAction =
  /** an authorised signer's amount, under triggers 1 and 2 */
  | { kind: 'vote'; signer: string; amountUnits: bigint }
  /** all of the signers' votes whose signatures were checked (signing/votes), in place of those before */
  | { kind: 'votes'; votes: readonly MintVote[] }
  /** anyone, also a job, under `permissionless` */
  | { kind: 'trigger'; actor: string }
  /** the farmer, under `claim`; the amount goes to the farm's own account, so that whoever claims gains nothing by it */
  | { kind: 'claim'; actor: string }
  /** an administrator, under `claim` */
  | { kind: 'force'; actor: string }
  /** the payment stands on the ledger; `ts` is its time there */
  | { kind: 'paid'; tx: string; ts: number }
  /** attempt `attempt` was not paid and never can be any more (its time bounds are over, or the ledger refused it) */
  | { kind: 'failed'; attempt: number; reason: string; runId?: string }

export type RefusalCode =
  | 'wrong-trigger' // the network's option is another one
  | 'bad-config' // signers and threshold don't fit together
  | 'not-a-signer'
  | 'not-an-administrator'
  | 'no-name' // without an actor nothing is decided
  | 'bad-amount' // 0, negative, or more than an amount can be
  | 'nothing-to-pay' // a mint of 0 units
  | 'already-decided'
  | 'already-paid'
  | 'not-decided' // nothing is under way that could be paid or fail
  | 'other-attempt' // another attempt than the one under way

/** The decision as it is now (the same object where the action adds nothing), or why the action was refused. */
export type ActionResult = { decision: MintDecision } | { refused: { code: RefusalCode; message: string } }

/** A mint about which nothing was said yet. */
export const undecided: MintDecision = { votes: [], decided: null, payments: [] }

/**
 * Applies one action at `nowTs` (seconds). Pure: changes nothing that it was given. A repeated action is refused or changes nothing more.
 * Once a mint is paid nothing else is possible; after a failed payment it is claimable again by the network's trigger, and votes are
 * cast anew (what failed, and who had decided it, stays in `payments`).
 */
export function applyAction(
  config: MintConfig,
  mint: DecidableMint,
  decision: MintDecision,
  action: MintAction,
  nowTs: number,
): ActionResult {
  if (action.kind === 'paid') return applyPaid(decision, action.tx, action.ts)
  if (action.kind === 'failed') return applyFailed(decision, action, nowTs)
  const refusal = refusalOf(config, mint, decision, action)
  if (refusal) return { refused: refusal }
  if (action.kind === 'vote')
    return applyVote(config, mint, decision, { signer: action.signer, amountUnits: action.amountUnits, ts: nowTs })
  if (action.kind === 'votes') return settleVotes(config, mint, { ...decision, votes: [...action.votes] }, nowTs)
  const how = howOf[action.kind]
  return { decision: decide(decision, { amountUnits: mint.rewardUnits, by: [action.actor], how, ts: nowTs }) }
}

const howOf = { trigger: 'anyone', claim: 'claim', force: 'forced' } as const

/** Where a mint stands. A decision outlives a mint that is worked out anew and comes to 0. */
export function mintStage(decision: MintDecision, mint: DecidableMint): MintStage {
  if (paymentOf(decision)) return 'paid'
  if (decision.decided) return 'decided'
  if (mint.rewardUnits <= 0n) return 'nothing'
  return decision.payments.length > 0 ? 'failed' : 'claimable'
}

/** The votes that count now, by amount: those of present signers, and under `verified-amount` only equal to the self-calculated amount. */
export function countVotes(config: MintConfig, mint: DecidableMint, decision: MintDecision): { amountUnits: bigint; signers: string[] }[] {
  const byAmount = new Map<bigint, string[]>()
  for (const vote of decision.votes) {
    if (!config.signers.includes(vote.signer)) continue
    if (config.trigger === 'verified-amount' && vote.amountUnits !== mint.rewardUnits) continue
    byAmount.set(vote.amountUnits, [...(byAmount.get(vote.amountUnits) ?? []), vote.signer])
  }
  return [...byAmount].map(([amountUnits, signers]) => ({ amountUnits, signers }))
}

type Refusal = { code: RefusalCode; message: string }
type DecidingAction = Exclude<MintAction, { kind: 'paid' | 'failed' }>

/** Why an action that decides is refused, the reason that ends it first; null if it is not. */
function refusalOf(config: MintConfig, mint: DecidableMint, decision: MintDecision, action: DecidingAction): Refusal | null {
  const payment = paymentOf(decision)
  if (payment) return alreadyPaid(payment)
  if (decision.decided) return alreadyDecided(decision.decided)
  if (mint.rewardUnits <= 0n)
    return { code: 'nothing-to-pay', message: 'This mint pays nothing, so nothing can be triggered. Its page says why it pays nothing.' }
  const isVote = action.kind === 'vote' || action.kind === 'votes'
  const fits = isVote ? votes(config) : config.trigger === triggerOf[action.kind]
  if (!fits) return { code: 'wrong-trigger', message: `${doesNot[action.kind]} ${does[config.trigger]}` }
  if (!isVote) return actorRefusal(config, action)
  for (const vote of action.kind === 'votes' ? action.votes : [action]) {
    const refusal = voteRefusal(config, vote)
    if (refusal) return refusal
  }
  return null
}

const triggerOf = { trigger: 'permissionless', claim: 'claim', force: 'claim' } as const

const doesNot: Record<DecidingAction['kind'], string> = {
  vote: 'This network takes no votes on amounts.',
  votes: 'This network takes no votes on amounts.',
  trigger: 'Not everyone can trigger a payout on this network.',
  claim: 'Payouts are not claimed on this network.',
  force: 'Payouts are not forced on this network.',
}

const does: Record<Trigger, string> = {
  'offline-amount': 'Its signers vote on the amount.',
  'verified-amount': 'Its signers vote on the amount.',
  permissionless: 'Anyone can trigger a payout.',
  claim: 'The farmer claims it, or an administrator forces it.',
}

function voteRefusal(config: MintConfig, { signer, amountUnits }: { signer: string; amountUnits: bigint }): Refusal | null {
  const [problem] = votingProblems(config)
  if (problem) return { code: 'bad-config', message: `No vote can count yet. ${problem.message}` }
  if (!config.signers.includes(signer))
    return { code: 'not-a-signer', message: `"${signer}" is no signer of this network. Ask the operator to add you, or vote as a signer.` }
  if (amountUnits <= 0n || amountUnits > MAX_UNITS)
    return {
      code: 'bad-amount',
      message: `${tftExact(amountUnits)} TFT can't be paid. Enter an amount above 0 and up to ${tftExact(MAX_UNITS)} TFT.`,
    }
  return null
}

function actorRefusal(config: MintConfig, { kind, actor }: Exclude<DecidingAction, { kind: 'vote' | 'votes' }>): Refusal | null {
  if (actor.trim() === '') return { code: 'no-name', message: 'A payout needs the name of whoever triggers it. Enter your name.' }
  if (kind === 'force' && !config.administrators.includes(actor))
    return {
      code: 'not-an-administrator',
      message: `"${actor}" is no administrator of this network. Ask one of them, or let the farmer claim.`,
    }
  return null
}

/**
 * The signer's vote in place of his or her last one; then the amount that M present signers agree on, if there is one, is decided. As M is
 * more than half of N there is at most one. A vote that differs from the self-calculated amount is kept under `verified-amount` too, where it
 * counts for nothing: it takes the signer's earlier vote back, and others see that somebody worked out another figure.
 */
function applyVote(config: MintConfig, mint: DecidableMint, decision: MintDecision, vote: MintVote): ActionResult {
  const isRepeated = decision.votes.some(other => other.signer === vote.signer && other.amountUnits === vote.amountUnits)
  const others = decision.votes.filter(other => other.signer !== vote.signer)
  const voted = isRepeated ? decision : { ...decision, votes: [...others, vote] }
  // a repeated vote may decide too: signers or threshold may have changed since
  return settleVotes(config, mint, voted, vote.ts)
}

function settleVotes(config: MintConfig, mint: DecidableMint, voted: MintDecision, ts: number): ActionResult {
  const agreed = countVotes(config, mint, voted).find(({ signers }) => signers.length >= config.threshold)
  if (!agreed) return { decision: voted }
  return { decision: decide(voted, { amountUnits: agreed.amountUnits, by: agreed.signers, how: 'votes', ts }) }
}

function decide(decision: MintDecision, decided: Omit<MintDecided, 'attempt'>): MintDecision {
  return { ...decision, decided: { attempt: decision.payments.length + 1, ...decided } }
}

/**
 * The payment is a fact of the ledger: it counts for the decision under way, and also after the last attempt was called failed, so that a
 * payment that turns up late is not made again.
 */
function applyPaid(decision: MintDecision, tx: string, ts: number): ActionResult {
  const payment = paymentOf(decision)
  if (payment) return payment.tx === tx ? { decision } : { refused: alreadyPaid(payment) }
  const decided = decision.decided ?? decision.payments.at(-1)?.decided
  if (!decided) return { refused: notDecided }
  return { decision: { ...decision, decided, payments: [...decision.payments, { result: 'paid', decided, tx, ts }] } }
}

function applyFailed(decision: MintDecision, { attempt, reason, runId }: MintAction & { kind: 'failed' }, ts: number): ActionResult {
  const payment = paymentOf(decision)
  if (payment) return { refused: alreadyPaid(payment) }
  const { decided } = decision
  if (!decided) return { refused: notDecided }
  // an old failure that is told again must not open the mint while a later payment is under way
  if (decided.attempt !== attempt)
    return {
      refused: {
        code: 'other-attempt',
        message: `Attempt ${decided.attempt} is under way, not attempt ${attempt}. Look at the mint again before you call it failed.`,
      },
    }
  const failed = { result: 'failed' as const, decided, reason, ts, ...(runId !== undefined && { runId }) }
  return { decision: { votes: [], decided: null, payments: [...decision.payments, failed] } }
}

function paymentOf(decision: MintDecision): (MintPayment & { result: 'paid' }) | undefined {
  return decision.payments.find(payment => payment.result === 'paid')
}

const notDecided: Refusal = {
  code: 'not-decided',
  message: 'No payment of this mint is under way. It has to be decided first.',
}

function alreadyDecided({ amountUnits }: MintDecided): Refusal {
  return {
    code: 'already-decided',
    message: `${tftExact(amountUnits)} TFT are decided already and wait for their payment. Nothing more is needed.`,
  }
}

function alreadyPaid({ decided, tx }: MintPayment & { result: 'paid' }): Refusal {
  return {
    code: 'already-paid',
    message: `This mint is paid already: ${tftExact(decided.amountUnits)} TFT by transaction ${tx}. A mint is paid at most once.`,
  }
}
