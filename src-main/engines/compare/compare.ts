import { type CompareHead, type CompareReport, type CompareRow, compareStates, type Difference } from '../../../src-shared/compare.ts'
import type { ResourceRule, Rules } from '../../../src-shared/mint.ts'
import { tftExact } from '../../../src-shared/money.ts'
import { isAccountId } from '../minting/strkey.ts'
import { brokenness, statementDifferences } from './differences.ts'
import { type Match, matchPayouts } from './match-payouts.ts'
import { firstOutOfOrder } from './order.ts'
import { isPaid, keyOf, type OwnReceipt, type OwnRetry } from './own.ts'
import type { Proposal, Statement } from './proposal.ts'
import { addressReason, brokenReasons, reasonsOf } from './reasons.ts'

export interface CompareInput {
  period: number
  rules: Rules
  resources: ResourceRule
  /** by node, under node-period then by time */
  own: readonly OwnReceipt[]
  /** the same nodes under the other choice of resources, by node; null: not computed */
  other: ReadonlyMap<number, OwnReceipt> | null
  /** what would be paid once more if nothing of the period before was paid; null: that period is not known */
  retries: readonly OwnRetry[] | null
  proposal: Proposal
  basis: CompareHead['basis']
}

/** Holds a proposal against one's own recomputation: what is equal, what differs and why, what is missing, what is too much. */
export function compareProposal(input: CompareInput): CompareReport {
  const { own, proposal, rules } = input
  const rows = new Map<string, CompareRow>()
  const retries = new Map((input.retries ?? []).map(retry => [retry.hash, retry]))
  const statements = rules === 'v3' ? proposal.receipts : proposal.mints
  const theirs = new Map<string, Statement>()
  const extras: CompareRow[] = []
  for (const statement of statements ?? []) {
    const key = keyOf(statement.nodeId ?? -1, rules === 'v3' ? null : statement.startTs)
    const first = theirs.get(key)
    if (first) extras.push(extraStatement(statement, `Node ${statement.nodeId} stands in ${first.where} already.`))
    else theirs.set(key, statement)
  }
  if (statements !== null) for (const [key, row] of compareStatements(input, theirs)) rows.set(key, row)

  const byHash = new Map([...theirs.values()].map(statement => [statement.saidHash ?? statement.trueHash, statement]))
  let matches: Match[] = []
  if (proposal.payouts !== null && rules === 'v3') {
    const byOtherHash = new Map([...(input.other ?? [])].map(([nodeId, receipt]) => [receipt.hash, nodeId]))
    const nodeOf = (hash: string) => byHash.get(hash)?.nodeId ?? byOtherHash.get(hash) ?? null
    matches = matchPayouts(own, proposal.payouts, nodeOf, hash => retries.has(hash))
    for (const match of matches) {
      if (match.own === null) extras.push(unmatched(match, input, retries))
      else addPayout(rows, match, input, byHash.get(match.line.hash) ?? null)
    }
    const paid = new Set(matches.map(match => match.own))
    for (const receipt of own) if (isPaid(receipt) && !paid.has(receipt)) addMissing(rows, receipt)
  }
  for (const statement of proposal.retries) extras.push(retryStatement(statement, input, retries))

  const place = new Map(own.map((receipt, i) => [keyOf(receipt.nodeId, receipt.startTs), i]))
  const all = [...rows].sort(([a], [b]) => (place.get(a) ?? own.length) - (place.get(b) ?? own.length)).map(([, row]) => row)
  all.push(...inPlace(extras, matches))
  const sorted = compareStates.flatMap(state => all.filter(row => row.state === state))
  return {
    head: {
      period: input.period,
      rules,
      resources: input.resources,
      files: proposal.files,
      counts: Object.fromEntries(
        compareStates.map(state => [state, all.filter(row => row.state === state).length]),
      ) as CompareHead['counts'],
      sums: sumsOf(input, statements, matches),
      retryUnits: sum(all.filter(row => row.state === 'retry').map(row => row.theirUnits ?? 0n)),
      order: firstOutOfOrder(statements ?? [], matches, own),
      badAddresses: new Set(payees(proposal).filter(address => !isAccountId(address))).size,
      basis: input.basis,
    },
    rows: sorted.map((row, i) => ({ ...row, id: String(i) })),
  }
}

