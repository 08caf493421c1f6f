import type { DerivationLine, Downtime, Evidence, Explanation, Step, StepKind, Violation } from './mint.ts'
import { group, tftExact, usdExact } from './money.ts'
import { sleepRules } from './sleep-rules.ts'
import { formatDuration, formatUtc } from './time.ts'

/** An explanation in words: the same sentences on the command line, on screen and in what is copied. Times in it are UTC. */

const titles: Record<StepKind, string> = {
  'first-report': 'First report',
  report: 'Report',
  reboot: 'Restarted',
  'too-high': 'Report refused: uptime too high',
  'too-low': 'Report refused: uptime too low',
  'invalid-reboot': 'Report refused: no possible restart',
  ignored: 'Report ignored',
  sleep: 'Went to sleep',
  'boot-request': 'Asked to boot',
  wake: 'Woke up',
  'wake-refused': 'Woke up, sleep not credited',
  'boot-expired': 'Boot request still open',
  stored: 'Registered',
  updated: 'Changed on the chain',
  'post-report': 'Report after the period',
  'post-reboot': 'Restarted after the period',
  'post-wake': 'Woke up after the period',
  tail: 'No more reports',
  twin: "Check of the node's twin",
  carried: 'Carried over',
  late: 'Report refused: it lags',
  'period-end': 'Report, up to the end of the period',
  'period-begin': 'Report, from the start of the period',
  capped: 'Cut to the length of the period',
  rent: 'Rented',
  'rent-end': 'Rent ended',
}

/** What happened, in a few words. */
export function stepTitle(step: Step): string {
  return ownWords(step)?.title ?? titles[step.kind]
}

const meanings: Record<StepKind, string> = {
  'first-report': 'the first report of the period: what lies inside the period counts, up to the limit for one report',
  report: 'the uptime fits the time that passed',
  reboot: 'the node runs for less time than has passed since the report before: only what it ran since its restart counts',
  'too-high': 'the uptime grew by more than the time that passed',
  'too-low':
    'the uptime grew by less than the time that passed, though the node did not restart; the next report is measured against the one before',
  'invalid-reboot':
    'the uptime fell, but is more than the time that passed, so no restart explains it; the next report is measured against the one before',
  ignored: 'it does not count',
  sleep: 'the farmer put it to sleep; the time since its last report counts',
  'boot-request': 'the farmer asked it to boot; it has 30 min from here',
  wake: 'it came back in time: the whole sleep counts',
  'wake-refused': 'the sleep does not count',
  'boot-expired': 'it was asked to boot and did not: that is one slow boot',
  stored: 'the node was registered anew and starts afresh',
  updated: 'farm, place, resources or prices may have changed; the uptime did not',
  'post-report': 'of this report, what lies inside the period counts',
  'post-reboot': 'of the time since the restart, what lies inside the period counts',
  'post-wake': 'of the sleep, what lies inside the period counts',
  tail: 'nobody reported up to here',
  twin: 'a node that was up needs a twin with a relay and a valid public key',
  carried: 'the uptime that was counted before the events that are known here begin',
  late: 'the uptime grew by less than the time that passed, though the node did not restart; it must report again, and the next report is measured against the one before',
  'period-end': 'of this report, what lies before the end of the period; its downtime is taken first',
  'period-begin': 'of this report, what lies after the end of the period before',
  capped: 'reports may run ahead of the clock by a minute each; no period has more uptime than its length',
  rent: 'while a rent stands, its reports count the whole node as used',
  'rent-end': 'from here each contract counts what it uses',
}

interface StepWords {
  title?: string
  meaning: string
}

