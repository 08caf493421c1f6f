import { Link } from 'wouter'
import type { CompareRow, CompareState } from '../../src-shared/compare.ts'
import { compareStateMeaning, compareStateWord, memberName } from '../../src-shared/compare-text.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import type { Column } from '../components/data-table.tsx'
import { FarmName } from '../components/names.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import { nodePath } from '../links.ts'
import { texts } from '../texts.ts'
import classes from './page.module.css'

const words = texts.compare

const shapes: Record<CompareState, NodeState> = { equal: 'up', differs: 'down', missing: 'at-risk', extra: 'at-risk', retry: 'unknown' }

export function StateOf({ state }: { state: CompareState }) {
  return <StateMark state={shapes[state]} word={compareStateWord(state)} title={compareStateMeaning(state)} />
}

/** The first figures that differ by name, or the reason where none does. */
function whatDiffers({ differences, reasons }: CompareRow): string {
  if (differences.length === 0) return cleanName(reasons[0] ?? '')
  const shown = differences.slice(0, 2).map(memberName).join(', ')
  return differences.length > 2 ? `${shown} ${words.moreMembers(formatCount(differences.length - 2))}` : shown
}

export const compareColumns = (period: number): Column<CompareRow>[] => [
  {
    id: 'state',
    header: words.columns.state,
    width: 110,
    cell: row => <StateOf state={row.state} />,
    text: row => compareStateWord(row.state),
  },
  {
    id: 'node',
    header: words.columns.node,
    width: 90,
    cell: row =>
      row.nodeId === null || row.ownHash === null ? (
        (row.nodeId ?? words.unknownNode)
      ) : (
        <Link href={nodePath(row.nodeId, period)}>{row.nodeId}</Link>
      ),
    text: row => (row.nodeId === null ? '' : String(row.nodeId)),
  },
  {
    id: 'farm',
    header: words.columns.farm,
    width: 160,
    grow: 1,
    cell: row => (row.farmId === null ? null : <FarmName name={row.farmName} id={row.farmId} />),
    text: row => (row.farmId === null ? '' : `${cleanName(row.farmName)} (${row.farmId})`),
  },
  {
    id: 'own',
    header: words.columns.own,
    width: 120,
    align: 'right',
    help: 'own-and-theirs',
    cell: row => (row.ownUnits === null ? null : <Amount units={row.ownUnits} />),
    text: row => (row.ownUnits === null ? '' : tftExact(row.ownUnits)),
  },
  {
    id: 'theirs',
    header: words.columns.theirs,
    width: 120,
    align: 'right',
    help: 'own-and-theirs',
    cell: row => (row.theirUnits === null ? null : <Amount units={row.theirUnits} />),
    text: row => (row.theirUnits === null ? '' : tftExact(row.theirUnits)),
  },
  {
    id: 'differs',
    header: words.columns.differs,
    width: 240,
    grow: 3,
    cell: row => <span title={row.reasons.map(cleanName).join(' ')}>{whatDiffers(row)}</span>,
    text: row => row.reasons.map(cleanName).join(' '),
  },
  {
    id: 'where',
    header: words.columns.where,
    width: 190,
    grow: 1,
    cell: row => <span className={classes.dim}>{row.where}</span>,
    text: row => row.where,
  },
]
