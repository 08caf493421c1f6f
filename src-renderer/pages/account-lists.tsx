import { Button, Select } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useMemo, useState } from 'react'
import { toAppError } from '../../src-shared/errors.ts'
import { cleanName } from '../../src-shared/text.ts'
import type { EscrowShown, Payment, PaymentRequestShown } from '../../src-shared/treasury/payments-table.ts'
import type { TokenStatementLine } from '../../src-shared/treasury/tokens-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, query, useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { Amount, DateTime } from '../components/values.tsx'
import { useEntityNames } from '../entity-names.ts'
import { downloadText } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { IconDownload } from '../icons.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { EscrowMark, otherName, paymentColumns, RequestMark, statementColumns } from './account-columns.tsx'
import { PayRequestForm, ReleaseForm } from './account-forms.tsx'
import page from './page.module.css'

const words = texts.account
const newestFirst = { id: 'ts', descending: true }
const keepOrder = () => undefined
const shown = 200

/** Everything that moved on an account, newest first. */
export function Statement({ ownId, tokens }: { ownId: string; tokens: readonly string[] }) {
  const [token, setToken] = useState<string | null>(null)
  const nameOf = useEntityNames()
  const columns = useMemo(() => statementColumns(nameOf), [nameOf])
  const of = { entityId: ownId, ...(token !== null && { token }) }
  const source = useWindowSource(JSON.stringify(of), (offset, limit, signal) => query('tokens.history', { ...of, offset, limit }, signal), [
    'treasury',
  ])
  const said = words.statement
  const save = () => {
    query('tokens.statement', of).then(
      ({ fileName, text }) => downloadText(fileName, text),
      (error: unknown) => notifications.show({ title: said.fileFailed, message: toAppError(error).message, autoClose: false }),
    )
  }
  return (
    <DataTable
      name="account-statement"
      label={words.tabs.statement}
      columns={columns}
      source={source}
      rowId={({ entry, token: of, part }) => `${entry} ${of} ${part}`}
      sort={newestFirst}
      onSort={keepOrder}
      onOpen={line => openSheet({ title: said.open(line.entry), body: <LineSheet line={line} /> })}
      tools={
        <>
          <Select
            aria-label={said.token}
            placeholder={said.anyToken}
            data={[...tokens]}
            value={token}
            onChange={setToken}
            clearable
            w={150}
          />
          <Button variant="default" h={36} leftSection={<IconDownload />} title={said.fileHint} onClick={save}>
            {said.file}
          </Button>
        </>
      }
      empty={said.none}
      maxRows={12}
    />
  )
}

