import { toAppError } from '../../src-shared/errors.ts'
import { type CommandCall, runCommand } from './commands.ts'
import { writeTransaction } from './db.ts'
import type { Store } from './open.ts'

/** So many commands share one commit at most: a page that asks meanwhile waits no longer for it than for one large query. */
const MAX_GROUP = 200

/** Does commands that come together in one transaction: what a commit costs on the disk is paid once for all of them. */
export interface CommandQueue {
  /**
   * As runCommand, but later: it answers when what was done is on the disk. A command that fails leaves no trace and holds up no other.
   * `work` only reads and writes the books: where a group can't be committed as a whole, it is called once more.
   */
  run<T>(call: CommandCall, work: () => T): Promise<T>
}

interface Waiting {
  run: () => unknown
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

type Outcome = { value: unknown } | { error: unknown }

export function createCommandQueue(store: Store): CommandQueue {
  const waiting: Waiting[] = []

  /** Each command has a savepoint of its own (runCommand inside a transaction). */
  function doGroup(group: readonly Waiting[]): Outcome[] {
    return writeTransaction(store.books, 'books.db', () =>
      group.map(({ run }): Outcome => {
        try {
          return { value: run() }
        } catch (error) {
          // SQLite gave up the whole transaction, e.g. on a full disk: nothing of this group was done
          if (!store.books.inTransaction) throw error
          return { error }
        }
      }),
    )
  }

  /** Without a savepoint: in one, every statement of a command that writes much goes through all pages that were changed before it. */
  function doAlone({ run }: Waiting): Outcome {
    try {
      return { value: run() }
    } catch (error) {
      return { error: toAppError(error) }
    }
  }

  function outcomesOf(group: readonly Waiting[]): Outcome[] {
    if (group.length === 1) return group.map(doAlone)
    try {
      return doGroup(group)
    } catch {
      // one by one, so that each fails for its own reason only
      return group.map(doAlone)
    }
  }

  function flush(): void {
    const group = waiting.splice(0, MAX_GROUP)
    if (waiting.length > 0) setImmediate(flush)
    for (const [at, outcome] of outcomesOf(group).entries()) {
      const { resolve, reject } = group[at]!
      if ('error' in outcome) reject(outcome.error)
      else resolve(outcome.value)
    }
  }

  return {
    run<T>(call: CommandCall, work: () => T) {
      return new Promise<T>((resolve, reject) => {
        waiting.push({ run: () => runCommand(store, call, work), resolve: value => resolve(value as T), reject })
        if (waiting.length === 1) setImmediate(flush)
      })
    },
  }
}
