import type { Verdict, VerifiedReceipt, VerifyReport } from '../../../src-shared/compare.ts'
import type { ResourceRule } from '../../../src-shared/mint.ts'
import type { PayConfig } from '../../../src-shared/pay.ts'
import { isPaymentWrong } from '../../../src-shared/payment.ts'
import { FIRST_PERIOD_START_TS, PERIOD_SEC } from '../../../src-shared/time.ts'
import type { Horizon } from '../../clients/stellar/horizon.ts'
import { textOf, wholeOf } from '../../engines/compare/json.ts'
import { keyOf, type OwnReceipt } from '../../engines/compare/own.ts'
import type { PayoutLine, Proposal, Statement } from '../../engines/compare/proposal.ts'
import { lineMisfits, type OwnWord, verifyStatement } from '../../engines/compare/verify.ts'
import type { Store } from '../../store/open.ts'
import { findReceiptByHash } from '../../store/results.ts'
import { basisOf } from '../basis.ts'
import type { JobContext } from '../context.ts'
import type { NodePeriodRules } from '../node-mint.ts'
import { type Due, judgePayment, readPayments } from './payments.ts'
import { type ProposedFile, readProposal } from './read-proposal.ts'
import { type Recomputed, recompute } from './recompute.ts'

export interface VerifyWanted {
  files: ProposedFile[]
  resources: ResourceRule
  rules: NodePeriodRules
  /** periods whose stored data is damaged, each with what is wrong: nothing is computed with them */
  unusable?: ReadonlyMap<number, string>
  /** Stellar too is asked whether each was paid */
  stellar?: { horizon: Horizon; network: string; config: PayConfig }
}

/**
 * Verifies receipts and mints, each by itself: bytes, hash, and what the own store gives; a line of payouts.csv by its receipt. `store`
 * null: there is none, so what it would say is unknown. Throws AppError archive.format, usage, mint.*, store.*, io.*, stellar.*, cancelled.
 */
export async function verifyFiles(store: Store | null, wanted: VerifyWanted, context: JobContext): Promise<VerifyReport> {
  context.onProgress?.({ fraction: null, detail: 'reads the receipts', secondsLeft: null })
  return (await verifyProposal(store, readProposal(wanted.files), wanted, context)).report
}

/** A verification with what it was made from: of each receipt of the report, in its order, what was read and what the own store says. */
export interface Verification {
  report: VerifyReport
  details: ({ kind: 'statement'; statement: Statement; word: OwnWord; misfits: readonly string[] } | { kind: 'line'; line: PayoutLine })[]
  /** by hash what the store would pay once more in the receipts' periods; null: it lacks one of these, or the one before */
  retries: ReadonlyMap<string, { address: string; units: bigint }> | null
}

/** As verifyFiles, of receipts that were read already. */
export async function verifyProposal(
  store: Store | null,
  proposal: Proposal,
  wanted: Omit<VerifyWanted, 'files'>,
  context: JobContext,
): Promise<Verification> {
  const say = (detail: string) => context.onProgress?.({ fraction: null, detail, secondsLeft: null })
  const unusable = wanted.unusable ?? new Map<number, string>()
  const own =
    store &&
    without(
      unusable,
      recompute(store, {
        rules: wanted.rules,
        onStep: detail => detail !== '' && say(detail),
        ...(context.signal && { signal: context.signal }),
      }),
    )
  const used = new Set<number>()
  const word = ownWords(own, wanted.resources, used, unusable)
  const statements = [...(proposal.receipts ?? []), ...proposal.retries, ...(proposal.mints ?? [])]
  const misfits = misfitsOf(proposal, statements)
  const details: Verification['details'] = []
  const receipts = statements.map(statement => {
    const period = periodOf(statement)
    const detail = { kind: 'statement' as const, statement, word: word(statement, period), misfits: misfits.get(statement) ?? [] }
    details.push(detail)
    return verifyStatement(statement, period, detail.word, detail.misfits)
  })
  const known = new Set(statements.map(statement => statement.saidHash ?? statement.trueHash))
  const lines = (proposal.payouts ?? []).filter(({ hash }) => !known.has(hash))
  receipts.push(...lines.map(line => verifyLine(line, store)))
  details.push(...lines.map(line => ({ kind: 'line' as const, line })))
  const ledger = wanted.stellar
    ? await askStellar(wanted.stellar, { receipts, statements, lines, own, resources: wanted.resources }, context)
    : null
  const counts: Record<Verdict, number> = { right: 0, unknown: 0, fails: 0 }
  for (const { verdict } of receipts) counts[verdict]++
  const bases = store ? [...used].sort((a, b) => a - b).map(period => basisOf(store, own!.stored(period))) : []
  return { report: { receipts, counts, bases, ledger }, details, retries: retriesOf(own, receipts, wanted.resources) }
}

