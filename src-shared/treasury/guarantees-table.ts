import { z } from 'zod'
import { paged, treasuryPage } from '../contract-parts.ts'
import { amountText } from './amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'
import { balanceSchema } from './tokens-table.ts'

const id = z.string().trim().min(1).max(40)
const ts = z.number()

export const GUARANTEE_TOKEN = 'BTA-GUAR'
/** Of access, and of auctions. */
export const ACCESS_TOKEN = 'BTA-UTIL'

export const guaranteeStates = ['LOCKED', 'UNLOCKED', 'BURNED'] as const
export const auctionStates = ['open', 'ended'] as const

export const guaranteeSchema = z.object({
  /** `guar-…` */
  id: z.string(),
  /** who guarantees, and holds the locked BTA-GUAR */
  guarantor: z.string(),
  guarantorName: z.string(),
  /** who is guaranteed, and lets go of it */
  beneficiary: z.string(),
  beneficiaryName: z.string(),
  amount: amountText,
  /** hundredths of a percent: 10,000 is all of it */
  coverageBps: z.number(),
  /** BTA-GUAR for each token that is allocated */
  ratio: amountText,
  /** of the amount, what is covered */
  allocated: amountText,
  /** BTA-GUAR that was minted for it, and is locked with the guarantor while it is LOCKED */
  minted: amountText,
  memo: z.string(),
  /** UNLOCKED: released. BURNED: drawn. Its BTA-GUAR is burnt either way */
  state: z.enum(guaranteeStates),
  createdTs: ts,
  /** null: LOCKED */
  endedTs: ts.nullable(),
})
export type GuaranteeShown = z.output<typeof guaranteeSchema>

const quoted = { amount: amountText, coverageBps: z.int().min(0).max(10_000) }

/** Guarantees: collateral in BTA-GUAR, minted for each and burnt with it. */
export const guaranteeRows = {
  'guarantees.quote': treasuryQuery({
    about: 'what a guarantee would cover, and the BTA-GUAR that would be minted and locked for it, before anything is done',
    in: z.object(quoted),
    out: z.object({ allocated: amountText, minted: amountText, ratio: amountText }),
    who: 'anyone',
    rest: null,
    cli: { words: 'guarantees quote', args: ['amount', 'coverageBps'] },
  }),
  'guarantees.create': treasuryCommand({
    about: 'guarantee a share of an amount to another entity: BTA-GUAR is minted to you for it, and locked at once',
    in: z.object({ to: entityRef, ...quoted, memo: z.string().max(300).default('') }),
    out: guaranteeSchema.extend({
      /** BTA-GUAR of the guarantor, afterwards */
      balance: balanceSchema,
    }),
    who: 'entity',
    rest: null,
    cli: { words: 'guarantees create', args: ['to', 'amount', 'coverageBps'] },
  }),
  'guarantees.list': treasuryQuery({
    about: 'guarantees that an entity has given and was given, newest first',
    in: z.object({
      entityId: entityRef.optional(),
      /** of everybody, for whoever names no entity */
      everybody: z.boolean().default(false),
      side: z.enum(['given', 'received']).optional(),
      state: z.enum(guaranteeStates).optional(),
      ...treasuryPage,
    }),
    out: paged(guaranteeSchema),
    who: 'anyone',
    rest: null,
    cli: { words: 'guarantees list', args: ['entityId'] },
  }),
  'guarantees.release': treasuryCommand({
    about: 'release a guarantee that you were given and need no more; its BTA-GUAR is burnt',
    in: z.object({ id }),
    out: guaranteeSchema,
    who: 'owner',
    rest: null,
    cli: { words: 'guarantees release', args: ['id'] },
  }),
  'guarantees.draw': treasuryCommand({
    about: 'draw a guarantee that you were given, as what it covers was not kept; its BTA-GUAR is burnt',
    in: z.object({ id }),
    out: guaranteeSchema,
    who: 'owner',
    rest: null,
    cli: { words: 'guarantees draw', args: ['id'] },
  }),
}

