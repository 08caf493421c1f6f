import { AppError } from '../../../src-shared/errors.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { burnOnCurve, type Curve, type CurveEvent, type MintOrder, mintEvents, mintOnCurve, shareUnits } from './curve.ts'
import { addLiquidity, floorPrice, nativeFor, type Pool, PPM, swapForeign } from './pool.ts'
import { type Quote, simulatedBounds } from './quote.ts'

/*
 * An asset's whole market: its curve, the pool beside it, and what curve and router hand on. A state of values: simulated, or as the ledger's
 * balances have it. What buyers hold is not in it.
 */

export interface Market {
  curve: Curve
  issuanceUnits: bigint
  pool: Pool
  /** both sides that the zap manager holds and the pool did not take yet */
  zapNativeUnits: bigint
  zapForeignUnits: bigint
  /** shares of the pool in the asset's own account of treasury-owned liquidity */
  tolLpUnits: bigint
  /** the treasury's thirds */
  treasuryUnits: bigint
  /** the router's fees, in the foreign asset, until the burning manager burns for them */
  burnerForeignUnits: bigint
}

export type MarketEvent =
  | CurveEvent
  | { name: 'LiquidityAdded'; asset: string; nativeUnits: bigint; foreignUnits: bigint; lpUnits: bigint }
  | { name: 'Swapped'; asset: string; foreignUnits: bigint; nativeUnits: bigint }

export interface Route {
  /** what the router takes of the payment, for the burning manager; both ways get the rest */
  feeUnits: bigint
  /** null: the curve refuses, and `refused` says why */
  curve: Quote | null
  refused: AppError | null
  /** what the pool pays, its fee taken; 0: nothing */
  poolUnits: bigint
  /** the better one for the buyer; null: neither gives anything */
  best: 'curve' | 'pool' | null
  /** the buyer's share that way */
  shareUnits: bigint
}

export interface RouteOrder extends MintOrder {
  /** the router's fee in millionths of the payment */
  routerFeePpm: number
}

/** What a buyer pays, fee included, and gets; `burntUnits` in its place where the asset burns its buyers' share, whichever the route. */
export interface Trade {
  route: Route
  chargedUnits: bigint
  userUnits: bigint
  burntUnits: bigint
}

/** Where the buyer's share is greater. Where both give the same, the curve: it takes no more than it charges, and adds to the liquidity. */
export function chooseRoute(market: Market, order: RouteOrder): Route {
  const { paymentUnits, balanceUnits, routerFeePpm, bounds = simulatedBounds } = order
  const feeUnits = paymentUnits > 0n ? (paymentUnits * BigInt(routerFeePpm)) / PPM : 0n
  const netUnits = paymentUnits - feeUnits
  const { quote: curve, refused } = quoteOrRefusal(market, { ...order, paymentUnits: netUnits, balanceUnits: balanceUnits - feeUnits })
  const isPayable = paymentUnits > 0n && paymentUnits <= balanceUnits && market.pool.foreignUnits + netUnits <= bounds.largestUnits
  const poolUnits = isPayable ? nativeFor(market.pool, netUnits) : 0n
  const curveUnits = curve ? shareUnits(curve) : 0n
  const best = curveUnits === 0n && poolUnits === 0n ? null : curveUnits >= poolUnits ? 'curve' : 'pool'
  return { feeUnits, curve, refused, poolUnits, best, shareUnits: best === 'pool' ? poolUnits : curveUnits }
}

/**
 * Mints on the curve alone, past the router: the zap manager adds what it can to the pool at once.
 * @throws as `mintOnCurve`
 */
export function mintInMarket(market: Market, order: MintOrder): { market: Market; quote: Quote; events: MarketEvent[] } {
  const { quote, events } = mintOnCurve(market.curve, market.issuanceUnits, order)
  const zapped = zap(distribute(market, quote))
  return { market: zapped.market, quote, events: [...events, ...zapped.events] }
}

/**
 * Buys by the better route. On the curve the zap manager adds what it can to the pool at once; the router's fee waits for `burnFees`.
 * @throws as `mintOnCurve` where neither route gives anything
 */
export function buy(market: Market, order: RouteOrder): { market: Market; trade: Trade; events: MarketEvent[] } {
  const route = chooseRoute(market, order)
  if (route.best === null) throw route.refused ?? refuse('curve.balance')
  if (route.shareUnits < (order.leastShareUnits ?? 0n)) throw refuse('curve.slippage')
  const charged = { ...market, burnerForeignUnits: market.burnerForeignUnits + route.feeUnits }
  const netUnits = order.paymentUnits - route.feeUnits
  return route.best === 'curve' && route.curve ? buyOnCurve(charged, route, route.curve) : buyInPool(charged, route, netUnits)
}

