import { AppError } from '../../../src-shared/errors.ts'
import { receiptHash, receiptString } from './receipt.ts'

/** A receipt of the period before that was not paid, and its retry. */
export interface Retry {
  nodeId: number
  farmId: number
  previousAddress: string
  /** the farm's address as it is now; empty if it has none */
  address: string
  rewardMusd: bigint
  rewardUnits: bigint
  /** the unpaid receipt's hash */
  retryFor: string
  /** the retry receipt and its hash */
  receipt: string
  hash: string
}

export interface RetryInput {
  /** lines of the previous period's receipts.ndjson */
  previous: Iterable<string>
  /** lower-case hex hashes of receipts that are on a Stellar transaction of the issuer */
  paid: ReadonlySet<string>
  /** by farm, as in the end snapshot */
  addresses: ReadonlyMap<number, string>
  period: { start: number; end: number }
}

/**
 * The retries of unpaid receipts with a reward above 0, in order of their own hash (minting.md, Receipt). AppError `archive.format` with
 * the line where a receipt is not one, its bytes don't give its hash, or it stands there a second time.
 */
export function planRetries(input: RetryInput): Retry[] {
  const retries: Retry[] = []
  /** the line of each hash: a receipt that stands there twice (files put together) must not be paid twice */
  const lines = new Map<string, number>()
  let line = 0
  for (const text of input.previous) {
    line++
    if (text.trim() === '') continue
    const old = parseReceiptLine(text, line)
    const first = lines.get(old.hash)
    if (first !== undefined) throw broken(line, `receipt ${old.hash} of node ${old.nodeId} stands in line ${first} already`)
    lines.set(old.hash, line)
    if (input.paid.has(old.hash) || old.units === 0n) continue
    if (old.end !== input.period.start)
      throw broken(line, `the receipt's period ends at ${old.end}, but the period being minted starts at ${input.period.start}`)
    const address = input.addresses.get(old.farmId) ?? ''
    const receipt =
      `{"failed_payout_period":{"start":${old.start},"end":${old.end}}` +
      `,"retry_period":{"start":${input.period.start},"end":${input.period.end}},"farm_id":${old.farmId}` +
      `,"previous_stellar_payout_address":${receiptString(old.address)},"stellar_payout_address":${receiptString(address)}` +
      `,"retry_for_receipt":"${old.hash}","reward":{"musd":${old.musd},"tft":${old.units}}}`
    retries.push({
      nodeId: old.nodeId,
      farmId: old.farmId,
      previousAddress: old.address,
      address,
      rewardMusd: old.musd,
      rewardUnits: old.units,
      retryFor: old.hash,
      receipt,
      hash: receiptHash(receipt),
    })
  }
  return retries.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0))
}

interface OldReceipt {
  nodeId: number
  hash: string
  start: number
  end: number
  farmId: number
  address: string
  musd: bigint
  units: bigint
}

const RECEIPT_MEMBER = ',"receipt":'

function parseReceiptLine(text: string, line: number): OldReceipt {
  const trimmed = text.trimEnd()
  const at = trimmed.indexOf(RECEIPT_MEMBER)
  if (at < 0 || !trimmed.endsWith('}')) throw broken(line, 'this is not a line {"node_id","hash","violation","receipt"}')
  // the bytes as they were hashed, not as a parser would write them again
  const bytes = trimmed.slice(at + RECEIPT_MEMBER.length, -1)
  let value: unknown
  try {
    value = JSON.parse(trimmed)
  } catch (cause) {
    throw broken(line, 'this is not JSON', cause)
  }
  const hash = member(value, 'hash', 'string', line)
  if (receiptHash(bytes) !== hash) throw broken(line, `the receipt's bytes do not give its hash ${hash}`)
  const receipt = (value as { receipt: unknown }).receipt
  const period = member(receipt, 'period', 'object', line)
  // amounts can exceed 2^53, so they are read from the bytes, not from the parsed number
  const reward = /"reward":\{"musd":(\d+),"tft":(\d+)\}/.exec(bytes.slice(bytes.lastIndexOf('"reward":{')))
  if (!reward) throw broken(line, 'the receipt has no reward{musd,tft}')
  return {
    nodeId: member(receipt, 'node_id', 'number', line),
    hash,
    start: member(period, 'start', 'number', line),
    end: member(period, 'end', 'number', line),
    farmId: member(receipt, 'farm_id', 'number', line),
    address: member(receipt, 'stellar_payout_address', 'string', line),
    musd: BigInt(reward[1]!),
    units: BigInt(reward[2]!),
  }
}

interface Kinds {
  string: string
  number: number
  object: object
}

function member<K extends keyof Kinds>(of: unknown, name: string, kind: K, line: number): Kinds[K] {
  const value = typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[name] : undefined
  if (typeof value !== kind || value === null) throw broken(line, `member "${name}" is missing or not a ${kind}`)
  return value as Kinds[K]
}

function broken(line: number, what: string, cause?: unknown): AppError {
  return new AppError(
    'archive.format',
    `The previous period's receipts, line ${line}: ${what}. Nothing was written. Use the receipts.ndjson of the period just before, unchanged.`,
    { details: { line }, ...(cause === undefined ? {} : { cause }) },
  )
}
