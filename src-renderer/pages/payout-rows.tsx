import { Button, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { type QueryInput, queries, type Topic } from '../../src-shared/contract.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import type { RowStage } from '../../src-shared/pay.ts'
import type { PayRow, RunDetail } from '../../src-shared/pay-contract.ts'
import { envelopeStageWords, rowStageWords } from '../../src-shared/pay-text.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { query, useQuery } from '../api.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { type Column, DataTable, useTableSort } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FactList } from '../components/fact-list.tsx'
import { FarmName, shortAddress } from '../components/names.tsx'
import { ReviewSheet } from '../components/review-sheet.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { downloadText } from '../format.ts'
import { IconDownload, IconSearch } from '../icons.tsx'
import { nodePath } from '../links.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { ShortHash } from './vault-columns.tsx'

const words = texts.pay
const heads = words.rowColumns
const topics: Topic[] = ['pay']

/** The five states' colours and shapes, for how a row stands. */
export const rowMarks: Record<RowStage, NodeState> = {
  planned: 'unknown',
  signed: 'asleep',
  sent: 'at-risk',
  unclear: 'at-risk',
  paid: 'up',
  'used-up': 'unknown',
  failed: 'down',
  expired: 'down',
  overtaken: 'down',
  conflict: 'down',
}

const columns: Column<PayRow>[] = [
  { id: 'place', header: heads.place, width: 70, align: 'right', cell: row => row.place, text: row => String(row.place), sortable: true },
  {
    id: 'nodeId',
    header: heads.node,
    width: 80,
    align: 'right',
    cell: row => <Link href={nodePath(row.nodeId)}>{row.nodeId}</Link>,
    text: row => String(row.nodeId),
    sortable: true,
  },
  {
    id: 'farm',
    header: heads.farm,
    width: 130,
    grow: 1,
    cell: row => <FarmName name={row.farmName} id={row.farmId} />,
    text: row => `${cleanName(row.farmName)} (${row.farmId})`,
    sortable: true,
  },
  {
    id: 'payee',
    header: heads.payee,
    width: 150,
    cell: row => <span title={row.payee}>{shortAddress(row.payee)}</span>,
    text: row => row.payee,
  },
  {
    id: 'amount',
    header: heads.amount,
    width: 120,
    align: 'right',
    help: 'amount-of-a-payment',
    cell: row => <Amount units={row.amountUnits} />,
    text: row => tftExact(row.amountUnits),
    sortable: true,
  },
  {
    id: 'stage',
    header: heads.state,
    width: 130,
    cell: row => <StateMark state={rowMarks[row.stage]} word={rowStageWords[row.stage]} title={row.why} />,
    text: row => rowStageWords[row.stage],
    sortable: true,
  },
  {
    id: 'paid',
    header: heads.paid,
    width: 150,
    cell: row => (row.paidTs === null ? '' : <DateTime ts={row.paidTs} />),
    text: row => (row.paidTs === null ? '' : formatUtc(row.paidTs)),
    sortable: true,
  },
  {
    id: 'tx',
    header: heads.tx,
    width: 120,
    cell: row => (row.tx === null ? '' : <ShortHash hash={row.tx} />),
    text: row => row.tx ?? '',
  },
  { id: 'kind', header: heads.kind, width: 80, cell: row => words.kinds[row.kind], text: row => words.kinds[row.kind], optional: true },
]

