import { AppError } from '../../../src-shared/errors.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { GOVERNANCE_TOKEN, type ProposalState } from '../../../src-shared/treasury/governance.ts'
import type { VotingPower } from '../../../src-shared/treasury/governance-table.ts'
import { isParameter } from '../../../src-shared/treasury/parameters.ts'
import { execute, propose, stateOf } from '../../engines/governance/proposal.ts'
import { castVote, weightUnits } from '../../engines/governance/tally.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf } from '../../store/ledger.ts'
import { entryAt, heldAfter, issuedAfter, lastEntry } from '../../store/ledger-past.ts'
import {
  findProposal,
  findVote,
  insertProposal,
  insertVote,
  type Snapshot,
  type StoredProposal,
  saveExecuted,
  saveSnapshot,
} from '../../store/treasury-governance.ts'
import { refuseDoubtfulClock } from './clock.ts'
import { changeConfig, checkSetting, settingTexts, typedSetting } from './configuration.ts'
import type { TreasuryContext, TreasuryInput } from './handlers.ts'
import { TREASURY } from './tokens.ts'
import { trustInHundredths } from './trust.ts'

/*
 * Proposals and votes (tokenomics.md, Governance). Power is what a voter held when the vote started, read out of the ledger as it was then; the
 * outcome is counted from the votes whenever somebody looks, and is the same however late that is.
 */

type Doing = Pick<TreasuryContext, 'books' | 'config' | 'nowTs'>

const DAY_SEC = 86_400

export const proposalName = (number: number) => `prop-${number}`

/**
 * Keeps a proposal. Gives its number. Whoever calls it holds the transaction.
 * Throws AppError governance.{tokens,quorum,threshold,window,parameter}, config.invalid, jobs.clock, usage.
 */
export function proposeStored(doing: Doing, proposerId: string, input: TreasuryInput<'governance.create'>): number {
  const { books, config, nowTs } = doing
  const { type, description, startTs = nowTs } = input
  const title = cleanName(input.title)
  if (title === '') throw wrong('title', 'A proposal needs a title that can be read.')
  const { availableUnits, lockedUnits } = balanceOf(books, proposerId, GOVERNANCE_TOKEN)
  const order = {
    ...{ type, change: changeIn(input), startTs, endTs: input.endTs ?? startTs + config['governance.voteDays'] * DAY_SEC },
    quorumBps: bpsOf('quorumPercent', input.quorumPercent ?? config['governance.quorumPercent']),
    thresholdBps: bpsOf('thresholdPercent', input.thresholdPercent ?? config['governance.thresholdPercent']),
  }
  const proposal = propose(order, availableUnits + lockedUnits, config['governance.proposalMin'], nowTs)
  if (proposal.change) checkSetting(config, proposal.change.name, proposal.change.value)
  refuseDoubtfulClock(books, config, nowTs)
  return insertProposal(books, { title, description, proposerId, createdTs: nowTs }, proposal)
}

/** The setting and its value as they were given; the value as it is kept, where it is one of that setting. */
function changeIn({ parameter, value }: TreasuryInput<'governance.create'>): { name: string; value: unknown } | null {
  if (parameter === undefined && value === undefined) return null
  if (parameter === undefined || value === undefined)
    throw wrong(parameter === undefined ? 'parameter' : 'value', 'A setting and its new value are given together.')
  return { name: parameter, value: isParameter(parameter) ? typedSetting(parameter, value) : value }
}

/** Hundredths of a percent. */
function bpsOf(field: string, percent: number): number {
  const bps = Math.round(percent * 100)
  if (bps / 100 !== percent) throw wrong(field, 'It has 2 decimals at most.')
  return bps
}

function wrong(field: string, why: string): AppError {
  return new AppError('usage', `${field}: ${why} Nothing was proposed.`, { details: { field } })
}

/**
 * Keeps a vote; the first one fixes what all of them are counted by, so that nothing that is booked later changes it, whatever the clock says
 * then. Whoever calls it holds the transaction. Throws AppError governance.{unknown,vote,early,late,voted}, jobs.clock.
 * @param number null where there is none of that id
 */
