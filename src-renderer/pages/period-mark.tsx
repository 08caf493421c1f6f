import type { PeriodSummary } from '../../src-shared/nodes-contract.ts'
import { useQuery } from '../api.ts'
import { StateMark } from '../components/state-mark.tsx'
import { useNowTs } from '../components/values.tsx'
import { formatClock, formatDay } from '../format.ts'
import { periodStanding, type Standing } from '../sync-words.ts'
import { texts } from '../texts.ts'

const words = texts.sync.standing

type Marked = Pick<PeriodSummary, 'index' | 'running' | 'provisional' | 'start' | 'end' | 'completeUntilTs'>

/** Says of a period what its results are worth; one question for a whole table of them. */
export function useStandings(): (period: Marked) => Standing {
  const sync = useQuery('sync.get', {}, ['sync']).data
  const demo = useQuery('status.get', {}, ['facts']).data?.demo ?? false
  const nowTs = useNowTs()
  return period => periodStanding(period, { sync, demo, nowTs })
}

/**
 * What a period's results are worth: final, provisional, of a period that still runs, or of one that is not all here. `short` says
 * until which day it is known, not until which minute, for a column of a table; the minute stands on hover.
 */
export function PeriodMark({ period, standing, short = false }: { period: Marked; standing: Standing; short?: boolean }) {
  const nowTs = useNowTs()
  const full = standingWord(period, standing, formatClock(period.completeUntilTs, nowTs))
  const word = short ? standingWord(period, standing, formatDay(period.completeUntilTs)) : full
  if (standing === 'final') return <StateMark state="up" word={word} />
  const why = { running: undefined, filling: words.fillingWhy, partial: words.partialWhy, provisional: texts.terms.provisional }[standing]
  const title = [word === full ? null : `${full}.`, why].filter(Boolean).join(' ')
  return <StateMark state="unknown" word={word} {...(title === '' ? {} : { title })} />
}

/** A standing in words: `Filling: known until 12 Nov, 14:03`. */
function standingWord(period: Marked, standing: Standing, until: string): string {
  if (standing === 'filling') return period.completeUntilTs <= period.start ? words.fillingNothing : words.filling(until)
  return standing === 'partial' ? words.partial(until) : words[standing]
}
