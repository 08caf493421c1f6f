import { Select, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { curveProfiles, pricings } from '../../src-shared/treasury/curve.ts'
import { decimal, PRICE_DECIMALS, SLOPE_DECIMALS } from '../../src-shared/treasury/curve-amounts.ts'
import { type CurveShown, curveKinds } from '../../src-shared/treasury/curve-table.ts'
import { writeAmount } from '../amount-entry.ts'
import { command } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { Outcome } from '../components/outcome.tsx'
import { doublesAfter, priceAt, readDecimal, saying, writePrice, writeSlope } from '../curve-words.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { EntitySelect, TokenSelect, TreasuryForm } from './treasury-form.tsx'

const words = texts.curve
const { fields } = words
const NAME = /^[A-Za-z][A-Za-z0-9-]{0,19}$/

/** Makes a curve: of a token of the books, or a simulated one of any name. */
export function MakeCurveForm() {
  const [kind, setKind] = useState<CurveShown['kind']>('ledger')
  const [asset, setAsset] = useState('BTA-UTIL')
  const [foreign, setForeign] = useState('AZR')
  const [price, setPrice] = useState('')
  const [slope, setSlope] = useState('')
  const [profile, setProfile] = useState<CurveShown['profile']>('standard')
  const [pricing, setPricing] = useState<CurveShown['pricing']>('exact')
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const [initialPrice, rise] = [readDecimal(price, PRICE_DECIMALS), readDecimal(slope, SLOPE_DECIMALS)]
  const [token, paidIn] = [asset.trim(), foreign.trim()]
  const isNamed = NAME.test(token) && NAME.test(paidIn)
  const isSame = token === paidIn
  const doubles = doublesAfter(initialPrice, rise)
  const entry = (label: string, value: string, onChange: (text: string) => void) =>
    kind === 'ledger' ? (
      <TokenSelect label={label} value={value} onChange={onChange} />
    ) : (
      <TextInput
        label={label}
        value={value}
        onChange={event => onChange(event.currentTarget.value)}
        error={tried && !NAME.test(value.trim()) ? fields.needs.asset : null}
        maxLength={20}
        autoComplete="off"
      />
    )
  return (
    <TreasuryForm
      name={words.make}
      how={words.makeHow}
      action={isNamed && !isSame ? words.makeAction(token, paidIn) : words.make}
      as="administrator"
      sending={sending}
      isReady={isNamed && !isSame && initialPrice !== null && rise !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        const order = { kind, asset: token, foreignAsset: paidIn, initialPrice: price.trim(), slope: slope.trim(), profile }
        const made = await saying(() => command('curve.create', { ...order, ...(kind === 'simulated' && { pricing }) }, { idempotencyKey }))
        notifications.show({ message: words.made(made.id) })
        closeSheet()
      }}
    >
      <Select
        label={fields.kind}
        description={words.kindHints[kind]}
        data={curveKinds.map(value => ({ value, label: words.kinds[value] }))}
        value={kind}
        onChange={value => setKind(curveKinds.find(one => one === value) ?? kind)}
        allowDeselect={false}
      />
      {entry(fields.asset, asset, setAsset)}
      {entry(fields.foreign, foreign, setForeign)}
      {isSame ? <p role="alert">{fields.needs.same}</p> : null}
      <DecimalField
        label={fields.price}
        hint={fields.priceHint}
        unit={paidIn}
        text={price}
        onChange={setPrice}
        isWrong={tried && initialPrice === null}
      />
      <DecimalField
        label={fields.slope}
        hint={fields.slopeHint}
        unit={paidIn}
        text={slope}
        onChange={setSlope}
        isWrong={tried && rise === null}
      />
      <Select
        label={fields.profile}
        data={curveProfiles.map(value => ({ value, label: words.profiles[value] }))}
        value={profile}
        onChange={value => setProfile(curveProfiles.find(one => one === value) ?? profile)}
        allowDeselect={false}
      />
      {kind === 'simulated' ? (
        <Select
          label={fields.pricing}
          description={words.quote.pricingHints[pricing]}
          data={pricings.map(value => ({ value, label: words.quote.pricings[value] }))}
          value={pricing}
          onChange={value => setPricing(pricings.find(one => one === value) ?? pricing)}
          allowDeselect={false}
        />
      ) : null}
      <Outcome
        title={texts.treasury.outcome}
        lines={doubles === null ? [] : [{ label: words.doubles, value: `${writeAmount(doubles)} ${token}` }]}
      />
    </TreasuryForm>
  )
}

