import { Button, NumberInput, Skeleton, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { ACCESS_TOKEN } from '../../src-shared/treasury/guarantees-table.ts'
import type { StakingPoolShown } from '../../src-shared/treasury/staking-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount } from '../components/values.tsx'
import { formatBps, formatCount } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { openStaking } from './staking-form.tsx'
import { TokenSelect, TreasuryForm } from './treasury-form.tsx'

const words = texts.staking

/** The staking pools: what they yield, their lock, and what they ask for; the administrator makes and closes them. */
export function StakingPools({ entityId, isAdministrator }: { entityId: string | undefined; isAdministrator: boolean }) {
  const pools = useQuery('staking.pools', {}, ['treasury'])
  const trust = useQuery('trust.get', { entityId: entityId ?? '' }, ['treasury'], { enabled: entityId !== undefined }).data?.score ?? null
  const rows = pools.data?.rows
  const { poolColumns: heads } = words
  return (
    <section className={page.panel} aria-label={words.pools}>
      <div className={page.panelHead}>
        <h2 title={words.poolsHint}>{words.pools}</h2>
        {isAdministrator ? (
          <Button variant="default" h={32} onClick={() => openSheet({ title: words.makePool, body: <MakePoolForm /> })}>
            {words.makePool}
          </Button>
        ) : null}
      </div>
      {pools.error && !rows ? <ErrorPanel error={pools.error} onRetry={pools.refetch} /> : null}
      {!rows && !pools.error ? <Skeleton height={120} /> : null}
      {rows?.length === 0 ? <p className={page.dim}>{words.noPools}</p> : null}
      {rows && rows.length > 0 ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={words.pools}>
            <thead>
              <tr>
                <th scope="col">{heads.pool}</th>
                <NumHead name={heads.apy} help="apy" />
                <th scope="col">{heads.token}</th>
                <th scope="col">{heads.lock}</th>
                <th scope="col">{heads.limits}</th>
                <th scope="col">{heads.trust}</th>
                <NumHead name={heads.in} help="stake" />
                <NumHead name={heads.stakes} help="number-of-stakes" />
                {entityId === undefined && !isAdministrator ? null : (
                  <th scope="col">
                    <span className={page.hidden}>{words.stake}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {rows.map(pool => (
                <PoolRow key={pool.id} pool={pool} trust={trust} canStake={entityId !== undefined} canSet={isAdministrator} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  )
}

function PoolRow(props: { pool: StakingPoolShown; trust: number | null; canStake: boolean; canSet: boolean }) {
  const { pool, trust, canStake, canSet } = props
  const isTrusted = trust === null || trust >= pool.minTrust
  const act = pool.isActive ? words.closeOf(pool.name) : words.reopenOf(pool.name)
  return (
    <tr>
      <td>
        {pool.name} {pool.isActive ? null : <StateMark state="asleep" word={words.closed} />}
      </td>
      <td className={page.num}>
        <strong>{formatBps(pool.apyBps)}</strong>
      </td>
      <td>{pool.token}</td>
      <td>{pool.lockDays === 0 ? words.noLock : words.lockDays(formatCount(pool.lockDays))}</td>
      <td>{limitsOf(pool)}</td>
      <td>
        {pool.minTrust === 0 ? (
          words.noTrust
        ) : trust === null ? (
          pool.minTrust
        ) : (
          <StateMark state={isTrusted ? 'up' : 'at-risk'} word={words.trustOf(String(trust), String(pool.minTrust))} />
        )}
      </td>
      <td className={page.num}>
        <Amount units={pool.staked} token={pool.token} />
      </td>
      <td className={page.num}>{formatCount(pool.stakes)}</td>
      {canStake || canSet ? (
        <td>
          {canStake ? (
            <Button
              variant="default"
              h={32}
              px={10}
              aria-label={words.stakeIn(pool.name)}
              title={isTrusted ? undefined : words.trustShort(String(trust), String(pool.minTrust))}
              disabled={!pool.isActive || !isTrusted}
              onClick={() => openStaking({ poolId: pool.id })}
            >
              {words.stake}
            </Button>
          ) : null}{' '}
          {canSet ? (
            <Button
              variant="subtle"
              h={32}
              px={10}
              aria-label={act}
              onClick={() => openSheet({ title: act, body: <SetPoolForm pool={pool} act={act} /> })}
            >
              {pool.isActive ? words.close : words.reopen}
            </Button>
          ) : null}
        </td>
      ) : null}
    </tr>
  )
}

function limitsOf({ minStake, maxStake }: StakingPoolShown): string {
  if (maxStake === null) return minStake === 0n ? words.anyAmount : words.from(writeAmount(minStake))
  return minStake === 0n ? words.upTo(writeAmount(maxStake)) : words.between(writeAmount(minStake), writeAmount(maxStake))
}

function SetPoolForm({ pool, act }: { pool: StakingPoolShown; act: string }) {
  const sending = useSendOnce()
  return (
    <TreasuryForm
      name={act}
      how={pool.isActive ? words.closeHow : words.reopenHow}
      action={act}
      as="administrator"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('staking.setPool', { poolId: pool.id, isActive: !pool.isActive }, { idempotencyKey })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}

function MakePoolForm() {
  const [name, setName] = useState('')
  const [token, setToken] = useState<string>(ACCESS_TOKEN)
  const [percent, setPercent] = useState<number | string>('')
  const [lockDays, setLockDays] = useState<number | string>(0)
  const [minTrust, setMinTrust] = useState<number | string>(0)
  const [tried, setTried] = useState(false)
  const least = useAmount(token)
  const most = useAmount(token)
  const sending = useSendOnce()
  const apyBps = typeof percent === 'number' && percent >= 0 && percent <= 1_000 ? Math.round(percent * 100) : null
  const isRead = [least, most].every(({ entry }) => entry.kind === 'empty' || entry.kind === 'amount')
  const isNamed = name.trim() !== ''
  return (
    <TreasuryForm
      name={words.makePool}
      how={words.makePoolHow}
      action={isNamed ? words.makePoolAction(name.trim()) : words.makePool}
      as="administrator"
      sending={sending}
      isReady={isNamed && apyBps !== null && isRead}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (apyBps === null) return
        const limits = {
          ...(least.units !== null && { minStake: formatAmount(least.units) }),
          ...(most.units !== null && { maxStake: formatAmount(most.units) }),
        }
        const rest = { lockDays: Number(lockDays), minTrust: Number(minTrust) }
        await command('staking.createPool', { name: name.trim(), token, apyBps, ...limits, ...rest }, { idempotencyKey })
        notifications.show({ message: words.pool(name.trim()) })
        closeSheet()
      }}
    >
      <TextInput
        data-autofocus
        label={words.name}
        value={name}
        onChange={event => setName(event.currentTarget.value)}
        error={tried && !isNamed ? words.nameMissing : null}
        maxLength={60}
        autoComplete="off"
      />
      <TokenSelect label={words.token} value={token} onChange={setToken} />
      <NumberInput
        label={words.apy}
        value={percent}
        onChange={setPercent}
        error={tried && apyBps === null ? words.apyMissing : null}
        decimalScale={2}
        allowNegative={false}
        maw={200}
      />
      <NumberInput
        label={words.lock}
        value={lockDays}
        onChange={setLockDays}
        allowDecimal={false}
        allowNegative={false}
        max={3_650}
        maw={200}
      />
      <NumberInput
        label={words.minTrust}
        value={minTrust}
        onChange={setMinTrust}
        decimalScale={2}
        allowNegative={false}
        max={100}
        maw={200}
      />
      <AmountField label={words.least} amount={least} />
      <AmountField label={words.most} amount={most} />
    </TreasuryForm>
  )
}
