import { receiptFloat } from '../minting/floats.ts'
import { receiptString } from '../minting/receipt.ts'

/*
 * The one form that a receipt's bytes have (minting.md, Receipt): exactly these members in this order, no spaces, figures and texts written
 * in one way only. What reads alike but has other bytes has another hash.
 */

/** whole: digits; float: shortest, with a fraction; text; digits: a whole number as text; flag; `?` may be null. */
type Form = 'whole' | 'whole?' | 'float' | 'text' | 'text?' | 'digits' | 'flag' | 'null' | Members
type Members = readonly (readonly [name: string, form: Form])[]

const all = (form: Form, ...names: string[]): Members => names.map(name => [name, form] as const)
const period: Members = all('whole', 'start', 'end')

const receipt: Members = [
  ['period', period],
  ...all('whole', 'node_id', 'twin_id', 'farm_id'),
  ...all('text', 'farm_name', 'stellar_payout_address'),
  ...all('whole', 'measured_uptime', 'tft_connection_price'),
  ['cloud_units', all('float', 'cu', 'su', 'nu')],
  ['resource_units', all('float', 'cru', 'mru', 'hru', 'sru')],
  ['resource_utilization', all('float', 'cru', 'mru', 'hru', 'sru', 'ip')],
  ['reward', all('whole', 'musd', 'tft')],
  ['carbon_offset', 'null'],
  ['node_type', 'text'],
  ['farming_policy_id', 'whole'],
  ['resource_rewards', all('whole', 'cu', 'su', 'nu', 'ipv4')],
]

const retry: Members = [
  ['failed_payout_period', period],
  ['retry_period', period],
  ['farm_id', 'whole'],
  ...all('text', 'previous_stellar_payout_address', 'stellar_payout_address', 'retry_for_receipt'),
  ['reward', all('whole', 'musd', 'tft')],
]

const resources = (form: Form): Members => all(form, 'cru', 'mru', 'hru', 'sru')

const mint: Members = [
  ...all('text', 'rules', 'network'),
  ['node_id', 'whole'],
  ['period', period],
  ['closed', all('whole', 'block', 'ts')],
  ['farm_id', 'whole'],
  ['farm_name', 'text'],
  ['farm_twin_id', 'whole?'],
  ['farming_policy_id', 'whole'],
  ['node_type', 'text'],
  [
    'raw',
    [
      ['uptime', 'whole'],
      ['violation', 'text?'],
      ['minimum', resources('whole')],
      ['maximum', resources('whole')],
      ['capacity', resources('digits')],
      ['used', resources('digits')],
      ...all('digits', 'ip_seconds', 'nru_bytes'),
      ['connection_price', 'whole'],
    ],
  ],
  [
    'calculated',
    [
      ['cloud_units', all('whole', 'cu', 'su', 'nu')],
      ['utilization_permille', resources('whole?')],
      ['policy', all('whole', 'cu', 'su', 'nu', 'ipv4', 'minimal_uptime')],
      ['uptime_permille', 'whole'],
      ...all('flag', 'sla_met', 'scaled'),
      ['reward', all('whole', 'musd', 'tft')],
    ],
  ],
  ['paid', [['outcome', 'text'], ...all('whole', 'musd', 'tft', 'carbon_tft')]],
]

const forms = { receipt, retry, mint }
export type StatementKind = keyof typeof forms

/** What the leaves say that this is; null: nothing that Granary knows. */
export function kindOf(leaves: ReadonlyMap<string, string>): StatementKind | null {
  if (leaves.has('retry_for_receipt')) return 'retry'
  if (leaves.has('measured_uptime')) return 'receipt'
  return leaves.get('rules') === '"node-period"' ? 'mint' : null
}

/** The member at which the bytes leave the one form that they must have; null: they are in it to the last byte. */
export function formProblem(text: string, kind: StatementKind): string | null {
  const end = object(text, 0, forms[kind], '')
  if (typeof end === 'object') return end.at
  return end === text.length ? null : 'the end'
}

/** Where the object ends, or the member that is not as it must be. */
function object(text: string, start: number, members: Members, path: string): number | { at: string } {
  let at = start
  for (const [i, [name, form]] of members.entries()) {
    const member = path === '' ? name : `${path}.${name}`
    const head = `${i === 0 ? '{' : ','}"${name}":`
    if (!text.startsWith(head, at)) return { at: member }
    at += head.length
    const end = typeof form === 'string' ? leaf(text, at, form) : object(text, at, form, member)
    if (end === null) return { at: member }
    if (typeof end === 'object') return end
    at = end
  }
  return text[at] === '}' ? at + 1 : { at: path === '' ? 'the end' : path }
}

const patterns = {
  whole: /0|[1-9]\d*/y,
  float: /[^,}]+/y,
  text: /"[^"\\]*(?:\\.[^"\\]*)*"/y,
  digits: /"(?:0|[1-9]\d*)"/y,
  flag: /true|false/y,
  null: /null/y,
}

function leaf(text: string, at: number, form: Exclude<Form, Members>): number | null {
  if (form === 'whole?' || form === 'text?')
    return text.startsWith('null', at) ? at + 4 : leaf(text, at, form === 'whole?' ? 'whole' : 'text')
  const pattern = patterns[form]
  pattern.lastIndex = at
  const found = pattern.exec(text)?.[0]
  if (found === undefined) return null
  if (form === 'float' && !isFloat(found)) return null
  if (form === 'text' && !isText(found)) return null
  return at + found.length
}

function isFloat(found: string): boolean {
  const value = Number(found)
  return Number.isFinite(value) && value >= 0 && receiptFloat(value) === found
}

function isText(found: string): boolean {
  try {
    return receiptString(JSON.parse(found) as string) === found
  } catch {
    return false
  }
}
