import { SegmentedControl } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { EscrowShown, PaymentRequestShown } from '../../src-shared/treasury/payments-table.ts'
import { mostPayable } from '../account-model.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { Note } from '../components/note.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { useEntityNames } from '../entity-names.ts'
import { formatBps } from '../format.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { EntitySelect, MemoField, TokenSelect, TreasuryForm } from './treasury-form.tsx'

const words = texts.account.forms
const missing = texts.treasury.fields.missing
/** What payments are made in unless another token is chosen. */
export const USUAL_TOKEN = 'AZR'

function done(what: string): void {
  notifications.show({ message: words.done(what) })
  closeSheet()
}

/** What a payment costs; `data` answers exactly this amount, or is undefined. */
function useQuote(units: bigint | null, token: string, to: string | null) {
  const input = { amount: formatAmount(units ?? 1n), token, ...(to !== null && { to }) }
  return useQuery('payments.quote', input, ['treasury'], { enabled: units !== null })
}

/** What there is on an account now. */
function useBalance(entityId: string, tokenId: string) {
  return useQuery('tokens.balance', { entityId, tokenId }, ['treasury']).data
}

/** Sends tokens at once, or holds them in escrow: recipient, amount, what it costs, and then the button that names both. */
export function PayForm({ how, ownId }: { how: 'send' | 'hold'; ownId: string }) {
  const [to, setTo] = useState<string | null>(null)
  const [token, setToken] = useState<string>(USUAL_TOKEN)
  const [memo, setMemo] = useState('')
  const [tried, setTried] = useState(false)
  const amount = useAmount(token)
  const nameOf = useEntityNames()
  const sending = useSendOnce()
  const { units } = amount
  const { data: quote, error } = useQuote(units, token, to)
  const feeBps = useQuote(1n, token, null).data?.feeBps
  const available = useBalance(ownId, token)?.available
  const most = feeBps === undefined || available === undefined ? null : mostPayable(available, feeBps)
  const isReady = units !== null && to !== null && quote?.isCovered === true
  const isHold = how === 'hold'
  const empty = isHold ? words.holdEmpty : words.sendEmpty
  const action = isHold ? words.holdAction : words.sendAction
  const what = units === null || to === null ? empty : action(`${writeAmount(units)} ${token}`, nameOf(to))
  return (
    <TreasuryForm
      name={isHold ? words.holdTitle : words.sendTitle}
      how={isHold ? words.holdHow : words.sendHow}
      action={what}
      as="entity"
      actsAs={ownId}
      sending={sending}
      isReady={isReady}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null || to === null) return
        const input = { to, token, amount: formatAmount(units), memo }
        await command(isHold ? 'escrow.hold' : 'payments.send', input, { idempotencyKey })
        done(what)
      }}
    >
      <EntitySelect label={words.to} value={to} onChange={setTo} except={ownId} error={tried && to === null ? missing : null} />
      <TokenSelect value={token} onChange={setToken} />
      <AmountField
        label={words.amount}
        amount={amount}
        mostUnits={most}
        above={words.atMost(`${writeAmount(most ?? 0n)} ${token}`)}
        tried={tried}
      />
      <MemoField value={memo} onChange={setMemo} />
      {error && units !== null ? <Note state="at-risk">{error.message}</Note> : null}
      <Outcome
        title={texts.treasury.outcome}
        lines={quote && units !== null && quote.isCovered ? costLines(quote, to === null ? words.to : nameOf(to), isHold) : []}
      />
    </TreasuryForm>
  )
}

interface Cost {
  token: string
  amount: bigint
  feeBps: number
  fee: bigint
  total: bigint
  available: bigint | null
}

function costLines({ token, amount, feeBps, fee, total, available }: Cost, name: string, isHold: boolean): OutcomeLine[] {
  const tokens = (units: bigint) => `${writeAmount(units)} ${token}`
  return [
    { label: words.gets(name), value: tokens(amount) },
    { label: words.fee(formatBps(feeBps)), value: tokens(fee) },
    { label: isHold ? words.lockedThen : words.youPay, value: tokens(total), strong: true },
    ...(available === null ? [] : [{ label: words.hasThen, value: tokens(available - total) }]),
  ]
}

/** Asks another entity for a payment. */
export function RequestForm({ ownId }: { ownId: string }) {
  const [from, setFrom] = useState<string | null>(null)
  const [token, setToken] = useState<string>(USUAL_TOKEN)
  const [memo, setMemo] = useState('')
  const [tried, setTried] = useState(false)
  const amount = useAmount(token)
  const nameOf = useEntityNames()
  const sending = useSendOnce()
  const { units } = amount
  const what = units === null || from === null ? words.requestEmpty : words.requestAction(`${writeAmount(units)} ${token}`, nameOf(from))
  return (
    <TreasuryForm
      name={words.requestTitle}
      how={words.requestHow}
      action={what}
      as="entity"
      actsAs={ownId}
      sending={sending}
      isReady={units !== null && from !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null || from === null) return
        await command('requests.create', { from, token, amount: formatAmount(units), memo }, { idempotencyKey })
        done(what)
      }}
    >
      <EntitySelect label={words.from} value={from} onChange={setFrom} except={ownId} error={tried && from === null ? missing : null} />
      <TokenSelect value={token} onChange={setToken} />
      <AmountField label={words.amount} amount={amount} tried={tried} />
      <MemoField value={memo} onChange={setMemo} />
      <Outcome
        title={texts.treasury.outcome}
        lines={units === null ? [] : [{ label: words.youGet, value: `${writeAmount(units)} ${token}`, strong: true }]}
      />
    </TreasuryForm>
  )
}

