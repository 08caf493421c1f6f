import { AppError } from '../../../src-shared/errors.ts'
import { TREASURY_ENTITY } from '../../../src-shared/treasury/entities.ts'
import type { TreasuryConfig } from '../../../src-shared/treasury/parameters.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { AccountBalance, Token, tokenRows } from '../../../src-shared/treasury/tokens-table.ts'
import type { Store } from '../../store/index.ts'
import { balanceOf, countHolders, findLedgerToken, holdersOf, holdingsOf, othersIn, statementOf, supplyOf } from '../../store/ledger.ts'
import { listMirrored, MIRRORED_TOKEN, mirroredBalance, readMirror } from '../../store/tft-mirror.ts'
import { ownLockOf, saveOwnLock } from '../../store/treasury-entities.ts'
import { entityName, resolveEntity, resolveSystemEntity } from './entities.ts'
import {
  actingEntity,
  askedEntity,
  type TreasuryCommandHandlers,
  type TreasuryContext,
  type TreasuryOutput,
  type TreasuryQueryHandlers,
} from './handlers.ts'
import { refuseUnknownToken, tokenDefinitions, UBO_FUND } from './token-table.ts'
import { initialiseTokens, moveTokens, shownBalance, type TokenOrder, tokenBalance } from './tokens.ts'

type TokenQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, keyof typeof tokenRows>>
type TokenCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, `tokens.${string}`>>

export interface TokenTools {
  books: Store
  /** whose payments TFT mirrors; null: no network is known */
  network: () => string | null
}

export const STELLAR_ACCOUNT = /^G[A-Z2-7]{55}$/

