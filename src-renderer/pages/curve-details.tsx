import { Skeleton } from '@mantine/core'
import { useMemo } from 'react'
import { group } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import type { CurveEventShown, CurveShown } from '../../src-shared/treasury/curve-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { query, useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { NumHead } from '../components/num-head.tsx'
import { textColumn, timeColumn } from '../components/plain-columns.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { Amount, DateTime } from '../components/values.tsx'
import { writePpm, writePrice, writeSlope } from '../curve-words.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.curve
const topics = ['treasury'] as const
const newestFirst = { id: 'when', descending: true }

export function openCurveDetails(id: string): void {
  openSheet({ title: words.detailsTitle(id), body: <CurveDetails id={id} /> })
}

/** A curve's terms, the accounts that it holds things in, and how a chain's account of its pallet comes about. */
function CurveDetails({ id }: { id: string }) {
  const { data, error, refetch } = useQuery('curve.get', { curveId: id, points: 2 }, topics)
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={320} />
  return (
    <div className={page.stack}>
      <FactList facts={factsOf(data.curve)} />
      <Accounts curve={data.curve} />
      <Derivation />
    </div>
  )
}

function factsOf(curve: CurveShown): Fact[] {
  const { facts: heads } = words
  const { asset, foreignAsset, pool } = curve
  const [native, foreign] = [
    (units: bigint) => `${writeAmount(units)} ${asset}`,
    (units: bigint) => `${writeAmount(units)} ${foreignAsset}`,
  ]
  return [
    [heads.profile, words.profiles[curve.profile]],
    [heads.pricing, words.quote.pricings[curve.pricing]],
    [heads.initialPrice, `${writePrice(curve.initialPrice)} ${foreignAsset}`],
    [heads.slope, `${writeSlope(curve.slope)} ${foreignAsset}`],
    [heads.initialIssuance, native(curve.initialIssuance)],
    [heads.created, <DateTime key="created" ts={curve.createdTs} form="both" />],
    ...(curve.updatedTs === null ? [] : [[heads.updated, <DateTime key="updated" ts={curve.updatedTs} form="both" />] as const]),
    [heads.poolAsset, `${native(pool.asset)}, ${foreign(pool.foreign)}`],
    [heads.poolShares, writeAmount(pool.shares)],
    [heads.owned, writeAmount(pool.owned)],
    [heads.fee, writePpm(curve.routerFeePpm)],
    [heads.waiting, foreign(curve.feesWaiting)],
  ]
}

function Accounts({ curve: { accounts, asset, foreignAsset } }: { curve: CurveShown }) {
  const { accountColumns: heads } = words
  return (
    <section aria-label={words.accounts}>
      <h3>{words.accounts}</h3>
      <div className={page.scroll}>
        <table className={page.table} aria-label={words.accounts}>
          <thead>
            <tr>
              <th scope="col">{heads.account}</th>
              <NumHead name={heads.holds(asset)} help="held-by-a-curve" />
              <NumHead name={heads.holds(foreignAsset)} help="held-by-a-curve" />
              <NumHead name={heads.shares} help="shares-of-the-pool" />
            </tr>
          </thead>
          <tbody>
            {accounts.map(account => (
              <tr key={account.entityId}>
                <td className={page.wrap} title={account.entityId}>
                  {cleanName(account.name)}
                </td>
                <td className={page.num}>
                  <Amount units={account.asset} token={asset} />
                </td>
                <td className={page.num}>
                  <Amount units={account.foreign} token={foreignAsset} />
                </td>
                <td className={page.num}>{account.shares === 0n ? '' : <Amount units={account.shares} token="" />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Derivation() {
  const { data } = useQuery('curve.account', {}, [])
  const { derivationColumns: heads } = words
  if (!data) return null
  return (
    <section aria-label={words.derivation}>
      <h3>{words.derivation}</h3>
      <p className={page.dim}>{words.derivationWhat}</p>
      <table className={page.table} aria-label={words.derivation}>
        <thead>
          <tr>
            <th scope="col">{heads.what}</th>
            <th scope="col">{heads.hex}</th>
          </tr>
        </thead>
        <tbody>
          {data.steps.map(({ what, hex }) => (
            <tr key={what}>
              <td className={page.wrap}>{what}</td>
              <td className={`${page.hash} ${page.wrap}`}>{hex}</td>
            </tr>
          ))}
          <tr>
            <td>{words.address}</td>
            <td className={`${page.hash} ${page.wrap}`}>
              {data.address} <CopyButton text={data.address} label={texts.table.copy} name={words.copyAddress} compact />
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  )
}

/** What happened on a curve, newest first. */
export function CurveEvents({ curveId }: { curveId: string }) {
  const columns = useMemo(() => eventColumns(), [])
  const source = useWindowSource(curveId, (offset, limit, signal) => query('curve.events', { curveId, offset, limit }, signal), topics)
  return (
    <DataTable
      name="curve-events"
      label={words.events}
      title={words.events}
      columns={columns}
      source={source}
      rowId={({ number }) => String(number)}
      sort={newestFirst}
      onSort={() => undefined}
      empty={words.noEvents}
      maxRows={8}
    />
  )
}

function eventColumns(): Column<CurveEventShown>[] {
  const { eventColumns: heads } = words
  return [
    timeColumn({ id: 'when', header: heads.when }, ({ ts }) => ts),
    textColumn({ id: 'event', header: heads.name }, 170, ({ name }) => words.eventNames[name]),
    textColumn({ id: 'who', header: heads.who }, 150, ({ entityName }) => cleanName(entityName ?? '')),
    { ...textColumn<CurveEventShown>({ id: 'fields', header: heads.fields }, 300, fieldsOf), grow: 4 },
    textColumn({ id: 'entry', header: heads.entry }, 110, ({ entry }) => (entry === null ? '' : String(entry))),
    { ...textColumn<CurveEventShown>({ id: 'chain', header: heads.chainName }, 190, ({ name }) => name), optional: true },
  ]
}

/** `buyer 333.333 BTA-UTIL, 100 AZR` */
function fieldsOf({ fields, asset, foreignAsset }: CurveEventShown): string {
  const tokens: Partial<Record<string, string>> = { foreign: foreignAsset, initialPrice: foreignAsset, slope: foreignAsset, shares: '' }
  const named: Partial<Record<string, string>> = words.eventFields
  return fields.map(({ name, value }) => `${named[name] ?? name} ${group(value)} ${tokens[name] ?? asset}`.trim()).join(', ')
}
