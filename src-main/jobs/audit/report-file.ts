import { z } from 'zod'
import {
  type AuditedReceipt,
  auditedReceiptSchema,
  auditedRecordsSchema,
  auditGroundsSchema,
  auditHeadSchema,
  auditSumsSchema,
  isAuditClean,
  REPORT_FORMAT,
  type ReceiptAudit,
  sumAudit,
  verdictOf,
} from '../../../src-shared/receipt-audit.ts'
import { type Seal, sealSchema } from '../../../src-shared/sealed.ts'
import type { SealedCheck } from '../../../src-shared/sealed-check.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { parseStatement } from '../../engines/compare/proposal.ts'
import { canonicalJson } from '../../store/exact-json.ts'
import { jsonOrNothing, linesIn } from './read-text.ts'
import { checkSeal, type Sealer, sealLine, sealLines } from './seal.ts'

/*
 * An audit as a file for others: one JSON document in one form, members sorted, a line for each receipt and each kind of record, the seal in the
 * last line.
 */

const WHAT = 'audit report'
const reportSchema = z.object({
  format: z.literal(REPORT_FORMAT),
  version: z.literal(1),
  head: auditHeadSchema,
  grounds: auditGroundsSchema,
  receipts: z.array(auditedReceiptSchema),
  records: z.array(auditedRecordsSchema),
  sums: auditSumsSchema,
  seal: sealSchema,
})

/** The report's text, signed with a key or by nobody. */
export function reportText(audit: ReceiptAudit, sealer: Sealer | null): { text: string; seal: Seal } {
  const lines = linesOf(audit)
  const seal = sealLines(WHAT, lines, audit.head.madeTs, sealer)
  return { text: `${[...lines, sealLine(seal).slice(1)].join('\n')}\n`, seal }
}

function linesOf({ head, bases, ledger, receipts, records, sums }: ReceiptAudit): string[] {
  const list = (name: string, items: readonly string[]) => [
    `"${name}":[`,
    ...items.map((item, i) => (i < items.length - 1 ? `${item},` : item)),
    '],',
  ]
  return [
    `{"format":"${REPORT_FORMAT}","version":1,`,
    `"head":${canonicalJson(z.encode(auditHeadSchema, head))},`,
    `"grounds":${canonicalJson(z.encode(auditGroundsSchema, { bases, ledger }))},`,
    ...list(
      'receipts',
      receipts.map(receipt => canonicalJson(z.encode(auditedReceiptSchema, receipt))),
    ),
    ...list(
      'records',
      records.map(record => canonicalJson(z.encode(auditedRecordsSchema, record))),
    ),
    `"sums":${canonicalJson(z.encode(auditSumsSchema, sums))},`,
  ]
}

/**
 * Verifies a report by itself, without a store: the seal and its signature, that each receipt in it has the hash that it names and says what stands
 * beside it, that verdicts follow from checks, and the sums. Whether its maker told the truth, only an audit of one's own shows.
 */
export async function verifyReport(file: string, bytes: Buffer): Promise<SealedCheck> {
  const lines = linesIn(bytes)
  const text = lines.join('\n')
  const isWhole = lines.pop() === ''
  const last = lines.pop()
  const seal = await checkSeal(WHAT, lines, isWhole && last !== undefined ? `{${last}` : undefined)
  const problems = seal.altered.map(number => ({
    name: `line ${number}, ${nameOfLine(lines[number - 1])}`,
    why: 'It is not as it was sealed.',
  }))
  if (seal.state === 'broken' && problems.length === 0) problems.push({ name: 'seal', why: seal.why })
  const parsed = reportSchema.safeParse(jsonOrNothing(text))
  const base = { file, kind: 'report' as const, seal, subject: 'audit report', problems, checks: [] }
  if (!parsed.success) {
    if (problems.length === 0)
      problems.push({ name: 'report', why: `It is no audit report (${parsed.error.issues[0]?.path.join('.') ?? ''}).` })
    return base
  }
  const { head, grounds, receipts, records, sums } = parsed.data
  const audit: ReceiptAudit = { head, ...grounds, receipts, records, sums }
  problems.push(...receipts.flatMap((receipt, i) => faultsOf(receipt).map(why => ({ name: `receipt ${i + 1}, ${nameOf(receipt)}`, why }))))
  if (canonicalJson(z.encode(auditSumsSchema, sumAudit(receipts, records))) !== canonicalJson(z.encode(auditSumsSchema, sums)))
    problems.push({ name: 'sums', why: 'They are not what the receipts and records in it come to.' })
  const form = linesOf(audit)
  if (seal.state !== 'broken' && (form.length !== lines.length || form.some((line, i) => line !== lines[i])))
    problems.push({ name: 'form', why: 'It is not written in the one form that a report has.' })
  const subject = `audit of ${head.subjects.map(cleanName).join(', ')}: ${isAuditClean(audit) ? 'nothing wrong was found' : 'something wrong was found'}`
  return { ...base, subject }
}

function nameOf({ kind, nodeId, period, hash, where }: AuditedReceipt): string {
  const whose = [kind, ...(nodeId === null ? [] : [`node ${nodeId}`]), ...(period === null ? [] : [`period ${period}`])].join(' ')
  return `${whose}, ${hash === '' ? cleanName(where) : hash}`
}

/** What a line is about, as far as it can still be read. */
function nameOfLine(line: string | undefined): string {
  if (line === undefined) return 'which is missing'
  const receipt = auditedReceiptSchema.safeParse(jsonOrNothing(line.replace(/,$/, '')))
  if (receipt.success) return nameOf(receipt.data)
  const member = /^"(\w{1,20})":/.exec(line)?.[1]
  if (member !== undefined) return member
  const hash = /"hash":"([0-9a-f]{64})"/.exec(line)?.[1]
  if (hash !== undefined) return `receipt ${hash}`
  const kind = /"kind":"(\w{1,20})"/.exec(line)?.[1]
  return kind === undefined ? 'which can’t be read' : `records: ${kind}`
}

function faultsOf(receipt: AuditedReceipt): string[] {
  const faults: string[] = []
  if (verdictOf(receipt.checks) !== receipt.verdict && receipt.kind !== 'unreadable')
    faults.push('Its verdict does not follow from its checks.')
  if (receipt.text === null) return faults
  const unreadable: string[] = []
  const [read] = parseStatement('receipt', receipt.text, null, (_where, _text, { message }) => unreadable.push(message))
  if (!read) return [...faults, ...unreadable]
  // a receipt that was found to have another hash than it said is reported as it was found
  const isKnownWrong = receipt.checks.some(({ name, state }) => name === 'hash' && state === 'fails')
  if (read.trueHash !== receipt.hash && !isKnownWrong) faults.push(`Its bytes give the hash ${read.trueHash}.`)
  if (read.units !== receipt.units || read.address !== receipt.address || read.nodeId !== receipt.nodeId)
    faults.push('Node, amount or address beside it are not those in its bytes.')
  return faults
}