export const auctionSchema = z.object({
  /** `auc-…` */
  id: z.string(),
  title: z.string(),
  /** BTA-UTIL; taking part locks between once and twice of it, the less the higher the trust */
  base: amountText,
  openedTs: ts,
  /** it is over from then on, and the scheduled job gives back what is locked */
  endTs: ts,
  state: z.enum(auctionStates),
  /** when what was locked was given back; null: not yet */
  endedTs: ts.nullable(),
  participants: z.number(),
  /** what the entity that asks has locked in it, or would lock; null: no entity is unlocked */
  own: z.object({ isIn: z.boolean(), locked: amountText, trust: z.number() }).nullable(),
})
export type AuctionShown = z.output<typeof auctionSchema>

export const participationSchema = z.object({
  entityId: z.string(),
  name: z.string(),
  /** when it joined, 0 to 100 */
  trust: z.number(),
  locked: amountText,
  joinedTs: ts,
})

/** Reverse auctions, as far as BTA-UTIL of those who take part is locked; and access to the platform. */
export const auctionRows = {
  'auctions.open': treasuryCommand({
    about: 'open a reverse auction: whoever takes part locks BTA-UTIL until it ends',
    in: z.object({
      title: z.string().trim().min(1).max(100),
      base: amountText,
      /** seconds since the epoch */
      endTs: z.int().min(0).max(253_402_300_799),
    }),
    out: auctionSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'auctions open', args: ['title', 'base', 'endTs'] },
  }),
  'auctions.list': treasuryQuery({
    about: 'the auctions, newest first, and what taking part locks',
    in: z.object({ state: z.enum(auctionStates).optional(), ...treasuryPage }),
    out: paged(auctionSchema),
    who: 'anyone',
    rest: null,
    cli: { words: 'auctions list' },
  }),
  'auctions.participants': treasuryQuery({
    about: 'who takes part in an auction, and what each has locked, in the order of joining',
    in: z.object({ id, ...treasuryPage }),
    out: z.object({ auction: auctionSchema, rows: z.array(participationSchema), total: z.number() }),
    who: 'anyone',
    rest: null,
    cli: { words: 'auctions participants', args: ['id'] },
  }),
  'auctions.join': treasuryCommand({
    about: 'take part in an auction: BTA-UTIL is locked with you, and given back when it ends',
    in: z.object({ id }),
    out: z.object({ auction: auctionSchema, balance: balanceSchema }),
    who: 'entity',
    rest: null,
    cli: { words: 'auctions join', args: ['id'] },
  }),
  'auctions.end': treasuryCommand({
    about: 'end an auction now, and give back what is locked; at its end that happens by itself',
    in: z.object({ id }),
    out: auctionSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'auctions end', args: ['id'] },
  }),
  'access.get': treasuryQuery({
    about: 'whether an entity has access to the platform, and the fee for it',
    in: z.object({ entityId: entityRef.optional() }),
    out: z.object({
      entityId: z.string(),
      hasAccess: z.boolean(),
      /** null: it was not paid */
      paidTs: ts.nullable(),
      paid: amountText.nullable(),
      /** BTA-UTIL, to the treasury; 0: free */
      fee: amountText,
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'access get', args: ['entityId'] },
  }),
  'access.pay': treasuryCommand({
    about: 'pay for access to the platform, once; the fee goes to the treasury',
    in: z.object({
      /** as access.get shows it: nobody pays another fee than the one that was shown */
      fee: amountText,
    }),
    out: z.object({ paid: amountText, paidTs: ts, balance: balanceSchema }),
    who: 'entity',
    rest: null,
    cli: { words: 'access pay', args: ['fee'] },
  }),
  'access.list': treasuryQuery({
    about: 'who has access to the platform, and what each paid for it, newest first',
    in: z.object(treasuryPage),
    out: z.object({
      rows: z.array(z.object({ entityId: z.string(), name: z.string(), paidTs: ts, paid: amountText })),
      total: z.number(),
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'access list' },
  }),
}
