import type { xdr } from '@stellar/stellar-sdk/base'

/** One value of an envelope and where it stands, as `tx.tx.operations[0].body.payment.amount`. */
export interface Leaf {
  path: string
  /** null: left out; `[]`: an empty list */
  value: LeafValue
}

export type LeafValue = string | number | boolean | null | readonly []

type Json = ReturnType<xdr.TransactionEnvelope['toJson']>

/**
 * Every value of a decoded envelope, in the order of its bytes. The form is Stellar's own for XDR as JSON (SEP-51), which leaves nothing out:
 * the bytes can be made from it again.
 */
export function leavesOf(json: Json): Leaf[] {
  const leaves: Leaf[] = []
  collect(json, '', leaves)
  return leaves
}

function collect(value: Json, path: string, into: Leaf[]): void {
  if (Array.isArray(value)) {
    if (value.length === 0) into.push({ path, value: [] })
    for (const [place, item] of value.entries()) collect(item, `${path}[${place}]`, into)
  } else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) collect(member, path === '' ? name : `${path}.${name}`, into)
  else into.push({ path, value: value as LeafValue })
}

/** A value as people read it. */
export function leafText(value: LeafValue): string {
  if (value === null) return 'none'
  return typeof value === 'object' ? 'none (an empty list)' : String(value)
}

export interface LeafReader {
  /** the value, which counts as read from here on; undefined: there is none */
  take(path: string): LeafValue | undefined
  /** takes it only where it is exactly this; whether it was */
  takeIf(path: string, value: LeafValue): boolean
  has(path: string): boolean
  /** what nobody took, in the order of the bytes */
  rest(): Leaf[]
}

/** Whatever nobody takes is left over, so that nothing of the bytes can go by unseen. */
export function readLeaves(leaves: readonly Leaf[]): LeafReader {
  const left = new Map(leaves.map(({ path, value }) => [path, value]))
  return {
    take(path) {
      const value = left.get(path)
      left.delete(path)
      return value
    },
    takeIf: (path, value) => left.get(path) === value && left.delete(path),
    has: path => left.has(path),
    rest: () => [...left].map(([path, value]) => ({ path, value })),
  }
}
