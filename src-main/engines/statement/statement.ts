import { unfixed } from '../../../src-shared/money.ts'
import type { Statement, StatementApart, StatementAsk, StatementPayment, StatementSum } from '../../../src-shared/statement.ts'
import { compareText } from '../../../src-shared/text.ts'
import { dayTeller } from './days.ts'
import { PRICE_DECIMALS } from './prices-csv.ts'

/** What one receipt or mint of the farm owes, and what is known of its payment. */
export interface StatementItem {
  nodeId: number
  /** the fixed period; null: not known, or a node's own period */
  period: number | null
  /** seconds; null: the receipt is not in the store */
  periodEndTs: number | null
  receipt: string
  /** what was paid, or is owed: units of 1e-7 TFT */
  amountUnits: bigint
  /** milli-USD; null: the receipt is not in the store */
  musd: bigint | null
  payment: { ts: number; tx: string; note: string } | null
  /** why no payment is known, a sentence */
  why: string
}

export interface StatementData {
  farmName: string
  network: string | null
  completeUntilTs: number | null
  items: readonly StatementItem[]
  /** what one TFT cost, by day; empty without a currency */
  prices: ReadonlyMap<string, string>
}

/**
 * The statement of a farm and year. A payment counts on the day that it arrived, in the statement's time zone, and is valued at that very
 * day's price: a day without a price has no value, and is listed. What was due by the year's end and is not among its payments stands apart.
 * Each payment's value is rounded half up to the hundredth; sums are of what is shown, so they always agree with their rows.
 */
export function buildStatement(ask: StatementAsk, data: StatementData): Statement {
  const { farmId, year, timeZone, currency = null } = ask
  const dayOf = dayTeller(timeZone)
  const yearOf = (day: string) => Number(day.slice(0, 4))
  const payments: StatementPayment[] = []
  const apart: StatementApart[] = []
  for (const item of data.items) {
    const paidDay = item.payment ? dayOf(item.payment.ts) : null
    if (item.payment && paidDay !== null && yearOf(paidDay) === year)
      payments.push(paymentOf(item, item.payment, paidDay, currency === null ? undefined : data.prices))
    else if (item.periodEndTs !== null && belongsApart(yearOf(dayOf(item.periodEndTs)), paidDay, year))
      apart.push(apartOf(item, item.periodEndTs, paidDay))
  }
  payments.sort((a, b) => a.paidTs - b.paidTs || a.nodeId - b.nodeId || compareText(a.receipt, b.receipt))
  apart.sort((a, b) => a.periodEndTs - b.periodEndTs || a.nodeId - b.nodeId || compareText(a.receipt, b.receipt))
  const days = [...Map.groupBy(payments, ({ day }) => day)].sort(([a], [b]) => compareText(a, b))
  const nodes = [...Map.groupBy(payments, ({ nodeId }) => nodeId)].sort(([a], [b]) => a - b)
  return {
    farmId,
    farmName: data.farmName,
    network: data.network,
    year,
    timeZone,
    currency,
    completeUntilTs: data.completeUntilTs,
    isUnfinished: data.completeUntilTs !== null && yearOf(dayOf(data.completeUntilTs)) <= year,
    payments,
    days: days.map(([day, list]) => ({ day, price: list[0]!.price, ...sumOf(list) })),
    nodes: nodes.map(([nodeId, list]) => ({ nodeId, ...sumOf(list) })),
    total: sumOf(payments),
    missingDays: currency === null ? [] : days.flatMap(([day, list]) => (list[0]!.price === null ? [day] : [])),
    apart,
    apartUnits: apart.reduce((sum, { amountUnits }) => sum + amountUnits, 0n),
  }
}

/** What is open since an earlier year is still owed; what was paid in another year is of interest in the year that it is for. */
function belongsApart(dueYear: number, paidDay: string | null, year: number): boolean {
  return paidDay === null ? dueYear <= year : dueYear === year
}

function paymentOf(
  { nodeId, period, periodEndTs, receipt, amountUnits, musd }: StatementItem,
  { ts, tx, note }: NonNullable<StatementItem['payment']>,
  day: string,
  prices: ReadonlyMap<string, string> | undefined,
): StatementPayment {
  const price = prices?.get(day) ?? null
  const valueHundredths = price === null ? null : marketValue(amountUnits, price)
  return { day, paidTs: ts, nodeId, period, periodEndTs, receipt, tx, amountUnits, musd, price, valueHundredths, note }
}

function apartOf(
  { nodeId, period, receipt, amountUnits, why }: StatementItem,
  periodEndTs: number,
  paidDay: string | null,
): StatementApart {
  const reason = paidDay === null ? why : `Paid on ${paidDay}: it is in the statement of ${paidDay.slice(0, 4)}.`
  return { nodeId, period, periodEndTs, receipt, amountUnits, paidDay, reason }
}

const UNITS_AND_PRICE = 10n ** BigInt(7 + PRICE_DECIMALS)

/** Units of 1e-7 TFT at a price, a decimal text, in hundredths: rounded half up. */
export function marketValue(amountUnits: bigint, price: string): bigint {
  const scaled = unfixed(price, PRICE_DECIMALS)!
  return (amountUnits * scaled * 100n * 2n + UNITS_AND_PRICE) / (UNITS_AND_PRICE * 2n)
}

function sumOf(list: readonly StatementPayment[]): StatementSum {
  const sum: StatementSum = {
    payments: list.length,
    amountUnits: 0n,
    musd: 0n,
    withoutUsd: 0,
    valueHundredths: 0n,
    withoutValue: 0,
    withoutValueUnits: 0n,
  }
  for (const { amountUnits, musd, valueHundredths } of list) {
    sum.amountUnits += amountUnits
    if (musd === null) sum.withoutUsd++
    else sum.musd += musd
    if (valueHundredths !== null) sum.valueHundredths += valueHundredths
    else {
      sum.withoutValue++
      sum.withoutValueUnits += amountUnits
    }
  }
  return sum
}
