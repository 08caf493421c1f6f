import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { fixed, group } from '../../src-shared/money.ts'
import type { CuLimit, WhatIfAnswer, WhatIfFigures, WhatIfOutcome } from '../../src-shared/what-if.ts'
import { leftOut, limitText } from '../../src-shared/what-if-text.ts'
import { Derivation } from '../components/derivation.tsx'
import { Figure } from '../components/figure.tsx'
import { Note } from '../components/note.tsx'
import { NumHead } from '../components/num-head.tsx'
import { Amount, DateTime, Usd } from '../components/values.tsx'
import { formatPermille } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { texts, violationWords } from '../texts.ts'
import { exactUptime, type ReadForm } from '../what-if-form.ts'
import page from './page.module.css'
import classes from './what-if.module.css'

const words = texts.whatIf

/** One of the two sides of the comparison. */
interface Side {
  name: string
  help: HelpTerm
  outcome: WhatIfOutcome
  figures: WhatIfFigures
}

/** What a period pays as it is, or would but for a violation, and with what was changed: the difference first, then both, then what limits it. */
export function WhatIfResult({
  answer,
  changed,
  read,
  busy,
  onMore,
}: {
  answer: WhatIfAnswer
  /** null: nothing was changed, or a figure can't be read */
  changed: WhatIfOutcome | null
  read: ReadForm
  busy: boolean
  onMore: (more: CuLimit['more']) => void
}) {
  const without = leftOut(answer)
  const asIs: Side = {
    name: without ? words.asIsWithout[without] : words.asIs,
    help: 'as-it-is',
    outcome: answer.asIs,
    figures: answer.own,
  }
  const then: Side | null = changed && { name: words.changed, help: 'what-if', outcome: changed, figures: read.figures }
  const shown = then ?? asIs
  return (
    <section className={page.panel} aria-label={words.result} aria-busy={busy}>
      <div className={page.panelHead}>
        <h2>{words.result}</h2>
      </div>
      <div role="status">
        {Object.keys(read.problems).length > 0 ? <p>{words.fix}</p> : <Headline answer={answer} asIs={asIs} then={then} />}
      </div>
      {shown.outcome.slaMet || !asksFor(answer, shown) ? null : (
        <Note state="at-risk">
          {words.slaMissed(formatPermille(exactUptime(shown.figures)), formatPermille(shown.outcome.slaPermille))}
        </Note>
      )}
      <Limit of={shown} onMore={onMore} />
      <Comparison answer={answer} asIs={asIs} then={then} />
      <Notes answer={answer} />
    </section>
  )
}

/** What the period really pays stands first: a figure that leaves a violation out must not be taken for it. */
function Headline({ answer, asIs, then }: { answer: WhatIfAnswer; asIs: Side; then: Side | null }) {
  const without = leftOut(answer)
  if (without === null) return <Compared asIs={asIs} then={then} />
  const { violation } = answer
  return (
    <>
      <p className={classes.headline}>
        <strong>
          <Amount units={0n} unit />
        </strong>{' '}
        <span className={page.dim}>{words.paysNothing[without](violation === null ? '' : violationWords[violation].name)}</span>
      </p>
      <Compared asIs={asIs} then={then} without={words.without[without]} />
    </>
  )
}

/** `without`: what both sides leave out, in words. */
function Compared({ asIs, then, without }: { asIs: Side; then: Side | null; without?: string }) {
  const line = (figure: ReactNode, rest: ReactNode) => (
    <p className={without === undefined ? classes.headline : undefined}>
      <strong>{figure}</strong> <span className={page.dim}>{rest}</span>
      {then && without !== undefined ? <span className={page.dim}>, {without}</span> : null}
    </p>
  )
  if (!then) return line(<Amount units={asIs.outcome.units} unit />, without === undefined ? words.unchanged : words.unchangedBut(without))
  const units = then.outcome.units - asIs.outcome.units
  const musd = then.outcome.musd - asIs.outcome.musd
  if (units === 0n && musd === 0n) return line(words.same, <Amount units={then.outcome.units} unit />)
  return line(
    <>
      <Amount units={units < 0n ? -units : units} unit /> {units < 0n ? words.less : words.more}
    </>,
    <Signed value={musd}>
      <Usd musd={musd < 0n ? -musd : musd} unit />
    </Signed>,
  )
}

interface Row {
  name: string
  cell: (side: Side) => ReactNode
  /** a computed figure: what it is called, and which line of the derivation says how it comes about */
  figure?: { name: string; focus: string }
  difference?: (asIs: Side, then: Side) => ReactNode
}

