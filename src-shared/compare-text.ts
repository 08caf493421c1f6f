import type { CompareHead, CompareRow, CompareState, Difference, VerifiedReceipt, VerifyReport } from './compare.ts'
import { csv } from './csv.ts'
import { group, tftExact } from './money.ts'
import { ledgerReadText, paymentText } from './payment.ts'
import { cleanName } from './text.ts'
import { formatUtc } from './time.ts'
import { basisText } from './verify.ts'

/* A comparison in words: the same on screen, on the command line and in what is copied. */

const stateWords: Record<CompareState, string> = {
  equal: 'equal',
  differs: 'differs',
  missing: 'missing',
  extra: 'extra',
  retry: 'retry',
}

export function compareStateWord(state: CompareState): string {
  return stateWords[state]
}

const stateMeanings: Record<CompareState, string> = {
  equal: 'Both have the same.',
  differs: 'Both have it, and not the same.',
  missing: 'You have it, the proposal has not.',
  extra: 'The proposal has it, you have not.',
  retry: 'It pays a receipt of the period before once more. Right if that one was not paid, which is not looked at here.',
}

export function compareStateMeaning(state: CompareState): string {
  return stateMeanings[state]
}

const count = (n: number) => group(String(n))

/** `All 95 are equal.`, or `93 equal, 2 differ, 1 missing.` */
export function verdictText({ counts }: Pick<CompareHead, 'counts'>): string {
  const { equal, differs, missing, extra, retry } = counts
  const retries = retry === 0 ? '' : retry === 1 ? ', and 1 retry to look at' : `, and ${count(retry)} retries to look at`
  if (differs + missing + extra === 0) {
    if (equal + retry === 0) return 'There is nothing to compare: neither side pays or says anything.'
    return equal === 1 ? `The one is equal${retries}.` : `All ${count(equal)} are equal${retries}.`
  }
  const parts = [
    `${count(equal)} equal`,
    `${count(differs)} ${differs === 1 ? 'differs' : 'differ'}`,
    ...(missing > 0 ? [`${count(missing)} missing`] : []),
    ...(extra > 0 ? [`${count(extra)} extra`] : []),
  ]
  return `${parts.join(', ')}${retries}.`
}

/** Whether nothing is wrong with a proposal, as far as one's own data tells. */
export function isAllEqual({ counts, order }: Pick<CompareHead, 'counts' | 'order'>): boolean {
  return counts.differs + counts.missing + counts.extra === 0 && order === null
}

/** Sums, order and addresses, a sentence each. */
export function headLines(head: CompareHead): string[] {
  const lines = head.sums.map(
    ({ file, own, theirs, ownUnits, theirUnits }) =>
      `${file}: theirs ${count(theirs)}, ${group(tftExact(theirUnits))} TFT; yours ${count(own)}, ${group(tftExact(ownUnits))} TFT${theirUnits === ownUnits ? '' : `, so theirs is ${theirUnits > ownUnits ? 'more' : 'less'} by ${group(tftExact(theirUnits > ownUnits ? theirUnits - ownUnits : ownUnits - theirUnits))} TFT`}.`,
  )
  if (head.counts.retry > 0) lines.push(`Retries: ${count(head.counts.retry)}, ${group(tftExact(head.retryUnits))} TFT.`)
  lines.push(head.order === null ? 'The order is as it must be.' : `The order is not as it must be. ${head.order}`)
  if (head.badAddresses > 0)
    lines.push(
      head.badAddresses === 1
        ? '1 payout address is no valid Stellar account: a payment to it fails.'
        : `${count(head.badAddresses)} payout addresses are no valid Stellar accounts: payments to them fail.`,
    )
  return lines
}

/** `Node 3, farm name (3)`, `A line of no known node`. */
export function rowName(row: Pick<CompareRow, 'nodeId' | 'farmId' | 'farmName' | 'startTs'>): string {
  if (row.nodeId === null) return 'A line of no known node'
  const since = row.startTs === null ? '' : `, its period from ${formatUtc(row.startTs)}`
  return `Node ${row.nodeId}${row.farmId === null ? '' : `, ${cleanName(row.farmName)} (${row.farmId})`}${since}`
}

const NAMES: Record<string, string> = {
  hash: 'hash of the bytes, and said',
  form: 'form of the bytes',
  'line.node_id': 'node of the line',
  'payout.address': 'address in payouts.csv',
  'payout.amount': 'TFT in payouts.csv',
  'payout.hash': 'receipt in payouts.csv',
  'payout.line': 'line in payouts.csv',
}

