import { z } from 'zod'
import { paged, treasuryPage } from '../contract-parts.ts'
import { amountText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

const token = z.string().trim().min(1).max(20).default('AZR')

/** Revenue and where it goes. The first three add up to it; the reserve comes on top of it, out of external capital alone. */
const shares = {
  token: z.string(),
  revenue: amountText,
  infrastructure: amountText,
  students: amountText,
  team: amountText,
  reserveTarget: amountText,
}

export const reinvestmentSchema = z.object({
  /** `split-…` */
  id: z.string(),
  ts: z.number(),
  /** number of the entry in the ledger */
  entry: z.number(),
  ...shares,
  reserveFunded: amountText,
  /** what the target lacks: it is never minted */
  reserveShortfall: amountText,
  /** who gave the capital; null: nobody did */
  capitalFrom: z.string().nullable(),
  capitalFromName: z.string().nullable(),
  /** hundredths of a percent, as they were set then */
  studentsBps: z.number(),
  teamBps: z.number(),
  reserveBps: z.number(),
})
export type ReinvestmentShown = z.output<typeof reinvestmentSchema>

/** Reinvestment of revenue: fees and taxes. */
export const revenueRows = {
  'revenue.quote': treasuryQuery({
    about: 'the fees and taxes of a token that have come in since they were split last, and how they would be',
    in: z.object({ token }),
    out: z.object(shares),
    who: 'anyone',
    rest: null,
    cli: { words: 'revenue quote', args: ['token'] },
  }),
  'revenue.reinvest': treasuryCommand({
    about:
      'split the fees and taxes that have come in: to infrastructure, students and team; the reserve comes on top, from capital of an entity that is unlocked here too',
    in: z.object({
      token,
      /** who gives capital for the reserve, and how much at most; both or neither */
      capitalFrom: entityRef.optional(),
      capital: amountText.optional(),
    }),
    out: reinvestmentSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'revenue reinvest', args: ['token'] },
  }),
  'revenue.list': treasuryQuery({
    about: 'how fees and taxes were split, newest first',
    in: z.object({ token: z.string().trim().min(1).max(20).optional(), ...treasuryPage }),
    out: paged(reinvestmentSchema),
    who: 'anyone',
    rest: null,
    cli: { words: 'revenue list' },
  }),
}
