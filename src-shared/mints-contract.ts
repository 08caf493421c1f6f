import { z } from 'zod'
import { bigintText, explanationSchema, rulesSchema, violationSchema } from './mint.ts'
import {
  mintConfigSchema,
  mintDecisionSchema,
  mintOutcomeSchema,
  mintStageSchema,
  utilizationSchema,
  vaultModeSchema,
  vaultTransferSchema,
} from './node-period.ts'
import { projectionSchema } from './projection.ts'

/*
 * The contract's part for rule set node-period: mints, what becomes of them, the bridge vault, locks, and what-if. All times are seconds
 * since the epoch, amounts units of 1e-7 TFT and milli-USD.
 */

const none = z.object({})
const page = { offset: z.number().int().min(0).default(0), limit: z.number().int().min(1).max(1000).default(200) }
const file = z.object({ fileName: z.string(), text: z.string() })

/** One node's own period that is over. */
export const mintRowSchema = z.object({
  /** the mint's id: the record's hash, hex */
  id: z.string(),
  nodeId: z.number(),
  label: z.string(),
  farmId: z.number(),
  farmName: z.string(),
  /** whose account gets it; null where the farm is not known */
  farmTwinId: z.number().nullable(),
  start: z.number(),
  end: z.number(),
  closedTs: z.number(),
  uptimeSec: z.number(),
  permille: z.number(),
  violation: violationSchema.nullable(),
  outcome: mintOutcomeSchema,
  rewardUnits: bigintText,
  carbonUnits: bigintText,
  stage: mintStageSchema,
  /** the amount that was decided, which may be another under trigger 1; null before */
  decidedUnits: bigintText.nullable(),
  votes: z.number(),
  /** the payment's transaction, once it is paid */
  tx: z.string().nullable(),
})
export type MintRow = z.infer<typeof mintRowSchema>

const mintFilter = {
  nodeId: z.number().int().optional(),
  farmId: z.number().int().optional(),
  stage: mintStageSchema.optional(),
  /** in node id, label, farm, or the beginning of the mint's id */
  search: z.string().max(200).optional(),
}

/** A node's own period that runs. */
export const runningRowSchema = z.object({
  nodeId: z.number(),
  label: z.string(),
  farmId: z.number(),
  farmName: z.string(),
  projection: projectionSchema,
})
export type RunningRow = z.infer<typeof runningRowSchema>

/** What someone does about a mint. Names are those of the configuration; the signing itself comes with the votes. */
export const mintActionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('vote'), signer: z.string().min(1).max(100), amountUnits: bigintText }),
  z.object({ kind: z.literal('trigger'), actor: z.string().min(1).max(100) }),
  z.object({ kind: z.literal('claim'), actor: z.string().min(1).max(100) }),
  z.object({ kind: z.literal('force'), actor: z.string().min(1).max(100) }),
  z.object({ kind: z.literal('paid'), tx: z.string().min(1).max(200) }),
  /** `attempt`: the decision that was tried, so that an old failure told again opens nothing */
  z.object({ kind: z.literal('failed'), reason: z.string().min(1).max(500), attempt: z.number().int().min(1) }),
])
export type MintActionInput = z.infer<typeof mintActionSchema>

const vaultMintSchema = z.object({
  id: z.string(),
  nodeId: z.number(),
  farmId: z.number(),
  farmName: z.string(),
  amountUnits: bigintText,
  ts: z.number(),
  /** how it stands with the vault, and the transfers that cover it */
  state: z.string(),
  txs: z.array(z.string()),
  note: z.string(),
})
const vaultTransferRowSchema = vaultTransferSchema.extend({ state: z.string(), mints: z.number(), explained: z.string() })

