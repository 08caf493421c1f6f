import { z } from 'zod'
import { none, page, textFile } from './contract-parts.ts'
import { bigintText, explanationSchema, rulesSchema, violationSchema } from './mint.ts'
import {
  mintConfigSchema,
  mintDecisionSchema,
  mintOutcomeSchema,
  mintStageSchema,
  triggerSchema,
  utilizationSchema,
} from './node-period.ts'
import { projectionSchema } from './projection.ts'

/*
 * The contract's part for rule set node-period: mints, what becomes of them, and locks. All times are seconds
 * since the epoch, amounts units of 1e-7 TFT and milli-USD.
 */

/** A mint's stage as lists show it. `overlaps`: seconds of it were decided for this node under another start, so it is never paid. */
export const mintRowStageSchema = z.enum([...mintStageSchema.options, 'overlaps'])
export type MintRowStage = z.infer<typeof mintRowStageSchema>

/** One node's own period that is over. */
export const mintRowSchema = z.object({
  /** the mint's id: the record's hash, hex */
  id: z.string(),
  nodeId: z.number(),
  label: z.string(),
  /** null, also below: not kept of one that is gone */
  farmId: z.number().nullable(),
  farmName: z.string(),
  /** whose account gets it; null where the farm is not known */
  farmTwinId: z.number().nullable(),
  start: z.number(),
  end: z.number(),
  closedTs: z.number().nullable(),
  uptimeSec: z.number().nullable(),
  permille: z.number().nullable(),
  violation: violationSchema.nullable(),
  outcome: mintOutcomeSchema.nullable(),
  /** of one that is gone and whose own amount was not kept: what was decided */
  rewardUnits: bigintText,
  carbonUnits: bigintText.nullable(),
  stage: mintRowStageSchema,
  /** the amount that was decided, which may be another under trigger 1; null before */
  decidedUnits: bigintText.nullable(),
  votes: z.number(),
  /** the payment's transaction, once it is paid */
  tx: z.string().nullable(),
  /** it was decided, and the data doesn't give it any more: what was kept with its decision is all there is */
  isGone: z.boolean(),
})
export type MintRow = z.infer<typeof mintRowSchema>

const mintFilter = {
  nodeId: z.number().int().optional(),
  farmId: z.number().int().optional(),
  stage: mintRowStageSchema.optional(),
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

/**
 * What someone does about a mint. Signers and administrators are names of the configuration, and the audit trail says beside them whose
 * session it was (the signing itself comes with the votes); whoever triggers or claims is the session's own name.
 */
export const mintActionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('vote'), signer: z.string().min(1).max(100), amountUnits: bigintText }),
  z.object({ kind: z.literal('trigger') }),
  z.object({ kind: z.literal('claim') }),
  z.object({ kind: z.literal('force'), actor: z.string().min(1).max(100) }),
  /** the payment stands on the ledger; its transaction */
  z.object({ kind: z.literal('paid'), tx: z.string().trim().min(1).max(200) }),
  /** `attempt`: the decision that was tried, so that an old failure told again opens nothing */
  z.object({ kind: z.literal('failed'), reason: z.string().trim().min(1).max(500), attempt: z.number().int().min(1) }),
])
export type MintActionInput = z.infer<typeof mintActionSchema>
export type MintActionKind = MintActionInput['kind']
const actionKindSchema = z.enum(['vote', 'trigger', 'claim', 'force', 'paid', 'failed'])

const mintSumsSchema = z.object({
  /** what can be claimed or triggered now, and of how many mints; a failed payment is claimable again */
  claimable: z.number(),
  claimableUnits: bigintText,
  decided: z.number(),
  decidedUnits: bigintText,
  paid: z.number(),
  paidUnits: bigintText,
})

/** A farm's mints, added up. */
export const mintFarmSchema = mintSumsSchema.extend({
  /** null: of mints that are gone and whose farm was not kept */
  farmId: z.number().nullable(),
  name: z.string(),
  nodes: z.number(),
  mints: z.number(),
})
export type MintFarm = z.infer<typeof mintFarmSchema>

/** What is wrong with a member of the configuration, in words that name it and the way out. */
export const configProblemSchema = z.object({ field: z.string(), message: z.string() })
export type ConfigProblemRow = z.infer<typeof configProblemSchema>

