import type { QueryOutput } from '../../src-shared/contract.ts'
import type { ExportOrder } from '../../src-shared/exports.ts'
import type { ExportSubject } from '../../src-shared/exports-contract.ts'
import { group } from '../../src-shared/money.ts'
import type { Statement, StatementAsk } from '../../src-shared/statement.ts'
import { statementCsv } from '../engines/statement/statement-csv.ts'
import type { JobContext } from '../jobs/context.ts'
import { type ExportStores, firstRows, rowSource } from '../jobs/exports/rows.ts'
import { unchanging, writeExport } from '../jobs/exports/write.ts'
import { writeFileAtomically } from '../jobs/files.ts'
import { print } from '../jobs/print.ts'
import { openStore } from '../store/index.ts'
import { readStatement } from './statement.ts'

/** The data folders that an export reads: of the period data that are shown (the demo's has its own), and of the books. */
export interface ExportFolders {
  factsDir: string
  booksDir: string
}

export type PreviewTaskInput = ExportFolders & { order: ExportOrder; limit: number }
export type StatementTaskInput = ExportFolders & { ask: StatementAsk }
export type ExportTaskInput = ExportFolders & { subject: ExportSubject; target: string }

/** Opens the folders for reading, beside whoever writes there. */
async function withStores<T>({ factsDir, booksDir }: ExportFolders, work: (stores: ExportStores) => Promise<T>): Promise<T> {
  const books = openStore(booksDir, { mode: 'read' })
  try {
    if (factsDir === booksDir) return await work({ facts: books, books })
    const facts = openStore(factsDir, { mode: 'read' })
    try {
      return await work({ facts, books })
    } finally {
      facts.close()
    }
  } finally {
    books.close()
  }
}

/** How many rows an export has, and the first of them. Throws AppError usage, not-found, store.*. */
export async function previewExport({ order, limit, ...folders }: PreviewTaskInput): Promise<QueryOutput<'exports.preview'>> {
  return withStores(folders, stores =>
    unchanging(stores, async () => {
      const source = rowSource(stores, order)
      const rows = firstRows(source, limit).map(row => row.map(cell => (typeof cell === 'bigint' ? Number(cell) : cell)))
      return { columns: [...source.columns], rows, total: source.total() }
    }),
  )
}

/** Throws AppError not-found, store.*. */
export async function stateStatement({ ask, ...folders }: StatementTaskInput): Promise<Statement> {
  return withStores(folders, stores => unchanging(stores, async () => readStatement(stores, ask)))
}

/** Writes an export or a statement to a file (`-`: standard output); gives what was written in words. Throws as writeExport and readStatement do. */
export async function writeExportFile({ subject, target, ...folders }: ExportTaskInput, context: JobContext): Promise<string> {
  if ('order' in subject) {
    const { rows } = await withStores(folders, stores => writeExport(stores, subject.order, target, context))
    return rows === 1 ? '1 row' : `${group(String(rows))} rows`
  }
  const statement = await stateStatement({ ...folders, ask: subject.statement })
  await writeStatement(statement, subject.format, target)
  const { payments, missingDays } = statement
  const missing = missingDays.length === 0 ? '' : `, ${missingDays.length === 1 ? '1 day' : `${missingDays.length} days`} without a price`
  return `${payments.length === 1 ? '1 payment' : `${group(String(payments.length))} payments`}${missing}`
}

async function writeStatement(statement: Statement, format: 'csv' | 'pdf', target: string): Promise<void> {
  // the PDF library takes its time to load, and few need it
  const bytes =
    format === 'csv'
      ? Buffer.from(statementCsv(statement), 'utf8')
      : await (await import('../jobs/exports/statement-pdf.ts')).statementPdf(statement)
  if (target === '-') await print(bytes)
  else writeFileAtomically(target, [bytes])
}
