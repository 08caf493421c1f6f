import { csv, parseCsv, withApostrophe, withoutApostrophe } from '../../../src-shared/csv.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { tftExact } from '../../../src-shared/money.ts'
import type { VaultTransfer } from '../../../src-shared/node-period.ts'
import { type FieldRead, readAmount, readMemo, readNote, readTime, readTx } from '../../../src-shared/vault-fields.ts'

const HEADER = ['tx', 'time', 'amount', 'memo', 'note'] as const
type Column = (typeof HEADER)[number]

/** Transfers to the vault as a file that parseTransfersCsv reads: times in seconds, amounts in TFT, memos in hex. */
export function transfersCsv(transfers: readonly VaultTransfer[]): string {
  return csv(
    HEADER,
    transfers.map(({ tx, ts, amountUnits, memo, note }) => [tx, ts, tftExact(amountUnits), memo, withApostrophe(note)]),
  )
}

/**
 * Transfers of a CSV text (RFC 4180) with the header `tx,time,amount,memo,note`, in the order of its lines: the transaction's hash; seconds or
 * ISO 8601 in UTC; TFT with up to 7 decimals, above 0; the memo hash as hex or base64 of 32 bytes, or nothing; any words. No time may lie after `latestTs`.
 *
 * AppError `usage` with details.line and details.column, and the way out, for the first thing that is wrong; nothing of such a file is taken.
 * That one transaction stands in two lines with different figures is wrong too; a line that is merely repeated stays for the caller.
 */
export function parseTransfersCsv(text: string, latestTs?: number): VaultTransfer[] {
  const [header, ...rows] = parseCsv(text)
  const names = header?.cells.map(cell => cell.trim().toLowerCase()) ?? []
  if (names.length !== HEADER.length || HEADER.some((name, i) => names[i] !== name)) {
    const line = header?.line ?? 1
    const wrong = HEADER.findIndex((name, i) => names[i] !== name)
    const column = wrong === -1 ? HEADER.length : wrong
    throw new AppError('usage', `Line ${line} must be the header ${HEADER.join(',')} with commas between. Write it so, and try again.`, {
      details: { line, column: HEADER[column] ?? `${column + 1}` },
    })
  }
  const transfers: VaultTransfer[] = []
  const lineOf = new Map<string, { line: number; transfer: VaultTransfer }>()
  for (const { line, cells } of rows) {
    const transfer = readTransfer(line, cells, latestTs)
    const before = lineOf.get(transfer.tx)
    if (before && !saysTheSame(before.transfer, transfer))
      throw wrongCell(
        line,
        'tx',
        `the transaction of line ${before.line} stands here again with other figures`,
        'Keep the line that is right, or their sum in one line.',
      )
    if (!before) lineOf.set(transfer.tx, { line, transfer })
    transfers.push(transfer)
  }
  return transfers
}

function readTransfer(line: number, cells: readonly string[], latestTs: number | undefined): VaultTransfer {
  if (cells.length !== HEADER.length) {
    const column = HEADER[Math.min(cells.length, HEADER.length - 1)]!
    throw wrongCell(
      line,
      column,
      `the line has ${cells.length} cells, not ${HEADER.length}`,
      'Put a text with commas in quotes, and leave an empty memo or note empty between its commas.',
    )
  }
  const [tx = '', time = '', amount = '', memo = '', note = ''] = cells.map(withoutApostrophe)
  const take = <T>(column: Column, read: FieldRead<T>): T => {
    if ('problem' in read) throw wrongCell(line, column, read.problem.what, read.problem.wayOut)
    return read.value
  }
  return {
    note: take('note', readNote(note)),
    tx: take('tx', readTx(tx.trim())),
    ts: take('time', readTime(time.trim(), latestTs)),
    amountUnits: take('amount', readAmount(amount.trim())),
    memo: take('memo', readMemo(memo.trim())),
  }
}

function saysTheSame(a: VaultTransfer, b: VaultTransfer): boolean {
  return a.ts === b.ts && a.amountUnits === b.amountUnits && a.memo === b.memo
}

function wrongCell(line: number, column: Column, what: string, wayOut: string): AppError {
  return new AppError('usage', `Line ${line}, column ${column}: ${what}. Nothing was taken. ${wayOut}`, { details: { line, column } })
}
