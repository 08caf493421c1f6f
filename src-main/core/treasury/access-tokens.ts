import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '../../../src-shared/errors.ts'
import { cleanName } from '../../../src-shared/text.ts'
import type { AccessToken, RestDoor } from '../../../src-shared/treasury/access-tokens-table.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { RestScope } from '../../../src-shared/treasury/row.ts'
import {
  countGoodAccessTokens,
  findAccessToken,
  findAccessTokenByHash,
  insertAccessToken,
  listAccessTokens,
  type StoredAccessToken,
  saveAccessTokenUse,
  withdrawAccessToken,
} from '../../store/access-tokens.ts'
import { writeTransaction } from '../../store/db.ts'
import type { Store } from '../../store/index.ts'
import { loadTreasuryConfig } from './configuration.ts'
import { resolveEntity } from './entities.ts'
import { actingEntity, askedEntity, type TreasuryCommandHandlers, type TreasuryQueryHandlers } from './handlers.ts'

/** What programs that look for leaked secrets know it by. */
const SECRET_PREFIX = 'granary_'
/** Good tokens that an entity may have at once: more are a program gone wrong. */
const MOST_GOOD = 100
/** Each use is not worth a write to the disk. */
const USE_EVERY_SEC = 60

/** Who a program is at the REST door. */
export interface TokenBearer {
  tokenId: string
  entityId: string
  scopes: readonly RestScope[]
}

/** What the host that serves the REST door needs of the core besides what everybody asks. */
export interface RestAccess {
  /** what the administrator set */
  wanted(): { isOpen: boolean; port: number; perMinute: number }
  /** Whose token this is, and notes that it was used; null: nobody's, withdrawn or expired. */
  bearerOf(secret: string): TokenBearer | null
  /** The host says where the door is, or why it is not open; pages hear of it. */
  tell(state: Pick<RestDoor, 'url' | 'problem'>): void
}

type TokenQueries = Pick<TreasuryQueryHandlers, Extract<keyof TreasuryQueryHandlers, `access-tokens.${string}`>>
type TokenCommands = Pick<TreasuryCommandHandlers, Extract<keyof TreasuryCommandHandlers, `access-tokens.${string}`>>

const NOT_SERVED: Pick<RestDoor, 'url' | 'problem'> = {
  url: null,
  problem: 'It is not served from here: it is open while the app, or "granary serve", runs.',
}

/** Tokens of the REST door, and the door as its host finds it; `changed` is told when that is another. */
export function accessTokens(books: Store, changed: () => void): { queries: TokenQueries; commands: TokenCommands; access: RestAccess } {
  let state = NOT_SERVED

  const queries: TokenQueries = {
    'access-tokens.door': (_input, { config }) => {
      const isWanted = config['rest.open']
      return { isWanted, port: config['rest.port'], url: state.url, problem: isWanted ? state.problem : null }
    },
    'access-tokens.list': ({ entityId: named }, context) => {
      const entityId = askedEntity(context, named === undefined ? null : resolveEntity(books, named))
      return listAccessTokens(books, entityId).map(token => shown(token, context.nowTs))
    },
  }

  const commands: TokenCommands = {
    'access-tokens.create': ({ name: entered, scopes, expiresInDays }, context) => {
      const { nowTs } = context
      const entityId = actingEntity(context)
      const name = cleanName(entered)
      if (name === '') throw new AppError('usage', 'An access token needs a name that can be read. Nothing was made.')
      if (countGoodAccessTokens(books, entityId, nowTs) >= MOST_GOOD) throw refuse('access-tokens.many')
      const secret = `${SECRET_PREFIX}${randomBytes(32).toString('base64url')}`
      const token = insertAccessToken(books, {
        ...{ entityId, name, hash: hashOf(secret), scopes: [...new Set(scopes)], createdTs: nowTs },
        expiresTs: expiresInDays === undefined ? null : nowTs + expiresInDays * 86_400,
      })
      return { token: shown(token, nowTs), secret }
    },
    'access-tokens.withdraw': ({ id }, context) => {
      const { nowTs } = context
      const found = findAccessToken(books, id)
      // whether others have a token of this id is theirs to know
      if (found?.entityId !== actingEntity(context)) throw refuse('access-tokens.unknown')
      if (found.withdrawnTs === null) withdrawAccessToken(books, id, nowTs)
      return shown(findAccessToken(books, id)!, nowTs)
    },
  }

  const access: RestAccess = {
    wanted() {
      const config = loadTreasuryConfig(books)
      return { isOpen: config['rest.open'], port: config['rest.port'], perMinute: config['rest.perMinute'] }
    },
    bearerOf(secret) {
      const nowTs = books.now()
      // looked up by its hash: how long that takes tells nobody how much of a guess was right
      const found = findAccessTokenByHash(books, hashOf(secret))
      if (found === null || !isGood(found, nowTs)) return null
      noteUse(found, nowTs)
      return { tokenId: found.id, entityId: found.entityId, scopes: found.scopes }
    },
    tell(told) {
      if (told.url === state.url && told.problem === state.problem) return
      state = told
      changed()
    },
  }

  function noteUse({ id, lastUsedTs }: StoredAccessToken, nowTs: number): void {
    if (lastUsedTs !== null && Math.abs(nowTs - lastUsedTs) < USE_EVERY_SEC) return
    writeTransaction(books.books, 'books.db', () => saveAccessTokenUse(books, id, nowTs))
  }

  return { queries, commands, access }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function isGood({ expiresTs, withdrawnTs }: StoredAccessToken, nowTs: number): boolean {
  return withdrawnTs === null && (expiresTs === null || nowTs < expiresTs)
}

function shown(token: StoredAccessToken, nowTs: number): AccessToken {
  return { ...token, isGood: isGood(token, nowTs) }
}
