import type { Difference } from '../../../src-shared/compare.ts'
import { secondsText } from '../../../src-shared/explain-text.ts'
import type { ResourceRule, Step } from '../../../src-shared/mint.ts'
import { group } from '../../../src-shared/money.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import { isAccountId } from '../minting/strkey.ts'
import { memberDifferences } from './differences.ts'
import { type OwnReceipt, ownLeaves } from './own.ts'
import type { Statement } from './proposal.ts'

/** What a difference may come from, a sentence each. The first that fits is not the last: a receipt can differ in several ways. */
export interface ReasonInput {
  own: OwnReceipt
  theirs: Statement
  differences: readonly Difference[]
  resources: ResourceRule
  /** the same node under the other choice of resources; null: not computed, or under node-period */
  other: OwnReceipt | null
}

export function reasonsOf({ own, theirs, differences, resources, other }: ReasonInput): string[] {
  const has = (pattern: RegExp) => differences.find(({ member }) => pattern.test(member))
  const reasons = brokenReasons(differences)
  const value = (member: string) => differences.find(found => found.member === member)

  const otherRule = resources === 'latest' ? 'minimum' : 'latest'
  const isOther = other !== null && other.text !== own.text
  if (isOther && memberDifferences(ownLeaves(other), theirs.leaves).length === 0)
    return [...reasons, `With resources ${otherRule} instead of ${resources} you get exactly theirs: they use the other choice.`]

  if (has(/^period\./)) reasons.push('It is the receipt of another period.')
  if (has(/^(node_id|twin_id|farm_id|farm_name|farm_twin_id|network)$/))
    reasons.push('It names another node, twin, farm or name: their state of the end block is another one, or the receipt was changed.')
  const uptime = value('measured_uptime') ?? value('raw.uptime')
  if (uptime) {
    const more = Number(uptime.theirs) - Number(uptime.own)
    if (Number.isFinite(more)) reasons.push(`Theirs counts ${secondsText(Math.abs(more))} ${more > 0 ? 'more' : 'less'} uptime.`)
  }
  if (has(/^resource_units\./) || has(/^raw\.(minimum|maximum)\./)) {
    const fits = isOther && !memberDifferences(ownLeaves(other), theirs.leaves).some(({ member }) => member.startsWith('resource_units.'))
    reasons.push(
      fits
        ? `Its resources are those that you get with resources ${otherRule} instead of ${resources}.`
        : 'Other resources: a change of the node on the chain that only one side has, or another choice of resources.',
    )
  } else if (has(/^(calculated\.)?cloud_units\.(cu|su)$/))
    reasons.push('Other compute or storage units from the same resources: another formula.')
  if (has(/^(calculated\.)?cloud_units\.nu$/) || has(/^resource_utilization\./) || has(/^raw\.(used|capacity|ip_seconds|nru_bytes)/))
    reasons.push('Other use was counted: reports of contracts that only one side has.')
  const price = value('tft_connection_price') ?? value('raw.connection_price')
  if (price) reasons.push(`Another connection price: ${price.theirs ?? 'none'} instead of ${price.own ?? 'none'} milli-USD.`)
  const policy = value('farming_policy_id')
  if (policy) reasons.push(`Another farming policy: ${policy.theirs ?? 'none'} instead of ${policy.own ?? 'none'}.`)
  else if (has(/^resource_rewards\./) || has(/^calculated\.policy\./)) reasons.push('Other prices of the same farming policy.')
  if (has(/^node_type$/))
    reasons.push('The certification is another one; policies 1 and 2 ask another uptime then, and policy 1 pays a quarter more.')
  if (value('stellar_payout_address')) reasons.push(addressReason(theirs.address))
  const violation = value('violation') ?? value('raw.violation')
  if (violation)
    reasons.push(
      violation.theirs === null
        ? `You find the violation ${violation.own}; they find none.`
        : `They find the violation ${violation.theirs}; you find ${violation.own ?? 'none'}.`,
    )
  reasons.push(...rewardReasons(own, theirs, differences))
  if (reasons.length === 0)
    reasons.push('It has members that a receipt does not have, or lacks some: another version of the rules or a changed file.')
  return reasons
}

