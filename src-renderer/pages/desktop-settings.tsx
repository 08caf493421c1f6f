import { Checkbox, Skeleton } from '@mantine/core'
import { useEffect, useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import type { DesktopBridge, DesktopChange, DesktopState } from '../../src-shared/page-connection.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { texts } from '../texts.ts'

const words = texts.desktop.settings

/** Start at login, the tray, notifications: the desktop's own settings, as the system has them. */
export function DesktopChoices({ bridge }: { bridge: Pick<DesktopBridge, 'desktopState' | 'setDesktop'> }) {
  const [state, setState] = useState<DesktopState | null>(null)
  const [error, setError] = useState<AppError | null>(null)
  const [busy, setBusy] = useState(false)

  // the system's own settings may have changed it while the window was away
  useEffect(() => {
    const read = () => void bridge.desktopState().then(setState, (reason: unknown) => setError(toAppError(reason)))
    read()
    window.addEventListener('focus', read)
    return () => window.removeEventListener('focus', read)
  }, [bridge])

  const change = (asked: DesktopChange) => {
    setBusy(true)
    setError(null)
    bridge
      .setDesktop(asked)
      .then(setState, (reason: unknown) => setError(toAppError(reason)))
      .finally(() => setBusy(false))
  }

  if (error) return <ErrorPanel error={error} />
  if (!state) return <Skeleton height={130} />
  return (
    <>
      <Checkbox
        label={words.atLogin}
        description={words.atLoginWhat}
        checked={state.startAtLogin}
        disabled={busy}
        onChange={event => change({ startAtLogin: event.currentTarget.checked })}
      />
      <Checkbox
        label={words.keepInTray}
        description={state.alwaysGoesOn ? words.alwaysGoesOn : words.keepInTrayWhat}
        checked={state.keepInTray}
        disabled={busy}
        onChange={event => change({ keepInTray: event.currentTarget.checked })}
      />
      <Checkbox
        label={words.notifications}
        description={words.notificationsWhat}
        checked={state.notifications}
        disabled={busy}
        onChange={event => change({ notifications: event.currentTarget.checked })}
      />
      {state.note === null ? null : <Note state="at-risk">{state.note}</Note>}
    </>
  )
}
