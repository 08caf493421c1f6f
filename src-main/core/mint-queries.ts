import type { QueryName, QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { mintQueries, RunningRow } from '../../src-shared/mints-contract.ts'
import { lockSchedule } from '../engines/locking/locks.ts'
import { checkMintConfig } from '../engines/minting/mint-config.ts'
import { countVotes, undecided } from '../engines/minting/triggers.ts'
import { projectNodePeriod } from '../engines/projection/node-period.ts'
import { tellNodePeriods } from '../jobs/node-stories.ts'
import { listPeriods, loadLabels } from '../store/index.ts'
import { loadOpen, nodeMint } from '../store/node-mints.ts'
import { loadV3Lack, v3LackText } from '../store/v3-lacks.ts'
import { createChainCalls } from './mint-chain.ts'
import { mintAbilities } from './mint-commands.ts'
import {
  farmsOf,
  filterMints,
  type ListedLine,
  type MintLine,
  type MintSums,
  mintRow,
  mintRowsCsv,
  sortMints,
  sumMints,
} from './mint-lines.ts'
import type { MintView } from './mint-view.ts'
import type { Parsed } from './queries.ts'

type MintQuery = keyof typeof mintQueries & QueryName
export type MintAnswers = { [N in MintQuery]: (input: Parsed<N>) => QueryOutput<N> }

/** A filtered and sorted list, as long as nothing that it is made of changes: windows of it are asked for one after the other. */
interface Ordered {
  version: object
  key: string
  lines: ListedLine[]
  sums: MintSums
}

/** Lists kept: the page's sums are of another filter than its table. */
const KEPT = 3

/** Answers the queries of mints by rule set node-period. */
export function createMintAnswers(view: MintView): MintAnswers {
  const chainCalls = createChainCalls()
  let ordered: Ordered[] = []
  let running: { key: string; rows: RunningRow[] } | null = null
  const labels = () => loadLabels(view.active().store)

  function orderedLines({ offset: _offset, limit: _limit, sort, descending, ...filter }: Parsed<'mints.list'>): Ordered {
    const version = view.version()
    const key = JSON.stringify([sort, descending, filter])
    // a text is looked for in labels too, which change without the mints
    const known = ordered.find(one => one.version === version && one.key === key)
    if (known && !filter.search) return known
    const found = filterMints(view.listed(), labels(), filter)
    const fresh = { version, key, lines: sortMints(found, sort, descending), sums: sumMints(found) }
    ordered = [fresh, ...ordered.filter(one => one.version === version && one.key !== key)].slice(0, KEPT)
    return fresh
  }

  /** Every period that runs as of the newest data, soonest end first. */
  function runningRows(): { rows: RunningRow[]; asOfTs: number | null } {
    const { store } = view.active()
    const period = listPeriods(store).at(-1)
    if (!period) return { rows: [], asOfTs: null }
    const run = view.runs().find(found => found.period === period.index)
    const key = `${store.dataDir} ${run?.key} ${period.lastTs}`
    if (running?.key !== key) {
      const rows = loadOpen(store, period.index).map(open => ({
        nodeId: open.info.nodeId,
        label: '',
        farmId: open.info.farmId,
        farmName: open.farmName,
        projection: projectNodePeriod(open, period.lastTs),
      }))
      rows.sort((a, b) => a.projection.period.end - b.projection.period.end || a.nodeId - b.nodeId)
      running = { key, rows }
    }
    return { rows: running.rows, asOfTs: period.lastTs }
  }

  function lineOf(nodeId: number, start: number): ListedLine {
    const line =
      view.ofNode(nodeId).find(({ startTs }) => startTs === start) ??
      view.gone().find(gone => gone.nodeId === nodeId && gone.startTs === start)
    if (!line) throw noMint(nodeId, start)
    return line
  }

  return {
    'mints.list': input => {
      const { lines, sums } = orderedLines(input)
      const named = labels()
      const config = view.config()
      const farms = new Map(view.listed().flatMap(({ farmId, farmName }) => (farmId === null ? [] : [[farmId, farmName] as const])))
      return {
        ...sums,
        rows: lines.slice(input.offset, input.offset + input.limit).map(line => mintRow(line, named.get(line.nodeId))),
        total: lines.length,
        farms: [...farms].map(([farmId, name]) => ({ farmId, name })).sort((a, b) => a.farmId - b.farmId),
        network: view.network(),
        rules: config.rules,
        trigger: config.trigger,
        complete: view.isComplete(),
        gaps: gapsOf(view),
        orphans: view.gone().length,
      }
    },
    'mints.farms': () => ({ rows: farmsOf(view.listed()), rules: view.config().rules }),
    'mints.csv': filter => {
      const named = labels()
      const lines = sortMints(filterMints(view.listed(), named, filter), 'nodeId', false)
      return { fileName: 'mints.csv', text: mintRowsCsv(lines.map(line => mintRow(line, named.get(line.nodeId)))) }
    },
    'mint.get': ({ nodeId, start }) => {
      const line = lineOf(nodeId, start)
      const stored = line.isGone ? null : nodeMint(view.active().store, nodeId, start)
      if (stored === undefined) throw noMint(nodeId, start)
      const config = view.config()
      const decision = line.decision?.decision ?? undecided
      const { can, why } = mintAbilities(view, line)
      return {
        row: mintRow(line, labels().get(nodeId)),
        record: stored?.record ?? null,
        utilization: stored?.utilization ?? null,
        decision,
        decidedFor: line.decision && line.decision.mintId !== line.hash ? line.decision.mintId : null,
        counted: countVotes(config, { id: line.hash, rewardUnits: line.rewardUnits }, decision),
        can,
        why,
        trigger: config.trigger,
        signers: config.signers,
        threshold: config.threshold,
        administrators: config.administrators,
      }
    },
    'mint.explain': ({ nodeId, start }) => {
      const { store } = view.active()
      const closedIn = view.ofNode(nodeId).find(({ startTs }) => startTs === start)?.period
      const index = closedIn ?? listPeriods(store).at(-1)?.index
      if (index === undefined) throw noMint(nodeId, start)
      const story = tellNodePeriods(store, index, nodeId, view.rules()).find(({ mint }) => mint.info.period.start === start)
      if (!story) throw noMint(nodeId, start)
      return story.explanation
    },
    'mints.running': ({ nodeId, farmId, offset, limit }) => {
      const { rows, asOfTs } = runningRows()
      const found = rows.filter(row => (nodeId === undefined || row.nodeId === nodeId) && (farmId === undefined || row.farmId === farmId))
      const named = labels()
      const page = found.slice(offset, offset + limit)
      return { rows: page.map(row => ({ ...row, label: named.get(row.nodeId)?.label ?? '' })), total: found.length, asOfTs }
    },
    'mintConfig.get': () => {
      const config = view.config()
      return { network: view.network(), config, problems: checkMintConfig(config), chain: chainCalls(view.active().store) }
    },
    'mintConfig.check': ({ config }) => checkMintConfig(config),
    'locks.get': ({ offset, limit, ...filter }) => locksOf(view, filter, offset, limit),
  }
}

function noMint(nodeId: number, start: number): AppError {
  return new AppError(
    'not-found',
    `Node ${nodeId} has no period of its own that began then (${start}). The data may have been worked out anew: look at the list of mints again.`,
    { details: { nodeId, start } },
  )
}

/** What the runs lacked and found, each once, and which periods rule set v3 has nothing of. */
function gapsOf(view: MintView): string[] {
  const { store } = view.active()
  const lacks = listPeriods(store).flatMap(period => {
    const why = loadV3Lack(store, period)
    return why === null ? [] : [v3LackText(period.index, why)]
  })
  return [...new Set([...view.runs().flatMap(run => run.problems.map(({ message }) => message)), ...lacks])]
}

/**
 * What locking would hold back (minting.md, Locking: a model, not paid by today's rules). A mint counts from its payment on; one that is
 * not paid yet as if it were paid when it was decided, or else when it was closed.
 */
function locksOf(
  view: MintView,
  { farmId, nodeId }: { farmId?: number | undefined; nodeId?: number | undefined },
  offset: number,
  limit: number,
): QueryOutput<'locks.get'> {
  if (!view.config().locking.on) return { on: false, lockedUnits: 0n, freeUnits: 0n, months: [], rows: [], total: 0 }
  const lines = view
    .lines()
    .filter(
      line =>
        line.stage !== 'overlaps' && (farmId === undefined || line.farmId === farmId) && (nodeId === undefined || line.nodeId === nodeId),
    )
  const names = new Map(lines.map(line => [line.farmId, line.farmName]))
  const asOfTs = Math.max(view.books.now(), listPeriods(view.active().store).at(-1)?.lastTs ?? 0)
  const schedule = lockSchedule(lines.map(lockable), asOfTs)
  return {
    on: true,
    lockedUnits: schedule.lockedUnits,
    freeUnits: schedule.freeUnits,
    months: schedule.months.map(({ period, amountUnits, count, leftUnits }) => ({
      period: period.index,
      start: period.start,
      end: period.end,
      count,
      amountUnits,
      leftUnits,
    })),
    rows: schedule.locks.slice(offset, offset + limit).map(lock => ({
      mintId: lock.id,
      nodeId: lock.nodeId,
      farmId: lock.farmId,
      farmName: names.get(lock.farmId) ?? '',
      amountUnits: lock.amountUnits,
      fromTs: lock.paidTs,
      opensTs: lock.opensTs,
      isOpen: lock.isOpen,
      utilizationPermille: lock.utilizationPermille,
      lockedAfterUnits: lock.leftUnits,
    })),
    total: schedule.locks.length,
  }
}

function lockable(line: MintLine) {
  const decision = line.decision?.decision
  const payment = decision?.payments.find(({ result }) => result === 'paid')
  return {
    id: line.hash,
    nodeId: line.nodeId,
    farmId: line.farmId,
    amountUnits: decision?.decided?.amountUnits ?? line.rewardUnits,
    paidTs: payment?.ts ?? decision?.decided?.ts ?? line.closedTs,
    utilization: line.utilization,
  }
}
