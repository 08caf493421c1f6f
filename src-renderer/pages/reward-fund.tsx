import { Button, Select, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { PROOF_TOKEN } from '../../src-shared/treasury/rewards.ts'
import type { FundShown } from '../../src-shared/treasury/rewards-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, query, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Outcome } from '../components/outcome.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { FigureList } from '../components/token-sums.tsx'
import { Amount } from '../components/values.tsx'
import { useEntityNames } from '../entity-names.ts'
import { formatBps, formatCount } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { plainName } from './reward-lists.tsx'
import { openPayProofs } from './reward-pay.tsx'
import { EntitySelect, MemoField, TreasuryForm } from './treasury-form.tsx'

const words = texts.rewards
/** Proofs that one press pays at most. */
const MOST = 1_000

/** What the UBO fund has, how much of it is used, and its warning; the administrator tops it up and pays from it. */
export function UboFund({ isAdministrator }: { isAdministrator: boolean }) {
  const fund = useQuery('rewards.fund', {}, ['treasury'])
  const { data } = fund
  return (
    <section className={page.panel} aria-label={words.fund}>
      <div className={page.panelHead}>
        <h2>{words.fund}</h2>
        {isAdministrator && data ? <FundActions fund={data} /> : null}
      </div>
      {fund.error && !data ? <ErrorPanel error={fund.error} onRetry={fund.refetch} /> : null}
      {!data && !fund.error ? <Skeleton height={100} /> : null}
      {data ? <FundFigures fund={data} /> : null}
    </section>
  )
}

function FundFigures({ fund }: { fund: FundShown }) {
  const { available, paid, accrued, accruedProofs, utilisationBps, warnPercent, isLow, token } = fund
  const shortUnits = accrued - available
  return (
    <>
      <FigureList
        figures={[
          { name: words.fundHas, help: 'ubo-fund', value: <Amount units={available} token={token} unit /> },
          { name: words.fundPaid, help: 'ubo-fund', value: <Amount units={paid} token={token} unit /> },
          {
            name: words.fundAccrued,
            help: 'waiting-proofs',
            value: <Amount units={accrued} token={token} unit />,
            note:
              shortUnits > 0n ? (
                <StateMark state="at-risk" word={words.fundShort(writeAmount(shortUnits))} />
              ) : (
                words.fundProofs(formatCount(accruedProofs))
              ),
          },
          {
            name: words.fundUsed,
            help: 'fund-used',
            value: formatBps(utilisationBps),
            note: (
              <StateMark
                state={isLow ? 'at-risk' : 'up'}
                word={isLow ? words.fundLow(String(warnPercent)) : words.fundFine(String(warnPercent))}
              />
            ),
          },
        ]}
      />
      <div className={page.meter} role="img" aria-label={words.fundMeter(formatBps(utilisationBps), String(warnPercent))}>
        <i data-state={isLow ? 'at-risk' : 'up'} style={{ width: `${utilisationBps / 100}%` }} />
        <span className={page.threshold} style={{ left: `${warnPercent}%` }} />
      </div>
    </>
  )
}

type Amounts = Awaited<ReturnType<typeof query<'rewards.fund'>>>['amounts']

function FundActions({ fund }: { fund: FundShown & { amounts: Amounts } }) {
  const [error, setError] = useState<AppError | null>(null)
  const payAll = () => {
    setError(null)
    waitingProofs().then(
      ({ rows, total }) => openPayProofs(rows, total),
      (reason: unknown) => setError(toAppError(reason)),
    )
  }
  return (
    <div className={page.buttons}>
      {error ? <ErrorPanel error={error} onRetry={payAll} /> : null}
      <Button h={32} variant="default" disabled={fund.accruedProofs === 0} onClick={payAll}>
        {words.payAll}
      </Button>
      <Button
        h={32}
        variant="default"
        onClick={() => openSheet({ title: words.payAmount, body: <PayAmountForm amounts={fund.amounts} /> })}
      >
        {words.payAmount}
      </Button>
      <Button h={32} variant="default" onClick={() => openSheet({ title: words.topUpTitle, body: <TopUpForm /> })}>
        {words.topUp}
      </Button>
    </div>
  )
}

/** The proofs that wait, the oldest of them: lists have the newest first. */
async function waitingProofs() {
  const waiting = { everybody: true, state: 'accrued' } as const
  const { total } = await query('rewards.proofs', { ...waiting, limit: 1 })
  return query('rewards.proofs', { ...waiting, offset: Math.max(0, total - MOST), limit: MOST })
}

function TopUpForm() {
  const amount = useAmount(PROOF_TOKEN)
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const fund = useQuery('rewards.fund', {}, ['treasury']).data
  const balance = useQuery('tokens.balance', { entityId: 'treasury', tokenId: PROOF_TOKEN }, ['treasury']).data?.available ?? null
  const units = amount.units !== null && (balance === null || amount.units <= balance) ? amount.units : null
  const written = (value: bigint) => `${writeAmount(value)} ${PROOF_TOKEN}`
  return (
    <TreasuryForm
      name={words.topUpTitle}
      how={words.topUpHow}
      action={units === null ? words.topUp : words.topUpAction(writeAmount(units))}
      as="administrator"
      sending={sending}
      isReady={units !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null) return
        await command('rewards.topUp', { amount: formatAmount(units) }, { idempotencyKey })
        notifications.show({ message: words.toppedUp(writeAmount(units)) })
        closeSheet()
      }}
    >
      <AmountField label={words.amount} amount={amount} mostUnits={balance} tried={tried} />
      <Outcome
        title={texts.treasury.outcome}
        lines={
          units !== null && fund && balance !== null
            ? [
                { label: words.fundAfter, value: written(fund.available + units), strong: true },
                { label: words.treasuryAfter, value: written(balance - units) },
              ]
            : []
        }
      />
    </TreasuryForm>
  )
}

