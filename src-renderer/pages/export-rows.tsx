import { Button, NativeSelect, SegmentedControl, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMemo } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import {
  accountMeans,
  datesMean,
  type ExportFilter,
  type ExportFormat,
  type ExportKind,
  exportFormats,
  exportKinds,
  type FilterName,
  filtersOf,
} from '../../src-shared/exports.ts'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FarmFilter } from '../components/list-filters.tsx'
import { formatCount } from '../format.ts'
import { useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { ExportButton, ExportState, useFileExport } from './export-file.tsx'
import { Presets } from './export-presets.tsx'
import classes from './exports.module.css'
import page from './page.module.css'

const words = texts.exports.rows

/** What is chosen; numbers as they are typed. Kept across restarts. */
export interface Choice {
  kind: ExportKind
  format: ExportFormat
  from: string
  to: string
  period: string
  farmId: number | null
  nodeId: string
  account: string
}

export const noFilters = { from: '', to: '', period: '', farmId: null, nodeId: '', account: '' }
const first: Choice = { kind: 'receipts', format: 'csv', ...noFilters }

/** Kind, filters and form; what the file would hold; the file. */
export function ExportRows() {
  const [choice, setChoice] = useUi<Choice>('exports', first)
  // as text: what is chosen is another object at every drawing
  const wanted = JSON.stringify(orderOf(choice))
  const [settled] = useDebouncedValue(wanted, 200)
  const order = useMemo(() => JSON.parse(settled) as ReturnType<typeof orderOf>, [settled])
  const file = useFileExport()
  const { data, error, refetch, stale } = useQuery('exports.preview', { order }, ['facts', 'results', 'pay', 'treasury', 'audit'], {
    keepPrevious: true,
  })
  return (
    <>
      <p className={page.dim}>{words.what}</p>
      <section className={page.panel} aria-label={words.filters}>
        <div className={classes.actions}>
          <SegmentedControl
            aria-label={words.kind}
            value={choice.kind}
            onChange={kind => setChoice({ kind: kind as ExportKind })}
            data={exportKinds.map(value => ({ value, label: words.kinds[value] }))}
          />
          <Presets choice={choice} order={order} onChoose={setChoice} />
        </div>
        <Filters choice={choice} onChange={setChoice} />
        <div className={classes.actions}>
          <ExportButton file={file} subject={{ order }} isFirst disabled={error !== null || wanted !== settled}>
            {data && !stale ? words.export(formatCount(data.total)) : words.exportPlain}
          </ExportButton>
          <Button h={32} variant="default" onClick={() => setChoice(noFilters)}>
            {words.clear}
          </Button>
        </div>
        <ExportState file={file} />
      </section>
      {error ? <ErrorPanel error={error} onRetry={refetch} /> : data ? <Preview found={data} /> : <Skeleton height={300} />}
    </>
  )
}

function Filters({ choice, onChange }: { choice: Choice; onChange: (change: Partial<Choice>) => void }) {
  const { kind } = choice
  const farms = useQuery('exports.farms', {}, ['results'])
  const has = (name: FilterName) => filtersOf[kind].includes(name)
  const text = (name: 'period' | 'nodeId', label: string) => (
    <TextInput
      label={label}
      inputMode="numeric"
      value={choice[name]}
      maxLength={9}
      error={wholeOf(choice[name]) === null ? words.whole : undefined}
      onChange={event => onChange({ [name]: event.currentTarget.value })}
    />
  )
  return (
    <>
      <div className={classes.fields}>
        <TextInput label={words.from} type="date" value={choice.from} onChange={event => onChange({ from: event.currentTarget.value })} />
        <TextInput label={words.to} type="date" value={choice.to} onChange={event => onChange({ to: event.currentTarget.value })} />
        {has('period') ? text('period', words.period) : null}
        {has('farmId') ? (
          <div data-wide>
            <div className={classes.label} aria-hidden="true">
              {words.farm}
            </div>
            <FarmFilter
              label={words.farm}
              hint={words.farmHint}
              farms={farms.data ?? []}
              value={choice.farmId}
              onChoose={farmId => onChange({ farmId })}
            />
          </div>
        ) : null}
        {has('nodeId') ? text('nodeId', words.node) : null}
        {has('account') ? (
          <div data-wide>
            <TextInput
              label={words.account}
              placeholder={accountMeans[kind] ?? ''}
              title={accountMeans[kind] ?? ''}
              value={choice.account}
              maxLength={100}
              onChange={event => onChange({ account: event.currentTarget.value })}
            />
          </div>
        ) : null}
        <NativeSelect
          label={words.format}
          value={choice.format}
          onChange={event => onChange({ format: event.currentTarget.value as ExportFormat })}
          data={exportFormats.map(value => ({ value, label: words.formats[value] }))}
        />
      </div>
      <p className={page.dim}>{words.dates(datesMean[kind])}</p>
    </>
  )
}

/** undefined: nothing is typed; null: it is no whole number. */
function wholeOf(text: string): number | null | undefined {
  const typed = text.trim()
  if (typed === '') return undefined
  return /^\d{1,9}$/.test(typed) ? Number(typed) : null
}

/** What is asked for: only filters that the kind has, and none that can't be read. */
export function orderOf(choice: Choice): { kind: ExportKind; filter: ExportFilter; format: ExportFormat } {
  const given: ExportFilter = {
    from: choice.from || undefined,
    to: choice.to || undefined,
    period: wholeOf(choice.period) ?? undefined,
    farmId: choice.farmId ?? undefined,
    nodeId: wholeOf(choice.nodeId) ?? undefined,
    account: choice.account.trim() || undefined,
  }
  const filter: ExportFilter = Object.fromEntries(
    filtersOf[choice.kind].flatMap(name => (given[name] === undefined ? [] : [[name, given[name]]])),
  )
  return { kind: choice.kind, filter, format: choice.format }
}

/** The first rows as they will stand in the file. */
function Preview({ found: { columns, rows, total } }: { found: QueryOutput<'exports.preview'> }) {
  return (
    <section className={page.panel} aria-label={words.preview}>
      <p role="status">{total === 0 ? words.none : words.first(formatCount(rows.length), formatCount(total))}</p>
      {total === 0 ? null : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section className={page.scroll} tabIndex={0} aria-label={words.previewRows}>
          <table className={page.table}>
            <thead>
              <tr>
                {columns.map(({ name, kind }) => (
                  <th key={name} scope="col" className={isRight(kind) ? page.num : undefined}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(row => (
                <tr key={JSON.stringify(row)}>
                  {columns.map(({ name, kind }, i) => (
                    <td key={name} className={`${classes.cell} ${isRight(kind) ? page.num : ''}`} title={String(row[i] ?? '')}>
                      {row[i] ?? ''}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}

function isRight(kind: string): boolean {
  return kind === 'number' || kind === 'amount'
}
