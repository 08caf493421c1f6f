import type { Asked } from '../../src-shared/verify.ts'
import type { Store } from './open.ts'
import { facts, row } from './sql.ts'

/** Who was asked for a period's blocks until now; null: an archive, or a sync from before that was kept. */
export function loadAsked(store: Store, importId: number): Asked | null {
  return askedOf(row(store.facts, facts.selectFrom('imports').select('asked').where('id', '=', importId))?.asked ?? null)
}

/** As the row has it. */
export function askedOf(text: string | null): Asked | null {
  return text === null ? null : (JSON.parse(text) as Asked)
}

/** What was asked before and what was asked now; of the snapshots what is known now. */
export function askedTogether(before: Asked | null, now: Asked): Asked {
  return {
    endpoints: [...new Set([...(before?.endpoints ?? []), ...now.endpoints])].sort(),
    readBlocks: (before?.readBlocks ?? 0) + now.readBlocks,
    comparedBlocks: (before?.comparedBlocks ?? 0) + now.comparedBlocks,
    snapshots: now.snapshots ?? before?.snapshots,
  }
}
