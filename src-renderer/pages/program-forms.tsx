import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import { ACCESS_TOKEN_NAME_LENGTH, type AccessToken } from '../../src-shared/treasury/access-tokens-table.ts'
import { type RestScope, restScopes } from '../../src-shared/treasury/row.ts'
import { command } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { Note } from '../components/note.tsx'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import classes from './program-forms.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.programs
type Subject = keyof typeof words.scopes
/** What scopes are about, in the order in which the rail has them. */
export const subjects = Object.keys(words.scopes) as Subject[]

const USUAL_DAYS = '90'

/** Makes a token for a program: its name, what it may do, how long. The token itself is shown once. */
export function MakeTokenForm({ ownId }: { ownId: string }) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly RestScope[]>([])
  const [days, setDays] = useState<string>(USUAL_DAYS)
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const { form } = words
  const trimmed = name.trim()
  return (
    <TreasuryForm
      name={words.make}
      how={form.how}
      action={trimmed === '' ? form.action : form.actionNamed(trimmed)}
      as="entity"
      actsAs={ownId}
      sending={sending}
      isReady={trimmed !== '' && scopes.length > 0}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        const input = { name: trimmed, scopes: [...scopes], ...(days !== '' && { expiresInDays: Number(days) }) }
        const { token, secret } = await command('access-tokens.create', input, { idempotencyKey }).catch((reason: unknown) => {
          throw madeAndLost(toAppError(reason))
        })
        openSheet({ title: words.made.title, body: <MadeToken name={token.name} secret={secret} /> })
      }}
    >
      <TextInput
        data-autofocus
        label={form.name}
        description={form.nameHint}
        value={name}
        error={tried && trimmed === '' ? texts.treasury.fields.missing : null}
        maxLength={ACCESS_TOKEN_NAME_LENGTH}
        onChange={event => setName(event.currentTarget.value)}
        autoComplete="off"
      />
      <ScopeBoxes scopes={scopes} onChange={setScopes} error={tried && scopes.length === 0 ? form.missingScope : null} />
      <Select
        label={form.expires}
        data={Object.entries(form.days).map(([value, label]) => ({ value, label }))}
        value={days}
        onChange={value => setDays(value ?? USUAL_DAYS)}
        allowDeselect={false}
      />
    </TreasuryForm>
  )
}

/** A token whose answer was lost is there, and shown to nobody: what to do then is said in this page's words. */
function madeAndLost(error: AppError): AppError {
  return error.code === 'keys.once' ? new AppError('keys.once', words.form.lost, { details: error.details }) : error
}

function ScopeBoxes(props: { scopes: readonly RestScope[]; onChange: (scopes: readonly RestScope[]) => void; error: string | null }) {
  const { scopes, onChange, error } = props
  const put = (scope: RestScope, isChosen: boolean) => onChange(restScopes.filter(one => (one === scope ? isChosen : scopes.includes(one))))
  const box = (scope: RestScope, name: string, label: string) => (
    <Checkbox
      label={label}
      aria-label={`${name}: ${label}`}
      checked={scopes.includes(scope)}
      onChange={event => put(scope, event.currentTarget.checked)}
    />
  )
  return (
    <fieldset className={classes.scopes}>
      <legend>{words.form.scopes}</legend>
      {subjects.map(subject => {
        const { name, read, write } = words.scopes[subject]
        return (
          <div key={subject} className={classes.subject}>
            <span>{name}</span>
            {box(`${subject}:read`, name, read)}
            {box(`${subject}:write`, name, write)}
          </div>
        )
      })}
      {error === null ? null : <Note state="at-risk">{error}</Note>}
    </fieldset>
  )
}

/** The token itself; it is gone with this sheet. */
function MadeToken({ name, secret }: { name: string; secret: string }) {
  const { how, token, copy, header, done } = words.made
  return (
    <div className={page.stack}>
      <p>{how(cleanName(name))}</p>
      <output className={`${page.hash} ${page.note}`} translate="no" aria-label={token}>
        {secret}
      </output>
      <p className={page.dim}>{header}</p>
      <code className={`${page.hash} ${page.note}`}>Authorization: Bearer …</code>
      <div className={page.buttons}>
        <CopyButton text={secret} label={copy} />
        <Button h={32} onClick={closeSheet}>
          {done}
        </Button>
      </div>
    </div>
  )
}

/** Withdraws a token: the program is out at once. */
export function WithdrawTokenForm({ ownId, token: { id, name: given } }: { ownId: string; token: AccessToken }) {
  const name = cleanName(given)
  const sending = useSendOnce()
  const { how, action, done } = words.withdrawForm
  return (
    <TreasuryForm
      name={words.withdraw}
      how={how(name)}
      action={action(name)}
      as="entity"
      actsAs={ownId}
      sending={sending}
      isReady
      onTried={() => undefined}
      color="red"
      onSend={async idempotencyKey => {
        await command('access-tokens.withdraw', { id }, { idempotencyKey })
        notifications.show({ message: done(name) })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}
