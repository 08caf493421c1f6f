import { Button, Skeleton, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useState } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { CREDIT_TOKEN } from '../../src-shared/treasury/credit.ts'
import type { CreditQuote, Loan } from '../../src-shared/treasury/credit-table.ts'
import { lesser, shareUnits } from '../../src-shared/treasury/shares.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Outcome } from '../components/outcome.tsx'
import { DateTime } from '../components/values.tsx'
import { formatBps } from '../format.ts'
import { useAvailable } from '../own-balance.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import classes from './credit.module.css'
import { ApplicationMark, LoanMark } from './credit-columns.tsx'
import { QuoteCost, ScheduleTable } from './credit-quote.tsx'
import { Repayments } from './credit-repayments.tsx'
import page from './page.module.css'
import settings from './settings.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.credit
const inToken = (units: bigint) => `${writeAmount(units)} ${CREDIT_TOKEN}`

export function openApplication(id: string): void {
  openSheet({ title: words.application.title(id), body: <ApplicationSheet id={id} /> })
}

export function openLoan(id: string): void {
  openSheet({ title: words.loan.title(id), body: <LoanSheet id={id} /> })
}

function Fact({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <div>
      <dt title={hint}>{name}</dt>
      <dd className={settings.wrap}>{children}</dd>
    </div>
  )
}

/** An application: what was asked, how it was decided and on what grounds, and what comes next. */
export function ApplicationSheet({ id }: { id: string }) {
  const { data, error, refetch } = useQuery('credit.application', { id }, ['treasury'])
  const { entity } = useSession().data ?? {}
  const [isWithdrawing, setWithdrawing] = useState(false)
  const said = words.application
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={300} />
  const isOwn = entity?.entityId === data.entityId
  const { loanId } = data
  return (
    <div className={page.stack}>
      <dl className={settings.facts}>
        <Fact name={said.state}>
          <ApplicationMark application={data} isOwn={isOwn} />
        </Fact>
        {data.problem === null ? null : <Fact name="">{data.problem}</Fact>}
        <Fact name={said.by}>{cleanName(data.name)}</Fact>
        <Fact name={said.asked}>{inToken(data.amount)}</Fact>
        <Fact name={said.purpose}>{words.purposes[data.purpose]}</Fact>
        {data.note === '' ? null : <Fact name={said.note}>{cleanName(data.note)}</Fact>}
        <Fact name={said.when}>
          <DateTime ts={data.createdTs} form="both" />
        </Fact>
        <Fact name={said.trust}>{data.trust}</Fact>
      </dl>
      <Decision application={data} />
      {data.offer === null ? null : isOwn && data.state === 'approved' ? (
        <TakeForm id={id} offer={data.offer} />
      ) : (
        <QuoteCost quote={data.offer} />
      )}
      {loanId === null ? null : (
        <div className={page.buttons}>
          <Button variant="default" onClick={() => openLoan(loanId)}>
            {said.openLoan}
          </Button>
        </div>
      )}
      {isOwn && (data.state === 'approved' || data.state === 'analysing') ? (
        isWithdrawing ? (
          <WithdrawForm id={id} />
        ) : (
          <div className={page.buttons}>
            <Button variant="subtle" onClick={() => setWithdrawing(true)}>
              {said.withdraw}
            </Button>
          </div>
        )
      ) : null}
      <Record asked={data.asked} />
    </div>
  )
}

function Decision({ application: { decision } }: { application: QueryOutput<'credit.application'> }) {
  const said = words.application
  if (!decision) return null
  const terms = said.terms(writeAmount(decision.approved), formatBps(decision.rateBps), words.form.months(decision.termMonths))
  return (
    <section aria-label={said.decision}>
      <h3>
        {said.decision} {said.decidedBy(words.bases[decision.basis])}
      </h3>
      <p>{decision.rejected === null ? `${terms}.` : said.rejected[decision.rejected]}</p>
      {decision.noAdvice === null ? null : (
        <p className={page.dim}>
          {said.noAdvice}: {decision.noAdvice}
        </p>
      )}
      {decision.reasons.length > 0 ? (
        <>
          <p className={page.dim} title={said.reasonsHint}>
            {said.reasons}:
          </p>
          <ul className={classes.reasons}>
            {decision.reasons.map(reason => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      ) : null}
    </section>
  )
}

/** Byte for byte what went out and came in. */
function Record({ asked }: { asked: QueryOutput<'credit.application'>['asked'] }) {
  const said = words.application
  if (asked.length === 0) return null
  return (
    <details>
      <summary>{said.record}</summary>
      {asked.map(one => (
        <div key={one.askedTs} className={page.stack}>
          <p>
            {said.askedAt} <DateTime ts={one.askedTs} form="seconds" />, {one.url}
            {one.problem === null ? '' : `. ${one.problem}`}
          </p>
          <Sent label={said.text} text={one.asked} />
          <Sent label={said.answer} text={one.answered ?? said.nothing} />
        </div>
      ))}
    </details>
  )
}

function Sent({ label, text }: { label: string; text: string }) {
  return <Textarea label={label} value={text} readOnly autosize minRows={2} maxRows={12} classNames={{ input: classes.sent }} />
}

/** Schedule and total cost of what was approved; only then the loan. */
function TakeForm({ id, offer }: { id: string; offer: CreditQuote }) {
  const sending = useSendOnce()
  const said = words.application
  return (
    <TreasuryForm
      name={said.take}
      how={said.takeHow}
      action={said.takeAction(writeAmount(offer.amount), writeAmount(offer.totalPaid))}
      as="entity"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        const loan = await command('credit.accept', { id }, { idempotencyKey })
        notifications.show({ message: said.taken(writeAmount(loan.principal)) })
        openLoan(loan.id)
      }}
    >
      <QuoteCost quote={offer} />
      <ScheduleTable quote={offer} />
    </TreasuryForm>
  )
}

