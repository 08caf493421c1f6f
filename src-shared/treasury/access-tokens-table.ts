import { z } from 'zod'
import { none } from '../contract-parts.ts'
import { entityRef } from './entities.ts'
import { restScopes, treasuryCommand, treasuryQuery } from './row.ts'

/** Longest name of an access token, in characters. */
export const ACCESS_TOKEN_NAME_LENGTH = 60

const scope = z.enum(restScopes)
const ts = z.number()

/** A token of the REST door as it is shown: all but the secret itself, which is told once and kept nowhere. */
export const accessTokenSchema = z.object({
  id: z.string(),
  /** the entity that it acts as */
  entityId: z.string(),
  name: z.string(),
  scopes: z.array(scope),
  createdTs: ts,
  /** null: it stays good until it is withdrawn */
  expiresTs: ts.nullable(),
  /** to the minute; null: never yet */
  lastUsedTs: ts.nullable(),
  withdrawnTs: ts.nullable(),
  /** neither withdrawn nor expired */
  isGood: z.boolean(),
})
export type AccessToken = z.output<typeof accessTokenSchema>

/** Whether programs on this machine can get in, and where. */
export const restDoorSchema = z.object({
  /** the administrator opened it (the setting rest.open) */
  isWanted: z.boolean(),
  port: z.number(),
  /** where it answers now, e.g. `http://127.0.0.1:47683/api`; null: nowhere */
  url: z.string().nullable(),
  /** why it is closed although it should be open; null: nothing is wrong */
  problem: z.string().nullable(),
})
export type RestDoor = z.output<typeof restDoorSchema>

/** Tokens that let programs in at the REST door. None of this is to be had there: a program gives itself no rights. */
export const accessTokenRows = {
  'access-tokens.door': treasuryQuery({
    about: 'whether the REST door is open, and where',
    in: none,
    out: restDoorSchema,
    who: 'anyone',
    rest: null,
    cli: { words: 'access-tokens door' },
  }),
  'access-tokens.list': treasuryQuery({
    about: "an entity's tokens for the REST door, newest first",
    in: z.object({ entityId: entityRef.optional() }),
    out: z.array(accessTokenSchema),
    who: 'anyone',
    rest: null,
    cli: { words: 'access-tokens list', args: ['entityId'] },
  }),
  'access-tokens.create': treasuryCommand({
    about: 'make a token with which a program acts as this entity at the REST door, within its scopes; it is shown once',
    in: z.object({
      name: z.string().trim().min(1).max(ACCESS_TOKEN_NAME_LENGTH),
      scopes: z.array(scope).min(1).max(restScopes.length),
      /** left out: it stays good until it is withdrawn */
      expiresInDays: z.int().min(1).max(3_650).optional(),
    }),
    out: z.object({ token: accessTokenSchema, secret: z.string() }),
    who: 'entity',
    rest: null,
    cli: { words: 'access-tokens create', args: ['name', 'scopes'] },
    secretAnswer: true,
  }),
  'access-tokens.withdraw': treasuryCommand({
    about: 'withdraw a token of your own: it lets nobody in any more',
    in: z.object({ id: z.string().trim().min(1).max(40) }),
    out: accessTokenSchema,
    who: 'entity',
    rest: null,
    cli: { words: 'access-tokens withdraw', args: ['id'] },
  }),
}
