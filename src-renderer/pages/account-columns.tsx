import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { EscrowShown, Payment, PaymentRequestShown } from '../../src-shared/treasury/payments-table.ts'
import type { TokenStatementLine } from '../../src-shared/treasury/tokens-table.ts'
import type { Column } from '../components/data-table.tsx'
import { Clip } from '../components/names.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import type { HelpTerm } from '../help-terms.ts'
import { texts } from '../texts.ts'

const words = texts.account

function time<Row>(id: string, header: string, tsOf: (row: Row) => number): Column<Row> {
  return { id, header, width: 150, cell: row => <DateTime ts={tsOf(row)} />, text: row => formatUtc(tsOf(row)) }
}

function amount<Row extends { token: string }>(
  id: string,
  header: string,
  help: HelpTerm,
  unitsOf: (row: Row) => bigint,
  hint?: string,
): Column<Row> {
  return {
    id,
    header,
    help,
    width: 125,
    align: 'right',
    ...(hint !== undefined && { hint }),
    cell: row => <Amount units={unitsOf(row)} token={row.token} />,
    text: row => formatAmount(unitsOf(row)),
  }
}

function plain<Row>(id: string, header: string, width: number, textOf: (row: Row) => string, grow?: number): Column<Row> {
  return { id, header, width, ...(grow !== undefined && { grow }), cell: row => <Clip text={textOf(row)} />, text: textOf }
}

/** Postings of an account. */
export function statementColumns(nameOf: (id: string) => string): Column<TokenStatementLine>[] {
  const { columns, kinds, parts } = words.statement
  return [
    time('ts', columns.ts, ({ ts }) => ts),
    plain('what', columns.what, 90, ({ type }) => kinds[type]),
    plain('others', columns.others, 130, ({ others }) => others.map(nameOf).join(', '), 1),
    amount('amount', columns.amount, 'posting', line => line.amount, words.statement.amountHint),
    plain('token', columns.token, 100, ({ token }) => token),
    plain('part', columns.part, 80, ({ part }) => parts[part]),
    plain('memo', columns.memo, 130, ({ memo }) => cleanName(memo), 1),
    {
      ...plain<TokenStatementLine>('entry', columns.entry, 80, ({ entry }) => String(entry)),
      align: 'right',
      hint: words.statement.entryHint,
    },
    { ...plain<TokenStatementLine>('actor', columns.actor, 120, ({ actor }) => nameOf(actor)), optional: true },
    { ...plain<TokenStatementLine>('chainTx', columns.chainTx, 120, ({ chainTx }) => chainTx ?? ''), optional: true },
  ]
}

/** Payments, seen from one side. */
export function paymentColumns(ownId: string): Column<Payment>[] {
  const { columns, kinds, paid, received } = words.payments
  return [
    time('ts', columns.ts, ({ ts }) => ts),
    plain('side', columns.side, 80, ({ from }) => (from === ownId ? paid : received)),
    plain('other', columns.other, 130, row => otherName(row, ownId), 1),
    amount('amount', columns.amount, 'posting', row => row.amount),
    amount('fee', columns.fee, 'payment-fee', ({ fee }) => fee),
    plain('token', columns.token, 90, ({ token }) => token),
    plain('kind', columns.kind, 100, ({ kind }) => kinds[kind]),
    plain('memo', columns.memo, 130, ({ memo }) => cleanName(memo), 1),
  ]
}

/** The other one of two sides, by name. */
export function otherName({ from, fromName, toName }: { from: string; fromName: string; toName: string }, ownId: string): string {
  return cleanName(from === ownId ? toName : fromName)
}

const requestMarks = { pending: 'at-risk', fulfilled: 'up', cancelled: 'unknown' } as const

/** A request's state with its shape. */
export function RequestMark({ state }: Pick<PaymentRequestShown, 'state'>) {
  return <StateMark state={requestMarks[state]} word={words.requests.states[state]} />
}

const escrowMarks = { held: 'at-risk', released: 'up', refunded: 'asleep' } as const

export function EscrowMark({ state }: Pick<EscrowShown, 'state'>) {
  return <StateMark state={escrowMarks[state]} word={words.escrow.states[state]} />
}
