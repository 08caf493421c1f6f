import { isPaid, type OwnReceipt } from './own.ts'
import type { PayoutLine } from './proposal.ts'

/** A line of payouts.csv and whose it is. */
export interface Match {
  line: PayoutLine
  own: OwnReceipt | null
}

/**
 * Finds for each line the receipt of one's own that it pays: by the hash, else by whose receipt it is otherwise (`nodeOf`), else by
 * address and amount, by address, and by its place between two lines that are found. No receipt is found twice: a second line of one hash
 * pays nothing of one's own.
 */
export function matchPayouts(
  own: readonly OwnReceipt[],
  lines: readonly PayoutLine[],
  nodeOf: (hash: string) => number | null,
  isRetry: (hash: string) => boolean,
): Match[] {
  const matches: Match[] = lines.map(line => ({ line, own: null }))
  const taken = new Set<OwnReceipt>()
  const take = (match: Match, found: OwnReceipt | undefined): void => {
    if (!found || taken.has(found)) return
    taken.add(found)
    match.own = found
  }
  const open = () => matches.filter(match => match.own === null && !isRetry(match.line.hash) && nodeOf(match.line.hash) === null)
  const byHash = new Map(own.map(receipt => [receipt.hash, receipt]))
  const byNode = new Map(own.map(receipt => [receipt.nodeId, receipt]))
  for (const match of matches) take(match, byHash.get(match.line.hash))
  for (const match of matches) {
    const node = match.own === null ? nodeOf(match.line.hash) : null
    if (node !== null) take(match, byNode.get(node))
  }
  const payable = own.filter(isPaid)
  const unpaid = () => payable.filter(receipt => !taken.has(receipt))
  // lists by key, each in node order: the first line gets the first node
  for (const key of [(address: string, units: bigint) => `${address} ${units}`, (address: string, _units: bigint) => address]) {
    const left = Map.groupBy(unpaid(), receipt => key(receipt.address, receipt.units))
    for (const match of open()) if (!byHash.has(match.line.hash)) take(match, left.get(key(match.line.address, match.line.units))?.shift())
  }
  for (const { between, receipts } of stretches(matches, payable, taken)) {
    const free = between.filter(match => !byHash.has(match.line.hash) && !isRetry(match.line.hash) && nodeOf(match.line.hash) === null)
    if (free.length === receipts.length) for (const [i, match] of free.entries()) take(match, receipts[i])
  }
  return matches
}

/** Stretches of lines that are not found, each with the receipts that stand in the same place in one's own file. */
function stretches(
  matches: readonly Match[],
  payable: readonly OwnReceipt[],
  taken: ReadonlySet<OwnReceipt>,
): { between: Match[]; receipts: OwnReceipt[] }[] {
  const place = new Map(payable.map((receipt, i) => [receipt, i]))
  const found: { between: Match[]; receipts: OwnReceipt[] }[] = []
  let between: Match[] = []
  let from = -1
  const close = (to: number): void => {
    if (between.length > 0) found.push({ between, receipts: payable.slice(from + 1, to).filter(receipt => !taken.has(receipt)) })
    between = []
  }
  for (const match of matches) {
    const at = match.own === null ? undefined : place.get(match.own)
    if (at === undefined) {
      between.push(match)
      continue
    }
    if (at > from) {
      close(at)
      from = at
    }
  }
  close(payable.length)
  return found
}
