import { Button, NativeSelect, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import type { DeskResult } from '../../src-shared/desk-contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { group, tftExact } from '../../src-shared/money.ts'
import { ledgerReadText } from '../../src-shared/payment.ts'
import { type AuditedReceipt, type AuditedRecords, isAuditClean, receiptChecks } from '../../src-shared/receipt-audit.ts'
import { auditVerdict, checkMeanings, checkTitles, recordsText, verdictWords } from '../../src-shared/receipt-audit-text.ts'
import { sealText } from '../../src-shared/sealed.ts'
import { isSealedRight, type SealedCheck } from '../../src-shared/sealed-check.ts'
import { cleanName } from '../../src-shared/text.ts'
import { basisText } from '../../src-shared/verify.ts'
import { query, useQuery } from '../api.ts'
import { DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { JobProgress } from '../components/job-progress.tsx'
import { NumHead } from '../components/num-head.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { formatCount } from '../format.ts'
import { IconSearch } from '../icons.tsx'
import { texts } from '../texts.ts'
import classes from './audit.module.css'
import { AuditBegin } from './audit-begin.tsx'
import { auditColumns, CheckMark } from './audit-columns.tsx'
import { AuditReportTools } from './audit-report.tsx'
import { type AuditRun, forgetAudit, useAuditRun } from './audit-run.ts'
import { openAudited } from './audit-sheet.tsx'
import page from './page.module.css'

const words = texts.audit

/** Is anything wrong with receipts, or with what is kept here; and each receipt with its checks. */
export function AuditPage() {
  const run = useAuditRun(state => state.run)
  const status = useQuery('status.get', {}, ['jobs'])
  return (
    <div className={page.page} data-fill>
      <header className={page.head}>
        <h1>{words.title}</h1>
        {run && run.state !== 'sending' ? (
          <div className={page.right}>
            <Button variant="default" h={32} onClick={forgetAudit}>
              {words.another}
            </Button>
          </div>
        ) : null}
      </header>
      {run ? (
        <Begun run={run} />
      ) : (
        <>
          <p className={page.dim}>{words.what}</p>
          {status.data?.readOnly ? <StateMark state="at-risk" word={words.readOnly} /> : <AuditBegin />}
        </>
      )}
    </div>
  )
}

function Begun({ run: { names, state, jobId, error } }: { run: AuditRun }) {
  const jobs = useQuery('jobs.list', {}, ['jobs'])
  const job = jobs.data?.find(({ id }) => id === jobId)
  if (error) return <ErrorPanel error={error} title={words.failed} safe={words.safe} onRetry={forgetAudit} />
  if (state === 'sending' || jobId === null) return <p role="status">{words.sending(names.map(cleanName).join(', '))}</p>
  if (!jobs.data) return <Skeleton height={80} />
  if (job?.state === 'running') return <JobProgress job={job} />
  if (job?.state === 'failed' || job?.state === 'cancelled') {
    const { message } = job.error ?? { message: texts.job.stopped }
    return <ErrorPanel error={new AppError('internal', message)} title={words.failed} safe={words.safe} onRetry={forgetAudit} />
  }
  return <Result jobId={jobId} />
}

function Result({ jobId }: { jobId: string }) {
  const { data, error, refetch } = useQuery('desk.get', { jobId }, ['jobs'])
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (data === undefined) return <Skeleton height={200} />
  if (data === null)
    return (
      <>
        <p>{words.gone}</p>
        <AuditBegin />
      </>
    )
  return (
    <>
      {data.sealed.map(found => (
        <Sealed key={found.file} found={found} />
      ))}
      {data.audit ? (
        <>
          <Verdict audit={data.audit} jobId={jobId} signer={data.signer} />
          {data.audit.sums.receipts > 0 ? <Rows jobId={jobId} /> : null}
        </>
      ) : null}
    </>
  )
}

function Verdict({ audit, jobId, signer }: { audit: NonNullable<DeskResult['audit']>; jobId: string; signer: DeskResult['signer'] }) {
  const { head, sums, records, bases, ledger } = audit
  const isClean = isAuditClean(audit)
  const state = isClean ? (sums.verdicts.unknown > 0 ? 'unknown' : 'up') : 'down'
  const grounds = [...bases.flatMap(basisText), ...(ledger ? ledgerReadText(ledger) : [])]
  return (
    <section className={page.panel} aria-label={words.verdict}>
      <h2>
        <StateMark state={state} word={auditVerdict(sums)} />
      </h2>
      <p className={page.dim}>
        {head.subjects.map(cleanName).join(', ')}. {words.sums(group(tftExact(sums.units)), group(tftExact(sums.paidUnits)))}
      </p>
      <div className={classes.sides}>
        <Checks sums={sums} />
        <Records records={records} />
      </div>
      <AuditReportTools jobId={jobId} signer={signer} />
      {grounds.length > 0 ? (
        <details>
          <summary>{words.basis}</summary>
          <ul className={classes.lines}>
            {grounds.map(line => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  )
}

function Checks({ sums }: { sums: NonNullable<DeskResult['audit']>['sums'] }) {
  return (
    <table className={classes.checks} aria-label={words.checks}>
      <thead>
        <tr>
          <th scope="col">{words.check}</th>
          <NumHead name={words.right} help="checked-receipts" />
          <NumHead name={words.wrong} help="checked-receipts" />
          <NumHead name={words.notChecked} help="checked-receipts" />
        </tr>
      </thead>
      <tbody>
        {receiptChecks.map(name => {
          const { right, fails, notChecked } = sums.checks[name]
          return (
            <tr key={name}>
              <th scope="row" title={checkMeanings[name]}>
                {checkTitles[name]}
              </th>
              <td>{formatCount(right)}</td>
              <td data-wrong={fails > 0 || undefined}>{formatCount(fails)}</td>
              <td>{formatCount(notChecked)}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function Records({ records }: { records: readonly AuditedRecords[] }) {
  if (records.length === 0) return null
  return (
    <section aria-label={words.records} className={classes.records}>
      <h3>{words.records}</h3>
      <ul className={classes.plain}>
        {records.map(found => (
          <li key={found.kind}>
            <CheckMark state={found.state} /> <span className={page.dim}>{recordsText(found)}</span>
            {found.wrong.length > 0 ? (
              <ul className={classes.lines}>
                {found.wrong.map(({ name, why }) => (
                  <li key={name}>
                    {cleanName(name)}: {cleanName(why)}
                  </li>
                ))}
              </ul>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** What somebody else's report or bundle came to. */
function Sealed({ found }: { found: SealedCheck }) {
  const isRight = isSealedRight(found)
  const isOpen = found.seal.state === 'unsigned' || found.checks.some(({ state }) => state === 'not-checked')
  return (
    <section className={page.panel} aria-label={cleanName(found.file)}>
      <h2>
        <StateMark state={isRight ? (isOpen ? 'unknown' : 'up') : 'down'} word={`${cleanName(found.file)}: ${cleanName(found.subject)}`} />
      </h2>
      <p>{sealText(found.seal)}</p>
      {found.problems.length > 0 ? (
        <ul className={classes.lines}>
          {found.problems.map(({ name, why }) => (
            <li key={`${name}${why}`}>
              <strong>{cleanName(name)}</strong>: {cleanName(why)}
            </li>
          ))}
        </ul>
      ) : null}
      <ul className={classes.plain}>
        {found.checks.map(({ name, state, why }) => (
          <li key={name}>
            <CheckMark state={state} /> {name}
            {why === '' ? '' : ': '}
            <span className={page.dim}>{cleanName(why)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const noSort = { id: '', descending: false }
const verdicts: readonly AuditedReceipt['verdict'][] = ['fails', 'unknown', 'right']

function Rows({ jobId }: { jobId: string }) {
  const [wanted, setWanted] = useState<AuditedReceipt['verdict'] | ''>('')
  const [text, setText] = useState('')
  const [search] = useDebouncedValue(text.trim(), 150)
  const source = useWindowSource(
    JSON.stringify([jobId, wanted, search]),
    (offset, limit, signal) =>
      query('desk.rows', { jobId, offset, limit, ...(wanted && { verdict: wanted }), ...(search && { search }) }, signal),
    [],
  )
  return (
    <DataTable
      name="audit"
      label={words.list}
      columns={auditColumns}
      source={source}
      rowId={row => `${row.where} ${row.hash}`}
      sort={noSort}
      onSort={() => undefined}
      onOpen={openAudited}
      tools={
        <>
          <NativeSelect
            aria-label={words.show}
            value={wanted}
            onChange={event => setWanted(event.currentTarget.value as AuditedReceipt['verdict'] | '')}
            data={[{ value: '', label: words.all }, ...verdicts.map(verdict => ({ value: verdict, label: verdictWords[verdict] }))]}
          />
          <TextInput
            aria-label={words.search}
            placeholder={words.searchHint}
            leftSection={<IconSearch />}
            w={260}
            value={text}
            onChange={event => setText(event.currentTarget.value)}
          />
        </>
      }
      empty={words.none}
    />
  )
}
