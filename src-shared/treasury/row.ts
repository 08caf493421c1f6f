import type { z } from 'zod'
import type { Refusal } from './refusals.ts'

/*
 * A row of the table of commands (table.ts): what a page, the command line and the REST door can ask of the treasury is said once, here.
 */

/**
 * `anyone` at this machine; `entity`: whoever has unlocked one, and acts as that one; `administrator`: a grant of its own, asked for again after
 * idle time; `owner`: whoever has unlocked the entity that it belongs to, or the administrator. What belongs to somebody is acted on by its owner
 * only: that is the handlers' to check.
 */
export type Who = 'anyone' | 'entity' | 'administrator' | 'owner'

/** A token of the REST door is given scopes; each row there needs one. */
export const restScopes = [
  'tokens:read',
  'tokens:write',
  'payments:read',
  'payments:write',
  'credit:read',
  'credit:write',
  'pools:read',
  'pools:write',
  'staking:read',
  'staking:write',
  'rewards:read',
  'rewards:write',
  'governance:read',
  'governance:write',
  'curve:read',
  'curve:write',
] as const
export type RestScope = (typeof restScopes)[number]

export interface Rest {
  method: 'GET' | 'POST'
  /** below /api; `:member` and `:member?` are members of the input, the others come from the query or the JSON body */
  path: string
  scope: RestScope
}

export interface RowSaid<In extends z.ZodObject, Out extends z.ZodType> {
  /** what it does, in a line: help texts and OpenAPI show it */
  about: string
  in: In
  out: Out
  who: Who
  /** of whoever is no administrator, where that is needed; absent: `administrator.needed` */
  refusal?: Refusal
  /** null: not over REST */
  rest: Rest | null
  /**
   * Words below `granary treasury`, e.g. `tokens transfer`; members of the input follow as options, those of `args` in their order; null: no
   * command. `file`: the argument of `args` that names a file (`-`: standard input) whose text is the member; `prints`: the one member of the
   * answer that is printed as it is, for whoever keeps it as a file.
   */
  cli: {
    words: string
    args?: readonly (keyof z.input<In> & string)[]
    file?: keyof z.input<In> & string
    prints?: string
  } | null
  /** members of the input that hold a secret: asked for without an echo, and neither hashed nor written down */
  secrets?: readonly (keyof z.input<In> & string)[]
  /** the answer holds a secret: given this once */
  secretAnswer?: boolean
}

export type QueryRow<In extends z.ZodObject, Out extends z.ZodType> = RowSaid<In, Out> & { kind: 'query' }
export type CommandRow<In extends z.ZodObject, Out extends z.ZodType> = RowSaid<In, Out> & { kind: 'command' }
export type TreasuryRow = QueryRow<z.ZodObject, z.ZodType> | CommandRow<z.ZodObject, z.ZodType>

export function treasuryQuery<In extends z.ZodObject, Out extends z.ZodType>(row: RowSaid<In, Out>): QueryRow<In, Out> {
  return { kind: 'query', ...row }
}

export function treasuryCommand<In extends z.ZodObject, Out extends z.ZodType>(row: RowSaid<In, Out>): CommandRow<In, Out> {
  return { kind: 'command', ...row }
}
