import { type Command, Option } from 'commander'
import { compareText, isAllEqual, verifyText } from '../../../src-shared/compare-text.ts'
import type { ResourceRule } from '../../../src-shared/mint.ts'
import { isSealedRight, sealedCheckText } from '../../../src-shared/sealed-check.ts'
import type { StellarAsk } from '../../core/compare-command.ts'
import { splitSealed } from '../../core/sealed-files.ts'
import { resolveDataDir } from '../data-dir.ts'
import { networksFile } from '../program.ts'
import { jsonText, type Terminal } from './terminal.ts'

const loadCompare = () => import('../../core/compare-command.ts')

interface Common {
  data?: string
  resources?: ResourceRule
}

export interface VerifyOptions extends Common {
  against?: 'chain' | 'stellar'
  network?: string
  horizon?: string
  passphrase?: string
  asset?: string
  issuer?: string
  payer?: string
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

  command(
    'verify',
    'receipts and mints, each by itself: bytes, hash, whether your own store gives the same, and its payment; also audit reports and evidence bundles; fails if any fails',
  )
    .argument('<path...>', 'folders that were minted into, or files; also reports of granary audit, and evidence bundles')
    .addOption(
      new Option(
        '--against <what>',
        'what must be known: chain fails for what your store can not recompute; stellar looks for each payment, and fails for what was not paid once and rightly',
      ).choices(['chain', 'stellar']),
    )
    .option('--network <name>', 'how this network pays counts; default the one that the data folder holds')
    .option('--horizon <url>', "Horizon's address, in place of that of the payout settings; so are the next four")
    .option('--passphrase <text>', "the Stellar network's passphrase, which everybody knows")
    .option('--asset <code>', 'the code of the asset that is paid')
    .option('--issuer <account>', 'its issuer, G…')
    .option('--payer <account>', 'the account that pays, G…')
    .addOption(resources())
    .action(async (paths: string[], options: VerifyOptions) => {
      const { against } = options
      const { sealed, others } = splitSealed(paths)
      if (sealed.length > 0 && !(await sayVerified(sealed, options, terminal))) onWrong()
      if (others.length === 0) return
      const stellar = against === 'stellar' ? { stellar: stellarAsk(options) } : {}
      const report = await (await loadCompare()).verifyReceipts({ ...ask(others, options), ...stellar }, context)
      terminal.out(terminal.json ? jsonText(report) : verifyText(report))
      const { fails, unknown } = report.counts
      const isPaymentUnknown = report.receipts.some(({ payment }) => payment?.state === 'not-known')
      if (fails > 0 || isPaymentUnknown || (against === 'chain' && unknown > 0)) onWrong()
    })
}

/** Verifies reports and bundles; gives whether none of them is wrong. */
export async function sayVerified(paths: readonly string[], { data }: VerifyOptions, terminal: Terminal): Promise<boolean> {
  const { verifySealed } = await import('../../core/desk-command.ts')
  const found = await verifySealed(resolveDataDir(data), paths)
  terminal.out(terminal.json ? jsonText({ sealed: found }) : found.map(sealedCheckText).join('\n'))
  return found.every(isSealedRight)
}

export function stellarAsk({ network, horizon, passphrase, asset, issuer, payer }: VerifyOptions): StellarAsk {
  return {
    networksFile,
    ...(network !== undefined && { network }),
    ...(horizon !== undefined && { horizon }),
    ...(passphrase !== undefined && { passphrase }),
    ...(asset !== undefined && { assetCode: asset }),
    ...(issuer !== undefined && { issuer }),
    ...(payer !== undefined && { payer }),
  }
}

function ask(paths: string[], { data, resources }: Common): { dataDir: string; paths: string[]; resources?: ResourceRule } {
  return { dataDir: resolveDataDir(data), paths, ...(resources !== undefined && { resources }) }
}
