import { csv } from '../../../../src-shared/csv.ts'
import type { Problem } from '../../../../src-shared/mint.ts'
import { tftExact } from '../../../../src-shared/money.ts'
import type { NodeMint } from '../../../../src-shared/node-period.ts'

/** What lists, files and sums show of a mint. */
export type MintLine = Pick<NodeMint, 'id' | 'farmTwinId' | 'outcome' | 'permille' | 'rewardUnits' | 'carbonUnits'> & {
  info: Pick<NodeMint['info'], 'nodeId' | 'period' | 'farmId' | 'uptimeSec' | 'violation'>
}

/** By node id, then by time: the order of every file. */
export function inOrder<T extends { info: Pick<NodeMint['info'], 'nodeId' | 'period'> }>(mints: readonly T[]): T[] {
  return [...mints].sort((a, b) => a.info.nodeId - b.info.nodeId || a.info.period.start - b.info.period.start)
}

/** One line for every mint, with its header; amounts in TFT with 7 decimals, times in seconds. */
export function mintsCsv(mints: readonly MintLine[]): string {
  return csv(
    [
      'node_id',
      'period_start',
      'period_end',
      'farm_id',
      'farm_twin_id',
      'uptime_seconds',
      'uptime_permille',
      'violation',
      'outcome',
      'amount_tft',
      'carbon_tft',
      'mint_id',
    ],
    mints.map(mint => [
      mint.info.nodeId,
      mint.info.period.start,
      mint.info.period.end,
      mint.info.farmId,
      mint.farmTwinId,
      mint.info.uptimeSec,
      mint.permille,
      mint.info.violation ?? '',
      mint.outcome,
      tftExact(mint.rewardUnits),
      tftExact(mint.carbonUnits),
      mint.id,
    ]),
  )
}

/** The records, a line each; the bytes of `mint` are those that were hashed. */
export function mintsNdjson(mints: readonly Pick<NodeMint, 'id' | 'record'>[]): string {
  let text = ''
  for (const { id, record } of mints) text += `{"id":"${id}","mint":${record}}\n`
  return text
}

/** What a person must look at before these mints are paid. `gaps`: what the data lacked, in words. */
export function mintProblems(mints: readonly NodeMint[], gaps: readonly string[]): Problem[] {
  const problems: Problem[] = gaps.map(message => ({ kind: 'incomplete', subject: 'the start', message }))
  const withoutTwin = new Set<number>()
  const percent = new Map<number, NodeMint['policy']>()
  for (const mint of mints) {
    if (mint.rewardUnits > 0n && mint.farmTwinId === null) withoutTwin.add(mint.info.farmId)
    const { minimal_uptime: asked } = mint.policy
    if (!mint.scaled && asked > 0 && asked <= 100) percent.set(mint.policy.id, mint.policy)
  }
  for (const farmId of [...withoutTwin].sort((a, b) => a - b))
    problems.push({
      kind: 'account-missing',
      subject: `farm ${farmId}`,
      message: `Farm ${farmId} is in no snapshot, so the twin whose account gets its mints is not known. Bring the end snapshot with its farms.`,
    })
  for (const policy of [...percent.values()].sort((a, b) => a.id - b.id))
    problems.push({
      kind: 'deviation',
      subject: `policy ${policy.id}`,
      message: `Farming policy ${policy.id} asks a minimal uptime of ${policy.minimal_uptime}, most likely meant in percent, but the rule compares it with permille: nodes are paid in full from ${policy.minimal_uptime / 10} % on.`,
    })
  return problems
}
