/** Token amount in units of 1e-7 TFT. Never a float. */
export type Units = bigint & { readonly __unit: 'units' }
/** Money in milli-USD. */
export type Musd = bigint & { readonly __unit: 'musd' }

export const UNITS_PER_TFT = 10_000_000n

export function units(value: bigint): Units {
  return value as Units
}

export function musd(value: bigint): Musd {
  return value as Musd
}

/** All 7 decimals, no separators: `279.4250000`, as files and copies have it. */
export function tftExact(amount: bigint): string {
  return fixed(amount, 7)
}

/** The largest amount that Stellar's signed 64-bit amounts hold: 922337203685.4775807 TFT. */
export const MAX_UNITS = 2n ** 63n - 1n

/** Units of a plain decimal in TFT with up to 7 decimals, exactly: `12.5`, `0.0000001`, `-3`; null for any other text. */
export function unitsFromTft(text: string): bigint | null {
  return unfixed(text, 7)
}

/** The other way round than `fixed`: an integer of 10^-decimals from a plain decimal with at most that many; null for any other text. */
export function unfixed(text: string, decimals: number): bigint | null {
  const match = /^(-?)(\d{1,60})(?:\.(\d+))?$/.exec(text)
  if (!match) return null
  const [, sign, whole = '', fraction = ''] = match
  if (fraction.length > decimals) return null
  const amount = BigInt(whole + fraction.padEnd(decimals, '0'))
  return sign === '-' ? -amount : amount
}

/** For screens: thousands separated, cut (never rounded up) to 2 decimals: `1,279.42`. */
export function tftShort(amount: bigint): string {
  return group(cut(fixed(amount, 7), 5))
}

/** `22.354` from 22354 milli-USD. */
export function usdExact(amount: bigint): string {
  return fixed(amount, 3)
}

/** For screens: `22.35`, cut. */
export function usdShort(amount: bigint): string {
  return group(cut(fixed(amount, 3), 1))
}

/** An integer of 10^-decimals as a decimal text with exactly that many decimals. */
export function fixed(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0')
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

/** Thousands separated by commas, in the whole part only. */
export function group(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

function cut(decimal: string, digits: number): string {
  const short = decimal.slice(0, -digits)
  return /^-0\.0+$/.test(short) ? short.slice(1) : short
}

/** What the amounts of these rows come to. */
export function sumUnits(rows: Iterable<{ readonly amountUnits: bigint }>): bigint {
  let total = 0n
  for (const { amountUnits } of rows) total += amountUnits
  return total
}
