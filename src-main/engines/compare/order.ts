import type { Match } from './match-payouts.ts'
import type { OwnReceipt } from './own.ts'
import type { Statement } from './proposal.ts'

/**
 * What stands out of order first, in words: files go by node id, under node-period then by time, payouts.csv ends with the retries by
 * their own hash. Null: nothing does.
 */
export function firstOutOfOrder(statements: readonly Statement[], matches: readonly Match[], own: readonly OwnReceipt[]): string | null {
  let before: Statement | null = null
  for (const statement of statements) {
    if (before !== null && compare(before, statement) > 0)
      return `${statement.where}: node ${statement.nodeId} stands after node ${before.nodeId}.`
    before = statement
  }
  const place = new Map(own.map((receipt, i) => [receipt, i]))
  let last: OwnReceipt | null = null
  let retry: string | null = null
  for (const { line, own: receipt } of matches) {
    if (receipt === null) {
      if (retry !== null && line.hash < retry) return `${line.where}: lines that are no node's own go by their hash.`
      retry = line.hash
      continue
    }
    if (retry !== null) return `${line.where}: node ${receipt.nodeId} stands after a line that is no node's own.`
    if (last !== null && place.get(receipt)! < place.get(last)!)
      return `${line.where}: node ${receipt.nodeId} stands after node ${last.nodeId}.`
    last = receipt
  }
  return null
}

function compare(a: Statement, b: Statement): number {
  return (a.nodeId ?? 0) - (b.nodeId ?? 0) || (a.kind === 'mint' ? a.startTs - b.startTs : 0)
}
