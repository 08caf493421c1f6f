import { z } from 'zod'
import { none, page, textFile } from './contract-parts.ts'
import { bigintText, resourceRuleSchema, rulesSchema } from './mint.ts'
import { MAX_UNITS } from './money.ts'
import { triggerSchema } from './node-period.ts'

/*
 * The contract's part for votes: signed statements of a network's signers about what a period (v3) or a mint (node-period) pays. All times
 * are seconds since the epoch, amounts units of 1e-7 TFT, hashes and keys hex without 0x.
 */

const hex32 = z.string().regex(/^[0-9a-f]{64}$/)
const network = z.string().min(1).max(100)

/** How a signer signs. A Stellar account's key is an ed25519 one. */
export const voteKeyKindSchema = z.enum(['sr25519', 'ed25519'])
export type VoteKeyKind = z.infer<typeof voteKeyKindSchema>

/** Longest text that an import or a signature takes in one go, in characters. */
export const MAX_VOTES_CHARS = 900_000
/** Most votes that are signed in one go. */
export const MAX_AT_ONCE = 1000
/** Most signers of a network. */
export const MAX_SIGNERS = 100
/** Bytes of a statement, of a vote (with its signature), and characters of a vote as text. */
export const STATEMENT_BYTES = 210
export const VOTE_BYTES = STATEMENT_BYTES + 64
export const VOTE_TEXT_CHARS = 376

export const voteKeySchema = z.object({ kind: voteKeyKindSchema, publicKey: hex32 })
export type VoteKey = z.infer<typeof voteKeySchema>

/** `name`: what this machine calls the signer; other machines may call the same key something else. */
export const voteSignerSchema = voteKeySchema.extend({ name: z.string().trim().min(1).max(100) })
export type VoteSigner = z.infer<typeof voteSignerSchema>

/** Who may vote on a network, and how many equal votes it takes. */
export const signerSetSchema = z.object({
  /** hash of the chain's block 0: a vote of another chain never counts here */
  genesis: hex32,
  /** grows with every change, so that votes on a former set stay void also where the same signers come back */
  serial: z.number().int().min(1).max(0xffff_ffff),
  threshold: z.number().int().min(1).max(MAX_SIGNERS),
  signers: z.array(voteSignerSchema).max(MAX_SIGNERS),
})
export type SignerSet = z.infer<typeof signerSetSchema>

/** What is voted on: all payouts of a fixed period, or the `attempt`th decision on one mint (after a failed payment it is voted on anew). */
export const voteSubjectSchema = z.discriminatedUnion('rules', [
  z.object({ rules: z.literal('v3'), period: z.number().int().min(0).max(1_000_000) }),
  z.object({
    rules: z.literal('node-period'),
    nodeId: z.number().int().min(0).max(0xffff_ffff),
    start: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    attempt: z.number().int().min(1).max(0xffff),
  }),
])
export type VoteSubject = z.infer<typeof voteSubjectSchema>

/** The options of the rule set that the figures were worked out with. */
export const voteOptionsSchema = z.discriminatedUnion('rules', [
  z.object({ rules: z.literal('v3'), resources: resourceRuleSchema }),
  z.object({
    rules: z.literal('node-period'),
    carbon: z.boolean(),
    /** the fixed period that it counts first; null: no change-over */
    firstNodePeriod: z.number().int().min(1).max(0xffff_fffe).nullable(),
  }),
])
export type VoteOptions = z.infer<typeof voteOptionsSchema>

/** What a vote is for. Votes agree where all of it is equal. */
export const voteChoiceSchema = z.object({
  options: voteOptionsSchema,
  /** v3: SHA-256 of the bytes of payouts.csv; node-period: the mint's id */
  planHash: hex32,
  /** what is paid in all */
  amountUnits: bigintText,
})
export type VoteChoice = z.infer<typeof voteChoiceSchema>

/** Everything that is signed. */
export const voteStatementSchema = voteChoiceSchema.extend({
  genesis: hex32,
  /** hash of the signer set and M */
  signersHash: hex32,
  subject: voteSubjectSchema,
  /** hash of what the figures rest on (src-shared/verify.ts), which travels beside the vote; null: nothing was said */
  basisHash: hex32.nullable(),
  /** of a signer's votes on one subject the latest counts; never earlier than the signer's last one, whatever the clock says */
  castTs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  signer: voteKeySchema,
})
export type VoteStatement = z.infer<typeof voteStatementSchema>

/** Whether an amount can be voted for. */
export function isVotable(amountUnits: bigint): boolean {
  return amountUnits > 0n && amountUnits <= MAX_UNITS
}

