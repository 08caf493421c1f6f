import { AppError } from '../../../src-shared/errors.ts'
import type { EndSnapshot, FarmingPolicy, GridFarm, GridTwin } from '../../../src-shared/grid.ts'
import type { Evidence, Explanation, NodeResult, Outlook, ResourceRule, Violation } from '../../../src-shared/mint.ts'
import { PERIOD_SEC } from '../../../src-shared/time.ts'
import { cloudUnits } from './cloud-units.ts'
import { dayTally, tallyAsleep } from './days.ts'
import { derive } from './derivation.ts'
import { overviewLine } from './overview-line.ts'
import { type BasePayout, basePayout, isScaled, type Payout, type PayoutInputs, payoutOf, slaPermille } from './payout.ts'
import { countsIfOpen, judgeBoots } from './power.ts'
import { type ReceiptFields, receiptHash, receiptText, utilization } from './receipt.ts'
import { type Clock, checkWidth, inconsistent, NONE, type NodeState, setViolation } from './state.ts'
import { downtimesOf, recordMove, recordStill, type Trace } from './trace.ts'
import { MAX_SLEEP_SEC, REPORT_CREDIT_CAP_SEC } from './uptime.ts'
import type { MintHeader, MintResult, StartState } from './v3.ts'

interface ById<T> {
  get(id: number): T | undefined
}

/** What the end snapshot says, by id. */
export interface EndIndex {
  farms: ById<GridFarm>
  twins: ById<GridTwin>
  policies: ById<FarmingPolicy>
  /** by farm */
  addresses: ById<string>
}

export interface MintContext {
  header: MintHeader
  start: StartState
  end: EndSnapshot
  resources: ResourceRule
  clock: Clock
  index: EndIndex
  provisional: boolean
  /** the last known second of the period, see knownUntil */
  knownToTs: number
}

export function indexEnd(end: EndSnapshot): EndIndex {
  return {
    farms: byId(
      end.farms,
      farm => farm.id,
      farm => farm,
    ),
    twins: byId(
      end.twins,
      twin => twin.id,
      twin => twin,
    ),
    policies: byId(
      end.farmingPolicies,
      policy => policy.id,
      policy => policy,
    ),
    addresses: byId(
      end.payoutAddresses,
      entry => entry.farm_id,
      entry => entry.address,
    ),
  }
}

/** Whoever asks for one node's records looks through the list; an index is made for those who ask on. */
function byId<R, T>(list: readonly R[], idOf: (record: R) => number, take: (record: R) => T): ById<T> {
  let asked = 0
  let index: Map<number, T> | null = null
  return {
    get(id) {
      if (index === null && ++asked <= 4) {
        const found = list.findLast(record => idOf(record) === id)
        return found && take(found)
      }
      if (index === null) {
        index = new Map()
        for (const record of list) index.set(idOf(record), take(record))
      }
      return index.get(id)
    },
  }
}

/** Judges what can only be judged at the end, pays and writes the receipt of one node. */
export function finishNode(s: NodeState, context: MintContext): NodeResult {
  const { clock, knownToTs } = context
  const slowBefore = s.slowBoots
  judgeBoots(s, clock, context.start.ts, knownToTs)
  const requestSlow = s.slowBoots > slowBefore
  judgeTwin(s, context)
  const pending = isPending(s, clock, knownToTs)
  if (s.trace !== null) {
    recordTail(s.trace, Math.min(knownToTs, clock.endTs), { asleep: s.sleepTs !== NONE, pending })
    recordTail(s.trace, clock.endTs, { notKnownYet: true, pending: true })
  }
  const { fields, terms, full } = settleNode(s, context)
  // a sleep that is still open within its 24 h may be credited yet: it is shown as sleep, not as downtime
  if (context.provisional && s.sleepTs !== NONE && knownToTs - s.sleepTs <= MAX_SLEEP_SEC)
    tallyAsleep(s.days, knownToTs, knownToTs - Math.max(s.sleepTs, clock.startTs))
  const receipt = receiptText(fields)
  return {
    nodeId: s.nodeId,
    twinId: fields.twinId,
    farmId: fields.farmId,
    farmName: fields.farmName,
    payoutAddress: fields.payoutAddress,
    policyId: fields.policyId,
    certified: fields.certified,
    virtualized: s.virtualized,
    country: s.node.country,
    city: s.node.city,
    violation: s.violation,
    measuredUptimeSec: s.creditedSec,
    slowBoots: s.slowBoots,
    lastReportTs: s.hasReport ? s.lastNow : null,
    sleepingSinceTs: s.sleepTs === NONE ? null : s.sleepTs,
    rewardMusd: fields.rewardMusd,
    rewardUnits: fields.rewardUnits,
    fullMusd: full.musd,
    fullUnits: full.units,
    slaPermille: terms.slaPermille,
    scaled: terms.scaled,
    outlook: context.provisional ? outlookOf(s, context, requestSlow) : null,
    receipt,
    hash: receiptHash(receipt),
    overviewLine: overviewLine(fields, s.virtualized, s.violation),
    days: dayTally(s.days, pending && s.sleepTs === NONE ? s.lastNow : knownToTs),
  }
}