/** What a member is called; a receipt's own names stay. */
export function memberName({ member }: Pick<Difference, 'member'>): string {
  return NAMES[member] ?? member
}

/** `measured_uptime: yours 2630880, theirs 2627280 (-3,600 s)` */
export function differenceText(difference: Difference): string {
  const { own, theirs, by } = difference
  const shown = (value: string | null) => (value === null ? 'none' : cleanName(value))
  if (difference.member === 'hash') return `hash: the bytes give ${shown(own)}, beside them stands ${shown(theirs)}`
  if (difference.member === 'form' && own === null) return `${memberName(difference)}: not as it must be from ${shown(theirs)} on`
  return `${memberName(difference)}: yours ${shown(own)}, theirs ${shown(theirs)}${by === null ? '' : ` (${by})`}`
}

/** The whole comparison as plain text; equal ones are only counted. */
export function compareText(head: CompareHead, rows: readonly CompareRow[]): string {
  const { period, rules, resources, files } = head
  const how = rules === 'v3' ? `rules v3, resources ${resources}` : 'rules node-period'
  const lines = [`Period ${period} (${how}) against ${files.map(cleanName).join(', ')}`, verdictText(head), ...headLines(head)]
  for (const row of rows) {
    if (row.state === 'equal') continue
    lines.push('', `${rowName(row)}: ${stateWords[row.state]}${row.where === '' ? '' : ` (${row.where})`}`)
    for (const difference of row.differences) lines.push(`  ${differenceText(difference)}`)
    for (const reason of row.reasons) lines.push(`  ${reason}`)
  }
  return `${[...lines, '', ...basisText(head.basis)].join('\n')}\n`
}

/** What is not equal as CSV: a line for each member that differs, one for each that is missing or extra. */
export function compareCsv(rows: readonly CompareRow[]): string {
  const header = [
    'state',
    'node',
    'period start',
    'farm',
    'farm name',
    'payout address',
    'own TFT',
    'their TFT',
    'own receipt',
    'their receipt',
    'where',
    'member',
    'own',
    'theirs',
    'theirs is more by',
    'why',
  ]
  const none: Difference = { member: '', own: null, theirs: null, by: null }
  return csv(
    header,
    rows
      .filter(({ state }) => state !== 'equal')
      .flatMap(row =>
        (row.differences.length === 0 ? [none] : row.differences).map(({ member, own, theirs, by }) => [
          row.state,
          row.nodeId,
          row.startTs,
          row.farmId,
          row.farmName,
          row.address,
          row.ownUnits === null ? null : tftExact(row.ownUnits),
          row.theirUnits === null ? null : tftExact(row.theirUnits),
          row.ownHash,
          row.theirHash,
          row.where,
          member,
          own,
          theirs,
          by,
          row.reasons.join(' '),
        ]),
      ),
  )
}

const marks = { right: 'right', unknown: 'unknown', fails: 'FAILS' } as const

/** A line per receipt, then the counts and what the recomputation rests on. */
export function verifyText({ receipts, counts, bases, ledger }: VerifyReport): string {
  const lines = receipts.map(verifiedLine)
  const total = receipts.length
  const of = `${count(counts.right)} of ${count(total)} right${counts.fails > 0 ? `, ${count(counts.fails)} ${counts.fails === 1 ? 'fails' : 'fail'}` : ''}${counts.unknown > 0 ? `, ${count(counts.unknown)} unknown` : ''}.`
  lines.push(total === 0 ? 'There is no receipt to verify.' : of)
  for (const basis of bases) lines.push('', ...basisText(basis))
  if (ledger) lines.push('', ...ledgerReadText(ledger))
  return `${lines.join('\n')}\n`
}

function verifiedLine(receipt: VerifiedReceipt): string {
  const { verdict, hash, kind, nodeId, period, bytes, hashed, recomputed, payment, where, reasons } = receipt
  const whose = [kind, ...(nodeId === null ? [] : [`node ${nodeId}`]), ...(period === null ? [] : [`period ${period}`])].join(', ')
  const checks = [
    ...(kind === 'payout' ? [] : [`bytes ${marks[bytes]}, hash ${marks[hashed]}, recomputed ${marks[recomputed]}`]),
    ...(payment ? [paymentText(payment)] : []),
  ].join(', ')
  return `${marks[verdict].padEnd(7)}  ${hash}  ${whose} (${where})${checks === '' ? '' : `: ${checks}`}${reasons.length === 0 ? '' : `. ${reasons.map(cleanName).join(' ')}`}`
}
