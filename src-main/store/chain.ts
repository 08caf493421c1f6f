import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { AppError } from '../../src-shared/errors.ts'
import { type Db, writeTransaction } from './db.ts'
import type { Store } from './open.ts'
import { storedNetwork } from './periods.ts'
import { change, facts, row, rows } from './sql.ts'

/** A runtime of the chain as the store keeps it. */
export interface StoredRuntime {
  specVersion: number
  /** the first block that is known to be executed by it */
  firstBlock: number
  /** SCALE bytes, as state_getMetadata gives them */
  metadata: Uint8Array
}

/** Hashes are kept of the newest blocks and of every so many before them: what a resumed sync and an examination start from. */
const RECENT_HASHES = 300
const CHECKPOINT_BLOCKS = 1_000

/** The network that this store's facts are of, and the hash of its block 0; null before the first sync. */
export function pinnedChain(store: Store): { network: string; genesis: string } | null {
  return row(store.facts, facts.selectFrom('chain').select(['network', 'genesis']).where('id', '=', 1)) ?? null
}

/** Throws AppError store.network if the store holds another network; that can be said before any connection. */
export function refuseOtherNetwork(store: Store, network: string): void {
  const stored = pinnedChain(store)?.network ?? storedNetwork(store)
  if (stored !== null && stored !== network)
    throw new AppError('store.network', `The store in ${store.dataDir} holds network "${stored}", not "${network}". ${OWN_FOLDER}`, {
      details: { stored, network },
    })
}

const OWN_FOLDER = 'Nothing was changed. Give it a data folder of its own: start Granary with --data and another folder.'

/**
 * Ties the store to a chain by its genesis hash, at the first sync. Throws AppError store.network if it holds another network, or the
 * same name with another genesis; nothing is changed then.
 */
export function pinChain(store: Store, network: string, genesis: string): void {
  refuseOtherNetwork(store, network)
  const pinned = pinnedChain(store)
  if (pinned && pinned.genesis !== genesis)
    throw new AppError(
      'store.network',
      `The store in ${store.dataDir} follows the chain that began with block ${pinned.genesis}; the endpoint's network "${network}" began with ${genesis}. It is another chain. ${OWN_FOLDER}`,
      { details: { network, stored: pinned.genesis, genesis } },
    )
  if (!pinned)
    writeTransaction(store.facts, 'facts.db', () => change(store.facts, facts.insertInto('chain').values({ id: 1, network, genesis })))
}

export function loadRuntimes(store: Store): StoredRuntime[] {
  return rows(store.facts, facts.selectFrom('runtimes').selectAll().orderBy('spec_version')).map(found => ({
    specVersion: found.spec_version,
    firstBlock: found.first_block,
    metadata: zstdDecompressSync(found.metadata),
  }))
}

/** Keeps a runtime, or that it was in force earlier than was known. */
export function saveRuntime(store: Store, { specVersion, firstBlock, metadata }: StoredRuntime): void {
  const known = row(store.facts, facts.selectFrom('runtimes').select('first_block').where('spec_version', '=', specVersion))
  if (known && known.first_block <= firstBlock) return
  writeTransaction(store.facts, 'facts.db', () =>
    change(
      store.facts,
      facts
        .insertInto('runtimes')
        .values({ spec_version: specVersion, first_block: firstBlock, metadata: zstdCompressSync(metadata) })
        .onConflict(conflict => conflict.column('spec_version').doUpdateSet({ first_block: firstBlock })),
    ),
  )
}

export interface StoredBlock {
  n: number
  /** 0x-prefixed hex */
  hash: string
  /** seconds */
  ts: number
}

/** Whether a block's hash is kept for good; those of the newest blocks are kept too. */
export function isCheckpoint(n: number): boolean {
  return n % CHECKPOINT_BLOCKS === 0
}

/** Keeps hashes of blocks, and lets go of those that are neither recent nor checkpoints. Inside the caller's transaction. */
export function saveBlocks(db: Db, list: readonly StoredBlock[]): void {
  const last = list.at(-1)
  if (!last) return
  const insert = db.prepare('INSERT OR REPLACE INTO blocks (n, hash, ts) VALUES (?, ?, ?)')
  for (const { n, hash, ts } of list) insert.run(n, Buffer.from(hash.slice(2), 'hex'), ts)
  db.prepare('DELETE FROM blocks WHERE n > ? AND n < ? AND n % ? <> 0').run(
    last.n - 20 * CHECKPOINT_BLOCKS,
    last.n - RECENT_HASHES,
    CHECKPOINT_BLOCKS,
  )
}

/** The kept blocks from `from` to `to`, inclusive, rising. */
export function loadBlocks(store: Store, from: number, to: number): StoredBlock[] {
  const query = facts.selectFrom('blocks').selectAll().where('n', '>=', from).where('n', '<=', to).orderBy('n')
  return rows(store.facts, query).map(({ n, hash, ts }) => ({ n, hash: `0x${hash.toString('hex')}`, ts }))
}
