import { Button, Skeleton } from '@mantine/core'
import { useEffect, useMemo } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import { GOVERNANCE_TOKEN, voteChoices } from '../../src-shared/treasury/governance.ts'
import type { ProposalShown } from '../../src-shared/treasury/governance-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { useQuery } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { textColumn, timeColumn } from '../components/plain-columns.tsx'
import { listSource } from '../components/row-source.ts'
import { FigureList } from '../components/token-sums.tsx'
import { Amount, useNowTs } from '../components/values.tsx'
import { formatCount, formatShare } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { isPast, nextFirst } from '../proposals-model.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { ProposeForm } from './proposal-form.tsx'
import { OwnPower, ProposalMark, Standing, TimeLeft, WhatChanges } from './proposal-parts.tsx'
import { openExecute, openProposal, openVote } from './proposal-sheets.tsx'
import classes from './proposals.module.css'
import { ProposalsOnChain } from './proposals-chain.tsx'
import { TreasuryHead } from './treasury-head.tsx'

const words = texts.proposals
const topics = ['treasury'] as const
const newestFirst = { id: 'end', descending: true }
/** Open ones that are drawn at once; more are counted, and stand in the list below. */
const MOST_OPEN = 50
const MOST = 1000

/** What is to be decided now, what a vote of one's own counts, and what was decided. */
export function ProposalsPage() {
  const session = useSession().data
  const entityId = session?.entity?.entityId
  return (
    <div className={page.page}>
      <TreasuryHead title={words.title} what={words.what}>
        {entityId === undefined ? null : (
          <Button h={32} onClick={() => openSheet({ title: words.propose, body: <ProposeForm /> })}>
            {words.propose}
          </Button>
        )}
      </TreasuryHead>
      <Proposals entityId={entityId} isAdministrator={session?.isAdministrator === true} />
      <ProposalsOnChain />
    </div>
  )
}

function Proposals({ entityId, isAdministrator }: { entityId: string | undefined; isAdministrator: boolean }) {
  const open = useQuery('governance.list', { open: true, limit: MOST_OPEN }, topics)
  const over = useQuery('governance.list', { open: false, limit: MOST }, topics)
  const nowTs = useNowTs()
  const [refetchOpen, refetchOver] = [open.refetch, over.refetch]
  // a vote begins and ends by the clock, of which nobody tells
  const moved = open.data?.rows.filter(row => isPast(row, nowTs)).length ?? 0
  useEffect(() => {
    if (moved === 0 || nowTs === 0) return
    refetchOpen()
    refetchOver()
  }, [moved, nowTs, refetchOpen, refetchOver])
  const error = open.error ?? over.error
  if (error && (!open.data || !over.data)) return <ErrorPanel error={error} onRetry={open.error ? refetchOpen : refetchOver} />
  if (!open.data || !over.data) return <Skeleton height={320} />
  const rows = nextFirst(open.data.rows)
  const passed = over.data.rows.filter(({ state }) => state === 'PASSED')
  return (
    <>
      {entityId === undefined ? <p className={page.dim}>{words.nobody}</p> : <OwnFigures entityId={entityId} open={rows} />}
      <section className={page.stack} aria-label={words.open}>
        <h2 className={page.title}>{words.open}</h2>
        {rows.length + passed.length === 0 ? <p className={page.dim}>{words.openNone}</p> : null}
        <div className={classes.cards}>
          {rows.map(row => (
            <Card key={row.id} proposal={row} nowTs={nowTs} canVote={entityId !== undefined} canExecute={false} />
          ))}
          {passed.map(row => (
            <Card key={row.id} proposal={row} nowTs={nowTs} canVote={false} canExecute={isAdministrator} />
          ))}
        </div>
        {open.data.total > rows.length ? <p className={page.dim}>{words.more(formatCount(open.data.total - rows.length))}</p> : null}
      </section>
      <Decided rows={over.data.rows} />
    </>
  )
}

function OwnFigures({ entityId, open }: { entityId: string; open: readonly ProposalShown[] }) {
  const terms = useQuery('governance.terms', {}, topics).data
  const balance = useQuery('tokens.balance', { entityId, tokenId: GOVERNANCE_TOKEN }, topics).data
  const trust = useQuery('trust.get', { entityId }, topics).data
  const { figures } = words
  if (!terms || !balance || !trust) return <Skeleton height={80} />
  const waiting = open.filter(({ state, mine }) => state === 'ACTIVE' && mine !== null && mine.vote === null).length
  const least = `${writeAmount(terms.proposalMin)} ${GOVERNANCE_TOKEN}`
  return (
    <FigureList
      figures={[
        {
          name: figures.holds,
          help: 'voting-power',
          hint: figures.holdsHint,
          value: <Amount units={balance.total} token={GOVERNANCE_TOKEN} unit />,
          note: balance.total >= terms.proposalMin ? figures.proposes : figures.proposesNot(least),
        },
        { name: figures.trust, help: 'trust', hint: figures.trustHint, value: trust.score, note: figures.of },
        {
          name: figures.waiting,
          help: 'waits-for-your-vote',
          value: waiting === 0 ? <span className={page.dim}>{figures.none}</span> : formatCount(waiting),
        },
        {
          name: figures.circulating,
          help: 'circulating-supply',
          hint: figures.circulatingHint,
          value: <Amount units={terms.circulating} token={GOVERNANCE_TOKEN} unit />,
        },
      ]}
    />
  )
}

