import { Progress, Skeleton, Tooltip } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Attention, NodeState, Overview } from '../../src-shared/nodes-contract.ts'
import { FRESH_SEC, formatDuration, formatUtc, PERIOD_SEC } from '../../src-shared/time.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Figure } from '../components/figure.tsx'
import { StateMark, StateShape } from '../components/state-mark.tsx'
import { Amount, DateTime, Usd, useNowTs } from '../components/values.tsx'
import { formatCount, formatDayYear } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { nodePath, STATEMENT_PATH, showLeastBudget, showNodes } from '../links.ts'
import { stateWords, texts } from '../texts.ts'
import { FarmTable } from './farm-table.tsx'
import classes from './overview.module.css'
import { SumByFarm } from './sum-by-farm.tsx'
import { NoPeriodYet, SyncBehind } from './sync-behind.tsx'

const words = texts.overview
const statementTexts = texts.exports.statement
const stateOrder: NodeState[] = ['down', 'at-risk', 'unknown', 'asleep', 'up']
const shownAtFirst = 4

/** Is anything wrong and what do I do; what will I earn; until when is this known. */
export function OverviewPage() {
  const overview = useQuery('overview.get', {}, ['facts', 'results', 'labels', 'settings'])
  if (overview.error && !overview.data) return <ErrorPanel error={overview.error} onRetry={overview.refetch} />
  if (!overview.data) return <OverviewSkeleton />
  const { data } = overview
  if (!data.period) return <NoPeriodYet />
  const { period } = data
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <h1>{words.title}</h1>
        <span className={classes.dim} title={texts.app.range(formatUtc(period.start), formatUtc(period.end))}>
          {words.period(period.index, formatDayYear(period.start), formatDayYear(period.end))}
        </span>
        <StateCounts states={data.states} />
      </header>
      <SyncBehind />
      <div className={classes.columns}>
        <AttentionList attention={data.attention} total={data.attentionTotal} asOfTs={period.completeUntilTs} />
        <Earnings data={data} />
      </div>
      <section aria-label={words.farms}>
        <FarmTable farms={data.farms} over={data.over} />
      </section>
    </div>
  )
}

