import { cleanName } from '../../src-shared/text.ts'
import { CREDIT_TOKEN } from '../../src-shared/treasury/credit.ts'
import type { CreditApplication, Loan } from '../../src-shared/treasury/credit-table.ts'
import type { Column } from '../components/data-table.tsx'
import { type AmountField, amountColumn, textColumn, timeColumn } from '../components/plain-columns.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { texts } from '../texts.ts'

const words = texts.credit
const heads = words.columns

/** How a loan stands. */
export function LoanMark({ loan }: { loan: Loan }) {
  const { onTime, overdue, paidOff, defaulted } = words.loanStates
  if (loan.status === 'paid_off') return <StateMark state="asleep" word={paidOff} />
  if (loan.status === 'defaulted') return <StateMark state="down" word={defaulted} title={words.defaultedHint} />
  return loan.overdue > 0n ? <StateMark state="down" word={overdue(loan.overdueDays)} /> : <StateMark state="up" word={onTime} />
}

const marks = { analysing: 'asleep', approved: 'at-risk', rejected: 'down', accepted: 'up', withdrawn: 'unknown' } as const

/** How an application stands; an approved one waits for its applicant only. */
export function ApplicationMark({ application: { state }, isOwn }: { application: CreditApplication; isOwn: boolean }) {
  const word = state === 'approved' && !isOwn ? words.approvedOther : words.applicationStates[state]
  return <StateMark state={marks[state]} word={word} />
}

const amountOf = <Row,>(field: AmountField<Row>, unitsOf: (row: Row) => bigint | null) => amountColumn(field, CREDIT_TOKEN, unitsOf)

/** `isEverybodys`: whose they are is shown. */
export function loanColumns(isEverybodys: boolean): Column<Loan>[] {
  return [
    textColumn({ id: 'id', header: heads.id }, 120, row => row.id),
    ...(isEverybodys ? [textColumn<Loan>({ id: 'borrower', header: heads.borrower }, 140, row => cleanName(row.name))] : []),
    { id: 'state', header: heads.state, width: 150, cell: row => <LoanMark loan={row} />, text: row => row.status },
    amountOf({ id: 'principal', header: heads.principal, help: 'principal' }, row => row.principal),
    amountOf({ id: 'owed', header: heads.owed, help: 'owed-in-all' }, row => row.owed),
    timeColumn({ id: 'due', header: heads.due }, row => row.due?.dueTs ?? null),
    amountOf({ id: 'dueAmount', header: heads.dueAmount, help: 'due' }, row => row.due?.amount ?? null),
    amountOf({ id: 'overdue', header: heads.overdue, help: 'overdue' }, row => (row.overdue > 0n ? row.overdue : null)),
    { ...timeColumn<Loan>({ id: 'opened', header: heads.opened }, row => row.openedTs), optional: true },
  ]
}

export function applicationColumns(isEverybodys: boolean, ownId: string | undefined): Column<CreditApplication>[] {
  return [
    textColumn({ id: 'id', header: heads.id }, 120, row => row.id),
    ...(isEverybodys ? [textColumn<CreditApplication>({ id: 'borrower', header: heads.borrower }, 140, row => cleanName(row.name))] : []),
    {
      id: 'state',
      header: heads.state,
      width: 200,
      cell: row => <ApplicationMark application={row} isOwn={row.entityId === ownId} />,
      text: row => row.state,
    },
    textColumn({ id: 'purpose', header: heads.purpose }, 110, row => words.purposes[row.purpose]),
    amountOf({ id: 'asked', header: heads.asked, help: 'asked-for' }, row => row.amount),
    amountOf({ id: 'approved', header: heads.approved, help: 'approved' }, row =>
      row.decision?.rejected === null ? row.decision.approved : null,
    ),
    textColumn({ id: 'by', header: heads.by }, 120, row => (row.decision ? words.bases[row.decision.basis] : '')),
    timeColumn({ id: 'applied', header: heads.applied }, row => row.createdTs),
  ]
}
