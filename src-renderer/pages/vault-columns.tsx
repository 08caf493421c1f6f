import { Link } from 'wouter'
import { tftExact } from '../../src-shared/money.ts'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc } from '../../src-shared/time.ts'
import type { MintCover, TransferUse, VaultMintRow, VaultTransferRow } from '../../src-shared/vault-contract.ts'
import type { Column } from '../components/data-table.tsx'
import { Clip, FarmName } from '../components/names.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { Amount, DateTime } from '../components/values.tsx'
import { nodePath } from '../links.ts'
import { texts } from '../texts.ts'
import classes from './page.module.css'

const words = texts.vault
const mintHeads = words.mintColumns
const heads = words.transferColumns

/** The five states' colours and shapes, for how a mint stands. */
export const coverStates: Record<MintCover, NodeState> = {
  covered: 'up',
  missing: 'down',
  differs: 'at-risk',
  twice: 'at-risk',
  'not-yet': 'asleep',
  nothing: 'unknown',
}

export const transferStates: Record<TransferUse, NodeState> = {
  matches: 'up',
  counts: 'up',
  differs: 'at-risk',
  again: 'at-risk',
  'unknown-memo': 'at-risk',
  'no-mints': 'at-risk',
  duplicate: 'unknown',
  'no-amount': 'unknown',
}

/** The beginning of a hash; the whole on hover. */
export function ShortHash({ hash }: { hash: string }) {
  return (
    <span className={classes.hash} title={hash}>
      {hash.slice(0, 10)}…
    </span>
  )
}

export function Farm({ id, name }: { id: number | null; name: string }) {
  return id === null ? (
    <span className={classes.dim} title={words.unknownFarmWhy}>
      {words.unknownFarm}
    </span>
  ) : (
    <FarmName name={name} id={id} />
  )
}

export const mintColumns: Column<VaultMintRow>[] = [
  {
    id: 'ts',
    header: mintHeads.decided,
    width: 142,
    cell: row => <DateTime ts={row.ts} />,
    text: row => formatUtc(row.ts),
    sortable: true,
    hint: words.hints.decided,
  },
  {
    id: 'nodeId',
    header: mintHeads.node,
    width: 70,
    cell: row => <Link href={nodePath(row.nodeId)}>{row.nodeId}</Link>,
    text: row => String(row.nodeId),
    sortable: true,
  },
  {
    id: 'farm',
    header: mintHeads.farm,
    width: 126,
    grow: 1,
    cell: row => <Farm id={row.farmId} name={row.farmName} />,
    text: row => (row.farmId === null ? words.unknownFarm : `${cleanName(row.farmName)} (${row.farmId})`),
  },
  {
    id: 'amount',
    header: mintHeads.amount,
    help: 'mint',
    width: 112,
    align: 'right',
    cell: row => <Amount units={row.amountUnits} />,
    text: row => tftExact(row.amountUnits),
    sortable: true,
  },
  {
    id: 'lacking',
    header: mintHeads.lacking,
    help: 'lacks',
    width: 108,
    align: 'right',
    cell: row => <Amount units={row.lackingUnits} />,
    text: row => tftExact(row.lackingUnits),
    sortable: true,
    hint: words.hints.lacking,
  },
  {
    id: 'state',
    header: mintHeads.state,
    width: 142,
    cell: row => <StateMark state={coverStates[row.state]} word={row.word} title={row.why} />,
    text: row => row.word,
  },
  { id: 'why', header: mintHeads.why, width: 176, grow: 2, cell: row => <Clip text={row.why} />, text: row => row.why },
  {
    id: 'id',
    header: mintHeads.id,
    width: 108,
    cell: row => <ShortHash hash={row.id} />,
    text: row => row.id,
    hint: words.hints.id,
  },
  {
    id: 'paid',
    header: mintHeads.paid,
    width: 80,
    cell: row => (row.paid ? words.yes : words.no),
    text: row => (row.paid ? words.yes : words.no),
    hint: words.hints.paid,
    optional: true,
  },
]

export const transferColumns: Column<VaultTransferRow>[] = [
  {
    id: 'ts',
    header: heads.time,
    width: 142,
    cell: row => <DateTime ts={row.ts} />,
    text: row => formatUtc(row.ts),
    sortable: true,
  },
  {
    id: 'amount',
    header: heads.amount,
    help: 'vaulted',
    width: 112,
    align: 'right',
    cell: row => <Amount units={row.amountUnits} />,
    text: row => tftExact(row.amountUnits),
    sortable: true,
  },
  {
    id: 'excess',
    header: heads.excess,
    help: 'beyond',
    width: 112,
    align: 'right',
    cell: row => <Amount units={row.excessUnits} />,
    text: row => tftExact(row.excessUnits),
    sortable: true,
    hint: words.hints.excess,
  },
  {
    id: 'state',
    header: heads.state,
    width: 142,
    cell: row => <StateMark state={transferStates[row.state]} word={row.word} title={row.why} />,
    text: row => row.word,
  },
  { id: 'why', header: heads.why, width: 150, grow: 2, cell: row => <Clip text={row.why} />, text: row => row.why },
  { id: 'tx', header: heads.tx, width: 108, cell: row => <ShortHash hash={row.tx} />, text: row => row.tx },
  {
    id: 'memo',
    header: heads.memo,
    width: 108,
    cell: row => (row.memo === null ? <span className={classes.dim}>{words.none}</span> : <ShortHash hash={row.memo} />),
    text: row => row.memo ?? '',
    hint: words.hints.memo,
  },
  { id: 'note', header: heads.note, width: 90, grow: 1, cell: row => <Clip text={cleanName(row.note)} />, text: row => row.note },
]
