import { Button, Skeleton } from '@mantine/core'
import { tftShort } from '../../src-shared/money.ts'
import type { Pool, PoolPosition } from '../../src-shared/treasury/pools-table.ts'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { FigureList, sumByToken, TokenSums } from '../components/token-sums.tsx'
import { Amount } from '../components/values.tsx'
import { formatBps, formatCount } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { DepositForm, openPool, WithdrawForm } from './pool-sheets.tsx'
import { PoolYields } from './pool-yields.tsx'
import { TreasuryHead } from './treasury-head.tsx'

const words = texts.pools
const topics = ['treasury'] as const

/** What each pool yields and can pay, side by side with what one has in it. */
export function PoolsPage() {
  const pools = useQuery('pools.list', {}, topics)
  const entityId = useSession().data?.entity?.entityId
  const own = useQuery('pools.positions', {}, topics, { enabled: entityId !== undefined }).data
  const positions = entityId !== undefined && own?.entityId === entityId ? own.rows : []
  return (
    <div className={page.page}>
      <TreasuryHead title={words.title} what={words.what} />
      {pools.error && !pools.data ? <ErrorPanel error={pools.error} onRetry={pools.refetch} /> : null}
      {!pools.data && !pools.error ? <Skeleton height={260} /> : null}
      {entityId === undefined ? <p className={page.dim}>{words.nobody}</p> : <Figures positions={positions} />}
      {pools.data?.rows.length === 0 ? <EmptyState title={words.none}>{words.noneWhat}</EmptyState> : null}
      {pools.data && pools.data.rows.length > 0 ? (
        <PoolTable pools={pools.data.rows} positions={positions} canAct={entityId !== undefined} />
      ) : null}
      {entityId === undefined ? null : <PoolYields pools={pools.data?.rows ?? []} />}
    </div>
  )
}

function Figures({ positions }: { positions: readonly PoolPosition[] }) {
  const { figures } = words
  const sums = (unitsOf: (position: PoolPosition) => bigint) => (
    <TokenSums sums={sumByToken(positions, ({ token }) => token, unitsOf)} none={figures.nothing} />
  )
  return (
    <FigureList
      figures={[
        { name: figures.deposited, help: 'in-the-pools', value: sums(({ deposited }) => deposited) },
        { name: figures.earning, help: 'yield', value: sums(({ earning }) => earning) },
        { name: figures.owed, help: 'owed', hint: figures.owedHint, value: sums(({ owed }) => owed) },
        { name: figures.paid, help: 'paid-to-you', value: sums(({ paid }) => paid) },
      ]}
    />
  )
}

function PoolTable({ pools, positions, canAct }: { pools: readonly Pool[]; positions: readonly PoolPosition[]; canAct: boolean }) {
  const { columns: heads, hints } = words
  return (
    <section className={page.panel} aria-label={words.list}>
      <div className={page.scroll}>
        <table className={page.table} aria-label={words.list}>
          <thead>
            <tr>
              <th scope="col">{heads.pool}</th>
              <NumHead name={heads.yields} help="apy" hint={hints.yields} />
              <th scope="col">{heads.token}</th>
              <NumHead name={heads.in} help="in-the-pools" />
              <NumHead name={heads.reserve} help="reserve" hint={hints.reserve} />
              <th scope="col" title={words.lasts.hint}>
                {heads.lasts}
              </th>
              <NumHead name={heads.own} help="in-the-pools" />
              <NumHead name={heads.earned} help="yield" hint={hints.earned} />
              {canAct ? (
                <th scope="col">
                  <span className={page.hidden}>{words.deposit}</span>
                </th>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {pools.map(pool => (
              <PoolRow key={pool.id} pool={pool} position={positions.find(({ poolId }) => poolId === pool.id)} canAct={canAct} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function PoolRow({ pool, position, canAct }: { pool: Pool; position: PoolPosition | undefined; canAct: boolean }) {
  return (
    <tr>
      <td>
        <Button variant="subtle" h={32} px={0} onClick={() => openPool(pool.id, pool.name)}>
          {pool.name}
        </Button>
        {pool.isActive ? null : <StateMark state="asleep" word={words.closed} />}
      </td>
      <td className={page.num}>
        <strong>{formatBps(pool.apyBps)}</strong>
      </td>
      <td>{pool.token}</td>
      <td className={page.num}>
        <Amount units={pool.deposited} token={pool.token} />
      </td>
      <td className={page.num}>
        <Amount units={pool.reserve} token={pool.token} />
      </td>
      <td>
        <Lasts pool={pool} />
      </td>
      <td className={page.num}>{position && position.deposited > 0n ? <Amount units={position.deposited} token={pool.token} /> : ''}</td>
      <td className={page.num}>
        {position && position.earning > 0n ? <Amount units={position.earning} token={pool.token} /> : ''}
        {position && position.owed > 0n ? (
          <div>
            <StateMark state="at-risk" word={words.owedNow(tftShort(position.owed))} title={words.figures.owedHint} />
          </div>
        ) : null}
      </td>
      {canAct ? (
        <td>
          <Button
            variant="default"
            h={32}
            px={10}
            aria-label={words.depositOf(pool.name)}
            disabled={!pool.isActive}
            onClick={() => openSheet({ title: words.depositOf(pool.name), body: <DepositForm pool={pool} /> })}
          >
            {words.deposit}
          </Button>{' '}
          <Button
            variant="default"
            h={32}
            px={10}
            aria-label={words.withdrawOf(pool.name)}
            disabled={!position?.isActive}
            onClick={() =>
              position &&
              openSheet({ title: words.withdrawOf(pool.name), body: <WithdrawForm pool={pool} depositedUnits={position.deposited} /> })
            }
          >
            {words.withdraw}
          </Button>
        </td>
      ) : null}
    </tr>
  )
}

/** Whether the reserve can pay what is owed and earned already, and how long it lasts. */
function Lasts({ pool }: { pool: Pool }) {
  const { lasts } = words
  const leftUnits = pool.reserve - pool.owed - pool.earning
  if (leftUnits < 0n) return <StateMark state="down" word={lasts.short(tftShort(-leftUnits))} title={lasts.hint} />
  if (pool.earnsADay === 0n) return <StateMark state="unknown" word={lasts.idle} title={lasts.hint} />
  const days = leftUnits / pool.earnsADay
  return <StateMark state={days < 30n ? 'at-risk' : 'up'} word={lasts.days(formatCount(Number(days)))} title={lasts.hint} />
}
