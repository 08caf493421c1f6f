import { useMemo } from 'react'
import { formatUtc } from '../../src-shared/time.ts'
import type { ScheduledRun } from '../../src-shared/treasury/schedule.ts'
import { query } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { FactList } from '../components/fact-list.tsx'
import { Clip } from '../components/names.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.jobs
const heads = words.runColumns
const topics = ['treasury', 'jobs'] as const
const order = { id: 'ended', descending: true }

/** What each run did, newest first. */
export function JobRuns({ titleOf }: { titleOf: (name: string) => string }) {
  const source = useWindowSource('', (offset, limit, signal) => query('schedule.runs', { offset, limit }, signal), topics)
  const columns = useMemo(() => runColumns(titleOf), [titleOf])
  return (
    <DataTable
      name="job-runs"
      label={words.runs}
      title={words.runs}
      columns={columns}
      source={source}
      rowId={run => `${run.job} ${run.slotTs} ${run.kind} ${run.endedTs}`}
      sort={order}
      onSort={() => undefined}
      onOpen={run => openSheet({ title: `${words.run}: ${titleOf(run.job)}`, body: <Run run={run} /> })}
      empty={words.noRuns}
      maxRows={8}
    />
  )
}

function RunMark({ run: { state } }: { run: ScheduledRun }) {
  return <StateMark state={state === 'done' ? 'up' : 'down'} word={words.runStates[state]} />
}

function runColumns(titleOf: (name: string) => string): Column<ScheduledRun>[] {
  return [
    { id: 'slot', header: heads.slot, width: 160, cell: run => <DateTime ts={run.slotTs} />, text: run => formatUtc(run.slotTs) },
    { id: 'job', header: heads.job, width: 200, grow: 1, cell: run => <Clip text={titleOf(run.job)} />, text: run => titleOf(run.job) },
    { id: 'state', header: heads.state, width: 90, cell: run => <RunMark run={run} />, text: run => run.state },
    {
      id: 'did',
      header: heads.did,
      width: 260,
      grow: 3,
      cell: run => <Clip text={run.error ?? run.did} />,
      text: run => run.error ?? run.did,
    },
    { id: 'kind', header: heads.kind, width: 110, cell: run => words.kinds[run.kind], text: run => run.kind },
    { id: 'ended', header: heads.ended, width: 160, cell: run => <DateTime ts={run.endedTs} />, text: run => formatUtc(run.endedTs) },
    {
      id: 'tries',
      header: heads.tries,
      width: 70,
      align: 'right',
      help: 'tries',
      optional: true,
      cell: run => formatCount(run.tries),
      text: run => String(run.tries),
    },
  ]
}

function Run({ run }: { run: ScheduledRun }) {
  const facts = [
    [heads.state, <RunMark key="state" run={run} />],
    [heads.slot, <DateTime key="slot" ts={run.slotTs} form="seconds" />],
    [heads.kind, words.kinds[run.kind]],
    [heads.ended, <DateTime key="ended" ts={run.endedTs} form="seconds" />],
    [heads.tries, formatCount(run.tries)],
  ] as const
  return (
    <div className={page.stack}>
      <p>{run.error ?? run.did}</p>
      <FactList facts={facts} />
    </div>
  )
}
