import { AppError } from '../../../src-shared/errors.ts'
import { violationSchema } from '../../../src-shared/mint.ts'
import { MAX_UNITS, tftExact, unitsFromTft } from '../../../src-shared/money.ts'
import { receiptHash } from '../minting/receipt.ts'
import { formProblem, kindOf, type StatementKind } from './form.ts'
import { isJsonObject, leavesOf, membersOf, textOf, wholeOf } from './json.ts'

/*
 * What somebody proposes, read from its files: tolerant in what changes no meaning (line ends, empty lines, spaces between members), strict
 * in what does. Bytes that don't give their hash, and doubles, are no reason to stop: they are what a comparison is to find.
 */

/** A line of payouts.csv. */
export interface PayoutLine {
  where: string
  address: string
  /** above 0 */
  units: bigint
  /** lower-case hex */
  hash: string
  line: string
}

/** A receipt, a retry's receipt or a mint's record, with what stands beside it. */
export interface Statement {
  where: string
  kind: StatementKind
  /** its bytes as they stand in the file */
  text: string
  /** the whole line that they stand in */
  line: string
  leaves: ReadonlyMap<string, string>
  /** what stands beside it, lower-case hex; null: nothing, the bytes alone */
  saidHash: string | null
  /** blake2b-256 of the bytes */
  trueHash: string
  /** the member at which the bytes leave the one form; null: they are in it */
  formProblem: string | null
  /** of a retry null, as its receipt does not say the node */
  nodeId: number | null
  /** the node's id as the line says it, beside the receipt; null: it does not */
  saidNodeId: number | null
  /** start of the period that it stands for, seconds */
  startTs: number
  /** undefined: not said (a receipt by itself has none) */
  violation: string | null | undefined
  address: string
  units: bigint
}

export interface Proposal {
  files: string[]
  /** null: there is no payouts.csv */
  payouts: PayoutLine[] | null
  /** null: there are no receipts, no mints */
  receipts: Statement[] | null
  mints: Statement[] | null
  retries: Statement[]
}

/** More lines than any grid has nodes. */
const MAX_LINES = 200_000
const MAX_LINE_CHARS = 65_536

/**
 * The lines of payouts.csv: `address,amount,receipt hash`. Addresses stand there unquoted as the chain has them, so a comma in one belongs
 * to it. Throws AppError archive.format naming file and line; not for what `onUnreadable` takes.
 */
export function parsePayouts(file: string, text: string, onUnreadable?: OnUnreadable): PayoutLine[] {
  return linesOf(file, text).flatMap(({ line, number }) =>
    orUnreadable(file, number, line, onUnreadable, () => payoutOf(file, number, line)),
  )
}

function payoutOf(file: string, number: number, line: string): PayoutLine {
  const hashAt = line.lastIndexOf(',')
  const amountAt = line.lastIndexOf(',', hashAt - 1)
  if (hashAt < 0 || amountAt < 0) throw broken(file, number, 'this is not address,amount,receipt hash')
  const hash = hashIn(file, number, line.slice(hashAt + 1))
  const amount = line.slice(amountAt + 1, hashAt).trim()
  const units = unitsFromTft(amount)
  if (units === null || units <= 0n || units > MAX_UNITS)
    throw broken(file, number, `"${shown(amount)}" is no amount in TFT above 0 with at most 7 decimals`)
  return { where: place(file, number), address: line.slice(0, amountAt), units, hash, line }
}

/** Takes a line that can't be read, in place of an error that ends all reading. */
export type OnUnreadable = (where: string, text: string, error: AppError) => void

/**
 * The lines of receipts.ndjson or mints.ndjson, each with its hash; also lines that are a receipt by themselves. Throws AppError
 * archive.format naming file and line; not for what `onUnreadable` takes.
 */
export function parseStatements(file: string, text: string, onUnreadable?: OnUnreadable): Statement[] {
  return linesOf(file, text).flatMap(({ line, number }) =>
    orUnreadable(file, number, line, onUnreadable, () => statementOf(file, number, line, null)),
  )
}

function orUnreadable<T>(file: string, number: number, line: string, onUnreadable: OnUnreadable | undefined, read: () => T): T[] {
  try {
    return [read()]
  } catch (error) {
    if (!onUnreadable || !(error instanceof AppError) || error.code !== 'archive.format') throw error
    onUnreadable(place(file, number), line, error)
    return []
  }
}

/** One receipt's own bytes; `saidHash` where the file's name is one. Throws AppError archive.format; not for what `onUnreadable` takes. */
export function parseStatement(file: string, text: string, saidHash: string | null, onUnreadable?: OnUnreadable): Statement[] {
  return orUnreadable(file, 1, text, onUnreadable, () => {
    if (text.length > MAX_LINE_CHARS) throw broken(file, 1, `it is longer than any receipt (${MAX_LINE_CHARS} characters)`)
    return statementOf(file, 1, text, saidHash)
  })
}

/** Whether a line is written as a mint writes it, to the byte; the receipt in it stands for itself. */
export function isLineInForm({ kind, text, line, saidHash, saidNodeId, violation }: Statement): boolean {
  if (line === text) return true
  if (kind === 'mint') return line === `{"id":"${saidHash}","mint":${text}}`
  return line === `{"node_id":${saidNodeId},"hash":"${saidHash}","violation":${JSON.stringify(violation)},"receipt":${text}}`
}

