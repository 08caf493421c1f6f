import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { IconCopy } from '../icons.tsx'
import { texts } from '../texts.ts'

/** Puts text into the clipboard; where the browser refuses, tells that it did. `text` may be made only when it is wanted. */
export function CopyButton({
  text,
  label,
  name,
  compact = false,
}: {
  text: string | (() => string)
  label: string
  name?: string
  compact?: boolean
}) {
  const [outcome, setOutcome] = useState<'idle' | 'copied' | 'refused'>('idle')
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = () => {
    copyText(typeof text === 'string' ? text : text()).then(done => {
      setOutcome(done ? 'copied' : 'refused')
      clearTimeout(timer.current)
      timer.current = setTimeout(() => setOutcome('idle'), 2500)
    })
  }
  const word = outcome === 'copied' ? texts.table.copied : outcome === 'refused' ? texts.table.refused : label
  return (
    <Button
      variant={compact ? 'subtle' : 'default'}
      size="sm"
      px={compact ? 8 : 14}
      h={32}
      leftSection={<IconCopy />}
      onClick={copy}
      aria-label={name && outcome === 'idle' ? name : undefined}
    >
      <span aria-live="polite">{word}</span>
    </Button>
  )
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

/** The old way, for windows that have no clipboard permission. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('aria-hidden', 'true')
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  const before = document.activeElement
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
  return done
}
