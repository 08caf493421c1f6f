import type { Actor } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { appendAudit } from '../store/audit.ts'
import { writeTransaction } from '../store/db.ts'
import type { Store } from '../store/index.ts'
import { loadTries, saveTries, type Tries } from '../store/keys.ts'

/** So many wrong passphrases may follow each other at once: everybody mistypes. */
const FREE_TRIES = 2
const LONGEST_WAIT_SEC = 3600

/** How long after so many wrong passphrases none is tried: 2 s after the third, twice as long after each more, up to an hour. */
export function waitSecAfter(wrong: number): number {
  return wrong <= FREE_TRIES ? 0 : Math.min(2 ** (wrong - FREE_TRIES), LONGEST_WAIT_SEC)
}

/** When the next passphrase may be tried, seconds since the epoch; null: at once. A clock that was set back makes nobody wait longer than once. */
export function nextTryTs({ wrong, lastTs }: Tries, nowTs: number): number | null {
  const at = Math.min(lastTs, nowTs) + waitSecAfter(wrong)
  return at > nowTs ? at : null
}

/** Tries a passphrase; `tried` gives what it opened, null where it was wrong. */
export type TryPassphrase = <T>(actor: Actor, subject: string, tried: () => Promise<T | null>) => Promise<T>

/**
 * Passphrases are tried one after the other, and slowed down while they are wrong, over restarts too: a try is on the disk as a wrong one
 * before it begins, so that ending the process does not save it. Rejects with AppError keys.wait (not tried) and keys.passphrase, which
 * stands in the audit trail, and what `tried` rejects with, which does not count.
 */
export function createTries(books: Store, changed: () => void): TryPassphrase {
  let before: Promise<unknown> = Promise.resolve()
  const save = (tries: Tries) => writeTransaction(books.books, 'books.db', () => saveTries(books, tries))

  async function attempt<T>(actor: Actor, subject: string, tried: () => Promise<T | null>): Promise<T> {
    const known = loadTries(books)
    const nowTs = books.now()
    const next = nextTryTs(known, nowTs)
    if (next !== null) {
      // from here on the wait runs by the clock as it is now
      if (known.lastTs > nowTs) save({ ...known, lastTs: nowTs })
      const waitSec = next - nowTs
      throw new AppError(
        'keys.wait',
        `The passphrase was wrong ${known.wrong} times, so this one was not tried. Wait ${formatDuration(waitSec)}, then try again.`,
        { retryable: true, details: { waitSec } },
      )
    }
    const wrong = known.wrong + 1
    save({ wrong, lastTs: nowTs })
    let opened: T | null
    try {
      opened = await tried()
    } catch (error) {
      save(known)
      throw error
    }
    if (opened !== null) {
      save({ wrong: 0, lastTs: nowTs })
      return opened
    }
    const waitSec = waitSecAfter(wrong)
    writeTransaction(books.books, 'books.db', () =>
      appendAudit(books, { actor: actor.id, action: 'keys.wrongPassphrase', subject, details: JSON.stringify({ wrong, waitSec }) }),
    )
    changed()
    const wait = waitSec === 0 ? '' : ` The next one is tried after ${formatDuration(waitSec)}.`
    throw new AppError('keys.passphrase', `The passphrase does not open ${subject}. Nothing was changed.${wait}`, {
      details: { wrong, waitSec },
    })
  }

  return (actor, subject, tried) => {
    const own = before.then(() => attempt(actor, subject, tried))
    before = own.catch(() => undefined)
    return own
  }
}
