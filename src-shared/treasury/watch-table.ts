import { z } from 'zod'
import { treasuryPage } from '../contract-parts.ts'
import { amountText } from './amounts.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

export const watchRules = ['velocity', 'circle', 'own-trust'] as const
export const watchStates = ['open', 'fine', 'suspicious'] as const
export const watchVerdicts = ['fine', 'suspicious'] as const
export type WatchState = (typeof watchStates)[number]
/** So many payments of a mark are shown, the latest ones. */
export const WATCH_EVIDENCE_SHOWN = 100
export const WATCH_NOTE_LENGTH = 1_000

const decision = { decidedTs: z.number(), decidedBy: z.string(), note: z.string() }

export const watchMarkSchema = z.object({
  /** `mark-…` */
  id: z.string(),
  rule: z.enum(watchRules),
  /** whom it is about */
  actors: z.array(z.object({ entityId: z.string(), name: z.string() })),
  /** what was found, in words */
  finding: z.string(),
  state: z.enum(watchStates),
  /** time of the latest payment that shows it */
  ts: z.number(),
  /** payments that show it */
  payments: z.number(),
  /** the latest of them, newest first */
  evidence: z.array(
    z.object({
      /** number of the entry in the ledger */
      entry: z.number(),
      /** null: a transfer */
      paymentId: z.string().nullable(),
      ts: z.number(),
      from: z.string(),
      to: z.string(),
      token: z.string(),
      amount: amountText,
    }),
  ),
  /** null: open */
  decision: z.object(decision).nullable(),
  /** what was decided last on a mark of the same rule and entities, or two of them, before this one; null: nothing was */
  earlier: z.object({ id: z.string(), state: z.enum(watchVerdicts), ...decision }).nullable(),
})
export type WatchMarkShown = z.output<typeof watchMarkSchema>

/** Watchfulness: what rules have marked for a person to look at. A mark moves no money and stops nothing. */
export const watchRows = {
  'watch.list': treasuryQuery({
    about: 'what was marked to be looked at, with the payments that show it: open marks first, then newest first',
    in: z.object({ state: z.enum(watchStates).optional(), ...treasuryPage }),
    out: z.object({
      rows: z.array(watchMarkSchema),
      total: z.number(),
      /** marks that nobody has decided on */
      open: z.number(),
      /** entries of the ledger that are still to be looked at */
      waiting: z.number(),
      /** why looking at payments failed; null: it did not */
      problem: z.string().nullable(),
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'watch list' },
  }),
  'watch.decide': treasuryCommand({
    about: 'say of a mark that it is fine or suspicious, and why',
    in: z.object({
      id: z.string().trim().min(1).max(40),
      verdict: z.enum(watchVerdicts),
      note: z.string().trim().min(1, 'Say why in a few words.').max(WATCH_NOTE_LENGTH),
    }),
    out: watchMarkSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'watch decide', args: ['id', 'verdict', 'note'] },
  }),
}
