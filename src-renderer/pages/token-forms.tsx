import { TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { group } from '../../src-shared/money.ts'
import { listed } from '../../src-shared/text.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { TREASURY_ENTITY } from '../../src-shared/treasury/entities.ts'
import type { Token } from '../../src-shared/treasury/tokens-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { useEntityNames } from '../entity-names.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { EntitySelect, MemoField, TreasuryForm } from './treasury-form.tsx'

const words = texts.tokens
const forms = words.forms
const missing = texts.treasury.fields.missing

function done(message: string): void {
  notifications.show({ message })
  closeSheet()
}

/** Makes every token that is not there yet. */
export function InitializeForm({ tokens }: { tokens: readonly Token[] }) {
  const sending = useSendOnce()
  const uboFund = useQuery('configuration.list', {}, ['treasury']).data?.parameters.find(({ name }) => name === 'tokens.uboFund')
  const missingTokens = tokens.filter(({ isInitialised, isMirror }) => !isInitialised && !isMirror)
  const lines: OutcomeLine[] = missingTokens.map(({ token, initial }) => ({
    label: words.toTreasury(token),
    value: initial === 0n ? words.noInitial : writeAmount(initial),
  }))
  if (uboFund && missingTokens.some(({ token }) => token === 'AZR'))
    lines.push({ label: words.toFund, value: group(String(JSON.parse(uboFund.value))) })
  return (
    <TreasuryForm
      name={words.initialize}
      how={words.initializeHow}
      action={words.initialize}
      as="administrator"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        const { initialised } = await command('tokens.initialize', {}, { idempotencyKey })
        done(initialised.length > 0 ? words.initialized(listed(initialised)) : words.initializedNothing)
      }}
    >
      <Outcome title={texts.treasury.outcome} lines={lines} />
    </TreasuryForm>
  )
}

/** What an account has of a token available; null: not known yet. */
function useAvailable(entityId: string | null, token: string): bigint | null {
  const { data } = useQuery('tokens.balance', { entityId: entityId ?? '-', tokenId: token }, ['treasury'], { enabled: entityId !== null })
  return data?.available ?? null
}

/** The token as it is by now. */
function useToken(given: Token): Token {
  return useQuery('tokens.get', { identifier: given.token }, ['treasury']).data ?? given
}

/** Sends tokens of one of the treasury's own accounts. */
export function FundForm({ token: { token } }: { token: Token }) {
  const [from, setFrom] = useState<string>(TREASURY_ENTITY)
  const [to, setTo] = useState<string | null>(null)
  const [memo, setMemo] = useState('')
  const [tried, setTried] = useState(false)
  const amount = useAmount(token)
  const nameOf = useEntityNames()
  const available = useAvailable(from, token)
  const has = useAvailable(to, token)
  const sending = useSendOnce()
  const { units } = amount
  const isReady = units !== null && to !== null && units <= (available ?? units)
  const what = units === null || to === null ? forms.fundEmpty : forms.fundAction(`${writeAmount(units)} ${token}`, nameOf(to))
  const lines: OutcomeLine[] = []
  if (units !== null && to !== null) {
    lines.push({ label: forms.gets(nameOf(to)), value: `${writeAmount(units)} ${token}`, strong: true })
    if (has !== null) lines.push({ label: forms.hasThen(nameOf(to)), value: `${writeAmount(has + units)} ${token}` })
    if (available !== null && available >= units)
      lines.push({ label: forms.hasThen(nameOf(from)), value: `${writeAmount(available - units)} ${token}` })
  }
  return (
    <TreasuryForm
      name={forms.fundTitle(token)}
      how={forms.fundHow}
      action={what}
      as="administrator"
      sending={sending}
      isReady={isReady}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null || to === null) return
        await command('tokens.fund', { from, to, token, amount: formatAmount(units), memo }, { idempotencyKey })
        done(forms.done(what))
      }}
    >
      <EntitySelect label={forms.from} value={from} onChange={value => setFrom(value ?? TREASURY_ENTITY)} system="only" except={to} />
      <EntitySelect label={forms.to} value={to} onChange={setTo} system="too" except={from} error={tried && to === null ? missing : null} />
      <AmountField label={forms.amount} amount={amount} mostUnits={available} above={above(available, token)} tried={tried} />
      <MemoField value={memo} onChange={setMemo} />
      <Outcome title={texts.treasury.outcome} lines={lines} />
    </TreasuryForm>
  )
}