/** Pays what somebody asks for, after showing what it costs. */
export function PayRequestForm({ request }: { request: PaymentRequestShown }) {
  const { id, from: ownId, to, token, amount, memo } = request
  const nameOf = useEntityNames()
  const sending = useSendOnce()
  const { data: quote } = useQuote(amount, token, to)
  const what = texts.account.pay(`${writeAmount(amount)} ${token}`, nameOf(to))
  return (
    <TreasuryForm
      name={words.payTitle}
      how={words.payHow(nameOf(to), memo)}
      action={what}
      as="entity"
      actsAs={ownId}
      sending={sending}
      // who is locked unlocks first, and the core says whether it is covered
      isReady={quote !== undefined && quote.isCovered !== false}
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('requests.fulfil', { id }, { idempotencyKey })
        done(what)
      }}
    >
      {quote?.isCovered === false ? <Note state="down">{words.uncovered}</Note> : null}
      <Outcome title={texts.treasury.outcome} lines={quote ? costLines(coveredOnly(quote), nameOf(to), false) : []} />
    </TreasuryForm>
  )
}

/** What would be left is told only where it would be. */
function coveredOnly<T extends Cost & { isCovered: boolean | null }>(quote: T): Cost {
  return { ...quote, available: quote.isCovered ? quote.available : null }
}

/** Lets go of a held payment: the buyer in favour of the seller, the seller in favour of the buyer. */
export function ReleaseForm({ escrow, ownId }: { escrow: EscrowShown; ownId: string }) {
  const { id, from, to, token, amount, fee } = escrow
  const nameOf = useEntityNames()
  const sending = useSendOnce()
  const isBuyer = from === ownId
  const tokens = (units: bigint) => `${writeAmount(units)} ${token}`
  const what = isBuyer ? texts.account.pay(tokens(amount), nameOf(to)) : words.giveBackAction(tokens(amount + fee), nameOf(from))
  const lines: OutcomeLine[] = isBuyer
    ? [
        { label: words.gets(nameOf(to)), value: tokens(amount), strong: true },
        { label: words.feeTaken, value: tokens(fee) },
      ]
    : [{ label: words.gets(nameOf(from)), value: tokens(amount + fee), strong: true }]
  return (
    <TreasuryForm
      name={isBuyer ? words.releaseTitle : words.giveBackTitle}
      how={isBuyer ? words.releaseHow(nameOf(to)) : words.giveBackHow(nameOf(from))}
      action={what}
      as="entity"
      actsAs={ownId}
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        await command('escrow.release', { id }, { idempotencyKey })
        done(what)
      }}
    >
      <Outcome title={texts.treasury.outcome} lines={lines} />
    </TreasuryForm>
  )
}

const asideCommands = { lock: 'tokens.lock', unlock: 'tokens.unlock', burn: 'tokens.burnLocked' } as const
type AsideOp = keyof typeof asideCommands

/** Puts tokens aside, takes them back, or burns what was put aside. */
export function AsideForm({ ownId, token }: { ownId: string; token: string }) {
  const [op, setOp] = useState<AsideOp>('lock')
  const [memo, setMemo] = useState('')
  const [tried, setTried] = useState(false)
  const amount = useAmount(token)
  const sending = useSendOnce()
  const { units } = amount
  const { available, locked, putAside } = useBalance(ownId, token) ?? { available: 0n, locked: 0n, putAside: 0n }
  const most = op === 'lock' ? available : (putAside ?? 0n)
  const tokens = (value: bigint) => `${writeAmount(value)} ${token}`
  const what = units === null ? words.asideOps[op] : words.asideActions[op](tokens(units))
  const isReady = units !== null && units <= most
  const moved = units ?? 0n
  const lines: OutcomeLine[] = isReady
    ? [
        { label: words.availableThen, value: tokens(op === 'lock' ? available - moved : op === 'unlock' ? available + moved : available) },
        { label: words.lockedThenAll, value: tokens(op === 'lock' ? locked + moved : locked - moved) },
      ]
    : []
  return (
    <TreasuryForm
      name={texts.account.asideOf(token)}
      how={op === 'burn' ? words.burnHow : words.asideHow}
      action={what}
      as="entity"
      actsAs={ownId}
      sending={sending}
      isReady={isReady}
      onTried={() => setTried(true)}
      {...(op === 'burn' && { color: 'red' })}
      onSend={async idempotencyKey => {
        if (units === null) return
        await command(asideCommands[op], { token, amount: formatAmount(units), memo }, { idempotencyKey })
        done(what)
      }}
    >
      <SegmentedControl
        aria-label={words.asideLabel}
        data={Object.entries(words.asideOps).map(([value, label]) => ({ value, label }))}
        value={op}
        onChange={value => setOp(value === 'unlock' || value === 'burn' ? value : 'lock')}
        transitionDuration={0}
      />
      <AmountField
        label={words.amount}
        amount={amount}
        mostUnits={most}
        {...(op !== 'lock' && { above: words.abovePutAside(tokens(most)) })}
        tried={tried}
      />
      <MemoField value={memo} onChange={setMemo} />
      <Outcome title={texts.treasury.outcome} lines={lines} />
    </TreasuryForm>
  )
}
