import { type Command, Option } from 'commander'
import { compareText, isAllEqual, verifyText } from '../../../src-shared/compare-text.ts'
import type { ResourceRule } from '../../../src-shared/mint.ts'
import { resolveDataDir } from '../data-dir.ts'
import { jsonText, type Terminal } from './terminal.ts'

const loadCompare = () => import('../../core/compare-command.ts')

interface Common {
  data?: string
  resources?: ResourceRule
}

/** `granary compare` and `granary verify`. `onWrong` is called where receipts fail, or a proposal that was to be checked is not equal. */
export function addCompareCommands(
  command: (name: string, description: string) => Command,
  terminal: Terminal,
  wholeNumber: (text: string) => number,
  onWrong: () => void,
): void {
  const resources = () =>
    new Option('--resources <which>', 'which resources pay; default as the settings say').choices(['latest', 'minimum'])
  const context = { signal: terminal.signal, onProgress: terminal.progress }

  command('compare', "another signer's payouts.csv, receipts or mints against your own result: equal, different (why), missing, extra")
    .argument('<path...>', 'the folder that was minted into, or its files')
    .addOption(new Option('--period <index>', 'the period of your store; default the one that the proposal says').argParser(wholeNumber))
    .addOption(resources())
    .option('--check', 'fail (exit 1) where not everything is equal')
    .action(async (paths: string[], options: Common & { period?: number; check?: boolean }) => {
      const { period, check } = options
      const report = await (await loadCompare()).compareFiles({ ...ask(paths, options), ...(period !== undefined && { period }) }, context)
      terminal.out(terminal.json ? jsonText({ ...report.head, rows: report.rows }) : compareText(report.head, report.rows))
      if (check && !isAllEqual(report.head)) onWrong()
    })

  command('verify', 'receipts and mints, each by itself: bytes, hash, and whether your own store gives the same; fails if any fails')
    .argument('<path...>', 'folders that were minted into, or files')
    .addOption(new Option('--against <what>', 'what must be known: chain fails for what your store can not recompute').choices(['chain']))
    .addOption(resources())
    .action(async (paths: string[], options: Common & { against?: 'chain' }) => {
      const report = await (await loadCompare()).verifyReceipts(ask(paths, options), context)
      terminal.out(terminal.json ? jsonText(report) : verifyText(report))
      const { fails, unknown } = report.counts
      if (fails > 0 || (options.against === 'chain' && unknown > 0)) onWrong()
    })
}

function ask(paths: string[], { data, resources }: Common): { dataDir: string; paths: string[]; resources?: ResourceRule } {
  return { dataDir: resolveDataDir(data), paths, ...(resources !== undefined && { resources }) }
}
