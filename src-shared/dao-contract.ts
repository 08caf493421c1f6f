import { z } from 'zod'
import { none } from './contract-parts.ts'
import { bigintText } from './mint.ts'
import { networkNameSchema } from './sync.ts'

/*
 * The contract's part for the grid chain's own DAO: its proposals, on which farms vote with the weight of their nodes. They are read at one
 * finalized block, and the last reading is kept for when there is no network. A vote is a call to the chain (chain-contract.ts, `vote`).
 */

const daoVoteSchema = z.object({ farmId: z.number(), approve: z.boolean(), weight: bigintText })

const daoProposalSchema = z.object({
  /** 0x-prefixed hex; what a vote names it by */
  hash: z.string(),
  index: z.number(),
  description: z.string(),
  /** where more is said; whatever the proposer wrote */
  link: z.string(),
  /** the call that the chain makes if it passes, as text; null: the chain does not say, or its runtime of now can't read it */
  action: z.string().nullable(),
  /** how many farms have to vote for it to be closed before its last block */
  threshold: z.number(),
  /** the last block that takes votes */
  endBlock: z.number(),
  /** members of the council that vetoed it */
  vetos: z.number(),
  votes: z.array(daoVoteSchema),
})

const daoFarmSchema = z.object({
  farmId: z.number(),
  name: z.string(),
  /** of its vote; null: the chain does not say */
  weight: bigintText.nullable(),
  /** the account that votes for it; null: the chain does not say */
  account: z.string().nullable(),
  /** one that the user follows, or whose account has a key here */
  isOwn: z.boolean(),
})

/** The DAO as it was after one finalized block. */
export const daoReadingSchema = z.object({
  network: networkNameSchema,
  specVersion: z.number(),
  block: z.object({ n: z.number(), hash: z.string() }),
  /** of that block, seconds since the epoch */
  blockTs: z.number(),
  /** how long its last blocks took on average, milliseconds; null: not known */
  blockMs: z.number().nullable(),
  /** why there is none on this chain; empty: there is one */
  missing: z.string(),
  proposals: z.array(daoProposalSchema),
  /** one's own, and those that voted */
  farms: z.array(daoFarmSchema),
})
export type DaoReading = z.output<typeof daoReadingSchema>

const sideSchema = z.object({ farms: z.number(), weight: bigintText })

/** A proposal as it is shown. */
export const daoRowSchema = daoProposalSchema.omit({ votes: true }).extend({
  /** when its last block is expected, seconds since the epoch; null: not known */
  endTs: z.number().nullable(),
  /** its last block was over: it waits to be closed by the council */
  isOver: z.boolean(),
  yes: sideSchema,
  no: sideSchema,
  /** the user's own farms, and how each voted; null: not yet */
  own: z.array(z.object({ farmId: z.number(), vote: z.enum(['for', 'against']).nullable() })),
})
export type DaoRow = z.output<typeof daoRowSchema>

export const daoVoteRowSchema = daoVoteSchema.extend({ name: z.string() })

export const daoQueries = {
  /** as it was read last; `read` null: it was not yet */
  'dao.list': {
    in: none,
    out: z.object({
      /** null: none is shown that can be asked */
      network: z.string().nullable(),
      read: z
        .object({ block: z.object({ n: z.number(), hash: z.string() }), blockTs: z.number(), specVersion: z.number(), missing: z.string() })
        .nullable(),
      /** those that can be voted on first, the one that ends next first */
      rows: z.array(daoRowSchema),
      /** the user's own, with the key here that can vote for it */
      farms: z.array(daoFarmSchema.omit({ isOwn: true }).extend({ keyId: z.string().nullable(), keyName: z.string().nullable() })),
    }),
  },
  /** a proposal by its hash or its number, with every farm's vote, the heaviest first */
  'dao.get': {
    in: z.object({ proposal: z.string().trim().min(1).max(70) }),
    out: z.object({ row: daoRowSchema, votes: z.array(daoVoteRowSchema) }),
  },
} as const

export const daoCommands = {
  /** Asks the chain of the network that is shown, and keeps what it says; takes seconds. */
  'dao.read': { in: none, out: none },
} as const
