import { readFileSync } from 'node:fs'
import type { AuditReport, SignedHead } from '../../src-shared/audit-head.ts'
import { csv } from '../../src-shared/csv.ts'
import { AppError } from '../../src-shared/errors.ts'
import { formatUtc } from '../../src-shared/time.ts'
import { readHead } from '../jobs/audit-head-file.ts'
import { checkAuditTrail, signHead } from '../jobs/audit-heads.ts'
import { writeFileAtomically } from '../jobs/files.ts'
import { listAudit } from '../store/audit.ts'
import { writeSmallFile } from '../store/files.ts'
import { openStore } from '../store/index.ts'

/** A head is a few bytes for each entry; what is far larger is none. */
const MAX_HEAD_CHARS = 256 * 2 ** 20

/**
 * Signs the audit trail and writes its head to a file, to be held elsewhere. Throws AppError audit.broken, not-found (nothing was written
 * yet), store.*, io.*.
 */
export function writeHead({ dataDir, target }: { dataDir: string; target: string }): SignedHead {
  const store = openStore(dataDir, { mode: 'write' })
  try {
    const head = signHead(store, 'export')
    if (!head) throw new AppError('not-found', 'The audit trail has no entry yet, so there is nothing to sign.')
    writeSmallFile(target, `${JSON.stringify(head)}\n`)
    return head
  } finally {
    store.close()
  }
}

/**
 * Writes the audit trail as CSV, oldest entry first, also beside a Granary that is running; gives how many entries it has. Throws AppError
 * store.*, io.*.
 */
export function exportAudit({ dataDir, target }: { dataDir: string; target: string }): number {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    const { rows } = listAudit(store, { offset: 0, limit: -1 })
    const lines = rows
      .reverse()
      .map(({ seq, ts, actor, action, subject, details, hash }) => [seq, formatUtc(ts), actor, action, subject, details, hash])
    const text = csv(['entry', 'time', 'actor', 'action', 'subject', 'details', 'hash'], lines)
    writeFileAtomically(target, text)
    return rows.length
  } finally {
    store.close()
  }
}

/** Examines the audit trail, also beside a Granary that is running, in itself and against heads in files. Throws AppError usage, store.*, io.*. */
export function checkAudit({ dataDir, files }: { dataDir: string; files: readonly string[] }): AuditReport {
  const held = files.map(file => {
    const text = readFileSync(file, 'utf8')
    if (text.length > MAX_HEAD_CHARS) throw new AppError('usage', `${file} is no signed head of an audit trail: it is too large.`)
    return readHead(file, text)
  })
  const store = openStore(dataDir, { mode: 'read' })
  try {
    return checkAuditTrail(store, held)
  } finally {
    store.close()
  }
}

/** Whether anything speaks against the trail. */
export function isAuditFine({ consistent, altered, heads }: AuditReport): boolean {
  return consistent && altered === null && heads.every(({ state }) => state === 'same')
}
