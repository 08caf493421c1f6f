import type { Resources } from '../../../src-shared/grid.ts'
import type { CuLimit } from '../../../src-shared/what-if.ts'
import { computeCaps, GIB } from '../minting/cloud-units.ts'

const MILLION = 1_000_000n
const kinds = ['cru', 'mru', 'sru'] as const

/** The units that get less than the others allow, and how much more of them counts until another one limits. */
export type LimitStep = Pick<CuLimit, 'by' | 'more'>

/**
 * What limits the compute units (minting.md, CU): cores, memory or SSD, or several alike. `more` is the least that brings the CU, in
 * millionths, to where the next of them limits; memory and SSD in whole GiB. Nothing where all three limit alike.
 */
export function limitStep(resources: Resources): LimitStep {
  const caps = computeCaps(resources)
  const inCu = { cru: caps.cru / GIB, mru: caps.mru / GIB, sru: caps.sru / GIB }
  const least = kinds.map(kind => inCu[kind]).reduce((a, b) => (a < b ? a : b))
  const by = kinds.filter(kind => inCu[kind] === least)
  const others = kinds.filter(kind => inCu[kind] !== least).map(kind => inCu[kind])
  const more = { cru: 0n, mru: 0n, sru: 0n }
  if (others.length === 0) return { by, more }
  const next = others.reduce((a, b) => (a < b ? a : b))
  for (const kind of by) more[kind] = missing(kind, next, BigInt(resources[kind]))
  return { by, more }
}

/** What is added to `has` of a resource so that it allows `cu` millionths. */
function missing(kind: (typeof kinds)[number], cu: bigint, has: bigint): bigint {
  if (kind === 'cru') return ceilDiv(cu, 2n * MILLION) - has
  const needed = kind === 'mru' ? GIB + ceilDiv(4n * cu * GIB, MILLION) : ceilDiv(50n * cu * GIB, MILLION)
  return ceilDiv(needed - has, GIB) * GIB
}

function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}
