import type { ReactNode } from 'react'
import settings from '../pages/settings.module.css'

export type Fact = readonly [name: string, value: ReactNode]

/** What is known of a thing, name by name; for the side sheet. */
export function FactList({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={settings.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={settings.wrap}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