function buyOnCurve(market: Market, route: Route, quote: Quote): { market: Market; trade: Trade; events: MarketEvent[] } {
  const zapped = zap(distribute(market, quote))
  const { userUnits, burntUnits, chargedUnits } = quote
  return {
    market: zapped.market,
    trade: { route, chargedUnits: route.feeUnits + chargedUnits, userUnits, burntUnits },
    events: [...mintEvents(market.curve.asset, quote), ...zapped.events],
  }
}

function buyInPool(market: Market, route: Route, foreignUnits: bigint): { market: Market; trade: Trade; events: MarketEvent[] } {
  const { asset, profile } = market.curve
  const { pool, nativeUnits } = swapForeign(market.pool, foreignUnits)
  const isBurnt = profile === 'thirds-burnt'
  const burntUnits = isBurnt ? nativeUnits : 0n
  const events: MarketEvent[] = [{ name: 'Swapped', asset, foreignUnits, nativeUnits }]
  if (isBurnt) events.push({ name: 'Burned', asset, amountUnits: burntUnits })
  return {
    market: { ...market, pool, issuanceUnits: market.issuanceUnits - burntUnits },
    trade: { route, chargedUnits: route.feeUnits + foreignUnits, userUnits: nativeUnits - burntUnits, burntUnits },
    events,
  }
}

/** What a mint hands on: the issuance grows by all that is not burned at once, the zap manager gets its share and what was charged. */
export function distribute(market: Market, quote: Quote): Market {
  return {
    ...market,
    issuanceUnits: market.issuanceUnits + quote.mintedUnits - quote.burntUnits,
    zapNativeUnits: market.zapNativeUnits + quote.zapUnits,
    zapForeignUnits: market.zapForeignUnits + quote.chargedUnits,
    treasuryUnits: market.treasuryUnits + quote.treasuryUnits,
  }
}

/** The zap manager adds both sides to the pool, as far as its ratio takes them, and passes the shares on to the asset's own TOL account. */
export function zap(market: Market): { market: Market; events: MarketEvent[] } {
  const { pool, lpUnits, addedNativeUnits, addedForeignUnits } = addLiquidity(market.pool, market.zapNativeUnits, market.zapForeignUnits)
  if (lpUnits === 0n) return { market, events: [] }
  const after: Market = {
    ...market,
    pool,
    zapNativeUnits: market.zapNativeUnits - addedNativeUnits,
    zapForeignUnits: market.zapForeignUnits - addedForeignUnits,
    tolLpUnits: market.tolLpUnits + lpUnits,
  }
  const { asset } = market.curve
  return {
    market: after,
    events: [{ name: 'LiquidityAdded', asset, nativeUnits: addedNativeUnits, foreignUnits: addedForeignUnits, lpUnits }],
  }
}

/** The burning manager buys in the pool with all fees it has and burns what it gets, which lowers the issuance. Nothing where the pool pays nothing. */
export function burnFees(market: Market): { market: Market; events: MarketEvent[] } {
  const foreignUnits = market.burnerForeignUnits
  const { pool, nativeUnits } = swapForeign(market.pool, foreignUnits)
  if (nativeUnits === 0n) return { market, events: [] }
  const { issuanceUnits, event } = burnOnCurve(market.curve, market.issuanceUnits, nativeUnits, nativeUnits)
  const { asset } = market.curve
  return {
    market: { ...market, pool, issuanceUnits, burnerForeignUnits: 0n },
    events: [{ name: 'Swapped', asset, foreignUnits, nativeUnits }, event],
  }
}

/** The floor once everybody who could has sold: all of the issuance but what stands in the pool already. */
export function marketFloor(market: Market): bigint {
  const sellableUnits = market.issuanceUnits - market.pool.nativeUnits
  return floorPrice(market.pool, market.tolLpUnits, sellableUnits > 0n ? sellableUnits : 0n, market.curve.precision)
}

function quoteOrRefusal(market: Market, order: RouteOrder): { quote: Quote | null; refused: AppError | null } {
  try {
    return { quote: mintOnCurve(market.curve, market.issuanceUnits, { ...order, leastShareUnits: 0n }).quote, refused: null }
  } catch (error) {
    if (error instanceof AppError) return { quote: null, refused: error }
    throw error
  }
}
