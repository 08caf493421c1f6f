import type { Cell } from '../../../src-shared/csv.ts'
import { AppError } from '../../../src-shared/errors.ts'
import type { ExportFilter } from '../../../src-shared/exports.ts'
import { tftExact } from '../../../src-shared/money.ts'
import { rowStageWords } from '../../../src-shared/pay-text.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import {
  type AuditRow,
  auditPages,
  countAudit,
  countPayouts,
  countPostings,
  hasLedgerAccount,
  newestFarmNames,
  type PayoutRow,
  type PostingRow,
  payoutPages,
  postingPages,
} from '../../store/export-rows.ts'
import type { Store } from '../../store/open.ts'
import { subjectOf } from '../../store/runs.ts'
import { findEntity } from '../../store/treasury-entities.ts'
import { columnsOf } from './columns.ts'
import type { ExportStores, RowSource, Span } from './rows.ts'

const payoutColumns = columnsOf(
  ...['run', 'network', 'pays', 'run_state', 'row:number', 'kind', 'node_id:number', 'farm_id:number', 'farm_name', 'payee', 'tft:amount'],
  ...['receipt_hash', 'stands_for', 'state', 'transaction', 'paid_at:time'],
)

/** The rows of payout runs, paid or not; of one that was withdrawn nothing was ever sent. */
export function payoutSource({ facts, books }: ExportStores, filter: ExportFilter, { fromTs, toTs }: Span): RowSource {
  const { farmId, nodeId, account, period } = filter
  const subject = period === undefined ? undefined : subjectOf({ period })
  const which = { farmId, nodeId, account, subject, paidFromTs: fromTs, paidToTs: toTs }
  return {
    columns: payoutColumns,
    total: () => countPayouts(books, which),
    *pages() {
      const names = newestFarmNames(facts)
      for (const page of payoutPages(books, which)) yield page.map(row => payoutCells(row, names))
    },
  }
}

function payoutCells(row: PayoutRow, names: ReadonlyMap<number, string>): Cell[] {
  const { runId, network, subject, runStage, place, nodeId, farmId, payee, amountUnits, receipt, origin, stage, tx, paidTs } = row
  const kind = receipt !== origin ? 'retry' : subject === subjectOf({ period: null }) ? 'mint' : 'receipt'
  return [
    ...[runId, network, subject, runStage, place, kind, nodeId, farmId, cleanName(names.get(farmId) ?? ''), payee],
    ...[tftExact(BigInt(amountUnits)), receipt, kind === 'retry' ? origin : null, rowStageWords[stage], tx],
    paidTs === null ? null : formatUtc(paidTs),
  ]
}

const ledgerColumns = columnsOf(
  ...['entry:number', 'time:time', 'type', 'account', 'account_name', 'token', 'part', 'amount:amount', 'actor', 'memo', 'transaction'],
)

/** The treasury's postings, both sides of every entry, so that each token sums to 0. Throws AppError not-found for an account that there is not. */
export function ledgerSource(books: Store, { account }: ExportFilter, span: Span): RowSource {
  const entity = account === undefined ? undefined : accountOf(books, account)
  const which = { entity, ...span }
  return {
    columns: ledgerColumns,
    total: () => countPostings(books, which),
    *pages() {
      for (const page of postingPages(books, which)) yield page.map(postingCells)
    },
  }
}

function accountOf(books: Store, account: string): string {
  const entity = findEntity(books, account)?.entityId ?? account
  if (!hasLedgerAccount(books, entity))
    throw new AppError(
      'not-found',
      `The treasury has no account "${account.slice(0, 60)}" that anything was posted to. Nothing was written.`,
      {
        details: { account: account.slice(0, 100) },
      },
    )
  return entity
}

function postingCells({ entry, ts, kind, entity, entityName, token, part, amountUnits, actor, memo, chainTx }: PostingRow): Cell[] {
  return [entry, formatUtc(Number(ts)), kind, entity, entityName, token, part, tftExact(amountUnits), actor, memo, chainTx]
}

const auditColumns = columnsOf('entry:number', 'time:time', 'actor', 'action', 'subject', 'details', 'previous_hash', 'hash')

/** The audit trail, oldest entry first, with the hashes by which each entry follows from the one before. */
export function auditSource(books: Store, { account }: ExportFilter, { fromTs, toTs }: Span): RowSource {
  const which = { actor: account, fromTs, toTs }
  return {
    columns: auditColumns,
    total: () => countAudit(books, which),
    *pages() {
      for (const page of auditPages(books, which)) yield page.map(auditCells)
    },
  }
}

function auditCells({ seq, ts, actor, action, subject, details, previous, hash }: AuditRow): Cell[] {
  return [seq, formatUtc(ts), actor, action, subject, details, previous, hash]
}
