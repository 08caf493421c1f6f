import { z } from 'zod'
import { paged, treasuryPage } from '../contract-parts.ts'
import { curveProfiles, curveRoles, pricings } from './curve.ts'
import { curveAmount, priceText, slopeText, wholeText } from './curve-amounts.ts'
import { entityRef } from './entities.ts'
import { treasuryCommand, treasuryQuery } from './row.ts'

const curveId = z.string().trim().min(1).max(40)
const asset = z
  .string()
  .trim()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,19}$/, 'A token is named by up to 20 letters, digits and hyphens, e.g. BTA-UTIL.')
const ts = z.number()
const pricing = z.enum(pricings)
const profile = z.enum(curveProfiles)

/**
 * `ledger`: on a token of the books, whose money moves; amounts within 64 bits. `simulated`: a state of its own with u128 amounts, where tokens
 * of a made-up asset are given out to try a curve with, or to predict a chain's. Nothing simulated is money.
 */
export const curveKinds = ['ledger', 'simulated'] as const

/** An account of a curve's own, which nobody has a key of. */
const accountSchema = z.object({
  role: z.enum(curveRoles),
  /** as the ledger names it, e.g. `curve:1:pool` */
  entityId: z.string(),
  name: z.string(),
  asset: curveAmount,
  foreign: curveAmount,
  /** shares of the pool */
  shares: curveAmount,
})

export const curveSchema = z.object({
  /** `curve-…` */
  id: z.string(),
  kind: z.enum(curveKinds),
  asset: z.string(),
  /** what is paid with */
  foreignAsset: z.string(),
  /** who gets what is minted */
  profile,
  /** how its mints are priced; on the ledger always `exact` */
  pricing,
  /** of the first token */
  initialPrice: priceText,
  slope: slopeText,
  /** issuance of the asset when the curve was made: it counts what was minted since */
  initialIssuance: curveAmount,
  createdTs: ts,
  /** of the last change of its slope; null: none */
  updatedTs: ts.nullable(),
  /** issuance of the asset now, and what of it counts on the curve */
  issuance: curveAmount,
  supply: curveAmount,
  /** of one token now */
  price: priceText,
  /** what the liquidity that the treasury owns would still pay for one token once everybody had sold; null: there is none */
  floor: priceText.nullable(),
  /** the pool beside it (XYK): what it holds of both, its shares, and its price; null: it is empty */
  pool: z.object({
    asset: curveAmount,
    foreign: curveAmount,
    shares: curveAmount,
    /** of the shares, those of the treasury-owned liquidity */
    owned: curveAmount,
    feePpm: z.number(),
    price: priceText.nullable(),
  }),
  /** the router's fees that wait for the burning manager */
  feesWaiting: curveAmount,
  /** millionths of a payment that the router takes */
  routerFeePpm: z.number(),
  accounts: z.array(accountSchema),
})
export type CurveShown = z.output<typeof curveSchema>

/** What a mint would give: the buyer's share first. */
export const curveQuoteSchema = z.object({
  /** the buyer's share: what quotes and the least share are about; burned at once where `profile` says so */
  share: curveAmount,
  /** of the share, what is burned at once */
  burnt: curveAmount,
  /** of the payment, what is taken, and what is left with the buyer */
  charged: curveAmount,
  unspent: curveAmount,
  /** all that is minted: share + zap + treasury */
  minted: curveAmount,
  zap: curveAmount,
  treasury: curveAmount,
  /** of one token before, and once all is issued */
  priceBefore: priceText,
  priceAfter: priceText,
  /** what one token of the share comes to; null: there is no share */
  average: priceText.nullable(),
  pricing,
})
export type CurveQuote = z.output<typeof curveQuoteSchema>

const refused = z.object({
  /** e.g. `curve.balance` */
  code: z.string(),
  /** the name that a chain gives it, e.g. InsufficientBalance */
  name: z.string(),
  /** what it means for people, with the way out */
  meaning: z.string(),
})

/** A payment on the curve and in the pool, side by side. */
export const curveRoutesSchema = z.object({
  payment: curveAmount,
  /** the router's fee, taken first, whichever way */
  fee: curveAmount,
  /** null: the curve refuses */
  curve: curveQuoteSchema.nullable(),
  refused: refused.nullable(),
  /** what the pool pays, its own fee taken; 0: nothing, or it is empty */
  pool: z.object({ share: curveAmount, feePpm: z.number() }),
  /** the better one for the buyer; null: neither gives anything */
  best: z.enum(['curve', 'pool']).nullable(),
  /** the buyer's share that way, and how much more it is than the other way's */
  share: curveAmount,
  more: curveAmount,
})
export type CurveRoutes = z.output<typeof curveRoutesSchema>

