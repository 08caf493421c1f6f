import { Skeleton } from '@mantine/core'
import { type Ref, useEffect, useRef } from 'react'
import { causeText, explanationText, secondsText, withoutCredit } from '../../src-shared/explain-text.ts'
import type { Explanation, Rules } from '../../src-shared/mint.ts'
import { tftExact, tftShort } from '../../src-shared/money.ts'
import { useQuery } from '../api.ts'
import type { HelpTerm } from '../help-terms.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { CopyButton } from './copy-button.tsx'
import { Derivation } from './derivation.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { EvidenceButton } from './evidence-button.tsx'
import classes from './explain.module.css'
import { prettyReceipt, receiptInputs } from './explain-model.ts'
import { Filled } from './filled.tsx'
import { StateMark } from './state-mark.tsx'
import { StepList } from './step-list.tsx'
import { DateTime, Duration, Usd } from './values.tsx'
import { ViolationBox } from './violation-box.tsx'

const words = texts.explain.sheet

export interface ExplainTarget {
  nodeId: number
  /** the latest period where left out */
  period?: number | undefined
  /** which figure was asked for: a derivation line's name, `uptime`, or `receipt` */
  focus?: string | undefined
  /** by which rule set; v3 unless told */
  rules?: Rules
}

/** Opens the side sheet that says why a figure is what it is. Any figure of a node may call it. */
export function openExplain(target: ExplainTarget): void {
  const what = target.focus === 'uptime' ? words.uptime : target.focus === 'receipt' ? words.receipt : words.earnings
  const { nodeId, period } = target
  const title = period === undefined ? words.ofNode(nodeId, what) : words.ofPeriod(nodeId, period, what)
  openSheet({ title, body: <ExplainBody {...target} />, help: helpOf(target.focus) })
}

function helpOf(focus: string | undefined): HelpTerm {
  return focus === 'uptime' || focus === 'receipt' ? focus : 'payout'
}

/** The explanation as text; while the period runs with what that means in front. */
export function copyText(explanation: Explanation, running: boolean): string {
  return `${running ? `${texts.running.derivation}\n\n` : ''}${explanationText(explanation)}`
}

/** What the sheet holds: the sum, what went in, each rule with its figures, the chain events behind it, the receipt. */
export function ExplainBody({ nodeId, period, focus, rules = 'v3' }: ExplainTarget) {
  const { data, error, refetch } = useQuery('node.explain', { nodeId, rules, ...(period === undefined ? {} : { period }) }, ['results'])
  const periods = useQuery('periods.list', {}, ['facts', 'results'])
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data || (!periods.data && !periods.error)) return <ExplainSkeleton />
  const running = periods.data?.some(one => one.index === data.period.index && one.running) ?? false
  return <Explained explanation={data} focus={focus} running={running} />
}

function Explained({ explanation, focus, running }: { explanation: Explanation; focus: string | undefined; running: boolean }) {
  const uptime = useRef<HTMLElement>(null)
  const receipt = useRef<HTMLElement>(null)
  useEffect(() => {
    if (focus === 'uptime') uptime.current?.scrollIntoView()
    if (focus === 'receipt') receipt.current?.scrollIntoView()
  }, [focus])
  return (
    <div className={classes.body}>
      <div className={classes.section}>
        <p className={classes.sum}>
          {running ? (
            <>
              <span className={classes.big}>{texts.running.notYet}</span>
              <StateMark state="unknown" word={texts.running.notAll} />
            </>
          ) : (
            <>
              <span className={classes.big} title={`${tftExact(explanation.rewardUnits)} TFT`}>
                {tftShort(explanation.rewardUnits)} <span className={classes.unit}>TFT</span>
              </span>
              <Usd musd={explanation.rewardMusd} unit />
              {explanation.provisional ? <StateMark state="unknown" word={words.provisional} title={texts.terms.provisional} /> : null}
            </>
          )}
        </p>
        <div className={classes.tools}>
          <CopyButton text={() => copyText(explanation, running)} label={texts.sheet.copy} />
        </div>
      </div>
      {explanation.violation ? <ViolationBox detail={explanation.violation} label={words.violation} /> : null}
      <section className={classes.section} aria-label={words.inputs}>
        <h3>{words.inputsTitle}</h3>
        <dl className={classes.inputs}>
          <dt>{texts.app.period(String(explanation.period.index))}</dt>
          <dd>
            <Filled
              text={texts.app.between}
              parts={{ from: <DateTime ts={explanation.period.start} />, to: <DateTime ts={explanation.period.end} /> }}
            />
          </dd>
          <dt>{words.rules}</dt>
          <dd>{words.rulesAre(explanation.rules, words.resources[explanation.resources])}</dd>
          {receiptInputs(explanation.receipt).map(([name, value]) => (
            <Input key={name} name={name} value={value} />
          ))}
        </dl>
      </section>
      <section className={classes.section} aria-label={words.payout}>
        <h3>{words.payoutTitle}</h3>
        {running ? <p className={classes.dim}>{texts.running.derivation}</p> : null}
        <Derivation lines={explanation.derivation} focus={focus} running={running} />
      </section>
      <UptimeSection explanation={explanation} place={uptime} />
      <section className={classes.section} aria-label={words.receiptTitle} ref={receipt}>
        <h3>{words.receiptTitle}</h3>
        <p className={classes.hash}>{explanation.hash}</p>
        <div className={classes.tools}>
          <CopyButton text={explanation.hash} label={words.copyHash} />
          <CopyButton text={explanation.receipt} label={words.copyReceipt} />
          {explanation.rules === 'v3' && !running ? (
            <EvidenceButton of={{ nodeId: explanation.nodeId, period: explanation.period.index }} />
          ) : null}
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <pre className={classes.receipt} tabIndex={0}>
          {prettyReceipt(explanation.receipt)}
        </pre>
        <p className={classes.dim}>{words.hashHow}</p>
      </section>
    </div>
  )
}

/** Every credit and every loss, with what was lost told first. */
export function UptimeSection({ explanation, place }: { explanation: Explanation; place?: Ref<HTMLElement> }) {
  const { lostSec, aheadSec, waitingSec, unknownSec } = withoutCredit(explanation.steps)
  return (
    <section className={classes.section} aria-label={words.uptimeOf} ref={place}>
      <h3>{words.uptimeTitle}</h3>
      <p>
        {words.uptimeSum(
          secondsText(explanation.measuredUptimeSec),
          secondsText(explanation.elapsedSec),
          secondsText(lostSec),
          aheadSec > 0 ? secondsText(aheadSec) : null,
          waitingSec > 0 ? secondsText(waitingSec) : null,
          unknownSec > 0 ? secondsText(unknownSec) : null,
          explanation.slowBoots,
        )}
      </p>
      {explanation.downtimes.length > 0 ? (
        <ul>
          {explanation.downtimes.map(downtime => (
            <li key={`${downtime.fromTs} ${downtime.cause}`}>
              <DateTime ts={downtime.fromTs} />, <Duration sec={downtime.toTs - downtime.fromTs} />: {causeText(downtime)}
            </li>
          ))}
        </ul>
      ) : null}
      <StepList steps={explanation.steps} />
    </section>
  )
}

function Input({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}

export function ExplainSkeleton() {
  return (
    <div className={classes.body} aria-busy="true">
      <Skeleton height={36} width={220} />
      <Skeleton height={120} />
      <Skeleton height={320} />
      <Skeleton height={240} />
    </div>
  )
}
