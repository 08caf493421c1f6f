import { createHash } from 'node:crypto'
import { group, sumUnits, tftExact } from '../../src-shared/money.ts'
import type { PayoutPlan, PlanRow } from '../../src-shared/pay.ts'
import type { RunVotes } from '../../src-shared/pay-contract.ts'
import { runSubject } from '../../src-shared/pay-text.ts'
import { cleanName, listed } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { choiceText, subjectText } from '../../src-shared/vote-text.ts'
import type { VoteChoice, VoteSubject } from '../../src-shared/votes-contract.ts'
import { votes as takesVotes } from '../engines/minting/mint-config.ts'
import { undecided } from '../engines/minting/triggers.ts'
import { refused } from '../jobs/pay/state.ts'
import { subjectKey } from '../signing/votes/statement.ts'
import { listRows } from '../store/pay-lists.ts'
import type { StoredRun } from '../store/runs.ts'
import { loadExecutions, loadSignerSet, saveExecution } from '../store/votes.ts'
import { type PayRoom, planOf } from './pay-room.ts'
import { agreedOn } from './votes.ts'

/*
 * What a network's signers agreed on decides which run may be signed and sent (issue 5; minting.md, Who triggers the payout). A vote says what
 * is owed: the lines of payouts.csv and their sum, or a mint and its amount. A run says by which transactions that is paid. So a run needs
 * the votes on its period or mints, and each of its rows must be a line of the plan that was agreed on; lines that it leaves out (paid
 * already, no account to pay to) are no other plan. The signature on the run's id needs no vote of its own.
 */

const isFine = (text: string): RunVotes => ({ isAsked: true, isAgreed: true, text })
const isNot = (text: string): RunVotes => ({ isAsked: true, isAgreed: false, text })
const notAsked = (text: string): RunVotes => ({ isAsked: false, isAgreed: true, text })

/** Whether the network's signers agreed on what a run pays, and in words who did or what is missing. Throws AppError store.*. */
export function votesOnRun(room: PayRoom, run: StoredRun): RunVotes {
  const { books, votes } = room
  const { network, stage } = run
  if (!loadSignerSet(books, network)) return notAsked(`No votes are asked: network "${network}" has no signers with keys.`)
  if (stage === 'stopped') return notAsked('No votes are asked: it is cancelled and pays nothing more.')
  if (votes.network() !== network)
    return isNot(
      `This run is of network "${network}", and "${votes.network()}" is shown: its signers' votes are not looked at. Show that network.`,
    )
  const plan = planOf(room, run)
  return plan.period === null ? votesOnMints(room, run, plan) : votesOnPeriod(room, run, plan, plan.period)
}

/** Throws AppError `pay.refused` (reason votes) where the network's signers did not agree on what the run pays. `what`: `signed`, `sent`. */
export function refuseUnvoted(room: PayRoom, run: StoredRun, what: 'signed' | 'sent'): void {
  const { isAgreed, text } = votesOnRun(room, run)
  if (!isAgreed) throw refused('votes', `${text} Nothing was ${what}.`)
}

/**
 * The voting on the period of a run is over: it is being paid, or was. Of mints it is over once they are decided. Whoever calls it holds the
 * transaction in which the run begins to be sent.
 */
export function endVoting(room: PayRoom, run: StoredRun): void {
  const { books, votes } = room
  const { network, runId } = run
  const plan = planOf(room, run)
  if (plan.period === null || run.stage === 'stopped' || !loadSignerSet(books, network) || votes.network() !== network) return
  const subject: VoteSubject = { rules: 'v3', period: plan.period }
  const agreed = loadExecutions(books, network).get(subjectKey(subject)) ?? agreedOn(votes, subject)
  // what others paid without these votes is executed too
  const { planHash, amountUnits } = agreed ?? { planHash: hashOf(linesOf(plan).join('')), amountUnits: sumUnits(plan.rows) }
  saveExecution(books, network, subjectKey(subject), { planHash, amountUnits, how: `payout run ${runId.slice(0, 16)} pays it.`, runId })
}

function votesOnPeriod(room: PayRoom, run: StoredRun, plan: PayoutPlan, period: number): RunVotes {
  const { books, votes } = room
  const subject: VoteSubject = { rules: 'v3', period }
  const execution = loadExecutions(books, run.network).get(subjectKey(subject))
  if (execution?.runId === run.runId)
    return isFine(`Signers agreed on ${choiceText(execution)}, and this run has executed it since ${formatUtc(execution.ts)}.`)
  const choice = execution ?? agreedOn(votes, subject)
  if (!choice) return isNot(missingText(room, subject))
  return fitOf(room, run, plan, { ...choice, period })
}

/** How runs fit agreed plans, where the plan is known: neither of the two ever changes. */
const fits = new WeakMap<PayRoom, Map<string, RunVotes>>()