function computed(
  id: keyof typeof words.figures,
  focus: string,
  value: (outcome: WhatIfOutcome) => bigint,
  show: (value: bigint) => ReactNode,
): Row {
  return {
    name: words.rows[id],
    cell: ({ outcome }) => show(value(outcome)),
    figure: { name: words.figures[id], focus },
    difference: (asIs, then) => difference(value(then.outcome) - value(asIs.outcome), show),
  }
}

const computedRows: Row[] = [
  computed(
    'units',
    'tft',
    outcome => outcome.units,
    value => <Amount units={value} />,
  ),
  computed(
    'musd',
    'usd',
    outcome => outcome.musd,
    value => <Usd musd={value} />,
  ),
  ...(['cu', 'su', 'nu'] as const).map(kind => computed(kind, kind, outcome => outcome.cloudUnits[kind], units)),
]

const meanings: Partial<Record<string, string>> = texts.terms

function Comparison({ answer, asIs, then }: { answer: WhatIfAnswer; asIs: Side; then: Side | null }) {
  const rows: Row[] = [
    ...computedRows,
    { name: words.rows.uptime, cell: ({ figures }) => formatPermille(exactUptime(figures)) },
    { name: words.rows.asked, cell: side => (asksFor(answer, side) ? formatPermille(side.outcome.slaPermille) : words.askedNone) },
  ]
  const sides = then ? [asIs, then] : [asIs]
  return (
    <div className={page.scroll}>
      <table className={`${page.table} ${classes.table}`}>
        <thead>
          <tr>
            <th scope="col">
              <span className={page.hidden}>{words.result}</span>
            </th>
            {sides.map(({ name, help }) => (
              <NumHead key={name} name={name} help={help} />
            ))}
            {then ? <NumHead name={words.difference} help="difference" /> : null}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, cell, figure, difference: apart }) => {
            const meaning = figure && meanings[figure.focus]
            return (
              <tr key={name}>
                <th scope="row">{meaning ? <abbr title={meaning}>{name}</abbr> : name}</th>
                {sides.map(side => (
                  <td key={side.name} className={page.num}>
                    {figure ? (
                      <Figure
                        label={words.figureOf(figure.name, answer.nodeId, side.name.toLowerCase())}
                        help="what-if"
                        explain={() => <Derivation lines={side.outcome.derivation} focus={figure.focus} />}
                      >
                        {cell(side)}
                      </Figure>
                    ) : (
                      cell(side)
                    )}
                  </td>
                ))}
                {then ? <td className={page.num}>{apart?.(asIs, then)}</td> : null}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** CU, SU and NU with all their 6 decimals. */
function units(millionths: bigint): string {
  return group(fixed(millionths, 6))
}

function difference(value: bigint, show: (value: bigint) => ReactNode): ReactNode {
  if (value === 0n) return <span className={page.dim}>0</span>
  return <Signed value={value}>{show(value < 0n ? -value : value)}</Signed>
}

function Signed({ value, children }: { value: bigint; children: ReactNode }) {
  return (
    <>
      {value < 0n ? '−' : '+'}
      {children}
    </>
  )
}

/** Rule set node-period asks nothing of a policy that pays by the uptime. */
function asksFor({ rules, policies }: WhatIfAnswer, { figures }: Side): boolean {
  return rules === 'v3' || !policies.some(({ id, scaled }) => id === figures.policy.id && scaled)
}

function Limit({ of: { name, outcome }, onMore }: { of: Side; onMore: (more: CuLimit['more']) => void }) {
  const { more } = outcome.limit
  return (
    <div className={classes.limit}>
      <p>
        <span className={page.dim}>{name}:</span> {limitText(outcome)}
      </p>
      {more.cru + more.mru + more.sru > 0n ? (
        <Button variant="default" h={32} onClick={() => onMore(more)}>
          {words.tryLimit}
        </Button>
      ) : null}
    </div>
  )
}

function Notes({ answer }: { answer: WhatIfAnswer }) {
  const { period, asOfTs, virtualized, violation, rules } = answer
  return (
    <div className={classes.notes}>
      {virtualized ? <p>{words.virtual}</p> : null}
      {violation === null ? null : <p>{words.violation(violationWords[violation].name)}</p>}
      <p>
        {words.restsOn} <DateTime ts={period.start} form="day" /> {words.restsTo} <DateTime ts={period.end} form="day" />,{' '}
        {asOfTs < period.end ? (
          <>
            {words.restsAsOf} <DateTime ts={asOfTs} form="short" />
            {words.restsRunning}
          </>
        ) : (
          words.restsOver
        )}
      </p>
      {rules === 'node-period' ? <p>{words.minimumCounts}</p> : null}
    </div>
  )
}
