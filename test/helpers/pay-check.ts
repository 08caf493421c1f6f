import type { Payable } from '../../src-main/engines/payout-plan/plan.ts'
import { rowStage } from '../../src-main/engines/payout-plan/row.ts'
import { openRun } from '../../src-main/jobs/pay/state.ts'
import type { Store } from '../../src-main/store/open.ts'
import { listRuns } from '../../src-main/store/runs.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { LocalHorizon } from './horizon/index.ts'
import { paidOnLedger, receiptHash } from './pay.ts'

/**
 * Only the ledger is believed: every receipt paid at most once, every paid one recorded, every unpaid one visible. Gives the payments; throws
 * what is wrong.
 */
export function checkBooks(
  local: LocalHorizon,
  payer: string,
  payables: readonly Payable[],
  machines: readonly { name: string; store: Store }[],
): number {
  const ledger = paidOnLedger(local, payer)
  let payments = 0
  for (const { receipt, address, amountUnits } of payables) {
    const both = [receipt, receiptHash(`retry ${receipt}`)].flatMap(hash => ledger.get(hash) ?? [])
    if (both.length > 1) throw new Error(`receipt ${receipt} was paid ${both.length} times: ${both.map(({ hash }) => hash)}`)
    for (const { to, amount } of both)
      if (to !== address || amount !== tftExact(amountUnits)) throw new Error(`receipt ${receipt} was paid as ${amount} to ${to}`)
    payments += both.length
  }
  for (const { name, store } of machines)
    for (const { runId, stage } of listRuns(store)) {
      const { plan: planned, rows } = openRun(store, runId)
      for (const [place, row] of rows.entries()) {
        const { receipt } = planned.rows[place]!
        const [paid] = ledger.get(receipt) ?? []
        const where = `machine ${name}, run ${runId.slice(0, 8)} (${stage}), row ${place} (${rowStage(row)}, ${row.envelopes.map(each => `${each.kind} ${each.stage}`)})`
        if (rowStage(row) === 'conflict') throw new Error(`${where}: ${row.conflict}`)
        if (paid && (rowStage(row) !== 'paid' || row.payment?.hash !== paid.hash))
          throw new Error(`${where}: the ledger paid it by ${paid.hash}`)
        if (!paid && (row.payment || rowStage(row) === 'paid')) throw new Error(`${where}: the ledger did not pay it`)
      }
    }
  return payments
}
