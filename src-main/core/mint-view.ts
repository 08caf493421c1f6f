import { defaultMintConfig, type MintConfig } from '../../src-shared/node-period.ts'
import type { NodePeriodRules } from '../jobs/node-mint.ts'
import { planRuns } from '../jobs/node-runs.ts'
import { listPeriods, type Store } from '../store/index.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import { loadDecisions, type StoredDecision } from '../store/mint-decisions.ts'
import { type LightMintRow, listNodeRuns, mintsOfPeriod, type NodeRun } from '../store/node-mints.ts'
import { storedNetwork } from '../store/periods.ts'
import { byNode, type GoneLine, goneLines, inOrder, type ListedLine, type MintLine, mintLine } from './mint-lines.ts'
import { nodePeriodRules } from './node-periods.ts'

export interface MintSources {
  /** the store that is shown, and whether it is the demo's */
  active(): { store: Store; demo: boolean }
  /** where configuration and decisions are, also while the demo is shown */
  books: Store
  /** the network that is followed, for where nothing is stored yet */
  followed(): string | null
}

/** What is kept in memory of the mints by rule set node-period, as of the runs and decisions that are stored. */
export interface MintView extends MintSources {
  /** the network of the data, else the one that is followed; null: neither */
  network(): string | null
  config(): MintConfig
  rules(): NodePeriodRules
  /** every mint with what was decided about it, closed last first, then by node */
  lines(): readonly MintLine[]
  /** what was decided and is on none of them; every mint and these, in the same order */
  gone(): readonly GoneLine[]
  listed(): readonly ListedLine[]
  /** those of one node that the data gives */
  ofNode(nodeId: number): readonly MintLine[]
  /** what was decided about this network's mints, also about such as the data doesn't have any more; by node */
  decisions(): ReadonlyMap<number, readonly StoredDecision[]>
  runs(): NodeRun[]
  /** whether every stored period is worked out as it is now */
  isComplete(): boolean
  /** to be told what this program itself wrote: it is not read again */
  decided(list: readonly StoredDecision[]): void
  /** changes whenever `lines` does */
  version(): object
}

interface Loaded {
  store: Store
  network: string
  /** by fixed period */
  periods: Map<number, { key: string; mints: LightMintRow[] }>
  /** changes where another connection writes to the books */
  booksVersion: unknown
  decisions: Map<number, StoredDecision[]>
  lines: MintLine[] | null
  byNode: Map<number, MintLine[]> | null
  listed: { gone: GoneLine[]; all: readonly ListedLine[] } | null
}

/** Reads what changed since the last question, period by period: a sync works the newest one out anew all the time. */
export function createMintView(sources: MintSources): MintView {
  const { active, books, followed } = sources
  let held: Loaded | null = null

  const network = (): string | null => storedNetwork(active().store) ?? followed()
  const rules = () => nodePeriodRules(books, active().store)

  function current(): Loaded {
    const { store } = active()
    const name = network() ?? ''
    if (held?.store !== store || held.network !== name)
      held = {
        store,
        network: name,
        periods: new Map(),
        booksVersion: null,
        decisions: new Map(),
        lines: null,
        byNode: null,
        listed: null,
      }
    readDecisions(held)
    readMints(held)
    return held
  }

  function readDecisions(into: Loaded): void {
    const version = books.books.pragma('data_version', { simple: true })
    if (into.booksVersion === version) return
    into.decisions = byNode(loadDecisions(books, into.network))
    into.booksVersion = version
    into.lines = null
  }

  function readMints(into: Loaded): void {
    const runs = new Map(listNodeRuns(into.store).map(run => [run.period, run.key]))
    for (const period of into.periods.keys())
      if (!runs.has(period)) {
        into.periods.delete(period)
        into.lines = null
      }
    for (const [period, key] of runs) {
      if (into.periods.get(period)?.key === key) continue
      into.periods.set(period, { key, mints: mintsOfPeriod(into.store, period) })
      into.lines = null
    }
  }

  function linesOf(loaded: Loaded): MintLine[] {
    if (!loaded.lines) {
      loaded.lines = inOrder([...loaded.periods.values()].flatMap(({ mints }) => mints.map(mint => mintLine(mint, loaded.decisions))))
      loaded.byNode = null
      loaded.listed = null
    }
    return loaded.lines
  }

  function listedOf(loaded: Loaded): NonNullable<Loaded['listed']> {
    const lines = linesOf(loaded)
    if (!loaded.listed) {
      const gone = goneLines(lines, loaded.decisions)
      loaded.listed = { gone, all: gone.length === 0 ? lines : inOrder<ListedLine>([...lines, ...gone]) }
    }
    return loaded.listed
  }

  return {
    ...sources,
    network,
    config: () => {
      const name = network()
      return name === null ? defaultMintConfig : loadMintConfig(books, name)
    },
    rules,
    lines: () => linesOf(current()),
    gone: () => listedOf(current()).gone,
    listed: () => listedOf(current()).all,
    ofNode(nodeId) {
      const loaded = current()
      const lines = linesOf(loaded)
      loaded.byNode ??= Map.groupBy(lines, line => line.nodeId)
      return loaded.byNode.get(nodeId) ?? []
    },
    decisions: () => current().decisions,
    runs: () => listNodeRuns(active().store),
    isComplete() {
      const { store } = active()
      if (listPeriods(store).length === 0) return true
      const keys = new Map(listNodeRuns(store).map(run => [run.period, run.key]))
      return planRuns(store, rules()).every(({ period, key }) => keys.get(period.index) === key)
    },
    decided(list) {
      if (!held) return
      for (const decision of list) {
        const { nodeId, startTs } = decision
        const others = (held.decisions.get(nodeId) ?? []).filter(other => other.startTs !== startTs)
        held.decisions.set(nodeId, [...others, decision])
      }
      held.lines = null
    },
    version: () => linesOf(current()),
  }
}
