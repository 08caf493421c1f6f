import { z } from 'zod'
import { bigintText } from './mint.ts'
import { networkNameSchema } from './sync.ts'

/* The contract's part for the minting curves of a chain that has their pallet (tokenomics.md, Token minting curve). Nothing here is of the treasury. */

export const chainCurveSchema = z.object({
  /** the chain's number of the asset; 0: the chain's own token */
  asset: z.number(),
  foreignAsset: z.number(),
  /** SS58; null: the chain keeps none */
  creator: z.string().nullable(),
  /** times the precision */
  initialPrice: bigintText,
  /** times the precision squared */
  slope: bigintText,
  /** base units, as all amounts here */
  initialIssuance: bigintText,
  /** null: the chain has its issuance elsewhere than Granary knows to look, so that the price is not known either */
  issuance: bigintText.nullable(),
  supply: bigintText.nullable(),
  /** of one unit now, times the precision, cut as a chain does it */
  price: bigintText.nullable(),
  /** what the pallet's account holds of the asset: the share of the zap manager; null: not known */
  held: bigintText.nullable(),
})
export type ChainCurve = z.output<typeof chainCurveSchema>

/** The pallet's account as it is worked out here, held against what the chain says. */
export const chainCurveAccountSchema = z.object({
  palletId: z.string(),
  /** 32 bytes */
  accountHex: z.string(),
  /** SS58 of the general kind (prefix 42) */
  address: z.string(),
  /** the id that the chain's runtime names; null: it names none */
  saidPalletId: z.string().nullable(),
  /** `same`: the chain's id gives this account. `differs`: it gives another, `saidAddress`. `unsaid`: the chain names no id to compare with */
  check: z.enum(['same', 'differs', 'unsaid']),
  saidAddress: z.string().nullable(),
  /** whether the chain has an account of that address */
  exists: z.boolean(),
})
export type ChainCurveAccount = z.output<typeof chainCurveAccountSchema>

/** What was read of a chain's curves after one finalized block. */
export const chainCurvesReadSchema = z.object({
  block: z.number(),
  /** of the block, seconds since the epoch */
  blockTs: z.number(),
  blockHash: z.string(),
  specVersion: z.number(),
  /** what the runtime calls the pallet; null: it has no minting curve */
  pallet: z.string().nullable(),
  precision: bigintText,
  curves: z.array(chainCurveSchema),
  account: chainCurveAccountSchema.nullable(),
})
export type ChainCurvesRead = z.output<typeof chainCurvesReadSchema>

export const chainCurveQueries = {
  /**
   * The minting curves of the network's chain (absent: of the one that is shown) as they were read last; with `now` they are read first, which
   * takes as long as the network does. Where it does not answer, `problem` says so and what was read last stands.
   */
  'chain.curves': {
    in: z.object({ network: networkNameSchema.optional(), now: z.boolean().default(false) }),
    out: z.object({
      /** null: none is shown that has endpoints */
      network: z.string().nullable(),
      /** null: they were never read */
      read: chainCurvesReadSchema.nullable(),
      /** when, seconds since the epoch */
      readTs: z.number().nullable(),
      problem: z.string().nullable(),
    }),
  },
} as const
