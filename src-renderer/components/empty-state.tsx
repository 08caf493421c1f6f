import type { ReactNode } from 'react'
import classes from './panels.module.css'

/** In the place of content that is not there: what would stand here, why it does not, and the way to get it. */
export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <section className={classes.empty}>
      <h2 className={classes.title}>{title}</h2>
      {children ? <div className={classes.dim}>{children}</div> : null}
      {action ? <div className={classes.action}>{action}</div> : null}
    </section>
  )
}
