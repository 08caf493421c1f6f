import { z } from 'zod'
import type { Actor, Topic } from '../../../src-shared/contract.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { isSystemEntity } from '../../../src-shared/treasury/entities.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { TreasuryRow } from '../../../src-shared/treasury/row.ts'
import { type TreasuryCommandName, type TreasuryName, type TreasuryQueryName, treasuryTable } from '../../../src-shared/treasury/table.ts'
import { keepHours } from '../../jobs/ledger-hours.ts'
import { createScheduler } from '../../jobs/schedule/scheduler.ts'
import { createCommandQueue } from '../../store/command-queue.ts'
import type { Store } from '../../store/index.ts'
import { createTries } from '../key-tries.ts'
import type { Keys } from '../keys.ts'
import { accessTokens, type RestAccess } from './access-tokens.ts'
import { auctionHandlers } from './auctions.ts'
import { configHandlers, loadTreasuryConfig } from './configuration.ts'
import { createAnalyses } from './credit-analysis.ts'
import { creditHandlers } from './credit-handlers.ts'
import { curveHandlers } from './curve-handlers.ts'
import { entityHandlers } from './entities.ts'
import { governanceHandlers } from './governance-handlers.ts'
import { guaranteeHandlers } from './guarantee-handlers.ts'
import {
  actingEntity,
  type PreparedWork,
  type PreparingHandler,
  type TreasuryCommandHandlers,
  type TreasuryContext,
  type TreasuryQueryHandlers,
} from './handlers.ts'
import { paymentHandlers } from './payment-handlers.ts'
import { paymentImportHandlers } from './payments-import.ts'
import { poolHandlers } from './pool-handlers.ts'
import { revenueHandlers } from './revenue-handlers.ts'
import { rewardHandlers } from './reward-handlers.ts'
import { scheduleHandlers } from './schedule-handlers.ts'
import { scheduledJobs } from './scheduled.ts'
import { createTreasurySessions } from './sessions.ts'
import { stakingHandlers } from './staking-handlers.ts'
import { tokenFigureHandlers } from './token-figures.ts'
import { tokenHandlers } from './token-handlers.ts'
import { trustHandlers } from './trust.ts'
import { watchHandlers } from './watch-handlers.ts'
import { createWatch } from './watchfulness.ts'

export interface TreasuryOptions {
  books: Store
  keys: Pick<Keys, 'signWith' | 'secrets'>
  /** told what changed */
  changed: (...topics: Topic[]) => void
  /** the network that is shown, whose payments TFT mirrors; null: none */
  network: () => string | null
  /** see newStretching; for tests */
  stretchLogN?: number | undefined
  /** see SchedulerOptions; for tests */
  tickMs?: number | undefined
}

export interface Treasury {
  /** Answers a query of the table. Throws AppError. */
  query(name: TreasuryQueryName, input: unknown, actor: Actor | undefined): unknown
  /** Does a command of the table once. Rejects with AppError: the refusals, idempotency.reused, usage, keys.*, ledger.refused. */
  command(name: TreasuryCommandName, input: unknown, actor: Actor, idempotencyKey: string): Promise<unknown>
  /** for the host that serves the REST door */
  rest: RestAccess
  /** goes on with what waited for an answer when Granary was closed, and runs the scheduled jobs from here on */
  resume(): void
  /** runs the slots of scheduled jobs that are due now, and resolves when none is left; after resume() that happens by itself */
  runDue(): Promise<void>
  /** when nothing waits for an answer from outside any more */
  settled(): Promise<void>
  /** waits for the slot that runs */
  close(): Promise<void>
}

/** Whoever asks without saying who, as a program's own reading does. */
const NOBODY: Actor = { id: '' }

