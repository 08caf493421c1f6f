import type { z } from 'zod'
import type { queries as contract, Job, QueryName, QueryOutput, Settings, Status } from '../../src-shared/contract.ts'
import { csv } from '../../src-shared/csv.ts'
import { AppError } from '../../src-shared/errors.ts'
import { fixed, tftExact, usdExact } from '../../src-shared/money.ts'
import type { Attention, NodeRow, Overview } from '../../src-shared/nodes-contract.ts'
import { DEMO_NETWORK } from '../../src-shared/statement-text.ts'
import type { DoctorReport, Network } from '../../src-shared/sync.ts'
import type { TreasuryQueryName } from '../../src-shared/treasury/table.ts'
import { known } from '../engines/projection/known.ts'
import { projectV3, usedSoFar } from '../engines/projection/v3.ts'
import { tellNode } from '../jobs/explain.ts'
import { tellNodePeriods } from '../jobs/node-stories.ts'
import {
  type AuditMark,
  findReceiptByHash,
  listAudit,
  loadDays,
  loadLabels,
  receiptsOfNode,
  type Store,
  verifyAudit,
} from '../store/index.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import type { AlertAnswers } from './alerts/alerts.ts'
import type { Backups } from './backup.ts'
import type { ChainAnswers } from './chain-calls.ts'
import type { ChainCurveAnswers } from './chain-curves.ts'
import type { CompareAnswers } from './compare.ts'
import type { DaoAnswers } from './dao.ts'
import type { DeskAnswers } from './desk.ts'
import type { ExportAnswers } from './exports.ts'
import type { HelpAnswers } from './help.ts'
import type { Keys } from './keys.ts'
import type { LogAnswers } from './logs.ts'
import { createMintAnswers } from './mint-queries.ts'
import type { MintView } from './mint-view.ts'
import { nodePeriodRules } from './node-periods.ts'
import type { PayAnswers } from './pay.ts'
import type { ReviewAnswers } from './reviews.ts'
import { filterNodes, type LightNode, nodeRow, overviewOf, sortNodes, sumBy } from './rows.ts'
import { searchFor } from './search.ts'
import type { SyncControl } from './sync.ts'
import type { VaultAnswers } from './vault.ts'
import type { View } from './view.ts'
import type { VoteAnswers } from './votes.ts'
import { answerWhatIf } from './what-if.ts'

export interface Sources {
  view: View
  settings(): Settings
  /** where settings and the audit trail are, also while the demo is shown */
  books: Store
  jobs(): Job[]
  status(): Pick<Status, 'version' | 'host' | 'dataDir' | 'readOnly'>
  networks(): Network[]
  sync(): SyncControl
  /** asks a network, in a thread of its own */
  ask: <T>(task: 'chain-find' | 'chain-estimate' | 'chain-curves', input: unknown, signal: AbortSignal | undefined) => Promise<T>
  doctor(): DoctorReport | null
  vault: VaultAnswers
  keys: Keys
  votes: VoteAnswers
  chain: ChainAnswers
  chainCurves: ChainCurveAnswers
  dao: DaoAnswers
  pay: PayAnswers
  reviews: ReviewAnswers
  exports: ExportAnswers
  backups: Pick<Backups, 'answers' | 'attention'>
  mints: MintView
  compared: CompareAnswers
  desk: DeskAnswers
  help: HelpAnswers
  alerts: AlertAnswers
  logs: LogAnswers
}

/** What does not come from the nodes stands first: nobody else says it. */
function withAttention(overview: Overview, own: Attention[]): Overview {
  return { ...overview, attention: [...own, ...overview.attention], attentionTotal: overview.attentionTotal + own.length }
}

/** A query's input with its defaults filled in. */
export type Parsed<N extends QueryName> = z.output<(typeof contract)[N]['in']>
/** All but the treasury's, which are answered by who asks (core/treasury). */
export type OwnQuery = Exclude<QueryName, TreasuryQueryName>
type Handlers = { [N in OwnQuery]: (input: Parsed<N>, signal?: AbortSignal) => QueryOutput<N> | Promise<QueryOutput<N>> }

