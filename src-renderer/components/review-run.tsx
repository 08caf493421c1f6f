import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { type ReactNode, startTransition, useEffect, useState } from 'react'
import { tftExact } from '../../src-shared/money.ts'
import type { ReviewCode, ReviewRow, RunReview } from '../../src-shared/review-contract.ts'
import { severityWords, warningNames } from '../../src-shared/review-text.ts'
import { query, useQuery } from '../api.ts'
import { IconSearch } from '../icons.tsx'
import page from '../pages/page.module.css'
import { texts } from '../texts.ts'
import { type Column, DataTable } from './data-table.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { Clip, FarmName, shortAddress } from './names.tsx'
import { ReviewBody, ReviewSheet, severityStates } from './review-sheet.tsx'
import { useWindowSource } from './row-source.ts'
import { StateMark } from './state-mark.tsx'
import { Amount } from './values.tsx'

const words = texts.review

const columns: Column<ReviewRow>[] = [
  { id: 'place', header: words.columns.place, width: 64, align: 'right', cell: row => row.place, text: row => String(row.place) },
  {
    id: 'worst',
    header: words.columns.worst,
    width: 84,
    cell: ({ worst }) =>
      worst ? <StateMark state={severityStates[worst]} word={severityWords[worst]} /> : <StateMark state="up" word={words.fine} />,
    text: ({ worst }) => (worst ? severityWords[worst] : words.fine),
  },
  { id: 'node', header: words.columns.node, width: 72, align: 'right', cell: row => row.nodeId, text: row => String(row.nodeId) },
  {
    id: 'farm',
    header: words.columns.farm,
    width: 130,
    grow: 1,
    cell: row => <FarmName name={row.farmName} id={row.farmId} />,
    text: row => `${row.farmName} (${row.farmId})`,
  },
  {
    id: 'payee',
    header: words.columns.payee,
    width: 130,
    cell: row => (row.payee === '' ? words.nothing : <Clip text={shortAddress(row.payee)} title={row.payee} />),
    text: row => row.payee,
  },
  {
    id: 'amount',
    header: words.columns.amount,
    width: 120,
    align: 'right',
    help: 'amount-of-a-payment',
    cell: row => <Amount units={row.amountUnits} />,
    text: row => tftExact(row.amountUnits),
  },
  {
    id: 'warning',
    header: words.columns.warning,
    width: 180,
    grow: 2,
    cell: row => <Clip text={row.warnings[0]?.text ?? ''} />,
    text: row => row.warnings.map(({ text }) => text).join(' '),
  },
  { id: 'hash', header: words.columns.hash, width: 130, optional: true, cell: row => <Clip text={row.hash} />, text: row => row.hash },
]

const noSort = { id: '', descending: false }

/**
 * All that a signature on a run signs: in sum, and every envelope, those with warnings first; one that is opened is shown value by value.
 * `children`: what can be done with it.
 */
export function RunReviewSheet({ runId, children }: { runId: string; children?: (review: RunReview) => ReactNode }) {
  const [open, setOpen] = useState<ReviewRow | null>(null)
  const [askLedger, setAskLedger] = useState(false)
  const { data, error, stale, refetch } = useQuery('review.run', { runId, askLedger }, ['pay', 'results'], { keepPrevious: true })
  if (error && !data) return <ErrorPanel error={error} title={words.failed} safe={words.safe} onRetry={refetch} />
  if (!data) return <p role="status">{words.reads}</p>
  if (open)
    return (
      <div className={page.stack}>
        <div>
          <Button variant="default" h={32} data-autofocus onClick={() => setOpen(null)}>
            {words.back}
          </Button>
        </div>
        <ReviewSheet of={{ kind: 'row', runId: data.runId, place: open.place, generation: open.generation }} />
      </div>
    )
  return (
    <div className={page.stack}>
      <ReviewBody review={data} />
      {askLedger && !stale ? null : (
        <div>
          <Button variant="default" h={32} loading={askLedger} onClick={() => setAskLedger(true)}>
            {words.ask}
          </Button>
        </div>
      )}
      {data.rows === 0 ? null : (
        <AfterPaint>
          <Rows review={data} askLedger={askLedger && !stale} onOpen={setOpen} />
          {children ? <AfterPaint>{children(data)}</AfterPaint> : null}
        </AfterPaint>
      )}
    </div>
  )
}

/** Draws what it holds once what stands before it is on screen: a sheet that is drawn in one go holds the page up. */
function AfterPaint({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState(false)
  useEffect(() => startTransition(() => setShown(true)), [])
  return shown ? children : null
}

function Rows({ review, askLedger, onOpen }: { review: RunReview; askLedger: boolean; onOpen: (row: ReviewRow) => void }) {
  const [code, setCode] = useState<ReviewCode | 'any' | ''>('')
  const [text, setText] = useState('')
  const [search] = useDebouncedValue(text.trim(), 150)
  const { runId, counts, warned } = review
  const source = useWindowSource(
    JSON.stringify([runId, askLedger, code, search]),
    (offset, limit, signal) =>
      query('review.rows', { runId, askLedger, offset, limit, ...(code !== '' && { code }), ...(search !== '' && { search }) }, signal),
    ['pay', 'results'],
  )
  const choices = [
    { value: '', label: words.all },
    ...(warned === 0 ? [] : [{ value: 'any', label: words.warned }]),
    ...counts.map(({ code: one, rows }) => ({ value: one, label: `${warningNames[one]} (${rows})` })),
  ]
  return (
    <DataTable
      name="review"
      label={words.rows}
      columns={columns}
      source={source}
      rowId={row => `${row.place} ${row.generation}`}
      sort={noSort}
      onSort={() => undefined}
      onOpen={onOpen}
      maxRows={8}
      tools={
        <>
          <NativeSelect
            aria-label={words.show}
            value={code}
            data={choices}
            onChange={event => setCode(event.currentTarget.value as ReviewCode | 'any' | '')}
          />
          <TextInput
            aria-label={words.search}
            placeholder={words.searchHint}
            leftSection={<IconSearch />}
            value={text}
            maxLength={100}
            onChange={event => setText(event.currentTarget.value)}
          />
        </>
      }
      empty={words.none}
    />
  )
}
