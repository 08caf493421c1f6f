import { z } from 'zod'
import { bigintText } from './mint.ts'

/*
 * The farmer's statement of a farm and year: every payment that arrived in the year, by day and by node. Amounts in units of 1e-7 TFT, USD in
 * milli-USD, values in hundredths of the currency, times in seconds since the epoch, days as the statement's time zone has them.
 */

/** A currency's code, or a name of one's own: letters in capitals. */
export const currencySchema = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{2,10}$/, 'A currency has 2 to 10 letters, e.g. EUR.')

export const timeZoneSchema = z.string().refine(isTimeZone, { message: 'This is no time zone. Write it as UTC or Europe/Brussels.' })

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{1,60}$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en-CA', { timeZone: name })
    return true
  } catch {
    // the engine throws for a name that it does not know, which is the answer
    return false
  }
}

export const statementAskSchema = z.object({
  farmId: z.number().int().min(0),
  year: z.number().int().min(2018).max(2999),
  timeZone: timeZoneSchema.default('UTC'),
  /** whose price file values the payments; absent: USD at the policy's price alone */
  currency: currencySchema.optional(),
})
export type StatementAsk = z.output<typeof statementAskSchema>

export const statementPaymentSchema = z.object({
  day: z.string(),
  paidTs: z.number(),
  nodeId: z.number(),
  /** the fixed period; of a node's own period its own end is what tells it */
  period: z.number().nullable(),
  periodEndTs: z.number().nullable(),
  receipt: z.string(),
  tx: z.string(),
  amountUnits: bigintText,
  /** of the receipt, so at its policy's price; null: the receipt is not in the store */
  musd: bigintText.nullable(),
  /** price of the day as the file has it; null: the file lacks that day, or there is no currency */
  price: z.string().nullable(),
  /** rounded half up; null: no price */
  valueHundredths: bigintText.nullable(),
  /** what is to be said of it, e.g. that it contradicts the receipt; empty: nothing */
  note: z.string(),
})
export type StatementPayment = z.output<typeof statementPaymentSchema>

const sumSchema = z.object({
  payments: z.number(),
  amountUnits: bigintText,
  musd: bigintText,
  /** payments without a known USD amount */
  withoutUsd: z.number(),
  valueHundredths: bigintText,
  /** what has no value, for a price is missing */
  withoutValue: z.number(),
  withoutValueUnits: bigintText,
})
export type StatementSum = z.output<typeof sumSchema>

export const apartSchema = z.object({
  nodeId: z.number(),
  period: z.number().nullable(),
  periodEndTs: z.number(),
  receipt: z.string(),
  amountUnits: bigintText,
  /** paid on a day of another year, whose statement has it; else it is not known as paid */
  paidDay: z.string().nullable(),
  reason: z.string(),
})
export type StatementApart = z.output<typeof apartSchema>

export const statementSchema = z.object({
  farmId: z.number(),
  /** as the newest receipt has it; empty: none does */
  farmName: z.string(),
  network: z.string().nullable(),
  year: z.number(),
  timeZone: z.string(),
  currency: z.string().nullable(),
  /** until when the data here is complete; null: there is none */
  completeUntilTs: z.number().nullable(),
  /** the year has not ended by then */
  isUnfinished: z.boolean(),
  payments: z.array(statementPaymentSchema),
  days: z.array(sumSchema.extend({ day: z.string(), price: z.string().nullable() })),
  nodes: z.array(sumSchema.extend({ nodeId: z.number() })),
  total: sumSchema,
  /** days with payments that the price file lacks, rising */
  missingDays: z.array(z.string()),
  /** due by the end of the year and not paid in it, each with its reason */
  apart: z.array(apartSchema),
  apartUnits: bigintText,
})
export type Statement = z.output<typeof statementSchema>

/** A currency's prices in the books. */
export const priceListSchema = z.object({
  currency: z.string(),
  days: z.number(),
  firstDay: z.string(),
  lastDay: z.string(),
  /** days between the first and the last that have no price */
  gaps: z.number(),
})
export type PriceList = z.infer<typeof priceListSchema>

/** What came of a price file. */
export const priceImportSchema = z.object({
  currency: z.string(),
  added: z.number(),
  changed: z.number(),
  unchanged: z.number(),
  /** lines that say again what another line says */
  repeated: z.number(),
  firstDay: z.string(),
  lastDay: z.string(),
  /** spans without a price between the file's first and last day, at most 100, and how many days they are in all */
  gaps: z.array(z.object({ from: z.string(), to: z.string(), days: z.number() })),
  gapDays: z.number(),
})
export type PriceImport = z.infer<typeof priceImportSchema>
