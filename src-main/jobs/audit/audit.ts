import { basename } from 'node:path'
import type { VerifiedReceipt } from '../../../src-shared/compare.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { type AuditedReceipt, type AuditedRecords, type AuditHead, type ReceiptAudit, sumAudit } from '../../../src-shared/receipt-audit.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { isPayoutInForm, type Proposal, parseStatement, type Statement } from '../../engines/compare/proposal.ts'
import type { Store } from '../../store/index.ts'
import { storedNetwork, storedPeriod } from '../../store/periods.ts'
import { loadSummaries } from '../../store/results.ts'
import { type ProposedFile, readProposal } from '../compare/read-proposal.ts'
import { type VerifyWanted, verifyProposal } from '../compare/verify.ts'
import type { JobContext } from '../context.ts'
import { type AuditBasis, auditedReceipt, judgeStray, unreadable } from './audited-receipt.ts'
import { examineEvents, examineResults, examineTrail } from './data-records.ts'
import { examinePayments } from './payment-records.ts'
import { examineVotes } from './vote-records.ts'

export interface AuditWanted extends Omit<VerifyWanted, 'files'> {
  files: readonly ProposedFile[]
  /** the store's own results of this period */
  period: number | null
  against: AuditHead['against']
  /** the version of this program */
  madeBy: string
  nowTs: number
}

/** A receipt line that could not be read. */
interface Unreadable {
  where: string
  why: string
}

/**
 * Looks at receipts from files, folders and the store's own results of a period, check by check, and at what the books and the chain data hold.
 * What is wrong never ends it: it is named. `store` null: there is none, and what it would say was not checked.
 * Rejects with AppError usage, mint.missing, io.*, stellar.*, cancelled; store.* where the store itself can't be read.
 */
export async function auditReceipts(store: Store | null, wanted: AuditWanted, context: JobContext): Promise<ReceiptAudit> {
  const say = (detail: string) => {
    if (context.signal?.aborted) throw new AppError('cancelled', 'Stopped on request.')
    context.onProgress?.({ fraction: null, detail, secondsLeft: null })
  }
  say('reads the receipts')
  const bad: Unreadable[] = []
  const onUnreadable = (where: string, _text: string, { message }: AppError) => bad.push({ where, why: message })
  const proposal = wanted.files.length > 0 ? readProposal(wanted.files, onUnreadable) : emptyProposal()
  if (wanted.period !== null) addOwn(proposal, store, wanted.period, bad)
  say('looks at the chain data')
  const events = store ? examineEvents(store) : null
  const unusable = events?.unusable ?? new Map<number, string>()
  const { report, details, retries } = await verifyProposal(store, proposal, { ...wanted, unusable }, context)
  const basis: AuditBasis = {
    store,
    network: store && storedNetwork(store),
    unusable,
    bases: report.bases,
    stellarAsked: report.ledger !== null,
    looks: new Map(),
  }
  const receipts = report.receipts.map((receipt: VerifiedReceipt, i) => auditedReceipt(receipt, details[i]!, basis))
  const hasReceipts = wanted.files.length > 0 && (proposal.receipts ?? []).length > 0
  for (const receipt of receipts)
    if (receipt.kind === 'payout' && receipt.verdict === 'unknown' && hasReceipts) judgeStray(receipt, retries)
  for (const line of proposal.payouts ?? [])
    if (!isPayoutInForm(line)) bad.push({ where: line.where, why: 'The line is not written as a mint writes it, to the byte.' })
  receipts.push(...bad.map(({ where, why }) => unreadable(where, why)))
  const records: AuditedRecords[] = []
  if (store && events) {
    say('looks at the audit trail')
    records.push(examineTrail(store))
    say('looks at votes')
    records.push(await examineVotes(store))
    say('looks at payments')
    records.push(await examinePayments(store))
    const { unusable: _, ...found } = events
    records.push(found)
    if (wanted.period !== null) {
      say(`compares the results of period ${wanted.period}`)
      records.push(resultsOf(store, wanted.period, wanted, unusable))
    }
  }
  const order = inOrder(receipts)
  return {
    head: headOf(store, wanted),
    receipts: order,
    records,
    bases: report.bases,
    ledger: report.ledger,
    sums: sumAudit(order, records),
  }
}

function headOf(store: Store | null, { files, period, resources, against, madeBy, nowTs, stellar }: AuditWanted): AuditHead {
  const subjects = [...files.map(({ path, name }) => cleanName(name ?? basename(path))), ...(period === null ? [] : [`period ${period}`])]
  return { madeTs: nowTs, madeBy, network: (store && storedNetwork(store)) ?? stellar?.network ?? null, subjects, resources, against }
}

function resultsOf(store: Store, index: number, { resources }: AuditWanted, unusable: ReadonlyMap<number, string>): AuditedRecords {
  const why = unusable.get(index)
  if (why !== undefined) return { kind: 'result', checked: 0, state: 'not-checked', why: `Its events can’t be used. ${why}`, wrong: [] }
  return examineResults(store, storedPeriod(store, index), resources)
}

function emptyProposal(): Proposal {
  return { files: [], payouts: null, receipts: null, mints: null, retries: [] }
}

/** The store's own receipts of a period, as somebody else's are read. Throws AppError mint.missing, usage. */
function addOwn(proposal: Proposal, store: Store | null, index: number, bad: Unreadable[]): void {
  if (!store) throw new AppError('usage', 'There is no store of your own, so it has no period. Name files instead.')
  storedPeriod(store, index)
  if (!loadSummaries(store).some(({ summary }) => summary.index === index))
    throw new AppError('mint.missing', `Period ${index} was not computed in this store. Open Granary once, which computes it.`)
  const found = store.facts
    .prepare(
      `SELECT r.node_id AS nodeId, r.hash, r.violation, t.receipt FROM node_results r
       LEFT JOIN node_texts t ON t.period = r.period AND t.node_id = r.node_id WHERE r.period = ? ORDER BY r.node_id`,
    )
    .iterate(index) as Iterable<{ nodeId: number; hash: string; violation: string | null; receipt: string | null }>
  const own: Statement[] = []
  for (const { nodeId, hash, violation, receipt } of found) {
    const where = `period ${index}, node ${nodeId}`
    const line = `{"node_id":${nodeId},"hash":${JSON.stringify(hash)},"violation":${JSON.stringify(violation)},"receipt":${receipt ?? '{}'}}`
    const read = parseStatement(where, line, null, (_where, _text, { message }) => bad.push({ where, why: message }))
    own.push(...read.map(statement => ({ ...statement, where })))
  }
  // the same receipt in a file is looked at as that: it is no second one
  const given = new Set((proposal.receipts ?? []).filter(({ saidHash, trueHash }) => saidHash === trueHash).map(({ trueHash }) => trueHash))
  const others = own.filter(({ saidHash, trueHash }) => saidHash !== trueHash || !given.has(trueHash))
  proposal.receipts = [...(proposal.receipts ?? []), ...others]
}

/** What is wrong first, then what was not wholly checked; otherwise as they came. */
function inOrder(receipts: AuditedReceipt[]): AuditedReceipt[] {
  const place = { fails: 0, unknown: 1, right: 2 }
  return receipts.sort((a, b) => place[a.verdict] - place[b.verdict])
}
