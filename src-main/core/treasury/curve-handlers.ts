import { AppError } from '../../../src-shared/errors.ts'
import type { curveRows } from '../../../src-shared/treasury/curve-table.ts'
import { curveAccount } from '../../../src-shared/treasury/entities.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { palletAccount, palletAddress } from '../../engines/curve/account.ts'
import { burnOnCurve, type CurveOrder, createCurve, mintOnCurve, shareUnits, updateSlope } from '../../engines/curve/curve.ts'
import { burnFees, buy, chooseRoute, type Market, type MarketEvent, mintInMarket } from '../../engines/curve/market.ts'
import { PRECISION, quoteMint } from '../../engines/curve/quote.ts'
import type { Store } from '../../store/index.ts'
import { supplyOf } from '../../store/ledger.ts'
import {
  findCurve,
  findCurveOf,
  insertCurve,
  listCurveEvents,
  listCurves,
  type StoredCurve,
  saveSlope,
} from '../../store/treasury-curve.ts'
import { boundsOf, giveOut, holdingOf, issuanceOf, keepBurn, keepEvent, keepTrade, marketOf } from './curve-market.ts'
import { chartOf, shownCurve, shownEvent, shownQuote, shownRoutes } from './curve-shown.ts'
import { resolveEntity } from './entities.ts'
import {
  actingEntity,
  askedEntity,
  type TreasuryCommandHandlers,
  type TreasuryContext,
  type TreasuryInput,
  type TreasuryOutput,
  type TreasuryQueryHandlers,
} from './handlers.ts'
import { numberIn } from './ids.ts'
import { checkPayable } from './payments.ts'

type Subject = keyof typeof curveRows
type CurveQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, Subject>>
type CurveCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, Subject>>

/** What somebody did on a market. */
interface Traded {
  market: Market
  events: readonly MarketEvent[]
  route: 'curve' | 'pool'
  /** all that is taken of the payment, the router's fee with it */
  chargedUnits: bigint
  feeUnits: bigint
  shareUnits: bigint
  burntUnits: bigint
}

/**
 * Minting curves (tokenomics.md, Token minting curve). A curve decides how much of a token there will be and what it costs, so making one and
 * changing its slope is the administrator's. Minting is everybody's: an entity pays with the foreign asset out of what it has available, gets its
 * share, and no more is taken than the curve charges. Burning is everybody's too, of what is one's own; it gives nothing back. The administrator
 * mints nothing for nothing here, and has no way to take what the zap manager, the pool or the burning manager hold.
 *
 * On the ledger every mint is exact: `spot` predicts what a chain does, which takes a payment even where it mints nothing, so it is for quotes and
 * for curves that are simulated.
 */
