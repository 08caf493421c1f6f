import { localStorageColorSchemeManager, MantineProvider, useMantineColorScheme } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { spotlight } from '@mantine/spotlight'
import { useEffect } from 'react'
import { Router } from 'wouter'
import { useHashLocation } from 'wouter/use-hash-location'
import { searchMessage } from '../../src-shared/page-connection.ts'
import { followTellings } from '../alert-notifications.ts'
import { desktop } from '../api.ts'
import { Sheet } from '../components/sheet.tsx'
import { styleNonce } from '../nonce.ts'
import { useStore } from '../store.ts'
import { cssVariables, theme } from '../theme.ts'
import { Frame } from './frame.tsx'
import { Palette } from './palette.tsx'
import { Tour } from './tour.tsx'

// The theme is a setting of the core; the copy in this browser only keeps the first paint from flashing.
const colorSchemes = localStorageColorSchemeManager({ key: 'granary.theme' })

/** The whole page: theme, router, frame, side sheet, palette, notices. */
export function App() {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={colorSchemes}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <ThemeFollowsSettings />
      <Tellings />
      <MenuSearch />
      <Router hook={useHashLocation}>
        <Frame />
        <Palette />
        <Sheet />
        <Tour />
      </Router>
      <Notifications position="bottom-right" limit={4} />
    </MantineProvider>
  )
}

/** A browser's notifications; the desktop application has its own. */
function Tellings() {
  useEffect(followTellings, [])
  return null
}

/** The desktop's menu has the search too. */
function MenuSearch() {
  useEffect(() => {
    if (!desktop) return
    const heed = (event: MessageEvent) => {
      if (event.source === window && event.data === searchMessage) spotlight.open()
    }
    window.addEventListener('message', heed)
    return () => window.removeEventListener('message', heed)
  }, [])
  return null
}

function ThemeFollowsSettings() {
  const wanted = useStore(state => state.settings?.theme)
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  useEffect(() => {
    if (wanted) setColorScheme(wanted)
  }, [wanted, setColorScheme])
  return null
}
