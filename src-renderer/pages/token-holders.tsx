import { Skeleton } from '@mantine/core'
import { useMemo } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { Token } from '../../src-shared/treasury/tokens-table.ts'
import { query, useQuery } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Clip } from '../components/names.tsx'
import { NumHead } from '../components/num-head.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { Amount } from '../components/values.tsx'
import { formatCount, formatShare } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.tokens
type Holder = QueryOutput<'tokens.holders'>['rows'][number]
const mostFirst = { id: 'total', descending: true }

/** Who has a token, the most first. */
export function TokenHolders({ token: { token, supply, isMirror } }: { token: Token }) {
  const columns = useMemo(() => holderColumns(token, supply), [token, supply])
  const source = useWindowSource(token, (offset, limit, signal) => query('tokens.holders', { token, offset, limit }, signal), [
    'treasury',
    'pay',
  ])
  return (
    <DataTable
      name="token-holders"
      label={words.holders}
      title={words.holders}
      columns={isMirror ? columns.filter(({ id }) => id !== 'locked' && id !== 'available') : columns}
      source={source}
      rowId={({ entityId }) => entityId}
      sort={mostFirst}
      onSort={() => undefined}
      empty={words.holdersNone}
      maxRows={8}
    />
  )
}

function holderColumns(token: string, supply: bigint): Column<Holder>[] {
  const { holderColumns: names } = words
  const amount = (
    id: 'available' | 'locked' | 'total',
    help: HelpTerm,
    unitsOf: (row: Holder) => bigint,
    hint?: string,
  ): Column<Holder> => ({
    id,
    header: names[id],
    help,
    width: 125,
    align: 'right',
    ...(hint !== undefined && { hint }),
    cell: row => <Amount units={unitsOf(row)} token={token} />,
    text: row => formatAmount(unitsOf(row)),
  })
  const share = ({ available, locked }: Holder) => formatShare(available + locked, supply) ?? ''
  return [
    { id: 'name', header: names.name, width: 110, grow: 1, cell: ({ name }) => <Clip text={cleanName(name)} />, text: ({ name }) => name },
    amount('total', 'in-all', ({ available, locked }) => available + locked),
    { ...amount('available', 'available', ({ available }) => available), optional: true },
    amount('locked', 'locked', ({ locked }) => locked, words.lockedHint),
    {
      id: 'share',
      header: names.share,
      help: 'share-of-the-supply',
      width: 115,
      align: 'right',
      cell: row => `${share(row)} %`,
      text: share,
    },
  ]
}

/** Who gave a token to whom lately. */
export function TokenFlows({ token }: { token: string }) {
  const { data, error, refetch } = useQuery('tokens.flows', { token, limit: 10 }, ['treasury', 'pay'])
  const { flowColumns: names } = words
  return (
    <section className={page.panel} aria-label={words.flows}>
      <div className={page.panelHead}>
        <h2>{words.flows}</h2>
        <span className={page.dim}>{words.flowsSpan}</span>
      </div>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={120} /> : null}
      {data && data.rows.length === 0 ? <p className={page.dim}>{words.flowsNone}</p> : null}
      {data && data.rows.length > 0 ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={words.flows}>
            <thead>
              <tr>
                <th scope="col">{names.from}</th>
                <th scope="col">{names.to}</th>
                <NumHead name={names.amount} help="given" />
                <NumHead name={names.movements} help="movements" />
              </tr>
            </thead>
            <tbody>
              {data.rows.map(({ from, to, amount, movements }) => (
                <tr key={`${from.entityId} ${to.entityId}`}>
                  <td className={page.wrap}>{partyName(from)}</td>
                  <td className={page.wrap}>{partyName(to)}</td>
                  <td className={page.num}>
                    <Amount units={amount} token={token} />
                  </td>
                  <td className={page.num}>{formatCount(movements)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {data.pairs > data.rows.length ? <p className={page.dim}>{words.flowsMore(formatCount(data.pairs - data.rows.length))}</p> : null}
        </div>
      ) : null}
    </section>
  )
}

function partyName({ entityId, name }: { entityId: string; name: string }): string {
  return entityId === 'issuance' ? words.issuance : cleanName(name)
}