/** Why a vote is not taken. */
export const voteRefusals = [
  'damaged', // cut, mistyped, or no vote at all: its checksum is wrong
  'version', // of a newer Granary
  'not-canonical', // members that contradict each other
  'foreign-network', // another chain's genesis
  'old-signers', // another signer set or M than holds now
  'unauthorised', // the key is none of the signers'
  'forged', // the signature does not belong to the statement
  'no-signers', // this network has no signers yet
  'other-key', // the chosen key is another than the statement's
  'single-word', // it rests on one word only, and that was not confirmed
  'executed', // what it is about was decided or paid already
  'nothing', // there is nothing to vote on
  'not-signed', // a statement, which nobody signed yet
] as const
export const voteRefusalSchema = z.enum(voteRefusals)
export type VoteRefusal = z.infer<typeof voteRefusalSchema>

/** open: not enough equal votes; agreed: M are equal; executed: decided or paid, nothing more counts. */
export const voteStateSchema = z.enum(['open', 'agreed', 'executed'])
export type VoteState = z.infer<typeof voteStateSchema>

export const voteRowSchema = z.object({
  subject: voteSubjectSchema,
  state: voteStateSchema,
  /** what Granary works out itself; null: not known here (yet) */
  ownUnits: bigintText.nullable(),
  /** signers that voted, and how many of them agree at most, of those that count */
  votes: z.number(),
  agreeing: z.number(),
  /** names of the signers whose keys are here and who did not vote yet */
  waitingFor: z.array(z.string()),
})
export type VoteRow = z.infer<typeof voteRowSchema>

export const voteCellSchema = z.object({
  signer: voteSignerSchema,
  /** a key of the vault here signs for this signer */
  isHere: z.boolean(),
  /** null: did not vote */
  vote: z
    .object({
      choice: voteChoiceSchema,
      castTs: z.number(),
      /** the vote as text, for a QR picture */
      text: z.string(),
      counts: z.boolean(),
      /** why it does not count; empty where it does */
      why: z.string(),
      /** what it rests on, a sentence each; empty: that did not come along */
      basis: z.array(z.string()),
      /** why it rests on one word only; null: on more than one */
      singleWord: z.string().nullable(),
    })
    .nullable(),
})
export type VoteCell = z.infer<typeof voteCellSchema>

export const voteOutcomeSchema = z.object({
  choice: voteChoiceSchema,
  signers: z.array(z.string()),
  /** M equal votes */
  enough: z.boolean(),
  isOwn: z.boolean(),
})
export type VoteOutcome = z.infer<typeof voteOutcomeSchema>

export const voteMatrixSchema = z.object({
  subject: voteSubjectSchema,
  state: voteStateSchema,
  trigger: triggerSchema,
  /** votes that differ from what Granary works out don't count (trigger verified-amount) */
  verified: z.boolean(),
  threshold: z.number(),
  /** what Granary works out; null: `ownWhy` says why it can't */
  own: voteChoiceSchema.nullable(),
  ownWhy: z.string(),
  cells: z.array(voteCellSchema),
  /** most votes first */
  outcomes: z.array(voteOutcomeSchema),
  /** how it was executed, in words; empty: it was not */
  executed: z.string(),
})
export type VoteMatrix = z.infer<typeof voteMatrixSchema>

/** A statement as it is shown before it is signed: all that its bytes say, and what there is to think about. */
export const voteReviewSchema = z.object({
  /** the statement's bytes with a checksum; and what it rests on, as a second line where that is known */
  text: z.string(),
  /** SHA-256 of the statement's bytes */
  hash: hex32,
  statement: voteStatementSchema,
  network: z.string(),
  signerName: z.string(),
  /** name and value of each field as decoded from the bytes */
  fields: z.array(z.object({ name: z.string(), value: z.string() })),
  warnings: z.array(z.string()),
  basis: z.array(z.string()),
  /** why signing takes an extra confirmation; null: it does not */
  singleWord: z.string().nullable(),
  /** keys of the vault that can sign it */
  keys: z.array(z.object({ keyId: z.string(), name: z.string() })),
})
export type VoteReview = z.infer<typeof voteReviewSchema>

/** Statements of one signer on many subjects, as they are shown before they are signed in one go. */
export const votesReviewSchema = z.object({
  /** the statements, one a line, and after them what they rest on */
  text: z.string(),
  /** SHA-256 of the statements' bytes, one after the other */
  hash: hex32,
  network: z.string(),
  signerName: z.string(),
  count: z.number(),
  sumUnits: bigintText,
  /** in the order of the statements */
  rows: z.array(voteChoiceSchema.extend({ subject: voteSubjectSchema })),
  /** each names its subject */
  warnings: z.array(z.string()),
  basis: z.array(z.string()),
  /** why signing takes an extra confirmation, with how many votes it is about; null: it does not */
  singleWord: z.string().nullable(),
  /** what no statement was made on, and why */
  left: z.array(z.object({ subject: voteSubjectSchema, why: z.string() })),
  keys: z.array(z.object({ keyId: z.string(), name: z.string() })),
})
export type VotesReview = z.infer<typeof votesReviewSchema>