export function voteStored(doing: Doing, number: number | null, voterId: string, choice: string): void {
  const { books, config, nowTs } = doing
  const stored = found(books, number)
  const ballot = {
    choice: choice.toUpperCase(),
    powerUnits: stored ? heldAfter(books, voterId, GOVERNANCE_TOKEN, snapshotOf(doing, stored).entry) : 0n,
    trustHundredths: trustInHundredths(doing, voterId),
    hasVoted: stored !== null && findVote(books, stored.number, voterId) !== null,
  }
  const vote = castVote(stored?.proposal ?? null, ballot, nowTs)
  refuseDoubtfulClock(books, config, nowTs)
  if (stored!.snapshot === null) saveSnapshot(books, stored!.number, snapshotOf(doing, stored!))
  insertVote(books, stored!.number, { voterId, vote, castTs: nowTs })
}

/**
 * Carries out a proposal that has passed; a PARAMETER_UPDATE sets its setting, and the setting's history names the proposal. Whoever calls it
 * holds the transaction. Throws AppError governance.{unknown,permissions,executed,not-passed,parameter}, config.invalid, jobs.clock.
 * @param number null where there is none of that id
 */
export function executeStored(doing: Doing & Pick<TreasuryContext, 'isAdministrator'>, number: number | null): void {
  const { books, config, nowTs, isAdministrator } = doing
  const stored = found(books, number)
  const state = stored && proposalState(doing, stored)
  const { change } = execute(stored?.proposal ?? null, state, isAdministrator, nowTs)
  refuseDoubtfulClock(books, config, nowTs)
  const before = change && settingTexts(books).get(change.name)!
  if (change) {
    const actor = `administrator (${proposalName(stored!.number)})`
    changeConfig(books, { [change.name]: change.value }, { actor, ts: nowTs })
  }
  saveExecuted(books, stored!.number, nowTs, before)
}

/** Where a proposal stands at `nowTs`. */
export function proposalState(doing: Doing, stored: StoredProposal): ProposalState {
  return stateOf(stored.proposal, stored.tally, snapshotOf(doing, stored).circulatingUnits, doing.nowTs)
}

const known = new WeakMap<Store, Map<number, Snapshot>>()

/** What the votes on a proposal are counted by: the ledger as it was at the start of the vote; before that, as it is now. */
export function snapshotOf({ books, nowTs }: Doing, { number, proposal, snapshot }: StoredProposal): Snapshot {
  if (snapshot) return snapshot
  if (nowTs < proposal.startTs) return snapshotAt(books, lastEntry(books))
  const kept = known.get(books)?.get(number)
  if (kept) return kept
  const { entry, isFinal } = entryAt(books, proposal.startTs)
  const taken = snapshotAt(books, entry)
  // what a transaction posted may still be undone
  if (isFinal && !books.books.inTransaction) {
    if (!known.has(books)) known.set(books, new Map())
    known.get(books)!.set(number, taken)
  }
  return taken
}

function snapshotAt(books: Store, entry: number): Snapshot {
  return { entry, circulatingUnits: issuedAfter(books, GOVERNANCE_TOKEN, entry) - heldAfter(books, TREASURY, GOVERNANCE_TOKEN, entry) }
}

/** What an entity's vote counts, or would count if it were cast now. `trustNow`: its trust, hundredths, where it has not voted. */
export function votingPower(
  doing: Doing,
  stored: StoredProposal,
  entityId: string,
  trustNow = () => trustInHundredths(doing, entityId),
): VotingPower {
  const cast = findVote(doing.books, stored.number, entityId)
  if (cast) {
    const { powerUnits, trustHundredths, weightUnits: weight, choice } = cast.vote
    return { power: powerUnits, trust: trustHundredths / 100, weight, vote: choice }
  }
  const power = heldAfter(doing.books, entityId, GOVERNANCE_TOKEN, snapshotOf(doing, stored).entry)
  const trust = trustNow()
  return { power, trust: trust / 100, weight: weightUnits(power, trust), vote: null }
}

/** What circulates of BTA-GOV now, base units. */
export function circulatingNow(books: Store): bigint {
  return snapshotAt(books, lastEntry(books)).circulatingUnits
}

function found(books: Store, number: number | null): StoredProposal | null {
  return number === null ? null : findProposal(books, number)
}
