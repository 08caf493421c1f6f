import { Select, TextInput } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import type { Entity } from '../../src-shared/treasury/entities.ts'
import type { Who } from '../../src-shared/treasury/row.ts'
import { useQuery } from '../api.ts'
import { Note } from '../components/note.tsx'
import { type SendingOnce, whatIsSafe } from '../send-once.ts'
import { texts } from '../texts.ts'
import { useAdministratorOpening, useEntities, useEntityOpening, useLastEntity, useSession } from './acting.tsx'
import { SheetForm } from './key-forms.tsx'

const words = texts.treasury

/**
 * A form of the treasury in the side sheet. Whoever has to be unlocked for it is asked for in the form itself where that is not so (any more):
 * what was filled in stays. `isReady`: all is filled in; `onTried` is told of every press, so that the fields say what is missing.
 */
export function TreasuryForm(props: {
  name: string
  how: string
  /** the button: what it does, with amount and recipient */
  action: string
  as: Who
  /** the entity that the form is for; whoever else is unlocked by now must not pay in its place */
  actsAs?: string
  sending: SendingOnce
  isReady: boolean
  onTried: () => void
  onSend: (idempotencyKey: string) => Promise<void>
  color?: string
  /** what is safe after it failed; absent: nothing moved, or it is not known */
  safe?: string
  children: ReactNode
}) {
  const { name, how, action, as, actsAs, sending, isReady, onTried, onSend, color, children } = props
  const grant = useGrant(as, actsAs)
  const { refresh } = grant
  const code = sending.error?.code
  // the core locks to the second, a page may learn of it a little later
  useEffect(() => {
    if (code === 'administrator.needed' || code === 'governance.permissions' || code === 'entities.locked') refresh()
  }, [code, refresh])
  const submit = () => {
    onTried()
    if (!grant.check() || !isReady) return
    sending.send(async key => {
      await grant.open()
      await onSend(key)
    })
  }
  return (
    <SheetForm
      name={name}
      how={how}
      action={action}
      sending={sending}
      safe={props.safe ?? whatIsSafe(sending.error)}
      {...(color && { color })}
      onSubmit={submit}
    >
      {children}
      {grant.entry}
    </SheetForm>
  )
}

/** The entity or the administrator that a form takes: nothing to enter while unlocked. */
function useGrant(as: Who, actsAs: string | undefined) {
  const session = useSession()
  const { own } = useEntities()
  const [last] = useLastEntity()
  const { data, refetch } = session
  const entity = own.find(({ entityId }) => entityId === (actsAs ?? last))
  const asEntity = useEntityOpening(entity, entity ? words.unlock.passphraseOf(cleanName(entity.name)) : undefined)
  const asAdministrator = useAdministratorOpening(data?.hasAdministrator ?? true)
  const isUnlocked = (held: Entity | null) => held !== null && (actsAs === undefined || held.entityId === actsAs)
  const isHeld = !data || as === 'anyone' || (as === 'entity' ? isUnlocked(data.entity) : data.isAdministrator)
  const opening = as === 'administrator' ? asAdministrator : asEntity
  const why =
    as === 'administrator'
      ? data?.hasAdministrator
        ? words.administrator.needed
        : words.administrator.setHow
      : entity
        ? words.unlock.again(cleanName(entity.name))
        : words.unlock.none
  return {
    entry: isHeld ? null : (
      <>
        <Note state="asleep">{why}</Note>
        {opening.entry}
      </>
    ),
    check: () => isHeld || ((as === 'administrator' || entity !== undefined) && opening.check()),
    open: async () => {
      if (!isHeld) await opening.open()
    },
    refresh: refetch,
  }
}

/** Whom something goes to: by name, with the treasury's own accounts where `system`. */
export function EntitySelect(props: {
  label: string
  description?: string
  value: string | null
  onChange: (entityId: string | null) => void
  system?: 'too' | 'only'
  /** not offered: whoever can't be meant */
  except?: string | null
  error?: string | null
}) {
  const { label, description, value, onChange, system, except = null, error = null } = props
  const { all } = useEntities()
  const offered = all.filter(({ entityId, kind }) => entityId !== except && (kind === 'system' ? system !== undefined : system !== 'only'))
  const option = (entityId: string, name: string) => ({ value: entityId, label: cleanName(name) })
  const people = offered.filter(({ kind }) => kind !== 'system').map(({ entityId, name }) => option(entityId, name))
  const own = offered.filter(({ kind }) => kind === 'system').map(({ entityId, name }) => option(entityId, name))
  return (
    <Select
      label={label}
      description={description}
      placeholder={words.fields.choose}
      data={
        own.length === 0
          ? people
          : [...(people.length > 0 ? [{ group: words.entities, items: people }] : []), { group: words.make.kinds.system, items: own }]
      }
      value={value}
      onChange={onChange}
      error={error}
      allowDeselect={false}
      searchable
      limit={100}
    />
  )
}

/** One of the tokens that can be moved. */
export function TokenSelect(props: { value: string; onChange: (token: string) => void; tokens?: readonly string[]; label?: string }) {
  const listed = useQuery('tokens.list', {}, ['treasury']).data ?? []
  const tokens = props.tokens ?? listed.filter(({ isInitialised, isMirror }) => isInitialised && !isMirror).map(({ token }) => token)
  return (
    <Select
      label={props.label ?? words.fields.token}
      data={[...tokens]}
      value={props.value}
      onChange={value => props.onChange(value ?? props.value)}
      allowDeselect={false}
    />
  )
}

/** A few words that stand with what moved. */
export function MemoField({ value, onChange }: { value: string; onChange: (memo: string) => void }) {
  return (
    <TextInput
      label={words.fields.memo}
      description={words.fields.memoHint}
      value={value}
      onChange={event => onChange(event.currentTarget.value)}
      maxLength={300}
      autoComplete="off"
    />
  )
}
