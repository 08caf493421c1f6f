import { Link } from 'wouter'
import type { NodeDetail } from '../../src-shared/contract.ts'
import { causeText } from '../../src-shared/explain-text.ts'
import { group } from '../../src-shared/money.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { useQuery } from '../api.ts'
import { ArrivalText, useArrivals } from '../components/arrival.tsx'
import { CopyButton } from '../components/copy-button.tsx'
import { ExplainBody } from '../components/explain-sheet.tsx'
import { Figure } from '../components/figure.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime, Duration } from '../components/values.tsx'
import { nodePath } from '../links.ts'
import { texts, violationWords } from '../texts.ts'
import classes from './page.module.css'
import { PeriodMark, useStandings } from './period-mark.tsx'

/** Every stretch that did not count as up, and why. */
export function NodeDowntimes({ detail }: { detail: NodeDetail }) {
  const { downtimes } = detail
  const lostSec = downtimes.reduce((sum, downtime) => sum + downtime.lostSec, 0)
  return (
    <section className={classes.panel} aria-label="Downtimes">
      <div className={classes.panelHead}>
        <h2>Downtimes</h2>
        <span className={classes.dim}>{downtimes.length === 0 ? '' : `${downtimes.length}, ${formatDuration(lostSec)} lost`}</span>
      </div>
      {downtimes.length === 0 ? (
        <p className={classes.dim}>None: every second that is known counts.</p>
      ) : (
        <div className={classes.scroll}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col" className={classes.num}>
                  Length
                </th>
                <th scope="col" className={classes.num}>
                  Lost
                </th>
                <th scope="col">Cause</th>
                <th scope="col" className={classes.num}>
                  Block
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
                  <td className={classes.wrap}>{causeText(downtime.cause)}</td>
                  <td className={classes.num}>{downtime.block === null ? 'none' : group(String(downtime.block))}</td>
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
    <section className={classes.panel} aria-label="Receipts">
      <div className={classes.panelHead}>
        <h2>Receipts</h2>
        <span className={classes.dim}>every period in the store that has this node</span>
      </div>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Period</th>
              <th scope="col" className={classes.num}>
                Uptime
              </th>
              <th scope="col" className={classes.num}>
                Payout, TFT
              </th>
              <th scope="col">Outcome</th>
              <th scope="col">{texts.pay.arrival.head}</th>
              <th scope="col">Receipt hash</th>
              <th scope="col">
                <span className={classes.hidden}>Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {receipts.map(receipt => (
              <tr key={receipt.period}>
                <td>
                  <Link href={nodePath(row.nodeId, receipt.period)} aria-label={`Period ${receipt.period}`}>
                    {receipt.period}
                  </Link>
                </td>
                <td className={classes.num}>
                  <Duration sec={receipt.uptimeSec} />
                </td>
                <td className={classes.num}>
                  <Figure
                    label={`Payout of node ${row.nodeId}, period ${receipt.period}`}
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
                    'pays nothing'
                  ) : (
                    <StateMark state="up" word="pays" />
                  )}
                  {receipt.provisional && !isRunning(receipt.period) ? <span className={classes.dim}>, provisional</span> : null}
                </td>
                <td>{isRunning(receipt.period) ? '' : <ArrivalText arrival={arrivals.get(receipt.hash)} />}</td>
                <td className={classes.hash} title={receipt.hash}>
                  {receipt.hash.slice(0, 8)}…
                </td>
                <td className={classes.num}>
                  <CopyButton text={receipt.hash} label="Copy hash" name={`Copy hash of period ${receipt.period}`} compact />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
