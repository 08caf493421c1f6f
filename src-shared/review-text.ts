import { group, tftExact } from './money.ts'
import type { PayableKind } from './pay.ts'
import type { ReviewCode, ReviewSeverity, ReviewWarning, SignReview } from './review-contract.ts'
import { cleanName, shortAddress } from './text.ts'
import { formatDuration, formatUtc, hasDate } from './time.ts'
import { amountText, choiceText, subjectText } from './vote-text.ts'
import type { VoteReview, VotesReview } from './votes-contract.ts'

/* What is said before something is signed: on screen and on the command line in the same words. */

/** `279.4250000 TFT`, thousands separated. */
export function assetAmount(units: bigint, code: string): string {
  return `${group(tftExact(units))} ${cleanName(code)}`
}

export interface Payee {
  account: string
  /** null: whose it is, is not known */
  farm: { id: number; name: string } | null
}

/** `Alder Farm (farm 3), GABC…UVWXYZ` */
export function payeeText({ account, farm }: Payee): string {
  const end = shortAddress(account)
  if (!farm) return `an account that no receipt here names, ${end}`
  const name = cleanName(farm.name)
  return name === '' ? `farm ${farm.id}, ${end}` : `${name} (farm ${farm.id}), ${end}`
}

/** For a button, where the sentence above has no room. */
export function payeeShort({ account, farm }: Payee): string {
  const name = farm ? cleanName(farm.name) : ''
  return name === '' ? shortAddress(account) : `${name} (${farm?.id})`
}

const payableWords: Record<PayableKind, string> = {
  receipt: 'the receipt',
  retry: 'the retry of a receipt that was not paid,',
  mint: 'the mint',
}

/** `the receipt of node 5 for period 80` */
export function receiptText({ kind, nodeId, of }: { kind: PayableKind; nodeId: number; of: string }): string {
  return `${payableWords[kind]} of node ${nodeId} for ${of}`
}

export function utcText(ts: bigint): string {
  return ts <= BigInt(Number.MAX_SAFE_INTEGER) && hasDate(Number(ts)) ? formatUtc(Number(ts)) : `${ts} s`
}

export function boundsText(bounds: { minTs: bigint; maxTs: bigint } | null): string {
  if (!bounds) return 'none: it can be included for ever'
  const from = bounds.minTs === 0n ? 'at once' : `from ${utcText(bounds.minTs)}`
  return bounds.maxTs === 0n ? `${from}, without an end` : `${from} to ${utcText(bounds.maxTs)}`
}

/** `0.0001000 XLM`: stroops have 7 decimals too. */
export function feeText(stroops: bigint): string {
  return assetAmount(stroops, 'XLM')
}

const count = (n: number, word: string): string => `${group(String(n))} ${word}${n === 1 ? '' : 's'}`

export { count as countText }

