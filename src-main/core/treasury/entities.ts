import { randomUUID } from 'node:crypto'
import { AppError } from '../../../src-shared/errors.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { type CurveRole, curveRoles } from '../../../src-shared/treasury/curve.ts'
import {
  CURVE_PREFIX,
  curveAccount,
  type Entity,
  isSystemEntity,
  POOL_PREFIX,
  systemEntities,
} from '../../../src-shared/treasury/entities.ts'
import { refuse } from '../../../src-shared/treasury/refusals.ts'
import type { Store } from '../../store/index.ts'
import { loadKey } from '../../store/keys.ts'
import { ledgerCurveNumbers } from '../../store/treasury-curve.ts'
import {
  findEntity,
  insertEntity,
  listEntities,
  loadAdministrator,
  type StoredEntity,
  saveAdministrator,
  saveEntityVerifier,
} from '../../store/treasury-entities.ts'
import type { TryPassphrase } from '../key-tries.ts'
import type { Keys } from '../keys.ts'
import { actingEntity, askedEntity, type TreasuryCommandHandlers, type TreasuryContext, type TreasuryQueryHandlers } from './handlers.ts'
import { makeVerifier, tryVerifier } from './secrets.ts'
import type { TreasurySessions } from './sessions.ts'

const systemNames: Record<string, string> = {
  treasury: 'Treasury',
  'ubo-fund': 'UBO fund',
  'staking-pool': 'Staking pool',
  'credit-pool': 'Credit pool',
  fees: 'Fees',
  infrastructure: 'Infrastructure',
  students: 'Students',
  team: 'Team',
  reserve: 'Reserve',
}

/** What an entity is called, for people; its id where it is none that is known. */
export function entityName(books: Store, entityId: string): string {
  return systemName(entityId) ?? findEntity(books, entityId)?.name ?? entityId
}

/** What one of the treasury's own accounts is called; undefined: it is none. */
function systemName(entityId: string): string | undefined {
  if (entityId.startsWith(POOL_PREFIX)) return `Reserve of ${entityId.slice(POOL_PREFIX.length)}`
  if (entityId.startsWith(CURVE_PREFIX)) return curveAccountName(entityId)
  return systemNames[entityId]
}

const curveRoleNames: Record<CurveRole, string> = {
  zap: 'Zap manager',
  pool: 'Pool',
  tol: 'Treasury-owned liquidity',
  burner: 'Burning manager',
}

function curveAccountName(entityId: string): string | undefined {
  const [number, role] = entityId.slice(CURVE_PREFIX.length).split(':')
  const name = curveRoles.find(one => one === role)
  return name && `${curveRoleNames[name]} of curve-${number}`
}

/** Of the curves on the ledger. */
function curveAccounts(books: Store): string[] {
  return ledgerCurveNumbers(books).flatMap(number => curveRoles.map(role => curveAccount(number, role)))
}

/** An entity's id, by id or name; one of the treasury's own too. Throws AppError entities.unknown. */
export function resolveEntity(books: Store, idOrName: string): string {
  const found = isSystemEntity(idOrName) ? idOrName : findEntity(books, idOrName)?.entityId
  if (found === undefined || (found.startsWith(CURVE_PREFIX) && !curveAccounts(books).includes(found)))
    throw refuse('entities.unknown', { entity: idOrName.slice(0, 60) })
  return found
}

/**
 * Whose things are listed: the named entity's, one's own, or (null) everybody's, which a REST token does not see.
 * Throws AppError entities.unknown, entities.other, entities.locked.
 */
export function listedEntity(context: TreasuryContext, named: string | undefined, everybody: boolean): string | null {
  if (everybody && named === undefined && context.actor.entity === undefined) return null
  return askedEntity(context, named === undefined ? null : resolveEntity(context.books, named))
}

/**
 * One of the treasury's own accounts, which no entity acts as, to take from. What a minting curve holds moves by the curve's commands only: others
 * have paid for that liquidity. Throws AppError entities.unknown, entities.other.
 */
export function resolveSystemEntity(books: Store, idOrName: string): string {
  const found = resolveEntity(books, idOrName)
  if (!isSystemEntity(found) || found.startsWith(CURVE_PREFIX)) throw refuse('entities.other')
  return found
}

export function systemEntity(entityId: string): Entity {
  return { entityId, name: systemName(entityId) ?? entityId, kind: 'system', createdTs: 0, opensWith: null }
}

export function publicEntity({ entityId, name, kind, createdTs, keyId }: StoredEntity): Entity {
  return { entityId, name, kind, createdTs, opensWith: keyId === null ? 'passphrase' : 'key' }
}

export interface EntityTools {
  books: Store
  sessions: TreasurySessions
  keys: Pick<Keys, 'signWith'>
  tryPassphrase: TryPassphrase
  /** see newStretching; for tests */
  stretchLogN?: number | undefined
}

type EntityQueries = Pick<TreasuryQueryHandlers, 'entities.list' | 'session.get'>
type EntityCommands = Pick<
  TreasuryCommandHandlers,
  | 'entities.create'
  | 'entities.unlock'
  | 'entities.lock'
  | 'entities.setPassphrase'
  | 'administrator.set'
  | 'administrator.unlock'
  | 'administrator.lock'
