import { AppError } from '../../../src-shared/errors.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { chainTxKey, type TokenDefinition } from '../../../src-shared/treasury/tokens.ts'
import type { TokenBalance } from '../../../src-shared/treasury/tokens-table.ts'
import { burn, burnLocked, type Holding, lock, type Move, mint, type Supply, transfer, unlock } from '../../engines/tokens/tokens.ts'
import {
  addLedgerToken,
  balanceOf,
  type EntryKind,
  type EntryOrder,
  findLedgerToken,
  listLedgerTokens,
  post,
  supplyOf,
} from '../../store/ledger.ts'
import { movementsOfChainTx } from '../../store/ledger-statement.ts'
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
  const postings = moves.map(move => ({ ...move, token }))
  if (chainTx === undefined) return post(books, { kind, ts, actor, memo, postings })
  refuseChainTx(books, chainTx, { kind, postings })
  return post(books, { kind, ts, actor, memo, postings, chainTx: chainTxKey(chainTx) })
}

/**
 * A transaction on a chain may stand for several movements, each of which is booked once: of one kind, token, giver and taker there is one for
 * each transaction, whatever its amount. Throws AppError tokens.chain-tx, naming the entry that has it. Whoever calls it holds the transaction.
 */
export function refuseChainTx(books: Store, chainTx: string, { kind, postings }: Pick<EntryOrder, 'kind' | 'postings'>): void {
  const partiesOf = (token: string, less: readonly string[], more: readonly string[]) => JSON.stringify([token, less, more])
  const nets = new Map<string, Map<string, bigint>>()
  for (const { token, entity, amountUnits } of postings) {
    const ofToken = nets.get(token) ?? new Map<string, bigint>()
    nets.set(token, ofToken.set(entity, (ofToken.get(entity) ?? 0n) + amountUnits))
  }
  const asked = [...nets].map(([token, parties]) => {
    const sideOf = (isGiver: boolean) => [...parties].filter(([, net]) => (isGiver ? net < 0n : net > 0n)).map(([entity]) => entity)
    return partiesOf(token, sideOf(true), sideOf(false))
  })
  const same = movementsOfChainTx(books, chainTxKey(chainTx)).find(
    known => known.kind === kind && asked.includes(partiesOf(known.token, known.from, known.to)),
  )
  if (!same) return
  throw new AppError(
    'tokens.chain-tx',
    `This ${kind.toLowerCase()} of transaction ${chainTxKey(chainTx).slice(0, 64)} stands in the books already, as entry ${same.entry}. Nothing was moved.`,
    { details: { entry: same.entry, chainTx: chainTxKey(chainTx) } },
  )
}

/** What an entity has of a token, as it is shown. */
export function tokenBalance(books: Store, entityId: string, token: string): TokenBalance {
  return shownBalance(token, balanceOf(books, entityId, token))
}

export function shownBalance(token: string, { availableUnits, lockedUnits }: Holding): TokenBalance {
  return { token, available: availableUnits, locked: lockedUnits, total: availableUnits + lockedUnits }
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