export const curveEventNames = [
  'CurveCreated',
  'CurveUpdated',
  'ZapAllocationDistributed',
  'Burned',
  'LiquidityAdded',
  'Swapped',
  'Deposited',
] as const

export const curveEventSchema = z.object({
  number: z.number(),
  curveId: z.string(),
  asset: z.string(),
  foreignAsset: z.string(),
  ts,
  /** by the names that a chain gives them; `LiquidityAdded`, `Swapped` and `Deposited` (given out in a simulation) are Granary's */
  name: z.enum(curveEventNames),
  /** whose doing it is; null: nobody's alone, as the burning manager's */
  entityId: z.string().nullable(),
  entityName: z.string().nullable(),
  /** what it is about, e.g. user, zap, foreign: decimal text */
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
  /** number of the entry in the ledger; null: it moved nothing there */
  entry: z.number().nullable(),
})
export type CurveEventShown = z.output<typeof curveEventSchema>

/** What somebody has of a curve's two assets. */
const holdingSchema = z.object({ entityId: z.string(), asset: curveAmount, foreign: curveAmount })

const traded = z.object({
  curve: curveSchema,
  /** by the route that was taken */
  route: z.enum(['curve', 'pool']),
  /** all that was taken of the payment, the router's fee with it */
  charged: curveAmount,
  fee: curveAmount,
  /** all that was minted; 0 by the pool */
  minted: curveAmount,
  /** what the buyer got; `burnt` in its place where buyers' shares are burned */
  share: curveAmount,
  burnt: curveAmount,
  holding: holdingSchema,
})

