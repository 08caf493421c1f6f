import type { Statement } from 'better-sqlite3'
import type { VoteChoice } from '../../src-shared/treasury/governance.ts'
import type { Proposal } from '../engines/governance/proposal.ts'
import type { Tally, Vote } from '../engines/governance/tally.ts'
import { prepared } from './db.ts'
import type { Store } from './open.ts'
import type { Page } from './treasury-staking.ts'

/* Proposals and votes (treasury-governance-tables.ts). Whoever writes here holds the transaction. */

/** What the votes on a proposal are counted by. */
export interface Snapshot {
  /** the last entry of the ledger that counts */
  entry: number
  circulatingUnits: bigint
}

export interface StoredProposal {
  number: number
  title: string
  description: string
  proposerId: string
  createdTs: number
  proposal: Proposal
  /** fixed with the first vote; null: nobody has voted yet */
  snapshot: Snapshot | null
  /** what the setting was before it was carried out, as JSON; null: it was not, or names none */
  valueBefore: string | null
  tally: Tally
  votes: number
}

export interface StoredVote {
  voterId: string
  vote: Vote
  castTs: number
}

type Row = Record<string, bigint | string | null>

/** Integers as bigint. */
function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers()
}

/** Gives its number: 1, 2, 3 and so on. */
export function insertProposal(
  store: Store,
  said: Pick<StoredProposal, 'title' | 'description' | 'proposerId' | 'createdTs'>,
  { change, executedTs: _none, ...terms }: Proposal,
): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO governance_proposals
       (type, title, description, proposer, created_ts, parameter, value, quorum_bps, threshold_bps, start_ts, end_ts)
     VALUES (@type, @title, @description, @proposerId, @createdTs, @parameter, @value, @quorumBps, @thresholdBps, @startTs, @endTs)`,
  ).run({ ...said, ...terms, parameter: change?.name ?? null, value: change ? JSON.stringify(change.value) : null })
  return Number(lastInsertRowid)
}

/** Proposals with how their votes stand: power and weights are parts of the supply, so they add up within 64 bits. */
function standing(proposals: string): string {
  const weight = (choice: VoteChoice) => `coalesce(sum(weight) FILTER (WHERE choice = '${choice}'), 0)`
  return `SELECT proposals.*, count(governance_votes.id) AS votes, coalesce(sum(power), 0) AS turnout,
      ${weight('YES')} AS yes, ${weight('NO')} AS no, ${weight('ABSTAIN')} AS abstain
    FROM (SELECT * FROM governance_proposals ${proposals}) AS proposals LEFT JOIN governance_votes ON proposal = proposals.id
    GROUP BY proposals.id ORDER BY proposals.id DESC`
}

export function findProposal(store: Store, number: number): StoredProposal | null {
  const row = exact(store, standing('WHERE id = ?')).get(number) as Row | undefined
  return row ? toProposal(row) : null
}

/** A page, newest first. `open`: those whose vote is not over at `nowTs`, or (false) is; null: all. */
export function listProposals(
  store: Store,
  open: boolean | null,
  nowTs: number,
  { offset, limit }: Page,
): { rows: StoredProposal[]; total: number } {
  const which = 'WHERE @open IS NULL OR (end_ts >= @nowTs) = @open'
  const values = { open: open === null ? null : Number(open), nowTs }
  const rows = exact(store, standing(`${which} ORDER BY id DESC LIMIT @limit OFFSET @offset`)).all({ ...values, limit, offset })
  const total = exact(store, `SELECT count(*) FROM governance_proposals ${which}`).pluck().get(values)
  return { rows: (rows as Row[]).map(toProposal), total: Number(total) }
}

/** Fixes what its votes are counted by. */
export function saveSnapshot(store: Store, number: number, { entry, circulatingUnits }: Snapshot): void {
  exact(store, 'UPDATE governance_proposals SET snapshot_entry = ?, circulating = ? WHERE id = ?').run(entry, circulatingUnits, number)
}

export function saveExecuted(store: Store, number: number, executedTs: number, valueBefore: string | null): void {
  exact(store, 'UPDATE governance_proposals SET executed_ts = ?, value_before = ? WHERE id = ?').run(executedTs, valueBefore, number)
}

export function insertVote(store: Store, proposal: number, { voterId, vote, castTs }: StoredVote): void {
  exact(
    store,
    `INSERT INTO governance_votes (proposal, entity, choice, power, trust, weight, cast_ts)
     VALUES (@proposal, @voterId, @choice, @powerUnits, @trustHundredths, @weightUnits, @castTs)`,
  ).run({ proposal, voterId, castTs, ...vote })
}

export function findVote(store: Store, proposal: number, voterId: string): StoredVote | null {
  const row = exact(store, 'SELECT * FROM governance_votes WHERE proposal = ? AND entity = ?').get(proposal, voterId) as Row | undefined
  return row ? toVote(row) : null
}

/** A page of a proposal's votes, newest first; `voterId` null: everybody's. */
export function listVotes(
  store: Store,
  proposal: number,
  voterId: string | null,
  { offset, limit }: Page,
): { rows: StoredVote[]; total: number } {
  const from = 'FROM governance_votes WHERE proposal = @proposal AND (@voterId IS NULL OR entity = @voterId)'
  const rows = exact(store, `SELECT * ${from} ORDER BY id DESC LIMIT @limit OFFSET @offset`).all({ proposal, voterId, limit, offset })
  const total = exact(store, `SELECT count(*) ${from}`).pluck().get({ proposal, voterId })
  return { rows: (rows as Row[]).map(toVote), total: Number(total) }
}

function toVote(row: Row): StoredVote {
  const vote = {
    ...{ choice: row.choice as VoteChoice, powerUnits: row.power as bigint, weightUnits: row.weight as bigint },
    trustHundredths: Number(row.trust),
  }
  return { voterId: row.entity as string, castTs: Number(row.cast_ts), vote }
}

function toProposal(row: Row): StoredProposal {
  const change = row.parameter === null ? null : { name: row.parameter, value: JSON.parse(row.value as string) as unknown }
  const proposal = {
    ...{ type: row.type, change, quorumBps: Number(row.quorum_bps), thresholdBps: Number(row.threshold_bps) },
    ...{ startTs: Number(row.start_ts), endTs: Number(row.end_ts), executedTs: row.executed_ts === null ? null : Number(row.executed_ts) },
  } as Proposal
  return {
    ...{ number: Number(row.id), title: row.title as string, description: row.description as string },
    ...{ proposerId: row.proposer as string, createdTs: Number(row.created_ts), proposal },
    snapshot: row.snapshot_entry === null ? null : { entry: Number(row.snapshot_entry), circulatingUnits: row.circulating as bigint },
    valueBefore: row.value_before as string | null,
    tally: {
      ...{ turnoutUnits: row.turnout as bigint, yesWeightUnits: row.yes as bigint },
      ...{ noWeightUnits: row.no as bigint, abstainWeightUnits: row.abstain as bigint },
    },
    votes: Number(row.votes),
  }
}
