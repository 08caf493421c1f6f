import { secondsText } from '../../src-shared/explain-text.ts'
import type { DerivationLine, Explanation } from '../../src-shared/mint.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { NodeDetail } from '../../src-shared/nodes-contract.ts'
import type { Projected } from '../../src-shared/projection.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { texts, violationWords } from '../texts.ts'

/** How the figures of a running period come about, line by line, as the core computes them (engines/projection). */

const words = texts.estimates

/** Earned so far: the full payout times the uptime so far, over the length of the period. */
export function earnedLines(detail: NodeDetail, explanation: Explanation | null): DerivationLine[] {
  const { projection, row } = detail
  const full = fullPayout(explanation)
  const none = row.virtualized ? words.virtual : projection.violation === null ? null : words.violating
  const formula = none ?? `${full?.value ?? words.full} × ${Math.min(projection.uptimeSec, PERIOD_SEC)} / ${PERIOD_SEC}`
  const value = tftExact(projection.earnedUnits)
  return [
    ...(full ? [full] : []),
    uptimeSoFar(detail),
    line(texts.overview.earnedSoFar, formula, value, 'TFT', none === null && !paysByUptime(detail) ? words.slaOpen : null),
  ]
}

/** If it stays up: what is credited so far, and what is to come if all goes well. */
export function staysUpLines(detail: NodeDetail, explanation: Explanation | null): DerivationLine[] {
  const { projection } = detail
  const { staysUp, uptimeSec } = projection
  const note = projection.wakeByTs !== null ? words.toComeAsleep : words.toComeAwake
  return [
    uptimeSoFar(detail),
    line(words.toCome, words.toComeHow, secondsText(staysUp.uptimeSec - uptimeSec), '', note),
    line(words.uptimeAtEnd, `${uptimeSec} + ${staysUp.uptimeSec - uptimeSec}`, secondsText(staysUp.uptimeSec)),
    ...payoutLines(detail, explanation, staysUp, texts.budget.staysUp),
  ]
}

/** If it goes down now: what is credited so far is all. */
export function goesDownLines(detail: NodeDetail, explanation: Explanation | null): DerivationLine[] {
  return [uptimeSoFar(detail), ...payoutLines(detail, explanation, detail.projection.goesDown, texts.budget.goesDown)]
}

/** Downtime left: what can still be reached, less what the policy asks for. */
export function budgetLines(detail: NodeDetail): DerivationLine[] {
  const { staysUp, neededSec, budgetSec, allowedSec, uptimeSec } = detail.projection
  if (neededSec === null || budgetSec === null || allowedSec === null) return []
  return [
    line(words.asked, `${detail.row.slaPermille} / 1000 × ${PERIOD_SEC} s`, secondsText(neededSec)),
    line(words.allowed, `${PERIOD_SEC} − ${neededSec}`, secondsText(allowedSec)),
    uptimeSoFar(detail),
    line(words.toCome, words.toComeHow, secondsText(staysUp.uptimeSec - uptimeSec)),
    line(words.uptimeAtEnd, `${uptimeSec} + ${staysUp.uptimeSec - uptimeSec}`, secondsText(staysUp.uptimeSec)),
    line(texts.overview.budget, `${staysUp.uptimeSec} − ${neededSec}`, secondsText(budgetSec)),
  ]
}

function payoutLines(detail: NodeDetail, explanation: Explanation | null, projected: Projected, name: string): DerivationLine[] {
  const { uptimeSec, permille, slaMet, violation, units } = projected
  const full = fullPayout(explanation)
  const none = detail.row.virtualized
    ? words.virtual
    : violation !== null
      ? words.violatingWith(violationWords[violation].name)
      : slaMet || paysByUptime(detail)
        ? null
        : words.slaMissed
  // a policy that pays in full once its SLA is met gives the full payout whatever the share
  const scale = detail.projection.rules === 'v3' ? `${permille} / 1000` : `${Math.min(uptimeSec, PERIOD_SEC)} / ${PERIOD_SEC}`
  const share = full !== null && full.value === tftExact(units) ? '' : ` × ${scale}`
  return [
    line(words.share, `min(${uptimeSec} s × 1000 / ${PERIOD_SEC} s, 1000)`, String(permille), 'permille'),
    ...(paysByUptime(detail) ? [] : [line(words.asked, `${permille} ≥ ${detail.row.slaPermille}`, slaMet ? words.met : words.missed)]),
    ...(full ? [full] : []),
    line(name, none ?? `${full?.value ?? words.full}${share}`, tftExact(units), 'TFT', words.useSoFar),
  ]
}

/** Policies 1 and 2 under node-period: no threshold, every second counts. */
export function paysByUptime({ projection }: NodeDetail): boolean {
  return projection.rules === 'node-period' && projection.neededSec === null
}

function uptimeSoFar({ projection }: NodeDetail): DerivationLine {
  return line(words.uptimeSoFar, words.uptimeSoFarHow, secondsText(projection.uptimeSec))
}

function fullPayout(explanation: Explanation | null): DerivationLine | null {
  const tokens = explanation?.derivation.find(one => one.name === 'tokens' || one.name === 'full-tft')
  return tokens ? { ...tokens, name: words.fullPayout } : null
}

function line(name: string, formula: string, value: string, unit = '', note: string | null = null): DerivationLine {
  return { name, formula, value, unit, note }
}
