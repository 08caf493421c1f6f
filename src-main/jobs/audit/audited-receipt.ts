import type { Difference, VerifiedReceipt, VerifyReport } from '../../../src-shared/compare.ts'
import type { FoundPayment } from '../../../src-shared/payment.ts'
import { isPaymentWrong, paymentText } from '../../../src-shared/payment.ts'
import { type AuditedReceipt, type CheckState, type ReceiptCheck, verdictOf } from '../../../src-shared/receipt-audit.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { singleWord } from '../../../src-shared/verify.ts'
import { brokenness, statementDifferences } from '../../engines/compare/differences.ts'
import { isLineInForm } from '../../engines/compare/proposal.ts'
import type { Store } from '../../store/index.ts'
import { loadFoundPayment, loadPaymentCheck, type PaymentCheck } from '../../store/payment-checks.ts'
import { paymentOf, subjectOf } from '../../store/runs.ts'
import type { Verification } from '../compare/verify.ts'

/** What the checks of receipts rest on. */
export interface AuditBasis {
  store: Store | null
  network: string | null
  unusable: ReadonlyMap<number, string>
  bases: VerifyReport['bases']
  /** what was kept of the looks at Stellar, by subject; filled as it is asked for */
  looks: Map<string, PaymentCheck | undefined>
  /** now, and not some time before */
  stellarAsked: boolean
}

type Detail = Verification['details'][number]

const check = (name: ReceiptCheck['name'], state: CheckState, why = ''): ReceiptCheck => ({ name, state, why })

/** A verified receipt with its checks, each with what it found or why it was not made. */
export function auditedReceipt(receipt: VerifiedReceipt, detail: Detail, basis: AuditBasis): AuditedReceipt {
  const { where, kind, nodeId, period, hash, reasons } = receipt
  const { payment, paid } = paymentOfReceipt(receipt, basis)
  const { checks, differences } = detail.kind === 'statement' ? statementChecks(receipt, detail) : lineChecks(receipt)
  const all = [...checks, eventsCheck(receipt, basis), paid]
  const source = detail.kind === 'statement' ? detail.statement : detail.line
  return {
    where,
    kind,
    nodeId,
    period,
    hash,
    address: source.address,
    units: source.units,
    verdict: verdictOf(all),
    checks: all,
    differences: differences.map(({ member, own, theirs, by }) => ({ member, is: theirs, should: own, by })),
    reasons,
    txs: payment?.txs ?? [],
    text: detail.kind === 'statement' ? detail.statement.text : null,
  }
}

/**
 * A line of payouts.csv whose receipt is neither among the given ones nor in the store: it may pay a receipt of the period before once more.
 * `retries`: by hash what the store gives of those; null: it can't tell.
 */
export function judgeStray(receipt: AuditedReceipt, retries: ReadonlyMap<string, { address: string; units: bigint }> | null): void {
  if (retries === null) return
  const retry = retries.get(receipt.hash)
  const isRight = retry !== undefined && retry.address === receipt.address && retry.units === receipt.units
  const why = isRight
    ? 'It pays a receipt of the period before once more, as your own store would if that was not paid.'
    : retry
      ? 'Your own store gives another payee or amount for it.'
      : 'None of the receipts given has this hash, and your own store knows no receipt or retry that has it.'
  receipt.checks = receipt.checks.map(found =>
    found.name === 'recomputed' ? check('recomputed', isRight ? 'right' : 'fails', why) : found,
  )
  receipt.reasons = isRight ? [] : [why]
  receipt.verdict = verdictOf(receipt.checks)
}

/** A line that is no receipt any more, or never was. */
export function unreadable(where: string, why: string): AuditedReceipt {
  const not = (name: ReceiptCheck['name']) => check(name, 'not-checked', 'It can’t be read.')
  return {
    where,
    kind: 'unreadable',
    nodeId: null,
    period: null,
    hash: '',
    address: '',
    units: null,
    verdict: 'fails',
    checks: [check('bytes', 'fails', why), not('hash'), not('alone'), not('recomputed'), not('events'), not('paid')],
    differences: [],
    reasons: [why],
    txs: [],
    text: null,
  }
}

function statementChecks(
  { recomputed }: VerifiedReceipt,
  { statement, word, misfits }: Extract<Detail, { kind: 'statement' }>,
): { checks: ReceiptCheck[]; differences: Difference[] } {
  const broken = brokenness(statement)
  const { formProblem, saidHash, trueHash } = statement
  const hashes = broken.filter(({ member }) => member !== 'form')
  const bytes =
    formProblem === null
      ? isLineInForm(statement)
        ? check('bytes', 'right')
        : check('bytes', 'fails', 'The receipt is as it must be, but what stands around it in its line is not written as a mint writes it.')
      : check('bytes', 'fails', `The bytes are not in the one form that they must have, at ${cleanName(formProblem)}.`)
  const hash = hashCheck(hashes, saidHash, trueHash)
  const alone = misfits.length === 0 ? check('alone', 'right') : check('alone', 'fails', misfits.map(cleanName).join(' '))
  const differences = word.known && word.own !== null ? statementDifferences(word.own, statement) : broken
  const members = differences.map(({ member }) => member).join(', ')
  const why = word.known
    ? word.own === null
      ? 'Your events give no such receipt.'
      : recomputed === 'fails'
        ? `Not the same: ${members}.`
        : ''
    : word.why
  const state: CheckState = recomputed === 'unknown' ? 'not-checked' : recomputed
  return { checks: [bytes, hash, alone, check('recomputed', state, why)], differences }
}

