import type { Resources } from '../../../src-shared/grid.ts'
import type { Violation } from '../../../src-shared/mint.ts'
import { fixed, tftExact, usdExact } from '../../../src-shared/money.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { overviewFloat, twoDecimals } from './floats.ts'
import { gibOf, RECEIPT_PRICE_MUSD, type ReceiptFields } from './receipt.ts'

export const OVERVIEW_HEADER =
  'node id,twin id,farm name (farm id),period start,period end,measured uptime,CU,SU,NU,USD reward,TFT reward,TFT price on connect,' +
  'carbon offset USD generated,carbon offset TFT generated,cru,cru used,mru,mru used,hru,hru used,sru,sru used,IP used,DIY state,' +
  'Virtualized,violation,stellar address'

/** A node's line of overview.csv without the line feed. No quoting, whatever a name holds: the bytes are fixed (interfaces.md). */
export function overviewLine(r: ReceiptFields, virtualized: boolean, violation: Violation | null): string {
  const u = r.utilization
  return [
    r.nodeId,
    r.twinId,
    `${r.farmName.toWellFormed()} (${r.farmId})`,
    utcOf(r.period.start),
    utcOf(r.period.end),
    r.measuredUptimeSec,
    fixed(r.cloudUnits.cu, 6),
    fixed(r.cloudUnits.su, 6),
    fixed(r.cloudUnits.nu, 6),
    `${usdExact(r.rewardMusd)} $`,
    tftExact(r.rewardUnits),
    `${usdExact(BigInt(RECEIPT_PRICE_MUSD))} $`,
    '0.000 $',
    '0.0000000 TFT',
    overviewFloat(Number(r.resources.cru)),
    `${twoDecimals(u.cru)}%`,
    ...disks(r.resources, u),
    `${twoDecimals(u.ip)} hours`,
    r.certified ? 'CERTIFIED' : 'DIY',
    virtualized,
    violation ?? '',
    r.payoutAddress.toWellFormed(),
  ].join(',')
}

/** Every line of a file has the same two times. */
const utcTexts = new Map<number, string>()
function utcOf(ts: number): string {
  const known = utcTexts.get(ts)
  if (known !== undefined) return known
  const text = formatUtc(ts)
  if (utcTexts.size > 100) utcTexts.clear()
  utcTexts.set(ts, text)
  return text
}

function disks(size: Resources, u: ReceiptFields['utilization']): string[] {
  return (['mru', 'hru', 'sru'] as const).flatMap(name => [overviewFloat(gibOf(size[name])), `${twoDecimals(u[name])}%`])
}
