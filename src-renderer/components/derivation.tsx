import { lineName } from '../../src-shared/explain-text.ts'
import type { DerivationLine } from '../../src-shared/mint.ts'
import { group } from '../../src-shared/money.ts'
import type { HelpTerm } from '../help-terms.ts'
import { texts } from '../texts.ts'
import classes from './explain.module.css'
import { HelpMark } from './help-mark.tsx'

const meanings: Partial<Record<string, string>> = texts.terms

/**
 * The payout step by step: each line's rule with its inputs filled in, what it gives, and a note where the rule surprises.
 * While the period runs (`running`) a share that is not reached yet is no miss, and no payout is no 0.
 */
export function Derivation({ lines, focus, running = false }: { lines: DerivationLine[]; focus?: string | undefined; running?: boolean }) {
  if (lines.length === 0) return <p className={classes.dim}>{texts.explain.sheet.nothing}</p>
  const list = running ? lines.map(soFar) : lines
  return (
    <ol className={classes.derivation}>
      {list.map(line => (
        <li
          key={line.name}
          className={line.name === focus ? classes.focus : undefined}
          aria-current={line.name === focus ? 'true' : undefined}
        >
          <div className={classes.line}>
            <span className={classes.what}>
              <LineName line={line} />
            </span>
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

/** What a line's name leads to in the glossary. */
const termOfLine: Partial<Record<string, HelpTerm>> = {
  cu: 'cu',
  su: 'su',
  nu: 'nu',
  'ip-hours': 'ip-hours',
  certified: 'certified',
  tokens: 'connection-price',
  'full-tft': 'connection-price',
  permille: 'permille',
  sla: 'sla',
  carbon: 'carbon-offset',
  usd: 'payout-in-usd',
  tft: 'payout',
}

function LineName({ line }: { line: DerivationLine }) {
  const term = termOfLine[line.name]
  const name = lineName(line)
  if (!term) return name
  return (
    <>
      {meanings[line.name] ? <abbr title={meanings[line.name]}>{name}</abbr> : name} <HelpMark term={term} name={name} />
    </>
  )
}

function soFar(line: DerivationLine): DerivationLine {
  if (line.name === 'sla' && line.value === 'missed') return { ...line, value: texts.running.notYet }
  // a violation, or a node that is not minted at all, pays nothing already
  if ((line.name === 'usd' || line.name === 'tft') && line.formula.endsWith('as the SLA is missed'))
    return { ...line, value: texts.running.notYet, unit: '', formula: texts.running.atTheEnd }
  return line
}
