import { Button, Textarea } from '@mantine/core'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { AppError } from '../../src-shared/errors.ts'
import { importText } from '../../src-shared/vote-text.ts'
import { MAX_VOTES_CHARS, type VoteImport } from '../../src-shared/votes-contract.ts'
import { command, query } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'
import { openMatrix } from './vote-matrix.tsx'
import { openReview } from './vote-review.tsx'
import classes from './votes.module.css'

const words = texts.votes

/** A button that takes a file as text. */
export function TextFileButton({
  label,
  onText,
  disabled = false,
}: {
  label: string
  onText: (read: Promise<string>) => void
  disabled?: boolean
}) {
  const chooser = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={chooser}
        type="file"
        hidden
        aria-label={label}
        onChange={event => {
          const [file] = event.currentTarget.files ?? []
          // the same file, mended, can be chosen again
          event.currentTarget.value = ''
          if (file) onText(textOf(file))
        }}
      />
      <Button variant="default" disabled={disabled} onClick={() => chooser.current?.click()}>
        {label}
      </Button>
    </>
  )
}

async function textOf(file: File): Promise<string> {
  if (file.size > MAX_VOTES_CHARS) throw new AppError('usage', words.tooLarge)
  return file.text()
}

/** Votes of others, from a file or as text; what came of each stands below. */
export function ImportVotes({ network }: { network: string }) {
  const [text, setText] = useState('')
  const [done, setDone] = useState<VoteImport | null>(null)
  const sending = useSend()
  const bring = (read: Promise<string>) => {
    setDone(null)
    sending.send(async () => {
      setDone(await command('votes.import', { network, text: await read }))
      setText('')
    })
  }
  return (
    <Pasted
      label={words.importText}
      hint={words.importTextHint}
      how={words.importHow}
      action={words.importAction}
      text={text}
      sending={sending}
      onText={setText}
      onSubmit={() => bring(Promise.resolve(text))}
      onFile={bring}
    >
      {done ? <Imported done={done} /> : null}
    </Pasted>
  )
}

function Imported({ done }: { done: VoteImport }) {
  return (
    <div role="status" className={page.stack}>
      <Note state={done.refused.length > 0 ? 'at-risk' : 'up'}>{importText(done)}</Note>
      {done.refused.length === 0 ? null : (
        <ul className={classes.list}>
          {done.refused.map(({ line, message }) => (
            <li key={line}>
              {words.refusedLine(line)}: {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** A statement that was prepared elsewhere, on its way to the review. */
export function ReviewPrepared() {
  const [text, setText] = useState('')
  const sending = useSend()
  const look = (read: Promise<string>) =>
    sending.send(async () => {
      const review = await query('votes.review', { text: await read })
      openReview(review, review.network, () => openMatrix(review.statement.subject, review.network, false))
    })
  return (
    <Pasted
      label={words.reviewText}
      hint=""
      how={words.reviewHow}
      action={words.reviewAction}
      text={text}
      sending={sending}
      onText={setText}
      onSubmit={() => look(Promise.resolve(text))}
      onFile={look}
    />
  )
}

function Pasted(props: {
  label: string
  hint: string
  how: string
  action: string
  text: string
  sending: ReturnType<typeof useSend>
  onText: (text: string) => void
  onSubmit: () => void
  onFile: (read: Promise<string>) => void
  children?: ReactNode
}) {
  const { label, hint, how, action, text, sending, onText, onSubmit, onFile, children } = props
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() !== '') onSubmit()
  }
  return (
    <form className={page.form} aria-label={label} onSubmit={submit} noValidate>
      <p className={page.dim}>{how}</p>
      <Textarea
        className={classes.area ?? ''}
        label={label}
        description={hint === '' ? undefined : hint}
        value={text}
        rows={6}
        maxLength={MAX_VOTES_CHARS}
        spellCheck={false}
        autoComplete="off"
        onChange={event => onText(event.currentTarget.value)}
      />
      {sending.error ? <ErrorPanel error={sending.error} title={words.failed} safe={words.importSafe} /> : null}
      {children}
      <div className={page.buttons}>
        <Button type="submit" loading={sending.busy}>
          {action}
        </Button>
        <TextFileButton label={words.importFile} disabled={sending.busy} onText={onFile} />
      </div>
    </form>
  )
}
