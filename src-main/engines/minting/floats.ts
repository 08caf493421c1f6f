/**
 * Floats as the files have them (interfaces.md, What a mint writes). The language gives the shortest digits that read back as the same
 * float; where two such decimals are equally near, receipts want the even one and the overview the upper. All for finite x >= 0.
 */

/** For receipts: always with a fraction or an exponent; exponents below 1e-5 and from 1e16, unpadded: `4.0`, `9.3e-10`, `1e16`. */
export function receiptFloat(x: number): string {
  if (x === 0) return '0.0'
  const plain = plainText(x)
  if (plain !== null) return plain.includes('.') ? plain : `${plain}.0`
  const { digits, pointAt } = shortest(x, 'even')
  if (pointAt > 16 || pointAt < -4) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${digits[0]}${fraction}e${pointAt - 1}`
  }
  const text = positional(digits, pointAt)
  return text.includes('.') ? text : `${text}.0`
}

/** For the overview: never an exponent, and no fraction where there is none: `4`, `0.00000000093`. */
export function overviewFloat(x: number): string {
  if (x === 0) return '0'
  const plain = plainText(x)
  if (plain !== null) return plain
  const { digits, pointAt } = shortest(x, 'upper')
  return positional(digits, pointAt)
}

/** Rounded to two decimals by the float's exact value; a tie goes to the even digit: `12.50`. */
export function twoDecimals(x: number): string {
  // what nobody uses, as most of it
  if (x === 0) return '0.00'
  // an exact tie is a multiple of 1/8 with an odd numerator: only there the built-in rounding (up) may differ
  const eighths = x * 8
  if (Number.isInteger(eighths) && eighths % 2 !== 0) {
    const thousandths = BigInt(eighths) * 125n
    const cut = thousandths / 10n
    return hundredths(cut % 2n === 0n ? cut : cut + 1n)
  }
  return x < 1e21 ? x.toFixed(2) : `${BigInt(x)}.00`
}

function hundredths(value: bigint): string {
  const text = value.toString().padStart(3, '0')
  return `${text.slice(0, -2)}.${text.slice(-2)}`
}

/** The language's own text where it is what every file wants: no exponent and no tie. Nearly all figures are so. */
function plainText(x: number): string | null {
  if (x < 1e-5 || x >= 1e15) return null
  const text = String(x)
  if (text.length <= 15) return text
  const point = text.indexOf('.')
  return point >= 0 && !canTie(x, text.length - point - 1) ? text : null
}

/**
 * In a tie, x has exactly one decimal more than its digits, and as many decimals as binary places: times 2^(decimals + 1) it is whole, times
 * 2^decimals not. Cheap, and almost never so.
 */
function canTie(x: number, decimals: number): boolean {
  const scaled = x * 2 ** decimals
  return Number.isInteger(scaled * 2) && !Number.isInteger(scaled)
}

interface Decimal {
  /** significant digits without trailing zeros */
  digits: string
  /** how many of them stand before the point; 0 or less means leading zeros after it */
  pointAt: number
}

function shortest(x: number, tie: 'even' | 'upper'): Decimal {
  const decimal = parse(String(x))
  // up to 15 digits no two decimals read back as one float, so there is no tie
  return decimal.digits.length >= 16 ? breakTie(x, decimal, tie) : decimal
}

function parse(text: string): Decimal {
  const [mantissa = '', exponent = '0'] = text.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  const pointAt = whole.length + Number(exponent) - (all.length - digits.length)
  return { digits: digits.replace(/0+$/, ''), pointAt }
}

/** Looks whether the neighbour on the other side of x is exactly as near and reads back as x too. */
function breakTie(x: number, decimal: Decimal, tie: 'even' | 'upper'): Decimal {
  const decimals = decimal.digits.length - decimal.pointAt
  if (decimals + 1 >= 0 && decimals + 1 < 900 && !canTie(x, decimals)) return decimal
  const n = BigInt(decimal.digits)
  // the distance of n from x, in units of the last digit, exactly: (n - x * 10^decimals), as a fraction over 2^k
  const { mantissa, exponent } = split(x)
  let numerator = mantissa
  let denominator = 1n
  if (decimals >= 0) numerator *= 10n ** BigInt(decimals)
  else denominator *= 10n ** BigInt(-decimals)
  if (exponent >= 0) numerator <<= BigInt(exponent)
  else denominator <<= BigInt(-exponent)
  const twice = (n * denominator - numerator) * 2n
  if (twice !== denominator && twice !== -denominator) return decimal
  const lower = twice < 0n ? n : n - 1n
  const upper = lower + 1n
  const wanted = tie === 'upper' || lower % 2n !== 0n ? upper : lower
  if (wanted === n) return decimal
  const other = wanted.toString()
  if (Number(`${other}e${-decimals}`) !== x) return decimal
  return { digits: other.replace(/0+$/, ''), pointAt: other.length - decimals }
}

/** x = mantissa * 2^exponent, exactly. */
function split(x: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const raw = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & (2n ** 52n - 1n)
  return raw === 0 ? { mantissa: fraction, exponent: -1074 } : { mantissa: fraction | (2n ** 52n), exponent: raw - 1075 }
}

function positional(digits: string, pointAt: number): string {
  if (pointAt <= 0) return `0.${'0'.repeat(-pointAt)}${digits}`
  if (pointAt >= digits.length) return digits + '0'.repeat(pointAt - digits.length)
  return `${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`
}
