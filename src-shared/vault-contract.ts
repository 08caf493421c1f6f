import { z } from 'zod'
import { none, page, paged, textFile } from './contract-parts.ts'
import { bigintText, rulesSchema } from './mint.ts'
import { vaultModeSchema, vaultTransferSchema } from './node-period.ts'

/*
 * The contract's part for the bridge vault: what was minted on a network's chain against what was sent to its vault on Stellar. All times
 * are seconds since the epoch, amounts units of 1e-7 TFT.
 */

const network = z.string().min(1).max(100)
const search = z.string().max(200).optional()

/** How a mint stands with the vault. */
export const mintCoverSchema = z.enum([
  'covered',
  'missing', // no transfer for it
  'differs', // its transfer has another amount (per-mint), the transfer for its group has another sum (periodic), or the vault covers a part (manual)
  'twice', // more than one transfer names it
  'not-yet', // later than the last transfer of mode periodic
  'nothing', // a mint of 0 units needs no transfer
])
export type MintCover = z.infer<typeof mintCoverSchema>

/** What a transfer to the vault is for. */
export const transferUseSchema = z.enum([
  'matches', // exactly the amount of its mint or mints
  'differs', // its mint or mints come to another amount
  'again', // names a mint that another transfer stands for
  'unknown-memo', // names no mint that asks for a transfer, or nothing at all, in mode per-mint
  'no-mints', // no mint since the transfer before it, in mode periodic
  'counts', // any transfer of mode manual
  'duplicate', // an entry of a transaction that is counted already
  'no-amount', // 0 or less is no transfer to the vault
])
export type TransferUse = z.infer<typeof transferUseSchema>

/**
 * none: nothing was minted; covered; waiting: what is not backed waits for the next periodic transfer; misplaced: enough in all, but
 * mints lack a transfer of their own; short: so much is not backed.
 */
export const vaultStateSchema = z.enum(['none', 'covered', 'waiting', 'misplaced', 'short'])

export const vaultVerdictSchema = z.object({
  state: vaultStateSchema,
  /** nothing has to be done for every mint to be backed */
  covered: z.boolean(),
  /** in words, with the amount */
  title: z.string(),
  /** what to do, or what may be looked at; empty: nothing */
  wayOut: z.string(),
})
export type VaultVerdict = z.infer<typeof vaultVerdictSchema>

/** A mint that was decided or paid. */
export const vaultMintSchema = z.object({
  /** the mint's id: the memo of its transfer in mode per-mint */
  id: z.string(),
  nodeId: z.number(),
  /** when the node's own period began, which with the node names the mint */
  start: z.number(),
  /** null: its record is not in the store (any more) */
  farmId: z.number().nullable(),
  farmName: z.string(),
  amountUnits: bigintText,
  /** when it was decided */
  ts: z.number(),
  paid: z.boolean(),
  state: mintCoverSchema,
  word: z.string(),
  why: z.string(),
  /** what of it no transfer backs */
  lackingUnits: bigintText,
  /** the transfers for it */
  txs: z.array(z.string()),
})
export type VaultMintRow = z.infer<typeof vaultMintSchema>

export const vaultTransferRowSchema = vaultTransferSchema.extend({
  state: transferUseSchema,
  word: z.string(),
  why: z.string(),
  /** how many mints it stands for, the first of them, and by how much it is more than they ask for */
  mints: z.number(),
  firstMintId: z.string().nullable(),
  excessUnits: bigintText,
})
export type VaultTransferRow = z.infer<typeof vaultTransferRowSchema>

/** How an entry of the books is not what Stellar has. */
export const vaultDifferenceSchema = z.object({
  tx: z.string(),
  kind: z.enum(['figures', 'not-on-stellar', 'not-entered']),
  /** null: there is none */
  entered: vaultTransferSchema.nullable(),
  ledger: vaultTransferSchema.nullable(),
  /** a sentence */
  why: z.string(),
})
export type VaultDifference = z.infer<typeof vaultDifferenceSchema>

