import { Drawer } from '@mantine/core'
import { closeSheet, useStore } from '../store.ts'
import { texts } from '../texts.ts'
import { MoreInHelp } from './help-mark.tsx'

/** The one side sheet of the app; `openSheet` (store.ts) fills it. Escape and a click outside close it, focus goes back. */
export function Sheet() {
  const sheet = useStore(state => state.sheet)
  return (
    <Drawer
      opened={sheet !== null}
      onClose={closeSheet}
      position="right"
      size="min(640px, 92vw)"
      title={sheet?.title}
      closeButtonProps={{ 'aria-label': texts.sheet.close, size: 32 }}
      overlayProps={{ backgroundOpacity: 0.35 }}
      transitionProps={{ duration: 120 }}
    >
      {sheet?.body}
      {sheet?.help ? <MoreInHelp term={sheet.help} /> : null}
    </Drawer>
  )
}
