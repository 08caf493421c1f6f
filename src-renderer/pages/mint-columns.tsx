import { Link } from 'wouter'
import type { MintFarm, MintRow, RunningRow } from '../../src-shared/mints-contract.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { MintConfig } from '../../src-shared/node-period.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatDuration, formatUtc, PERIOD_SEC } from '../../src-shared/time.ts'
import type { Column } from '../components/data-table.tsx'
import { Clip, FarmName } from '../components/names.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { formatCount, formatHours, formatPermille } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { nodePath } from '../links.ts'
import { texts, violationWords } from '../texts.ts'
import { farmOf, stageName } from './mint-model.ts'
import classes from './page.module.css'

const words = texts.mints
const names = words.columns
type Rules = MintConfig['rules']

/** A stage as shape and word where it is a state; plain where it is a step of an ordinary life. */
export function StageMark({ row: { stage, isGone }, rules }: { row: Pick<MintRow, 'stage' | 'isGone'>; rules: Rules }) {
  const word = isGone ? words.gone(stageName(stage, rules)) : stageName(stage, rules)
  const title = isGone ? `${words.stages[stage].meaning} ${words.goneMeaning}` : words.stages[stage].meaning
  if (stage === 'paid') return <StateMark state="up" word={word} title={title} />
  if (stage === 'failed') return <StateMark state="down" word={word} title={title} />
  if (stage === 'overlaps') return <StateMark state="at-risk" word={word} title={title} />
  return (
    <span className={stage === 'nothing' ? classes.dim : undefined} title={title}>
      {word}
    </span>
  )
}

function node<Row extends { nodeId: number }>(): Column<Row> {
  return {
    id: 'nodeId',
    header: names.node,
    width: 72,
    cell: row => <Link href={nodePath(row.nodeId)}>{row.nodeId}</Link>,
    text: row => String(row.nodeId),
    sortable: true,
  }
}

function farm<Row extends { farmId: number | null; farmName: string }>(sortable = true): Column<Row> {
  return {
    id: 'farm',
    header: names.farm,
    width: 150,
    grow: 2,
    cell: row => <Farm name={row.farmName} id={row.farmId} />,
    text: row => farmOf(row),
    sortable,
  }
}

function Farm({ name, id }: { name: string; id: number | null }) {
  return id === null ? <span className={classes.dim}>{words.unknownFarm}</span> : <FarmName name={name} id={id} />
}

function uptime({ uptimeSec }: MintRow): string {
  return uptimeSec === null ? words.unknown : formatPermille((uptimeSec * 1000) / PERIOD_SEC)
}

function Outcome({ row: { violation, outcome } }: { row: MintRow }) {
  if (violation) return <StateMark state="down" word={violationWords[violation].name} />
  return outcome === null ? words.unknown : words.outcomes[outcome]
}

function label<Row extends { label: string }>(): Column<Row> {
  return {
    id: 'label',
    header: names.label,
    width: 120,
    grow: 1,
    optional: true,
    cell: row => <Clip text={cleanName(row.label)} />,
    text: row => cleanName(row.label),
  }
}

function amount<Row extends object>(
  id: string,
  header: string,
  help: HelpTerm,
  of: (row: Row) => bigint | null,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return {
    id,
    header,
    help,
    width: 124,
    align: 'right',
    cell: row => {
      const units = of(row)
      return units === null ? '' : <Amount units={units} />
    },
    text: row => {
      const units = of(row)
      return units === null ? '' : tftExact(units)
    },
    ...more,
  }
}

function moment<Row extends object>(
  id: string,
  header: string,
  of: (row: Row) => number | null,
  more: Partial<Column<Row>> = {},
): Column<Row> {
  return {
    id,
    header,
    width: 142,
    cell: row => <Moment ts={of(row)} />,
    text: row => {
      const ts = of(row)
      return ts === null ? words.unknown : formatUtc(ts)
    },
    ...more,
  }
}

function Moment({ ts }: { ts: number | null }) {
  return ts === null ? words.unknown : <DateTime ts={ts} />
}

