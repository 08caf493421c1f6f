import { AppError } from '../../../src-shared/errors.ts'
import { TOKEN_DECIMALS } from '../../../src-shared/treasury/amounts.ts'
import type { CurveRole } from '../../../src-shared/treasury/curve.ts'
import { decimal, PRICE_DECIMALS, SLOPE_DECIMALS } from '../../../src-shared/treasury/curve-amounts.ts'
import { curveAccount, TREASURY_ENTITY } from '../../../src-shared/treasury/entities.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { Market, MarketEvent } from '../../engines/curve/market.ts'
import { type Bounds, ledgerBounds, simulatedBounds } from '../../engines/curve/quote.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf, findLedgerToken, post, supplyOf } from '../../store/ledger.ts'
import {
  type CurveHolding,
  insertCurveEvent,
  type Simulated,
  type StoredCurve,
  saveShares,
  saveSimulated,
  saveSimulatedHolding,
  simulatedHolding,
} from '../../store/treasury-curve.ts'
import type { TreasuryContext } from './handlers.ts'
import { moveTokens } from './tokens.ts'

/*
 * A curve's market as the books have it: on a token of the ledger its balances are the state, and whatever moves is posted there; a simulated
 * one keeps both by itself.
 */

export type Doing = Pick<TreasuryContext, 'books' | 'doer' | 'nowTs'>

export const curveName = (number: number) => `curve-${number}`

/** What an entity has of the curve's two assets and may spend. */
export function holdingOf(books: Store, stored: StoredCurve, entityId: string): CurveHolding {
  if (stored.simulated) return simulatedHolding(books, stored.number, entityId)
  return {
    nativeUnits: balanceOf(books, entityId, stored.asset).availableUnits,
    foreignUnits: balanceOf(books, entityId, stored.foreignAsset).availableUnits,
  }
}

export function issuanceOf(books: Store, { simulated, asset }: Pick<StoredCurve, 'simulated' | 'asset'>): bigint {
  return simulated ? simulated.issuanceUnits : supplyOf(books, asset)
}

/** What amounts may be: u128 where it is simulated, else 64 bits and the token's own most. */
export function boundsOf(books: Store, { simulated, asset }: StoredCurve): Bounds {
  return simulated ? simulatedBounds : ledgerBounds(findLedgerToken(books, asset)?.maxUnits ?? null)
}

export function marketOf(books: Store, stored: StoredCurve): Market {
  const held = (role: CurveRole) => holdingOf(books, stored, curveAccount(stored.number, role))
  const [pool, zap, burner] = [held('pool'), held('zap'), held('burner')]
  return {
    curve: stored,
    issuanceUnits: issuanceOf(books, stored),
    pool: { ...pool, lpUnits: stored.lpUnits, feePpm: stored.poolFeePpm },
    ...{ zapNativeUnits: zap.nativeUnits, zapForeignUnits: zap.foreignUnits, tolLpUnits: stored.tolLpUnits },
    ...{ treasuryUnits: holdingOf(books, stored, TREASURY_ENTITY).nativeUnits, burnerForeignUnits: burner.foreignUnits },
  }
}

/** What a trade did: the market before and after, and what whoever traded paid and got; of that, `burntUnits` are burned at once. */
export interface Kept {
  before: Market
  after: Market
  trader: string
  paidUnits: bigint
  gotUnits: bigint
  burntUnits: bigint
  events: readonly MarketEvent[]
  memo: string
}

interface Change {
  entity: string
  nativeUnits: bigint
  foreignUnits: bigint
}

/** Writes a trade down, with its events. Whoever calls it holds the transaction. Throws AppError ledger.refused. */
export function keepTrade(doing: Doing, stored: StoredCurve, kept: Kept): void {
  const { after, burntUnits, trader } = kept
  const changes = changesOf(stored, kept)
  const entry = stored.simulated
    ? keepSimulated(doing.books, stored, stored.simulated, changes, kept)
    : postTrade(doing, stored, changes, kept)
  if (!stored.simulated && burntUnits > 0n)
    burnOnLedger(doing, { token: stored.asset, entity: trader, amountUnits: burntUnits, memo: kept.memo })
  saveShares(doing.books, stored.number, { lpUnits: after.pool.lpUnits, tolLpUnits: after.tolLpUnits })
  for (const event of kept.events) keepEvent(doing, stored, event, trader, entry)
}

/** What is added to everybody's holdings; what is burned at once is still with the trader. */
function changesOf(stored: StoredCurve, { before, after, trader, paidUnits, gotUnits }: Kept): Change[] {
  const account = (role: CurveRole) => curveAccount(stored.number, role)
  const pool = {
    nativeUnits: after.pool.nativeUnits - before.pool.nativeUnits,
    foreignUnits: after.pool.foreignUnits - before.pool.foreignUnits,
  }
  return [
    { entity: trader, nativeUnits: gotUnits, foreignUnits: -paidUnits },
    {
      ...{ entity: account('zap'), nativeUnits: after.zapNativeUnits - before.zapNativeUnits },
      foreignUnits: after.zapForeignUnits - before.zapForeignUnits,
    },
    { entity: account('pool'), ...pool },
    { entity: account('burner'), nativeUnits: 0n, foreignUnits: after.burnerForeignUnits - before.burnerForeignUnits },
    { entity: TREASURY_ENTITY, nativeUnits: after.treasuryUnits - before.treasuryUnits, foreignUnits: 0n },
  ]
}

