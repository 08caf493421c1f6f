import { z } from 'zod'
import type { FarmingPolicy, Resources } from './grid.ts'
import { bigintText, type Violation, violationSchema } from './mint.ts'

/*
 * Rule set node-period (minting.md): every node has a period of its own. What the fold saves when one ends is a MintingInfo; what is
 * worked out from that is a NodeMint, whose canonical text is the record and whose hash is the mint's id.
 */

/** Use or capacity: unit-seconds (core-seconds and byte-seconds). */
export interface UnitSeconds {
  cru: bigint
  mru: bigint
  hru: bigint
  sru: bigint
}

/** What is saved of one node's finished period (minting.md, Period end): all that a mint rests on, and nothing later can change it. */
export interface MintingInfo {
  nodeId: number
  /** the node's own period: `end` = `start` + PERIOD_SEC; seconds since the epoch */
  period: { start: number; end: number }
  /** the block whose report closed it, and that block's time */
  closed: { block: number; ts: number }
  /** at most PERIOD_SEC */
  uptimeSec: number
  /** the first report that was refused as too high, if any: then nothing is paid */
  violation: Violation | null
  /** what pays: the least that the node had in its period */
  minimum: Resources
  maximum: Resources
  capacity: UnitSeconds
  used: UnitSeconds
  /** addresses times seconds */
  ipSec: bigint
  /** public traffic */
  nruBytes: bigint
  /** followed until `period.end` */
  farmId: number
  policyId: number
  certified: boolean
  /** the node's own, milli-USD per TFT */
  connectionPriceMusd: number
}

export const mintOutcomeSchema = z.enum(['paid-in-full', 'scaled', 'sla-missed', 'violation'])
export type MintOutcome = z.infer<typeof mintOutcomeSchema>

/** Utilization in permille of each resource; null where the node has none of it. */
export const utilizationSchema = z.object({
  cru: z.number().nullable(),
  mru: z.number().nullable(),
  hru: z.number().nullable(),
  sru: z.number().nullable(),
})
export type Utilization = z.infer<typeof utilizationSchema>

/** What a minting info pays, and how (minting.md, Mint). Amounts in units of 1e-7 TFT and in milli-USD. */
export interface NodeMint {
  /** blake2b-256 of `record`, hex: the mint's id, and the memo of a transfer for it */
  id: string
  info: MintingInfo
  policy: FarmingPolicy
  /** twin of the farm, whose account the amount goes to; null where the farm is not known */
  farmTwinId: number | null
  farmName: string
  /** millionths */
  cloudUnits: { cu: bigint; su: bigint; nu: bigint }
  utilization: Utilization
  /** uptime over the duration, at most 1000, and what the policy asks */
  permille: number
  slaPermille: number
  slaMet: boolean
  /** policies 1 and 2 scale with the uptime and know no threshold */
  scaled: boolean
  /** the whole period's amount at the node's price, before SLA, scaling and violation */
  fullUnits: bigint
  fullMusd: bigint
  outcome: MintOutcome
  rewardUnits: bigint
  rewardMusd: bigint
  /** 0 unless the network offsets carbon */
  carbonUnits: bigint
  /** the canonical JSON, UTF-8 */
  record: string
}

/** Who triggers a payout (minting.md, Who triggers the payout). */
export const triggerSchema = z.enum(['offline-amount', 'verified-amount', 'permissionless', 'claim'])
export type Trigger = z.infer<typeof triggerSchema>

export const vaultModeSchema = z.enum(['per-mint', 'periodic', 'manual'])
export type VaultMode = z.infer<typeof vaultModeSchema>

/** What the operator of a network decided about minting by node-period; kept in the books, each change audited. */
export const mintConfigSchema = z.object({
  /** which rule set pays on this network */
  rules: z.enum(['v3', 'node-period']),
  /** the fixed period that node-period counts first: v3 mints everything before its start, node-period everything after; null: no change-over */
  firstNodePeriod: z.number().int().min(1).max(100_000).nullable(),
  trigger: triggerSchema,
  /** names of those who may submit amounts under triggers 1 and 2, and how many equal votes execute (more than half) */
  signers: z.array(z.string().trim().min(1).max(100)).max(100),
  threshold: z.number().int().min(1).max(100),
  administrators: z.array(z.string().trim().min(1).max(100)).max(100),
  carbon: z.object({ on: z.boolean(), wallet: z.string().trim().max(100) }),
  locking: z.object({ on: z.boolean() }),
  vault: z.object({ mode: vaultModeSchema, address: z.string().trim().max(100) }),
})
export type MintConfig = z.infer<typeof mintConfigSchema>

/** What holds until an operator decides otherwise: today's rules, nothing that is off by default. */
export const defaultMintConfig: MintConfig = {
  rules: 'v3',
  firstNodePeriod: null,
  trigger: 'permissionless',
  signers: [],
  threshold: 1,
  administrators: [],
  carbon: { on: false, wallet: '' },
  locking: { on: false },
  vault: { mode: 'per-mint', address: '' },
}

/** A tokens' transfer to the vault on Stellar, entered or imported here. */
export const vaultTransferSchema = z.object({
  /** the Stellar transaction's hash, 64 hex digits */
  tx: z.string().regex(/^[0-9a-f]{64}$/),
  ts: z.number().int().min(0),
  amountUnits: bigintText,
  /** memo hash, 64 hex digits; null without one */
  memo: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  note: z.string().max(200),
})
export type VaultTransfer = z.infer<typeof vaultTransferSchema>

/** A mint as its life goes: saved and claimable; decided (the amount stands, once and for all); paid, or failed and claimable again. */
export const mintStageSchema = z.enum(['claimable', 'decided', 'paid', 'failed', 'nothing'])
export type MintStage = z.infer<typeof mintStageSchema>

/** A signer's vote: the amount that he or she worked out. */
export const mintVoteSchema = z.object({ signer: z.string(), amountUnits: bigintText, ts: z.number() })
export type MintVote = z.infer<typeof mintVoteSchema>

/** An amount that is to be paid: the `attempt`th decision on this mint (from 1; a failed payment makes another one possible). */
export const mintDecidedSchema = z.object({
  attempt: z.number().int().min(1),
  amountUnits: bigintText,
  /** the signers whose votes agreed, or the one who triggered, claimed or forced */
  by: z.array(z.string()),
  how: z.enum(['votes', 'anyone', 'claim', 'forced']),
  ts: z.number(),
})
export type MintDecided = z.infer<typeof mintDecidedSchema>

/** What became of paying a decision. */
export const mintPaymentSchema = z.discriminatedUnion('result', [
  z.object({ result: z.literal('paid'), decided: mintDecidedSchema, tx: z.string(), ts: z.number() }),
  z.object({
    result: z.literal('failed'),
    decided: mintDecidedSchema,
    reason: z.string(),
    ts: z.number(),
    /** the payout run that did not pay it; absent: a person said so */
    runId: z.string().optional(),
  }),
])
export type MintPayment = z.infer<typeof mintPaymentSchema>

/** All that was decided about one mint; the books keep it as JSON. */
export const mintDecisionSchema = z.object({
  /** one of each signer, the last */
  votes: z.array(mintVoteSchema),
  /** stands until its payment failed; stays once it is paid */
  decided: mintDecidedSchema.nullable(),
  /** oldest first; at most one is paid */
  payments: z.array(mintPaymentSchema),
})
export type MintDecision = z.infer<typeof mintDecisionSchema>

export { violationSchema }
