import { type VoteChoice, voteChoices } from '../../../src-shared/treasury/governance.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { WHOLE_BPS } from '../../../src-shared/treasury/shares.ts'
import { checkTrust, FULL_TRUST_HUNDREDTHS } from '../trust/hundredths.ts'

/** A vote as it counts. */
export interface Vote {
  choice: VoteChoice
  /** what the voter held at the start of the vote */
  powerUnits: bigint
  /** when it was cast, in hundredths of 0..100 */
  trustHundredths: number
  weightUnits: bigint
}

export interface Tally {
  /** power of all votes, abstentions included */
  turnoutUnits: bigint
  yesWeightUnits: bigint
  noWeightUnits: bigint
  abstainWeightUnits: bigint
}

/** What a voter gives. */
export interface Ballot {
  choice: string
  /** the balance at the start of the vote, locked or not: a snapshot */
  powerUnits: bigint
  trustHundredths: number
  hasVoted: boolean
}

/** `floor(power*trust/100)` @throws `governance.trust` */
export function weightUnits(powerUnits: bigint, trustHundredths: number): bigint {
  return (powerUnits * BigInt(checkTrust(trustHundredths))) / BigInt(FULL_TRUST_HUNDREDTHS)
}

/**
 * A vote, one for each voter, while the vote is on: its first and its last second belong to it.
 * @param proposal null where there is none of that id
 * @throws `governance.unknown`, `governance.vote`, `governance.early`, `governance.late`, `governance.voted`, `governance.trust`
 */
export function castVote(proposal: { startTs: number; endTs: number } | null, ballot: Ballot, nowTs: number): Vote {
  if (!proposal) throw refuse('governance.unknown')
  const choice = voteChoices.find(each => each === ballot.choice)
  if (!choice) throw refuse('governance.vote')
  if (nowTs < proposal.startTs) throw refuse('governance.early')
  if (nowTs > proposal.endTs) throw refuse('governance.late')
  if (ballot.hasVoted) throw refuse('governance.voted')
  const { powerUnits, trustHundredths } = ballot
  return { choice, powerUnits, trustHundredths, weightUnits: weightUnits(powerUnits, trustHundredths) }
}

/** What the votes come to, in whatever order they are. */
export function tallyOf(votes: Iterable<Pick<Vote, 'choice' | 'powerUnits' | 'weightUnits'>>): Tally {
  const weights = { YES: 0n, NO: 0n, ABSTAIN: 0n }
  let turnoutUnits = 0n
  for (const vote of votes) {
    turnoutUnits += vote.powerUnits
    weights[vote.choice] += vote.weightUnits
  }
  return { turnoutUnits, yesWeightUnits: weights.YES, noWeightUnits: weights.NO, abstainWeightUnits: weights.ABSTAIN }
}

/** Whether as much of the circulating supply voted as it takes, by power: `turnout*100 >= quorum*supply`. */
export function isQuorate({ turnoutUnits }: Tally, quorumBps: number, circulatingUnits: bigint): boolean {
  return turnoutUnits * WHOLE_BPS >= BigInt(quorumBps) * circulatingUnits
}

/** Whether yes has the part of yes and no that it takes, by weight: `yes*100 >= threshold*(yes+no)`, and somebody's yes or no weighs something. */
export function isApproved({ yesWeightUnits, noWeightUnits }: Tally, thresholdBps: number): boolean {
  const decidedUnits = yesWeightUnits + noWeightUnits
  return decidedUnits > 0n && yesWeightUnits * WHOLE_BPS >= BigInt(thresholdBps) * decidedUnits
}