/** A row for each receipt that either side has. */
function compareStatements(input: CompareInput, theirs: ReadonlyMap<string, Statement>): [string, CompareRow][] {
  const { own, other, resources } = input
  const rows: [string, CompareRow][] = []
  const known = new Set<string>()
  for (const receipt of own) {
    const key = keyOf(receipt.nodeId, receipt.startTs)
    known.add(key)
    const statement = theirs.get(key)
    if (!statement) {
      rows.push([key, { ...ownRow(receipt), state: 'missing', reasons: ['The proposal has no receipt of this node.'] }])
      continue
    }
    const differences = statementDifferences(receipt, statement)
    const isEqual = differences.length === 0
    const asOther = other?.get(receipt.nodeId) ?? null
    const reasons = isEqual ? [] : reasonsOf({ own: receipt, theirs: statement, differences, resources, other: asOther })
    rows.push([
      key,
      {
        ...ownRow(receipt),
        state: isEqual ? 'equal' : 'differs',
        theirUnits: statement.units,
        theirHash: statement.saidHash ?? statement.trueHash,
        where: statement.where,
        differences,
        reasons,
      },
    ])
  }
  for (const [key, statement] of theirs)
    if (!known.has(key)) rows.push([key, extraStatement(statement, 'Your data has no such node in this period.')])
  return rows
}

function ownRow(own: OwnReceipt): CompareRow {
  return {
    id: '',
    state: 'equal',
    nodeId: own.nodeId,
    startTs: own.startTs,
    farmId: own.farmId,
    farmName: own.farmName,
    address: own.address,
    ownUnits: own.units,
    theirUnits: null,
    ownHash: own.hash,
    theirHash: null,
    where: '',
    differences: [],
    reasons: [],
  }
}

const noOne = { id: '', nodeId: null, startTs: null, farmId: null, farmName: '', ownUnits: null, ownHash: null }

function extraStatement(statement: Statement, reason: string): CompareRow {
  const { nodeId, startTs, kind, address, units, saidHash, trueHash, where } = statement
  const differences = brokenness(statement)
  return {
    ...noOne,
    state: 'extra',
    nodeId,
    startTs: kind === 'mint' ? startTs : null,
    address,
    theirUnits: units,
    theirHash: saidHash ?? trueHash,
    where,
    differences,
    reasons: [reason, ...brokenReasons(differences)],
  }
}

/** A line of payouts.csv joins the row of its node's receipt, or makes one of its own. */
function addPayout(rows: Map<string, CompareRow>, { line, own }: Match, input: CompareInput, receipt: Statement | null): void {
  if (own === null) return
  const key = keyOf(own.nodeId, own.startTs)
  const row = rows.get(key) ?? { ...ownRow(own), where: line.where, theirUnits: line.units, theirHash: line.hash }
  rows.set(key, row)
  if (input.proposal.receipts !== null && row.where !== line.where)
    row.where = row.where === '' ? line.where : `${row.where}; ${line.where}`
  const differences: Difference[] = []
  const reasons: string[] = []
  // a line must fit the receipt of its own proposal; without one it must fit one's own
  const asked = receipt ?? { address: own.address, units: own.units }
  if (line.address !== asked.address) {
    differences.push({ member: 'payout.address', own: asked.address, theirs: line.address, by: null })
    reasons.push(receipt ? 'The line pays another address than the receipt that it names.' : addressReason(line.address))
  }
  if (line.units !== asked.units) {
    const more = line.units - asked.units
    const by = `${more > 0n ? '+' : ''}${tftExact(more)} TFT`
    differences.push({ member: 'payout.amount', own: tftExact(asked.units), theirs: tftExact(line.units), by })
    reasons.push(receipt ? 'The line pays another amount than the receipt that it names.' : 'It pays another amount.')
  }
  if (receipt === null && line.hash !== own.hash) {
    differences.push({ member: 'payout.hash', own: own.hash, theirs: line.hash, by: null })
    reasons.push(hashReason(own, line.hash, input))
  }
  if (!isPaid(own)) {
    differences.push({ member: 'payout.line', own: null, theirs: tftExact(line.units), by: null })
    reasons.push(
      own.violation === null
        ? 'By your own result nothing is paid for this node.'
        : `You find the violation ${own.violation}, which pays nothing.`,
    )
  }
  if (differences.length === 0) return
  row.state = 'differs'
  row.differences = [...row.differences, ...differences]
  row.reasons = [...row.reasons, ...reasons]
}

function hashReason(own: OwnReceipt, hash: string, { other, resources, proposal }: CompareInput): string {
  const otherRule = resources === 'latest' ? 'minimum' : 'latest'
  if (other?.get(own.nodeId)?.hash === hash) return `It is the receipt that you get with resources ${otherRule} instead of ${resources}.`
  if (proposal.receipts !== null) return 'The proposal has no receipt of that hash.'
  return 'It names another receipt; only the receipt itself (receipts.ndjson) says which of its figures differ.'
}

