import type { AppError } from '../../../src-shared/errors.ts'
import type { Pricing } from '../../../src-shared/treasury/curve.ts'
import { type CurveRole, curveRefusalMeaning, curveRoles } from '../../../src-shared/treasury/curve.ts'
import type { CurveEventShown, CurveQuote, CurveRoutes, CurveShown } from '../../../src-shared/treasury/curve-table.ts'
import { curveAccount } from '../../../src-shared/treasury/entities.ts'
import { lesser } from '../../../src-shared/treasury/shares.ts'
import { shareUnits } from '../../engines/curve/curve.ts'
import { type Market, marketFloor, type Route } from '../../engines/curve/market.ts'
import type { Pool } from '../../engines/curve/pool.ts'
import { type Quote, spotPrice, suppliedUnits } from '../../engines/curve/quote.ts'
import type { Store } from '../../store/index.ts'
import type { StoredCurve, StoredCurveEvent } from '../../store/treasury-curve.ts'
import { boundsOf, curveName, holdingOf, marketOf } from './curve-market.ts'
import { entityName } from './entities.ts'

/* Curves as they are shown: base units and prices times the precision, which the table's schemas write as decimals. */

export function shownCurve(books: Store, stored: StoredCurve, routerFeePpm: number): CurveShown {
  const { number, kind, asset, foreignAsset, profile, pricing, initialPrice, slope, createdTs, updatedTs } = stored
  const market = marketOf(books, stored)
  const { pool, issuanceUnits: issuance, tolLpUnits } = market
  return {
    ...{ id: curveName(number), kind, asset, foreignAsset, profile, pricing, initialPrice, slope, createdTs, updatedTs },
    ...{ initialIssuance: stored.initialIssuanceUnits, issuance, supply: suppliedUnits(stored, issuance) },
    ...{ price: spotPrice(stored, issuance, pricing), floor: tolLpUnits === 0n ? null : marketFloor(market) },
    pool: {
      ...{ asset: pool.nativeUnits, foreign: pool.foreignUnits, shares: pool.lpUnits, owned: tolLpUnits },
      ...{ feePpm: pool.feePpm, price: poolPrice(pool, stored.precision) },
    },
    ...{ feesWaiting: market.burnerForeignUnits, routerFeePpm },
    accounts: curveRoles.map(role => shownAccount(books, stored, role)),
  }
}

function shownAccount(books: Store, stored: StoredCurve, role: CurveRole): CurveShown['accounts'][number] {
  const entityId = curveAccount(stored.number, role)
  const { nativeUnits: asset, foreignUnits: foreign } = holdingOf(books, stored, entityId)
  const shares = role === 'tol' ? stored.tolLpUnits : 0n
  return { role, entityId, name: entityName(books, entityId), asset, foreign, shares }
}

/** Of one unit in the pool, its fee left out; null: it is empty. */
function poolPrice({ nativeUnits, foreignUnits }: Pool, precision: bigint): bigint | null {
  return nativeUnits === 0n || foreignUnits === 0n ? null : (precision * foreignUnits) / nativeUnits
}

export function shownQuote(quote: Quote, pricing: Pricing, precision: bigint): CurveQuote {
  const share = shareUnits(quote)
  return {
    ...{ share, burnt: quote.burntUnits, charged: quote.chargedUnits, unspent: quote.unspentUnits, minted: quote.mintedUnits },
    ...{ zap: quote.zapUnits, treasury: quote.treasuryUnits, priceBefore: quote.spotBefore, priceAfter: quote.spotAfter },
    ...{ average: share === 0n ? null : (precision * quote.chargedUnits) / share, pricing },
  }
}

export function shownRoutes(payment: bigint, route: Route, { curve, pool }: Market, pricing: Pricing): CurveRoutes {
  const onCurve = route.curve ? shareUnits(route.curve) : 0n
  return {
    ...{ payment, fee: route.feeUnits, curve: route.curve && shownQuote(route.curve, pricing, curve.precision) },
    ...{ refused: route.refused && shownRefusal(route.refused), pool: { share: route.poolUnits, feePpm: pool.feePpm } },
    ...{ best: route.best, share: route.shareUnits, more: route.shareUnits - lesser(onCurve, route.poolUnits) },
  }
}

function shownRefusal({ code, message }: AppError): CurveRoutes['refused'] {
  return { code, name: message, meaning: curveRefusalMeaning(code) ?? message }
}

/**
 * A curve's price at supplies that lie evenly between nothing minted and `upToUnits`: each once, rising. Without it up to twice what is minted, at
 * least until the price has doubled, as far as amounts go.
 */
export function chartOf(
  books: Store,
  stored: StoredCurve,
  issuanceUnits: bigint,
  count: number,
  upToUnits?: bigint,
): { supply: bigint; price: bigint }[] {
  const { initialIssuanceUnits, pricing } = stored
  const furthestUnits = boundsOf(books, stored).largestUnits - initialIssuanceUnits
  const lastUnits = lesser(upToUnits ?? usualReach(stored, issuanceUnits), furthestUnits > 0n ? furthestUnits : 1n)
  const steps = BigInt(count - 1)
  const supplies = new Set(Array.from({ length: count }, (_, at) => (lastUnits * BigInt(at)) / steps))
  return [...supplies].map(supply => ({ supply, price: spotPrice(stored, initialIssuanceUnits + supply, pricing) }))
}

function usualReach(stored: StoredCurve, issuanceUnits: bigint): bigint {
  const doubledUnits = (stored.precision * stored.initialPrice) / stored.slope
  const twiceUnits = 2n * suppliedUnits(stored, issuanceUnits)
  return doubledUnits > twiceUnits ? doubledUnits : twiceUnits > 0n ? twiceUnits : 1n
}

export function shownEvent(books: Store, event: StoredCurveEvent, stored: StoredCurve): CurveEventShown {
  const { number, ts, name, entityId, fields, entry } = event
  return {
    ...{ number, curveId: curveName(stored.number), asset: stored.asset, foreignAsset: stored.foreignAsset, ts, name },
    ...{
      entityId,
      entityName: entityId === null ? null : entityName(books, entityId),
      fields,
      entry: entry === null ? null : Number(entry),
    },
  }
}
