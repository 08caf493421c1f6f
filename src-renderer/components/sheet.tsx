import { Button, Drawer } from '@mantine/core'
import { useLayoutEffect, useRef } from 'react'
import { IconBack } from '../icons.tsx'
import { leaveSheet, useStore } from '../store.ts'
import { texts } from '../texts.ts'
import { MoreInHelp } from './help-mark.tsx'

/** The one side sheet of the app; `openSheet` and `openOver` (store.ts) fill it. Escape and a click outside leave what shows, focus goes back. */
export function Sheet() {
  const sheets = useStore(state => state.sheets)
  const before = useRef(sheets)
  const back = useRef<HTMLButtonElement>(null)
  const shown = sheets.at(-1)
  const below = sheets.at(-2)

  // the first of the pile is the drawer's own business
  useLayoutEffect(() => {
    const { length } = before.current
    const opener = before.current.at(-1)?.opener
    before.current = sheets
    if (sheets.length > length) back.current?.focus()
    else if (sheets.length > 0 && sheets.length < length && opener instanceof HTMLElement) opener.focus()
  }, [sheets])

  return (
    <Drawer
      opened={shown !== undefined}
      onClose={leaveSheet}
      position="right"
      size="min(640px, 92vw)"
      title={shown?.title}
      closeButtonProps={{ 'aria-label': texts.sheet.close, size: 32 }}
      overlayProps={{ backgroundOpacity: 0.35 }}
      transitionProps={{ duration: 120 }}
    >
      {below ? (
        <Button
          ref={back}
          variant="subtle"
          size="compact-sm"
          h={32}
          mt={4}
          mb={12}
          leftSection={<IconBack size={14} />}
          onClick={leaveSheet}
        >
          {texts.sheet.back(below.title)}
        </Button>
      ) : null}
      {sheets.map((sheet, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are a pile, and what lies below stays what it is
        <div key={index} hidden={sheet !== shown}>
          {sheet.body}
          {sheet.help ? <MoreInHelp term={sheet.help} /> : null}
        </div>
      ))}
    </Drawer>
  )
}
