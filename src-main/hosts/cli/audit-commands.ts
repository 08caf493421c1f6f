import { type Command, Option } from 'commander'
import { auditReportText } from '../../../src-shared/audit-head.ts'
import { AppError } from '../../../src-shared/errors.ts'
import type { ResourceRule } from '../../../src-shared/mint.ts'
import { isAuditClean } from '../../../src-shared/receipt-audit.ts'
import { auditText } from '../../../src-shared/receipt-audit-text.ts'
import type { BundleAsk, SealAsk } from '../../core/desk-command.ts'
import { splitSealed } from '../../core/sealed-files.ts'
import { resolveDataDir } from '../data-dir.ts'
import { networksFile, programVersion } from '../program.ts'
import { actor, passphraseOption } from './command-group.ts'
import { sayVerified, stellarAsk, type VerifyOptions } from './compare-commands.ts'
import { createSecretInput } from './secret-input.ts'
import { jsonText, type Terminal } from './terminal.ts'

const loadAudit = () => import('../../core/audit-command.ts')
const loadDesk = () => import('../../core/desk-command.ts')

interface AuditOptions {
  data?: string
}

interface SignOptions extends AuditOptions {
  sign?: string | true
  passphraseFd?: number
}

interface DeskOptions extends SignOptions, VerifyOptions {
  period?: number
  out?: string
}

interface BundleOptions extends SignOptions {
  mint?: string
  node?: number
  period?: number
  resources?: ResourceRule
  hashes?: boolean
}

/**
 * `granary audit`: receipts against everything that is known here; below it the audit trail and evidence bundles. `onWrong` is called where
 * something is wrong.
 */
