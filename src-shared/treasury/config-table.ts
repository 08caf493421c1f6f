import { z } from 'zod'
import { none, textFile, treasuryPage } from '../contract-parts.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

const name = z.string().trim().min(1).max(60)

export const parameterSchema = z.object({
  name: z.string(),
  about: z.string(),
  unit: z.string(),
  /** JSON, amounts as decimal text */
  value: z.string(),
  normal: z.string(),
  isNormal: z.boolean(),
  byVote: z.boolean(),
  /** seconds since the epoch; null: nobody changed it */
  changedTs: z.number().nullable(),
  changedBy: z.string().nullable(),
})
export type ParameterShown = z.infer<typeof parameterSchema>

const changed = z.object({ changed: z.array(z.string()), version: z.number() })

/** The numbers of the treasury that can be changed (parameters.ts). */
export const configRows = {
  'configuration.list': treasuryQuery({
    about: 'every setting of the treasury: its value, what it means, its unit, what it is by default, who changed it when',
    in: none,
    out: z.object({ version: z.number(), parameters: z.array(parameterSchema) }),
    who: 'anyone',
    rest: null,
    cli: { words: 'configuration list' },
  }),
  'configuration.history': treasuryQuery({
    about: 'every change of the settings, newest first',
    in: z.object({ name: name.optional(), ...treasuryPage }),
    out: z.object({
      rows: z.array(z.object({ version: z.number(), name: z.string(), value: z.string(), changedTs: z.number(), changedBy: z.string() })),
      total: z.number(),
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'configuration history', args: ['name'] },
  }),
  'configuration.export': treasuryQuery({
    about: 'all settings as the text of a file',
    in: none,
    out: textFile,
    who: 'anyone',
    rest: null,
    cli: { words: 'configuration export', prints: 'text' },
  }),
  'configuration.set': treasuryCommand({
    about: 'change a setting; the value as JSON, or plain text for an amount, a schedule or a name',
    in: z.object({ name, value: z.string().max(50_000) }),
    out: changed,
    who: 'administrator',
    rest: null,
    cli: { words: 'configuration set', args: ['name', 'value'] },
  }),
  'configuration.reset': treasuryCommand({
    about: 'set a setting back to what it is by default',
    in: z.object({ name }),
    out: changed,
    who: 'administrator',
    rest: null,
    cli: { words: 'configuration reset', args: ['name'] },
  }),
  'configuration.import': treasuryCommand({
    about: 'take over the settings of a file, all of them or none',
    in: z.object({ text: z.string().max(500_000) }),
    out: changed,
    who: 'administrator',
    rest: null,
    cli: { words: 'configuration import', args: ['text'], file: 'text' },
  }),
}
