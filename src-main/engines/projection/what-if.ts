import type { FarmingPolicy, Resources } from '../../../src-shared/grid.ts'
import type { Rules } from '../../../src-shared/mint.ts'
import { PERIOD_SEC } from '../../../src-shared/time.ts'
import type { WhatIfOutcome } from '../../../src-shared/what-if.ts'
import { cloudUnits } from '../minting/cloud-units.ts'
import { derive } from '../minting/derivation.ts'
import { deriveMint } from '../minting/node-period/explain.ts'
import { mintOf } from '../minting/node-period/mint.ts'
import { basePayout, type PayoutInputs, payoutAt, slaPermille } from '../minting/payout.ts'
import { limitStep } from './cu-limit.ts'

/** All that a whole period's payout of a node rests on: what it has, what it used, what the policy pays. */
export interface WhatIfInputs {
  rules: Rules
  /** cores and bytes */
  resources: Resources
  nruBytes: bigint
  ipSec: bigint
  policy: FarmingPolicy
  certified: boolean
  /** milli-USD per TFT */
  connectionPriceMusd: number
  uptimeSec: number
}

type Outcome = Omit<WhatIfOutcome, 'limit'>

/** What a period pays with these figures, by the functions of the mint itself, and how. AppError `mint.inconsistent` for a price of 0. */
export function whatIf(inputs: WhatIfInputs): WhatIfOutcome {
  const outcome = outcomeOf(inputs)
  const { by, more } = limitStep(inputs.resources)
  const { cru, mru, hru, sru } = inputs.resources
  const raised = { cru: BigInt(cru) + more.cru, mru: BigInt(mru) + more.mru, hru, sru: BigInt(sru) + more.sru }
  const then = outcomeOf({ ...inputs, resources: raised })
  return { ...outcome, limit: { by, more, gainUnits: then.units - outcome.units, gainMusd: then.musd - outcome.musd } }
}

/** What was used until now as it is at the period's end if it goes on at the same pace, cut; as it is once the period is over. */
export function atTodaysPace(used: bigint, knownSec: number): bigint {
  if (knownSec <= 0) return 0n
  return knownSec >= PERIOD_SEC ? used : (used * BigInt(PERIOD_SEC)) / BigInt(knownSec)
}

function outcomeOf(inputs: WhatIfInputs): Outcome {
  return inputs.rules === 'v3' ? byV3(inputs) : byNodePeriod(inputs)
}

function byV3({ resources, nruBytes, ipSec, policy, certified, connectionPriceMusd, uptimeSec }: WhatIfInputs): Outcome {
  const units = cloudUnits(resources, nruBytes)
  const inputs: PayoutInputs = { cloudUnits: units, ipSec, policy, certified, virtualized: false, violating: false, connectionPriceMusd }
  const base = basePayout(inputs)
  const payout = payoutAt(inputs, uptimeSec)
  return {
    cloudUnits: units,
    fullUnits: base.units,
    fullMusd: base.musd,
    units: payout.units,
    musd: payout.musd,
    permille: payout.permille,
    slaPermille: slaPermille(policy, certified),
    slaMet: payout.slaMet,
    derivation: derive({ inputs, resources, nruBytes, uptimeSec, violation: null }),
  }
}

/** A mint of a period that never was: only figures that its amount rests on are in it. */
function byNodePeriod({ resources, nruBytes, ipSec, policy, certified, connectionPriceMusd, uptimeSec }: WhatIfInputs): Outcome {
  const none = { cru: 0n, mru: 0n, hru: 0n, sru: 0n }
  const mint = mintOf(
    {
      info: {
        nodeId: 0,
        period: { start: 0, end: PERIOD_SEC },
        closed: { block: 0, ts: PERIOD_SEC },
        uptimeSec: Math.min(uptimeSec, PERIOD_SEC),
        violation: null,
        minimum: resources,
        maximum: resources,
        capacity: none,
        used: none,
        ipSec,
        nruBytes,
        farmId: 0,
        policyId: policy.id,
        certified,
        connectionPriceMusd,
      },
      policy,
      farm: undefined,
    },
    { network: '', carbon: false },
  )
  return {
    cloudUnits: mint.cloudUnits,
    fullUnits: mint.fullUnits,
    fullMusd: mint.fullMusd,
    units: mint.rewardUnits,
    musd: mint.rewardMusd,
    permille: mint.permille,
    slaPermille: mint.slaPermille,
    slaMet: mint.slaMet,
    derivation: deriveMint(mint),
  }
}
