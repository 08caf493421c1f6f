import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { query, useQuery } from '../api.ts'
import { Figure } from '../components/figure.tsx'
import { StateShape } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { texts } from '../texts.ts'
import { chainText } from './mint-model.ts'
import classes from './mints.module.css'
import page from './page.module.css'
import { SumByFarmLoaded } from './sum-by-farm.tsx'

const words = texts.mints
type List = QueryOutput<'mints.list'>

/** What must be known before any figure is believed: whether these mints are paid at all, and whether they are all here. */
export function MintNotes({ list }: { list: List }) {
  const notes = [...(list.complete ? [] : [words.working]), ...(list.orphans > 0 ? [words.orphans(list.orphans)] : [])]
  return (
    <>
      {list.rules === 'v3' ? (
        <section className={classes.note} aria-label={words.v3Title}>
          <strong>{words.v3Title}.</strong> {words.v3Text} <Link href="/settings">{words.v3Action}</Link>
        </section>
      ) : null}
      {notes.map(note => (
        <p key={note} className={page.dim} role="status">
          {note}
        </p>
      ))}
    </>
  )
}

/** What the figures rest on: what a person must look at, and where votes and triggers live. */
export function MintBasis({ list }: { list: List }) {
  return (
    <>
      {list.gaps.length > 0 ? <Gaps gaps={list.gaps} /> : null}
      {list.rules === 'node-period' ? <Chain /> : null}
    </>
  )
}

function Chain() {
  const chain = useQuery('mintConfig.get', {}, ['mints', 'facts', 'sync']).data?.chain
  return chain ? <p className={page.dim}>{chainText(chain)}</p> : null
}

function Gaps({ gaps }: { gaps: string[] }) {
  const [open, setOpen] = useState(false)
  const shown = open ? gaps : gaps.slice(0, 1)
  return (
    <section className={classes.note} aria-label={words.gaps}>
      <ul className={classes.gaps}>
        {shown.map(gap => (
          <li key={gap}>
            <StateShape state="at-risk" /> {gap}
          </li>
        ))}
      </ul>
      {gaps.length > 1 ? (
        <Button variant="subtle" h={32} px={8} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? words.fewer : words.more(gaps.length - 1)}
        </Button>
      ) : null}
    </section>
  )
}

/** Claimable now, decided, paid, and what runs. */
export function MintTotals({ list }: { list: List }) {
  const running = useQuery('mints.running', { limit: 1 }, ['mints', 'facts']).data
  const next = running?.rows[0]
  return (
    <dl className={page.figures}>
      <Total
        title={list.rules === 'v3' ? words.figures.wouldPay : words.figures.claimable}
        help={list.rules === 'v3' ? 'would-pay' : 'claimable'}
        units={list.claimableUnits}
        count={list.claimable}
        rule={words.claimableHow}
        of="claimableUnits"
      />
      {/* what can't be is no 0 to read */}
      {list.rules === 'v3' && list.decided + list.paid === 0 ? null : (
        <>
          <Total
            title={words.figures.decided}
            help="decided"
            units={list.decidedUnits}
            count={list.decided}
            rule={words.decidedHow}
            of="decidedUnits"
          />
          <Total
            title={words.figures.paid}
            help="paid-mints"
            units={list.paidUnits}
            count={list.paid}
            rule={words.paidHow}
            of="paidUnits"
          />
        </>
      )}
      <Box
        title={words.figures.running}
        number={running ? formatCount(running.total) : '…'}
        caption={
          next ? (
            <>
              {words.figures.nextEnds} <DateTime ts={next.projection.period.end} form="short" />
            </>
          ) : (
            words.figures.noneRuns
          )
        }
      />
    </dl>
  )
}

function Total(props: {
  title: string
  help: HelpTerm
  units: bigint
  count: number
  rule: string
  of: 'claimableUnits' | 'decidedUnits' | 'paidUnits'
}) {
  const { title, help, units, count, rule, of } = props
  return (
    <Box
      title={title}
      number={
        <Figure label={title} help={help} explain={() => <SumByFarmLoaded label={title} help={help} rule={rule} fetchPage={farmsOf(of)} />}>
          <Amount units={units} unit />
        </Figure>
      }
      caption={count === 0 ? words.figures.none : words.figures.mints(formatCount(count))}
    />
  )
}

/** What the farms add up to; they come all at once. */
function farmsOf(of: 'claimableUnits' | 'decidedUnits' | 'paidUnits') {
  return async () => {
    const { rows } = await query('mints.farms', {})
    const own = rows.filter(row => row[of] > 0n).map(row => ({ farmId: row.farmId, farmName: row.name, units: row[of] }))
    return { total: own.length, rows: own }
  }
}

function Box({ title, number, caption }: { title: string; number: ReactNode; caption: ReactNode }) {
  return (
    <div className={page.figure}>
      <dt>{title}</dt>
      <dd>
        <div className={page.number}>{number}</div>
        <div className={page.caption}>{caption}</div>
      </dd>
    </div>
  )
}
