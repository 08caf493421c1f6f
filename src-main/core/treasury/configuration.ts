import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import type { ParameterShown } from '../../../src-shared/treasury/config-table.ts'
import {
  configFileSchema,
  isParameter,
  type Parameter,
  type ParameterName,
  parameterNames,
  parameters,
  type TreasuryConfig,
} from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { readCron } from '../../jobs/schedule/cron.ts'
import type { Store } from '../../store/index.ts'
import {
  insertParameter,
  listParameterChanges,
  loadParameters,
  type ParameterChange,
  parametersVersion,
} from '../../store/treasury-parameters.ts'
import type { TreasuryCommandHandlers, TreasuryContext, TreasuryQueryHandlers } from './handlers.ts'
import { checkPools } from './pools.ts'
import { checkTokenTable } from './token-table.ts'

type ConfigQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, `configuration.${string}`>>
type ConfigCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, `configuration.${string}`>>

const known = new WeakMap<Store, { version: number; config: TreasuryConfig }>()

/** The settings as they are now. Throws AppError config.invalid where one that was kept is none that this Granary knows. */
export function loadTreasuryConfig(books: Store): TreasuryConfig {
  const version = parametersVersion(books)
  const kept = known.get(books)
  if (kept?.version === version) return kept.config
  const changes = loadParameters(books)
  const values = parameterNames.map(name => {
    const change = changes.get(name)
    return [name, decoded(name, change ? JSON.parse(change.value) : parameters[name].normal)] as const
  })
  const config = Object.fromEntries(values) as TreasuryConfig
  // what a transaction changed may still be undone, and its version be another's then
  if (!books.books.inTransaction) known.set(books, { version, config })
  return config
}

/**
 * Changes settings, given as JSON values by name; gives the names of those that are another than before. Whoever calls it holds the
 * transaction. Throws AppError config.unknown, config.invalid, jobs.clock (pools).
 */
export function changeConfig(books: Store, values: Readonly<Record<string, unknown>>, by: { actor: string; ts: number }): string[] {
  const before = loadParameters(books)
  const configBefore = loadTreasuryConfig(books)
  const changed: string[] = []
  for (const [name, value] of Object.entries(values)) {
    if (!isParameter(name)) throw refuse('config.unknown', { name: name.slice(0, 60) })
    const text = encodedText(name, decoded(name, value))
    if (text === textOf(name, before.get(name))) continue
    insertParameter(books, { name, value: text, changedTs: by.ts, changedBy: by.actor })
    changed.push(name)
  }
  const config = loadTreasuryConfig(books)
  checkTogether(config)
  checkTokenTable(books, configBefore, config)
  if (changed.includes('pools.list')) checkPools(books, configBefore, config, by.ts)
  return changed
}

/** Every setting's value as it is kept, as JSON. */
export function settingTexts(books: Store): Map<ParameterName, string> {
  const changes = loadParameters(books)
  return new Map(parameterNames.map(name => [name, textOf(name, changes.get(name))]))
}

/** A typed value as it is kept; as it was typed where it is none of that setting. */
export function typedSetting(name: ParameterName, text: string): unknown {
  const given = valueOfText(name, text)
  const schema = parameters[name].schema as z.ZodType
  const found = z.safeDecode(schema, given)
  return found.success ? z.encode(schema, found.data) : given
}

/** Refuses a value (JSON) that does not go with the other settings. Throws AppError config.invalid. */
export function checkSetting(config: TreasuryConfig, name: ParameterName, value: unknown): void {
  checkTogether({ ...config, [name]: decoded(name, value) })
}

