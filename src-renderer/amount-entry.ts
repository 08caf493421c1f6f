import { toAppError } from '../src-shared/errors.ts'
import { group } from '../src-shared/money.ts'
import { formatAmount, parseAmount } from '../src-shared/treasury/amounts.ts'
import { texts } from './texts.ts'

/*
 * What a user enters as an amount. Granary writes thousands with commas and decimals with a point, and takes exactly that. Other people's
 * separators are never guessed at: a text that could be meant otherwise is not taken before one of its readings was chosen.
 */

/** One way in which a text can be read. */
export interface Reading {
  units: bigint
  /** as Granary writes it: `1,234.5` */
  text: string
}

export type AmountEntry =
  | { kind: 'empty' }
  | { kind: 'amount'; units: bigint }
  /** it may be one or the other; a single reading is what was most likely meant by a text of other separators */
  | { kind: 'unclear'; readings: readonly Reading[] }
  | { kind: 'problem'; message: string }

/** Thousands separated, at most 7 decimals, no zeros at the end: `1,234.5`. The whole amount, never cut. */
export function writeAmount(units: bigint): string {
  return group(formatAmount(units))
}

/**
 * Reads the text of an amount field. `token`: the field's unit, which may stand behind the number as it does on screen. An amount of 0 or less
 * is a problem: nothing that is entered moves less than the smallest unit.
 */
export function readAmount(text: string, token: string): AmountEntry {
  const { number, unit } = parts(text)
  if (number === '') return unit === '' ? { kind: 'empty' } : problem(texts.amount.notNumber)
  if (unit !== '' && unit.toLowerCase() !== token.toLowerCase()) return problem(texts.amount.otherUnit(token))
  if (!/^[\d.,'’\s]+$/.test(number) || !/^\d.*\d$|^\d$/.test(number)) return problem(texts.amount.notNumber)
  if (isOwn(number) && !isOneGroup(number)) return ofPlain(number.replaceAll(',', ''))
  const plain = otherReadings(number)
  const readings = new Map<bigint, Reading>()
  for (const one of plain) {
    const read = ofPlain(one)
    if (read.kind === 'amount') readings.set(read.units, { units: read.units, text: writeAmount(read.units) })
    else if (plain.length === 1) return read
  }
  return readings.size === 0 ? problem(texts.amount.separators) : { kind: 'unclear', readings: [...readings.values()] }
}

/** A percentage as a field has it, in the form that is sent; null: not above 0, above 100, or more than 2 decimals. */
export function readPercent(text: string | number): number | null {
  const value = typeof text === 'number' ? text : text.trim() === '' ? Number.NaN : Number(text)
  const isShare = value > 0 && value <= 100 && Math.abs(value * 100 - Math.round(value * 100)) < 1e-9
  return isShare ? value : null
}

/** The number and the word behind it. */
function parts(text: string): { number: string; unit: string } {
  const match = /^(.*?)\s*([A-Za-z][A-Za-z-]*)?$/s.exec(text.trim())
  return { number: match?.[1] ?? '', unit: match?.[2] ?? '' }
}

/** As Granary writes amounts: nothing between the digits but commas in the right places and one point. */
function isOwn(number: string): boolean {
  return /^(\d+|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?$/.test(number)
}

/** `1,234`: a thousand and some here, one and some where the comma stands before decimals. */
function isOneGroup(number: string): boolean {
  return /^[1-9]\d{0,2},\d{3}$/.test(number)
}

/** The plain decimals that a text may mean, if any. */
function otherReadings(number: string): string[] {
  const readings: string[] = []
  if (isGrouped(number)) readings.push(number.replace(/\D/g, ''))
  const [, whole = '', mark = '', decimals = ''] = /^(.*)([.,])(\d+)$/.exec(number) ?? []
  // a mark that stands several times can't be the one before decimals
  if (mark !== '' && !whole.includes(mark) && (/^\d+$/.test(whole) || isGrouped(whole)))
    readings.push(`${whole.replace(/\D/g, '')}.${decimals}`)
  return readings
}

/** Groups of three, with one and the same mark between them. */
function isGrouped(number: string): boolean {
  return /^[1-9]\d{0,2}([.,'’\s])\d{3}(?:\1\d{3})*$/.test(number)
}

function ofPlain(plain: string): AmountEntry {
  try {
    const units = parseAmount(plain, 'amount')
    return units > 0n ? { kind: 'amount', units } : problem(texts.amount.nothing)
  } catch (error) {
    return problem(toAppError(error).message.replace('The amount in "amount" can\'t be read. ', ''))
  }
}

function problem(message: string): AmountEntry {
  return { kind: 'problem', message }
}
