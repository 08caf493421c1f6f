import { formatUtc } from '../../src-shared/time.ts'
import type { Retry } from '../engines/minting/retries.ts'
import { periodRetries } from '../jobs/pay/payables.ts'
import { loadNodeRows, type loadSummaries, type Store } from '../store/index.ts'
import { loadPaymentCheck, loadPaymentStates } from '../store/payment-checks.ts'
import type { StoredPeriod } from '../store/periods.ts'
import { originsHeldBeside, subjectOf } from '../store/runs.ts'

/**
 * The retries that a period pays, by what was found on Stellar and kept in the books; `key` names them: equal where they are. Without them
 * `why` says why they are not known, and what to do.
 */
export type Retries = { retries: readonly Retry[]; key: string } | { why: string }

interface Found {
  /** hashes of receipts */
  unpaid: ReadonlySet<string>
  retries: Retry[]
}

/** Reading the receipts of a whole period takes a while: what was found is kept as long as nothing that it rests on changes. */
const found = new WeakMap<Store, Map<string, Found>>()
const KEPT = 100

/** What a period's data and results are, as whoever asks has read them. */
export interface StoredResults {
  periods: readonly StoredPeriod[]
  summaries: ReturnType<typeof loadSummaries>
}

/**
 * Receipts of the period before that are on no transaction of payer or issuer are paid once more with this one (minting.md, Retries). Every
 * signer must come to the same ones, so they rest on a look at Stellar after this period's end, and on no payment that is still under way.
 * Without the period before in the data there are none, as in a payout's plan. Throws AppError archive.format, store.*.
 */
export function retriesOf(
  books: Store,
  facts: Store,
  network: string,
  { index, end, digest }: StoredPeriod,
  { periods, summaries }: StoredResults,
): Retries {
  const former = periods.find(period => period.index === index - 1)
  if (!former) return { retries: [], key: '' }
  const again = `Receipts of period ${former.index} that were not paid are paid once more with period ${index}`
  const result = summaries.find(({ summary }) => summary.index === former.index)
  if (!result || result.stale) return { why: `${again}, and period ${former.index} is being worked out. Wait a moment.` }
  const look = `Look for its payments (page of period ${former.index}, or granary pay verify --period ${former.index}).`
  const subject = subjectOf({ period: former.index })
  const check = loadPaymentCheck(books, network, subject)
  if (!check) return { why: `${again}, and which those are was not looked up on Stellar yet. ${look}` }
  const { untilTs, problem } = check.ledger
  if (problem !== null) return { why: `${again}, and not all payments could be read: ${problem} ${look}` }
  if (untilTs < end)
    return { why: `${again}, and Stellar was last asked at ${formatUtc(untilTs)}, before period ${index} was over. ${look}` }
  const { mintedTs, resources } = result.summary
  const basis = [network, index, digest, former.digest, mintedTs, resources, check.checkedTs, JSON.stringify(check.counts)].join(' ')
  const known = keep(facts, basis, () => {
    const states = loadPaymentStates(books, network, subject)
    const due = loadNodeRows(facts, former.index).flatMap(({ hash, rewardUnits }) => (rewardUnits > 0n ? [hash] : []))
    if (due.some(hash => !states.has(hash))) return null
    const unpaid = new Set(due.filter(hash => states.get(hash) === 'not-paid'))
    const paid = new Set(due.filter(hash => !unpaid.has(hash)))
    return { unpaid, retries: unpaid.size === 0 ? [] : periodRetries(facts, index, paid) }
  })
  if (!known) return { why: `${again}, and period ${former.index} was worked out anew since Stellar was asked. ${look}` }
  const { unpaid, retries } = known
  if (unpaid.size > 0 && [...originsHeldBeside(books, network, subjectOf({ period: index }))].some(hash => unpaid.has(hash)))
    return { why: `${again}, and a payout run paid one of them after Stellar was asked, or still can. Reconcile that run. ${look}` }
  return { retries, key: basis }
}

function keep(facts: Store, basis: string, work: () => Found | null): Found | null {
  const all = found.get(facts) ?? new Map<string, Found>()
  found.set(facts, all)
  const known = all.get(basis) ?? work()
  if (known) all.set(basis, known)
  for (const old of [...all.keys()].slice(0, -KEPT)) all.delete(old)
  return known
}