/**
 * Answers every query of the contract from what is stored and computed, so that no page waits; but for those that ask a network
 * (sync.find, sync.estimate, chain.curves if it is told to), which take as long as it does.
 */
export function createQueries(
  sources: Sources,
): <N extends OwnQuery>(name: N, input: Parsed<N>, signal?: AbortSignal) => QueryOutput<N> | Promise<QueryOutput<N>> {
  const { view } = sources
  const labels = () => loadLabels(view.active().store)

  function rowsOf(period: number, nodes: LightNode[]): NodeRow[] {
    const named = labels()
    const days = loadDays(
      view.active().store,
      period,
      nodes.map(node => node.nodeId),
    )
    return nodes.map(node => nodeRow(node, named.get(node.nodeId), days.get(node.nodeId) ?? { up: [], asleep: [], down: [] }))
  }

  /** The period asked for, else the latest; null on an empty store. */
  function periodOrNone(index: number | undefined) {
    return index === undefined && view.latest() === null ? null : view.period(index)
  }

  function endpointsOf(name: string): { endpoints: string[]; genesis: string } {
    const found = sources.networks().find(network => network.name === name)
    if (!found) throw new AppError('not-found', `There is no network "${name}". Add it with an endpoint of its own first.`)
    return { endpoints: found.endpoints.map(({ url }) => url), genesis: found.genesis }
  }

  const handlers: Handlers = {
    ...createMintAnswers(sources.mints),
    ...sources.compared,
    ...sources.desk,
    ...sources.help,
    ...sources.alerts,
    ...sources.logs,
    'keys.list': () => sources.keys.list(),
    ...sources.votes,
    ...sources.chain,
    ...sources.chainCurves,
    ...sources.dao,
    ...sources.pay,
    ...sources.reviews,
    ...sources.exports,
    ...sources.backups.answers,
    'status.get': () => {
      const latest = view.latest()
      const summary = latest === null ? null : view.summaries().find(found => found.index === latest)!
      const sync = sources.sync().status()
      const network = latest === null ? null : view.period(latest).stored.network
      return {
        ...sources.status(),
        sync,
        network: network ?? sync.network,
        // also what somebody made with `granary demo` and imported is no real data
        demo: latest !== null && (view.active().demo || network === DEMO_NETWORK),
        completeUntilTs: summary?.completeUntilTs ?? null,
        latestPeriod: latest,
        jobs: sources.jobs(),
      }
    },
    'overview.get': ({ farmId }) => {
      const loaded = periodOrNone(undefined)
      const own = sources.backups.attention()
      if (!loaded) return withAttention(overviewOf(null, []), own)
      const mine = sources.settings().myFarms
      const nodes = loaded.nodes.filter(node =>
        farmId !== undefined ? node.farmId === farmId : mine.length === 0 || mine.includes(node.farmId),
      )
      return withAttention(overviewOf(loaded.summary, nodes, loaded.rules), own)
    },
    'nodes.list': ({ period, offset, limit, sort, descending, ...filter }) => {
      const loaded = periodOrNone(period)
      if (!loaded) return { rows: [], total: 0, rewardUnits: 0n, staysUpUnits: 0n, farms: [] }
      const named = labels()
      const found = filterNodes(loaded.nodes, named, filter)
      const farms = new Map(loaded.nodes.map(node => [node.farmId, node.farmName]))
      return {
        rows: rowsOf(loaded.stored.index, sortNodes(found, named, sort, descending).slice(offset, offset + limit)),
        total: found.length,
        rewardUnits: sumBy(found, node => node.rewardUnits),
        staysUpUnits: sumBy(found, node => node.projection.staysUp.units),
        farms: [...farms].map(([id, name]) => ({ farmId: id, name })).sort((a, b) => a.farmId - b.farmId),
      }
    },
    'nodes.csv': ({ period, ...filter }) => {
      const loaded = view.period(period)
      const named = labels()
      const header = [
        'node',
        'label',
        'farm',
        'farm name',
        'state',
        'why',
        'uptime s',
        'uptime permille',
        'violation',
        'payout TFT',
        'if it stays up TFT',
        'if it goes down TFT',
        'downtime left s',
        'payout address',
        'receipt',
        'note',
      ]
      const lines = filterNodes(loaded.nodes, named, filter).map(node => {
        const label = named.get(node.nodeId)
        return [
          node.nodeId,
          label?.label ?? '',
          node.farmId,
          node.farmName,
          node.state,
          node.stateReason,
          node.measuredUptimeSec,
          node.uptimePermille,
          node.violation ?? '',
          tftExact(node.rewardUnits),
          tftExact(node.projection.staysUp.units),
          tftExact(node.projection.goesDown.units),
          node.projection.budgetSec ?? '',
          node.payoutAddress,
          node.hash,
          label?.note ?? '',
        ]
      })
      return { fileName: `nodes-period-${loaded.stored.index}.csv`, text: csv(header, lines) }
    },
    'node.get': ({ nodeId, period }) => {
      const loaded = view.period(period)
      const light = nodeOf(loaded.byId, nodeId, loaded.stored.index)
      const place = loaded.nodes.indexOf(light)
      const { store } = view.active()
      const story = tellNode(store, loaded.stored, view.end(loaded.stored), nodeId, loaded.summary.resources)
      const receipt = JSON.parse(story.result.receipt) as {
        cloud_units: Record<'cu' | 'su' | 'nu', number>
        resource_utilization: Record<'cru' | 'mru' | 'hru' | 'sru' | 'ip', number>
      }
      const use = receipt.resource_utilization
      const { resources } = story.node
      const time = known(loaded.summary)
      return {
        row: rowsOf(loaded.stored.index, [light])[0]!,
        previousNodeId: loaded.nodes[place - 1]?.nodeId ?? null,
        nextNodeId: loaded.nodes[place + 1]?.nodeId ?? null,
        period: loaded.summary,
        projection:
          light.projection.rules === 'v3' ? projectV3(story.result, time, usedSoFar(story.used, resources, time)) : light.projection,
        resources: { cru: String(resources.cru), mru: String(resources.mru), hru: String(resources.hru), sru: String(resources.sru) },
        utilization: { cru: use.cru, mru: use.mru, hru: use.hru, sru: use.sru, ipHours: use.ip },
        cloudUnits: {
          cu: millionths(receipt.cloud_units.cu),
          su: millionths(receipt.cloud_units.su),
          nu: millionths(receipt.cloud_units.nu),
        },
        policyName: story.policyName,
        connectionPriceMusd: story.node.connection_price,
        downtimes: story.explanation.downtimes,
        timeline: story.timeline,
        receipts: receiptsOfNode(store, nodeId).map(({ period: index, outcome }) => ({
          period: index,
          uptimeSec: outcome.measuredUptimeSec,
          rewardUnits: outcome.rewardUnits,
          violation: outcome.violation,
          hash: outcome.hash,
          provisional: view.summaries().find(summary => summary.index === index)?.provisional ?? true,
        })),
      }
    },
    'node.explain': ({ nodeId, period, rules }) => {
      const loaded = view.period(period)
      nodeOf(loaded.byId, nodeId, loaded.stored.index)
      if (rules === 'node-period') {
        const { store } = view.active()
        const stories = tellNodePeriods(store, loaded.stored.index, nodeId, nodePeriodRules(sources.books, store), view.end(loaded.stored))
        // the one that runs, else the last that ended
        return stories.at(-1)!.explanation
      }
      return tellNode(view.active().store, loaded.stored, view.end(loaded.stored), nodeId, loaded.summary.resources).explanation
    },
    'whatIf.get': question => {
      const { store } = view.active()
      const { stored: period } = view.period()
      const config = loadMintConfig(sources.books, period.network)
      return answerWhatIf(store, { period, end: view.end(period) }, { config, resources: sources.settings().resources }, question)
    },
    'periods.list': () => view.summaries(),
    'receipts.list': ({ period, search, offset, limit, sort, descending }) => {
      const loaded = view.period(period)
      const text = search?.trim().toLowerCase()
      const found = text
        ? loaded.nodes.filter(node => `${node.nodeId}\n${node.farmName}\n${node.payoutAddress}\n${node.hash}`.toLowerCase().includes(text))
        : loaded.nodes
      const rows = sortNodes(found, new Map(), sort, descending).slice(offset, offset + limit)
      return {
        total: found.length,
        rows: rows.map(({ nodeId, farmId, farmName, payoutAddress, measuredUptimeSec, violation, rewardMusd, rewardUnits, hash }) => ({
          nodeId,
          farmId,
          farmName,
          payoutAddress,
          uptimeSec: measuredUptimeSec,
          violation,
          rewardMusd,
          rewardUnits,
          hash,
        })),
      }
    },
    'receipts.csv': ({ period }) => {
      const loaded = view.period(period)
      const header = ['node', 'farm', 'farm name', 'payout address', 'uptime s', 'violation', 'USD', 'TFT', 'receipt']
      const lines = loaded.nodes.map(node => [
        node.nodeId,
        node.farmId,
        node.farmName,
        node.payoutAddress,
        node.measuredUptimeSec,
        node.violation ?? '',
        usdExact(node.rewardMusd),
        tftExact(node.rewardUnits),
        node.hash,
      ])
      return { fileName: `receipts-period-${period}.csv`, text: csv(header, lines) }
    },
    'search.find': ({ text, limit }) => find(text.trim().toLowerCase(), limit),
    'file.look': async ({ path }) => (await import('./given-file.ts')).lookAtFile(path),
    'networks.list': () => sources.networks(),
    'sync.get': () => sources.sync().state(),
    'sync.find': ({ network, text }, signal) => sources.ask('chain-find', { ...endpointsOf(network), text }, signal),
    'sync.estimate': ({ network, scope, periods }, signal) =>
      sources.ask('chain-estimate', { ...endpointsOf(network), network, scope, periods }, signal),
    'live.list': ({ offset, limit }) => sources.sync().live(offset, limit),
    'doctor.get': () => sources.doctor(),
    'jobs.list': () => sources.jobs(),
    'settings.get': () => sources.settings(),
    ...sources.vault,
    'audit.list': ({ offset, limit }) => {
      const { rows, total } = listAudit(sources.books, { offset, limit })
      return { rows, total, intact: auditIntact() }
    },
  }

  let verified: { mark: AuditMark; version: unknown } | null = null

  /** The whole trail the first time and whenever somebody else wrote to the books; then only what came since. */
  function auditIntact(): boolean {
    const version = sources.books.books.pragma('data_version', { simple: true })
    const { intact, mark } = verifyAudit(sources.books, verified !== null && verified.version === version ? verified.mark : undefined)
    verified = intact ? { mark, version } : null
    return intact
  }

  function find(text: string, limit: number): QueryOutput<'search.find'> {
    const loaded = text === '' ? null : periodOrNone(undefined)
    if (!loaded) return []
    const receipts = /^[0-9a-f]{4,64}$/.test(text) ? findReceiptByHash(view.active().store, text, limit) : []
    const { stored, nodes } = loaded
    return searchFor(text, { period: stored.index, nodes, labels: labels(), periods: view.summaries(), receipts }, limit)
  }

  return (name, input, signal) => handlers[name](input, signal)
}

function nodeOf(byId: Map<number, LightNode>, nodeId: number, period: number): LightNode {
  const node = byId.get(nodeId)
  if (!node)
    throw new AppError('not-found', `Period ${period} has no node ${nodeId}. Check the number, or choose another period.`, {
      details: { nodeId, period },
    })
  return node
}

/** CU, SU and NU stand on a receipt as floats with at most 6 decimals; the screen shows them with exactly 6. */
function millionths(value: number): string {
  return fixed(BigInt(Math.round(value * 1e6)), 6)
}
