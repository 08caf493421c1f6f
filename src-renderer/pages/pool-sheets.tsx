import { Skeleton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { Pool } from '../../src-shared/treasury/pools-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { NumHead } from '../components/num-head.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatBps, formatCount } from '../format.ts'
import { useAvailable } from '../own-balance.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.pools
const YEAR_BPS = 10_000n
const DAYS = 365n

export function openPool(id: string, name: string): void {
  openSheet({ title: name, body: <PoolSheet id={id} /> })
}

/** Puts something into a pool: what it earns there stands before the button. */
export function DepositForm({ pool }: { pool: Pool }) {
  const { token } = pool
  const amount = useAmount(token)
  const [tried, setTried] = useState(false)
  const available = useAvailable(token)
  const sending = useSendOnce()
  const units = amount.units ?? 0n
  const yearUnits = (units * BigInt(pool.apyBps)) / YEAR_BPS
  const written = (value: bigint) => `${writeAmount(value)} ${token}`
  const lines: OutcomeLine[] =
    units > 0n
      ? [
          { label: words.earnsDay, value: written(yearUnits / DAYS) },
          { label: `${words.earnsYear}, ${formatBps(pool.apyBps)}`, value: written(yearUnits), strong: true },
          { label: words.reserveNow, value: written(pool.reserve) },
          ...(available === null || units > available ? [] : [{ label: words.leaves, value: written(available - units) }]),
        ]
      : []
  return (
    <TreasuryForm
      name={words.depositOf(pool.name)}
      how={words.depositHow}
      action={units > 0n ? words.depositAction(writeAmount(units), token, pool.name) : words.deposit}
      as="entity"
      sending={sending}
      isReady={units > 0n && (available === null || units <= available)}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        await command('pools.deposit', { id: pool.id, amount: formatAmount(units) }, { idempotencyKey })
        notifications.show({ message: words.deposited(writeAmount(units), token) })
        closeSheet()
      }}
    >
      <AmountField label={words.amount} amount={amount} mostUnits={available} tried={tried} />
      <Outcome title={texts.treasury.outcome} lines={lines} />
    </TreasuryForm>
  )
}

/** Takes something out: what comes back, what of the reward is paid now, and what stays owed. */
export function WithdrawForm({ pool, depositedUnits }: { pool: Pool; depositedUnits: bigint }) {
  const { token } = pool
  const amount = useAmount(token)
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const units = amount.units !== null && amount.units <= depositedUnits ? amount.units : null
  const [asked] = useDebouncedValue(units === null ? '' : formatAmount(units), 200)
  const hasEntity = useSession().data?.entity !== null
  const quote = useQuery('pools.quote', { id: pool.id, amount: asked }, ['treasury'], {
    enabled: asked !== '' && hasEntity,
    keepPrevious: true,
  })
  const { data } = quote
  const written = (value: bigint) => `${writeAmount(value)} ${token}`
  const isShown = units !== null && data !== undefined && data.withdrawn === units
  return (
    <TreasuryForm
      name={words.withdrawOf(pool.name)}
      how={words.withdrawHow}
      action={units === null ? words.withdraw : words.withdrawAction(writeAmount(units), token)}
      as="entity"
      sending={sending}
      isReady={units !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null) return
        const done = await command('pools.withdraw', { id: pool.id, amount: formatAmount(units) }, { idempotencyKey })
        notifications.show({ message: words.withdrawn(writeAmount(done.returned), token) })
        closeSheet()
      }}
    >
      <AmountField
        label={words.amount}
        amount={amount}
        mostUnits={depositedUnits}
        above={words.above(writeAmount(depositedUnits), token)}
        tried={tried}
      />
      {quote.error && units !== null ? <ErrorPanel error={quote.error} /> : null}
      <Outcome
        title={texts.treasury.outcome}
        lines={
          isShown
            ? [
                { label: words.back, value: written(data.withdrawn) },
                { label: words.reward, value: written(data.rewardPaid) },
                { label: words.together, value: written(data.returned), strong: true },
                { label: words.stays, value: written(data.remaining) },
                ...(data.owed > 0n ? [{ label: words.staysOwed, value: written(data.owed) }] : []),
              ]
            : []
        }
      />
    </TreasuryForm>
  )
}

/** A pool: what is in it, what it can pay, and one's own deposits. */
function PoolSheet({ id }: { id: string }) {
  const pools = useQuery('pools.list', {}, ['treasury'])
  const entityId = useSession().data?.entity?.entityId
  const own = useQuery('pools.positions', {}, ['treasury'], { enabled: entityId !== undefined }).data
  const pool = pools.data?.rows.find(one => one.id === id)
  if (pools.error && !pools.data) return <ErrorPanel error={pools.error} onRetry={pools.refetch} />
  if (!pool) return <Skeleton height={260} />
  const deposits = own?.rows.find(({ poolId }) => poolId === id)?.deposits ?? []
  const amount = (units: bigint) => `${writeAmount(units)} ${pool.token}`
  const facts: Fact[] = [
    [words.columns.yields, formatBps(pool.apyBps)],
    [words.kind, words.kinds[pool.rewardType]],
    [words.columns.in, amount(pool.deposited)],
    [words.depositors, formatCount(pool.depositors)],
    [words.earnsADay, amount(pool.earnsADay)],
    [words.columns.reserve, amount(pool.reserve)],
    [words.earningAll, amount(pool.earning)],
    [words.owedAll, amount(pool.owed)],
    [words.paidAll, amount(pool.paid)],
    [words.reserveId, pool.reserveId],
  ]
  return (
    <div className={page.stack}>
      <FactList facts={facts} />
      {entityId === undefined ? null : (
        <section aria-label={words.deposits}>
          <h3>{words.deposits}</h3>
          {deposits.length === 0 ? (
            <p className={page.dim}>{words.noDeposits}</p>
          ) : (
            <table className={page.table} aria-label={words.deposits}>
              <thead>
                <tr>
                  <th scope="col">{words.depositColumns.when}</th>
                  <NumHead name={words.depositColumns.amount} help="in-the-pools" />
                  <NumHead name={words.depositColumns.trust} help="trust" />
                </tr>
              </thead>
              <tbody>
                {deposits.map(({ ts, amount: units, trust }) => (
                  <tr key={`${ts} ${units}`}>
                    <td>
                      <DateTime ts={ts} form="both" />
                    </td>
                    <td className={page.num}>
                      <Amount units={units} token={pool.token} unit />
                    </td>
                    <td className={page.num}>{trust}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
      )}
    </div>
  )
}
