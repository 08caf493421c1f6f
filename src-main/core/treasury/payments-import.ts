import { type CsvRow, parseCsv, withoutApostrophe } from '../../../src-shared/csv.ts'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { parseAmount } from '../../../src-shared/treasury/amounts.ts'
import { type ImportQuote, MAX_IMPORT_LINES, MAX_IMPORT_PROBLEMS } from '../../../src-shared/treasury/payments-import-table.ts'
import { quotePayment } from '../../engines/payments/payment.ts'
import { type CommandCall, keepDone, type Store, wasDone } from '../../store/index.ts'
import { balanceOf } from '../../store/ledger.ts'
import { resolveEntity } from './entities.ts'
import {
  actingEntity,
  type TreasuryCommandHandlers,
  type TreasuryContext,
  type TreasuryOutput,
  type TreasuryQueryHandlers,
} from './handlers.ts'
import { checkPayable, type PlannedPayment, payPlanned, planPayments, type TokenPayment } from './payments.ts'

const NEEDED = ['reference', 'to', 'amount'] as const
const COLUMNS: readonly string[] = [...NEEDED, 'token', 'memo']
const MAX_CHARS: Record<string, number> = { reference: 60, to: 100, amount: 60, token: 20, memo: 300 }

interface PaymentLine {
  line: number
  reference: string
  to: string
  amount: string
  token: string
  memo: string
}

interface ImportHandlers {
  queries: Pick<TreasuryQueryHandlers, 'payments.importQuote'>
  commands: Pick<TreasuryCommandHandlers, 'payments.import'>
}

/** Payments from a file: what they would be, and all of them in the one transaction of the command. */
export function paymentImportHandlers(books: Store): ImportHandlers {
  const queries: ImportHandlers['queries'] = {
    'payments.importQuote': ({ text }, context) => quoteFile(books, context, text),
  }
  const commands: ImportHandlers['commands'] = {
    'payments.import': ({ text }, context) => {
      const from = actingEntity(context)
      const sums = new Map<string, { token: string; amount: bigint; fee: bigint }>()
      const { rows, read } = fileOf(text)
      const lines = rows.map(row => atLine(row.line, () => read(row)))
      const plan = planPayments(context, from)
      const planned = lines.flatMap(line => atLine(line.line, () => planLine(books, context, from, line, plan)) ?? [])
      payPlanned(
        context,
        planned.map(({ payment }) => payment),
      )
      for (const { call, payment } of planned) {
        keepDone(books, call, null)
        const { token, amountUnits, feeUnits } = payment
        const sum = sums.get(token) ?? { token, amount: 0n, fee: 0n }
        sums.set(token, { token, amount: sum.amount + amountUnits, fee: sum.fee + feeUnits })
      }
      const paid = planned.length
      return { paid, already: lines.length - paid, sums: [...sums.values()] } satisfies TreasuryOutput<'payments.import'>
    },
  }
  return { queries, commands }
}

/** What a file would pay. Lines that can't be paid are told, all of them; what is wrong with the file itself is thrown: AppError usage. */
function quoteFile(books: Store, context: TreasuryContext, text: string): ImportQuote {
  const from = actingEntity(context)
  const { rows, read } = fileOf(text)
  const sums = new Map<string, { payments: number; amount: bigint; fee: bigint }>()
  const problems: ImportQuote['problems'] = []
  let already = 0
  for (const row of rows)
    try {
      const line = read(row)
      const { token } = line
      const { call, to, amountUnits } = callOf(books, from, line)
      if (wasDone(books, call)) {
        already++
        continue
      }
      checkPayable(context, token)
      const { feeUnits } = quotePayment({ from, to, amountUnits }, context.config['payments.feeBps'])
      const sum = sums.get(token) ?? { payments: 0, amount: 0n, fee: 0n }
      sums.set(token, { payments: sum.payments + 1, amount: sum.amount + amountUnits, fee: sum.fee + feeUnits })
    } catch (cause) {
      // books that can't be read are no fault of a line
      if (!(cause instanceof AppError)) throw cause
      problems.push({ line: row.line, message: cause.message })
    }
  return {
    ...{ toPay: rows.length - already - problems.length, already },
    sums: [...sums].map(([token, sum]) => {
      const { availableUnits } = balanceOf(books, from, token)
      return { token, ...sum, available: availableUnits, isCovered: sum.amount + sum.fee <= availableUnits }
    }),
    ...{ problems: problems.slice(0, MAX_IMPORT_PROBLEMS), problemsTotal: problems.length },
  }
}

