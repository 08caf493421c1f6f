import type { Basis } from '../../src-shared/verify.ts'
import { loadAsked } from '../store/asked.ts'
import { pinnedChain } from '../store/chain.ts'
import type { Store } from '../store/open.ts'
import type { StoredPeriod } from '../store/periods.ts'

/** What a stored period's figures rest on. */
export function basisOf(store: Store, period: StoredPeriod): Basis {
  const { origin, source, importedTs, importId } = period
  const asked = loadAsked(store, importId) ?? { endpoints: [], readBlocks: 0, comparedBlocks: 0 }
  return {
    network: period.network,
    // an archive was compared with no chain, also where the store follows one
    genesis: origin === 'sync' ? (pinnedChain(store)?.genesis ?? null) : null,
    period: period.index,
    digest: period.digest,
    blocks: { first: period.startBlock, last: period.coveredToBlock },
    complete: !period.provisional,
    wholeGrid: period.scope === null,
    source: origin === 'sync' ? { kind: 'chain', ...asked } : { kind: 'archive', name: source, importedTs },
    storageProofs: false,
  }
}
