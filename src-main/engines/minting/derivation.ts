import type { Resources } from '../../../src-shared/grid.ts'
import type { DerivationLine, Violation } from '../../../src-shared/mint.ts'
import { fixed } from '../../../src-shared/money.ts'
import { PERIOD_SEC } from '../../../src-shared/time.ts'
import { type CloudUnits, GIB } from './cloud-units.ts'
import { overviewFloat } from './floats.ts'
import { basePayout, isScaled, looksLikePercent, type PayoutInputs, payoutAt, slaPermille } from './payout.ts'
import { gibOf } from './receipt.ts'

export interface DerivationInputs {
  inputs: PayoutInputs
  resources: Resources
  nruBytes: bigint
  uptimeSec: number
  violation: Violation | null
}

/**
 * How a node's payout comes about, line by line, each with its inputs filled in. The values are those that were paid; a formula that
 * shows GiB shows them as the overview does.
 */
export function derive({ inputs, resources, nruBytes, uptimeSec, violation }: DerivationInputs): DerivationLine[] {
  const { cloudUnits: units, policy } = inputs
  const base = basePayout(inputs)
  const payout = payoutAt(inputs, uptimeSec)
  const lines = unitLines({ units, resources, nruBytes, ipSec: inputs.ipSec })
  const add = (name: string, formula: string, value: string, unit: string, note: string | null = null): void => {
    lines.push({ name, formula, value, unit, note })
  }
  add(
    'base-usd',
    `${fixed(units.cu, 6)} × ${usd(policy.cu)} + ${fixed(units.su, 6)} × ${usd(policy.su)} + ${fixed(units.nu, 6)} × ${usd(policy.nu)}`,
    fixed(base.resourceMusd, 3),
    'USD',
    `farming policy ${policy.id}, per unit and period; cut to a thousandth`,
  )
  add('ip-usd', `${hours(inputs.ipSec)} hours × ${usd(policy.ipv4)}`, fixed(base.ipMusd, 3), 'USD', 'cut to a thousandth on its own')
  const sum = `${fixed(base.resourceMusd, 3)} + ${fixed(base.ipMusd, 3)}`
  if (base.bonus)
    add(
      'certified',
      `(${sum}) × 5 / 4`,
      fixed(base.musd, 3),
      'USD',
      'a certified node on policy 1 gets a quarter more; cut to a thousandth',
    )
  add(
    'tokens',
    inputs.connectionPriceMusd === 0 ? 'no price' : `${base.bonus ? fixed(base.musd, 3) : `(${sum})`} / ${usd(inputs.connectionPriceMusd)}`,
    fixed(base.units, 7),
    'TFT',
    `at the price when the node connected, ${usd(inputs.connectionPriceMusd)} USD; the receipt always says 0.080`,
  )
  add(
    'permille',
    `min(${uptimeSec} × 1000 / ${PERIOD_SEC}, 1000)`,
    String(payout.permille),
    'permille',
    uptimeSec > PERIOD_SEC ? 'the measured uptime exceeds the period by what reports ran ahead; the share is cut to 1000' : null,
  )
  const sla = slaPermille(policy, inputs.certified)
  add('sla', `${payout.permille} ≥ ${sla}`, payout.slaMet ? 'met' : 'missed', '', slaNote(inputs))
  const zero = zeroReason(inputs, payout.slaMet, violation)
  const scaled = isScaled(policy)
  const formula = (amount: string): string => zero ?? (scaled ? `${amount} × ${payout.permille} / 1000` : amount)
  const note = zero === null && !scaled ? 'this policy pays in full once the SLA is met' : null
  add('usd', formula(fixed(base.musd, 3)), fixed(payout.musd, 3), 'USD', note)
  add('tft', formula(fixed(base.units, 7)), fixed(payout.units, 7), 'TFT', note)
  return lines
}

/** The lines of the units that a payout rests on, which both rule sets count alike; they show GiB as the overview does. */
export function unitLines(of: { units: CloudUnits; resources: Resources; nruBytes: bigint; ipSec: bigint }): DerivationLine[] {
  const { units, resources, nruBytes, ipSec } = of
  const [mru, hru, sru] = [resources.mru, resources.hru, resources.sru].map(bytes => overviewFloat(gibOf(bytes)))
  const tooLittleMemory = BigInt(resources.mru) < GIB
  const line = (name: string, formula: string, value: string, unit: string): DerivationLine => ({ name, formula, value, unit, note: null })
  return [
    line(
      'cu',
      tooLittleMemory ? `0, as ${mru} GiB of memory are less than 1` : `min(${resources.cru} × 2, (${mru} − 1) / 4, ${sru} / 50)`,
      fixed(units.cu, 6),
      'CU',
    ),
    line('su', `${hru} / 1200 + ${sru} × 0.8 / 200`, fixed(units.su, 6), 'SU'),
    line('nu', `${nruBytes} bytes / 2^30`, fixed(units.nu, 6), 'NU'),
    line('ip-hours', `${ipSec} IP seconds / 3600`, hours(ipSec), 'hours'),
  ]
}

function zeroReason(inputs: PayoutInputs, slaMet: boolean, violation: Violation | null): string | null {
  if (inputs.virtualized) return '0, as the node is virtualized'
  if (violation !== null) return `0, as the node is in violation: ${violation}`
  return slaMet ? null : '0, as the SLA is missed'
}

function slaNote(inputs: PayoutInputs): string {
  const { policy } = inputs
  if (isScaled(policy))
    return `policy ${policy.id} asks ${inputs.certified ? '98 % of a certified' : '95 % of a DIY'} node and scales with uptime`
  if (looksLikePercent(policy))
    return `policies hold this figure in percent; the rule compares it with permille, so ${policy.minimal_uptime} means ${policy.minimal_uptime / 10} %`
  return `policy ${policy.id} asks ${policy.minimal_uptime} permille`
}

/** Exact where it ends within 4 decimals, as IP hours of whole minutes do, else cut there. */
export function hours(ipSec: bigint): string {
  const text = fixed((ipSec * 10_000n) / 3600n, 4).replace(/0+$/, '')
  return text.endsWith('.') ? text.slice(0, -1) : text
}

export function usd(musd: number): string {
  return fixed(BigInt(musd), 3)
}
