import { group, tftExact } from './money.ts'
import { ledgerReadText } from './payment.ts'
import {
  type AuditedReceipt,
  type AuditedRecords,
  type AuditSums,
  type CheckState,
  type ReceiptAudit,
  type ReceiptCheckName,
  type RecordKind,
  receiptChecks,
} from './receipt-audit.ts'
import { cleanName } from './text.ts'
import { basisText } from './verify.ts'

/* An audit in words: the same on screen, on paper and on the command line. */

export const checkTitles: Record<ReceiptCheckName, string> = {
  bytes: 'Bytes',
  hash: 'Hash',
  alone: 'Once in the files',
  recomputed: 'Recomputed',
  events: 'Chain events',
  paid: 'Paid',
}

export const checkMeanings: Record<ReceiptCheckName, string> = {
  bytes: 'in the one form that a receipt has',
  hash: 'the bytes give the hash',
  alone: 'no other of the same node and period, and payouts.csv pays what it says',
  recomputed: 'your own store’s events give the same receipt',
  events: 'the events that it rests on are those of the chain',
  paid: 'on Stellar, under its memo, exactly once',
}

export const recordTitles: Record<RecordKind, string> = {
  audit: 'Audit trail',
  vote: 'Votes',
  payment: 'Payments in the books',
  event: 'Stored events',
  result: 'Stored results',
}

export const checkWords: Record<CheckState, string> = { right: 'right', fails: 'fails', 'not-checked': 'not checked' }
export const verdictWords: Record<AuditedReceipt['verdict'], string> = { right: 'right', unknown: 'not all checked', fails: 'wrong' }

const count = (n: number, word: string) => `${group(String(n))} ${word}${n === 1 ? '' : 's'}`

/** The answer to "is anything wrong", in a sentence or two. */
export function auditVerdict({ receipts, verdicts, wrongRecords }: AuditSums): string {
  const wrong = [
    ...(verdicts.fails > 0 ? [`${count(verdicts.fails, 'receipt')} of ${group(String(receipts))}`] : []),
    ...(wrongRecords > 0 ? [`${count(wrongRecords, 'record')} of the books or the chain data`] : []),
  ]
  if (wrong.length > 0) return `Wrong: ${wrong.join(', and ')}.`
  if (receipts === 0) return 'Nothing is wrong in what was checked. There is no receipt in it.'
  if (verdicts.unknown === 0) return `Nothing is wrong: ${count(receipts, 'receipt')}, every check made.`
  return `Nothing is wrong in what was checked. Of ${count(verdicts.unknown, 'receipt')} not everything could be checked.`
}

/** What became of each check, and what was not checked, a line each. */
export function checkLines(sums: AuditSums): string[] {
  return receiptChecks.map(name => {
    const { right, fails, notChecked } = sums.checks[name]
    const parts = [
      ...(right > 0 ? [`${group(String(right))} right`] : []),
      ...(fails > 0 ? [`${group(String(fails))} wrong`] : []),
      ...(notChecked > 0 ? [`${group(String(notChecked))} not checked`] : []),
    ]
    return `${checkTitles[name]} (${checkMeanings[name]}): ${parts.length === 0 ? 'none' : parts.join(', ')}`
  })
}

const kindWords: Record<AuditedReceipt['kind'], string> = {
  receipt: 'Receipt',
  retry: 'Retry',
  mint: 'Mint',
  payout: 'Payment line',
  unreadable: 'Unreadable line',
}

/** `Receipt of node 17, period 80` */
export function receiptName({ kind, nodeId, period, where }: AuditedReceipt): string {
  if (nodeId === null) return `${kindWords[kind]}, ${cleanName(where)}`
  return `${kindWords[kind]} of node ${nodeId}${period === null ? '' : `, period ${period}`}`
}

/** Why it is wrong, beyond what its checks say already. */
export function otherReasons({ checks, reasons }: Pick<AuditedReceipt, 'checks' | 'reasons'>): string[] {
  return reasons.filter(reason => !checks.some(({ why }) => why.includes(reason))).map(cleanName)
}

/** What a kind of records came to. */
export function recordsText({ kind, checked, state, why, wrong }: AuditedRecords): string {
  if (wrong.length > 0) return `${recordTitles[kind]}: ${count(wrong.length, 'record')} wrong of ${group(String(checked))}.`
  if (checked === 0 && state === 'right') return `${recordTitles[kind]}: ${why}`
  return `${recordTitles[kind]}: ${state === 'not-checked' ? 'not checked' : `${group(String(checked))} looked at, none is wrong`}. ${why}`
}

/** The whole audit for a terminal: the answer first, then what is wrong, then every receipt. */
export function auditText({ head, receipts, records, bases, ledger, sums }: ReceiptAudit): string {
  const lines = [`Audit of ${head.subjects.map(cleanName).join(', ')}`, auditVerdict(sums), '', ...checkLines(sums)]
  lines.push(`Together ${group(tftExact(sums.units))} TFT, of which ${group(tftExact(sums.paidUnits))} were found paid rightly.`, '')
  for (const found of records) {
    lines.push(recordsText(found))
    for (const { name, why } of found.wrong) lines.push(`  WRONG  ${cleanName(name)}: ${cleanName(why)}`)
  }
  if (records.length > 0) lines.push('')
  for (const receipt of receipts) lines.push(receiptLine(receipt))
  for (const basis of bases) lines.push('', ...basisText(basis))
  if (ledger) lines.push('', ...ledgerReadText(ledger))
  return `${lines.join('\n')}\n`
}

function receiptLine(receipt: AuditedReceipt): string {
  const verdict = receipt.verdict === 'fails' ? 'WRONG' : verdictWords[receipt.verdict]
  const told = receipt.checks.filter(({ state }) => state !== 'right')
  const why = told.map(
    ({ name, state, why: reason }) =>
      `${checkTitles[name].toLowerCase()} ${checkWords[state]}${reason === '' ? '' : `: ${cleanName(reason)}`}`,
  )
  const differences = receipt.differences
    .filter(({ member }) => member !== 'form' && member !== 'hash')
    .map(({ member, is, should }) => `${member} is ${cleanName(is ?? 'none')}, should be ${cleanName(should ?? 'none')}`)
  const reasons = receipt.verdict === 'fails' ? otherReasons(receipt) : []
  const rest = [...why, ...differences, ...reasons]
  return `${verdict.padEnd(15)}  ${receipt.hash === '' ? '-' : receipt.hash}  ${receiptName(receipt)} (${cleanName(receipt.where)})${rest.length === 0 ? '' : `\n    ${rest.join('\n    ')}`}`
}
