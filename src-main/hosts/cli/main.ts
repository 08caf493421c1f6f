import { pathToFileURL } from 'node:url'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { toAppError } from '../../../src-shared/errors.ts'
import { resolveDataDir } from '../data-dir.ts'
import { programVersion } from '../program.ts'
import * as commands from './commands.ts'
import { leavesAsFile } from './leaving.ts'
import { createTerminal, printWhole, type Terminal } from './terminal.ts'

/** 0 done, 1 the work failed, 2 wrong usage (interfaces.md, The command line). */
export type ExitCode = 0 | 1 | 2

/**
 * The command line: parses, runs one command, and gives the exit code. Never throws and never prints a stack trace without `--debug`.
 * `args` are those after the program's name.
 */
export async function run(args: string[], streams: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream }): Promise<ExitCode> {
  const terminal = createTerminal(streams, { json: args.includes('--json'), debug: args.includes('--debug') })
  const code = await carryOut(args, terminal)
  return (await terminal.end()) || code !== 0 ? code : 1
}

async function carryOut(args: string[], terminal: Terminal): Promise<ExitCode> {
  let isWrong = false
  try {
    const groups = OWN_COMMANDS.has(args[0] ?? '') ? null : await import('./command-groups.ts')
    const program = granary(terminal, groups, () => {
      isWrong = true
    })
    await program.parseAsync(args, { from: 'user' })
    return isWrong ? 1 : 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // commander has said what is wrong
    terminal.fail(error)
    const { code } = toAppError(error)
    if (code === 'internal') (await import('./crashed.ts')).noteInternal(error, args)
    return code === 'usage' ? 2 : 1
  }
}

/** Commands that need nothing of the others, which with what they take and say are loaded for themselves and for what lists them all. */
const OWN_COMMANDS = new Set(['mint', 'import', 'archive', 'explain', 'demo', 'sync', 'devnet', 'doctor', 'serve'])

/**
 * `groups`: null without their commands. `onWrong` is called by a command that did its work and found something wrong: it has said so, and the
 * exit code tells it too.
 */
