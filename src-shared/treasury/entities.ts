import { z } from 'zod'
import type { CurveRole } from './curve.ts'

/** Whom an account can belong to besides the entities that were made: the treasury's own. `pool:<id>` is the reserve of a pool. */
export const systemEntities = [
  'treasury',
  'ubo-fund',
  'staking-pool',
  'credit-pool',
  'fees',
  // where fees and taxes are reinvested
  'infrastructure',
  'students',
  'team',
  'reserve',
] as const
export type SystemEntity = (typeof systemEntities)[number]

export const POOL_PREFIX = 'pool:'
/** `curve:<number>:<role>`: what a minting curve holds; it moves by the curve's commands only. */
export const CURVE_PREFIX = 'curve:'

export function curveAccount(number: number, role: CurveRole): string {
  return `${CURVE_PREFIX}${number}:${role}`
}

export function isSystemEntity(id: string): boolean {
  return systemEntities.some(own => own === id) || id.startsWith(POOL_PREFIX) || id.startsWith(CURVE_PREFIX)
}

/** The one of the treasury's own that holds the initial supply. */
export const TREASURY_ENTITY: SystemEntity = 'treasury'

export const entityKinds = ['person', 'organisation', 'program'] as const

/** An entity by its id or, where it has one, its name. */
export const entityRef = z.string().trim().min(1).max(100)
/** Longest name of an entity, in characters. */
export const ENTITY_NAME_LENGTH = 60

export const entitySchema = z.object({
  entityId: z.string(),
  name: z.string(),
  /** `system`: one of the treasury's own */
  kind: z.enum([...entityKinds, 'system']),
  /** seconds since the epoch; 0: one of the treasury's own */
  createdTs: z.number(),
  /** how it is unlocked; null: nobody unlocks it */
  opensWith: z.enum(['passphrase', 'key']).nullable(),
})
export type Entity = z.infer<typeof entitySchema>

/** Who acts here now. */
export const treasurySessionSchema = z.object({
  /** the entity that is unlocked; null: none */
  entity: entitySchema.nullable(),
  isAdministrator: z.boolean(),
  /** false: no administrator passphrase was set yet, and whoever sets it first is the administrator */
  hasAdministrator: z.boolean(),
})
export type TreasurySession = z.infer<typeof treasurySessionSchema>
