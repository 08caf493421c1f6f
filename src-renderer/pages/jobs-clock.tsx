import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { formatDuration } from '../../src-shared/time.ts'
import type { ScheduleView } from '../../src-shared/treasury/schedule.ts'
import { command } from '../api.ts'
import { Note } from '../components/note.tsx'
import { DateTime } from '../components/values.tsx'
import { formatDateTime } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import settings from './settings.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.jobs.clock

/** A clock that jumped: what it shows, what was believed last, and confirming it. */
export function ClockPanel({ schedule: { clock, nowTs, referenceTs, problem } }: { schedule: ScheduleView }) {
  const title = clock === 'backwards' ? words.backwards : words.title
  return (
    <section className={page.panel} aria-label={title}>
      <h2>{title}</h2>
      {problem === null ? null : <Note state="at-risk">{problem}</Note>}
      <dl className={settings.facts}>
        <div>
          <dt>{words.shows}</dt>
          <dd>
            <strong>
              <DateTime ts={nowTs} />
            </strong>
          </dd>
        </div>
        {referenceTs === null ? null : (
          <div>
            <dt>{words.reference}</dt>
            <dd>
              <DateTime ts={referenceTs} />, {words.apart(formatDuration(Math.abs(nowTs - referenceTs)))}
            </dd>
          </div>
        )}
      </dl>
      <div className={page.buttons}>
        <Button onClick={() => openSheet({ title: words.confirm, body: <ConfirmForm nowTs={nowTs} /> })}>{words.confirm}</Button>
      </div>
    </section>
  )
}

function ConfirmForm({ nowTs }: { nowTs: number }) {
  const sending = useSendOnce()
  return (
    <TreasuryForm
      name={words.confirm}
      how={words.confirmHow}
      action={words.confirmAction(formatDateTime(nowTs))}
      as="administrator"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('schedule.confirm', { shownTs: nowTs }, { idempotencyKey })
        notifications.show({ message: words.confirmed })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}
