import type { ProposalState, ProposalType } from '../../../src-shared/treasury/governance.ts'
import { isParameter, type ParameterName, parameterNames, parameters } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { WHOLE_BPS } from '../../../src-shared/treasury/shares.ts'
import { isApproved, isQuorate, type Tally } from './tally.ts'

/** A setting and the value that a PARAMETER_UPDATE gives it: fixed in the proposal, JSON as a file has it. */
export interface ParameterChange {
  name: ParameterName
  value: unknown
}

export interface Proposal {
  type: ProposalType
  /** with a PARAMETER_UPDATE only */
  change: ParameterChange | null
  /** hundredths of a percent; those of the day of proposing */
  quorumBps: number
  thresholdBps: number
  /** the vote: both seconds belong to it */
  startTs: number
  endTs: number
  executedTs: number | null
}

export interface ProposalOrder {
  type: ProposalType
  /** a setting by its name, and its value as a file has it */
  change: { name: string; value: unknown } | null
  quorumBps: number
  thresholdBps: number
  startTs: number
  endTs: number
}

/**
 * A proposal, by somebody who holds so much BTA-GOV, locked or not.
 * @throws `governance.tokens`, `governance.quorum`, `governance.threshold`, `governance.window`, `governance.parameter`
 */
export function propose(order: ProposalOrder, heldUnits: bigint, leastUnits: bigint, nowTs: number): Proposal {
  const { type, quorumBps, thresholdBps, startTs, endTs } = order
  if (heldUnits < leastUnits) throw refuse('governance.tokens')
  if (!isShare(quorumBps)) throw refuse('governance.quorum')
  if (!isShare(thresholdBps)) throw refuse('governance.threshold')
  // a start in the past would let the proposer choose whose balances count
  if (!(startTs >= nowTs && endTs > startTs)) throw refuse('governance.window')
  const change = order.change && checkChange(order.change)
  if ((type === 'PARAMETER_UPDATE') !== (change !== null)) throw refuse('governance.parameter', { type })
  return { type, change, quorumBps, thresholdBps, startTs, endTs, executedTs: null }
}

/**
 * Where a proposal stands. Its votes are those of its time, and its supply is that of its start, so the outcome is the same however late it is read.
 * @param circulatingUnits of BTA-GOV at the start of the vote, as the votes' own power is
 */
export function stateOf(proposal: Proposal, tally: Tally, circulatingUnits: bigint, nowTs: number): ProposalState {
  if (proposal.executedTs !== null) return 'EXECUTED'
  if (nowTs < proposal.startTs) return 'PENDING'
  if (nowTs <= proposal.endTs) return 'ACTIVE'
  return isQuorate(tally, proposal.quorumBps, circulatingUnits) && isApproved(tally, proposal.thresholdBps) ? 'PASSED' : 'REJECTED'
}

/**
 * Carries out a proposal that has passed, once; `change` is what to set, checked anew against the bounds.
 * @param proposal null where there is none of that id
 * @throws `governance.unknown`, `governance.permissions`, `governance.executed`, `governance.not-passed`, `governance.parameter`
 */
export function execute(
  proposal: Proposal | null,
  state: ProposalState | null,
  isAdministrator: boolean,
  nowTs: number,
): { proposal: Proposal; change: ParameterChange | null } {
  if (!proposal || !state) throw refuse('governance.unknown')
  if (!isAdministrator) throw refuse('governance.permissions')
  if (state === 'EXECUTED') throw refuse('governance.executed')
  if (state !== 'PASSED') throw refuse('governance.not-passed', { state })
  return { proposal: { ...proposal, executedTs: nowTs }, change: proposal.change && checkChange(proposal.change) }
}

/**
 * A change that a vote can make: of a setting on the list of those, within its type and bounds.
 * @throws `governance.parameter`
 */
export function checkChange({ name, value }: { name: string; value: unknown }): ParameterChange {
  if (!isParameter(name) || parameters[name].byVote !== true) throw refuse('governance.parameter', { name })
  if (!parameters[name].schema.safeParse(value).success) throw refuse('governance.parameter', { name })
  return { name, value }
}

/** The settings that can be voted on. */
export function votableParameters(): ParameterName[] {
  return parameterNames.filter(name => parameters[name].byVote === true)
}

function isShare(bps: number): boolean {
  return Number.isInteger(bps) && bps > 0 && BigInt(bps) <= WHOLE_BPS
}
