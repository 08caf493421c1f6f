import { randomInt, randomUUID } from 'node:crypto'
import type { z } from 'zod'
import type { Actor, CommandOutput, QueryOutput, Topic } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import {
  ASKED_WORDS,
  IDLE_SEC,
  type KeyOrigin,
  type KeyRow,
  keyCommands,
  secretForms,
  secretMembers,
} from '../../src-shared/keys-contract.ts'
import { cleanName } from '../../src-shared/text.ts'
import type { KeyMaterial, KeyPair } from '../signing/derive.ts'
import { createKeySession, type OpenKey } from '../signing/key-session.ts'
import { bindingOf, type SafeStorage } from '../signing/safe-storage.ts'
import { writeTransaction } from '../store/db.ts'
import { loadNote, runCommand, type Store, saveNote } from '../store/index.ts'
import { deleteKey, insertKey, loadKey, loadKeys, loadTries, renameKey, type StoredKey, setAsk } from '../store/keys.ts'
import { createBoxes, saveSalt } from './key-boxes.ts'
import { createTries, nextTryTs } from './key-tries.ts'
import { createSealedSecrets, type SealedSecrets } from './sealed-secrets.ts'

/** What makes keys of words takes a second to load: whoever has no keys never waits for it. */
const loadDerive = () => import('../signing/derive.ts')
const loadSecrets = () => import('../signing/keys.ts')

export type KeyCommand = keyof typeof keyCommands
type Input<N extends KeyCommand> = z.output<(typeof keyCommands)[N]['in']>

export interface KeysOptions {
  books: Store
  /** told what changed */
  changed: (...topics: Topic[]) => void
  /** the operating system's, where the host has one */
  safeStorage: SafeStorage | null
  /** see newStretching; for tests */
  stretchLogN?: number | undefined
}

export interface Keys {
  list(): Promise<QueryOutput<'keys.list'>>
  /** Does a command of the contract. Rejects with AppError keys.*, store.conflict, not-found, idempotency.reused. */
  command<N extends KeyCommand>(name: N, input: unknown, actor: Actor, idempotencyKey: string): Promise<CommandOutput<N>>
  /**
   * The 64 bytes of an ed25519 or sr25519 signature over exactly these bytes: a Stellar transaction's hash, a vote's statement, an
   * extrinsic's payload. Whoever calls it has shown what they say. Throws AppError not-found, keys.watch-only, keys.unconfirmed, keys.locked.
   */
  signWith(keyId: string, bytes: Uint8Array): Uint8Array
  /** secrets of programs, which are unlocked together with all keys */
  secrets: SealedSecrets
  /** wipes every unlocked key and secret: at exit, and when the machine is locked */
  lock(): void
}

/** The books' note that names how long keys stay unlocked without use. */
const IDLE_NOTE = 'keys.idleSec'

export function isKeyCommand(name: string): name is KeyCommand {
  return Object.hasOwn(keyCommands, name)
}

