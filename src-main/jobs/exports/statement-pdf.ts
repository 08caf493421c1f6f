import { group, tftExact, usdExact } from '../../../src-shared/money.ts'
import type { Statement, StatementSum } from '../../../src-shared/statement.ts'
import { farmText, statementNotes, valueText } from '../../../src-shared/statement-text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { beginSheets, type PdfColumn, type PdfRow } from './sheets.ts'

/**
 * A statement as PDF, A4. Its bytes follow from the statement alone. What the fonts that every reader of PDF has can't show, as a name in
 * Chinese, stands as [U+4E2D]; the CSV has it as it is.
 */
export async function statementPdf(statement: Statement): Promise<Uint8Array> {
  const { year, currency, payments, days, nodes, total, apart, apartUnits } = statement
  const name = `Statement ${year}: ${farmText(statement)}`
  const sheets = await beginSheets(name)
  sheets.title(name)
  sheets.space(6)
  for (const note of statementNotes(statement)) sheets.paragraph(note)
  sheets.heading('By day of payment')
  sheets.table(sumColumns('Day', currency), [
    ...days.map(({ day, price, ...sum }) => sumRow(day, sum, currency, price)),
    { ...sumRow('Total', total, currency, null), isStrong: true },
  ])
  sheets.heading('By node')
  sheets.table(sumColumns('Node', currency), [
    ...nodes.map(({ nodeId, ...sum }) => sumRow(`Node ${nodeId}`, sum, currency, null)),
    { ...sumRow('Total', total, currency, null), isStrong: true },
  ])
  sheets.heading('Payments')
  if (payments.length === 0) sheets.paragraph('No payment is known to have arrived in this year.')
  else
    sheets.table(
      [
        { title: 'Arrived (UTC)', width: 110 },
        { title: 'Node', width: 55, isRight: true },
        { title: 'Period', width: 50, isRight: true },
        { title: 'TFT', width: 110, isRight: true },
        { title: 'USD', width: 80, isRight: true },
        { title: currency ?? '', width: 94, isRight: true },
      ],
      payments.map(({ paidTs, nodeId, period, amountUnits, musd, valueHundredths, tx, receipt, note }) => ({
        cells: [
          ...[formatUtc(paidTs).replace(' UTC', ''), String(nodeId), period === null ? '' : String(period), group(tftExact(amountUnits))],
          ...[musd === null ? 'not known' : group(usdExact(musd)), valueCell(currency, valueHundredths)],
        ],
        below: `transaction ${tx} · receipt ${receipt}${note === '' ? '' : ` · ${note}`}`,
      })),
    )
  sheets.heading('Not among these payments')
  sheets.paragraph(
    apart.length === 0
      ? 'Nothing that was due by the end of the year is open or was paid in another year.'
      : `Due by the end of the year, and not paid in it or not known as paid: ${group(tftExact(apartUnits))} TFT.`,
  )
  if (apart.length > 0)
    sheets.table(
      [
        { title: 'Period ended (UTC)', width: 110 },
        { title: 'Node', width: 55, isRight: true },
        { title: 'Period', width: 50, isRight: true },
        { title: 'TFT', width: 110, isRight: true },
      ],
      apart.map(({ periodEndTs, nodeId, period, amountUnits, reason, receipt }) => ({
        cells: [
          formatUtc(periodEndTs).replace(' UTC', ''),
          String(nodeId),
          period === null ? '' : String(period),
          group(tftExact(amountUnits)),
        ],
        below: `${reason} · receipt ${receipt}`,
      })),
    )
  return sheets.finish(name)
}

function sumColumns(what: string, currency: string | null): PdfColumn[] {
  return [
    { title: what, width: 90 },
    { title: 'Payments', width: 55, isRight: true },
    { title: 'TFT', width: 110, isRight: true },
    { title: 'USD', width: 80, isRight: true },
    { title: currency === null || what !== 'Day' ? '' : `${currency} per TFT`, width: 80, isRight: true },
    { title: currency ?? '', width: 84, isRight: true },
  ]
}

function sumRow(what: string, sum: StatementSum, currency: string | null, price: string | null): PdfRow {
  const { payments, amountUnits, musd, withoutUsd, valueHundredths, withoutValue } = sum
  const isUsdKnown = payments === 0 || withoutUsd < payments
  const isValueKnown = payments === 0 || withoutValue < payments
  return {
    cells: [
      ...[what, String(payments), group(tftExact(amountUnits)), isUsdKnown ? group(usdExact(musd)) : 'not known', price ?? ''],
      valueCell(currency, isValueKnown ? valueHundredths : null),
    ],
  }
}

function valueCell(currency: string | null, hundredths: bigint | null): string {
  if (currency === null) return ''
  return hundredths === null ? 'no price' : group(valueText(hundredths))
}
