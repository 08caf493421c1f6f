import { gunzipSync } from 'node:zlib'
import { AppError } from '../../../src-shared/errors.ts'
import type { EndSnapshot, StartSnapshot } from '../../../src-shared/grid.ts'
import type { Explanation } from '../../../src-shared/mint.ts'
import type { SealedCheck } from '../../../src-shared/sealed-check.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { readArchiveBytes } from '../../archive/read.ts'
import { parseStatement, type Statement } from '../../engines/compare/proposal.ts'
import { createV3Mint, type V3Mint } from '../../engines/minting/v3.ts'
import type { Store } from '../../store/index.ts'
import { listPeriods } from '../../store/periods.ts'
import { nodeArchive } from './bundle.ts'
import {
  basisCheck,
  bytesCheck,
  type Check,
  eventsCheck,
  hashCheck,
  hashesCheck,
  nameOfLine,
  OWN_STORE,
  paymentCheck,
  recomputeChecks,
  unknown,
} from './bundle-checks.ts'
import {
  BUNDLE_WHAT,
  type BundleHead,
  bundleDecisionSchema,
  bundleHashesSchema,
  bundleHeadSchema,
  bundlePaymentsSchema,
  bundleReceiptSchema,
  type FixedHead,
  MAX_BUNDLE_BYTES,
  MAX_LINES,
  MAX_TEXT_BYTES,
  PREAMBLE,
} from './bundle-form.ts'
import { jsonOrNothing, linesIn } from './read-text.ts'
import { checkSeal } from './seal.ts'
import { type BundleParts, ownChecks, type Pairs } from './verify-own-bundle.ts'

type Problem = SealedCheck['problems'][number]

/**
 * Verifies an evidence bundle: its seal; that the receipt has its hash; that the payout computed anew from the bundle's own events is the same to
 * the byte, and the derivation too; that a payment in it pays just that. With a store that has the period, also that the events are those stored.
 * Throws AppError archive.format where it is no bundle, or larger than any.
 */
export async function verifyBundle(file: string, bytes: Uint8Array, store: Store | null): Promise<SealedCheck> {
  const lines = unpack(file, bytes)
  const last = lines.pop()
  const seal = await checkSeal(BUNDLE_WHAT, lines, last)
  const head = bundleHeadSchema.safeParse(jsonOrNothing(lines[0] ?? ''))
  // a head that can’t be read does not say what the lines are
  const rules = head.data?.rules ?? (lines[5]?.includes('"kind":"decision"') ? 'node-period' : 'v3')
  const problems: Problem[] = seal.altered.map(number => ({ name: nameOfLine(lines, number, rules), why: 'It is not as it was sealed.' }))
  if (seal.state === 'broken' && problems.length === 0) problems.push({ name: 'seal', why: seal.why })
  const found: SealedCheck = { file, kind: 'bundle', subject: 'evidence bundle', seal, checks: [], problems }
  const receipt = bundleReceiptSchema.safeParse(jsonOrNothing(lines[1] ?? ''))
  const payments = bundlePaymentsSchema.safeParse(jsonOrNothing(lines[3] ?? ''))
  const hashes = bundleHashesSchema.safeParse(jsonOrNothing(lines[4] ?? ''))
  const decision = bundleDecisionSchema.safeParse(jsonOrNothing(lines[5] ?? ''))
  const unread = [head, receipt, payments, hashes, ...(rules === 'v3' ? [] : [decision])].findIndex(({ success }) => !success)
  if (unread >= 0 || !head.success || !receipt.success || !payments.success || !hashes.success) {
    const name = nameOfLine(lines, [1, 2, 4, 5, 6][unread]!, rules)
    if (problems.length === 0) problems.push({ name, why: 'It is not what stands there in an evidence bundle.' })
    return found
  }
  const { hash } = receipt.data
  found.subject = subjectOf(head.data, hash)
  const statement = statementOf(receipt.data.receipt, problems)
  if (!statement) return found
  const archive = lines.slice(PREAMBLE[rules].length)
  const parts = { statement, hash, derivation: lines[2] ?? '', payments: payments.data, archive }
  found.checks.push(
    bytesCheck(statement),
    hashCheck(statement, hash),
    ...(head.data.rules === 'v3'
      ? await fixedChecks(head.data, parts, hashes.data.blocks, store)
      : await ownChecks(head.data, { ...parts, decision: decision.data! }, hashes.data.blocks, store)),
  )
  return found
}

