import { z } from 'zod'
import { verdictSchema } from './compare.ts'
import { bigintText, resourceRuleSchema } from './mint.ts'
import { ledgerReadSchema } from './payment.ts'
import { basisSchema } from './verify.ts'

/* What an audit says: of each receipt check by check, and of the records in the books and of the chain. */

/**
 * bytes: in the one form of a receipt. hash: the bytes give it. alone: no other of the same node and period, and payouts.csv pays what it says.
 * recomputed: the store's events give the same. events: those events are the chain's. paid: on Stellar under its memo, once.
 */
export const receiptChecks = ['bytes', 'hash', 'alone', 'recomputed', 'events', 'paid'] as const
export type ReceiptCheckName = (typeof receiptChecks)[number]

export const checkStateSchema = z.enum(['right', 'fails', 'not-checked'])
export type CheckState = z.infer<typeof checkStateSchema>

export const receiptCheckSchema = z.object({
  name: z.enum(receiptChecks),
  state: checkStateSchema,
  /** what is wrong, why it was not checked, or on what it rests; a sentence */
  why: z.string(),
})
export type ReceiptCheck = z.infer<typeof receiptCheckSchema>

/** A figure that is not what it should be. */
export const wrongFigureSchema = z.object({
  member: z.string(),
  is: z.string().nullable(),
  should: z.string().nullable(),
  by: z.string().nullable(),
})
export type WrongFigure = z.infer<typeof wrongFigureSchema>

export const auditedReceiptSchema = z.object({
  /** file and line, or `period 80, node 17` of the store's own results */
  where: z.string(),
  kind: z.enum(['receipt', 'retry', 'mint', 'payout', 'unreadable']),
  nodeId: z.number().nullable(),
  period: z.number().nullable(),
  /** empty: none could be read */
  hash: z.string(),
  address: z.string(),
  /** units of 1e-7 TFT; null: none could be read */
  units: bigintText.nullable(),
  /** fails: a check failed; unknown: none did, and one could not be made; right: all were made */
  verdict: verdictSchema,
  checks: z.array(receiptCheckSchema),
  differences: z.array(wrongFigureSchema),
  /** where differences can come from, a sentence each */
  reasons: z.array(z.string()),
  /** successful transactions that pay it */
  txs: z.array(z.object({ tx: z.string(), ts: z.number() })),
  /** the bytes that were hashed; null: a line of payouts.csv, or not readable */
  text: z.string().nullable(),
})
export type AuditedReceipt = z.infer<typeof auditedReceiptSchema>

/** result: a period's figures as the store keeps them; event: what it keeps of the chain. */
export const recordKinds = ['audit', 'vote', 'payment', 'event', 'result'] as const
export type RecordKind = (typeof recordKinds)[number]

/** What was found of one kind of records in the books and the chain data. */
export const auditedRecordsSchema = z.object({
  kind: z.enum(recordKinds),
  /** how many were looked at */
  checked: z.number(),
  state: checkStateSchema,
  /** on what it rests, or why it was not checked */
  why: z.string(),
  /** each record that is wrong, by name */
  wrong: z.array(z.object({ name: z.string(), why: z.string() })),
})
export type AuditedRecords = z.infer<typeof auditedRecordsSchema>

const countsSchema = z.object({ right: z.number(), unknown: z.number(), fails: z.number() })
const checkCountsSchema = z.object({ right: z.number(), fails: z.number(), notChecked: z.number() })

/** All of an audit but its receipts. */
export const auditHeadSchema = z.object({
  /** seconds */
  madeTs: z.number(),
  /** the version of Granary */
  madeBy: z.string(),
  network: z.string().nullable(),
  /** what was looked at: names of files and folders, `period 80` */
  subjects: z.array(z.string()),
  resources: resourceRuleSchema,
  /** what was asked beside this machine's store */
  against: z.enum(['store', 'chain', 'stellar']),
})
export type AuditHead = z.infer<typeof auditHeadSchema>

export const auditSumsSchema = z.object({
  receipts: z.number(),
  verdicts: countsSchema,
  /** by check */
  checks: z.record(z.enum(receiptChecks), checkCountsSchema),
  /** what the receipts come to, and those of them that were found paid; units of 1e-7 TFT */
  units: bigintText,
  paidUnits: bigintText,
  wrongRecords: z.number(),
})
export type AuditSums = z.infer<typeof auditSumsSchema>

export interface ReceiptAudit {
  head: AuditHead
  receipts: AuditedReceipt[]
  records: AuditedRecords[]
  bases: z.infer<typeof basisSchema>[]
  ledger: z.infer<typeof ledgerReadSchema> | null
  sums: AuditSums
}

export const auditGroundsSchema = z.object({ bases: z.array(basisSchema), ledger: ledgerReadSchema.nullable() })

export const REPORT_FORMAT = 'granary-audit-report'

/** The sums that receipts and records come to. */
export function sumAudit(receipts: readonly AuditedReceipt[], records: readonly AuditedRecords[]): AuditSums {
  const verdicts = { right: 0, unknown: 0, fails: 0 }
  const checks = Object.fromEntries(receiptChecks.map(name => [name, { right: 0, fails: 0, notChecked: 0 }])) as AuditSums['checks']
  let units = 0n
  let paidUnits = 0n
  for (const receipt of receipts) {
    verdicts[receipt.verdict]++
    units += receipt.units ?? 0n
    for (const { name, state } of receipt.checks) {
      checks[name][state === 'not-checked' ? 'notChecked' : state]++
      if (name === 'paid' && state === 'right' && receipt.txs.length > 0) paidUnits += receipt.units ?? 0n
    }
  }
  const wrongRecords = records.reduce((sum, { wrong }) => sum + wrong.length, 0)
  return { receipts: receipts.length, verdicts, checks, units, paidUnits, wrongRecords }
}

/** What the checks of one receipt come to. */
export function verdictOf(checks: readonly ReceiptCheck[]): AuditedReceipt['verdict'] {
  if (checks.some(({ state }) => state === 'fails')) return 'fails'
  return checks.every(({ state }) => state === 'right') ? 'right' : 'unknown'
}

/** Whether nothing speaks against what was looked at; what could not be checked doesn't. */
export function isAuditClean({ sums }: Pick<ReceiptAudit, 'sums'>): boolean {
  return sums.verdicts.fails === 0 && sums.wrongRecords === 0
}