function DecimalField(props: {
  label: string
  hint: string
  unit: string
  text: string
  onChange: (text: string) => void
  isWrong: boolean
}) {
  const { label, hint, unit, text, onChange, isWrong } = props
  return (
    <TextInput
      label={`${label}, ${unit}`}
      description={hint}
      value={text}
      onChange={event => onChange(event.currentTarget.value)}
      error={isWrong ? fields.needs.number : null}
      inputMode="decimal"
      maxLength={60}
      autoComplete="off"
      spellCheck={false}
    />
  )
}

/** Changes the slope: what the price is then, at once. */
export function SlopeForm({ curve }: { curve: CurveShown }) {
  const { id, slope: present, initialPrice, supply, price, foreignAsset } = curve
  const [text, setText] = useState(() => decimal(present, SLOPE_DECIMALS))
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const slope = readDecimal(text, SLOPE_DECIMALS)
  const isNew = slope !== null && slope !== present
  return (
    <TreasuryForm
      name={words.slopeTitle(id)}
      how={words.slopeHow}
      action={isNew ? words.slopeAction(writeSlope(slope)) : words.changeSlope}
      as="administrator"
      sending={sending}
      isReady={isNew}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        await saying(() => command('curve.updateSlope', { curveId: id, slope: text.trim() }, { idempotencyKey }))
        notifications.show({ message: words.slopeChanged })
        closeSheet()
      }}
    >
      <DecimalField
        label={fields.slope}
        hint={fields.slopeHint}
        unit={foreignAsset}
        text={text}
        onChange={setText}
        isWrong={tried && slope === null}
      />
      <Outcome
        title={texts.treasury.outcome}
        lines={
          isNew
            ? [
                { label: words.priceNow, value: `${writePrice(price)} ${foreignAsset}` },
                { label: words.priceThen, value: `${writePrice(priceAt(initialPrice, slope, supply))} ${foreignAsset}`, strong: true },
              ]
            : []
        }
      />
    </TreasuryForm>
  )
}

/** Lets the burning manager spend the router's fees. */
export function BurnFeesForm({ curve }: { curve: CurveShown }) {
  const { id, asset, foreignAsset, feesWaiting } = curve
  const sending = useSendOnce()
  return (
    <TreasuryForm
      name={words.burnFees}
      how={words.burnFeesHow}
      action={words.burnFeesAction(writeAmount(feesWaiting), foreignAsset)}
      as="administrator"
      sending={sending}
      isReady
      onTried={() => undefined}
      onSend={async idempotencyKey => {
        const { burnt } = await saying(() => command('curve.burnFees', { curveId: id }, { idempotencyKey }))
        notifications.show({ message: words.feesBurned(writeAmount(burnt), asset) })
        closeSheet()
      }}
    >
      {null}
    </TreasuryForm>
  )
}

/** Simulated: gives somebody what is paid with, to try the curve. */
export function DepositForm({ curve }: { curve: CurveShown }) {
  const { id, foreignAsset } = curve
  const amount = useAmount(foreignAsset)
  const [to, setTo] = useState<string | null>(null)
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  return (
    <TreasuryForm
      name={words.deposit}
      how={words.depositHow}
      action={amount.units === null ? words.deposit : words.depositAction(writeAmount(amount.units), foreignAsset)}
      as="administrator"
      sending={sending}
      isReady={amount.units !== null && to !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (amount.units === null || to === null) return
        const order = { curveId: id, entityId: to, amount: formatAmount(amount.units) }
        await saying(() => command('curve.deposit', order, { idempotencyKey }))
        notifications.show({ message: words.depositAction(writeAmount(amount.units), foreignAsset) })
        closeSheet()
      }}
    >
      <EntitySelect
        label={words.depositTo}
        value={to}
        onChange={setTo}
        error={tried && to === null ? texts.treasury.fields.missing : null}
      />
      <AmountField label={words.depositAmount} amount={amount} tried={tried} />
    </TreasuryForm>
  )
}
