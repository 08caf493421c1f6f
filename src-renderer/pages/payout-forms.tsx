import { Button, Checkbox, Select } from '@mantine/core'
import { useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { assetText, runSubject } from '../../src-shared/pay-text.ts'
import type { RunReview } from '../../src-shared/review-contract.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { shortAddress } from '../components/names.tsx'
import { Note } from '../components/note.tsx'
import { RunReviewSheet } from '../components/review-run.tsx'
import { SignAction } from '../components/review-sheet.tsx'
import { SecretEntry, type SecretHandle } from '../components/secret-entry.tsx'
import { payoutPath } from '../links.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { givenFiles } from './compare-files.ts'
import { SheetForm, useSend } from './key-forms.tsx'
import page from './page.module.css'
import { LeftOut } from './payout-parts.tsx'

const words = texts.pay

/** A job's progress and end, by its id. */
function useJob(jobId: string | null) {
  return useQuery('jobs.list', {}, ['jobs'], { enabled: jobId !== null }).data?.find(({ id }) => id === jobId)
}

/** Plans a period or the decided mints; then says what came of it, and leads to the run. */
export function PlanForm({ network }: { network: string }) {
  const { data, error } = useQuery('pay.subjects', {}, ['pay', 'results', 'mints'])
  const open = data?.subjects.filter(({ why, receipts }) => why === '' && receipts > 0) ?? []
  const [chosen, setChosen] = useState<string | null>(null)
  const [retries, setRetries] = useState(true)
  const [planned, setPlanned] = useState<{ jobId: string; period: number | null } | null>(null)
  const sending = useSend()
  const subject = open.find(({ period }) => String(period) === chosen) ?? open[0]
  if (error) return <ErrorPanel error={error} />
  if (planned) return <Planned jobId={planned.jobId} period={planned.period} />
  const send = () =>
    sending.send(async () => {
      if (!subject) return
      const { period } = subject
      setPlanned({ ...(await command('pay.plan', { network, period, retries: retries && subject.retries })), period })
    })
  if (data && !subject)
    return (
      <div className={page.stack}>
        <p>{words.planForm.none}.</p>
        <ul>
          {data.subjects.slice(0, 12).map(({ period, why }) => (
            <li key={String(period)}>
              {runSubject(period)}: {why}
            </li>
          ))}
        </ul>
      </div>
    )
  return (
    <SheetForm
      name={words.plan}
      how={words.planForm.how}
      action={words.planForm.action(subject ? runSubject(subject.period) : '')}
      sending={sending}
      onSubmit={send}
    >
      <Select
        label={words.planForm.subject}
        data={open.map(({ period, receipts, amountUnits }) => ({
          value: String(period),
          label: words.planForm.option(runSubject(period), receipts, assetText(amountUnits, 'TFT')),
        }))}
        value={subject ? String(subject.period) : null}
        onChange={setChosen}
        allowDeselect={false}
      />
      {subject?.retries ? (
        <Checkbox
          label={words.planForm.retries}
          description={words.planForm.retriesHow}
          checked={retries}
          onChange={event => setRetries(event.currentTarget.checked)}
        />
      ) : null}
    </SheetForm>
  )
}

function Planned({ jobId, period }: { jobId: string; period: number | null }) {
  const job = useJob(jobId)
  const [, navigate] = useLocation()
  const isDone = job?.state === 'done'
  const runs = useQuery('pay.runs', {}, ['pay'], { enabled: isDone }).data?.runs
  const run = runs?.find(one => one.period === period && one.stage === 'open')
  return (
    <div className={page.stack}>
      {job && job.state !== 'done' ? <JobProgress job={job} /> : null}
      <p role="status">{job ? (isDone ? job.detail : '') : words.planForm.works}</p>
      {isDone && run ? (
        <div className={page.buttons}>
          <Button
            onClick={() => {
              closeSheet()
              navigate(payoutPath(run.runId))
            }}
          >
            {words.planForm.openRun}
          </Button>
        </div>
      ) : null}
      {isDone ? <LeftOut of={{ period }} /> : null}
    </div>
  )
}

/** Takes manifests and signed envelopes. */
export function ImportRunFiles({ network }: { network: string }) {
  const chooser = useRef<HTMLInputElement>(null)
  const [jobId, setJobId] = useState<string | null>(null)
  const job = useJob(jobId)
  const sending = useSend()
  const take = (files: File[]) =>
    sending.send(async () => {
      setJobId(null)
      setJobId((await command('pay.importSignatures', { network, files: await givenFiles(files) })).jobId)
    })
  return (
    <div className={page.stack}>
      <p className={page.dim}>{words.importForm.how}</p>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        aria-label={words.importForm.choose}
        onChange={event => {
          const files = [...(event.currentTarget.files ?? [])]
          // the same file, mended, can be chosen again
          event.currentTarget.value = ''
          if (files.length > 0) take(files)
        }}
      />
      <div className={page.buttons}>
        <Button loading={sending.busy} onClick={() => chooser.current?.click()}>
          {words.importForm.choose}
        </Button>
      </div>
      {sending.error ? <ErrorPanel error={sending.error} title={words.error} safe={words.errorSafe} /> : null}
      {job && job.state !== 'done' ? <JobProgress job={job} /> : null}
      <div role="status">{job?.state === 'done' ? <Note state="up">{job.detail}</Note> : null}</div>
    </div>
  )
}

/** All that a signature on a run signs, and signing it with a key of the vault. */
export function SignForm({ runId }: { runId: string }) {
  const run = useQuery('pay.get', { runId }, ['pay', 'keys']).data
  const passphrase = useRef<SecretHandle>(null)
  const [chosen, setChosen] = useState<string | null>(null)
  const sending = useSend()
  if (!run) return null
  const keys = run.keys.filter(({ signs }) => signs > 0)
  const key = keys.find(({ keyId }) => keyId === chosen) ?? keys[0]
  if (!key) return <p>{words.sign.none}</p>
  const sign = (review: RunReview) =>
    sending.send(async () => {
      if (!key.unlocked) await command('keys.unlock', { keyIds: [key.keyId], passphrase: passphrase.current?.take() ?? '' })
      const confirmed = review.counts.filter(({ severity }) => severity === 'stop').map(({ code }) => code)
      await command('pay.sign', { runId: run.runId, keyIds: [key.keyId], confirmed })
      closeSheet()
    })
  return (
    <RunReviewSheet runId={run.runId}>
      {review => (
        <SignAction review={review} sending={sending} onSign={() => sign(review)}>
          <p className={page.dim}>{words.sign.how}</p>
          <Select
            label={words.sign.key}
            data={keys.map(({ keyId, name, address }) => ({ value: keyId, label: `${name} (${shortAddress(address)})` }))}
            value={key.keyId}
            onChange={setChosen}
            allowDeselect={false}
          />
          {key.unlocked ? null : <SecretEntry ref={passphrase} label={words.sign.passphrase} description={words.sign.passphraseHow} />}
        </SignAction>
      )}
    </RunReviewSheet>
  )
}