/** The words of steps that mean something else than others of their kind. */
function ownWords({ kind, rule, evidence, fromTs }: Step): StepWords | null {
  if (kind === 'first-report' && rule.startsWith('node-period'))
    return { meaning: "the node's own period begins with it; it counts nothing itself, and the next report is measured against it" }
  if (kind === 'sleep') {
    if (rule === sleepRules.atStart)
      return {
        title: 'Asleep from the start',
        meaning: 'it slept already when the period began; the sleep from there on counts if it comes back in time',
      }
    if (rule === sleepRules.afterPeriod) return { meaning: 'the farmer put it to sleep after the period, where that counts nothing' }
    if (evidence.lastNow === undefined)
      return { meaning: 'the farmer put it to sleep before it had reported, so the time up to here does not count' }
  }
  if (kind === 'ignored' && typeof evidence.why === 'string') return { meaning: evidence.why }
  if (kind === 'wake-refused') {
    const reasons = [
      ...(evidence.tooLong === true ? [`slept for ${secondsText(Number(evidence.sleptSec))}, which is more than 24 h`] : []),
      ...(evidence.tooSlow === true ? [`took ${secondsText(Number(evidence.bootSec))} to boot, which is more than 30 min`] : []),
    ]
    if (reasons.length > 0) return { meaning: `it ${reasons.join(', and ')}: the sleep does not count` }
  }
  if (kind === 'tail' && evidence.notKnownYet === true)
    return { title: 'Not known yet', meaning: `the data reach until ${formatUtc(fromTs)}` }
  if (kind === 'tail' && evidence.pending === true)
    return {
      title: evidence.asleep === true ? 'Still asleep' : 'No report since',
      meaning:
        evidence.asleep === true
          ? 'the whole sleep counts if it comes back in time'
          : 'nobody reported up to here, which is as far as the data reach; the next report says what counts',
    }
  return null
}

/** What the step means for the uptime, with its seconds. */
export function describeStep(step: Step): string {
  return `${stepTitle(step)}: ${ownWords(step)?.meaning ?? meanings[step.kind]}. ${effect(step)}`
}

function effect(step: Step): string {
  const open = openSeconds(step)
  if (open.unknownSec > 0) return `The ${secondsText(open.unknownSec)} up to the end of the period are not known yet.`
  if (open.waitingSec > 0) return `${secondsText(open.waitingSec)} passed that may still be credited.`
  const violation = step.violation ? ` Violation ${step.violation}.` : ''
  if (step.elapsedSec === 0 && step.creditedSec === 0) return `The uptime stays as it is.${violation}`
  const lost = step.lostSec > 0 ? `, ${secondsText(step.lostSec)} lost` : ''
  const ahead = step.lostSec < 0 ? `, ${aheadText(-step.lostSec)}` : ''
  return `${secondsText(step.elapsedSec)} passed, ${secondsText(step.creditedSec)} credited${lost}${ahead}.${violation}`
}

/** Seconds without credit that are not lost, as they may still be credited. */
export interface OpenSeconds {
  /** of what is not known yet */
  unknownSec: number
  /** of what is known, and waits for the next report or the wake-up */
  waitingSec: number
}

function openSeconds({ lostSec, evidence }: Pick<Step, 'lostSec' | 'evidence'>): OpenSeconds {
  if (evidence.pending !== true) return { unknownSec: 0, waitingSec: 0 }
  return evidence.notKnownYet === true ? { unknownSec: lostSec, waitingSec: 0 } : { unknownSec: 0, waitingSec: lostSec }
}

/** What was not credited, and what was credited beyond the time that passed; none is negative. */
export interface WithoutCredit extends OpenSeconds {
  lostSec: number
  /** by how much the reports ran ahead of the clock */
  aheadSec: number
}

/** How far a report may lag or run ahead of the clock by the rules of either set. */
const GRACE_SEC = 60

/**
 * The seconds without credit of one step, of a run or of a whole explanation: lost and open ones less those ahead are the steps' `lostSec`
 * together. Reports that lag a little and others that run ahead a little make up for each other; a downtime is lost whatever runs ahead.
 */
export function withoutCredit(steps: readonly Pick<Step, 'kind' | 'lostSec' | 'evidence'>[]): WithoutCredit {
  const sums = { lostSec: 0, unknownSec: 0, waitingSec: 0 }
  let driftSec = 0
  for (const step of steps) {
    const { unknownSec, waitingSec } = openSeconds(step)
    sums.unknownSec += unknownSec
    sums.waitingSec += waitingSec
    const lostSec = step.lostSec - unknownSec - waitingSec
    if (isDrift(step.kind, lostSec)) driftSec += lostSec
    else sums.lostSec += lostSec
  }
  sums.lostSec += Math.max(0, driftSec)
  return { ...sums, aheadSec: Math.max(0, -driftSec) }
}