function subjectOf(head: BundleHead, hash: string): string {
  return head.rules === 'v3'
    ? `node ${head.nodeId}, period ${head.period.index}, receipt ${hash}`
    : `node ${head.nodeId}, its own period from ${formatUtc(head.period.start)}, mint ${hash}`
}

async function fixedChecks(head: FixedHead, parts: BundleParts, hashes: Pairs, store: Store | null): Promise<Check[]> {
  const { statement, hash, derivation, payments, archive } = parts
  const { address, units } = statement
  return [
    ...recomputeChecks(statement, head.nodeId, derivation, () => recomputeNode(head, archive)),
    paymentCheck({ hash, units, address }, payments),
    basisCheck([head.basis]),
    hashesCheck(store, hashes, archive),
    await storeCheck(store, head, archive),
  ]
}

function unpack(file: string, bytes: Uint8Array): string[] {
  const refuse = (what: string, cause?: unknown) =>
    new AppError('archive.format', `${file}: ${what}. Nothing was verified. Ask for the file again as it was made.`, {
      cause,
      details: { file },
    })
  if (bytes.length > MAX_BUNDLE_BYTES) throw refuse(`it is larger than any evidence bundle (${MAX_BUNDLE_BYTES / 2 ** 20} MiB)`)
  let text: Buffer
  try {
    text = gunzipSync(bytes, { maxOutputLength: MAX_TEXT_BYTES })
  } catch (cause) {
    throw refuse('it is damaged, or unpacks to more than any evidence bundle', cause)
  }
  const lines = linesIn(text, MAX_LINES + 2)
  if (lines.length > MAX_LINES) throw refuse('it has more lines than any evidence bundle')
  if (!lines[0]?.includes('"kind":"evidence"') && !lines[0]?.includes('"format":"granary-evidence"'))
    throw refuse('it is no evidence bundle')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function statementOf(text: string, problems: Problem[]): Statement | undefined {
  const [statement] = parseStatement('receipt', text, null, (_where, _text, { message }) =>
    problems.push({ name: 'receipt', why: message }),
  )
  return statement
}

function recomputeNode(head: FixedHead, archive: readonly string[]): Explanation | null {
  let mint: V3Mint | null = null
  let start: StartSnapshot | null = null
  const only = (id: number) => id === head.nodeId
  const ready = (): V3Mint => {
    if (!mint) throw new AppError('archive.format', 'The events stand before the state that they are counted from.')
    return mint
  }
  let header: { network: string; period: FixedHead['period'] } | null = null
  readArchiveBytes('the bundle', Buffer.from(`${archive.join('\n')}\n`), {
    header(value) {
      header = { network: value.network, period: value.period }
      const { index, start: from, end } = head.period
      const isSame = value.period.index === index && value.period.start === from && value.period.end === end
      if (!isSame || value.blocks.last !== head.coveredToBlock)
        throw new AppError('archive.format', 'Its events are of another period or other blocks than its head says.')
    },
    start(value) {
      start = value
    },
    end(value: EndSnapshot) {
      mint = createV3Mint(header!, start!, value, { resources: head.resources, explain: only, withoutDays: true })
    },
    block: (n, ts) => ready().block(n, ts),
    uptime: (nodeId, now, uptime) => ready().uptime(nodeId, now, uptime),
    consumption: (contractId, timestamp, window, nru) => ready().consumption(contractId, timestamp, window, nru),
    rare: event => ready().rare(event),
  })
  const done = ready()
  const { nodes } = done.finish(head.coveredToBlock)
  return nodes.some(({ nodeId }) => only(nodeId)) ? done.explanation(head.nodeId) : null
}

/** With a store that has the period, the events must be those that it has. */
async function storeCheck(store: Store | null, { nodeId, period }: FixedHead, archive: readonly string[]): Promise<Check> {
  const stored = store && listPeriods(store).find(({ index }) => index === period.index)
  if (!store || !stored) return unknown(OWN_STORE, `Period ${period.index} is not in your store.`)
  return eventsCheck('v3', archive, stored, () => nodeArchive(store, period.index, nodeId))
}