/** One entry of both tokens; gives its number. */
function postTrade(
  { books, doer, nowTs }: Doing,
  stored: StoredCurve,
  changes: readonly Change[],
  { before, after, burntUnits, memo }: Kept,
): bigint {
  const issuedUnits = after.issuanceUnits - before.issuanceUnits + burntUnits
  const { asset, foreignAsset } = stored
  return post(books, {
    ...{ kind: issuedUnits > 0n ? 'MINT' : 'TRANSFER', ts: nowTs, actor: doer, memo },
    postings: [
      { entity: 'issuance', token: asset, part: 'issuance', amountUnits: -issuedUnits },
      ...changes.map(({ entity, nativeUnits: amountUnits }) => ({ entity, token: asset, part: 'available' as const, amountUnits })),
      ...changes.map(({ entity, foreignUnits: amountUnits }) => ({ entity, token: foreignAsset, part: 'available' as const, amountUnits })),
    ],
  })
}

function keepSimulated(
  books: Store,
  stored: StoredCurve,
  simulated: Simulated,
  changes: readonly Change[],
  { after, trader, burntUnits }: Kept,
): null {
  for (const { entity, ...added } of changes) {
    const held = simulatedHolding(books, stored.number, entity)
    const nativeUnits = held.nativeUnits + added.nativeUnits - (entity === trader ? burntUnits : 0n)
    saveSimulatedHolding(books, stored.number, entity, { nativeUnits, foreignUnits: held.foreignUnits + added.foreignUnits })
  }
  saveSimulated(books, stored.number, { ...simulated, issuanceUnits: after.issuanceUnits })
  return null
}

/**
 * Burns what an entity has: the issuance falls. Whoever calls it holds the transaction, and has checked that it is there.
 * Throws AppError ledger.refused.
 */
export function keepBurn(doing: Doing, stored: StoredCurve, entityId: string, amountUnits: bigint, event: MarketEvent): void {
  const { books } = doing
  const { simulated, number } = stored
  let entry: bigint | null = null
  if (simulated) {
    const held = simulatedHolding(books, number, entityId)
    saveSimulatedHolding(books, number, entityId, { ...held, nativeUnits: held.nativeUnits - amountUnits })
    saveSimulated(books, number, { ...simulated, issuanceUnits: simulated.issuanceUnits - amountUnits })
  } else entry = burnOnLedger(doing, { token: stored.asset, entity: entityId, amountUnits, memo: `Burn on ${curveName(number)}` })
  keepEvent(doing, stored, event, entityId, entry)
}

/**
 * Gives out some of the asset that a simulated curve is paid with. Whoever calls it holds the transaction.
 * Throws AppError usage (it is on the ledger), curve.zero, curve.overflow: more than u128 would be out.
 */
export function giveOut(doing: Doing, stored: StoredCurve, entityId: string, amountUnits: bigint): void {
  const { books } = doing
  const { simulated, number, foreignAsset } = stored
  if (!simulated)
    throw new AppError(
      'usage',
      `${curveName(number)} is on the ledger: who pays on it needs ${foreignAsset} of the ledger. Nothing was given out; send some instead.`,
      { details: { field: 'curveId' } },
    )
  if (amountUnits <= 0n) throw refuse('curve.zero')
  const givenOutUnits = simulated.givenOutUnits + amountUnits
  if (givenOutUnits > simulatedBounds.largestUnits) throw refuse('curve.overflow')
  const held = simulatedHolding(books, number, entityId)
  saveSimulatedHolding(books, number, entityId, { ...held, foreignUnits: held.foreignUnits + amountUnits })
  saveSimulated(books, number, { ...simulated, givenOutUnits })
  keepEvent(doing, stored, { name: 'Deposited', asset: stored.asset, foreignUnits: amountUnits }, entityId, null)
}

type KeptEvent = MarketEvent | { name: 'Deposited'; asset: string; foreignUnits: bigint }

/** What the members of an event are called, and how many decimals they have. */
const eventFields: Record<string, readonly [name: string, decimals: number]> = {
  initialPrice: ['initialPrice', PRICE_DECIMALS],
  slope: ['slope', SLOPE_DECIMALS],
  userUnits: ['user', TOKEN_DECIMALS],
  zapUnits: ['zap', TOKEN_DECIMALS],
  nativeUnits: ['asset', TOKEN_DECIMALS],
  foreignUnits: ['foreign', TOKEN_DECIMALS],
  lpUnits: ['shares', TOKEN_DECIMALS],
  amountUnits: ['amount', TOKEN_DECIMALS],
}

export function keepEvent(
  { books, nowTs }: Doing,
  { number }: StoredCurve,
  event: KeptEvent,
  entityId: string | null,
  entry: bigint | null,
): void {
  const fields = Object.entries(event).flatMap(([member, value]: [string, string | bigint]) => {
    const [name, decimals] = eventFields[member] ?? []
    return name !== undefined && typeof value === 'bigint' ? [{ name, value: decimal(value, decimals!) }] : []
  })
  insertCurveEvent(books, { curve: number, ts: nowTs, name: event.name, entityId, fields, entry })
}

function burnOnLedger({ books, doer, nowTs }: Doing, burn: { token: string; entity: string; amountUnits: bigint; memo: string }): bigint {
  const { memo, ...order } = burn
  return moveTokens(books, { op: 'burn', ...order }, { actor: doer, ts: nowTs, memo })
}
