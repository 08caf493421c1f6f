import { join } from 'node:path'
import { AppError } from '../../../src-shared/errors.ts'
import { explanationText } from '../../../src-shared/explain-text.ts'
import type { ResourceRule, Rules } from '../../../src-shared/mint.ts'
import { tftExact, usdExact } from '../../../src-shared/money.ts'
import type { DoctorCheck, DoctorReport, Scope, SyncEstimate } from '../../../src-shared/sync.ts'
import { formatDuration, formatUtc } from '../../../src-shared/time.ts'
import type { DevnetCommand } from '../../core/devnet-command.ts'
import type { JobContext, MintSummary, NodeMintSummary } from '../../core/index.ts'
import { resolveDataDir } from '../data-dir.ts'
import { networksFile } from '../program.ts'
import { userName } from '../user-name.ts'
import { jsonText, type Terminal } from './terminal.ts'

/** What the parser hands over for each command; members are absent where the option was not given. */
interface Common {
  data?: string
}

// The core is loaded by the command that needs it, so that --help and usage errors come at once.
const loadCore = () => import('../../core/index.ts')

function context(terminal: Terminal): JobContext {
  return { signal: terminal.signal, onProgress: terminal.progress }
}

export interface MintCommand extends Common {
  archive?: string
  period?: number
  rules: Rules
  nodePeriodsFrom?: number
  carbon?: boolean
  resources: ResourceRule
  previous?: string
  paid?: string
  out: string
}

export async function mint(options: MintCommand, terminal: Terminal): Promise<void> {
  if (options.rules === 'node-period') return mintByNode(options, terminal)
  if (options.nodePeriodsFrom !== undefined || options.carbon)
    throw new AppError('usage', '--node-periods-from and --carbon belong to --rules node-period.')
  const { archive, period, resources, previous, paid, out } = options
  const common = { resources, outDir: out, ...(previous !== undefined && { previous }), ...(paid !== undefined && { paid }) }
  let summary: MintSummary
  if (archive !== undefined) {
    const { mintArchive } = await loadCore()
    summary = await mintArchive({ source: archive, ...common }, context(terminal))
  } else if (period !== undefined) {
    const { mintPeriod } = await import('../../core/mint.ts')
    summary = await mintPeriod({ dataDir: resolveDataDir(options.data), period, ...common }, context(terminal))
  } else throw new AppError('usage', 'Say what to mint: --archive FILE or --period K.')
  terminal.out(terminal.json ? jsonText({ ...summary, outDir: out }) : mintText(summary, out))
}

async function mintByNode(options: MintCommand, terminal: Terminal): Promise<void> {
  const { archive, period, out, previous, paid, nodePeriodsFrom, carbon } = options
  if (previous !== undefined || paid !== undefined)
    throw new AppError('usage', 'Rule set node-period knows no retries: what failed stays claimable. Leave --previous and --paid out.')
  const { mintArchiveByNode, mintPeriodByNode } = await loadCore()
  let summary: NodeMintSummary
  if (archive !== undefined) {
    const rules = { firstNodePeriod: nodePeriodsFrom ?? null, carbon: carbon ?? false }
    summary = await mintArchiveByNode({ source: archive, outDir: out, ...rules }, context(terminal))
  } else if (period !== undefined) {
    if (nodePeriodsFrom !== undefined || carbon)
      throw new AppError('usage', "A stored period is minted as the network's minting rules say: set them there (granary mints config).")
    summary = await mintPeriodByNode({ dataDir: resolveDataDir(options.data), period, outDir: out })
  } else throw new AppError('usage', 'Say what to mint: --archive FILE or --period K.')
  terminal.out(terminal.json ? jsonText({ ...summary, outDir: out }) : nodeMintText(summary, out))
}

function nodeMintText(summary: NodeMintSummary, out: string): string {
  const { period, problems, mints } = summary
  const lines = [
    `Period ${period.index} of network ${summary.network}: ${mints === 1 ? '1 period of a node' : `${mints} periods of nodes`} closed, ${summary.paidMints} paid, ${summary.violatingMints} in violation; ${summary.running === 1 ? '1 node goes' : `${summary.running} nodes go`} on`,
    `${tftExact(summary.rewardUnits)} TFT${summary.carbonUnits > 0n ? `, and ${tftExact(summary.carbonUnits)} TFT to offset carbon` : ''}`,
    `Written to ${out}: ${summary.files.join(', ')}`,
  ]
  if (problems.length > 0)
    lines.push(`${problems.length} ${problems.length === 1 ? 'thing' : 'things'} to look at: ${join(out, 'problems.json')}`)
  return `${lines.join('\n')}\n`
}

