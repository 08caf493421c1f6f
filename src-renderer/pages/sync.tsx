import { Button, Progress, Skeleton } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { SyncState } from '../../src-shared/sync.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { StateShape } from '../components/state-mark.tsx'
import { DateTime, useNowTs } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { choiceText, headline, phaseStates, roughDuration, scopeChoice } from '../sync-words.ts'
import { texts } from '../texts.ts'
import { LiveNodesTable, useLiveNodes } from './live-nodes.tsx'
import page from './page.module.css'
import classes from './sync.module.css'
import { useFarmNames } from './sync-names.ts'
import { SyncSetup } from './sync-setup.tsx'
import { SyncEndpoints, SyncPeriods, SyncRests } from './sync-tables.tsx'
import { bytesText } from './upload.ts'

const words = texts.sync

/** Is this machine up to date with the chain, and if not, for how long. What is followed is set up here the first time. */
export function SyncPage() {
  const sync = useQuery('sync.get', {}, ['sync', 'networks'])
  const status = useQuery('status.get', {}, ['facts', 'settings'])
  const state = sync.data
  const readOnly = status.data?.readOnly === true
  const demo = status.data?.demo === true
  if (sync.error && !state) return <NotKnown title={words.title} error={sync.error} onRetry={sync.refetch} />
  if (!state)
    return (
      <div className={page.page} aria-busy="true">
        <h1 className={page.title}>{words.title}</h1>
        <Skeleton height={190} />
        <Skeleton height={260} />
      </div>
    )
  if (!state.config)
    return (
      <div className={page.page}>
        <header className={page.head}>
          <h1>{words.setupTitle}</h1>
        </header>
        {demo && !readOnly ? <DemoCard /> : null}
        <SyncSetup key="first" state={state} readOnly={readOnly} />
      </div>
    )
  return (
    <div className={page.page}>
      <SyncHead state={state} readOnly={readOnly} />
      <Now state={state} />
      {demo && !readOnly && state.phase === 'off' ? <DemoCard /> : null}
      <SyncPeriods state={state} />
      <div className={page.columns}>
        <SyncEndpoints state={state} />
        <SyncRests state={state} />
      </div>
      <Live state={state} />
    </div>
  )
}

function NotKnown({ title, error, onRetry }: { title: string; error: AppError; onRetry: () => void }) {
  return (
    <div className={page.page}>
      <h1 className={page.title}>{title}</h1>
      <ErrorPanel error={error} onRetry={onRetry} />
    </div>
  )
}

function Live({ state }: { state: SyncState }) {
  return <LiveNodesTable live={useLiveNodes()} phase={state.phase} />
}

/** Which network, what of it, and the buttons that change how it stands. */
function SyncHead({ state, readOnly }: { state: SyncState; readOnly: boolean }) {
  const names = useFarmNames()
  const { config } = state
  return (
    <header className={page.head}>
      <h1>{words.title}</h1>
      {config ? (
        <span className={page.dim}>
          {words.follows} {choiceText(scopeChoice(config.scope, names))}, {config.network},{' '}
          {words.setup.periods(config.periods).toLowerCase()}
        </span>
      ) : null}
      <div className={page.right}>
        <Link href="/sync/setup" className={page.link}>
          {words.change}
        </Link>
        <SyncButton state={state} readOnly={readOnly} />
      </div>
    </header>
  )
}

/** Pause, resume, start, or try again: the one that fits. What went wrong stands beneath the header until it is tried again. */
function SyncButton({ state, readOnly }: { state: SyncState; readOnly: boolean }) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const pausing = state.phase !== 'off' && state.phase !== 'paused' && state.phase !== 'halted'
  const act = () => {
    setBusy(true)
    setError(null)
    command(pausing ? 'sync.pause' : 'sync.start', {})
      .catch((reason: unknown) => setError(toAppError(reason)))
      .finally(() => setBusy(false))
  }
  const label = pausing ? words.pause : state.phase === 'off' ? words.start : state.phase === 'halted' ? words.again : words.resume
  return (
    <>
      <Button
        variant={pausing ? 'default' : 'filled'}
        h={32}
        loading={busy}
        disabled={readOnly}
        title={readOnly ? words.readOnly : undefined}
        onClick={act}
      >
        {label}
      </Button>
      {error ? <ErrorPanel error={error} onRetry={act} /> : null}
    </>
  )
}

