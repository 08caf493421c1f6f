import type { NodeResult, Problem } from '../../../src-shared/mint.ts'
import { tftExact } from '../../../src-shared/money.ts'
import { OVERVIEW_HEADER } from './overview-line.ts'
import type { Retry } from './retries.ts'

/** The files of a mint (interfaces.md, What a mint writes), each as one text; lines end with LF. */

export function payoutsCsv(nodes: readonly NodeResult[], retries: readonly Retry[] = []): string {
  return payoutLines(nodes) + retryLines(retries)
}

export function payoutLines(nodes: readonly Pick<NodeResult, 'payoutAddress' | 'rewardUnits' | 'hash'>[]): string {
  let text = ''
  for (const node of nodes)
    if (node.payoutAddress !== '' && node.rewardUnits > 0n) text += `${node.payoutAddress},${tftExact(node.rewardUnits)},${node.hash}\n`
  return text
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
  let text = ''
  for (const node of nodes) text += `${node.overviewLine}\n`
  return text
}

export function receiptsNdjson(nodes: readonly NodeResult[]): string {
  let text = ''
  for (const node of nodes)
    text += `{"node_id":${node.nodeId},"hash":"${node.hash}","violation":${JSON.stringify(node.violation)},"receipt":${node.receipt}}\n`
  return text
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
