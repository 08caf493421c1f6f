import { Button, Skeleton } from '@mantine/core'
import { useLayoutEffect, useMemo } from 'react'
import { Link, useLocation } from 'wouter'
import type { Explanation } from '../../src-shared/mint.ts'
import type { NodeDetail } from '../../src-shared/nodes-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Derivation } from '../components/derivation.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { copyText } from '../components/explain-sheet.tsx'
import { Filled } from '../components/filled.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { StepList } from '../components/step-list.tsx'
import { Timeline } from '../components/timeline.tsx'
import { timelineModel } from '../components/timeline-model.ts'
import { DateTime } from '../components/values.tsx'
import { ViolationBox } from '../components/violation-box.tsx'
import { formatDayYear } from '../format.ts'
import { nodePath, whatIfPath } from '../links.ts'
import { texts } from '../texts.ts'
import { NodeBudget } from './node-budget.tsx'
import { NodeCapacity } from './node-capacity.tsx'
import { NodeFigures } from './node-figures.tsx'
import { NodeNotes } from './node-notes.tsx'
import { NodeDowntimes, NodeReceipts } from './node-tables.tsx'
import classes from './page.module.css'
import { PeriodMark, useStandings } from './period-mark.tsx'

const words = texts.node

/** One node in one period: is it fine, and why does it earn what it earns. */
export function NodePage({ params }: { params: Record<string, string | undefined> }) {
  const nodeId = Number.parseInt(params.id ?? '', 10)
  const period = wantedPeriod(params.period)
  const input = { nodeId, ...(period === undefined ? {} : { period }) }
  const valid = Number.isSafeInteger(nodeId) && nodeId >= 0
  const detail = useQuery('node.get', input, ['results', 'labels'], { keepPrevious: true, enabled: valid })
  const explanation = useQuery('node.explain', input, ['results'], { keepPrevious: true, enabled: valid })

  if (!valid)
    return (
      <div className={classes.page}>
        <h1 className={classes.title}>{words.missing}</h1>
        <p>
          <Filled text={words.missingText(params.id ?? '')} parts={{ all: <Link href="/nodes">{words.seeAll}</Link> }} />
        </p>
      </div>
    )
  if (detail.error)
    return (
      <div className={classes.page}>
        <h1 className={classes.title}>{words.title(nodeId, '')}</h1>
        <ErrorPanel error={detail.error} onRetry={detail.refetch} />
        <Link href="/nodes">{words.seeAll}</Link>
      </div>
    )
  if (!detail.data) return <NodeSkeleton nodeId={nodeId} />
  // both answers must speak of the same node and period; until then the explanation is as good as missing
  const same = explanation.data?.nodeId === detail.data.row.nodeId && explanation.data.period.index === detail.data.period.index
  return (
    <NodeView
      detail={detail.data}
      explanation={same ? (explanation.data ?? null) : null}
      explanationError={
        explanation.error ? <ErrorPanel error={explanation.error} title={words.explanationFailed} onRetry={explanation.refetch} /> : null
      }
      stale={detail.stale}
    />
  )
}

/** From the path, `/nodes/17/80`, or from `?period=80` behind the hash. */
function wantedPeriod(fromPath: string | undefined): number | undefined {
  const text = fromPath ?? /[?&]period=(-?\d+)/.exec(window.location.hash)?.[1] ?? /[?&]period=(-?\d+)/.exec(window.location.search)?.[1]
  const period = Number.parseInt(text ?? '', 10)
  return Number.isSafeInteger(period) ? period : undefined
}