function mintText(summary: MintSummary, out: string): string {
  const { period, problems } = summary
  const lines = [
    `Period ${period.index} of network ${summary.network}, ${formatUtc(period.start)} to ${formatUtc(period.end)}`,
    `${summary.nodes === 1 ? '1 node' : `${summary.nodes} nodes`}: ${summary.paidNodes} paid, ${summary.violatingNodes} in violation`,
    `${tftExact(summary.rewardUnits)} TFT, ${usdExact(summary.rewardMusd)} USD${summary.retries > 0 ? `, and ${summary.retries} retries` : ''}`,
  ]
  // how much is missing stands there
  const provisional = problems.find(({ kind }) => kind === 'provisional')
  if (provisional) lines.push(`Provisional: ${provisional.message}`)
  lines.push(`Written to ${out}: ${summary.files.join(', ')}`)
  if (problems.length > 0)
    lines.push(`${problems.length} ${problems.length === 1 ? 'thing' : 'things'} to look at: ${join(out, 'problems.json')}`)
  return `${lines.join('\n')}\n`
}

export async function importArchives(files: string[], options: Common, terminal: Terminal): Promise<void> {
  const { importFiles } = await loadCore()
  const said = {
    imported: 'imported',
    extended: 'imported, it reaches further than before',
    unchanged: 'was there already, nothing changed',
  }
  const imported = await importFiles(
    {
      dataDir: resolveDataDir(options.data),
      files,
      actor: `cli:${userName()}`,
      // at once: a later file may fail
      onImported({ file, period, outcome, events, v3Lack }) {
        if (terminal.json) return
        terminal.out(`${file}: period ${period}, ${events} events, ${said[outcome]}\n`)
        if (v3Lack !== null) terminal.out(`${v3Lack}\n`)
      },
    },
    context(terminal),
  )
  if (terminal.json) terminal.out(jsonText({ imported }))
}

