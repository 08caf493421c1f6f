import { Button, Textarea, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { IconEdit } from '../icons.tsx'
import classes from './page.module.css'

/** The farmer's own name and note for a node; they stay on this machine. */
export function NodeNotes({ nodeId, label, note }: { nodeId: number; label: string; note: string }) {
  const [draft, setDraft] = useState<{ label: string; note: string } | null>(null)
  const [saving, setSaving] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const edit = useRef<HTMLButtonElement>(null)
  const close = () => {
    setDraft(null)
    setError(null)
    // the form is gone by then; focus goes back to where it came from
    requestAnimationFrame(() => edit.current?.focus())
  }
  const save = () => {
    if (!draft) return
    setSaving(true)
    command('node.setLabel', { nodeId, ...draft })
      .then(close, (reason: unknown) => setError(toAppError(reason)))
      .finally(() => setSaving(false))
  }
  return (
    <section className={classes.panel} aria-label="Your label and note">
      <div className={classes.panelHead}>
        <h2>Your label and note</h2>
        {draft ? null : (
          <Button ref={edit} variant="default" h={32} leftSection={<IconEdit />} onClick={() => setDraft({ label, note })}>
            Edit
          </Button>
        )}
      </div>
      {draft ? (
        <form
          className={classes.form}
          onSubmit={event => {
            event.preventDefault()
            save()
          }}
          onKeyDown={event => {
            if (event.key === 'Escape') close()
          }}
        >
          <TextInput
            label="Label"
            description="Stands beside the node's number everywhere; up to 80 characters"
            maxLength={80}
            value={draft.label}
            data-autofocus
            onChange={event => setDraft({ ...draft, label: event.currentTarget.value })}
          />
          <Textarea
            label="Note"
            description="Up to 2,000 characters; found by the search"
            maxLength={2000}
            autosize
            minRows={3}
            maxRows={12}
            value={draft.note}
            onChange={event => setDraft({ ...draft, note: event.currentTarget.value })}
          />
          {error ? <ErrorPanel error={error} title="Not saved" safe="The label and note are as they were before." /> : null}
          <div className={classes.buttons}>
            <Button type="submit" loading={saving}>
              Save
            </Button>
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
          </div>
        </form>
      ) : (
        <p className={label || note ? classes.note : classes.dim}>
          {label || note
            ? [label, note].filter(Boolean).join('\n')
            : 'None yet. A label stands beside the number everywhere; neither leaves this machine.'}
        </p>
      )}
    </section>
  )
}
