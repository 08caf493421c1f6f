import { toAppError } from '../../../src-shared/errors.ts'
import { isSystemEntity } from '../../../src-shared/treasury/entities.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { flowsIn } from '../../engines/tokens/figures.ts'
import { type WatchedPayment, type WatchRules, watchPayments } from '../../engines/watch/watch.ts'
import { appendAudit } from '../../store/audit.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import { keepMark, listPostings, saveWatchedUntil, type WatchedPosting, watchedUntil } from '../../store/treasury-watch.ts'
import { loadTreasuryConfig } from './configuration.ts'

/** Who marks, as the audit trail names it. */
const ACTOR = 'watch'
/** So many entries are looked at in one go, fewer where that takes long: a page that asks meanwhile hardly waits. */
const MOST_AT_ONCE = 500
const LEAST_AT_ONCE = 20
const LONG_MS = 50
/** Commands that come together are looked at together, and looking takes a small part of the machine. */
const LEAST_PAUSE_MS = 200
const PAUSE_FACTOR = 5

/** Looks at what the ledger has moved from one entity to another, a little after the commands that did it. */
export interface Watch {
  /** something may have moved */
  soon(): void
  /** why looking failed; null: it did not. It is tried again after the next command */
  problem(): string | null
  /** looks at the latest, as nobody is there to do it afterwards; what is left comes at the next start */
  close(): void
}

/** What was looked at last, for the next look. */
export interface LookedAt {
  entry: number
  window: readonly WatchedPayment[]
}

/** `changed` is told when something was marked. */
export function createWatch(books: Store, changed: () => void): Watch {
  let timer: ReturnType<typeof setTimeout> | null = null
  let before: LookedAt | null = null
  let problem: string | null = null
  let closed = false
  let atOnce = LEAST_AT_ONCE

  function plan(afterMs: number): void {
    if (timer !== null || closed) return
    timer = setTimeout(() => {
      timer = null
      const startedMs = performance.now()
      const isMore = look()
      const tookMs = performance.now() - startedMs
      atOnce = tookMs > LONG_MS ? Math.max(LEAST_AT_ONCE, Math.floor(atOnce / 2)) : Math.min(MOST_AT_ONCE, atOnce * 2)
      if (isMore) plan(Math.max(LEAST_PAUSE_MS, PAUSE_FACTOR * tookMs))
    }, afterMs).unref()
  }

  function look(): boolean {
    const earlier = problem
    try {
      const looked = lookAtPayments(books, before, atOnce)
      problem = null
      before = looked.at
      if (looked.marked > 0) changed()
      return looked.isMore
    } catch (error) {
      // nothing was kept of this look, so nothing is left out: it is told with the marks
      problem = toAppError(error).message
      before = null
      return false
    } finally {
      if (problem !== earlier && !closed) changed()
    }
  }

  return {
    soon: () => plan(LEAST_PAUSE_MS),
    problem: () => problem,
    close() {
      closed = true
      if (timer === null) return
      clearTimeout(timer)
      look()
    },
  }
}

/**
 * Looks at the next entries of the ledger: marks with their evidence are kept, and how far it came, in one transaction. A mark moves nothing and
 * stops nothing. `before`: what the last look gave; null, or one that the books do not go on from: it is read again. `atOnce`: entries at most.
 */
export function lookAtPayments(
  books: Store,
  before: LookedAt | null,
  atOnce = MOST_AT_ONCE,
): { at: LookedAt; marked: number; isMore: boolean } {
  const { last, seen } = watchedUntil(books)
  if (seen >= last && before?.entry === seen) return { at: before, marked: 0, isMore: false }
  const config = loadTreasuryConfig(books)
  const most = config['watch.windowEntries']
  const known = before?.entry === seen ? before.window : paymentsOf(listPostings(books, seen - most, seen))
  const upTo = Math.min(last, seen + atOnce)
  const fresh = paymentsOf(listPostings(books, seen, upTo))
  const { marks, window } = watchPayments(known, fresh, watchRulesOf(config))
  if (upTo > seen)
    writeTransaction(books.books, 'books.db', () => {
      for (const mark of marks) {
        const number = keepMark(books, mark)
        if (number === null) continue
        const details = JSON.stringify({ rule: mark.rule, actors: mark.actors, finding: mark.finding })
        appendAudit(books, { actor: ACTOR, action: 'watch.mark', subject: markName(number), details })
      }
      saveWatchedUntil(books, upTo)
    })
  return { at: { entry: upTo, window: window.slice(-most) }, marked: marks.length, isMore: upTo < last }
}

export const markName = (number: number) => `mark-${number}`

/** What passed from one entity to another: what the treasury's own accounts give and take is their business. */
export function paymentsOf(postings: readonly WatchedPosting[]): WatchedPayment[] {
  const entries = new Map<string, WatchedPosting[]>()
  for (const posting of postings) {
    const key = `${posting.entry} ${posting.token}`
    const together = entries.get(key)
    if (together) together.push(posting)
    else entries.set(key, [posting])
  }
  return [...entries.values()].flatMap(together => {
    const { entry, ts, token } = together[0]!
    return flowsIn(together.map(({ entity, amountUnits }) => ({ entity, amountUnits, isIssuance: false })))
      .filter(({ from, to }) => !isSystemEntity(from) && !isSystemEntity(to))
      .map(flow => ({ ...flow, id: String(entry), ts, token }))
  })
}

export function watchRulesOf(config: TreasuryConfig): WatchRules {
  const most = config['watch.velocityAmount']
  return {
    windowSec: config['watch.windowSec'],
    velocitySec: config['watch.velocitySec'],
    velocityPayments: config['watch.velocityPayments'],
    velocityUnits: most > 0n ? most : null,
    circleMost: config['watch.circleMost'],
    circleUnits: config['watch.circleAmount'],
    circleSharePercent: config['watch.circleSharePercent'],
    trustPartners: config['watch.trustPartners'],
  }
}
