import { Button, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { type ChainCall, type ChainCallKind, type ChainReview, chainCallSchema } from '../../src-shared/chain-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import { command, useQuery } from '../api.ts'
import { useAsk } from '../ask.ts'
import { Asking } from '../components/asking.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { openChainReview } from './chain-review.tsx'
import page from './page.module.css'

const words = texts.chain
const { fields } = words

/** Asks for what a call needs, and has the chain asked for the rest. `initial`: what is known; `replaces`: a call that ended without a block. */
export function openChainForm(network: string, kind: ChainCallKind, initial: Partial<Entered> = {}, replaces?: string): void {
  openSheet({
    title: words.kinds[kind],
    body: <ChainForm network={network} kind={kind} initial={initial} {...(replaces !== undefined && { replaces })} />,
  })
}

/** The same call once more, in the place of one that ended without a block. */
export function openChainAgain(network: string, call: ChainCall, replaces: string): void {
  const known: Partial<Entered> =
    call.kind === 'vote'
      ? { farm: String(call.farmId), proposal: call.proposal, approve: call.approve }
      : call.kind === 'claim'
        ? { node: String(call.nodeId) }
        : { farm: String(call.farmId), address: call.address }
  openChainForm(network, call.kind, known, replaces)
}

interface Entered {
  farm: string
  node: string
  proposal: string
  approve: boolean
  address: string
}

/** The call as it was entered; null where something of it is missing. */
function callOf(kind: ChainCallKind, { farm, node, proposal, approve, address }: Entered): ChainCall | null {
  const id = (text: string) => (/^\d{1,10}$/.test(text.trim()) ? Number(text) : null)
  const made = {
    vote: { kind, farmId: id(farm), proposal, approve },
    'payout-address': { kind, farmId: id(farm), address },
    claim: { kind, nodeId: id(node) },
  }[kind]
  return chainCallSchema.safeParse(made).data ?? null
}

function ChainForm({
  network,
  kind,
  initial,
  replaces,
}: {
  network: string
  kind: ChainCallKind
  initial: Partial<Entered>
  replaces?: string
}) {
  const [entered, setEntered] = useState<Entered>({ farm: '', node: '', proposal: '', approve: true, address: '', ...initial })
  const [chosen, setChosen] = useState<string | null>(null)
  const [tried, setTried] = useState(false)
  const keys = (useQuery('keys.list', {}, ['keys']).data?.keys ?? []).filter(key => key.kind !== 'stellar' && key.origin !== 'watch')
  const keyId = chosen ?? keys[0]?.keyId ?? null
  const asking = useAsk(async ({ call, key }: { call: ChainCall; key: string }, signal: AbortSignal) => {
    const review: ChainReview = await command(
      'chain.prepare',
      { network, call, keyId: key, ...(replaces !== undefined && { replaces }) },
      { signal },
    )
    openChainReview(review)
  })
  const call = callOf(kind, entered)
  const input = (field: 'farm' | 'node' | 'proposal' | 'address', hint: string, missing: string, isRight: boolean) => ({
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
  const isNumber = (text: string) => /^\d{1,10}$/.test(text.trim())
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
      {kind === 'claim' ? (
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
      {keys.length === 0 ? (
        <p>{words.noKey}</p>
      ) : (
        <Select
          label={fields.key}
          data={keys.map(key => ({ value: key.keyId, label: `${cleanName(key.name)} (…${key.address.slice(-6)})` }))}
          value={keyId}
          onChange={setChosen}
          allowDeselect={false}
        />
      )}
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