function Card(props: { proposal: ProposalShown; nowTs: number; canVote: boolean; canExecute: boolean }) {
  const { proposal, nowTs, canVote, canExecute } = props
  const { id, title, description, type, state, proposerName, mine } = proposal
  const isOn = state === 'ACTIVE'
  return (
    <article className={`${page.panel} ${classes.card}`} aria-label={`${id}, ${cleanName(title)}`}>
      <div className={page.panelHead}>
        <h3>{cleanName(title)}</h3>
        <ProposalMark state={state} />
      </div>
      <div className={page.facts}>
        <span>{id}</span>
        <span>{words.types[type]}</span>
        <span>{words.byWhom(cleanName(proposerName))}</span>
        {state === 'PASSED' ? null : (
          <strong>
            <TimeLeft proposal={proposal} nowTs={nowTs} />
          </strong>
        )}
      </div>
      <div className={classes.ifPasses}>
        <strong>{words.ifPasses}</strong>
        <WhatChanges proposal={proposal} />
        {description === '' ? null : <p className={classes.short}>{description}</p>}
      </div>
      <Standing proposal={proposal} />
      <OwnPower proposal={proposal} />
      <div className={page.buttons}>
        {canVote && isOn && !mine?.vote
          ? voteChoices.map(choice => (
              <Button
                key={choice}
                h={32}
                variant="default"
                aria-label={words.voteButton(words.choices[choice], id)}
                onClick={() => openVote(id, choice)}
              >
                {words.choices[choice]}…
              </Button>
            ))
          : null}
        {canExecute ? (
          <Button h={32} onClick={() => openExecute(proposal)} aria-label={words.executeTitle(id)}>
            {words.execute}…
          </Button>
        ) : null}
        {state === 'PASSED' && !canExecute ? <span className={page.dim}>{words.waitsExecution}</span> : null}
        <Button h={32} px={8} variant="subtle" aria-label={words.detailsOf(id)} onClick={() => openProposal(id)}>
          {words.details}
        </Button>
      </div>
    </article>
  )
}

function Decided({ rows }: { rows: readonly ProposalShown[] }) {
  const columns = useMemo(() => decidedColumns(), [])
  const source = useMemo(() => listSource(rows), [rows])
  return (
    <DataTable
      name="proposals"
      label={words.decided}
      title={words.decided}
      columns={columns}
      source={source}
      rowId={({ id }) => id}
      sort={newestFirst}
      onSort={() => undefined}
      onOpen={({ id }) => openProposal(id)}
      empty={words.decidedNone}
      maxRows={10}
    />
  )
}

function decidedColumns(): Column<ProposalShown>[] {
  const { columns: heads } = words
  const share = (id: string, header: string, help: HelpTerm, shareOf: (row: ProposalShown) => string | null): Column<ProposalShown> => ({
    ...{ id, header, help, width: 90, align: 'right' },
    cell: row => shareOf(row) ?? '',
    text: row => shareOf(row) ?? '',
  })
  return [
    textColumn({ id: 'id', header: heads.id }, 80, ({ id }) => id),
    {
      ...{ id: 'state', header: heads.state, width: 120 },
      cell: ({ state }) => <ProposalMark state={state} />,
      text: ({ state }) => words.states[state],
    },
    { ...textColumn<ProposalShown>({ id: 'title', header: heads.title }, 220, ({ title }) => cleanName(title)), grow: 4 },
    textColumn({ id: 'type', header: heads.type }, 100, ({ type }) => words.types[type]),
    share('yes', heads.yes, 'approval', ({ yes, no }) => formatShare(yes, yes + no)),
    share('turnout', heads.turnout, 'quorum', ({ turnout, circulating }) => formatShare(turnout, circulating)),
    textColumn({ id: 'by', header: heads.by }, 150, ({ proposerName }) => cleanName(proposerName)),
    timeColumn({ id: 'end', header: heads.ended }, ({ endTs }) => endTs),
    { ...timeColumn<ProposalShown>({ id: 'executed', header: heads.executed }, ({ executedTs }) => executedTs), optional: true },
  ]
}