/** Tokens: what there is, who has it, and what moves it. */
export function tokenHandlers({ books, network }: TokenTools): { queries: TokenQueries; commands: TokenCommands } {
  const queries: TokenQueries = {
    'tokens.list': (_input, { config }) => [...config['tokens.table'].map(({ token }) => tokenOf(token, config)), mirror()],
    'tokens.get': ({ identifier }, { config }) => (identifier === MIRRORED_TOKEN ? mirror() : tokenOf(identifier, config)),
    'tokens.balances': ({ entityId: named, atTs = null }, context) => {
      if (named !== undefined && STELLAR_ACCOUNT.test(named)) return { entityId: named, balances: [mirrored(named, atTs)] }
      const entityId = asked(context, named)
      const balances = holdingsOf(books, entityId, atTs).map(({ token, ...held }) => ({
        ...shownBalance(token, held),
        putAside: putAside(entityId, token, atTs),
      }))
      return { entityId, balances }
    },
    'tokens.balance': ({ entityId: named, tokenId, atTs = null }, context) => {
      if (tokenId === MIRRORED_TOKEN) return mirrored(named, atTs)
      refuseUnknownToken(context, tokenId)
      const entityId = asked(context, named)
      return { ...shownBalance(tokenId, balanceOf(books, entityId, tokenId, atTs)), putAside: putAside(entityId, tokenId, atTs) }
    },
    'tokens.holders': ({ token, offset, limit }, context) => {
      if (token === MIRRORED_TOKEN) {
        const { holders, holdersTotal } = readMirrorOf({ offset, limit })
        return {
          rows: holders.map(({ payee, paidUnits }) => ({ entityId: payee, name: payee, available: paidUnits, locked: 0n })),
          total: holdersTotal,
        }
      }
      refuseUnknownToken(context, token)
      const rows = holdersOf(books, token, { offset, limit }).map(({ entity, availableUnits, lockedUnits }) => ({
        entityId: entity,
        name: entityName(books, entity),
        available: availableUnits,
        locked: lockedUnits,
      }))
      return { rows, total: countHolders(books, token) }
    },
    'tokens.history': ({ entityId: named, token, offset, limit }, context) => {
      if (token === MIRRORED_TOKEN || (named !== undefined && STELLAR_ACCOUNT.test(named)))
        return mirroredHistory(named ?? null, { offset, limit })
      const entityId = asked(context, named)
      if (token !== undefined) refuseUnknownToken(context, token)
      const { rows, total } = statementOf(books, entityId, token ?? null, { offset, limit })
      return {
        entityId,
        rows: rows.map(({ entry, ts, kind, part, amountUnits, ...line }) => ({
          ...{
            entry: Number(entry),
            ts,
            type: kind,
            token: line.token,
            part: part === 'locked' ? ('locked' as const) : ('available' as const),
          },
          ...{
            amount: amountUnits,
            others: othersIn(books, entry, line.token, entityId),
            actor: line.actor,
            memo: line.memo,
            chainTx: line.chainTx,
          },
        })),
        total,
      }
    },
  }

  const commands: TokenCommands = {
    'tokens.initialize': (_input, { nowTs, doer, config }) => {
      const initialised = initialiseTokens(books, tokenDefinitions(config), { actor: doer, ts: nowTs })
      const amountUnits = config['tokens.uboFund']
      if (initialised.includes(UBO_FUND.token) && amountUnits > 0n)
        moveTokens(books, { op: 'transfer', from: TREASURY_ENTITY, ...UBO_FUND, amountUnits }, { actor: doer, ts: nowTs, memo: 'UBO fund' })
      return { initialised }
    },
    'tokens.transfer': ({ to, amount, ...input }, context) => {
      const from = actingEntity(context)
      return move(context, from, input, { op: 'transfer', token: input.token, from, to: recipient(from, to), amountUnits: amount })
    },
    'tokens.fund': ({ from: named, to, amount, ...input }, context) => {
      const from = resolveSystemEntity(books, named)
      return move(context, from, input, { op: 'transfer', token: input.token, from, to: recipient(from, to), amountUnits: amount })
    },
    'tokens.mint': ({ to: named, amount, ...input }, context) => {
      const to = resolveEntity(books, named)
      return move(context, to, input, { op: 'mint', token: input.token, to, amountUnits: amount })
    },
    'tokens.burn': ({ from: named, amount, ...input }, context) => {
      const entity = resolveSystemEntity(books, named)
      return move(context, entity, input, { op: 'burn', token: input.token, entity, amountUnits: amount })
    },
    'tokens.lock': ({ amount, ...input }, context) => {
      const entity = actingEntity(context)
      const moved = move(context, entity, input, { op: 'lock', token: input.token, entity, amountUnits: amount })
      saveOwnLock(books, entity, input.token, ownLockOf(books, entity, input.token) + amount)
      return moved
    },
    'tokens.unlock': ({ amount, ...input }, context) => takeOwnLock('unlock', amount, input, context),
    'tokens.burnLocked': ({ amount, ...input }, context) => takeOwnLock('burn-locked', amount, input, context),
  }

  /** What is locked for a stake, an escrow or a guarantee is not the owner's to take: only what was put aside is. */
  function takeOwnLock(
    op: 'unlock' | 'burn-locked',
    amountUnits: bigint,
    input: Said,
    context: TreasuryContext,
  ): TreasuryOutput<'tokens.lock'> {
    const entity = actingEntity(context)
    const own = ownLockOf(books, entity, input.token)
    if (amountUnits > own && findLedgerToken(books, input.token)) throw refuse('tokens.locked', { token: input.token })
    const moved = move(context, entity, input, { op, token: input.token, entity, amountUnits })
    saveOwnLock(books, entity, input.token, own - amountUnits)
    return moved
  }

  interface Said {
    token: string
    memo: string
    chainTx?: string | undefined
  }

  function move(
    { doer, nowTs }: TreasuryContext,
    whose: string,
    { token, memo, chainTx }: Said,
    order: TokenOrder,
  ): TreasuryOutput<'tokens.transfer'> {
    if (token === MIRRORED_TOKEN) throw refuse('tokens.mirror')
    const entry = moveTokens(books, order, { actor: doer, ts: nowTs, memo, ...(chainTx !== undefined && { chainTx }) })
    return { entry: Number(entry), token, amount: order.amountUnits, balance: tokenBalance(books, whose, token) }
  }

  function recipient(from: string, named: string): string {
    const to = resolveEntity(books, named)
    if (to === from) throw refuse('tokens.self')
    return to
  }

  function asked(context: TreasuryContext, named: string | undefined): string {
    return askedEntity(context, named === undefined ? null : resolveEntity(books, named))
  }

  function tokenOf(token: string, config: TreasuryConfig): Token {
    const definition = config['tokens.table'].find(one => one.token === token)
    const found = findLedgerToken(books, token)
    if (!definition && !found) throw refuse('tokens.unknown', { token: token.slice(0, 60) })
    const supply = supplyOf(books, token)
    const { availableUnits, lockedUnits } = balanceOf(books, TREASURY_ENTITY, token)
    const treasury = availableUnits + lockedUnits
    const max = found ? found.maxUnits : (definition?.maximum ?? null)
    return {
      ...{ token, purpose: definition?.purpose ?? '', isInitialised: found !== null, isMirror: false, supply, treasury, max },
      ...{ circulating: supply - treasury, holders: countHolders(books, token), initial: definition?.initial ?? 0n },
    }
  }

  function readMirrorOf(page: { offset: number; limit: number }) {
    const name = network()
    return name === null ? { supplyUnits: 0n, payments: 0, holders: [], holdersTotal: 0 } : readMirror(books, name, page)
  }

  function mirror(): Token {
    const { supplyUnits, holdersTotal } = readMirrorOf({ offset: 0, limit: 1 })
    const purpose = 'a mirror of what was minted and paid on Stellar'
    return {
      ...{ token: MIRRORED_TOKEN, purpose, isInitialised: true, isMirror: true, supply: supplyUnits, circulating: supplyUnits },
      ...{ treasury: 0n, initial: 0n, max: null, holders: holdersTotal },
    }
  }

  /** What can be taken back; null: as it was then is kept nowhere. */
  function putAside(entityId: string, token: string, atTs: number | null): bigint | null {
    return atTs === null ? ownLockOf(books, entityId, token) : null
  }

  function mirrored(account: string, atTs: number | null): AccountBalance {
    const name = network()
    if (!STELLAR_ACCOUNT.test(account))
      throw new AppError('usage', 'TFT here mirrors what was paid on Stellar: ask for the balance of a Stellar account (G…).')
    const availableUnits = name === null ? 0n : mirroredBalance(books, name, account, atTs)
    return { ...shownBalance(MIRRORED_TOKEN, { availableUnits, lockedUnits: 0n }), putAside: 0n }
  }

  function mirroredHistory(account: string | null, page: { offset: number; limit: number }): TreasuryOutput<'tokens.history'> {
    const name = network()
    const { rows, total } = name === null ? { rows: [], total: 0 } : listMirrored(books, name, account, page)
    return {
      entityId: account ?? MIRRORED_TOKEN,
      rows: rows.map(({ tx, receipt, payee, nodeId, amountUnits, paidTs }, at) => ({
        ...{ entry: page.offset + at + 1, ts: paidTs, type: 'MINT' as const, token: MIRRORED_TOKEN, part: 'available' as const },
        ...{ amount: amountUnits, others: [payee], actor: 'stellar', memo: `node ${nodeId}, receipt ${receipt}`, chainTx: tx },
      })),
      total,
    }
  }

  return { queries, commands }
}