export const mintQueries = {
  /** node periods that are over, those that can be claimed first unless sorted otherwise */
  'mints.list': {
    in: z.object({
      ...mintFilter,
      ...page,
      sort: z.enum(['stage', 'nodeId', 'farm', 'amount', 'closed', 'uptime']).default('stage'),
      descending: z.boolean().default(false),
    }),
    out: mintSumsSchema.extend({
      rows: z.array(mintRowSchema),
      /** the sums beside it are of everything that the filter leaves */
      total: z.number(),
      farms: z.array(z.object({ farmId: z.number(), name: z.string() })),
      network: z.string().nullable(),
      /** which rule set pays; under v3 these mints are what node-period would pay */
      rules: rulesSchema,
      trigger: triggerSchema,
      /** false: not every stored period is worked out yet */
      complete: z.boolean(),
      /** what the data lacked and what a person must look at, in words */
      gaps: z.array(z.string()),
      /** mints that were decided and that the data doesn't give any more; they are in rows and sums */
      orphans: z.number(),
    }),
  },
  /** the same mints by farm, those with the most to claim first */
  'mints.farms': { in: none, out: z.object({ rows: z.array(mintFarmSchema), rules: rulesSchema }) },
  'mints.csv': { in: z.object(mintFilter), out: textFile },
  'mint.get': {
    in: z.object({ nodeId: z.number().int(), start: z.number().int() }),
    out: z.object({
      row: mintRowSchema,
      /** null for one that is gone */
      record: z.string().nullable(),
      utilization: utilizationSchema.nullable(),
      decision: mintDecisionSchema,
      /** the mint that the decision was about, where it was worked out anew since; null: this one, or none */
      decidedFor: z.string().nullable(),
      /** the votes that count now, by amount */
      counted: z.array(z.object({ amountUnits: bigintText, signers: z.array(z.string()) })),
      /** what can be done about it now; none: `why` says why not */
      can: z.array(actionKindSchema),
      why: z.string(),
      trigger: triggerSchema,
      signers: z.array(z.string()),
      threshold: z.number(),
      administrators: z.array(z.string()),
    }),
  },
  /** why a node's own period pays what it pays; also one that runs, as if it ended now */
  'mint.explain': { in: z.object({ nodeId: z.number().int(), start: z.number().int() }), out: explanationSchema },
  /** periods that run, soonest end first */
  'mints.running': {
    in: z.object({ nodeId: z.number().int().optional(), farmId: z.number().int().optional(), ...page }),
    out: z.object({ rows: z.array(runningRowSchema), total: z.number(), asOfTs: z.number().nullable() }),
  },
  'mintConfig.get': {
    in: none,
    out: z.object({
      /** whose configuration it is: the network of the data, else the one that is followed; null: neither */
      network: z.string().nullable(),
      config: mintConfigSchema,
      problems: z.array(configProblemSchema),
      /** whether the chain that is followed has calls for minting; null: its metadata is not here */
      chain: z.object({ hasPallet: z.boolean().nullable(), specVersion: z.number().nullable(), calls: z.array(z.string()) }),
    }),
  },
  /** what would be wrong with it */
  'mintConfig.check': { in: z.object({ config: mintConfigSchema }), out: z.array(configProblemSchema) },
  /** delayed payouts where locking is on, soonest first; all figures 0 where it is off */
  'locks.get': {
    in: z.object({ farmId: z.number().int().optional(), nodeId: z.number().int().optional(), ...page }),
    out: z.object({
      on: z.boolean(),
      lockedUnits: bigintText,
      freeUnits: bigintText,
      /** the fixed periods in which something opens, and what is left after each */
      months: z.array(
        z.object({
          period: z.number(),
          start: z.number(),
          end: z.number(),
          count: z.number(),
          amountUnits: bigintText,
          leftUnits: bigintText,
        }),
      ),
      rows: z.array(
        z.object({
          mintId: z.string(),
          nodeId: z.number(),
          farmId: z.number(),
          farmName: z.string(),
          amountUnits: bigintText,
          fromTs: z.number(),
          opensTs: z.number(),
          isOpen: z.boolean(),
          utilizationPermille: z.number().nullable(),
          lockedAfterUnits: bigintText,
        }),
      ),
      total: z.number(),
    }),
  },
} as const

export const mintCommands = {
  'mintConfig.set': { in: z.object({ config: mintConfigSchema }), out: none },
  /** `mintId`: the mint as it was shown; another one by now is refused */
  'mints.act': {
    in: z.object({ nodeId: z.number().int(), start: z.number().int(), mintId: z.string(), action: mintActionSchema }),
    out: z.object({ stage: mintStageSchema }),
  },
} as const
