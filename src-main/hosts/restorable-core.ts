import { type Actor, type Core, commands, type Topic, topicSchema } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'

export interface RestorableOptions {
  /** opens a core on the data folder */
  open(): Promise<Core>
  /** puts a backup in the place of the store, while no core has it open */
  restore(order: { path: string; passphrase: string; actor: string }): Promise<unknown>
}

/**
 * A core that can be restored while pages are connected: it is closed, the store is replaced, and another is opened in its place; whoever asks
 * meanwhile waits. What pages were subscribed to, they stay subscribed to, and are told that everything changed. Rejects as `open` does.
 */
export async function openRestorable({ open, restore }: RestorableOptions): Promise<Core> {
  let current = await open()
  /** while a restore is under way; settled otherwise, and rejected for good where no core could be opened again */
  let ready: Promise<unknown> = Promise.resolve()
  let isGone = false
  let isRestoring = false
  const listeners = new Set<(topics: Topic[]) => void>()
  const listen = () => current.subscribe(topics => tell(topics))
  const tell = (topics: Topic[]): void => {
    for (const listener of listeners) listener(topics)
  }
  let forget = listen()

  async function exchange(order: Parameters<RestorableOptions['restore']>[0]): Promise<unknown> {
    forget()
    await current.close()
    isGone = true
    try {
      return await restore(order)
    } finally {
      // also after a failure, then with the store as it was
      current = await open()
      isGone = false
      forget = listen()
    }
  }

  function restoreNow(input: unknown, actor: Actor): Promise<unknown> {
    const { path, passphrase } = commands['backup.restore'].in.parse(input)
    if (isRestoring) throw new AppError('store.busy', 'A restore is under way. Wait until it has ended.', { retryable: true })
    isRestoring = true
    const done = exchange({ path, passphrase, actor: actor.id })
    // a restore that is refused leaves a core that answers; only one that can't be opened again is gone
    ready = done.catch(error => {
      if (isGone) throw error
    })
    // whoever asked for the restore has its error, and each later call finds it again
    ready.catch(() => {})
    return done.finally(() => {
      isRestoring = false
      tell([...topicSchema.options])
    })
  }

  /** Waits for a restore that is under way; who has gone meanwhile is not asked for any more. */
  async function turn(signal: AbortSignal | undefined): Promise<void> {
    await ready
    if (signal?.aborted) throw new AppError('cancelled', 'Stopped on request.')
  }

  return {
    async query(name, input, options) {
      await turn(options?.signal)
      return current.query(name, input, options)
    },
    async command(name, input, options) {
      await turn(options.signal)
      if (name !== 'backup.restore') return current.command(name, input, options)
      try {
        return (await restoreNow(input, options.actor)) as never
      } catch (error) {
        throw toAppError(error)
      }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      // a core that could not be opened again is none that has to be closed
      await ready.catch(() => {})
      if (isGone) return
      forget()
      await current.close()
    },
  }
}
