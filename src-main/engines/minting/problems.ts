import type { EndSnapshot } from '../../../src-shared/grid.ts'
import type { NodeResult, Problem } from '../../../src-shared/mint.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatDuration, formatUtc, PERIOD_SEC, POST_PERIOD_BLOCKS } from '../../../src-shared/time.ts'
import { looksLikePercent } from './payout.ts'
import { type EndIndex, indexEnd } from './result.ts'
import type { Retry } from './retries.ts'
import { isAccountId } from './strkey.ts'
import type { MintResult } from './v3.ts'

/** What a spreadsheet would run if the cell began with it. */
const RUNS = /^[=+\-@\t\r]/
/** What breaks a file whose fields are joined without quoting. */
const BREAKS = /[,\n\r"]/

/** What the problems rest on of each node. */
export type ProblemNode = Pick<
  NodeResult,
  'nodeId' | 'farmId' | 'farmName' | 'payoutAddress' | 'policyId' | 'rewardUnits' | 'measuredUptimeSec'
>

/** What the problems rest on besides the nodes. */
export interface ProblemSource {
  period: { index: number; end: number }
  end: EndSnapshot
  provisional: boolean
  /** as MintResult has it */
  knownToTs: number
}

/**
 * What a person must look at before this result is paid (problems.json): each says what is wrong, what it means for the payout, and the
 * way out. Sorted by kind as listed here, then by id.
 */
function problemsOf(nodes: readonly ProblemNode[], source: ProblemSource, retries: readonly Retry[]): Problem[] {
  const index = indexEnd(source.end)
  return [
    ...provisional(source),
    ...accounts(nodes, index, source.period),
    ...trustlines(nodes, retries, source.period),
    ...policies(nodes, index),
    ...names(nodes),
    ...nodes.flatMap(nodeProblems),
  ]
}

/** Everything for problems.json: of a result (also one put together from parts) and of its retries. */
export function resultProblems(
  result: Pick<MintResult, 'period' | 'provisional' | 'knownToTs'> & { nodes: readonly ProblemNode[] },
  end: EndSnapshot,
  retries: readonly Retry[],
): Problem[] {
  const { period, provisional, knownToTs } = result
  return [...problemsOf(result.nodes, { period, end, provisional, knownToTs }, retries), ...problemsOfRetries(retries)]
}

/** The same for retries: previous addresses stand in retries.csv as they are, new ones in payouts.csv too. */
function problemsOfRetries(retries: readonly Retry[]): Problem[] {
  const problems: Problem[] = []
  for (const retry of retries) {
    const subject = `retry for ${retry.retryFor}`
    if (retry.address === '')
      problems.push({
        kind: 'address-missing',
        subject,
        message: `Farm ${retry.farmId} has no payout address, so the unpaid receipt of node ${retry.nodeId} is not paid now either. ${lastTime('one')}`,
      })
    else if (!isAccountId(retry.address))
      problems.push({
        kind: 'address-invalid',
        subject,
        message: invalidAddress(`Farm ${retry.farmId}`, retry.address, lastTime('a valid one')),
      })
    for (const address of [retry.previousAddress, retry.address])
      if (RUNS.test(address))
        problems.push({ kind: 'spreadsheet-cell', subject, message: runsMessage('retries.csv', 'an address', address) })
      else if (BREAKS.test(address))
        problems.push({ kind: 'csv-unquoted', subject, message: breaksMessage('retries.csv', 'an address', address) })
  }
  return problems
}

function provisional(source: ProblemSource): Problem[] {
  if (!source.provisional) return []
  return [{ kind: 'provisional', subject: `period ${source.period.index}`, message: provisionalMessage(source) }]
}

function provisionalMessage({ end, period, knownToTs }: ProblemSource): string {
  if (knownToTs < period.end) {
    // between the snapshots blocks tell no time, so it is known by their count
    const about = knownToTs === end.ts ? '' : 'about '
    const missing = `${about}${formatDuration(period.end - knownToTs)} of its ${formatDuration(PERIOD_SEC)}`
    return `The archive ends within the period: it is known until ${about}${formatUtc(knownToTs)}, and the rest up to its end, ${missing}, is missing. So the result is provisional and every figure may still change. Mint again when the period and the 27 h after it are complete.`
  }
  // an end snapshot of the period's last second: the block after it may still change what it says
  if (end.ts <= period.end)
    return 'The archive ends before the period does, so every figure may still change. Mint again when the period and the 27 h after it are complete.'
  return `The archive ends before block ${end.block + POST_PERIOD_BLOCKS}, the last of the 27 h after the period, so uptime at the period's end may still change. Bring the rest and mint again before paying.`
}

/** By farm that is owed something. */
function accounts(nodes: readonly ProblemNode[], index: EndIndex, period: ProblemSource['period']): Problem[] {
  const owed = new Map<number, number[]>()
  for (const node of nodes) {
    if (node.rewardUnits === 0n) continue
    const list = owed.get(node.farmId)
    if (list === undefined) owed.set(node.farmId, [node.nodeId])
    else list.push(node.nodeId)
  }
  const problems: Problem[] = []
  for (const [farmId, nodeIds] of [...owed].sort(([a], [b]) => a - b)) {
    const subject = `farm ${farmId}`
    const address = index.addresses.get(farmId) ?? ''
    if (isAccountId(address)) continue
    const name = `Farm ${farmId} (${cleanName(index.farms.get(farmId)?.name ?? '')})`
    if (address === '')
      problems.push({
        kind: 'address-missing',
        subject,
        message: `${name} has no payout address, so ${some(nodeIds)} not paid. ${onceMore('one', period)}`,
      })
    else problems.push({ kind: 'address-invalid', subject, message: invalidAddress(name, address, onceMore('a valid one', period)) })
  }
  return problems
}

/** Of whatever has a line in payouts.csv. */
function trustlines(nodes: readonly ProblemNode[], retries: readonly Retry[], period: ProblemSource['period']): Problem[] {
  const receipts = nodes.some(node => node.rewardUnits > 0n && node.payoutAddress !== '')
  const again = retries.some(retry => retry.address !== '')
  if (!receipts && !again) return []
  const ways = [
    ...(receipts ? [`A receipt of this period can be paid once more, with ${nextPeriod(period)}, and with no later one.`] : []),
    ...(again ? ['For the receipts of the period before, this is the last period with which they can be paid again.'] : []),
  ]
  return [
    {
      kind: 'trustline-unchecked',
      subject: 'all addresses',
      message: `Whether the payout addresses exist and trust TFT was not checked: offline. A payment to one that does not will fail. ${ways.join(' ')}`,
    },
  ]
}

/** Of policies in use. */
function policies(nodes: readonly ProblemNode[], index: EndIndex): Problem[] {
  const problems: Problem[] = []
  for (const id of [...new Set(nodes.map(node => node.policyId))].sort((a, b) => a - b)) {
    const policy = index.policies.get(id)
    if (policy === undefined) continue
    const subject = `policy ${id}`
    const name = `Farming policy ${id} (${cleanName(policy.name)})`
    if (looksLikePercent(policy))
      problems.push({
        kind: 'deviation',
        subject,
        message: `${name} asks a minimal uptime of ${policy.minimal_uptime}, most likely meant in percent, but the rule compares it with permille: nodes are paid in full from ${policy.minimal_uptime / 10} % on. This is kept for parity with the present program; if that is not wanted, the policy must be changed on the chain.`,
      })
    if (policy.minimal_uptime > 1000 && !(id === 1 || id === 2))
      problems.push({
        kind: 'deviation',
        subject,
        message: `${name} asks a minimal uptime of ${policy.minimal_uptime} permille, which no node can reach: nothing is paid under it. The policy must be changed on the chain.`,
      })
    if (policy.cu === 0 && policy.su === 0 && policy.nu === 0 && policy.ipv4 === 0)
      problems.push({ kind: 'deviation', subject, message: `${name} pays nothing for anything. Check the policy on the chain.` })
  }
  return problems
}

/** Of farms with nodes: names and addresses whose bytes are fixed in files without quoting. */
function names(nodes: readonly ProblemNode[]): Problem[] {
  const farms = new Map<number, { name: string; address: string }>()
  for (const node of nodes) farms.set(node.farmId, { name: node.farmName, address: node.payoutAddress })
  const problems: Problem[] = []
  for (const [farmId, { name, address }] of [...farms].sort(([a], [b]) => a - b)) {
    const subject = `farm ${farmId}`
    if (RUNS.test(name)) problems.push({ kind: 'spreadsheet-cell', subject, message: runsMessage('overview.csv', 'its name', name) })
    if (BREAKS.test(name)) problems.push({ kind: 'csv-unquoted', subject, message: breaksMessage('overview.csv', 'its name', name) })
    if (RUNS.test(address))
      problems.push({ kind: 'spreadsheet-cell', subject, message: runsMessage('overview.csv and payouts.csv', 'its address', address) })
    if (BREAKS.test(address))
      problems.push({ kind: 'csv-unquoted', subject, message: breaksMessage('overview.csv and payouts.csv', 'its address', address) })
    if (!name.isWellFormed())
      problems.push({
        kind: 'name-not-text',
        subject,
        message: `The name of farm ${farmId} holds half a surrogate pair, which no UTF-8 file can; it stands as U+FFFD in the receipt, so its hash may differ from another program's. Check the name on the chain.`,
      })
  }
  return problems
}

function nodeProblems(node: ProblemNode): Problem[] {
  const excessSec = node.measuredUptimeSec - PERIOD_SEC
  if (excessSec <= 86_400) return []
  return [
    {
      kind: 'deviation',
      subject: `node ${node.nodeId}`,
      message: `Node ${node.nodeId} was credited ${node.measuredUptimeSec} s, over a day more than the period has. The payout is cut to the period; look at its reports before paying.`,
    },
  ]
}

function invalidAddress(name: string, address: string, wayOut: string): string {
  return `${name} has the payout address "${cleanName(address)}", which is not a valid Stellar account. It stands in payouts.csv as the chain has it, but a payment to it will fail. ${wayOut}`
}

/** The way out for a receipt of this period: planRetries takes those of the period before, so it has one more try. `what` its farmer must register. */
function onceMore(what: string, period: ProblemSource['period']): string {
  return `Its farmer must register ${what} on the chain; what is owed can be paid once more, with ${nextPeriod(period)}, and with no later one.`
}

/** The same for a receipt of the period before, whose one more try this is. */
function lastTime(what: string): string {
  return `This is the last period with which it can be paid again: unless its farmer has registered ${what} on the chain by this period's end, no later mint pays it.`
}

/** Whose end snapshot says to which addresses it pays. */
function nextPeriod({ index, end }: ProblemSource['period']): string {
  return `period ${index + 1} (until ${formatUtc(end + PERIOD_SEC)})`
}

function runsMessage(file: string, what: string, text: string): string {
  return `In ${file}, ${what} "${cleanName(text)}" begins with a character that makes a spreadsheet run the cell, and its bytes are fixed. Open that file as text, or export it with granary export, which escapes such cells.`
}

function breaksMessage(file: string, what: string, text: string): string {
  return `In ${file}, ${what} "${cleanName(text)}" holds a comma, a quote or a line break, and fields are joined there without quoting, as the bytes are fixed. Don't split that line by commas; granary export writes proper CSV.`
}

function some(nodeIds: readonly number[]): string {
  const shown = nodeIds.slice(0, 5).join(', ')
  if (nodeIds.length === 1) return `node ${shown} is`
  return nodeIds.length <= 5 ? `nodes ${shown} are` : `nodes ${shown} and ${nodeIds.length - 5} more are`
}
