import { xdr } from '@stellar/stellar-sdk/base'
import type { ResultCodes } from './types.ts'

/*
 * Result codes: from XDR into Horizon's words, and what each means for a payment.
 */

/** Codes whose Horizon words do not follow from the protocol's name. */
const odd: Record<string, string> = {
  txNoAccount: 'tx_no_source_account',
  opNoAccount: 'op_no_source_account',
  createAccountAlreadyExist: 'op_already_exists',
}

/** The codes of a `TransactionResult` in base64; null where it is none. Of a fee bump those of what it wraps, where there are any. */
export function codesOfResult(result: string): ResultCodes | null {
  try {
    const parsed = xdr.TransactionResult.fromXdr(result, 'base64').result
    return codesOf(parsed.type === 'txFeeBumpInnerSuccess' || parsed.type === 'txFeeBumpInnerFailed' ? parsed.value.result.result : parsed)
  } catch {
    return null
  }
}

interface ResultUnion {
  type: string
  value?: unknown
}

function codesOf({ type, value }: ResultUnion): ResultCodes {
  const results = Array.isArray(value) ? (value as xdr.OperationResult[]) : []
  return { transaction: odd[type] ?? snake(type), operations: results.map(operationCode) }
}

/** `paymentNoTrust` of a payment is `op_no_trust`. */
function operationCode(result: xdr.OperationResult): string {
  if (result.type !== 'opInner') return odd[result.type] ?? snake(result.type)
  const inner = (Object.values(result.tr) as unknown[]).find(each => typeof each === 'object' && each !== null) as ResultUnion | undefined
  const name = inner?.type ?? ''
  if (odd[name]) return odd[name]
  // the names of bumpSequence and others: the kind, then the code
  const kind = ['bumpSequence', 'bumpSeq', result.tr.type].find(each => name.startsWith(each)) ?? ''
  return `op_${snake(name.slice(kind.length)).replace(/^_/, '')}`
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/**
 * What to do about a refusal.
 * - again: the same bytes later; nothing is wrong with them
 * - raise-fee: wrap them in a fee bump
 * - sign: signatures are missing, superfluous or of others
 * - rebuild: another transaction under the same number, once the bounds have passed
 * - fund: an account lacks something; named in the meaning
 * - payee: the farmer must do something
 * - look: somebody must look
 */
export type WayOut = 'again' | 'raise-fee' | 'sign' | 'rebuild' | 'fund' | 'payee' | 'look'

export interface CodeMeaning {
  code: string
  meaning: string
  wayOut: WayOut
}

/** Of a transaction. None of these consumes the sequence number but tx_failed that stands in a ledger. */
const transactionCodes: Record<string, [string, WayOut]> = {
  tx_success: ['It was applied.', 'look'],
  tx_failed: ['One of its operations failed.', 'look'],
  tx_too_early: ["It may not go into a ledger yet: Stellar's clock is before its earliest time.", 'again'],
  tx_too_late: ["It can't go into a ledger any more: its latest time has passed.", 'rebuild'],
  tx_missing_operation: ['It has no operation.', 'rebuild'],
  tx_bad_seq: ["Its sequence number is not the next one of its source account: the number was used, or one before it wasn't yet.", 'look'],
  tx_bad_auth: ['It lacks signatures of its source account, or they were made for another network.', 'sign'],
  tx_bad_auth_extra: ['It has signatures that nobody needs, which Stellar does not allow.', 'sign'],
  tx_insufficient_balance: ['The account that pays its fee has too few lumens.', 'fund'],
  tx_no_source_account: ['Its source account does not exist.', 'fund'],
  tx_insufficient_fee: ['Its fee is too low at the moment.', 'raise-fee'],
  tx_internal_error: ["Stellar's node had an error of its own.", 'again'],
  tx_not_supported: ['Stellar does not know this kind of transaction.', 'look'],
  tx_bad_sponsorship: ['A sponsorship in it is not complete.', 'look'],
  tx_bad_min_seq_age_or_gap: ['Its source account was used too short a time ago.', 'again'],
  tx_malformed: ['Its bytes are no transaction that Stellar takes.', 'rebuild'],
  tx_soroban_invalid: ['Its contract call is not valid.', 'look'],
  tx_frozen_key_accessed: ['It touches something that the network has frozen.', 'look'],
}

const operationCodes: Record<string, [string, WayOut]> = {
  op_success: ['Done.', 'look'],
  op_bad_auth: ['It lacks signatures of the account that the operation acts for.', 'sign'],
  op_no_source_account: ['The account that the operation acts for does not exist.', 'fund'],
  op_not_supported: ['Stellar does not know this operation.', 'look'],
  op_too_many_subentries: ['The account holds as many entries as it may.', 'look'],
  op_exceeded_work_limit: ['The operation was too much work.', 'look'],
  op_too_many_sponsoring: ['The account sponsors as many entries as it may.', 'look'],
  op_malformed: ['The operation is not valid.', 'rebuild'],
  op_underfunded: ['The payer has too little of the asset.', 'fund'],
  op_src_no_trust: ['The payer has no trustline for the asset.', 'fund'],
  op_src_not_authorized: ["The asset's issuer does not let the payer send it.", 'fund'],
  op_no_destination: ["The payee's account does not exist.", 'payee'],
  op_no_trust: ['The payee has no trustline for the asset.', 'payee'],
  op_not_authorized: ["The asset's issuer does not let the payee hold it.", 'payee'],
  op_line_full: ['The payee would hold more than the limit of its trustline.', 'payee'],
  op_no_issuer: ["The asset's issuer does not exist.", 'look'],
  op_bad_seq: ['The number to bump to is not valid.', 'rebuild'],
}

/** What the codes mean, the decisive one first: an operation's where one failed, else the transaction's. */
export function explainCodes({ transaction, operations }: ResultCodes): CodeMeaning {
  const failed = operations.find(code => code !== 'op_success')
  const code = transaction === 'tx_failed' && failed !== undefined ? failed : transaction
  const known = transactionCodes[code] ?? operationCodes[code]
  const [meaning, wayOut] = known ?? [`Stellar refused it with ${code}.`, 'look' as const]
  return { code, meaning, wayOut }
}
