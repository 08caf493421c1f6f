import { secondsText, violationText } from '../../src-shared/explain-text.ts'
import type { Evidence, ViolationDetail } from '../../src-shared/mint.ts'
import { group } from '../../src-shared/money.ts'
import { violationWords } from '../texts.ts'
import classes from './explain.module.css'
import { StateShape } from './state-mark.tsx'
import { EvidenceList } from './step-list.tsx'
import { DateTime } from './values.tsx'

/** `label`: the region's name, for where another one may be on screen. A violation with the two data points that contradict each other and the block in which it came to light. */
export function ViolationBox({ detail, label = 'Violation' }: { detail: ViolationDetail; label?: string }) {
  const difference = differenceText(detail.before, detail.after)
  return (
    <section className={classes.violation} aria-label={label}>
      <h2 className={classes.violationTitle}>
        <StateShape state="down" size={12} /> Pays nothing: {violationWords[detail.violation].name.toLowerCase()}
      </h2>
      <p>
        {sentence(violationText(detail.violation))}.{' '}
        {detail.block === null ? 'It follows from the state at the end of the period.' : `Seen in block ${group(String(detail.block))}`}
        {detail.block !== null && detail.ts !== null ? (
          <>
            , <DateTime ts={detail.ts} form="seconds" />.
          </>
        ) : null}{' '}
        A violation costs the whole payout of the period, whatever the uptime.
      </p>
      {detail.before || detail.after ? (
        <div className={classes.points}>
          {detail.before ? (
            <div>
              <h3>Before</h3>
              <EvidenceList evidence={detail.before} />
            </div>
          ) : null}
          {detail.after ? (
            <div>
              <h3>{detail.before ? 'After' : 'Found'}</h3>
              <EvidenceList evidence={detail.after} />
            </div>
          ) : null}
        </div>
      ) : null}
      {difference ? <p>{difference}</p> : null}
    </section>
  )
}

/** What passed between the two reports and by how much the uptime grew, where both say it. */
function differenceText(before: Evidence | null, after: Evidence | null): string | null {
  if (typeof before?.now !== 'number' || typeof before.uptime !== 'number') return null
  if (typeof after?.now !== 'number' || typeof after.uptime !== 'number') return null
  const grown = after.uptime - before.uptime
  return `Between the two ${secondsText(after.now - before.now)} passed, and the uptime ${grown < 0 ? 'fell' : 'grew'} by ${secondsText(Math.abs(grown))}.`
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
