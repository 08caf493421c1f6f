import type { ReactNode } from 'react'
import type { HelpTerm } from '../help-terms.ts'
import { openOver } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './figure.module.css'

/**
 * A computed number that says why: pressing it opens its derivation in the side sheet. `label` names the figure for
 * screen readers and titles the sheet; `explain` makes the sheet's content when asked; `help`: its entry of the glossary.
 */
export function Figure(props: { label: string; help: HelpTerm; children: ReactNode; explain: () => ReactNode }) {
  const { label, help, children, explain } = props
  return (
    <button
      type="button"
      className={classes.figure}
      aria-haspopup="dialog"
      onClick={() => openOver({ title: label, body: explain(), help })}
    >
      {children}
      <span className={classes.hidden}>{texts.explain.sheet.how(label)}</span>
    </button>
  )
}
