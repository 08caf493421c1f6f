import { loadAccount, loadClock } from '../../clients/stellar/accounts.ts'
import { readEnvelope } from '../../clients/stellar/envelope.ts'
import { createMemoIndex, type MemoIndex } from '../../clients/stellar/history.ts'
import type { AskOptions, Horizon } from '../../clients/stellar/horizon.ts'
import { LAG_SEC, verdictOf } from '../../clients/stellar/reconcile.ts'
import { isDead, isOver, type RowState } from '../../engines/payout-plan/row.ts'
import type { Store } from '../../store/index.ts'
import { findEnvelope } from '../../store/runs.ts'
import { historyStart, ledgerTx } from './ledger.ts'
import { keepEvents, type LiveRun, type PlacedEvent } from './state.ts'

/** The payer's history by memo, from before the run's first receipt could be paid. Throws AppError stellar.*, cancelled. */
export async function openHistory(horizon: Horizon, { plan }: LiveRun, options?: AskOptions): Promise<MemoIndex> {
  const floorTs = plan.rows.reduce((least, { startTs }) => Math.min(least, startTs), plan.createdTs)
  return createMemoIndex(horizon, plan.payer, await historyStart(horizon, plan.payer, floorTs, options))
}

/**
 * Brings the rows up to what the ledger says: first whatever stands in the payer's history under a row's memo, then for each channel what
 * its number proves. An envelope is called expired only on an answer about its channel that is no older than a closed ledger past its bounds
 * and where its number is still free (clients/stellar/reconcile.ts says why). Throws AppError stellar.*, cancelled: then nothing was
 * concluded from what was not read.
 */
export async function settle(store: Store, horizon: Horizon, live: LiveRun, history: MemoIndex, options?: AskOptions): Promise<void> {
  await settleMemos(store, live, history, options)
  const { closeTs, ledger } = await loadClock(horizon, options)
  const channels = new Map<string, number[]>()
  for (const [place, row] of live.rows.entries()) {
    if (isOver(row) && row.envelopes.some(({ stage }) => stage !== 'expired')) continue
    const { channel } = live.plan.rows[place]!
    channels.set(channel, [...(channels.get(channel) ?? []), place])
  }
  for (const [channel, places] of channels) {
    const account = await loadAccount(horizon, channel, options)
    if (!account) continue
    const isPast = (maxTs: number) => closeTs > maxTs && (account.ledger === null ? closeTs > maxTs + LAG_SEC : account.ledger >= ledger)
    const events: PlacedEvent[] = []
    for (const place of places) {
      const row = live.rows[place]!
      if (live.plan.rows[place]!.sequence <= account.sequence) events.push(...(await numberUsed(store, horizon, live, place, row, options)))
      else
        for (const { hash, maxTs } of row.envelopes)
          if (isPast(maxTs)) events.push({ place, event: { kind: 'absent', hash, closedTs: closeTs } })
    }
    keepEvents(store, live, events)
  }
}

/** What the payer's history holds under the rows' memos: also a payment that nobody here made. */
export async function settleMemos(store: Store, live: LiveRun, history: MemoIndex, options?: AskOptions): Promise<void> {
  await history.refresh(options)
  const events: PlacedEvent[] = []
  for (const [place, { receipt }] of live.plan.rows.entries())
    for (const tx of history.find(receipt))
      if (isNews(live.rows[place]!, tx.innerHash ?? tx.hash)) events.push({ place, event: { kind: 'found', tx: ledgerTx(tx) } })
  keepEvents(store, live, events)
}

function isNews(row: RowState, hash: string): boolean {
  const own = row.envelopes.find(envelope => envelope.hash === hash)
  return own ? own.stage !== 'paid' && own.stage !== 'failed' : row.payment?.hash !== hash
}

/** The channel's number went past the row's: by which transaction, envelope by envelope. */
async function numberUsed(
  store: Store,
  horizon: Horizon,
  { plan }: LiveRun,
  place: number,
  row: RowState,
  options?: AskOptions,
): Promise<PlacedEvent[]> {
  const events: PlacedEvent[] = []
  for (const envelope of row.envelopes) {
    if (isDead(envelope) && envelope.stage !== 'expired') continue
    const stored = findEnvelope(store, envelope.hash)
    if (!stored) continue
    const verdict = await verdictOf(horizon, readEnvelope(stored.envelope, plan.passphrase), options)
    if (verdict.state === 'applied' || verdict.state === 'failed') return [{ place, event: { kind: 'found', tx: ledgerTx(verdict.tx) } }]
    if (verdict.state === 'replaced') return [{ place, event: { kind: 'found', tx: ledgerTx(verdict.by) } }]
    if (verdict.state === 'expired' && verdict.isNumberUsed) events.push({ place, event: { kind: 'skipped', closedTs: verdict.closeTs } })
  }
  return events
}