/** How many nodes are in each state; each count leads to these nodes. The worst stands first. */
function StateCounts({ states }: { states: Partial<Record<NodeState, number>> }) {
  const [, navigate] = useLocation()
  return (
    <ul className={classes.states} aria-label={words.states}>
      {stateOrder.map(state => {
        const count = states[state] ?? 0
        return (
          <li key={state}>
            <button type="button" className={classes.state} disabled={count === 0} onClick={() => navigate(showNodes({ state }))}>
              <span className={classes.count}>{formatCount(count)}</span>
              {count === 0 ? (
                <span className={classes.dim}>{stateWords[state].toLowerCase()}</span>
              ) : (
                <StateMark state={state} word={stateWords[state].toLowerCase()} />
              )}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

function AttentionList({ attention, total, asOfTs }: { attention: Attention[]; total: number; asOfTs: number }) {
  const [all, setAll] = useState(false)
  const isOld = useNowTs() - asOfTs > FRESH_SEC
  const shown = all ? attention : attention.slice(0, shownAtFirst)
  return (
    <section className={classes.panel} aria-labelledby="attention-title">
      <h2 id="attention-title" className={classes.attentionTitle}>
        <StateShape state={attention.length === 0 ? 'up' : worst(attention)} size={12} />
        {total === 0 ? words.calm : words.needs(total)}
      </h2>
      {isOld ? (
        <p className={classes.dim}>
          {words.asOf} <DateTime ts={asOfTs} form="both" />. {words.asOfWhy}
        </p>
      ) : null}
      {total === 0 ? <p className={classes.dim}>{words.calmText}</p> : null}
      <ul className={classes.attention}>
        {shown.map(one => (
          <AttentionRow key={`${one.kind} ${one.nodeId ?? ''} ${one.farmId ?? ''} ${one.title}`} one={one} />
        ))}
      </ul>
      {attention.length > shownAtFirst ? (
        <button type="button" className={classes.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? words.fewer : words.more(attention.length)}
        </button>
      ) : null}
      {all && total > attention.length ? <p className={classes.dim}>{words.only(attention.length, total)}</p> : null}
    </section>
  )
}

function worst(attention: Attention[]): NodeState {
  if (attention.some(one => one.severity === 'down')) return 'down'
  return attention.some(one => one.severity === 'at-risk') ? 'at-risk' : 'unknown'
}

function AttentionRow({ one }: { one: Attention }) {
  const nowTs = useNowTs()
  const state: NodeState = one.severity === 'info' ? 'unknown' : one.severity
  return (
    <li className={classes.attentionRow}>
      <span className={classes.attentionMark}>
        <StateMark state={state} word={one.severity === 'info' ? words.note : stateWords[state]} />
      </span>
      <div className={classes.attentionText}>
        <AttentionTitle one={one} />
        <div>{one.reason}</div>
        <div className={classes.wayOut}>{one.wayOut}</div>
        {one.deadline ? (
          <div>
            {words.deadlines[one.deadline.what]} <DateTime ts={one.deadline.ts} />
            {one.deadline.ts <= nowTs ? words.deadlinePassed : null}
          </div>
        ) : null}
      </div>
    </li>
  )
}

function AttentionTitle({ one }: { one: Attention }) {
  const { nodeId, farmId } = one
  if (nodeId !== null)
    return (
      <Link className={classes.attentionLink} href={nodePath(nodeId)}>
        {one.title}
      </Link>
    )
  if (farmId !== null)
    return (
      <Link className={classes.attentionLink} href="/nodes" onClick={() => showNodes({ farmId })}>
        {one.title}
      </Link>
    )
  return <strong>{one.title}</strong>
}

function Earnings({ data }: { data: Overview }) {
  const period = data.period!
  const left = Math.max(PERIOD_SEC - data.elapsedSec, 0)
  const percent = Math.min(Math.floor((data.elapsedSec / PERIOD_SEC) * 100), 100)
  return (
    <section className={classes.panel} aria-label={words.earnings}>
      {data.over ? (
        <Earned
          data={data}
          of="earned"
          label={words.paid}
          help="payout"
          rule={words.paidHow}
          mark={period.provisional ? <Mark word={words.provisional} how={words.provisionalHow} /> : null}
        />
      ) : (
        <>
          <Earned
            data={data}
            of="staysUp"
            label={words.staysUp}
            help="if-it-stays-up"
            rule={words.staysUpHow}
            mark={<Mark word={words.condition} how={words.staysUpHow} />}
          />
          <div className={classes.figures}>
            <Earned small data={data} of="earned" label={words.earnedSoFar} help="earned-so-far" rule={words.earnedHow} />
            <Earned small data={data} of="goesDown" label={words.goesDown} help="if-it-goes-down-now" rule={words.goesDownHow} />
          </div>
        </>
      )}
      <dl className={classes.facts}>
        {data.rules === 'node-period' ? (
          <div>
            <dt>
              <abbr title={words.ownPeriodsWhy}>{words.ownPeriods}</abbr>
            </dt>
            <dd className={classes.dim}>
              {words.ownPeriodsHow} <Link href="/mints">{texts.mints.title}</Link>
            </dd>
          </div>
        ) : (
          <div>
            <dt>{words.progress}</dt>
            <dd>
              <Progress value={percent} size={8} aria-label={words.progress} transitionDuration={0} />
              <span className={classes.dim}>
                {left > 0 ? words.progressWords(formatDuration(data.elapsedSec), formatDuration(left)) : words.progressDone}
              </span>
            </dd>
          </div>
        )}
        {data.over ? null : (
          <div>
            <dt>
              <abbr title={texts.budget.term}>{words.budget}</abbr>
            </dt>
            <dd>
              {data.budgetLow === 0 ? (
                <span className={classes.dim}>{words.budgetFine}</span>
              ) : (
                <Link className={classes.budgetLow} href="/nodes" onClick={showLeastBudget}>
                  <StateMark state="at-risk" word={words.budgetLow(data.budgetLow)} />
                </Link>
              )}
            </dd>
          </div>
        )}
        <div>
          <dt>
            <abbr title={words.knownWhy}>{words.knownUntil}</abbr>
          </dt>
          <dd>
            <DateTime ts={period.completeUntilTs} form="both" />
          </dd>
        </div>
        <div>
          <dt>{statementTexts.forTaxes}</dt>
          <dd>
            <Link href={STATEMENT_PATH}>{statementTexts.link}</Link>
          </dd>
        </div>
      </dl>
    </section>
  )
}

function Earned(props: {
  data: Overview
  of: 'earned' | 'staysUp' | 'goesDown'
  label: string
  help: HelpTerm
  /** how it comes about, in words; the sum by farm stands below */
  rule: string
  mark?: ReactNode
  small?: boolean
}) {
  const { data, of, label, help, rule } = props
  const amount = `${of}Units` as const
  return (
    <div className={classes.figure} data-small={props.small}>
      <div className={classes.figureLabel}>
        {label} {props.mark}
      </div>
      <div className={classes.figureValue}>
        <Figure
          label={label}
          help={help}
          explain={() => <SumByFarm label={label} help={help} rule={rule} farms={data.farms} amount={amount} total={data[amount]} />}
        >
          <Amount units={data[amount]} unit />
        </Figure>
      </div>
      <div className={classes.dim}>
        <Usd musd={data[`${of}Musd`]} unit />
      </div>
    </div>
  )
}

/** A word that takes certainty away from a figure, with the reason on hover and focus. */
function Mark({ word, how }: { word: string; how: string }) {
  return (
    <Tooltip label={how}>
      <button type="button" className={classes.mark}>
        <span>{word}</span>
      </button>
    </Tooltip>
  )
}

function OverviewSkeleton() {
  return (
    <div className={classes.page} aria-busy="true">
      <header className={classes.head}>
        <h1>{words.title}</h1>
        <Skeleton height={44} width="60%" ml="auto" />
      </header>
      <div className={classes.columns}>
        <Skeleton height={340} />
        <Skeleton height={340} />
      </div>
      <Skeleton height={180} />
    </div>
  )
}
