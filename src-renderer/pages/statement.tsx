import { NativeSelect, Skeleton, TextInput } from '@mantine/core'
import type { Statement } from '../../src-shared/statement.ts'
import { farmText, statementNotes } from '../../src-shared/statement-text.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FarmFilter } from '../components/list-filters.tsx'
import { Note } from '../components/note.tsx'
import { Amount, Usd } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { useStore, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { ExportButton, ExportState, useFileExport } from './export-file.tsx'
import classes from './exports.module.css'
import page from './page.module.css'
import { PricesPanel } from './statement-prices.tsx'
import { ApartTable, MarketValue, SumTable } from './statement-tables.tsx'

const words = texts.exports.statement

interface Choice {
  farmId: number | null
  /** as it is typed; empty: that of the newest data */
  year: string
  timeZone: string
  currency: string
}

/** Farm, year and currency; what was paid, what lacks a price, and what is not among it. */
export function StatementPart() {
  const myFarms = useStore(state => state.settings?.myFarms)
  const status = useQuery('status.get', {}, ['results'])
  const farms = useQuery('exports.farms', {}, ['results'])
  const prices = useQuery('prices.list', {}, ['settings'])
  const [kept, setChoice] = useUi<Choice>('statement', { farmId: null, year: '', timeZone: 'UTC', currency: '' })
  const farmId = kept.farmId ?? myFarms?.[0] ?? (farms.data?.length === 1 ? farms.data[0]!.farmId : null)
  const newest = status.data?.completeUntilTs
  const year = kept.year !== '' ? kept.year : newest ? new Date(newest * 1000).toISOString().slice(0, 4) : ''
  const currencies = prices.data?.map(({ currency }) => currency) ?? []
  const currency = currencies.includes(kept.currency) ? kept.currency : ''
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const zones = [...new Set(['UTC', ownZone, kept.timeZone])]
  if (farms.error) return <ErrorPanel error={farms.error} onRetry={farms.refetch} />
  if (!farms.data || !prices.data || !status.data) return <Skeleton height={300} />
  return (
    <>
      <p className={page.dim}>{words.what}</p>
      <section className={page.panel} aria-label={texts.exports.parts.statement}>
        <div className={classes.fields}>
          <div data-wide>
            <div className={classes.label} aria-hidden="true">
              {words.farm}
            </div>
            <FarmFilter
              label={words.farm}
              hint={words.farmHint}
              farms={farms.data}
              value={farmId}
              onChoose={chosen => setChoice({ farmId: chosen })}
            />
          </div>
          <TextInput
            label={words.year}
            inputMode="numeric"
            maxLength={4}
            value={year}
            onChange={event => setChoice({ year: event.currentTarget.value })}
          />
          <NativeSelect
            label={words.currency}
            value={currency}
            data={[{ value: '', label: words.noCurrency }, ...currencies]}
            onChange={event => setChoice({ currency: event.currentTarget.value })}
          />
          <NativeSelect
            label={words.zone}
            value={kept.timeZone}
            data={zones}
            onChange={event => setChoice({ timeZone: event.currentTarget.value })}
          />
        </div>
        {farms.data.length === 0 ? (
          <Note state="unknown">{words.noFarms}</Note>
        ) : farmId === null || !/^(20[1-9]\d|2[1-9]\d\d)$/.test(year) ? (
          <p className={page.dim}>{words.choose}</p>
        ) : (
          <Found ask={{ farmId, year: Number(year), timeZone: kept.timeZone, ...(currency !== '' && { currency }) }} />
        )}
      </section>
      <PricesPanel prices={prices.data} onImported={imported => setChoice({ currency: imported })} />
    </>
  )
}

interface Ask {
  farmId: number
  year: number
  timeZone: string
  currency?: string
}

function Found({ ask }: { ask: Ask }) {
  const { data, error, refetch } = useQuery('exports.statement', ask, ['results', 'pay', 'mints', 'settings'])
  const file = useFileExport()
  if (error) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={240} />
  return (
    <>
      <div className={page.panelHead}>
        <h2>{words.label(farmText(data), data.year)}</h2>
        <div className={classes.actions}>
          <ExportButton file={file} subject={{ statement: ask, format: 'pdf' }} isFirst>
            {words.pdf}
          </ExportButton>
          <ExportButton file={file} subject={{ statement: ask, format: 'csv' }}>
            {words.csv}
          </ExportButton>
        </div>
      </div>
      <ExportState file={file} />
      <Sums statement={data} />
      <Missing statement={data} />
      {data.payments.length === 0 ? (
        <Note state="unknown">
          {words.noPayment} {words.noPaymentHow}
        </Note>
      ) : (
        <div className={page.columns}>
          <SumTable
            label={words.byDay}
            head={words.columns.day}
            statement={data}
            rows={data.days.map(({ day, ...sum }) => ({ name: day, ...sum }))}
          />
          <SumTable
            label={words.byNode}
            head={words.columns.node}
            statement={data}
            rows={data.nodes.map(({ nodeId, ...sum }) => ({ name: String(nodeId), ...sum }))}
          />
        </div>
      )}
      <ApartTable statement={data} />
      <details>
        <summary>{words.about}</summary>
        <ul>
          {statementNotes(data).map(note => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      </details>
    </>
  )
}

function Sums({ statement: { total, currency, payments } }: { statement: Statement }) {
  const partly = (without: number) => (without > 0 ? <dd className={page.dim}>{words.partly(formatCount(without))}</dd> : null)
  return (
    <dl className={page.figures}>
      <div className={page.figure}>
        <dt>{words.received}</dt>
        <dd className={page.number}>
          <Amount units={total.amountUnits} unit />
        </dd>
      </div>
      <div className={page.figure}>
        <dt>{words.usd}</dt>
        <dd className={page.number}>
          <Usd musd={total.musd} unit />
        </dd>
        {partly(total.withoutUsd)}
      </div>
      {currency === null ? null : (
        <div className={page.figure}>
          <dt>{words.market(currency)}</dt>
          <dd className={page.number}>
            <MarketValue hundredths={total.valueHundredths} /> {currency}
          </dd>
          {partly(total.withoutValue)}
        </div>
      )}
      <div className={page.figure}>
        <dt>{words.payments}</dt>
        <dd className={page.number}>{formatCount(payments.length)}</dd>
      </div>
    </dl>
  )
}

/** Days that the price file lacks: each of them, so that they can be looked up. */
function Missing({ statement: { missingDays } }: { statement: Statement }) {
  if (missingDays.length === 0) return null
  return (
    <div>
      <Note state="at-risk">
        {words.missing(formatCount(missingDays.length))}. {words.missingHow} {missingDays.join(', ')}
      </Note>
    </div>
  )
}
