import { setTimeout as pause } from 'node:timers/promises'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { createExtrinsics, type Extrinsics } from '../../clients/tfchain/extrinsic.ts'
import {
  finalizedHead,
  findExtrinsic,
  hexText,
  nextIndex,
  type PoolStatus,
  poolStatus,
  readAccount,
  readResult,
  refusalOf,
} from '../../clients/tfchain/submit.ts'
import type { Chain } from '../../clients/tfchain/types.ts'
import { type CallEnd, loadCall, loadCallRuntime, type StoredCall, saveAttempt, saveEnd, saveProgress } from '../../store/chain-calls.ts'
import type { Store } from '../../store/index.ts'

/*
 * Carries a signed call from the books to its end. It may be stopped and begun again at any point: what counts is in the books before it
 * happens, and in the chain's finalized blocks afterwards. Before it is sent, each time, it is looked for; sent again are only the very same
 * bytes, and only while no finalized block and no pool has them. Its number is good for one extrinsic, so not even then twice.
 */

export interface CarryOptions {
  signal: AbortSignal
  /** how it goes, in words */
  onNote?: (note: string) => void
  /** so long it waits for a new head before it looks again; default 6 s, a block */
  pollMs?: number
}

/** Failures of the network in a row after which the carrying stops; the call stays as it is, and can be carried on. */
const MOST_FAILURES = 30
/** After a lost connection it looks again this soon. */
const SOON_MS = 1_000
/** Blocks that go by before bytes that a node has dropped are handed to it again. */
const RESEND_AFTER_BLOCKS = 2

type Ended = { end: CallEnd }

/** Resolves with the call as it ended. Rejects with AppError chain.*, store.*, cancelled: then it may still come into a block. */
export async function carryCall(chain: Chain, books: Store, requestId: string, options: CarryOptions): Promise<StoredCall> {
  const { signal, pollMs = 6_000 } = options
  const call = loadCall(books, requestId)
  if (call.stage !== 'sent') return call
  const runtime = createExtrinsics(loadCallRuntime(books, call.runtime))
  const bell = createBell()
  const watch = createWatch(chain, call, books, bell.ring)
  const stop = chain.followFinalized(() => bell.ring())
  let failures = 0
  const say = (note: string): void => {
    if (loadCall(books, requestId).note === note) return
    saveProgress(books, requestId, { note })
    options.onNote?.(note)
  }
  try {
    for (;;) {
      signal.throwIfAborted()
      try {
        const ended = await look(chain, books, runtime, requestId, signal)
        if (ended) return finish(books, requestId, ended.end)
        const refused = await watch.sendIfNeeded(signal)
        if (refused) return finish(books, requestId, refused.end)
        say(watch.note())
        failures = 0
      } catch (cause) {
        const error = toAppError(cause)
        const isOfNetwork = error.retryable || error.code === 'chain.answer'
        if (!isOfNetwork || ++failures >= MOST_FAILURES) throw error
        say(`not known at the moment: ${error.message}`)
      }
      await bell.wait(failures > 0 || watch.isLost() ? Math.min(pollMs, SOON_MS) : pollMs, signal)
    }
  } catch (error) {
    throw signal.aborted ? new AppError('cancelled', 'Stopped on request. The call may still come into a block.', { cause: error }) : error
  } finally {
    stop()
    watch.stop()
  }
}

function finish(books: Store, requestId: string, end: CallEnd): StoredCall {
  saveEnd(books, requestId, end)
  return loadCall(books, requestId)
}

/**
 * Looks a call up in the finalized blocks that were not searched before. Null: it may still come. Does for one that a node refused, too: as long
 * as its blocks are not over that node may have lied.
 */
