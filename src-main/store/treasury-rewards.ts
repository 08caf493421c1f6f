import type { Statement } from 'better-sqlite3'
import { type Proof, proofSchema, type RewardKind, type RewardState } from '../../src-shared/treasury/rewards.ts'
import type { Reward } from '../engines/rewards/reward.ts'
import { prepared } from './db.ts'
import { wholeOf } from './ledger.ts'
import type { Store } from './open.ts'

/* Proofs of knowledge, what the UBO fund has paid, and rewards that are minted (treasury-rewards-tables.ts). Whoever writes here holds the transaction. */

export interface StoredProof {
  number: number
  proof: Proof
  rewardUnits: bigint
  submittedTs: number
  /** null: not paid yet */
  paidTs: number | null
  /** of the entry that paid it */
  entry: bigint | null
}

export interface StoredFundPayment {
  entityId: string
  amountUnits: bigint
  /** null: out of the amount table */
  proofId: string | null
  /** of the amount table; null: of a proof */
  type: string | null
  category: string | null
  memo: string
  /** of the recipient when it was paid */
  trust: number
  paidTs: number
  entry: bigint
}

export interface StoredFundEvent {
  event: 'proof-submitted' | 'reward-paid'
  ts: number
  entityId: string
  proofId: string | null
  amountUnits: bigint
}

export interface StoredReward extends Reward {
  number: number
  memo: string
  /** of the recipient when it was granted */
  trust: number
  createdTs: number
  distributedTs: number | null
  claimedTs: number | null
  entry: bigint | null
}

/** What of an entity's proofs there is, or of everybody's. Sums may come to more than an amount can hold. */
export interface ProofTotals {
  proofs: number
  accruedProofs: number
  accruedUnits: bigint
}

export interface RewardTotals {
  kind: RewardKind
  rewards: number
  pendingUnits: bigint
  distributedUnits: bigint
  claimedUnits: bigint
}

export interface Page {
  offset: number
  limit: number
}

type Row = Record<string, bigint | string | null>

/** Integers as bigint. */
function exact(store: Store, sql: string): Statement {
  return prepared(store.books, sql).safeIntegers()
}

const PROOFS = `SELECT knowledge_proofs.*, paid_ts, entry FROM knowledge_proofs LEFT JOIN fund_payments ON fund_payments.proof = number`

export function insertProof(store: Store, proof: Proof, { rewardUnits, nowTs }: { rewardUnits: bigint; nowTs: number }): void {
  exact(store, 'INSERT INTO knowledge_proofs (id, entity, module, proof, reward, submitted_ts) VALUES (?, ?, ?, ?, ?, ?)').run(
    proof.id,
    proof.userId,
    proof.moduleId,
    JSON.stringify(proof),
    rewardUnits,
    nowTs,
  )
}

export function findProof(store: Store, id: string): StoredProof | null {
  const row = exact(store, `${PROOFS} WHERE knowledge_proofs.id = ?`).get(id) as Row | undefined
  return row ? toProof(row) : null
}

/** Whether somebody has a proof of this module already. */
export function hasProofOf(store: Store, entityId: string, moduleId: string): boolean {
  return exact(store, 'SELECT 1 FROM knowledge_proofs WHERE entity = ? AND module = ?').get(entityId, moduleId) !== undefined
}

/** A page, newest first; `entityId` null: everybody's, `state` null: all. */
export function listProofs(
  store: Store,
  filter: { entityId: string | null; state: 'accrued' | 'paid' | null },
  page: Page,
): { rows: StoredProof[]; total: number } {
  const where = `WHERE (@entityId IS NULL OR knowledge_proofs.entity = @entityId) AND (@state IS NULL OR (entry IS NULL) = (@state = 'accrued'))`
  const { rows, total } = listed(store, `${PROOFS} ${where}`, filter, 'number DESC', page)
  return { rows: rows.map(toProof), total }
}

export function proofTotals(store: Store, entityId: string | null): ProofTotals {
  const sql = `SELECT count(*) AS proofs, count(*) FILTER (WHERE entry IS NULL) AS accrued,
      coalesce(sum(reward) FILTER (WHERE entry IS NULL), 0) AS units
    FROM (${PROOFS}) WHERE @entityId IS NULL OR entity = @entityId`
  const { proofs, accrued, units } = exact(store, sql).get({ entityId }) as { proofs: bigint; accrued: bigint; units: bigint }
  return { proofs: Number(proofs), accruedProofs: Number(accrued), accruedUnits: units }
}

/** Keeps what the fund has paid: `proof` the number of the proof that it was for, or null with a type and category of the amount table. */
export function insertFundPayment(store: Store, payment: Omit<StoredFundPayment, 'proofId'> & { proof: number | null }): void {
  exact(
    store,
    `INSERT INTO fund_payments (entity, amount, proof, type, category, memo, trust, paid_ts, entry)
     VALUES (@entityId, @amountUnits, @proof, @type, @category, @memo, @trust, @paidTs, @entry)`,
  ).run(payment)
}

/** A page, newest first; `entityId` null: everybody's. */
export function listFundPayments(store: Store, entityId: string | null, page: Page): { rows: StoredFundPayment[]; total: number } {
  const sql = `SELECT fund_payments.*, knowledge_proofs.id AS proof_id FROM fund_payments LEFT JOIN knowledge_proofs ON number = fund_payments.proof
    WHERE @entityId IS NULL OR fund_payments.entity = @entityId`
  const { rows, total } = listed(store, sql, { entityId }, 'fund_payments.id DESC', page)
  return {
    rows: rows.map(row => ({
      ...{ entityId: row.entity as string, amountUnits: row.amount as bigint, proofId: row.proof_id as string | null },
      ...{ type: row.type as string | null, category: row.category as string | null, memo: row.memo as string },
      ...{ trust: Number(row.trust), paidTs: Number(row.paid_ts), entry: row.entry as bigint },
    })),
    total,
  }
}

