import { Button, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { ReinvestmentShown } from '../../src-shared/treasury/revenue-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { NumHead } from '../components/num-head.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { useAvailable } from '../own-balance.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.revenue
const topics = ['treasury'] as const
const SHOWN = 10
const shares = ['infrastructure', 'students', 'team'] as const
type Quote = QueryOutput<'revenue.quote'>

/** What fees and taxes of a token have come in, how they would be split, and how they were. */
export function TokenRevenue({ token, readOnly }: { token: string; readOnly: boolean }) {
  const { data, error, refetch } = useQuery('revenue.quote', { token }, topics)
  const isNothing = data?.revenue === 0n
  return (
    <section className={page.panel} aria-label={words.title}>
      <div className={page.panelHead}>
        <h2>{words.title}</h2>
        <Button
          h={32}
          variant="default"
          disabled={readOnly || !data || isNothing}
          onClick={() => openSheet({ title: words.form.title(token), body: <SplitForm token={token} /> })}
        >
          {words.split}
        </Button>
      </div>
      <p className={page.dim}>{isNothing ? words.none : words.what}</p>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={78} /> : null}
      {data && !isNothing ? (
        <dl className={page.figures}>
          {(['revenue', ...shares, 'reserveTarget'] as const).map(name => (
            <div key={name} className={page.figure}>
              <dt>{words.to[name]}</dt>
              <dd className={page.number}>
                <Amount units={data[name]} token={token} />
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
      <PastSplits token={token} />
    </section>
  )
}

function PastSplits({ token }: { token: string }) {
  const { data, error, refetch } = useQuery('revenue.list', { token, limit: SHOWN }, topics)
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return null
  if (data.total === 0) return <p className={page.dim}>{words.pastNone}</p>
  const { columns } = words
  return (
    <div className={page.scroll}>
      <table className={page.table} aria-label={words.past}>
        <thead>
          <tr>
            <th scope="col">{columns.ts}</th>
            <NumHead name={columns.revenue} help="fees-and-taxes" />
            {shares.map(name => (
              <NumHead key={name} name={columns[name]} help="share-of-fees-and-taxes" />
            ))}
            <NumHead name={columns.funded} help="reserve-got" />
            <NumHead name={columns.short} help="reserve-lacks" hint={words.shortHint} />
            <th scope="col">{columns.from}</th>
          </tr>
        </thead>
        <tbody>
          {data.rows.map(split => (
            <SplitRow key={split.id} split={split} />
          ))}
        </tbody>
      </table>
      {data.total > data.rows.length ? <p className={page.dim}>{words.pastMore(formatCount(data.total - data.rows.length))}</p> : null}
    </div>
  )
}

function SplitRow({ split }: { split: ReinvestmentShown }) {
  const { id, token, ts, capitalFromName } = split
  return (
    <tr>
      <td title={id}>
        <DateTime ts={ts} />
      </td>
      {(['revenue', ...shares, 'reserveFunded', 'reserveShortfall'] as const).map(name => (
        <td key={name} className={page.num}>
          <Amount units={split[name]} token={token} />
        </td>
      ))}
      <td className={page.wrap}>{capitalFromName === null ? '' : cleanName(capitalFromName)}</td>
    </tr>
  )
}

/** Splits what has come in; the reserve gets what an entity that is unlocked here gives for it. */
function SplitForm({ token }: { token: string }) {
  const { data: quote, error, refetch } = useQuery('revenue.quote', { token }, topics)
  const giver = useSession().data?.entity ?? null
  const available = useAvailable(token)
  const capital = useAmount(token)
  const sending = useSendOnce()
  const { form } = words
  const name = giver === null ? '' : cleanName(giver.name)
  const units = giver === null ? null : capital.units
  const isCapitalFine = giver === null || capital.entry.kind === 'empty' || (units !== null && units <= (available ?? units))
  if (error && !quote) return <ErrorPanel error={error} onRetry={refetch} />
  if (!quote) return <Skeleton height={240} />
  const tokens = `${writeAmount(quote.revenue)} ${token}`
  // where the answer was lost it may be split by now: sending it again tells
  const isSomething = quote.revenue > 0n || sending.error?.code === 'core.gone'
  return (
    <TreasuryForm
      name={form.title(token)}
      how={form.how}
      action={form.action(tokens)}
      as="administrator"
      sending={sending}
      isReady={isSomething && isCapitalFine}
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        const given = giver !== null && units !== null ? { capitalFrom: giver.entityId, capital: formatAmount(units) } : {}
        const { revenue } = await command('revenue.reinvest', { token, ...given }, { idempotencyKey })
        notifications.show({ message: form.done(`${writeAmount(revenue)} ${token}`) })
        closeSheet()
      }}
    >
      {giver === null ? (
        <Note state="asleep">{form.noEntity}</Note>
      ) : (
        <AmountField label={form.capital(name)} description={form.capitalHint} amount={capital} mostUnits={available} />
      )}
      <Outcome title={texts.treasury.outcome} lines={isCapitalFine ? splitLines(quote, units ?? 0n, name) : []} />
    </TreasuryForm>
  )
}

function splitLines(quote: Quote, capitalUnits: bigint, name: string): OutcomeLine[] {
  const { token, reserveTarget } = quote
  const tokens = (units: bigint) => `${writeAmount(units)} ${token}`
  const funded = capitalUnits < reserveTarget ? capitalUnits : reserveTarget
  return [
    { label: words.to.revenue, value: tokens(quote.revenue), strong: true },
    ...shares.map(share => ({ label: words.to[share], value: tokens(quote[share]) })),
    ...(funded === 0n ? [] : [{ label: words.form.gives(name), value: tokens(funded) }]),
    { label: words.form.reserveGets, value: tokens(funded) },
    { label: words.form.reserveLacks, value: tokens(reserveTarget - funded) },
  ]
}
