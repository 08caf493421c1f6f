import { SegmentedControl, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMemo, useState } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import { GOVERNANCE_TOKEN, type VoteChoice, voteChoices } from '../../src-shared/treasury/governance.ts'
import type { ProposalShown } from '../../src-shared/treasury/governance-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, query, useQuery } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { Note } from '../components/note.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { amountColumn, textColumn, timeColumn } from '../components/plain-columns.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { DateTime } from '../components/values.tsx'
import { formatCount, formatShare } from '../format.ts'
import { withVote } from '../proposals-model.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import { valueText } from './configuration-columns.tsx'
import page from './page.module.css'
import { OwnPower, ProposalMark, Standing, WhatChanges } from './proposal-parts.tsx'
import classes from './proposals.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.proposals
const topics = ['treasury'] as const
const newestFirst = { id: 'when', descending: true }

export function openProposal(id: string): void {
  openSheet({ title: words.sheet(id), body: <ProposalSheet id={id} /> })
}

export function openVote(id: string, choice: VoteChoice): void {
  openSheet({ title: words.voteOf(id), body: <VoteForm id={id} first={choice} /> })
}

export function openExecute(proposal: ProposalShown): void {
  openSheet({ title: words.executeTitle(proposal.id), body: <ExecuteForm proposal={proposal} /> })
}

/** A proposal in full: what it says and changes, how its vote stands, who voted what. */
function ProposalSheet({ id }: { id: string }) {
  const { data, error, refetch } = useQuery('governance.get', { id }, topics)
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={320} />
  const { columns: heads } = words
  const facts: Fact[] = [
    [heads.state, <ProposalMark key="state" state={data.state} />],
    [heads.type, words.types[data.type]],
    [heads.by, cleanName(data.proposerName)],
    [heads.created, <DateTime key="created" ts={data.createdTs} form="both" />],
    [heads.start, <DateTime key="start" ts={data.startTs} form="both" />],
    [heads.end, <DateTime key="end" ts={data.endTs} form="both" />],
  ]
  if (data.executedTs !== null) facts.push([heads.executed, <DateTime key="executed" ts={data.executedTs} form="both" />])
  return (
    <div className={page.stack}>
      <h3>{cleanName(data.title)}</h3>
      {data.description === '' ? null : <p className={classes.text}>{data.description}</p>}
      <section aria-label={words.ifPasses} className={classes.ifPasses}>
        <h3>{words.ifPasses}</h3>
        <WhatChanges proposal={data} />
      </section>
      <Standing proposal={data} />
      <OwnPower proposal={data} />
      <FactList facts={facts} />
      <Votes proposal={data} />
    </div>
  )
}

type VoteRow = Awaited<ReturnType<typeof query<'governance.votes'>>>['rows'][number]

function Votes({ proposal: { id, votes } }: { proposal: ProposalShown }) {
  const columns = useMemo(() => voteColumns(), [])
  const source = useWindowSource(id, (offset, limit, signal) => query('governance.votes', { id, offset, limit }, signal), topics)
  return (
    <DataTable
      name="proposal-votes"
      label={words.votes}
      title={`${words.votes} (${formatCount(votes)})`}
      columns={columns}
      source={source}
      rowId={({ voterId }) => voterId}
      sort={newestFirst}
      onSort={() => undefined}
      empty={words.noVotes}
      maxRows={8}
    />
  )
}

function voteColumns(): Column<VoteRow>[] {
  const { voteColumns: heads } = words
  return [
    textColumn({ id: 'who', header: heads.who }, 130, ({ voterName }) => cleanName(voterName)),
    textColumn({ id: 'choice', header: heads.choice }, 80, ({ vote }) => words.choices[vote]),
    amountColumn({ id: 'power', header: heads.power, help: 'voting-power' }, GOVERNANCE_TOKEN, ({ power }) => power),
    {
      id: 'trust',
      header: heads.trust,
      help: 'trust',
      width: 70,
      align: 'right',
      cell: ({ trust }) => trust,
      text: ({ trust }) => String(trust),
    },
    amountColumn({ id: 'weight', header: heads.weight, help: 'weight' }, '', ({ weight }) => weight),
    { ...timeColumn<VoteRow>({ id: 'when', header: heads.when }, ({ castTs }) => castTs), optional: true },
  ]
}