/** A line as a command of its own, whose key is the payer's reference. Throws AppError usage, entities.unknown. */
function callOf(books: Store, from: string, { reference, to: named, amount, token, memo }: PaymentLine) {
  const amountUnits = parseAmount(amount, 'amount')
  const to = resolveEntity(books, named)
  const call = {
    actor: `${from} (file)`,
    idempotencyKey: reference,
    command: 'payments.send',
    input: { to, token, amount, memo, reference },
    audit: { subject: `entity ${from}` },
  }
  return { call, to, amountUnits }
}

/**
 * Plans one line, a command of its own whose key is the payer's reference, whichever program it comes through; null: it was paid before.
 * Throws AppError idempotency.reused where the reference was paid by other words, and what payments throw.
 */
function planLine(
  books: Store,
  context: TreasuryContext,
  from: string,
  line: PaymentLine,
  plan: (payment: TokenPayment) => PlannedPayment,
): { call: CommandCall; payment: PlannedPayment } | null {
  const { token, memo } = line
  const { call, to, amountUnits } = callOf(books, from, line)
  if (wasDone(books, call)) return null
  checkPayable(context, token)
  return { call, payment: plan({ from, to, amountUnits, token, memo: cleanName(memo) }) }
}

function atLine<T>(line: number, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const { code, message, details } = toAppError(cause)
    throw new AppError(code, `Line ${line}: ${message.replace(/\.$/, '')}. Nothing of this file was paid.`, {
      cause,
      details: { ...details, line },
    })
  }
}

/**
 * The records of a file below its header, and what reads one of them; that throws AppError usage. Throws AppError usage where it is no such file.
 */
function fileOf(text: string): { rows: CsvRow[]; read: (row: CsvRow) => PaymentLine } {
  const [header, ...rows] = parseCsv(text)
  const names = header?.cells.map(cell => cell.trim().toLowerCase()) ?? []
  const isHeader = NEEDED.every(name => names.includes(name)) && names.every(name => COLUMNS.includes(name))
  if (!isHeader || new Set(names).size < names.length)
    throw new AppError(
      'usage',
      `The first line names the columns: ${NEEDED.join(', ')}, and where wanted token and memo. Nothing was paid.`,
    )
  if (rows.length === 0) throw new AppError('usage', 'This file lists no payment. Nothing was paid.')
  if (rows.length > MAX_IMPORT_LINES)
    throw new AppError('usage', `This file lists ${rows.length} payments; one may list ${MAX_IMPORT_LINES}. Split it. Nothing was paid.`)
  const seen = new Map<string, number>()
  const read = ({ line, cells }: CsvRow): PaymentLine => {
    if (cells.length !== names.length) throw new AppError('usage', `It has ${cells.length} cells, the first line has ${names.length}.`)
    const of = (name: string) => withoutApostrophe(cells[names.indexOf(name)] ?? '').trim()
    for (const name of names)
      if (of(name).length > MAX_CHARS[name]!) throw new AppError('usage', `Its ${name} is longer than ${MAX_CHARS[name]} characters.`)
    const empty = NEEDED.find(name => of(name) === '')
    if (empty) throw new AppError('usage', `It has no ${empty}.`)
    const before = seen.get(of('reference'))
    if (before !== undefined) throw new AppError('usage', `It has the same reference as line ${before}.`)
    seen.set(of('reference'), line)
    return { line, reference: of('reference'), to: of('to'), amount: of('amount'), token: of('token') || 'AZR', memo: of('memo') }
  }
  return { rows, read }
}
