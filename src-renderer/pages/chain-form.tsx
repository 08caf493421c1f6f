import { Button, Checkbox, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { type ChainCall, type ChainCallKind, type ChainReview, chainCallSchema } from '../../src-shared/chain-contract.ts'
import type { KeyRow } from '../../src-shared/keys-contract.ts'
import { tftExact, unitsFromTft } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import { command, useQuery } from '../api.ts'
import { useAsk } from '../ask.ts'
import { Asking } from '../components/asking.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { DateTime } from '../components/values.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { openChainReview } from './chain-review.tsx'
import page from './page.module.css'

const words = texts.chain
const { fields } = words

/** Asks for what a call needs, and has the chain asked for the rest. `initial`: what is known; `replaces`: a call that ended without a block. */
export function openChainForm(network: string, kind: ChainCallKind, initial: Known = {}, replaces?: string): void {
  openSheet({
    title: words.kinds[kind],
    body: <ChainForm network={network} kind={kind} initial={initial} {...(replaces !== undefined && { replaces })} />,
  })
}

/** The same call once more, in the place of one that ended without a block. */
export function openChainAgain(network: string, call: ChainCall, replaces: string): void {
  openChainForm(network, call.kind, enteredOf(call), replaces)
}

interface Entered {
  farm: string
  node: string
  proposal: string
  approve: boolean
  address: string
  /** of a mint: when its period began, seconds */
  start: number
  amount: string
}

/** What is known before anything is entered; `keyId`: the key that it takes. */
type Known = Partial<Entered> & { keyId?: string }

function enteredOf(call: ChainCall): Partial<Entered> {
  switch (call.kind) {
    case 'vote':
      return { farm: String(call.farmId), proposal: call.proposal, approve: call.approve }
    case 'payout-address':
      return { farm: String(call.farmId), address: call.address }
    case 'claim':
      return { node: String(call.nodeId) }
    case 'submit-amount':
      return { node: String(call.nodeId), start: call.periodStart, amount: tftExact(BigInt(call.amountUnits)) }
    case 'trigger':
      return { node: String(call.nodeId), start: call.periodStart }
  }
}

const isNumber = (text: string): boolean => /^\d{1,10}$/.test(text.trim())
const unitsOf = (amount: string): bigint | null => unitsFromTft(amount.trim().replaceAll(',', ''))

/** The call as it was entered; null where something of it is missing. */
function callOf(kind: ChainCallKind, { farm, node, proposal, approve, address, start, amount }: Entered): ChainCall | null {
  const id = (text: string) => (isNumber(text) ? Number(text) : null)
  const made: { [K in ChainCallKind]: object } = {
    vote: { farmId: id(farm), proposal, approve },
    'payout-address': { farmId: id(farm), address },
    claim: { nodeId: id(node) },
    'submit-amount': { nodeId: id(node), periodStart: start, amountUnits: unitsOf(amount)?.toString() },
    trigger: { nodeId: id(node), periodStart: start },
  }
  return chainCallSchema.safeParse({ kind, ...made[kind] }).data ?? null
}

function ChainForm({ network, kind, initial, replaces }: { network: string; kind: ChainCallKind; initial: Known; replaces?: string }) {
  const { keyId: known, ...given } = initial
  const [entered, setEntered] = useState<Entered>({
    ...{ farm: '', node: '', proposal: '', approve: true, address: '', start: 0, amount: '' },
    ...given,
  })
  const [offline, setOffline] = useState(false)
  const [chosen, setChosen] = useState<string | null>(known ?? null)
  const [tried, setTried] = useState(false)
  const keys = (useQuery('keys.list', {}, ['keys']).data?.keys ?? []).filter(key => key.kind !== 'stellar')
  const keyId = chosen ?? (keys.find(({ origin }) => origin !== 'watch') ?? keys[0])?.keyId ?? null
  const asking = useAsk(async ({ call, key }: { call: ChainCall; key: string }, signal: AbortSignal) => {
    const review: ChainReview = await command(
      'chain.prepare',
      { network, call, keyId: key, offline, ...(replaces !== undefined && { replaces }) },
      { signal },
    )
    openChainReview(review, offline)
  })
  const call = callOf(kind, entered)
  const input = (field: 'farm' | 'node' | 'proposal' | 'address' | 'amount', hint: string, missing: string, isRight: boolean) => ({
    label: fields[field],
    description: hint,
    value: entered[field],
    error: tried && !isRight ? missing : null,
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget
      setEntered(old => ({ ...old, [field]: value }))
    },
    spellCheck: false,
    autoComplete: 'off',
  })
  const isOfNode = kind === 'claim' || kind === 'submit-amount' || kind === 'trigger'
  return (
    <form
      className={page.form}
      noValidate
      aria-label={words.kinds[kind]}
      onSubmit={event => {
        event.preventDefault()
        setTried(true)
        if (call && keyId !== null) asking.run({ call, key: keyId })
      }}
    >
      <p className={page.dim}>{words.hows[kind]}</p>
      {isOfNode ? (
        <TextInput data-autofocus inputMode="numeric" {...input('node', fields.nodeHint, fields.number, isNumber(entered.node))} />
      ) : (
        <TextInput data-autofocus inputMode="numeric" {...input('farm', fields.farmHint, fields.number, isNumber(entered.farm))} />
      )}
      {kind === 'vote' ? (
        <>
          <TextInput
            {...input('proposal', fields.proposalHint, fields.proposalMissing, /^0x[0-9a-f]{64}$/i.test(entered.proposal.trim()))}
          />
          <SegmentedControl
            aria-label={fields.choice}
            data={[
              { value: 'for', label: fields.for },
              { value: 'against', label: fields.against },
            ]}
            value={entered.approve ? 'for' : 'against'}
            onChange={value => setEntered(old => ({ ...old, approve: value === 'for' }))}
          />
        </>
      ) : null}
      {kind === 'payout-address' ? (
        <TextInput {...input('address', fields.addressHint, fields.addressMissing, /^G[A-Z2-7]{55}$/.test(entered.address.trim()))} />
      ) : null}
      {kind === 'submit-amount' || kind === 'trigger' ? (
        <p>
          {fields.start} <DateTime ts={entered.start} form="seconds" />
        </p>
      ) : null}
      {kind === 'submit-amount' ? (
        <TextInput inputMode="decimal" {...input('amount', fields.amountHint, fields.amountMissing, unitsOf(entered.amount) !== null)} />
      ) : null}
      {keys.length === 0 ? (
        <p>{words.noKey}</p>
      ) : (
        <Select
          label={fields.key}
          data={keys.map(key => ({ value: key.keyId, label: keyLabel(key) }))}
          value={keyId}
          onChange={setChosen}
          allowDeselect={false}
        />
      )}
      <Checkbox
        label={fields.offline}
        description={fields.offlineHint}
        checked={offline}
        onChange={event => setOffline(event.currentTarget.checked)}
      />
      {asking.error ? <ErrorPanel error={asking.error} title={words.failed} safe={words.safe} /> : null}
      {asking.busy ? (
        <Asking what={words.preparing} onCancel={asking.cancel} />
      ) : (
        <div className={page.buttons}>
          <Button type="submit" disabled={keys.length === 0}>
            {words.prepare}
          </Button>
        </div>
      )}
    </form>
  )
}

function keyLabel({ name, address, origin }: KeyRow): string {
  const label = `${cleanName(name)} (…${address.slice(-6)})`
  return origin === 'watch' ? fields.watched(label) : label
}
