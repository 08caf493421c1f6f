import { Button, SegmentedControl, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMemo, useState } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { WATCH_NOTE_LENGTH, type WatchMarkShown, type WatchState, watchVerdicts } from '../../src-shared/treasury/watch-table.ts'
import { command, query } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { Clip } from '../components/names.tsx'
import { Note } from '../components/note.tsx'
import { NumHead } from '../components/num-head.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { useEntityNames } from '../entity-names.ts'
import { formatCount } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import settings from './settings.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.jobs.marks
const topics = ['treasury'] as const
const order = { id: 'ts', descending: true }
/** More are shown when asked: the decision stands below. */
const FIRST_PAYMENTS = 8
const shapes = { open: 'at-risk', fine: 'up', suspicious: 'down' } as const

/** What the rules have marked, open ones first, each with the payments that show it. */
export function WatchMarks() {
  const [ui, setUi] = useUi<{ show: 'open' | 'all' }>('watch', { show: 'open' })
  const columns = useMemo(() => markColumns(), [])
  const source = useWindowSource(
    ui.show,
    (offset, limit, signal) => query('watch.list', { ...(ui.show === 'open' && { state: 'open' }), offset, limit }, signal),
    topics,
  )
  return (
    <section aria-label={words.title}>
      <DataTable
        name="watch"
        label={words.list}
        title={words.title}
        columns={columns}
        source={source}
        rowId={({ id }) => id}
        sort={order}
        onSort={() => undefined}
        onOpen={mark => openSheet({ title: words.sheet(mark.id), body: <MarkSheet mark={mark} /> })}
        tools={
          <>
            <SegmentedControl
              aria-label={words.show}
              data={(['open', 'all'] as const).map(value => ({ value, label: words.filters[value] }))}
              value={ui.show}
              onChange={value => setUi({ show: value === 'all' ? 'all' : 'open' })}
              transitionDuration={0}
            />
            {source.first && source.first.waiting > 0 ? (
              <span className={page.dim}>{words.waiting(formatCount(source.first.waiting))}</span>
            ) : null}
          </>
        }
        empty={
          <>
            {ui.show === 'open' ? words.noneOpen : words.none} <span className={page.dim}>{words.what}</span>
          </>
        }
        maxRows={6}
      />
      {source.first?.problem ? <Note state="down">{source.first.problem}</Note> : null}
    </section>
  )
}

function MarkState({ state }: { state: WatchState }) {
  return <StateMark state={shapes[state]} word={words.states[state]} />
}

function names({ actors }: WatchMarkShown): string {
  return actors.map(({ name }) => cleanName(name)).join(', ')
}

function markColumns(): Column<WatchMarkShown>[] {
  const { columns: heads } = words
  return [
    {
      id: 'state',
      header: heads.state,
      width: 120,
      cell: ({ state }) => <MarkState state={state} />,
      text: ({ state }) => words.states[state],
    },
    { id: 'rule', header: heads.rule, width: 170, cell: ({ rule }) => words.rules[rule], text: ({ rule }) => words.rules[rule] },
    { id: 'who', header: heads.who, width: 170, grow: 1, cell: mark => <Clip text={names(mark)} />, text: names },
    {
      id: 'finding',
      header: heads.finding,
      width: 240,
      grow: 3,
      cell: ({ finding }) => <Clip text={finding} />,
      text: ({ finding }) => finding,
    },
    {
      id: 'payments',
      header: heads.payments,
      width: 100,
      align: 'right',
      help: 'marked-payments',
      cell: ({ payments }) => formatCount(payments),
      text: ({ payments }) => String(payments),
    },
    { id: 'ts', header: heads.ts, width: 160, cell: ({ ts }) => <DateTime ts={ts} />, text: ({ ts }) => formatUtc(ts) },
  ]
}

