import { Button } from '@mantine/core'
import { Link } from 'wouter'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { sumUnits, tftExact } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import { subjectText } from '../../src-shared/vote-text.ts'
import type { VoteRow, VoteSigner } from '../../src-shared/votes-contract.ts'
import { query, useQuery } from '../api.ts'
import { type Column, DataTable, useTableSort } from '../components/data-table.tsx'
import { EmptyState } from '../components/empty-state.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Clip } from '../components/names.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { Amount } from '../components/values.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { ImportVotes, ReviewPrepared } from './vote-exchange.tsx'
import { VoteForSelected } from './vote-many.tsx'
import { openMatrix, saveVotes, voteTopics } from './vote-matrix.tsx'
import { SignersForm, TakeSignersFile } from './vote-signers.tsx'

const words = texts.votes
type Signers = QueryOutput<'votes.signers'>

/** What is voted on, open ones first; who voted what, signing and exchange stand in sheets. */
export function VotesPage() {
  const signers = useQuery('votes.signers', {}, voteTopics)
  const readOnly = useQuery('status.get', {}, ['facts']).data?.readOnly === true
  const { data } = signers
  const set = data?.set
  return (
    <div className={page.page} data-fill={set ? true : undefined}>
      <header className={page.head}>
        <h1 title={words.what}>{words.title}</h1>
        {data?.network ? <span className={page.dim}>{words.of(data.network)}</span> : null}
        {set ? <span className={page.dim}>{words.rule(set.threshold, set.signers.length)}</span> : null}
        {data && set ? <Tools signers={data} readOnly={readOnly} /> : null}
      </header>
      {signers.error && !data ? <ErrorPanel error={signers.error} onRetry={signers.refetch} /> : null}
      {data && !set ? <NoSigners signers={data} readOnly={readOnly} /> : null}
      {data?.network && set ? <Subjects network={data.network} signers={set.signers} readOnly={readOnly} /> : null}
    </div>
  )
}

function Tools({ signers, readOnly }: { signers: Signers; readOnly: boolean }) {
  const network = signers.network ?? ''
  return (
    <div className={page.right}>
      {readOnly ? <span className={page.dim}>{words.readOnly}</span> : null}
      <Button
        h={32}
        variant="default"
        onClick={() => openSheet({ title: words.signersTitle, body: <SignersForm signers={signers} readOnly={readOnly} /> })}
      >
        {words.signers}
      </Button>
      <Button h={32} variant="default" disabled={readOnly} onClick={() => openSheet({ title: words.review, body: <ReviewPrepared /> })}>
        {words.review}
      </Button>
      <Button h={32} variant="default" title={words.exportHow} onClick={() => saveVotes()}>
        {words.export}
      </Button>
      <Button h={32} disabled={readOnly} onClick={() => openSheet({ title: words.import, body: <ImportVotes network={network} /> })}>
        {words.import}
      </Button>
    </div>
  )
}

function NoSigners({ signers, readOnly }: { signers: Signers; readOnly: boolean }) {
  if (signers.network === null)
    return (
      <EmptyState
        title={words.noNetworkTitle}
        action={
          <div className={page.buttons}>
            <Link href="/sync/setup">{texts.vault.noNetworkAction}</Link>
            {readOnly ? null : <TakeSignersFile />}
          </div>
        }
      >
        {words.noNetwork}
      </EmptyState>
    )
  const enter = () => openSheet({ title: words.signersTitle, body: <SignersForm signers={signers} readOnly={readOnly} /> })
  return (
    <EmptyState
      title={words.noSignersTitle}
      action={
        <div className={page.buttons}>
          <Button disabled={readOnly} onClick={enter}>
            {words.enterSigners}
          </Button>
          {readOnly ? null : <TakeSignersFile />}
        </div>
      }
    >
      {words.noSigners}
    </EmptyState>
  )
}

const marks = { open: 'at-risk', agreed: 'up', executed: 'unknown' } as const

const columns: Column<VoteRow>[] = [
  {
    id: 'subject',
    header: words.columns.subject,
    width: 300,
    grow: 3,
    cell: row => <Clip text={subjectText(row.subject)} />,
    text: row => subjectText(row.subject),
  },
  {
    id: 'state',
    header: words.columns.state,
    width: 120,
    cell: row => <StateMark state={marks[row.state]} word={words.states[row.state]} />,
    text: row => words.states[row.state],
  },
  {
    id: 'votes',
    header: words.columns.votes,
    width: 80,
    align: 'right',
    help: 'votes',
    hint: words.hints.votes,
    cell: row => row.votes,
    text: row => String(row.votes),
  },
  {
    id: 'agreeing',
    header: words.columns.agreeing,
    width: 80,
    align: 'right',
    help: 'agreeing-votes',
    hint: words.hints.agreeing,
    cell: row => row.agreeing,
    text: row => String(row.agreeing),
  },
  {
    id: 'own',
    header: words.columns.own,
    width: 200,
    align: 'right',
    help: 'granary-works-out',
    hint: words.hints.own,
    cell: row => (row.ownUnits === null ? words.unknown : <Amount units={row.ownUnits} />),
    text: row => (row.ownUnits === null ? '' : tftExact(row.ownUnits)),
  },
  {
    id: 'waiting',
    header: words.columns.waiting,
    width: 160,
    grow: 1,
    hint: words.hints.waiting,
    cell: row => <Clip text={row.waitingFor.map(cleanName).join(', ') || words.none} />,
    text: row => row.waitingFor.map(cleanName).join(', '),
  },
]

function sumsOf(rows: readonly VoteRow[]) {
  const known = rows.flatMap(({ ownUnits }) => (ownUnits === null ? [] : [{ amountUnits: ownUnits }]))
  return [{ label: words.columns.own, value: <Amount units={sumUnits(known)} /> }]
}

function Subjects({ network, signers, readOnly }: { network: string; signers: readonly VoteSigner[]; readOnly: boolean }) {
  const [sort, setSort] = useTableSort('votes', { id: 'state', descending: false })
  const source = useWindowSource(network, (offset, limit, signal) => query('votes.list', { offset, limit }, signal), voteTopics)
  const trigger = source.first?.trigger
  return (
    <>
      {trigger ? <p className={page.dim}>{words.triggers[trigger]}</p> : null}
      <DataTable
        name="votes"
        label={words.list}
        columns={columns}
        source={source}
        rowId={row => subjectText(row.subject)}
        sort={sort}
        onSort={setSort}
        onOpen={row => openMatrix(row.subject, network, readOnly)}
        {...(!readOnly && {
          sums: sumsOf,
          actions: (rows: VoteRow[]) => <VoteForSelected rows={rows} signers={signers} network={network} />,
        })}
        empty={words.nothing}
      />
    </>
  )
}
