import { cleanName } from '../../../src-shared/text.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { WATCH_EVIDENCE_SHOWN, type WatchMarkShown } from '../../../src-shared/treasury/watch-table.ts'
import type { Store } from '../../store/index.ts'
import {
  decideMark,
  evidenceOf,
  findEarlierMark,
  findMark,
  listMarks,
  listPostings,
  type StoredMark,
  watchedUntil,
} from '../../store/treasury-watch.ts'
import { entityName } from './entities.ts'
import type { TreasuryCommandHandlers, TreasuryQueryHandlers } from './handlers.ts'
import { numberIn } from './ids.ts'
import { paymentName } from './payments.ts'
import { markName, paymentsOf, type Watch } from './watchfulness.ts'

export interface WatchTools {
  books: Store
  watch: Pick<Watch, 'problem'>
}

/** What was marked to be looked at, and what a person made of it. */
export function watchHandlers({ books, watch }: WatchTools): {
  queries: Pick<TreasuryQueryHandlers, 'watch.list'>
  commands: Pick<TreasuryCommandHandlers, 'watch.decide'>
} {
  function shown(mark: StoredMark): WatchMarkShown {
    const { number, rule, actors, finding, ts, decision } = mark
    const { total, entries } = evidenceOf(books, number, WATCH_EVIDENCE_SHOWN)
    const earlier = findEarlierMark(books, mark)
    return {
      ...{ id: markName(number), rule, finding, ts, state: decision?.state ?? 'open', payments: total },
      actors: actors.map(entityId => ({ entityId, name: entityName(books, entityId) })),
      evidence: entries.flatMap(({ entry, payment }) => evidence(entry, payment, actors)),
      decision: decision && withoutState(decision),
      earlier: earlier?.decision
        ? { id: markName(earlier.number), state: earlier.decision.state, ...withoutState(earlier.decision) }
        : null,
    }
  }

  /** Of an entry that several got something from, what the mark is about. */
  function evidence(entry: number, payment: number | null, actors: readonly string[]): WatchMarkShown['evidence'] {
    const paymentId = payment === null ? null : paymentName(payment)
    return paymentsOf(listPostings(books, entry - 1, entry))
      .filter(({ from }) => actors.includes(from))
      .map(({ from, to, token, amountUnits, ts }) => ({ entry, paymentId, ts, from, to, token, amount: amountUnits }))
  }

  return {
    queries: {
      'watch.list': ({ state = null, ...page }) => {
        const { rows, total, open } = listMarks(books, state, page)
        const { last, seen } = watchedUntil(books)
        return { rows: rows.map(shown), total, open, waiting: last - seen, problem: watch.problem() }
      },
    },
    commands: {
      'watch.decide': ({ id, verdict, note }, { nowTs, doer }) => {
        const number = numberIn('mark', id)
        const found = number === null ? null : findMark(books, number)
        if (!found) throw refuse('watch.unknown')
        if (found.decision !== null) throw refuse('watch.decided')
        decideMark(books, found.number, { state: verdict, decidedTs: nowTs, decidedBy: doer, note: cleanName(note) })
        return shown(findMark(books, found.number)!)
      },
    },
  }
}

function withoutState({ decidedTs, decidedBy, note }: NonNullable<StoredMark['decision']>) {
  return { decidedTs, decidedBy, note }
}