/** The rows of a run, in windows. */
export function PayRows({ run }: { run: RunDetail }) {
  const { runId } = run
  const [sort, setSort] = useTableSort('payout-rows', { id: 'place', descending: false })
  const [search, setSearch] = useState('')
  const [stage, setStage] = useState<RowStage | null>(null)
  const settle = useDebouncedCallback((text: string) => setSearch(text.trim()), 200)
  const filter = { runId, ...(stage && { stage }), search }
  const input: QueryInput<'pay.rows'> = {
    ...filter,
    sort: queries['pay.rows'].in.shape.sort.catch('place').parse(sort.id),
    descending: sort.descending,
  }
  const source = useWindowSource(
    JSON.stringify(input),
    (offset, limit, signal) => query('pay.rows', { ...input, offset, limit }, signal),
    topics,
  )
  const save = () => {
    query('pay.csv', filter).then(
      file => downloadText(file.fileName, file.text),
      (reason: unknown) => notifications.show({ title: words.error, message: toAppError(reason).message, autoClose: false }),
    )
  }
  const states = (Object.keys(rowStageWords) as RowStage[]).filter(one => run.counts[one] > 0 || one === stage)
  return (
    <DataTable
      name="payout-rows"
      label={words.tabs.rows}
      columns={columns}
      source={source}
      rowId={row => String(row.place)}
      sort={sort}
      onSort={setSort}
      sums={sumsOf}
      onOpen={row => openSheet({ title: words.rowTitle(row.nodeId), body: <RowSheet runId={runId} place={row.place} /> })}
      tools={
        <>
          <TextInput
            aria-label={words.search}
            placeholder={words.search}
            leftSection={<IconSearch />}
            maxLength={200}
            onChange={event => settle(event.currentTarget.value)}
          />
          <Select
            aria-label={words.stateFilter}
            placeholder={words.anyState}
            data={states.map(value => ({ value, label: `${rowStageWords[value]} (${run.counts[value]})` }))}
            value={stage}
            onChange={value => setStage(value as RowStage | null)}
            clearable
          />
          <Button variant="default" h={32} leftSection={<IconDownload />} onClick={save}>
            {words.save}
          </Button>
        </>
      }
      empty={words.noRows}
    />
  )
}

function sumsOf(rows: PayRow[]): { label: string; value: ReactNode }[] {
  return [{ label: words.sum, value: <Amount units={rows.reduce((sum, row) => sum + row.amountUnits, 0n)} /> }]
}

/** One row: whom it pays what for, its envelopes, and every attempt to send them. */
function RowSheet({ runId, place }: { runId: string; place: number }) {
  const { data, error } = useQuery('pay.row', { runId, place }, topics)
  const names = words.row
  if (error) return <ErrorPanel error={error} />
  if (!data) return null
  const { row, channel, sequence, retryFor, envelopes } = data
  const facts: [string, string][] = [
    [names.receipt, row.receipt],
    ...(retryFor === null ? [] : ([[names.retryFor, retryFor]] as [string, string][])),
    [names.payee, row.payee],
    [names.channel, channel],
    [names.sequence, String(sequence)],
  ]
  return (
    <div className={page.stack}>
      <p>
        <Amount units={row.amountUnits} unit /> <StateMark state={rowMarks[row.stage]} word={rowStageWords[row.stage]} />
      </p>
      <p>{row.why}</p>
      {row.tx === null ? null : (
        <p className={page.hash}>
          {row.tx} <CopyButton text={row.tx} label={words.arrival.copyTx} compact />
        </p>
      )}
      <FactList facts={facts} />
      <div>
        <Button
          variant="default"
          onClick={() => openSheet({ title: texts.review.row(place), body: <ReviewSheet of={{ kind: 'row', runId, place }} /> })}
        >
          {texts.review.look}
        </Button>
      </div>
      <h3>{names.envelopes}</h3>
      {envelopes.map(({ hash, kind, stage, maxTs, attempts }) => (
        <div key={hash}>
          <p className={page.hash}>{hash}</p>
          <p>
            {names.kinds[kind]}, {envelopeStageWords[stage]}, {names.until} <DateTime ts={maxTs} />
          </p>
          {attempts.length === 0 ? <p className={page.dim}>{names.never}</p> : null}
          {attempts.map(({ sentTs, outcome, note }) => (
            <p key={`${sentTs} ${outcome} ${note}`} className={page.dim}>
              {names.attempts} <DateTime ts={sentTs} form="seconds" />:{' '}
              {outcome === null ? names.noAnswer : (names.outcomes[outcome] ?? outcome)}
              {note === '' ? '' : `: ${note}`}
            </p>
          ))}
        </div>
      ))}
    </div>
  )
}