/** Issues new tokens. */
export function MintForm({ token: given }: { token: Token }) {
  const { token, supply, max } = useToken(given)
  const [to, setTo] = useState<string>(TREASURY_ENTITY)
  const [memo, setMemo] = useState('')
  const [chainTx, setChainTx] = useState('')
  const [tried, setTried] = useState(false)
  const amount = useAmount(token)
  const nameOf = useEntityNames()
  const sending = useSendOnce()
  const { units } = amount
  const left = max === null ? null : max - supply
  const isReady = units !== null && (left === null || units <= left)
  const what = units === null ? forms.mintEmpty : forms.mintAction(`${writeAmount(units)} ${token}`, nameOf(to))
  return (
    <TreasuryForm
      name={forms.mintTitle(token)}
      how={forms.mintHow}
      action={what}
      as="administrator"
      sending={sending}
      isReady={isReady}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null) return
        await command('tokens.mint', { to, token, amount: formatAmount(units), memo, ...ofChain(chainTx) }, { idempotencyKey })
        done(forms.done(what))
      }}
    >
      <EntitySelect label={forms.to} value={to} onChange={value => setTo(value ?? TREASURY_ENTITY)} system="too" />
      <AmountField
        label={forms.amount}
        amount={amount}
        mostUnits={left}
        {...(left !== null && { above: forms.aboveMax(`${writeAmount(left)} ${token}`) })}
        tried={tried}
      />
      <MemoField value={memo} onChange={setMemo} />
      <ChainTxField value={chainTx} onChange={setChainTx} />
      <Outcome title={texts.treasury.outcome} lines={units === null ? [] : supplyLines(token, supply + units, max)} />
    </TreasuryForm>
  )
}

/** Burns tokens of one of the treasury's own accounts. */
export function BurnForm({ token: given }: { token: Token }) {
  const { token, supply, max } = useToken(given)
  const [from, setFrom] = useState<string>(TREASURY_ENTITY)
  const [memo, setMemo] = useState('')
  const [chainTx, setChainTx] = useState('')
  const [tried, setTried] = useState(false)
  const amount = useAmount(token)
  const nameOf = useEntityNames()
  const available = useAvailable(from, token)
  const sending = useSendOnce()
  const { units } = amount
  const isReady = units !== null && units <= (available ?? units)
  const what = units === null ? forms.burnEmpty : forms.burnAction(`${writeAmount(units)} ${token}`, nameOf(from))
  const lines: OutcomeLine[] =
    units === null || available === null || units > available
      ? []
      : [
          { label: forms.hasThen(nameOf(from)), value: `${writeAmount(available - units)} ${token}` },
          ...supplyLines(token, supply - units, max),
        ]
  return (
    <TreasuryForm
      name={forms.burnTitle(token)}
      how={forms.burnHow}
      action={what}
      as="administrator"
      sending={sending}
      isReady={isReady}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null) return
        await command('tokens.burn', { from, token, amount: formatAmount(units), memo, ...ofChain(chainTx) }, { idempotencyKey })
        done(forms.done(what))
      }}
      color="red"
    >
      <EntitySelect label={forms.from} value={from} onChange={value => setFrom(value ?? TREASURY_ENTITY)} system="only" />
      <AmountField label={forms.amount} amount={amount} mostUnits={available} above={above(available, token)} tried={tried} />
      <MemoField value={memo} onChange={setMemo} />
      <ChainTxField value={chainTx} onChange={setChainTx} />
      <Outcome title={texts.treasury.outcome} lines={lines} />
    </TreasuryForm>
  )
}

function above(available: bigint | null, token: string): string {
  return forms.aboveAvailable(`${writeAmount(available ?? 0n)} ${token}`)
}

function supplyLines(token: string, supply: bigint, max: bigint | null): OutcomeLine[] {
  return [
    { label: forms.supplyThen, value: `${writeAmount(supply)} ${token}`, strong: true },
    ...(max === null ? [] : [{ label: forms.ofMax, value: `${writeAmount(max)} ${token}` }]),
  ]
}

function ofChain(chainTx: string): { chainTx?: string } {
  return chainTx.trim() === '' ? {} : { chainTx: chainTx.trim() }
}

function ChainTxField({ value, onChange }: { value: string; onChange: (chainTx: string) => void }) {
  return (
    <TextInput
      label={forms.chainTx}
      description={forms.chainTxHint}
      value={value}
      onChange={event => onChange(event.currentTarget.value)}
      maxLength={100}
      autoComplete="off"
      spellCheck={false}
    />
  )
}
