import type { CompareReport, CompareRow } from '../../../src-shared/compare.ts'
import { AppError } from '../../../src-shared/errors.ts'
import type { ResourceRule, Rules } from '../../../src-shared/mint.ts'
import { FIRST_PERIOD_START_TS, PERIOD_SEC } from '../../../src-shared/time.ts'
import { compareProposal } from '../../engines/compare/compare.ts'
import { wholeOf } from '../../engines/compare/json.ts'
import type { Proposal } from '../../engines/compare/proposal.ts'
import { stepReason } from '../../engines/compare/reasons.ts'
import type { Store } from '../../store/open.ts'
import { listPeriods } from '../../store/periods.ts'
import { findReceiptByHash } from '../../store/results.ts'
import { basisOf } from '../basis.ts'
import type { JobContext } from '../context.ts'
import type { NodePeriodRules } from '../node-mint.ts'
import { type ProposedFile, readProposal } from './read-proposal.ts'
import { type Recomputed, recompute } from './recompute.ts'

export interface CompareWanted {
  files: ProposedFile[]
  /** the fixed period; absent: the one that the proposal says */
  period?: number
  resources: ResourceRule
  rules: NodePeriodRules
}

/** Nodes whose own steps are looked through for what differs; who has more of them looks at one first. */
const EXPLAINED = 200
/** Lines whose hashes are looked for in the store, to find the period. */
const LOOKED_FOR = 100

/**
 * Holds another signer's files against what the store's own events give. Throws AppError archive.format (a file is not what it should be:
 * file and line), usage, mint.*, store.*, io.*, cancelled.
 */
export async function compareWithStore(store: Store, wanted: CompareWanted, context: JobContext): Promise<CompareReport> {
  const say = (detail: string) => context.onProgress?.({ fraction: null, detail, secondsLeft: null })
  say('reads the proposal')
  const proposal = readProposal(wanted.files)
  const rules = rulesOf(proposal)
  const period = wanted.period ?? periodOf(store, proposal, rules)
  const own = recompute(store, {
    rules: wanted.rules,
    onStep: detail => detail !== '' && say(detail),
    ...(context.signal && { signal: context.signal }),
  })
  const stored = own.stored(period)
  const common = { period, rules, resources: wanted.resources, proposal, basis: basisOf(store, stored) }
  if (rules === 'node-period') return compareProposal({ ...common, own: own.nodePeriod(period), other: null, retries: null })
  const receipts = own.v3(period, wanted.resources)
  const first = compareProposal({ ...common, own: receipts, other: null, retries: null })
  const isEqual = first.head.counts.equal === first.rows.length
  if (isEqual) return first
  // what could explain the rest takes its time, and only now it is wanted
  const other = new Map(own.v3(period, wanted.resources === 'latest' ? 'minimum' : 'latest').map(receipt => [receipt.nodeId, receipt]))
  const report = compareProposal({ ...common, own: receipts, other, retries: own.retries(period, wanted.resources) })
  explainUptime(report.rows, own, period, wanted.resources)
  return report
}

function rulesOf(proposal: Proposal): Rules {
  const hasV3 = proposal.payouts !== null || proposal.receipts !== null || proposal.retries.length > 0
  if (hasV3 && proposal.mints !== null)
    throw new AppError(
      'usage',
      'These files are of both rule sets: payouts and receipts are of v3, mints of node-period. Compare them one after the other.',
    )
  return hasV3 ? 'v3' : 'node-period'
}

/** The period that a proposal is about, by what it says, else by its hashes. */
function periodOf(store: Store, proposal: Proposal, rules: Rules): number {
  const said = rules === 'v3' ? (proposal.receipts?.[0] ?? proposal.retries[0])?.startTs : closedTs(proposal)
  if (said !== undefined) {
    const index = Math.floor((said - FIRST_PERIOD_START_TS) / PERIOD_SEC)
    const stored = new Set(listPeriods(store).map(period => period.index))
    // the last stored period has the mints that closed in the 27 h after it
    return rules === 'node-period' && !stored.has(index) && stored.has(index - 1) ? index - 1 : index
  }
  for (const { hash } of (proposal.payouts ?? []).slice(0, LOOKED_FOR)) {
    const found = findReceiptByHash(store, hash, 1)[0]
    if (found) return found.period
  }
  throw new AppError(
    'usage',
    'The proposal does not say which period it is of, and none of its receipts is in your store. Name the period: --period K.',
  )
}

/** When one of the middle was closed: the first and the last can lie in a block that another period begins with. */
function closedTs({ mints }: Proposal): number | undefined {
  return wholeOf(mints?.[Math.floor(mints.length / 2)]?.leaves.get('closed.ts'))
}

function explainUptime(rows: readonly CompareRow[], own: Recomputed, period: number, resources: ResourceRule): void {
  let left = EXPLAINED
  for (const row of rows) {
    const uptime = row.differences.find(({ member }) => member === 'measured_uptime')
    if (row.nodeId === null || row.state !== 'differs' || !uptime?.own || !uptime.theirs || left-- <= 0) continue
    const more = Number(uptime.theirs) - Number(uptime.own)
    const reason = Number.isSafeInteger(more) ? stepReason(own.steps(period, row.nodeId, resources), more) : null
    if (reason !== null) row.reasons.push(reason)
  }
}
