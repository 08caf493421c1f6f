import { Button, SegmentedControl, Skeleton, TextInput } from '@mantine/core'
import { type ReactNode, useId, useState } from 'react'
import { Link } from 'wouter'
import { cleanName } from '../../src-shared/text.ts'
import type { Entity } from '../../src-shared/treasury/entities.ts'
import type { TokenBalance } from '../../src-shared/treasury/tokens-table.ts'
import { endOfDay } from '../account-model.ts'
import { useQuery } from '../api.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { NumHead } from '../components/num-head.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatDayYear } from '../format.ts'
import { openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { PayFromFile } from './account-file.tsx'
import { AsideForm, PayForm, RequestForm, USUAL_TOKEN } from './account-forms.tsx'
import { Escrows, PayButton, Payments, Requests, Statement } from './account-lists.tsx'
import { Programs } from './account-programs.tsx'
import { TrustFigure } from './account-trust.tsx'
import { ActingAs, openMakeEntity, openUnlock, useEntities, useSession } from './acting.tsx'
import page from './page.module.css'

const words = texts.account
const tabs = ['statement', 'payments', 'requests', 'escrow', 'programs'] as const
type Tab = (typeof tabs)[number]
const topics = ['treasury'] as const

/** What the unlocked entity has, what it is asked to pay, and what moved. */
export function AccountPage() {
  const session = useSession()
  const { own } = useEntities()
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  const { data, error, refetch } = session
  return (
    <div className={page.page}>
      <header className={page.head}>
        <h1 title={words.what}>{words.title}</h1>
        {readOnly ? <span className={page.dim}>{texts.treasury.readOnly}</span> : data?.entity ? <ActingAs /> : null}
        {data?.entity ? <Actions ownId={data.entity.entityId} readOnly={readOnly} /> : null}
      </header>
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {!data && !error ? <Skeleton height={320} /> : null}
      {data && !data.entity ? (
        own.length === 0 ? (
          <EmptyState
            title={words.none}
            action={
              <Button h={32} disabled={readOnly} onClick={openMakeEntity}>
                {texts.treasury.acting.make}
              </Button>
            }
          >
            {words.noneWhat}
          </EmptyState>
        ) : (
          <EmptyState
            title={words.locked}
            action={
              <Button h={32} disabled={readOnly} onClick={() => openUnlock()}>
                {texts.treasury.acting.unlock}
              </Button>
            }
          >
            {words.lockedWhat}
          </EmptyState>
        )
      ) : null}
      {data?.entity ? <Contents entity={data.entity} readOnly={readOnly} /> : null}
    </div>
  )
}

function useBalances(entityId: string, atTs?: number) {
  return useQuery('tokens.balances', { entityId, ...(atTs !== undefined && { atTs }) }, topics)
}

function Actions({ ownId, readOnly }: { ownId: string; readOnly: boolean }) {
  const hasTokens = useHasTokens()
  const isOff = readOnly || !hasTokens
  const sheet = (title: string, body: ReactNode) => () => openSheet({ title, body })
  const { forms } = words
  return (
    <div className={page.right}>
      <PayFromFile ownId={ownId} disabled={isOff} />
      <Button h={32} variant="default" disabled={isOff} onClick={sheet(forms.requestTitle, <RequestForm ownId={ownId} />)}>
        {words.request}
      </Button>
      <Button h={32} variant="default" disabled={isOff} onClick={sheet(forms.holdTitle, <PayForm how="hold" ownId={ownId} />)}>
        {words.hold}
      </Button>
      <Button h={32} disabled={isOff} onClick={sheet(forms.sendTitle, <PayForm how="send" ownId={ownId} />)}>
        {words.send}
      </Button>
    </div>
  )
}

/** False only where it is known that no token is there to be moved. */
function useHasTokens(): boolean {
  const { data } = useQuery('tokens.list', {}, topics)
  return data?.some(({ isInitialised, isMirror }) => isInitialised && !isMirror) ?? true
}

function Contents({ entity: { entityId }, readOnly }: { entity: Entity; readOnly: boolean }) {
  const [ui, setUi] = useUi<{ tab: Tab }>('account', { tab: 'statement' })
  const balances = useBalances(entityId)
  const hasTokens = useHasTokens()
  const tab = tabs.includes(ui.tab) ? ui.tab : 'statement'
  const { data, error, refetch } = balances
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={320} />
  return (
    <>
      {hasTokens ? null : (
        <Note state="unknown">
          {words.noTokens} <Link href="/tokens">{words.toTokens}</Link>
        </Note>
      )}
      <ToPay entityId={entityId} balances={data.balances} readOnly={readOnly} />
      <Balances entityId={entityId} now={data.balances} readOnly={readOnly} />
      <div>
        <SegmentedControl
          aria-label={words.tabsLabel}
          data={tabs.map(value => ({ value, label: words.tabs[value] }))}
          value={tab}
          onChange={value => setUi({ tab: tabs.find(one => one === value) ?? 'statement' })}
          transitionDuration={0}
        />
      </div>
      {tab === 'statement' ? <Statement ownId={entityId} tokens={data.balances.map(({ token }) => token)} /> : null}
      {tab === 'payments' ? <Payments ownId={entityId} /> : null}
      {tab === 'requests' ? <Requests ownId={entityId} readOnly={readOnly} /> : null}
      {tab === 'escrow' ? <Escrows ownId={entityId} readOnly={readOnly} /> : null}
      {tab === 'programs' ? <Programs ownId={entityId} readOnly={readOnly} /> : null}
    </>
  )
}

const MOST_REQUESTS = 5

/** The figures, and before all else the requests that wait for this entity. */
function ToPay({ entityId, balances, readOnly }: { entityId: string; balances: readonly TokenBalance[]; readOnly: boolean }) {
  const { data } = useQuery('requests.list', { entityId, side: 'asked', state: 'pending', limit: MOST_REQUESTS }, topics)
  const usual = balances.find(({ token }) => token === USUAL_TOKEN)
  const { figures, toPayColumns: heads } = words
  return (
    <>
      {data && data.total > 0 ? (
        <section className={`${page.panel} ${page.scroll}`} aria-label={words.toPay}>
          <h2>{words.toPay}</h2>
          <table className={page.table}>
            <caption className={page.hidden}>{words.toPay}</caption>
            <thead>
              <tr>
                <th scope="col">{heads.from}</th>
                <th scope="col">{heads.memo}</th>
                <th scope="col">{heads.since}</th>
                <th scope="col">{heads.pay}</th>
              </tr>
            </thead>
            <tbody>
              {data.rows.map(request => (
                <tr key={request.id}>
                  <td>{cleanName(request.toName)}</td>
                  <td className={page.wrap}>{cleanName(request.memo)}</td>
                  <td>
                    <DateTime ts={request.createdTs} form="both" />
                  </td>
                  <td>
                    <PayButton request={request} readOnly={readOnly} filled />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {data.total > data.rows.length ? <p className={page.dim}>{words.toPayMore(data.total - data.rows.length)}</p> : null}
        </section>
      ) : null}
      <dl className={page.figures}>
        <Fact name={figures.available(USUAL_TOKEN)} hint={figures.availableHint}>
          <Amount units={usual?.available ?? 0n} token={USUAL_TOKEN} />
        </Fact>
        <Fact name={figures.locked(USUAL_TOKEN)} hint={figures.lockedHint}>
          <Amount units={usual?.locked ?? 0n} token={USUAL_TOKEN} />
        </Fact>
        <Fact name={figures.trust} hint={words.trust.what}>
          <TrustFigure entityId={entityId} />
        </Fact>
        <Fact name={figures.asked}>
          {!data || data.total === 0 ? (
            <span className={page.dim}>{figures.askedNone}</span>
          ) : (
            <StateMark state="at-risk" word={figures.askedSome(data.total)} />
          )}
        </Fact>
      </dl>
    </>
  )
}

function Fact({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <div className={page.figure}>
      <dt title={hint}>{name}</dt>
      <dd className={page.number}>{children}</dd>
    </div>
  )
}

/** What the entity has of each token, now or at the end of a day. */
function Balances({ entityId, now, readOnly }: { entityId: string; now: readonly TokenBalance[]; readOnly: boolean }) {
  const dayId = useId()
  const [day, setDay] = useState('')
  const atTs = endOfDay(day)
  const then = useBalances(entityId, atTs ?? undefined)
  // of tokens that it had only later nothing need be said
  const rows = atTs === null ? now : then.data?.balances.filter(({ total }) => total > 0n)
  const { balanceColumns: heads } = words
  return (
    <section className={page.panel} aria-label={words.balances}>
      <div className={page.panelHead}>
        <div className={page.head}>
          <h2>{words.balances}</h2>
          {atTs === null ? null : <span className={page.dim}>{words.balancesThen(formatDayYear(atTs))}</span>}
        </div>
        <div className={page.right}>
          <label htmlFor={dayId} className={page.dim}>
            {words.asOf}
          </label>
          <TextInput id={dayId} type="date" value={day} max={today()} onChange={event => setDay(event.currentTarget.value)} />
          <Button h={36} variant="default" disabled={day === ''} onClick={() => setDay('')}>
            {words.asOfNow}
          </Button>
        </div>
      </div>
      {then.error && atTs !== null ? <ErrorPanel error={then.error} onRetry={then.refetch} /> : null}
      {rows && rows.length === 0 ? <p className={page.dim}>{atTs === null ? words.balancesNone : words.balancesNoneThen}</p> : null}
      {rows && rows.length > 0 ? (
        <div className={page.scroll}>
          <table className={page.table} aria-label={words.balances}>
            <thead>
              <tr>
                <th scope="col">{heads.token}</th>
                <NumHead name={heads.available} help="available" hint={words.figures.availableHint} />
                <NumHead name={heads.locked} help="locked" hint={words.figures.lockedHint} />
                <NumHead name={heads.total} help="in-all" />
                {atTs === null ? (
                  <th scope="col" className={page.num}>
                    {heads.aside}
                  </th>
                ) : null}
              </tr>
            </thead>
            <tbody>
              {rows.map(balance => (
                <BalanceRow key={balance.token} ownId={entityId} balance={balance} canMove={atTs === null} readOnly={readOnly} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  )
}

function BalanceRow(props: { ownId: string; balance: TokenBalance; canMove: boolean; readOnly: boolean }) {
  const { ownId, canMove, readOnly } = props
  const { token, available, locked, total } = props.balance
  return (
    <tr>
      <th scope="row">{token}</th>
      <td className={page.num}>
        <Amount units={available} token={token} />
      </td>
      <td className={page.num}>
        <Amount units={locked} token={token} />
      </td>
      <td className={page.num}>
        <Amount units={total} token={token} />
      </td>
      {canMove ? (
        <td className={page.num}>
          <Button
            h={32}
            variant="default"
            disabled={readOnly}
            aria-label={words.asideOf(token)}
            onClick={() => openSheet({ title: words.asideOf(token), body: <AsideForm ownId={ownId} token={token} /> })}
          >
            {words.aside}
          </Button>
        </td>
      ) : null}
    </tr>
  )
}

/** The local day, as a date field has it. */
function today(): string {
  const now = new Date()
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(part => String(part).padStart(2, '0')).join('-')
}
