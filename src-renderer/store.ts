import { type ReactNode, useMemo } from 'react'
import { create } from 'zustand'
import type { Settings } from '../src-shared/contract.ts'
import { command, followConnection, onChange, query } from './api.ts'
import type { HelpTerm } from './help-terms.ts'

/** connecting: the first time; open; lost: it tries again by itself; refused: no retry helps, `message` says what does. */
export type Connection = { state: 'connecting' | 'open' | 'lost' } | { state: 'refused'; message: string }

/** What stands in the side sheet. */
export interface SheetContent {
  title: string
  body: ReactNode
  /** the entry of the glossary that says more about it */
  help?: HelpTerm
}

/** One of the side sheet's pile, and what had the focus when it was opened. */
interface OpenSheet extends SheetContent {
  opener: Element | null
}

interface AppState {
  connection: Connection
  /** null until they are read */
  settings: Settings | null
  /** table and page state by page, as text; ahead of the settings by what was not saved yet */
  ui: Record<string, string>
  /** what stands in the side sheet; of several the last one shows, over those from which it was opened */
  sheets: readonly OpenSheet[]
}

export const useStore = create<AppState>(() => ({ connection: { state: 'connecting' }, settings: null, ui: {}, sheets: [] }))

/** Keeps `connection` as the line stands. A retry under way is still `lost`: the state must not flicker. Call once. */
export function watchConnection(): void {
  followConnection(status => {
    const before = useStore.getState().connection.state
    let connection: Connection
    if (status.state === 'connected') connection = { state: 'open' }
    else if (status.state === 'refused') connection = { state: 'refused', message: status.message }
    else connection = { state: before === 'connecting' && status.state === 'connecting' ? 'connecting' : 'lost' }
    if (connection.state !== before) useStore.setState({ connection })
  })
}

/** Opens the one side sheet; what was in it goes. */
export function openSheet(sheet: SheetContent): void {
  useStore.setState({ sheets: [{ ...sheet, opener: document.activeElement }] })
}

/** Opens what explains something over the sheet in which it stands, if in one: that comes back as it was, with what was typed there. */
export function openOver(sheet: SheetContent): void {
  useStore.setState(({ sheets }) => ({ sheets: [...sheets, { ...sheet, opener: document.activeElement }] }))
}

/** Closes what shows; what it stood over shows again. */
export function leaveSheet(): void {
  useStore.setState(({ sheets }) => ({ sheets: sheets.slice(0, -1) }))
}

export function closeSheet(): void {
  useStore.setState({ sheets: [] })
}

const unsaved = new Map<string, string>()
let saving: ReturnType<typeof setTimeout> | undefined

/** Reads the settings now and whenever they change, and sees that what is kept of pages is saved before this one goes. Call once. */
export function followSettings(): () => void {
  const read = () => {
    query('settings.get', {}).then(
      settings => useStore.setState({ settings, ui: { ...settings.ui, ...Object.fromEntries(unsaved) } }),
      () => undefined, // the connection's own state says why; a reconnect reads again
    )
  }
  read()
  window.addEventListener('pagehide', saveUi)
  const stop = onChange(topics => {
    if (topics.includes('settings')) read()
  })
  return () => {
    window.removeEventListener('pagehide', saveUi)
    stop()
  }
}

/** Changes settings; rejects with AppError. The screen follows when the core says that they changed. */
export async function saveSettings(change: Partial<Omit<Settings, 'ui'>>): Promise<void> {
  await command('settings.set', change)
}

/** Keeps a page's state across restarts: at once on screen, saved half a second after the last change. */
export function setUi(page: string, value: unknown): void {
  const text = JSON.stringify(value)
  if (useStore.getState().ui[page] === text) return
  unsaved.set(page, text)
  useStore.setState(state => ({ ui: { ...state.ui, [page]: text } }))
  clearTimeout(saving)
  saving = setTimeout(saveUi, 500)
}

function saveUi(): void {
  clearTimeout(saving)
  if (unsaved.size === 0) return
  const { ui } = useStore.getState()
  const sent = new Map(unsaved)
  command('settings.set', { ui }).then(
    () => {
      for (const [page, text] of sent) if (unsaved.get(page) === text) unsaved.delete(page)
    },
    () => undefined, // how a table is sorted is not worth an alarm; the next change saves it too
  )
}

/** A page's kept state: `[value, set]`; `fallback` where nothing is kept or what is kept cannot be read. */
export function useUi<T extends object>(page: string, fallback: T): [T, (change: Partial<T>) => void] {
  const text = useStore(state => state.ui[page])
  // the same objects until something of it changes: tables draw their rows by them
  const kept = useMemo(() => parseUi<T>(text), [text])
  return [{ ...fallback, ...kept }, change => changeUi(page, change, fallback)]
}

/** Changes some of what is kept of a page and leaves the rest. */
export function changeUi<T extends object>(page: string, change: Partial<T>, fallback: Partial<T> = {}): void {
  setUi(page, { ...fallback, ...parseUi<T>(useStore.getState().ui[page]), ...change })
}

function parseUi<T>(text: string | undefined): Partial<T> {
  if (!text) return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : {}
  } catch {
    return {}
  }
}