/** Whether each row of a run is a line of the agreed plan. */
function fitOf(
  room: PayRoom,
  { runId, network }: StoredRun,
  plan: PayoutPlan,
  agreed: Pick<VoteChoice, 'planHash' | 'amountUnits'> & { period: number },
): RunVotes {
  const { planHash, amountUnits, period } = agreed
  const known = fits.get(room) ?? new Map<string, RunVotes>()
  fits.set(room, known)
  const key = `${runId} ${planHash} ${amountUnits}`
  const said = `Signers agreed on ${choiceText(agreed)}`
  const keep = (votes: RunVotes) => {
    known.set(key, votes)
    return votes
  }
  const fine = () => keep(isFine(`${said}, and each payment of this run is in that plan.`))
  const before = known.get(key)
  if (before) return before
  const lines = linesOf(plan)
  if (hashOf(lines.join('')) === planHash && sumUnits(plan.rows) === amountUnits) return fine()
  const own = room.votes.subjects.own(network, { rules: 'v3', period })
  if (own.choice?.planHash !== planHash || own.choice.amountUnits !== amountUnits) {
    const why = 'why' in own ? own.why : `Granary works out ${choiceText(own.choice)}.`
    return isNot(`${said}, and this run can't be held against that plan here: ${why} Compare your data with theirs, or vote anew.`)
  }
  const agreedLines = new Set(room.votes.subjects.payouts(network, period)?.split(/(?<=\n)/))
  const place = lines.findIndex(line => !agreedLines.has(line))
  if (place === -1) return fine()
  return keep(
    isNot(`${said}, and ${rowText(plan.rows[place]!, place)} is not in that plan. Cancel or withdraw this run, and plan it again.`),
  )
}

function rowText({ nodeId, amountUnits, kind }: PlanRow, place: number): string {
  return `row ${place} (${kind} of node ${nodeId}, ${group(tftExact(amountUnits))})`
}

/** A run's rows as the lines of payouts.csv: in the same order, by the same bytes (interfaces.md, What a mint writes). */
function linesOf({ rows }: PayoutPlan): string[] {
  return rows.map(({ payee, amountUnits, receipt }) => `${payee},${tftExact(amountUnits)},${receipt}\n`)
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function votesOnMints(room: PayRoom, { runId, network }: StoredRun, plan: PayoutPlan): RunVotes {
  const { books, votes, mints } = room
  const config = votes.config()
  if (!takesVotes(config)) return notAsked('No votes are asked: this network pays mints without votes.')
  const decisions = mints.decisions()
  const cast = votes.votes()
  /** why, of those that may not be paid */
  const waiting: (() => string)[] = []
  // what failed or was paid is not signed or sent any more
  for (const { place, stage } of listRows(books, runId, {}).rows) {
    if (stage === 'paid' || stage === 'failed' || stage === 'used-up' || stage === 'overtaken') continue
    const { nodeId, startTs, receipt, amountUnits } = plan.rows[place]!
    const stored = decisions.get(nodeId)?.find(one => one.startTs === startTs)
    const { decided, payments } = stored?.decision ?? undecided
    const isDecided = stored?.mintId === receipt && decided?.amountUnits === amountUnits
    if (isDecided && decided.how === 'votes') continue
    const subject: VoteSubject = { rules: 'node-period', nodeId, start: startTs, attempt: decided?.attempt ?? payments.length + 1 }
    // a machine that has only keys and votes decides nothing itself
    const agreed = cast.has(subjectKey(subject)) ? agreedOn(votes, subject) : null
    if (agreed?.planHash !== receipt || agreed.amountUnits !== amountUnits)
      waiting.push(() => (isDecided ? withoutVotesText(subject) : missingText(room, subject)))
  }
  const [first] = waiting
  if (!first) return isFine(`Signers of network "${network}" agreed on each mint that this run pays.`)
  const more = waiting.length === 1 ? '' : ` So it is with ${group(String(waiting.length - 1))} more of its mints.`
  return isNot(`${first()}${more}`)
}

function withoutVotesText(subject: VoteSubject): string {
  return `The ${subjectText(subject)} was decided before this network asked for votes. Cancel or withdraw this run; then say that its payment failed (page Mints, or granary mints failed), and vote on it.`
}

/** Who has not voted yet, or for what else, and what to do. */
function missingText({ votes }: PayRoom, subject: VoteSubject): string {
  const { network, set } = votes.signers()
  const what = subject.rules === 'v3' ? runSubject(subject.period) : `the ${subjectText(subject)}`
  const executed = votes.subjects.executed(network, subject)
  if (executed !== '') return `What signers decided on ${what} is another amount or plan than this run pays: ${executed} Plan it again.`
  const { rows, outcomes } = votes.count(subject, votes.votes().get(subjectKey(subject))?.votes ?? [])
  const silent = rows.filter(({ vote }) => vote === null).map(({ signer }) => cleanName(signer.name))
  const agreeing = outcomes[0]?.signers.length ?? 0
  const parts = [`Signers have not agreed on ${what} yet: ${agreeing} of ${set.threshold} equal votes.`]
  if (silent.length > 0) parts.push(`${listed(silent)} ${silent.length === 1 ? 'has' : 'have'} not voted here.`)
  if (outcomes.length > 1)
    parts.push(
      `Votes differ: ${outcomes.map(({ choice, signers }) => `${listed(signers.map(({ name }) => cleanName(name)))} for ${choiceText(choice)}`).join('; ')}.`,
    )
  for (const { signer, vote, why } of rows)
    if (vote && why !== '') parts.push(`The vote of ${cleanName(signer.name)} does not count: ${why}`)
  parts.push('Vote, or import their votes, on the page Votes (granary votes).')
  return parts.join(' ')
}