export async function look(chain: Chain, books: Store, runtime: Extrinsics, requestId: string, signal: AbortSignal): Promise<Ended | null> {
  const { hash, searchedTo, lastBlock, signer, nonce } = loadCall(books, requestId)
  const options = { signal, priority: 'head' } as const
  const head = await finalizedHead(chain, options)
  const to = Math.min(head.n, lastBlock)
  const place = hash === null ? null : await findExtrinsic(chain, hash, searchedTo + 1, to, options)
  if (place) {
    const { error, events, feeUnits } = await readResult(chain, runtime, place, options)
    const note = error === null ? ['done', events.join(', ')].filter(Boolean).join(': ') : `the chain refused it: ${error}`
    return { end: { stage: 'final', block: { n: place.n, hash: place.hash }, error, feeUnits, note } }
  }
  if (to > searchedTo) saveProgress(books, requestId, { searchedTo: to })
  if (head.n >= lastBlock)
    return { end: { stage: 'expired', note: `no block up to ${lastBlock}, the last that could have it, has it. Nothing happened.` } }
  // counted at a final block in which it is not: another one used the number, and no later block can have it
  const account = await readAccount(chain, runtime, signer.address, head, options)
  if (account.nonce > nonce)
    return { end: { stage: 'overtaken', note: `another call of this account used its number, ${nonce}. Nothing of this one happened.` } }
  return null
}

/** The sending side: hands the bytes to a node where nobody has them, and hears what that node says. */
function createWatch(chain: Chain, call: StoredCall, books: Store, ring: () => void) {
  const { requestId, signer, nonce, extrinsic } = call
  let status: PoolStatus | 'unsent' | 'held' | 'lost' = 'unsent'
  let stopWatching = (): void => undefined
  let sentAtBlock = Number.NEGATIVE_INFINITY
  let why = ''

  async function isHeld(signal: AbortSignal): Promise<boolean> {
    return (await nextIndex(chain, signer.address, { signal, priority: 'head' })) > nonce
  }

  async function send(): Promise<Ended | null> {
    const attempt = saveAttempt(books, requestId)
    sentAtBlock = loadCall(books, requestId).searchedTo
    status = 'waits'
    try {
      const { stop } = await chain.submitAndWatch(
        hexText(extrinsic ?? new Uint8Array()),
        told => {
          status = poolStatus(told)
          if (status !== 'waits') ring()
        },
        () => {
          if (status === 'waits' || status === 'in-block') status = 'lost'
          ring()
        },
      )
      stopWatching = stop
    } catch (cause) {
      const error = toAppError(cause)
      const refusal = refusalOf(error)
      if (refusal.kind === 'refused' && attempt === 1)
        return { end: { stage: 'refused', note: `the node did not take it: ${refusal.reason}. Nothing happened.` } }
      status = refusal.kind === 'known' ? 'held' : refusal.kind === 'refused' ? 'gone' : 'lost'
      why = refusal.kind === 'refused' ? refusal.reason : ''
    }
    return null
  }

  return {
    /** Gives the end where the node refused the only time that it was ever sent. */
    async sendIfNeeded(signal: AbortSignal): Promise<Ended | null> {
      const { attempts, searchedTo } = loadCall(books, requestId)
      if (status === 'unsent' && attempts === 0) return send()
      // on its way, as far as that node says; the blocks will tell
      if (status === 'waits' || status === 'in-block' || status === 'final') return null
      if (await isHeld(signal)) {
        status = 'held'
        return null
      }
      const hasTime = status === 'lost' || status === 'unsent' || searchedTo - sentAtBlock >= RESEND_AFTER_BLOCKS
      return hasTime ? send() : null
    },
    note(): string {
      switch (status) {
        case 'waits':
          return 'sent, waits for a block'
        case 'in-block':
        case 'final':
          return 'in a block, waits until that is final'
        case 'held':
          return 'sent before, a node has it: waits for a block'
        case 'lost':
          return 'sent, and the answer was lost: it is looked for before anything is sent again'
        default:
          return `the node does not hold it${why === '' ? '' : ` (${why})`}: waits until its blocks are over`
      }
    },
    isLost: () => status === 'lost',
    stop: () => stopWatching(),
  }
}

/** Something that can be waited for, and rung before anybody waits. */
function createBell() {
  let rung = false
  let wake = (): void => undefined
  return {
    ring(): void {
      rung = true
      wake()
    },
    async wait(ms: number, signal: AbortSignal): Promise<void> {
      const over = new AbortController()
      const woken = new Promise<void>(resolve => {
        wake = resolve
        if (rung) resolve()
      })
      const timer = pause(ms, undefined, { signal: AbortSignal.any([over.signal, signal]) }).catch(() => undefined)
      await Promise.race([woken, timer])
      over.abort()
      rung = false
    },
  }
}