function Now({ state }: { state: SyncState }) {
  const nowTs = useNowTs()
  const { title, text } = headline(state, nowTs)
  const halted = state.phase === 'halted'
  const { fraction, stored, head } = state
  const lagSec = stored && head ? head.ts - stored.ts : null
  const moving = state.phase === 'backfilling' || state.phase === 'following'
  return (
    <section className={`${page.panel} ${classes.now}`} data-halted={halted || undefined} aria-label={words.phases[state.phase]}>
      <h2 className={classes.headline}>
        <StateShape state={phaseStates[state.phase]} size={14} />
        <span role={halted ? 'alert' : undefined}>{title}</span>
      </h2>
      {text ? <p className={classes.message}>{text}</p> : null}
      {halted ? <p className={page.dim}>{words.haltedSafe}</p> : null}
      {fraction !== null && state.phase !== 'following' && state.phase !== 'off' ? (
        <Progress value={Math.floor(fraction * 100)} size={10} aria-label={words.progress} transitionDuration={0} />
      ) : null}
      <dl className={classes.figures}>
        <div>
          <dt title={words.figures.storedWhy}>{words.figures.stored}</dt>
          <dd>
            {stored ? (
              <>
                <strong>
                  <DateTime ts={stored.ts} />
                </strong>
                <div className={page.caption}>
                  {words.figures.block(formatCount(stored.n))}
                  {lagSec !== null && lagSec >= 60 ? `, ${words.figures.behind(formatDuration(lagSec - (lagSec % 60)))}` : ''}
                </div>
              </>
            ) : (
              <span className={page.dim}>{words.figures.notYet}</span>
            )}
          </dd>
        </div>
        <div>
          <dt>{words.figures.head}</dt>
          <dd>
            {head ? (
              <>
                <strong>
                  <DateTime ts={head.ts} />
                </strong>
                <div className={page.caption}>
                  {words.figures.block(formatCount(head.n))}, <DateTime ts={head.ts} form="age" />
                </div>
              </>
            ) : (
              <span className={page.dim}>{words.figures.unknown}</span>
            )}
          </dd>
        </div>
        <div>
          <dt>{words.figures.left}</dt>
          <dd>
            <strong>
              {state.phase === 'following'
                ? words.figures.none
                : !moving && state.phase !== 'connecting'
                  ? words.figures.still
                  : state.secondsLeft === null
                    ? words.figures.unknown
                    : roughDuration(state.secondsLeft)}
            </strong>
            <div className={page.caption}>
              {moving && state.blocksPerSec > 0 ? `${rateText(state.blocksPerSec)} ${words.figures.blocksPerSec}` : ''}
            </div>
          </dd>
        </div>
        <div>
          <dt>{words.figures.bytes}</dt>
          <dd>
            <strong>{bytesText(state.bytes)}</strong>
            <div className={page.caption}>
              {words.rests.blocks}: {formatCount(state.readBlocks)}
            </div>
          </dd>
        </div>
      </dl>
    </section>
  )
}

/** At the head a block comes every six seconds: `0.2`; while history comes in `1,240`. */
function rateText(perSec: number): string {
  return perSec < 10 ? perSec.toFixed(1) : formatCount(Math.round(perSec))
}

/** In the demo: a chain of its own to see the sync at work. */
function DemoCard() {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const follow = () => {
    setBusy(true)
    setError(null)
    command('demo.follow', {})
      .catch((reason: unknown) => setError(toAppError(reason)))
      .finally(() => setBusy(false))
  }
  return (
    <section className={page.panel} aria-label={words.demo.title}>
      <h2>{words.demo.title}</h2>
      <p>{words.demo.text}</p>
      <div>
        <Button h={32} variant="default" loading={busy} onClick={follow}>
          {words.demo.action}
        </Button>
      </div>
      {error ? <ErrorPanel error={error} onRetry={follow} /> : null}
    </section>
  )
}

/** Changes what is followed. */
export function SyncSetupPage() {
  const sync = useQuery('sync.get', {}, ['sync', 'networks'])
  const status = useQuery('status.get', {}, ['facts', 'settings'])
  if (sync.error && !sync.data) return <NotKnown title={words.setupTitle} error={sync.error} onRetry={sync.refetch} />
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1>{sync.data?.config ? words.change : words.setupTitle}</h1>
        <Link href="/sync" className={`${page.link} ${page.right}`}>
          {words.setup.back2}
        </Link>
      </header>
      {sync.data ? <SyncSetup state={sync.data} readOnly={status.data?.readOnly === true} /> : <Skeleton height={400} />}
    </div>
  )
}