function hashCheck(hashes: readonly Difference[], saidHash: string | null, trueHash: string): ReceiptCheck {
  if (hashes.length > 0)
    return check(
      'hash',
      'fails',
      hashes.map(({ member, own, theirs }) => `${member === 'hash' ? 'It' : 'Its line'} says ${theirs}, the bytes give ${own}.`).join(' '),
    )
  return check('hash', 'right', saidHash === null ? `No hash stands beside it; the bytes give ${trueHash}.` : '')
}

function lineChecks({ verdict, reasons }: VerifiedReceipt): { checks: ReceiptCheck[]; differences: Difference[] } {
  const none = (name: ReceiptCheck['name']) => check(name, 'not-checked', 'Only the line of payouts.csv is here, not the receipt.')
  const state: CheckState = verdict === 'unknown' ? 'not-checked' : verdict
  return { checks: [none('bytes'), none('hash'), none('alone'), check('recomputed', state, reasons.join(' '))], differences: [] }
}

/** Whether the events that the recomputation used are those of the chain, as far as the store knows. */
function eventsCheck({ period, recomputed }: VerifiedReceipt, { store, bases, unusable }: AuditBasis): ReceiptCheck {
  if (!store) return check('events', 'not-checked', 'There is no store of your own, so no event was looked at.')
  if (period === null) return check('events', 'not-checked', 'It is not known of which period it is.')
  const damaged = unusable.get(period)
  if (damaged !== undefined) return check('events', 'not-checked', `The stored events can’t be used: ${damaged}`)
  const basis = bases.find(found => found.period === period)
  if (!basis || recomputed === 'unknown') return check('events', 'not-checked', `Period ${period} is not in your store.`)
  const blocks = `blocks ${basis.blocks.first} to ${basis.blocks.last}`
  if (basis.source.kind === 'archive')
    return check(
      'events',
      'not-checked',
      `Its events (${blocks}) come from the file ${cleanName(basis.source.name)}; no chain node was asked. Sync the period to know.`,
    )
  const word = singleWord(basis)
  const how = word === null ? 'compared between independent endpoints' : `though ${word}`
  return check('events', 'right', `As synced from the chain, ${blocks}, facts ${basis.digest}; ${how}.`)
}

/** What is known of its payment: as Stellar says now, else as it said when it was asked last, else as a run here settled it. */
function paymentOfReceipt(
  { hash, period, payment }: VerifiedReceipt,
  { store, network, stellarAsked, looks }: AuditBasis,
): { payment: FoundPayment | null; paid: ReceiptCheck } {
  if (payment !== null) return { payment, paid: check('paid', stateOf(payment), sentence(paymentText(payment))) }
  const asked = stellarAsked ? '' : ' Stellar was not asked now.'
  const kept = store && network !== null ? readable(() => loadFoundPayment(store, network, hash)) : undefined
  if (store && network !== null && kept) {
    const looked = lookOf(looks, store, network, subjectOf({ period }))
    const when = looked ? ` As Stellar said ${formatUtc(looked.checkedTs)}.` : ''
    return { payment: kept, paid: check('paid', stateOf(kept), `${sentence(paymentText(kept))}${when}${asked}`) }
  }
  const own = store && paymentOf(store, hash)
  if (own) {
    const why = `Paid ${formatUtc(own.paidTs)} in ${own.tx}, as run ${own.runId.slice(0, 16)} here was settled; whether a second time too was not looked for.${asked}`
    return { payment: { state: 'not-known', txs: [{ tx: own.tx, ts: own.paidTs }], why: '' }, paid: check('paid', 'not-checked', why) }
  }
  return { payment: null, paid: check('paid', 'not-checked', 'Stellar was not asked, and no payment of it is known here.') }
}

function lookOf(looks: AuditBasis['looks'], store: Store, network: string, subject: string): PaymentCheck | undefined {
  if (!looks.has(subject))
    looks.set(
      subject,
      readable(() => loadPaymentCheck(store, network, subject)),
    )
  return looks.get(subject)
}

/** What was kept; undefined where it can't be read, which is told among the payments. */
function readable<T>(load: () => T): T | undefined {
  try {
    return load()
  } catch (error) {
    if (error instanceof SyntaxError || (error as { name?: unknown }).name === 'ZodError') return undefined
    throw error
  }
}

function stateOf(payment: FoundPayment): CheckState {
  if (isPaymentWrong(payment)) return 'fails'
  return payment.state === 'not-known' ? 'not-checked' : 'right'
}

function sentence(text: string): string {
  const whole = text.endsWith('.') ? text : `${text}.`
  return whole[0]!.toUpperCase() + whole.slice(1)
}
