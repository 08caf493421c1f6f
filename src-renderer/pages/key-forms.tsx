import { Button, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { KEY_NAME_LENGTH, type KeyKind, keyKindSchema, PASSPHRASE_LENGTH } from '../../src-shared/keys-contract.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { ConfirmForm, NewWords } from './key-words.tsx'
import page from './page.module.css'

const words = texts.keys
const fields = words.fields

/** Sends once, and says what came of it. */
export function useSend(): { busy: boolean; error: AppError | null; send: (work: () => Promise<void>) => void } {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const send = (work: () => Promise<void>) => {
    setBusy(true)
    setError(null)
    work()
      .catch((reason: unknown) => setError(toAppError(reason)))
      .finally(() => setBusy(false))
  }
  return { busy, error, send }
}

export function SheetForm({
  name,
  how,
  action,
  sending,
  safe = words.errorSafe,
  color,
  onSubmit,
  children,
}: {
  name: string
  how: string
  action: string
  sending: { busy: boolean; error: AppError | null }
  /** what is safe where it fails */
  safe?: string
  color?: string
  onSubmit: () => void
  children: ReactNode
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <form className={page.form} onSubmit={submit} noValidate autoComplete="off" aria-label={name}>
      <p className={page.dim}>{how}</p>
      {children}
      {sending.error ? <ErrorPanel error={sending.error} title={words.error} safe={safe} /> : null}
      <div className={page.buttons}>
        <Button type="submit" loading={sending.busy} {...(color && { color })}>
          {action}
        </Button>
        <Button variant="default" onClick={closeSheet}>
          {words.cancel}
        </Button>
      </div>
    </form>
  )
}

function KindSelect({ kind, onChange }: { kind: KeyKind; onChange: (kind: KeyKind) => void }) {
  return (
    <Select
      label={fields.kind}
      description={words.kindHints[kind]}
      data={keyKindSchema.options.map(value => ({ value, label: words.kinds[value] }))}
      value={kind}
      onChange={value => onChange(keyKindSchema.parse(value))}
      allowDeselect={false}
    />
  )
}

function NameInput({ name, error, onChange }: { name: string; error: string | null; onChange: (name: string) => void }) {
  return (
    <TextInput
      data-autofocus
      label={fields.name}
      description={fields.nameHint}
      value={name}
      error={error}
      maxLength={KEY_NAME_LENGTH}
      onChange={event => onChange(event.currentTarget.value)}
      autoComplete="off"
    />
  )
}

/** A passphrase that is chosen, entered twice; `problems` after a try. */
export function useNewPassphrase(hint: string = fields.newPassphraseHint) {
  const first = useRef<SecretHandle>(null)
  const second = useRef<SecretHandle>(null)
  const [problems, setProblems] = useState<{ first: string | null; second: string | null }>({ first: null, second: null })
  const check = (): boolean => {
    const found = {
      first: (first.current?.length() ?? 0) < PASSPHRASE_LENGTH ? fields.tooShort : null,
      second: first.current?.equals(second.current) ? null : fields.differ,
    }
    setProblems(found)
    return found.first === null && found.second === null
  }
  const take = (): string => {
    second.current?.clear()
    return first.current?.take() ?? ''
  }
  const entries = (
    <>
      <SecretEntry ref={first} label={fields.passphrase} description={hint} error={problems.first} />
      <SecretEntry ref={second} label={fields.again} error={problems.second} />
    </>
  )
  return { check, take, entries }
}

/** Makes a key, shows its words, asks three of them back. */
export function CreateForm() {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<KeyKind>('stellar')
  const [tried, setTried] = useState(false)
  const passphrase = useNewPassphrase()
  const sending = useSend()
  const missing = name.trim() === ''
  const make = () => {
    setTried(true)
    if (!passphrase.check() || missing) return
    sending.send(async () => {
      const { words: made, ask, keyId, address } = await command('keys.create', { name: name.trim(), kind, passphrase: passphrase.take() })
      openSheet({
        title: words.made,
        body: (
          <NewWords
            made={made}
            address={address}
            onWritten={() => openSheet({ title: words.confirm, body: <ConfirmForm keyId={keyId} ask={ask} /> })}
          />
        ),
      })
    })
  }
  return (
    <SheetForm name={words.make} how={words.makeHow} action={words.make} sending={sending} onSubmit={make}>
      <NameInput name={name} error={tried && missing ? fields.missing : null} onChange={setName} />
      <KindSelect kind={kind} onChange={setKind} />
      {passphrase.entries}
    </SheetForm>
  )
}

export function ImportForm() {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<KeyKind>('stellar')
  const [path, setPath] = useState('')
  const [problems, setProblems] = useState({ name: false, secret: false })
  const secret = useRef<SecretHandle>(null)
  const secretPassword = useRef<SecretHandle>(null)
  const passphrase = useNewPassphrase()
  const sending = useSend()
  const take = () => {
    const found = { name: name.trim() === '', secret: (secret.current?.length() ?? 0) === 0 }
    setProblems(found)
    if (!passphrase.check() || found.name || found.secret) return
    sending.send(async () => {
      const entered = {
        secret: secret.current!.take(),
        secretPassword: secretPassword.current?.take() ?? '',
        passphrase: passphrase.take(),
      }
      await command('keys.import', { name: name.trim(), kind, path: path.trim(), ...entered })
      notifications.show({ message: words.imported(name.trim()) })
      closeSheet()
    })
  }
  return (
    <SheetForm name={words.import} how={words.importHow} action={words.import} sending={sending} onSubmit={take}>
      <NameInput name={name} error={problems.name ? fields.missing : null} onChange={setName} />
      <KindSelect kind={kind} onChange={setKind} />
      <SecretEntry
        ref={secret}
        label={fields.secret}
        description={fields.secretHints[kind]}
        error={problems.secret ? fields.missing : null}
        long
      />
      <SecretEntry ref={secretPassword} label={fields.secretPassword} description={fields.secretPasswordHint} />
      <TextInput
        label={fields.path[kind]}
        description={fields.pathHints[kind]}
        value={path}
        onChange={event => setPath(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
      {passphrase.entries}
    </SheetForm>
  )
}

export function WatchForm() {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<KeyKind>('stellar')
  const [address, setAddress] = useState('')
  const [tried, setTried] = useState(false)
  const sending = useSend()
  const keep = () => {
    setTried(true)
    if (name.trim() === '' || address.trim() === '') return
    sending.send(async () => {
      await command('keys.watch', { name: name.trim(), kind, address: address.trim() })
      notifications.show({ message: words.imported(name.trim()) })
      closeSheet()
    })
  }
  return (
    <SheetForm name={words.watch} how={words.watchHow} action={words.watch} sending={sending} onSubmit={keep}>
      <NameInput name={name} error={tried && name.trim() === '' ? fields.missing : null} onChange={setName} />
      <KindSelect kind={kind} onChange={setKind} />
      <TextInput
        label={fields.address}
        value={address}
        error={tried && address.trim() === '' ? fields.missing : null}
        onChange={event => setAddress(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </SheetForm>
  )
}

/** Unlocks one key, or every key that the passphrase opens. */
export function UnlockForm({ keyId, onDone = closeSheet }: { keyId?: string; onDone?: () => void }) {
  const passphrase = useRef<SecretHandle>(null)
  const sending = useSend()
  const unlock = () =>
    sending.send(async () => {
      const { stillLocked } = await command('keys.unlock', {
        ...(keyId && { keyIds: [keyId] }),
        passphrase: passphrase.current?.take() ?? '',
      })
      if (stillLocked.length > 0) notifications.show({ message: words.nothingMore(stillLocked.length) })
      onDone()
    })
  return (
    <SheetForm
      name={words.unlock}
      how={keyId ? words.unlockOneHow : words.unlockHow}
      action={words.unlock}
      sending={sending}
      onSubmit={unlock}
    >
      <SecretEntry ref={passphrase} label={fields.passphrase} autoFocus />
    </SheetForm>
  )
}
