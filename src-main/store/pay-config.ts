import { type PayConfig, payConfigSchema } from '../../src-shared/pay.ts'
import type { Store } from './open.ts'
import { loadNote, saveNote } from './settings.ts'

/** How a network pays on Stellar, as the operator entered it; null: nothing was entered, or what was kept can't be read. */
export function loadPayConfig(store: Store, network: string): PayConfig | null {
  const parsed = payConfigSchema.safeParse(loadNote(store, noteOf(network)))
  return parsed.success ? parsed.data : null
}

/** Keeps it; whoever calls it holds the transaction (runCommand does). */
export function savePayConfig(store: Store, network: string, config: PayConfig): void {
  saveNote(store, noteOf(network), config)
}

function noteOf(network: string): string {
  return `pay-config/${network}`
}
