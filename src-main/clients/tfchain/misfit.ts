import { AppError, type ErrorDetails } from '../../../src-shared/errors.ts'

/** Thrown inside the decoders, where nobody knows block or storage item yet; the entry functions turn it into an AppError. */
export class Misfit extends Error {}

export function misfit(reason: string): never {
  throw new Misfit(reason)
}

export function tooShort(): never {
  throw new Misfit('its bytes end in the middle of a value')
}

/** What to do about bytes that cannot be decoded: either we know too little, or they are not what the chain said. */
const WAY_OUT = 'Install a newer Granary; if this is the newest, ask another endpoint, for the answer may be damaged.'

/** The chain.undecodable error: `what` is a whole clause that names the thing, `reason` says what is wrong with it. */
export function undecodable(what: string, reason: string, details: ErrorDetails, cause?: unknown): AppError {
  return new AppError('chain.undecodable', `${what}: ${reason}. ${WAY_OUT}`, { details, cause })
}