/** Settings and what changed them. */
export function configHandlers(books: Store): { queries: ConfigQueries; commands: ConfigCommands } {
  const queries: ConfigQueries = {
    'configuration.list': () => {
      const changes = loadParameters(books)
      return { version: parametersVersion(books), parameters: parameterNames.map(name => shown(name, changes.get(name))) }
    },
    'configuration.history': ({ name, offset, limit }) => listParameterChanges(books, name ?? null, { offset, limit }),
    'configuration.export': (_input, { nowTs }) => {
      const changes = loadParameters(books)
      const values = Object.fromEntries(parameterNames.map(name => [name, JSON.parse(textOf(name, changes.get(name)))]))
      const file = { format: 'granary-treasury-configuration', version: 1, values } satisfies z.input<typeof configFileSchema>
      const day = new Date(nowTs * 1000).toISOString().slice(0, 10)
      return { fileName: `treasury-configuration-${day}.json`, text: `${JSON.stringify(file, null, 2)}\n` }
    },
  }
  const commands: ConfigCommands = {
    'configuration.set': ({ name, value }, context) => change(context, { [name]: valueOfText(name, value) }),
    'configuration.reset': ({ name }, context) => {
      if (!isParameter(name)) throw refuse('config.unknown', { name })
      return change(context, { [name]: parameters[name].normal })
    },
    'configuration.import': ({ text }, context) => change(context, readFile(text)),
  }

  function change({ doer, nowTs }: TreasuryContext, values: Record<string, unknown>): { changed: string[]; version: number } {
    const changed = changeConfig(books, values, { actor: doer, ts: nowTs })
    return { changed, version: parametersVersion(books) }
  }

  return { queries, commands }
}

function shown(name: ParameterName, change: ParameterChange | undefined): ParameterShown {
  const { about, unit, byVote = false } = parameters[name] as Parameter<z.ZodType>
  const [value, normal] = [textOf(name, change), textOf(name, undefined)]
  return {
    ...{ name, about, unit, value, normal, isNormal: value === normal, byVote },
    ...{ changedTs: change?.changedTs ?? null, changedBy: change?.changedBy ?? null },
  }
}

/** A value as it is kept, as JSON. */
function textOf(name: ParameterName, change: ParameterChange | undefined): string {
  return change?.value ?? encodedText(name, decoded(name, parameters[name].normal))
}

function encodedText(name: ParameterName, value: unknown): string {
  return JSON.stringify(z.encode(parameters[name].schema as z.ZodType, value))
}

/** Throws AppError config.invalid, saying what is wrong with the value. */
function decoded(name: ParameterName, value: unknown): unknown {
  const found = z.safeDecode(parameters[name].schema as z.ZodType, value)
  if (!found.success) {
    const { path, message } = found.error.issues[0]!
    throw invalid([name, ...path.map(String)].join(', '), message)
  }
  if (name.startsWith('jobs.')) readCron(found.data as string)
  return found.data
}

/** What no value can be wrong in by itself. */
function checkTogether(config: TreasuryConfig): void {
  if (config['staking.minDays'] > config['staking.maxDays']) throw invalid('staking.minDays', 'It must not be above staking.maxDays.')
  if (config['reinvest.studentsBps'] + config['reinvest.teamBps'] > 10_000)
    throw invalid('reinvest.studentsBps', 'With reinvest.teamBps it would be more than all of the revenue.')
  if (config['credit.usualRateBps'] > config['credit.maxRateBps'])
    throw invalid('credit.usualRateBps', 'It must not be above credit.maxRateBps.')
  if (config['credit.usualTermMonths'] > config['credit.maxTermMonths'])
    throw invalid('credit.usualTermMonths', 'It must not be above credit.maxTermMonths.')
}

/** A value that was typed: JSON where that is taken, else the text itself. */
function valueOfText(name: string, text: string): unknown {
  if (!isParameter(name)) throw refuse('config.unknown', { name: name.slice(0, 60) })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // an amount, a schedule, a name
    return text
  }
  return z.safeDecode(parameters[name].schema as z.ZodType, text).success ? text : value
}

function readFile(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError('config.invalid', 'This is no file of settings: it is not JSON. Nothing was changed.', { cause })
  }
  const read = configFileSchema.safeParse(value)
  if (!read.success) throw new AppError('config.invalid', 'This is no file of settings that Granary wrote. Nothing was changed.')
  return read.data.values
}

function invalid(where: string, why: string): AppError {
  return new AppError('config.invalid', `${where}: ${why} Nothing was changed.`, { details: { field: where } })
}
