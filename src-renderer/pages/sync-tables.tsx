import { Button, Progress, Tooltip } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import type { EndpointState, SyncPeriod, SyncState } from '../../src-shared/sync.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { comparedText, endpointStates, percentText, periodFraction, periodStates } from '../sync-words.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import classes from './sync.module.css'
import { bytesText } from './upload.ts'

const words = texts.sync
const shownAtFirst = 12

/** Every period that is wanted, newest first: how much of it is here. */
export function SyncPeriods({ state }: { state: SyncState }) {
  const { title, columns, empty } = words.periods
  const [all, setAll] = useState(false)
  const shown = all ? state.periods : state.periods.slice(0, shownAtFirst)
  return (
    <section className={page.panel} aria-label={title}>
      <h2>{title}</h2>
      {state.periods.length === 0 ? (
        <p className={page.dim}>{empty}</p>
      ) : (
        <div className={page.scroll}>
          <table className={page.table}>
            <thead>
              <tr>
                <th scope="col">{columns.period}</th>
                <th scope="col">{columns.state}</th>
                <th scope="col">{columns.covered}</th>
                <th scope="col">{columns.from}</th>
                <th scope="col">{columns.to}</th>
                <NumHead name={columns.blocks} help="blocks" />
              </tr>
            </thead>
            <tbody>
              {shown.map(period => (
                <tr key={period.index}>
                  <td>{period.coveredToTs === null ? period.index : <Link href={`/periods/${period.index}`}>{period.index}</Link>}</td>
                  <td>
                    <PeriodState period={period} headTs={state.head?.ts ?? null} />
                  </td>
                  <td>
                    {period.coveredToTs === null ? (
                      <span className={page.dim}>{words.periods.none}</span>
                    ) : (
                      <DateTime ts={period.coveredToTs} />
                    )}
                  </td>
                  <td>
                    <DateTime ts={period.start} />
                  </td>
                  <td>
                    <DateTime ts={period.end} />
                  </td>
                  <td className={page.num}>
                    {period.firstBlock === null || period.lastBlock === null
                      ? ''
                      : `${formatCount(period.firstBlock)} – ${formatCount(period.lastBlock)}`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {state.periods.length > shownAtFirst ? (
        <div>
          <Button variant="default" h={32} aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? texts.overview.fewer : texts.overview.more(state.periods.length)}
          </Button>
        </div>
      ) : null}
    </section>
  )
}

function PeriodState({ period, headTs }: { period: SyncPeriod; headTs: number | null }) {
  const mark = (
    <StateMark state={periodStates[period.state]} word={words.periods.states[period.state]} title={words.periods.hints[period.state]} />
  )
  const fraction = period.state === 'filling' ? periodFraction(period, headTs) : null
  if (fraction === null) return mark
  return (
    <div className={classes.fill}>
      {mark}
      <Progress
        className={classes.bar}
        value={Math.floor(fraction * 100)}
        size={8}
        aria-label={words.periods.bar(period.index)}
        transitionDuration={0}
      />
      <span>{percentText(fraction)}</span>
    </div>
  )
}

/** Who is asked, and how they bear it. */
export function SyncEndpoints({ state }: { state: SyncState }) {
  return (
    <section className={page.panel} aria-label={words.endpoints.title}>
      <h2>{words.endpoints.title}</h2>
      {state.endpoints.length === 0 ? <p className={page.dim}>{words.endpoints.empty}</p> : null}
      <ul className={classes.endpoints}>
        {state.endpoints.map(endpoint => (
          <li key={endpoint.url}>
            <Endpoint endpoint={endpoint} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Endpoint({ endpoint }: { endpoint: EndpointState }) {
  const { states, archive, notArchive, archiveUnknown } = words.endpoints
  const wordOfArchive = endpoint.archive === null ? archiveUnknown : endpoint.archive ? archive : notArchive
  return (
    <>
      <div className={classes.line}>
        <span className={classes.url}>{endpoint.url}</span>
        <StateMark state={endpointStates[endpoint.state]} word={states[endpoint.state]} />
      </div>
      <div className={classes.small}>
        {endpoint.latencyMs === null ? null : (
          <span title={words.endpoints.latencyHint}>{words.endpoints.latency(formatCount(Math.round(endpoint.latencyMs)))}</span>
        )}
        <span title={words.endpoints.limitHint}>{words.endpoints.limit(formatCount(endpoint.limit))}</span>
        <span title={words.endpoints.totals(formatCount(endpoint.requests), formatCount(endpoint.failures))}>
          {words.endpoints.bytes(bytesText(endpoint.bytes))}
        </span>
        <Tooltip label={words.endpoints.archiveHint}>
          <button type="button" className={classes.hint}>
            {wordOfArchive}
          </button>
        </Tooltip>
      </div>
      {endpoint.detail === '' ? null : <p className={classes.message}>{endpoint.detail}</p>}
    </>
  )
}

/** Why what was read is to be believed. */
export function SyncRests({ state }: { state: SyncState }) {
  const { rests } = words
  return (
    <section className={page.panel} aria-label={rests.title}>
      <h2>{rests.title}</h2>
      <p>{rests.finalized}</p>
      <dl className={classes.facts}>
        <div>
          <dt>{rests.compared}</dt>
          <dd>{comparedText(state)}</dd>
        </div>
        <div>
          <dt title={rests.runtimesText}>{rests.runtimes}</dt>
          <dd>
            {state.runtimes.length === 0 ? (
              <span className={page.dim}>{rests.runtimesNone}</span>
            ) : (
              state.runtimes.map(one => rests.runtime(one.specVersion, formatCount(one.firstBlock))).join(', ')
            )}
          </dd>
        </div>
        <div>
          <dt title={rests.genesisText}>{rests.genesis}</dt>
          <dd>
            {state.genesis === null ? (
              <span className={page.dim}>{rests.genesisNone}</span>
            ) : (
              <>
                <span className={classes.hash}>{state.genesis}</span>{' '}
                <CopyButton text={state.genesis} label={texts.table.copy} name={rests.copyGenesis} compact />
              </>
            )}
          </dd>
        </div>
      </dl>
    </section>
  )
}
