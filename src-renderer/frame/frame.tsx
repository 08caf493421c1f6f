import { Button } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { Link, Route, Switch, useLocation } from 'wouter'
import type { Status } from '../../src-shared/contract.ts'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { closeSheet, useStore } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './frame.module.css'
import { useHelpKey } from './help-key.ts'
import { Rail } from './rail.tsx'
import { RoleChoice, useRoleHome } from './role-choice.tsx'
import { type AppRoute, isCurrent, routes } from './routes.tsx'
import { StatusBar } from './status-bar.tsx'
import { TourOffer } from './tour.tsx'

const mainId = 'main'
/** What stands around every page: skip link, rail, banners, status bar. */
export function Frame() {
  const [location] = useLocation()
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useRoleHome()
  useHelpKey()
  const status = useQuery('status.get', {}, ['facts', 'results', 'jobs', 'sync']).data
  const route = routes.find(one => isCurrent(one, location))

  // a new page is announced and read from its beginning, as a page load would be
  // biome-ignore lint/correctness/useExhaustiveDependencies: the location stands for the page
  useEffect(() => {
    document.title = [pageTitle(route, location), texts.app.name].filter(Boolean).join(' - ')
    if (first.current) first.current = false
    else main.current?.focus({ preventScroll: true })
  }, [location])

  // what stood over the page that was left does not stand over the one that Back or the address leads to
  useEffect(() => {
    window.addEventListener('popstate', closeSheet)
    return () => window.removeEventListener('popstate', closeSheet)
  }, [])

  return (
    <div className={classes.frame}>
      <a
        className={classes.skip}
        href={`#${mainId}`}
        onClick={event => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        {texts.app.skip}
      </a>
      <Rail />
      <div className={classes.column}>
        <Banners status={status} />
        <main ref={main} id={mainId} className={classes.main} tabIndex={-1}>
          <Switch>
            {routes.map(({ path, page: Page }) => (
              <Route key={path} path={path}>
                {(params: Record<string, string | undefined>) => <Page params={params} />}
              </Route>
            ))}
            <Route>
              <EmptyState title={texts.notFound.title} action={<Link href="/">{texts.notFound.action}</Link>}>
                {texts.notFound.text}
              </EmptyState>
            </Route>
          </Switch>
        </main>
        <StatusBar status={status} />
      </div>
    </div>
  )
}

/** A node or a period is named in the title: several windows, and a screen reader, tell them apart by it. */
function pageTitle(route: AppRoute | undefined, location: string): string {
  const [head, id, period] = location.slice(1).split('/')
  if (id && head === 'nodes') return period ? `${texts.app.node(id)}, ${texts.app.period(period).toLowerCase()}` : texts.app.node(id)
  if (id && head === 'periods') return texts.app.period(id)
  if (id && head === 'what-if') return texts.whatIf.titleOf(id)
  if (id === 'setup' && head === 'sync') return texts.sync.setupTitle
  return route?.title ?? texts.notFound.title
}

/** What is true of every page at this moment; in the order of its weight. */
function Banners({ status }: { status: Status | undefined }) {
  const connection = useStore(state => state.connection)
  return (
    <section aria-label={texts.app.notices}>
      {connection.state === 'lost' || connection.state === 'refused' ? (
        <div className={classes.lost} role="alert">
          <strong>{texts.status.lost}.</strong>
          <span>{connection.state === 'refused' ? connection.message : `${texts.lost.safe} ${texts.lost.again}`}</span>
          {connection.state === 'refused' ? (
            <Button size="compact-sm" h={32} variant="default" onClick={() => window.location.reload()}>
              {texts.lost.reload}
            </Button>
          ) : null}
        </div>
      ) : null}
      {status?.demo ? (
        <div className={classes.demo} role="note">
          <strong>{texts.demo.title}</strong>
          <span>{texts.demo.text}</span>
          <Link href="/sync" className={classes.demoLink}>
            {texts.demo.follow}
          </Link>
          <Link href="/import">{texts.demo.action}</Link>
        </div>
      ) : null}
      <RoleChoice />
      <TourOffer />
    </section>
  )
}
