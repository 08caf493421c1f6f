import { Button } from '@mantine/core'
import { useMemo } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import type { ProofShown, RewardShown } from '../../src-shared/treasury/rewards-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { query } from '../api.ts'
import { type Column, DataTable } from '../components/data-table.tsx'
import { amountColumn, textColumn, timeColumn } from '../components/plain-columns.tsx'
import { useWindowSource } from '../components/row-source.ts'
import { StateMark } from '../components/state-mark.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { RewardSheet } from './reward-forms.tsx'
import { openPayProofs } from './reward-pay.tsx'
import { openProof } from './reward-proofs.tsx'

const words = texts.rewards
const topics = ['treasury'] as const
const newestFirst = { id: 'when', descending: true }

export type Whose = { everybody: true } | { recipientId: string }

const keyOf = (whose: Whose) => ('everybody' in whose ? '' : whose.recipientId)

/** Proofs of knowledge; the administrator selects those to pay. */
export function Proofs({ whose, isAdministrator }: { whose: Whose; isAdministrator: boolean }) {
  const columns = useMemo(() => proofColumns(), [])
  const source = useWindowSource(
    keyOf(whose),
    (offset, limit, signal) => query('rewards.proofs', { ...whose, offset, limit }, signal),
    topics,
  )
  const waiting = (rows: readonly ProofShown[]) => rows.filter(({ state }) => state === 'accrued')
  return (
    <DataTable
      name="proofs"
      label={words.proofs}
      title={words.proofs}
      columns={columns}
      source={source}
      rowId={({ proof }) => proof.id}
      sort={newestFirst}
      onSort={() => undefined}
      onOpen={({ proof }) => openProof(proof.id)}
      sums={rows => [{ label: words.total, value: writeAmount(rows.reduce((sum, { reward }) => sum + reward, 0n)) }]}
      actions={rows =>
        isAdministrator && waiting(rows).length > 0 ? (
          <Button h={32} variant="default" onClick={() => openPayProofs(waiting(rows))}>
            {words.pay}
          </Button>
        ) : null
      }
      empty={words.noProofs}
      maxRows={8}
    />
  )
}

function proofColumns(): Column<ProofShown>[] {
  const { proofColumns: heads, proofStates } = words
  return [
    textColumn({ id: 'id', header: heads.id }, 130, ({ proof }) => proof.id),
    {
      id: 'state',
      header: heads.state,
      width: 110,
      cell: ({ state }) => <StateMark state={state === 'paid' ? 'up' : 'asleep'} word={proofStates[state]} />,
      text: ({ state }) => proofStates[state],
    },
    textColumn({ id: 'module', header: heads.module }, 170, ({ proof }) => cleanName(proof.moduleId)),
    textColumn({ id: 'user', header: heads.user }, 140, ({ userName }) => cleanName(userName)),
    {
      ...textColumn<ProofShown>({ id: 'difficulty', header: heads.difficulty }, 90, ({ proof }) => String(proof.difficulty)),
      align: 'right',
      help: 'difficulty',
    },
    { ...textColumn<ProofShown>({ id: 'score', header: heads.score }, 80, ({ proof }) => proof.score), align: 'right', help: 'score' },
    amountColumn({ id: 'reward', header: heads.reward, help: 'proof-reward' }, 'AZR', ({ reward }) => reward),
    timeColumn({ id: 'when', header: heads.submitted }, ({ submittedTs }) => submittedTs),
    timeColumn({ id: 'paid', header: heads.paid }, ({ paidTs }) => paidTs),
    { ...textColumn<ProofShown>({ id: 'hash', header: heads.hash }, 200, ({ proof }) => proof.hash), optional: true },
  ]
}

/** Rewards for transactions, learning, governance and referrals. */
export function MintedRewards({ whose }: { whose: Whose }) {
  const columns = useMemo(() => rewardColumns(), [])
  const source = useWindowSource(
    keyOf(whose),
    (offset, limit, signal) => query('rewards.list', { ...whose, offset, limit }, signal),
    topics,
  )
  return (
    <DataTable
      name="rewards"
      label={words.rewards}
      title={words.rewards}
      columns={columns}
      source={source}
      rowId={({ id }) => id}
      sort={newestFirst}
      onSort={() => undefined}
      onOpen={row => openSheet({ title: words.rewardSheet(row.id), body: <RewardSheet reward={row} /> })}
      empty={words.noRewards}
      maxRows={6}
    />
  )
}

function rewardColumns(): Column<RewardShown>[] {
  const { rewardColumns: heads, states } = words
  const marks = { PENDING: 'asleep', DISTRIBUTED: 'at-risk', CLAIMED: 'up' } as const
  return [
    textColumn({ id: 'id', header: heads.id }, 90, ({ id }) => id),
    {
      id: 'state',
      header: heads.state,
      width: 120,
      cell: ({ state }) => <StateMark state={marks[state]} word={states[state]} />,
      text: ({ state }) => states[state],
    },
    textColumn({ id: 'kind', header: heads.kind }, 110, ({ kind }) => words.kinds[kind]),
    textColumn({ id: 'recipient', header: heads.recipient }, 150, ({ recipientName }) => cleanName(recipientName)),
    amountColumn({ id: 'amount', header: heads.amount, help: 'granted-reward' }, 'BTA-REWARD', ({ amount }) => amount),
    timeColumn({ id: 'when', header: heads.created }, ({ createdTs }) => createdTs),
    timeColumn({ id: 'distributed', header: heads.distributed }, ({ distributedTs }) => distributedTs),
    textColumn({ id: 'memo', header: heads.memo }, 160, ({ memo }) => cleanName(memo)),
  ]
}

/** What the UBO fund has paid, for proofs and out of the amount table. */
export function FundPayments({ whose }: { whose: Whose }) {
  const columns = useMemo(() => paymentColumns(), [])
  const source = useWindowSource(
    keyOf(whose),
    (offset, limit, signal) => query('rewards.payments', { ...whose, offset, limit }, signal),
    topics,
  )
  return (
    <DataTable
      name="fund-payments"
      label={words.payments}
      title={words.payments}
      columns={columns}
      source={source}
      rowId={({ entry }) => String(entry)}
      sort={newestFirst}
      onSort={() => undefined}
      empty={words.noPayments}
      maxRows={6}
    />
  )
}

type FundPayment = Awaited<ReturnType<typeof query<'rewards.payments'>>>['rows'][number]

function paymentColumns(): Column<FundPayment>[] {
  const { paymentColumns: heads } = words
  return [
    timeColumn({ id: 'when', header: heads.when }, ({ ts }) => ts),
    textColumn({ id: 'recipient', header: heads.recipient }, 160, ({ recipientName }) => cleanName(recipientName)),
    amountColumn({ id: 'amount', header: heads.amount, help: 'proof-reward' }, 'AZR', ({ amount }) => amount),
    textColumn({ id: 'why', header: heads.why }, 260, ({ proofId, type, category }) =>
      proofId === null ? `${plainName(type ?? '')}: ${plainName(category ?? '')}` : words.proofOf(proofId),
    ),
    textColumn({ id: 'memo', header: heads.memo }, 160, ({ memo }) => cleanName(memo)),
    { ...textColumn<FundPayment>({ id: 'entry', header: heads.entry }, 80, ({ entry }) => String(entry)), align: 'right' },
  ]
}

/** A name of the amount table as people read it: `module_completion` is `module completion`. */
export function plainName(name: string): string {
  return cleanName(name.replaceAll('_', ' '))
}
