import type { Job } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { PayoutPlan } from '../../src-shared/pay.ts'
import { payCommands } from '../../src-shared/pay-contract.ts'
import { readPlan } from '../engines/payout-plan/plan.ts'
import type { Store } from '../store/index.ts'
import { listRuns, type StoredRun } from '../store/runs.ts'
import type { Keys } from './keys.ts'
import type { MintView } from './mint-view.ts'
import type { KnownNetwork } from './networks.ts'
import type { VoteRoom } from './votes.ts'

/** How a job of a run stands; the job runner tells. */
export interface RunJob {
  jobId: string
  title: string
  state: 'running' | 'done' | 'failed' | 'cancelled'
  fraction: number | null
  detail: string
  secondsLeft: number | null
  error: string | null
}

/** What payouts' answers and commands share. */
export interface PayRoom {
  /** where runs, configuration and decisions are, also while the demo is shown */
  books: Store
  /** the network that is shown, and its receipts and mints */
  mints: MintView
  known: readonly KnownNetwork[]
  keys: Pick<Keys, 'list' | 'signWith'>
  /** what signers agreed on */
  votes: VoteRoom
  /** the last job of a run; undefined: none since the start */
  jobOf(runId: string): RunJob | undefined
  /** plans that were read: a plan never changes, and reading a long one takes a while */
  plans: Map<string, PayoutPlan>
  /** between two rounds of a payout, milliseconds; undefined: about a ledger's time */
  ledgerMs: number | undefined
}

export function isPayCommand(name: string): name is keyof typeof payCommands {
  return Object.hasOwn(payCommands, name)
}

/** A job of the job runner as payouts tell of it; undefined where it is forgotten. */
export function runJobOf(jobs: readonly Job[], jobId: string | undefined): RunJob | undefined {
  const found = jobs.find(({ id }) => id === jobId)
  if (!found) return undefined
  const { id, title, state, fraction, detail, secondsLeft, error } = found
  return { jobId: id, title, state, fraction, detail, secondsLeft, error: error?.message ?? null }
}

/** Plans kept in memory. */
const KEPT = 3

/** The plan of a run. Throws AppError store.corrupt, archive.format. */
export function planOf({ plans }: PayRoom, { runId, planText }: StoredRun): PayoutPlan {
  const known = plans.get(runId)
  if (known) return known
  const read = readPlan(planText)
  if (read.runId !== runId)
    throw new AppError(
      'store.corrupt',
      `The plan of run ${runId.slice(0, 16)} in books.db was altered. Put a copy of the books from the folder "backups" in its place.`,
    )
  plans.set(runId, read.plan)
  for (const old of [...plans.keys()].slice(0, -KEPT)) plans.delete(old)
  return read.plan
}

/** The network whose payouts are meant: the one that is shown, else the only one that has runs; null: none. */
export function payNetwork({ books, mints }: PayRoom): string | null {
  const shown = mints.network()
  if (shown !== null) return shown
  const [only, second] = new Set(listRuns(books).map(({ network }) => network))
  return only !== undefined && second === undefined ? only : null
}

/** Refuses what was meant for another network than is shown by now. Where nothing is known yet, anything is taken. */
export function onShown(room: PayRoom, network: string): void {
  const shown = payNetwork(room)
  if (shown !== null && shown !== network)
    throw new AppError(
      'usage',
      `This is for network "${network}", and "${shown}" is shown by now. Nothing was done. Look at the page again.`,
      { details: { network, shown } },
    )
}
