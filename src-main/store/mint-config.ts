import { defaultMintConfig, type MintConfig, mintConfigSchema } from '../../src-shared/node-period.ts'
import type { Store } from './open.ts'
import { loadNote, saveNote } from './settings.ts'
import { loadSignerSet } from './votes.ts'

/**
 * By what rules a network mints and pays; what holds until somebody decides, also where the kept one can't be read. Where the network's
 * signers have keys (votes.ts), they and their M stand in the place of the names that were entered here.
 */
export function loadMintConfig(store: Store, network: string): MintConfig {
  const kept = loadNote(store, noteOf(network))
  // one of a former version may lack a member
  const parsed = mintConfigSchema.safeParse(typeof kept === 'object' ? { ...defaultMintConfig, ...kept } : kept)
  const config = parsed.success ? parsed.data : defaultMintConfig
  const set = loadSignerSet(store, network)
  return set ? { ...config, signers: set.signers.map(({ name }) => name), threshold: set.threshold } : config
}

/** Keeps a network's configuration; whoever calls it holds the transaction (runCommand does). */
export function saveMintConfig(store: Store, network: string, config: MintConfig): void {
  saveNote(store, noteOf(network), config)
}

function noteOf(network: string): string {
  return `mint-config/${network}`
}
