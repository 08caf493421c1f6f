import type { NodeDetail } from '../../src-shared/contract.ts'
import { secondsText } from '../../src-shared/explain-text.ts'
import type { DerivationLine, Explanation } from '../../src-shared/mint.ts'
import { tftExact } from '../../src-shared/money.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'

/** How the figures of a running period come about, line by line, as the core computes them (engines/projection/linear). */

/** Earned so far: the full payout times the uptime so far, over the length of the period. */
export function earnedLines(detail: NodeDetail, explanation: Explanation | null): DerivationLine[] {
  const { row } = detail
  const uptime = line('Uptime so far', 'what the reports below credit', secondsText(row.uptimeSec))
  const none = noPayout(detail)
  const full = fullPayout(explanation)
  const formula = none ?? `${full?.value ?? 'full payout'} × ${Math.min(row.uptimeSec, PERIOD_SEC)} / ${PERIOD_SEC}`
  const note = none === null ? 'whether the SLA will be met is not known yet, so it is left out here' : null
  return [...(full ? [full] : []), uptime, line('Earned so far', formula, tftExact(row.earnedUnits), 'TFT', note)]
}

/** Projected: the full payout times the share of the known time that the node was up, if that share reaches what the policy asks for. */
export function projectionLines(detail: NodeDetail, explanation: Explanation | null): DerivationLine[] {
  const { row, period } = detail
  const knownSec = Math.max(Math.min(period.completeUntilTs, period.end) - period.start, 0)
  const met = row.uptimePermille >= row.slaPermille
  const none = noPayout(detail)
  const full = fullPayout(explanation)
  const fullText = full?.value ?? 'full payout'
  // a policy that pays in full once its SLA is met gives the full payout whatever the share
  const inFull = full !== null && full.value === tftExact(row.projectedUnits)
  const formula =
    none ?? (met ? (inFull ? fullText : `${fullText} × ${row.uptimePermille} / 1000`) : '0, as at this share the SLA would be missed')
  return [
    ...(full ? [full] : []),
    line('Share of the known time', `min(${row.uptimeSec} s × 1000 / ${knownSec} s, 1000)`, String(row.uptimePermille), 'permille'),
    line('Uptime that the policy asks for', `${row.uptimePermille} ≥ ${row.slaPermille}`, met ? 'met' : 'missed'),
    line('Projected', formula, tftExact(row.projectedUnits), 'TFT', 'an estimate, as if the rest of the period went like what is known'),
  ]
}

/** Downtime left: what was up and what can still be, less what the policy asks for. */
export function downtimeLines(detail: NodeDetail): DerivationLine[] {
  const { row, period } = detail
  const neededSec = Math.ceil((row.slaPermille * PERIOD_SEC) / 1000)
  const toComeSec = Math.max(period.end - Math.max(period.completeUntilTs, period.start), 0)
  const leftSec = row.uptimeSec + toComeSec - neededSec
  return [
    line('Uptime that the policy asks for', `${row.slaPermille} / 1000 × ${PERIOD_SEC} s`, secondsText(neededSec)),
    line('Uptime so far', 'what the reports below credit', secondsText(row.uptimeSec)),
    line('Time to come', 'from the last known block to the end of the period', secondsText(toComeSec)),
    line('Downtime left', `${row.uptimeSec} + ${toComeSec} − ${neededSec}`, secondsText(leftSec)),
  ]
}

function noPayout({ row }: NodeDetail): string | null {
  if (row.virtualized) return '0, as the node is virtual'
  return row.violation === null ? null : '0, as the node is in violation'
}

function fullPayout(explanation: Explanation | null): DerivationLine | null {
  const tokens = explanation?.derivation.find(one => one.name === 'tokens')
  return tokens ? { ...tokens, name: 'Full payout for the period' } : null
}

function line(name: string, formula: string, value: string, unit = '', note: string | null = null): DerivationLine {
  return { name, formula, value, unit, note }
}
