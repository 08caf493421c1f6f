import type { Store } from './open.ts'

/**
 * Whether a network pays a fixed period by its nodes' own periods, as its minting rules in the books say (mint-config.ts). Read without the
 * schema, which a mint by v3 would load for this alone; what can't be read counts as v3, as it does there.
 */
export function paysByNodePeriod(store: Store, network: string, period: number): boolean {
  const found = store.books.prepare('SELECT value FROM settings WHERE name = ?').pluck().get(`mint-config/${network}`)
  if (typeof found !== 'string') return false
  try {
    const { rules, firstNodePeriod } = JSON.parse(found) as { rules?: unknown; firstNodePeriod?: unknown }
    return rules === 'node-period' && (typeof firstNodePeriod !== 'number' || period >= firstNodePeriod)
  } catch {
    return false
  }
}
