import type { RowStage } from '../../src-shared/pay.ts'
import type { Arrival } from '../../src-shared/pay-contract.ts'
import { arrivalWords } from '../../src-shared/pay-text.ts'
import type { Store } from '../store/index.ts'
import type { StoredDecision } from '../store/mint-decisions.ts'
import { rowsOfOrigin } from '../store/pay-lists.ts'
import { whyLeftOut } from '../store/pay-reports.ts'
import { loadFoundPayment } from '../store/payment-checks.ts'

/** Whether a receipt's or mint's payment has arrived, by what the payout runs and the last look on Stellar say, and if not, why. */
export function arrivalOf(books: Store, network: string, receipt: string): Arrival {
  const [row] = rowsOfOrigin(books, network, receipt)
  const found = loadFoundPayment(books, network, receipt)
  const first = found?.txs[0]
  if (found?.state === 'twice' || found?.state === 'wrong')
    return { receipt, state: found.state, tx: first?.tx ?? null, paidTs: first?.ts ?? null, why: found.why }
  if (row?.tx) return { receipt, state: 'paid', tx: row.tx, paidTs: row.paidTs, why: '' }
  if (found?.state === 'paid' && first) return { receipt, state: 'paid', tx: first.tx, paidTs: first.ts, why: '' }
  const left = whyLeftOut(books, network, receipt)
  if (row && (row.stage === 'paid' || !isGivenUp(row.stage)))
    return { receipt, state: 'under-way', tx: null, paidTs: null, why: row.stage === 'paid' ? '' : arrivalWords[row.stage] }
  if (left) return { receipt, state: 'left-out', tx: null, paidTs: null, why: `${left.reason} ${left.wayOut}` }
  if (row && row.stage !== 'paid') return { receipt, state: 'not-planned', tx: null, paidTs: null, why: arrivalWords[row.stage] }
  return { receipt, state: 'not-planned', tx: null, paidTs: null, why: 'It is in no payout that is known here yet.' }
}

/** What somebody noted as paid without a run of this program. */
export function notedPayment({ decision }: StoredDecision): { tx: string; ts: number } | undefined {
  return decision.payments.find(payment => payment.result === 'paid')
}

/** Nothing more comes of the row as it is: another payout pays its receipt. */
function isGivenUp(stage: RowStage): boolean {
  return stage === 'used-up' || stage === 'failed' || stage === 'overtaken'
}
