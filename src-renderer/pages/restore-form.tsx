import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useRef, useState } from 'react'
import type { BackupPreview, RestoreOutcome } from '../../src-shared/backup-contract.ts'
import { bytesText, factsText, holdingsText, outcomeLines, partsText, payLines, presentLines } from '../../src-shared/backup-text.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FactList } from '../components/fact-list.tsx'
import { Note } from '../components/note.tsx'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { DateTime } from '../components/values.tsx'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.backup

/** First says what a backup holds and what it would replace; only then it can be restored. */
export function RestoreForm() {
  const [path, setPath] = useState('')
  const [preview, setPreview] = useState<BackupPreview | null>(null)
  const [outcome, setOutcome] = useState<RestoreOutcome | null>(null)
  const secret = useRef<SecretHandle>(null)
  const again = useRef<SecretHandle>(null)
  const sending = useSend()
  if (outcome) return <Restored outcome={outcome} />
  const look = (event: FormEvent) => {
    event.preventDefault()
    const passphrase = secret.current?.take() ?? ''
    setPreview(null)
    sending.send(async () => {
      setPreview(await command('backup.preview', { path, passphrase }))
    })
  }
  const restore = () => {
    if (!preview) return
    // nothing keeps a passphrase between two steps
    const passphrase = again.current?.take() ?? ''
    sending.send(async () => setOutcome(await command('backup.restore', { path: preview.path, passphrase })))
  }
  return (
    <form className={page.form} onSubmit={look} noValidate aria-label={words.restore}>
      <TextInput
        label={words.file}
        description={words.fileHint}
        value={path}
        onChange={event => {
          setPath(event.currentTarget.value)
          setPreview(null)
        }}
        maxLength={4096}
        spellCheck={false}
        autoComplete="off"
        data-autofocus
      />
      <SecretEntry ref={secret} label={words.filePassphrase} />
      <div className={page.buttons}>
        <Button type="submit" variant="default" loading={sending.busy && preview === null} disabled={path.trim() === ''}>
          {words.look}
        </Button>
      </div>
      {preview ? <Preview preview={preview} /> : null}
      {sending.error ? <ErrorPanel error={sending.error} /> : null}
      {preview ? (
        <>
          <p className={page.dim}>{words.kept}</p>
          {preview.isEncrypted ? <SecretEntry ref={again} label={words.again} /> : null}
          <div className={page.buttons}>
            <Button loading={sending.busy} onClick={restore}>
              {words.confirm}
            </Button>
          </div>
        </>
      ) : null}
    </form>
  )
}

function Preview({ preview }: { preview: BackupPreview }) {
  const { size, isEncrypted, manifest, facts, notes, runsToReconcile, noNewRunUntilTs } = preview
  const present = presentLines(preview)
  const after = [...payLines({ runsToReconcile: runsToReconcile.length, noNewRunUntilTs }), ...notes]
  return (
    <FactList
      facts={[
        [words.fileState, words.whole(bytesText(size), isEncrypted)],
        [
          words.made,
          <span key="made">
            <DateTime ts={manifest.madeTs} form="both" /> {words.by(manifest.granary)}
          </span>,
        ],
        [words.holds, `${holdingsText(manifest.counts)}: ${partsText(manifest)}`],
        [words.replaces, present.length === 0 ? words.replacesNothing : <Lines key="present" lines={present} />],
        [words.chain, factsText[facts]],
        [words.after, <Lines key="after" lines={after} />],
      ]}
    />
  )
}

function Lines({ lines }: { lines: readonly string[] }) {
  return lines.map(line => <div key={line}>{line}</div>)
}

function Restored({ outcome }: { outcome: RestoreOutcome }) {
  return (
    <div className={page.stack} role="status">
      <Note state="up">{words.done}</Note>
      <Lines lines={outcomeLines(outcome)} />
    </div>
  )
}
