import { randomUUID } from 'node:crypto'
import type { Actor } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { MintActionInput, MintActionKind } from '../../src-shared/mints-contract.ts'
import { sumUnits, tftExact } from '../../src-shared/money.ts'
import type { MintConfig, MintStage } from '../../src-shared/node-period.ts'
import { formatUtc, PERIOD_SEC } from '../../src-shared/time.ts'
import { checkMintConfig, votes, votingProblems } from '../engines/minting/mint-config.ts'
import { applyAction, type MintAction, mintStage, undecided } from '../engines/minting/triggers.ts'
import { runCommand } from '../store/index.ts'
import { saveMintConfig } from '../store/mint-config.ts'
import { keptOf, loadDecision, type StoredDecision, saveDecision, saveDecisions } from '../store/mint-decisions.ts'
import { dropNodeRuns, nodeMint } from '../store/node-mints.ts'
import { originsUnderWay } from '../store/runs.ts'
import { loadSignerSet } from '../store/votes.ts'
import { type ListedLine, type MintLine, overlapping, overlapText } from './mint-lines.ts'
import type { MintView } from './mint-view.ts'
import type { Once } from './once.ts'

/** Who triggers what anybody may trigger, as the audit trail names it. */
const JOB = 'granary (job)'
/** Mints that one command triggers: it holds up everything else for a moment. */
const BATCH = 5_000

/** What can be done about a mint now, and if nothing, why. */
export function mintAbilities(view: MintView, line: ListedLine): { can: MintActionKind[]; why: string } {
  const config = view.config()
  if (line.isGone) return { can: [], why: line.stage === 'paid' ? `${GONE} It is paid. A mint is paid at most once.` : GONE }
  if (config.rules === 'v3') return { can: [], why: UNDER_V3 }
  const nothing = (why: string) => ({ can: [], why })
  switch (line.stage) {
    case 'paid':
      return nothing('It is paid. A mint is paid at most once.')
    case 'nothing':
      return nothing('It pays nothing, so there is nothing to claim.')
    case 'overlaps':
      return nothing(overlapText(line, overlapping(line, view.decisions().get(line.nodeId) ?? [])))
    case 'decided':
      return { can: ['paid', 'failed'], why: '' }
    case 'claimable':
    case 'failed': {
      // a payment that was called failed may still turn up
      const late: MintActionKind[] = line.stage === 'failed' ? ['paid'] : []
      if (votes(config)) {
        if (signsVotes(view)) return { can: late, why: SIGNED_VOTES }
        const [problem] = votingProblems(config)
        return problem ? { can: late, why: `No vote can count yet. ${problem.message}` } : { can: ['vote', ...late], why: '' }
      }
      if (config.trigger === 'permissionless') return { can: ['trigger', ...late], why: '' }
      return { can: ['claim', ...(config.administrators.length > 0 ? (['force'] as const) : []), ...late], why: '' }
    }
  }
}

const GONE =
  'This mint is no longer worked out from the data as it is now: the history was completed, the change-over moved, or the data is not here. What is shown was kept with its decision, which stands.'

const UNDER_V3 =
  'This network pays by rule set v3, so nothing can be claimed or decided here. Choose node-period in Settings, Minting rules, if it pays by that.'

const SIGNED_VOTES = "This network's signers have keys, so votes on it are signed: cast yours on the page Votes (granary votes sign)."

/** Whether votes count by their signatures only. */
function signsVotes(view: MintView): boolean {
  return loadSignerSet(view.books, view.network() ?? '') !== null
}

export interface ActInput {
  nodeId: number
  start: number
  mintId: string
  action: MintActionInput
}

/**
 * Decides, or says what became of a decision (engines/minting/triggers.ts). Throws AppError `mint.refused` with the reason: under v3, where
 * the mint is another by now or gone, where seconds of it were decided under another start, and whatever the rules refuse.
 */
export function actOnMint(view: MintView, { nodeId, start, mintId, action }: ActInput, actor: Actor, once: Once): { stage: MintStage } {
  const { store, demo } = view.active()
  const subject = `mint of node ${nodeId} from ${formatUtc(start)}${demo ? ' (demo)' : ''}`
  const answered = once(subject, () => {
    const config = view.config()
    const network = view.network() ?? ''
    if (config.rules === 'v3') throw refused('under-v3', UNDER_V3)
    if (action.kind === 'vote' && signsVotes(view)) throw refused('signed-votes', SIGNED_VOTES)
    const mint = nodeMint(store, nodeId, start)
    if (!mint)
      throw refused('no-mint', `Node ${nodeId} has no mint of a period that began at ${formatUtc(start)}. Look at the list of mints again.`)
    if (mint.hash !== mintId)
      throw refused(
        'other-mint',
        `The mint of node ${nodeId} was worked out anew and is another by now: ${tftExact(mint.rewardUnits)} TFT. Nothing was done. Look at it again first.`,
      )
    const now = view.books.now()
    const known = loadDecision(view.books, network, nodeId, start)
    const stored = known?.decision ?? undecided
    if (action.kind === 'failed' && known && originsUnderWay(view.books, network).has(known.mintId))
      throw refused(
        'being-paid',
        `The mint of node ${nodeId} is in a payout run that paid it, or still can. Nothing was done. Reconcile that run first (page Payouts, or granary pay reconcile).`,
      )
    if (action.kind !== 'paid' && action.kind !== 'failed') {
      const other = overlapping(mint, view.decisions().get(nodeId) ?? [])
      if (other) throw refused('overlaps', overlapText(mint, other))
    }
    const decidable = { id: mint.hash, rewardUnits: mint.rewardUnits }
    const result = applyAction(config, decidable, stored, engineAction(action, actor, now), now)
    if ('refused' in result) throw refused(result.refused.code, result.refused.message)
    saveDecision(view.books, network, { nodeId, startTs: start, mintId, decision: result.decision, kept: keptOf(mint) })
    return { stage: mintStage(result.decision, decidable) }
  })
  const stored = loadDecision(view.books, view.network() ?? '', nodeId, start)
  if (stored) view.decided([stored])
  return answered as { stage: MintStage }
}

