import { useMemo } from 'react'
import { formatUtc } from '../../src-shared/time.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { Pool, PoolYield } from '../../src-shared/treasury/pools-table.ts'
import { query } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { Clip } from '../components/names.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { Amount, DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { texts } from '../texts.ts'

const words = texts.pools
const heads = words.yieldColumns
const topics = ['treasury'] as const
const order = { id: 'ts', descending: true }

/** What the pools have paid the entity that acts, newest first. */
export function PoolYields({ pools }: { pools: readonly Pool[] }) {
  const source = useWindowSource('', (offset, limit, signal) => query('pools.yields', { offset, limit }, signal), topics)
  const columns = useMemo(() => yieldColumns(new Map(pools.map(({ id, name }) => [id, name]))), [pools])
  return (
    <DataTable
      name="pool-yields"
      label={words.yields}
      title={words.yields}
      columns={columns}
      source={source}
      rowId={({ entry }) => String(entry)}
      sort={order}
      onSort={() => undefined}
      empty={words.noYields}
      maxRows={8}
    />
  )
}

function yieldColumns(names: ReadonlyMap<string, string>): Column<PoolYield>[] {
  const nameOf = ({ poolId }: PoolYield) => names.get(poolId) ?? poolId
  return [
    { id: 'ts', header: heads.when, width: 160, cell: ({ ts }) => <DateTime ts={ts} />, text: ({ ts }) => formatUtc(ts) },
    { id: 'pool', header: heads.pool, width: 200, grow: 1, cell: row => <Clip text={nameOf(row)} />, text: nameOf },
    {
      id: 'amount',
      header: heads.amount,
      width: 140,
      align: 'right',
      help: 'yield',
      cell: ({ amount, token }) => <Amount units={amount} token={token} />,
      text: ({ amount }) => formatAmount(amount),
    },
    { id: 'token', header: heads.token, width: 90, cell: ({ token }) => token, text: ({ token }) => token },
    { id: 'by', header: heads.by, width: 120, cell: ({ by }) => words.by[by], text: ({ by }) => words.by[by] },
    {
      id: 'entry',
      header: heads.entry,
      width: 90,
      align: 'right',
      cell: ({ entry }) => formatCount(entry),
      text: ({ entry }) => String(entry),
    },
  ]
}
