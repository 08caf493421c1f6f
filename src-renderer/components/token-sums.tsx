import type { ReactNode } from 'react'
import type { HelpTerm } from '../help-terms.ts'
import page from '../pages/page.module.css'
import { HelpMark } from './help-mark.tsx'
import { Amount } from './values.tsx'

export type TokenSum = readonly [token: string, units: bigint]

/** Sums by token, as there is no common unit; tokens that come to nothing are left out. */
export function sumByToken<Row>(rows: readonly Row[], tokenOf: (row: Row) => string, unitsOf: (row: Row) => bigint): TokenSum[] {
  const byToken = new Map<string, bigint>()
  for (const row of rows) byToken.set(tokenOf(row), (byToken.get(tokenOf(row)) ?? 0n) + unitsOf(row))
  return [...byToken].filter(([, units]) => units > 0n)
}

export interface FigureLine {
  name: string
  /** its entry of the glossary */
  help: HelpTerm
  hint?: string
  value: ReactNode
  note?: ReactNode
}

/** The figures at the head of a page of the treasury. */
export function FigureList({ figures }: { figures: readonly FigureLine[] }) {
  return (
    <dl className={page.figures}>
      {figures.map(({ name, help, hint, value, note }) => (
        <div key={name} className={page.figure}>
          <dt title={hint}>
            {name} <HelpMark term={help} name={name} />
          </dt>
          <dd>
            <div className={page.number}>{value}</div>
            {note ? <div className={page.caption}>{note}</div> : null}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** One line for each token; `none` where there is nothing. */
export function TokenSums({ sums, none }: { sums: readonly TokenSum[]; none: string }) {
  if (sums.length === 0) return <span className={page.dim}>{none}</span>
  return sums.map(([token, units]) => (
    <div key={token}>
      {/* the unit goes to a line of its own before it runs into the next figure */}
      <Amount units={units} token={token} /> <span className={page.unit}>{token}</span>
    </div>
  ))
}