/** `requestSlow`: its open boot request was judged a slow boot. */
function outlookOf(s: NodeState, context: MintContext, requestSlow: boolean): Outlook | null {
  const twin = twinViolation(s, context)
  if (s.requestTs === NONE) return twin === null ? null : { requestTs: null, requestCounts: false, requestSlow: false, twin }
  return { requestTs: s.requestTs, requestCounts: countsIfOpen(s, context.clock, context.start.ts), requestSlow, twin }
}

/** What no report covers, up to `toTs`. */
function recordTail(trace: Trace, toTs: number, evidence: Evidence): void {
  if (trace.cursorTs >= toTs) return
  const step = { kind: 'tail', rule: 'v3: what no report covers is not credited', block: null, ts: toTs, evidence } as const
  recordMove(trace, step, toTs, 0)
}

/** Whether what no report covers yet may still be credited: the period runs, and the next report or the wake-up is not late. */
function isPending(s: NodeState, clock: Clock, knownToTs: number): boolean {
  if (knownToTs >= clock.endTs) return false
  if (s.sleepTs !== NONE) return knownToTs - s.sleepTs <= MAX_SLEEP_SEC
  return s.hasReport && s.lastNow <= knownToTs && knownToTs - s.lastNow <= REPORT_CREDIT_CAP_SEC
}

/** The last known second of the period. For an archive cut before its end snapshot: in proportion to the blocks. */
export function knownUntil({ start, end, clock }: Pick<MintContext, 'start' | 'end' | 'clock'>, coveredToBlock: number): number {
  // blocks after the end snapshot's are only there when the period is over, whatever time that block has
  if (coveredToBlock > end.block) return clock.endTs
  if (coveredToBlock === end.block) return Math.min(end.ts, clock.endTs)
  const share = Math.max(0, coveredToBlock - start.block) / Math.max(1, end.block - start.block)
  return Math.min(Math.floor(start.ts + share * (end.ts - start.ts)), clock.endTs)
}

/** Twins (rule set v3): of a node with uptime, the twin must be there, with a relay, and its key, if any, of 33 bytes. */
function judgeTwin(s: NodeState, context: MintContext): void {
  const violation = s.creditedSec <= 0 ? null : twinViolation(s, context)
  if (violation === null) return
  const twin = context.index.twins.get(s.node.twin_id)
  const evidence = { twinId: s.node.twin_id, relay: twin?.relay ?? null, pk: twin?.pk ?? null }
  setViolation(s, { violation, block: context.end.block, ts: context.end.ts, before: null, after: evidence })
  if (s.trace !== null)
    recordStill(s.trace, { kind: 'twin', rule: 'v3 twins', block: context.end.block, ts: context.end.ts, violation, evidence })
}

function twinViolation(s: NodeState, context: MintContext): Violation | null {
  const twin = context.index.twins.get(s.node.twin_id)
  if (twin === undefined) return 'MissingTwin'
  if (twin.relay === null || twin.relay === '') return 'MissingRelay'
  return twin.pk !== null && keyBytes(twin.pk) !== 33 ? 'InvalidPublicKey' : null
}

function keyBytes(pk: string): number {
  return (pk.length - 2) / 2
}

const u64 = (value: bigint, what: string, s: NodeState, context: MintContext) =>
  checkWidth(value, 64, what, `node ${s.nodeId}`, context.end.block)

