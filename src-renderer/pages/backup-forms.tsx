import { Button, Checkbox, NumberInput, SegmentedControl, TextInput } from '@mantine/core'
import { type FormEvent, useRef, useState } from 'react'
import { type BackupSchedule, KEEP_BACKUPS } from '../../src-shared/backup-contract.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'
import settings from './settings.module.css'

const words = texts.backup

/** A passphrase that is chosen: entered twice, as nobody sees it. */
function useChosen() {
  const first = useRef<SecretHandle>(null)
  const second = useRef<SecretHandle>(null)
  const [differs, setDiffers] = useState(false)
  return {
    fields: (
      <>
        <SecretEntry ref={first} label={words.passphrase} description={words.passphraseHint} />
        <SecretEntry ref={second} label={words.repeat} error={differs ? words.differ : null} />
      </>
    ),
    /** null: the two differ, which is said at the field; empty: none was entered */
    take(): string | null {
      const same =
        (first.current?.length() ?? 0) === 0 ? (second.current?.length() ?? 0) === 0 : (first.current?.equals(second.current) ?? false)
      setDiffers(!same)
      if (!same) return null
      second.current?.clear()
      return first.current?.take() ?? ''
    },
  }
}

/** Begins a backup; it goes on as a job. */
export function BackupForm() {
  const [path, setPath] = useState('')
  const [withFacts, setWithFacts] = useState(false)
  const chosen = useChosen()
  const sending = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const passphrase = chosen.take()
    if (passphrase === null) return
    sending.send(async () => {
      await command('backup.start', { path, withFacts, passphrase })
      closeSheet()
    })
  }
  return (
    <form className={page.form} onSubmit={submit} noValidate aria-label={words.now}>
      <TextInput
        label={words.path}
        description={words.pathHint}
        value={path}
        onChange={event => setPath(event.currentTarget.value)}
        maxLength={4096}
        spellCheck={false}
        autoComplete="off"
        data-autofocus
      />
      <Checkbox label={words.withFacts} checked={withFacts} onChange={event => setWithFacts(event.currentTarget.checked)} />
      {chosen.fields}
      {sending.error ? <ErrorPanel error={sending.error} /> : null}
      <div className={page.buttons}>
        <Button type="submit" loading={sending.busy} disabled={path.trim() === ''}>
          {words.start}
        </Button>
      </div>
    </form>
  )
}

/** When backups are made by themselves, where, and how many are kept. */
export function ScheduleForm({ kept, isEncrypted }: { kept: BackupSchedule; isEncrypted: boolean }) {
  const [schedule, setSchedule] = useState(kept)
  const [isPlain, setPlain] = useState(false)
  const chosen = useChosen()
  const sending = useSend()
  const change = (part: Partial<BackupSchedule>) => setSchedule({ ...schedule, ...part })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const passphrase = chosen.take()
    if (passphrase === null) return
    sending.send(async () => {
      // nothing entered leaves it as it is
      await command('backup.schedule', { ...schedule, ...(isPlain ? { passphrase: '' } : passphrase === '' ? {} : { passphrase }) })
      closeSheet()
    })
  }
  return (
    <form className={page.form} onSubmit={submit} noValidate aria-label={words.change}>
      <fieldset className={settings.fieldset}>
        <legend>{words.every}</legend>
        <SegmentedControl
          data={(['never', 'day', 'week'] as const).map(value => ({ value, label: words.everyWords[value] }))}
          value={schedule.every}
          onChange={every => change({ every: every as BackupSchedule['every'] })}
          transitionDuration={0}
        />
      </fieldset>
      <TextInput
        label={words.folder}
        description={words.folderHint}
        value={schedule.folder}
        onChange={event => change({ folder: event.currentTarget.value })}
        maxLength={4096}
        spellCheck={false}
        autoComplete="off"
      />
      <NumberInput
        label={words.keep}
        value={schedule.keep}
        onChange={value => change({ keep: Number(value) })}
        min={KEEP_BACKUPS.least}
        max={KEEP_BACKUPS.most}
        allowDecimal={false}
        styles={{ wrapper: { maxWidth: 160 } }}
      />
      <Checkbox
        label={words.withFacts}
        checked={schedule.withFacts}
        onChange={event => change({ withFacts: event.currentTarget.checked })}
      />
      <p className={page.dim}>{isEncrypted ? words.isEncrypted : words.isPlain}</p>
      {isEncrypted ? (
        <Checkbox label={words.unencrypted} checked={isPlain} onChange={event => setPlain(event.currentTarget.checked)} />
      ) : null}
      {isPlain ? null : chosen.fields}
      {sending.error ? <ErrorPanel error={sending.error} /> : null}
      <div className={page.buttons}>
        <Button type="submit" loading={sending.busy}>
          {words.save}
        </Button>
      </div>
    </form>
  )
}
