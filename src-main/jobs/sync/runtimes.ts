import { AppError } from '../../../src-shared/errors.ts'
import { buildRuntime } from '../../clients/tfchain/runtime.ts'
import type { Chain, Hex, Runtime } from '../../clients/tfchain/types.ts'
import { loadRuntimes, saveRuntime } from '../../store/chain.ts'
import type { Store } from '../../store/open.ts'

/** A run of blocks whose events one runtime wrote. */
export interface RuntimeRange {
  from: number
  to: number
  runtime: Runtime
}

/** Finds the runtime that decodes a block. Rejects with AppError chain.*, cancelled. */
export interface Runtimes {
  /** of the state after block `n`: what reads its storage, and decodes the events of block n + 1 */
  ofState(n: number, hash: Hex): Promise<Runtime>
  /** the runtimes of the events of blocks `from` to `to`, in order, without a gap */
  ofBlocks(from: number, to: number): Promise<RuntimeRange[]>
  /** those that were met, by spec version */
  met(): { specVersion: number; firstBlock: number }[]
}

/**
 * Block N's events are written by the runtime of N-1's state: in the block that upgrades, the state has the new one already. Metadata
 * is asked for once and kept in the store (null: kept nowhere).
 */
export function createRuntimes(chain: Chain, store: Store | null, signal?: AbortSignal): Runtimes {
  const bySpec = new Map<number, Runtime>()
  const firstBlocks = new Map<number, number>()
  const versions = new Map<number, number>()
  for (const { specVersion, firstBlock, metadata } of store ? loadRuntimes(store) : []) {
    bySpec.set(specVersion, buildRuntime(metadata))
    firstBlocks.set(specVersion, firstBlock)
  }
  const options = (block: number) => ({ block, ...(signal && { signal }) })

  async function hashOf(n: number): Promise<Hex> {
    const hash = await chain.call<Hex | null>('chain_getBlockHash', [n], signal ? { signal } : {})
    if (hash === null)
      throw new AppError('chain.answer', `The endpoint does not know block ${n}. Try again, or with another endpoint.`, {
        retryable: true,
        details: { block: n },
      })
    return hash
  }

  /** spec version of the state after block n */
  async function versionAt(n: number, hash?: Hex): Promise<number> {
    const known = versions.get(n)
    if (known !== undefined) return known
    const at = hash ?? (await hashOf(n))
    const { specVersion } = await chain.call<{ specVersion: number }>('state_getRuntimeVersion', [at], options(n))
    if (!Number.isInteger(specVersion))
      throw new AppError('chain.answer', `The endpoint gives no runtime version for block ${n}. Try another endpoint.`, {
        details: { block: n },
      })
    if (versions.size > 1_000) versions.clear()
    versions.set(n, specVersion)
    return specVersion
  }

  async function ofState(n: number, hash?: Hex): Promise<Runtime> {
    const specVersion = await versionAt(n, hash)
    let runtime = bySpec.get(specVersion)
    if (!runtime) {
      const text = await chain.call<Hex>('state_getMetadata', [hash ?? (await hashOf(n))], options(n))
      const metadata = Buffer.from(text.slice(2), 'hex')
      runtime = buildRuntime(metadata)
      if (runtime.specVersion !== specVersion)
        throw new AppError(
          'chain.undecodable',
          `At block ${n} the chain says that its runtime is ${specVersion}, but gives the metadata of ${runtime.specVersion}. Try another endpoint.`,
          { details: { block: n, spec: specVersion } },
        )
      bySpec.set(specVersion, runtime)
    }
    if (n + 1 < (firstBlocks.get(specVersion) ?? Number.POSITIVE_INFINITY)) {
      firstBlocks.set(specVersion, n + 1)
      if (store) saveRuntime(store, { specVersion, firstBlock: n + 1, metadata: runtime.metadata })
    }
    return runtime
  }

  /** The last block in from..to whose events have the version of `from`; versions change once at a place and don't come back. */
  async function lastOfVersion(from: number, to: number, version: number): Promise<number> {
    let low = from
    let high = to
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((await versionAt(middle - 1)) === version) low = middle
      else high = middle - 1
    }
    return low
  }

  return {
    ofState,
    async ofBlocks(from, to) {
      const ranges: RuntimeRange[] = []
      for (let first = Math.max(from, 1); first <= to; ) {
        const version = await versionAt(first - 1)
        const last = (await versionAt(to - 1)) === version ? to : await lastOfVersion(first, to, version)
        ranges.push({ from: first, to: last, runtime: await ofState(first - 1) })
        first = last + 1
      }
      return ranges
    },
    met: () =>
      [...firstBlocks].map(([specVersion, firstBlock]) => ({ specVersion, firstBlock })).sort((a, b) => b.specVersion - a.specVersion),
  }
}
