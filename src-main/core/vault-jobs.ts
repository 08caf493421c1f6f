import { randomUUID } from 'node:crypto'
import { type Actor, commands } from '../../src-shared/contract.ts'
import { runCommand } from '../store/index.ts'
import type { JobRunner } from './jobs.ts'
import type { Once } from './once.ts'
import { onShown, type Vault } from './vault.ts'
import type { VaultPlace } from './vault-ledger.ts'

interface VaultJobSources extends VaultPlace {
  vault: Pick<Vault, 'changed'>
  network(): string | null
  start: JobRunner['start']
  /** tells the pages */
  changed(): void
}

/** Reads the vault's transfers from Stellar as a job of a lane of its own. Throws AppError usage. */
export function readVaultAsJob(sources: VaultJobSources, input: unknown, actor: Actor, once: Once): { jobId: string } {
  const network = onShown(sources.network(), commands['vault.read'].in.parse(input).network)
  let fresh = false
  const answer = once(`bridge vault of ${network}`, () => {
    fresh = true
    return { jobId: randomUUID() }
  }) as { jobId: string }
  const { jobId } = answer
  const tell = () => {
    sources.vault.changed()
    sources.changed()
  }
  // a command that is repeated begins no second job
  if (fresh)
    sources.start({
      id: jobId,
      kind: 'pay',
      title: `Read the transfers to the vault of ${network}`,
      lane: 'vault',
      run: async context => {
        const { readVaultLedger } = await import('./vault-work.ts')
        const note: Parameters<typeof readVaultLedger>[3]['note'] = (action, subject, details, work) => {
          const call = { actor: actor.id, idempotencyKey: `${jobId}:end`, command: action, input: details, audit: { subject } }
          runCommand(sources.books, call, () => work() ?? null)
        }
        try {
          return { period: null, detail: await readVaultLedger(sources, network, context, { note, onPage: tell }) }
        } finally {
          setImmediate(tell)
        }
      },
    })
  return answer
}