function PayAmountForm({ amounts }: { amounts: Amounts }) {
  const types = [...new Set(amounts.map(({ type }) => type))]
  const [type, setType] = useState(types[0] ?? '')
  const [category, setCategory] = useState<string | null>(null)
  const [to, setTo] = useState<string | null>(null)
  const [memo, setMemo] = useState('')
  const [tried, setTried] = useState(false)
  const nameOf = useEntityNames()
  const sending = useSendOnce()
  const offered = amounts.filter(one => one.type === type)
  const chosen = offered.find(one => one.category === category) ?? offered[0]
  return (
    <TreasuryForm
      name={words.payAmount}
      how={words.payAmountHow}
      action={chosen && to !== null ? words.payAmountAction(writeAmount(chosen.amount), nameOf(to)) : words.payAmount}
      as="administrator"
      sending={sending}
      isReady={chosen !== undefined && to !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (!chosen || to === null) return
        await command('rewards.payAmount', { to, type, category: chosen.category, memo: memo.trim() }, { idempotencyKey })
        notifications.show({ message: words.paidAmount(writeAmount(chosen.amount), nameOf(to)) })
        closeSheet()
      }}
    >
      <EntitySelect label={words.to} value={to} onChange={setTo} error={tried && to === null ? words.toMissing : null} />
      <Select
        label={words.type}
        data={types.map(value => ({ value, label: plainName(value) }))}
        value={type}
        onChange={value => setType(value ?? type)}
        allowDeselect={false}
      />
      <Select
        label={words.category}
        data={offered.map(one => ({ value: one.category, label: `${plainName(one.category)}: ${writeAmount(one.amount)} ${PROOF_TOKEN}` }))}
        value={chosen?.category ?? null}
        onChange={setCategory}
        allowDeselect={false}
      />
      <MemoField value={memo} onChange={setMemo} />
    </TreasuryForm>
  )
}
