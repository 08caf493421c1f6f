import type { Problem } from '../../../../src-shared/mint.ts'
import { fixed, tftExact, usdExact } from '../../../../src-shared/money.ts'
import type { NodeMint } from '../../../../src-shared/node-period.ts'
import { PERIOD_SEC } from '../../../../src-shared/time.ts'

/** By node id, then by time: the order of every file. */
export function inOrder<T extends { info: Pick<NodeMint['info'], 'nodeId' | 'period'> }>(mints: readonly T[]): T[] {
  return [...mints].sort((a, b) => a.info.nodeId - b.info.nodeId || a.info.period.start - b.info.period.start)
}

const MINTS_HEADER =
  'node,farm,twin,period_start,period_end,uptime,downtime,cu,su,nu,ip_hours,sla_permille,scaled,usd,tft,connection_price,policy,violation,receipt_hash'

/**
 * mints.csv (interfaces.md, What a mint writes): a line for every mint. Twin is the farm's, which is paid; uptime and downtime are seconds,
 * units and IP hours have 6 decimals (cut), SLA is what the policy asks; USD and TFT are what is paid, and the price is USD for a TFT. No
 * cell can need quoting; lines end with LF, as those of every file of a mint.
 */
export function mintsCsv(mints: readonly NodeMint[]): string {
  return `${MINTS_HEADER}\n${mints.map(mintCells).join('')}`
}

function mintCells(mint: NodeMint): string {
  const { info, cloudUnits: units } = mint
  const ipHours = (info.ipSec * 1_000_000n) / 3_600n
  return (
    `${info.nodeId},${info.farmId},${mint.farmTwinId ?? ''},${info.period.start},${info.period.end}` +
    `,${info.uptimeSec},${PERIOD_SEC - info.uptimeSec},${fixed(units.cu, 6)},${fixed(units.su, 6)},${fixed(units.nu, 6)},${fixed(ipHours, 6)}` +
    `,${mint.slaPermille},${mint.scaled},${usdExact(mint.rewardMusd)},${tftExact(mint.rewardUnits)}` +
    `,${usdExact(BigInt(info.connectionPriceMusd))},${info.policyId},${info.violation ?? ''},${mint.id}\n`
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
