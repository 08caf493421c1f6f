import type { PayableKind, PayoutPlan, PlanRow } from '../../../src-shared/pay.ts'
import type { DecodedEnvelope, ReviewAsset } from './envelope.ts'

/*
 * What is known of the world around an envelope, as a value. What is not known is left out and warns of nothing; the review says so. Times
 * are seconds, amounts units of 1e-7.
 */

/** What a payment may stand for. */
export interface KnownReceipt {
  kind: PayableKind
  nodeId: number
  farmId: number
  /** `period 80` */
  of: string
  /** empty: the farm had none */
  address: string
  amountUnits: bigint
  /** of a retry: the receipt that was not paid */
  retryFor: string | null
}

export interface KnownFarm {
  name: string
  /** the last change that is known: the address was `from` at `afterTs` and is the present one since `byTs` at the latest */
  changed: { from: string; to: string; afterTs: number; byTs: number } | null
  /** to which address the farm was paid last; or, where the books know no payment, which one its last receipt was for */
  lastPaid: { address: string; ts: number; how: 'paid' | 'receipt' } | null
}

/** The ledger's word on an account; `bornTs`: not made before, seconds. */
export type KnownAccount = { state: 'missing' } | { state: 'no-trustline' } | { state: 'there'; bornTs: number }

/** A payment of a receipt or of what it stands for, in the books. */
export interface KnownPayment {
  /** of the transaction that was signed */
  hash: string
  ts: number
}

export interface ReviewFacts {
  nowTs: number
  /** what the operator entered; empty or null: nothing */
  passphrase: string
  payer: string
  asset: ReviewAsset | null
  /** the most that one operation normally costs, stroops */
  normalFeeStroops: bigint
  /** by hash of the receipt */
  receipts: ReadonlyMap<string, KnownReceipt>
  /** by hash of the receipt; of a retry by what it stands for too */
  payments: ReadonlyMap<string, KnownPayment>
  /** receipts that a run has under way, by hash (of a retry what it stands for): the run, and the receipt that it pays */
  underWay: ReadonlyMap<string, readonly { runId: string; receipt: string }[]>
  farms: ReadonlyMap<number, KnownFarm>
  /** addresses that several farms have now, and who had it before; `before` null: nothing is known of before */
  shared: ReadonlyMap<string, { farms: readonly number[]; before: readonly number[] | null }>
  /** of what each node was paid in other periods, and in how many */
  medians: ReadonlyMap<number, { units: bigint; of: number }>
  /** who signs, by account: as this machine calls them */
  signers: ReadonlyMap<string, string>
  /** accounts that the ledger was asked about */
  accounts: ReadonlyMap<string, KnownAccount>
  /** the network's bridge vault, and the transfers to it that are known, by memo; absent: none is entered */
  vault?: { account: string; transfers: ReadonlyMap<string, KnownPayment> } | undefined
}

/** The row of a run that an envelope is for. */
export interface Planned {
  runId: string
  terms: Pick<PayoutPlan, 'payer' | 'assetCode' | 'issuer' | 'passphrase'>
  row: PlanRow
  kind: 'payment' | 'bump'
}

/** What is looked at: an envelope, with the passphrase that its hash was made with, and where it comes from a run its row. */
export interface Reviewed {
  envelope: DecodedEnvelope
  passphrase: string
  planned: Planned | null
}

/** What the payment stands for, by its memo. */
export function receiptOf({ envelope }: Reviewed, { receipts }: ReviewFacts): KnownReceipt | null {
  return envelope.memo.kind === 'hash' ? (receipts.get(envelope.memo.value) ?? null) : null
}

/** The vault, where the payment goes there: it backs a mint and pays no farm. */
export function vaultOf({ envelope: { act }, planned }: Reviewed, { vault }: ReviewFacts): NonNullable<ReviewFacts['vault']> | null {
  return vault && !planned && act.kind === 'pay' && act.to === vault.account ? vault : null
}

/** Whose payment it is: by its receipt, else by its row. */
export function whoseOf(reviewed: Reviewed, facts: ReviewFacts): { nodeId: number; farmId: number } | null {
  if (vaultOf(reviewed, facts)) return null
  return receiptOf(reviewed, facts) ?? reviewed.planned?.row ?? null
}
