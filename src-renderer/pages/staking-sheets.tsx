import { Button, Skeleton } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import type { NodeState } from '../../src-shared/nodes-contract.ts'
import type { Stake } from '../../src-shared/treasury/staking-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { Note } from '../components/note.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime, useNowTs } from '../components/values.tsx'
import { formatBps, formatCount } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.staking

/** How a stake stands, in a word. */
export function stakeStanding({ state, owed, outTs, endsTs, kind }: Stake, nowTs: number): { state: NodeState; word: string } {
  const { states } = words
  if (owed > 0n) return { state: 'at-risk', word: states.owed }
  if (state === 'completed') return { state: 'asleep', word: states.completed }
  if (state === 'unstaking') return outTs <= nowTs ? { state: 'up', word: states.ready } : { state: 'asleep', word: states.unstaking }
  return { state: 'up', word: kind === 'fixed' && endsTs <= nowTs ? states.over : states.active }
}

/** A stake with what it earned; its owner unstakes and claims it here. */
export function StakeSheet({ id }: { id: string }) {
  const found = useQuery('staking.get', { stakeId: id }, ['treasury'])
  const entityId = useSession().data?.entity?.entityId
  const nowTs = useNowTs()
  const [isLeaving, setLeaving] = useState(false)
  if (found.error && !found.data) return <ErrorPanel error={found.error} onRetry={found.refetch} />
  if (!found.data) return <Skeleton height={260} />
  const stake = found.data
  const isOwn = stake.stakerId === entityId && stake.endedTs === null
  return (
    <div className={page.stack}>
      <StakeFacts stake={stake} nowTs={nowTs} />
      {isOwn && !isLeaving ? <NextStep stake={stake} nowTs={nowTs} onLeave={() => setLeaving(true)} /> : null}
      {isOwn && isLeaving ? <LeaveForm stake={stake} /> : null}
    </div>
  )
}

/** What can be done with it now, or from when on. */
function NextStep({ stake, nowTs, onLeave }: { stake: Stake; nowTs: number; onLeave: () => void }) {
  const { kind, state, outTs } = stake
  const isEarly = outTs > nowTs
  if (isEarly && (kind === 'pool' || state === 'unstaking'))
    return (
      <Note state="asleep">
        {kind === 'pool' ? words.notBefore : words.claimFrom} <DateTime ts={outTs} />
      </Note>
    )
  return (
    <div className={page.buttons}>
      <Button variant="default" onClick={onLeave}>
        {state === 'unstaking' ? words.claim : words.unstake}
      </Button>
    </div>
  )
}

function StakeFacts({ stake, nowTs }: { stake: Stake; nowTs: number }) {
  const { columns: heads } = words
  const standing = stakeStanding(stake, nowTs)
  const reward = (units: bigint) => `${writeAmount(units)} ${stake.rewardToken}`
  const facts: Fact[] = [
    [heads.state, <StateMark key="state" state={standing.state} word={standing.word} />],
    [heads.amount, `${writeAmount(stake.amount)} ${stake.token}`],
    [heads.where, stake.days === null ? (stake.poolName ?? stake.poolId) : words.termOf(formatCount(stake.days))],
    [heads.apy, formatBps(stake.apyBps)],
    [heads.start, <DateTime key="start" ts={stake.startTs} form="both" />],
    [heads.ends, <DateTime key="ends" ts={stake.endsTs} form="both" />],
    [heads.out, <DateTime key="out" ts={stake.outTs} form="both" />],
    [heads.earned, reward(stake.accrued)],
  ]
  if (stake.countedDays !== null) facts.push([heads.days, formatCount(stake.countedDays)])
  if (stake.atEnd !== null) facts.push([heads.atEnd, reward(stake.atEnd)])
  facts.push([heads.paid, reward(stake.paid)])
  if (stake.owed > 0n) facts.push([heads.owed, reward(stake.owed)])
  facts.push([heads.trust, String(stake.trust)])
  if (stake.endedTs !== null) facts.push([heads.ended, <DateTime key="ended" ts={stake.endedTs} form="both" />])
  return <FactList facts={facts} />
}

/** Unstakes, or claims what waited: what comes back, what of the reward is paid, and what an early exit goes without. */
function LeaveForm({ stake }: { stake: Stake }) {
  const sending = useSendOnce()
  const nowTs = useNowTs()
  const entityId = useSession().data?.entity?.entityId
  const { id, amount, token, rewardToken, state } = stake
  const isClaim = state === 'unstaking'
  const quote = useQuery('staking.quote', { stakeId: id }, ['treasury'], { enabled: entityId !== undefined })
  const { data } = quote
  const staked = writeAmount(amount)
  const reward = (units: bigint) => `${writeAmount(units)} ${rewardToken}`
  const lines: OutcomeLine[] = data
    ? [
        { label: words.principal, value: `${writeAmount(data.principal)} ${token}`, strong: true },
        { label: words.reward, value: reward(data.reward) },
        ...(data.payable < data.reward
          ? [
              { label: words.payable, value: reward(data.payable) },
              { label: words.stillOwed, value: reward(data.reward - data.payable) },
            ]
          : []),
        ...(data.forgone !== null && data.forgone > 0n ? [{ label: words.forgone, value: reward(data.forgone) }] : []),
        { label: words.outAt, value: data.outTs <= nowTs + 1 ? words.now : <DateTime ts={data.outTs} /> },
      ]
    : []
  return (
    <TreasuryForm
      name={isClaim ? words.claimTitle : words.unstakeTitle}
      how={isClaim ? words.claimHow : words.unstakeHow}
      action={isClaim ? words.claimAction(staked, token) : words.unstakeAction(staked, token)}
      as="entity"
      actsAs={stake.stakerId}
      sending={sending}
      isReady={data !== undefined}
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        const name = isClaim ? 'staking.claim' : 'staking.unstake'
        const done = await command(name, { stakeId: id }, { idempotencyKey })
        const waits = done.stake.endedTs === null
        notifications.show({ message: isClaim ? words.claimed(staked, token) : waits ? words.unstakedWaits : words.unstaked })
        closeSheet()
      }}
    >
      {data?.forgone ? <Note state="at-risk">{words.early}</Note> : null}
      {quote.error ? <ErrorPanel error={quote.error} onRetry={quote.refetch} /> : null}
      <Outcome title={texts.treasury.outcome} lines={lines} />
    </TreasuryForm>
  )
}
