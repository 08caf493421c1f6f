import type { EndSnapshot, FarmingPolicy, GridFarm, StartSnapshot } from '../../../../src-shared/grid.ts'

/** milli-USD per TFT where no data names the chain's price: what the grid has had for years (minting.md, Receipt). */
export const USUAL_PRICE_MUSD = 80

export type MarketStart = Pick<StartSnapshot, 'connectionPrice' | 'farms' | 'farmingPolicies'>

/** What all nodes share of the chain's state: its connection price, its farms, its farming policies through time. */
export interface Market {
  price(): number
  farm(id: number): GridFarm | undefined
  /** the figures that stood before `ts`; undefined for a policy that nobody knows */
  policyAt(id: number, ts: number): FarmingPolicy | undefined
  putPrice(musd: number): void
  putFarm(farm: GridFarm): void
  putPolicy(policy: FarmingPolicy, ts: number): void
}

interface PolicyVersion {
  fromTs: number
  policy: FarmingPolicy
}

/**
 * The market as a fold begins with it. Where the start snapshot has no farms or policies, those of the end stand from the beginning
 * (interfaces.md, Grid archive: "prices and policies are those of the end").
 */
export function createMarket(start: MarketStart, end: Pick<EndSnapshot, 'farms' | 'farmingPolicies'>): Market {
  let price = start.connectionPrice ?? USUAL_PRICE_MUSD
  const farms = new Map((start.farms ?? end.farms).map(farm => [farm.id, farm]))
  const policies = new Map<number, PolicyVersion[]>()
  for (const policy of start.farmingPolicies ?? end.farmingPolicies) policies.set(policy.id, [{ fromTs: Number.NEGATIVE_INFINITY, policy }])
  return {
    price: () => price,
    farm: id => farms.get(id),
    policyAt: (id, ts) => policies.get(id)?.findLast(version => version.fromTs < ts)?.policy,
    putPrice(musd) {
      price = musd
    },
    putFarm(farm) {
      farms.set(farm.id, farm)
    },
    putPolicy(policy, ts) {
      const versions = policies.get(policy.id)
      if (versions === undefined) policies.set(policy.id, [{ fromTs: ts, policy }])
      else versions.push({ fromTs: ts, policy })
    },
  }
}

/** What of the data was missing, so that the result rests on figures from elsewhere; in words, for problems.json. */
export function marketGaps(start: MarketStart): string[] {
  const gaps: string[] = []
  if (start.connectionPrice === undefined)
    gaps.push(
      `The start snapshot has no connection price, so ${USUAL_PRICE_MUSD} milli-USD per TFT was taken until an event sets one. It only decides whether a node's maximum resources may rise.`,
    )
  if (start.farmingPolicies === undefined)
    gaps.push('The start snapshot has no farming policies, so those of the end were taken from the beginning.')
  if (start.farms === undefined) gaps.push('The start snapshot has no farms, so those of the end were taken from the beginning.')
  return gaps
}
