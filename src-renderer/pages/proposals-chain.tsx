import { Button, Skeleton } from '@mantine/core'
import { useEffect, useMemo, useRef } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import type { DaoRow } from '../../src-shared/dao-contract.ts'
import { formatDuration, formatUtc } from '../../src-shared/time.ts'
import { command, useQuery } from '../api.ts'
import { useAsk } from '../ask.ts'
import { Asking } from '../components/asking.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { LineMeter, WHOLE } from '../components/line-meter.tsx'
import { textColumn } from '../components/plain-columns.tsx'
import { listSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime, useNowTs } from '../components/values.tsx'
import { formatCount, formatShare } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { shareBps } from '../proposals-model.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { openChainForm } from './chain-form.tsx'
import page from './page.module.css'
import classes from './proposals.module.css'

const words = texts.dao

type Dao = QueryOutput<'dao.list'>
type OwnFarm = Dao['farms'][number]
type Vote = QueryOutput<'dao.get'>['votes'][number]

/** What wins: more than half of the weight. */
const HALF = WHOLE / 2

const weightText = (weight: bigint): string => weight.toLocaleString('en-US')
const farmsText = (count: number): string => words.farms(count, formatCount(count))

/** The proposals of the grid chain's own DAO, read from the chain when the page is opened, else as they were read last. */
export function ProposalsOnChain() {
  const { data, error, refetch } = useQuery('dao.list', {}, ['chain', 'keys', 'settings', 'networks', 'sync'])
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly
  const asking = useAsk((_asked: string, signal: AbortSignal) => command('dao.read', {}, { signal }))
  const network = data?.network ?? null
  const asked = useRef<string | null>(null)
  const { run } = asking
  // a vote of one's own that came into a block shows at once
  const calls = useQuery('chain.requests', { limit: 100 }, ['chain']).data
  const voted = calls?.rows.filter(({ call, stage }) => call.kind === 'vote' && stage === 'final').length
  useEffect(() => {
    const state = `${network} ${voted}`
    if (network === null || voted === undefined || readOnly !== false || asked.current === state) return
    asked.current = state
    run(network)
  }, [network, voted, readOnly, run])
  return (
    <section className={page.stack} aria-label={words.title}>
      <header className={page.head}>
        <h2 title={words.what}>{words.title}</h2>
        {data?.network && data.read ? <AsOf network={data.network} read={data.read} /> : null}
        {network === null || asking.busy ? null : (
          <div className={page.right}>
            <Button h={32} variant="default" disabled={readOnly !== false} onClick={() => run(network)}>
              {words.ask}
            </Button>
          </div>
        )}
      </header>
      {asking.busy ? <Asking what={words.asking} onCancel={asking.cancel} /> : null}
      {asking.error ? <ErrorPanel error={asking.error} title={words.failed} safe={data?.read ? words.asBefore : words.nothingYet} /> : null}
      {error && !data ? <ErrorPanel error={error} onRetry={refetch} /> : null}
      {data ? <Reading dao={data} /> : error ? null : <Skeleton height={64} />}
    </section>
  )
}

function AsOf({ network, read: { block, blockTs } }: { network: string; read: NonNullable<Dao['read']> }) {
  return (
    <p className={page.facts}>
      <span>{words.of(network)}</span>
      <span>
        {words.asOf(formatCount(block.n))} <DateTime ts={blockTs} form="age" />
      </span>
    </p>
  )
}

function Reading({ dao: { network, read, rows, farms } }: { dao: Dao }) {
  if (network === null) return <p className={page.dim}>{words.noNetwork}</p>
  if (read === null) return <p className={page.dim}>{words.unread(network)}</p>
  if (read.missing !== '') return <p className={page.dim}>{read.missing}</p>
  return (
    <>
      {rows.length > 0 && farms.length === 0 ? <p className={page.dim}>{words.own.none}</p> : null}
      {rows.length === 0 ? <p className={page.dim}>{words.none}</p> : null}
      <div className={classes.cards}>
        {rows.map(row => (
          <Card key={row.hash} row={row} farms={farms} network={network} />
        ))}
      </div>
    </>
  )
}

function Card({ row, farms, network }: { row: DaoRow; farms: readonly OwnFarm[]; network: string }) {
  const { index, description, action, isOver } = row
  const title = description === '' ? words.noDescription : description
  return (
    <article className={`${page.panel} ${classes.card}`} aria-label={`${words.number(index)}, ${title}`}>
      <div className={page.panelHead}>
        <h3 className={classes.short}>{title}</h3>
        <Mark isOver={isOver} />
      </div>
      <div className={page.facts}>
        <span>{words.number(index)}</span>
        <strong>
          <Ends row={row} />
        </strong>
        {isOver ? <span>{words.over}</span> : null}
      </div>
      <div className={classes.ifPasses}>
        <strong>{words.ifPasses}</strong>
        <p className={classes.short}>{action ?? words.noAction}</p>
      </div>
      <Approval row={row} />
      {row.own.length > 0 ? <OwnFarms row={row} farms={farms} network={network} /> : null}
      <div className={page.buttons}>
        <Button h={32} px={8} variant="subtle" aria-label={words.detailsOf(index)} onClick={() => openDaoProposal(row)}>
          {words.details}
        </Button>
      </div>
    </article>
  )
}

function Mark({ isOver }: { isOver: boolean }) {
  return <StateMark state={isOver ? 'asleep' : 'up'} word={isOver ? words.states.over : words.states.open} />
}

/** Its last block, and about when that is. */
function Ends({ row: { endBlock, endTs, isOver } }: { row: DaoRow }) {
  const nowTs = useNowTs()
  const block = formatCount(endBlock)
  if (isOver) return <span>{words.ended(block)}</span>
  if (endTs === null || endTs <= nowTs) return <span>{words.endsByBlock(block)}</span>
  return <span title={formatUtc(endTs)}>{words.ends(formatDuration(endTs - nowTs), block)}</span>
}