const driftKinds: ReadonlySet<StepKind> = new Set(['report', 'post-report', 'period-end', 'period-begin'] satisfies StepKind[])

/** Whether it is credit ahead of the clock, what is cut of that, or a lag so small that it is no downtime. */
function isDrift(kind: StepKind, lostSec: number): boolean {
  return lostSec < 0 || kind === 'capped' || (driftKinds.has(kind) && lostSec <= GRACE_SEC)
}

function aheadText(sec: number): string {
  return `${secondsText(sec)} ahead of the clock`
}

/** `2,400 s (40 min)`; below a minute only the seconds. */
export function secondsText(sec: number): string {
  const exact = `${group(String(sec))} s`
  return Math.abs(sec) < 60 ? exact : `${exact} (${formatDuration(sec)})`
}

/** ` [now 1700000000, uptime 3600]`, or nothing where there is no evidence. */
export function evidenceText(evidence: Evidence): string {
  const parts = Object.entries(evidence).map(([name, value]) => `${name} ${value === null ? 'unknown' : value}`)
  return parts.length === 0 ? '' : ` [${parts.join(', ')}]`
}

/** Several ordinary reports, or several ignored ones, in a row as one line. */
export interface StepRun {
  kind: 'run'
  of: 'report' | 'ignored'
  count: number
  /** of these reports, those that say again that the clock is skewed */
  skewed: number
  /** why all of them are ignored; null where that is not known, and for ordinary ones */
  why: string | null
  firstBlock: number | null
  lastBlock: number | null
  /** the seconds that it accounts for; ignored reports account for none, so theirs are the times of the first and the last one */
  fromTs: number
  toTs: number
  elapsedSec: number
  creditedSec: number
  lostSec: number
  steps: Step[]
}

/**
 * An ordinary report that lost nothing worth a line of its own and violated nothing; or one that is ignored.
 * `skewTold`: that the clock is skewed was said by a step before it, so that saying it again is ordinary too.
 */
function runKind(step: Step, skewTold: boolean): StepRun['of'] | null {
  if (Math.abs(step.lostSec) > GRACE_SEC) return null
  if (step.violation !== null && !(skewTold && step.violation === 'ClockSkew')) return null
  return step.kind === 'report' || step.kind === 'ignored' ? step.kind : null
}

/** Steps that remember a new boot time, from which a clock that is skewed is skewed anew. */
const bootKinds: ReadonlySet<StepKind> = new Set([
  'first-report',
  'reboot',
  'post-reboot',
  'stored',
  'wake',
  'wake-refused',
  'post-wake',
] satisfies StepKind[])

/** `27 reports in a row`, `1,073 reports in a row, the clock still skewed`, `38 ignored reports in a row, as …` */
export function runTitle({ of, count, skewed, why }: Pick<StepRun, 'of' | 'count' | 'skewed' | 'why'>): string {
  if (of === 'ignored') return `${group(String(count))} ignored reports in a row${why === null ? '' : `, as ${why}`}`
  const title = `${group(String(count))} reports in a row`
  if (skewed === 0) return title
  return `${title}, the clock still skewed${skewed === count ? '' : ` in ${group(String(skewed))} of them`}`
}

/**
 * Runs of two or more ordinary reports, or of ones that are ignored for the same reason, become one entry each; everything else stays, as
 * does the first report of a skewed clock. The sums stay the same.
 */
export function foldSteps(steps: Step[]): (Step | StepRun)[] {
  const result: (Step | StepRun)[] = []
  let run: Step[] = []
  let skewTold = false
  const close = () => {
    if (run.length === 1) result.push(run[0]!)
    else if (run.length > 1) result.push(runOf(run))
    run = []
  }
  for (const step of steps) {
    const kind = runKind(step, skewTold)
    if (step.violation === 'ClockSkew') skewTold = true
    if (bootKinds.has(step.kind)) skewTold = false
    if (run.length > 0 && (run[0]!.kind !== kind || run[0]!.evidence.why !== step.evidence.why)) close()
    if (kind === null) result.push(step)
    else run.push(step)
  }
  close()
  return result
}

