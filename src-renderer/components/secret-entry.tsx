import { Checkbox, Textarea, TextInput } from '@mantine/core'
import { type ClipboardEvent, type DragEvent, type RefObject, useEffect, useImperativeHandle, useRef, useState } from 'react'
import { texts } from '../texts.ts'
import classes from './secret-entry.module.css'

export interface SecretHandle {
  /** whether something is entered, without giving it */
  length(): number
  /** whether two entries hold the same */
  equals(other: SecretHandle | null): boolean
  /** hands over what was entered, once: the field is empty afterwards */
  take(): string
  clear(): void
  focus(): void
}

/**
 * The one way in which a page takes a secret. The text lives in the field itself and nowhere else: no state of React's, no attribute, no
 * storage; it goes with `take` and with the field. Nothing fills it in, keeps it, checks its spelling or offers to save it; it is a text
 * field drawn as dots because browsers keep what stands in password fields. It can be pasted into, and not copied or dragged out of.
 */
export function SecretEntry({
  ref,
  label,
  description,
  error,
  long = false,
  autoFocus = false,
}: {
  ref: RefObject<SecretHandle | null>
  label: string
  description?: string
  error?: string | null
  /** several lines, with a way to look at them: words, files */
  long?: boolean
  autoFocus?: boolean
}) {
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
  const [shown, setShown] = useState(false)

  useImperativeHandle(ref, () => handleOf(() => field.current), [])
  useEffect(() => {
    const own = field.current
    return () => {
      // a browser may keep a field that is gone, for its undo or its back button
      if (own) own.value = ''
    }
  }, [])

  const common = {
    ref: field,
    label,
    description,
    error,
    classNames: shown ? {} : { input: classes.hidden },
    autoComplete: 'off',
    autoCorrect: 'off',
    autoCapitalize: 'none',
    spellCheck: false,
    translate: 'no' as const,
    // what password managers heed
    'data-1p-ignore': true,
    'data-lpignore': 'true',
    'data-bwignore': true,
    'data-form-type': 'other',
    'data-autofocus': autoFocus || undefined,
    onCopy: stop,
    onCut: stop,
    onDragStart: stop,
  }
  if (!long) return <TextInput {...common} />
  return (
    <div className={classes.entry}>
      <Textarea {...common} rows={4} />
      <Checkbox
        className={classes.show ?? ''}
        label={texts.keys.show}
        checked={shown}
        onChange={event => setShown(event.currentTarget.checked)}
      />
    </div>
  )
}

function stop(event: ClipboardEvent | DragEvent): void {
  event.preventDefault()
}

/** each handle's own look at its field, so that two can be compared without either giving its text away */
const fields = new WeakMap<SecretHandle, () => string>()

function handleOf(field: () => HTMLInputElement | HTMLTextAreaElement | null): SecretHandle {
  const value = () => field()?.value ?? ''
  const clear = () => {
    const own = field()
    if (own) own.value = ''
  }
  const handle: SecretHandle = {
    length: () => value().length,
    equals: other => other !== null && fields.get(other)?.() === value(),
    take() {
      const text = value()
      clear()
      return text
    },
    clear,
    focus: () => field()?.focus(),
  }
  fields.set(handle, value)
  return handle
}