/** The same of a line of payouts.csv. */
export function isPayoutInForm({ address, units, hash, line }: PayoutLine): boolean {
  return line === `${address},${tftExact(units)},${hash}`
}

/** Whether a text begins as JSON does. */
export function looksLikeJson(text: string): boolean {
  return /^\s*\{/.test(text)
}

/** Whether a JSON text is one value over several lines, not one a line. */
export function isOneValue(text: string): boolean {
  return text.includes('\n') && isJsonObject(text)
}

interface Line {
  line: string
  number: number
}

function linesOf(file: string, text: string): Line[] {
  const lines: Line[] = []
  let number = 0
  for (const raw of text.split('\n')) {
    number++
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    if (line.length > MAX_LINE_CHARS) throw broken(file, number, `the line is longer than any receipt (${MAX_LINE_CHARS} characters)`)
    if (line.trim() === '') continue
    if (lines.length >= MAX_LINES) throw broken(file, number, `there are more than ${MAX_LINES} lines`)
    lines.push({ line, number })
  }
  return lines
}

function statementOf(file: string, line: number, source: string, named: string | null): Statement {
  const text = source.trim()
  if (!isJsonObject(text)) throw broken(file, line, 'this is no JSON object that holds a receipt; the line may be cut')
  const members = membersOf(text)
  if (members === null) throw broken(file, line, 'a member stands there twice')
  const inner = members.get('receipt') ?? members.get('mint')
  const leaves = leavesOf(inner ?? text)
  const kind = leaves === null ? null : kindOf(leaves)
  if (leaves === null || kind === null)
    throw broken(file, line, 'it is neither a receipt nor a line {"node_id","hash","violation","receipt"} or {"id","mint"}')
  if (inner === undefined)
    return read(file, line, { text, line: source, leaves, kind, saidHash: named, saidNodeId: null, violation: undefined })
  const saidHash = hashIn(file, line, textOf(members.get('receipt') === undefined ? members.get('id') : members.get('hash')) ?? '')
  return read(file, line, { text: inner, line: source, leaves, kind, saidHash, ...besides(file, line, members) })
}

/** What stands beside the receipt in its line. */
function besides(file: string, line: number, members: ReadonlyMap<string, string>): Pick<Statement, 'saidNodeId' | 'violation'> {
  const node = members.get('node_id')
  const saidNodeId = wholeOf(node) ?? null
  if (node !== undefined && saidNodeId === null) throw broken(file, line, 'member "node_id" is no whole number')
  const source = members.get('violation')
  if (source === undefined) return { saidNodeId, violation: undefined }
  const violation = source === 'null' ? null : (textOf(source) ?? '')
  if (violation !== null && !violationSchema.safeParse(violation).success)
    throw broken(file, line, `member "violation" is neither null nor a violation that the rules know: ${shown(source)}`)
  return { saidNodeId, violation }
}

type Found = Pick<Statement, 'text' | 'line' | 'leaves' | 'kind' | 'saidHash' | 'saidNodeId' | 'violation'>

function read(file: string, line: number, found: Found): Statement {
  const { text, leaves, kind } = found
  const whole = (member: string): number => {
    const value = wholeOf(leaves.get(member))
    if (value === undefined) throw broken(file, line, `member "${member}" is missing or no whole number`)
    return value
  }
  const amount = leaves.get(kind === 'mint' ? 'paid.tft' : 'reward.tft') ?? ''
  // an amount may exceed 2^53, so it is read from its digits
  if (!/^\d{1,38}$/.test(amount)) throw broken(file, line, 'its amount in TFT is missing or no whole number')
  const address = kind === 'mint' ? '' : textOf(leaves.get('stellar_payout_address'))
  if (address === undefined) throw broken(file, line, 'member "stellar_payout_address" is missing or no text')
  return {
    ...found,
    where: place(file, line),
    trueHash: receiptHash(text),
    formProblem: formProblem(text, kind),
    nodeId: kind === 'retry' ? null : whole('node_id'),
    startTs: whole(kind === 'retry' ? 'retry_period.start' : 'period.start'),
    violation: kind === 'mint' ? mintViolation(leaves) : found.violation,
    address,
    units: BigInt(amount),
  }
}

function mintViolation(leaves: ReadonlyMap<string, string>): string | null {
  return textOf(leaves.get('raw.violation')) ?? null
}

function hashIn(file: string, line: number, text: string): string {
  const hash = text.trim().toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(hash)) throw broken(file, line, `"${shown(text)}" is no hash of 64 hex digits`)
  return hash
}

function place(file: string, line: number): string {
  return `${file}, line ${line}`
}

function shown(text: string): string {
  const short = text.trim().slice(0, 80)
  return short.replace(/[\p{Cc}\p{Cf}]/gu, '?')
}

function broken(file: string, line: number, what: string): AppError {
  return new AppError(
    'archive.format',
    `${place(file, line)}: ${what}. Nothing was compared. Ask for the file again as it was written, unchanged.`,
    { details: { file, line } },
  )
}
