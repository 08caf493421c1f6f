import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { auditReceipts } from '../../src-main/jobs/audit/audit.ts'
import { signHead } from '../../src-main/jobs/audit-heads.ts'
import type { ProposedFile } from '../../src-main/jobs/compare/read-proposal.ts'
import { mintPeriod } from '../../src-main/jobs/mint.ts'
import { sendRun } from '../../src-main/jobs/pay/run.ts'
import { signRun } from '../../src-main/jobs/pay/sign.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { runCommand } from '../../src-main/store/index.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { savePayments } from '../../src-main/store/payment-checks.ts'
import { loadNodeRows } from '../../src-main/store/results.ts'
import type { FoundPayment } from '../../src-shared/payment.ts'
import type { ReceiptAudit } from '../../src-shared/receipt-audit.ts'
import { importPaidPeriods, PERIOD_79_START, payees, startPaidWorld } from './paid-period.ts'
import { fastHorizon, payConfig, planAndKeep, signerOf } from './pay.ts'
import { ann, bob, cast, cleo, doVote, labSet, roomOn } from './votes.ts'

/* A data folder that has a bit of everything that an audit looks at; and ways to change it behind the program's back. */

export interface AuditWorld {
  /** never changed */
  dataDir: string
  /** what was minted of period 80 */
  minted: string
  folder: string
  /** the run's id */
  runId: string
  clear(): void
}

export async function makeAuditWorld(): Promise<AuditWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-audit-world-'))
  const dataDir = join(folder, 'data')
  const minted = join(folder, 'minted')
  await importPaidPeriods(dataDir, folder)
  await mintPeriod({ dataDir, period: 79, resources: 'latest', outDir: join(folder, 'minted-79') }, {})
  const previous = join(folder, 'minted-79', 'receipts.ndjson')
  await mintPeriod({ dataDir, period: 80, resources: 'latest', outDir: minted, previous }, {})
  const store = openStore(dataDir, { mode: 'write' })
  try {
    await voteOn(store)
    const runId = await payPeriod(store)
    for (const n of [1, 2, 3])
      runCommand(
        store,
        { actor: 'test', idempotencyKey: `entry-${n}-of-the-test`, command: 'label.set', input: { n }, audit: { subject: `node ${n}` } },
        () => null,
      )
    signHead(store, 'export')
    store.books.pragma('wal_checkpoint(TRUNCATE)')
    store.facts.pragma('wal_checkpoint(TRUNCATE)')
    return { dataDir, minted, folder, runId, clear: () => rmSync(folder, { recursive: true, force: true }) }
  } finally {
    store.close()
  }
}

async function voteOn(store: Store): Promise<void> {
  const room = roomOn(store, 'test')
  await doVote(room, 'votes.setSigners', { network: 'test', set: labSet })
  const text = [
    cast(ann),
    cast(bob),
    cast(cleo, { amountUnits: 99n }),
    ...[ann, bob].map(signer => cast(signer, { subject: { rules: 'v3', period: 79 } })),
  ].join('\n')
  await doVote(room, 'votes.import', { network: 'test', text })
}

async function payPeriod(store: Store): Promise<string> {
  const lab = await startPaidWorld(PERIOD_79_START)
  try {
    const horizon = fastHorizon(lab.local)
    const due = loadNodeRows(store, 79).filter(({ rewardUnits, payoutAddress }) => rewardUnits > 0n && payees.includes(payoutAddress))
    const { runId } = await planAndKeep(store, horizon, {
      network: 'test',
      config: payConfig(lab.local, lab.world),
      rules: 'v3',
      period: 79,
      maker: '',
      payables: due.map(({ nodeId, farmId, hash, payoutAddress, rewardUnits }) => ({
        kind: 'receipt' as const,
        nodeId,
        farmId,
        startTs: PERIOD_79_START,
        receipt: hash,
        retryFor: null,
        address: payoutAddress,
        amountUnits: rewardUnits,
      })),
    })
    await signRun(store, runId!, lab.world.signers.slice(0, 2).map(signerOf))
    const report = await sendRun(store, horizon, runId!)
    if (report.counts.paid !== due.length) throw new Error(`paid ${JSON.stringify(report.counts)} of ${due.length}`)
    const ledger = {
      network: 'test',
      horizon: 'https://horizon.test',
      accounts: [],
      fromTs: 0,
      untilTs: 1,
      transactions: due.length,
      problem: null,
    }
    const finds = due.map(({ hash }): [string, FoundPayment] => [hash, { state: 'paid', txs: [{ tx: 'ab'.repeat(32), ts: 1 }], why: '' }])
    writeTransaction(store.books, 'books.db', () => savePayments(store, { network: 'test', subject: 'period 79', ledger }, finds))
    return runId!
  } finally {
    await lab.local.stop()
  }
}

/** A copy of the folder, changed. */
export function changedCopy({ dataDir, folder }: AuditWorld, database: 'facts' | 'books', work: (db: Database.Database) => void): string {
  const copy = join(folder, 'copy')
  rmSync(copy, { recursive: true, force: true })
  cpSync(dataDir, copy, { recursive: true })
  const db = new Database(join(copy, `${database}.db`))
  try {
    db.pragma('foreign_keys = OFF')
    db.pragma('ignore_check_constraints = ON')
    // whoever tampers is not held by what the program made to hold itself
    const triggers = db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all() as string[]
    for (const name of triggers) db.exec(`DROP TRIGGER "${name}"`)
    work(db)
  } finally {
    db.close()
  }
  return copy
}

/** Audits a folder as `granary audit` does. */
export async function auditOf(dataDir: string, what: { files?: ProposedFile[]; period?: number | null }): Promise<ReceiptAudit> {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    return await auditReceipts(
      store,
      {
        files: what.files ?? [],
        period: what.period ?? null,
        resources: 'latest',
        rules: { firstNodePeriod: null, carbon: false },
        against: 'store',
        madeBy: 'test',
        nowTs: 1_790_000_000,
      },
      {},
    )
  } finally {
    store.close()
  }
}

export const mintedText = ({ minted }: AuditWorld, name: string): string => readFileSync(join(minted, name), 'utf8')
