import { gunzipSync } from 'node:zlib'
import { AppError, toAppError } from '../../../src-shared/errors.ts'
import type { EndSnapshot, StartSnapshot } from '../../../src-shared/grid.ts'
import type { Explanation } from '../../../src-shared/mint.ts'
import { tftExact } from '../../../src-shared/money.ts'
import { isPaymentWrong, paymentText } from '../../../src-shared/payment.ts'
import type { SealedCheck } from '../../../src-shared/sealed-check.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { singleWord } from '../../../src-shared/verify.ts'
import { readArchiveBytes } from '../../archive/read.ts'
import { readEnvelope } from '../../clients/stellar/envelope.ts'
import { isBy } from '../../clients/stellar/signatures.ts'
import { parseStatement, type Statement } from '../../engines/compare/proposal.ts'
import { createV3Mint, type V3Mint } from '../../engines/minting/v3.ts'
import { loadBlocks } from '../../store/chain.ts'
import type { Store } from '../../store/index.ts'
import { listPeriods } from '../../store/periods.ts'
import { derivationLine, nodeArchive } from './bundle.ts'
import {
  ARCHIVE_HEAD_LINES,
  BUNDLE_WHAT,
  type BundleHead,
  type BundlePayments,
  bundleHashesSchema,
  bundleHeadSchema,
  bundlePaymentsSchema,
  bundleReceiptSchema,
  MAX_BUNDLE_BYTES,
  MAX_LINES,
  MAX_TEXT_BYTES,
  PREAMBLE_LINES,
} from './bundle-form.ts'
import { bytesOfBase64, jsonOrNothing, linesIn } from './read-text.ts'
import { checkSeal } from './seal.ts'

type Check = SealedCheck['checks'][number]
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
  const problems: Problem[] = seal.altered.map(number => ({ name: nameOfLine(lines, number), why: 'It is not as it was sealed.' }))
  if (seal.state === 'broken' && problems.length === 0) problems.push({ name: 'seal', why: seal.why })
  const found: SealedCheck = { file, kind: 'bundle', subject: 'evidence bundle', seal, checks: [], problems }
  const head = bundleHeadSchema.safeParse(jsonOrNothing(lines[0] ?? ''))
  const receipt = bundleReceiptSchema.safeParse(jsonOrNothing(lines[1] ?? ''))
  const payments = bundlePaymentsSchema.safeParse(jsonOrNothing(lines[3] ?? ''))
  const hashes = bundleHashesSchema.safeParse(jsonOrNothing(lines[4] ?? ''))
  const unread = [head, receipt, payments, hashes].findIndex(({ success }) => !success)
  if (!head.success || !receipt.success || !payments.success || !hashes.success) {
    if (problems.length === 0)
      problems.push({ name: nameOfLine(lines, [1, 2, 4, 5][unread]!), why: 'It is not what stands there in an evidence bundle.' })
    return found
  }
  const { nodeId, period } = head.data
  found.subject = `node ${nodeId}, period ${period.index}, receipt ${receipt.data.hash}`
  const statement = statementOf(receipt.data.receipt, problems)
  if (!statement) return found
  const archive = lines.slice(PREAMBLE_LINES)
  found.checks.push(
    bytesCheck(statement),
    hashCheck(statement, receipt.data.hash),
    ...recomputeChecks(head.data, statement, archive, lines[2] ?? ''),
    paymentCheck(statement, receipt.data.hash, payments.data),
    basisCheck(head.data),
    hashesCheck(store, hashes.data.blocks, archive),
    await storeCheck(store, head.data, archive),
  )
  return found
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

