import { cleanName } from '../../../src-shared/text.ts'
import { ACCESS_TOKEN, type AuctionShown, type auctionRows } from '../../../src-shared/treasury/guarantees-table.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import { planAccess } from '../../engines/guarantees/access.ts'
import { auctionLockUnits, endAuction, joinAuction, openAuction } from '../../engines/guarantees/auction.ts'
import type { Actor } from '../../engines/guarantees/guarantee.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf } from '../../store/ledger.ts'
import {
  findAccess,
  findAuction,
  findParticipation,
  insertAccess,
  insertAuction,
  insertParticipation,
  listAccess,
  listAuctions,
  listOverAuctions,
  listParticipations,
  type StoredAuction,
  saveAuctionEnd,
} from '../../store/treasury-guarantees.ts'
import { entityName, resolveEntity } from './entities.ts'
import { actingEntity, askedEntity, type TreasuryCommandHandlers, type TreasuryContext, type TreasuryQueryHandlers } from './handlers.ts'
import { numberIn } from './ids.ts'
import { moveTokens, TREASURY, tokenBalance } from './tokens.ts'
import { trustOf } from './trust.ts'

type AuctionQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, keyof typeof auctionRows>>
type AuctionCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, keyof typeof auctionRows>>

/** Who ends an auction at its end, as ledger entries name it. */
const JOB: Actor = { entity: 'schedule', isAdministrator: true }

export const auctionName = (number: number) => `auc-${number}`

/**
 * The scheduled job (tokenomics.md, Guarantees, auctions): auctions that are over at the slot of `nowTs` end, and what is locked in them is given
 * back. Whoever calls it holds the transaction. Says what it did.
 */
export function endDueAuctions(books: Store, _config: TreasuryConfig, nowTs: number): string {
  const over = listOverAuctions(books, nowTs)
  for (const auction of over) endStored(books, auction, JOB, { doer: JOB.entity, nowTs })
  if (over.length === 0) return 'No auction is over.'
  const names = over.slice(0, 20).map(({ number }) => auctionName(number))
  return `Ended ${names.join(', ')}${over.length > names.length ? ` and ${over.length - names.length} more` : ''}; what was locked is given back.`
}

/** Throws AppError auctions.unknown, auctions.owner, auctions.state. */
function endStored(
  books: Store,
  auction: StoredAuction | null,
  actor: Actor,
  { doer, nowTs }: Pick<TreasuryContext, 'doer' | 'nowTs'>,
): void {
  endAuction(auction, actor)
  const { number } = auction!
  saveAuctionEnd(books, number, nowTs)
  for (const { entity, lockedUnits } of listParticipations(books, number, { offset: 0, limit: -1 }))
    moveTokens(
      books,
      { op: 'unlock', token: ACCESS_TOKEN, entity, amountUnits: lockedUnits },
      { actor: doer, ts: nowTs, memo: `End of ${auctionName(number)}` },
    )
}

