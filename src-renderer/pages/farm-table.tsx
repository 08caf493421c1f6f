import { useMemo } from 'react'
import { useLocation } from 'wouter'
import { tftExact } from '../../src-shared/money.ts'
import type { FarmRow, NodeState } from '../../src-shared/nodes-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { type Column, DataTable, type TableSort, useTableSort } from '../components/data-table.tsx'
import { FarmName, shortAddress } from '../components/names.tsx'
import { listSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { Amount } from '../components/values.tsx'
import { formatCount } from '../format.ts'
import type { HelpTerm } from '../help-terms.ts'
import { showNodes } from '../links.ts'
import { stateWords, texts } from '../texts.ts'

const words = texts.overview.farmColumns
type Count = 'up' | 'atRisk' | 'down' | 'asleep' | 'unknown'

function countColumn(id: Count, state: NodeState): Column<FarmRow> {
  return {
    id,
    header: stateWords[state],
    help: 'state',
    width: 70,
    align: 'right',
    sortable: true,
    cell: farm => (farm[id] === 0 ? '0' : <StateMark state={state} word={formatCount(farm[id])} />),
    text: farm => String(farm[id]),
  }
}

function amountColumn(id: 'earnedUnits' | 'staysUpUnits' | 'goesDownUnits', header: string, help: HelpTerm): Column<FarmRow> {
  return {
    id,
    header,
    help,
    width: 142,
    align: 'right',
    sortable: true,
    cell: farm => <Amount units={farm[id]} />,
    text: farm => tftExact(farm[id]),
  }
}

function columnsFor(over: boolean): Column<FarmRow>[] {
  return [
    {
      id: 'name',
      header: words.farm,
      width: 148,
      grow: 2,
      sortable: true,
      cell: farm => <FarmName name={farm.name} id={farm.farmId} />,
      text: farm => `${cleanName(farm.name)} (${farm.farmId})`,
    },
    {
      id: 'nodes',
      header: words.nodes,
      width: 62,
      align: 'right',
      help: 'nodes',
      sortable: true,
      cell: farm => formatCount(farm.nodes),
      text: farm => String(farm.nodes),
    },
    countColumn('up', 'up'),
    countColumn('atRisk', 'at-risk'),
    countColumn('down', 'down'),
    countColumn('asleep', 'asleep'),
    countColumn('unknown', 'unknown'),
    ...(over
      ? [amountColumn('earnedUnits', words.paid, 'payout')]
      : [
          { ...amountColumn('staysUpUnits', words.staysUp, 'if-it-stays-up'), width: 166 },
          amountColumn('earnedUnits', words.earned, 'earned-so-far'),
          { ...amountColumn('goesDownUnits', words.goesDown, 'if-it-goes-down-now'), optional: true },
        ]),
    {
      id: 'payoutAddress',
      header: words.address,
      width: 116,
      grow: 1,
      cell: farm => (
        <span title={farm.payoutAddress}>{farm.payoutAddress === '' ? texts.overview.noAddress : shortAddress(farm.payoutAddress)}</span>
      ),
      text: farm => farm.payoutAddress,
    },
  ]
}

function compare(a: FarmRow, b: FarmRow, id: string): number {
  const [left, right] = [a[id as keyof FarmRow], b[id as keyof FarmRow]]
  const order =
    typeof left === 'string' || typeof right === 'string'
      ? String(left).localeCompare(String(right))
      : left < right
        ? -1
        : left > right
          ? 1
          : 0
  return order || a.farmId - b.farmId
}

/** Every farm with its nodes by state and its money; a row leads to its nodes. */
export function FarmTable({ farms, over }: { farms: FarmRow[]; over: boolean }) {
  const [, navigate] = useLocation()
  const [sort, setSort] = useTableSort('farms', { id: over ? 'earnedUnits' : 'staysUpUnits', descending: true } satisfies TableSort)
  const columns = useMemo(() => columnsFor(over), [over])
  const source = useMemo(() => {
    const sorted = [...farms].sort((a, b) => compare(a, b, sort.id))
    return listSource(sort.descending ? sorted.reverse() : sorted)
  }, [farms, sort.id, sort.descending])
  return (
    <DataTable
      name="farms"
      label={texts.overview.farms}
      title={texts.overview.farms}
      columns={columns}
      source={source}
      rowId={farmId}
      sort={sort}
      onSort={setSort}
      onOpen={farm => navigate(showNodes({ farmId: farm.farmId }))}
      sums={over ? sumPaid : sumStaysUp}
      maxRows={12}
    />
  )
}

function farmId(farm: FarmRow): string {
  return String(farm.farmId)
}

function sumStaysUp(farms: FarmRow[]) {
  return sumsOf(farms, words.staysUp, 'staysUpUnits')
}

function sumPaid(farms: FarmRow[]) {
  return sumsOf(farms, words.paid, 'earnedUnits')
}

function sumsOf(farms: FarmRow[], label: string, amount: 'earnedUnits' | 'staysUpUnits') {
  return [
    { label: words.nodes, value: formatCount(farms.reduce((sum, farm) => sum + farm.nodes, 0)) },
    { label, value: <Amount units={farms.reduce((sum, farm) => sum + farm[amount], 0n)} /> },
  ]
}