export function addAuditCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  onWrong: () => void,
  wholeNumber: (text: string) => number,
): void {
  const input = createSecretInput(terminal.err)
  const context = { signal: terminal.signal, onProgress: terminal.progress }
  const resources = () =>
    new Option('--resources <which>', 'which resources pay; default as the settings say').choices(['latest', 'minimum'])
  const sign = (to: Command): Command =>
    to.option('--sign [key]', 'sign it with this key of the vault, or the only one').addOption(passphraseOption())

  const audit = sign(
    command('audit', 'receipts and the records here, check by check: what is right, what is wrong and why, what could not be checked'),
  )
    .argument('[path...]', 'folders that were minted into, or files')
    .addOption(new Option('--period <index>', 'the receipts of this period of your store').argParser(wholeNumber))
    .addOption(
      new Option(
        '--against <what>',
        'what must be known: chain fails for what does not rest on events that were synced; stellar asks for each payment, and fails for what is not known',
      ).choices(['chain', 'stellar']),
    )
    .option('--network <name>', 'how this network pays counts; default the one that the data folder holds')
    .option('--horizon <url>', "Horizon's address, in place of that of the payout settings; so are the next four")
    .option('--passphrase <text>', "the Stellar network's passphrase, which everybody knows")
    .option('--asset <code>', 'the code of the asset that is paid')
    .option('--issuer <account>', 'its issuer, G…')
    .option('--payer <account>', 'the account that pays, G…')
    .addOption(resources())
    .option(
      '--out <file>',
      'write the report there (JSON), and beside it a page to print (.html); granary verify FILE verifies it elsewhere',
    )
    // an option after `check` is that of `check`
    .enablePositionalOptions()
    .action(async (paths: string[], options: DeskOptions) => {
      const { against = 'store', period = null, out, resources: which } = options
      const { sealed, others } = splitSealed(paths)
      if (sealed.length > 0 && !(await sayVerified(sealed, options, terminal))) onWrong()
      if (sealed.length > 0 && others.length === 0 && period === null) return
      if (paths.length === 0 && period === null)
        throw new AppError(
          'usage',
          'Say what is audited: files, folders, or --period K of your store. The audit trail alone: granary audit check.',
        )
      if (options.sign !== undefined && out === undefined)
        throw new AppError('usage', 'What is signed is the report: say where it goes, --out FILE.')
      const seal = await sealAsk(options)
      const {
        audit: found,
        files,
        signed,
      } = await (await loadDesk()).auditDesk(
        {
          dataDir: resolveDataDir(options.data),
          paths: others,
          period,
          against,
          madeBy: programVersion(),
          ...(which !== undefined && { resources: which }),
          ...(against === 'stellar' && { stellar: stellarAsk(options) }),
          ...(seal && { seal }),
          ...(out !== undefined && { out }),
        },
        context,
      )
      const written = files.length === 0 ? '' : `\nWritten: ${files.join(', ')}, ${signed ? 'signed' : 'not signed'}.\n`
      terminal.out(terminal.json ? jsonText({ ...found, files, signed }) : `${auditText(found)}${written}`)
      const { recomputed, events, paid } = found.sums.checks
      const isLacking =
        (against === 'chain' && recomputed.notChecked + events.notChecked > 0) || (against === 'stellar' && paid.notChecked > 0)
      if (!isAuditClean(found) || isLacking) onWrong()
    })

  /** the group has options of the same names, and takes them for its own wherever they stand */
  const own = <T extends AuditOptions>(options: T): T => ({ ...audit.opts<AuditOptions>(), ...options })

  async function sealAsk({ sign: key, passphraseFd }: SignOptions): Promise<SealAsk | null> {
    if (key === undefined) return null
    const passphrase = await input.secret('Passphrase of the key that signs it', passphraseFd)
    return { key: key === true ? null : key, passphrase, actor: actor() }
  }

  sign(
    command(
      'bundle',
      'all that one receipt or mint rests on, as one small file to mail: granary verify FILE computes it anew elsewhere',
      audit,
    ),
  )
    .option('--mint <id>', "the mint of a node's own period (rule set node-period), by its id or the beginning of it")
    .addOption(new Option('--node <id>', 'the node').argParser(wholeNumber))
    .addOption(new Option('--period <index>', 'the period').argParser(wholeNumber))
    .addOption(resources())
    .option('--hashes', 'ask the network’s chain nodes for the hash of each block with an event')
    .argument('<out>', 'the file')
    .action(async (target: string, given: BundleOptions) => {
      const options = own(given)
      const { hashes = false } = options
      const of = bundleOf(options)
      const seal = await sealAsk(options)
      const made = await (await loadDesk()).writeBundle(
        {
          dataDir: resolveDataDir(options.data),
          of,
          out: target,
          madeBy: programVersion(),
          networksFile: hashes ? networksFile : null,
          ...(seal && { seal }),
        },
        context,
      )
      const signed = seal ? 'signed' : 'not signed'
      const text = `${target}: ${'mint' in of ? 'mint' : 'receipt'} ${made.receipt}, ${made.events} events in ${made.blocks} blocks (${made.blockHashes} with their hash), ${made.bytes} bytes, ${signed}\n`
      terminal.out(terminal.json ? jsonText({ ...made, signed: seal !== null }) : text)
    })

  command('head', 'sign the trail as it is now; give the file to somebody else, or keep it where this machine can’t write', audit)
    .argument('<out>', 'the file')
    .action(async (target: string, options: AuditOptions) => {
      const { entries, hash, publicKey } = (await loadAudit()).writeHead({ dataDir: resolveDataDir(own(options).data), target })
      terminal.out(
        terminal.json
          ? jsonText({ file: target, entries, hash, publicKey })
          : `${target}: the trail up to entry ${entries}, ${hash}, signed with this data folder's key ${publicKey}\n`,
      )
    })

  command('export', 'write the trail as CSV, oldest entry first, and sign its head', audit)
    .argument('<out>', 'the file')
    .action(async (target: string, options: AuditOptions) => {
      const entries = (await loadAudit()).exportAudit({ dataDir: resolveDataDir(own(options).data), target })
      terminal.out(terminal.json ? jsonText({ file: target, entries }) : `${target}: ${entries} ${entries === 1 ? 'entry' : 'entries'}\n`)
    })

  command('check', 'is the trail consistent in itself, and is it the one that was signed; fails (exit 1) where it was altered', audit)
    .argument('[heads...]', 'files that granary audit head wrote, as they were held elsewhere')
    .action(async (files: string[], options: AuditOptions) => {
      const { checkAudit, isAuditFine } = await loadAudit()
      const report = checkAudit({ dataDir: resolveDataDir(own(options).data), files })
      terminal.out(terminal.json ? jsonText(report) : `${auditReportText(report)}\n`)
      if (!isAuditFine(report)) onWrong()
    })
}

/** Whose receipt or mint it is. Throws AppError usage. */
function bundleOf({ mint, node, period, resources }: BundleOptions): BundleAsk['of'] {
  if (mint !== undefined) {
    if (node === undefined && period === undefined && resources === undefined) return { mint }
    throw new AppError('usage', 'A mint is named by --mint alone. Leave --node, --period and --resources out.')
  }
  if (node === undefined || period === undefined)
    throw new AppError('usage', 'Say whose receipt it is: --node ID and --period K; or which mint: --mint ID.')
  return { nodeId: node, period, ...(resources !== undefined && { resources }) }
}
