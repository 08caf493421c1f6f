import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import { useState } from 'react'
import { useLocation } from 'wouter'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { command, useQuery } from '../api.ts'
import { IconFarm, IconNode, IconPeriods, IconReceipt, IconSearch, IconSettings } from '../icons.tsx'
import { nodePath, periodPath, STATEMENT_PATH, showNodes } from '../links.ts'
import { saveSettings, useStore } from '../store.ts'
import { texts } from '../texts.ts'
import { type AppRoute, isCurrent, routes } from './routes.tsx'
import { startTour } from './tour-state.ts'

const icons = { node: <IconNode />, farm: <IconFarm />, period: <IconPeriods />, receipt: <IconReceipt /> }

/** What people look for on a page whose title doesn't say it. */
const holds: Partial<Record<string, string>> = {
  '/nodes': texts.nodes.holds,
  '/exports': texts.exports.holds,
  [STATEMENT_PATH]: texts.exports.statement.holds,
}

/** Ctrl/Cmd-K: every page, node, farm, receipt and action by typing some of it. */
export function Palette() {
  const [text, setText] = useState('')
  const [settled] = useDebouncedValue(text.trim(), 120)
  const [, navigate] = useLocation()
  const found = useQuery('search.find', { text: settled, limit: 20 }, [], { enabled: settled !== '', keepPrevious: true })
  const phase = useQuery('status.get', {}, ['sync', 'facts']).data?.sync.phase ?? 'off'
  const fits = (label: string) => label.toLowerCase().includes(text.trim().toLowerCase())

  const pages: SpotlightActionData[] = routes
    .filter(route => hasOneAddress(route) && (fits(route.title) || fits(holds[route.path] ?? '')))
    .map(route => {
      const { path, title } = route
      const Icon = iconOf(route)
      const description = fits(title) ? undefined : holds[path]
      return { id: `page ${path}`, label: title, ...(description && { description }), leftSection: <Icon />, onClick: () => navigate(path) }
    })
  const actions: SpotlightActionData[] = (
    [
      [texts.palette.light, () => saveSettings({ theme: 'light' })],
      [texts.palette.dark, () => saveSettings({ theme: 'dark' })],
      [texts.palette.auto, () => saveSettings({ theme: 'auto' })],
      [texts.palette.down, () => navigate(showNodes({ state: 'down' }))],
      [texts.palette.atRisk, () => navigate(showNodes({ state: 'at-risk' }))],
      [texts.palette.violating, () => navigate(showNodes({ violation: 'any' }))],
      [texts.sync.palette.follow, () => navigate('/sync/setup')],
      ...(phase === 'off'
        ? []
        : [
            phase === 'paused' || phase === 'halted'
              ? [texts.sync.palette.resume, () => change('sync.start', () => navigate('/sync'))]
              : [texts.sync.palette.pause, () => change('sync.pause', () => navigate('/sync'))],
          ]),
      [texts.tour.start, () => startTour(useStore.getState().settings?.role ?? 'farmer')],
      [texts.sync.palette.examine, () => change('doctor.start', () => navigate('/settings'))],
    ] as [string, () => unknown][]
  )
    .filter(([label]) => fits(label))
    .map(([label, run]) => ({ id: `action ${label}`, label, leftSection: <IconSettings />, onClick: () => void run() }))
  const hits: SpotlightActionData[] = (text.trim() === '' ? [] : (found.data ?? [])).map(hit => ({
    id: `${hit.kind} ${hit.id}`,
    label: cleanName(hit.title),
    description: cleanName(hit.detail),
    leftSection: icons[hit.kind],
    onClick: () => navigate(placeOf(hit)),
  }))
  const foundGroup = { group: texts.palette.found, actions: hits }
  const pageGroup = { group: texts.palette.pages, actions: pages }
  // who types the beginning of a page's name wants the page: "node" is in every node's title too
  const isPage = pages.some(({ label }) => label?.toLowerCase().startsWith(text.trim().toLowerCase()))
  const groups: SpotlightActionGroupData[] = [
    ...(isPage ? [pageGroup, foundGroup] : [foundGroup, pageGroup]),
    { group: texts.palette.actions, actions },
  ].filter(group => group.actions.length > 0)

  return (
    <Spotlight
      actions={groups}
      query={text}
      onQueryChange={setText}
      filter={(_, all) => all}
      shortcut={['mod + K']}
      nothingFound={found.loading && settled !== '' ? texts.table.loading : texts.palette.nothing}
      searchProps={{ leftSection: <IconSearch />, placeholder: texts.palette.placeholder, 'aria-label': texts.palette.placeholder }}
      attributes={{ content: { 'aria-label': texts.app.search } }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      scrollable
      maxHeight={420}
      transitionProps={{ duration: 80 }}
    />
  )
}

/** Not a page of one node or period, of which there are many: the search finds these. */
function hasOneAddress({ path }: AppRoute): boolean {
  return !path.includes(':')
}

/** A page below another one has that one's. */
function iconOf(route: AppRoute): NonNullable<AppRoute['rail']>['icon'] {
  return (route.rail ?? routes.find(other => other.rail && isCurrent(other, route.path))?.rail)?.icon ?? IconSearch
}

function placeOf({ kind, id, nodeId, period }: QueryOutput<'search.find'>[number]): string {
  if (kind === 'period') return periodPath(Number(id))
  return nodeId === null ? showNodes({ farmId: Number(id) }) : nodePath(nodeId, kind === 'receipt' ? period : null)
}

/** What came of it stands on the page that it leads to; only a refusal is told here. */
function change(name: 'sync.start' | 'sync.pause' | 'doctor.start', then: () => void): void {
  command(name, {}).then(then, (error: unknown) =>
    notifications.show({ title: texts.error.title, message: toAppError(error).message, autoClose: false }),
  )
}
