import { AppError } from '../../src-shared/errors.ts'

/** A key that is open: its secret is in here only. */
export interface OpenKey {
  sign(bytes: Uint8Array): Uint8Array
  /** the words of a key whose words are still to be asked back */
  words: Uint8Array | null
  /** overwrites all of it */
  wipe(): void
}

export interface KeySession<Held extends { wipe(): void } = OpenKey> {
  /** takes a key over; one that is held already is wiped */
  hold(keyId: string, key: Held): void
  has(keyId: string): boolean
  /** the key, for one use, which begins the time without use anew. Throws AppError keys.locked */
  use(keyId: string): Held
  /** wipes the given keys, or all */
  lock(keyIds?: readonly string[]): void
  /** the time without use begins anew, also because it has another length now */
  touch(): void
}

/**
 * The unlocked keys, in this process's memory only. After `idleSec` without use all are wiped: by a timer, and where that slept with the
 * machine, by the clocks at the next use, whichever of the two says so first. `onLock` is told when keys went.
 */
export function createKeySession<Held extends { wipe(): void } = OpenKey>(idleSec: () => number, onLock: () => void): KeySession<Held> {
  const keys = new Map<string, Held>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = clocks()

  function touch(): void {
    clearTimeout(timer)
    last = clocks()
    if (keys.size > 0) {
      timer = setTimeout(lock, idleSec() * 1000)
      timer.unref()
    }
  }

  function lock(keyIds: readonly string[] = [...keys.keys()]): void {
    let went = false
    for (const keyId of keyIds) {
      keys.get(keyId)?.wipe()
      went = keys.delete(keyId) || went
    }
    if (keys.size === 0) clearTimeout(timer)
    if (went) onLock()
  }

  function lockIfIdle(): void {
    const now = clocks()
    if (keys.size > 0 && now.some((ms, i) => ms - last[i]! >= idleSec() * 1000)) lock()
  }

  return {
    hold(keyId, key) {
      lockIfIdle()
      keys.get(keyId)?.wipe()
      keys.set(keyId, key)
      touch()
    },
    has(keyId) {
      lockIfIdle()
      return keys.has(keyId)
    },
    use(keyId) {
      lockIfIdle()
      const key = keys.get(keyId)
      if (!key)
        throw new AppError('keys.locked', 'This key is locked. Unlock it with its passphrase (page Keys), then try again.', {
          details: { keyId },
        })
      touch()
      return key
    },
    lock: keyIds => lock(keyIds),
    touch,
  }
}

/** Milliseconds: one clock goes on while the machine sleeps, the other can't be set back. */
function clocks(): [number, number] {
  return [Date.now(), performance.now()]
}
