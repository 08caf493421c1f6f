import type { GridFarm, GridNode } from '../../src-shared/grid.ts'
import type { Random } from './demo-random.ts'

/** milli-USD per TFT that the chain begins with */
export const FIRST_PRICE_MUSD = 80
const LATER_PRICES_MUSD = [60, 50, 35]

/** The price that the council sets once. */
export function newPrice(random: Random): number {
  return random.pick(LATER_PRICES_MUSD)
}

/** What a farmer may choose of a node's farming policies, by certification. */
const choices = { Diy: [1, 3, 4], Certified: [2, 4] }

/**
 * A farmer who tries things out: `move` gives one of the farm's nodes another farming policy, or lends it to another farm, or takes it back.
 * Null where no farm has a node for that. `nodes`: those that may be moved.
 */
export function createMover(nodes: readonly GridNode[], farms: readonly GridFarm[], random: Random): { move(): GridNode } | null {
  if (nodes.length === 0) return null
  const home = random.pick(nodes).farm_id
  const own = nodes.filter(node => node.farm_id === home)
  const others = farms.filter(farm => farm.id !== home)
  let moves = 0
  return {
    move() {
      const node = random.pick(own)
      if (node.farm_id !== home) node.farm_id = home
      else if (moves % 3 === 1 && others.length > 0) node.farm_id = random.pick(others).id
      else node.farming_policy_id = random.pick(choices[node.certification].filter(id => id !== node.farming_policy_id))
      moves++
      return node
    },
  }
}
