/**
 * JSON in which integers of any size survive: what JavaScript can't hold as a number is written as plain digits and comes
 * back as a bigint, everything else as JSON.parse gives it (U64 in src-shared/grid.ts).
 */

interface ExactJson {
  rawJSON(text: string): unknown
}
const raw = (JSON as unknown as ExactJson).rawJSON

/** A number of 16 digits or more where a member or an element can stand, without spaces; a hit inside a text only costs time. */
const maybeBig = /[:[,]-?\d{16,}[,}\]]/

export function exactStringify(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? raw(member.toString()) : member))
  }
}

/** Whether JSON.parse gives all of an object or a list exactly, as exactStringify or canonicalJson wrote it. */
export function isPlainJson(text: string): boolean {
  return !maybeBig.test(text)
}

/** Of an object or a list, as exactStringify or canonicalJson wrote it. */
export function exactParse(text: string): unknown {
  if (isPlainJson(text)) return JSON.parse(text)
  const revive = (_key: string, value: unknown, context?: { source?: string }): unknown => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    const source = context?.source
    return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value
  }
  return JSON.parse(text, revive)
}

/** The same text for the same data whatever the order of members: members sorted, no spaces, big integers as digits. */
export function canonicalJson(value: unknown): string {
  return canonical(value, new Map())
}

/** A member's name, and how it is written. */
interface Member {
  name: string
  quoted: string
}

/** `orders`: the members in their order, by the names as an object has them. The objects of a list have the same, and sorting takes longest. */
function canonical(value: unknown, orders: Map<string, Member[]>): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  if (Array.isArray(value)) {
    let text = '['
    for (let i = 0; i < value.length; i++) text += i === 0 ? canonical(value[i], orders) : `,${canonical(value[i], orders)}`
    return `${text}]`
  }
  if (typeof value === 'object' && value !== null) {
    const members = value as Record<string, unknown>
    let text = ''
    for (const { name, quoted } of orderOf(Object.keys(members), orders)) {
      const member = members[name]
      if (member !== undefined) text += `${text === '' ? '' : ','}${quoted}${canonical(member, orders)}`
    }
    return `{${text}}`
  }
  return JSON.stringify(value) ?? 'null'
}

function orderOf(names: string[], orders: Map<string, Member[]>): Member[] {
  const together = JSON.stringify(names)
  const known = orders.get(together)
  if (known) return known
  const order = names.sort().map(name => ({ name, quoted: `${JSON.stringify(name)}:` }))
  orders.set(together, order)
  return order
}
