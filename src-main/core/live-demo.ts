import { rmSync } from 'node:fs'
import { AppError } from '../../src-shared/errors.ts'
import type { Network } from '../../src-shared/sync.ts'
import type { TaskRunner } from '../jobs/context.ts'
import { openStore, type Store } from '../store/index.ts'
import type { Refresher } from './refresh.ts'
import type { SyncControl } from './sync.ts'

/** A store's sync, and its periods computed as they come in. */
export interface Following {
  control: SyncControl
  refresher: Refresher
}

/** A made-up chain in a thread of its own, and a store of its own that follows it, in place of the embedded demo. */
export interface LiveDemo {
  /** null until it was begun, and after it was ended */
  current(): { store: Store; sync: Following } | null
  /** Begins it, once. Rejects with AppError io.*, cancelled. */
  begin(): Promise<void>
  /** Nobody looks at it any more: its chain stops, and its sync. */
  end(): void
  /** once no job of it runs */
  close(): void
}

export function createLiveDemo(
  dataDir: string,
  runTask: TaskRunner,
  follow: (store: Store, network: (name: string) => Network) => Following,
): LiveDemo {
  let beginning: Promise<void> | null = null
  let current: { store: Store; sync: Following } | null = null
  const stop = new AbortController()

  async function start(): Promise<void> {
    // each made-up chain is another, so what was read of the last one is of no use
    rmSync(dataDir, { recursive: true, force: true })
    const url = await new Promise<string>((resolve, reject) => {
      const ended = runTask('devnet', { nodes: 12, speed: 1 }, { signal: stop.signal, onProgress: message => resolve(String(message)) })
      ended.then(() => reject(new AppError('cancelled', 'The made-up chain was stopped.')), reject)
    })
    const network: Network = { name: 'demo', title: 'Made-up chain', endpoints: [{ url, own: true }], genesis: '', known: false }
    const store = openStore(dataDir, { mode: 'write' })
    current = { store, sync: follow(store, () => network) }
    current.sync.control.keep({ network: 'demo', scope: 'all', periods: 1, compareShare: 0 }, false)
    current.sync.control.run()
  }

  return {
    current: () => (stop.signal.aborted ? null : current),
    begin() {
      // what failed may be tried again
      beginning ??= start().catch(error => {
        beginning = null
        throw error
      })
      return beginning
    },
    end() {
      stop.abort()
      current?.sync.refresher.close()
      current?.sync.control.stop()
    },
    close: () => current?.store.close(),
  }
}