export const voteImportSchema = z.object({
  /** new ones, and those that took the place of an earlier vote of the same signer */
  added: z.number(),
  /** were there already, or are earlier than the signer's vote that is there */
  unchanged: z.number(),
  refused: z.array(z.object({ line: z.number(), reason: voteRefusalSchema, message: z.string() })),
})
export type VoteImport = z.infer<typeof voteImportSchema>

export const voteQueries = {
  /** what is open comes first, of that what was voted on already */
  'votes.list': {
    in: z.object({ ...page }),
    out: z.object({
      network: z.string().nullable(),
      trigger: triggerSchema,
      rules: rulesSchema,
      rows: z.array(voteRowSchema),
      total: z.number(),
      open: z.number(),
    }),
  },
  'votes.matrix': { in: z.object({ subject: voteSubjectSchema }), out: voteMatrixSchema },
  'votes.signers': {
    in: none,
    out: z.object({
      network: z.string().nullable(),
      /** of the chain, where it is known: what a new set is for */
      genesis: z.string().nullable(),
      set: signerSetSchema.nullable(),
      signersHash: z.string().nullable(),
      /** votes that a change of signers made void */
      voided: z.number(),
      /** open votes, which the next change makes void */
      open: z.number(),
    }),
  },
  /** what would be wrong with a set */
  'votes.checkSigners': {
    in: z.object({ set: signerSetSchema }),
    out: z.array(z.object({ field: z.string(), message: z.string() })),
  },
  /** a signer as somebody enters it: a key as 0x… or as an address (SS58, or G…) */
  'votes.readSigner': {
    in: z.object({
      name: voteSignerSchema.shape.name,
      kind: z.enum(['sr25519', 'ed25519', 'stellar']),
      key: z.string().trim().min(1).max(100),
    }),
    out: voteSignerSchema,
  },
  /** the signer set as a text that other machines take (votes.setSigners reads its members) */
  'votes.signersFile': { in: none, out: textFile },
  /**
   * A statement for a signer, to be looked at and signed. Absent `amountUnits` and `payouts`: what Granary works out. `payouts`: the text
   * of a payouts.csv, which is voted for byte by byte.
   */
  'votes.prepare': {
    in: z.object({
      subject: voteSubjectSchema,
      signer: voteKeySchema,
      amountUnits: bigintText.optional(),
      payouts: z.string().max(MAX_VOTES_CHARS).optional(),
    }),
    out: voteReviewSchema,
  },
  /** statements of a signer on many subjects, each for what Granary works out; what can't be voted on is left out */
  'votes.prepareMany': {
    in: z.object({ subjects: z.array(voteSubjectSchema).min(1).max(MAX_AT_ONCE), signer: voteKeySchema }),
    out: votesReviewSchema,
  },
  /** a statement that somebody else prepared, or the statement of a vote */
  'votes.review': { in: z.object({ text: z.string().max(20_000) }), out: voteReviewSchema },
  /** votes with what they rest on, one a line; of one subject, else of all that are open */
  'votes.export': { in: z.object({ subject: voteSubjectSchema.optional() }), out: textFile.extend({ votes: z.number() }) },
} as const

export const voteCommands = {
  /** `network`: whose signers the form showed; another one by now is refused */
  'votes.setSigners': { in: z.object({ network, set: signerSetSchema }), out: z.object({ signersHash: z.string(), voided: z.number() }) },
  /** `confirmed`: also if what it rests on is one word only */
  'votes.sign': {
    in: z.object({ network, text: z.string().max(20_000), keyId: z.string().min(1).max(100), confirmed: z.boolean().default(false) }),
    out: z.object({ vote: z.string() }),
  },
  /** all or none; `count` and `sumUnits`: as they were shown, or nothing is signed */
  'votes.signMany': {
    in: z.object({
      network,
      text: z.string().max(MAX_VOTES_CHARS),
      keyId: z.string().min(1).max(100),
      confirmed: z.boolean().default(false),
      count: z.number().int().min(1).max(MAX_AT_ONCE),
      sumUnits: bigintText,
    }),
    out: z.object({ votes: z.array(z.string()) }),
  },
  'votes.import': { in: z.object({ network, text: z.string().max(MAX_VOTES_CHARS) }), out: voteImportSchema },
} as const
