import { csv, parseCsv, withApostrophe, withoutApostrophe } from '../../../src-shared/csv.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { MAX_UNITS, tftExact, unitsFromTft } from '../../../src-shared/money.ts'
import type { VaultTransfer } from '../../../src-shared/node-period.ts'
import { hasDate, tsFromUtc } from '../../../src-shared/time.ts'

const HEADER = ['tx', 'time', 'amount', 'memo', 'note'] as const
type Column = (typeof HEADER)[number]
const NOTE_LENGTH = 200

/** Transfers to the vault as a file that parseTransfersCsv reads: times in seconds, amounts in TFT, memos in hex. */
export function transfersCsv(transfers: readonly VaultTransfer[]): string {
  return csv(
    HEADER,
    transfers.map(({ tx, ts, amountUnits, memo, note }) => [tx, ts, tftExact(amountUnits), memo, withApostrophe(note)]),
  )
}

/**
 * Transfers of a CSV text (RFC 4180) with the header `tx,time,amount,memo,note`, in the order of its lines: the transaction's hash; seconds or
 * ISO 8601 in UTC; TFT with up to 7 decimals, above 0; the memo hash as hex or base64 of 32 bytes, or nothing; any words.
 *
 * AppError `usage` with details.line and details.column, and the way out, for the first thing that is wrong; nothing of such a file is taken.
 * That one transaction stands in two lines with different figures is wrong too; a line that is merely repeated stays for the caller.
 */
export function parseTransfersCsv(text: string): VaultTransfer[] {
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
    const transfer = readTransfer(line, cells)
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

function readTransfer(line: number, cells: readonly string[]): VaultTransfer {
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
  if (note.length > NOTE_LENGTH) throw wrongCell(line, 'note', `the note has ${note.length} characters`, `Cut it to ${NOTE_LENGTH}.`)
  return {
    tx: readTx(line, tx.trim()),
    ts: readTime(line, time.trim()),
    amountUnits: readAmount(line, amount.trim()),
    memo: readMemo(line, memo.trim()),
    note,
  }
}

function readTx(line: number, text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw wrongCell(line, 'tx', `${shown(text)} is no transaction`, "Enter the Stellar transaction's hash, 64 hex digits.")
  return text.toLowerCase()
}

function readTime(line: number, text: string): number {
  const ts = /^\d{1,12}$/.test(text) ? Number(text) : tsFromUtc(text)
  if (ts === null || !hasDate(ts))
    throw wrongCell(line, 'time', `${shown(text)} is no time in UTC`, 'Enter seconds since 1970, or a time such as 2024-11-30T12:56:40Z.')
  return ts
}

function readAmount(line: number, text: string): bigint {
  const amount = unitsFromTft(text)
  if (amount === null)
    throw wrongCell(
      line,
      'amount',
      `${shown(text)} is no amount`,
      'Enter TFT with a point and up to 7 decimals, such as 1279.4250000, without separators.',
    )
  if (amount <= 0n || amount > MAX_UNITS)
    throw wrongCell(
      line,
      'amount',
      `${shown(text)} can't be an amount of a transfer`,
      `Enter more than 0 and up to ${tftExact(MAX_UNITS)} TFT.`,
    )
  return amount
}

function readMemo(line: number, text: string): string | null {
  if (text === '') return null
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  const bytes = Buffer.from(text, 'base64')
  // the decoder passes over what it doesn't know; only a text that comes out again was base64
  if (bytes.length !== 32 || bytes.toString('base64') !== text)
    throw wrongCell(line, 'memo', `${shown(text)} is no memo hash`, 'Enter its 32 bytes as 64 hex digits or as base64, or leave it empty.')
  return bytes.toString('hex')
}

function saysTheSame(a: VaultTransfer, b: VaultTransfer): boolean {
  return a.ts === b.ts && a.amountUnits === b.amountUnits && a.memo === b.memo
}

/** A cell's text as a message can show it: short, and without what would break the line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 70 ? `${text.slice(0, 70)}…` : text)
}

function wrongCell(line: number, column: Column, what: string, wayOut: string): AppError {
  return new AppError('usage', `Line ${line}, column ${column}: ${what}. Nothing was taken. ${wayOut}`, { details: { line, column } })
}
