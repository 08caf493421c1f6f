import { xdr } from '@stellar/stellar-sdk/base'

/*
 * Result codes in Horizon's words, and the numbers that the protocol's XDR has for them.
 */

const txNumbers = {
  tx_success: 0,
  tx_failed: -1,
  tx_too_early: -2,
  tx_too_late: -3,
  tx_missing_operation: -4,
  tx_bad_seq: -5,
  tx_bad_auth: -6,
  tx_insufficient_balance: -7,
  tx_no_source_account: -8,
  tx_insufficient_fee: -9,
  tx_bad_auth_extra: -10,
  tx_internal_error: -11,
  tx_not_supported: -12,
} as const
export type TxCode = keyof typeof txNumbers

/** Those of an operation as such; the others depend on its kind. */
const opNumbers = { op_bad_auth: -1, op_no_source_account: -2, op_not_supported: -3 } as const

const numbersByKind = {
  create_account: { type: 0, member: 'createAccountResult', codes: ['malformed', 'underfunded', 'low_reserve', 'already_exists'] },
  payment: {
    type: 1,
    member: 'paymentResult',
    codes: [
      'malformed',
      'underfunded',
      'src_no_trust',
      'src_not_authorized',
      'no_destination',
      'no_trust',
      'not_authorized',
      'line_full',
      'no_issuer',
    ],
  },
  change_trust: { type: 6, member: 'changeTrustResult', codes: ['malformed', 'no_issuer', 'invalid_limit', 'low_reserve'] },
  bump_sequence: { type: 11, member: 'bumpSeqResult', codes: ['bad_seq'] },
} as const
export type OpKind = keyof typeof numbersByKind

/** An operation's kind (as Horizon names it) and how it ended, such as `op_success` or `op_no_trust`. */
export interface OpOutcome {
  kind: string
  code: string
}

/** How a transaction ended. */
export interface TxOutcome {
  code: TxCode
  operations: OpOutcome[]
  /** it is the fee bump that failed, not what it wraps */
  isOuter: boolean
}

type Wire = Parameters<typeof xdr.TransactionResult.fromXdrObject>[0]

/** `TransactionResult` in base64. `inner` where a fee bump wraps it: its hash, and the fee that stands in its own result. */
export function resultXdr(outcome: TxOutcome, feeCharged: bigint, inner?: { hash: string }): string {
  const own = resultWire(outcome)
  const ext = { v: 0 }
  if (!inner || outcome.isOuter) return encode({ feeCharged, result: own, ext })
  const isSuccess = outcome.code === 'tx_success'
  const innerResultPair = { transactionHash: Buffer.from(inner.hash, 'hex'), result: { feeCharged: 0n, result: own, ext } }
  return encode({ feeCharged, result: { code: isSuccess ? 1 : -13, innerResultPair }, ext })
}

function encode(wire: unknown): string {
  return xdr.TransactionResult.fromXdrObject(wire as Wire).toXdr('base64')
}

function resultWire({ code, operations }: TxOutcome): object {
  if (code !== 'tx_success' && code !== 'tx_failed') return { code: txNumbers[code] }
  return { code: txNumbers[code], results: operations.map(operationWire) }
}

function operationWire({ kind, code }: OpOutcome): object {
  if (code in opNumbers) return { code: opNumbers[code as keyof typeof opNumbers] }
  const known = numbersByKind[kind as OpKind]
  const place = (known?.codes as readonly string[] | undefined)?.indexOf(code.slice(3)) ?? -1
  if (!known || (place < 0 && code !== 'op_success')) throw new Error(`the local Horizon has no ${code} for ${kind}`)
  return { code: 0, tr: { type: known.type, [known.member]: { code: code === 'op_success' ? 0 : -1 - place } } }
}

/** `extras.result_codes` as Horizon has it. */
export function resultCodes({ code, operations, isOuter }: TxOutcome, isBump: boolean): object {
  const list = code === 'tx_failed' || code === 'tx_success' ? { operations: operations.map(each => each.code) } : {}
  if (!isBump || isOuter) return { transaction: code, ...list }
  const outer = code === 'tx_success' ? 'tx_fee_bump_inner_success' : 'tx_fee_bump_inner_failed'
  return { transaction: outer, inner_transaction: code, ...list }
}
