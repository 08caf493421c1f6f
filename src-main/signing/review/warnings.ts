import type { ReviewCode, ReviewSeverity, ReviewWarning } from '../../../src-shared/review-contract.ts'
import { assetAmount, receiptText, warningText, worstFirst } from '../../../src-shared/review-text.ts'
import { cleanName, shortAddress } from '../../../src-shared/text.ts'
import type { ReviewAsset } from './envelope.ts'
import { type KnownPayment, type Planned, type Reviewed, type ReviewFacts, receiptOf, vaultOf, whoseOf } from './facts.ts'

/*
 * What there is to warn of, each a function of its own that gives sentences (none: nothing), and how bad it is. Issue 5 asks for most of
 * them; the others follow from what an envelope, its plan and its receipt can disagree about.
 */

export type Check = (reviewed: Reviewed, facts: ReviewFacts) => string[]

/** "amount above 3 times the node's median" (issue 5) */
const HIGH = 3n
/** "address changed in the last 7 days", "new account": the same */
const OF_LATE_SEC = 7 * 86_400
/** "bounds over 24 h" */
const DAY_SEC = 86_400

const pay = ({ envelope }: Reviewed) => (envelope.act.kind === 'pay' ? envelope.act : null)

export const unexpected: Check = ({ envelope }) => envelope.unexpected.map(warningText.unexpected)

/** The envelope against its row of the plan, whose hash signers approve. */
export const planDiffers: Check = reviewed => {
  const { envelope, planned } = reviewed
  if (!planned) return []
  const members = planned.kind === 'payment' ? paymentDifferences(reviewed, planned) : bumpDifferences(reviewed, planned)
  if (envelope.source !== planned.row.channel) members.push('source account')
  if (envelope.sequence !== planned.row.sequence) members.push('sequence number')
  return members.length === 0 ? [] : [warningText.planDiffers(members)]
}

function paymentDifferences(reviewed: Reviewed, { row, terms }: Planned): string[] {
  const { memo } = reviewed.envelope
  const payment = pay(reviewed)
  if (!payment) return ['operation']
  const members: string[] = []
  if (payment.from !== terms.payer) members.push('payer')
  if (payment.to !== row.payee) members.push('payee')
  if (payment.amountUnits !== row.amountUnits) members.push('amount')
  if (payment.asset?.code !== terms.assetCode || payment.asset.issuer !== terms.issuer) members.push('asset')
  if (memo.kind !== 'hash' || memo.value !== row.receipt) members.push('memo')
  return members
}

function bumpDifferences({ envelope: { act, memo } }: Reviewed, { row }: Planned): string[] {
  if (act.kind !== 'use-up') return ['operation']
  return [...(act.to === row.sequence ? [] : ['number to use up']), ...(memo.kind === 'none' ? [] : ['memo'])]
}

export const receiptDiffers: Check = (reviewed, facts) => {
  const payment = pay(reviewed)
  const receipt = receiptOf(reviewed, facts)
  if (!payment || !receipt) return []
  const isDue = payment.to === receipt.address || (receipt.kind === 'mint' && vaultOf(reviewed, facts) !== null)
  const members = [...(isDue ? [] : ['payee']), ...(payment.amountUnits === receipt.amountUnits ? [] : ['amount'])]
  if (members.length === 0) return []
  const amount = assetAmount(receipt.amountUnits, codeOf(payment.asset))
  const payee = receipt.address === '' ? '' : shortAddress(receipt.address)
  return [warningText.receiptDiffers({ members, what: receiptText(receipt), payee, amount })]
}

export const wrongPassphrase: Check = ({ passphrase }, facts) =>
  facts.passphrase === '' || passphrase === facts.passphrase ? [] : [warningText.wrongPassphrase(passphrase, facts.passphrase)]

