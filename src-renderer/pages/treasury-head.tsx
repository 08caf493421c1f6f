import type { ReactNode } from 'react'
import { ActingAs } from './acting.tsx'
import page from './page.module.css'

/** The head of a page of the treasury: what it is, who acts, and at its end what can be done (`children`). */
export function TreasuryHead({ title, what, children }: { title: string; what: string; children?: ReactNode }) {
  return (
    <header className={page.head}>
      <h1 title={what}>{title}</h1>
      <ActingAs />
      {children ? <div className={page.right}>{children}</div> : null}
    </header>
  )
}
