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
  const size = r.resources
  const units = r.cloudUnits
  return (
    `${r.nodeId},${r.twinId},${r.farmName.toWellFormed()} (${r.farmId}),${utcOf(r.period.start)},${utcOf(r.period.end)}` +
    `,${r.measuredUptimeSec},${fixed(units.cu, 6)},${fixed(units.su, 6)},${fixed(units.nu, 6)}` +
    `,${usdExact(r.rewardMusd)} $,${tftExact(r.rewardUnits)},${PRICE} $,0.000 $,0.0000000 TFT` +
    `,${overviewFloat(Number(size.cru))},${twoDecimals(u.cru)}%,${overviewFloat(gibOf(size.mru))},${twoDecimals(u.mru)}%` +
    `,${overviewFloat(gibOf(size.hru))},${twoDecimals(u.hru)}%,${overviewFloat(gibOf(size.sru))},${twoDecimals(u.sru)}%` +
    `,${twoDecimals(u.ip)} hours,${r.certified ? 'CERTIFIED' : 'DIY'},${virtualized},${violation ?? ''},${r.payoutAddress.toWellFormed()}`
  )
}

const PRICE = usdExact(BigInt(RECEIPT_PRICE_MUSD))

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