function NodeView({
  detail,
  explanation,
  explanationError,
  stale,
}: {
  detail: NodeDetail
  explanation: Explanation | null
  explanationError: React.ReactNode
  stale: boolean
}) {
  const { row, period } = detail
  const model = useMemo(() => timelineModel(detail, explanation), [detail, explanation])
  return (
    <div className={classes.page} aria-busy={stale}>
      <NodeHead detail={detail} />
      <NodeFigures detail={detail} explanation={explanation} />
      {/* a violation says itself that nothing is paid */}
      {period.running && row.violation === null ? <NodeBudget detail={detail} /> : null}
      {explanation?.violation ? <ViolationBox detail={explanation.violation} /> : null}
      <section className={classes.panel} aria-label={words.timeline}>
        <div className={classes.panelHead}>
          <h2>{words.uptime}</h2>
          <span className={classes.dim}>
            <Filled text={texts.app.asOf} parts={{ time: <DateTime ts={Math.min(period.completeUntilTs, period.end)} form="full" /> }} />
          </span>
        </div>
        <Timeline model={model} name={words.ofPeriod(row.nodeId, period.index)} />
      </section>
      {explanationError}
      <NodeDowntimes detail={detail} />
      <div className={classes.columns}>
        <section className={classes.panel} aria-label={words.stepByStep}>
          <div className={classes.panelHead}>
            <h2>{words.stepByStepTitle}</h2>
            {explanation ? <CopyButton text={() => copyText(explanation, period.running)} label={texts.sheet.copy} /> : null}
          </div>
          {period.running ? <p className={classes.dim}>{texts.running.derivation}</p> : null}
          {explanation ? <Derivation lines={explanation.derivation} running={period.running} /> : <Skeleton height={320} />}
        </section>
        <div className={classes.stack}>
          <NodeCapacity detail={detail} />
          <NodeNotes row={row} />
        </div>
      </div>
      <section className={classes.panel} aria-label={words.credits}>
        <div className={classes.panelHead}>
          <h2>{words.creditsTitle}</h2>
          <span className={classes.dim}>{words.creditsHow}</span>
        </div>
        {explanation ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          <div className={classes.long} tabIndex={0}>
            <StepList steps={explanation.steps} />
          </div>
        ) : (
          <Skeleton height={320} />
        )}
      </section>
      <NodeReceipts detail={detail} />
    </div>
  )
}

function NodeHead({ detail }: { detail: NodeDetail }) {
  const { row, period } = detail
  const standing = useStandings()(period)
  const [, navigate] = useLocation()
  const { previousNodeId, nextNodeId } = detail
  const go = (nodeId: number | null) => {
    if (nodeId !== null) navigate(nodePath(nodeId, period.index))
  }
  // before the paint: a key that is pressed the moment the node is seen must mean this one's neighbours
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof Element && event.target.closest('input, textarea, select, [role="dialog"]')) return
      if (event.key === '[') go(previousNodeId)
      else if (event.key === ']') go(nextNodeId)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })
  const known = detail.receipts.map(receipt => receipt.period)
  const periods = known.includes(period.index) ? known : [...known, period.index]
  return (
    <header>
      <div className={classes.head}>
        <h1>{words.title(row.nodeId, cleanName(row.label))}</h1>
        <StateMark state={row.state} />
        <span className={classes.dim}>{row.stateReason}</span>
        <div className={classes.right}>
          <label>
            <span className={classes.dim}>{words.period} </span>
            <select
              className={classes.select}
              value={period.index}
              onChange={event => navigate(nodePath(row.nodeId, Number(event.currentTarget.value)))}
            >
              {periods
                .sort((a, b) => b - a)
                .map(index => (
                  <option key={index} value={index}>
                    {index === period.index ? words.periodRange(index, formatDayYear(period.start), formatDayYear(period.end)) : index}
                  </option>
                ))}
            </select>
          </label>
          <Button variant="default" h={32} onClick={() => navigate(whatIfPath(row.nodeId))}>
            {texts.whatIf.ask}
          </Button>
          <Button
            variant="default"
            h={32}
            disabled={previousNodeId === null}
            onClick={() => go(previousNodeId)}
            aria-keyshortcuts="["
            title={words.previousKey}
          >
            {words.previous}
          </Button>
          <Button
            variant="default"
            h={32}
            disabled={nextNodeId === null}
            onClick={() => go(nextNodeId)}
            aria-keyshortcuts="]"
            title={words.nextKey}
          >
            {words.next}
          </Button>
        </div>
      </div>
      <p className={classes.facts}>
        <span>{words.farm(cleanName(row.farmName), row.farmId)}</span>
        <span>
          <abbr title={texts.terms.twin}>{words.twin}</abbr> {row.twinId}
        </span>
        <span>{[row.city, row.country].map(cleanName).filter(Boolean).join(', ') || words.noPlace}</span>
        <span>
          <abbr title={row.certified ? texts.terms.certified : texts.terms.diy}>
            {row.certified ? texts.nodes.certified : texts.nodes.diy}
          </abbr>
        </span>
        <span>
          <abbr title={texts.terms.policy}>{words.policy}</abbr> {cleanName(detail.policyName)} ({row.policyId})
        </span>
        {row.virtualized ? <span title={texts.terms.virtual}>{words.virtual}</span> : null}
        {standing === 'final' ? null : <PeriodMark period={period} standing={standing} />}
      </p>
    </header>
  )
}

function NodeSkeleton({ nodeId }: { nodeId: number }) {
  return (
    <div className={classes.page} aria-busy="true">
      <div className={classes.head}>
        <h1>{words.title(nodeId, '')}</h1>
      </div>
      <Skeleton height={20} width={480} />
      <Skeleton height={98} />
      <Skeleton height={336} />
      <Skeleton height={220} />
    </div>
  )
}
