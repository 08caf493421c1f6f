import type { NodeResult, Problem } from '../../../src-shared/mint.ts'
import { tftExact } from '../../../src-shared/money.ts'
import { OVERVIEW_HEADER } from './overview-line.ts'
import type { Retry } from './retries.ts'

/** The files of a mint (interfaces.md, What a mint writes), each as one text; lines end with LF. */

export function payoutsCsv(nodes: readonly NodeResult[], retries: readonly Retry[] = []): string {
  return payoutLines(nodes) + retryLines(retries)
}

/** What a line of payouts.csv tells. */
type Payable = Pick<NodeResult, 'payoutAddress' | 'rewardUnits' | 'hash'>

export function payoutLines(nodes: readonly Payable[]): string {
  return nodes.map(payoutLine).join('')
}

/** Nothing for a node that is not paid. */
export function payoutLine({ payoutAddress, rewardUnits, hash }: Payable): string {
  return payoutAddress !== '' && rewardUnits > 0n ? `${payoutAddress},${tftExact(rewardUnits)},${hash}\n` : ''
}

/** The retries' lines of payouts.csv. */
export function retryLines(retries: readonly Retry[]): string {
  let text = ''
  for (const retry of retries) if (retry.address !== '') text += `${retry.address},${tftExact(retry.rewardUnits)},${retry.hash}\n`
  return text
}

export function overviewCsv(nodes: readonly NodeResult[]): string {
  return `${OVERVIEW_HEADER}\n${overviewLines(nodes)}`
}

export function overviewLines(nodes: readonly NodeResult[]): string {
  return nodes.map(node => `${node.overviewLine}\n`).join('')
}

export function receiptsNdjson(nodes: readonly NodeResult[]): string {
  return nodes.map(receiptLine).join('')
}

export function receiptLine({ nodeId, hash, violation, receipt }: NodeResult): string {
  return `{"node_id":${nodeId},"hash":"${hash}","violation":${JSON.stringify(violation)},"receipt":${receipt}}\n`
}

export function retriesCsv(retries: readonly Retry[]): string {
  let text = 'farm_id,previous_stellar_address,new_stellar_address,amount TFT,retry_for\n'
  for (const retry of retries)
    text += `${retry.farmId},${retry.previousAddress},${retry.address},${tftExact(retry.rewardUnits)},${retry.retryFor}\n`
  return text
}

export function problemsJson(problems: readonly Problem[]): string {
  return `${JSON.stringify(problems, null, 2)}\n`
}
