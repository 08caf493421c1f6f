import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { blockAt } from '../../clients/tfchain/find-block.ts'
import type { Chain, Hex, RawHeader } from '../../clients/tfchain/types.ts'
import type { Head } from './period.ts'
import type { Runtimes } from './runtimes.ts'

export interface Heads {
  latest(): Head | null
  /** the first head, or one after `after`, or `after` again after a while; rejects with cancelled, and with chain.offline when the connection is lost */
  next(after: Head | null, waitMs?: number): Promise<Head>
}

/** The finalized head with its time, as it moves on. */
export function followHead(chain: Chain, runtimes: Runtimes, until: number | null, signal: AbortSignal): Heads {
  let latest: Head | null = null
  let failure: AppError | null = null
  let waiting: (() => void)[] = []
  let newest: RawHeader | null = null
  let isTaking = false
  let timestampKey: Hex | null = null
  const wake = () => {
    const list = waiting
    waiting = []
    for (const call of list) call()
  }
  const fail = (cause: unknown) => {
    failure = toAppError(cause)
    wake()
  }
  const stop = chain.followFinalized(header => {
    if (header === null) {
      fail(new AppError('chain.offline', 'No endpoint answers any more. It is tried again.', { retryable: true }))
      return
    }
    newest = header
    if (!isTaking) void takeNewest()
  })
  signal.addEventListener(
    'abort',
    () => {
      stop()
      wake()
    },
    { once: true },
  )

  /** Heads may come faster than they can be asked about: only the newest counts. */
  async function takeNewest(): Promise<void> {
    isTaking = true
    try {
      while (newest !== null && !signal.aborted) {
        const header = newest
        newest = null
        await take(Math.min(Number(header.number), until ?? Number.POSITIVE_INFINITY))
      }
    } catch (cause) {
      fail(cause)
    } finally {
      isTaking = false
    }
  }

  async function take(n: number): Promise<void> {
    if (!Number.isSafeInteger(n) || n < 1 || (latest && n <= latest.n)) return
    const call = { signal, priority: 'head' as const }
    const hash = await chain.call<Hex | null>('chain_getBlockHash', [n], call)
    if (hash === null) return // not there yet on the endpoint that was asked; the next head brings it
    timestampKey ??= (await runtimes.ofState(n, hash)).storageKey('Timestamp', 'Now')
    const { timestampMs } = await blockAt(chain, n, timestampKey, call)
    latest = { n, hash, ts: Math.floor(timestampMs / 1000) }
    failure = null
    wake()
  }

  return {
    latest: () => latest,
    async next(after, waitMs) {
      let isOver = false
      const timer =
        waitMs === undefined
          ? undefined
          : setTimeout(() => {
              isOver = true
              wake()
            }, waitMs)
      try {
        for (;;) {
          if (signal.aborted) throw new AppError('cancelled', 'Stopped on request.')
          if (latest && (after === null || latest.n > after.n)) return latest
          if (failure) throw failure
          if (after && isOver) return after
          await new Promise<void>(resolve => waiting.push(resolve))
        }
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** Resolves after a while, or at once when the signal says stop. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}
