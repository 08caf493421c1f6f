import { Button } from '@mantine/core'
import page from '../pages/page.module.css'

export interface SaveOrDiscardProps {
  words: { save: string; discard: string; changed: string }
  /** something differs from what is kept */
  changed: boolean
  readOnly: boolean
  busy: boolean
  onDiscard: () => void
}

/** The foot of a form whose values are kept together: save, go back to what is kept, and whether anything was changed. */
export function SaveOrDiscard({ words, changed, readOnly, busy, onDiscard }: SaveOrDiscardProps) {
  return (
    <>
      <div className={page.buttons}>
        <Button type="submit" loading={busy} disabled={readOnly || !changed}>
          {words.save}
        </Button>
        <Button variant="default" disabled={readOnly || !changed} onClick={onDiscard}>
          {words.discard}
        </Button>
      </div>
      <p role="status" className={page.dim}>
        {changed ? words.changed : ''}
      </p>
    </>
  )
}
