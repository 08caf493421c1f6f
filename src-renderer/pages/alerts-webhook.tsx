import { Button, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type FormEvent, useMemo, useRef, useState } from 'react'
import type { WebhookDelivery } from '../../src-shared/alerts-contract.ts'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { PASSPHRASE_LENGTH } from '../../src-shared/keys-contract.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { command, query, useQuery } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FactList } from '../components/fact-list.tsx'
import { Clip } from '../components/names.tsx'
import { Note } from '../components/note.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import classes from './alerts.module.css'
import { SheetForm, useSend } from './key-forms.tsx'
import page from './page.module.css'

const words = texts.alerts.webhook
const topics = ['alerts'] as const
const order = { id: 'ts', descending: true }

/** Whether what is told is sent on, what did not arrive, and the ways to change that. */
export function WebhookPanel() {
  const { data } = useQuery('alerts.webhook', {}, ['alerts', 'keys'])
  const sending = useSend()
  if (!data) return null
  const { on, url, headerName, secret, waiting, failed } = data
  const say = (name: 'alerts.webhookOff' | 'alerts.webhookRetry', message: string) =>
    sending.send(async () => {
      await command(name, {})
      notifications.show({ message })
    })
  const setUp = () => openSheet({ title: words.setUp, body: <SetUp url={url} headerName={headerName} /> })
  return (
    <section className={page.panel} aria-label={words.title}>
      <div className={page.panelHead}>
        <h2>{words.title}</h2>
        <div className={page.buttons}>
          {on && waiting + failed > 0 ? (
            <Button h={32} variant="default" onClick={() => say('alerts.webhookRetry', words.retried)}>
              {words.retry}
            </Button>
          ) : null}
          {url === '' ? null : <SecretButtons url={url} secret={secret} />}
          {on ? (
            <Button h={32} variant="default" loading={sending.busy} onClick={() => say('alerts.webhookOff', words.off)}>
              {words.switchOff}
            </Button>
          ) : null}
          <Button h={32} variant="default" onClick={setUp}>
            {words.setUp}
          </Button>
        </div>
      </div>
      <p className={page.dim}>{words.what}</p>
      <StateMark state={on ? 'up' : 'unknown'} word={on ? words.states.on : words.states.off} />
      {url === '' ? null : (
        <FactList
          facts={[
            [words.address, url],
            [words.header, headerName],
            [words.secret, words.secrets[secret]],
          ]}
        />
      )}
      {failed > 0 ? <Note state="down">{words.failed(failed)}</Note> : null}
      {waiting > 0 ? <Note state="at-risk">{words.waiting(waiting)}</Note> : null}
      {sending.error ? <ErrorPanel error={sending.error} /> : null}
      {url === '' ? null : <Deliveries />}
    </section>
  )
}

function SecretButtons({ url, secret }: { url: string; secret: QueryOutput<'alerts.webhook'>['secret'] }) {
  const sending = useSend()
  const remove = () =>
    sending.send(async () => {
      await command('alerts.removeWebhookSecret', { url })
      notifications.show({ message: words.secretGone })
    })
  return (
    <>
      {secret === 'none' ? null : (
        <Button h={32} variant="subtle" loading={sending.busy} onClick={remove}>
          {words.removeSecret}
        </Button>
      )}
      <Button h={32} variant="default" onClick={() => openSheet({ title: words.setSecret, body: <SecretForm url={url} /> })}>
        {words.setSecret}
      </Button>
    </>
  )
}

