import { applyAction, type MintAction } from '../engines/minting/triggers.ts'
import { isOver, type RowState, rowStage } from '../engines/payout-plan/row.ts'
import { openRun } from '../jobs/pay/state.ts'
import { writeTransaction } from '../store/db.ts'
import { loadDecision, type StoredDecision, saveDecisions } from '../store/mint-decisions.ts'
import { loadRun, originsUnderWay, type StoredRun, subjectOf } from '../store/runs.ts'
import type { PayRoom } from './pay-room.ts'
import { settleVotes } from './vote-commands.ts'

/**
 * Tells the decisions on a run's mints what became of them (minting.md: what was paid is marked, what failed stays claimable). Paid once it
 * stands on the ledger, for good. Failed once nothing of the row can be included any more: then the mint is decided anew by the network's
 * trigger, as the next attempt. A run speaks of its own attempt once only, however often it is reconciled.
 */
export function settleMints(room: PayRoom, runId: string): void {
  const { books, mints } = room
  if (loadRun(books, runId).subject !== subjectOf({ period: null })) return
  const changed: StoredDecision[] = []
  const config = mints.config()
  // read and written in one: another process may have settled the same run
  const { network } = writeTransaction(books.books, 'books.db', () => {
    const { plan, rows, run } = openRun(books, runId)
    const held = originsUnderWay(books, plan.network)
    const now = books.now()
    for (const [place, { nodeId, startTs, receipt, amountUnits }] of plan.rows.entries()) {
      const row = rows[place]!
      const isFailed = !row.payment && !held.has(receipt) && isGone(run, row)
      const stored = row.payment || isFailed ? loadDecision(books, plan.network, nodeId, startTs) : undefined
      const action = stored && (row.payment ? paidBy(row.payment) : failedIn(run, row, stored, receipt))
      if (!stored || !action) continue
      const result = applyAction(config, { id: receipt, rewardUnits: amountUnits }, stored.decision, action, now)
      if ('decision' in result && result.decision !== stored.decision)
        changed.push({ ...stored, decision: result.decision, changedTs: now })
    }
    saveDecisions(books, plan.network, changed)
    return plan
  })
  if (changed.length === 0 || mints.network() !== network) return
  mints.decided(changed)
  // votes on the next attempt may be here already
  settleVotes(room.votes)
}

function paidBy({ hash: tx, ts }: NonNullable<RowState['payment']>): MintAction {
  return { kind: 'paid', tx, ts }
}

/** Whether a row was not paid and never can be: its number is taken, or its time is over and no other envelope takes its place any more. */
function isGone({ stage }: StoredRun, row: RowState): boolean {
  if (!isOver(row)) return false
  return rowStage(row) !== 'expired' || stage === 'dead' || stage === 'done'
}

/** The failure of the attempt that the run was made for; undefined where that is over already, or is not this run's. */
function failedIn(
  { runId, addedTs }: StoredRun,
  row: RowState,
  { mintId, decision }: StoredDecision,
  receipt: string,
): MintAction | undefined {
  const { decided, payments } = decision
  const isTold = payments.some(payment => payment.result === 'failed' && (payment.runId === runId || payment.ts > addedTs))
  if (!decided || mintId !== receipt || isTold) return undefined
  return { kind: 'failed', attempt: decided.attempt, reason: `${reasons[reasonOf(row)]} Run ${runId.slice(0, 16)}.`, runId }
}

type Reason = keyof typeof reasons

const reasons = {
  failed: 'Stellar refused the payment in a ledger.',
  'used-up': 'Its sequence number was used up without a payment.',
  overtaken: 'Another transaction took its sequence number.',
  expired: 'Its time bounds passed before it was paid.',
}

function reasonOf(row: RowState): Reason {
  const stage = rowStage(row)
  return stage in reasons ? (stage as Reason) : 'expired'
}
