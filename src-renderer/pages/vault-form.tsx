import { Button, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type FormEvent, useState } from 'react'
import { type AppError, toAppError } from '../../src-shared/errors.ts'
import { group, tftExact } from '../../src-shared/money.ts'
import type { VaultMode } from '../../src-shared/node-period.ts'
import {
  CLOCKS_APART_SEC,
  type FieldRead,
  NOTE_LENGTH,
  readAmount,
  readMemo,
  readNote,
  readTime,
  readTx,
} from '../../src-shared/vault-fields.ts'
import { command } from '../api.ts'
import { ErrorPanel } from '../components/error-panel.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { formatDateTime } from '../format.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import page from './page.module.css'

const words = texts.vault
type Field = 'tx' | 'time' | 'amount' | 'memo' | 'note'

/** Enters one transfer; once it was tried, each field says what is wrong with it, and nothing is sent while one is. `initial`: what is known. */
export function TransferForm({
  network,
  mode,
  initial = {},
}: {
  network: string
  mode: VaultMode
  initial?: { amount?: string; memo?: string }
}) {
  const [values, setValues] = useState<Record<Field, string>>({ tx: '', time: '', amount: '', memo: '', note: '', ...initial })
  // not as a field is left: the line that appears would push the button away from under the pointer
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [wasThere, setWasThere] = useState(false)
  const [error, setError] = useState<AppError | null>(null)
  const text = (field: Field) => values[field].trim()
  const read = {
    tx: readTx(text('tx')),
    time: readTime(text('time'), Math.floor(Date.now() / 1000) + CLOCKS_APART_SEC),
    amount: readAmount(text('amount')),
    memo: readMemo(text('memo')),
    note: readNote(text('note')),
  }
  const amountText = 'value' in read.amount ? group(tftExact(read.amount.value)) : null

  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    setWasThere(false)
    setError(null)
    const { tx, time, amount, memo, note } = read
    if ('problem' in tx || 'problem' in time || 'problem' in amount || 'problem' in memo || 'problem' in note) return
    setBusy(true)
    const transfer = { tx: tx.value, ts: time.value, amountUnits: String(amount.value), memo: memo.value, note: note.value }
    command('vault.addTransfer', { network, transfer })
      .then(
        ({ added }) => {
          if (added === 0) return setWasThere(true)
          closeSheet()
          notifications.show({ message: words.entered(group(tftExact(amount.value))) })
        },
        (reason: unknown) => setError(toAppError(reason)),
      )
      .finally(() => setBusy(false))
  }

  const input = (field: Field, label: string, hint: string) => ({
    label,
    description: hint,
    value: values[field],
    error: tried ? problemOf(read[field], text(field)) : null,
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget
      setValues(old => ({ ...old, [field]: value }))
    },
    spellCheck: false,
    autoComplete: 'off',
  })
  return (
    <form className={page.form} onSubmit={save} noValidate aria-label={words.enter}>
      <p className={page.dim}>{words.enterHow}</p>
      <TextInput data-autofocus required {...input('tx', words.fields.tx, words.fields.txHint)} />
      <TextInput
        required
        {...input(
          'time',
          words.fields.time,
          'value' in read.time ? `${formatDateTime(read.time.value, true)} (${words.localTime})` : words.fields.timeHint,
        )}
      />
      <TextInput required inputMode="decimal" {...input('amount', words.fields.amount, words.fields.amountHint)} />
      <TextInput {...input('memo', words.fields.memo, words.fields.memoHint[mode])} />
      <TextInput maxLength={NOTE_LENGTH} {...input('note', words.fields.note, words.fields.noteHint)} />
      {error ? <ErrorPanel error={error} /> : null}
      {wasThere ? (
        <p role="status">
          <StateMark state="up" word={words.there} />
        </p>
      ) : null}
      <div className={page.buttons}>
        <Button type="submit" loading={busy}>
          {amountText === null ? words.enter : words.enterAction(amountText)}
        </Button>
        <Button variant="default" onClick={closeSheet}>
          {words.cancel}
        </Button>
      </div>
    </form>
  )
}

/** Of an empty field only the way out is said. */
function problemOf(read: FieldRead<unknown>, text: string): string | null {
  if (!('problem' in read)) return null
  const { what, wayOut } = read.problem
  return text === '' ? wayOut : `${what.charAt(0).toUpperCase()}${what.slice(1)}. ${wayOut}`
}
