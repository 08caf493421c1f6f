import { group } from '../../src-shared/money.ts'
import type { RowStage, RunStage } from '../../src-shared/pay.ts'
import type { PayAction, RunDetail, RunNext, RunVotes } from '../../src-shared/pay-contract.ts'
import { rowCount, runSubject } from '../../src-shared/pay-text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import type { RunJob } from './pay-room.ts'

/** What the next step of a run is worked out from. */
export interface NextInput {
  stage: RunStage
  period: number | null
  rows: number
  counts: Partial<Record<RowStage, number>>
  open: number
  toSign: number
  /** rows that Stellar refused last because their fee is too low */
  feeRefused: number
  /** an account's next envelope can be sent; of a cancelled run one that uses its number up */
  isSendable: boolean
  lastMaxTs: number | null
  nowTs: number
  signedHere: boolean
  /** it came back from a backup, and Stellar was not asked about it since */
  isRestored: boolean
  maker: string
  signers: RunDetail['signers']
  needsWeight: number | null
  keys: RunDetail['keys']
  /** obstacles of channels' first rows (engines/payout-plan/run.ts) */
  obstacles: ReadonlySet<string>
  votes: RunVotes | null
  job: RunJob | undefined
}

type Step = (text: string, action: PayAction | null) => RunNext

/** What can be done with a run now. While a job works on it only what it heeds. */
export function abilities(input: NextInput): PayAction[] {
  const { stage, keys, obstacles, signedHere, job, isSendable, votes } = input
  if (stage === 'dead' || stage === 'withdrawn') return ['plan']
  if (stage === 'done') return ['export', 'reconcile']
  if (job?.state === 'running') return stage === 'open' || stage === 'running' ? ['pause', 'export'] : ['export']
  if (input.isRestored) return ['reconcile', 'export']
  if (stage === 'stopped') return stoppedAbilities(input)
  const can: PayAction[] = ['export', 'import', 'reconcile', 'cancel']
  const isAgreed = votes?.isAgreed !== false
  if (isAgreed && keys.some(({ signs }) => signs > 0)) can.push('sign')
  if (stage !== 'paused') can.push('pause')
  else if (isAgreed) can.push('resume')
  if (isAgreed && stage !== 'paused' && isSendable) can.push('start', 'raise')
  if (stage === 'open' && !signedHere) can.push('withdraw')
  if (obstacles.has('expired')) can.push('replace')
  if (stage !== 'open' || obstacles.has('paid-elsewhere') || obstacles.has('expired')) can.push('use-up')
  return can
}

/** A cancelled run ends when its envelopes expire, or sooner, when its free numbers are used up. */
function stoppedAbilities({ counts, obstacles, toSign, keys, isSendable }: NextInput): PayAction[] {
  const can: PayAction[] = ['reconcile', 'export', 'import']
  const free = (['planned', 'signed', 'sent', 'unclear', 'expired'] as const).reduce((sum, each) => sum + (counts[each] ?? 0), 0)
  if (free > toSign || obstacles.has('paid-elsewhere')) can.push('use-up')
  if (toSign > 0 && keys.some(({ signs }) => signs > 0)) can.push('sign')
  if (isSendable) can.push('start', 'raise')
  return can
}

