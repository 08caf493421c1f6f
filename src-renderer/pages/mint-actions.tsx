import { Button, Select, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { CommandInput, QueryOutput } from '../../src-shared/contract.ts'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { tftExact, unitsFromTft } from '../../src-shared/money.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { texts } from '../texts.ts'
import { amountFor } from './mint-model.ts'
import classes from './page.module.css'

const words = texts.mints.actions
type Detail = QueryOutput<'mint.get'>
type Action = CommandInput<'mints.act'>['action']

/** What can be done about a mint now; each button names the amount and who gets it. */
export function MintActions({ detail }: { detail: Detail }) {
  const { row, can, why, decision } = detail
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const [done, setDone] = useState(false)
  const act = (action: Action) => {
    setBusy(true)
    setError(null)
    setDone(false)
    command('mints.act', { nodeId: row.nodeId, start: row.start, mintId: row.id, action })
      .then(
        () => setDone(true),
        (reason: unknown) => setError(toAppError(reason)),
      )
      .finally(() => setBusy(false))
  }
  const units = decision.decided?.amountUnits ?? row.rewardUnits
  const whole = amountFor(row, units)
  // what was typed belongs to its attempt
  const attempts = decision.payments.length
  return (
    <>
      {why === '' ? null : <p>{why}</p>}
      {can.includes('claim') ? <Plain text={words.claim(whole)} busy={busy} onAct={() => act({ kind: 'claim' })} /> : null}
      {can.includes('trigger') ? <Plain text={words.trigger(whole)} busy={busy} onAct={() => act({ kind: 'trigger' })} /> : null}
      {can.includes('vote') ? <Vote detail={detail} busy={busy} onAct={act} /> : null}
      {can.includes('force') ? <Force detail={detail} whole={whole} busy={busy} onAct={act} /> : null}
      {can.includes('paid') ? (
        <Told
          key={`paid ${attempts}`}
          label={words.tx}
          hint={words.txHint}
          missing={words.txMissing}
          button={words.paid(amountFor(row, decision.decided?.amountUnits ?? decision.payments.at(-1)?.decided.amountUnits ?? units))}
          longest={200}
          busy={busy}
          onTold={tx => act({ kind: 'paid', tx })}
        />
      ) : null}
      {can.includes('failed') ? (
        <Told
          key={`failed ${attempts}`}
          label={words.reason}
          hint={words.reasonHint}
          missing={words.reasonMissing}
          button={words.failed(whole)}
          longest={500}
          busy={busy}
          onTold={reason => act({ kind: 'failed', reason, attempt: decision.decided?.attempt ?? 1 })}
        />
      ) : null}
      {error ? <ErrorPanel error={error} /> : null}
      <p role="status">{done ? words.done : ''}</p>
    </>
  )
}

function Plain({ text, busy, onAct }: { text: string; busy: boolean; onAct: () => void }) {
  return (
    <div>
      <Button loading={busy} onClick={onAct} h="auto" mih={36} py={6} styles={wrapped}>
        {text}
      </Button>
    </div>
  )
}

/** The amount and the payee are never cut off. */
const wrapped = { label: { whiteSpace: 'normal', textAlign: 'left', lineHeight: 1.3 } } as const

function Form({ children, button, busy, onSubmit }: { children: ReactNode; button: string; busy: boolean; onSubmit: () => void }) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit()
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      {children}
      <div>
        <Button type="submit" variant="default" loading={busy} h="auto" mih={36} py={6} styles={wrapped}>
          {button}
        </Button>
      </div>
    </form>
  )
}

interface Part {
  detail: Detail
  busy: boolean
  onAct: (action: Action) => void
}

function Vote({ detail, busy, onAct }: Part) {
  const [signer, setSigner] = useState<string | null>(detail.signers.length === 1 ? detail.signers[0]! : null)
  const [text, setText] = useState(tftExact(detail.row.rewardUnits))
  const [shown, setShown] = useState(false)
  const units = unitsFromTft(text.trim().replaceAll(',', ''))
  const valid = units !== null && units > 0n
  const submit = () => {
    setShown(true)
    if (signer !== null && valid) onAct({ kind: 'vote', signer, amountUnits: units.toString() })
  }
  return (
    <Form button={words.vote(valid ? tftExact(units) : '…')} busy={busy} onSubmit={submit}>
      <Select
        label={words.signer}
        data={detail.signers}
        value={signer}
        onChange={setSigner}
        error={shown && signer === null ? words.chooseName : null}
      />
      <TextInput
        label={words.voteAmount}
        description={words.voteHint}
        value={text}
        inputMode="decimal"
        autoComplete="off"
        onChange={event => setText(event.currentTarget.value)}
        error={shown && !valid ? words.badAmount : null}
      />
    </Form>
  )
}

function Force({ detail, whole, busy, onAct }: Part & { whole: string }) {
  const [actor, setActor] = useState<string | null>(detail.administrators.length === 1 ? detail.administrators[0]! : null)
  const [shown, setShown] = useState(false)
  const submit = () => {
    setShown(true)
    if (actor !== null) onAct({ kind: 'force', actor })
  }
  return (
    <Form button={words.force(whole)} busy={busy} onSubmit={submit}>
      <Select
        label={words.administrator}
        description={words.forceHint}
        data={detail.administrators}
        value={actor}
        onChange={setActor}
        error={shown && actor === null ? words.chooseName : null}
      />
    </Form>
  )
}

/** A fact in words, and the button that keeps it. */
function Told(props: {
  label: string
  hint: string
  missing: string
  button: string
  longest: number
  busy: boolean
  onTold: (text: string) => void
}) {
  const { label, hint, missing, button, longest, busy, onTold } = props
  const [text, setText] = useState('')
  const [shown, setShown] = useState(false)
  const submit = () => {
    setShown(true)
    if (text.trim() !== '') onTold(text.trim())
  }
  return (
    <Form button={button} busy={busy} onSubmit={submit}>
      <TextInput
        label={label}
        description={hint}
        value={text}
        maxLength={longest}
        autoComplete="off"
        onChange={event => setText(event.currentTarget.value)}
        error={shown && text.trim() === '' ? missing : null}
      />
    </Form>
  )
}
