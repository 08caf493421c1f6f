import type { QueryOutput } from '../../src-shared/contract.ts'
import type { MintRow, MintRowStage } from '../../src-shared/mints-contract.ts'
import { fixed, group, tftExact } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatDuration } from '../../src-shared/time.ts'
import { texts, violationWords } from '../texts.ts'

const words = texts.mints

/** `Alder Farm (3)`. */
export function farmOf({ farmName, farmId }: { farmName: string; farmId: number | null }): string {
  return farmId === null ? words.unknownFarm : `${cleanName(farmName)} (${farmId})`
}

/** `Alder Farm (3), twin 42`: who gets it. */
export function payeeOf(row: Pick<MintRow, 'farmName' | 'farmId' | 'farmTwinId'>): string {
  const twin = row.farmTwinId === null ? words.sheet.noTwin : words.sheet.twin(row.farmTwinId)
  return `${farmOf(row)}, ${twin}`
}

/** `279.4250000 TFT for Alder Farm (3), twin 42`, as buttons name it. */
export function amountFor(row: MintRow, units: bigint): string {
  return words.actions.amountFor(group(tftExact(units)), payeeOf(row))
}

/** Whether the chain that is followed can be asked to mint, in words. */
export function chainText({ hasPallet, specVersion, calls }: QueryOutput<'mintConfig.get'>['chain']): string {
  if (hasPallet === null || specVersion === null) return words.settings.chain.unknown
  return hasPallet ? words.settings.chain.has(specVersion, calls.join(', ')) : words.settings.chain.none(specVersion)
}

/** A stage in words: under v3 nothing can be claimed. */
export function stageName(stage: MintRowStage, rules: 'v3' | 'node-period'): string {
  return rules === 'v3' && stage === 'claimable' ? words.wouldPay : words.stages[stage].name
}

export type FigureList = [name: string, value: string][]

export interface RecordFigures {
  raw: FigureList
  calculated: FigureList
  paid: FigureList
}

type Json = string | boolean | null | Json[] | { [member: string]: Json }

/** A mint's record as people read it, in its three parts; null where it is not what this Granary writes. */
export function recordFigures(record: string): RecordFigures | null {
  const data = parseExactly(record)
  const raw = child(data, 'raw')
  const calculated = child(data, 'calculated')
  const paid = child(data, 'paid')
  if (!raw || !calculated || !paid) return null
  const names = words.figureNames
  const violation = raw.violation
  const units = child(calculated, 'cloud_units')
  const policy = child(calculated, 'policy')
  const full = child(calculated, 'reward')
  const twin = child(data, '')?.farm_twin_id
  return {
    raw: [
      [names.uptime, `${group(textOf(raw.uptime))} s (${formatDuration(Number(textOf(raw.uptime)))})`],
      [names.violation, typeof violation === 'string' ? violationName(violation) : names.none],
      [names.minimum, resources(child(raw, 'minimum'))],
      [names.maximum, resources(child(raw, 'maximum'))],
      [names.price, `${fixed(whole(raw.connection_price), 3)} USD`],
      [names.ips, group(fixed((whole(raw.ip_seconds) * 100n) / 3_600n, 2))],
      [names.traffic, gib(raw.nru_bytes)],
    ],
    calculated: [
      [names.cu, fixed(whole(units?.cu), 6)],
      [names.su, fixed(whole(units?.su), 6)],
      [names.nu, fixed(whole(units?.nu), 6)],
      [names.utilization, utilization(child(calculated, 'utilization_permille'))],
      [names.policy(textOf(child(data, '')?.farming_policy_id)), policyText(policy)],
      [names.permille, textOf(calculated.uptime_permille)],
      [names.sla, calculated.sla_met === true ? names.met : names.missed],
      [names.full, `${group(fixed(whole(full?.tft), 7))} TFT, ${group(fixed(whole(full?.musd), 3))} USD`],
    ],
    paid: [
      [names.outcome, outcomeName(textOf(paid.outcome))],
      [names.tft, `${group(fixed(whole(paid.tft), 7))} TFT, ${group(fixed(whole(paid.musd), 3))} USD`],
      ...(whole(paid.carbon_tft) > 0n ? ([[names.carbon, `${group(fixed(whole(paid.carbon_tft), 7))} TFT`]] as FigureList) : []),
      [names.payee, twin ? words.sheet.twin(Number(textOf(twin))) : words.sheet.noTwin],
    ],
  }
}

/** Figures stay texts, as they pass what a float holds. */
function parseExactly(record: string): Json {
  try {
    return JSON.parse(record.replace(/"(?:[^"\\]|\\.)*"|-?\d+/g, part => (part.startsWith('"') ? part : `"${part}"`))) as Json
  } catch {
    return null
  }
}

/** A member that is an object; the object itself for an empty name. */
function child(value: Json | undefined, member: string): { [member: string]: Json } | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  if (member === '') return value
  return child(value[member], '')
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function whole(value: Json | undefined): bigint {
  return typeof value === 'string' && /^-?\d{1,80}$/.test(value) ? BigInt(value) : 0n
}

function gib(value: Json | undefined): string {
  return `${group(fixed((whole(value) * 100n) / 2n ** 30n, 2))} GiB`
}

function resources(of: { [member: string]: Json } | null): string {
  return `${group(textOf(of?.cru))} cores, ${gib(of?.mru)} memory, ${gib(of?.sru)} SSD, ${gib(of?.hru)} HDD`
}

const resourceNames: [member: string, name: string][] = [
  ['cru', 'cores'],
  ['mru', 'memory'],
  ['sru', 'SSD'],
  ['hru', 'HDD'],
]

function utilization(of: { [member: string]: Json } | null): string {
  const parts = resourceNames.flatMap(([member, name]) => {
    const permille = of?.[member]
    return typeof permille === 'string' ? [`${fixed(BigInt(permille), 1)} % of ${name}`] : []
  })
  return parts.length === 0 ? words.figureNames.none : parts.join(', ')
}

function policyText(of: { [member: string]: Json } | null): string {
  const usd = (member: string) => `${fixed(whole(of?.[member]), 3)} USD`
  return texts.explain.inputs.prices(usd('cu'), usd('su'), usd('nu'), usd('ipv4'))
}

function violationName(text: string): string {
  return (violationWords as Record<string, { name: string }>)[text]?.name ?? text
}

function outcomeName(text: string): string {
  return (words.outcomes as Record<string, string>)[text] ?? text
}
