import { secondsText, violationText } from '../../src-shared/explain-text.ts'
import type { Evidence, ViolationDetail } from '../../src-shared/mint.ts'
import { group } from '../../src-shared/money.ts'
import { texts, violationWords } from '../texts.ts'
import classes from './explain.module.css'
import { Filled } from './filled.tsx'
import { StateShape } from './state-mark.tsx'
import { EvidenceList } from './step-list.tsx'
import { DateTime } from './values.tsx'

const words = texts.explain.violation

/** `label`: the region's name, for where another one may be on screen. A violation with the two data points that contradict each other and the block in which it came to light. */
export function ViolationBox({ detail, label = words.label }: { detail: ViolationDetail; label?: string }) {
  const difference = differenceText(detail.before, detail.after)
  return (
    <section className={classes.violation} aria-label={label}>
      <h2 className={classes.violationTitle}>
        <StateShape state="down" size={12} /> {words.paysNothing(violationWords[detail.violation].name)}
      </h2>
      <p>
        {sentence(violationText(detail.violation))}.{' '}
        {detail.block === null ? (
          words.fromState
        ) : detail.ts === null ? (
          words.seenIn(group(String(detail.block)))
        ) : (
          <Filled
            text={words.seenAt}
            parts={{ seen: words.seenIn(group(String(detail.block))), time: <DateTime ts={detail.ts} form="seconds" /> }}
          />
        )}{' '}
        {words.costs}
      </p>
      {detail.before || detail.after ? (
        <div className={classes.points}>
          {detail.before ? (
            <div>
              <h3>{words.before}</h3>
              <EvidenceList evidence={detail.before} />
            </div>
          ) : null}
          {detail.after ? (
            <div>
              <h3>{detail.before ? words.after : words.found}</h3>
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
  return (grown < 0 ? words.fell : words.grew)(secondsText(after.now - before.now), secondsText(Math.abs(grown)))
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
