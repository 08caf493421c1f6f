import { z } from 'zod'
import { none, page, paged, textFile } from './contract-parts.ts'
import { bigintText } from './mint.ts'
import { signReviewSchema } from './review-contract.ts'
import { networkNameSchema } from './sync.ts'

/*
 * The contract's part for calls to the grid's chain: what can be called, what is under way and what came of it. A call is prepared (its bytes
 * are made and shown), signed, submitted, and followed until a finalized block has it or none can any more. Where the key is on a machine
 * without a network, its bytes go there as a file, and a file with the signature comes back.
 */

/** The longest file of a call: some 20 times what a runtime takes. */
export const MAX_CALL_FILE_CHARS = 900_000

const u32 = z.number().int().min(0).max(0xffff_ffff)
const u64Text = z
  .string()
  .trim()
  .regex(/^(0|[1-9]\d{0,19})$/, 'An amount is a whole number of units.')
  .refine(text => BigInt(text) < 2n ** 64n, 'The chain takes no amount as large as that.')

/** What Granary asks of a chain; each only where the chain's runtime has it. */
export const chainCallSchema = z.discriminatedUnion('kind', [
  /** a farm's vote on a proposal of the DAO */
  z.object({
    kind: z.literal('vote'),
    farmId: u32,
    proposal: z
      .string()
      .trim()
      .toLowerCase()
      .regex(/^0x[0-9a-f]{64}$/, 'A proposal is named by its hash: 0x and 64 hex digits.'),
    approve: z.boolean(),
  }),
  /** where a farm's payouts go */
  z.object({
    kind: z.literal('payout-address'),
    farmId: u32,
    address: z
      .string()
      .trim()
      .regex(/^G[A-Z2-7]{55}$/, 'A Stellar address has 56 letters and digits and begins with G.'),
  }),
  /** what a node has earned and was not paid */
  z.object({ kind: z.literal('claim'), nodeId: u32 }),
  /** a signer's word on what a node's mint pays; units of 1e-7 TFT, in digits */
  z.object({ kind: z.literal('submit-amount'), nodeId: u32, periodStart: z.number().int().min(0), amountUnits: u64Text }),
  /** pays a node's mint that the chain worked out, where anyone may */
  z.object({ kind: z.literal('trigger'), nodeId: u32, periodStart: z.number().int().min(0) }),
])
export type ChainCall = z.infer<typeof chainCallSchema>
export const chainCallKindSchema = z.enum(['vote', 'payout-address', 'claim', 'submit-amount', 'trigger'])
export type ChainCallKind = z.infer<typeof chainCallKindSchema>

/**
 * prepared: only its bytes are made. signed: its signature is here and nowhere else. sent: it was or is being sent, and may stand in a block at any time.
 * final: a finalized block has it (`error` says whether it failed there). refused: the node did not take it. expired: no block can have it any more.
 * overtaken: another call took its number.
 */
export const chainStageSchema = z.enum(['prepared', 'signed', 'sent', 'final', 'refused', 'expired', 'overtaken'])
export type ChainStage = z.infer<typeof chainStageSchema>

export const chainRequestSchema = z.object({
  requestId: z.string(),
  network: z.string(),
  call: chainCallSchema,
  stage: chainStageSchema,
  /** the key that signs; its name while it is in the vault */
  signer: z.object({ keyId: z.string().nullable(), name: z.string(), address: z.string() }),
  nonce: z.number(),
  /** the last block that can have it */
  lastBlock: z.number(),
  /** hash of the bytes that are signed */
  payloadHash: z.string(),
  /** hash of the extrinsic; null: not signed yet */
  hash: z.string().nullable(),
  /** the finalized block that has it */
  block: z.object({ n: z.number(), hash: z.string() }).nullable(),
  /** of a final one: the chain's own name of what failed, `Dao.DuplicateVote`; null: it succeeded, or is not final */
  error: z.string().nullable(),
  /** units of 1e-7 TFT: what the chain took, once it is final */
  feeUnits: bigintText.nullable(),
  /** how it goes, or why it ended so, in words */
  note: z.string(),
  /** the request whose place it takes */
  replaces: z.string().nullable(),
  createdTs: z.number(),
  sentTs: z.number().nullable(),
  endedTs: z.number().nullable(),
})
export type ChainRequest = z.infer<typeof chainRequestSchema>

