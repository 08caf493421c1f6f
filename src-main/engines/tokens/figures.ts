/* Figures of a token for charts, from the ledger's entries: how much there was, who held it, what moved. Amounts in base units. */

/** One posting of an entry, of one token. */
export interface EntryPosting {
  entity: string
  isIssuance: boolean
  amountUnits: bigint
}

/** What an entry did with one token. */
export interface Movement {
  mintedUnits: bigint
  burntUnits: bigint
  /** what passed from some entities to others, fees among it; what was put aside or taken back by its owner is none of it */
  transferredUnits: bigint
  /** what each entity has more of it, or less; those without a change are left out */
  nets: Map<string, bigint>
}

export function movementOf(postings: readonly EntryPosting[]): Movement {
  const nets = new Map<string, bigint>()
  let mintedUnits = 0n
  let burntUnits = 0n
  for (const { entity, isIssuance, amountUnits } of postings) {
    if (!isIssuance) nets.set(entity, (nets.get(entity) ?? 0n) + amountUnits)
    else if (amountUnits < 0n) mintedUnits -= amountUnits
    else burntUnits += amountUnits
  }
  let givenUnits = 0n
  let takenUnits = 0n
  for (const [entity, net] of nets) {
    if (net === 0n) nets.delete(entity)
    else if (net < 0n) givenUnits -= net
    else takenUnits += net
  }
  return { mintedUnits, burntUnits, transferredUnits: givenUnits < takenUnits ? givenUnits : takenUnits, nets }
}

/** An hour in which something moved, hours since the epoch; supply, treasury and holders as they were at its end. */
export interface HourFigures {
  hour: number
  supplyUnits: bigint
  /** what the treasury held */
  treasuryUnits: bigint
  /** entities that held some */
  holders: number
  mintedUnits: bigint
  burntUnits: bigint
  transferredUnits: bigint
  movements: number
}

export type FigureStep = 'hour' | 'day' | 'month'

/** A step of a chart: what moved in it, and what there was at its end. */
export interface StepFigures extends Omit<HourFigures, 'hour' | 'treasuryUnits'> {
  /** when it begins, seconds since the epoch, UTC */
  ts: number
  circulatingUnits: bigint
}

const HOUR_SEC = 3_600
const DAY_SEC = 86_400

/** When the step that holds this time begins, and when the next one does; UTC, seconds since the epoch. */
export function stepAround(ts: number, step: FigureStep): { startTs: number; nextTs: number } {
  if (step !== 'month') {
    const lengthSec = step === 'hour' ? HOUR_SEC : DAY_SEC
    const startTs = Math.floor(ts / lengthSec) * lengthSec
    return { startTs, nextTs: startTs + lengthSec }
  }
  const date = new Date(ts * 1000)
  const monthTs = (at: number) => Date.UTC(date.getUTCFullYear(), at) / 1000
  return { startTs: monthTs(date.getUTCMonth()), nextTs: monthTs(date.getUTCMonth() + 1) }
}

/** How many steps hold the time from `fromTs` to `toTs`, the end inclusive; counted no further than `most` + 1. */
export function countSteps(fromTs: number, toTs: number, step: FigureStep, most: number): number {
  let steps = 0
  for (let ts = fromTs; ts <= toTs && steps <= most; ts = stepAround(ts, step).nextTs) steps++
  return steps
}

/**
 * Every step from the one that holds `fromTs` to the one that holds `toTs`, also those in which nothing moved. `hours`: in their order, from the
 * first step on; `before`: the last hour before it, null where nothing had moved yet.
 */
export function stepsOf(
  hours: readonly HourFigures[],
  before: HourFigures | null,
  { fromTs, toTs, step }: { fromTs: number; toTs: number; step: FigureStep },
): StepFigures[] {
  const steps: StepFigures[] = []
  let last = before
  let at = 0
  for (let ts = fromTs; ts <= toTs; ) {
    const { startTs, nextTs } = stepAround(ts, step)
    const moved = { mintedUnits: 0n, burntUnits: 0n, transferredUnits: 0n, movements: 0 }
    for (; at < hours.length && hours[at]!.hour * HOUR_SEC < nextTs; at++) {
      last = hours[at]!
      moved.mintedUnits += last.mintedUnits
      moved.burntUnits += last.burntUnits
      moved.transferredUnits += last.transferredUnits
      moved.movements += last.movements
    }
    const supplyUnits = last?.supplyUnits ?? 0n
    const circulatingUnits = supplyUnits - (last?.treasuryUnits ?? 0n)
    steps.push({ ts: startTs, supplyUnits, circulatingUnits, holders: last?.holders ?? 0, ...moved })
    ts = nextTs
  }
  return steps
}

/** What one gave another; ISSUANCE gives what is minted, and takes what is burnt. */
export interface Flow {
  from: string
  to: string
  amountUnits: bigint
  movements: number
}

/**
 * Who gave how much to whom in one entry. Where several gave and several took, they are paired in the order of their postings, so that what each
 * gave and took is exact.
 */
export function flowsIn(postings: readonly EntryPosting[]): Omit<Flow, 'movements'>[] {
  const nets = new Map<string, bigint>()
  for (const { entity, amountUnits } of postings) nets.set(entity, (nets.get(entity) ?? 0n) + amountUnits)
  const givers = [...nets].filter(([, net]) => net < 0n).map(([entity, net]) => ({ entity, units: -net }))
  const flows: Omit<Flow, 'movements'>[] = []
  let at = 0
  for (const [to, net] of nets) {
    for (let left = net; left > 0n; ) {
      const giver = givers[at]!
      const amountUnits = left < giver.units ? left : giver.units
      flows.push({ from: giver.entity, to, amountUnits })
      giver.units -= amountUnits
      left -= amountUnits
      if (giver.units === 0n) at++
    }
  }
  return flows
}
