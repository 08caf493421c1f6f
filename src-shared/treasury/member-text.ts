import type { z } from 'zod'
import { AppError } from '../errors.ts'

/* Members of the table's inputs from text, as a command line and an address have them. */

/** What a member's schema is at heart, and whether the member must be there. */
export function unwrapped(schema: z.ZodType): { core: z.ZodType; isNeeded: boolean } {
  let core = schema
  let isNeeded = true
  while (core.type === 'optional' || core.type === 'default' || core.type === 'nullable') {
    isNeeded &&= core.type === 'nullable'
    core = (core as unknown as { unwrap(): z.ZodType }).unwrap()
  }
  return { core, isNeeded }
}

/**
 * A member's value from text: numbers, yes-or-no and JSON (also where anything may stand) are read, a list also from its parts with commas
 * between; all else is text, which the table's schema checks. Throws AppError usage.
 */
export function memberOfText(schema: z.ZodType, text: string): unknown {
  const { type } = unwrapped(schema).core
  if (type === 'number') {
    if (!/^-?\d{1,15}(\.\d{1,10})?$/.test(text)) throw new AppError('usage', 'It takes a number.')
    return Number(text)
  }
  if (type === 'boolean') {
    if (text !== 'true' && text !== 'false') throw new AppError('usage', 'It takes true or false.')
    return text === 'true'
  }
  if (type === 'array' && !text.trimStart().startsWith('[')) return text.split(',').map(part => part.trim())
  if (type !== 'array' && type !== 'object' && type !== 'record' && type !== 'unknown') return text
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('usage', 'It takes JSON.', { cause })
  }
}
