import { createHash } from 'node:crypto'
import { formatUtc } from '../../src-shared/time.ts'
import type { Retry } from '../engines/minting/retries.ts'
import { periodRetries } from '../jobs/pay/payables.ts'
import { listPeriods, loadNodeRows, loadSummaries, type Store } from '../store/index.ts'
import { loadPaymentCheck, loadPaymentStates } from '../store/payment-checks.ts'
import type { StoredPeriod } from '../store/periods.ts'
import { originsHeldBeside, subjectOf } from '../store/runs.ts'

/**
 * The retries that a period pays, by what was found on Stellar and kept in the books; `key` names them: equal where they are. Without them
 * `why` says why they are not known, and what to do.
 */
export type Retries = { retries: readonly Retry[]; key: string } | { why: string }

/** Reading the receipts of a whole period takes a while: the last one's retries are kept. */
interface Held {
  key: string
  retries: Retry[]
}
const held = new WeakMap<Store, Held>()

/**
 * Receipts of the period before that are on no transaction of payer or issuer are paid once more with this one (minting.md, Retries). Every
 * signer must come to the same ones, so they rest on a look at Stellar after this period's end, and on no payment that is still under way.
 * Without the period before in the data there are none, as in a payout's plan. Throws AppError archive.format, store.*.
 */
export function retriesOf(books: Store, facts: Store, network: string, { index, end, digest }: StoredPeriod): Retries {
  const former = listPeriods(facts).find(found => found.index === index - 1)
  if (!former) return { retries: [], key: '' }
  const again = `Receipts of period ${former.index} that were not paid are paid once more with period ${index}`
  const result = loadSummaries(facts).find(({ summary }) => summary.index === former.index)
  if (!result || result.stale) return { why: `${again}, and period ${former.index} is being worked out. Wait a moment.` }
  const look = `Look for its payments (page of period ${former.index}, or granary pay verify --period ${former.index}).`
  const subject = subjectOf({ period: former.index })
  const check = loadPaymentCheck(books, network, subject)
  if (!check) return { why: `${again}, and which those are was not looked up on Stellar yet. ${look}` }
  const { untilTs, problem } = check.ledger
  if (problem !== null) return { why: `${again}, and not all payments could be read: ${problem} ${look}` }
  if (untilTs < end)
    return { why: `${again}, and Stellar was last asked at ${formatUtc(untilTs)}, before period ${index} was over. ${look}` }
  const states = loadPaymentStates(books, network, subject)
  const due = loadNodeRows(facts, former.index).filter(({ rewardUnits }) => rewardUnits > 0n)
  if (due.some(({ hash }) => !states.has(hash)))
    return { why: `${again}, and period ${former.index} was worked out anew since Stellar was asked. ${look}` }
  const paid = new Set(due.flatMap(({ hash }) => (states.get(hash) === 'not-paid' ? [] : [hash])))
  const unpaid = due.filter(({ hash }) => !paid.has(hash))
  const underWay = originsHeldBeside(books, network, subjectOf({ period: index }))
  if (unpaid.some(({ hash }) => underWay.has(hash)))
    return {
      why: `${again}, and a payout run paid one of them after Stellar was asked, or still can. Reconcile that run. ${look}`,
    }
  const key = createHash('sha256')
    .update(`${index} ${digest} ${unpaid.map(({ hash }) => hash).join(' ')}`)
    .digest('hex')
  let known = held.get(facts)
  if (known?.key !== key) {
    known = { key, retries: unpaid.length === 0 ? [] : periodRetries(facts, index, paid) }
    held.set(facts, known)
  }
  return { retries: known.retries, key }
}
