import { z } from 'zod'
import { group } from '../../src-shared/money.ts'
import { formatDuration } from '../../src-shared/time.ts'
import type { ParameterShown } from '../../src-shared/treasury/config-table.ts'
import { configFileSchema, isParameter, type Parameter, parameters } from '../../src-shared/treasury/parameters.ts'
import { formatBps, formatCount } from '../format.ts'
import { texts } from '../texts.ts'

const words = texts.configuration

/** A field of a setting, or of a row of one that is a table. */
export interface SettingField {
  /** of a row; empty where the setting is the field */
  name: string
  kind: 'whole' | 'amount' | 'text' | 'choice' | 'switch'
  /** of whole numbers */
  least: number | null
  most: number | null
  /** of a choice */
  options: readonly string[]
  /** may be left empty */
  isOptional: boolean
}

/** How a setting is entered. `nested`: values by two names, as rows of three fields. */
export type SettingEditor = { kind: 'field'; field: SettingField } | { kind: 'rows' | 'nested'; fields: readonly SettingField[] }

/** What stands in the fields: the text of each; of a table its rows. */
export type SettingDraft = string | readonly SettingRow[]
export type SettingRow = Readonly<Record<string, string>>

interface JsonSchema {
  type?: string
  minimum?: number
  maximum?: number
  enum?: readonly string[]
  anyOf?: readonly JsonSchema[]
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema
}

const NESTED = ['type', 'category', 'amount'] as const

/** The part of a setting's name by which settings are told apart into subjects. */
export function subjectOf(name: string): string {
  return name.split('.')[0] ?? name
}

export function editorOf(name: string): SettingEditor {
  const { schema } = parameterOf(name)
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  if (json.type === 'array')
    return { kind: 'rows', fields: Object.entries(json.items?.properties ?? {}).map(([field, own]) => fieldOf(field, own)) }
  if (json.type === 'object') return { kind: 'nested', fields: NESTED.map(field => fieldOf(field, { type: 'string' })) }
  const field = fieldOf('', json)
  const isAmount = typeof z.safeDecode(schema, '1').data === 'bigint'
  return { kind: 'field', field: isAmount ? { ...field, kind: 'amount' } : field }
}

function fieldOf(name: string, { type, minimum, maximum, enum: options, anyOf }: JsonSchema): SettingField {
  const plain: SettingField = { name, kind: 'text', least: null, most: null, options: [], isOptional: false }
  if (anyOf) {
    const other = anyOf.find(one => one.type !== 'null')
    return { ...(other ? fieldOf(name, other) : plain), isOptional: anyOf.some(one => one.type === 'null') }
  }
  if (options) return { ...plain, kind: 'choice', options }
  if (type === 'boolean') return { ...plain, kind: 'switch' }
  if (type === 'integer') return { ...plain, kind: 'whole', least: minimum ?? null, most: maximum ?? null }
  return plain
}

/** A value that is kept, as JSON, as the fields hold it. */
export function draftOf(editor: SettingEditor, valueJson: string): SettingDraft {
  const value: unknown = JSON.parse(valueJson)
  if (editor.kind === 'field') return cellOf(value)
  if (editor.kind === 'rows')
    return (value as Record<string, unknown>[]).map(row => Object.fromEntries(editor.fields.map(({ name }) => [name, cellOf(row[name])])))
  return Object.entries(value as Record<string, Record<string, string>>).flatMap(([type, amounts]) =>
    Object.entries(amounts).map(([category, amount]) => ({ type, category, amount })),
  )
}

function cellOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value)
}

/** What is in the fields, as the settings take it. Numbers that are none stay text, for the setting's own check to name. */
export function draftValue(editor: SettingEditor, draft: SettingDraft): unknown {
  if (typeof draft === 'string') return editor.kind === 'field' ? fieldValue(editor.field, draft) : draft
  if (editor.kind === 'rows')
    return draft.map(row => Object.fromEntries(editor.fields.map(field => [field.name, fieldValue(field, row[field.name] ?? '')])))
  const nested: Record<string, Record<string, string>> = {}
  for (const { type = '', category = '', amount = '' } of draft)
    nested[type.trim()] = { ...nested[type.trim()], [category.trim()]: amount.trim() }
  return nested
}

