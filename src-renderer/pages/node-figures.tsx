import type { ReactNode } from 'react'
import type { NodeDetail } from '../../src-shared/contract.ts'
import type { DerivationLine, Explanation } from '../../src-shared/mint.ts'
import { formatDuration, PERIOD_SEC } from '../../src-shared/time.ts'
import { Derivation } from '../components/derivation.tsx'
import { ExplainBody } from '../components/explain-sheet.tsx'
import { Figure } from '../components/figure.tsx'
import { Amount, DateTime, Duration, Usd } from '../components/values.tsx'
import { formatPermille } from '../format.ts'
import { violationWords } from '../texts.ts'
import { exactPermille } from './node-columns.tsx'
import { downtimeLines, earnedLines, projectionLines } from './node-estimates.ts'
import classes from './page.module.css'

/** What the node earns and how it stands against what its policy asks for; each computed figure opens its derivation. */
export function NodeFigures({ detail, explanation }: { detail: NodeDetail; explanation: Explanation | null }) {
  const { row, period } = detail
  const lostSec = detail.downtimes.reduce((sum, downtime) => sum + downtime.lostSec, 0)
  // what the policy asks for is a share of the whole period, so a running one is measured against what it can still reach
  const neededSec = Math.ceil((row.slaPermille * PERIOD_SEC) / 1000)
  const leftSec = row.uptimeSec + Math.max(period.end - Math.max(period.completeUntilTs, period.start), 0) - neededSec
  const explain = (focus: string) => <ExplainBody nodeId={row.nodeId} period={period.index} focus={focus} />
  const sheet = (lines: DerivationLine[], focus: string) => (
    <>
      <Derivation lines={lines} />
      <h3 className={classes.below}>What that rests on</h3>
      {explain(focus)}
    </>
  )
  const paysNothing = row.violation !== null || row.virtualized
  return (
    <dl className={classes.figures}>
      {period.running ? (
        <>
          <Box
            title="Projected"
            number={
              <Figure label={`Projection of node ${row.nodeId}`} explain={() => sheet(projectionLines(detail, explanation), 'tokens')}>
                <Amount units={row.projectedUnits} unit />
              </Figure>
            }
          >
            <Usd musd={row.projectedMusd} unit />, if the rest goes like this; an estimate
          </Box>
          <Box
            title="Earned so far"
            number={
              <Figure label={`Earnings so far of node ${row.nodeId}`} explain={() => sheet(earnedLines(detail, explanation), 'tokens')}>
                <Amount units={row.earnedUnits} unit />
              </Figure>
            }
          >
            <Usd musd={row.earnedMusd} unit />, paid only if its SLA is met
          </Box>
        </>
      ) : (
        <Box
          title="Payout"
          number={
            <Figure label={`Payout of node ${row.nodeId}, period ${period.index}`} explain={() => explain('tft')}>
              <Amount units={row.rewardUnits} unit />
            </Figure>
          }
        >
          <Usd musd={row.rewardMusd} unit />
        </Box>
      )}
      <Box
        title="Uptime"
        number={
          <Figure label={`Uptime of node ${row.nodeId}, period ${period.index}`} explain={() => explain('uptime')}>
            {formatPermille(exactPermille(row))} %
          </Figure>
        }
      >
        <UptimeMeter permille={row.uptimePermille} slaPermille={row.slaPermille} />
        asks for {formatPermille(row.slaPermille)} %; <Duration sec={row.uptimeSec} />
      </Box>
      <Box
        title="Downtime left"
        number={
          paysNothing ? (
            'no matter'
          ) : (
            <Figure label={`Downtime left of node ${row.nodeId}`} explain={() => sheet(downtimeLines(detail), 'uptime')}>
              {leftSec < 0 ? <span className={classes.bad}>missed</span> : formatDuration(leftSec)}
            </Figure>
          )
        }
      >
        {paysNothing
          ? row.virtualized
            ? 'virtual nodes get no payout'
            : `${violationWords[row.violation!].name.toLowerCase()}: pays nothing`
          : leftSec < 0
            ? `${formatDuration(-leftSec)} short of what pays`
            : period.running
              ? 'until it pays nothing'
              : 'to spare at the end'}
      </Box>
      <Box
        title="Lost"
        number={
          <Figure label={`Lost uptime of node ${row.nodeId}, period ${period.index}`} explain={() => explain('uptime')}>
            {formatDuration(lostSec)}
          </Figure>
        }
      >
        {detail.downtimes.length === 0
          ? 'no downtime'
          : `in ${detail.downtimes.length} ${detail.downtimes.length === 1 ? 'downtime' : 'downtimes'}`}
        {explanation && explanation.slowBoots > 0
          ? `, ${explanation.slowBoots} slow ${explanation.slowBoots === 1 ? 'boot' : 'boots'}`
          : ''}
      </Box>
      <Box title="Last report" number={row.lastReportTs === null ? 'unknown' : <DateTime ts={row.lastReportTs} form="age" />}>
        {row.lastReportTs === null ? (
          'none in this period'
        ) : row.sleepingSinceTs === null ? (
          <DateTime ts={row.lastReportTs} />
        ) : (
          <>
            asleep since <DateTime ts={row.sleepingSinceTs} form="short" />
          </>
        )}
      </Box>
    </dl>
  )
}

function Box({ title, number, children }: { title: string; number: ReactNode; children: ReactNode }) {
  return (
    <div className={classes.figure}>
      <dt>{title}</dt>
      <dd>
        <div className={classes.number}>{number}</div>
        <div className={classes.caption}>{children}</div>
      </dd>
    </div>
  )
}

/** Uptime against what the policy asks for. Drawn from 900 permille on where both lie well above it, so that a percent can be seen; the figures beside it say the same in words. */
function UptimeMeter({ permille, slaPermille }: { permille: number; slaPermille: number }) {
  const from = permille >= 940 && slaPermille >= 940 ? 900 : 0
  const share = (value: number) => `${Math.min(Math.max((value - from) / (1000 - from), 0), 1) * 100}%`
  return (
    <div className={classes.meter} aria-hidden="true" title={from > 0 ? 'drawn from 90 to 100 %' : 'drawn from 0 to 100 %'}>
      <i style={{ width: share(permille) }} data-state={permille >= slaPermille ? 'up' : 'down'} />
      <span className={classes.threshold} style={{ left: `calc(${share(slaPermille)} - 1px)` }} />
    </div>
  )
}