function WithdrawForm({ id }: { id: string }) {
  const sending = useSendOnce()
  const said = words.application
  return (
    <TreasuryForm
      name={said.withdraw}
      how={said.withdrawHow}
      action={said.withdraw}
      as="entity"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('credit.withdraw', { id }, { idempotencyKey })
        notifications.show({ message: said.withdrawn })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}

/** A loan: what is due, repaying it, every instalment, every repayment. */
export function LoanSheet({ id }: { id: string }) {
  const { data, error, refetch } = useQuery('credit.loan', { id }, ['treasury'])
  const { entity } = useSession().data ?? {}
  const said = words.loan
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={300} />
  const isActive = data.status === 'active'
  return (
    <div className={page.stack}>
      <dl className={settings.facts}>
        <Fact name={words.columns.state}>
          <LoanMark loan={data} />
        </Fact>
        <Fact name={said.borrower}>{cleanName(data.name)}</Fact>
        <Fact name={said.principal}>{inToken(data.principal)}</Fact>
        <Fact name={said.terms}>{said.rateFor(formatBps(data.rateBps), words.form.months(data.termMonths))}</Fact>
        <Fact name={said.opened}>
          <DateTime ts={data.openedTs} />
        </Fact>
        <Fact name={said.owed} hint={said.owedHint}>
          <strong>{inToken(data.owed)}</strong>
        </Fact>
        {isActive ? (
          <Fact name={said.payoff} hint={said.payoffHint}>
            {inToken(data.payoff)}
          </Fact>
        ) : null}
        {data.due ? (
          <Fact name={said.due}>
            {inToken(data.due.amount)}, <DateTime ts={data.due.dueTs} form="both" />
          </Fact>
        ) : null}
        {data.overdue > 0n ? <Fact name={said.overdue}>{inToken(data.overdue)}</Fact> : null}
      </dl>
      {isActive && entity?.entityId === data.entityId ? <RepayForm key={String(data.owed)} loan={data} /> : null}
      <section aria-label={said.schedule}>
        <h3>{said.schedule}</h3>
        <ScheduleTable quote={data.quote} states={data.states} />
      </section>
      <Repayments repayments={data.repayments} />
    </div>
  )
}

function RepayForm({ loan }: { loan: Loan }) {
  const amount = useAmount(CREDIT_TOKEN)
  const [tried, setTried] = useState(false)
  const available = useAvailable(CREDIT_TOKEN)
  const sending = useSendOnce()
  const said = words.loan
  const offered = amount.units ?? 0n
  const taken = lesser(offered, loan.payoff)
  const tax = shareUnits(taken, loan.taxBps)
  const dueNow = loan.overdue > 0n ? loan.overdue : (loan.due?.amount ?? 0n)
  const quick = [
    { label: said.dueAll(writeAmount(dueNow)), units: dueNow },
    { label: said.everything(writeAmount(loan.payoff)), units: loan.payoff },
  ].filter(({ units }, index) => units > 0n && (index > 0 || units !== loan.payoff))
  return (
    <TreasuryForm
      name={said.repay}
      how={said.repayHow}
      action={taken > 0n ? said.repayAction(writeAmount(taken)) : said.repayNone}
      as="entity"
      sending={sending}
      isReady={amount.units !== null && (available === null || taken <= available)}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        const done = await command('credit.repay', { id: loan.id, amount: formatAmount(offered) }, { idempotencyKey })
        notifications.show({ message: done.loan.status === 'paid_off' ? said.paidOff : said.repaid(writeAmount(done.taken)) })
      }}
    >
      <AmountField
        label={said.repayAmount}
        amount={amount}
        mostUnits={available !== null && available < loan.payoff ? available : null}
        tried={tried}
      />
      <div className={page.buttons}>
        {quick.map(({ label, units }) => (
          <Button key={label} variant="default" h={32} onClick={() => amount.setText(formatAmount(units))}>
            {label}
          </Button>
        ))}
      </div>
      <Outcome
        title={texts.treasury.outcome}
        lines={
          taken > 0n
            ? [
                { label: said.taken, value: inToken(taken) },
                { label: `${said.tax}, ${formatBps(loan.taxBps)}`, value: inToken(tax) },
                { label: said.reduces, value: inToken(taken - tax) },
                { label: said.left, value: inToken(loan.owed - (taken - tax)), strong: true },
              ]
            : []
        }
      />
    </TreasuryForm>
  )
}
