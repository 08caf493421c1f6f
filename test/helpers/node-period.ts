import type { FarmingPolicy, GridNode } from '../../src-shared/grid.ts'

/** A node of 8 cores, 32 GiB and 1 TiB of SSD in farm 1, with the given figures changed. */
export function gridNode(id: number, change: Partial<GridNode> = {}): GridNode {
  const gib = 2 ** 30
  return {
    id,
    farm_id: 1,
    twin_id: id,
    resources: { cru: 8, mru: 32 * gib, hru: 0, sru: 1024 * gib },
    location: { latitude: '51.05', longitude: '3.71' },
    country: 'Belgium',
    city: 'Ghent',
    created: 1_600_000_000,
    farming_policy_id: 3,
    certification: 'Diy',
    virtualized: false,
    connection_price: 80,
    ...change,
  }
}

/** A farming policy at the usual prices that asks 95 % of uptime, with the given figures changed. */
export function policyOf(id: number, change: Partial<FarmingPolicy> = {}): FarmingPolicy {
  return {
    id,
    name: `policy ${id}`,
    cu: 2400,
    su: 1000,
    nu: 30,
    ipv4: 5,
    minimal_uptime: 950,
    policy_end: 0,
    immutable: true,
    default: false,
    node_certification: 'Diy',
    farm_certification: 'NotCertified',
    ...change,
  }
}
