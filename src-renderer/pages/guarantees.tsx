import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { useMemo } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import { ACCESS_TOKEN, GUARANTEE_TOKEN, type GuaranteeShown } from '../../src-shared/treasury/guarantees-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { query, useQuery } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { amountColumn, textColumn, timeColumn } from '../components/plain-columns.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { FigureList, TokenSums } from '../components/token-sums.tsx'
import { Amount } from '../components/values.tsx'
import { openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { AccessPanel } from './access.tsx'
import { useSession } from './acting.tsx'
import { Auctions } from './auctions.tsx'
import { GiveForm, GuaranteeMark, GuaranteeSheet } from './guarantee-forms.tsx'
import page from './page.module.css'
import { TreasuryHead } from './treasury-head.tsx'

const words = texts.guarantees
const topics = ['treasury'] as const
const newestFirst = { id: 'created', descending: true }
/** More than one entity has; sums are over them. */
const MOST = 1000

/** What one stands in for and what one was promised; auctions and access, which lock or cost BTA-UTIL. */
export function GuaranteesPage() {
  const session = useSession().data
  const entityId = session?.entity?.entityId
  return (
    <div className={page.page}>
      <TreasuryHead title={words.title} what={words.what}>
        {entityId === undefined ? null : (
          <Button h={32} onClick={() => openSheet({ title: words.give, body: <GiveForm /> })}>
            {words.give}
          </Button>
        )}
      </TreasuryHead>
      {!session ? (
        <Skeleton height={80} />
      ) : entityId === undefined ? (
        <p className={page.dim}>{words.nobody}</p>
      ) : (
        <Figures entityId={entityId} />
      )}
      <Guarantees entityId={entityId} />
      <Auctions />
      <AccessPanel entityId={entityId} />
    </div>
  )
}

function Figures({ entityId }: { entityId: string }) {
  const standing = useQuery('guarantees.list', { entityId, state: 'LOCKED', limit: MOST }, topics).data?.rows
  const auctions = useQuery('auctions.list', { state: 'open', limit: MOST }, topics).data?.rows
  const access = useQuery('access.get', { entityId }, topics).data
  const { figures } = words
  if (!standing || !auctions || !access) return <Skeleton height={80} />
  const given = standing.filter(({ guarantor }) => guarantor === entityId)
  const received = standing.filter(({ beneficiary }) => beneficiary === entityId)
  const locked = auctions.reduce((sum, { own }) => sum + (own?.isIn ? own.locked : 0n), 0n)
  const sum = (list: readonly GuaranteeShown[], of: (one: GuaranteeShown) => bigint) => list.reduce((total, one) => total + of(one), 0n)
  return (
    <FigureList
      figures={[
        {
          name: figures.received,
          help: 'guarantee',
          value: <Covered units={sum(received, one => one.allocated)} />,
          note: received.length === 0 ? null : figures.count(received.length),
        },
        {
          name: figures.given,
          help: 'guarantee',
          value: <Covered units={sum(given, one => one.allocated)} />,
          note: given.length === 0 ? null : figures.collateral(writeAmount(sum(given, one => one.minted))),
        },
        {
          name: figures.auctions,
          help: 'auction-lock',
          value: <TokenSums sums={locked === 0n ? [] : [[ACCESS_TOKEN, locked]]} none={figures.nothing} />,
        },
        {
          name: figures.access,
          help: 'platform-access',
          value: access.hasAccess ? <StateMark state="up" word={figures.paid} /> : <span className={page.dim}>{figures.unpaid}</span>,
        },
      ]}
    />
  )
}

/** What guarantees cover has no token. */
function Covered({ units }: { units: bigint }) {
  return units === 0n ? <span className={page.dim}>{words.figures.nothing}</span> : <Amount units={units} token="" />
}

function Guarantees({ entityId }: { entityId: string | undefined }) {
  const [ui, setUi] = useUi<{ show: 'mine' | 'everybody' }>('guarantees', { show: 'mine' })
  const everybody = entityId === undefined || ui.show === 'everybody'
  const columns = useMemo(() => guaranteeColumns(), [])
  const source = useWindowSource(
    `${entityId} ${everybody}`,
    (offset, limit, signal) => query('guarantees.list', { ...(everybody ? { everybody } : { entityId }), offset, limit }, signal),
    topics,
  )
  return (
    <DataTable
      name="guarantees"
      label={words.list}
      title={words.list}
      columns={columns}
      source={source}
      rowId={({ id }) => id}
      sort={newestFirst}
      onSort={() => undefined}
      onOpen={row => openSheet({ title: words.sheet(row.id), body: <GuaranteeSheet guarantee={row} /> })}
      tools={
        entityId === undefined ? null : (
          <SegmentedControl
            aria-label={words.sides.label}
            data={(['mine', 'everybody'] as const).map(value => ({ value, label: words.sides[value] }))}
            value={ui.show}
            onChange={value => setUi({ show: value === 'everybody' ? 'everybody' : 'mine' })}
            transitionDuration={0}
          />
        )
      }
      empty={words.none}
      maxRows={8}
    />
  )
}

function guaranteeColumns(): Column<GuaranteeShown>[] {
  const { columns: heads } = words
  return [
    textColumn({ id: 'id', header: heads.id }, 100, ({ id }) => id),
    {
      id: 'state',
      header: heads.state,
      width: 120,
      cell: ({ state }) => <GuaranteeMark state={state} />,
      text: ({ state }) => words.states[state],
    },
    textColumn({ id: 'guarantor', header: heads.guarantor }, 160, row => cleanName(row.guarantorName)),
    textColumn({ id: 'beneficiary', header: heads.beneficiary }, 160, row => cleanName(row.beneficiaryName)),
    amountColumn({ id: 'allocated', header: heads.allocated, help: 'guarantee' }, '', ({ allocated }) => allocated),
    amountColumn({ id: 'minted', header: heads.minted, help: 'collateral' }, GUARANTEE_TOKEN, ({ state, minted }) =>
      state === 'LOCKED' ? minted : null,
    ),
    timeColumn({ id: 'created', header: heads.created }, ({ createdTs }) => createdTs),
    { ...timeColumn<GuaranteeShown>({ id: 'ended', header: heads.ended }, ({ endedTs }) => endedTs), optional: true },
  ]
}
