import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { alertSeveritySchema, type QuietHours, quietHoursSchema, quietProblem } from '../../src-shared/alerts.ts'
import { askToNotify, useNotifyState } from '../alert-notifications.ts'
import { command, desktop, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { texts } from '../texts.ts'
import classes from './alerts.module.css'
import { useSend } from './key-forms.tsx'
import page from './page.module.css'

export { WebhookPanel } from './alerts-webhook.tsx'

const words = texts.alerts
const { quiet: own, notify } = words

export function QuietPanel() {
  const { data } = useQuery('alerts.rules', {}, ['alerts'])
  return (
    <section className={page.panel} aria-label={own.title}>
      <h2>{own.title}</h2>
      <p className={page.dim}>{own.what}</p>
      {data?.isQuiet ? <Note state="asleep">{own.now(data.held)}</Note> : null}
      {data ? <QuietForm key={JSON.stringify(data.quiet)} quiet={data.quiet} /> : null}
    </section>
  )
}

function QuietForm({ quiet }: { quiet: QuietHours }) {
  const [entered, setEntered] = useState(quiet)
  const sending = useSend()
  const change = (part: Partial<QuietHours>) => setEntered(old => ({ ...old, ...part }))
  const parsed = quietHoursSchema.safeParse(entered)
  const problem = parsed.success ? quietProblem(parsed.data) : (parsed.error.issues[0]?.message ?? '')
  const isSame = JSON.stringify(entered) === JSON.stringify(quiet)
  return (
    <form
      className={page.form}
      aria-label={own.title}
      noValidate
      onSubmit={event => {
        event.preventDefault()
        if (problem !== null) return
        sending.send(async () => {
          await command('alerts.setQuiet', entered)
          notifications.show({ message: own.saved })
        })
      }}
    >
      <Checkbox label={own.on} checked={entered.on} onChange={event => change({ on: event.currentTarget.checked })} />
      <div className={classes.times}>
        <TextInput type="time" label={own.from} value={entered.from} onChange={event => change({ from: event.currentTarget.value })} />
        <TextInput type="time" label={own.to} value={entered.to} onChange={event => change({ to: event.currentTarget.value })} />
      </div>
      <Select
        label={own.zone}
        data={zonesWith(quiet.zone)}
        value={entered.zone}
        onChange={zone => change({ zone: zone ?? quiet.zone })}
        searchable
        allowDeselect={false}
        limit={50}
      />
      <Select
        label={own.except}
        data={(['none', 'down', 'at-risk', 'info'] as const).map(value => ({ value, label: own.excepts[value] }))}
        value={entered.except ?? 'none'}
        onChange={value => change({ except: value === 'none' ? null : alertSeveritySchema.parse(value) })}
        allowDeselect={false}
      />
      {problem === null ? null : <Note state="at-risk">{problem}</Note>}
      {sending.error ? <ErrorPanel error={sending.error} /> : null}
      <div className={page.buttons}>
        <Button type="submit" h={32} variant="default" disabled={isSame || problem !== null} loading={sending.busy}>
          {own.save}
        </Button>
      </div>
    </form>
  )
}

function zonesWith(zone: string): string[] {
  return [...new Set(['UTC', zone, ...Intl.supportedValuesOf('timeZone')])]
}

/** The desktop shows what is told by itself; a browser asks its user, when a button says so. */
export function NotifyPanel() {
  const state = useNotifyState()
  return (
    <section className={page.panel} aria-label={notify.title}>
      <h2>{notify.title}</h2>
      {desktop ? (
        <p>{notify.desktop}</p>
      ) : state === 'default' ? (
        <>
          <p className={page.dim}>{notify.browser}</p>
          <div className={page.buttons}>
            <Button h={32} variant="default" onClick={() => void askToNotify()}>
              {notify.ask}
            </Button>
          </div>
        </>
      ) : (
        <Note state={state === 'granted' ? 'up' : 'unknown'}>{notify[state]}</Note>
      )}
    </section>
  )
}
