import { Button } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { MAX_COUNTED, type ScheduledJobView, type ScheduleView } from '../../src-shared/treasury/schedule.ts'
import { command } from '../api.ts'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { scheduleWords } from './configuration-model.ts'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.jobs

/** Every job: its times, its next and last run, what that did. */
export function ScheduleTable({ schedule }: { schedule: ScheduleView }) {
  const { columns: heads } = words
  return (
    <section className={page.panel} aria-label={words.list}>
      <h2>{words.list}</h2>
      <div className={page.scroll}>
        <table className={page.table} aria-label={words.list}>
          <thead>
            <tr>
              <th scope="col">{heads.job}</th>
              <th scope="col">{heads.state}</th>
              <th scope="col">{heads.when}</th>
              <th scope="col">{heads.next}</th>
              <th scope="col">{heads.last}</th>
              <th scope="col">{heads.did}</th>
              <th scope="col">
                <span className={page.hidden}>{words.runNow}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {schedule.jobs.map(job => (
              <tr key={job.name}>
                <td className={page.wrap}>{job.title}</td>
                <td>
                  <JobMark job={job} />
                </td>
                <td title={job.cron}>{scheduleWords(job.cron)}</td>
                <td>{job.nextTs === null ? words.none : <DateTime ts={job.nextTs} form="short" />}</td>
                <td>{job.last === null ? words.never : <DateTime ts={job.last.slotTs} form="short" />}</td>
                <td className={page.wrap}>{job.last === null ? '' : (job.last.error ?? job.last.did)}</td>
                <td>
                  <Button
                    variant="default"
                    h={32}
                    px={10}
                    aria-label={words.runNowOf(job.title)}
                    disabled={schedule.clock !== 'fine'}
                    onClick={() => openSheet({ title: words.runNowOf(job.title), body: <RunNowForm job={job} /> })}
                  >
                    {words.runNow}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function JobMark({ job: { retryTs, waiting, last } }: { job: ScheduledJobView }) {
  const { states } = words
  if (retryTs !== null)
    return (
      <>
        <StateMark state="down" word={states.failed} />{' '}
        <span className={page.dim}>
          {words.retry.toLowerCase()} <DateTime ts={retryTs} form="age" />
        </span>
      </>
    )
  if (waiting > 0) return <StateMark state="at-risk" word={states.waits(`${formatCount(waiting)}${waiting === MAX_COUNTED ? '+' : ''}`)} />
  return last === null ? <StateMark state="unknown" word={states.never} /> : <StateMark state="up" word={states.fine} />
}

function RunNowForm({ job }: { job: ScheduledJobView }) {
  const sending = useSendOnce()
  return (
    <TreasuryForm
      name={words.runNowOf(job.title)}
      how={words.runNowHow}
      action={words.runNow}
      as="administrator"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        const { last } = await command('schedule.runNow', { job: job.name }, { idempotencyKey })
        notifications.show({ message: words.ran(last.did) })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}
