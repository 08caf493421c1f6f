import { randomUUID } from 'node:crypto'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { VaultTransfer } from '../../src-shared/node-period.ts'
import { networkNameSchema } from '../../src-shared/sync.ts'
import { type VaultMintRow, type VaultTransferRow, vaultQueries } from '../../src-shared/vault-contract.ts'
import { openStore, refuseOtherNetwork, runCommand, type Store } from '../store/index.ts'
import { loadDecisions } from '../store/mint-decisions.ts'
import { storedNetwork } from '../store/periods.ts'
import { keptSync } from './sync.ts'
import { addTransfer, createVault, importTransfers, takeOutTransfer, type VaultAnswers, type VaultChange } from './vault.ts'

/** Whose vault; without a name that of the network that the data folder holds or follows. */
export interface VaultAsk {
  dataDir: string
  network?: string
}

export type VaultOverview = QueryOutput<'vault.get'>

/** How the vault stands. Reads beside a running Granary. Throws AppError usage, store.*, io.*. */
export function readVault(ask: VaultAsk): VaultOverview {
  return reading(ask, vault => vault['vault.get']({}))
}

/** The mints that need backing, all or those without their transfer, by time; with the network's name. */
export function listVaultMints(ask: VaultAsk, missing: boolean): { network: string | null; mints: VaultMintRow[] } {
  return reading(ask, vault => {
    const schema = vaultQueries['vault.mints'].in
    const mints = allPages(offset => vault['vault.mints'](schema.parse({ missing, offset, limit: PAGE })))
    return { network: vault['vault.get']({}).network, mints }
  })
}

/** The transfers that were entered, by time. */
export function listVaultTransfers(ask: VaultAsk): { network: string | null; transfers: VaultTransferRow[] } {
  return reading(ask, vault => {
    const schema = vaultQueries['vault.transfers'].in
    const transfers = allPages(offset => vault['vault.transfers'](schema.parse({ offset, limit: PAGE })))
    return { network: vault['vault.get']({}).network, transfers }
  })
}

const PAGE = 1000

function allPages<Row>(page: (offset: number) => { rows: Row[]; total: number }): Row[] {
  const all: Row[] = []
  for (;;) {
    const { rows, total } = page(all.length)
    all.push(...rows)
    if (rows.length === 0 || all.length >= total) return all
  }
}

/** What changes a vault is asked to do: one transfer, a CSV text, or the transaction of one to take out. */
export type VaultOrder =
  | { command: 'vault.addTransfer'; transfer: VaultTransfer }
  | { command: 'vault.importTransfers'; text: string }
  | { command: 'vault.removeTransfer'; tx: string }

/**
 * Changes the vault's transfers as the data folder's one writer, in the audit trail like any other command. For what was removed `added` is
 * 0. Throws AppError usage, not-found, store.*, io.*.
 */
export function changeVault(ask: VaultAsk, actor: string, order: VaultOrder): { network: string; added: number; unchanged: number } {
  const store = openStore(ask.dataDir, { mode: 'write' })
  try {
    const network = networkOf(store, ask)
    if (network === null) throw new AppError('usage', 'This data folder holds no network yet. Say whose vault is meant: --network NAME.')
    const change = changeOf(store, network, order)
    const { command, ...input } = order
    const done = runCommand(
      store,
      { actor, idempotencyKey: randomUUID(), command, input: { network, ...input }, audit: { subject: change.subject } },
      change.work,
    )
    return { added: 0, unchanged: 0, ...done, network }
  } finally {
    store.close()
  }
}

function changeOf(store: Store, network: string, order: VaultOrder): VaultChange<{ added?: number; unchanged?: number }> {
  if (order.command === 'vault.addTransfer') return addTransfer(store, network, order.transfer)
  if (order.command === 'vault.importTransfers') return importTransfers(store, network, order.text)
  return takeOutTransfer(store, network, order.tx)
}

function reading<T>(ask: VaultAsk, work: (vault: VaultAnswers) => T): T {
  const store = openStore(ask.dataDir, { mode: 'read' })
  try {
    const network = networkOf(store, ask)
    const vault = createVault({
      books: store,
      known: [],
      facts: () => store,
      network: () => network,
      decisions: () => (network === null ? [] : loadDecisions(store, network)),
      decisionsVersion: () => store,
    })
    return work(vault.answers)
  } finally {
    store.close()
  }
}

function networkOf(store: Store, { network }: VaultAsk): string | null {
  if (network === undefined) return storedNetwork(store) ?? keptSync(store)?.config.network ?? null
  if (!networkNameSchema.safeParse(network).success)
    throw new AppError('usage', `"${network}" is no network's name: it has lower-case letters, digits and hyphens.`)
  // a slip of the hand must not begin another vault
  refuseOtherNetwork(store, network)
  return network
}
