import { NumberInput, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { formatDuration } from '../../src-shared/time.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { STAKING_TOKEN } from '../../src-shared/treasury/staking.ts'
import type { StakingPoolShown } from '../../src-shared/treasury/staking-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { useNowTs } from '../components/values.tsx'
import { formatBps, formatCount, formatDayYear } from '../format.ts'
import { useAvailable } from '../own-balance.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.staking
const FIXED = 'fixed'
const DAY_SEC = 86_400

/** Opens the form that stakes: for so many days, or in a staking pool. */
export function openStaking(chosen: { days?: number; poolId?: string }): void {
  openSheet({ title: words.stakeTitle, body: <StakeForm {...chosen} /> })
}

/** Stakes: what it earns, when it is out and what is left stand before the button. */
function StakeForm({ days: firstDays, poolId: firstPool }: { days?: number; poolId?: string }) {
  const [where, setWhere] = useState(firstPool ?? FIXED)
  const [days, setDays] = useState<number | string>(firstDays ?? '')
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const terms = useQuery('staking.terms', {}, ['treasury'])
  const pools = useQuery('staking.pools', {}, ['treasury']).data?.rows ?? []
  const pool = pools.find(({ id }) => id === where)
  const token = where === FIXED ? STAKING_TOKEN : (pool?.token ?? '')
  const amount = useAmount(token)
  const available = useAvailable(token)
  const [shortest, longest] = [terms.data?.minDays ?? 1, terms.data?.maxDays ?? 1]
  const dayCount = days === '' ? longest : days
  const isTerm = typeof dayCount === 'number' && Number.isInteger(dayCount) && dayCount >= shortest && dayCount <= longest
  const order = where === FIXED ? (isTerm && terms.data ? { days: dayCount } : null) : pool ? { poolId: pool.id } : null
  const units = amount.units !== null && (available === null || amount.units <= available) ? amount.units : null
  return (
    <TreasuryForm
      name={words.stakeTitle}
      how={words.stakeHow}
      action={
        units === null || order === null
          ? words.stake
          : pool
            ? words.stakePoolAction(writeAmount(units), token, pool.name)
            : words.stakeFixedAction(writeAmount(units), formatCount(Number(dayCount)))
      }
      as="entity"
      sending={sending}
      isReady={units !== null && order !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null || order === null) return
        await command('staking.stake', { amount: formatAmount(units), ...order }, { idempotencyKey })
        notifications.show({ message: words.staked(writeAmount(units), token) })
        closeSheet()
      }}
    >
      <Select
        label={words.where}
        data={[
          { value: FIXED, label: words.fixedTerm },
          ...pools.filter(({ isActive }) => isActive).map(({ id, name }) => ({ value: id, label: words.intoPool(name) })),
        ]}
        value={where}
        onChange={value => setWhere(value ?? FIXED)}
        allowDeselect={false}
      />
      {where === FIXED ? (
        <NumberInput
          label={words.days}
          description={words.daysHint(formatCount(shortest), formatCount(longest))}
          value={dayCount}
          onChange={setDays}
          error={isTerm ? null : words.needsDays(formatCount(shortest), formatCount(longest))}
          allowDecimal={false}
          allowNegative={false}
          maw={200}
        />
      ) : null}
      <AmountField label={words.amount} amount={amount} mostUnits={available} tried={tried} />
      {terms.error && where === FIXED ? <ErrorPanel error={terms.error} onRetry={terms.refetch} /> : null}
      {pool ? (
        <PoolOutcome pool={pool} units={units} available={available} />
      ) : (
        <TermOutcome days={isTerm ? Number(dayCount) : null} units={units} available={available} />
      )}
    </TreasuryForm>
  )
}

function leftover(available: bigint | null, units: bigint, token: string): OutcomeLine[] {
  return available === null ? [] : [{ label: words.leaves, value: `${writeAmount(available - units)} ${token}` }]
}

function TermOutcome({ days, units, available }: { days: number | null; units: bigint | null; available: bigint | null }) {
  const nowTs = useNowTs()
  const [asked] = useDebouncedValue(units === null || days === null ? '' : `${formatAmount(units)} ${days}`, 200)
  const [askedAmount = '', askedDays = ''] = asked.split(' ')
  const quote = useQuery('staking.terms', { amount: askedAmount, days: Number(askedDays) }, ['treasury'], {
    enabled: asked !== '',
    keepPrevious: true,
  })
  const term = quote.data?.rows[0]
  const isShown = term !== undefined && quote.data?.amount === units && term.days === days && units !== null && !quote.error
  const written = (value: bigint) => `${writeAmount(value)} ${STAKING_TOKEN}`
  return (
    <>
      {quote.error && units !== null ? <ErrorPanel error={quote.error} /> : null}
      <Outcome
        title={texts.treasury.outcome}
        lines={
          isShown
            ? [
                { label: `${words.yields}, ${formatBps(term.apyBps)}`, value: written(term.reward) },
                { label: words.ends, value: formatDayYear(nowTs + term.days * DAY_SEC) },
                { label: words.waits, value: term.unstakingSec === 0 ? words.atOnce : formatDuration(term.unstakingSec) },
                { label: words.back, value: written(units + term.reward), strong: true },
                ...leftover(available, units, STAKING_TOKEN),
              ]
            : []
        }
      />
    </>
  )
}

function PoolOutcome({ pool, units, available }: { pool: StakingPoolShown; units: bigint | null; available: bigint | null }) {
  const nowTs = useNowTs()
  const [asked] = useDebouncedValue(units === null ? '' : formatAmount(units), 200)
  const quote = useQuery('staking.pools', { amount: asked }, ['treasury'], { enabled: asked !== '', keepPrevious: true })
  const yearly = quote.data?.rows.find(({ id }) => id === pool.id)?.yearly ?? null
  const isAsked = units !== null && asked === formatAmount(units) && quote.data !== undefined
  const written = (value: bigint) => `${writeAmount(value)} ${pool.token}`
  const isTaken = units !== null && units >= pool.minStake && (pool.maxStake === null || units <= pool.maxStake)
  const lines: OutcomeLine[] =
    isAsked && isTaken && yearly !== null
      ? [
          {
            label: `${words.yieldsYear}, ${formatBps(pool.apyBps)}`,
            value: `${writeAmount(yearly)} ${pool.rewardToken}`,
            strong: true,
          },
          {
            label: words.unlocks,
            value: pool.lockDays === 0 ? words.notLocked : formatDayYear(nowTs + pool.lockDays * DAY_SEC),
          },
          ...leftover(available, units, pool.token),
        ]
      : []
  return (
    <Outcome title={texts.treasury.outcome} lines={lines}>
      {units !== null && !isTaken ? (
        <p>{words.notTaken(written(pool.minStake), pool.maxStake === null ? null : written(pool.maxStake))}</p>
      ) : null}
    </Outcome>
  )
}
