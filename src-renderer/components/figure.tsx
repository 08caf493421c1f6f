import type { ReactNode } from 'react'
import { openSheet } from '../store.ts'
import classes from './figure.module.css'

/**
 * A computed number that says why: pressing it opens its derivation in the side sheet. `label` names the figure for
 * screen readers and titles the sheet; `explain` makes the sheet's content when asked.
 */
export function Figure({ label, children, explain }: { label: string; children: ReactNode; explain: () => ReactNode }) {
  return (
    <button type="button" className={classes.figure} aria-haspopup="dialog" onClick={() => openSheet({ title: label, body: explain() })}>
      {children}
      <span className={classes.hidden}>, how {label.charAt(0).toLowerCase() + label.slice(1)} is computed</span>
    </button>
  )
}
