import { NumberInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import type { AppError } from '../../src-shared/errors.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { Pricing } from '../../src-shared/treasury/curve.ts'
import type { CurveQuote, CurveRoutes, CurveShown } from '../../src-shared/treasury/curve-table.ts'
import { readPercent, writeAmount } from '../amount-entry.ts'
import { command, useQuery } from '../api.ts'
import { AmountField, useAmount } from '../components/amount-field.tsx'
import { Note } from '../components/note.tsx'
import { Outcome, type OutcomeLine } from '../components/outcome.tsx'
import { priceAt, saying, writePrice } from '../curve-words.ts'
import { useSendOnce } from '../send-once.ts'
import { closeSheet } from '../store.ts'
import { texts } from '../texts.ts'
import { useSession } from './acting.tsx'
import { Refusal } from './curve-refusal.tsx'
import { TreasuryForm } from './treasury-form.tsx'

const words = texts.curve
const topics = ['treasury'] as const
const SLIPPAGE_MOST = 50

/** What a payment would mint, once it is known for exactly this payment. */
export function useCurveQuote(
  curveId: string,
  units: bigint | null,
  pricing?: Pricing,
): { quote: CurveQuote | null; error: AppError | null } {
  const [asked] = useDebouncedValue(units === null ? '' : formatAmount(units), 200)
  const { data, error } = useQuery('curve.quote', { curveId, payment: asked, ...(pricing && { pricing }) }, topics, {
    enabled: asked !== '',
    keepPrevious: true,
  })
  const isAsked = units !== null && asked === formatAmount(units)
  const isAnswer =
    isAsked && !error && data !== undefined && data.charged + data.unspent === units && (!pricing || data.pricing === pricing)
  return { quote: isAnswer ? data : null, error: isAsked ? error : null }
}

/** Curve and pool side by side for exactly this payment. */
export function useCurveRoutes(curveId: string, units: bigint | null): { routes: CurveRoutes | null; error: AppError | null } {
  const [asked] = useDebouncedValue(units === null ? '' : formatAmount(units), 200)
  const { data, error } = useQuery('curve.routes', { curveId, payment: asked }, topics, { enabled: asked !== '', keepPrevious: true })
  return { routes: units !== null && data?.payment === units && !error ? data : null, error: units === null ? null : error }
}

/** What whoever acts has of a curve's two assets; null: nobody acts, or it is not known yet. */
function useHolding(curveId: string): { asset: bigint; foreign: bigint } | null {
  const entityId = useSession().data?.entity?.entityId
  const { data } = useQuery('curve.holding', { curveId, ...(entityId !== undefined && { entityId }) }, topics, {
    enabled: entityId !== undefined,
  })
  return entityId === undefined ? null : (data ?? null)
}

/** Mints on the curve, or buys by the better way: the share first, what it must be at least, and what is charged. */
export function TradeForm({ curve, way, first }: { curve: CurveShown; way: 'mint' | 'buy'; first: string }) {
  const { id, asset, foreignAsset } = curve
  const amount = useAmount(foreignAsset, first)
  const [slippage, setSlippage] = useState<number | string>(1)
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const holding = useHolding(id)
  const isCovered = amount.units !== null && (holding === null || amount.units <= holding.foreign)
  const quoted = useCurveQuote(id, way === 'mint' ? amount.units : null)
  const routed = useCurveRoutes(id, way === 'buy' ? amount.units : null)
  const deal = way === 'mint' ? dealOf(quoted.quote) : dealOfRoute(routed.routes)
  const error = way === 'mint' ? quoted.error : routed.error
  const slippagePercent = Number(slippage) === 0 && slippage !== '' ? 0 : readPercent(slippage)
  const isSlippage = slippagePercent !== null && slippagePercent <= SLIPPAGE_MOST
  const leastShare = deal && isSlippage ? lessBy(deal.share, slippagePercent) : null
  return (
    <TreasuryForm
      name={way === 'mint' ? words.mintTitle(asset) : words.buyTitle(asset)}
      how={way === 'mint' ? words.mintHow : words.buyHow}
      action={deal && isCovered ? actionOf(way, deal, curve) : way === 'mint' ? words.mint : words.buy}
      as="entity"
      sending={sending}
      isReady={leastShare !== null && isCovered}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (amount.units === null || leastShare === null) return
        const order = { curveId: id, payment: formatAmount(amount.units), leastShare: formatAmount(leastShare) }
        const done = await saying(() => command(way === 'mint' ? 'curve.mint' : 'curve.buy', order, { idempotencyKey }))
        notifications.show({
          message: done.burnt > 0n ? words.burned(writeAmount(done.burnt), asset) : words.minted(writeAmount(done.share), asset),
        })
        closeSheet()
      }}
    >
      <AmountField label={words.quote.pay} amount={amount} mostUnits={holding?.foreign ?? null} tried={tried} />
      <NumberInput
        label={words.slippage}
        description={words.slippageHint}
        value={slippage}
        onChange={setSlippage}
        error={isSlippage ? null : words.slippageBad}
        decimalScale={2}
        allowNegative={false}
        maw={320}
      />
      {error ? <Refusal error={error} /> : null}
      {routed.routes && !deal ? <Note state="at-risk">{words.route.neither}</Note> : null}
      {quoted.quote && !deal ? <Note state="at-risk">{words.mintsNothing}</Note> : null}
      <Outcome title={texts.treasury.outcome} lines={deal ? dealLines(deal, leastShare, curve, holding?.foreign ?? null) : []} />
    </TreasuryForm>
  )
}