/** The one next thing to do, in words. */
export function nextOf(input: NextInput, can: readonly PayAction[]): RunNext {
  const { stage, counts, rows, job, obstacles, period } = input
  const step: Step = (text, action) => ({
    text,
    action: action !== null && can.includes(action) ? action : null,
  })
  const paid = counts.paid ?? 0
  if (stage === 'withdrawn') return step(`It was withdrawn. Plan ${runSubject(period)} again.`, 'plan')
  if (stage === 'dead') return step(`Nothing of it was paid and nothing can be any more. Plan ${runSubject(period)} again.`, 'plan')
  if (counts.conflict)
    return step(`The ledger contradicts ${rowCount(counts.conflict)} of the plan. Look at them before anything else.`, null)
  if (stage === 'done')
    return step(
      paid === rows
        ? `All ${rowCount(rows)} are paid. Nothing is left to do.`
        : `${group(String(paid))} of ${rowCount(rows)} are paid; what is not can be paid with the next payout.`,
      null,
    )
  if (job?.state === 'running') return step(`${job.title}: ${job.detail || 'it is under way'}.`, null)
  if (input.isRestored)
    return step(
      'It came back from a backup: what was paid of it since is not known here. Reconcile it with Stellar before anything else.',
      'reconcile',
    )
  if (stage === 'stopped') return stoppedStep(input, can, step)
  if (input.votes?.isAgreed === false) return step(input.votes.text, null)
  if (stage === 'paused') return step('It is paused. Resume it when it may go on.', 'resume')
  if (obstacles.has('expired'))
    return step('Time bounds passed before these rows were paid. Make new envelopes under their own numbers, and sign those.', 'replace')
  if (obstacles.has('paid-elsewhere'))
    return step('Somebody else paid a receipt of it. Use up the numbers, so that the rows after it can go on.', 'use-up')
  if (input.feeRefused > 0)
    return step(
      `Stellar asks for higher fees by now than ${rowCount(input.feeRefused)} ${input.feeRefused === 1 ? 'was' : 'were'} signed with. Raise the fee, which takes no new signatures, or go on later.`,
      'raise',
    )
  if (counts.unclear || counts.sent) return step('What was sent has no clear answer yet. Go on: the same bytes are sent again.', 'start')
  if (counts.signed) return step(failedText(job) + (paid > 0 ? 'Go on paying what is signed.' : 'It is signed. Pay it.'), 'start')
  return signText(input, step)
}

function stoppedStep(input: NextInput, can: readonly PayAction[], step: Step): RunNext {
  if (input.feeRefused > 0) return step('It is cancelled. Stellar asks for higher fees to use its numbers up: raise the fee.', 'raise')
  if (can.includes('start')) return step('It is cancelled. What uses its free numbers up is signed: send it, and the run ends.', 'start')
  if (can.includes('sign')) return step('It is cancelled. Sign what uses its free numbers up, so that it ends sooner.', 'sign')
  if (input.toSign > 0)
    return step(
      'It is cancelled. What uses its free numbers up lacks signatures: export it, and import what comes back. Or wait, and reconcile it.',
      'export',
    )
  return step(stoppedText(input), 'reconcile')
}

function stoppedText({ open, lastMaxTs, nowTs }: NextInput): string {
  if (open === 0 || lastMaxTs === null) return 'It is cancelled. Reconcile it, so that it can end.'
  return lastMaxTs >= nowTs
    ? `It is cancelled, but ${group(String(open))} of its envelopes could be sent by others until ${formatUtc(lastMaxTs)}. Reconcile it after that, or use its free numbers up before.`
    : 'It is cancelled and its time is over. Reconcile it, so that it can end.'
}

function failedText(job: RunJob | undefined): string {
  return job?.state === 'failed' && job.error !== null ? `It stopped: ${job.error} ` : ''
}

function signText({ keys, signers, needsWeight, maker, toSign }: NextInput, step: Step): RunNext {
  const own = keys.filter(({ signs }) => signs > 0)
  const done = signers.filter(({ signed }) => signed >= toSign)
  if (own.length > 0 && done.length === 0) return step(`Review it and sign it${own.length === 1 ? ` with "${own[0]!.name}"` : ''}.`, 'sign')
  if (done.length === 0)
    return step('Nobody has signed it yet, and no key here can. Export it for its signers, and import what they send back.', 'export')
  if (maker !== '' && done.every(({ address }) => address === maker))
    return step('Only its maker has signed it: somebody else must sign too. Export it for the other signers.', 'export')
  const weight = done.reduce((sum, signer) => sum + (signer.weight ?? 0), 0)
  const lacks = needsWeight === null ? '' : ` (weight ${weight} of ${needsWeight})`
  return step(
    `${done.length === 1 ? 'One has' : `${done.length} have`} signed all of it${lacks}. Collect the other signatures: export it, and import what comes back.`,
    'export',
  )
}
