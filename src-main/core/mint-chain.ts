import type { QueryOutput } from '../../src-shared/contract.ts'
import { parseMetadata } from '../clients/tfchain/metadata.ts'
import { loadRuntimes } from '../store/chain.ts'
import type { Store } from '../store/index.ts'

type ChainCalls = QueryOutput<'mintConfig.get'>['chain']

/** As the chain's metadata names it. */
const PALLET = 'Minting'
const unknown: ChainCalls = { hasPallet: null, specVersion: null, calls: [] }

/**
 * Whether the chain of a store can be asked to mint: calls appear only where its newest known runtime has them (minting.md, Who triggers
 * the payout). Runtimes are kept by the sync alone, so it is unknown for imported data. The last answer is kept, as metadata takes its
 * time to read.
 */
export function createChainCalls(): (store: Store) => ChainCalls {
  let known: { store: Store; specVersion: number; calls: ChainCalls } | null = null
  return store => {
    const newest = loadRuntimes(store).at(-1)
    if (!newest) return unknown
    if (known?.store === store && known.specVersion === newest.specVersion) return known.calls
    let calls = unknown
    try {
      calls = { ...callsIn(newest.metadata), specVersion: newest.specVersion }
    } catch {
      // the sync halts at a runtime that can't be read, and says so; here it is only not known what it can do
    }
    known = { store, specVersion: newest.specVersion, calls }
    return calls
  }
}

/** Throws AppError chain.undecodable. */
function callsIn(metadata: Uint8Array): Pick<ChainCalls, 'hasPallet' | 'calls'> {
  const { pallets, types } = parseMetadata(metadata)
  const pallet = pallets.find(({ name }) => name === PALLET)
  if (!pallet) return { hasPallet: false, calls: [] }
  const type = pallet.calls === undefined ? undefined : typeof pallet.calls === 'number' ? pallet.calls : pallet.calls.type
  if (type === undefined) return { hasPallet: true, calls: [] }
  const def = types.def(type)
  return { hasPallet: true, calls: def.tag === 'variant' ? def.value.map(({ name }) => name) : [] }
}