function engineAction(action: MintActionInput, actor: Actor, nowTs: number): MintAction {
  switch (action.kind) {
    case 'trigger':
    case 'claim':
      return { kind: action.kind, actor: actor.id }
    case 'paid':
      return { ...action, ts: nowTs }
    default:
      return action
  }
}

function refused(reason: string, message: string): AppError {
  return new AppError('mint.refused', message, { details: { reason } })
}

/**
 * Keeps the network's configuration. The runs that rest on another one go at once, so that nothing is decided by them. Throws AppError
 * `usage` where there is no network yet, or something is wrong with it; details.field says where.
 */
export function setMintConfig(view: MintView, config: MintConfig, once: Once): unknown {
  const network = view.network()
  if (network === null)
    throw new AppError(
      'usage',
      'There is no network yet whose minting rules could be set. Follow the chain or import a grid archive first.',
    )
  const [problem] = checkMintConfig(config)
  if (problem) throw new AppError('usage', problem.message, { details: { field: problem.field } })
  const set = loadSignerSet(view.books, network)
  const isOther =
    set && (config.threshold !== set.threshold || config.signers.join('\n') !== set.signers.map(({ name }) => name).join('\n'))
  if (isOther)
    throw new AppError(
      'usage',
      'Signers: they have keys, so they and their threshold are changed on the page Votes (granary votes signers).',
      {
        details: { field: 'signers' },
      },
    )
  const before = view.rules()
  const answered = once(`minting rules of network ${network}`, () => {
    saveMintConfig(view.books, network, config)
    return {}
  })
  const after = view.rules()
  if (before.firstNodePeriod !== after.firstNodePeriod || before.carbon !== after.carbon) dropNodeRuns(view.active().store, 0)
  return answered
}

/**
 * Under trigger `permissionless`: decides every mint that is saved and was never decided, as the job that triggers "as soon as minting info
 * is saved" (minting.md, Who triggers the payout). A closed period of a node changes only if its data is replaced; what was decided then
 * stays, as decisions are kept by node and start. A payment that failed is left to a person. Gives how many.
 */
export function triggerSaved(view: MintView): number {
  const config = view.config()
  const network = view.network()
  if (network === null || config.rules === 'v3' || config.trigger !== 'permissionless' || view.books.mode === 'read') return 0
  const starts = new Map<number, number[]>()
  const open = view.lines().filter(({ stage, nodeId, startTs }) => {
    if (stage !== 'claimable') return false
    const taken = starts.get(nodeId) ?? []
    // of two that share seconds (histories that don't go on from each other) only the first
    if (taken.some(other => Math.abs(other - startTs) < PERIOD_SEC)) return false
    starts.set(nodeId, [...taken, startTs])
    return true
  })
  for (let from = 0; from < open.length; from += BATCH) view.decided(triggerBatch(view, config, network, open.slice(from, from + BATCH)))
  return open.length
}

function triggerBatch(view: MintView, config: MintConfig, network: string, lines: MintLine[]): StoredDecision[] {
  const { demo } = view.active()
  const input = lines.map(({ nodeId, startTs, hash }) => [nodeId, startTs, hash])
  const total = sumUnits(lines.map(({ rewardUnits }) => ({ amountUnits: rewardUnits })))
  const audit = {
    subject: `${lines.length} ${lines.length === 1 ? 'mint' : 'mints'} of network ${network}${demo ? ' (demo)' : ''}`,
    details: `${tftExact(total)} TFT in all, as anybody may trigger them: ${lines.map(({ nodeId, hash }) => `node ${nodeId} ${hash.slice(0, 16)}`).join(', ')}`,
  }
  const all: StoredDecision[] = []
  runCommand(view.books, { actor: JOB, idempotencyKey: randomUUID(), command: 'mints.trigger', input, audit }, () => {
    const now = view.books.now()
    const decided = lines.flatMap((line): StoredDecision[] => {
      const { nodeId, startTs, hash, rewardUnits } = line
      const before = loadDecision(view.books, network, nodeId, startTs)?.decision ?? undecided
      const result = applyAction(config, { id: hash, rewardUnits }, before, { kind: 'trigger', actor: JOB }, now)
      // somebody was faster: then it is decided, which is all that is wanted
      return 'refused' in result ? [] : [{ nodeId, startTs, mintId: hash, decision: result.decision, kept: keptOf(line), changedTs: now }]
    })
    saveDecisions(view.books, network, decided)
    all.push(...decided)
    return { decided: decided.length }
  })
  return all
}
