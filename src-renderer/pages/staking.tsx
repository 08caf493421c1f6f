import { Button, Skeleton } from '@mantine/core'
import { useMemo } from 'react'
import { formatUtc } from '../../src-shared/time.ts'
import type { Stake } from '../../src-shared/treasury/staking-table.ts'
import { useQuery } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { amountColumn, textColumn, timeColumn } from '../components/plain-columns.tsx'
import { listSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { FigureList, sumByToken, TokenSums } from '../components/token-sums.tsx'
import { useNowTs } from '../components/values.tsx'
import { formatBps, formatCount, formatDayYear } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { openStaking } from './staking-form.tsx'
import { StakingPools } from './staking-pools.tsx'
import { StakeSheet, stakeStanding } from './staking-sheets.tsx'
import { StakingCalendar, StakingTerms, StakingWallet } from './staking-terms.tsx'
import { TreasuryHead } from './treasury-head.tsx'

const words = texts.staking
const topics = ['treasury'] as const
const asGiven = { id: 'out', descending: false }
/** More than one entity has; figures say so where it is not all. */
const MOST = 1000

/** What one has staked, what it earned and when it ends; what the terms and pools yield. */
export function StakingPage() {
  const session = useSession().data
  const entityId = session?.entity?.entityId
  return (
    <div className={page.page}>
      <TreasuryHead title={words.title} what={words.what}>
        {entityId === undefined ? null : (
          <Button h={32} onClick={() => openStaking({})}>
            {words.stake}
          </Button>
        )}
      </TreasuryHead>
      {!session ? (
        <Skeleton height={80} />
      ) : entityId === undefined ? (
        <p className={page.dim}>{words.nobody}</p>
      ) : (
        <Positions key={entityId} entityId={entityId} />
      )}
      <div className={page.columns}>
        <StakingTerms canAct={entityId !== undefined} />
        {entityId === undefined ? null : <StakingCalendar entityId={entityId} />}
      </div>
      <StakingPools entityId={entityId} isAdministrator={session?.isAdministrator === true} />
      <StakingWallet />
    </div>
  )
}

function Positions({ entityId }: { entityId: string }) {
  const stakes = useQuery('staking.stakes', { stakerId: entityId, limit: MOST }, topics)
  const nowTs = useNowTs()
  const minute = nowTs - (nowTs % 60)
  const columns = useMemo(() => stakeColumns(minute), [minute])
  const rows = useMemo(() => nextFirst(stakes.data?.rows ?? []), [stakes.data])
  if (stakes.error && !stakes.data) return <ErrorPanel error={stakes.error} onRetry={stakes.refetch} />
  if (!stakes.data) return <Skeleton height={260} />
  return (
    <>
      <StakeFigures rows={rows} total={stakes.data.total} nowTs={nowTs} />
      <DataTable
        name="stakes"
        label={words.positions}
        title={words.positions}
        columns={columns}
        source={listSource(rows)}
        rowId={({ id }) => id}
        sort={asGiven}
        onSort={() => undefined}
        onOpen={({ id }) => openSheet({ title: words.sheet(id), body: <StakeSheet id={id} /> })}
        empty={words.noPositions}
        maxRows={8}
      />
    </>
  )
}

/** What is not back yet by its end; then what is back, newest first. */
function nextFirst(rows: readonly Stake[]): Stake[] {
  const open = rows.filter(({ endedTs }) => endedTs === null).sort((a, b) => a.outTs - b.outTs)
  return [...open, ...rows.filter(({ endedTs }) => endedTs !== null)]
}

function StakeFigures({ rows, total, nowTs }: { rows: readonly Stake[]; total: number; nowTs: number }) {
  const { figures } = words
  const open = rows.filter(({ endedTs }) => endedTs === null)
  const next = open[0]
  const note = rows.length < total ? figures.newest(formatCount(rows.length)) : null
  const earnedIn = ({ rewardToken }: Stake) => rewardToken
  return (
    <FigureList
      figures={[
        {
          name: figures.staked,
          help: 'stake',
          value: (
            <TokenSums
              sums={sumByToken(
                open,
                ({ token }) => token,
                ({ amount }) => amount,
              )}
              none={figures.nothing}
            />
          ),
          note,
        },
        {
          name: figures.earned,
          help: 'staking-reward',
          hint: figures.earnedHint,
          value: <TokenSums sums={sumByToken(open, earnedIn, ({ accrued }) => accrued)} none={figures.nothing} />,
        },
        {
          name: figures.next,
          help: 'ends-next',
          value: next ? (
            <span title={formatUtc(next.outTs)}>{formatDayYear(next.outTs)}</span>
          ) : (
            <span className={page.dim}>{figures.nothing}</span>
          ),
          note: next ? `${next.id}${next.outTs <= nowTs ? `, ${figures.ready}` : ''}` : null,
        },
        {
          name: figures.owed,
          help: 'owed',
          hint: figures.owedHint,
          value: <TokenSums sums={sumByToken(rows, earnedIn, ({ owed }) => owed)} none={figures.nothing} />,
        },
        {
          name: figures.paid,
          help: 'paid-to-you',
          value: <TokenSums sums={sumByToken(rows, earnedIn, ({ paid }) => paid)} none={figures.nothing} />,
          note,
        },
      ]}
    />
  )
}

function stakeColumns(nowTs: number): Column<Stake>[] {
  const { columns: heads } = words
  return [
    textColumn({ id: 'id', header: heads.id }, 90, ({ id }) => id),
    {
      id: 'state',
      header: heads.state,
      width: 120,
      cell: stake => {
        const { state, word } = stakeStanding(stake, nowTs)
        return <StateMark state={state} word={word} />
      },
      text: stake => stakeStanding(stake, nowTs).word,
    },
    textColumn({ id: 'where', header: heads.where }, 130, stakeWhere),
    amountColumn({ id: 'amount', header: heads.amount, help: 'stake' }, '', ({ amount }) => amount),
    textColumn({ id: 'token', header: heads.token }, 90, ({ token }) => token),
    {
      id: 'apy',
      header: heads.apy,
      help: 'apy',
      width: 85,
      align: 'right',
      cell: row => formatBps(row.apyBps),
      text: row => formatBps(row.apyBps),
    },
    amountColumn({ id: 'earned', header: heads.earned, help: 'staking-reward' }, '', ({ accrued }) => accrued),
    textColumn({ id: 'rewardToken', header: heads.rewardToken }, 110, ({ rewardToken }) => rewardToken),
    timeColumn({ id: 'out', header: heads.out }, ({ outTs, endedTs }) => endedTs ?? outTs),
    amountColumn({ id: 'owed', header: heads.owed, help: 'owed' }, '', ({ owed }) => (owed > 0n ? owed : null)),
    { ...timeColumn<Stake>({ id: 'start', header: heads.start }, ({ startTs }) => startTs), optional: true },
  ]
}

function stakeWhere({ days, poolName, poolId }: Stake): string {
  return days === null ? (poolName ?? poolId ?? '') : words.termOf(formatCount(days))
}