function runOf(steps: Step[]): StepRun {
  const sum = (pick: (step: Step) => number) => steps.reduce((total, step) => total + pick(step), 0)
  const of = steps[0]!.kind === 'ignored' ? 'ignored' : 'report'
  const { why } = steps[0]!.evidence
  return {
    kind: 'run',
    of,
    count: steps.length,
    skewed: steps.filter(step => step.violation === 'ClockSkew').length,
    why: of === 'ignored' && typeof why === 'string' ? why : null,
    firstBlock: steps[0]!.block,
    lastBlock: steps.at(-1)!.block,
    fromTs: of === 'ignored' ? steps[0]!.ts : steps[0]!.fromTs,
    toTs: of === 'ignored' ? steps.at(-1)!.ts : steps.at(-1)!.toTs,
    elapsedSec: sum(step => step.elapsedSec),
    creditedSec: sum(step => step.creditedSec),
    lostSec: sum(step => step.lostSec),
    steps,
  }
}

const causes: Record<Downtime['cause'], string> = {
  'not-seen-yet': 'not seen yet in this period',
  reboot: 'restarted',
  gap: 'reports too far apart',
  'sleep-refused': 'a sleep that does not count',
  'not-seen-after': 'not seen any more',
  refused: 'report refused',
}

const sleepReasons: Record<NonNullable<Downtime['sleep']>, string> = {
  'too-long': 'asleep for more than 24 h',
  'too-slow': 'took more than 30 min to boot',
  both: 'asleep for more than 24 h, and took more than 30 min to boot',
}

/** Why a stretch did not count, in a few words. */
export function causeText({ cause, sleep }: Pick<Downtime, 'cause' | 'sleep'>): string {
  return sleep === undefined ? causes[cause] : sleepReasons[sleep]
}

const violationTexts: Record<Violation, string> = {
  UptimeTooHigh: 'a report claims more uptime than time passed',
  UptimeTooLow: 'a report claims less uptime than time passed, without a restart',
  InvalidReboot: 'a report claims a restart that cannot have been',
  ClockSkew: 'its clock moved by 2 min or more against its own boot time',
  BootRequestExpired: 'it booted too slowly more than once',
  MissingTwin: 'its twin is not on the chain',
  MissingRelay: 'its twin has no relay',
  InvalidPublicKey: "its twin's public key is not 33 bytes long",
}

/** What the node did, in a few words. */
export function violationText(violation: Violation): string {
  return violationTexts[violation]
}

const lineNames: Record<string, string> = {
  cu: 'Compute units',
  su: 'Storage units',
  nu: 'Network units',
  'ip-hours': 'Public IP hours',
  'base-usd': 'Units at the policy’s prices',
  'ip-usd': 'Public IPs',
  certified: 'Certified: a quarter more',
  tokens: 'In TFT at the node’s price',
  permille: 'Uptime in permille',
  sla: 'Uptime that the policy asks for',
  'full-usd': 'Units and IPs at the policy’s prices',
  'full-tft': 'In TFT at the node’s price, for the whole period',
  carbon: 'Carbon offset',
  usd: 'Payout in USD',
  tft: 'Payout in TFT',
}

/** The name of a derivation line as people read it. */
export function lineName(line: Pick<DerivationLine, 'name'>): string {
  return lineNames[line.name] ?? line.name
}

