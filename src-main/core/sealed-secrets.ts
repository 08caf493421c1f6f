import { createKeySession } from '../signing/key-session.ts'
import type { Store } from '../store/index.ts'
import { deleteSecret, hasSecret, loadSecrets, type SealedSecret, saveSecret, secretRecord } from '../store/sealed-secrets.ts'
import { type Boxes, saveSalt } from './key-boxes.ts'

/** A secret of a program that is not there, that is there and locked, or that can be read. */
export type SecretState = 'none' | 'locked' | 'open'

/** Secrets of programs, e.g. an API key. They lie in boxes as the vault's keys do, and whoever unlocks all keys unlocks those that the passphrase opens. */
export interface SealedSecrets {
  stateOf(name: string): SecretState
  /** null: there is none, or it is locked */
  read(name: string): string | null
  /** Boxes a text in. `save` keeps it in the place of the one before, inside the caller's transaction; `hold` unlocks it once that is on the disk; where `save` was not called, it forgets it. */
  seal(name: string, text: string, passphrase: string): Promise<{ save: () => void; hold: () => void }>
  /** Whoever calls it holds the transaction; locked is what goes first. */
  remove(name: string): void
}

/** For the vault, which unlocks and locks them. */
export interface SecretsOfVault extends SealedSecrets {
  sealed(): SealedSecret[]
  /** takes the bytes over */
  hold(name: string, bytes: Uint8Array): void
  lock(): void
  /** the time without use has another length now */
  touch(): void
}

/** `idleSec` as for the vault's keys; `onLock` is told when a secret went. */
export function createSealedSecrets(
  books: Store,
  boxes: Pick<Boxes, 'boxBytes'>,
  idleSec: () => number,
  onLock: () => void,
): SecretsOfVault {
  // apart from the keys' session: an analyst that is asked now and then must not keep keys unlocked
  const session = createKeySession<{ bytes: Uint8Array; wipe(): void }>(idleSec, onLock)

  const hold = (name: string, bytes: Uint8Array) => session.hold(name, { bytes, wipe: () => bytes.fill(0) })

  return {
    stateOf: name => (!hasSecret(books, name) ? 'none' : session.has(name) ? 'open' : 'locked'),
    read: name => (session.has(name) ? new TextDecoder().decode(session.use(name).bytes) : null),
    async seal(name, text, passphrase) {
      const record = secretRecord(name)
      const plain = new TextEncoder().encode(text)
      const { salt, ...boxed } = await boxes.boxBytes(record, plain, passphrase)
      let isSaved = false
      return {
        save() {
          session.lock([name])
          saveSecret(books, { ...record, ...boxed })
          saveSalt(books, salt)
          isSaved = true
        },
        hold() {
          if (isSaved) hold(name, plain)
          else plain.fill(0)
        },
      }
    },
    remove(name) {
      session.lock([name])
      deleteSecret(books, name)
    },
    sealed: () => loadSecrets(books),
    hold,
    lock: () => session.lock(),
    touch: () => session.touch(),
  }
}
