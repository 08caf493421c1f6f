import { z } from 'zod'
import { AppError, toAppError } from '../errors.ts'
import { fixed, MAX_UNITS, unfixed } from '../money.ts'

/** Decimals of every token: what Stellar can carry (tokenomics.md, Rules). */
export const TOKEN_DECIMALS = 7

/**
 * Base units of an amount given as text in tokens. Throws AppError usage, naming the field and the way out, for whatever is no plain decimal
 * (numbers of a program, exponents, separators, spaces, a bare point), has more than 7 decimals, or is past signed 64 bits. Amounts below 0
 * are parsed: each operation says in its own words that they must be positive.
 */
export function parseAmount(given: unknown, field: string): bigint {
  if (typeof given !== 'string')
    throw invalid(field, 'It must be given as text, e.g. "12.5", so that nothing rounds it on the way.', typeof given)
  if (!/^-?\d+(\.\d+)?$/.test(given)) throw invalid(field, 'It must be digits with at most one point, e.g. "1250.5".', given)
  const decimals = given.split('.')[1]?.length ?? 0
  if (decimals > TOKEN_DECIMALS) throw invalid(field, `It has ${decimals} decimals; a token has ${TOKEN_DECIMALS}.`, given)
  const amountUnits = unfixed(given, TOKEN_DECIMALS)
  if (amountUnits === null || amountUnits > MAX_UNITS || amountUnits < -MAX_UNITS)
    throw invalid(field, `It is more than an amount can hold: ${formatAmount(MAX_UNITS)}.`, given)
  return amountUnits
}

/** An amount in tokens as text, trailing zeros trimmed: `12.5`, `3`, `-0.0000001`. */
export function formatAmount(amountUnits: bigint): string {
  return fixed(amountUnits, TOKEN_DECIMALS).replace(/\.?0+$/, '')
}

function invalid(field: string, why: string, given: string): AppError {
  return new AppError('usage', `The amount in "${field}" can't be read. ${why}`, { details: { field, given: given.slice(0, 60) } })
}

/** An amount in the treasury's commands and queries: base units in the program, decimal text in tokens on the wire, in files and to a user. */
export const amountText = z
  .codec(z.string().max(60), z.bigint(), {
    decode(text, context) {
      try {
        return parseAmount(text, 'amount')
      } catch (error) {
        const { message } = toAppError(error)
        context.issues.push({ code: 'custom', input: text, message: message.replace('The amount in "amount"', 'This amount') })
        return z.NEVER
      }
    },
    encode: formatAmount,
  })
  .meta({ description: 'amount in tokens, e.g. 12.5', pattern: '^-?\\d+(\\.\\d{1,7})?$' })

/** A sum of what moved, which may come to more than an amount can hold: base units in the program, decimal text in tokens on the wire. */
export const sumText = z.codec(z.string().max(120), z.bigint(), {
  decode(text, context) {
    const units = unfixed(text, TOKEN_DECIMALS)
    if (units !== null) return units
    context.issues.push({ code: 'custom', input: text, message: 'This sum is no decimal text.' })
    return z.NEVER
  },
  encode: formatAmount,
})