export function curveHandlers(books: Store): { queries: CurveQueries; commands: CurveCommands } {
  const queries: CurveQueries = {
    'curve.list': ({ kind = null, offset, limit }, { config }) => {
      const { rows, total } = listCurves(books, kind, { offset, limit })
      return { rows: rows.map(stored => shownCurve(books, stored, config['curve.routerFeePpm'])), total }
    },
    'curve.get': ({ curveId, upTo, points }, context) => {
      if (upTo !== undefined && upTo <= 0n) throw refuse('curve.zero')
      const stored = known(curveId)
      return { curve: shown(stored, context), points: chartOf(books, stored, issuanceOf(books, stored), points, upTo) }
    },
    'curve.quote': ({ curveId, payment, pricing: asked }) => {
      const stored = found(curveId)
      const pricing = asked ?? stored?.pricing ?? 'exact'
      // whoever has enough
      const order = { paymentUnits: payment, balanceUnits: payment, pricing }
      const { quote } = stored
        ? mintOnCurve(stored, issuanceOf(books, stored), { ...order, bounds: boundsOf(books, stored) })
        : mintOnCurve(null, 0n, order)
      return shownQuote(quote, pricing, PRECISION)
    },
    'curve.routes': ({ curveId, payment }, context) => {
      const stored = known(curveId)
      const market = marketOf(books, stored)
      return shownRoutes(payment, chooseRoute(market, orderOf(stored, payment, payment, context)), market, stored.pricing)
    },
    'curve.calculate': ({ initialPrice, slope, payment, issuance = 0n, initialIssuance = 0n, precision = PRECISION, pricing, profile }) => {
      const shape = { initialPrice, slope, precision, initialIssuanceUnits: initialIssuance }
      const {
        average: _average,
        pricing: _pricing,
        ...quote
      } = shownQuote(quoteMint(shape, issuance, payment, { pricing, profile }), pricing, precision)
      return quote
    },
    'curve.account': ({ palletId, subId }) => derived(palletId, subId),
    'curve.events': ({ curveId, name = null, offset, limit }) => {
      const curve = curveId === undefined ? null : known(curveId).number
      const { rows, total } = listCurveEvents(books, { curve, name }, { offset, limit })
      return { rows: rows.map(event => shownEvent(books, event, findCurve(books, event.curve)!)), total }
    },
    'curve.holding': ({ curveId, entityId }, context) => {
      const stored = known(curveId)
      return holding(stored, askedEntity(context, entityId === undefined ? null : resolveEntity(books, entityId)))
    },
  }

  const commands: CurveCommands = {
    'curve.create': (input, context) => {
      const { kind, asset, pricing } = input
      const order: CurveOrder = input
      const { curve, event } = createCurve(findCurveOf(books, kind, asset), order, baseline(input))
      if (kind === 'ledger') for (const token of [asset, input.foreignAsset]) checkPayable(context, token)
      const poolFeePpm = input.poolFeePpm ?? context.config['curve.poolFeePpm']
      const number = insertCurve(books, { ...curve, kind, pricing, poolFeePpm, createdTs: context.nowTs })
      const stored = findCurve(books, number)!
      keepEvent(context, stored, event, null, null)
      return shown(stored, context)
    },
    'curve.updateSlope': ({ curveId, slope }, context) => {
      const stored = found(curveId)
      const { event } = updateSlope(stored, slope)
      const { number } = stored!
      saveSlope(books, number, slope, context.nowTs)
      keepEvent(context, stored!, event, null, null)
      return shown(findCurve(books, number)!, context)
    },
    'curve.mint': ({ curveId, payment, leastShare }, context) =>
      trade(curveId, payment, context, 'Mint', (market, order) => {
        const { market: after, quote, events } = mintInMarket(market, { ...order, leastShareUnits: leastShare ?? 0n })
        const { chargedUnits, burntUnits } = quote
        return { market: after, events, route: 'curve', chargedUnits, feeUnits: 0n, shareUnits: shareUnits(quote), burntUnits }
      }),
    'curve.buy': ({ curveId, payment, leastShare }, context) =>
      trade(curveId, payment, context, 'Purchase', (market, order) => {
        const { market: after, trade: bought, events } = buy(market, { ...order, leastShareUnits: leastShare ?? 0n })
        const { route, chargedUnits, burntUnits } = bought
        const { best, feeUnits, shareUnits: share } = route
        return { market: after, events, route: best!, chargedUnits, feeUnits, shareUnits: share, burntUnits }
      }),
    'curve.burn': ({ curveId, amount }, context) => {
      const entityId = actingEntity(context)
      const stored = found(curveId)
      const [issuanceUnits, heldUnits] = stored ? [issuanceOf(books, stored), holdingOf(books, stored, entityId).nativeUnits] : [0n, 0n]
      const { event } = burnOnCurve(stored, issuanceUnits, amount, heldUnits)
      keepBurn(context, stored!, entityId, amount, event)
      const after = findCurve(books, stored!.number)!
      return { curve: shown(after, context), holding: holding(after, entityId) }
    },
    'curve.burnFees': ({ curveId, least = 0n }, context) => {
      const stored = known(curveId)
      const before = marketOf(books, stored)
      const { market: after, events } = burnFees(before)
      const [spent, burnt] = [before.burnerForeignUnits - after.burnerForeignUnits, before.issuanceUnits - after.issuanceUnits]
      if (burnt < least) throw refuse('curve.slippage')
      if (burnt > 0n) {
        const trader = curveAccount(stored.number, 'burner')
        keepTrade(context, stored, {
          before,
          after,
          trader,
          paidUnits: 0n,
          gotUnits: burnt,
          burntUnits: burnt,
          events,
          memo: memo('Burning', stored),
        })
      }
      return { curve: shown(findCurve(books, stored.number)!, context), spent, burnt }
    },
    'curve.deposit': ({ curveId, entityId: named, amount }, context) => {
      const stored = known(curveId)
      const entityId = named === undefined ? actingEntity(context) : resolveEntity(books, named)
      giveOut(context, stored, entityId, amount)
      return holding(stored, entityId)
    },
  }

  /** null: there is none, which the engine refuses in its own order. */
  function found(curveId: string): StoredCurve | null {
    const number = numberIn('curve', curveId)
    return number === null ? null : findCurve(books, number)
  }

  function known(curveId: string): StoredCurve {
    const stored = found(curveId)
    if (stored === null) throw refuse('curve.unknown')
    return stored
  }

  /** What the new curve counts from. Throws AppError usage. */
  function baseline({ kind, asset, pricing, initialIssuance }: TreasuryInput<'curve.create'>): bigint {
    if (kind === 'simulated') return initialIssuance ?? 0n
    if (initialIssuance !== undefined) throw wrong('initialIssuance', `The ledger knows how much ${asset} is issued; leave this out`)
    if (pricing === 'spot') throw wrong('pricing', 'On the ledger mints are exact; spot is for quotes and for curves that are simulated')
    return supplyOf(books, asset)
  }

  function orderOf(stored: StoredCurve, paymentUnits: bigint, balanceUnits: bigint, { config }: TreasuryContext) {
    const { pricing } = stored
    return { paymentUnits, balanceUnits, pricing, bounds: boundsOf(books, stored), routerFeePpm: config['curve.routerFeePpm'] }
  }

  /** Pays for it, and writes it down. */
  function trade(
    curveId: string,
    payment: bigint,
    context: TreasuryContext,
    what: string,
    work: (market: Market, order: ReturnType<typeof orderOf>) => Traded,
  ): TreasuryOutput<'curve.mint'> {
    const entityId = actingEntity(context)
    if (payment <= 0n) throw refuse('curve.zero')
    const stored = known(curveId)
    const before = marketOf(books, stored)
    const done = work(before, orderOf(stored, payment, holdingOf(books, stored, entityId).foreignUnits, context))
    const { market: after, events, route, chargedUnits, feeUnits, shareUnits: share, burntUnits } = done
    keepTrade(context, stored, {
      ...{ before, after, trader: entityId, paidUnits: chargedUnits, gotUnits: share, burntUnits, events, memo: memo(what, stored) },
    })
    const curve = findCurve(books, stored.number)!
    const minted = after.issuanceUnits - before.issuanceUnits + burntUnits
    return {
      ...{
        curve: shown(curve, context),
        minted,
        route,
        charged: chargedUnits,
        fee: feeUnits,
        share: share - burntUnits,
        burnt: burntUnits,
      },
      holding: holding(curve, entityId),
    }
  }

  function shown(stored: StoredCurve, { config }: TreasuryContext) {
    return shownCurve(books, stored, config['curve.routerFeePpm'])
  }

  function holding(stored: StoredCurve, entityId: string): TreasuryOutput<'curve.holding'> {
    const { nativeUnits: asset, foreignUnits: foreign } = holdingOf(books, stored, entityId)
    return { entityId, asset, foreign }
  }

  return { queries, commands }
}

function memo(what: string, { number, asset }: StoredCurve): string {
  return `${what} of ${asset} on curve-${number}`
}

/** Throws AppError usage: it is no id of a pallet. */
function derived(palletId: string, subId: number | undefined): TreasuryOutput<'curve.account'> {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const account = palletAccount(palletId, subId)
  const steps = [
    { what: '"modl", which every account of a pallet begins with', hex: hex(account.subarray(0, 4)) },
    { what: `the pallet's id, "${palletId}"`, hex: hex(account.subarray(4, 12)) },
    ...(subId === undefined ? [] : [{ what: `number ${subId} of its accounts, lowest byte first`, hex: hex(account.subarray(12, 16)) }]),
    { what: 'zeros up to 32 bytes', hex: hex(account.subarray(subId === undefined ? 12 : 16)) },
  ]
  return { palletId, steps, accountHex: hex(account), address: palletAddress(palletId, subId) }
}

function wrong(field: string, why: string): AppError {
  return new AppError('usage', `${field}: ${why}. Nothing was made.`, { details: { field } })
}