/** What stands in a line, as far as it can be read: `block 1000007 (NodeUptimeReported)`. */
function nameOfLine(lines: readonly string[], number: number): string {
  const line = lines[number - 1]
  const fixed = ['head', 'receipt', 'derivation', 'payments', 'block hashes', 'archive header', 'state at the start', 'state at the end']
  if (line === undefined) return `line ${number}, which is missing`
  if (number <= PREAMBLE_LINES + ARCHIVE_HEAD_LINES) return `line ${number}, ${fixed[number - 1]}`
  const block = /"n":(\d{1,12})/.exec(line)?.[1]
  const events = [...line.matchAll(/\["\w{1,40}\.(\w{1,60})"/g)].map(([, event]) => event)
  return `line ${number}, block ${block ?? 'whose number can’t be read'}${events.length === 0 ? '' : ` (${events.join(', ')})`}`
}

function statementOf(text: string, problems: Problem[]): Statement | undefined {
  const [statement] = parseStatement('receipt', text, null, (_where, _text, { message }) =>
    problems.push({ name: 'receipt', why: message }),
  )
  return statement
}

const right = (name: string, why = ''): Check => ({ name, state: 'right', why })
const fails = (name: string, why: string): Check => ({ name, state: 'fails', why })
const unknown = (name: string, why: string): Check => ({ name, state: 'not-checked', why })

function bytesCheck({ formProblem }: Statement): Check {
  return formProblem === null
    ? right('receipt’s bytes')
    : fails('receipt’s bytes', `They leave the one form that they must have at ${formProblem}.`)
}

function hashCheck({ trueHash }: Statement, said: string): Check {
  return said === trueHash ? right('hash') : fails('hash', `The bundle says ${said}, the bytes give ${trueHash}.`)
}

/** Computes the payout from the bundle's own events with the same engine. */
function recomputeChecks(head: BundleHead, statement: Statement, archive: readonly string[], derivation: string): Check[] {
  const names = ['recomputed from its events', 'derivation']
  try {
    const own = recomputeNode(head, archive)
    if (!own) return [fails(names[0]!, `Its events know no node ${head.nodeId}.`), unknown(names[1]!, 'Nothing was computed.')]
    const isSame = own.receipt === statement.text
    const receipt = isSame
      ? right(names[0]!, `${tftExact(own.rewardUnits)} TFT, to the byte.`)
      : fails(
          names[0]!,
          `Its events give receipt ${own.hash} over ${tftExact(own.rewardUnits)} TFT, it says ${tftExact(statement.units)} TFT.`,
        )
    const isDerived = derivationLine(own) === derivation
    return [receipt, isDerived ? right(names[1]!) : fails(names[1]!, 'It is not the derivation that its events give.')]
  } catch (error) {
    const { message } = toAppError(error)
    return [fails(names[0]!, message), unknown(names[1]!, 'Nothing was computed.')]
  }
}

function recomputeNode(head: BundleHead, archive: readonly string[]): Explanation | null {
  let mint: V3Mint | null = null
  let start: StartSnapshot | null = null
  const only = (id: number) => id === head.nodeId
  const ready = (): V3Mint => {
    if (!mint) throw new AppError('archive.format', 'The events stand before the state that they are counted from.')
    return mint
  }
  let header: { network: string; period: BundleHead['period'] } | null = null
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

/** The payments in it, by their own bytes; that the ledger took them, only Stellar says. */
function paymentCheck({ address, units }: Statement, hash: string, { found, checkedTs, runs }: BundlePayments): Check {
  const name = 'payment'
  for (const { tx, envelope, passphrase, payer, assetCode, issuer, signatures } of runs) {
    try {
      const facts = readEnvelope(envelope, passphrase)
      const [payment] = facts.payments
      if (facts.hash !== tx || !bytesOfBase64(envelope)) return fails(name, `The bytes of transaction ${tx} give the hash ${facts.hash}.`)
      const isRight =
        facts.payments.length === 1 &&
        facts.otherOperations.length === 0 &&
        payment?.from === payer &&
        payment.to === address &&
        payment.amountUnits === units &&
        payment.asset?.code === assetCode &&
        payment.asset.issuer === issuer &&
        facts.memoHash === hash
      if (!isRight) return fails(name, `Transaction ${tx} pays something else than the receipt says.`)
      const forged = signatures.find(({ signer, signature }) => !isSignature(signer, tx, signature))
      if (forged) return fails(name, `The signature of ${forged.signer} does not fit transaction ${tx}.`)
    } catch (error) {
      return fails(name, `Transaction ${tx} can’t be read: ${toAppError(error).message}`)
    }
  }
  const said = found === null ? '' : `As Stellar said${checkedTs === null ? '' : ` ${formatUtc(checkedTs)}`}: ${paymentText(found)}. `
  if (found !== null && isPaymentWrong(found)) return fails(name, said)
  const [run] = runs
  if (run)
    return unknown(name, `${said}Transaction ${run.tx} pays just this, by its own bytes; that the ledger holds it, and once, ask Stellar.`)
  return unknown(name, said === '' ? 'No payment is in the bundle.' : `${said}Ask Stellar whether that is so.`)
}

function isSignature(signer: string, tx: string, signature: string): boolean {
  const bytes = bytesOfBase64(signature)
  return bytes?.length === 64 && isBy(signer, Buffer.from(tx, 'hex'), bytes)
}

function basisCheck({ basis }: BundleHead): Check {
  const name = 'where its events come from'
  if (basis.source.kind === 'archive') return unknown(name, `From the file ${basis.source.name}, says its maker; no chain node was asked.`)
  return unknown(
    name,
    `From the chain, says its maker${singleWord(basis) === null ? '' : `, though ${singleWord(basis)}`}. Sync the period to know.`,
  )
}

function hashesCheck(store: Store | null, pairs: readonly (readonly [number, string])[], archive: readonly string[]): Check {
  const name = 'block hashes'
  const blocks = archive.length - ARCHIVE_HEAD_LINES
  const said = `${pairs.length} of the ${blocks} blocks with events have their hash in it`
  const [first, last] = [pairs[0], pairs.at(-1)]
  if (!first || !last) return unknown(name, `${said}.`)
  const known = new Map((store ? loadBlocks(store, first[0], last[0]) : []).map(({ n, hash }) => [n, hash]))
  const other = pairs.find(([n, hash]) => known.has(n) && known.get(n) !== hash)
  if (other) return fails(name, `Block ${other[0]} has another hash in your store: ${known.get(other[0])}, not ${other[1]}.`)
  const same = pairs.filter(([n]) => known.has(n)).length
  return same === pairs.length
    ? right(name, `${said}, and your store has the same.`)
    : unknown(name, `${said}; ${same} of them are known here, and the same.`)
}

/** With a store that has the period, the events must be those that it has. */
async function storeCheck(store: Store | null, { nodeId, period }: BundleHead, archive: readonly string[]): Promise<Check> {
  const name = 'against your own store'
  const stored = store && listPeriods(store).find(({ index }) => index === period.index)
  if (!store || !stored) return unknown(name, `Period ${period.index} is not in your store.`)
  try {
    const own = await nodeArchive(store, period.index, nodeId)
    const at = Array.from({ length: Math.max(own.length, archive.length) }, (_, i) => i).find(i => own[i] !== archive[i])
    if (at === undefined)
      return right(
        name,
        `Every event and state of the node is as stored here (from ${stored.origin === 'sync' ? 'the chain' : 'an archive'}).`,
      )
    const [mine, theirs] = [own[at], archive[at]]
    const before: string[] = Array(PREAMBLE_LINES).fill('')
    const line = nameOfLine([...before, ...(mine === undefined ? archive : own)], at + PREAMBLE_LINES + 1)
    const how =
      theirs === undefined ? 'only your store has it' : mine === undefined ? 'only the bundle has it' : 'your store has something else'
    return fails(name, `${line}: ${how}.`)
  } catch (error) {
    return unknown(name, toAppError(error).message)
  }
}
