import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { TokenDefinition } from '../../../src-shared/treasury/tokens.ts'
import { burn, burnLocked, type Holding, lock, type Move, mint, type Supply, transfer, unlock } from '../../engines/tokens/tokens.ts'
import { addLedgerToken, balanceOf, type EntryKind, findLedgerToken, listLedgerTokens, post, supplyOf } from '../../store/ledger.ts'
import type { Store } from '../../store/open.ts'

/** The account that the initial supply is credited to. What it does not hold circulates. */
export const TREASURY = 'treasury'

/** Who does it and when (seconds since the epoch), and what the entry says of it. */
export interface Doing {
  actor: string
  ts: number
  memo: string
  chainTx?: string
}

/** What may be asked of a token. `burn-locked`: a guarantee's collateral, in one step. */
export type TokenOrder =
  | { op: 'transfer'; token: string; from: string; to: string; amountUnits: bigint }
  | { op: 'mint'; token: string; to: string; amountUnits: bigint }
  | { op: 'burn' | 'lock' | 'unlock' | 'burn-locked'; token: string; entity: string; amountUnits: bigint }

/**
 * Makes the tokens known and credits their initial supply to the treasury; one that is known already is left as it is. Gives those that are new.
 * Whoever calls it holds the transaction.
 */
export function initialiseTokens(books: Store, definitions: readonly TokenDefinition[], doing: Omit<Doing, 'memo'>): string[] {
  const known = new Set(listLedgerTokens(books).map(({ token }) => token))
  const fresh = definitions.filter(({ token }) => !known.has(token))
  for (const { token, initialUnits, maxUnits } of fresh) {
    addLedgerToken(books, token, maxUnits, doing.ts)
    if (initialUnits > 0n)
      moveTokens(books, { op: 'mint', token, to: TREASURY, amountUnits: initialUnits }, { ...doing, memo: 'Initial supply' })
  }
  return fresh.map(({ token }) => token)
}

/**
 * Does it and gives the entry's number. Whoever calls it holds the transaction. Throws the refusals tokens.*, by their literal texts, and
 * AppError ledger.refused; nothing is moved then.
 */
export function moveTokens(books: Store, order: TokenOrder, { actor, ts, memo, chainTx }: Doing): bigint {
  const { token } = order
  const { kind, moves } = planned(books, order)
  return post(books, {
    kind,
    ts,
    actor,
    memo,
    postings: moves.map(move => ({ ...move, token })),
    ...(chainTx !== undefined && { chainTx }),
  })
}

function planned(books: Store, order: TokenOrder): { kind: EntryKind; moves: Move[] } {
  const known = findLedgerToken(books, order.token)
  if (!known) throw refuse('tokens.unknown', { token: order.token.slice(0, 60) })
  const { amountUnits } = order
  const heldBy = (entity: string): Holding => balanceOf(books, entity, order.token)
  switch (order.op) {
    case 'transfer':
      return { kind: 'TRANSFER', moves: transfer(order.from, order.to, amountUnits, heldBy(order.from)) }
    case 'mint': {
      const supply: Supply = { issuedUnits: supplyOf(books, order.token), maxUnits: known.maxUnits }
      return { kind: 'MINT', moves: mint(order.to, amountUnits, supply) }
    }
    case 'burn':
      return { kind: 'BURN', moves: burn(order.entity, amountUnits, heldBy(order.entity)) }
    case 'burn-locked':
      return { kind: 'BURN', moves: burnLocked(order.entity, amountUnits, heldBy(order.entity)) }
    case 'lock':
      return { kind: 'LOCK', moves: lock(order.entity, amountUnits, heldBy(order.entity)) }
    case 'unlock':
      return { kind: 'UNLOCK', moves: unlock(order.entity, amountUnits, heldBy(order.entity)) }
  }
}
