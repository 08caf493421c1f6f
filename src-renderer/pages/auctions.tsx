import { Button, Skeleton, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMemo, useState } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { ACCESS_TOKEN, type AuctionShown } from '../../src-shared/treasury/guarantees-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, query, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { NumHead } from '../components/num-head.tsx'
import { Outcome } from '../components/outcome.tsx'
import { amountColumn, textColumn, timeColumn } from '../components/plain-columns.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { useAvailable } from '../own-balance.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import settings from './settings.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.guarantees.auctions
const topics = ['treasury'] as const
const newestFirst = { id: 'end', descending: true }

/** Reverse auctions, as far as they lock BTA-UTIL of whoever takes part. */
export function Auctions() {
  const columns = useMemo(() => auctionColumns(), [])
  const entityId = useSession().data?.entity?.entityId
  const source = useWindowSource(String(entityId), (offset, limit, signal) => query('auctions.list', { offset, limit }, signal), topics)
  return (
    <DataTable
      name="auctions"
      label={words.title}
      title={words.title}
      columns={columns}
      source={source}
      rowId={({ id }) => id}
      sort={newestFirst}
      onSort={() => undefined}
      onOpen={({ id, title }) => openSheet({ title: cleanName(title), body: <AuctionSheet id={id} /> })}
      tools={
        <Button h={32} variant="default" onClick={() => openSheet({ title: words.open, body: <OpenForm /> })}>
          {words.open}
        </Button>
      }
      empty={
        <>
          {words.none} <span className={page.dim}>{words.what}</span>
        </>
      }
      maxRows={6}
    />
  )
}

function AuctionMark({ state }: { state: AuctionShown['state'] }) {
  return <StateMark state={state === 'open' ? 'up' : 'asleep'} word={words.states[state]} />
}

function auctionColumns(): Column<AuctionShown>[] {
  const { columns: heads } = words
  return [
    { ...textColumn<AuctionShown>({ id: 'title', header: heads.title }, 200, ({ title }) => cleanName(title)), grow: 2 },
    { id: 'state', header: heads.state, width: 110, cell: ({ state }) => <AuctionMark state={state} />, text: ({ state }) => state },
    amountColumn({ id: 'base', header: heads.base, help: 'auction-base' }, ACCESS_TOKEN, ({ base }) => base),
    {
      ...amountColumn<AuctionShown>({ id: 'own', header: heads.own, help: 'auction-lock' }, ACCESS_TOKEN, ({ own }) => own?.locked ?? null),
      width: 190,
      cell: ({ own, state }) =>
        own === null || (state === 'ended' && !own.isIn) ? (
          ''
        ) : (
          <>
            {own.isIn ? <span className={page.dim}>{words.in} </span> : null}
            <Amount units={own.locked} token={ACCESS_TOKEN} />
          </>
        ),
    },
    {
      id: 'participants',
      header: heads.participants,
      width: 100,
      align: 'right',
      help: 'participants',
      cell: ({ participants }) => formatCount(participants),
      text: ({ participants }) => String(participants),
    },
    timeColumn({ id: 'end', header: heads.end }, ({ endTs }) => endTs),
  ]
}

/** An auction: who takes part, taking part, ending it. */
function AuctionSheet({ id }: { id: string }) {
  const { data, error, refetch } = useQuery('auctions.participants', { id, limit: 1000 }, topics)
  const session = useSession().data
  const [isEnding, setEnding] = useState(false)
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={200} />
  const { auction } = data
  const isOpen = auction.state === 'open'
  return (
    <div className={page.stack}>
      <dl className={settings.facts}>
        <div>
          <dt>{words.columns.state}</dt>
          <dd>
            <AuctionMark state={auction.state} />
          </dd>
        </div>
        <div>
          <dt>{words.base}</dt>
          <dd>
            {writeAmount(auction.base)} {ACCESS_TOKEN}
          </dd>
        </div>
        <div>
          <dt>{words.end}</dt>
          <dd>
            <DateTime ts={auction.endTs} form="both" />
          </dd>
        </div>
      </dl>
      {isOpen && auction.own && !auction.own.isIn ? <JoinForm auction={auction} own={auction.own} /> : null}
      {isOpen && auction.own?.isIn ? <Note state="up">{words.joined}</Note> : null}
      <Participants rows={data.rows} />
      {isOpen && session ? (
        isEnding ? (
          <EndForm auction={auction} />
        ) : (
          <div className={page.buttons}>
            <Button variant="subtle" onClick={() => setEnding(true)}>
              {words.endNow}…
            </Button>
          </div>
        )
      ) : null}
    </div>
  )
}