export function mintColumns(rules: Rules): Column<MintRow>[] {
  return [
    node(),
    label(),
    farm(),
    moment('from', names.from, row => row.start),
    moment('to', names.to, row => row.end),
    {
      id: 'uptime',
      header: names.uptime,
      hint: words.hints.uptime,
      width: 88,
      align: 'right',
      help: 'uptime',
      sortable: true,
      cell: uptime,
      text: uptime,
    },
    {
      id: 'outcome',
      header: names.outcome,
      hint: words.hints.outcome,
      width: 126,
      cell: row => <Outcome row={row} />,
      text: row => row.violation ?? row.outcome ?? words.unknown,
    },
    amount('amount', names.amount, 'mint', row => row.rewardUnits, { sortable: true, width: 104 }),
    {
      id: 'stage',
      header: names.stage,
      width: 138,
      sortable: true,
      cell: row => <StageMark row={row} rules={rules} />,
      text: row => (row.isGone ? words.gone(row.stage) : row.stage),
    },
    moment('closed', names.closed, row => row.closedTs, { sortable: true, hint: words.hints.closed, optional: true }),
    amount('decided', names.decided, 'decided', row => row.decidedUnits, { optional: true }),
    amount('carbon', names.carbon, 'carbon-offset', row => row.carbonUnits, { optional: true, hint: words.hints.carbon }),
    {
      id: 'twin',
      header: names.twin,
      hint: words.hints.twin,
      width: 90,
      align: 'right',
      help: 'twin',
      optional: true,
      cell: row => row.farmTwinId ?? <StateMark state="at-risk" word={words.sheet.noTwin} />,
      text: row => String(row.farmTwinId ?? ''),
    },
    {
      id: 'votes',
      header: names.votes,
      width: 70,
      align: 'right',
      help: 'votes',
      optional: true,
      cell: row => formatCount(row.votes),
      text: row => String(row.votes),
    },
    {
      id: 'tx',
      header: names.tx,
      width: 130,
      optional: true,
      cell: row => <span className={classes.hash}>{row.tx === null ? '' : cleanName(row.tx)}</span>,
      text: row => row.tx ?? '',
    },
    {
      id: 'id',
      header: names.id,
      width: 130,
      optional: true,
      cell: row => <span className={classes.hash}>{row.id.slice(0, 12)}…</span>,
      text: row => row.id,
    },
  ]
}

export function farmColumns(rules: Rules): Column<MintFarm>[] {
  const count = (id: 'nodes' | 'mints', header: string, help: HelpTerm): Column<MintFarm> => ({
    id,
    header,
    help,
    width: 80,
    align: 'right',
    sortable: true,
    cell: row => formatCount(row[id]),
    text: row => String(row[id]),
  })
  return [
    {
      id: 'name',
      header: names.farm,
      width: 170,
      grow: 2,
      sortable: true,
      cell: row => <Farm name={row.name} id={row.farmId} />,
      text: row => farmOf({ farmName: row.name, farmId: row.farmId }),
    },
    count('nodes', names.nodes, 'nodes'),
    count('mints', names.mints, 'number-of-mints'),
    amount(
      'claimableUnits',
      rules === 'v3' ? names.wouldPay : names.claimable,
      rules === 'v3' ? 'would-pay' : 'claimable',
      row => row.claimableUnits,
      { sortable: true, width: 150 },
    ),
    amount('decidedUnits', names.decidedSum, 'decided', row => row.decidedUnits, { sortable: true, width: 150 }),
    amount('paidUnits', names.paidSum, 'paid-mints', row => row.paidUnits, { sortable: true, width: 150 }),
  ]
}

/** Nodes' own periods that run; the order is that of their ends. */
export function runningColumns(): Column<RunningRow>[] {
  return [
    { ...node<RunningRow>(), sortable: false },
    label(),
    farm(false),
    moment('ends', names.ends, row => row.projection.period.end),
    {
      id: 'budget',
      header: names.budget,
      hint: words.hints.budget,
      width: 130,
      align: 'right',
      help: 'downtime-left',
      cell: row => <Budget row={row} />,
      text: row => String(row.projection.budgetSec ?? ''),
    },
    amount('earned', names.earned, 'earned-so-far', row => row.projection.earnedUnits, { hint: words.hints.earned }),
    amount('staysUp', names.staysUp, 'if-it-stays-up', row => row.projection.staysUp.units, { hint: words.hints.staysUp, width: 150 }),
    amount('goesDown', names.goesDown, 'if-it-goes-down-now', row => row.projection.goesDown.units, {
      hint: words.hints.goesDown,
      width: 166,
    }),
  ]
}

function Budget({ row: { projection } }: { row: RunningRow }) {
  const { budgetSec, violation } = projection
  if (violation !== null) return <StateMark state="down" word={words.paysNothing} title={violationWords[violation].meaning} />
  if (budgetSec === null) return <span className={classes.dim}>{words.byUptime}</span>
  if (budgetSec < 0) return <StateMark state="down" word={words.missed} title={words.tooMuch(formatDuration(-budgetSec))} />
  return formatHours(budgetSec)
}
