/*
 * What Granary knows of Stellar. Amounts of the asset and of lumens are units of 1e-7 (bigint), fees are stroops, which is the same unit;
 * sequence numbers are 64 bits and therefore bigint; times are seconds; hashes and memos are lower-case hex.
 */

export interface Asset {
  code: string
  issuer: string
}

/** What the operator entered for a network: nothing of it is guessed. */
export interface StellarNetwork {
  /** Horizon's address: https, or http on this machine only */
  horizon: string
  passphrase: string
  asset: Asset
}

/** An envelope and the hash that its signers sign. */
export interface Built {
  /** base64 of the XDR */
  envelope: string
  hash: string
}

export interface Payment {
  from: string
  to: string
  /** null: lumens */
  asset: Asset | null
  amountUnits: bigint
}

/** What an envelope says, decoded from its bytes. */
export interface EnvelopeFacts {
  hash: string
  /** of a fee bump: the hash of the transaction that it wraps; null for a plain one */
  innerHash: string | null
  /** whose sequence number it uses */
  source: string
  sequence: bigint
  /** who pays the fee, and the most that may be taken, stroops */
  feeSource: string
  feeStroops: bigint
  /** 0: no bound */
  minTime: number
  maxTime: number
  /** null: no memo, or one that is no hash; `memoType` says which */
  memoHash: string | null
  memoType: string
  payments: Payment[]
  /** the names of operations that are no payments, such as `bumpSequence` */
  otherOperations: string[]
  /** it depends on something more than bounds and sequence */
  hasMoreConditions: boolean
}

/** A transaction that stands in a ledger. */
export interface StellarTx {
  /** of what the ledger holds; where a fee bump wraps it, `innerHash` is the one that was signed first */
  hash: string
  innerHash: string | null
  successful: boolean
  ledger: number
  ts: number
  source: string
  sequence: bigint
  feeChargedStroops: bigint
  memoHash: string | null
  payments: Payment[]
  otherOperations: string[]
  codes: ResultCodes
  /** its place in history */
  token: bigint
}

/** Result codes in Horizon's words, such as `tx_bad_seq` and `op_no_trust`. Of a fee bump: those of what it wraps, where it got that far. */
export interface ResultCodes {
  transaction: string
  operations: string[]
}

export interface Trustline {
  asset: Asset
  balanceUnits: bigint
  limitUnits: bigint
  /** promised away and promised to it by offers */
  sellingUnits: bigint
  buyingUnits: bigint
  isAuthorised: boolean
}

export interface AccountState {
  id: string
  /** the last one that was used */
  sequence: bigint
  /** the ledger that the answer is of; null where Horizon doesn't say */
  ledger: number | null
  lumensUnits: bigint
  sellingLumensUnits: bigint
  /** how many base reserves are locked */
  reserves: number
  thresholds: { low: number; med: number; high: number }
  /** keys that can sign, each with its weight above 0; pre-authorised transactions and hashes are left out */
  signers: { key: string; weight: number }[]
  trustlines: Trustline[]
}

/** The last closed ledger that Horizon knows: Stellar's own clock. */
export interface LedgerClock {
  ledger: number
  closeTs: number
  baseFeeStroops: bigint
  baseReserveUnits: bigint
}
