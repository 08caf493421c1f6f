import type { Resources } from '../../../src-shared/grid.ts'

export const GIB = 2n ** 30n
const MILLION = 1_000_000n

/** Cloud units in millionths. */
export interface CloudUnits {
  cu: bigint
  su: bigint
  nu: bigint
}

/**
 * CU, SU and NU of a node (minting.md, CU, SU, NU): integers in millionths, every division floors in the order written. Memory below
 * 1 GiB earns CU 0.
 */
export function cloudUnits(resources: Resources, nruBytes: bigint): CloudUnits {
  const hru = BigInt(resources.hru)
  const sru = BigInt(resources.sru)
  const caps = computeCaps(resources)
  return {
    cu: least(caps.cru, least(caps.mru, caps.sru)) / GIB,
    su: ((hru * MILLION) / 1200n + (sru * MILLION) / 250n) / GIB,
    nu: (nruBytes * MILLION) / GIB,
  }
}

/** What cores, memory and SSD would each give in CU if the others were no limit: millionths times 2^30. The least of them counts. */
export function computeCaps(resources: Resources): { cru: bigint; mru: bigint; sru: bigint } {
  const mru = BigInt(resources.mru)
  return {
    cru: BigInt(resources.cru) * 2n * GIB * MILLION,
    mru: mru < GIB ? 0n : ((mru - GIB) * MILLION) / 4n,
    sru: (BigInt(resources.sru) * MILLION) / 50n,
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
