import type { GridNode } from '../../src-shared/grid.ts'
import { DAY_BLOCKS, HOUR_BLOCKS } from './demo-clock.ts'
import type { Role } from './demo-grid.ts'
import type { Random } from './demo-random.ts'

/** Blocks until the next incident: around the mean of the role. */
export function nextIncident(role: Role, random: Random): number {
  const meanDays = { rebooting: 1.2, outage: 7, 'long-outage': 11, updater: 6 }[role as string] ?? 28
  return Math.ceil(meanDays * DAY_BLOCKS * (random.between(40, 160) / 100))
}

/** Blocks that a node stays off: a restart takes minutes, an outage hours or days. */
export function offBlocks(role: Role, random: Random): number {
  if (role === 'long-outage') return random.between(24 * HOUR_BLOCKS, 80 * HOUR_BLOCKS)
  if (role === 'outage') return random.between(HOUR_BLOCKS, 15 * HOUR_BLOCKS)
  return random.chance(0.85) || role === 'rebooting' ? random.between(20, 80) : random.between(100, 3 * HOUR_BLOCKS)
}

/** A node's owner moves it, adds or takes out a disk, or adds memory. */
export function changeNode(node: GridNode, random: Random): void {
  const { hru, sru, cru, mru } = node.resources
  switch (random.below(4)) {
    case 0:
      node.city = `${node.city.split(' (')[0]} (hall ${random.between(1, 9)})`
      break
    case 1:
      node.resources = { hru: Number(hru) + 4 * 10 ** 12, sru, cru, mru }
      break
    case 2:
      node.resources = { hru: Number(hru) > 0 ? Number(hru) / 2 : 0, sru, cru, mru }
      break
    default:
      node.resources = { hru, sru, cru, mru: Number(mru) + 2 ** 33 }
  }
}
