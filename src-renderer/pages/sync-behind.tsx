import { Link } from 'wouter'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { StateShape } from '../components/state-mark.tsx'
import { useNowTs } from '../components/values.tsx'
import { behindText, phaseStates } from '../sync-words.ts'
import { texts } from '../texts.ts'
import { LiveNodesTable, useLiveNodes } from './live-nodes.tsx'
import page from './page.module.css'
import classes from './sync.module.css'

const words = texts.sync

/** One line while what is shown does not reach the chain's head; nothing where it does, or where nothing is followed. */
export function SyncBehind() {
  const sync = useQuery('status.get', {}, ['sync', 'facts']).data?.sync
  const nowTs = useNowTs()
  const text = sync ? behindText(sync, nowTs) : null
  if (!sync || text === null) return null
  return (
    <p className={classes.behind}>
      <StateShape state={phaseStates[sync.phase]} />
      <span>{text}</span>
      <Link href="/sync" className={page.link}>
        {words.behind.see}
      </Link>
    </p>
  )
}

/** The overview before the first period: the followed nodes as they are now, or the ways to get data. */
export function NoPeriodYet() {
  const status = useQuery('status.get', {}, ['sync', 'facts'])
  const live = useLiveNodes()
  const phase = status.data?.sync.phase ?? 'off'
  const known = (live.rows?.length ?? 0) > 0
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>{texts.overview.title}</h1>
        {known ? <span className={page.dim}>{words.overview.liveOnly}</span> : null}
      </header>
      <SyncBehind />
      {known || phase === 'connecting' || phase === 'backfilling' || phase === 'following' ? (
        <>
          <LiveNodesTable live={live} phase={phase} />
          {known ? null : <EmptyState title={words.overview.comingTitle}>{words.overview.comingText}</EmptyState>}
        </>
      ) : phase === 'off' ? (
        <EmptyState
          title={texts.overview.emptyTitle}
          action={
            <div className={page.buttons}>
              <Link href="/sync" className={page.link}>
                {texts.overview.emptyFollow}
              </Link>
              <Link href="/import" className={page.link}>
                {texts.overview.emptyAction}
              </Link>
            </div>
          }
        >
          {texts.overview.emptyText}
        </EmptyState>
      ) : (
        <EmptyState title={texts.overview.emptyTitle}>{words.overview.comingText}</EmptyState>
      )}
    </div>
  )
}
