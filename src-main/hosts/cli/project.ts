import { type Command, Option } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import { lineName } from '../../../src-shared/explain-text.ts'
import type { Rules } from '../../../src-shared/mint.ts'
import { fixed, tftExact, usdExact } from '../../../src-shared/money.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatDuration, formatUtc } from '../../../src-shared/time.ts'
import {
  bytesFromGib,
  gibFromBytes,
  musdFromUsd,
  secFromHours,
  uptimeFromPercent,
  type WhatIfAnswer,
  type WhatIfFigures,
  type WhatIfOutcome,
} from '../../../src-shared/what-if.ts'
import { leftOut, limitText } from '../../../src-shared/what-if-text.ts'
import type { ProjectedNode, Projections } from '../../core/index.ts'
import { resolveDataDir } from '../data-dir.ts'
import { jsonText, type Terminal } from './terminal.ts'

/* The commands that look ahead: what the nodes' periods come to, and what one would with other figures. */

/** `granary project` and `granary what-if`. */
export function addProjectCommands(
  command: (name: string, description: string) => Command,
  terminal: Terminal,
  wholeNumber: (text: string) => number,
): void {
  const rules = () => new Option('--rules <set>', 'the rule set; default the one that pays on the network').choices(['v3', 'node-period'])

  command('project', "what the nodes' running periods come to: if they stay up, if they go down now, and how long each may still be down")
    .addOption(new Option('--node <id>', 'only this node').argParser(wholeNumber))
    .addOption(new Option('--farm <id>', "only this farm's nodes").argParser(wholeNumber))
    .addOption(rules())
    .action((options: ProjectCommand) => project(options, terminal))

  command('what-if', 'what a period of a node would pay with other figures, beside what it pays as it is; nothing is saved')
    .addOption(new Option('--node <id>', 'the node').argParser(wholeNumber).makeOptionMandatory())
    .addOption(new Option('--cru <n>', 'cores').argParser(wholeNumber))
    .option('--mru <GiB>', 'memory')
    .option('--sru <GiB>', 'SSD')
    .option('--hru <GiB>', 'HDD')
    .option('--nru <GiB>', 'public traffic in the period')
    .option('--ip-hours <hours>', 'hours of public addresses in the period')
    .option('--uptime <percent>', 'uptime in the period')
    .addOption(new Option('--policy <id>', 'a farming policy of the chain').argParser(wholeNumber))
    .option('--price <USD>', 'the price of a TFT that the node is paid at')
    .option('--certified', 'as a certified node')
    .option('--diy', 'as a node that is not certified')
    .addOption(rules())
    .action((options: WhatIfCommand) => whatIf(options, terminal))
}

interface ProjectCommand {
  data?: string
  node?: number
  farm?: number
  rules?: Rules
}

async function project({ data, node: nodeId, farm: farmId, rules }: ProjectCommand, terminal: Terminal): Promise<void> {
  const { project: projectStored } = await import('../../core/index.ts')
  const found = await projectStored({ dataDir: resolveDataDir(data), nodeId, farmId, rules })
  terminal.out(terminal.json ? jsonText(found) : projectionsText(found))
}

function projectionsText(found: Projections): string {
  const { rules, period, network, asOfTs, nodes } = found
  const header = ['node', 'farm', 'uptime', 'earned so far', 'if it stays up', 'if it goes down', 'downtime left', 'ends']
  const sums = ['sum', '', '', tftExact(found.earnedUnits), tftExact(found.staysUpUnits), tftExact(found.goesDownUnits), '', '']
  const lines = table([header, ...nodes.map(nodeCells), ...(nodes.length > 1 ? [sums] : [])])
  const what = rules === 'v3' ? `period ${period}` : `the nodes' own periods that run at the end of what is known`
  return `${network}, ${what}, rules ${rules}, as of ${formatUtc(asOfTs)}; amounts in TFT\n${lines}`
}

function nodeCells({ nodeId, label, farmId, projection }: ProjectedNode): string[] {
  const { uptimeSec, earnedUnits, staysUp, goesDown, over, period } = projection
  const name = label === '' ? String(nodeId) : `${nodeId} ${cleanName(label)}`
  return [
    name,
    String(farmId),
    formatDuration(uptimeSec),
    tftExact(earnedUnits),
    tftExact(staysUp.units),
    tftExact(goesDown.units),
    budgetText(projection),
    over ? 'is over' : formatUtc(period.end),
  ]
}

function budgetText({ budgetSec, staysUp, backByTs }: ProjectedNode['projection']): string {
  if (staysUp.violation !== null) return staysUp.violation
  if (budgetSec === null) return 'no limit'
  if (budgetSec < 0) return `missed by ${formatDuration(-budgetSec)}`
  return backByTs === null ? formatDuration(budgetSec) : `${formatDuration(budgetSec)}, back by ${formatUtc(backByTs)}`
}

/** Columns as wide as their widest cell; the first one to the left, the others to the right. */
function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows
    .map(row => `${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')}\n`)
    .join('')
}

/** Texts as they were given: what they become depends on the node. */
interface WhatIfCommand {
  data?: string
  node: number
  rules?: Rules
  cru?: number
  mru?: string
  sru?: string
  hru?: string
  nru?: string
  ipHours?: string
  uptime?: string
  policy?: number
  price?: string
  certified?: boolean
  diy?: boolean
}