interface Verified {
  /** of the statements, then of the lines */
  receipts: VerifiedReceipt[]
  statements: readonly Statement[]
  lines: readonly PayoutLine[]
  own: Recomputed | null
  resources: ResourceRule
}

/** Says of each whether it was paid, and how that was read. A retry and the receipt that it stands for are one debt. */
async function askStellar(
  { horizon, network, config }: NonNullable<VerifyWanted['stellar']>,
  { receipts, statements, lines, own, resources }: Verified,
  context: JobContext,
): Promise<VerifyReport['ledger']> {
  if (receipts.length === 0) return null
  const family = familiesOf(statements, receipts, own, resources)
  const dues: Due[] = [
    ...statements.map((statement, i) => ({
      hash: receipts[i]!.hash,
      address: statement.kind === 'mint' ? null : statement.address,
      units: statement.units,
    })),
    ...lines.map(({ hash, address, units }) => ({ hash, address, units })),
  ].map(due => ({ ...due, family: family.get(due.hash) ?? [] }))
  const history = await readPayments(horizon, { network, config, fromTs: earliestOf(receipts) }, context)
  for (const [i, receipt] of receipts.entries()) {
    const payment = judgePayment(history, dues[i]!)
    receipt.payment = payment
    if (isPaymentWrong(payment)) receipt.verdict = 'fails'
    else if (payment.state === 'not-known' && receipt.verdict === 'right') receipt.verdict = 'unknown'
  }
  return history.read
}

/** No receipt is paid before its period began; of lines alone it is not known which that was. */
function earliestOf(receipts: readonly VerifiedReceipt[]): number {
  const periods = receipts.map(({ period, kind }) => (period === null ? 0 : kind === 'retry' ? period - 1 : period))
  return FIRST_PERIOD_START_TS + Math.min(...periods) * PERIOD_SEC
}

function retriesOf(own: Recomputed | null, receipts: readonly VerifiedReceipt[], resources: ResourceRule): Verification['retries'] {
  // asked for only where a line of payouts.csv has no receipt
  if (!receipts.some(({ kind, verdict }) => kind === 'payout' && verdict === 'unknown')) return null
  const found = new Map<string, { address: string; units: bigint }>()
  for (const period of new Set(receipts.filter(({ kind }) => kind === 'receipt').map(receipt => receipt.period))) {
    const retries = own && period !== null && own.has(period) ? own.retries(period, resources) : null
    if (retries === null) return null
    for (const { hash, address, rewardUnits } of retries) found.set(hash, { address, units: rewardUnits })
  }
  return found
}

/** By hash the others that stand for the same debt: retries in the files, and those that the own store gives for the receipts. */
function familiesOf(
  statements: readonly Statement[],
  receipts: readonly VerifiedReceipt[],
  own: Recomputed | null,
  resources: ResourceRule,
): Map<string, Due['family'][number][]> {
  const found = new Map<string, Due['family'][number][]>()
  const link = (origin: string, retry: string) => {
    const retries = found.get(origin) ?? []
    if (retries.some(({ hash }) => hash === retry)) return
    found.set(origin, [...retries, { hash: retry, isRetry: true }])
    found.set(retry, [{ hash: origin, isRetry: false }])
  }
  for (const [i, { kind, leaves }] of statements.entries())
    if (kind === 'retry') link(textOf(leaves.get('retry_for_receipt')) ?? '', receipts[i]!.hash)
  for (const period of new Set(receipts.filter(({ kind }) => kind === 'receipt').map(receipt => receipt.period)))
    if (own && period !== null && own.has(period) && own.has(period + 1))
      for (const { retryFor, hash } of own.retries(period + 1, resources) ?? []) link(retryFor, hash)
  return found
}

/** The fixed period of a receipt; of a mint the one in which it was closed. */
function periodOf(statement: Statement): number {
  const ts = statement.kind === 'mint' ? (wholeOf(statement.leaves.get('closed.ts')) ?? statement.startTs) : statement.startTs
  return Math.floor((ts - FIRST_PERIOD_START_TS) / PERIOD_SEC)
}

/** Doubles, and lines of payouts.csv that don't pay what their receipt says. */
function misfitsOf(proposal: Proposal, statements: readonly Statement[]): Map<Statement, string[]> {
  const found = new Map<Statement, string[]>()
  const add = (statement: Statement, ...reasons: string[]) => {
    if (reasons.length > 0) found.set(statement, [...(found.get(statement) ?? []), ...reasons])
  }
  const byHash = new Map<string, Statement>()
  const byPlace = new Map<string, Statement>()
  for (const statement of statements) {
    const hash = statement.saidHash ?? statement.trueHash
    const place = statement.kind === 'retry' ? hash : `${statement.kind} ${statement.nodeId} ${statement.startTs}`
    const first = byPlace.get(place)
    if (first) add(statement, `${first.where} is of the same node and period.`)
    else byPlace.set(place, statement)
    if (!byHash.has(hash)) byHash.set(hash, statement)
  }
  const paid = new Map<string, PayoutLine>()
  for (const line of proposal.payouts ?? []) {
    const statement = byHash.get(line.hash)
    if (!statement) continue
    const first = paid.get(line.hash)
    if (first) add(statement, `${line.where} pays it a second time, after ${first.where}.`)
    else paid.set(line.hash, line)
    add(statement, ...lineMisfits(line, statement))
  }
  return found
}

