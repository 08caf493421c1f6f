import { AppError } from '../../src-shared/errors.ts'
import type { EndSnapshot, FarmingPolicy } from '../../src-shared/grid.ts'
import type { ResourceRule, Rules, Violation } from '../../src-shared/mint.ts'
import type { MintConfig } from '../../src-shared/node-period.ts'
import type { WhatIfAnswer, WhatIfFigures } from '../../src-shared/what-if.ts'
import { isScaled as isScaledByNode } from '../engines/minting/node-period/mint.ts'
import { isScaled } from '../engines/minting/payout.ts'
import { known } from '../engines/projection/known.ts'
import { projectNodePeriod } from '../engines/projection/node-period.ts'
import { projectV3 } from '../engines/projection/v3.ts'
import { atTodaysPace, type WhatIfInputs, whatIf } from '../engines/projection/what-if.ts'
import { tellNode } from '../jobs/explain.ts'
import { tellNodePeriods } from '../jobs/node-stories.ts'
import { loadLabels, type Store, type StoredPeriod } from '../store/index.ts'

/** A node as its latest period shows it: what a whole period of it rests on. */
interface OwnNode {
  inputs: Omit<WhatIfInputs, 'rules'>
  farmId: number
  farmName: string
  period: { start: number; end: number }
  asOfTs: number
  virtualized: boolean
  violation: Violation | null
}

export interface WhatIfQuestion {
  nodeId: number
  rules?: Rules | undefined
  figures?: WhatIfFigures | undefined
}

/**
 * What a node's period would pay with other figures, beside what it pays as it is; `period` is the one that it is looked at in, `end` that
 * one's end snapshot. Throws AppError not-found, usage (a policy that the chain does not know, a price of 0), mint.*, store.*.
 */
export function answerWhatIf(
  store: Store,
  { period, end }: { period: StoredPeriod; end: EndSnapshot },
  { config, resources }: { config: MintConfig; resources: ResourceRule },
  { nodeId, rules = config.rules, figures }: WhatIfQuestion,
): WhatIfAnswer {
  const own = rules === 'v3' ? ownByV3(store, period, end, nodeId, resources) : ownByNode(store, period, end, nodeId, config)
  if (own.inputs.connectionPriceMusd === 0)
    throw new AppError(
      'mint.inconsistent',
      `Node ${nodeId} has a connection price of 0 on the chain, so what it is paid can't be computed. Check the price in the chain.`,
    )
  // the node's own policy as it stood for it, which may have changed since
  const others = end.farmingPolicies.filter(({ id }) => id !== own.inputs.policy.id)
  const policies = [...others, own.inputs.policy].sort((a, b) => a.id - b.id)
  const { inputs, ...rest } = own
  return {
    nodeId,
    label: loadLabels(store).get(nodeId)?.label ?? '',
    ...rest,
    rules,
    networkRules: config.rules,
    own: figuresOf(inputs),
    policies: policies.map(policy => ({
      ...pricesOf(policy),
      name: policy.name,
      scaled: rules === 'v3' ? isScaled(policy) : isScaledByNode(policy),
    })),
    asIs: whatIf({ rules, ...inputs }),
    changed: figures === undefined ? null : whatIf({ rules, ...inputsOf(figures, policies) }),
  }
}

/** `uptimeSec`: if it stays up; its sleep, its lost reports and all that is known of it counted. */
function ownByV3(store: Store, period: StoredPeriod, end: EndSnapshot, nodeId: number, resources: ResourceRule): OwnNode {
  const { result, explanation, node, used } = tellNode(store, period, end, nodeId, resources)
  const policy = end.farmingPolicies.find(({ id }) => id === result.policyId)
  if (!policy)
    throw new AppError('mint.inconsistent', `Farming policy ${result.policyId} of node ${nodeId} is not in the end snapshot.`, {
      details: { nodeId, period: period.index },
    })
  const { start, end: endTs, lastTs } = period
  const time = known({ start, end: endTs, completeUntilTs: lastTs, provisional: explanation.provisional })
  const { staysUp } = projectV3(result, time)
  return {
    inputs: {
      resources: used.resources,
      nruBytes: atTodaysPace(used.nruBytes, time.asOfTs - start),
      ipSec: atTodaysPace(used.ipSec, time.asOfTs - start),
      policy,
      certified: result.certified,
      connectionPriceMusd: node.connection_price,
      uptimeSec: staysUp.uptimeSec,
    },
    farmId: result.farmId,
    farmName: result.farmName,
    period: { start, end: endTs },
    asOfTs: time.asOfTs,
    virtualized: result.virtualized,
    violation: staysUp.violation,
  }
}

/** From its own period that runs; what pays is the least that the node had in it. */
function ownByNode(store: Store, period: StoredPeriod, end: EndSnapshot, nodeId: number, config: MintConfig): OwnNode {
  const rules = { firstNodePeriod: config.firstNodePeriod, carbon: config.carbon.on }
  const story = tellNodePeriods(store, period.index, nodeId, rules, end).find(({ open }) => open !== null)
  if (!story?.open)
    throw new AppError('not-found', `Node ${nodeId} has no period of its own that runs at the end of period ${period.index}.`, {
      details: { nodeId, period: period.index },
    })
  const { info, policy, farmName } = story.mint
  const { staysUp, asOfTs } = projectNodePeriod({ info, policy, lastTs: story.open.lastTs }, story.open.knownToTs)
  const knownSec = asOfTs - info.period.start
  return {
    inputs: {
      resources: info.minimum,
      nruBytes: atTodaysPace(info.nruBytes, knownSec),
      ipSec: atTodaysPace(info.ipSec, knownSec),
      policy,
      certified: info.certified,
      connectionPriceMusd: info.connectionPriceMusd,
      uptimeSec: staysUp.uptimeSec,
    },
    farmId: info.farmId,
    farmName,
    period: info.period,
    asOfTs,
    virtualized: false,
    violation: info.violation,
  }
}

function figuresOf({ resources, policy, ...rest }: OwnNode['inputs']): WhatIfFigures {
  const { cru, mru, hru, sru } = resources
  return { ...rest, cru: BigInt(cru), mru: BigInt(mru), hru: BigInt(hru), sru: BigInt(sru), policy: pricesOf(policy) }
}

function pricesOf({ id, cu, su, nu, ipv4, minimal_uptime: minimalUptime }: FarmingPolicy): WhatIfFigures['policy'] {
  return { id, cu, su, nu, ipv4, minimalUptime }
}

/** Prices may be others than the policy's; what else it says of itself stays. */
function inputsOf({ cru, mru, hru, sru, policy, ...rest }: WhatIfFigures, policies: readonly FarmingPolicy[]): OwnNode['inputs'] {
  const known = policies.find(({ id }) => id === policy.id)
  if (!known)
    throw new AppError(
      'usage',
      `The chain has no farming policy ${policy.id}. It has ${policies.map(({ id, name }) => `${id} (${name})`).join(', ')}.`,
    )
  if (rest.connectionPriceMusd === 0) throw new AppError('usage', 'A price of 0 USD a TFT pays nothing that can be computed. Give a price.')
  const { id, minimalUptime, ...prices } = policy
  return { ...rest, resources: { cru, mru, hru, sru }, policy: { ...known, ...prices, id, minimal_uptime: minimalUptime } }
}
