import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useRef, useState } from 'react'
import { Link } from 'wouter'
import { PASSPHRASE_LENGTH } from '../../src-shared/keys-contract.ts'
import { command, useQuery } from '../api.ts'
import { Note } from '../components/note.tsx'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { showSettings } from '../links.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import settings from './settings.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.credit.analyst

/** Who advises on applications, and whether it can be asked. */
export function AnalystPanel() {
  const { data } = useQuery('credit.analyst', {}, ['treasury', 'keys'])
  if (!data) return null
  return (
    <section className={page.panel} aria-label={words.panel}>
      <div className={page.panelHead}>
        <h2>{words.panel}</h2>
        <div className={page.buttons}>
          <Link className={page.link ?? ''} href="/configuration" onClick={() => showSettings('analyst')}>
            {words.set}
          </Link>
          {data.key === 'none' ? null : data.key === 'unneeded' ? null : (
            <Button h={32} variant="subtle" onClick={() => openSheet({ title: words.removeKey, body: <RemoveKeyForm /> })}>
              {words.removeKey}
            </Button>
          )}
          <Button h={32} variant="default" onClick={() => openSheet({ title: words.setKey, body: <KeyForm /> })}>
            {words.setKey}
          </Button>
        </div>
      </div>
      <p className={page.dim}>{words.panelHow}</p>
      <dl className={settings.facts}>
        <div>
          <dt>{words.address}</dt>
          <dd className={settings.wrap}>{data.url ?? words.none}</dd>
        </div>
        {data.url === null ? null : (
          <>
            <div>
              <dt>{words.model}</dt>
              <dd className={settings.wrap}>{data.model}</dd>
            </div>
            <div>
              <dt>{words.allowed}</dt>
              <dd>{data.isAllowed ? words.yes : words.no}</dd>
            </div>
          </>
        )}
        <div>
          <dt>{words.key}</dt>
          <dd>{words.keys[data.key]}</dd>
        </div>
      </dl>
      {data.problem === null || data.url === null ? null : <Note state="unknown">{data.problem}</Note>}
    </section>
  )
}

function KeyForm() {
  const apiKey = useRef<SecretHandle>(null)
  const passphrase = useRef<SecretHandle>(null)
  const [problems, setProblems] = useState<{ key: string | null; passphrase: string | null }>({ key: null, passphrase: null })
  const sending = useSendOnce()
  const check = () => {
    setProblems({
      key: (apiKey.current?.length() ?? 0) === 0 ? words.missing : null,
      passphrase: (passphrase.current?.length() ?? 0) < PASSPHRASE_LENGTH ? words.tooShort(PASSPHRASE_LENGTH) : null,
    })
  }
  return (
    <TreasuryForm
      name={words.setKey}
      how={words.setKeyHow}
      action={words.setKey}
      as="administrator"
      sending={sending}
      isReady
      onTried={check}
      onSend={async idempotencyKey => {
        if (!apiKey.current?.length() || (passphrase.current?.length() ?? 0) < PASSPHRASE_LENGTH) return
        const entered = { apiKey: apiKey.current.take(), passphrase: passphrase.current?.take() ?? '' }
        await command('credit.setAnalystKey', entered, { idempotencyKey })
        notifications.show({ message: words.keyKept })
        closeSheet()
      }}
    >
      <SecretEntry ref={apiKey} label={words.apiKey} error={problems.key} />
      <SecretEntry ref={passphrase} label={words.passphrase} error={problems.passphrase} />
    </TreasuryForm>
  )
}

function RemoveKeyForm() {
  const sending = useSendOnce()
  return (
    <TreasuryForm
      name={words.removeKey}
      how={words.removeKeyHow}
      action={words.removeKey}
      as="administrator"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('credit.removeAnalystKey', {}, { idempotencyKey })
        notifications.show({ message: words.keyGone })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}
