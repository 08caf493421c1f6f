import { AppError, toAppError } from '../src-shared/errors.ts'
import { group, unfixed } from '../src-shared/money.ts'
import { curveRefusalMeaning } from '../src-shared/treasury/curve.ts'
import { decimal, PRICE_DECIMALS, SLOPE_DECIMALS } from '../src-shared/treasury/curve-amounts.ts'

/** A price in whole: thousands separated, up to 12 decimals. */
export function writePrice(price: bigint): string {
  return group(decimal(price, PRICE_DECIMALS))
}

/** What the price rises by for one token, in whole: up to 17 decimals. */
export function writeSlope(slope: bigint): string {
  return group(decimal(slope, SLOPE_DECIMALS))
}

/** A decimal above 0 as a field has it; null: it is none, or has more decimals. */
export function readDecimal(text: string, decimals: number): bigint | null {
  const value = unfixed(text.trim(), decimals)
  return value !== null && value > 0n ? value : null
}

/** Millionths as per cent: 3000 gives `0.3 %`. */
export function writePpm(ppm: number): string {
  return `${ppm / 10_000} %`
}

/** The price at a supply with a slope: `P0 + m*s`, prices of 12 decimals, slopes of 17, tokens of 7. */
export function priceAt(initialPrice: bigint, slope: bigint, supply: bigint): bigint {
  return initialPrice + (slope * supply) / 10n ** 12n
}

/** How much has to be minted until the price is twice the first one; base units, null where no slope is entered. */
export function doublesAfter(initialPrice: bigint | null, slope: bigint | null): bigint | null {
  return initialPrice === null || slope === null ? null : (initialPrice * 10n ** 12n) / slope
}

/** Does it; a refusal that has only a chain's name for it says what it means too. */
export async function saying<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (reason) {
    const error = toAppError(reason)
    const meaning = curveRefusalMeaning(error.code)
    throw meaning === null ? error : new AppError(error.code, `${error.message}: ${meaning}`, { details: error.details })
  }
}