function Participants({ rows }: { rows: readonly { entityId: string; name: string; trust: number; locked: bigint; joinedTs: number }[] }) {
  const { participantColumns: heads } = words
  return (
    <section aria-label={words.participants}>
      <h3>{words.participants}</h3>
      {rows.length === 0 ? (
        <p className={page.dim}>{words.nobody}</p>
      ) : (
        <table className={page.table} aria-label={words.participants}>
          <thead>
            <tr>
              <th scope="col">{heads.name}</th>
              <NumHead name={heads.trust} help="trust" />
              <NumHead name={heads.locked} help="auction-lock" />
              <th scope="col">{heads.joined}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ entityId, name, trust, locked, joinedTs }) => (
              <tr key={entityId}>
                <td className={page.wrap}>{cleanName(name)}</td>
                <td className={page.num}>{trust}</td>
                <td className={page.num}>
                  <Amount units={locked} token={ACCESS_TOKEN} />
                </td>
                <td>
                  <DateTime ts={joinedTs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function JoinForm({ auction, own }: { auction: AuctionShown; own: NonNullable<AuctionShown['own']> }) {
  const available = useAvailable(ACCESS_TOKEN)
  const sending = useSendOnce()
  const isShort = available !== null && available < own.locked
  const written = (units: bigint) => `${writeAmount(units)} ${ACCESS_TOKEN}`
  return (
    <TreasuryForm
      name={words.join}
      how={words.joinHow}
      action={words.joinAction(writeAmount(own.locked))}
      as="entity"
      sending={sending}
      isReady={!isShort}
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('auctions.join', { id: auction.id }, { idempotencyKey })
        notifications.show({ message: words.joined })
      }}
    >
      <Outcome
        title={texts.treasury.outcome}
        lines={[
          { label: words.yourTrust, value: String(own.trust) },
          { label: words.locks, value: written(own.locked), strong: true },
          ...(available === null || isShort ? [] : [{ label: words.leaves, value: written(available - own.locked) }]),
        ]}
      />
      {isShort ? <Note state="at-risk">{words.short(writeAmount(available))}</Note> : null}
    </TreasuryForm>
  )
}

function EndForm({ auction }: { auction: AuctionShown }) {
  const sending = useSendOnce()
  return (
    <TreasuryForm
      name={words.endNow}
      how={words.endHow}
      action={words.endAction(cleanName(auction.title))}
      as="administrator"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('auctions.end', { id: auction.id }, { idempotencyKey })
        notifications.show({ message: words.ended })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}

function OpenForm() {
  const base = useAmount(ACCESS_TOKEN)
  const [title, setTitle] = useState('')
  const [end, setEnd] = useState('')
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const endTs = Math.floor(new Date(end).getTime() / 1000)
  const isLate = Number.isNaN(endTs) || endTs * 1000 <= Date.now()
  const missing = title.trim() === ''
  return (
    <TreasuryForm
      name={words.open}
      how={words.openHow}
      action={missing ? words.open : words.openAction(title.trim())}
      as="administrator"
      sending={sending}
      isReady={base.units !== null && !isLate && !missing}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (base.units === null) return
        await command('auctions.open', { title: title.trim(), base: formatAmount(base.units), endTs }, { idempotencyKey })
        notifications.show({ message: words.opened })
        closeSheet()
      }}
    >
      <TextInput
        data-autofocus
        label={words.name}
        value={title}
        onChange={event => setTitle(event.currentTarget.value)}
        error={tried && missing ? words.needs.title : null}
        maxLength={100}
        autoComplete="off"
      />
      <AmountField label={words.base} amount={base} tried={tried} />
      <TextInput
        type="datetime-local"
        label={words.end}
        description={words.endHint}
        value={end}
        onChange={event => setEnd(event.currentTarget.value)}
        error={tried && isLate ? words.needs.end : null}
        maw={240}
      />
    </TreasuryForm>
  )
}