/** What somebody gets for what. */
interface Deal {
  way: 'curve' | 'pool'
  share: bigint
  isBurnt: boolean
  charged: bigint
  /** with the router's fee; null: on the curve there is none */
  fee: bigint | null
  priceAfter: bigint | null
}

function dealOf(quote: CurveQuote | null): Deal | null {
  if (!quote || quote.share === 0n) return null
  return { way: 'curve', share: quote.share, isBurnt: quote.burnt > 0n, charged: quote.charged, fee: null, priceAfter: quote.priceAfter }
}

function dealOfRoute(routes: CurveRoutes | null): Deal | null {
  if (!routes?.best) return null
  const { best, share, payment, fee, curve } = routes
  const isCurve = best === 'curve' && curve !== null
  return {
    ...{ way: best, share, fee, isBurnt: isCurve && curve.burnt > 0n },
    charged: isCurve ? curve.charged + fee : payment,
    priceAfter: isCurve ? curve.priceAfter : null,
  }
}

function dealLines(
  deal: Deal,
  leastShare: bigint | null,
  { asset, foreignAsset, profile }: CurveShown,
  available: bigint | null,
): OutcomeLine[] {
  const { way, share, charged, fee, priceAfter } = deal
  const [native, foreign] = [
    (units: bigint) => `${writeAmount(units)} ${asset}`,
    (units: bigint) => `${writeAmount(units)} ${foreignAsset}`,
  ]
  return [
    { label: profile === 'thirds-burnt' ? words.quote.shareBurnt : words.quote.share, value: native(share), strong: true },
    ...(leastShare === null ? [] : [{ label: words.atLeast, value: native(leastShare) }]),
    ...(fee === null ? [] : [{ label: words.route.way, value: words.route[way] }]),
    { label: words.quote.charged, value: foreign(charged) },
    ...(fee ? [{ label: words.route.fee, value: foreign(fee) }] : []),
    ...(priceAfter === null ? [] : [{ label: words.quote.after, value: `${writePrice(priceAfter)} ${foreignAsset}` }]),
    ...(available === null || charged > available ? [] : [{ label: words.leaves, value: foreign(available - charged) }]),
  ]
}

function actionOf(way: 'mint' | 'buy', { share, charged }: Deal, { asset, foreignAsset, profile }: CurveShown): string {
  const [get, pay] = [writeAmount(share), writeAmount(charged)]
  if (profile === 'thirds-burnt') return words.mintBurns(pay, foreignAsset)
  return way === 'mint' ? words.mintAction(get, asset, pay, foreignAsset) : words.buyAction(get, asset, pay, foreignAsset)
}

/** So much less by a percentage of at most 2 decimals, rounded down. */
function lessBy(units: bigint, percent: number): bigint {
  return (units * BigInt(10_000 - Math.round(percent * 100))) / 10_000n
}

/** Burns what is one's own: the price before and then. */
export function BurnForm({ curve }: { curve: CurveShown }) {
  const { id, asset, foreignAsset, initialPrice, slope, supply, price } = curve
  const amount = useAmount(asset)
  const [tried, setTried] = useState(false)
  const sending = useSendOnce()
  const holding = useHolding(id)
  const units = amount.units !== null && (holding === null || amount.units <= holding.asset) ? amount.units : null
  const left = units === null ? null : supply > units ? supply - units : 0n
  return (
    <TreasuryForm
      name={words.burnTitle(asset)}
      how={words.burnHow}
      action={units === null ? words.burn : words.burnAction(writeAmount(units), asset)}
      as="entity"
      sending={sending}
      isReady={units !== null}
      onTried={() => setTried(true)}
      onSend={async idempotencyKey => {
        if (units === null) return
        await saying(() => command('curve.burn', { curveId: id, amount: formatAmount(units) }, { idempotencyKey }))
        notifications.show({ message: words.burned(writeAmount(units), asset) })
        closeSheet()
      }}
      color="red"
    >
      <AmountField label={words.burnAmount} amount={amount} mostUnits={holding?.asset ?? null} tried={tried} />
      <Outcome
        title={texts.treasury.outcome}
        lines={
          left === null
            ? []
            : [
                { label: words.priceNow, value: `${writePrice(price)} ${foreignAsset}` },
                { label: words.priceThen, value: `${writePrice(priceAt(initialPrice, slope, left))} ${foreignAsset}`, strong: true },
              ]
        }
      />
    </TreasuryForm>
  )
}
