import { Button, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './nodes.module.css'

const words = texts.nodes

/** The farmer's own name and note for a node, in the side sheet. */
export function LabelForm({ row }: { row: { nodeId: number; label: string; note: string } }) {
  const [label, setLabel] = useState(row.label)
  const [note, setNote] = useState(row.note)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const save = (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    command('node.setLabel', { nodeId: row.nodeId, label: label.trim(), note: note.trim() })
      .then(closeSheet, (reason: unknown) => setError(toAppError(reason)))
      .finally(() => setBusy(false))
  }
  return (
    <form className={classes.form} onSubmit={save}>
      <TextInput
        data-autofocus
        label={words.editLabel}
        description={words.editLabelHint}
        value={label}
        maxLength={80}
        onChange={event => setLabel(event.currentTarget.value)}
      />
      <Textarea
        label={words.editNote}
        description={words.editNoteHint}
        value={note}
        maxLength={2000}
        autosize
        minRows={4}
        onChange={event => setNote(event.currentTarget.value)}
      />
      {error ? <ErrorPanel error={error} /> : null}
      <div className={classes.buttons}>
        <Button type="submit" loading={busy}>
          {words.save}
        </Button>
        <Button variant="default" onClick={closeSheet}>
          {words.cancel}
        </Button>
      </div>
    </form>
  )
}
