import { Button, NumberInput, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { cleanName } from '../../src-shared/text.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { GUARANTEE_TOKEN, type GuaranteeShown } from '../../src-shared/treasury/guarantees-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { type Fact, FactList } from '../components/fact-list.tsx'
import { Outcome } from '../components/outcome.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { DateTime } from '../components/values.tsx'
import { useEntityNames } from '../entity-names.ts'
import { formatBps } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import page from './page.module.css'
import { EntitySelect, TreasuryForm } from './treasury-form.tsx'

const words = texts.guarantees
/** A guarantee is of an amount, whatever it is of. */
const UNIT = 'tokens'
const marks = { LOCKED: 'up', UNLOCKED: 'asleep', BURNED: 'down' } as const

export function GuaranteeMark({ state }: { state: GuaranteeShown['state'] }) {
  return <StateMark state={marks[state]} word={words.states[state]} />
}

/** Gives a guarantee: what is covered, and what is minted and locked for it, stand before the button. */
export function GiveForm() {
  const amount = useAmount(UNIT)
  const [to, setTo] = useState<string | null>(null)
  const [coverage, setCoverage] = useState<number | string>(100)
  const [memo, setMemo] = useState('')
  const [tried, setTried] = useState(false)
  const nameOf = useEntityNames()
  const ownId = useSession().data?.entity?.entityId
  const sending = useSendOnce()
  const coverageBps = typeof coverage === 'number' ? Math.round(coverage * 100) : null
  const isCovered = coverageBps !== null && coverageBps >= 0 && coverageBps <= 10_000
  const [asked] = useDebouncedValue(amount.units === null || !isCovered ? '' : `${formatAmount(amount.units)} ${coverageBps}`, 200)
  const [askedAmount = '', askedBps = ''] = asked.split(' ')
  const quote = useQuery('guarantees.quote', { amount: askedAmount, coverageBps: Number(askedBps) }, ['treasury'], {
    enabled: asked !== '',
    keepPrevious: true,
  })
  const isShown = amount.units !== null && quote.data !== undefined
  return (
    <TreasuryForm
      name={words.give}
      how={words.giveHow}
      action={
        amount.units !== null && to !== null && quote.data
          ? words.giveAction(writeAmount(quote.data.allocated), nameOf(to))
          : words.giveNone
      }
      as="entity"
      sending={sending}
      isReady={amount.units !== null && to !== null && isCovered}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (amount.units === null || to === null || coverageBps === null) return
        await command('guarantees.create', { to, amount: formatAmount(amount.units), coverageBps, memo: memo.trim() }, { idempotencyKey })
        notifications.show({ message: words.given })
        closeSheet()
      }}
    >
      <EntitySelect
        label={words.to}
        value={to}
        onChange={setTo}
        except={ownId ?? null}
        error={tried && to === null ? words.needs.to : null}
      />
      <AmountField label={words.amount} amount={amount} tried={tried} />
      <NumberInput
        label={words.coverage}
        value={coverage}
        onChange={setCoverage}
        error={tried && !isCovered ? words.needs.coverage : null}
        min={0}
        max={100}
        decimalScale={2}
        maw={160}
      />
      <TextInput
        label={words.memo}
        description={words.memoHint}
        value={memo}
        onChange={event => setMemo(event.currentTarget.value)}
        maxLength={300}
        autoComplete="off"
      />
      {quote.error && amount.units !== null ? <ErrorPanel error={quote.error} /> : null}
      <Outcome
        title={texts.treasury.outcome}
        lines={
          isShown && quote.data
            ? [
                { label: words.covers, value: writeAmount(quote.data.allocated), strong: true },
                { label: words.locks, value: `${writeAmount(quote.data.minted)} ${GUARANTEE_TOKEN}` },
              ]
            : []
        }
      >
        {isShown && quote.data ? <p className={page.dim}>{words.ratio(writeAmount(quote.data.ratio))}</p> : null}
      </Outcome>
    </TreasuryForm>
  )
}

/** A guarantee; whoever is guaranteed, and the administrator, lets go of it here. */
export function GuaranteeSheet({ guarantee }: { guarantee: GuaranteeShown }) {
  const session = useSession().data
  const [ending, setEnding] = useState<'release' | 'draw' | null>(null)
  const isOwner = session?.entity?.entityId === guarantee.beneficiary
  const canEnd = guarantee.state === 'LOCKED' && (isOwner || session?.isAdministrator === true)
  const { facts: heads, columns } = words
  const facts: Fact[] = [
    [columns.state, <GuaranteeMark key="state" state={guarantee.state} />],
    [columns.guarantor, cleanName(guarantee.guarantorName)],
    [columns.beneficiary, cleanName(guarantee.beneficiaryName)],
    [heads.amount, writeAmount(guarantee.amount)],
    [heads.coverage, formatBps(guarantee.coverageBps)],
    [heads.covered, writeAmount(guarantee.allocated)],
    [heads.minted, `${writeAmount(guarantee.minted)} ${GUARANTEE_TOKEN}`],
    [columns.created, <DateTime key="created" ts={guarantee.createdTs} form="both" />],
  ]
  if (guarantee.endedTs !== null) facts.push([columns.ended, <DateTime key="ended" ts={guarantee.endedTs} form="both" />])
  if (guarantee.memo !== '') facts.push([heads.memo, cleanName(guarantee.memo)])
  return (
    <div className={page.stack}>
      <FactList facts={facts} />
      {canEnd && ending === null ? (
        <div className={page.buttons}>
          <Button variant="default" onClick={() => setEnding('release')}>
            {words.release}…
          </Button>
          <Button variant="default" onClick={() => setEnding('draw')}>
            {words.draw}…
          </Button>
        </div>
      ) : null}
      {canEnd && ending !== null ? (
        <EndForm key={ending} guarantee={guarantee} end={ending} as={isOwner ? 'entity' : 'administrator'} />
      ) : null}
    </div>
  )
}

function EndForm({ guarantee, end, as }: { guarantee: GuaranteeShown; end: 'release' | 'draw'; as: 'entity' | 'administrator' }) {
  const sending = useSendOnce()
  const [amount, from] = [writeAmount(guarantee.allocated), cleanName(guarantee.guarantorName)]
  const isDraw = end === 'draw'
  return (
    <TreasuryForm
      name={isDraw ? words.draw : words.release}
      how={isDraw ? words.drawHow : words.releaseHow}
      action={isDraw ? words.drawAction(amount, from) : words.releaseAction(amount, from)}
      as={as}
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command(isDraw ? 'guarantees.draw' : 'guarantees.release', { id: guarantee.id }, { idempotencyKey })
        notifications.show({ message: isDraw ? words.drawn : words.released })
        closeSheet()
      }}
      {...(isDraw && { color: 'red' })}
    >
      {null}
    </TreasuryForm>
  )
}
