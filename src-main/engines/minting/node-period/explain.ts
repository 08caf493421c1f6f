import type { DerivationLine, Explanation } from '../../../../src-shared/mint.ts'
import { fixed } from '../../../../src-shared/money.ts'
import type { NodeMint } from '../../../../src-shared/node-period.ts'
import { PERIOD_SEC } from '../../../../src-shared/time.ts'
import { hours, unitLines, usd } from '../derivation.ts'
import { downtimesOf } from '../trace.ts'
import type { PeriodStory } from './fold.ts'

/**
 * Why a node's own period pays what it pays: the steps cover it without a gap, and the derivation ends in the mint's amounts. `index`:
 * the fixed period in which it was closed, or is running. `asOfTs`: of one that runs, the last known second; null for one that is closed.
 */
export function explainMint(mint: NodeMint, story: PeriodStory, index: number, asOfTs: number | null): Explanation {
  const { info } = mint
  const steps = [...story.steps]
  const last = steps.at(-1)
  // a period that runs: what no report covers yet may still be credited
  const coveredTs = last?.toTs ?? info.period.start
  const knownTs = asOfTs === null ? coveredTs : Math.min(asOfTs, info.period.end)
  if (knownTs > coveredTs)
    steps.push({
      kind: 'tail',
      rule: 'node-period: what no report covers yet',
      block: null,
      ts: knownTs,
      fromTs: coveredTs,
      toTs: knownTs,
      elapsedSec: knownTs - coveredTs,
      creditedSec: 0,
      lostSec: knownTs - coveredTs,
      violation: null,
      evidence: { pending: true },
    })
  const elapsedSec = steps.reduce((sum, step) => sum + step.elapsedSec, 0)
  return {
    nodeId: info.nodeId,
    period: { index, ...info.period },
    rules: 'node-period',
    resources: 'minimum',
    provisional: asOfTs !== null,
    steps,
    downtimes: downtimesOf(steps),
    violation: story.violation,
    measuredUptimeSec: info.uptimeSec,
    elapsedSec,
    lostSec: elapsedSec - info.uptimeSec,
    slowBoots: 0,
    derivation: deriveMint(mint),
    rewardMusd: mint.rewardMusd,
    rewardUnits: mint.rewardUnits,
    hash: mint.id,
    receipt: mint.record,
  }
}

/** How a mint's amount comes about, line by line, each with its inputs filled in (minting.md, rule set node-period, Mint). */
export function deriveMint(mint: NodeMint): DerivationLine[] {
  const { info, policy, cloudUnits: units } = mint
  const lines: DerivationLine[] = unitLines({ units, resources: info.minimum, nruBytes: info.nruBytes, ipSec: info.ipSec })
  const add = (name: string, formula: string, value: string, unit: string, note: string | null = null): void => {
    lines.push({ name, formula, value, unit, note })
  }
  add(
    'full-usd',
    `${fixed(units.cu, 6)} × ${usd(policy.cu)} + ${fixed(units.su, 6)} × ${usd(policy.su)} + ${fixed(units.nu, 6)} × ${usd(policy.nu)} + ${hours(info.ipSec)} hours × ${usd(policy.ipv4)}`,
    fixed(mint.fullMusd, 3),
    'USD',
    `farming policy ${policy.id}, per unit and period; shown cut to a thousandth, worked on with in full`,
  )
  add(
    'full-tft',
    info.connectionPriceMusd === 0 ? 'no price' : `the same / ${usd(info.connectionPriceMusd)}`,
    fixed(mint.fullUnits, 7),
    'TFT',
    `at the node's own price, ${usd(info.connectionPriceMusd)} USD, for the whole period`,
  )
  add('permille', `min(${info.uptimeSec}, ${PERIOD_SEC}) × 1000 / ${PERIOD_SEC}`, String(mint.permille), 'permille')
  add(
    'sla',
    `${mint.permille} ≥ ${mint.slaPermille}`,
    mint.slaMet ? 'met' : 'missed',
    '',
    mint.scaled
      ? `policy ${policy.id} pays by the uptime, whether or not this is met`
      : `policy ${policy.id} asks ${policy.minimal_uptime} permille`,
  )
  const zero = zeroReason(mint)
  const share = mint.scaled ? ` × ${info.uptimeSec} / ${PERIOD_SEC}` : ''
  const note =
    zero !== null
      ? null
      : mint.scaled
        ? 'everything is scaled, traffic and addresses too; cut once, at the very end'
        : 'this policy pays in full once the SLA is met'
  add('usd', zero ?? `${fixed(mint.fullMusd, 3)}${share}`, fixed(mint.rewardMusd, 3), 'USD', note)
  add('tft', zero ?? `${fixed(mint.fullUnits, 7)}${share}`, fixed(mint.rewardUnits, 7), 'TFT', note)
  if (mint.carbonUnits > 0n)
    add(
      'carbon',
      `(${fixed(units.cu, 6)} × 0.354 + ${fixed(units.su, 6)} × 0.122) / ${usd(info.connectionPriceMusd)} × ${info.uptimeSec} / ${PERIOD_SEC}`,
      fixed(mint.carbonUnits, 7),
      'TFT',
      "to the network's carbon wallet, beside the payout",
    )
  return lines
}

function zeroReason({ outcome, info }: NodeMint): string | null {
  if (outcome === 'violation') return `0, as the node is in violation: ${info.violation}`
  return outcome === 'sla-missed' ? '0, as the SLA is missed' : null
}
