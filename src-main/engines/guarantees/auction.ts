import { MAX_UNITS } from '../../../src-shared/money.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { Actor } from './guarantee.ts'

/** A reverse auction, as far as its participants' BTA-UTIL is concerned. */
export interface Auction {
  /** who opened it */
  organiser: string
  baseUnits: bigint
  state: 'open' | 'ended'
}

/** BTA-UTIL of a participant that is locked until the auction ends. The trust is that of the joining. */
export interface Participation {
  entity: string
  trust: number
  lockedUnits: bigint
}

/** @throws `auctions.base`: also where the lock of a participant without trust would be more than an amount can hold */
export function openAuction(organiser: string, baseUnits: bigint): Auction {
  if (baseUnits <= 0n || 2n * baseUnits > MAX_UNITS) throw refuse('auctions.base')
  return { organiser, baseUnits, state: 'open' }
}

/** What taking part locks: `floor(base*(200-trust)/100)`, between once and twice the base (tokenomics.md, Guarantees, auctions). */
export function auctionLockUnits(baseUnits: bigint, trust: number): bigint {
  return (baseUnits * BigInt(200 - trust)) / 100n
}

/**
 * Taking part, once each.
 * @param auction null where there is none of that id
 * @param joined the entities that take part already
 * @param trust 0..100, whole
 * @throws `auctions.unknown`, `auctions.state`, `auctions.joined`, `tokens.balance`
 */
export function joinAuction(
  auction: Auction | null,
  joined: { has(entity: string): boolean },
  entity: string,
  trust: number,
  availableUnits: bigint,
): Participation {
  if (!auction) throw refuse('auctions.unknown')
  if (auction.state !== 'open') throw refuse('auctions.state')
  if (joined.has(entity)) throw refuse('auctions.joined')
  const lockedUnits = auctionLockUnits(auction.baseUnits, trust)
  if (lockedUnits > availableUnits) throw refuse('tokens.balance')
  return { entity, trust, lockedUnits }
}

/**
 * The end of an auction, once: every participant's `lockedUnits` are unlocked.
 * @throws `auctions.unknown`, `auctions.owner`, `auctions.state`
 */
export function endAuction(auction: Auction | null, actor: Actor): Auction {
  if (!auction) throw refuse('auctions.unknown')
  if (!actor.isAdministrator && actor.entity !== auction.organiser) throw refuse('auctions.owner')
  if (auction.state !== 'open') throw refuse('auctions.state')
  return { ...auction, state: 'ended' }
}
