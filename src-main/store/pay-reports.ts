import { z } from 'zod'
import { type LeftOutRow, leftOutSchema, planReportSchema } from '../../src-shared/pay-contract.ts'
import type { Store } from './open.ts'

/** What a planning came to, and how the payer was then. */
export const storedReportSchema = planReportSchema.extend({
  /** of the payer; null: it was not looked at */
  account: z
    .object({
      needsWeight: z.number(),
      signers: z.array(z.object({ key: z.string(), weight: z.number() })),
      /** keys that sign for channel accounts */
      channelKeys: z.array(z.string()),
    })
    .nullable(),
})
export type StoredReport = z.infer<typeof storedReportSchema>
export type LeftOutEntry = Omit<LeftOutRow, 'farmName'>

/** Keeps what a planning came to; whoever calls it holds the transaction. `origin`: the receipt that an entry is about, of a retry the unpaid one. */
export function saveReport(
  store: Store,
  { network, subject, report }: { network: string; subject: string; report: StoredReport },
  leftOut: readonly { origin: string; entry: LeftOutEntry }[],
): void {
  const db = store.books
  const { lastInsertRowid: id } = db
    .prepare('INSERT INTO payout_reports (network, subject, run_id, report, added_ts) VALUES (?,?,?,?,?)')
    .run(network, subject, report.runId, JSON.stringify(z.encode(storedReportSchema, report)), store.now())
  const insert = db.prepare('INSERT INTO payout_left_out (report_id, place, network, origin, entry) VALUES (?,?,?,?,?)')
  for (const [place, { origin, entry }] of leftOut.entries())
    insert.run(id, place, network, origin, JSON.stringify(z.encode(entrySchema, entry)))
}

const entrySchema = leftOutSchema.omit({ farmName: true })

export interface KeptReport {
  id: number
  report: StoredReport
  leftOut: number
}

/** The last report of a run; undefined where there is none, as for a run that came from elsewhere. */
export function reportOfRun(store: Store, runId: string): KeptReport | undefined {
  return kept(store, 'run_id = ?', [runId])
}

/** The last report of a network's period or mints (runs.ts names subjects). */
export function reportOfSubject(store: Store, network: string, subject: string): KeptReport | undefined {
  return kept(store, 'network = ? AND subject = ?', [network, subject])
}

function kept(store: Store, where: string, values: readonly string[]): KeptReport | undefined {
  const found = store.books
    .prepare(
      `SELECT id, report, (SELECT count(*) FROM payout_left_out l WHERE l.report_id = r.id) AS left_out FROM payout_reports r
       WHERE ${where} ORDER BY id DESC LIMIT 1`,
    )
    .get(...values) as { id: number; report: string; left_out: number } | undefined
  return found && { id: found.id, report: storedReportSchema.parse(JSON.parse(found.report)), leftOut: found.left_out }
}

/** Who was left out, in the plan's order. */
export function loadLeftOut(store: Store, reportId: number, offset = 0, limit = -1): LeftOutEntry[] {
  const found = store.books
    .prepare('SELECT entry FROM payout_left_out WHERE report_id = ? ORDER BY place LIMIT ? OFFSET ?')
    .pluck()
    .all(reportId, limit, offset) as string[]
  return found.map(text => entrySchema.parse(JSON.parse(text)))
}

/** Why a receipt was left out of the last planning that met it; undefined where none did. */
export function whyLeftOut(store: Store, network: string, origin: string): LeftOutEntry | undefined {
  const found = store.books
    .prepare('SELECT entry FROM payout_left_out WHERE network = ? AND origin = ? ORDER BY report_id DESC LIMIT 1')
    .pluck()
    .get(network, origin) as string | undefined
  return found === undefined ? undefined : entrySchema.parse(JSON.parse(found))
}

/** Keeps how the payer is now beside a report that is there. Whoever calls it holds the transaction. */
export function saveAccount(store: Store, { id, report }: KeptReport, account: NonNullable<StoredReport['account']>): void {
  const text = JSON.stringify(z.encode(storedReportSchema, { ...report, account }))
  store.books.prepare('UPDATE payout_reports SET report = ? WHERE id = ?').run(text, id)
}