function fieldValue({ kind, isOptional }: SettingField, text: string): unknown {
  const plain = text.trim()
  if (isOptional && plain === '') return null
  if (kind === 'switch') return plain === 'true'
  if (kind === 'whole' && /^-?\d+(,\d{3})*$/.test(plain)) return Number(plain.replaceAll(',', ''))
  return plain
}

/** What the setting itself finds wrong with a value, and where; null: nothing. */
export function problemOf(name: string, value: unknown): { path: readonly (string | number)[]; message: string } | null {
  const found = z.safeDecode(parameterOf(name).schema, value)
  if (found.success) return null
  const { path, message } = found.error.issues[0]!
  return { path: path.map(part => (typeof part === 'number' ? part : String(part))), message }
}

/** A value, as JSON, as people read it: separated, with what the unit comes to where that says more. */
export function settingText(name: string, valueJson: string, unit: string): string {
  const value: unknown = JSON.parse(valueJson)
  if (Array.isArray(value)) return words.rows(value.length)
  if (typeof value === 'object' && value !== null)
    return words.rows(Object.values(value).reduce((sum: number, inner) => sum + Object.keys(inner as object).length, 0))
  if (typeof value === 'boolean') return value ? words.yes : words.no
  if (typeof value === 'number') return numberText(value, unit)
  const text = String(value)
  if (text === '') return words.nothing
  if (name.startsWith('jobs.')) return scheduleWords(text)
  return /^-?\d+(\.\d+)?$/.test(text) ? group(text) : text
}

function numberText(value: number, unit: string): string {
  if (unit === 'basis points') return formatBps(value)
  if (unit === 'percent') return `${formatCount(value)} %`
  if (unit === 'seconds' && value >= 60) return formatDuration(value)
  return formatCount(value)
}

/** The unit that stands behind `settingText`; empty where the text has it already. */
export function unitText(unit: string): string {
  if (['basis points', 'percent', 'seconds', 'schedule, UTC', 'address', 'name', 'table', 'ratio', 'yes or no'].includes(unit)) return ''
  return unit.replace(/^table, /, '')
}

/** A cron expression in words, for those that people use; else as it is. UTC, as the schedules are. */
export function scheduleWords(cron: string): string {
  const [minute = '', hour = '', ...rest] = cron.split(' ')
  if (rest.join(' ') !== '* * *' || !/^\d+$/.test(minute)) return cron
  const past = minute.padStart(2, '0')
  if (hour === '*') return words.hourly(past)
  return /^\d+$/.test(hour) ? words.daily(`${hour.padStart(2, '0')}:${past}`) : cron
}

export interface FileChange {
  name: string
  /** JSON */
  before: string
  after: string
  /** why it can't be taken; null: it can */
  problem: string | null
}

/** What a file of settings would change, before it does; null: it is no such file. */
export function fileChanges(text: string, current: readonly ParameterShown[]): FileChange[] | null {
  const read = configFileSchema.safeParse(parsed(text))
  if (!read.success) return null
  const before = new Map(current.map(({ name, value }) => [name, value]))
  return Object.entries(read.data.values).flatMap(([name, given]) => {
    const after = JSON.stringify(given)
    const old = before.get(name) ?? ''
    if (after === old) return []
    const problem = isParameter(name) ? (problemOf(name, given)?.message ?? null) : words.unknownSetting
    return [{ name, before: old, after, problem }]
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // no JSON: no file of settings either
    return null
  }
}

function parameterOf(name: string): Parameter<z.ZodType> {
  if (!isParameter(name)) throw new Error(`no setting is called ${name}`)
  return parameters[name] as Parameter<z.ZodType>
}