/** The sentence of each warning. */
export const warningText = {
  unexpected: (what: string) => `Not part of any payout: ${what}.`,
  planDiffers: (members: readonly string[]) =>
    `The bytes are not what the run's plan says: another ${members.join(', ')}. The books were altered, or the envelope was made for something else.`,
  receiptDiffers: ({ members, what, payee, amount }: { members: readonly string[]; what: string; payee: string; amount: string }) =>
    `It pays another ${members.join(' and another ')} than ${what}, which is ${amount} to ${payee === '' ? 'nobody: the farm has no address' : payee}.`,
  wrongPassphrase: (made: string, configured: string) =>
    `It was made for the Stellar network "${cleanName(made)}", and this network pays on "${cleanName(configured)}".`,
  alreadyPaid: (what: string, tx: string, ts: number) =>
    `The receipt is paid already: ${what}, by transaction ${tx.slice(0, 16)}…, ${formatUtc(ts)}.`,
  paidByIt: (ts: number) =>
    `This very transaction stands on the ledger since ${formatUtc(ts)}: it is paid, and there is nothing left to sign.`,
  retried: (run: string) => `The receipt is being paid by run ${run.slice(0, 16)} too, under another transaction.`,
  otherPayer: (from: string, payer: string) =>
    `It takes the money from ${shortAddress(from)}, and this network pays from ${shortAddress(payer)}.`,
  otherAsset: (asset: string, configured: string) => `It pays in ${asset}, and this network pays in ${configured}.`,
  badSignature: (n: number) =>
    `${count(n, 'signature')} on it ${n === 1 ? 'is' : 'are'} of nobody who is known to sign here, or ${n === 1 ? 'was' : 'were'} made for other bytes or another network's passphrase.`,
  noHash: (kind: string) => `Its memo is ${kind === 'none' ? 'missing' : `a ${kind}, not a hash`}, so that it stands for no receipt.`,
  unknownReceipt: (memo: string) => `No receipt is known here with the memo's hash ${memo.slice(0, 16)}….`,
  payeeChanged: (farm: string, address: string, ts: number, isPaid: boolean) =>
    `${farm} was ${isPaid ? 'last paid' : 'last to be paid, by its receipt,'} at another address: ${shortAddress(address)}, ${formatUtc(ts)}.`,
  addressChanged: (farm: string, from: string, afterTs: number, byTs: number) =>
    `${farm} changed its address of late: it was ${from === '' ? 'none' : shortAddress(from)} until after ${formatUtc(afterTs)}, and is this one since ${formatUtc(byTs)} at the latest.`,
  amountHigh: (units: bigint, median: bigint, of: number, code: string) =>
    `It is more than 3 times what the node gets else: ${assetAmount(units, code)}, and the median of ${count(of, 'period')} is ${assetAmount(median, code)}.`,
  sharedNewly: (farms: readonly string[]) => `${farms.join(', ')} share this address, and did not before.`,
  sharedSince: (farms: readonly string[]) => `${farms.join(', ')} share this address; since when is not known here.`,
  accountMissing: 'The payee does not exist on Stellar, so that the payment would fail. It has to be funded first.',
  noTrustline: 'The payee has no trustline for this asset, or may not hold it, so that the payment would fail.',
  accountNew: (days: number) => `The payee's account was made ${days < 1 ? 'less than a day' : count(days, 'day')} ago.`,
  payeeSigns: (who: string) => `The payee signs here: ${cleanName(who)}.`,
  feeHigh: (stroops: bigint, normal: bigint) => `It may cost ${feeText(stroops)}, and normal is up to ${feeText(normal)}.`,
  boundsNone: 'It has no end: it can be included at any time, for ever.',
  boundsLong: (sec: number) => `It can be included for more than a day: ${formatDuration(sec)}.`,
  expired: (maxTs: bigint) => `It can't be included any more: its end was ${utcText(maxTs)}.`,
} as const

/** What a warning is about, for the list of a run's warnings. */
export const warningNames: Record<ReviewCode, string> = {
  unexpected: 'Something that is no part of a payout',
  'plan-differs': 'Not what the plan says',
  'receipt-differs': 'Not what the receipt says',
  'wrong-passphrase': 'Another Stellar network',
  'already-paid': 'Paid already, or retried',
  'other-payer': 'Another paying account',
  'other-asset': 'Another asset',
  'bad-signature': 'A signature that does not fit',
  'unknown-receipt': 'No known receipt',
  'payee-changed': 'Another address than was paid last',
  'address-changed': 'Address changed in the last 7 days',
  'amount-high': "More than 3 times the node's median",
  'shared-address': 'Farms newly share an address',
  'account-missing': 'The payee can not take it',
  'account-new': 'The payee is a new account',
  'payee-signs': 'The payee is a signer',
  'fee-high': 'A fee above normal',
  'bounds-long': 'Good for more than a day',
  expired: 'Expired',
  vote: 'About the vote',
  call: 'About the call',
}

