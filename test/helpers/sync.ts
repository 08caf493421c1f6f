import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeDemo } from '../../src-main/core/index.ts'
import type { LiveView } from '../../src-main/jobs/sync/live.ts'
import { syncChain } from '../../src-main/jobs/sync/run.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import type { Scope, SyncState } from '../../src-shared/sync.ts'

export interface SyncRun {
  endpoints: string[]
  network?: string
  scope?: Scope
  periods?: number
  compareShare?: number
  until?: number
  follow?: boolean
  signal?: AbortSignal
  onState?: (state: SyncState) => void
  onLive?: (view: LiveView) => void
  onCommit?: (period: number) => void
}

/** Syncs into an open store; the whole grid of one period unless something else is asked for. */
export function syncInto(store: Store, run: SyncRun): Promise<SyncState> {
  const { endpoints, network = 'demo', scope = 'all', periods = 1, compareShare = 0, until = null, follow = false } = run
  return syncChain(
    store,
    { config: { network, scope, periods, compareShare }, endpoints, genesis: '', until, follow },
    {
      onState: run.onState ?? (() => {}),
      ...(run.onLive && { onLive: run.onLive }),
      ...(run.onCommit && { onCommit: run.onCommit }),
    },
    run.signal ?? new AbortController().signal,
  )
}

/** Syncs into a data folder, and closes it. */
export async function syncFolder(dataDir: string, run: SyncRun): Promise<SyncState> {
  const store = openStore(dataDir, { mode: 'write' })
  try {
    return await syncInto(store, run)
  } finally {
    store.close()
  }
}

/** Everything of the synced periods that readers rest on, as one comparable value. */
export function factsOf(dataDir: string): unknown {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    const all = (sql: string) => store.facts.prepare(sql).all()
    return {
      imports: all(
        "SELECT period, state, scope, start_block, end_block, chunks, events, last_block, covered_block, covered_ts, covered_hash, digest FROM imports WHERE state <> 'dropping' ORDER BY period",
      ),
      snapshots: all(
        "SELECT period, part, json FROM snapshots JOIN imports ON id = import_id WHERE state <> 'dropping' ORDER BY period, part",
      ),
      chunks: all('SELECT id % 16384 AS chunk, head FROM chunks ORDER BY id'),
      events: all('SELECT id & 2199023255551 AS place, data FROM events ORDER BY id'),
      runtimes: all('SELECT spec_version, first_block FROM runtimes ORDER BY spec_version'),
    }
  } finally {
    store.close()
  }
}

/** A made-up archive, in a folder of its own that `remove` takes away. */
export async function madeUpArchive(options: { nodes: number; days: number; seed?: number; period?: number }): Promise<{
  folder: string
  archive: string
  remove: () => void
}> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-sync-'))
  const archive = join(folder, 'archive.ndjson')
  await writeDemo({ seed: 3, period: 100, ...options, target: archive }, {})
  return { folder, archive, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
