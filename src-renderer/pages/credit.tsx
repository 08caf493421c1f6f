import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { type ReactNode, useMemo } from 'react'
import { CREDIT_TOKEN } from '../../src-shared/treasury/credit.ts'
import type { Loan } from '../../src-shared/treasury/credit-table.ts'
import { query, useQuery } from '../api.ts'
import { DataTable } from '../components/data-table.tsx'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { HelpMark } from '../components/help-mark.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import type { HelpTerm } from '../help-terms.ts'
import { openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import { AnalystPanel } from './credit-analyst.tsx'
import { ApplyForm, LookAtCost } from './credit-apply.tsx'
import { applicationColumns, loanColumns } from './credit-columns.tsx'
import { openApplication, openLoan } from './credit-sheets.tsx'
import page from './page.module.css'
import { TreasuryHead } from './treasury-head.tsx'

const words = texts.credit
const topics = ['treasury'] as const
const newestFirst = { id: 'opened', descending: true }
/** More loans of one entity than anybody has; what is due is summed over them. */
const MOST_LOANS = 1000

/** What is due next, what is owed, what waits for an answer; and what a loan would cost. */
export function CreditPage() {
  const session = useSession()
  const [ui, setUi] = useUi<{ everybody: boolean }>('credit', { everybody: false })
  if (session.error && !session.data) return <ErrorPanel error={session.error} onRetry={session.refetch} />
  const { entity, isAdministrator = false } = session.data ?? {}
  const everybody = isAdministrator && (ui.everybody || !entity)
  const isShown = everybody || (entity !== null && entity !== undefined)
  return (
    <div className={page.page}>
      <TreasuryHead title={words.title} what={words.what}>
        {isAdministrator && entity ? (
          <SegmentedControl
            aria-label={words.whose}
            data={[
              { value: 'mine', label: words.mine },
              { value: 'everybody', label: words.everybody },
            ]}
            value={everybody ? 'everybody' : 'mine'}
            onChange={value => setUi({ everybody: value === 'everybody' })}
            transitionDuration={0}
          />
        ) : null}
        <Button h={32} variant={entity ? 'default' : 'filled'} onClick={() => openSheet({ title: words.look, body: <LookAtCost /> })}>
          {words.look}
        </Button>
        {entity ? (
          <Button h={32} onClick={() => openSheet({ title: words.apply, body: <ApplyForm /> })}>
            {words.apply}
          </Button>
        ) : null}
      </TreasuryHead>
      {!session.data ? <Skeleton height={320} /> : null}
      {session.data && !isShown ? <EmptyState title={words.nobody}>{words.nobodyWhat}</EmptyState> : null}
      {isShown ? (
        <>
          {everybody ? null : <Figures />}
          <Loans everybody={everybody} />
          <Applications everybody={everybody} ownId={entity?.entityId} />
        </>
      ) : null}
      {session.data ? <AnalystPanel /> : null}
    </div>
  )
}

/** What to do first: pay what is overdue, take or leave what was approved, know what is due next. */
function Figures() {
  const loans = useQuery('credit.loans', { limit: MOST_LOANS }, topics).data?.rows
  const applications = useQuery('credit.applications', { limit: MOST_LOANS }, topics).data?.rows
  const { figures } = words
  if (!loans || !applications) return <Skeleton height={80} />
  const active = loans.filter(({ status }) => status === 'active')
  const overdue = active.filter(loan => loan.overdue > 0n)
  const [next] = active.filter(({ due }) => due !== null).sort((a, b) => a.due!.dueTs - b.due!.dueTs)
  const waiting = applications.filter(({ state }) => state === 'approved')
  const sum = (list: readonly Loan[], unitsOf: (loan: Loan) => bigint) => list.reduce((total, loan) => total + unitsOf(loan), 0n)
  return (
    <dl className={page.figures}>
      <Figure
        name={figures.overdue}
        help="overdue"
        note={overdue.length === 0 ? null : figures.days(Math.max(...overdue.map(({ overdueDays }) => overdueDays)))}
        {...(overdue[0] && { onOpen: () => openLoan(overdue[0]!.id) })}
      >
        {overdue.length === 0 ? (
          <StateMark state="up" word={figures.overdueNone} />
        ) : (
          <span className={page.bad}>
            <Amount units={sum(overdue, loan => loan.overdue)} token={CREDIT_TOKEN} unit />
          </span>
        )}
      </Figure>
      <Figure
        name={figures.due}
        help="due"
        note={next?.due ? <DateTime ts={next.due.dueTs} form="both" /> : null}
        {...(next && { onOpen: () => openLoan(next.id) })}
      >
        {next?.due ? <Amount units={next.due.amount} token={CREDIT_TOKEN} unit /> : <span className={page.dim}>{figures.dueNone}</span>}
      </Figure>
      <Figure name={figures.owed} help="owed-in-all" hint={figures.owedHint}>
        <Amount units={sum(active, loan => loan.owed)} token={CREDIT_TOKEN} unit />
      </Figure>
      <Figure name={figures.waits} help="waits-for-you" {...(waiting[0] && { onOpen: () => openApplication(waiting[0]!.id) })}>
        {waiting.length === 0 ? (
          <span className={page.dim}>{figures.waitsNone}</span>
        ) : (
          <StateMark state="at-risk" word={figures.waitsSome(waiting.length)} />
        )}
      </Figure>
    </dl>
  )
}

function Figure(props: { name: string; help: HelpTerm; hint?: string; note?: ReactNode; onOpen?: () => void; children: ReactNode }) {
  const { name, help, hint, note = null, onOpen, children } = props
  return (
    <div className={page.figure}>
      <dt title={hint}>
        {name} <HelpMark term={help} name={name} />
      </dt>
      <dd>
        <div className={page.number}>{children}</div>
        {note === null ? null : <div className={page.caption}>{note}</div>}
        {onOpen ? (
          <Button variant="subtle" size="compact-sm" h={32} px={0} onClick={onOpen} aria-label={`${words.open}: ${name}`}>
            {words.open}
          </Button>
        ) : null}
      </dd>
    </div>
  )
}

function Loans({ everybody }: { everybody: boolean }) {
  const columns = useMemo(() => loanColumns(everybody), [everybody])
  const source = useWindowSource(
    String(everybody),
    (offset, limit, signal) => query('credit.loans', { everybody, offset, limit }, signal),
    topics,
  )
  return (
    <DataTable
      name="loans"
      label={words.loans}
      title={words.loans}
      columns={columns}
      source={source}
      rowId={row => row.id}
      sort={newestFirst}
      onSort={() => undefined}
      onOpen={row => openLoan(row.id)}
      empty={words.noLoans}
      maxRows={8}
    />
  )
}

function Applications({ everybody, ownId }: { everybody: boolean; ownId: string | undefined }) {
  const columns = useMemo(() => applicationColumns(everybody, ownId), [everybody, ownId])
  const source = useWindowSource(
    String(everybody),
    (offset, limit, signal) => query('credit.applications', { everybody, offset, limit }, signal),
    topics,
  )
  return (
    <DataTable
      name="applications"
      label={words.applications}
      title={words.applications}
      columns={columns}
      source={source}
      rowId={row => row.id}
      sort={newestFirst}
      onSort={() => undefined}
      onOpen={row => openApplication(row.id)}
      empty={words.noApplications}
      maxRows={8}
    />
  )
}
