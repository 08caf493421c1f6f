import { cleanName } from '../../src-shared/text.ts'
import { texts } from '../texts.ts'

const words = texts.explain.inputs

/** A receipt's members that go into the payout, as people read them. Empty where the receipt isn't what this Granary writes. */
export function receiptInputs(receipt: string): [name: string, value: string][] {
  const data = parse(receipt)
  if (!data) return []
  const resources = record(data.resource_units)
  const rewards = record(data.resource_rewards)
  return [
    [words.farm, `${cleanName(String(data.farm_name))} (${data.farm_id})`],
    [words.paidTo, data.stellar_payout_address ? String(data.stellar_payout_address) : words.noAddress],
    [words.certification, data.node_type === 'CERTIFIED' ? words.certified : words.diy],
    [words.cores, String(resources.cru)],
    [words.memory, gib(resources.mru)],
    [words.hdd, gib(resources.hru)],
    [words.ssd, gib(resources.sru)],
    [
      words.policy(String(data.farming_policy_id)),
      words.prices(milliUsd(rewards.cu), milliUsd(rewards.su), milliUsd(rewards.nu), milliUsd(rewards.ipv4)),
    ],
  ]
}

/** The receipt's JSON laid out for reading; as it is where it can't be parsed. The exact bytes are what is hashed and copied. */
export function prettyReceipt(receipt: string): string {
  // re-serialising would turn 4.0 into 4, so the text is only broken into lines
  let depth = 0
  let quoted = false
  let escaped = false
  let result = ''
  for (const char of receipt) {
    if (quoted) {
      result += char
      if (escaped) escaped = false
      else if (char === '\\') escaped = true
      else if (char === '"') quoted = false
      continue
    }
    if (char === '{' || char === '[') result += `${char}\n${'  '.repeat(++depth)}`
    else if (char === '}' || char === ']') result += `\n${'  '.repeat(--depth < 0 ? 0 : depth)}${char}`
    else if (char === ',') result += `,\n${'  '.repeat(Math.max(depth, 0))}`
    else if (char === ':') result += ': '
    else result += char
    if (char === '"') quoted = true
  }
  return result
}

function parse(receipt: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(receipt)
    return typeof value === 'object' && value !== null && 'resource_units' in value ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function gib(value: unknown): string {
  return typeof value === 'number' ? `${(Math.floor(value * 100) / 100).toLocaleString('en-US')} GiB` : words.unknown
}

function milliUsd(value: unknown): string {
  return typeof value === 'number' ? `${(value / 1000).toFixed(3)} USD` : words.unknown
}