/** "receipt already paid or retried": by another transaction, or by a run that pays it under another receipt or plan. */
export const alreadyPaid: Check = (reviewed, facts) => {
  const { envelope, planned } = reviewed
  if (!pay(reviewed) || envelope.memo.kind !== 'hash') return []
  const receipt = receiptOf(reviewed, facts)
  const vault = vaultOf(reviewed, facts)
  if (vault) return alreadyBacked(envelope, vault.transfers.get(envelope.memo.value))
  const hashes = new Set([envelope.memo.value, receipt?.retryFor ?? planned?.row.retryFor ?? envelope.memo.value])
  const found = new Set<string>()
  for (const hash of hashes) {
    const payment = facts.payments.get(hash)
    if (payment)
      found.add(
        payment.hash === (envelope.innerHash ?? envelope.hash)
          ? warningText.paidByIt(payment.ts)
          : warningText.alreadyPaid(receipt ? receiptText(receipt) : hash.slice(0, 16), payment.hash, payment.ts),
      )
    for (const other of facts.underWay.get(hash) ?? [])
      if (other.runId !== planned?.runId || other.receipt !== envelope.memo.value) {
        // what came as a file may well be of the run that has it under way
        if (!planned && other.receipt === envelope.memo.value) continue
        found.add(warningText.retried(other.runId))
      }
  }
  return [...found]
}

function alreadyBacked({ memo, hash, innerHash }: Reviewed['envelope'], transfer: KnownPayment | undefined): string[] {
  if (!transfer || memo.kind !== 'hash') return []
  if (transfer.hash === (innerHash ?? hash)) return [warningText.paidByIt(transfer.ts)]
  return [warningText.alreadyPaid(`the vault's transfer for mint ${memo.value.slice(0, 16)}`, transfer.hash, transfer.ts)]
}

export const otherPayer: Check = (reviewed, { payer }) => {
  const payment = pay(reviewed)
  return !payment || payer === '' || payment.from === payer ? [] : [warningText.otherPayer(payment.from, payer)]
}

export const otherAsset: Check = (reviewed, { asset }) => {
  const payment = pay(reviewed)
  if (!payment || !asset || (payment.asset?.code === asset.code && payment.asset.issuer === asset.issuer)) return []
  return [warningText.otherAsset(assetText(payment.asset), assetText(asset))]
}

/** "memo of no known receipt" */
export const unknownReceipt: Check = (reviewed, facts) => {
  const { memo } = reviewed.envelope
  if (!pay(reviewed) || receiptOf(reviewed, facts)) return []
  // in the vault's other modes a transfer names no mint
  if (memo.kind === 'none' && vaultOf(reviewed, facts)) return []
  return [memo.kind === 'hash' ? warningText.unknownReceipt(memo.value) : warningText.noHash(memo.kind)]
}

/** "payee differs from the farm's last paid address" */
export const payeeChanged: Check = (reviewed, facts) => {
  const payment = pay(reviewed)
  const whose = whoseOf(reviewed, facts)
  const last = whose && facts.farms.get(whose.farmId)?.lastPaid
  if (!payment || !whose || !last || last.address === payment.to) return []
  return [warningText.payeeChanged(farmText(whose.farmId, facts), last.address, last.ts, last.how === 'paid')]
}

export const addressChanged: Check = (reviewed, facts) => {
  const payment = pay(reviewed)
  const whose = whoseOf(reviewed, facts)
  const changed = whose && facts.farms.get(whose.farmId)?.changed
  if (!payment || !whose || !changed || changed.byTs < facts.nowTs - OF_LATE_SEC) return []
  return [warningText.addressChanged(farmText(whose.farmId, facts), changed.from, changed.afterTs, changed.byTs)]
}

export const amountHigh: Check = (reviewed, facts) => {
  const payment = pay(reviewed)
  const whose = whoseOf(reviewed, facts)
  const median = whose && facts.medians.get(whose.nodeId)
  if (!payment || !median || payment.amountUnits <= median.units * HIGH) return []
  return [warningText.amountHigh(payment.amountUnits, median.units, median.of, codeOf(payment.asset))]
}

/** "one address newly shared by farms" */
export const sharedAddress: Check = (reviewed, facts) => {
  const shared = facts.shared.get(pay(reviewed)?.to ?? '')
  if (!shared || shared.farms.length < 2) return []
  const { farms, before } = shared
  if (before && farms.every(farm => before.includes(farm))) return []
  const names = farms.map(farm => farmText(farm, facts))
  return [before ? warningText.sharedNewly(names) : warningText.sharedSince(names)]
}

