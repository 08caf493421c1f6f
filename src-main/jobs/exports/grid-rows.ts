import type { Cell } from '../../../src-shared/csv.ts'
import type { ExportFilter } from '../../../src-shared/exports.ts'
import { tftExact, usdExact } from '../../../src-shared/money.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import {
  countMints,
  countReceipts,
  type MintExportRow,
  type MintFilter,
  mintPages,
  type ReceiptRow,
  receiptPages,
} from '../../store/export-rows.ts'
import type { Store } from '../../store/open.ts'
import { paysByNodePeriod } from '../../store/paying-rules.ts'
import { storedNetwork } from '../../store/periods.ts'
import { loadDays, loadSummaries, type StoredSummary } from '../../store/results.ts'
import { columnsOf } from './columns.ts'
import type { ExportStores, RowSource, Span } from './rows.ts'

const DAY_SEC = 86_400

const receiptColumns = columnsOf(
  ...['rules', 'period:number', 'period_start:time', 'period_end:time', 'state', 'node_id:number', 'farm_id:number', 'farm_name'],
  ...['twin_id:number', 'payout_address', 'uptime_seconds:number', 'violation', 'usd:amount', 'tft:amount', 'receipt_hash'],
)

/**
 * What each period pays each node: the receipts of rule set v3, then the mints of rule set node-period, each where the network pays by it. A
 * period whose data are not complete says so, as what it pays may still change.
 */
export function receiptSource({ facts, books }: ExportStores, filter: ExportFilter, span: Span): RowSource {
  const network = storedNetwork(facts) ?? ''
  const { period, farmId, nodeId, account } = filter
  const which = { farmId, nodeId, account }
  const summaries = summariesOf(facts, period).filter(
    ({ summary: { index, end } }) => !paysByNodePeriod(books, network, index) && isWithin(end, span),
  )
  const mints = mintsWanted(books, network, filter, span)
  return {
    columns: receiptColumns,
    total: () =>
      summaries.reduce((sum, { summary }) => sum + countReceipts(facts, summary.index, which), 0) + (mints ? countMints(facts, mints) : 0),
    *pages() {
      for (const stored of summaries)
        for (const page of receiptPages(facts, stored.summary.index, which)) yield page.map(row => receiptCells(stored, row))
      if (mints) for (const page of mintPages(facts, mints)) yield page.map(mintCells)
    },
  }
}

/** null: the network does not pay by node-period, or none can be meant (a mint names no address). */
function mintsWanted(books: Store, network: string, { farmId, nodeId, period, account }: ExportFilter, span: Span): MintFilter | null {
  const isPaid = paysByNodePeriod(books, network, period ?? Number.MAX_SAFE_INTEGER)
  return isPaid && account === undefined ? { farmId, nodeId, period, endFromTs: span.fromTs, endToTs: span.toTs } : null
}

function receiptCells({ summary, stale }: StoredSummary, row: ReceiptRow): Cell[] {
  const { index, start, end } = summary
  const { nodeId, farmId, farmName, twinId, payoutAddress, uptimeSec, violation, musd, amountUnits, hash } = row
  return [
    ...['v3', index, formatUtc(start), formatUtc(end), stateOf(summary, stale), nodeId, farmId, cleanName(farmName)],
    ...[twinId, payoutAddress, uptimeSec, violation, usdExact(BigInt(musd)), tftExact(BigInt(amountUnits)), hash],
  ]
}

function mintCells(row: MintExportRow): Cell[] {
  const { period, startTs, endTs, nodeId, farmId, farmName, uptimeSec, violation, musd, amountUnits, hash } = row
  return [
    ...['node-period', period, formatUtc(startTs), formatUtc(endTs), 'final', nodeId, farmId, cleanName(farmName)],
    ...[null, null, uptimeSec, violation, usdExact(BigInt(musd)), tftExact(BigInt(amountUnits)), hash],
  ]
}

/** Whether what a period pays can still change. */
export function stateOf({ running, provisional }: StoredSummary['summary'], stale: boolean): string {
  if (stale) return 'to be computed again'
  return running ? 'running' : provisional ? 'provisional' : 'final'
}

const uptimeColumns = columnsOf(
  ...['period:number', 'node_id:number', 'farm_id:number', 'farm_name', 'from:time', 'to:time'],
  ...['up_seconds:number', 'asleep_seconds:number', 'down_seconds:number'],
)

/** Seconds up, asleep and down of every node, day by day of each period; a period's days begin when it does. Days that are not known yet are left out. */
export function uptimeSource(facts: Store, { period, farmId, nodeId }: ExportFilter, span: Span): RowSource {
  const which = { farmId, nodeId }
  const summaries = summariesOf(facts, period).flatMap(({ summary }) => {
    const days = knownDays(summary, span)
    return days.length === 0 ? [] : [{ summary, days }]
  })
  return {
    columns: uptimeColumns,
    total: () => summaries.reduce((sum, { summary, days }) => sum + countReceipts(facts, summary.index, which) * days.length, 0),
    *pages() {
      for (const { summary, days } of summaries)
        for (const page of receiptPages(facts, summary.index, which)) {
          const nodeIds = page.map(row => row.nodeId)
          const tallies = loadDays(facts, summary.index, nodeIds)
          for (const row of page) yield dayCells(summary.index, row, days, tallies.get(row.nodeId))
        }
    },
  }
}

interface Day {
  index: number
  fromTs: number
  toTs: number
}

function knownDays({ start, end, completeUntilTs }: StoredSummary['summary'], span: Span): Day[] {
  const days: Day[] = []
  for (let index = 0, fromTs = start; fromTs < Math.min(end, completeUntilTs); index++, fromTs += DAY_SEC)
    if (isWithin(fromTs, span)) days.push({ index, fromTs, toTs: Math.min(fromTs + DAY_SEC, end) })
  return days
}

function dayCells(
  period: number,
  row: ReceiptRow,
  days: readonly Day[],
  tally: ReturnType<typeof loadDays> extends Map<number, infer T> ? T | undefined : never,
): Cell[][] {
  const { nodeId, farmId, farmName } = row
  return days.map(({ index, fromTs, toTs }) => [
    ...[period, nodeId, farmId, cleanName(farmName), formatUtc(fromTs), formatUtc(toTs)],
    ...[tally?.up[index] ?? null, tally?.asleep[index] ?? null, tally?.down[index] ?? null],
  ])
}

function summariesOf(facts: Store, period: number | undefined): StoredSummary[] {
  const summaries = loadSummaries(facts)
  return period === undefined ? summaries : summaries.filter(({ summary }) => summary.index === period)
}

function isWithin(ts: number, { fromTs, toTs }: Span): boolean {
  return (fromTs === undefined || ts >= fromTs) && (toTs === undefined || ts <= toTs)
}
