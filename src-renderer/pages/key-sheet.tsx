import { Button, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useRef, useState } from 'react'
import type { CommandOutput } from '../../src-shared/contract.ts'
import { KEY_NAME_LENGTH, type KeyRow, secretFormSchema } from '../../src-shared/keys-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { command, useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { SheetForm, UnlockForm, useSend } from './key-forms.tsx'
import { ConfirmForm } from './key-words.tsx'
import classes from './keys.module.css'
import page from './page.module.css'
import settings from './settings.module.css'

const words = texts.keys

/** What a key is, in one word, with its shape. */
export function KeyState({ row }: { row: KeyRow }) {
  const state = row.origin === 'watch' ? 'watched' : !row.confirmed ? 'unconfirmed' : row.unlocked ? 'open' : 'locked'
  const shape = { watched: 'unknown', unconfirmed: 'at-risk', open: 'up', locked: 'asleep' } as const
  return <StateMark state={shape[state]} word={words.states[state]} title={words.stateHints[state]} />
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={settings.wrap}>{children}</dd>
    </div>
  )
}

/** Unlocks, then goes on to the words where they are still to be given back: that takes the key in memory. */
export function giveBack({ keyId, ask, unlocked }: KeyRow): void {
  const confirm = () => openSheet({ title: words.confirm, body: <ConfirmForm keyId={keyId} ask={ask ?? []} /> })
  if (unlocked) confirm()
  else openSheet({ title: words.unlock, body: <UnlockForm keyId={keyId} onDone={confirm} /> })
}

/** One key: what is known of it, and what can be done with it. */
export function KeySheet({ keyId, readOnly }: { keyId: string; readOnly: boolean }) {
  const row = useQuery('keys.list', {}, ['keys']).data?.keys.find(key => key.keyId === keyId)
  const locking = useSend()
  if (!row) return null
  const { name, address, kind, origin, path, createdTs, boundTo } = row
  const has = origin !== 'watch'
  const sheet = (title: string, body: ReactNode) => () => openSheet({ title, body })
  return (
    <div className={page.stack}>
      <dl className={settings.facts}>
        <Fact name={words.columns.state}>
          <KeyState row={row} />
        </Fact>
        <Fact name={words.columns.kind}>{words.kinds[kind]}</Fact>
        <Fact name={words.columns.address}>
          <code>{address}</code> <CopyButton text={address} label={texts.table.copy} name={words.copyAddress} compact />
        </Fact>
        <Fact name={words.origin}>{words.origins[origin]}</Fact>
        {path === '' ? null : (
          <Fact name={words.path}>
            <code>{path}</code>
          </Fact>
        )}
        {has ? <Fact name={words.boundTo}>{boundTo ?? words.boundNone}</Fact> : null}
        <Fact name={words.columns.since}>
          <DateTime ts={createdTs} form="both" />
        </Fact>
      </dl>
      {readOnly ? (
        <p className={page.dim}>{words.readOnly}</p>
      ) : (
        <div className={page.buttons}>
          {row.ask ? <Button onClick={() => giveBack(row)}>{words.nextAction}</Button> : null}
          {has && !row.unlocked ? (
            <Button variant={row.ask ? 'default' : 'filled'} onClick={sheet(words.unlock, <UnlockForm keyId={keyId} />)}>
              {words.unlock}
            </Button>
          ) : null}
          {row.unlocked ? (
            <Button
              variant="default"
              loading={locking.busy}
              onClick={() => locking.send(async () => void (await command('keys.lock', { keyIds: [keyId] })))}
            >
              {words.lock}
            </Button>
          ) : null}
          <Button variant="default" onClick={sheet(words.rename, <RenameForm row={row} />)}>
            {words.rename}
          </Button>
          {has ? (
            <Button variant="default" onClick={sheet(words.export, <ExportForm row={row} />)}>
              {words.export}
            </Button>
          ) : null}
          <Button variant="default" onClick={sheet(words.removeTitle, <RemoveForm row={row} />)}>
            {words.remove(cleanName(name))}
          </Button>
        </div>
      )}
    </div>
  )
}

function RenameForm({ row }: { row: KeyRow }) {
  const [name, setName] = useState(row.name)
  const sending = useSend()
  const rename = () =>
    sending.send(async () => {
      await command('keys.rename', { keyId: row.keyId, name: name.trim() })
      notifications.show({ message: words.renamed })
      closeSheet()
    })
  return (
    <SheetForm name={words.rename} how={row.address} action={words.rename} sending={sending} onSubmit={rename}>
      <TextInput
        data-autofocus
        label={words.fields.name}
        value={name}
        maxLength={KEY_NAME_LENGTH}
        onChange={event => setName(event.currentTarget.value)}
        autoComplete="off"
      />
    </SheetForm>
  )
}

function RemoveForm({ row }: { row: KeyRow }) {
  const [name, setName] = useState('')
  const sending = useSend()
  const remove = () =>
    sending.send(async () => {
      await command('keys.remove', { keyId: row.keyId, name: name.trim() })
      notifications.show({ message: words.removed(row.name) })
      closeSheet()
    })
  return (
    <SheetForm
      name={words.removeTitle}
      how={`${row.address}. ${words.removeHow}`}
      action={words.remove(row.name)}
      color="red"
      sending={sending}
      onSubmit={remove}
    >
      <TextInput
        data-autofocus
        label={words.removeName(row.name)}
        value={name}
        onChange={event => setName(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </SheetForm>
  )
}

function ExportForm({ row }: { row: KeyRow }) {
  const [form, setForm] = useState(row.forms[0])
  const passphrase = useRef<SecretHandle>(null)
  const sending = useSend()
  const show = () =>
    sending.send(async () => {
      const shown = await command('keys.export', { keyId: row.keyId, passphrase: passphrase.current?.take() ?? '', ...(form && { form }) })
      openSheet({ title: words.exported, body: <Shown address={row.address} {...shown} /> })
    })
  return (
    <SheetForm name={words.export} how={words.exportHow} action={words.export} sending={sending} onSubmit={show}>
      <Select
        label={words.fields.form}
        data={row.forms.map(value => ({ value, label: words.forms[value] }))}
        value={form ?? null}
        onChange={value => setForm(secretFormSchema.parse(value))}
        allowDeselect={false}
      />
      <SecretEntry ref={passphrase} label={words.fields.passphrase} autoFocus />
    </SheetForm>
  )
}

/** A secret that was asked for; it is gone with this sheet. */
function Shown({ address, secret, path, secretPassword }: CommandOutput<'keys.export'> & { address: string }) {
  return (
    <div className={page.stack}>
      <p className={page.dim}>{address}</p>
      <p className={classes.secret} translate="no">
        {secret}
      </p>
      {path === '' ? null : (
        <p>
          {words.exportedPath}: <code>{path}</code>
        </p>
      )}
      {secretPassword === '' ? null : (
        <p>
          {words.exportedPassword}: <code>{secretPassword}</code>
        </p>
      )}
      <div className={page.buttons}>
        <Button variant="default" onClick={closeSheet}>
          {words.close}
        </Button>
      </div>
    </div>
  )
}
