import type { PeriodSummary } from '../../src-shared/contract.ts'
import { useQuery } from '../api.ts'
import { StateMark } from '../components/state-mark.tsx'
import { useNowTs } from '../components/values.tsx'
import { formatClock } from '../format.ts'
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

/** What a period's results are worth: final, provisional, of a period that still runs, or of one that is not all here. */
export function PeriodMark({ period, standing }: { period: Marked; standing: Standing }) {
  const nowTs = useNowTs()
  const word = standingWord(period, standing, nowTs)
  if (standing === 'final') return <StateMark state="up" word={word} />
  const why = { running: undefined, filling: words.fillingWhy, partial: words.partialWhy, provisional: texts.terms.provisional }[standing]
  return <StateMark state="unknown" word={word} {...(why === undefined ? {} : { title: why })} />
}

/** A standing in words: `Filling: known until 12 Nov, 14:03`. */
export function standingWord(period: Marked, standing: Standing, nowTs: number): string {
  const until = formatClock(period.completeUntilTs, nowTs)
  if (standing === 'filling') return period.completeUntilTs <= period.start ? words.fillingNothing : words.filling(until)
  return standing === 'partial' ? words.partial(until) : words[standing]
}
