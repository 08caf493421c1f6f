import type { z } from 'zod'
import type { Actor } from '../../../src-shared/contract.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { TreasuryCommandName, TreasuryName, TreasuryQueryName, treasuryTable } from '../../../src-shared/treasury/table.ts'
import type { Store } from '../../store/index.ts'

/* What a subject of the treasury writes: handlers by the names of its rows in the table (src-shared/treasury/table.ts). */

export type TreasuryInput<N extends TreasuryName> = z.output<(typeof treasuryTable)[N]['in']>
export type TreasuryOutput<N extends TreasuryName> = z.output<(typeof treasuryTable)[N]['out']>

/** What a handler knows of who asks, and when. */
export interface TreasuryContext {
  books: Store
  /** seconds since the epoch: handlers and engines take no other time */
  nowTs: number
  config: TreasuryConfig
  actor: Actor
  /** the entity that acts; null: none is unlocked */
  entityId: string | null
  isAdministrator: boolean
  /** as ledger entries name whoever did it: the entity, or `administrator` */
  doer: string
}

/**
 * A command's work inside the books' transaction, when what takes time is done; `after`: once that is on the disk. `now`: by the time and the
 * settings of when it is done, which another command may have changed since it came.
 */
export interface PreparedWork<T> {
  work: (now: TreasuryContext) => T
  after?: () => void
}

export type QueryHandler<N extends TreasuryQueryName> = (input: TreasuryInput<N>, context: TreasuryContext) => TreasuryOutput<N>
/** Runs inside the transaction: whatever it throws leaves no trace. */
export type CommandHandler<N extends TreasuryCommandName> = (input: TreasuryInput<N>, context: TreasuryContext) => TreasuryOutput<N>
/** Checks a passphrase, asks a network: before the transaction. */
export interface PreparingHandler<N extends TreasuryCommandName> {
  prepare: (input: TreasuryInput<N>, context: TreasuryContext) => Promise<PreparedWork<TreasuryOutput<N>>>
}

export type TreasuryQueryHandlers = { [N in TreasuryQueryName]: QueryHandler<N> }
export type TreasuryCommandHandlers = { [N in TreasuryCommandName]: CommandHandler<N> | PreparingHandler<N> }

/** The entity that acts. Throws AppError entities.locked. */
export function actingEntity({ entityId }: TreasuryContext): string {
  if (entityId === null) throw refuse('entities.locked')
  return entityId
}

/** Whose things are asked for: the named entity's, else one's own. A REST token sees its own only. Throws AppError entities.other, entities.locked. */
export function askedEntity(context: TreasuryContext, named: string | null): string {
  if (named === null) return actingEntity(context)
  if (context.actor.entity !== undefined && context.actor.entity !== named) throw refuse('entities.other')
  return named
}