>

/** Entities, who is unlocked, and the administrator. */
export function entityHandlers({ books, sessions, keys, tryPassphrase, stretchLogN }: EntityTools): {
  queries: EntityQueries
  commands: EntityCommands
} {
  const queries: EntityQueries = {
    'entities.list': (_input, { config }) => {
      const reserves = config['pools.list'].map(({ id }) => `${POOL_PREFIX}${id}`)
      return [...listEntities(books).map(publicEntity), ...[...systemEntities, ...reserves, ...curveAccounts(books)].map(systemEntity)]
    },
    'session.get': (_input, { entityId, isAdministrator }) => {
      const found = entityId === null ? null : findEntity(books, entityId)
      return { entity: found && publicEntity(found), isAdministrator, hasAdministrator: loadAdministrator(books) !== null }
    },
  }
  const commands: EntityCommands = {
    'entities.create': {
      async prepare({ name: entered, kind, passphrase, keyId }, { nowTs }) {
        const name = cleanName(entered)
        if (name === '') throw new AppError('usage', 'An entity needs a name that can be read. Nothing was kept.')
        if (isSystemEntity(name) || isUuid(name)) throw new AppError('usage', `"${name}" would be taken for an id. Choose another name.`)
        if ((passphrase === undefined) === (keyId === undefined))
          throw new AppError('usage', 'An entity opens with a passphrase, or with a key of the vault: give one of them. Nothing was kept.')
        const verifier = passphrase === undefined ? null : await makeVerifier(passphrase, stretchLogN)
        const entity: StoredEntity = { entityId: randomUUID(), name, kind, createdTs: nowTs, verifier, keyId: keyId ?? null }
        return {
          work() {
            if (keyId !== undefined && loadKey(books, keyId).box === null)
              throw new AppError('keys.watch-only', 'Of this key only the address is known, so it opens nothing. Choose another one.')
            insertEntity(books, entity)
            return publicEntity(entity)
          },
        }
      },
    },
    'entities.unlock': {
      async prepare({ entityId: named, passphrase }, { actor }) {
        const found = findEntity(books, named)
        if (!found) throw refuse('entities.unknown', { entity: named.slice(0, 60) })
        await openEntity(found, passphrase, actor)
        return { work: () => publicEntity(found), after: () => sessions.unlock(actor.id, found.entityId) }
      },
    },
    'entities.lock': {
      // afterwards, so that a key that is used again locks too
      prepare: async (_input, { actor }) => ({ work: () => ({}), after: () => sessions.lock(actor.id) }),
    },
    'entities.setPassphrase': {
      async prepare({ passphrase, newPassphrase }, context) {
        const found = findEntity(books, actingEntity(context))
        if (!found) throw refuse('entities.unknown')
        await openEntity(found, passphrase, context.actor)
        const verifier = await makeVerifier(newPassphrase, stretchLogN)
        return {
          work() {
            saveEntityVerifier(books, found.entityId, verifier)
            return {}
          },
        }
      },
    },
    'administrator.set': {
      async prepare({ passphrase, newPassphrase }, { actor }) {
        const before = loadAdministrator(books)
        if (before !== null) await openAdministrator(before, passphrase, actor)
        const verifier = await makeVerifier(newPassphrase, stretchLogN)
        return {
          work() {
            // somebody else may have been first while this one was stretched
            if (loadAdministrator(books) !== before) throw refuse('administrator.set')
            saveAdministrator(books, verifier)
            return {}
          },
          after: () => sessions.grant(actor.id),
        }
      },
    },
    'administrator.unlock': {
      async prepare({ passphrase }, { actor }) {
        const verifier = loadAdministrator(books)
        if (verifier === null) throw refuse('administrator.unset')
        await openAdministrator(verifier, passphrase, actor)
        return { work: () => ({}), after: () => sessions.grant(actor.id) }
      },
    },
    'administrator.lock': {
      prepare: async (_input, { actor }) => ({ work: () => ({}), after: () => sessions.revoke(actor.id) }),
    },
  }

  /** Rejects with AppError keys.passphrase, keys.wait, keys.locked (its key is not unlocked in the vault), usage. */
  async function openEntity(
    { name, verifier, keyId, entityId }: StoredEntity,
    passphrase: string | undefined,
    actor: { id: string },
  ): Promise<void> {
    if (keyId !== null) {
      // whoever can sign with the key is its owner; the signature itself is of no use to anybody
      keys.signWith(keyId, Buffer.from(`granary entity ${entityId} ${randomUUID()}`))
      return
    }
    if (passphrase === undefined) throw new AppError('usage', `"${name}" opens with its passphrase. Enter it.`)
    await tryPassphrase(actor, `entity "${name}"`, () => tryVerifier(passphrase, verifier!))
  }

  async function openAdministrator(verifier: string, passphrase: string | undefined, actor: { id: string }): Promise<void> {
    if (passphrase === undefined) throw refuse('administrator.set')
    await tryPassphrase(actor, 'the administrator', () => tryVerifier(passphrase, verifier))
  }

  return { queries, commands }
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}
