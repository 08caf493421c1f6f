import { z } from 'zod'
import { amountText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryQuery } from './row.ts'

const score = z.number()

/** 0 to 100, as its five parts are. */
export const trustSchema = z.object({
  entityId: z.string(),
  score,
  parts: z.object({
    transactionHistory: score,
    socialConnections: score,
    reputation: score,
    financialStability: score,
    communityEngagement: score,
  }),
  /** verified completed actions: repayments, payments to distinct counterparties, released escrows, proofs */
  r: z.number(),
  /** applications for credit that were not rejected */
  a: z.number(),
  /** of when this is: it stands for 24 h once it was used */
  atTs: z.number(),
  /** what the settings give to a trust like this */
  terms: z.object({
    rateDiscountBps: z.number(),
    /** the most that is lent; null: no limit */
    limit: amountText.nullable(),
  }),
})
export type TrustShown = z.output<typeof trustSchema>

export const trustRows = {
  'trust.get': treasuryQuery({
    about: "an entity's trust with its five parts, what it was counted from, and the terms that it gives",
    in: z.object({ entityId: entityRef.optional() }),
    out: trustSchema,
    who: 'anyone',
    rest: { method: 'GET', path: '/credit/trust/:entityId', scope: 'credit:read' },
    cli: { words: 'trust get', args: ['entityId'] },
  }),
}
