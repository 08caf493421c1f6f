/*
 * What the chart of a curve draws: price over supply. Amounts and prices become floats here only, to place them within a few hundred pixels.
 */

/** What one token costs once so much was minted on the curve: base units; the price with 12 decimals. */
export interface CurvePoint {
  supply: bigint
  price: bigint
}

export interface CurveDrawing {
  /** from nothing minted on, with rising supply; the price is level or straight between them */
  points: readonly CurvePoint[]
  now: CurvePoint
  /** once the purchase that is looked at is made; null: none is */
  bought: CurvePoint | null
  /** the floor of the price; null: there is no pool that pays one */
  floor: bigint | null
}

/** Columns of a chart: supply, price, price within the purchase, floor. */
export type ChartColumns = [number[], number[], (number | null)[], (number | null)[]]

/** Rows by rising supply; what is now and what was bought are rows of their own, so that nothing is drawn beside where it is. */
export function chartColumns({ points, now, bought, floor }: CurveDrawing): ChartColumns {
  const rows = [...points, now, ...(bought ? [bought] : [])]
    .sort((a, b) => (a.supply < b.supply ? -1 : a.supply > b.supply ? 1 : 0))
    .filter((row, at, all) => at === 0 || all[at - 1]!.supply !== row.supply)
  const isWithin = ({ supply }: CurvePoint) => bought !== null && supply >= now.supply && supply <= bought.supply
  return [
    rows.map(({ supply }) => tokens(supply)),
    rows.map(row => priceNumber(row.price)),
    rows.map(row => (isWithin(row) ? priceNumber(row.price) : null)),
    rows.map(() => (floor === null ? null : priceNumber(floor))),
  ]
}

/** Base units as a float of tokens. */
export function tokens(units: bigint): number {
  return Number(units) / 1e7
}

/** A price of 12 decimals as a float. */
export function priceNumber(price: bigint): number {
  return Number(price) / 1e12
}