/** A call and what is shown before it is signed, read from the bytes that are signed. */
export const chainReviewSchema = z.object({ request: chainRequestSchema, review: signReviewSchema })
export type ChainReview = z.infer<typeof chainReviewSchema>

/** A call that was made on another machine: what its bytes say, and the keys here that can sign it. */
export const chainFileReviewSchema = z.object({
  network: z.string(),
  /** as ChainRequest.payloadHash */
  payloadHash: z.string(),
  review: signReviewSchema,
  keys: z.array(z.object({ keyId: z.string(), name: z.string() })),
})
export type ChainFileReview = z.infer<typeof chainFileReviewSchema>

export type ChainTextFile = z.infer<typeof textFile>
const fileText = z.string().min(1).max(MAX_CALL_FILE_CHARS)

const requestId = z.uuid()

export const chainQueries = {
  /**
   * What the chain of the network that is shown can be asked for, as far as its runtime is known here; `specVersion` null: it is not.
   * `network` null: none is shown that has endpoints.
   */
  'chain.calls': {
    in: none,
    out: z.object({
      network: z.string().nullable(),
      specVersion: z.number().nullable(),
      calls: z.array(
        z.object({
          kind: chainCallKindSchema,
          pallet: z.string(),
          name: z.string(),
          /** why it can't be called there; empty: it can */
          missing: z.string(),
        }),
      ),
    }),
  },
  /** newest first */
  'chain.requests': { in: z.object(page), out: paged(chainRequestSchema) },
  /** a request as it is shown before it is signed */
  'chain.review': { in: z.object({ requestId }), out: chainReviewSchema },
  /** one that is not signed yet, as a file for the machine that has its key (resources/help/chain-files.md) */
  'chain.file': { in: z.object({ requestId }), out: textFile },
  /** what such a file of another machine asks to sign */
  'chain.readFile': { in: z.object({ text: fileText }), out: chainFileReviewSchema },
} as const

export const chainCommands = {
  /**
   * Makes the bytes of a call for a key of the vault, at the chain's finalized head; takes seconds. `replaces`: one that ended without a block.
   * `offline`: good for as long as the chain allows, as it is signed elsewhere; so is one for a key that is only watched.
   */
  'chain.prepare': {
    in: z.object({
      network: networkNameSchema,
      call: chainCallSchema,
      keyId: z.uuid(),
      replaces: requestId.optional(),
      offline: z.boolean().default(false),
    }),
    out: chainReviewSchema,
  },
  /** `payloadHash`: of the bytes that were shown */
  'chain.sign': { in: z.object({ requestId, payloadHash: z.string().max(66) }), out: z.object({ hash: z.string() }) },
  /** Signs a file of another machine; keeps nothing. `confirmed`: also where its review says stop. */
  'chain.signFile': {
    in: z.object({ text: fileText, payloadHash: z.string().max(66), keyId: z.uuid(), confirmed: z.boolean() }),
    out: textFile,
  },
  /** Keeps the signature of a call that was signed elsewhere: the file, or the signature alone as hex. It is checked before. */
  'chain.takeSignature': { in: z.object({ text: z.string().min(1).max(20_000) }), out: z.object({ requestId, hash: z.string() }) },
  /** Sends it and follows it in the background; one that was sent is followed again, and sent no second time unless nobody has it. */
  'chain.submit': { in: z.object({ requestId }), out: z.object({ jobId: z.string() }) },
  /** Takes one out of the list that was never sent, or that ended. */
  'chain.forget': { in: z.object({ requestId }), out: none },
} as const