/** Votes: what the vote counts, and how the proposal would stand with it, stand before the button. */
function VoteForm({ id, first }: { id: string; first: VoteChoice }) {
  const [choice, setChoice] = useState(first)
  const sending = useSendOnce()
  const hasEntity = useSession().data?.entity !== null
  const { data, error, refetch } = useQuery('governance.get', { id }, topics)
  const mine = data?.mine ?? null
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={240} />
  const says = words.choices[choice].toLowerCase()
  return (
    <TreasuryForm
      name={words.voteOf(id)}
      how={words.voteHow}
      action={!hasEntity ? words.voteUnlock : mine && !mine.vote ? words.voteAction(says, writeAmount(mine.weight), id) : words.voteNone}
      as="entity"
      sending={sending}
      isReady={!hasEntity || (mine !== null && !mine.vote)}
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        // just unlocked: nobody votes before what it weighs stands here
        if (!hasEntity) return
        await command('governance.vote', { id, vote: choice }, { idempotencyKey })
        notifications.show({ message: words.voted(id) })
        closeSheet()
      }}
    >
      <strong>{cleanName(data.title)}</strong>
      <WhatChanges proposal={data} />
      <SegmentedControl
        aria-label={words.choice}
        data={voteChoices.map(value => ({ value, label: words.choices[value] }))}
        value={choice}
        onChange={value => setChoice(voteChoices.find(one => one === value) ?? choice)}
        transitionDuration={0}
        style={{ alignSelf: 'flex-start' }}
      />
      {mine?.vote ? <OwnPower proposal={data} /> : null}
      {mine && !mine.vote && mine.power === 0n ? <Note state="at-risk">{words.own.nothing}</Note> : null}
      <Outcome title={texts.treasury.outcome} lines={mine && !mine.vote ? voteLines(data, choice, mine) : []} />
    </TreasuryForm>
  )
}

function voteLines(proposal: ProposalShown, choice: VoteChoice, mine: NonNullable<ProposalShown['mine']>): OutcomeLine[] {
  const { outcome } = words
  const then = withVote(proposal, choice, mine)
  const share = (part: bigint, whole: bigint, line: number) => {
    const text = formatShare(part, whole)
    return text === null ? outcome.nobody : outcome.of(text, String(line))
  }
  return [
    { label: outcome.power, value: `${writeAmount(mine.power)} ${GOVERNANCE_TOKEN}` },
    { label: outcome.trust, value: String(mine.trust) },
    { label: outcome.weight, value: writeAmount(mine.weight), strong: true },
    { label: outcome.quorum, value: share(then.turnout, proposal.circulating, proposal.quorumPercent) },
    { label: outcome.approval, value: share(then.yes, then.yes + then.no, proposal.thresholdPercent) },
  ]
}

/** Carries out what was passed: the button names what it sets. */
function ExecuteForm({ proposal }: { proposal: ProposalShown }) {
  const sending = useSendOnce()
  const { id, change, title, description } = proposal
  return (
    <TreasuryForm
      name={words.executeTitle(id)}
      how={words.executeHow}
      action={change && change.present !== '' ? words.executeSets(change.name, valueText(change, change.value)) : words.executeOther(id)}
      as="administrator"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('governance.execute', { id }, { idempotencyKey })
        notifications.show({ message: words.executed(id) })
        closeSheet()
      }}
    >
      <strong>{cleanName(title)}</strong>
      {change || description === '' ? null : <p className={classes.text}>{description}</p>}
      <WhatChanges proposal={proposal} />
    </TreasuryForm>
  )
}
