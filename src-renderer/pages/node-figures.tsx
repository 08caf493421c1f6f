import type { ReactNode } from 'react'
import type { DerivationLine, Explanation } from '../../src-shared/mint.ts'
import type { NodeDetail } from '../../src-shared/nodes-contract.ts'
import type { Projected } from '../../src-shared/projection.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Derivation } from '../components/derivation.tsx'
import { ExplainBody } from '../components/explain-sheet.tsx'
import { Figure } from '../components/figure.tsx'
import { Filled } from '../components/filled.tsx'
import { Amount, DateTime, Duration, Usd } from '../components/values.tsx'
import { formatHours, formatPermille } from '../format.ts'
import { texts, violationWords } from '../texts.ts'
import { exactUptime } from '../what-if-form.ts'
import { exactPermille } from './node-columns.tsx'
import { budgetLines, earnedLines, goesDownLines, paysByUptime, staysUpLines } from './node-estimates.ts'
import classes from './page.module.css'

const words = texts.node.figures

/** What the node earns and how it stands against what its policy asks for; each computed figure opens its derivation. */
export function NodeFigures({ detail, explanation }: { detail: NodeDetail; explanation: Explanation | null }) {
  const { row, period, projection } = detail
  const lostSec = detail.downtimes.reduce((sum, downtime) => sum + downtime.lostSec, 0)
  // what a projection rests on is explained by the rule set that it is made with
  const isOwn = projection.rules === 'node-period'
  const ownInput = { nodeId: row.nodeId, period: period.index, rules: 'node-period' as const }
  const own = useQuery('node.explain', ownInput, ['results'], { enabled: isOwn && projection.uptimeSec > 0 })
  const basis = isOwn ? (own.data ?? null) : explanation
  const explain = (focus: string) => <ExplainBody nodeId={row.nodeId} period={period.index} focus={focus} />
  const sheet = (lines: DerivationLine[]) => <EstimateBody detail={detail} lines={lines} />
  return (
    <dl className={classes.figures}>
      {period.running ? (
        <>
          <Box
            title={texts.budget.staysUp}
            number={
              <Figure label={words.staysUpOf(row.nodeId)} help="if-it-stays-up" explain={() => sheet(staysUpLines(detail, basis))}>
                <Amount units={projection.staysUp.units} unit />
              </Figure>
            }
          >
            <Outcome outcome={projection.staysUp} />
          </Box>
          <Box
            title={texts.budget.goesDown}
            number={
              <Figure label={words.goesDownOf(row.nodeId)} help="if-it-goes-down-now" explain={() => sheet(goesDownLines(detail, basis))}>
                <Amount units={projection.goesDown.units} unit />
              </Figure>
            }
          >
            <Outcome outcome={projection.goesDown} />
          </Box>
          <Box
            title={texts.overview.earnedSoFar}
            number={
              <Figure label={words.earnedOf(row.nodeId)} help="earned-so-far" explain={() => sheet(earnedLines(detail, basis))}>
                <Amount units={projection.earnedUnits} unit />
              </Figure>
            }
          >
            <Filled
              text={paysByUptime(detail) ? words.paidByUptime : words.paidBySla}
              parts={{ amount: <Usd musd={projection.earnedMusd} unit /> }}
            />
          </Box>
        </>
      ) : (
        <Box
          title={words.payout}
          number={
            <Figure label={words.payoutOf(row.nodeId, period.index)} help="payout" explain={() => explain('tft')}>
              <Amount units={row.rewardUnits} unit />
            </Figure>
          }
        >
          <Usd musd={row.rewardMusd} unit />
        </Box>
      )}
      <Box
        title={words.uptime}
        number={
          <Figure label={words.uptimeOf(row.nodeId, period.index)} help="uptime" explain={() => explain('uptime')}>
            {formatPermille(exactPermille(row))} %
          </Figure>
        }
      >
        <UptimeMeter permille={row.uptimePermille} slaPermille={paysByUptime(detail) ? 0 : row.slaPermille} />
        {paysByUptime(detail) ? (
          <Duration sec={row.uptimeSec} />
        ) : (
          <Filled text={words.asksFor(formatPermille(row.slaPermille))} parts={{ uptime: <Duration sec={row.uptimeSec} /> }} />
        )}
      </Box>
      {period.running ? null : <DowntimeLeft detail={detail} explain={() => sheet(budgetLines(detail))} />}
      <Box
        title={words.lost}
        number={
          <Figure label={words.lostOf(row.nodeId, period.index)} help="lost-time" explain={() => explain('uptime')}>
            {formatDuration(lostSec)}
          </Figure>
        }
      >
        {words.downtimes(detail.downtimes.length)}
        {explanation && explanation.slowBoots > 0 ? `, ${words.slowBoots(explanation.slowBoots)}` : ''}
      </Box>
      <Box title={words.lastReport} number={row.lastReportTs === null ? words.unknown : <DateTime ts={row.lastReportTs} form="age" />}>
        {row.lastReportTs === null ? (
          words.lastReportNone
        ) : row.sleepingSinceTs === null ? (
          <DateTime ts={row.lastReportTs} />
        ) : (
          <Filled text={words.asleepSince} parts={{ time: <DateTime ts={row.sleepingSinceTs} form="short" /> }} />
        )}
      </Box>
    </dl>
  )
}

