import { MAX_UNITS, tftExact, unitsFromTft } from './money.ts'
import { hasDate, tsFromUtc } from './time.ts'

/*
 * What someone writes of a transfer to the vault, read the same way in a form, on the command line and in a file. A problem says what is
 * wrong, as the beginning of a sentence, and the way out as a whole one.
 */

export type FieldRead<T> = { value: T } | { problem: { what: string; wayOut: string } }

/** Longest note of a transfer, in characters. */
export const NOTE_LENGTH = 200

/** How far a transfer's time may lie ahead of this machine's clock, seconds: two clocks are never the same. */
export const CLOCKS_APART_SEC = 300

/** A Stellar transaction's hash: 64 hex digits. */
export function readTx(text: string): FieldRead<string> {
  if (/^[0-9a-f]{64}$/i.test(text)) return { value: text.toLowerCase() }
  return wrong(`${shown(text)} is no transaction`, "Enter the Stellar transaction's hash, 64 hex digits.")
}

/** Seconds since the epoch, or ISO 8601 in UTC; not after `latestTs`. */
export function readTime(text: string, latestTs = Number.POSITIVE_INFINITY): FieldRead<number> {
  const ts = /^\d{1,12}$/.test(text) ? Number(text) : tsFromUtc(text)
  if (ts === null || !hasDate(ts))
    return wrong(`${shown(text)} is no time in UTC`, 'Enter seconds since 1970, or a time such as 2024-11-30T12:56:40Z.')
  if (ts > latestTs) return wrong(`${shown(text)} is still to come`, 'Enter the time at which Stellar took the transfer, in UTC.')
  return { value: ts }
}

/** TFT with up to 7 decimals, above 0; units of 1e-7 TFT. */
export function readAmount(text: string): FieldRead<bigint> {
  const amount = unitsFromTft(text)
  if (amount === null)
    return wrong(`${shown(text)} is no amount`, 'Enter TFT with a point and up to 7 decimals, such as 1279.4250000, without separators.')
  return checkAmount(amount, text)
}

/** An amount that a transfer can have: above 0 and no more than Stellar can hold. */
export function checkAmount(amountUnits: bigint, text = tftExact(amountUnits)): FieldRead<bigint> {
  if (amountUnits > 0n && amountUnits <= MAX_UNITS) return { value: amountUnits }
  return wrong(`${shown(text)} can't be an amount of a transfer`, `Enter more than 0 and up to ${tftExact(MAX_UNITS)} TFT.`)
}

/** A memo hash of 32 bytes as hex or base64, or nothing; hex, null for nothing. */
export function readMemo(text: string): FieldRead<string | null> {
  if (text === '') return { value: null }
  const hex = /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : hexOfBase64(text)
  if (hex !== null) return { value: hex }
  return wrong(`${shown(text)} is no memo hash`, 'Enter its 32 bytes as 64 hex digits or as base64, or leave it empty.')
}

export function readNote(text: string): FieldRead<string> {
  if (text.length <= NOTE_LENGTH) return { value: text }
  return wrong(`the note has ${text.length} characters`, `Cut it to ${NOTE_LENGTH}.`)
}

/** 32 bytes of base64 as hex; null for anything else. */
function hexOfBase64(text: string): string | null {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return null
  const bytes = atob(text)
  // the last letter holds two bits more than there are; only a text that comes out again was base64 of these bytes
  if (btoa(bytes) !== text) return null
  return Array.from(bytes, byte => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

/** The same 32 bytes as base64, as some wallets want them. */
export function base64OfHex(hex: string): string {
  return btoa((hex.match(/../g) ?? []).map(pair => String.fromCharCode(Number.parseInt(pair, 16))).join(''))
}

function wrong(what: string, wayOut: string): { problem: { what: string; wayOut: string } } {
  return { problem: { what, wayOut } }
}

/** A text as a message can show it: short, and without what would break the line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 70 ? `${text.slice(0, 70)}…` : text)
}
