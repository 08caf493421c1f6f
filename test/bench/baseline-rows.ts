import { existsSync, renameSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { readArchive } from '../../src-main/archive/read.ts'

/**
 * The baseline of the store: every uptime report a row of a plain table with an index on (node, ts), all of the archive's.
 * `baseline-rows.ts ARCHIVE DB` makes it once, then folds one node's period and the whole one from it, and prints the times.
 */
const [archive, path] = process.argv.slice(2) as [string, string]

interface Found {
  rows: number
  /** null where the table was there already */
  ingestSec: number | null
  nodeMs: number[]
  wholeSec: number
}

async function make(): Promise<number> {
  const part = `${path}.part`
  rmSync(part, { force: true })
  const db = new Database(part)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.exec('CREATE TABLE reports (node INTEGER NOT NULL, ts INTEGER NOT NULL, now INTEGER NOT NULL, uptime INTEGER NOT NULL)')
  const many = db.prepare(`INSERT INTO reports VALUES ${Array(64).fill('(?,?,?,?)').join(',')}`)
  const one = db.prepare('INSERT INTO reports VALUES (?,?,?,?)')
  const startMs = performance.now()
  let values: unknown[] = []
  let ts = 0
  db.exec('BEGIN')
  await readArchive(archive, {
    header() {},
    start() {},
    end() {},
    block(_n, time) {
      ts = time
    },
    uptime(node, now, uptime) {
      values.push(node, ts, now, uptime)
      if (values.length < 256) return
      many.run(values)
      values = []
    },
    consumption() {},
    rare() {},
  })
  for (let i = 0; i < values.length; i += 4) one.run(values.slice(i, i + 4))
  db.exec('COMMIT')
  db.exec('CREATE INDEX reports_by_node ON reports (node, ts)')
  db.pragma('wal_checkpoint(TRUNCATE)')
  const sec = (performance.now() - startMs) / 1000
  db.close()
  renameSync(part, path)
  return sec
}

/** The least that a mint does with a report: judge it against the last one and credit it. */
function createFold() {
  let node = 0
  let lastTs = 0
  let lastUptime = 0
  let total = 0
  return {
    add(id: number, now: number, uptime: number) {
      if (id !== node) {
        node = id
        lastTs = now
        lastUptime = uptime
        return
      }
      const dr = now - lastTs
      const du = uptime - lastUptime
      total += Math.min(Math.abs(du - dr) <= 60 ? du : uptime, 2460)
      lastTs = now
      lastUptime = uptime
    },
    total: () => total,
  }
}

type Row = [number, number, number]

const found: Found = { rows: 0, ingestSec: existsSync(path) ? null : await make(), nodeMs: [], wholeSec: 0 }
const db = new Database(path, { readonly: true })
const ids = db.prepare<[], number>('SELECT DISTINCT node FROM reports').pluck().all()
const ofNode = db.prepare<[number], Row>('SELECT node, now, uptime FROM reports WHERE node = ? ORDER BY ts').raw()
for (let i = 0; i < 200; i++) {
  const startMs = performance.now()
  const fold = createFold()
  for (const [id, now, uptime] of ofNode.all(ids[(i * 7919) % ids.length]!)) fold.add(id, now, uptime)
  found.nodeMs.push(performance.now() - startMs)
}
const startMs = performance.now()
const fold = createFold()
for (const id of ids)
  for (const [node, now, uptime] of ofNode.all(id)) {
    fold.add(node, now, uptime)
    found.rows++
  }
found.wholeSec = (performance.now() - startMs) / 1000
if (fold.total() === 0) throw new Error('nothing was folded')
db.close()
console.log(JSON.stringify(found))