/** A mark with its evidence, what was decided of the like before, and deciding. */
function MarkSheet({ mark }: { mark: WatchMarkShown }) {
  const nameOf = useEntityNames()
  const { decision, earlier, evidence, payments } = mark
  return (
    <div className={page.stack}>
      <p>{mark.finding}</p>
      <dl className={settings.facts}>
        <Fact name={words.columns.state}>
          <MarkState state={mark.state} />
        </Fact>
        <Fact name={words.columns.rule}>{words.rules[mark.rule]}</Fact>
        <Fact name={words.columns.who}>{names(mark)}</Fact>
        {decision ? (
          <Fact name={words.decision}>
            <DateTime ts={decision.decidedTs} /> {words.by} {nameOf(decision.decidedBy)}: {decision.note}
          </Fact>
        ) : null}
        {earlier ? (
          <Fact name={words.earlier(earlier.id)}>
            <MarkState state={earlier.state} />, <DateTime ts={earlier.decidedTs} /> {words.by} {nameOf(earlier.decidedBy)}: {earlier.note}
          </Fact>
        ) : null}
      </dl>
      <Evidence
        evidence={evidence}
        title={evidence.length < payments ? words.evidenceSome(formatCount(evidence.length), formatCount(payments)) : words.evidence}
      />
      <DecideForm mark={mark} />
    </div>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={settings.wrap}>{children}</dd>
    </div>
  )
}

function Evidence({ evidence, title }: { evidence: WatchMarkShown['evidence']; title: string }) {
  const nameOf = useEntityNames()
  const [isAll, setAll] = useState(false)
  const shown = isAll ? evidence : evidence.slice(0, FIRST_PAYMENTS)
  const { evidenceColumns: heads } = words
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <div className={page.scroll}>
        <table className={page.table} aria-label={title}>
          <thead>
            <tr>
              <th scope="col">{heads.ts}</th>
              <th scope="col">{heads.from}</th>
              <th scope="col">{heads.to}</th>
              <NumHead name={heads.amount} help="amount-of-a-payment" />
              <th scope="col">{heads.token}</th>
              <th scope="col" className={page.num}>
                {heads.entry}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ entry, ts, from, to, token, amount }) => (
              <tr key={entry}>
                <td>
                  <DateTime ts={ts} form="short" />
                </td>
                <td className={page.wrap}>{nameOf(from)}</td>
                <td className={page.wrap}>{nameOf(to)}</td>
                <td className={page.num} title={`${formatAmount(amount)} ${token}`}>
                  <Amount units={amount} token={token} />
                </td>
                <td>{token}</td>
                <td className={page.num}>{formatCount(entry)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < evidence.length ? (
        <Button variant="subtle" h={32} px={8} onClick={() => setAll(true)}>
          {words.showAll(formatCount(evidence.length))}
        </Button>
      ) : null}
    </section>
  )
}

function DecideForm({ mark }: { mark: WatchMarkShown }) {
  const [verdict, setVerdict] = useState<(typeof watchVerdicts)[number]>(mark.state === 'suspicious' ? 'suspicious' : 'fine')
  const [note, setNote] = useState('')
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const missing = note.trim() === ''
  return (
    <TreasuryForm
      name={words.decide}
      how={words.decideHow}
      action={words.action[verdict]}
      as="administrator"
      sending={sending}
      isReady={!missing}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        await command('watch.decide', { id: mark.id, verdict, note: note.trim() }, { idempotencyKey })
        notifications.show({ message: words.decided })
        closeSheet()
      }}
    >
      <div>
        <SegmentedControl
          aria-label={words.verdict}
          data={watchVerdicts.map(value => ({ value, label: words.verdicts[value] }))}
          value={verdict}
          onChange={value => setVerdict(watchVerdicts.find(one => one === value) ?? verdict)}
          transitionDuration={0}
        />
      </div>
      <Textarea
        label={words.note}
        value={note}
        onChange={event => setNote(event.currentTarget.value)}
        error={tried && missing ? words.noteMissing : null}
        maxLength={WATCH_NOTE_LENGTH}
        autosize
        minRows={2}
      />
    </TreasuryForm>
  )
}