/** The minting curve (tokenomics.md, Token minting curve): its price rises with what is minted on it. */
export const curveRows = {
  'curve.list': treasuryQuery({
    about: 'the minting curves: what each asset is paid for in, its price and floor now, newest first',
    in: z.object({ kind: z.enum(curveKinds).optional(), ...treasuryPage }),
    out: paged(curveSchema),
    who: 'anyone',
    rest: { method: 'GET', path: '/curve', scope: 'curve:read' },
    cli: { words: 'curve list' },
  }),
  'curve.get': treasuryQuery({
    about: 'one curve with its price over supply for a chart: from nothing minted to twice what is, or as far as asked',
    in: z.object({
      curveId,
      upTo: curveAmount
        .optional()
        .describe('supply up to which the chart goes; absent: twice what is minted, at least until the price doubles'),
      points: z.int().min(2).max(500).default(65),
    }),
    out: z.object({ curve: curveSchema, points: z.array(z.object({ supply: curveAmount, price: priceText })) }),
    who: 'anyone',
    rest: { method: 'GET', path: '/curve/:curveId', scope: 'curve:read' },
    cli: { words: 'curve get', args: ['curveId'] },
  }),
  'curve.quote': treasuryQuery({
    about: "what a payment would mint on the curve alone: the buyer's share first; refused as the mint would be, whoever pays",
    in: z.object({
      curveId,
      payment: curveAmount,
      pricing: pricing.optional().describe("exact, or spot as a chain does it; absent: the curve's own"),
    }),
    out: curveQuoteSchema,
    who: 'anyone',
    rest: { method: 'GET', path: '/curve/:curveId/quote', scope: 'curve:read' },
    cli: { words: 'curve quote', args: ['curveId', 'payment'] },
  }),
  'curve.routes': treasuryQuery({
    about: 'the curve and the pool side by side for a payment, fees taken, and which gives the buyer more',
    in: z.object({
      curveId,
      payment: curveAmount,
    }),
    out: curveRoutesSchema,
    who: 'anyone',
    rest: { method: 'GET', path: '/curve/:curveId/routes', scope: 'curve:read' },
    cli: { words: 'curve routes', args: ['curveId', 'payment'] },
  }),
  'curve.calculate': treasuryQuery({
    about: 'a mint worked out from numbers alone, in base units as a chain has them; slope or first price may be 0',
    in: z.object({
      initialPrice: wholeText.describe('times the precision'),
      slope: wholeText.describe('times the precision squared'),
      payment: wholeText,
      issuance: wholeText.optional().describe('absent: 0'),
      initialIssuance: wholeText.optional().describe('absent: 0'),
      precision: wholeText.optional().describe('absent: 1000000000000'),
      pricing: pricing.default('exact'),
      profile: profile.default('standard'),
    }),
    out: z.object({
      ...{ share: wholeText, burnt: wholeText, charged: wholeText, unspent: wholeText },
      ...{ minted: wholeText, zap: wholeText, treasury: wholeText, priceBefore: wholeText, priceAfter: wholeText },
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'curve calculate', args: ['initialPrice', 'slope', 'payment'] },
  }),
  'curve.account': treasuryQuery({
    about: "the account that a chain's pallet owns, worked out from its id, step by step: nobody has a key of it",
    in: z.object({
      palletId: z.string().length(8).default('tmcurve0'),
      subId: z.int().min(0).max(4_294_967_295).optional().describe("one of the pallet's own accounts"),
    }),
    out: z.object({
      palletId: z.string(),
      /** in the order in which the 32 bytes are put together */
      steps: z.array(z.object({ what: z.string(), hex: z.string() })),
      /** 32 bytes */
      accountHex: z.string(),
      /** SS58 of the general kind (prefix 42) */
      address: z.string(),
    }),
    who: 'anyone',
    rest: null,
    cli: { words: 'curve account', args: ['palletId'] },
  }),
  'curve.events': treasuryQuery({
    about: 'what happened on a curve, or on all, newest first',
    in: z.object({ curveId: curveId.optional(), name: z.enum(curveEventNames).optional(), ...treasuryPage }),
    out: paged(curveEventSchema),
    who: 'anyone',
    rest: { method: 'GET', path: '/curve/events', scope: 'curve:read' },
    cli: { words: 'curve events', args: ['curveId'] },
  }),
  'curve.holding': treasuryQuery({
    about: "what an entity has of a curve's two assets",
    in: z.object({ curveId, entityId: entityRef.optional() }),
    out: holdingSchema,
    who: 'anyone',
    rest: null,
    cli: { words: 'curve holding', args: ['curveId', 'entityId'] },
  }),
  'curve.create': treasuryCommand({
    about:
      'make the curve of an asset, which counts from its issuance as it is; on the ledger both are tokens of the books, a simulated one takes any names',
    in: z.object({
      asset,
      foreignAsset: asset.describe('what is paid with'),
      initialPrice: priceText.describe('of the first token'),
      slope: slopeText,
      kind: z.enum(curveKinds).default('ledger'),
      profile: profile.default('standard').describe('who gets what is minted'),
      pricing: pricing.default('exact').describe('spot only where it is simulated'),
      poolFeePpm: z.int().min(0).max(100_000).optional().describe('fee of the pool in millionths; absent: as the configuration has it'),
      initialIssuance: curveAmount.optional().describe('simulated: issued before the curve is made; absent: nothing'),
    }),
    out: curveSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'curve create', args: ['asset', 'foreignAsset', 'initialPrice', 'slope'] },
  }),
  'curve.updateSlope': treasuryCommand({
    about: 'give a curve another slope: the price changes at once for what is minted from now on',
    in: z.object({ curveId, slope: slopeText }),
    out: curveSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'curve update-slope', args: ['curveId', 'slope'] },
  }),
  'curve.mint': treasuryCommand({
    about: 'pay on the curve: your share is minted to you, the rest goes to liquidity; no more is taken than the curve charges',
    in: z.object({ curveId, payment: curveAmount, leastShare: curveAmount.optional().describe('no mint where your share would be less') }),
    out: traded,
    who: 'entity',
    rest: { method: 'POST', path: '/curve/:curveId/mint', scope: 'curve:write' },
    cli: { words: 'curve mint', args: ['curveId', 'payment'] },
  }),
  'curve.buy': treasuryCommand({
    about: "buy by the better route, the curve or the pool; the router's fee is burned later for the asset",
    in: z.object({
      curveId,
      payment: curveAmount,
      leastShare: curveAmount.optional().describe('nothing is bought where your share would be less'),
    }),
    out: traded,
    who: 'entity',
    rest: { method: 'POST', path: '/curve/:curveId/buy', scope: 'curve:write' },
    cli: { words: 'curve buy', args: ['curveId', 'payment'] },
  }),
  'curve.burn': treasuryCommand({
    about: 'burn tokens of your own: the issuance and the price fall at once, and nothing of what was paid comes back',
    in: z.object({ curveId, amount: curveAmount }),
    out: z.object({ curve: curveSchema, holding: holdingSchema }),
    who: 'entity',
    rest: { method: 'POST', path: '/curve/:curveId/burn', scope: 'curve:write' },
    cli: { words: 'curve burn', args: ['curveId', 'amount'] },
  }),
  'curve.burnFees': treasuryCommand({
    about: "let the burning manager buy in the pool with the router's fees, and burn what it gets",
    in: z.object({ curveId, least: curveAmount.optional().describe('nothing is burned where it would be less') }),
    out: z.object({ curve: curveSchema, spent: curveAmount, burnt: curveAmount }),
    who: 'administrator',
    rest: null,
    cli: { words: 'curve burn-fees', args: ['curveId'] },
  }),
  'curve.deposit': treasuryCommand({
    about: 'simulated: give an entity so much of the asset that is paid with; it is no money',
    in: z.object({ curveId, entityId: entityRef.optional().describe('absent: yours'), amount: curveAmount }),
    out: holdingSchema,
    who: 'administrator',
    rest: null,
    cli: { words: 'curve deposit', args: ['curveId', 'amount'] },
  }),
}
