import type { EndSnapshot, FarmingPolicy, GridFarm, RareEvent, StartSnapshot } from '../../../../src-shared/grid.ts'

/** milli-USD per TFT where no data names the chain's price: what the grid has had for years (minting.md, Receipt). */
export const USUAL_PRICE_MUSD = 80

export type MarketStart = Pick<StartSnapshot, 'connectionPrice' | 'farms' | 'farmingPolicies'>

/** What all nodes share of the chain's state: its connection price, its farms, its farming policies through time. */
export interface Market {
  price(): number
  /** the figures that stood before `ts`; undefined for what nobody knows */
  farmAt(id: number, ts: number): GridFarm | undefined
  policyAt(id: number, ts: number): FarmingPolicy | undefined
  putPrice(musd: number): void
  putFarm(farm: GridFarm, ts: number): void
  putPolicy(policy: FarmingPolicy, ts: number): void
}

/** What one record said through time: each version stands from `fromTs` on. */
type Versions<T> = Map<number, { fromTs: number; record: T }[]>

function versionsOf<T extends { id: number }>(records: readonly T[]): Versions<T> {
  return new Map(records.map(record => [record.id, [{ fromTs: Number.NEGATIVE_INFINITY, record }]]))
}

function put<T extends { id: number }>(versions: Versions<T>, record: T, fromTs: number): void {
  const known = versions.get(record.id)
  if (known === undefined) versions.set(record.id, [{ fromTs, record }])
  else known.push({ fromTs, record })
}

function before<T>(versions: Versions<T>, id: number, ts: number): T | undefined {
  return versions.get(id)?.findLast(version => version.fromTs < ts)?.record
}

/** What stood up to `untilTs`, where a former stretch of the chain tells it; asked for when it is needed. */
export interface EarlierMarket {
  untilTs: number
  market: () => Pick<Market, 'farmAt' | 'policyAt'>
}

/**
 * The market as a fold begins with it. Where the start snapshot has no farms or policies, those of the end stand from the beginning
 * (interfaces.md, Grid archive: "prices and policies are those of the end"). What stood before the start, which a node's period that ended
 * there is paid by, is `earlier`'s, as far as that knows; else it was what it is at the start.
 */
export function createMarket(
  start: MarketStart,
  end: Pick<EndSnapshot, 'farms' | 'farmingPolicies'>,
  earlier: EarlierMarket | null = null,
): Market {
  let price = start.connectionPrice ?? USUAL_PRICE_MUSD
  const farms = versionsOf(start.farms ?? end.farms)
  const policies = versionsOf(start.farmingPolicies ?? end.farmingPolicies)
  const past = (ts: number) => (earlier !== null && ts <= earlier.untilTs ? earlier.market() : null)
  return {
    price: () => price,
    farmAt: (id, ts) => past(ts)?.farmAt(id, ts) ?? before(farms, id, ts),
    policyAt: (id, ts) => past(ts)?.policyAt(id, ts) ?? before(policies, id, ts),
    putPrice(musd) {
      price = musd
    },
    putFarm: (farm, ts) => put(farms, farm, ts),
    putPolicy: (policy, ts) => put(policies, policy, ts),
  }
}

/** Takes in an event of the market in a block of time `ts`; any other changes nothing. */
export function applyToMarket(market: Market, event: RareEvent, ts: number): void {
  if (event[0] === 'TfgridModule.FarmUpdated') market.putFarm(event[1].farm, ts)
  else if (event[0] === 'TfgridModule.FarmingPolicyStored' || event[0] === 'TfgridModule.FarmingPolicyUpdated')
    market.putPolicy(event[1].policy, ts)
  else if (event[0] === 'TfgridModule.ConnectionPriceSet') market.putPrice(event[1].price)
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