/** One's own results but those of some periods. */
function without(unusable: ReadonlyMap<number, string>, own: Recomputed): Recomputed {
  if (unusable.size === 0) return own
  return {
    ...own,
    has: period => !unusable.has(period) && own.has(period),
    retries: (period, resources) => (unusable.has(period - 1) ? null : own.retries(period, resources)),
  }
}

function ownWords(
  own: Recomputed | null,
  resources: ResourceRule,
  used: Set<number>,
  unusable: ReadonlyMap<number, string>,
): (statement: Statement, period: number) => OwnWord {
  const byKey = new Map<string, Map<string, OwnReceipt>>()
  const listed = (name: string, list: () => readonly OwnReceipt[]): Map<string, OwnReceipt> => {
    let found = byKey.get(name)
    if (!found) {
      found = new Map(list().map(receipt => [keyOf(receipt.nodeId, receipt.startTs), receipt]))
      byKey.set(name, found)
    }
    return found
  }
  const unknown = (period: number): OwnWord => {
    const damaged = unusable.get(period)
    const why = damaged === undefined ? `Period ${period} is not in your store, so` : `The stored data of period ${period} is damaged, so`
    return { known: false, why: `${why} nothing was recomputed.` }
  }
  return (statement, period) => {
    if (own === null) return { known: false, why: 'There is no store of your own, so nothing was recomputed.' }
    const { nodeId, startTs, kind } = statement
    if (kind === 'mint') {
      // one that closed in the block that two periods share, or in the 27 h after the last, stands with the one before
      const block = wholeOf(statement.leaves.get('closed.block')) ?? 0
      const there = [period, period - 1].filter(index => own.has(index) && own.stored(index).coveredToBlock >= block)
      if (there.length === 0) return unknown(period)
      const key = keyOf(nodeId ?? -1, startTs)
      for (const index of there) {
        used.add(index)
        const found = listed(`mints ${index}`, () => own.nodePeriod(index)).get(key)
        if (found) return { known: true, own: found, other: null, resources }
      }
      return { known: true, own: null, other: null, resources }
    }
    if (!own.has(period)) return unknown(period)
    if (kind === 'retry') return retryWord(own, statement, period, resources)
    used.add(period)
    const key = keyOf(nodeId ?? -1, null)
    const mine = listed(`own ${period}`, () => own.v3(period, resources)).get(key) ?? null
    if (mine === null || mine.hash === statement.trueHash) return { known: true, own: mine, other: null, resources }
    const rule = resources === 'latest' ? 'minimum' : 'latest'
    return { known: true, own: mine, other: listed(`other ${period}`, () => own.v3(period, rule)).get(key) ?? null, resources }
  }
}

/** A retry is right in itself if a receipt of the period before gives it; whether that one was unpaid, Stellar alone says. */
function retryWord(own: Recomputed, statement: Statement, period: number, resources: ResourceRule): OwnWord {
  const retries = own.retries(period, resources)
  if (retries === null) return { known: false, why: `Period ${period - 1} is not in your store, so the retry was not recomputed.` }
  const found = retries.find(retry => retry.hash === statement.trueHash)
  if (!found) return { known: true, own: null, other: null, resources }
  const { nodeId, farmId, address, rewardUnits, hash, receipt } = found
  const mine = { nodeId, startTs: null, farmId, farmName: '', address, units: rewardUnits, violation: null, hash, text: receipt }
  return { known: true, own: mine, other: null, resources }
}

/** A line of payouts.csv without its receipt: the store's results may know the hash. */
function verifyLine(line: PayoutLine, store: Store | null): VerifiedReceipt {
  const found = store && findReceiptByHash(store, line.hash, 1)[0]
  const reasons = found
    ? lineMisfits(line, { address: found.outcome.payoutAddress, units: found.outcome.rewardUnits })
    : ['Neither the files nor your store have the receipt of this hash.']
  const verdict: Verdict = !found ? 'unknown' : reasons.length === 0 ? 'right' : 'fails'
  return {
    where: line.where,
    kind: 'payout',
    nodeId: found?.outcome.nodeId ?? null,
    period: found?.period ?? null,
    hash: line.hash,
    verdict,
    bytes: 'unknown',
    hashed: 'unknown',
    recomputed: verdict,
    payment: null,
    reasons,
  }
}