export function granary(terminal: Terminal, groups: typeof import('./command-groups.ts') | null, onWrong: () => void): Command {
  const program = new Command('granary')
    .description('What the nodes of a decentralised cloud grid earned, and why.')
    .version(programVersion(), '-V, --version')
    .helpCommand(false)
    .showHelpAfterError('Add --help to see what it takes.')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .hook('postAction', async (_program, done) => {
      if (!(await leavesAsFile(done))) return
      const { signLeavingFrom } = await import('../../core/leaving.ts')
      const problem = signLeavingFrom(resolveDataDir(done.optsWithGlobals().data))
      if (problem !== null) terminal.err(`granary: The audit trail was not signed with it. ${problem}\n`)
    })

  const command = (name: string, description: string, parent = program): Command =>
    parent
      .command(name)
      .description(description)
      .exitOverride()
      .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
      .showHelpAfterError('Add --help to see what it takes.')
      .option('--data <dir>', "the data folder (default: the platform's application-data folder, or GRANARY_DATA)")
      .option('--json', 'machine-readable output on standard output, and nothing else there')
      .option('--debug', 'stack traces with errors')

  command('mint', 'mint one period, from a grid archive or from the store, and write its files')
    .addOption(new Option('--archive <file>', 'a grid archive, plain, .gz or .zst; - reads standard input').conflicts('period'))
    .addOption(new Option('--period <index>', 'a period of the store').argParser(wholeNumber))
    .addOption(new Option('--rules <set>', 'the rule set').choices(['v3', 'node-period']).default('v3'))
    .addOption(new Option('--resources <which>', 'which resources pay').choices(['latest', 'minimum']).default('latest'))
    .addOption(
      new Option('--node-periods-from <index>', 'by node-period, from an archive: the fixed period that it counts first').argParser(
        wholeNumber,
      ),
    )
    .option('--carbon', 'by node-period, from an archive: with the carbon offset')
    .option('--previous <receipts>', "the previous period's receipts.ndjson: what was not paid is paid once more")
    .option('--paid <file>', 'receipt hashes seen on Stellar, one a line')
    .requiredOption(
      '--out <dir>',
      'where to write payouts.csv, overview.csv, receipts.ndjson, problems.json and, with --previous, retries.csv; by node-period mints.csv, mints.ndjson, open.ndjson and problems.json',
    )
    .action(options => commands.mint(options, terminal))

  command('import', 'import grid archives into the store; interrupted, it goes on where it was')
    .argument('<file...>', 'grid archives, plain, .gz or .zst; - reads standard input')
    .action((files, options) => commands.importArchives(files, options, terminal))

  const commandGroup = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .exitOverride()
      .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
      .showHelpAfterError('Add --help to see what it takes.')

  const archive = commandGroup('archive', 'grid archives')
  command('export', 'write a period of the store as a grid archive', archive)
    .addOption(new Option('--period <index>', 'the period').argParser(wholeNumber).makeOptionMandatory())
    .option('--node-states', "with each node's running state at the start, so that rule set node-period can go on from this archive alone")
    .argument('<out>', 'the file, .gz or .zst to compress; - writes to standard output')
    .action((out, options) => commands.exportArchive(out, options, terminal))

  command('explain', 'why a node earns what it earns: each credit, each loss, each rule, down to the sum')
    .addOption(new Option('--node <id>', 'the node').argParser(wholeNumber).makeOptionMandatory())
    .addOption(new Option('--period <index>', 'the period').argParser(wholeNumber).makeOptionMandatory())
    .addOption(new Option('--resources <which>', 'which resources pay').choices(['latest', 'minimum']).default('latest'))
    .addOption(new Option('--rules <set>', 'the rule set').choices(['v3', 'node-period']).default('v3'))
    .option('--all', 'each ordinary report on a line of its own')
    .action(options => commands.explain(options, terminal))

  groups?.addProjectCommands(command, terminal, wholeNumber)
  groups?.addMintsCommands(command, terminal, wholeNumber, commandGroup)

  command('demo', 'write a realistic synthetic grid archive')
    .addOption(new Option('--nodes <n>', 'how many nodes, 1 to 10,000').argParser(wholeNumber).default(100))
    .addOption(new Option('--days <d>', 'how many days; default the whole period').argParser(positiveNumber))
    .addOption(new Option('--seed <s>', 'the same seed gives the same bytes').argParser(wholeNumber).default(1))
    .addOption(new Option('--period <index>', 'which period').argParser(wholeNumber))
    .addOption(
      new Option('--since <index>', 'the period in which this grid began; archives that follow each other name the same one').argParser(
        wholeNumber,
      ),
    )
    .argument('<out>', 'the file, .gz or .zst to compress; - writes to standard output')
    .action((out, options) => commands.demo(out, options, terminal))

  command('sync', 'follow a chain into the store; stopped, it goes on where it was')
    .option('--network <name>', 'main, test, qa, dev, or one of your own')
    .option('--endpoint <url...>', 'chain nodes to ask beside those that are known: wss://HOST, or ws:// on this machine')
    .option('--until <block>', 'the last block to read, or now', untilBlock)
    .option('--follow', 'go on at the head until it is stopped')
    .option('--farm <id...>', 'only these farms, with all their nodes', wholeNumbers)
    .option('--node <id...>', 'only these nodes', wholeNumbers)
    .option('--whole-grid', 'every node')
    .option('--periods <count>', 'how many periods back, the running one counted, or all', periodCount)
    .option('--compare <share>', 'with two or more endpoints: the share of blocks that two are asked for, 0 to 1', share)
    .option('--estimate', 'only say what it would cost')
    .action(options => commands.sync(options, terminal))

  command('devnet', 'a made-up chain on this machine, to try out and test: speaks a node’s JSON-RPC over WebSocket')
    .addOption(new Option('--port <port>', 'the port; default any free one').argParser(wholeNumber))
    .addOption(new Option('--speed <factor>', 'how much faster than the clock its time runs').argParser(positiveNumber).default(1))
    .option('--archive <file>', 'serve the blocks of this grid archive instead of a living grid')
    .addOption(new Option('--nodes <n>', 'nodes of the living grid').argParser(wholeNumber).default(24))
    .addOption(new Option('--seed <s>', 'the same seed gives the same grid').argParser(wholeNumber).default(1))
    .addOption(new Option('--days <d>', 'days of history of the living grid; default the running period').argParser(positiveNumber))
    .option(
      '--fault <name=value...>',
      'do something wrong: latencyMs, dropEvery (requests), stallShare, nullShare (0 to 1), lieAboutParent, wrongEvents, wrongPayout (farm), wrongPrice, undecodable, prunedBelow (block), tooBigChars, refuseLists (1)',
      faults,
    )
    .action(options => commands.devnet(options, terminal))

  command('doctor', 'examine the data folder: the store in itself and against the chain; fails if anything is wrong')
    .addOption(new Option('--sample <n>', 'how many stored blocks to fetch again and compare').argParser(wholeNumber).default(20))
    .addOption(new Option('--seed <s>', 'the choice of those blocks; default any').argParser(wholeNumber))
    .option('--offline', 'ask no chain node')
    .option(
      '--repair',
      'take damaged periods of the sync out first, so that the next sync reads them again, and count wrong figures of the ledger anew',
    )
    .action(async options => {
      if (!(await commands.doctor(options, terminal))) onWrong()
    })

  groups?.addVaultCommands(command, terminal, onWrong)
  groups?.addVotesCommands(command, terminal, onWrong, wholeNumber, commandGroup)
  groups?.addPayCommands(command, terminal, wholeNumber, onWrong, commandGroup)
  groups?.addChainCommands(command, terminal, onWrong, wholeNumber, commandGroup)
  groups?.addCompareCommands(command, terminal, wholeNumber, onWrong)

  groups?.addKeysCommands(command, terminal, commandGroup)
  groups?.addAuditCommands(command, terminal, onWrong, wholeNumber)
  groups?.addExportCommands(command, terminal, wholeNumber, commandGroup)
  groups?.addAlertsCommands(command, terminal, wholeNumber, commandGroup)
  groups?.addBackupCommands(command, terminal)
  groups?.addLogsCommands(command, terminal, wholeNumber, commandGroup)
  groups?.addTreasuryCommands(command, terminal, commandGroup)
  groups?.addHelpCommand(command, terminal)

  command('serve', 'the app in a browser on this machine')
    .addOption(new Option('--port <port>', 'the port; default any free one').argParser(wholeNumber))
    .option('--open', 'open it in a browser')
    .action(options => commands.serve(options, terminal))

  return program
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It takes a whole number.')
  return Number(text)
}

