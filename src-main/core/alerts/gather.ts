import type { AlertEnd, AlertKind } from '../../../src-shared/alerts.ts'
import type { Settings } from '../../../src-shared/contract.ts'
import { toAppError } from '../../../src-shared/errors.ts'
import { group } from '../../../src-shared/money.ts'
import { FRESH_SEC, formatUtc } from '../../../src-shared/time.ts'
import type { Observation, Seen } from '../../engines/alerts/decide.ts'
import { known } from '../../engines/projection/known.ts'
import { callsHoldingNumbers } from '../../store/chain-calls.ts'
import { listPeriods, loadLabels, type Store } from '../../store/index.ts'
import { runsUnderWay } from '../../store/run-progress.ts'
import { listMarks } from '../../store/treasury-watch.ts'
import type { MintView } from '../mint-view.ts'
import type { SyncControl } from '../sync.ts'
import { fundOf } from '../treasury/rewards.ts'
import { UBO_FUND } from '../treasury/token-table.ts'
import type { LoadedPeriod, View } from '../view.ts'
import type { VoteAnswers } from '../votes.ts'
import { isAsked, observeCalls, observeFund, observeMarks, observeMints, observeRuns, observeSync, observeVotes } from './observe-books.ts'
import { isWatched, observeGrid } from './observe-grid.ts'

/** What alerts are made from. */
export interface AlertSources {
  books: Store
  view: View
  settings(): Settings
  sync(): SyncControl
  mints: MintView
  votes: Pick<VoteAnswers, 'votes.list'>
}

/** What is looked at together, because it changes together. */
export const alertParts = ['grid', 'mints', 'treasury', 'sync', 'votes', 'runs'] as const
export type AlertPart = (typeof alertParts)[number]

/** How far nodes are watched, for the page. */
export interface Watching {
  nodes: number
  why: string | null
}

export interface Gatherer {
  /** Looks at one part. Rejects with AppError: then nothing is known of it. */
  look(part: AlertPart): Promise<Seen>
  watching(): Watching
}

const MOST = 200
/** The clock is looked at every minute: after a longer gap the machine slept, and the sync could not go on. */
const SLEPT_SEC = 300
/** What the sync gets to connect and fetch something, once it is started or the machine woke: what is old then is no sign of a fault. */
const BEGIN_SEC = 300

const gridKinds = ['node-down', 'node-late', 'budget-low', 'violation', 'slow-boot', 'asleep-long', 'address-invalid'] as const