/** The vault of keys: what is stored in the books, what is unlocked in this process. */
export function createKeys({ books, changed, safeStorage, stretchLogN }: KeysOptions): Keys {
  const session = createKeySession(idleSec, () => changed('keys'))
  const boxes = createBoxes(books, safeStorage, stretchLogN)
  const secrets = createSealedSecrets(books, boxes, idleSec, () => changed('keys', 'treasury'))
  const tryPassphrase = createTries(books, () => changed('keys', 'audit'))

  function idleSec(): number {
    const kept = loadNote(books, IDLE_NOTE)
    return typeof kept === 'number' && kept >= IDLE_SEC.least && kept <= IDLE_SEC.most ? kept : IDLE_SEC.normal
  }

  async function hold(key: Pick<StoredKey, 'keyId' | 'kind' | 'ask'>, material: KeyMaterial): Promise<void> {
    const { derivePair, signBytes } = await loadDerive()
    const words = key.ask === null ? null : Uint8Array.from(material.secret)
    session.hold(
      key.keyId,
      openKey(derivePair(key.kind, material), words, (pair, bytes) => signBytes(key.kind, pair, bytes)),
    )
  }

  /** Keeps a new key that has a secret. `answer` is made in the transaction that keeps it. */
  async function keep<T>(
    call: Call<'keys.create' | 'keys.import'>,
    origin: KeyOrigin,
    material: KeyMaterial,
    ask: number[] | null,
    answer: (key: StoredKey) => T,
  ): Promise<{ answered: T; key: StoredKey }> {
    const { name: entered, kind, passphrase } = call.input
    const { addressOf, derivePair } = await loadDerive()
    const pair = derivePair(kind, material)
    pair.secretKey.fill(0)
    const key = {
      keyId: randomUUID(),
      name: keyName(entered),
      kind,
      origin,
      publicKey: Buffer.from(pair.publicKey).toString('hex'),
      address: addressOf(kind, pair.publicKey),
      path: material.path,
      ask,
      createdTs: books.now(),
    }
    const { stored, salt } = await boxes.box(key, material, passphrase)
    const answered = once(call, named(key), { name: key.name, kind, origin, address: key.address }, () => {
      insertKey(books, stored)
      saveSalt(books, salt)
      return answer(stored)
    })
    return { answered, key: stored }
  }

  /** `told`: what the audit trail says besides. Of the input only what is no secret is hashed: a hash of a secret could be guessed at. */
  function once<T>(call: Call<KeyCommand>, subject: string | null, told: unknown, work: () => T): T {
    const { name: command, actor, idempotencyKey } = call
    const input = Object.fromEntries(Object.entries(call.input).filter(([member]) => !secretMembers.some(secret => secret === member)))
    const audit = subject === null ? (false as const) : { subject, details: JSON.stringify(told) }
    const secretAnswer = command === 'keys.create' || command === 'keys.export'
    const done = runCommand(books, { actor: actor.id, idempotencyKey, command, input, audit, secretAnswer }, work)
    changed('keys', 'audit')
    return done
  }

  function lockable(keyId: string): StoredKey {
    const key = loadKey(books, keyId)
    if (key.box === null)
      throw new AppError(
        'keys.watch-only',
        `Of "${key.name}" only the address is known: it can't sign. Import its secret to sign with it.`,
        {
          details: { keyId },
        },
      )
    return key
  }

  const handlers: { [N in KeyCommand]: (call: Call<N>) => CommandOutput<N> | Promise<CommandOutput<N>> } = {
    'keys.create': async call => {
      const { newWords } = await loadDerive()
      const { wordsMaterial, wipeMaterial } = await loadSecrets()
      const words = newWords()
      const material = wordsMaterial(call.input.kind, words)
      try {
        const ask = chooseWords(words.split(' ').length)
        const { answered, key } = await keep(call, 'made', material, ask, ({ keyId, address, path }) => ({
          keyId,
          address,
          path,
          words,
          ask,
        }))
        await hold(key, material)
        changed('keys')
        return answered
      } finally {
        wipeMaterial(material)
      }
    },
    'keys.import': async call => {
      const { readSecret, wipeMaterial } = await loadSecrets()
      const { material, origin } = await readSecret(call.input.kind, call.input)
      try {
        return (await keep(call, origin, material, null, ({ keyId, address }) => ({ keyId, address }))).answered
      } finally {
        wipeMaterial(material)
      }
    },
    'keys.watch': async call => {
      const { kind, address: entered } = call.input
      const { addressOf, publicKeyOfAddress } = await loadDerive()
      const publicKey = publicKeyOfAddress(kind, entered)
      const key = { keyId: randomUUID(), name: keyName(call.input.name), kind, origin: 'watch', path: '', createdTs: books.now() } as const
      const address = addressOf(kind, publicKey)
      return once(call, named({ name: key.name, address }), { name: key.name, kind, address }, () => {
        insertKey(books, { ...key, address, publicKey: Buffer.from(publicKey).toString('hex'), ask: null, box: null, boundTo: null })
        return { keyId: key.keyId, address }
      })
    },
    'keys.export': async call => {
      const { keyId, passphrase } = call.input
      const key = lockable(keyId)
      const { wipeMaterial, writeSecret } = await loadSecrets()
      const form = call.input.form ?? secretForms(key.kind, key.origin)[0]!
      const opened = await tryPassphrase(call.actor, named(key), () => boxes.open([key], passphrase))
      const material = opened.get(key)!
      try {
        const written = await writeSecret(key, material, form, passphrase)
        return once(call, named(key), { keyId, form }, () => written)
      } finally {
        wipeMaterial(material)
      }
    },
    'keys.rename': call => {
      const { keyId, name } = call.input
      const key = loadKey(books, keyId)
      return once(call, named(key), { keyId, name: keyName(name) }, () => {
        renameKey(books, keyId, keyName(name))
        return {}
      })
    },
    'keys.remove': call => {
      const { keyId, name } = call.input
      return once(call, `key "${name}"`, { keyId, name }, () => {
        const key = loadKey(books, keyId)
        if (key.name !== name)
          throw new AppError(
            'usage',
            `This key is called "${key.name}", not what was entered. Nothing was removed. Enter its name once more.`,
          )
        deleteKey(books, keyId)
        session.lock([keyId])
        return {}
      })
    },
    'keys.unlock': async call => {
      const { keyIds, passphrase } = call.input
      const keys = keyIds ? [...new Set(keyIds)].map(lockable) : loadKeys(books).filter(key => key.box !== null)
      const sealed = keyIds ? [] : secrets.sealed()
      if (keys.length + sealed.length === 0) throw new AppError('usage', 'There is no key to unlock. Make or import one first.')
      const subject = keys.length === 1 ? named(keys[0]!) : keyIds ? `these ${keys.length} keys` : 'any key'
      const { opened, others } = await tryPassphrase(call.actor, subject, async () => {
        const { unpackMaterial } = await loadSecrets()
        const opened = new Map<StoredKey, KeyMaterial>()
        const others = new Map<string, Uint8Array>()
        const found = await boxes.openEach([...keys, ...sealed], passphrase, (plain, one) => {
          if (one.kind === 'secret') others.set(one.keyId, Uint8Array.from(plain))
          else opened.set(one, unpackMaterial(plain))
        })
        return found && { opened, others }
      })
      const { wipeMaterial } = await loadSecrets()
      for (const [key, material] of opened) {
        await hold(key, material)
        wipeMaterial(material)
      }
      for (const [name, bytes] of others) secrets.hold(name, bytes)
      if (others.size > 0) changed('treasury')
      const unlocked = [...opened.keys()].map(({ keyId }) => keyId)
      const names = [...[...opened.keys()].map(({ name }) => `"${name}"`), ...others.keys()].join(', ')
      return once(call, names.length > 500 ? `${unlocked.length} keys` : names, { keyIds: unlocked }, () => ({
        unlocked,
        stillLocked: keys.filter(key => !opened.has(key)).map(({ keyId }) => keyId),
      }))
    },
    'keys.lock': call => {
      session.lock(call.input.keyIds)
      if (call.input.keyIds === undefined) secrets.lock()
      return once(call, null, call.input, () => ({}))
    },
    'keys.confirmWords': call => {
      const { keyId, words } = call.input
      const key = lockable(keyId)
      if (key.ask === null) return {}
      const open = session.use(keyId)
      const all = new TextDecoder().decode(open.words ?? undefined).split(' ')
      if (!key.ask.every((place, i) => all[place - 1] === words[i])) {
        // others are asked for, so that a guess teaches nothing
        const ask = chooseWords(all.length, key.ask)
        writeTransaction(books.books, 'books.db', () => setAsk(books, keyId, ask))
        changed('keys')
        throw new AppError(
          'keys.secret',
          `These are not words ${key.ask.join(', ')} of this key. Look at what you wrote down; words ${ask.join(', ')} are asked now. If you did not write them down, remove the key and make another.`,
        )
      }
      const answered = once(call, named(key), { keyId }, () => {
        setAsk(books, keyId, null)
        return {}
      })
      open.words?.fill(0)
      open.words = null
      return answered
    },
    'keys.setIdle': call =>
      once(call, 'vault of keys', call.input, () => {
        saveNote(books, IDLE_NOTE, call.input.idleSec)
        session.touch()
        secrets.touch()
        return {}
      }),
  }

  async function list(): Promise<QueryOutput<'keys.list'>> {
    return {
      keys: loadKeys(books).map(({ box: _box, ...key }): KeyRow => {
        const forms = secretForms(key.kind, key.origin)
        return { ...key, confirmed: key.ask === null, unlocked: session.has(key.keyId), forms }
      }),
      idleSec: idleSec(),
      nextTryTs: nextTryTs(loadTries(books), books.now()),
      safeStorage: await bindingOf(safeStorage),
    }
  }

  return {
    list,
    async command(name, input, actor, idempotencyKey) {
      const read = keyCommands[name].in.safeParse(input)
      if (!read.success) {
        // a schema's own words never hold what was entered
        const { path, message } = read.error.issues[0]!
        throw new AppError('usage', `${path.join('.')}: ${message} Nothing was changed.`, { details: { member: path.join('.') } })
      }
      const parsed = read.data as Input<typeof name>
      const handler = handlers[name] as (call: Call<typeof name>) => CommandOutput<typeof name> | Promise<CommandOutput<typeof name>>
      return handler({ name, input: parsed, actor, idempotencyKey })
    },
    signWith(keyId, bytes) {
      const key = lockable(keyId)
      if (key.ask !== null)
        throw new AppError(
          'keys.unconfirmed',
          `The words of "${key.name}" were not asked back yet, so it does not sign. Confirm them on the page Keys.`,
          {
            details: { keyId },
          },
        )
      return session.use(keyId).sign(bytes)
    },
    secrets,
    lock() {
      session.lock()
      secrets.lock()
    },
  }
}

