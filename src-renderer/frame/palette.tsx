import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { command, useQuery } from '../api.ts'
import { IconFarm, IconNode, IconReceipt, IconSearch, IconSettings } from '../icons.tsx'
import { nodePath, showNodes } from '../links.ts'
import { saveSettings, useStore } from '../store.ts'
import { texts } from '../texts.ts'
import { routes } from './routes.tsx'
import { startTour } from './tour-state.ts'

const icons = { node: <IconNode />, farm: <IconFarm />, receipt: <IconReceipt /> }

/** Ctrl/Cmd-K: every page, node, farm, receipt and action by typing some of it. */
export function Palette() {
  const [text, setText] = useState('')
  const [settled] = useDebouncedValue(text.trim(), 120)
  const [, navigate] = useLocation()
  const found = useQuery('search.find', { text: settled, limit: 20 }, [], { enabled: settled !== '', keepPrevious: true })
  const phase = useQuery('status.get', {}, ['sync', 'facts']).data?.sync.phase ?? 'off'
  const fits = (label: string) => label.toLowerCase().includes(text.trim().toLowerCase())

  const pages: SpotlightActionData[] = routes
    .filter(route => route.rail && fits(route.title))
    .map(route => {
      const Icon = route.rail!.icon
      return { id: `page ${route.path}`, label: route.title, leftSection: <Icon />, onClick: () => navigate(route.path) }
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
    onClick: () =>
      navigate(
        hit.nodeId !== null ? nodePath(hit.nodeId, hit.kind === 'receipt' ? hit.period : null) : showNodes({ farmId: Number(hit.id) }),
      ),
  }))
  const groups: SpotlightActionGroupData[] = [
    { group: texts.palette.found, actions: hits },
    { group: texts.palette.pages, actions: pages },
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

/** What came of it stands on the page that it leads to; only a refusal is told here. */
function change(name: 'sync.start' | 'sync.pause' | 'doctor.start', then: () => void): void {
  command(name, {}).then(then, (error: unknown) =>
    notifications.show({ title: texts.error.title, message: toAppError(error).message, autoClose: false }),
  )
}
