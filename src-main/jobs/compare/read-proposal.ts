import { isUtf8 } from 'node:buffer'
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import { cleanName } from '../../../src-shared/text.ts'
import {
  isOneValue,
  looksLikeJson,
  type OnUnreadable,
  type PayoutLine,
  type Proposal,
  parsePayouts,
  parseStatement,
  parseStatements,
  type Statement,
} from '../../engines/compare/proposal.ts'

/** Far above what the largest grid writes. */
const MAX_FILE_BYTES = 256 * 2 ** 20
const MAX_FILES = 200_000
/** A receipt in a file of its own is named by its hash. */
const RECEIPT_FILE = /^([0-9a-f]{64})\.json$/i

/** A file of a proposal; `name`: as its owner knows it, where the path is a copy's. */
export interface ProposedFile {
  path: string
  name?: string
}

/**
 * Reads a proposal: files, each told by its content, and folders, of which payouts.csv, receipts.ndjson, mints.ndjson and receipts in files
 * of their own (also in a folder `receipts` below) are read. Throws AppError archive.format (file and line; not for lines that `onUnreadable`
 * takes), io.*, usage.
 */
export function readProposal(given: readonly ProposedFile[], onUnreadable?: OnUnreadable): Proposal {
  try {
    const files = given.flatMap(filesOf)
    if (files.length > MAX_FILES)
      throw new AppError('usage', `That is more than ${MAX_FILES} files. Name a folder with one period's files.`)
    const payouts: PayoutLine[] = []
    const statements: Statement[] = []
    const named: string[] = []
    let hasPayouts = false
    for (const file of files) {
      const name = cleanName(file.name ?? basename(file.path))
      const text = textIn(file.path, name, onUnreadable)
      named.push(name)
      if (looksLikeJson(text)) {
        const hash = RECEIPT_FILE.exec(name)?.[1]?.toLowerCase() ?? null
        const isOne = hash !== null || isOneValue(text)
        const found = isOne ? parseStatement(name, text, hash, onUnreadable) : parseStatements(name, text, onUnreadable)
        for (const statement of found) statements.push(statement)
      } else if (/\.(nd)?json$/i.test(name)) {
        // an empty list, or refused with its line
        for (const statement of parseStatements(name, text, onUnreadable)) statements.push(statement)
      } else {
        hasPayouts = true
        for (const line of parsePayouts(name, text, onUnreadable)) payouts.push(line)
      }
    }
    const of = (kind: Statement['kind']) => statements.filter(statement => statement.kind === kind)
    const receipts = of('receipt')
    const mints = of('mint')
    // an empty file of that name says that there are none
    const isListed = (name: string) => named.includes(name)
    return {
      files: named,
      payouts: hasPayouts ? payouts : null,
      receipts: receipts.length > 0 || isListed('receipts.ndjson') ? receipts : null,
      mints: mints.length > 0 || isListed('mints.ndjson') ? mints : null,
      retries: of('retry'),
    }
  } catch (error) {
    throw toAppError(error)
  }
}

function filesOf(file: ProposedFile): ProposedFile[] {
  if (!statSync(file.path).isDirectory()) return [file]
  const listed = ['payouts.csv', 'receipts.ndjson', 'mints.ndjson']
  const found: ProposedFile[] = []
  const below = readdirSync(file.path, { withFileTypes: true })
  const names = below.filter(entry => entry.isFile()).map(entry => entry.name)
  for (const name of listed) if (names.includes(name)) found.push({ path: join(file.path, name) })
  // the same receipts in files of their own would count twice
  if (!names.includes('receipts.ndjson')) {
    const own = below.some(entry => entry.isDirectory() && entry.name === 'receipts') ? join(file.path, 'receipts') : null
    for (const [folder, list] of [[file.path, names], ...(own === null ? [] : [[own, readdirSync(own)] as const])] as const)
      for (const name of [...list].sort()) if (RECEIPT_FILE.test(name)) found.push({ path: join(folder, name) })
  }
  if (found.length === 0)
    throw new AppError(
      'usage',
      `${cleanName(file.name ?? file.path)} holds neither payouts.csv, receipts.ndjson, mints.ndjson nor receipts in files of their own. Name the folder that granary mint wrote.`,
    )
  return found
}

/** The file as text. Throws AppError archive.format where it is too long, or has lines that are no UTF-8 and nobody takes, and says where. */
function textIn(path: string, name: string, onUnreadable?: OnUnreadable): string {
  const bytes = bytesIn(path, name)
  const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const body = bytes.subarray(from)
  if (isUtf8(body)) return body.toString('utf8')
  const lines: string[] = []
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(0x0a, at)
    const part = body.subarray(at, end < 0 ? body.length : end)
    const line = part.toString('utf8')
    if (isUtf8(part)) lines.push(line)
    else {
      const error = noText(name, lines.length + 1)
      if (!onUnreadable) throw error
      onUnreadable(`${name}, line ${lines.length + 1}`, line, error)
      lines.push('')
    }
    at += part.length + 1
  }
  return lines.join('\n')
}

function noText(name: string, line: number): AppError {
  return new AppError(
    'archive.format',
    `${name}, line ${line}: this is no UTF-8 text. Nothing was compared. Name the file as it was written, unpacked.`,
    { details: { file: name, line } },
  )
}

function bytesIn(path: string, name: string): Buffer {
  const handle = openSync(path, 'r')
  try {
    const { size } = fstatSync(handle)
    if (size > MAX_FILE_BYTES)
      throw new AppError(
        'archive.format',
        `${name} is larger than any period's files (${MAX_FILE_BYTES / 2 ** 20} MiB). Nothing was compared.`,
      )
    const bytes = Buffer.alloc(size)
    let done = 0
    while (done < size) {
      const read = readSync(handle, bytes, done, size - done, null)
      if (read === 0) break
      done += read
    }
    return bytes.subarray(0, done)
  } finally {
    closeSync(handle)
  }
}