/** The treasury as the table of commands has it: each command is checked, done, audited and answered in one transaction of the books. */
export function createTreasury({ books, keys, changed, network, stretchLogN, tickMs }: TreasuryOptions): Treasury {
  const sessions = createTreasurySessions(
    () => {
      const config = loadTreasuryConfig(books)
      return { entitySec: config['session.entityIdleSec'], administratorSec: config['session.administratorIdleSec'] }
    },
    () => changed('treasury'),
  )
  const queue = createCommandQueue(books)
  const tryPassphrase = createTries(books, () => changed('keys', 'audit'))
  const entities = entityHandlers({ books, sessions, keys, tryPassphrase, stretchLogN })
  const tokens = tokenHandlers({ books, network })
  const configuration = configHandlers(books)
  const trust = trustHandlers(books)
  const { secrets } = keys
  const analyses = createAnalyses(books, secrets, () => changed('treasury', 'audit'))
  const credit = creditHandlers({ books, secrets, analyses })
  const payments = paymentHandlers(books)
  const paymentFiles = paymentImportHandlers(books)
  const revenue = revenueHandlers(books)
  const watch = createWatch(books, () => changed('treasury', 'audit'))
  const watched = watchHandlers({ books, watch })
  const tokensOfRest = accessTokens(books, () => changed('treasury'))
  const scheduler = createScheduler({
    store: books,
    jobs: () => scheduledJobs(loadTreasuryConfig(books)),
    changed() {
      moved()
      changed('jobs')
    },
    ...(tickMs !== undefined && { tickMs }),
  })
  const scheduled = scheduleHandlers({ books, scheduler })
  const pools = poolHandlers(books)
  const guarantees = guaranteeHandlers(books)
  const auctions = auctionHandlers(books)
  const staking = stakingHandlers(books)
  const rewards = rewardHandlers(books)
  const curves = curveHandlers(books)
  const governance = governanceHandlers(books)
  const queries: TreasuryQueryHandlers = {
    ...tokens.queries,
    ...tokenFigureHandlers({ books, network }),
    ...entities.queries,
    ...configuration.queries,
    ...trust.queries,
    ...credit.queries,
    ...payments.queries,
    ...paymentFiles.queries,
    ...revenue.queries,
    ...watched.queries,
    ...tokensOfRest.queries,
    ...scheduled.queries,
    ...pools.queries,
    ...guarantees.queries,
    ...auctions.queries,
    ...staking.queries,
    ...rewards.queries,
    ...curves.queries,
    ...governance.queries,
  }
  const commands: TreasuryCommandHandlers = {
    ...tokens.commands,
    ...entities.commands,
    ...configuration.commands,
    ...credit.commands,
    ...payments.commands,
    ...paymentFiles.commands,
    ...revenue.commands,
    ...watched.commands,
    ...tokensOfRest.commands,
    ...scheduled.commands,
    ...pools.commands,
    ...guarantees.commands,
    ...auctions.commands,
    ...staking.commands,
    ...rewards.commands,
    ...curves.commands,
    ...governance.commands,
  }

  function contextOf(actor: Actor): TreasuryContext {
    const isBound = actor.entity !== undefined
    const entityId = isBound ? actor.entity! : sessions.entityOf(actor.id)
    const isAdministrator = !isBound && sessions.isAdministrator(actor.id)
    const doer = entityId ?? (isAdministrator ? 'administrator' : actor.id)
    return { books, nowTs: books.now(), config: loadTreasuryConfig(books), actor, entityId, isAdministrator, doer }
  }

  /** A command is done by the time and the settings of when it is done, as the audit trail has it: another may have come first and changed them. */
  function asOfNow(context: TreasuryContext): TreasuryContext {
    return { ...context, nowTs: books.now(), config: loadTreasuryConfig(books) }
  }

  /** Something was done, and is on the disk. */
  function moved(): void {
    try {
      keepHours(books, books.now())
    } catch {
      // charts are counted from the ledger itself then, which takes longer
    }
    changed('treasury', 'audit')
    watch.soon()
  }

  function checkWho({ who, refusal = 'administrator.needed' }: TreasuryRow, context: TreasuryContext): void {
    if (who === 'administrator' && !context.isAdministrator) throw refuse(refusal)
    if (who === 'entity' || (who === 'owner' && !context.isAdministrator)) actingEntity(context)
    if (context.entityId !== null && isSystemEntity(context.entityId)) throw refuse('entities.other')
    // a page looks again by itself whenever something changed: that is no use
    if (who !== 'anyone' && who !== 'owner' && context.actor.entity === undefined) sessions.use(context.actor.id, who)
  }

  return {
    query(name, given, actor = NOBODY) {
      const row: TreasuryRow = treasuryTable[name]
      const context = contextOf(actor)
      checkWho(row, context)
      const handler = queries[name] as (input: unknown, context: TreasuryContext) => unknown
      return handler(read(name, row, given), context)
    },
    async command(name, given, actor, idempotencyKey) {
      const row: TreasuryRow = treasuryTable[name]
      const context = contextOf(actor)
      const input = read(name, row, given)
      checkWho(row, context)
      const handler = commands[name] as ((input: unknown, context: TreasuryContext) => unknown) | PreparingHandler<typeof name>
      const prepared: PreparedWork<unknown> =
        typeof handler === 'function' ? { work: now => handler(input, now) } : await handler.prepare(input as never, context)
      const told = withoutSecrets(row, input)
      const call = {
        actor: whoIs(row, context),
        idempotencyKey,
        command: name,
        input: told,
        audit: { subject: context.entityId === null ? '' : `entity ${context.entityId}` },
        secretAnswer: row.secretAnswer ?? false,
      }
      const answered = await queue.run(call, () => prepared.work(asOfNow(context)))
      prepared.after?.()
      moved()
      return answered
    },
    rest: tokensOfRest.access,
    resume() {
      analyses.resume()
      watch.soon()
      scheduler.start()
    },
    runDue: scheduler.runDue,
    settled: analyses.settled,
    async close() {
      const slot = scheduler.close()
      analyses.close()
      watch.close()
      sessions.close()
      await slot
    },
  }
}

/**
 * As the audit trail and the idempotency keys name it: as whom it is done, and through which host. Nothing else that is unlocked may show in it:
 * whoever tries again with the same key after the administrator has gone would do it twice.
 */
function whoIs({ who }: TreasuryRow, { entityId, actor }: TreasuryContext): string {
  if (who === 'anyone') return actor.id
  // what belongs to somebody is the administrator's where no entity is unlocked
  return `${who === 'administrator' ? who : (entityId ?? 'administrator')} (${actor.id})`
}

/** The input as handlers take it. Throws AppError usage that names the member; a schema's own words never hold what was entered. */
function read(name: TreasuryName, { in: schema }: TreasuryRow, given: unknown): Record<string, unknown> {
  const found = z.safeDecode(schema, given as never)
  if (found.success) return found.data as Record<string, unknown>
  const { path, message } = found.error.issues[0]!
  const field = path.map(String).join('.')
  throw new AppError('usage', `${field === '' ? name : field}: ${message} Nothing was changed.`, { details: { field, member: field } })
}

/** The input as it is hashed and written down: amounts as text, secrets left out. */
function withoutSecrets({ in: schema, secrets = [] }: TreasuryRow, input: Record<string, unknown>): Record<string, unknown> {
  const encoded = z.encode(schema, input) as Record<string, unknown>
  return Object.fromEntries(Object.entries(encoded).filter(([member]) => !secrets.some(secret => secret === member)))
}