/** A transfer to the vault that nobody has signed yet. */
export const vaultEnvelopeSchema = z.object({
  /** base64 of the XDR */
  envelope: z.string(),
  /** what signers sign, and the transaction's name on the ledger */
  hash: z.string(),
  fileName: z.string(),
  from: z.string(),
  to: z.string(),
  amountUnits: bigintText,
  memo: z.string().nullable(),
  /** until when it can be included; seconds */
  maxTs: z.number(),
})
export type VaultEnvelope = z.infer<typeof vaultEnvelopeSchema>

const partSchema = z.object({ count: z.number(), units: bigintText })

export const vaultQueries = {
  'vault.get': {
    in: none,
    out: z.object({
      /** the network of what is shown; null: none is known yet */
      network: z.string().nullable(),
      /** which rule set pays; v3 mints nothing on the chain */
      rules: rulesSchema,
      mode: vaultModeSchema,
      address: z.string(),
      mintedUnits: bigintText,
      vaultedUnits: bigintText,
      /** minted less vaulted; above 0: so much is not backed */
      differenceUnits: bigintText,
      verdict: vaultVerdictSchema,
      /** mints without their transfer */
      missing: z.number(),
      mints: z.number(),
      transfers: z.number(),
      /** what `mintedUnits` is made of */
      decided: partSchema,
      paid: partSchema,
      /** what `vaultedUnits` is made of */
      uses: z.array(partSchema.extend({ state: transferUseSchema, word: z.string() })),
      /** what no transfer backs, and by how much transfers are more (negative: less) than their mints; their difference is `differenceUnits` */
      uncoveredUnits: bigintText,
      excessUnits: bigintText,
      /** as Stellar was read last, for this vault and asset; null: it was not */
      ledger: z
        .object({
          readTs: z.number(),
          /** null: the reading was broken off before its first end */
          untilTs: z.number().nullable(),
          transfers: z.number(),
          differences: z.number(),
        })
        .nullable(),
    }),
  },
  /** entries of the books that are not what Stellar has, oldest first */
  'vault.differences': {
    in: z.object({ offset: page.offset, limit: page.limit }),
    out: paged(vaultDifferenceSchema),
  },
  /** asks Stellar for the number that it uses; `mintId`: backs what that mint lacks, else what is not backed in all */
  'vault.build': {
    in: z.object({
      network,
      mintId: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional(),
    }),
    out: vaultEnvelopeSchema,
  },
  'vault.mints': {
    in: z.object({
      /** only those without their transfer */
      missing: z.boolean().default(false),
      /** a node's number, or the beginning of the mint's id, from 4 digits on */
      search,
      ...page,
      sort: z.enum(['ts', 'nodeId', 'amount', 'lacking']).default('ts'),
      descending: z.boolean().default(false),
    }),
    out: paged(vaultMintSchema),
  },
  'vault.transfers': {
    in: z.object({
      /** the beginning of the transaction or the memo, or some of the note */
      search,
      ...page,
      sort: z.enum(['ts', 'amount', 'excess']).default('ts'),
      descending: z.boolean().default(false),
    }),
    out: paged(vaultTransferRowSchema),
  },
  /** all transfers, as a file that vault.importTransfers reads */
  'vault.csv': { in: none, out: textFile },
} as const

/** Longest file that a page can hand over, in bytes of JSON: a message to the core holds no more. */
export const MAX_TRANSFERS_BYTES = 1_000_000

/** `network`: the one whose vault was on screen; the commands are refused where another one is shown by now. */
export const vaultCommands = {
  /** `added` 0: it was there already */
  'vault.addTransfer': {
    in: z.object({ network, transfer: vaultTransferSchema }),
    out: z.object({ added: z.number() }),
  },
  /** a CSV text; all of it or nothing */
  'vault.importTransfers': {
    in: z.object({ network, text: z.string().max(MAX_TRANSFERS_BYTES) }),
    out: z.object({ added: z.number(), unchanged: z.number() }),
  },
  /** reads what Stellar has of transfers to the vault, in the background; goes on where it stopped. What the books lack is entered */
  'vault.read': { in: z.object({ network }), out: z.object({ jobId: z.string() }) },
  /** what Stellar has takes the place of what was entered of that transaction; the note stays */
  'vault.takeOver': { in: z.object({ network, tx: z.string().max(64) }), out: none },
  'vault.removeTransfer': { in: z.object({ network, tx: z.string().max(64) }), out: none },
} as const
