import { AppError } from '../../src-shared/errors.ts'
import { rowStageHints } from '../../src-shared/pay-text.ts'
import type { Statement, StatementAsk } from '../../src-shared/statement.ts'
import { cleanName } from '../../src-shared/text.ts'
import { buildStatement, type StatementItem } from '../engines/statement/statement.ts'
import type { ExportStores } from '../jobs/exports/rows.ts'
import { farmNameOf, mintPages, receiptPages } from '../store/export-rows.ts'
import { loadSummaries, type StoredSummary } from '../store/index.ts'
import { loadPrices } from '../store/market-prices.ts'
import { loadDecisions, type StoredDecision } from '../store/mint-decisions.ts'
import { paidRowsOfFarm, rowsOfOrigin } from '../store/pay-lists.ts'
import { paysByNodePeriod } from '../store/paying-rules.ts'
import { loadFoundPayment } from '../store/payment-checks.ts'
import { storedNetwork } from '../store/periods.ts'
import { listRuns } from '../store/runs.ts'
import { arrivalOf, notedPayment } from './pay-arrivals.ts'

/** A receipt or mint of the farm before it is known whether it was paid. */
interface Owed extends Omit<StatementItem, 'payment' | 'why'> {
  /** why it can't be paid yet, a sentence; empty: it can */
  early: string
  decision: StoredDecision | undefined
}

/**
 * The statement of a farm and year from what is stored here: every receipt and mint of the farm, with its payment as payout runs, the last look
 * on Stellar and decisions say; and payments of runs whose receipt is not in the store. Nobody is asked. Throws AppError not-found for a
 * farm that nothing here knows, and for a currency without prices.
 */
export function readStatement({ facts, books }: ExportStores, ask: StatementAsk): Statement {
  const { farmId, currency } = ask
  const network = storedNetwork(facts) ?? onlyNetwork(books) ?? ''
  const summaries = loadSummaries(facts)
  const owed = [...receiptsOf({ facts, books }, network, farmId, summaries), ...mintsOf({ facts, books }, network, farmId)]
  const items = owed.map(one => itemOf(books, network, one))
  const known = new Set(items.map(({ receipt }) => receipt))
  for (const row of paidRowsOfFarm(books, network, farmId)) {
    if (known.has(row.origin)) continue
    const payment = { ts: row.paidTs, tx: row.tx, note: 'Its receipt is not in the store here, so its USD amount is not known.' }
    const { nodeId, receipt, amountUnits } = row
    items.push({ nodeId, period: null, periodEndTs: null, receipt, amountUnits, musd: null, payment, why: '' })
  }
  const name = farmNameOf(facts, farmId)
  if (name === undefined && items.length === 0)
    throw new AppError(
      'not-found',
      `Nothing here knows farm ${farmId}: no receipt, no payment. Check its number, or import its periods first.`,
      {
        details: { farmId },
      },
    )
  return buildStatement(ask, {
    farmName: cleanName(name ?? ''),
    network: network === '' ? null : network,
    completeUntilTs: summaries.at(-1)?.summary.completeUntilTs ?? null,
    items,
    prices: currency === undefined ? new Map() : pricesOf(books, currency),
  })
}

function onlyNetwork(books: ExportStores['books']): string | undefined {
  const [only, second] = new Set(listRuns(books).map(({ network }) => network))
  return second === undefined ? only : undefined
}

function pricesOf(books: ExportStores['books'], currency: string): Map<string, string> {
  const prices = loadPrices(books, currency)
  if (prices.size === 0)
    throw new AppError(
      'not-found',
      `No prices in ${currency} are kept here. Import a file with the header date,price first (--prices FILE, or on the page Exports), or leave the currency out.`,
      { details: { currency } },
    )
  return prices
}

function receiptsOf({ facts, books }: ExportStores, network: string, farmId: number, summaries: readonly StoredSummary[]): Owed[] {
  return summaries.flatMap(({ summary, stale }): Owed[] => {
    const { index, end, running, provisional } = summary
    // a period that runs owes nothing yet
    if (running || paysByNodePeriod(books, network, index)) return []
    const early = stale
      ? 'Its period is to be computed again.'
      : provisional
        ? 'Its period is provisional: what comes after it is not all there, so the amount may change.'
        : ''
    return [...receiptPages(facts, index, { farmId })].flat().flatMap(({ nodeId, musd, amountUnits, hash }): Owed[] => {
      if (amountUnits === '0') return []
      const common = { nodeId, period: index, periodEndTs: end, receipt: hash, early, decision: undefined }
      return [{ ...common, amountUnits: BigInt(amountUnits), musd: BigInt(musd) }]
    })
  })
}

function mintsOf({ facts, books }: ExportStores, network: string, farmId: number): Owed[] {
  if (!paysByNodePeriod(books, network, Number.MAX_SAFE_INTEGER)) return []
  const decisions = new Map(loadDecisions(books, network).map(decision => [`${decision.nodeId} ${decision.startTs}`, decision]))
  return [...mintPages(facts, { farmId })].flat().flatMap((mint): Owed[] => {
    const decision = decisions.get(`${mint.nodeId} ${mint.startTs}`)
    const decided = decision?.decision.decided ?? null
    // what was decided is paid, also where the record is another one by now
    const amountUnits = decided?.amountUnits ?? BigInt(mint.amountUnits)
    if (amountUnits === 0n) return []
    const isOther = decision !== undefined && decision.mintId !== mint.hash
    return [
      {
        nodeId: mint.nodeId,
        period: mint.period,
        periodEndTs: mint.endTs,
        receipt: decision?.mintId ?? mint.hash,
        amountUnits,
        musd: isOther ? null : BigInt(mint.musd),
        early: decided ? '' : 'Its payout is not decided yet: it can be claimed or voted on.',
        decision,
      },
    ]
  })
}

function itemOf(books: ExportStores['books'], network: string, owed: Owed): StatementItem {
  const { early, decision, ...item } = owed
  const [row] = rowsOfOrigin(books, network, item.receipt)
  if (row?.stage === 'conflict') return { ...item, payment: null, why: `${rowStageHints.conflict} ${row.conflict}.` }
  if (row?.stage === 'paid' && row.tx !== null && row.paidTs !== null) {
    const found = loadFoundPayment(books, network, item.receipt)
    const note = found?.state === 'twice' || found?.state === 'wrong' ? found.why : ''
    return { ...item, amountUnits: row.amountUnits, payment: { ts: row.paidTs, tx: row.tx, note }, why: '' }
  }
  const { state, tx, paidTs, why } = arrivalOf(books, network, item.receipt)
  if (state === 'paid' && tx !== null && paidTs !== null) return { ...item, payment: { ts: paidTs, tx, note: '' }, why: '' }
  const noted = decision && notedPayment(decision)
  if (noted && state !== 'twice' && state !== 'wrong')
    return { ...item, payment: { ts: noted.ts, tx: noted.tx, note: 'Noted by hand as paid; it was not looked for on Stellar.' }, why: '' }
  return { ...item, payment: null, why: early === '' ? why : early }
}
