import { Checkbox, Select, Skeleton, Textarea } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { group } from '../../src-shared/money.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { CREDIT_NOTE_LENGTH, CREDIT_TOKEN, type CreditPurpose, creditPurposes } from '../../src-shared/treasury/credit.ts'
import { writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { ErrorPanel } from '../components/error-panel.tsx'
import { Note } from '../components/note.tsx'
import { useSendOnce } from '../send-once.ts'
import { openSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import classes from './credit.module.css'
import { QuoteCost, ScheduleTable } from './credit-quote.tsx'
import { ApplicationSheet } from './credit-sheets.tsx'
import page from './page.module.css'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.credit
const USUAL_MONTHS = 12
const allMonths = Array.from({ length: 24 }, (_, index) => index + 1)

/** What a loan of an amount costs on the usual terms, as it is typed. */
function Cost({ units, months }: { units: bigint | null; months: number }) {
  const [settled] = useDebouncedValue(units === null ? null : formatAmount(units), 200)
  const asked = settled ?? ''
  const { data, error } = useQuery('credit.quote', { amount: asked, termMonths: months }, ['treasury'], {
    enabled: asked !== '',
    keepPrevious: true,
  })
  if (units === null || asked === '') return <p className={page.dim}>{words.quote.before}</p>
  if (error) return <ErrorPanel error={error} />
  if (!data) return <Skeleton height={190} />
  return (
    <>
      <QuoteCost quote={data} />
      <p className={page.dim}>{words.quote.supposed}</p>
      <ScheduleTable quote={data} />
    </>
  )
}

/** A setting's value, JSON or plain; undefined: not known yet. */
function useSetting(name: string): string | undefined {
  const { data } = useQuery('configuration.list', {}, ['treasury'])
  const value = data?.parameters.find(parameter => parameter.name === name)?.value
  return value?.replaceAll('"', '')
}

/** A term, as long as the settings allow, and those that there are to choose from. */
function useTerm() {
  const [chosen, setChosen] = useState(USUAL_MONTHS)
  const most = Number(useSetting('credit.maxTermMonths') ?? allMonths.length)
  return { months: Math.min(chosen, most), setMonths: setChosen, offered: allMonths.filter(month => month <= most) }
}

function TermSelect({ term: { months, setMonths, offered } }: { term: ReturnType<typeof useTerm> }) {
  return (
    <Select
      label={words.form.term}
      data={offered.map(month => ({ value: String(month), label: words.form.months(month) }))}
      value={String(months)}
      onChange={value => setMonths(Number(value ?? months))}
      allowDeselect={false}
    />
  )
}

/** The cost of a loan for whoever only wants to know. */
export function LookAtCost() {
  const amount = useAmount(CREDIT_TOKEN)
  const term = useTerm()
  return (
    <div className={page.stack}>
      <p className={page.dim}>{words.form.lookHow}</p>
      <div className={classes.pair}>
        <AmountField label={words.form.amount} amount={amount} />
        <TermSelect term={term} />
      </div>
      <Cost units={amount.units} months={term.months} />
    </div>
  )
}

/** Applies: first the full cost, then what leaves the machine, and only then the button. */
export function ApplyForm() {
  const amount = useAmount(CREDIT_TOKEN)
  const [purpose, setPurpose] = useState<CreditPurpose>('business')
  const term = useTerm()
  const [note, setNote] = useState('')
  const [isAsked, setAsked] = useState<boolean | null>(null)
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const analyst = useQuery('credit.analyst', {}, ['treasury', 'keys']).data
  const isAllowed = isAsked ?? analyst?.isAllowed ?? false
  const send = async (idempotencyKey: string) => {
    if (amount.units === null) return
    if (analyst?.url && isAllowed !== analyst.isAllowed) await command('credit.allowAnalyst', { url: analyst.url, isAllowed })
    const { id } = await command('credit.apply', { amount: formatAmount(amount.units), purpose, note: note.trim() }, { idempotencyKey })
    notifications.show({ message: words.form.sent })
    openSheet({ title: words.application.title(id), body: <ApplicationSheet id={id} /> })
  }
  return (
    <TreasuryForm
      name={words.apply}
      how={words.form.how}
      action={amount.units === null ? words.form.actionNone : words.form.action(writeAmount(amount.units))}
      as="entity"
      sending={sending}
      isReady={amount.units !== null}
      onTried={() => setTried(true)}
      onSend={send}
    >
      <AmountField label={words.form.amount} amount={amount} tried={tried} />
      <div className={classes.pair}>
        <Select
          label={words.form.purpose}
          data={creditPurposes.map(value => ({ value, label: words.purposes[value] }))}
          value={purpose}
          onChange={value => setPurpose(creditPurposes.find(one => one === value) ?? purpose)}
          allowDeselect={false}
        />
        <TermSelect term={term} />
      </div>
      <p className={page.dim}>{words.form.termHint}</p>
      <Cost units={amount.units} months={term.months} />
      <Textarea
        label={words.form.note}
        description={words.form.noteHint}
        value={note}
        onChange={event => setNote(event.currentTarget.value)}
        maxLength={CREDIT_NOTE_LENGTH}
        autosize
        minRows={2}
        maxRows={8}
      />
      {analyst ? (
        <fieldset className={classes.group}>
          <legend>{words.analyst.title}</legend>
          <Judge analyst={analyst} units={amount.units} purpose={purpose} note={note} isAllowed={isAllowed} onAllow={setAsked} />
        </fieldset>
      ) : null}
    </TreasuryForm>
  )
}

/** Who decides, and what leaves the machine for it, to the letter. */
function Judge(props: {
  analyst: QueryOutput<'credit.analyst'>
  units: bigint | null
  purpose: CreditPurpose
  note: string
  isAllowed: boolean
  onAllow: (isAllowed: boolean) => void
}) {
  const { analyst, units, purpose, note, isAllowed, onAllow } = props
  const [settled] = useDebouncedValue(
    JSON.stringify({ amount: units === null ? '' : formatAmount(units), purpose, note: note.trim() }),
    300,
  )
  const asked = JSON.parse(settled) as { amount: string; purpose: CreditPurpose; note: string }
  const { entity } = useSession().data ?? {}
  const request = useQuery('credit.analystRequest', asked, ['treasury', 'keys'], {
    enabled: asked.amount !== '' && analyst.url !== null && entity !== undefined && entity !== null,
    keepPrevious: true,
  })
  const canAsk = analyst.key === 'open' || analyst.key === 'unneeded'
  const chances = <Chances isAsked={isAllowed && canAsk} />
  if (analyst.url === null)
    return (
      <>
        <p>{words.analyst.rules}</p>
        {chances}
      </>
    )
  return (
    <>
      <p>{isAllowed ? words.analyst.asks(analyst.url) : words.analyst.rules}</p>
      {chances}
      {isAllowed && !canAsk ? <Note state="at-risk">{words.analyst.noKey}</Note> : null}
      {request.error ? <ErrorPanel error={request.error} /> : null}
      {units === null || !request.data?.text ? (
        <p className={page.dim}>{words.analyst.leavesBefore}</p>
      ) : (
        <Textarea
          label={words.analyst.leaves}
          value={request.data.text}
          readOnly
          autosize
          minRows={4}
          maxRows={12}
          classNames={{ input: classes.sent }}
        />
      )}
      <Checkbox
        label={words.analyst.allow(analyst.url)}
        description={analyst.isAllowed ? words.analyst.isAllowed : words.analyst.allowHint}
        checked={isAllowed}
        onChange={event => onAllow(event.currentTarget.checked)}
      />
    </>
  )
}

/** What trust it takes, said before somebody applies in vain. */
function Chances({ isAsked }: { isAsked: boolean }) {
  const entityId = useSession().data?.entity?.entityId
  const trust = useQuery('trust.get', { entityId: entityId ?? '' }, ['treasury'], { enabled: entityId !== undefined }).data
  const needed = Number(useSetting(isAsked ? 'credit.minTrust' : 'credit.fallbackMinTrust') ?? Number.NaN)
  const limit = useSetting('credit.fallbackLimit')
  if (!trust || Number.isNaN(needed) || limit === undefined) return null
  const { has, tooLow, limited } = words.form
  return (
    <Note state={trust.score < needed ? 'at-risk' : 'up'}>
      {trust.score < needed ? tooLow(trust.score, needed) : has(trust.score, needed)} {isAsked ? '' : limited(group(limit))}
    </Note>
  )
}
