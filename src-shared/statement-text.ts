import { fixed } from './money.ts'
import type { Statement } from './statement.ts'
import { listed } from './text.ts'
import { formatUtc } from './time.ts'

/* A statement in words, the same on the page, in CSV and in PDF. */

/** The network that the demo generator names. */
export const DEMO_NETWORK = 'demo'

/** `12.30` from hundredths. */
export function valueText(hundredths: bigint): string {
  return fixed(hundredths, 2)
}

/** `Alder Farm (farm 17)` */
export function farmText({ farmId, farmName }: Pick<Statement, 'farmId' | 'farmName'>): string {
  return farmName === '' ? `Farm ${farmId}` : `${farmName} (farm ${farmId})`
}

/** What whoever reads it has to know, a sentence each. */
export function statementNotes(statement: Statement): string[] {
  const { year, timeZone, currency, completeUntilTs, isUnfinished, missingDays, total, network } = statement
  const notes = [
    ...(network === DEMO_NETWORK ? ['Demo data: everything in this statement is made up.'] : []),
    `Payments that arrived in ${year}, by the days of time zone ${timeZone}${network === null ? '' : `, on network ${network}`}.`,
    'TFT is what stands in the payment. USD is what the receipt says, at the prices of its farming policy.',
  ]
  if (currency !== null)
    notes.push(
      `${currency} is TFT at the market price of the payment's own day from the imported price file, each payment rounded half up to the hundredth; sums are of these.`,
    )
  if (missingDays.length > 0)
    notes.push(
      `The price file has no price for ${missingDays.length === 1 ? '1 day' : `${missingDays.length} days`} with payments: ${listed(missingDays)}. What was paid then has no value here, and is not in the sums of ${currency}. Nothing was guessed.`,
    )
  if (total.withoutUsd > 0)
    notes.push(
      `The USD amount of ${total.withoutUsd === 1 ? '1 payment' : `${total.withoutUsd} payments`} is not known, as the receipt is not in the store.`,
    )
  if (completeUntilTs === null) notes.push('No data of the grid is stored here.')
  else notes.push(`Receipts are known until ${formatUtc(completeUntilTs)}.${isUnfinished ? ` ${year} is not known to its end.` : ''}`)
  return notes
}