/** "unfunded" */
export const accountMissing: Check = (reviewed, { accounts }) => {
  const account = accounts.get(pay(reviewed)?.to ?? '')
  if (account?.state === 'missing') return [warningText.accountMissing]
  return account?.state === 'no-trustline' ? [warningText.noTrustline] : []
}

/** "or new account" */
export const accountNew: Check = (reviewed, { accounts, nowTs }) => {
  const account = accounts.get(pay(reviewed)?.to ?? '')
  if (account?.state !== 'there' || account.bornTs < nowTs - OF_LATE_SEC) return []
  return [warningText.accountNew(Math.max(0, Math.floor((nowTs - account.bornTs) / DAY_SEC)))]
}

/** "payee is a signer": also the paying account itself, and the account whose number is used. */
export const payeeSigns: Check = (reviewed, { signers }) => {
  const payment = pay(reviewed)
  if (!payment) return []
  const { source, feeSource } = reviewed.envelope
  const who = signers.get(payment.to)
  if (who !== undefined) return [warningText.payeeSigns(who)]
  if (payment.to === payment.from) return [warningText.payeeSigns('it is the paying account')]
  return payment.to === source || payment.to === feeSource
    ? [warningText.payeeSigns('it is the account that the transaction comes from')]
    : []
}

/** "fee above normal": for each operation, as fees are taken. */
export const feeHigh: Check = ({ envelope: { feeStroops, feeFor } }, { normalFeeStroops }) => {
  const normal = normalFeeStroops * BigInt(Math.max(1, feeFor))
  return feeStroops > normal ? [warningText.feeHigh(feeStroops, normal)] : []
}

export const boundsLong: Check = ({ envelope: { bounds } }, { nowTs }) => {
  if (!bounds || bounds.maxTs === 0n) return [warningText.boundsNone]
  const fromTs = bounds.minTs === 0n ? BigInt(nowTs) : bounds.minTs
  const sec = bounds.maxTs - fromTs
  return sec > BigInt(DAY_SEC) ? [warningText.boundsLong(Number(sec))] : []
}

export const expired: Check = ({ envelope: { bounds } }, { nowTs }) =>
  bounds && bounds.maxTs !== 0n && bounds.maxTs < BigInt(nowTs) ? [warningText.expired(bounds.maxTs)] : []

const checks: readonly [ReviewCode, ReviewSeverity, Check][] = [
  ['unexpected', 'stop', unexpected],
  ['wrong-passphrase', 'stop', wrongPassphrase],
  ['plan-differs', 'stop', planDiffers],
  ['receipt-differs', 'stop', receiptDiffers],
  ['already-paid', 'stop', alreadyPaid],
  ['other-payer', 'stop', otherPayer],
  ['other-asset', 'stop', otherAsset],
  ['unknown-receipt', 'warn', unknownReceipt],
  ['payee-changed', 'warn', payeeChanged],
  ['address-changed', 'warn', addressChanged],
  ['amount-high', 'warn', amountHigh],
  ['shared-address', 'warn', sharedAddress],
  ['account-missing', 'warn', accountMissing],
  ['account-new', 'warn', accountNew],
  ['payee-signs', 'warn', payeeSigns],
  ['fee-high', 'warn', feeHigh],
  ['bounds-long', 'warn', boundsLong],
  ['expired', 'note', expired],
]

/** All that there is to warn of, worst first. */
export function warningsOf(reviewed: Reviewed, facts: ReviewFacts): ReviewWarning[] {
  return worstFirst(checks.flatMap(([code, severity, check]) => check(reviewed, facts).map(text => ({ code, severity, text }))))
}

export function farmText(farmId: number, { farms }: ReviewFacts): string {
  const name = cleanName(farms.get(farmId)?.name ?? '')
  return name === '' ? `Farm ${farmId}` : `${name} (farm ${farmId})`
}

const codeOf = (asset: ReviewAsset | null): string => asset?.code ?? 'XLM'

export function assetText(asset: ReviewAsset | null): string {
  return asset ? `${cleanName(asset.code)} of ${shortAddress(asset.issuer)}` : 'lumens (XLM)'
}
