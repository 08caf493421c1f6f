import { randomUUID } from 'node:crypto'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import type { VaultTransfer } from '../../src-shared/node-period.ts'
import { networkNameSchema } from '../../src-shared/sync.ts'
import {
  type VaultDifference,
  type VaultEnvelope,
  type VaultMintRow,
  type VaultTransferRow,
  vaultQueries,
} from '../../src-shared/vault-contract.ts'
import type { JobContext } from '../jobs/context.ts'
import { openStore, refuseOtherNetwork, runCommand, type Store } from '../store/index.ts'
import { loadDecisions } from '../store/mint-decisions.ts'
import { storedNetwork } from '../store/periods.ts'
import { namedNetwork } from './command-books.ts'
import { readKnownNetworks } from './networks.ts'
import { keptSync } from './sync.ts'
import {
  addTransfer,
  createVault,
  importTransfers,
  takeOutTransfer,
  takeOverTransfer,
  type VaultAnswers,
  type VaultChange,
} from './vault.ts'
import type { VaultPlace } from './vault-ledger.ts'

/** Whose vault; without a name that of the network that the data folder holds or follows. */
export interface VaultAsk {
  dataDir: string
  network?: string
  /** the list of networks that comes with Granary */
  networksFile: string
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
  | { command: 'vault.takeOver'; tx: string }

/**
 * Changes the vault's transfers as the data folder's one writer, in the audit trail like any other command. For what was removed `added` is
 * 0. Throws AppError usage, not-found, store.*, io.*.
 */
export function changeVault(ask: VaultAsk, actor: string, order: VaultOrder): { network: string; added: number; unchanged: number } {
  const store = openStore(ask.dataDir, { mode: 'write' })
  try {
    const network = namedNetwork(networkOf(store, ask), 'whose vault is meant')
    const change = changeOf(placeOf(store, ask), network, order)
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

function changeOf(place: VaultPlace, network: string, order: VaultOrder): VaultChange<{ added?: number; unchanged?: number }> {
  const { books: store } = place
  if (order.command === 'vault.addTransfer') return addTransfer(store, network, order.transfer)
  if (order.command === 'vault.importTransfers') return importTransfers(store, network, order.text)
  return order.command === 'vault.takeOver' ? takeOverTransfer(place, network, order.tx) : takeOutTransfer(store, network, order.tx)
}

/** The entries of the books that are not what was read of Stellar. */
export function listVaultDifferences(ask: VaultAsk): { network: string | null; differences: VaultDifference[] } {
  return reading(ask, vault => {
    const schema = vaultQueries['vault.differences'].in
    const differences = allPages(offset => vault['vault.differences'](schema.parse({ offset, limit: PAGE })))
    return { network: vault['vault.get']({}).network, differences }
  })
}

/** A transfer to the vault, not signed: for a mint, or for all that is not backed. Asks Stellar. Rejects with AppError usage, pay.refused, stellar.*. */
export async function buildVaultTransfer(ask: VaultAsk, mintId: string | undefined): Promise<VaultEnvelope> {
  const store = openStore(ask.dataDir, { mode: 'read' })
  try {
    const network = namedNetwork(networkOf(store, ask), 'whose vault is meant')
    return await vaultOf(store, ask, network)['vault.build']({ network, ...(mintId !== undefined && { mintId }) })
  } finally {
    store.close()
  }
}

/** Reads the vault's transfers from Stellar, as the data folder's one writer; gives what came of it in words. Rejects as readVaultLedger does. */
export async function readVaultFromStellar(
  ask: VaultAsk,
  actor: string,
  context: JobContext,
): Promise<{ network: string; text: string; ledger: VaultOverview['ledger'] }> {
  const store = openStore(ask.dataDir, { mode: 'write' })
  try {
    const network = namedNetwork(networkOf(store, ask), 'whose vault is meant')
    const { readVaultLedger } = await import('./vault-work.ts')
    const note: Parameters<typeof readVaultLedger>[3]['note'] = (command, subject, input, work) => {
      runCommand(store, { actor, idempotencyKey: randomUUID(), command, input, audit: { subject } }, () => work() ?? null)
    }
    const text = await readVaultLedger(placeOf(store, ask), network, context, { note, onPage: () => {} })
    return { network, text, ledger: vaultOf(store, ask, network)['vault.get']({}).ledger }
  } finally {
    store.close()
  }
}

function placeOf(store: Store, { networksFile }: VaultAsk): VaultPlace {
  return { books: store, known: readKnownNetworks(networksFile) }
}

function vaultOf(store: Store, ask: VaultAsk, network: string | null): VaultAnswers {
  const vault = createVault({
    ...placeOf(store, ask),
    facts: () => store,
    network: () => network,
    decisions: () => (network === null ? [] : loadDecisions(store, network)),
    decisionsVersion: () => store,
  })
  return vault.answers
}

function reading<T>(ask: VaultAsk, work: (vault: VaultAnswers) => T): T {
  const store = openStore(ask.dataDir, { mode: 'read' })
  try {
    return work(vaultOf(store, ask, networkOf(store, ask)))
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
