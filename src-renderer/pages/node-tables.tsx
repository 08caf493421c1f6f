import { Link } from 'wouter'
import { causeText } from '../../src-shared/explain-text.ts'
import { group } from '../../src-shared/money.ts'
import type { NodeDetail } from '../../src-shared/nodes-contract.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { useQuery } from '../api.ts'
import { ArrivalText, useArrivals } from '../components/arrival.tsx'
import { CopyButton } from '../components/copy-button.tsx'
import { ExplainBody } from '../components/explain-sheet.tsx'
import { Figure } from '../components/figure.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime, Duration } from '../components/values.tsx'
import { nodePath } from '../links.ts'
import { texts, violationWords } from '../texts.ts'
import classes from './page.module.css'
import { PeriodMark, useStandings } from './period-mark.tsx'

const downtimeWords = texts.node.downtimes

const receiptWords = texts.node.receipts

/** Every stretch that did not count as up, and why. */
export function NodeDowntimes({ detail }: { detail: NodeDetail }) {
  const { downtimes } = detail
  const lostSec = downtimes.reduce((sum, downtime) => sum + downtime.lostSec, 0)
  return (
    <section className={classes.panel} aria-label={downtimeWords.title}>
      <div className={classes.panelHead}>
        <h2>{downtimeWords.title}</h2>
        <span className={classes.dim}>{downtimes.length === 0 ? '' : downtimeWords.sum(downtimes.length, formatDuration(lostSec))}</span>
      </div>
      {downtimes.length === 0 ? (
        <p className={classes.dim}>{downtimeWords.none}</p>
      ) : (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">{downtimeWords.columns.from}</th>
                <th scope="col">{downtimeWords.columns.to}</th>
                <NumHead name={downtimeWords.columns.length} help="length-of-a-downtime" />
                <NumHead name={downtimeWords.columns.lost} help="lost-time" />
                <th scope="col">{downtimeWords.columns.cause}</th>
                <th scope="col" className={classes.num}>
                  {downtimeWords.columns.block}
                </th>
              </tr>
            </thead>
            <tbody>
              {downtimes.map(downtime => (
                <tr key={`${downtime.fromTs} ${downtime.toTs} ${downtime.cause}`}>
                  <td>
                    <DateTime ts={downtime.fromTs} />
                  </td>
                  <td>
                    <DateTime ts={downtime.toTs} />
                  </td>
                  <td className={classes.num}>
                    <Duration sec={downtime.toTs - downtime.fromTs} />
                  </td>
                  <td className={classes.num}>
                    <Duration sec={downtime.lostSec} />
                  </td>
                  <td className={classes.wrap}>{causeText(downtime)}</td>
                  <td className={classes.num}>{downtime.block === null ? downtimeWords.noBlock : group(String(downtime.block))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

/** What the node got in every period that is known. */
export function NodeReceipts({ detail }: { detail: NodeDetail }) {
  const { row, receipts } = detail
  const periods = useQuery('periods.list', {}, ['facts', 'results'])
  const arrivals = useArrivals(receipts.filter(({ rewardUnits }) => rewardUnits > 0n).map(({ hash }) => hash))
  const standingOf = useStandings()
  const runningOf = (index: number) => periods.data?.find(one => one.index === index && one.running)
  const isRunning = (index: number) => runningOf(index) !== undefined
  return (
    <section className={classes.panel} aria-label={receiptWords.title}>
      <div className={classes.panelHead}>
        <h2>{receiptWords.title}</h2>
        <span className={classes.dim}>{receiptWords.which}</span>
      </div>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{receiptWords.columns.period}</th>
              <NumHead name={receiptWords.columns.uptime} help="uptime" />
              <NumHead name={receiptWords.columns.payout} help="payout" />
              <th scope="col">{receiptWords.columns.outcome}</th>
              <th scope="col">{texts.pay.arrival.head}</th>
              <th scope="col">{receiptWords.columns.hash}</th>
              <th scope="col">
                <span className={classes.hidden}>{receiptWords.columns.actions}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {receipts.map(receipt => (
              <tr key={receipt.period}>
                <td>
                  <Link href={nodePath(row.nodeId, receipt.period)} aria-label={texts.app.period(String(receipt.period))}>
                    {receipt.period}
                  </Link>
                </td>
                <td className={classes.num}>
                  <Duration sec={receipt.uptimeSec} />
                </td>
                <td className={classes.num}>
                  <Figure
                    label={texts.node.figures.payoutOf(row.nodeId, receipt.period)}
                    help="payout"
                    explain={() => <ExplainBody nodeId={row.nodeId} period={receipt.period} focus="tft" />}
                  >
                    {isRunning(receipt.period) && !receipt.violation ? texts.running.notYet : <Amount units={receipt.rewardUnits} />}
                  </Figure>
                </td>
                <td>
                  {receipt.violation ? (
                    <StateMark state="down" word={violationWords[receipt.violation].name} />
                  ) : runningOf(receipt.period) ? (
                    <PeriodMark period={runningOf(receipt.period)!} standing={standingOf(runningOf(receipt.period)!)} />
                  ) : receipt.rewardUnits === 0n ? (
                    receiptWords.paysNothing
                  ) : (
                    <StateMark state="up" word={receiptWords.pays} />
                  )}
                  {receipt.provisional && !isRunning(receipt.period) ? (
                    <span className={classes.dim}>, {receiptWords.provisional}</span>
                  ) : null}
                </td>
                <td>{isRunning(receipt.period) ? '' : <ArrivalText arrival={arrivals.get(receipt.hash)} />}</td>
                <td className={classes.hash} title={receipt.hash}>
                  {receipt.hash.slice(0, 8)}…
                </td>
                <td className={classes.num}>
                  <CopyButton text={receipt.hash} label={receiptWords.copy} name={receiptWords.copyOf(receipt.period)} compact />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