/** What the fund has ever paid, to this entity or (null) to all: what it was topped up with again and again may come to more than 64 bits. */
export function fundPaidUnits(store: Store, entityId: string | null): bigint {
  const sql = `SELECT sum(amount >> 32) AS high, sum(amount & 4294967295) AS low FROM fund_payments WHERE @entityId IS NULL OR entity = @entityId`
  const { high, low } = exact(store, sql).get({ entityId }) as Row
  return wholeOf(high, low)
}

/** A page of what happened, newest first; `entityId` null: to everybody. */
export function listFundEvents(store: Store, entityId: string | null, page: Page): { rows: StoredFundEvent[]; total: number } {
  // in the same second a proof is submitted before it is paid
  const sql = `SELECT * FROM (
      SELECT 'proof-submitted' AS event, 0 AS step, submitted_ts AS ts, entity, id AS proof_id, reward AS amount, number AS place FROM knowledge_proofs
      UNION ALL
      SELECT 'reward-paid', 1, paid_ts, fund_payments.entity, knowledge_proofs.id, amount, fund_payments.id
      FROM fund_payments LEFT JOIN knowledge_proofs ON number = fund_payments.proof
    ) WHERE @entityId IS NULL OR entity = @entityId`
  const { rows, total } = listed(store, sql, { entityId }, 'ts DESC, step DESC, place DESC', page)
  return {
    rows: rows.map(row => ({
      ...{ event: row.event as StoredFundEvent['event'], ts: Number(row.ts), entityId: row.entity as string },
      ...{ proofId: row.proof_id as string | null, amountUnits: row.amount as bigint },
    })),
    total,
  }
}

/** Gives its number: 1, 2, 3 and so on. */
export function insertReward(store: Store, reward: Reward & { memo: string; trust: number; createdTs: number }): number {
  const { lastInsertRowid } = exact(
    store,
    `INSERT INTO minted_rewards (kind, recipient, amount, memo, trust, created_ts, state)
     VALUES (@kind, @recipient, @amountUnits, @memo, @trust, @createdTs, @state)`,
  ).run(reward)
  return Number(lastInsertRowid)
}

export function findReward(store: Store, number: number): StoredReward | null {
  const row = exact(store, 'SELECT * FROM minted_rewards WHERE id = ?').get(number) as Row | undefined
  return row ? toReward(row) : null
}

/** How far it is. */
export function saveReward(store: Store, { number, state, entry, distributedTs, claimedTs }: StoredReward): void {
  exact(store, 'UPDATE minted_rewards SET state = ?, entry = ?, distributed_ts = ?, claimed_ts = ? WHERE id = ?').run(
    ...[state, entry, distributedTs, claimedTs, number],
  )
}

/** A page, newest first; null: everybody's, all. */
export function listRewards(
  store: Store,
  filter: { recipient: string | null; kind: RewardKind | null; state: RewardState | null },
  page: Page,
): { rows: StoredReward[]; total: number } {
  const sql = `SELECT * FROM minted_rewards WHERE (@recipient IS NULL OR recipient = @recipient) AND (@kind IS NULL OR kind = @kind)
    AND (@state IS NULL OR state = @state)`
  const { rows, total } = listed(store, sql, filter, 'id DESC', page)
  return { rows: rows.map(toReward), total }
}

/** What a recipient's rewards come to, of each kind that there is any of. Pending ones may come to more than can ever be minted. */
export function rewardTotals(store: Store, recipient: string): RewardTotals[] {
  const totals = new Map<RewardKind, RewardTotals>()
  const rows = exact(store, 'SELECT kind, state, amount FROM minted_rewards WHERE recipient = ? ORDER BY kind').all(recipient) as Row[]
  for (const row of rows) {
    const kind = row.kind as RewardKind
    const sums = totals.get(kind) ?? { kind, rewards: 0, pendingUnits: 0n, distributedUnits: 0n, claimedUnits: 0n }
    sums.rewards++
    if (row.state === 'PENDING') sums.pendingUnits += row.amount as bigint
    else if (row.state === 'DISTRIBUTED') sums.distributedUnits += row.amount as bigint
    else sums.claimedUnits += row.amount as bigint
    totals.set(kind, sums)
  }
  return [...totals.values()]
}

function listed(
  store: Store,
  sql: string,
  values: Record<string, string | null>,
  order: string,
  { offset, limit }: Page,
): { rows: Row[]; total: number } {
  const rows = exact(store, `${sql} ORDER BY ${order} LIMIT @limit OFFSET @offset`).all({ ...values, limit, offset }) as Row[]
  const total = exact(store, `SELECT count(*) FROM (${sql})`).pluck().get(values)
  return { rows, total: Number(total) }
}

function toProof(row: Row): StoredProof {
  return {
    ...{ number: Number(row.number), proof: proofSchema.parse(JSON.parse(row.proof as string)), rewardUnits: row.reward as bigint },
    ...{ submittedTs: Number(row.submitted_ts), paidTs: numberOrNull(row.paid_ts), entry: (row.entry ?? null) as bigint | null },
  }
}

function toReward(row: Row): StoredReward {
  return {
    ...{ number: Number(row.id), kind: row.kind as RewardKind, recipient: row.recipient as string, amountUnits: row.amount as bigint },
    ...{ state: row.state as RewardState, memo: row.memo as string, trust: Number(row.trust), createdTs: Number(row.created_ts) },
    ...{ distributedTs: numberOrNull(row.distributed_ts), claimedTs: numberOrNull(row.claimed_ts), entry: row.entry as bigint | null },
  }
}

function numberOrNull(value: bigint | string | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}