/** The whole explanation as plain text, for terminals and for the clipboard. Ordinary reports in a row are one line unless `all`. */
export function explanationText(explanation: Explanation, options: { all?: boolean } = {}): string {
  const { period } = explanation
  const own = explanation.rules === 'node-period'
  const lines = [
    `Node ${explanation.nodeId}, ${own ? 'its own period' : `period ${period.index}`}: ${formatUtc(period.start)} to ${formatUtc(period.end)}`,
    `Rules ${explanation.rules}, resources ${explanation.resources}${explanation.provisional ? stateText(explanation) : ''}`,
    '',
    'Uptime',
  ]
  for (const entry of options.all ? explanation.steps : foldSteps(explanation.steps)) lines.push(`  ${entryText(entry)}`)
  const { lostSec, aheadSec, waitingSec, unknownSec } = withoutCredit(explanation.steps)
  const sums = [
    `${secondsText(explanation.measuredUptimeSec)} credited of ${secondsText(explanation.elapsedSec)}`,
    `${secondsText(lostSec)} lost`,
    ...(aheadSec > 0 ? [aheadText(aheadSec)] : []),
    ...(waitingSec > 0 ? [`${secondsText(waitingSec)} that may still be credited`] : []),
    ...(unknownSec > 0 ? [`${secondsText(unknownSec)} not known yet`] : []),
    ...(own ? [] : [`${explanation.slowBoots} slow boots`]),
  ]
  lines.push(`  = ${sums.join(', ')}`, '')
  if (explanation.downtimes.length > 0) {
    lines.push('Downtimes')
    for (const downtime of explanation.downtimes) lines.push(`  ${downtimeText(downtime)}`)
    lines.push('')
  }
  if (explanation.violation) {
    const { violation, block, ts, before, after } = explanation.violation
    lines.push(`Violation ${violation}: ${violationTexts[violation]}`)
    if (block !== null || ts !== null) lines.push(`  ${blockText(block)}${ts === null ? '' : `, ${formatUtc(ts)}`}`)
    if (before) lines.push(`  before:${evidenceText(before)}`)
    if (after) lines.push(`  after: ${evidenceText(after)}`)
    lines.push('')
  }
  lines.push('Payout')
  for (const line of explanation.derivation) {
    lines.push(`  ${lineName(line)}: ${line.formula} = ${line.value}${line.unit ? ` ${line.unit}` : ''}`)
    if (line.note) lines.push(`    ${line.note}`)
  }
  lines.push(
    `  = ${tftExact(explanation.rewardUnits)} TFT, ${usdExact(explanation.rewardMusd)} USD`,
    '',
    `${own ? (explanation.provisional ? 'Mint if it ended now' : 'Mint') : 'Receipt'} ${explanation.hash}`,
    explanation.receipt,
    '',
  )
  return lines.join('\n')
}

/** That it is not final, and how far it is known. */
function stateText({ rules, steps }: Pick<Explanation, 'rules' | 'steps'>): string {
  const last = steps.at(-1)
  if (rules === 'node-period') return `, still running${last ? `: known until ${formatUtc(last.toTs)}` : ''}`
  return last?.evidence.notKnownYet === true
    ? `, provisional: the period is known until ${formatUtc(last.fromTs)}`
    : ', provisional: the blocks after the period are not all known'
}

function entryText(entry: Step | StepRun): string {
  if (entry.kind !== 'run')
    return `${formatUtc(entry.ts)}  ${blockText(entry.block)}  ${describeStep(entry)}${evidenceText(entry.evidence)} (${entry.rule})`
  const blocks = entry.firstBlock === null ? '' : `blocks ${entry.firstBlock} to ${entry.lastBlock}`
  const { lostSec, aheadSec } = withoutCredit(entry.steps)
  const lost = entry.lostSec === 0 ? '' : `, ${secondsText(lostSec)} lost${aheadSec > 0 ? `, ${aheadText(aheadSec)}` : ''}`
  // the time of its last block, as steps have it: a report may be dated a little before or after
  return `${formatUtc(entry.steps.at(-1)!.ts)}  ${blocks}  ${runTitle(entry)}: ${secondsText(entry.elapsedSec)} passed, ${secondsText(entry.creditedSec)} credited${lost}.`
}

function blockText(block: number | null): string {
  return block === null ? 'no event' : `block ${block}`
}

function downtimeText(downtime: Downtime): string {
  return `${formatUtc(downtime.fromTs)} to ${formatUtc(downtime.toTs)}  ${formatDuration(downtime.toTs - downtime.fromTs)}, ${secondsText(downtime.lostSec)} lost: ${causeText(downtime)} (${blockText(downtime.block)})`
}