function addMissing(rows: Map<string, CompareRow>, own: OwnReceipt): void {
  const key = keyOf(own.nodeId, own.startTs)
  const row = rows.get(key)
  const reason = 'No line of payouts.csv pays it.'
  if (!row) {
    rows.set(key, { ...ownRow(own), state: 'missing', reasons: [reason] })
    return
  }
  if (row.state === 'equal') row.state = 'differs'
  if (row.state !== 'differs') return
  row.differences = [...row.differences, { member: 'payout.line', own: tftExact(own.units), theirs: null, by: null }]
  row.reasons = [...row.reasons, reason]
}

/** A line that pays nothing of one's own receipts of this period. */
function unmatched({ line }: Match, input: CompareInput, retries: ReadonlyMap<string, OwnRetry>): CompareRow {
  const row: CompareRow = {
    ...noOne,
    state: 'extra',
    address: line.address,
    theirUnits: line.units,
    theirHash: line.hash,
    where: line.where,
    differences: [],
    reasons: [],
  }
  const retry = retries.get(line.hash)
  if (retry) return againstRetry(row, retry, line, input.own)
  if (input.own.some(receipt => receipt.hash === line.hash))
    row.reasons.push('A line before pays this receipt already: it would be paid twice.')
  else if (input.retries === null)
    row.reasons.push(
      `None of your receipts has this hash. It may pay a receipt of period ${input.period - 1} once more, which is not in your store.`,
    )
  else row.reasons.push(`None of your receipts has this hash, and no retry of period ${input.period - 1} either.`)
  return row
}

function againstRetry(
  row: CompareRow,
  retry: OwnRetry,
  theirs: { address: string; units: bigint },
  own: readonly OwnReceipt[],
): CompareRow {
  const { nodeId, farmId, address, rewardUnits, hash } = retry
  const differences: Difference[] = []
  if (theirs.address !== address) differences.push({ member: 'payout.address', own: address, theirs: theirs.address, by: null })
  if (theirs.units !== rewardUnits)
    differences.push({ member: 'payout.amount', own: tftExact(rewardUnits), theirs: tftExact(theirs.units), by: null })
  const reason = `Pays the receipt of node ${nodeId} of the period before once more. Right if that one was not paid, which is not looked at here.`
  const farmName = own.find(receipt => receipt.farmId === farmId)?.farmName ?? ''
  const known = { ...row, nodeId, farmId, farmName, address, ownUnits: rewardUnits, ownHash: hash }
  if (differences.length === 0) return { ...known, state: 'retry', reasons: [reason] }
  return { ...known, state: 'differs', differences, reasons: [reason, 'Its line is not as that retry must be.'] }
}

/** A retry's receipt in a file of its own. */
function retryStatement(statement: Statement, input: CompareInput, retries: ReadonlyMap<string, OwnRetry>): CompareRow {
  const row = extraStatement(statement, `No receipt of period ${input.period - 1} that you know gives this retry.`)
  const retry = retries.get(statement.trueHash)
  if (!retry || row.differences.length > 0) return row
  return againstRetry({ ...row, reasons: [] }, retry, statement, input.own)
}

/** Extra lines by their place in the file, after them extra receipts. */
function inPlace(extras: readonly CompareRow[], matches: readonly Match[]): CompareRow[] {
  const place = new Map(matches.map(({ line }, i) => [line.where, i]))
  return [...extras].sort((a, b) => (place.get(a.where) ?? matches.length) - (place.get(b.where) ?? matches.length))
}

function sumsOf(input: CompareInput, statements: readonly Statement[] | null, matches: readonly Match[]): CompareHead['sums'] {
  const { own, proposal, rules } = input
  const sums: CompareHead['sums'] = []
  const ownSum = (list: readonly OwnReceipt[]) => ({ own: list.length, ownUnits: sum(list.map(receipt => receipt.units)) })
  if (proposal.payouts !== null) {
    const retried = new Set((input.retries ?? []).map(retry => retry.hash))
    const lines = matches.map(match => match.line).filter(line => !retried.has(line.hash))
    sums.push({ file: 'payouts.csv', ...ownSum(own.filter(isPaid)), theirs: lines.length, theirUnits: sum(lines.map(line => line.units)) })
  }
  if (statements !== null)
    sums.push({
      file: rules === 'v3' ? 'receipts' : 'mints',
      ...ownSum(own),
      theirs: statements.length,
      theirUnits: sum(statements.map(statement => statement.units)),
    })
  return sums
}

function payees({ payouts, receipts, retries }: Proposal): string[] {
  const paid = [...(receipts ?? []), ...retries].filter(({ units, address }) => units > 0n && address !== '')
  return [...(payouts ?? []), ...paid].map(({ address }) => address)
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n)
}
