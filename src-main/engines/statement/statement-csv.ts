import { type Cell, csv } from '../../../src-shared/csv.ts'
import { tftExact, usdExact } from '../../../src-shared/money.ts'
import type { Statement, StatementApart, StatementPayment, StatementSum } from '../../../src-shared/statement.ts'
import { farmText, statementNotes, valueText } from '../../../src-shared/statement-text.ts'
import { formatUtc } from '../../../src-shared/time.ts'

const COLUMNS = [
  ...['section', 'day', 'paid_at', 'node_id', 'period', 'period_end', 'payments', 'tft', 'usd', 'market_price', 'value', 'currency'],
  ...['receipt_hash', 'transaction', 'note'],
] as const
type Column = (typeof COLUMNS)[number]
type Row = Partial<Record<Column, Cell>> & { section: string }

/**
 * A statement as one CSV table. `section` says what a row is: `about`, `payment` (one each), `day` and `node` (sums), `total`,
 * `missing price`, `not paid`, `other year`. Its bytes follow from the statement alone.
 */
export function statementCsv(statement: Statement): string {
  const { currency, payments, days, nodes, total, missingDays, apart } = statement
  const rows: Row[] = [
    { section: 'about', note: `Statement of ${farmText(statement)} for ${statement.year}` },
    ...statementNotes(statement).map(note => ({ section: 'about', note })),
    ...payments.map(payment => paymentRow(payment, currency)),
    ...days.map(({ day, price, ...sum }) => ({ ...sumRow('day', sum, currency), day, market_price: price })),
    ...nodes.map(({ nodeId, ...sum }) => ({ ...sumRow('node', sum, currency), node_id: nodeId })),
    sumRow('total', total, currency),
    ...missingDays.map(day => ({ section: 'missing price', day, currency, note: 'The price file has no price for this day.' })),
    ...apart.map(apartRow),
  ]
  return csv(
    COLUMNS,
    rows.map(row => COLUMNS.map(column => row[column] ?? null)),
  )
}

function paymentRow(payment: StatementPayment, currency: string | null): Row {
  const { day, paidTs, nodeId, period, periodEndTs, amountUnits, musd, price, valueHundredths, receipt, tx, note } = payment
  return {
    section: 'payment',
    day,
    paid_at: formatUtc(paidTs),
    node_id: nodeId,
    period,
    period_end: periodEndTs === null ? null : formatUtc(periodEndTs),
    payments: 1,
    tft: tftExact(amountUnits),
    usd: musd === null ? null : usdExact(musd),
    market_price: price,
    value: valueHundredths === null ? null : valueText(valueHundredths),
    currency,
    receipt_hash: receipt,
    transaction: tx,
    note,
  }
}

function sumRow(section: string, sum: StatementSum, currency: string | null): Row {
  const { payments, amountUnits, musd, withoutUsd, valueHundredths, withoutValue } = sum
  const notes = [
    ...(withoutUsd > 0 ? [`without the USD of ${withoutUsd} payments`] : []),
    ...(currency !== null && withoutValue > 0 ? [`without the value of ${withoutValue} payments, whose day has no price`] : []),
  ]
  return {
    section,
    payments,
    tft: tftExact(amountUnits),
    // a sum of nothing that is known is not 0
    usd: payments > 0 && withoutUsd === payments ? null : usdExact(musd),
    value: currency === null || (payments > 0 && withoutValue === payments) ? null : valueText(valueHundredths),
    currency,
    note: notes.join('; '),
  }
}

function apartRow({ nodeId, period, periodEndTs, receipt, amountUnits, paidDay, reason }: StatementApart): Row {
  return {
    section: paidDay === null ? 'not paid' : 'other year',
    day: paidDay,
    node_id: nodeId,
    period,
    period_end: formatUtc(periodEndTs),
    tft: tftExact(amountUnits),
    receipt_hash: receipt,
    note: reason,
  }
}
