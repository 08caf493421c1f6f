import { Button, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useRef, useState } from 'react'
import { toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { ENTITY_NAME_LENGTH, type Entity, entityKinds } from '../../src-shared/treasury/entities.ts'
import { command, useQuery } from '../api.ts'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { closeSheet, openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './acting.module.css'
import { SheetForm, useNewPassphrase, useSend } from './key-forms.tsx'

const words = texts.treasury

/** Who acts in the treasury here. */
export function useSession() {
  return useQuery('session.get', {}, ['treasury'])
}

/** Every entity, and those that people act as. */
export function useEntities(): { all: Entity[]; own: Entity[] } {
  const all = useQuery('entities.list', {}, ['treasury']).data ?? []
  return { all, own: all.filter(({ kind }) => kind !== 'system') }
}

/** The entity that was unlocked here last; it is asked for first. */
export function useLastEntity(): [string | null, (entityId: string) => void] {
  const [ui, setUi] = useUi<{ entityId: string | null }>('treasury.acting', { entityId: null })
  return [ui.entityId, entityId => setUi({ entityId })]
}

export function openUnlock(onDone?: () => void): void {
  openSheet({ title: words.unlock.title, body: <UnlockEntityForm {...(onDone && { onDone })} /> })
}

export function openMakeEntity(): void {
  openSheet({ title: words.make.title, body: <MakeEntityForm /> })
}

/** Asks for the administrator's passphrase; where there is none yet, for a new one. */
export function openAdministrator(hasAdministrator: boolean): void {
  const title = hasAdministrator ? words.administrator.title : words.administrator.setTitle
  openSheet({ title, body: <AdministratorForm hasAdministrator={hasAdministrator} /> })
}

/** Who acts here now, with what changes that; for the head of a page. */
export function ActingAs() {
  const { data } = useSession()
  const { own } = useEntities()
  if (!data) return null
  const { entity, isAdministrator, hasAdministrator } = data
  return (
    <div className={classes.acting}>
      {entity ? (
        <span className={classes.one} title={words.acting.entityHint}>
          <span className={classes.dim}>{words.acting.as}</span> <strong className={classes.name}>{cleanName(entity.name)}</strong>
          <Button h={32} px={8} variant="subtle" onClick={() => openUnlock()}>
            {words.acting.change}
          </Button>
          <Button h={32} px={8} variant="subtle" onClick={() => act('entities.lock')}>
            {words.acting.lock}
          </Button>
        </span>
      ) : (
        <Button h={32} variant="default" onClick={own.length === 0 ? openMakeEntity : () => openUnlock()}>
          {own.length === 0 ? words.acting.make : words.acting.unlock}
        </Button>
      )}
      {isAdministrator ? (
        <span className={classes.one}>
          <StateMark state="up" word={words.acting.administrator} title={words.acting.administratorHint} />
          <Button h={32} px={8} variant="subtle" onClick={() => act('administrator.lock')}>
            {words.acting.endAdministrator}
          </Button>
        </span>
      ) : (
        <Button h={32} variant="default" title={words.acting.administratorHint} onClick={() => openAdministrator(hasAdministrator)}>
          {hasAdministrator ? words.acting.becomeAdministrator : words.acting.setAdministrator}
        </Button>
      )}
    </div>
  )
}

function act(name: 'entities.lock' | 'administrator.lock'): void {
  command(name, {}).catch((error: unknown) =>
    notifications.show({ title: words.acting.failed, message: toAppError(error).message, autoClose: false }),
  )
}

export interface Opening {
  /** the field for its secret; null: it takes none */
  entry: ReactNode
  /** whether its secret is entered; says so at the field if not */
  check: () => boolean
  /** Unlocks it. Rejects with AppError. */
  open: () => Promise<void>
}

/** What opens an entity: its passphrase, or its key in the vault, which may have to be unlocked with its own. */
export function useEntityOpening(entity: Entity | undefined, label: string = words.unlock.passphrase): Opening {
  const secret = useRef<SecretHandle>(null)
  const [, remember] = useLastEntity()
  const [isMissing, setMissing] = useState(false)
  const [keyLocked, setKeyLocked] = useState<string | null>(null)
  const isByKey = entity?.opensWith === 'key'
  const takesSecret = entity !== undefined && (!isByKey || keyLocked === entity.entityId)
  const error = isMissing ? words.fields.missing : null
  const open = async () => {
    if (!entity) return
    const { entityId } = entity
    const passphrase = takesSecret ? (secret.current?.take() ?? '') : ''
    if (isByKey && takesSecret) await command('keys.unlock', { passphrase })
    try {
      await command('entities.unlock', { entityId, ...(!isByKey && { passphrase }) })
    } catch (reason) {
      if (toAppError(reason).code === 'keys.locked') setKeyLocked(entityId)
      throw reason
    }
    remember(entityId)
  }
  return {
    entry: takesSecret ? <SecretEntry ref={secret} label={isByKey ? words.unlock.keyLocked : label} error={error} autoFocus /> : null,
    check() {
      const missing = takesSecret && (secret.current?.length() ?? 0) === 0
      setMissing(missing)
      return !missing
    },
    open,
  }
}

/** Unlocks an entity that is chosen. */
export function UnlockEntityForm({ onDone = closeSheet }: { onDone?: () => void }) {
  const { own } = useEntities()
  const [last] = useLastEntity()
  const [chosen, setChosen] = useState<string | null>(null)
  const entity = own.find(({ entityId }) => entityId === chosen) ?? own.find(({ entityId }) => entityId === last) ?? own[0]
  const opening = useEntityOpening(entity)
  const sending = useSend()
  const unlock = () => {
    if (!opening.check()) return
    sending.send(async () => {
      await opening.open()
      onDone()
    })
  }
  return (
    <SheetForm
      name={words.unlock.title}
      how={words.unlock.how}
      action={words.unlock.action}
      sending={sending}
      safe={words.safe.nothing}
      onSubmit={unlock}
    >
      <Select
        label={words.unlock.entity}
        description={entity?.opensWith === 'key' ? words.unlock.byKey : undefined}
        data={own.map(({ entityId, name }) => ({ value: entityId, label: cleanName(name) }))}
        value={entity?.entityId ?? null}
        onChange={setChosen}
        allowDeselect={false}
        searchable
        limit={100}
      />
      {opening.entry}
      <div>
        <Button variant="subtle" h={32} px={8} onClick={openMakeEntity}>
          {words.unlock.other}
        </Button>
      </div>
    </SheetForm>
  )
}

/** Makes an entity, and acts as it from then on. */
export function MakeEntityForm() {
  const keys = useQuery('keys.list', {}, ['keys']).data?.keys.filter(({ origin }) => origin !== 'watch') ?? []
  const [name, setName] = useState('')
  const [kind, setKind] = useState<(typeof entityKinds)[number]>('person')
  const [keyId, setKeyId] = useState('')
  const [tried, setTried] = useState(false)
  const [, remember] = useLastEntity()
  const chosen = useNewPassphrase(words.make.passphraseHint)
  const sending = useSend()
  const missing = name.trim() === ''
  const make = () => {
    setTried(true)
    if ((keyId === '' && !chosen.check()) || missing) return
    sending.send(async () => {
      const secret = keyId === '' ? { passphrase: chosen.take() } : { keyId }
      const { entityId } = await command('entities.create', { name: name.trim(), kind, ...secret })
      remember(entityId)
      // one that opens with a key that is locked is there all the same: what is left is unlocking it
      if (keyId !== '') return openUnlock()
      await command('entities.unlock', { entityId, ...secret })
      closeSheet()
    })
  }
  return (
    <SheetForm
      name={words.make.title}
      how={words.make.how}
      action={words.make.action}
      sending={sending}
      safe={words.safe.nothing}
      onSubmit={make}
    >
      <TextInput
        data-autofocus
        label={words.make.name}
        description={words.make.nameHint}
        value={name}
        error={tried && missing ? words.fields.missing : null}
        maxLength={ENTITY_NAME_LENGTH}
        onChange={event => setName(event.currentTarget.value)}
        autoComplete="off"
      />
      <Select
        label={words.make.kind}
        data={entityKinds.map(value => ({ value, label: words.make.kinds[value] }))}
        value={kind}
        onChange={value => setKind(entityKinds.find(one => one === value) ?? 'person')}
        allowDeselect={false}
      />
      {keys.length > 0 ? (
        <Select
          label={words.make.opensWith}
          data={[
            { value: '', label: words.make.byPassphrase },
            ...keys.map(key => ({ value: key.keyId, label: words.make.byKey(cleanName(key.name)) })),
          ]}
          value={keyId}
          onChange={value => setKeyId(value ?? '')}
          allowDeselect={false}
        />
      ) : null}
      {keyId === '' ? chosen.entries : null}
    </SheetForm>
  )
}

/** What makes one the administrator: the passphrase, or a new one where there is none yet. */
export function useAdministratorOpening(hasAdministrator: boolean): Opening {
  const secret = useRef<SecretHandle>(null)
  const [isMissing, setMissing] = useState(false)
  const chosen = useNewPassphrase(words.make.passphraseHint)
  const entry = (
    <SecretEntry ref={secret} label={words.administrator.passphrase} error={isMissing ? words.fields.missing : null} autoFocus />
  )
  return {
    entry: hasAdministrator ? entry : chosen.entries,
    check() {
      if (!hasAdministrator) return chosen.check()
      const missing = (secret.current?.length() ?? 0) === 0
      setMissing(missing)
      return !missing
    },
    async open() {
      if (hasAdministrator) await command('administrator.unlock', { passphrase: secret.current?.take() ?? '' })
      else await command('administrator.set', { newPassphrase: chosen.take() })
    },
  }
}

export function AdministratorForm({ hasAdministrator, onDone = closeSheet }: { hasAdministrator: boolean; onDone?: () => void }) {
  const opening = useAdministratorOpening(hasAdministrator)
  const sending = useSend()
  const unlock = () => {
    if (!opening.check()) return
    sending.send(async () => {
      await opening.open()
      onDone()
    })
  }
  const { title, how, action, setTitle, setHow, setAction } = words.administrator
  return (
    <SheetForm
      name={hasAdministrator ? title : setTitle}
      how={hasAdministrator ? how : setHow}
      action={hasAdministrator ? action : setAction}
      sending={sending}
      safe={words.safe.nothing}
      onSubmit={unlock}
    >
      {opening.entry}
    </SheetForm>
  )
}