/** Reverse auctions, as far as what is locked in them, and access to the platform. */
export function auctionHandlers(books: Store): { queries: AuctionQueries; commands: AuctionCommands } {
  const queries: AuctionQueries = {
    'auctions.list': ({ state = null, offset, limit }, context) => {
      const { rows, total } = listAuctions(books, state, { offset, limit })
      return { rows: rows.map(auction => shown(auction, context)), total }
    },
    'auctions.participants': ({ id, offset, limit }, context) => {
      const auction = found(id)
      if (!auction) throw refuse('auctions.unknown')
      const rows = listParticipations(books, auction.number, { offset, limit })
      return {
        auction: shown(auction, context),
        rows: rows.map(({ entity, trust, lockedUnits, joinedTs }) => ({
          ...{ entityId: entity, name: entityName(books, entity), trust, locked: lockedUnits, joinedTs },
        })),
        total: auction.participants,
      }
    },
    'access.get': ({ entityId: named }, context) => {
      const entityId = askedEntity(context, named === undefined ? null : resolveEntity(books, named))
      const access = findAccess(books, entityId)
      const { paidTs = null, paidUnits = null } = access ?? {}
      return { entityId, hasAccess: access !== null, paidTs, paid: paidUnits, fee: context.config['access.fee'] }
    },
    'access.list': ({ offset, limit }) => {
      const { rows, total } = listAccess(books, { offset, limit })
      return {
        rows: rows.map(({ entityId, paidTs, paidUnits }) => ({ entityId, name: entityName(books, entityId), paidTs, paid: paidUnits })),
        total,
      }
    },
  }

  const commands: AuctionCommands = {
    'auctions.open': ({ title, base, endTs }, context) => {
      const { nowTs, doer } = context
      const auction = openAuction(doer, base)
      if (endTs <= nowTs) throw refuse('auctions.end')
      return shown(findAuction(books, insertAuction(books, { ...auction, title: cleanName(title), openedTs: nowTs, endTs }))!, context)
    },
    'auctions.join': ({ id }, context) => {
      const { nowTs, doer } = context
      const entityId = actingEntity(context)
      const auction = found(id)
      const isOver = auction !== null && auction.endTs <= nowTs
      const own = auction && findParticipation(books, auction.number, entityId)
      const participation = joinAuction(
        auction && { ...auction, state: isOver ? 'ended' : auction.state },
        new Set(own ? [entityId] : []),
        entityId,
        auction ? trustOf(context, entityId).score : 0,
        balanceOf(books, entityId, ACCESS_TOKEN).availableUnits,
      )
      const { number } = auction!
      moveTokens(
        books,
        { op: 'lock', token: ACCESS_TOKEN, entity: entityId, amountUnits: participation.lockedUnits },
        { actor: doer, ts: nowTs, memo: `Part in ${auctionName(number)}` },
      )
      insertParticipation(books, number, { ...participation, joinedTs: nowTs })
      return { auction: shown(findAuction(books, number)!, context), balance: tokenBalance(books, entityId, ACCESS_TOKEN) }
    },
    'auctions.end': ({ id }, context) => {
      const auction = found(id)
      endStored(books, auction, { entity: context.doer, isAdministrator: context.isAdministrator }, context)
      return shown(findAuction(books, auction!.number)!, context)
    },
    'access.pay': ({ fee }, context) => {
      const { nowTs, doer, config } = context
      const entityId = actingEntity(context)
      if (findAccess(books, entityId) === null && fee !== config['access.fee']) throw refuse('access.fee')
      const { availableUnits } = balanceOf(books, entityId, ACCESS_TOKEN)
      const paidUnits = planAccess(findAccess(books, entityId) !== null, availableUnits, fee)
      if (paidUnits > 0n)
        moveTokens(
          books,
          { op: 'transfer', token: ACCESS_TOKEN, from: entityId, to: TREASURY, amountUnits: paidUnits },
          { actor: doer, ts: nowTs, memo: 'Access to the platform' },
        )
      insertAccess(books, { entityId, paidTs: nowTs, paidUnits })
      return { paid: paidUnits, paidTs: nowTs, balance: tokenBalance(books, entityId, ACCESS_TOKEN) }
    },
  }

  function found(id: string): StoredAuction | null {
    const number = numberIn('auc', id)
    return number === null ? null : findAuction(books, number)
  }

  function shown(
    { number, title, baseUnits, openedTs, endTs, state, endedTs, participants }: StoredAuction,
    context: TreasuryContext,
  ): AuctionShown {
    const { entityId } = context
    return {
      ...{ id: auctionName(number), title, base: baseUnits, openedTs, endTs, state, endedTs, participants },
      own: entityId === null ? null : ownPart(number, baseUnits, entityId, context),
    }
  }

  function ownPart(number: number, baseUnits: bigint, entityId: string, context: TreasuryContext): NonNullable<AuctionShown['own']> {
    const part = findParticipation(books, number, entityId)
    if (part) return { isIn: true, locked: part.lockedUnits, trust: part.trust }
    const trust = trustOf(context, entityId).score
    return { isIn: false, locked: auctionLockUnits(baseUnits, trust), trust }
  }

  return { queries, commands }
}
