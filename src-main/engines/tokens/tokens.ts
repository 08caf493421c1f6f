import { MAX_UNITS } from '../../../src-shared/money.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'

/*
 * What may be done with tokens (tokenomics.md, Tokens): each operation gives the postings that do it, or throws the refusal of the rules.
 * Amounts in base units.
 */

export interface Holding {
  availableUnits: bigint
  lockedUnits: bigint
}

export interface Supply {
  issuedUnits: bigint
  /** null: no limit */
  maxUnits: bigint | null
}

/** A posting without the token, which is one for all of an operation. */
export interface Move {
  entity: string
  part: 'available' | 'locked' | 'issuance'
  amountUnits: bigint
}

/** The entity of a token's issuance. */
export const ISSUANCE = 'issuance'

/** Locked tokens can't be sent. Throws tokens.transfer-amount, tokens.balance. */
export function transfer(from: string, to: string, amountUnits: bigint, held: Holding): Move[] {
  if (amountUnits <= 0n) throw refuse('tokens.transfer-amount')
  if (amountUnits > held.availableUnits) throw refuse('tokens.balance')
  return [
    { entity: from, part: 'available', amountUnits: -amountUnits },
    { entity: to, part: 'available', amountUnits },
  ]
}

/** Throws tokens.mint-amount, tokens.max-supply. */
export function mint(to: string, amountUnits: bigint, supply: Supply): Move[] {
  if (amountUnits <= 0n) throw refuse('tokens.mint-amount')
  // where a token has no limit of its own, there is no more of it than an amount can hold
  if (supply.issuedUnits + amountUnits > (supply.maxUnits ?? MAX_UNITS)) throw refuse('tokens.max-supply')
  return [
    { entity: ISSUANCE, part: 'issuance', amountUnits: -amountUnits },
    { entity: to, part: 'available', amountUnits },
  ]
}

/** Throws tokens.burn-amount, tokens.balance. */
export function burn(from: string, amountUnits: bigint, held: Holding): Move[] {
  if (amountUnits <= 0n) throw refuse('tokens.burn-amount')
  if (amountUnits > held.availableUnits) throw refuse('tokens.balance')
  return [
    { entity: from, part: 'available', amountUnits: -amountUnits },
    { entity: ISSUANCE, part: 'issuance', amountUnits },
  ]
}

/** Throws tokens.lock-amount, tokens.available. */
export function lock(entity: string, amountUnits: bigint, held: Holding): Move[] {
  if (amountUnits <= 0n) throw refuse('tokens.lock-amount')
  if (amountUnits > held.availableUnits) throw refuse('tokens.available')
  return within(entity, 'available', 'locked', amountUnits)
}

/** Throws tokens.unlock-amount, tokens.locked. */
export function unlock(entity: string, amountUnits: bigint, held: Holding): Move[] {
  if (amountUnits <= 0n) throw refuse('tokens.unlock-amount')
  if (amountUnits > held.lockedUnits) throw refuse('tokens.locked')
  return within(entity, 'locked', 'available', amountUnits)
}

/** Throws tokens.burn-amount, tokens.locked. */
export function burnLocked(entity: string, amountUnits: bigint, held: Holding): Move[] {
  if (amountUnits <= 0n) throw refuse('tokens.burn-amount')
  if (amountUnits > held.lockedUnits) throw refuse('tokens.locked')
  return [
    { entity, part: 'locked', amountUnits: -amountUnits },
    { entity: ISSUANCE, part: 'issuance', amountUnits },
  ]
}

function within(entity: string, from: 'available' | 'locked', to: 'available' | 'locked', amountUnits: bigint): Move[] {
  return [
    { entity, part: from, amountUnits: -amountUnits },
    { entity, part: to, amountUnits },
  ]
}