interface Settled {
  fields: ReceiptFields
  inputs: PayoutInputs
  terms: { slaPermille: number; scaled: boolean }
  /** what it would be paid for the whole period, neither virtualized nor in violation */
  full: Payout
}

/** Farm, policy, units, use and payout of a node whose state is final. AppError `mint.inconsistent` for what can't be paid. */
export function settleNode(s: NodeState, context: MintContext): Settled {
  const { end, index, header } = context
  const { node } = s
  const farm = index.farms.get(node.farm_id)
  if (farm === undefined)
    throw inconsistent(
      `Farm ${node.farm_id} of node ${node.id} is not in the end snapshot`,
      `node ${node.id}`,
      end.block,
      'Complete the end snapshot: every node needs its farm.',
    )
  const policy = index.policies.get(node.farming_policy_id)
  if (policy === undefined)
    throw inconsistent(
      `Farming policy ${node.farming_policy_id} of node ${node.id} is not in the end snapshot`,
      `node ${node.id}`,
      end.block,
      'Complete the end snapshot: every node needs its farming policy.',
    )
  const units = cloudUnits(s.resources, s.nruBytes)
  const inputs: PayoutInputs = {
    cloudUnits: units,
    ipSec: s.ipSec,
    policy,
    certified: node.certification === 'Certified',
    virtualized: s.virtualized,
    violating: s.violation !== null,
    connectionPriceMusd: node.connection_price,
  }
  const terms = { slaPermille: slaPermille(policy, inputs.certified), scaled: isScaled(policy) }
  let known: BasePayout | null = null
  const base = (): BasePayout => {
    known ??= basePayout(inputs)
    return known
  }
  const payout = payoutOf(base, terms, s.creditedSec, inputs.virtualized || inputs.violating)
  if (payout.slaMet && node.connection_price === 0)
    throw inconsistent(
      `Node ${node.id} met its SLA but its connection price is 0, so what it is paid can't be computed`,
      `node ${node.id}`,
      end.block,
      'Check the price in the chain; without one the mint must be decided by hand.',
    )
  return {
    inputs,
    terms,
    full: payoutOf(base, terms, PERIOD_SEC, false),
    fields: {
      period: { start: header.period.start, end: header.period.end },
      nodeId: node.id,
      twinId: node.twin_id,
      farmId: node.farm_id,
      farmName: farm.name,
      payoutAddress: index.addresses.get(node.farm_id) ?? '',
      measuredUptimeSec: s.creditedSec,
      cloudUnits: {
        cu: u64(units.cu, 'CU', s, context),
        su: u64(units.su, 'SU', s, context),
        nu: u64(units.nu, 'NU', s, context),
      },
      resources: s.resources,
      utilization: utilization(s, s.resources),
      rewardMusd: u64(payout.musd, 'the reward in milli-USD', s, context),
      rewardUnits: u64(payout.units, 'the reward in TFT units', s, context),
      certified: inputs.certified,
      policyId: policy.id,
      policy,
    },
  }
}

/** The whole explanation of a node whose steps were recorded. */
export function explainNode(nodeId: number, s: NodeState | undefined, result: MintResult | null, context: MintContext): Explanation {
  const row = result?.nodes.find(node => node.nodeId === nodeId)
  if (result === null || row === undefined || s === undefined || s.trace === null)
    throw new AppError(
      'not-found',
      `There is no explanation of node ${nodeId} in period ${context.header.period.index}. Check the node id.`,
    )
  const { fields, inputs } = settleNode(s, context)
  const { steps } = s.trace
  const elapsedSec = steps.reduce((sum, step) => sum + step.elapsedSec, 0)
  return {
    nodeId,
    period: result.period,
    rules: 'v3',
    resources: result.resources,
    provisional: result.provisional,
    steps,
    downtimes: downtimesOf(steps),
    violation: s.violationDetail,
    measuredUptimeSec: s.creditedSec,
    elapsedSec,
    lostSec: elapsedSec - s.creditedSec,
    slowBoots: s.slowBoots,
    derivation: derive({ inputs, resources: s.resources, nruBytes: s.nruBytes, uptimeSec: s.creditedSec, violation: s.violation }),
    rewardMusd: fields.rewardMusd,
    rewardUnits: fields.rewardUnits,
    hash: row.hash,
    receipt: row.receipt,
  }
}