/** Address and header; then what is sent, down to its bytes; then the button that switches it on. */
function SetUp(kept: { url: string; headerName: string }) {
  const [url, setUrl] = useState(kept.url)
  const [headerName, setHeaderName] = useState(kept.headerName)
  const [shown, setShown] = useState<{ headerName: string; preview: QueryOutput<'alerts.webhookPreview'> } | null>(null)
  const showing = useSend()
  const sending = useSend()
  const show = (event: FormEvent) => {
    event.preventDefault()
    setShown(null)
    showing.send(async () => setShown({ headerName, preview: await query('alerts.webhookPreview', { url, headerName }) }))
  }
  return (
    <div className={page.stack}>
      <form className={page.form} onSubmit={show} noValidate autoComplete="off" aria-label={words.setUp}>
        <TextInput
          data-autofocus
          label={words.url}
          description={words.urlHint}
          value={url}
          onChange={event => {
            setUrl(event.currentTarget.value)
            setShown(null)
          }}
          spellCheck={false}
          inputMode="url"
        />
        <TextInput
          label={words.header}
          description={words.headerHint}
          value={headerName}
          onChange={event => {
            setHeaderName(event.currentTarget.value)
            setShown(null)
          }}
          spellCheck={false}
        />
        {showing.error ? <ErrorPanel error={showing.error} /> : null}
        <div className={page.buttons}>
          <Button type="submit" variant="default" h={32} loading={showing.busy} disabled={url.trim() === ''}>
            {words.show}
          </Button>
        </div>
      </form>
      {shown ? (
        <>
          <strong>{words.sends}</strong>
          {/* focusable, so that the keyboard scrolls it */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls */}
          <section className={classes.body} tabIndex={0} aria-label={words.sends}>
            {`POST ${shown.preview.url}\n`}
            {Object.entries(shown.preview.headers).map(([name, value]) => `${name}: ${value}\n`)}
            {`\n${shown.preview.body}`}
          </section>
          {sending.error ? <ErrorPanel error={sending.error} /> : null}
          <div className={page.buttons}>
            <Button
              loading={sending.busy}
              onClick={() =>
                sending.send(async () => {
                  const { headerName: name, preview } = shown
                  await command('alerts.webhookOn', { url: preview.url, headerName: name, seen: preview.seen })
                  notifications.show({ message: words.on })
                  closeSheet()
                })
              }
            >
              {words.switchOn(new URL(shown.preview.url).host)}
            </Button>
          </div>
        </>
      ) : null}
    </div>
  )
}

function SecretForm({ url }: { url: string }) {
  const secret = useRef<SecretHandle>(null)
  const passphrase = useRef<SecretHandle>(null)
  const [problems, setProblems] = useState<{ secret: string | null; passphrase: string | null }>({ secret: null, passphrase: null })
  const sending = useSend()
  const keep = () => {
    const found = {
      secret: (secret.current?.length() ?? 0) === 0 ? words.missing : null,
      passphrase: (passphrase.current?.length() ?? 0) < PASSPHRASE_LENGTH ? words.tooShort(PASSPHRASE_LENGTH) : null,
    }
    setProblems(found)
    if (found.secret !== null || found.passphrase !== null) return
    sending.send(async () => {
      const entered = { secret: secret.current?.take() ?? '', passphrase: passphrase.current?.take() ?? '' }
      await command('alerts.setWebhookSecret', { url, ...entered })
      notifications.show({ message: words.secretKept })
      closeSheet()
    })
  }
  return (
    <SheetForm name={words.setSecret} how={words.setSecretHow} action={words.setSecret} sending={sending} onSubmit={keep}>
      <SecretEntry ref={secret} label={words.secretValue} error={problems.secret} autoFocus />
      <SecretEntry ref={passphrase} label={words.passphrase} error={problems.passphrase} />
    </SheetForm>
  )
}

function Deliveries() {
  const source = useWindowSource('', (offset, limit, signal) => query('alerts.deliveries', { offset, limit }, signal), topics)
  const columns = useMemo(() => deliveryColumns(), [])
  return (
    <DataTable
      name="alert-deliveries"
      label={words.deliveries}
      title={words.deliveries}
      columns={columns}
      source={source}
      rowId={({ seq }) => String(seq)}
      sort={order}
      onSort={() => undefined}
      empty={words.noDeliveries}
      maxRows={5}
    />
  )
}

const states = { waiting: 'at-risk', sent: 'up', failed: 'down' } as const

function deliveryColumns(): Column<WebhookDelivery>[] {
  const { columns: heads, deliveryStates } = words
  return [
    { id: 'ts', header: heads.ts, width: 160, cell: ({ ts }) => <DateTime ts={ts} />, text: ({ ts }) => formatUtc(ts) },
    { id: 'title', header: heads.title, width: 200, grow: 2, cell: ({ title }) => <Clip text={title} />, text: ({ title }) => title },
    {
      id: 'state',
      header: heads.state,
      width: 100,
      cell: ({ state }) => <StateMark state={states[state]} word={deliveryStates[state]} />,
      text: ({ state }) => deliveryStates[state],
    },
    {
      id: 'tries',
      header: heads.tries,
      width: 70,
      align: 'right',
      help: 'tries',
      cell: ({ tries }) => formatCount(tries),
      text: ({ tries }) => String(tries),
    },
    {
      id: 'next',
      header: heads.next,
      width: 160,
      cell: ({ nextTs }) => (nextTs === null ? null : <DateTime ts={nextTs} />),
      text: ({ nextTs }) => (nextTs === null ? '' : formatUtc(nextTs)),
    },
    {
      id: 'problem',
      header: heads.problem,
      width: 200,
      grow: 2,
      cell: ({ problem }) => <Clip text={problem} />,
      text: ({ problem }) => problem,
    },
  ]
}