export const mintQueries = {
  /** node periods that are over, those that can be claimed first unless sorted otherwise */
  'mints.list': {
    in: z.object({
      ...mintFilter,
      ...page,
      sort: z.enum(['stage', 'nodeId', 'farm', 'amount', 'closed', 'uptime']).default('stage'),
      descending: z.boolean().default(false),
    }),
    out: z.object({
      rows: z.array(mintRowSchema),
      total: z.number(),
      /** of everything that the filter leaves */
      claimableUnits: bigintText,
      decidedUnits: bigintText,
      paidUnits: bigintText,
      claimable: z.number(),
      farms: z.array(z.object({ farmId: z.number(), name: z.string() })),
      /** which rule set pays; under v3 these mints are what node-period would pay */
      rules: rulesSchema,
      /** false: not every stored period is worked out yet */
      complete: z.boolean(),
      /** what the data lacked, in words */
      gaps: z.array(z.string()),
    }),
  },
  'mints.csv': { in: z.object(mintFilter), out: file },
  'mint.get': {
    in: z.object({ nodeId: z.number().int(), start: z.number().int() }),
    out: z.object({
      row: mintRowSchema,
      record: z.string(),
      utilization: utilizationSchema,
      decision: mintDecisionSchema,
      explanation: explanationSchema,
    }),
  },
  /** periods that run, soonest end first */
  'mints.running': {
    in: z.object({ nodeId: z.number().int().optional(), farmId: z.number().int().optional(), ...page }),
    out: z.object({ rows: z.array(runningRowSchema), total: z.number(), asOfTs: z.number().nullable() }),
  },
  'mintConfig.get': {
    in: none,
    out: z.object({
      network: z.string().nullable(),
      config: mintConfigSchema,
      /** what is wrong with it, in words */
      problems: z.array(z.string()),
      /** whether the chain that is followed has calls for minting; null: its metadata is not here */
      chain: z.object({ hasPallet: z.boolean().nullable(), calls: z.array(z.string()) }),
    }),
  },
  /** delayed payouts where locking is on, soonest first */
  'locks.get': {
    in: z.object({ farmId: z.number().int().optional(), nodeId: z.number().int().optional() }),
    out: z.object({
      on: z.boolean(),
      lockedUnits: bigintText,
      freeUnits: bigintText,
      locks: z.array(
        z.object({
          mintId: z.string(),
          nodeId: z.number(),
          farmId: z.number(),
          amountUnits: bigintText,
          fromTs: z.number(),
          opensTs: z.number(),
          utilizationPermille: z.number().nullable(),
          lockedAfterUnits: bigintText,
        }),
      ),
    }),
  },
} as const

export const vaultQueries = {
  'vault.get': {
    in: z.object({ ...page, show: z.enum(['missing', 'mints', 'transfers']).default('missing') }),
    out: z.object({
      mode: vaultModeSchema,
      address: z.string(),
      mintedUnits: bigintText,
      vaultedUnits: bigintText,
      /** minted less vaulted; above 0: so much is not backed */
      differenceUnits: bigintText,
      /** in words: whether the vault covers what was minted, and if not, what to do */
      verdict: z.string(),
      covered: z.boolean(),
      missing: z.number(),
      mints: z.array(vaultMintSchema),
      transfers: z.array(vaultTransferRowSchema),
      total: z.number(),
    }),
  },
  'vault.csv': { in: none, out: file },
} as const

export const mintCommands = {
  'mintConfig.set': { in: z.object({ config: mintConfigSchema }), out: none },
  /** `mintId`: the mint as it was shown; another one by now is refused */
  'mints.act': {
    in: z.object({ nodeId: z.number().int(), start: z.number().int(), mintId: z.string(), action: mintActionSchema }),
    out: z.object({ stage: mintStageSchema }),
  },
} as const

export const vaultCommands = {
  'vault.addTransfer': { in: vaultTransferSchema, out: none },
  'vault.importTransfers': {
    in: z.object({ text: z.string().max(5_000_000) }),
    out: z.object({ added: z.number(), unchanged: z.number() }),
  },
  'vault.removeTransfer': { in: z.object({ tx: z.string() }), out: none },
} as const
