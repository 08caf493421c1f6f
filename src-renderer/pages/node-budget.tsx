import type { NodeDetail } from '../../src-shared/nodes-contract.ts'
import { LOW_BUDGET } from '../../src-shared/projection.ts'
import { Figure } from '../components/figure.tsx'
import { Filled } from '../components/filled.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatHours } from '../format.ts'
import { texts, violationWords } from '../texts.ts'
import { budgetLines } from './node-estimates.ts'
import { EstimateBody } from './node-figures.tsx'
import classes from './page.module.css'

const words = texts.budget

/** Of a running period: how long the node may still be down, of how much, and until when it must be awake or back. */
export function NodeBudget({ detail }: { detail: NodeDetail }) {
  const { projection, row } = detail
  const { budgetSec, allowedSec } = projection
  return (
    <section className={classes.panel} aria-label={words.title}>
      <div className={classes.panelHead}>
        <h2>
          <abbr title={words.term}>{words.title}</abbr>
        </h2>
        <span className={classes.dim}>
          <Filled text={texts.app.asOf} parts={{ time: <DateTime ts={projection.asOfTs} form="full" /> }} />
        </span>
      </div>
      {projection.rules === 'node-period' ? (
        <p className={classes.dim}>
          <Filled
            text={texts.node.figures.range}
            parts={{
              own: <abbr title={words.ownTerm}>{words.own}</abbr>,
              from: <DateTime ts={projection.period.start} form="full" />,
              to: <DateTime ts={projection.period.end} form="full" />,
            }}
          />
        </p>
      ) : null}
      {budgetSec === null || allowedSec === null ? (
        <p>
          <strong>{words.none}.</strong> {noBudget(detail)}
        </p>
      ) : (
        <>
          <div className={classes.budget}>
            <span className={classes.number}>
              <Figure
                label={texts.node.figures.downtimeLeftOf(row.nodeId)}
                help="downtime-left"
                explain={() => <EstimateBody detail={detail} lines={budgetLines(detail)} />}
              >
                {budgetSec < 0 ? (
                  <span className={classes.bad}>{words.missedBy(formatHours(-budgetSec))}</span>
                ) : (
                  `${formatHours(budgetSec)} ${words.left}`
                )}
              </Figure>
            </span>
            <span className={classes.dim}>
              {words.of(formatHours(allowedSec))}; {words.lost(formatHours(Math.max(allowedSec - budgetSec, 0)))}
            </span>
          </div>
          <BudgetMeter budgetSec={budgetSec} allowedSec={allowedSec} />
          <Advice detail={detail} budgetSec={budgetSec} />
        </>
      )}
    </section>
  )
}

function noBudget({ row, projection }: NodeDetail): string {
  const violation = projection.violation ?? projection.staysUp.violation
  if (violation === null && !row.virtualized && projection.rules === 'node-period')
    return projection.uptimeSec > 0 ? words.noneScaled : words.noneYet
  return violation === null || row.virtualized ? words.noneVirtual : words.noneViolation(violationWords[violation].name)
}

/** What is lost of the budget, from the left, and what is left. The words above it say the same. */
function BudgetMeter({ budgetSec, allowedSec }: { budgetSec: number; allowedSec: number }) {
  const lost = allowedSec > 0 ? Math.min(Math.max((allowedSec - budgetSec) / allowedSec, 0), 1) : 1
  const state = budgetSec < allowedSec * LOW_BUDGET ? 'at-risk' : 'up'
  return (
    <div className={classes.meter} aria-hidden="true">
      <i style={{ width: '100%' }} data-state={state} />
      <i style={{ width: `${lost * 100}%` }} data-state="down" />
    </div>
  )
}

/** Until when what must happen, and what it pays then. */
function Advice({ detail, budgetSec }: { detail: NodeDetail; budgetSec: number }) {
  const { projection, row } = detail
  const { backByTs, wakeByTs, bootByTs, goesDown, staysUp, asOfTs } = projection
  if (budgetSec < 0) return <p>{words.missed}</p>
  if (row.sleepingSinceTs !== null && wakeByTs !== null) {
    const sleepSec = wakeByTs - Math.max(row.sleepingSinceTs, projection.period.start)
    return (
      <>
        <p>
          {words.asleepSince} <DateTime ts={row.sleepingSinceTs} />: {words.wakeBy}{' '}
          <strong>
            <DateTime ts={wakeByTs} />
          </strong>
          , {words.thenPays} <Amount units={staysUp.units} unit />. {budgetSec < sleepSec ? words.lateSleepMisses : words.lateSleep}
        </p>
        {bootByTs === null ? null : (
          <p>
            {words.asked}{' '}
            <strong>
              <DateTime ts={bootByTs} />
            </strong>
            .{goesDown.violation === 'BootRequestExpired' ? ` ${words.slowOnce}` : ''}
          </p>
        )}
      </>
    )
  }
  if (goesDown.slaMet)
    return (
      <p>
        {words.met} {goesDown.units < staysUp.units ? words.metScaled : words.metFull}
      </p>
    )
  if (row.sleepingSinceTs !== null)
    return (
      <p>
        {words.sleepLost}
        {backByTs === null ? null : (
          <>
            {' '}
            {words.sleepLostBack}{' '}
            <strong>
              <DateTime ts={backByTs} />
            </strong>
            .
          </>
        )}
      </p>
    )
  return (
    <p>
      {words.mayLose(formatHours(budgetSec))}{' '}
      {backByTs === null ? null : backByTs <= asOfTs ? (
        words.backPassed
      ) : (
        <>
          {words.lastCounted}{' '}
          <strong>
            <DateTime ts={backByTs} />
          </strong>
          .
        </>
      )}
    </p>
  )
}