/** The lines of an estimate, and beneath them the explanation of what is known. */
export function EstimateBody({ detail, lines }: { detail: NodeDetail; lines: DerivationLine[] }) {
  return (
    <>
      <Derivation lines={lines} />
      <div className={classes.below}>
        <CopyButton text={() => linesText(lines)} label={texts.sheet.copy} />
      </div>
      <h3 className={classes.below}>{words.restsOn}</h3>
      <ExplainBody nodeId={detail.row.nodeId} period={detail.period.index} rules={detail.projection.rules} />
    </>
  )
}

function linesText(lines: DerivationLine[]): string {
  return lines.map(line => [line.name, `  ${line.formula}`, `  = ${line.value} ${line.unit}`.trimEnd()].join('\n')).join('\n')
}

function Outcome({ outcome }: { outcome: Projected }) {
  if (outcome.violation !== null) return violationWords[outcome.violation].name.toLowerCase()
  if (!outcome.slaMet) return texts.budget.slaMissed
  // the permille that pays are cut; beside the uptime so far, which is shown in full, they would look like another figure
  return <Filled text={words.up(formatPermille(exactUptime(outcome)))} parts={{ amount: <Usd musd={outcome.musd} unit /> }} />
}

/** Of a period that is over: how much more could have been lost. A running one has a panel of its own for it. */
function DowntimeLeft({ detail, explain }: { detail: NodeDetail; explain: () => ReactNode }) {
  const { row, projection } = detail
  const { budgetSec } = projection
  if (budgetSec === null)
    return (
      <Box title={texts.overview.budget} number={words.noMatter}>
        {row.virtualized || row.violation === null
          ? texts.budget.noneVirtual.toLowerCase().replace('.', '')
          : words.paysNothing(violationWords[row.violation].name.toLowerCase())}
      </Box>
    )
  return (
    <Box
      title={texts.overview.budget}
      number={
        <Figure label={words.downtimeLeftOf(row.nodeId)} help="downtime-left" explain={explain}>
          {budgetSec < 0 ? <span className={classes.bad}>{texts.nodes.missed}</span> : formatHours(budgetSec)}
        </Figure>
      }
    >
      {budgetSec < 0 ? words.shortOf(formatDuration(-budgetSec)) : words.toSpare}
    </Box>
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
    <div className={classes.meter} aria-hidden="true" title={from > 0 ? words.drawnFrom90 : words.drawnFrom0}>
      <i style={{ width: share(permille) }} data-state={permille >= slaPermille ? 'up' : 'down'} />
      <span className={classes.threshold} style={{ left: `calc(${share(slaPermille)} - 1px)` }} />
    </div>
  )
}
