import { Button, Skeleton } from '@mantine/core'
import { Link } from 'wouter'
import type { LastBackup } from '../../src-shared/backup-contract.ts'
import { bytesText, noNewRunText } from '../../src-shared/backup-text.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FactList } from '../components/fact-list.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { Note } from '../components/note.tsx'
import { DateTime, useNowTs } from '../components/values.tsx'
import { payoutPath } from '../links.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { BackupForm, ScheduleForm } from './backup-forms.tsx'
import page from './page.module.css'
import { RestoreForm } from './restore-form.tsx'

const words = texts.backup

/** Backups: how the last went, the schedule, and what puts one in the place of the store. */
export function BackupSettings({ readOnly }: { readOnly: boolean }) {
  const { data, error, refetch } = useQuery('backup.get', {}, ['settings', 'jobs', 'pay'])
  const jobs = useQuery('jobs.list', {}, ['jobs'])
  const nowTs = useNowTs()
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={150} />
  const { schedule, last, lastGood, nextTs, restored, runsToReconcile } = data
  const running = (jobs.data ?? []).find(job => job.kind === 'backup' && job.state === 'running')
  return (
    <>
      <p className={page.dim}>{words.intro}</p>
      <FactList
        facts={[
          [words.last, lastGood === null ? words.never : <Good key="good" last={lastGood} />],
          ...(last !== null && last.problem !== '' ? [[words.lastTried, <Failed key="failed" last={last} />] as const] : []),
          [
            words.schedule,
            schedule.every === 'never' || nextTs === null ? (
              words.nextNone
            ) : (
              <span key="next">
                {words.everyWords[schedule.every]}, {schedule.folder}. {data.isEncrypted ? words.isEncrypted : words.isPlain} {words.next}:{' '}
                <DateTime ts={nextTs} form="short" />
              </span>
            ),
          ],
          ...(restored === null
            ? []
            : [
                [
                  words.restored,
                  <span key="restored">
                    <DateTime ts={restored.restoredTs} form="short" /> {words.restoredFrom(restored.source)}{' '}
                    <DateTime ts={restored.backupTs} form="short" />
                  </span>,
                ] as const,
              ]),
        ]}
      />
      {restored !== null && nowTs <= restored.untilTs ? <Note state="at-risk">{noNewRunText(restored.untilTs)}</Note> : null}
      {runsToReconcile.length > 0 ? (
        <Note state="at-risk">
          {words.toReconcile(runsToReconcile.length)}
          {runsToReconcile.map(id => (
            <span key={id}>
              {' '}
              <Link href={payoutPath(id)}>{words.run(id.slice(0, 16))}</Link>
            </span>
          ))}
        </Note>
      ) : null}
      {running ? <JobProgress job={running} /> : null}
      <div className={page.buttons}>
        <Button
          variant="default"
          h={32}
          disabled={readOnly || running !== undefined}
          onClick={() => openSheet({ title: words.now, body: <BackupForm /> })}
        >
          {words.now}
        </Button>
        <Button
          variant="default"
          h={32}
          disabled={readOnly}
          onClick={() => openSheet({ title: words.change, body: <ScheduleForm kept={schedule} isEncrypted={data.isEncrypted} /> })}
        >
          {words.change}
        </Button>
        <Button variant="default" h={32} disabled={readOnly} onClick={() => openSheet({ title: words.restore, body: <RestoreForm /> })}>
          {words.restore}
        </Button>
      </div>
    </>
  )
}

function Good({ last }: { last: LastBackup }) {
  return (
    <>
      <DateTime ts={last.ts} form="both" />
      <div>{words.went(last.path, bytesText(last.size))}</div>
    </>
  )
}

function Failed({ last }: { last: LastBackup }) {
  return (
    <Note state="at-risk">
      {words.failed} <DateTime ts={last.ts} form="short" />: {last.problem}
    </Note>
  )
}