function Facts({ of, label }: { of: readonly (readonly [string, ReactNode])[]; label: string }) {
  return (
    <table className={page.table}>
      <caption className={page.hidden}>{label}</caption>
      <tbody>
        {of.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className={page.wrap}>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function LineSheet({ line }: { line: TokenStatementLine }) {
  const nameOf = useEntityNames()
  const { columns, kinds, parts, open } = words.statement
  const { entry, ts, type, token, part, amount, others, actor, memo, chainTx } = line
  return (
    <Facts
      label={open(entry)}
      of={[
        [columns.ts, <DateTime key="ts" ts={ts} form="seconds" />],
        [columns.what, kinds[type]],
        [columns.amount, `${writeSigned(amount)} ${token}`],
        [columns.part, parts[part]],
        [columns.others, others.map(nameOf).join(', ')],
        [columns.actor, nameOf(actor)],
        [columns.memo, cleanName(memo)],
        ...(chainTx === null ? [] : [[columns.chainTx, cleanName(chainTx)] as const]),
      ]}
    />
  )
}

function writeSigned(units: bigint): string {
  return `${units < 0n ? '−' : '+'}${writeAmount(units < 0n ? -units : units)}`
}

/** Payments that the entity made and received; a row opens its record and hash. */
export function Payments({ ownId }: { ownId: string }) {
  const columns = useMemo(() => paymentColumns(ownId), [ownId])
  const source = useWindowSource(ownId, (offset, limit, signal) => query('payments.list', { entityId: ownId, offset, limit }, signal), [
    'treasury',
  ])
  return (
    <DataTable
      name="account-payments"
      label={words.tabs.payments}
      columns={columns}
      source={source}
      rowId={({ id }) => id}
      sort={newestFirst}
      onSort={keepOrder}
      onOpen={({ id }) => openSheet({ title: words.payments.open(id), body: <PaymentSheet id={id} /> })}
      empty={words.payments.none}
      maxRows={12}
    />
  )
}

function PaymentSheet({ id }: { id: string }) {
  const { data, error, refetch } = useQuery('payments.get', { id }, [])
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return null
  return (
    <div className={page.stack}>
      <PaymentFacts payment={data} />
      <section className={page.stack} aria-label={words.payments.record}>
        <h3 title={words.payments.recordHint}>{words.payments.record}</h3>
        <code className={`${page.hash} ${page.note}`}>{data.record}</code>
        <p className={page.dim}>{words.payments.recordHint}</p>
        <div className={page.buttons}>
          <CopyButton text={data.record} label={texts.sheet.copy} />
        </div>
      </section>
    </div>
  )
}

function PaymentFacts({ payment }: { payment: Payment }) {
  const { columns, kinds, from, to, total, entry, hash, open } = words.payments
  const { token } = payment
  const tokens = (units: bigint) => `${writeAmount(units)} ${token}`
  return (
    <Facts
      label={open(payment.id)}
      of={[
        [columns.ts, <DateTime key="ts" ts={payment.ts} form="seconds" />],
        [from, cleanName(payment.fromName)],
        [to, cleanName(payment.toName)],
        [columns.amount, tokens(payment.amount)],
        [columns.fee, tokens(payment.fee)],
        [total, tokens(payment.total)],
        [columns.kind, kinds[payment.kind]],
        [columns.memo, cleanName(payment.memo)],
        [entry, String(payment.entry)],
        [
          hash,
          <span key="hash" className={page.hash}>
            {payment.hash}
          </span>,
        ],
      ]}
    />
  )
}

/** What the entity is asked to pay and asks others to, newest first. */
export function Requests({ ownId, readOnly }: { ownId: string; readOnly: boolean }) {
  const { data, error, refetch } = useQuery('requests.list', { entityId: ownId, limit: shown }, ['treasury'])
  const { columns, asked, asking, none, cancel, act } = words.requests
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return null
  if (data.rows.length === 0) return <p className={page.dim}>{none}</p>
  return (
    <SidesTable
      label={words.tabs.requests}
      help="requested"
      heads={[columns.created, columns.side, columns.other, columns.amount, columns.memo, columns.state, act]}
    >
      {data.rows.map(request => (
        <tr key={request.id}>
          <td>
            <DateTime ts={request.createdTs} />
          </td>
          <td>{request.from === ownId ? asked : asking}</td>
          <td>{otherName(request, ownId)}</td>
          <td className={page.num}>
            <Amount units={request.amount} token={request.token} unit />
          </td>
          <td className={page.wrap}>{cleanName(request.memo)}</td>
          <td>
            <RequestMark state={request.state} />
          </td>
          <td>
            {request.state !== 'pending' ? null : request.from === ownId ? (
              <PayButton request={request} readOnly={readOnly} />
            ) : (
              <Button h={32} variant="default" disabled={readOnly} onClick={() => takeBack(request)}>
                {cancel}
              </Button>
            )}
          </td>
        </tr>
      ))}
    </SidesTable>
  )
}

/** Opens the form that pays a request; the button says how much to whom. */
export function PayButton({ request, readOnly, filled = false }: { request: PaymentRequestShown; readOnly: boolean; filled?: boolean }) {
  const { amount, token, toName } = request
  return (
    <Button
      h={32}
      variant={filled ? 'filled' : 'default'}
      disabled={readOnly}
      onClick={() => openSheet({ title: words.forms.payTitle, body: <PayRequestForm request={request} /> })}
    >
      {words.pay(`${writeAmount(amount)} ${token}`, cleanName(toName))}
    </Button>
  )
}

function takeBack({ id }: PaymentRequestShown): void {
  command('requests.cancel', { id }).then(
    () => notifications.show({ message: words.requests.cancelled }),
    (error: unknown) => notifications.show({ title: texts.error.title, message: toAppError(error).message, autoClose: false }),
  )
}

/** Payments that are or were held. */
export function Escrows({ ownId, readOnly }: { ownId: string; readOnly: boolean }) {
  const { data, error, refetch } = useQuery('escrow.list', { entityId: ownId, limit: shown }, ['treasury'])
  const { columns, buyer, seller, none, release, giveBack, act } = words.escrow
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return null
  if (data.rows.length === 0) return <p className={page.dim}>{none}</p>
  const open = (escrow: EscrowShown) => {
    const title = escrow.from === ownId ? words.forms.releaseTitle : words.forms.giveBackTitle
    openSheet({ title, body: <ReleaseForm escrow={escrow} ownId={ownId} /> })
  }
  return (
    <SidesTable
      label={words.tabs.escrow}
      help="escrow"
      heads={[columns.created, columns.side, columns.other, columns.amount, columns.memo, columns.state, act]}
    >
      {data.rows.map(escrow => (
        <tr key={escrow.id}>
          <td>
            <DateTime ts={escrow.createdTs} />
          </td>
          <td>{escrow.from === ownId ? buyer : seller}</td>
          <td>{otherName(escrow, ownId)}</td>
          <td className={page.num}>
            <Amount units={escrow.amount} token={escrow.token} unit />
          </td>
          <td className={page.wrap}>{cleanName(escrow.memo)}</td>
          <td>
            <EscrowMark state={escrow.state} />
          </td>
          <td>
            {escrow.state === 'held' ? (
              <Button h={32} variant="default" disabled={readOnly} onClick={() => open(escrow)}>
                {escrow.from === ownId ? release : giveBack}
              </Button>
            ) : null}
          </td>
        </tr>
      ))}
    </SidesTable>
  )
}

/** Since, side, with whom, how much (`help`: the entry of the glossary for it), what for, state, and what to do next. */
function SidesTable({ label, help, heads, children }: { label: string; help: HelpTerm; heads: readonly string[]; children: ReactNode }) {
  return (
    <div className={`${page.panel} ${page.scroll}`}>
      <table className={page.table} aria-label={label}>
        <thead>
          <tr>
            {heads.map((head, index) =>
              index === 3 ? (
                <NumHead key={head} name={head} help={help} />
              ) : (
                <th key={head} scope="col">
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
