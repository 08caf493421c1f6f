import { Progress } from '@mantine/core'
import { useState } from 'react'
import type { CommandOutput } from '../../src-shared/contract.ts'
import type { ProofShown } from '../../src-shared/treasury/rewards-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { Outcome } from '../components/outcome.tsx'
import { formatCount } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.rewards
/** Proofs of one transaction: so many that the bar moves, so few that each is quick. */
const AT_ONCE = 50

type Step = CommandOutput<'rewards.pay'>['steps'][number]

/** Opens the form that pays proofs; the oldest first, in whatever order they are given. `waiting`: of how many that wait they are. */
export function openPayProofs(proofs: readonly ProofShown[], waiting = proofs.length): void {
  const ordered = [...proofs].sort((a, b) => a.submittedTs - b.submittedTs)
  openSheet({ title: words.payTitle, body: <PayProofs proofs={ordered} waiting={waiting} /> })
}

/** Pays proofs batch by batch, each with a key of its own: what is sent again after a lost answer is not paid twice. */
function PayProofs({ proofs, waiting }: { proofs: readonly ProofShown[]; waiting: number }) {
  const sending = useSendOnce()
  const fund = useQuery('rewards.fund', {}, ['treasury']).data
  const [steps, setSteps] = useState<readonly Step[]>([])
  const total = proofs.reduce((sum, { reward }) => sum + reward, 0n)
  const isDone = steps.length === proofs.length
  const paid = steps.filter(({ outcome }) => outcome === 'paid')
  const others = steps.filter(({ outcome }) => outcome !== 'paid')
  if (isDone)
    return (
      <div className={page.stack} role="status">
        <p>
          <strong>{words.payDone(formatCount(paid.length), writeAmount(paid.reduce((sum, { amount }) => sum + amount, 0n)))}</strong>
        </p>
        {others.length === 0 ? null : (
          <section aria-label={words.payOthers}>
            <h3>{words.payOthers}</h3>
            <ul className={page.long}>
              {others.map(({ id, outcome, why }) => (
                <li key={id}>
                  {id}: {why ?? words.outcomes[outcome]}
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    )
  return (
    <TreasuryForm
      name={words.payTitle}
      how={words.payHow}
      action={words.payAction(words.fundProofs(formatCount(proofs.length)), writeAmount(total))}
      as="administrator"
      sending={sending}
      {...(steps.length > 0 && { safe: words.paySafe(formatCount(steps.length)) })}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        const done: Step[] = []
        for (let from = 0; from < proofs.length; from += AT_ONCE) {
          const ids = proofs.slice(from, from + AT_ONCE).map(({ proof }) => proof.id)
          const answer = await command('rewards.pay', { ids }, { idempotencyKey: `${idempotencyKey}-${from}` })
          done.push(...answer.steps)
          setSteps([...done])
        }
      }}
    >
      {waiting > proofs.length ? <p className={page.dim}>{words.payMost(formatCount(waiting))}</p> : null}
      <Outcome
        title={texts.treasury.outcome}
        lines={[
          { label: words.payCount, value: formatCount(proofs.length) },
          { label: words.payTotal, value: `${writeAmount(total)} AZR`, strong: true },
          ...(fund ? [{ label: words.fundHas, value: `${writeAmount(fund.available)} AZR` }] : []),
        ]}
      >
        {fund && fund.available < total ? <p className={page.bad}>{words.fundShort(writeAmount(total - fund.available))}</p> : null}
      </Outcome>
      {steps.length > 0 ? (
        <div>
          <Progress value={(steps.length * 100) / proofs.length} aria-label={words.payTitle} />
          <p role="status">{words.payProgress(formatCount(steps.length), formatCount(proofs.length))}</p>
        </div>
      ) : null}
    </TreasuryForm>
  )
}