function faults(text: string, before: Record<string, number> | undefined): Record<string, number> {
  const [, name, value] = /^([A-Za-z]{1,20})=(\d{1,15}(?:\.\d{1,6})?)$/.exec(text) ?? []
  if (name === undefined) throw new InvalidArgumentError('It takes NAME=NUMBER.')
  return { ...before, [name]: Number(value) }
}

function wholeNumbers(text: string, before: number[] | undefined): number[] {
  return [...(before ?? []), wholeNumber(text)]
}

function untilBlock(text: string): number | null {
  return text === 'now' ? null : wholeNumber(text)
}

function periodCount(text: string): number | null {
  if (text === 'all') return null
  const count = wholeNumber(text)
  if (count < 1 || count > 1000) throw new InvalidArgumentError('It takes 1 to 1000, or all.')
  return count
}

function share(text: string): number {
  if (!/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/.test(text)) throw new InvalidArgumentError('It takes a number from 0 to 1.')
  return Number(text)
}

function positiveNumber(text: string): number {
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(text) || Number(text) === 0) throw new InvalidArgumentError('It takes a number above 0.')
  return Number(text)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main()

/** Runs the command that this process was started with. */
export async function main(): Promise<void> {
  const args = process.argv.slice(2)
  // once: what fails while it is told ends the process as Node does it
  process.once('uncaughtException', error => void import('./crashed.ts').then(({ endCrashed }) => endCrashed(error, args)))
  printWhole(process.stdout)
  // to whoever waits for this process (run-for.mjs): listening there must not keep it
  process.channel?.unref()
  process.exitCode = await run(args, { stdout: process.stdout, stderr: process.stderr })
}