export async function exportArchive(
  target: string,
  options: Common & { period: number; nodeStates?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { exportArchive: write } = await loadCore()
  refuseJsonOnStdout(target, terminal)
  const { period, nodeStates = false } = options
  const done = await write({ dataDir: resolveDataDir(options.data), period, target, nodeStates }, context(terminal))
  sayWritten(target, done, terminal)
}

export async function explain(
  options: Common & { node: number; period: number; rules: Rules; resources: ResourceRule; all?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { explainNode, explainNodePeriods } = await loadCore()
  const { node: nodeId, period, resources, all = false } = options
  const dataDir = resolveDataDir(options.data)
  const found =
    options.rules === 'v3'
      ? [await explainNode({ dataDir, nodeId, period, resources })]
      : await explainNodePeriods({ dataDir, nodeId, period })
  if (terminal.json) terminal.out(options.rules === 'v3' ? jsonText(found[0]) : jsonText({ periods: found }))
  else terminal.out(found.map(explanation => `${explanationText(explanation, { all })}\n`).join('\n'))
}

export async function demo(
  target: string,
  options: { nodes: number; days?: number; seed: number; period?: number; since?: number },
  terminal: Terminal,
): Promise<void> {
  const { writeDemo } = await loadCore()
  refuseJsonOnStdout(target, terminal)
  const { nodes, days, seed, period, since } = options
  const input = {
    ...{ nodes, seed, target },
    ...(days !== undefined && { days }),
    ...(period !== undefined && { period }),
    ...(since !== undefined && { since }),
  }
  sayWritten(target, await writeDemo(input, context(terminal)), terminal)
}

export interface SyncOptions extends Common {
  network?: string
  endpoint?: string[]
  until?: number | null
  follow?: boolean
  farm?: number[]
  node?: number[]
  wholeGrid?: boolean
  periods?: number | null
  compare?: number
  estimate?: boolean
}

export async function sync(options: SyncOptions, terminal: Terminal): Promise<void> {
  const { network, endpoint = [], until = null, follow = false, farm, node, wholeGrid, periods, compare, estimate = false } = options
  if (wholeGrid && (farm || node)) throw new AppError('usage', 'Give --whole-grid, or --farm and --node, not both.')
  if (until !== null && follow) throw new AppError('usage', '--follow goes on for ever; with --until it ends. Give one of them.')
  const scope: Scope | undefined = wholeGrid ? 'all' : farm || node ? { farms: farm ?? [], nodes: node ?? [] } : undefined
  // the chain's libraries take their time to load, so only this command does
  const { syncNetwork } = await import('../../core/sync-command.ts')
  const state = await syncNetwork(
    {
      dataDir: resolveDataDir(options.data),
      networksFile,
      actor: `cli:${userName()}`,
      endpoints: endpoint,
      until,
      follow,
      estimateOnly: estimate,
      ...(network !== undefined && { network }),
      ...(scope !== undefined && { scope }),
      ...(periods !== undefined && { periods }),
      ...(compare !== undefined && { compareShare: compare }),
      onEstimate: cost => terminal.out(terminal.json ? jsonText({ estimate: cost }) : estimateText(cost)),
    },
    context(terminal),
  )
  if (!state) return
  const { stored, head, readBlocks, comparedBlocks } = state
  terminal.out(
    terminal.json
      ? jsonText({ head, stored, readBlocks, comparedBlocks, periods: state.periods })
      : `${readBlocks} blocks read, ${comparedBlocks} of them compared between endpoints. Data complete until ${stored ? `${formatUtc(stored.ts)}, block ${stored.n}` : 'nothing'}.\n`,
  )
}

function estimateText(cost: SyncEstimate): string {
  const archive = cost.archive ? '' : ' This endpoint is not an archive node: it has thrown old state away, which history needs.\n'
  const counted = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`
  const what = `${counted(cost.blocks, 'block')} of ${counted(cost.periods.length, 'period')}, ${counted(cost.nodes, 'node')}`
  return `${cost.network}: ${what}: about ${sizeText(cost.bytes)} to fetch in ${formatDuration(cost.seconds)}, ${sizeText(cost.storeBytes)} on disk; less where some of it is stored already.\n${archive}`
}

function sizeText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e3)} kB`
}

export async function devnet(options: DevnetCommand, terminal: Terminal): Promise<void> {
  const { runDevnet } = await import('../../core/devnet-command.ts')
  await runDevnet(options, line => terminal.out(terminal.json ? jsonText({ message: line }) : `${line}\n`), terminal.signal)
}

export interface DoctorOptions extends Common {
  sample: number
  seed?: number
  offline?: boolean
  repair?: boolean
}

/** Gives whether nothing is wrong; what could not be looked at is not wrong. */
export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<boolean> {
  const { sample, seed = null, offline = false, repair = false } = options
  const { examineFolder } = await import('../../core/doctor.ts')
  const { report, repaired, recounted } = await examineFolder(
    { dataDir: resolveDataDir(options.data), networksFile, actor: `cli:${userName()}`, sample, seed, offline, repair },
    context(terminal),
  )
  terminal.out(terminal.json ? jsonText({ ...report, repaired, recounted }) : doctorText(report, repaired, recounted))
  return report.checks.every(({ state }) => state !== 'problem')
}

function doctorText({ checks }: DoctorReport, repaired: string[], recounted: boolean): string {
  const marks = { ok: 'fine', problem: 'PROBLEM', unknown: 'not known' }
  const width = Math.max(...checks.map(({ name }) => name.length))
  const line = ({ name, state, detail, wayOut }: DoctorCheck): string =>
    `${marks[state].padEnd(9)}  ${name.padEnd(width)}  ${detail}${wayOut === '' ? '' : ` ${wayOut}`}`
  const problems = checks.filter(({ state }) => state === 'problem').length
  const verdict = problems === 0 ? 'Nothing is wrong.' : problems === 1 ? '1 problem.' : `${problems} problems.`
  const out = repaired.map(found => `Taken out; the next sync reads it again: ${found}`)
  if (recounted) out.push('Counted anew: the figures of the ledger by the hour.')
  return `${[...out, ...checks.map(line), verdict].join('\n')}\n`
}

export async function serve(options: Common & { port?: number; open?: boolean; debug?: boolean }, terminal: Terminal): Promise<void> {
  const { serve: start } = await import('../loopback/serve.ts')
  const { data, port, open, debug } = options
  await start({
    ...(data !== undefined && { dataDir: data }),
    ...(port !== undefined && { port }),
    ...(open !== undefined && { open }),
    ...(debug && { debug }),
    print: line => terminal.out(terminal.json ? jsonText({ message: line }) : `${line}\n`),
    printError: line => terminal.err(`${line}\n`),
    signal: terminal.signal,
  })
}

function refuseJsonOnStdout(target: string, terminal: Terminal): void {
  if (target === '-' && terminal.json) throw new AppError('usage', 'Standard output can hold the archive or --json, not both. Name a file.')
}

function sayWritten(target: string, { events, bytes }: { events: number; bytes: number }, terminal: Terminal): void {
  if (target === '-') return
  terminal.out(
    terminal.json ? jsonText({ file: target, events, bytes }) : `${target}: ${events} events, ${bytes} bytes before compression\n`,
  )
}
