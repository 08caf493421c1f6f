import type { SignerSet, VoteChoice, VoteSigner } from '../../../src-shared/votes-contract.ts'
import { choiceKey, keyName } from './statement.ts'
import type { Vote } from './verify.ts'

/*
 * Which votes count, and for what. The state is a set of votes with at most one for each signer and subject: the latest of its kind, ties by
 * hash. So any votes merged in any order, as often as one likes, give the same state.
 */

/** Whether `a` takes the place of `b`, another vote of the same signer on the same subject. A total order: of two that differ, one is later. */
export function isLater(a: Vote, b: Vote): boolean {
  if (a.statement.castTs !== b.statement.castTs) return a.statement.castTs > b.statement.castTs
  if (a.hash !== b.hash) return a.hash > b.hash
  // sr25519 signs the same statement differently each time
  return Buffer.compare(a.bytes, b.bytes) > 0
}

export interface TallyRow {
  signer: VoteSigner
  vote: Vote | null
  counts: boolean
  /** why a vote does not count; empty: it does, or there is none */
  why: string
}

export interface Outcome {
  choice: VoteChoice
  signers: VoteSigner[]
  /** M equal votes */
  enough: boolean
  /** equal to what is worked out here */
  isOwn: boolean
}

export interface Tally {
  /** one for each signer, in the set's order */
  rows: TallyRow[]
  /** most votes first, what is worked out here before others with as many */
  outcomes: Outcome[]
  /** what M signers agree on; as M is more than half of N there is at most one */
  agreed: Outcome | null
}

/**
 * Counts one subject's votes. `verified`: only votes equal to `own` count (minting.md, trigger verified-amount), so without `own` none
 * does. Votes on other signers or by others are left out: whoever kept them has refused them before.
 */
export function tally(set: SignerSet, votes: readonly Vote[], verified: boolean, own: VoteChoice | null): Tally {
  const bySigner = new Map(votes.map(vote => [keyName(vote.statement.signer), vote]))
  const ownKey = own && choiceKey(own)
  const rows = set.signers.map((signer): TallyRow => {
    const vote = bySigner.get(keyName(signer)) ?? null
    const why = vote && verified ? whyNot(vote, own) : ''
    return { signer, vote, counts: vote !== null && why === '', why }
  })
  const byChoice = Map.groupBy(
    rows.filter(row => row.vote !== null && row.counts),
    row => choiceKey(row.vote!.statement),
  )
  const outcomes = [...byChoice]
    .map(([key, agreeing]): Outcome => {
      const { options, planHash, amountUnits } = agreeing[0]!.vote!.statement
      return {
        choice: { options, planHash, amountUnits },
        signers: agreeing.map(({ signer }) => signer),
        enough: agreeing.length >= set.threshold && set.threshold * 2 > set.signers.length,
        isOwn: key === ownKey,
      }
    })

    .sort(
      (a, b) =>
        b.signers.length - a.signers.length || Number(b.isOwn) - Number(a.isOwn) || (choiceKey(a.choice) < choiceKey(b.choice) ? -1 : 1),
    )
  return { rows, outcomes, agreed: outcomes.find(({ enough }) => enough) ?? null }
}

function whyNot({ statement }: Vote, own: VoteChoice | null): string {
  if (!own) return 'What it pays was not worked out here yet, and only votes that are equal to that count.'
  if (statement.amountUnits !== own.amountUnits) return 'Another amount than Granary works out here.'
  if (statement.planHash !== own.planHash) return 'The same amount, but another plan than Granary works out here.'
  return choiceKey(statement) === choiceKey(own) ? '' : 'Worked out with other options of the rule set.'
}
