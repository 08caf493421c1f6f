import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import { run } from '../../src-main/hosts/cli/main.ts'
import { type DoctorTools, examine } from '../../src-main/jobs/doctor.ts'
import { ChunkBuilder, LONG_CHUNKS } from '../../src-main/store/chunk-builder.ts'
import { exportChunk } from '../../src-main/store/events.ts'
import { writeChunk } from '../../src-main/store/import-rows.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listPeriods, loadSnapshots } from '../../src-main/store/periods.ts'
import type { DoctorReport } from '../../src-shared/sync.ts'

/* Damages a data folder, and reads what an examination says of it. */

/** Changes one of the databases behind the program's back. Gives the folder. */
export function change(folder: string, database: 'facts' | 'books', work: (db: Database.Database) => void): string {
  const db = new Database(join(folder, `${database}.db`))
  db.defaultSafeIntegers(true)
  try {
    work(db)
  } finally {
    db.close()
  }
  return folder
}

interface Looked {
  endpoints?: string[]
  sample?: number
  tools?: DoctorTools
}

/** Examines a folder, offline unless endpoints are named. */
export async function look(dataDir: string, { endpoints, sample = 5_000, tools = {} }: Looked = {}): Promise<DoctorReport> {
  const network = endpoints ? { name: 'lab', endpoints, genesis: '' } : null
  return examine({ dataDir, network, noNetwork: 'Not asked for.', sample, seed: 7 }, {}, tools)
}

/** The checks that found something, each with its way out. */
export function problems(report: DoctorReport): Record<string, string> {
  const found = report.checks.filter(({ state }) => state === 'problem')
  for (const { name, wayOut } of found) expect(wayOut, `the way out of ${name}`).not.toBe('')
  return Object.fromEntries(found.map(({ name, detail }) => [name, detail]))
}

/** `ok: what was found`, of one check */
export function stateOf(report: DoctorReport, name: string): string {
  const found = report.checks.find(check => check.name === name)
  return found ? `${found.state}: ${found.detail}` : 'not there'
}

export function withStore<T>(dataDir: string, mode: 'read' | 'write', work: (store: Store) => T): T {
  const store = openStore(dataDir, { mode })
  try {
    return work(store)
  } finally {
    store.close()
  }
}

/** The blobs of a table, by row id. */
export function blobs(folder: string, table: 'chunks' | 'events'): { id: bigint; data: Buffer }[] {
  let found: { id: bigint; data: Buffer }[] = []
  change(folder, 'facts', db => {
    found = db.prepare(`SELECT id, ${table === 'chunks' ? 'head AS data' : 'data'} FROM ${table} ORDER BY id`).all() as typeof found
  })
  expect(found.length).toBeGreaterThan(0)
  return found
}

export function writeBlob(folder: string, table: 'chunks' | 'events', id: bigint, data: Buffer): void {
  change(folder, 'facts', db => db.prepare(`UPDATE ${table} SET ${table === 'chunks' ? 'head' : 'data'} = ? WHERE id = ?`).run(data, id))
}

/** The fingerprint of a period of one chunk, after its table of contents has changed; the results count as computed from it. */
export function refreshDigest(folder: string, head: Uint8Array): void {
  change(folder, 'facts', db => {
    const { identity } = db.prepare('SELECT identity FROM imports').get() as { identity: string }
    const digest = createHash('sha256').update(identity).update(head).digest('hex')
    db.prepare('UPDATE imports SET digest = ?').run(digest)
    db.prepare('UPDATE period_results SET facts_digest = ?').run(digest)
  })
}

/** Changes a stored event and everything that is computed from it, as somebody would who knows this program. Gives the event's block. */
export function forge(folder: string): number {
  const { head, forged } = withStore(folder, 'write', store => {
    const period = listPeriods(store)[0]!
    const builder = new ChunkBuilder(period, loadSnapshots(store, period).start, LONG_CHUNKS)
    let n = 0
    let found = -1
    exportChunk(store.facts, period.importId, period.index, 0, {
      block(block, ts) {
        n = block
        builder.block(block, ts)
      },
      uptime(nodeId, now, uptime) {
        const isIt = found < 0 && n > period.startBlock + 100
        if (isIt) found = n
        builder.uptime(nodeId, now, isIt ? Number(uptime) + 3_600 : uptime)
      },
      consumption: (...event) => builder.consumption(...event),
      rare: event => builder.rare(event),
    })
    const chunk = builder.encode(0)
    writeChunk(store, period.importId, 0, chunk)
    return { head: chunk.head, forged: found }
  })
  refreshDigest(folder, head)
  return forged
}

/** Runs `granary doctor`: its exit code, and all that it prints. */
export async function granaryDoctor(...args: string[]): Promise<{ code: number; text: string }> {
  let text = ''
  const stream = new Writable({
    write(part, _encoding, done) {
      text += String(part)
      done()
    },
  }) as unknown as NodeJS.WriteStream
  return { code: await run(['doctor', ...args], { stdout: stream, stderr: stream }), text }
}
