import type { ReactNode } from 'react'
import classes from './outcome.module.css'

export interface OutcomeLine {
  label: string
  value: ReactNode
  /** what it comes to */
  strong?: boolean
}

/** What a form will do, line by line, before it is sent: who gets how much, what it costs, what is left. Empty: nothing is known yet. */
export function Outcome({ title, lines, children }: { title: string; lines: readonly OutcomeLine[]; children?: ReactNode }) {
  return (
    <section className={classes.outcome} aria-label={title} aria-live="polite">
      {lines.length > 0 ? (
        <dl>
          {lines.map(({ label, value, strong }) => (
            <div key={label} data-strong={strong || undefined}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      ) : null}
      {children}
    </section>
  )
}