function Approval({ row: { yes, no } }: { row: DaoRow }) {
  const say = words.approval
  const all = yes.weight + no.weight
  const valueBps = shareBps(yes.weight, all)
  const isReached = yes.weight > no.weight
  const word = isReached ? say.reached : say.notYet
  const side = ({ weight, farms }: DaoRow['yes']) => say.side(weightText(weight), farmsText(farms))
  return (
    <LineMeter
      name={say.name}
      sentence={say.sentence(formatShare(yes.weight, all) ?? '0.00', word)}
      valueBps={valueBps}
      lineBps={HALF}
      againstBps={all === 0n ? 0 : WHOLE - valueBps}
      isReached={isReached}
      state={isReached ? 'up' : 'unknown'}
      word={word}
      note={all === 0n ? say.noteNone : say.note(side(yes), side(no))}
    />
  )
}

/** What each farm of the user's own weighs, how it voted, and its vote: through the review and signing of every call to the chain. */
function OwnFarms({ row, farms, network }: { row: DaoRow; farms: readonly OwnFarm[]; network: string }) {
  const say = words.own
  return (
    <section aria-label={say.title} className={page.stack}>
      {row.own.map(({ farmId, vote }) => {
        const farm = farms.find(found => found.farmId === farmId)
        return farm ? <OwnVote key={farmId} row={row} farm={farm} vote={vote} network={network} /> : null
      })}
    </section>
  )
}

function OwnVote(props: { row: DaoRow; farm: OwnFarm; vote: DaoRow['own'][number]['vote']; network: string }) {
  const { row, farm, vote, network } = props
  const say = words.own
  const { farmId, name, weight, keyId } = farm
  const voted = { for: say.votedFor, against: say.votedAgainst }
  const open = (approve: boolean) =>
    openChainForm(network, 'vote', { farm: String(farmId), proposal: row.hash, approve, ...(keyId !== null && { keyId }) })
  return (
    <div className={page.panelHead}>
      <div className={page.facts}>
        <strong>{say.farm(farmId, name)}</strong>
        {weight === null ? null : <span>{weight === 0n ? say.noWeight : say.weight(weightText(weight))}</span>}
        <StateMark state={vote === null ? 'unknown' : 'up'} word={vote === null ? say.notYet : voted[vote]} />
        {keyId === null ? <span>{say.noKey}</span> : null}
      </div>
      {row.isOver || weight === 0n ? null : (
        <div className={page.buttons}>
          {vote === 'for' ? null : (
            <Button h={32} variant="default" aria-label={say.voteFor(farmId, row.index)} onClick={() => open(true)}>
              {say.for}
            </Button>
          )}
          {vote === 'against' ? null : (
            <Button h={32} variant="default" aria-label={say.voteAgainst(farmId, row.index)} onClick={() => open(false)}>
              {say.against}
            </Button>
          )}
        </div>
      )}
    </div>
  )
}

function openDaoProposal({ hash, index }: DaoRow): void {
  openSheet({ title: words.sheet(index), body: <ProposalSheet hash={hash} /> })
}

/** One proposal in full, with every farm's vote. */
function ProposalSheet({ hash }: { hash: string }) {
  const { data, error, refetch } = useQuery('dao.get', { proposal: hash }, ['chain'])
  if (error && !data) return <ErrorPanel error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={320} />
  const { row, votes } = data
  const { description, link, action, threshold, vetos, yes, no } = row
  const say = words.facts
  const facts: Fact[] = [
    [say.ends, <Ends key="ends" row={row} />],
    [say.threshold, say.thresholdOf(formatCount(yes.farms + no.farms), farmsText(threshold))],
    [say.vetos, formatCount(vetos)],
    [say.call, action ?? words.noAction],
    [say.hash, row.hash],
  ]
  // whatever the proposer wrote: to be read and copied, not followed by a click
  if (link !== '') facts.unshift([say.link, link])
  return (
    <div className={page.stack}>
      <div className={page.panelHead}>
        <h3>{description === '' ? words.noDescription : description}</h3>
        <Mark isOver={row.isOver} />
      </div>
      <Approval row={row} />
      <FactList facts={facts} />
      <Votes votes={votes} />
    </div>
  )
}

const heaviestFirst = { id: 'weight', descending: true }

function Votes({ votes }: { votes: readonly Vote[] }) {
  const columns = useMemo(voteColumns, [])
  const source = useMemo(() => listSource(votes), [votes])
  return (
    <DataTable
      name="dao-votes"
      label={words.votes}
      title={`${words.votes} (${formatCount(votes.length)})`}
      columns={columns}
      source={source}
      rowId={({ farmId }) => String(farmId)}
      sort={heaviestFirst}
      onSort={() => undefined}
      empty={words.noVotes}
      maxRows={8}
    />
  )
}

function voteColumns(): Column<Vote>[] {
  const { columns: heads } = words
  const number = (id: string, header: string, help: HelpTerm, width: number, of: (row: Vote) => string): Column<Vote> => ({
    ...{ id, header, help, width, align: 'right', cell: of, text: of },
  })
  return [
    number('farm', heads.farm, 'farm', 70, ({ farmId }) => String(farmId)),
    { ...textColumn<Vote>({ id: 'name', header: heads.name }, 130, ({ name }) => name), grow: 2 },
    textColumn({ id: 'vote', header: heads.vote }, 80, ({ approve }) => (approve ? words.for : words.against)),
    number('weight', heads.weight, 'weight-of-a-farm', 120, ({ weight }) => weightText(weight)),
  ]
}