async function whatIf(options: WhatIfCommand, terminal: Terminal): Promise<void> {
  const { projectWhatIf } = await import('../../core/index.ts')
  const { data, node: nodeId, rules } = options
  if (options.certified && options.diy) throw new AppError('usage', 'Give --certified or --diy, not both.')
  let figures: WhatIfFigures | undefined
  const change = (own: WhatIfAnswer): WhatIfFigures => {
    figures = changed(own, options)
    return figures
  }
  const answer = await projectWhatIf({ dataDir: resolveDataDir(data), nodeId, rules, change })
  terminal.out(terminal.json ? jsonText({ ...answer, figures }) : answerText(answer, figures ?? answer.own))
}

function changed({ own, policies }: WhatIfAnswer, options: WhatIfCommand): WhatIfFigures {
  const figures = { ...own }
  if (options.cru !== undefined) figures.cru = BigInt(options.cru)
  figures.mru = amount('--mru', 'GiB', options.mru, bytesFromGib) ?? own.mru
  figures.sru = amount('--sru', 'GiB', options.sru, bytesFromGib) ?? own.sru
  figures.hru = amount('--hru', 'GiB', options.hru, bytesFromGib) ?? own.hru
  figures.nruBytes = amount('--nru', 'GiB', options.nru, bytesFromGib) ?? own.nruBytes
  figures.ipSec = amount('--ip-hours', 'hours', options.ipHours, secFromHours) ?? own.ipSec
  figures.uptimeSec = amount('--uptime', 'per cent of the period, 0 to 100', options.uptime, uptimeFromPercent) ?? own.uptimeSec
  figures.connectionPriceMusd =
    amount('--price', 'USD a TFT, with at most 3 decimals', options.price, musdFromUsd) ?? own.connectionPriceMusd
  if (options.certified || options.diy) figures.certified = options.certified === true
  // the core says which policies there are, if this is none of them
  if (options.policy !== undefined)
    figures.policy = policies.find(({ id }) => id === options.policy) ?? { ...own.policy, id: options.policy }
  return figures
}

function amount<T>(option: string, takes: string, text: string | undefined, parse: (text: string) => T | null): T | undefined {
  if (text === undefined) return undefined
  const value = parse(text)
  if (value === null) throw new AppError('usage', `${option} takes ${takes}, as a plain number; "${text.slice(0, 40)}" is none.`)
  return value
}

function answerText(answer: WhatIfAnswer, figures: WhatIfFigures): string {
  const { nodeId, own, farmId, farmName, rules, period, asOfTs, asIs, violation } = answer
  const then = answer.changed ?? asIs
  const without = leftOut(answer)
  const rows = [
    ['', without === null ? 'as it is' : beside[without], 'changed', 'difference'],
    ['TFT a period', ...three(asIs.units, then.units, tftExact)],
    ['USD a period', ...three(asIs.musd, then.musd, usdExact)],
    ...(['cu', 'su', 'nu'] as const).map(unit => [
      lineName({ name: unit }),
      ...three(asIs.cloudUnits[unit], then.cloudUnits[unit], value => fixed(value, 6)),
    ]),
    ['Uptime, permille', ...three(BigInt(asIs.permille), BigInt(then.permille), String)],
    ['Uptime asked for', askedText(answer, asIs, own), askedText(answer, then, figures), ''],
  ]
  return [
    `Node ${nodeId} of ${cleanName(farmName)} (${farmId}), rules ${rules}, from its period ${formatUtc(period.start)} to ${formatUtc(period.end)} as of ${formatUtc(asOfTs)}`,
    ...(without === 'virtual' ? ['It pays 0 TFT, as the node is virtual; what follows leaves that out.'] : []),
    ...(violation === null ? [] : [`It pays 0 TFT because of a violation (${violation}); what follows leaves that out.`]),
    `As it is: ${figuresText(own)}`,
    table(rows).trimEnd(),
    limitText(then),
    '',
  ].join('\n')
}

const beside = { violation: 'without the violation', virtual: 'if not virtual' }

function figuresText({ cru, mru, sru, hru, nruBytes, certified, policy }: WhatIfFigures): string {
  return [
    `${cru} cores`,
    `${gibFromBytes(mru)} GiB of memory`,
    `${gibFromBytes(sru)} GiB of SSD`,
    `${gibFromBytes(hru)} GiB of HDD`,
    `${gibFromBytes(nruBytes)} GiB of traffic`,
    certified ? 'certified' : 'DIY',
    `policy ${policy.id}`,
  ].join(', ')
}

function three(before: bigint, after: bigint, text: (value: bigint) => string): string[] {
  const difference = after - before
  return [text(before), text(after), difference > 0n ? `+${text(difference)}` : text(difference)]
}

/** Rule set node-period asks nothing of a policy that pays by the uptime. */
function askedText({ rules, policies }: WhatIfAnswer, { slaMet, slaPermille }: WhatIfOutcome, { policy }: WhatIfFigures): string {
  if (rules === 'node-period' && policies.some(({ id, scaled }) => id === policy.id && scaled)) return 'none'
  return `${slaPermille}: ${slaMet ? 'met' : 'missed'}`
}
