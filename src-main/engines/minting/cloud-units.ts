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
  const cru = BigInt(resources.cru)
  const mru = BigInt(resources.mru)
  const hru = BigInt(resources.hru)
  const sru = BigInt(resources.sru)
  const byCores = cru * 2n * GIB * MILLION
  const byMemory = mru < GIB ? 0n : ((mru - GIB) * MILLION) / 4n
  const byDisk = (sru * MILLION) / 50n
  return {
    cu: least(byCores, least(byMemory, byDisk)) / GIB,
    su: ((hru * MILLION) / 1200n + (sru * MILLION) / 250n) / GIB,
    nu: (nruBytes * MILLION) / GIB,
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
