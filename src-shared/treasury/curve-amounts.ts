import { z } from 'zod'
import { fixed, unfixed } from '../money.ts'
import { TOKEN_DECIMALS } from './amounts.ts'

/*
 * The numbers of a minting curve, which are u128: integers in the program, decimal text in files, on the wire and to a user. What is too large for
 * a curve is read, so that the curve refuses it in its own words.
 */

/** Of a price: foreign tokens for one token. A curve's precision K is 10^12. */
export const PRICE_DECIMALS = 12
/** Of a slope: what the price rises by for one token, which is 10^7 units: `m*10^7/K^2`. */
export const SLOPE_DECIMALS = 17

/** What an amount of the curve, simulated or of the ledger, is as text: up to 7 decimals, trailing zeros trimmed. */
export const curveAmount = decimalText(TOKEN_DECIMALS, 'amount in tokens, e.g. 12.5')
export const priceText = decimalText(PRICE_DECIMALS, 'price: tokens of the asset that is paid with for one token, e.g. 0.05')
export const slopeText = decimalText(SLOPE_DECIMALS, 'what the price rises by for each token that is minted, e.g. 0.000001')

/** A whole number of base units, as a chain has it: u128, which no number of JSON holds. */
export const wholeText = z
  .codec(z.string().max(60), z.bigint(), {
    decode(text, context) {
      if (/^\d{1,60}$/.test(text)) return BigInt(text)
      context.issues.push({ code: 'custom', input: text, message: 'Enter a whole number of base units, digits only.' })
      return z.NEVER
    },
    encode: value => value.toString(),
  })
  .meta({ description: 'whole number of base units', pattern: '^\\d{1,60}$' })

/** Integer of 10^-decimals as text, without zeros at its end. */
export function decimal(value: bigint, decimals: number): string {
  return fixed(value, decimals).replace(/\.?0+$/, '')
}

function decimalText(decimals: number, description: string) {
  return z
    .codec(z.string().max(90), z.bigint(), {
      decode(text, context) {
        const value = unfixed(text, decimals)
        if (value !== null) return value
        const message = `Enter digits with at most one point and ${decimals} decimals, e.g. 12.5.`
        context.issues.push({ code: 'custom', input: text, message })
        return z.NEVER
      },
      encode: value => decimal(value, decimals),
    })
    .meta({ description, pattern: `^-?\\d+(\\.\\d{1,${decimals}})?$` })
}
