import { AppError } from './errors.ts'

export type Cell = string | number | bigint | null

/**
 * RFC 4180 with header, UTF-8, CRLF. Text cells that a spreadsheet would run (beginning with = + - @, tab or CR) get an apostrophe
 * in front; numbers, also as decimal text, stay as they are.
 */
export function csv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  let text = csvLine(header)
  for (const row of rows) text += csvLine(row)
  return text
}

/** One line of such a file, for what is too long to be made in one go. */
export function csvLine(row: readonly Cell[]): string {
  return `${row.map(cellText).join(',')}\r\n`
}

function cellText(cell: Cell): string {
  if (cell === null) return ''
  const text = String(cell)
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const APOSTROPHES = /^'+[=+\-@\t\r]/

/** A text for `csv` that `withoutApostrophe` gives back as it was: an apostrophe of its own, where one would be taken away, is doubled. */
export function withApostrophe(text: string): string {
  return APOSTROPHES.test(text) ? `'${text}` : text
}

/** A cell as it was before `csv` put an apostrophe in front of what a spreadsheet would run. */
export function withoutApostrophe(cell: string): string {
  return APOSTROPHES.test(cell) ? cell.slice(1) : cell
}

/** A record of a CSV text, and the line that it begins in (from 1). */
export interface CsvRow {
  line: number
  cells: string[]
}

/**
 * Reads RFC 4180, the header as its first row: cells apart by commas, quotes doubled inside of quotes, lines that end with CRLF, LF or
 * CR. A byte order mark and empty lines are left out. Throws AppError `usage` naming line and character (both from 1) where a quote
 * stands in the wrong place; nothing of such a text is taken.
 */
export function parseCsv(text: string): CsvRow[] {
  const rows: CsvRow[] = []
  const lineEnd = /\r\n|\n|\r/y
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let row: CsvRow = { line: 1, cells: [] }
  let line = 1
  while (at < text.length || row.cells.length > 0) {
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at)
    row.cells.push(cell.value)
    line += cell.lineEnds
    at = cell.end
    if (text[at] === ',') {
      at++
      continue
    }
    lineEnd.lastIndex = at
    const end = lineEnd.exec(text)
    if (!end && at < text.length)
      throw wrongQuote(text, at, cell.quoted ? 'Something stands after a closing quote' : 'A quote stands inside of a cell')
    const empty = row.cells.length === 1 && cell.value === '' && !cell.quoted
    if (!empty) rows.push(row)
    at += end?.[0].length ?? 0
    line++
    row = { line, cells: [] }
  }
  return rows
}

interface FoundCell {
  value: string
  quoted: boolean
  /** where the text goes on */
  end: number
  /** line ends inside of it */
  lineEnds: number
}

function plainCell(text: string, start: number): FoundCell {
  const stop = /[",\r\n]/g
  stop.lastIndex = start
  const end = stop.exec(text)?.index ?? text.length
  return { value: text.slice(start, end), quoted: false, end, lineEnds: 0 }
}

function quotedCell(text: string, start: number): FoundCell {
  let close = text.indexOf('"', start + 1)
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2)
  if (close === -1) throw wrongQuote(text, start, 'A quote is never closed')
  const raw = text.slice(start + 1, close)
  return { value: raw.replaceAll('""', '"'), quoted: true, end: close + 1, lineEnds: lineEndsIn(raw) }
}

function lineEndsIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0
}

function wrongQuote(text: string, at: number, what: string): AppError {
  const before = text.slice(0, at)
  const line = lineEndsIn(before) + 1
  const character = at - Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r'))
  return new AppError(
    'usage',
    `${what} (line ${line}, character ${character}). Put the whole cell in quotes, double the quotes inside of it, and try again.`,
    { details: { line, character } },
  )
}
