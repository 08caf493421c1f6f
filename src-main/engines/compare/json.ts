/* JSON of others, looked at without changing it: figures keep the digits that they have, and members the place where they stand. */

/** A value that is neither list nor object, as its source text. */
class Leaf {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

/** Whether a text is one JSON object. */
export function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const MAX_DEPTH = 6
const MAX_LEAVES = 200

/**
 * Every leaf of a JSON object by its path (`reward.tft`, `list[0]`), as its source text; an empty list or object is a leaf too. Null where
 * the text is no JSON object, or holds more than any receipt does.
 */
export function leavesOf(text: string): Map<string, string> | null {
  let value: unknown
  try {
    value = JSON.parse(text, (_key: string, found: unknown, context?: { source?: string }) =>
      context?.source === undefined ? found : new Leaf(context.source),
    )
  } catch {
    // not JSON, or nested beyond all measure
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Leaf) return null
  const leaves = new Map<string, string>()
  return collect(value, '', 1, leaves) ? leaves : null
}

function collect(value: object, path: string, depth: number, leaves: Map<string, string>): boolean {
  if (depth > MAX_DEPTH) return false
  const isList = Array.isArray(value)
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    const at = isList ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`
    if (member instanceof Leaf) leaves.set(at, member.source)
    else if (typeof member === 'object' && member !== null && Object.keys(member).length > 0) {
      if (!collect(member, at, depth + 1, leaves)) return false
    } else leaves.set(at, Array.isArray(member) ? '[]' : '{}')
    if (leaves.size > MAX_LEAVES) return false
  }
  return true
}

/** A text leaf as text; undefined for any other leaf. */
export function textOf(leaf: string | undefined): string | undefined {
  return leaf?.startsWith('"') ? (JSON.parse(leaf) as string) : undefined
}

/** A whole number that is exact as one; undefined for any other leaf. */
export function wholeOf(leaf: string | undefined): number | undefined {
  if (leaf === undefined || !/^\d{1,16}$/.test(leaf)) return undefined
  const value = Number(leaf)
  return Number.isSafeInteger(value) ? value : undefined
}

/**
 * The source texts of an object's own members, by name. The text must be a JSON object (isJsonObject). Null where two members have
 * one name, as readers disagree about which of them counts.
 */
export function membersOf(text: string): Map<string, string> | null {
  const members = new Map<string, string>()
  let depth = 0
  let name: string | null = null
  let from = -1
  const close = (to: number): boolean => {
    if (name === null) return true
    if (members.has(name)) return false
    members.set(name, text.slice(from, to).trim())
    name = null
    return true
  }
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (letter === '"') {
      const end = stringEnd(text, at)
      if (depth === 1 && name === null) {
        name = JSON.parse(text.slice(at, end)) as string
        from = text.indexOf(':', end) + 1
        at = from - 1
      } else at = end - 1
    } else if (letter === '{' || letter === '[') depth++
    else if (letter === '}' || letter === ']') {
      if (depth === 1 && !close(at)) return null
      depth--
    } else if (letter === ',' && depth === 1 && !close(at)) return null
  }
  return members
}

/** The place after a string's closing quote. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}
