import { spotlight } from '@mantine/spotlight'
import { useEffect, useId, useRef } from 'react'
import { Link, useLocation } from 'wouter'
import { IconChevron, IconSearch } from '../icons.tsx'
import { useStore, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { AlertBadge } from './alert-badge.tsx'
import classes from './frame.module.css'
import type { Role } from './role-choice.tsx'
import { type AppRoute, isCurrent, routes } from './routes.tsx'

type SectionId = NonNullable<AppRoute['rail']>['section']

/** Sections that fold, by their titles; the app's own pages stand below them, always in sight. */
const titles: Record<Exclude<SectionId, 'app'>, string> = {
  farm: texts.rail.farm,
  sign: texts.rail.sign,
  treasury: texts.rail.treasury,
}
const folding = Object.keys(titles) as (keyof typeof titles)[]

/** What a role has open by itself. */
const openFor: Record<Role, readonly SectionId[]> = {
  farmer: ['farm'],
  signer: ['sign'],
  auditor: ['farm', 'sign'],
  treasury: ['treasury'],
}

/** The way to every page: the sections of the chosen role are open, others by their titles, and the one that the page is of. */
export function Rail() {
  const [location] = useLocation()
  const role = useStore(state => state.settings?.role ?? null)
  const [kept, setKept] = useUi<Partial<Record<SectionId, boolean>>>('rail', {})
  const nav = useRef<HTMLElement>(null)
  // whoever comes by a key, a link or the palette sees in the rail too where they are
  useEffect(() => {
    if (location !== '') nav.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest' })
  }, [location])
  return (
    <nav ref={nav} className={classes.rail} aria-label={texts.rail.label}>
      <div className={classes.brand}>{texts.app.name}</div>
      <button type="button" className={classes.search} onClick={spotlight.open} aria-keyshortcuts="Control+K Meta+K">
        <IconSearch />
        <span>{texts.app.search}</span>
        <kbd>{texts.app.commandsKey}</kbd>
      </button>
      {folding.map(id => (
        <Section
          key={id}
          id={id}
          location={location}
          isOpen={kept[id] ?? (role === null || openFor[role].includes(id))}
          onToggle={isOpen => setKept({ [id]: isOpen })}
        />
      ))}
      <div className={classes.section}>
        <Links section="app" location={location} />
      </div>
    </nav>
  )
}

interface SectionProps {
  id: keyof typeof titles
  location: string
  isOpen: boolean
  onToggle: (isOpen: boolean) => void
}

function Section({ id, location, isOpen, onToggle }: SectionProps) {
  const listId = useId()
  return (
    <div className={classes.section}>
      <button
        type="button"
        className={classes.sectionTitle}
        aria-expanded={isOpen}
        aria-controls={listId}
        onClick={() => onToggle(!isOpen)}
      >
        {titles[id]}
        <IconChevron size={12} />
      </button>
      {/* the page that is shown stays in sight */}
      <div id={listId}>
        <Links section={id} location={location} currentOnly={!isOpen} />
      </div>
    </div>
  )
}

function Links({ section, location, currentOnly = false }: { section: SectionId; location: string; currentOnly?: boolean }) {
  const shown = routes.filter(route => route.rail?.section === section && (!currentOnly || isCurrent(route, location)))
  if (shown.length === 0) return null
  return (
    <ul>
      {shown.map(route => {
        const Icon = route.rail!.icon
        return (
          <li key={route.path}>
            <Link href={route.path} className={classes.link} aria-current={isCurrent(route, location) ? 'page' : undefined}>
              <Icon />
              {route.title}
              {route.path === '/alerts' ? <AlertBadge /> : null}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}