export const severityWords: Record<ReviewSeverity, string> = { stop: 'Stop', warn: 'Look', note: 'Note' }

/** The worst first. */
export const severityOrder: readonly ReviewSeverity[] = ['stop', 'warn', 'note']

/** Worst first; what is alike in that stays in its order. */
export function worstFirst<T extends { severity: ReviewSeverity }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity))
}

/** A vote's review as the one sheet shows it. */
export function voteSignReview(review: VoteReview): SignReview {
  const { statement, signerName, warnings, basis, singleWord, fields, hash, text } = review
  const amount = amountText(statement.amountUnits)
  const told = warnings.map((warning): ReviewWarning => ({ code: 'vote', severity: 'warn', text: warning }))
  if (singleWord !== null) told.unshift({ code: 'vote', severity: 'stop', text: `On one word: ${singleWord}.` })
  return {
    kind: 'vote',
    decision: `You sign: vote for ${amount} for ${subjectText(statement.subject)}, as ${cleanName(signerName)}`,
    action: `Sign the vote for ${amount} as ${cleanName(signerName)}`,
    warnings: worstFirst(told),
    unknown: basis.length === 0 ? ['What it rests on is not known here.'] : [],
    fields: [...fields, ...basis.map((line, at) => ({ name: at === 0 ? 'Rests on' : '', value: line }))],
    values: [],
    signatures: [],
    hash,
    bytes: { form: 'statement', text: text.split('\n')[0] ?? '' },
  }
}

/** Many votes' review as the one sheet shows it: every vote stands in its values. */
export function votesSignReview(review: VotesReview): SignReview {
  const { text, hash, network, signerName, count: number, sumUnits, rows, warnings, basis, singleWord, left } = review
  const votes = count(number, 'vote')
  const told = warnings.map((warning): ReviewWarning => ({ code: 'vote', severity: 'warn', text: warning }))
  if (singleWord !== null) told.unshift({ code: 'vote', severity: 'stop', text: `On one word: ${singleWord}.` })
  return {
    kind: 'vote',
    decision: `You sign: ${votes} for ${amountText(sumUnits)} in all, as ${cleanName(signerName)}`,
    action: `Sign ${votes} for ${amountText(sumUnits)} as ${cleanName(signerName)}`,
    warnings: worstFirst(told),
    unknown: left.map(({ subject, why }) => `${subjectText(subject)} is left out: ${why}`),
    fields: [
      { name: 'Network', value: cleanName(network) },
      { name: 'Votes', value: String(number) },
      { name: 'In all', value: amountText(sumUnits) },
      ...basis.map((line, at) => ({ name: at === 0 ? 'Rests on' : '', value: line })),
    ],
    values: rows.map(row => ({ name: subjectText(row.subject), value: choiceText(row) })),
    signatures: [],
    hash,
    bytes: { form: 'statements', text: text.split('\n').slice(0, number).join('\n') },
  }
}

/** A review as text. */
export function reviewLines(review: SignReview, { all = false }: { all?: boolean } = {}): string[] {
  const { decision, warnings, unknown, fields, values, signatures, hash, bytes } = review
  const shown = [
    ...fields,
    ...signatures.map(({ who }, at) => ({ name: at === 0 ? 'Signed by' : '', value: who })),
    { name: 'Hash', value: hash },
  ]
  const width = Math.max(...shown.map(({ name }) => name.length))
  return [
    decision,
    ...warnings.map(({ severity, text }) => `${severityWords[severity]}: ${text}`),
    ...unknown.map(text => `Not known: ${text}`),
    ...shown.map(({ name, value }) => `${name.padEnd(width)}  ${value}`),
    ...(all && values.length > 0 ? ['Every value of the bytes:', ...values.map(({ name, value }) => `  ${name} = ${value}`)] : []),
    ...(all ? [`Bytes (${bytes.form}): ${bytes.text}`] : []),
  ]
}
