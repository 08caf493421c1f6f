import { Button, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { type AmountEntry, readAmount, writeAmount } from '../amount-entry.ts'
import { texts } from '../texts.ts'
import classes from './amount-field.module.css'

const words = texts.amount

/** What stands in an amount field, and what it comes to. */
export interface AmountState {
  token: string
  text: string
  setText: (text: string) => void
  entry: AmountEntry
  /** base units; null: nothing that could be sent stands there */
  units: bigint | null
}

/** The state of an AmountField, which begins with a text; the form keeps it. `token` may change: the text is read anew. */
export function useAmount(token: string, first = ''): AmountState {
  const [text, setText] = useState(first)
  const entry = useMemo(() => readAmount(text, token), [text, token])
  return { token, text, setText, entry, units: entry.kind === 'amount' ? entry.units : null }
}

/**
 * An amount of a token. It says back what it took, with the unit, and takes no text that could be meant otherwise before one of its readings is
 * chosen. `mostUnits`: what there is to take from; more is said, and all of it can be taken. `tried`: the form was sent once, so that an empty
 * field is said too.
 */
export function AmountField(props: {
  label: string
  amount: AmountState
  description?: string
  mostUnits?: bigint | null
  /** in place of the sentence that there is not so much available */
  above?: string
  tried?: boolean
}) {
  const { label, amount, description, mostUnits = null, tried = false } = props
  const { token, text, setText, entry } = amount
  const [typing, setTyping] = useState(false)
  const isAbove = entry.kind === 'amount' && mostUnits !== null && entry.units > mostUnits
  const above = isAbove ? (props.above ?? words.above(writeAmount(mostUnits), token)) : null
  // a number is no number while it is typed: `5.`
  const problem = entry.kind === 'problem' && (!typing || tried) ? entry.message : null
  const unclear = entry.kind === 'unclear' ? (entry.readings.length > 1 ? words.which : words.did) : null
  const missing = entry.kind === 'empty' && tried ? words.missing : null
  return (
    <div className={classes.field}>
      <TextInput
        label={label}
        description={description}
        placeholder={words.hint}
        value={text}
        error={above ?? problem ?? unclear ?? missing}
        rightSection={<span className={classes.token}>{token}</span>}
        rightSectionWidth={`calc(${Math.max(token.length, 3)}ch + 24px)`}
        rightSectionPointerEvents="none"
        onChange={event => setText(event.currentTarget.value)}
        onFocus={() => setTyping(true)}
        onBlur={() => setTyping(false)}
        inputMode="decimal"
        maxLength={60}
        autoComplete="off"
        spellCheck={false}
      />
      <div className={classes.below}>
        <p className={classes.read} role="status">
          {entry.kind === 'amount' ? words.reads(writeAmount(entry.units), token) : ''}
        </p>
        {entry.kind === 'unclear'
          ? entry.readings.map(reading => (
              <Button key={reading.text} variant="default" h={32} onClick={() => setText(formatAmount(reading.units))}>
                {words.reads(reading.text, token)}
              </Button>
            ))
          : null}
        {mostUnits !== null && mostUnits > 0n && entry.kind !== 'unclear' && entry.kind !== 'amount' ? (
          <Button variant="subtle" h={32} px={8} onClick={() => setText(formatAmount(mostUnits))}>
            {words.all(writeAmount(mostUnits), token)}
          </Button>
        ) : null}
      </div>
    </div>
  )
}
