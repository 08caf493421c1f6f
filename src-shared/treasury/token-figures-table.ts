import { z } from 'zod'
import { amountText, sumText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryQuery } from './row.ts'
import { chainTxText, entryTypes, tokenName, tokenTs } from './tokens-table.ts'

/** More steps than a chart can show. */
export const MAX_STEPS = 2_000
/** More lines than a statement is read with. */
export const MAX_STATEMENT_LINES = 50_000

const figuresSchema = z.object({
  /** when the step begins, seconds since the epoch; steps are hours, days and months in UTC */
  ts: z.number(),
  /** at the end of the step: issued and not burnt, what of it the treasury does not hold, and how many entities hold some */
  supply: amountText,
  circulating: amountText,
  holders: z.number(),
  /** within the step */
  minted: sumText,
  burnt: sumText,
  /** what passed between entities, fees among it */
  transferred: sumText,
  movements: z.number(),
})
export type TokenFigures = z.output<typeof figuresSchema>

const party = z.object({ entityId: z.string(), name: z.string() })

const movementSchema = z.object({
  /** number of the entry in the ledger; 0: of TFT, which only mirrors what was paid on Stellar */
  entry: z.number(),
  ts: z.number(),
  type: z.enum(entryTypes),
  token: z.string(),
  from: z.array(party),
  to: z.array(party),
  amount: amountText,
  actor: z.string(),
  memo: z.string(),
  chainTx: z.string(),
})

const statedSchema = z.object({
  token: z.string(),
  openingAvailable: amountText,
  openingLocked: amountText,
  closingAvailable: amountText,
  closingLocked: amountText,
})

/** Figures, flows and statements of tokens. */
export const tokenFigureRows = {
  'tokens.metrics': treasuryQuery({
    about: 'a token over time: supply, what circulates, holders, and what was minted, burnt and moved, by hour, day or month (UTC)',
    in: z.object({
      token: tokenName,
      /** seconds since the epoch; default some steps before `toTs` */
      fromTs: tokenTs.optional(),
      /** default now */
      toTs: tokenTs.optional(),
      step: z.enum(['hour', 'day', 'month']).default('day'),
    }),
    out: z.object({ token: z.string(), step: z.enum(['hour', 'day', 'month']), rows: z.array(figuresSchema) }),
    who: 'anyone',
    rest: null,
    cli: { words: 'tokens metrics', args: ['token'] },
  }),
  'tokens.flows': treasuryQuery({
    about: 'who gave how much of a token to whom in a span of time, the most first',
    in: z.object({
      token: tokenName,
      /** seconds since the epoch; default 30 days before `toTs` */
      fromTs: tokenTs.optional(),
      /** default now, the end inclusive */
      toTs: tokenTs.optional(),
      limit: z.int().min(1).max(100).default(20),
    }),
    out: z.object({
      token: z.string(),
      fromTs: z.number(),
      toTs: z.number(),
      /** `issuance` gives what is minted, and takes what is burnt */
      rows: z.array(z.object({ from: party, to: party, amount: sumText, movements: z.number() })),
      /** all pairs together, also those that are not among the rows */
      pairs: z.number(),
      amount: sumText,
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'tokens flows', args: ['token'] },
  }),
  'tokens.byChainTx': treasuryQuery({
    about: 'what a transaction on a chain stands for in the books',
    in: z.object({ chainTx: chainTxText }),
    out: z.object({ chainTx: z.string(), rows: z.array(movementSchema) }),
    who: 'anyone',
    rest: null,
    cli: { words: 'tokens by-chain-tx', args: ['chainTx'] },
  }),
  'tokens.statement': treasuryQuery({
    about: "an entity's account over a span of time as a file: opening balance, every posting with the balance after it, closing balance",
    in: z.object({
      entityId: entityRef.optional(),
      /** default all that it has or had */
      token: tokenName.optional(),
      /** seconds since the epoch; default from the beginning */
      fromTs: tokenTs.optional(),
      /** default now, the end inclusive */
      toTs: tokenTs.optional(),
    }),
    out: z.object({
      entityId: z.string(),
      name: z.string(),
      fromTs: z.number(),
      toTs: z.number(),
      tokens: z.array(statedSchema),
      lines: z.number(),
      fileName: z.string(),
      /** CSV */
      text: z.string(),
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'tokens statement', args: ['entityId'], prints: 'text' },
  }),
}
