import type { BlockMaker } from './block-maker.ts'
import { callHandlers } from './calls.ts'
import type { DevChain } from './chain.ts'
import { accountOf, applyExtrinsic } from './dispatch.ts'
import type { EventRecord } from './event-log.ts'
import { checkSignature, checkValidity, decodeExtrinsic, type Extrinsic, eraBounds, type Payer, rpcError } from './extrinsic.ts'
import { viewState } from './state.ts'

/** As author_submitAndWatchExtrinsic reports it. */
export type ExtrinsicStatus = 'future' | 'ready' | { inBlock: string } | { finalized: string } | 'invalid'

/** Extrinsics that wait for a block. */
export interface Pool {
  /** gives the hash; throws JSON-RPC errors 1001, 1010, 1013, 1014 */
  submit(bytes: Buffer, onStatus?: (status: ExtrinsicStatus) => void): Promise<string>
  /** hex of those that wait */
  pending(): string[]
  /** the nonce for an account's next extrinsic, those that wait counted */
  nextNonce(signer: Buffer): number
  hasReady(): boolean
  /** executes what is ready, as the first extrinsics of the block under way */
  execute(maker: BlockMaker, ts: number): Executed
}

export interface Executed {
  extrinsics: Buffer[]
  records: EventRecord[]
  /** tells those who watch, once the block has its hash */
  tell(blockHash: string): void
}

const FINALIZED_AFTER_MS = 50

interface Waiting {
  extrinsic: Extrinsic
  /** in which it may stand; later its era is over */
  lastBlock: number
  watchers: ((status: ExtrinsicStatus) => void)[]
}

export function createPool(chain: DevChain): Pool {
  const waiting = new Map<string, Waiting>()

  const payerAt = (signer: string): Payer => {
    const head = chain.head()
    return accountOf(viewState(chain.state, chain.runtimeOf(head), head), Buffer.from(signer, 'hex'))
  }
  const nextNonce = (signer: string): number => {
    let { nonce } = payerAt(signer)
    const nonces = new Set(
      [...waiting.values()].filter(({ extrinsic }) => extrinsic.signer === signer).map(({ extrinsic }) => extrinsic.nonce),
    )
    while (nonces.has(nonce)) nonce++
    return nonce
  }
  const ready = (): Waiting[] => [...waiting.values()].filter(({ extrinsic }) => extrinsic.nonce <= payerAt(extrinsic.signer).nonce)

  return {
    async submit(bytes, onStatus) {
      const extrinsic = decodeExtrinsic(bytes, chain.runtimeAfter(chain.head()))
      if (waiting.has(extrinsic.hash)) throw rpcError(1013, 'Transaction is already imported', extrinsic.hash)
      checkValidity(extrinsic, payerAt(extrinsic.signer))
      const { lastBlock } = eraBounds(extrinsic.era, chain.head())
      await checkSignature(extrinsic, chain)
      for (const { extrinsic: other } of waiting.values())
        if (other.signer === extrinsic.signer && other.nonce === extrinsic.nonce)
          throw rpcError(
            1014,
            'Priority is too low',
            'The transaction has too low priority to replace another transaction already in the pool.',
          )
      const isReady = extrinsic.nonce <= nextNonce(extrinsic.signer)
      waiting.set(extrinsic.hash, { extrinsic, lastBlock, watchers: onStatus ? [onStatus] : [] })
      onStatus?.(isReady ? 'ready' : 'future')
      return extrinsic.hash
    },
    pending: () => [...waiting.values()].map(({ extrinsic }) => `0x${extrinsic.bytes.toString('hex')}`),
    nextNonce: signer => nextNonce(signer.toString('hex')),
    hasReady: () => ready().length > 0,
    execute(maker, ts) {
      const view = maker.view()
      const block = chain.head() + 1
      const records: EventRecord[] = []
      const extrinsics: Buffer[] = []
      const included: Waiting[] = []
      for (let more = true; more; ) {
        more = false
        for (const [hash, entry] of waiting) {
          const { extrinsic } = entry
          const payer = accountOf(view, Buffer.from(extrinsic.signer, 'hex'))
          if (extrinsic.nonce > payer.nonce) continue
          waiting.delete(hash)
          if (block > entry.lastBlock || !isStillValid(extrinsic, payer)) {
            for (const watcher of entry.watchers) watcher('invalid')
            continue
          }
          // Extrinsic 0 sets the timestamp.
          const index = included.length + 1
          records.push(...applyExtrinsic(view, extrinsic, { index, block, now: ts }, callHandlers))
          extrinsics.push(extrinsic.bytes)
          included.push(entry)
          more = true
        }
      }
      const tell = (blockHash: string): void => {
        for (const { watchers } of included)
          for (const watcher of watchers) {
            watcher({ inBlock: blockHash })
            // Final it is at once; clients that wait for its block only must see that status by itself.
            setTimeout(() => watcher({ finalized: blockHash }), FINALIZED_AFTER_MS)
          }
      }
      return { extrinsics, records, tell }
    },
  }
}

/** Who could pay when it was sent may not be able to any more. */
function isStillValid(extrinsic: Extrinsic, payer: Payer): boolean {
  try {
    checkValidity(extrinsic, payer)
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === 1010) return false
    throw error
  }
}