export function createGatherer({ books, view, settings, sync, mints, votes }: AlertSources): Gatherer {
  let watching: Watching = { nodes: 0, why: 'Nothing is known of nodes yet.' }
  let progress: { readBlocks: number; ts: number; askedTs: number; lookedTs: number } | null = null

  function lookAtGrid(): Seen {
    const loaded = latest()
    if (!loaded) {
      watching = { nodes: 0, why: 'Nothing is known of nodes yet: follow a network, or import a grid archive.' }
      return nothing
    }
    const nowTs = books.now()
    const isOwn = watchedOf(loaded)
    const nodes = isOwn ? loaded.nodes.filter(isOwn) : []
    const control = sync()
    const page = control.live(0, Number.MAX_SAFE_INTEGER)
    // those of another network say nothing of these nodes
    const isSame = control.config === null || control.config.network === loaded.stored.network
    const live = isSame && isOwn ? { asOfTs: page.asOf?.ts ?? null, nodes: page.rows.filter(isOwn) } : { asOfTs: null, nodes: [] }
    watching = { nodes: nodes.length, why: whyNot(loaded, isOwn !== null, live.asOfTs, nowTs) }
    return {
      observations: observeGrid(nodes, { loaded, live, labels: loadLabels(view.active().store), nowTs }),
      whole: wholly(gridKinds, 'unwatched'),
    }
  }

  function latest(): LoadedPeriod | null {
    return view.latest() === null ? null : view.period()
  }

  function watchedOf(loaded: LoadedPeriod) {
    return isWatched(settings().myFarms, sync().config?.scope ?? null, loaded.nodes.length)
  }

  function whyNot({ nodes, summary }: LoadedPeriod, isChosen: boolean, liveTs: number | null, nowTs: number): string | null {
    if (!isChosen)
      return `There are ${group(String(nodes.length))} nodes. Choose in Settings which farms are yours, and their nodes are watched.`
    const asOfTs = Math.max(known(summary).asOfTs, liveTs ?? 0)
    return nowTs - asOfTs <= FRESH_SEC
      ? null
      : `What is known of nodes is of ${formatUtc(asOfTs)}, too old to say which are down now. Follow the network, or import newer data.`
  }

  function lookAtMints(): Seen {
    const kinds = ['mint-claimable'] as const
    const loaded = latest()
    const network = mints.network()
    // until every period is worked out, mints that are there may not show
    if (!loaded || network === null || !mints.isComplete()) return nothing
    const isOwn = mints.config().rules === 'node-period' ? watchedOf(loaded) : null
    if (!isOwn) return { observations: [], whole: wholly(kinds, 'unwatched') }
    return { observations: observeMints(mints.lines().filter(isOwn), network, books.now()), whole: wholly(kinds, 'over') }
  }

  function lookAtTreasury(): Seen {
    const nowTs = books.now()
    const marks = listMarks(books, 'open', { offset: 0, limit: MOST })
    return {
      observations: [...observeFund(fundOf(books), UBO_FUND.token, nowTs), ...observeMarks(marks.rows, nowTs)],
      whole: marks.total <= MOST ? wholly(['payment-suspicious'], 'over') : new Map(),
    }
  }

  function lookAtSync(): Seen {
    const nowTs = books.now()
    const state = sync().state()
    const { readBlocks } = state
    const kept = isAsked(state) ? progress : null
    const isGoing = kept !== null && nowTs - kept.lookedTs <= SLEPT_SEC
    const askedTs = isGoing ? kept.askedTs : nowTs
    // what came before this program began counts too, or one that is started anew and anew would never tell
    const readTs = kept && readBlocks > kept.readBlocks ? nowTs : (kept?.ts ?? 0)
    const ts = Math.max(readTs, lastSyncedTs(books, state.config?.network)) || askedTs
    progress = isAsked(state) ? { readBlocks, ts, askedTs, lookedTs: nowTs } : null
    const observations = observeSync(state, ts, nowTs - askedTs >= BEGIN_SEC, nowTs)
    return { observations, whole: wholly(['sync-stalled'], 'unwatched') }
  }

  async function lookAtVotes(): Promise<Seen> {
    const { network, rows, total } = await votes['votes.list']({ offset: 0, limit: MOST })
    if (network === null) return nothing
    const isWhole = total <= MOST || rows.at(-1)?.state !== 'open'
    return { observations: observeVotes(rows, network, books.now()), whole: isWhole ? wholly(['vote-wanted'], 'over') : new Map() }
  }

  const parts: Record<AlertPart, () => Seen | Promise<Seen>> = {
    grid: lookAtGrid,
    mints: lookAtMints,
    treasury: lookAtTreasury,
    sync: lookAtSync,
    votes: lookAtVotes,
    runs: () => ({
      observations: [...observeRuns(runsUnderWay(books), books.now()), ...observeCalls(callsHoldingNumbers(books), books.now())],
      whole: wholly(['run-stuck'], 'over'),
    }),
  }

  return {
    async look(part) {
      try {
        return await parts[part]()
      } catch (cause) {
        const error = toAppError(cause)
        // a period that is being computed, or data that is being written: what follows says more
        if (error.retryable || error.code === 'mint.missing') return nothing
        throw error
      }
    },
    watching: () => watching,
  }
}

/** When something of a network was last stored by its sync, seconds; 0: never. */
function lastSyncedTs(books: Store, network: string | undefined): number {
  const synced = listPeriods(books).filter(period => period.origin === 'sync' && period.network === network)
  return Math.max(0, ...synced.map(({ importedTs }) => importedTs))
}

const nothing: Seen = { observations: [] as Observation[], whole: new Map() }

function wholly(kinds: readonly AlertKind[], end: Extract<AlertEnd, 'over' | 'unwatched'>): Seen['whole'] {
  return new Map(kinds.map(kind => [kind, end]))
}