/** Of what is wrong in itself. */
export function brokenReasons(differences: readonly Difference[]): string[] {
  const reasons: string[] = []
  for (const { member, own, theirs } of differences) {
    if (member === 'hash')
      reasons.push(`Its bytes give the hash ${own}, not ${theirs} that stands beside it: it was changed after it was hashed.`)
    else if (member === 'line.node_id') reasons.push(`The line says node ${theirs}, its receipt node ${own}.`)
    else if (member === 'form' && own === null) reasons.push(`Its bytes are not in the one form that is hashed, from ${theirs} on.`)
  }
  return reasons
}

export function addressReason(address: string): string {
  if (address === '') return 'They have no payout address for the farm.'
  return isAccountId(address)
    ? 'Another payout address: the farm changed it and only one side knows, or it was exchanged. Ask the farmer before you sign.'
    : 'Another payout address, and it is no valid Stellar account: a payment to it fails.'
}

/** What goes into the payout; a difference in one of them explains another payout. */
const INPUTS =
  /^(measured_uptime|cloud_units\.|resource_utilization\.ip|node_type|farming_policy_id|resource_rewards\.|tft_connection_price|violation|raw\.|calculated\.(cloud_units|policy|sla_met|scaled|uptime_permille))/

function rewardReasons(own: OwnReceipt, theirs: Statement, differences: readonly Difference[]): string[] {
  const of = (name: string) => differences.find(({ member }) => new RegExp(`^(reward|paid|calculated\\.reward)\\.${name}$`).test(member))
  const musd = of('musd')
  const tft = of('tft')
  const carbon = differences.some(({ member }) => /^(carbon_offset|paid\.carbon_tft)$/.test(member))
  const reasons = carbon ? ['Another carbon offset: only one side has it turned on, or with another price.'] : []
  if ((!musd && !tft) || differences.some(({ member }) => INPUTS.test(member))) return reasons
  if (tft && !musd) {
    const usd = usdOf(theirs)
    const mine = impliedPrice(usd, own.units)
    const other = impliedPrice(usd, theirs.units)
    reasons.push(`The USD are the same but not the TFT: another connection price of the node, about ${other} instead of ${mine} milli-USD.`)
  } else if (theirs.units === 0n)
    reasons.push('Every figure that goes in is the same, but theirs pays nothing: a violation or an unmet uptime that you do not find.')
  else if (own.violation !== null) reasons.push(`You find the violation ${own.violation}, which pays nothing; they pay.`)
  else reasons.push('Every figure that goes in is the same, but the payout is not: another rule, or the receipt was changed.')
  return reasons
}

function usdOf(theirs: Statement): bigint {
  const source = theirs.leaves.get(theirs.kind === 'mint' ? 'paid.musd' : 'reward.musd') ?? ''
  return /^\d{1,38}$/.test(source) ? BigInt(source) : 0n
}

/** milli-USD for a TFT, rounded; `unknown` where nothing is paid. */
function impliedPrice(musd: bigint, units: bigint): string {
  return units === 0n ? 'unknown' : group(((musd * 10_000_000n + units / 2n) / units).toString())
}

/**
 * The first step of one's own explanation that accounts for all of a difference in uptime: one that lost what theirs counts more, credited
 * what theirs counts less, or after which theirs counts nothing more. `more`: seconds that theirs has above one's own. Null: no single step does.
 */
export function stepReason(steps: readonly Step[], more: number): string | null {
  const at = (step: Step) => `${formatUtc(step.ts)}${step.block === null ? '' : `, block ${step.block}`} (${step.rule})`
  if (more > 0) {
    const lost = steps.find(step => step.lostSec === more)
    return lost ? `As much was lost by you in one step: ${at(lost)}. They seem to credit it.` : null
  }
  const credited = steps.find(step => step.creditedSec === -more)
  if (credited) return `As much was credited by you in one step: ${at(credited)}. They seem not to have it.`
  let left = 0
  for (let i = steps.length - 1; i > 0; i--) {
    left += steps[i]!.creditedSec
    if (left === -more) return `It is what you credit after ${at(steps[i - 1]!)}: their data may end there.`
    if (left > -more) return null
  }
  return null
}