interface Call<N extends KeyCommand> {
  name: N
  input: Input<N>
  actor: Actor
  idempotencyKey: string
}

function openKey(pair: KeyPair, words: Uint8Array | null, sign: (pair: KeyPair, bytes: Uint8Array) => Uint8Array): OpenKey {
  const open: OpenKey = {
    words,
    sign: bytes => sign(pair, bytes),
    wipe() {
      pair.secretKey.fill(0)
      open.words?.fill(0)
      open.words = null
    },
  }
  return open
}

/** The places of the words that are asked back, counted from 1, in their order; none of `before`. */
function chooseWords(count: number, before: readonly number[] = []): number[] {
  const places = new Set<number>()
  while (places.size < ASKED_WORDS) {
    const place = 1 + randomInt(count)
    if (!before.includes(place)) places.add(place)
  }
  return [...places].sort((a, b) => a - b)
}

/** A name as screens can show it. Throws AppError usage where nothing is left of it. */
function keyName(text: string): string {
  const name = cleanName(text)
  if (name === '') throw new AppError('usage', 'A key needs a name that can be read. Nothing was kept.')
  return name
}

/** For messages and the audit trail: never a name alone. */
function named({ name, address }: { name: string; address: string }): string {
  return `key "${name}" (…${address.slice(-6)})`
}
