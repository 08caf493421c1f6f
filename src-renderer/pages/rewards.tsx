import { Button, SegmentedControl, Skeleton } from '@mantine/core'
import { useQuery } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { FigureList, type TokenSum, TokenSums } from '../components/token-sums.tsx'
import { formatCount } from '../format.ts'
import { openSheet, useUi } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { GrantForm } from './reward-forms.tsx'
import { UboFund } from './reward-fund.tsx'
import { FundPayments, MintedRewards, Proofs, type Whose } from './reward-lists.tsx'
import { ProveForm, VerifyForm } from './reward-proofs.tsx'
import { TreasuryHead } from './treasury-head.tsx'

const words = texts.rewards
const REWARD_TOKEN = 'BTA-REWARD'

/** What one has been rewarded with and what is still to come; the fund that pays it, and proofs that anybody can verify. */
export function RewardsPage() {
  const session = useSession().data
  const [ui, setUi] = useUi<{ show: 'mine' | 'everybody' }>('rewards', { show: 'mine' })
  const entityId = session?.entity?.entityId
  const isAdministrator = session?.isAdministrator === true
  const whose: Whose = entityId === undefined || ui.show === 'everybody' ? { everybody: true } : { recipientId: entityId }
  return (
    <div className={page.page}>
      <TreasuryHead title={words.title} what={words.what}>
        {entityId === undefined ? null : (
          <Button h={32} onClick={() => openSheet({ title: words.prove, body: <ProveForm /> })}>
            {words.prove}
          </Button>
        )}
        <Button h={32} variant="default" onClick={() => openSheet({ title: words.verify, body: <VerifyForm /> })}>
          {words.verify}
        </Button>
        {isAdministrator ? (
          <Button h={32} variant="default" onClick={() => openSheet({ title: words.grant, body: <GrantForm /> })}>
            {words.grant}
          </Button>
        ) : null}
      </TreasuryHead>
      {!session ? (
        <Skeleton height={80} />
      ) : entityId === undefined ? (
        <p className={page.dim}>{words.nobody}</p>
      ) : (
        <Totals entityId={entityId} />
      )}
      <UboFund isAdministrator={isAdministrator} />
      {entityId === undefined ? null : (
        <SegmentedControl
          aria-label={words.sides.label}
          data={(['mine', 'everybody'] as const).map(value => ({ value, label: words.sides[value] }))}
          value={ui.show}
          onChange={value => setUi({ show: value === 'everybody' ? 'everybody' : 'mine' })}
          transitionDuration={0}
          style={{ alignSelf: 'flex-start' }}
        />
      )}
      <Proofs whose={whose} isAdministrator={isAdministrator} />
      <MintedRewards whose={whose} />
      <FundPayments whose={whose} />
    </div>
  )
}

function Totals({ entityId }: { entityId: string }) {
  const totals = useQuery('rewards.totals', { recipientId: entityId }, ['treasury'])
  const { data } = totals
  const { figures } = words
  if (totals.error && !data) return <ErrorPanel error={totals.error} onRetry={totals.refetch} />
  if (!data) return <Skeleton height={80} />
  const sums = (token: string, units: bigint) => {
    const list: TokenSum[] = units > 0n ? [[token, units]] : []
    return <TokenSums sums={list} none={figures.nothing} />
  }
  return (
    <FigureList
      figures={[
        {
          name: figures.accrued,
          help: 'waiting-proofs',
          value: sums(data.fund.token, data.fund.accrued),
          note: figures.proofs(formatCount(data.fund.proofs)),
        },
        { name: figures.paid, help: 'paid-to-you', value: sums(data.fund.token, data.fund.paid) },
        { name: figures.distributed, help: 'granted-reward', hint: figures.distributedHint, value: sums(REWARD_TOKEN, data.distributed) },
        { name: figures.pending, help: 'granted-reward', value: sums(REWARD_TOKEN, data.pending) },
        { name: figures.claimed, help: 'granted-reward', value: sums(REWARD_TOKEN, data.claimed) },
      ]}
    />
  )
}
