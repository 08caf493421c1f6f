import { lineName } from '../../src-shared/explain-text.ts'
import type { DerivationLine } from '../../src-shared/mint.ts'
import { group } from '../../src-shared/money.ts'
import classes from './explain.module.css'

/** The payout step by step: each line's rule with its inputs filled in, what it gives, and a note where the rule surprises. */
export function Derivation({ lines, focus }: { lines: DerivationLine[]; focus?: string | undefined }) {
  if (lines.length === 0) return <p className={classes.dim}>Nothing was computed for this node.</p>
  return (
    <ol className={classes.derivation}>
      {lines.map(line => (
        <li
          key={line.name}
          className={line.name === focus ? classes.focus : undefined}
          aria-current={line.name === focus ? 'true' : undefined}
        >
          <div className={classes.line}>
            <span className={classes.what}>{lineName(line)}</span>
            <span className={classes.value}>
              {/^-?\d+(\.\d+)?$/.test(line.value) ? group(line.value) : line.value}
              {line.unit ? <span className={classes.unit}> {line.unit}</span> : null}
            </span>
          </div>
          <code className={classes.formula}>{line.formula}</code>
          {line.note ? <p className={classes.note}>{line.note}</p> : null}
        </li>
      ))}
    </ol>
  )
}
