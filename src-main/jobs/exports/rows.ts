import type { Cell } from '../../../src-shared/csv.ts'
import { dayStartTs, type ExportColumn, type ExportOrder, refuseWrongFilter } from '../../../src-shared/exports.ts'
import type { Store } from '../../store/open.ts'
import { auditSource, ledgerSource, payoutSource } from './book-rows.ts'
import { receiptSource, uptimeSource } from './grid-rows.ts'

/** Where the rows come from: the period data that are shown, and the books. */
export interface ExportStores {
  facts: Store
  books: Store
}

/** What a file is made of, whatever its form. Its cells stand in the columns' order; amounts are decimal texts. */
export interface RowSource {
  columns: readonly ExportColumn[]
  total(): number
  /** never more than a page in memory */
  pages(): Iterable<readonly (readonly Cell[])[]>
}

/** Seconds that a filter's days span, both ends inclusive. */
export interface Span {
  fromTs: number | undefined
  toTs: number | undefined
}

/** The rows of an export. Throws AppError usage for a filter that the kind does not know, not-found for an account that there is not. */
export function rowSource(stores: ExportStores, order: Pick<ExportOrder, 'kind' | 'filter'>): RowSource {
  refuseWrongFilter(order)
  const { kind, filter } = order
  const span: Span = {
    fromTs: filter.from === undefined ? undefined : dayStartTs(filter.from),
    toTs: filter.to === undefined ? undefined : dayStartTs(filter.to) + 86_399,
  }
  switch (kind) {
    case 'receipts':
      return receiptSource(stores, filter, span)
    case 'uptime':
      return uptimeSource(stores.facts, filter, span)
    case 'payouts':
      return payoutSource(stores, filter, span)
    case 'ledger':
      return ledgerSource(stores.books, filter, span)
    case 'audit':
      return auditSource(stores.books, filter, span)
  }
}

/** The first rows of a source. */
export function firstRows(source: RowSource, limit: number): Cell[][] {
  const rows: Cell[][] = []
  for (const page of source.pages())
    for (const row of page) {
      rows.push([...row])
      if (rows.length === limit) return rows
    }
  return rows
}
