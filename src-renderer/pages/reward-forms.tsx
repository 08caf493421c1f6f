import { Select } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { type RewardKind, rewardKinds } from '../../src-shared/treasury/rewards.ts'
import type { RewardShown } from '../../src-shared/treasury/rewards-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { DateTime } from '../components/values.tsx'
import { useEntityNames } from '../entity-names.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet, openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { EntitySelect, MemoField, TreasuryForm } from './treasury-form.tsx'

const words = texts.rewards

/** Grants a reward, which is distributed afterwards. */
export function GrantForm() {
  const amount = useAmount('BTA-REWARD')
  const [to, setTo] = useState<string | null>(null)
  const [kind, setKind] = useState<RewardKind>('transaction')
  const [memo, setMemo] = useState('')
  const [tried, setTried] = useState(false)
  const nameOf = useEntityNames()
  const sending = useSendOnce()
  const { units } = amount
  return (
    <TreasuryForm
      name={words.grant}
      how={words.grantHow}
      action={units !== null && to !== null ? words.grantAction(writeAmount(units), nameOf(to)) : words.grant}
      as="administrator"
      sending={sending}
      isReady={units !== null && to !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null || to === null) return
        const reward = await command('rewards.grant', { to, kind, amount: formatAmount(units), memo: memo.trim() }, { idempotencyKey })
        notifications.show({ message: words.granted })
        openSheet({ title: words.rewardSheet(reward.id), body: <RewardSheet reward={reward} /> })
      }}
    >
      <EntitySelect label={words.to} value={to} onChange={setTo} error={tried && to === null ? words.toMissing : null} />
      <Select
        label={words.kind}
        data={rewardKinds.map(value => ({ value, label: words.kinds[value] }))}
        value={kind}
        onChange={value => setKind(rewardKinds.find(one => one === value) ?? kind)}
        allowDeselect={false}
      />
      <AmountField label={words.amount} amount={amount} tried={tried} />
      <MemoField value={memo} onChange={setMemo} />
    </TreasuryForm>
  )
}

/** A reward; the administrator distributes it here, its recipient claims it. */
export function RewardSheet({ reward }: { reward: RewardShown }) {
  const session = useSession().data
  const { rewardColumns: heads } = words
  const isOwn = session?.entity?.entityId === reward.recipientId
  const facts: Fact[] = [
    [heads.state, words.states[reward.state]],
    [heads.kind, words.kinds[reward.kind]],
    [heads.recipient, cleanName(reward.recipientName)],
    [heads.amount, writeAmount(reward.amount)],
    [heads.trust, String(reward.trust)],
    [heads.created, <DateTime key="created" ts={reward.createdTs} form="both" />],
  ]
  if (reward.distributedTs !== null) facts.push([heads.distributed, <DateTime key="distributed" ts={reward.distributedTs} form="both" />])
  if (reward.claimedTs !== null) facts.push([heads.claimed, <DateTime key="claimed" ts={reward.claimedTs} form="both" />])
  if (reward.entry !== null) facts.push([heads.entry, String(reward.entry)])
  if (reward.memo !== '') facts.push([heads.memo, cleanName(reward.memo)])
  return (
    <div className={page.stack}>
      <FactList facts={facts} />
      {reward.state === 'PENDING' && session?.isAdministrator ? <StepForm reward={reward} step="distribute" /> : null}
      {reward.state === 'DISTRIBUTED' && isOwn ? <StepForm reward={reward} step="claim" /> : null}
    </div>
  )
}

function StepForm({ reward, step }: { reward: RewardShown; step: 'distribute' | 'claim' }) {
  const sending = useSendOnce()
  const { id, amount, recipientId, recipientName } = reward
  const isClaim = step === 'claim'
  return (
    <TreasuryForm
      name={isClaim ? words.claimTitle : words.distributeTitle}
      how={isClaim ? words.claimHow : words.distributeHow}
      action={isClaim ? words.claim(writeAmount(amount)) : words.distribute(writeAmount(amount), cleanName(recipientName))}
      as={isClaim ? 'entity' : 'administrator'}
      {...(isClaim && { actsAs: recipientId })}
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command(isClaim ? 'rewards.claim' : 'rewards.distribute', { rewardId: id }, { idempotencyKey })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}
