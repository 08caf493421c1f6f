import type { ReviewField, ReviewWarning, SignReview } from '../../../src-shared/review-contract.ts'
import {
  assetAmount,
  boundsText,
  feeText,
  type Payee,
  payeeShort,
  payeeText,
  receiptText,
  warningText,
  worstFirst,
} from '../../../src-shared/review-text.ts'
import { cleanName, shortAddress } from '../../../src-shared/text.ts'
import type { DecodedEnvelope } from './envelope.ts'
import { type Reviewed, type ReviewFacts, receiptOf, vaultOf, whoseOf } from './facts.ts'
import { leafText } from './leaves.ts'
import { assetText, warningsOf } from './warnings.ts'

/** Whether an account made this signature on exactly these bytes; clients/stellar has one. */
export type IsBy = (account: string, bytes: Uint8Array, signature: Uint8Array) => boolean

/** An envelope as it is shown before it is signed. `text`: its base64; `signed`: the signatures that are known beside those that it holds. */
export function reviewEnvelope(
  reviewed: Reviewed,
  facts: ReviewFacts,
  { text, network, isBy, signed }: { text: string; network: string; isBy: IsBy; signed: readonly string[] },
): SignReview {
  const { envelope, passphrase } = reviewed
  const { signatures, foreign } = signaturesOf(envelope, facts, isBy, signed)
  const bad: ReviewWarning[] = foreign > 0 ? [{ code: 'bad-signature', severity: 'stop', text: warningText.badSignature(foreign) }] : []
  return {
    ...decisionOf(reviewed, facts),
    warnings: worstFirst([...warningsOf(reviewed, facts), ...bad]),
    unknown: unknownOf(reviewed, facts),
    fields: fieldsOf(reviewed, facts, network),
    values: envelope.leaves.map(({ path, value }) => ({ name: path, value: leafText(value) })),
    signatures,
    hash: envelope.hash,
    bytes: { form: `base64 of the XDR, for "${cleanName(passphrase)}"`, text },
  }
}

type Decision = Pick<SignReview, 'kind' | 'decision' | 'action'>

function decisionOf(reviewed: Reviewed, facts: ReviewFacts): Decision {
  const { act, sequence, unexpected, source } = reviewed.envelope
  if (act.kind === 'pay') {
    const amount = assetAmount(act.amountUnits, act.asset?.code ?? 'XLM')
    const payee = payeeOf(reviewed, facts, act.to)
    const isVault = vaultOf(reviewed, facts) !== null
    return {
      kind: 'payment',
      decision: `You sign: pay ${amount} to ${isVault ? `the bridge vault, ${shortAddress(act.to)}` : payeeText(payee)}`,
      action: `Sign ${amount} to ${isVault ? 'the bridge vault' : payeeShort(payee)}`,
    }
  }
  if (act.kind === 'use-up') {
    const what = `number ${sequence} of ${cleanName(source)}`
    return { kind: 'use-up', decision: `You sign: use up ${what}, and pay nothing`, action: `Sign to use up ${what}` }
  }
  const what = unexpected[0] ?? 'it does nothing that is known'
  return { kind: 'other', decision: `You sign something that is no payout: ${what}`, action: 'Sign what is no payout' }
}

export function payeeOf(reviewed: Reviewed, facts: ReviewFacts, account: string): Payee {
  const whose = whoseOf(reviewed, facts)
  return { account, farm: whose && { id: whose.farmId, name: facts.farms.get(whose.farmId)?.name ?? '' } }
}

function fieldsOf(reviewed: Reviewed, facts: ReviewFacts, network: string): ReviewField[] {
  const { envelope, passphrase, planned } = reviewed
  const { act, memo, bounds, source, sequence, feeSource, feeStroops, innerHash } = envelope
  const receipt = receiptOf(reviewed, facts)
  const fields: ReviewField[] = []
  const add = (name: string, value: string) => fields.push({ name, value })
  if (act.kind === 'pay') {
    const { account, farm } = payeeOf(reviewed, facts, act.to)
    const name = farm && cleanName(farm.name)
    if (vaultOf(reviewed, facts)) add('Payee is', `the bridge vault of ${cleanName(network)}`)
    add('Payee', farm ? `${name ? `${name}, ` : ''}farm ${farm.id}, ${account}` : account)
    add('Amount', assetAmount(act.amountUnits, act.asset?.code ?? 'XLM'))
    add('Asset', act.asset ? `${cleanName(act.asset.code)} of ${act.asset.issuer}` : assetText(null))
    add('From', act.from)
  }
  if (act.kind === 'use-up') add('Uses up', `number ${act.to}`)
  for (const what of envelope.unexpected) add('Unexpected', what)
  const hashed = memo.kind === 'hash'
  add('Memo', memo.kind === 'none' ? 'none' : `${memo.kind} ${memo.value}`)
  if (hashed || receipt) add('Stands for', receipt ? receiptText(receipt) : 'no receipt that is known here')
  if (receipt?.retryFor) add('Retry of', receipt.retryFor)
  add('Network', `${cleanName(network)}, "${cleanName(passphrase)}"`)
  add('Fee', `up to ${feeText(feeStroops)}${feeSource === source ? '' : `, paid by ${feeSource}`}`)
  add('Bounds', boundsText(bounds))
  add('Source', `${source}, number ${sequence}`)
  if (planned) add('Run', planned.runId)
  if (innerHash !== null) add('Raises the fee of', innerHash)
  return fields
}

/** Who signed, each checked against the bytes; and how many signatures are of nobody known. */
function signaturesOf(envelope: DecodedEnvelope, { signers }: ReviewFacts, isBy: IsBy, signed: readonly string[]) {
  const name = (account: string) => {
    const known = signers.get(account)
    return known ? `${cleanName(known)}, ${account}` : account
  }
  const found = new Set(signed)
  let foreign = 0
  for (const { of, signature } of envelope.signatures) {
    const hash = Buffer.from(of === 'inner' ? (envelope.innerHash ?? '') : envelope.hash, 'hex')
    const signer = signature.length === 64 ? [...signers.keys()].find(account => isBy(account, hash, signature)) : undefined
    if (signer === undefined) foreign++
    else found.add(signer)
  }
  const valid = [...found].map(account => ({ who: name(account), isValid: true }))
  const other = Array.from({ length: foreign }, () => ({ who: 'of nobody who is known to sign', isValid: false }))
  return { signatures: [...valid, ...other], foreign }
}

/** What a warning would have needed and is not there. */
export function unknownOf(reviewed: Reviewed, facts: ReviewFacts): string[] {
  const { act, memo } = reviewed.envelope
  const whose = whoseOf(reviewed, facts)
  const farm = whose && facts.farms.get(whose.farmId)
  const unknown: string[] = []
  if (facts.passphrase === '')
    unknown.push('How this network pays is not entered here, so that passphrase, payer and asset were not compared.')
  if (act.kind !== 'pay') return unknown
  if (!whose && !vaultOf(reviewed, facts)) unknown.push(`Whose account this is${memo.kind === 'hash' ? '' : ', as the memo is no hash'}.`)
  if (whose && !farm?.lastPaid) unknown.push('To which address the farm was paid before.')
  if (whose && !facts.medians.has(whose.nodeId)) unknown.push('What the node was paid in other periods.')
  if (!facts.accounts.has(act.to))
    unknown.push("Whether the payee's account exists and can take the asset: the ledger was not asked, or did not answer.")
  return unknown
}
