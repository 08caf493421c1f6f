import { z } from 'zod'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import type { TreasuryRow } from '../../src-shared/treasury/row.ts'
import { pick } from './treasury-acts.ts'

/*
 * Inputs for any row of the table of commands, made from its schema alone: such as its schema takes, and such as it does not, with the member that
 * is wrong.
 */

interface Described {
  type?: string
  enum?: unknown[]
  pattern?: string
  format?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  items?: Described
  properties?: Record<string, Described>
  required?: string[]
}

const described = new WeakMap<TreasuryRow, Described>()

function describedIn(row: TreasuryRow): Described {
  let found = described.get(row)
  if (!found) {
    found = z.toJSONSchema(row.in, { io: 'input', unrepresentable: 'any' }) as Described
    described.set(row, found)
  }
  return found
}

export interface Chances {
  random: () => number
  /** texts that mean something here: ids, names, tokens */
  texts: readonly string[]
}

/** An input that the row's schema takes; what it is about is taken from what there is, and mostly of another kind. */
export function takenInput(row: TreasuryRow, chances: Chances): Record<string, unknown> {
  // a few schemas ask for more than can be described
  let input = {}
  for (let tries = 0; tries < 10; tries++) {
    input = describedInput(row, chances)
    if (z.safeDecode(row.in, input as never).success) break
  }
  return input
}

function describedInput(row: TreasuryRow, chances: Chances): Record<string, unknown> {
  const { properties = {}, required = [] } = describedIn(row)
  const members = Object.entries(properties).filter(([name]) => required.includes(name) || chances.random() < 0.4)
  return Object.fromEntries(members.map(([name, member]) => [name, takenValue(member, chances)]))
}

function takenValue(member: Described, chances: Chances): unknown {
  const { random, texts } = chances
  if (member.enum) return pick(random, member.enum)
  switch (member.type) {
    case 'string':
      return takenText(member, random, texts)
    case 'integer':
    case 'number': {
      const [least, most] = [member.minimum ?? -(2 ** 31), member.maximum ?? 2 ** 40]
      return pick(random, [least, most, Math.min(most, Math.max(least, Math.floor(random() * 200)))])
    }
    case 'boolean':
      return random() < 0.5
    case 'array':
      return Array.from({ length: Math.max(member.minItems ?? 0, 1) }, () => takenValue(member.items ?? {}, chances))
    case 'object':
      return {}
    default:
      return pick(random, texts)
  }
}

const AMOUNT = /^\^-\?\\d/

function takenText(
  { pattern = '', format, minLength = 0, maxLength = 100 }: Described,
  random: () => number,
  texts: readonly string[],
): string {
  if (AMOUNT.test(pattern))
    return pick(random, ['0', '-1', '1', '0.0000001', '12.5', '1000000', formatAmount(2n ** 63n - 1n), formatAmount(1n - 2n ** 63n)])
  if (format === 'uuid') return '00000000-0000-4000-8000-000000000000'
  const text = pick(random, texts)
  return text.trim().length >= minLength && text.length <= maxLength ? text : 'x'.repeat(Math.max(minLength, 1))
}

/** What no member of the table takes for an amount, an id, a number, a choice or a list. */
const wrongValues: readonly unknown[] = [
  ...[
    null,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    0.5,
    -0.1,
    1e300,
    2n ** 70n,
    { $ne: '' },
    { toString: 'x' },
    [[]],
    () => 1,
    Symbol.iterator,
  ],
  ...[new Date(Number.NaN), new Map(), Buffer.from('x')],
]
const wrongAmounts = [1, '1e3', '1,5', ' 1', '1.', '.5', '+1', '0x10', '1.00000001', '99999999999999999999', '٣', '1\u00a0000', 'NaN', '']

export interface Wrong {
  input: unknown
  /** null: the whole of it is no input */
  member: string | null
}

/** An input that the row's schema does not take, and why; null: none was found. */
export function wrongInput(row: TreasuryRow, chances: Chances): Wrong | null {
  const wrong = spoiltInput(row, chances)
  // some take more than most
  return wrong !== null && !z.safeDecode(row.in, wrong.input as never).success ? wrong : null
}

function spoiltInput(row: TreasuryRow, chances: Chances): Wrong | null {
  const { random } = chances
  const { properties = {}, required = [] } = describedIn(row)
  const names = Object.keys(properties)
  const good = takenInput(row, chances)
  if (!z.safeDecode(row.in, good as never).success) return null
  if (random() < 0.1) return { input: pick(random, [null, undefined, 7, 'text', [], [good], true]), member: null }
  if (names.length === 0) return null
  const member = pick(random, names)
  const { type, pattern = '', enum: choices, maxLength, minimum, maximum } = properties[member]!
  if (required.includes(member) && random() < 0.1) {
    const { [member]: _left, ...rest } = good
    return { input: rest, member }
  }
  const wrongs: unknown[] = [...wrongValues]
  if (AMOUNT.test(pattern)) wrongs.push(...wrongAmounts, ...wrongAmounts)
  else if (type === 'string' && choices) wrongs.push('__proto__', '')
  else if (type === 'string' && maxLength !== undefined) wrongs.push('x'.repeat(maxLength + 1))
  else if (type === 'integer') wrongs.push('1', (minimum ?? 0) - 1, (maximum ?? 2 ** 53) + 1)
  else if (type === 'boolean') wrongs.push('true', 1)
  return { input: { ...good, [member]: pick(random, wrongs) }, member }
}
