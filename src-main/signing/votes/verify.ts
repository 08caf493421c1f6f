import { cleanName } from '../../../src-shared/text.ts'
import { type SignerSet, STATEMENT_BYTES, VOTE_BYTES, type VoteSigner, type VoteStatement } from '../../../src-shared/votes-contract.ts'
import { verifies } from './signature.ts'
import { signerOf, signersHash } from './signers.ts'
import { decodeStatement, refused, statementHash } from './statement.ts'

/** A vote whose signature was checked against the signers as they are. */
export interface Vote {
  statement: VoteStatement
  /** SHA-256 of the statement's bytes, hex */
  hash: string
  /** statement and signature */
  bytes: Uint8Array
}

/** The parts of a vote's bytes, unchecked. Throws AppError vote.refused as decodeStatement does. */
export function readVote(bytes: Uint8Array): Vote & { signature: Uint8Array } {
  const statement = decodeStatement(bytes.length === VOTE_BYTES ? bytes.subarray(0, STATEMENT_BYTES) : bytes)
  if (bytes.length !== VOTE_BYTES)
    throw refused('not-signed', 'This is a statement that nobody signed yet. Sign it first, then import the vote.')
  return {
    statement,
    hash: statementHash(bytes.subarray(0, STATEMENT_BYTES)),
    bytes: Uint8Array.from(bytes),
    signature: Uint8Array.from(bytes.subarray(STATEMENT_BYTES)),
  }
}

/**
 * Whether a statement may count on this network at all, before any signature: gives its signer. Throws AppError vote.refused:
 * foreign-network, unauthorised, old-signers.
 */
export function authorise(statement: VoteStatement, set: SignerSet): VoteSigner {
  const { genesis, signer: key } = statement
  if (genesis !== set.genesis)
    throw refused(
      'foreign-network',
      `This vote is about another network: its chain began with block 0x${genesis}, this one with 0x${set.genesis}. It is no use here.`,
    )
  const signer = signerOf(set, key)
  const own = signersHash(set)
  if (statement.signersHash !== own) {
    const who = signer ? `"${cleanName(signer.name)}" has to vote again` : 'its signer has to vote again, if still a signer'
    throw refused(
      'old-signers',
      `This vote was cast for signers ${statement.signersHash.slice(0, 16)}…, and here are signers ${own.slice(0, 16)}… (number ${set.serial}). A change of signers or of M makes open votes void: ${who}; or take over the signers' file of whoever changed them.`,
    )
  }
  if (!signer)
    throw refused('unauthorised', `The key ${key.kind} 0x${key.publicKey} is none of this network's signers. Its vote counts for nothing.`)
  return signer
}

/** Checks everything. Rejects with AppError vote.refused and the reason. */
export async function verifyVote(bytes: Uint8Array, set: SignerSet): Promise<Vote> {
  const { signature, ...vote } = readVote(bytes)
  const signer = authorise(vote.statement, set)
  if (!(await verifies(signer, bytes.subarray(0, STATEMENT_BYTES), signature)))
    throw refused(
      'forged',
      `The signature does not belong to this vote: "${cleanName(signer.name)}" did not sign it as it is. Ask for the vote once more, from the signer's own hand.`,
    )
  return vote
}
