import type { Difference } from '../../../src-shared/compare.ts'
import { fixed, group, tftExact, unfixed, usdExact } from '../../../src-shared/money.ts'
import { textOf } from './json.ts'
import type { OwnReceipt } from './own.ts'
import { ownLeaves } from './own.ts'
import type { Statement } from './proposal.ts'

/** Every member of a receipt that is not the same, in the order of one's own; what only theirs has comes last. */
export function memberDifferences(own: ReadonlyMap<string, string>, theirs: ReadonlyMap<string, string>): Difference[] {
  const found: Difference[] = []
  for (const member of new Set([...own.keys(), ...theirs.keys()])) {
    const mine = own.get(member)
    const other = theirs.get(member)
    if (mine === other || isSameValue(mine, other)) continue
    found.push({ member, own: shown(mine), theirs: shown(other), by: byHowMuch(member, mine, other) })
  }
  return found
}

/** All that is not the same between one's own receipt and theirs: members, and what stands beside them. */
export function statementDifferences(own: OwnReceipt, theirs: Statement): Difference[] {
  const found = own.text === theirs.text ? [] : memberDifferences(ownLeaves(own), theirs.leaves)
  if (theirs.violation !== undefined && theirs.violation !== own.violation && theirs.kind === 'receipt')
    found.push({ member: 'violation', own: own.violation, theirs: theirs.violation, by: null })
  found.push(...brokenness(theirs))
  // nothing of all that, and yet not the same bytes: cannot be, but must not pass as equal
  if (found.length === 0 && own.text !== theirs.text) found.push({ member: 'form', own: own.hash, theirs: theirs.trueHash, by: null })
  return found
}

/** What is wrong with a receipt in itself, whatever one's own says. */
export function brokenness(theirs: Statement): Difference[] {
  const found: Difference[] = []
  const { saidHash, trueHash, saidNodeId, nodeId, formProblem } = theirs
  if (saidHash !== null && saidHash !== trueHash) found.push({ member: 'hash', own: trueHash, theirs: saidHash, by: null })
  if (saidNodeId !== null && nodeId !== null && saidNodeId !== nodeId)
    found.push({ member: 'line.node_id', own: String(nodeId), theirs: String(saidNodeId), by: null })
  if (formProblem !== null) found.push({ member: 'form', own: null, theirs: formProblem, by: null })
  return found
}

function isSameValue(mine: string | undefined, other: string | undefined): boolean {
  if (mine === undefined || other === undefined) return false
  const a = textOf(mine)
  const b = textOf(other)
  if (a !== undefined || b !== undefined) return a === b
  const exact = decimal(mine)
  return exact !== null && exact === decimal(other)
}

/** Decimals that any figure of a receipt has room in. */
const DECIMALS = 40

function decimal(source: string): bigint | null {
  if (!/^-?\d/.test(source)) return null
  const plain = unfixed(source, DECIMALS)
  if (plain !== null) return plain
  // an exponent: only very large and very small figures of a receipt have one
  const [, sign = '', whole = '', fraction = '', exponent = ''] = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?[eE]([+-]?\d{1,3})$/.exec(source) ?? []
  if (exponent === '') return null
  const shift = DECIMALS - fraction.length + Number(exponent)
  if (shift < 0 || shift > 100) return null
  return BigInt(`${sign}${whole}${fraction}`) * 10n ** BigInt(shift)
}

function byHowMuch(member: string, mine: string | undefined, other: string | undefined): string | null {
  if (mine === undefined || other === undefined || isName(member)) return null
  const a = decimal(mine)
  const b = decimal(other)
  return a === null || b === null ? null : withUnit(member, b - a)
}

/** Ids name something: that one is 3 more than the other says nothing. */
function isName(member: string): boolean {
  return /(_id|^block|closed\.block)$/.test(member)
}

function withUnit(member: string, difference: bigint): string {
  const whole = difference / 10n ** BigInt(DECIMALS)
  const sign = difference > 0n ? '+' : ''
  if (/(^|[._])tft$/.test(member)) return `${sign}${group(tftExact(whole))} TFT`
  if (/(^|\.)musd$/.test(member)) return `${sign}${group(usdExact(whole))} USD`
  const plain = group(fixed(difference, DECIMALS).replace(/\.?0+$/, ''))
  const unit = UNITS.find(([pattern]) => pattern.test(member))?.[1]
  return `${sign}${plain}${unit === undefined ? '' : ` ${unit}`}`
}

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(measured_uptime|raw\.uptime|raw\.ip_seconds|.*period\.(start|end)|closed\.ts)$/, 's'],
  [/^(tft_connection_price|raw\.connection_price|resource_rewards\..*|calculated\.policy\.(cu|su|nu|ipv4))$/, 'milli-USD'],
  [/^resource_units\.(mru|hru|sru)$/, 'GiB'],
  [/^resource_units\.cru$/, 'cores'],
  [/^resource_utilization\.(cru|mru|hru|sru)$/, 'per cent'],
  [/^resource_utilization\.ip$/, 'hours'],
]

function shown(source: string | undefined): string | null {
  if (source === undefined) return null
  return textOf(source) ?? source
}
