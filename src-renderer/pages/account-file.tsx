import { Button, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useRef } from 'react'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { cleanName, listed } from '../../src-shared/text.ts'
import { type ImportQuote, MAX_IMPORT_PAGE_BYTES } from '../../src-shared/treasury/payments-import-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { formatCount } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.account.file

/** Takes a CSV file of payments; what it would pay stands in the side sheet before anything moves. */
export function PayFromFile({ ownId, disabled }: { ownId: string; disabled: boolean }) {
  const chooser = useRef<HTMLInputElement>(null)
  const take = (file: File) => {
    const name = cleanName(file.name)
    textOf(file)
      .then(
        text => <FileForm ownId={ownId} name={name} text={text} />,
        (reason: unknown) => <ErrorPanel error={toAppError(reason)} title={words.unread(name)} safe={texts.treasury.safe.nothing} />,
      )
      .then(body => openSheet({ title: words.title, body }))
  }
  return (
    <>
      <input
        ref={chooser}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label={words.choose}
        onChange={event => {
          const [file] = event.currentTarget.files ?? []
          // the same file, mended, can be chosen again
          event.currentTarget.value = ''
          if (file) take(file)
        }}
      />
      <Button h={32} variant="default" title={words.columns} disabled={disabled} onClick={() => chooser.current?.click()}>
        {words.choose}
      </Button>
    </>
  )
}

async function textOf(file: File): Promise<string> {
  const text = file.size > MAX_IMPORT_PAGE_BYTES ? null : await file.text()
  if (text === null || new Blob([JSON.stringify(text)]).size > MAX_IMPORT_PAGE_BYTES) throw new AppError('usage', words.tooLarge)
  return text
}

/** What the file would pay, and the button that pays all of it; or each line that stands in the way. */
function FileForm({ ownId, name, text }: { ownId: string; name: string; text: string }) {
  // asked once: it is a preview of this file, and paying checks all of it again
  const { data, error, refetch } = useQuery('payments.importQuote', { text }, [])
  if (error && !data)
    return (
      <div className={page.stack}>
        <ErrorPanel error={error} title={words.unread(name)} safe={texts.treasury.safe.nothing} onRetry={refetch} />
        <p className={page.dim}>{words.columns}</p>
      </div>
    )
  if (!data) return <Skeleton height={240} />
  if (data.problemsTotal > 0) return <Problems name={name} quote={data} />
  return <PayForm ownId={ownId} name={name} text={text} quote={data} />
}

function Problems({ name, quote: { problems, problemsTotal } }: { name: string; quote: ImportQuote }) {
  return (
    <div className={page.stack}>
      <Note state="down">{words.problems(name, problemsTotal)}</Note>
      <table className={page.table} aria-label={words.problemsTitle}>
        <thead>
          <tr>
            <th scope="col" className={page.num}>
              {words.line}
            </th>
            <th scope="col">{words.problem}</th>
          </tr>
        </thead>
        <tbody>
          {problems.map(({ line, message }) => (
            <tr key={line}>
              <td className={page.num}>{formatCount(line)}</td>
              <td className={page.wrap}>{message}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {problemsTotal > problems.length ? <p className={page.dim}>{words.more(problemsTotal - problems.length)}</p> : null}
      <p className={page.dim}>{words.mend}</p>
      <div className={page.buttons}>
        <Button variant="default" onClick={closeSheet}>
          {words.close}
        </Button>
      </div>
    </div>
  )
}

function PayForm({ ownId, name, text, quote }: { ownId: string; name: string; text: string; quote: ImportQuote }) {
  const { toPay, already, sums } = quote
  const sending = useSendOnce()
  const amounts = listed(sums.map(({ token, amount }) => `${writeAmount(amount)} ${token}`))
  const short = sums.filter(({ isCovered }) => !isCovered)
  const what = toPay === 0 ? words.nothing : words.action(toPay, amounts)
  return (
    <TreasuryForm
      name={words.title}
      how={words.how(name)}
      action={what}
      as="entity"
      actsAs={ownId}
      sending={sending}
      isReady={toPay > 0 && short.length === 0}
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        const { paid } = await command('payments.import', { text }, { idempotencyKey })
        notifications.show({ message: words.done(paid) })
        closeSheet()
      }}
    >
      {already > 0 ? <Note state="asleep">{words.already(already)}</Note> : null}
      {toPay === 0 ? <Note state="unknown">{words.nothingHow}</Note> : null}
      {short.map(({ token, amount, fee, available }) => (
        <Note key={token} state="down">
          {words.short(`${writeAmount(amount + fee)} ${token}`, `${writeAmount(available)} ${token}`)}
        </Note>
      ))}
      <Outcome title={texts.treasury.outcome} lines={sums.flatMap(linesOf)} />
    </TreasuryForm>
  )
}

function linesOf({ token, payments, amount, fee, available, isCovered }: ImportQuote['sums'][number]): OutcomeLine[] {
  const tokens = (units: bigint) => `${writeAmount(units)} ${token}`
  return [
    { label: words.payments(payments), value: tokens(amount) },
    { label: words.fees(token), value: tokens(fee) },
    { label: words.youPay(token), value: tokens(amount + fee), strong: true },
    ...(isCovered ? [{ label: words.hasThen(token), value: tokens(available - amount - fee) }] : []),
  ]
}
