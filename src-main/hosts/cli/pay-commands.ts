import { randomUUID } from 'node:crypto'
import { basename, dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import { type RowStage, rowStageSchema } from '../../../src-shared/pay.ts'
import type { PayEntry } from '../../../src-shared/pay-contract.ts'
import { raiseText } from '../../../src-shared/pay-text.ts'
import { ledgerReadText } from '../../../src-shared/payment.ts'
import { type ReviewCode, reviewCodeSchema } from '../../../src-shared/review-contract.ts'
import type { OpenPay } from '../../core/pay-command.ts'
import { actor, createUsing, type FolderOptions, passphraseOption, type SigningOptions, sayOn } from './command-group.ts'
import { accountsText, configText, leftOutText, rowsText, runsText, runText, straysText } from './pay-texts.ts'
import { addReviewCommand, runReview } from './review-commands.ts'
import { createSecretInput } from './secret-input.ts'
import type { Terminal } from './terminal.ts'

const loadPay = () => import('../../core/pay-command.ts')

interface ConfigOptions extends FolderOptions {
  horizon?: string
  networkPassphrase?: string
  asset?: string
  issuer?: string
  payer?: string
  channel?: string[]
  fee?: number
  signMinutes?: number
  accounts?: boolean
}

interface PlanOptions extends FolderOptions {
  period?: number
  mints?: boolean
  retries: boolean
  maker?: string
}

interface SignOptions extends SigningOptions {
  key?: string[]
  confirm?: ReviewCode[]
}

interface SubmitOptions extends SignOptions {
  raiseBy?: string
  raiseTo?: number
}

/** `granary pay` and what stands below it. */
export function addPayCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  wholeNumber: (text: string) => number,
  onWrong: () => void,
  commandGroup: (name: string, description: string) => Command,
): Command {
  const pay = commandGroup('pay', 'payouts on Stellar: planned, signed, sent and settled')
  const input = createSecretInput(terminal.err)
  const below = (name: string, description: string): Command =>
    command(name, description, pay).option('--network <name>', 'whose payouts; default of the network that the data folder holds')
  const ofRun = (name: string, description: string): Command => below(name, description).argument('<run>', 'its id, or the beginning of it')
  const say = sayOn(terminal)
  const context = () => ({ signal: terminal.signal, onProgress: terminal.progress })

  below('config', 'how the network pays; with options it is changed, with --accounts Stellar is asked about its accounts')
    .option('--horizon <url>', "Horizon's address: https://HOST")
    .option('--network-passphrase <text>', "the Stellar network's passphrase, which everybody knows")
    .option('--asset <code>', 'the code of the asset that is paid')
    .option('--issuer <account>', 'its issuer, G…')
    .option('--payer <account>', 'the account that pays, G…')
    .option('--channel <account...>', 'accounts that transactions come from, in place of the present ones')
    .addOption(new Option('--fee <stroops>', 'the most that one transaction may cost').argParser(wholeNumber))
    .addOption(new Option('--sign-minutes <n>', 'time left for signing').argParser(wholeNumber))
    .option('--accounts', 'thresholds, signers and balances, as Stellar has them now')
    .action(async (options: ConfigOptions) => {
      const change = changeOf(options)
      await using(Object.keys(change).length > 0 ? 'write' : 'read', options, async opened => {
        if (Object.keys(change).length > 0) {
          const { config } = await opened.answers['pay.config']({})
          await opened.run('pay.setConfig', { network: opened.network(), config: { ...config, ...change } })
        }
        const kept = await opened.answers['pay.config']({})
        const accounts = options.accounts ? await opened.answers['pay.accounts']({}) : null
        say(accounts ? { ...kept, ...accounts } : kept, configText(kept) + (accounts ? accountsText(accounts, kept.config.assetCode) : ''))
      })
    })

  below('plan', 'plan a payout: of a period (rule set v3) or of the decided mints (node-period)')
    .addOption(new Option('--period <index>', 'the period').argParser(wholeNumber).conflicts('mints'))
    .option('--mints', 'the decided mints')
    .option('--no-retries', 'leave out the unpaid receipts of the period before')
    .option('--maker <key>', 'your own signing key; default the one here that signs for the payer')
    .action((options: PlanOptions) =>
      using('write', options, async opened => {
        const { period, mints, retries, maker } = options
        if ((period === undefined) === (mints === undefined))
          throw new AppError('usage', 'Say what is paid: --period K (rule set v3), or --mints (rule set node-period).')
        const makerKeyId = maker === undefined ? undefined : await keyOf(opened, maker)
        const ask = { network: opened.network(), period: period ?? null, retries, makerKeyId }
        const { text } = await opened.run('pay.plan', ask, context())
        const left = await opened.answers['pay.leftOut']({ period: period ?? null, offset: 0, limit: 1000 })
        const { runs } = await opened.answers['pay.runs']({})
        const run = runs.find(one => one.stage === 'open' && one.period === (period ?? null)) ?? null
        const detail = run && (await opened.answers['pay.get']({ runId: run.runId }))
        say({ text, run: detail, leftOut: left.rows }, `${text}\n${detail ? runText(detail) : ''}${leftOutText(left)}`)
      }),
    )

  below('verify', 'look on Stellar for the payments of a period’s receipts, whoever paid them, and keep what was found; votes rest on it')
    .addOption(new Option('--period <index>', 'the period').argParser(wholeNumber).conflicts('mints'))
    .option('--mints', 'the decided mints')
    .action((options: FolderOptions & { period?: number; mints?: boolean }) =>
      using('write', options, async opened => {
        const { period, mints } = options
        if ((period === undefined) === (mints === undefined))
          throw new AppError('usage', 'Say what is looked for: --period K (rule set v3), or --mints (rule set node-period).')
        const { text } = await opened.run('pay.verify', { network: opened.network(), period: period ?? null }, context())
        const check = await opened.answers['pay.verified']({ period: period ?? null })
        const read = check ? ledgerReadText(check.ledger) : []
        say({ text, check }, `${[text, ...read].join('\n')}\n`)
      }),
    )

  below('runs', 'every run, newest first').action((options: FolderOptions) =>
    using('read', options, async opened => {
      const list = await opened.answers['pay.runs']({})
      say(list, runsText(list))
    }),
  )

  ofRun('show', 'a run: what comes next, how far it is, who signed, what is short, who is left out')
    .option('--accounts', 'with the accounts and what is short, as Stellar has them now')
    .action((runId: string, options: FolderOptions & { accounts?: boolean }) =>
      using('read', options, async opened => {
        const run = await opened.answers['pay.get']({ runId })
        const left = await opened.answers['pay.leftOut']({ runId, offset: 0, limit: 1000 })
        const accounts = options.accounts ? await opened.answers['pay.accounts']({ runId }) : null
        say(
          { run, leftOut: left.rows, ...(accounts ?? {}) },
          `${runText(run)}${leftOutText(left)}${accounts ? accountsText(accounts, run.assetCode) : ''}`,
        )
      }),
    )

  ofRun('rows', 'the rows of a run')
    .addOption(new Option('--state <state>', 'only those').choices(rowStageSchema.options))
    .option('--search <text>', 'node, farm, payee, or how receipt or transaction begin')
    .option('--csv <file>', 'write them all there')
    .action((runId: string, options: FolderOptions & { state?: RowStage; search?: string; csv?: string }) =>
      using('read', options, async opened => {
        const { state: stage, search, csv } = options
        if (csv !== undefined) {
          const { text } = await opened.answers['pay.csv']({ runId, stage, search })
          const { writeFiles } = await loadPay()
          writeFiles(dirname(resolve(csv)), { [basename(csv)]: text })
          return say({ out: csv }, `Written to ${csv}.\n`)
        }
        const ask = { runId, stage, search, sort: 'place', descending: false, offset: 0, limit: 1000 } as const
        const list = await opened.answers['pay.rows'](ask)
        say(list, rowsText(list))
      }),
    )

  below('unknown', 'what the payer paid on Stellar that no run here has: amount, payee, transaction, memo, and why it matters')
    .option('--kept', 'do not ask Stellar: what was found last')
    .action((options: FolderOptions & { kept?: boolean }) =>
      using(options.kept ? 'read' : 'write', options, async opened => {
        if (!options.kept) await opened.run('pay.findStrays', { network: opened.network() }, context())
        const found = await opened.answers['pay.strays']({})
        say(found, straysText(found))
      }),
    )

  addReviewCommand(below, terminal, wholeNumber, onWrong, (options, work) => using('read', options, work))

  ofRun('sign', 'sign the run’s id, then every envelope, with keys of the vault')
    .option('--key <name...>', 'which keys; default the one here that can sign it')
    .addOption(
      new Option(
        '--confirm <warning...>',
        'sign all the same what the review says "Stop" of: the name of each such warning, after a look at it',
      ).choices(reviewCodeSchema.options),
    )
    .addOption(passphraseOption())
    .action((runId: string, options: SignOptions) =>
      using('write', options, async opened => {
        const run = await opened.answers['pay.get']({ runId })
        const own = run.keys.filter(({ signs }) => signs > 0).map(({ keyId }) => keyId)
        const keyIds = options.key ? await Promise.all(options.key.map(name => keyOf(opened, name))) : own
        if (keyIds.length !== 1 && !options.key)
          throw new AppError(
            'usage',
            keyIds.length === 0
              ? 'No key in the vault here can sign this run, or it has signed all of it. Import one (granary keys import), or export the run.'
              : 'Several keys here can sign this run. Say which: --key NAME.',
          )
        if (!terminal.json) terminal.out(await runReview(opened, run.runId, terminal.signal))
        const { confirm: confirmed = [] } = options
        // before a passphrase is asked for in vain
        await opened.refuseUnconfirmed(run.runId, confirmed)
        await unlock(opened, keyIds, options.passphraseFd)
        const { text } = await opened.run('pay.sign', { runId: run.runId, keyIds, confirmed }, context())
        const after = await opened.answers['pay.get']({ runId: run.runId })
        say({ text, run: after }, `${text}\n${after.next.text}\n`)
      }),
    )

  ofRun('export', 'write a run’s manifest and its open envelopes, base64 XDR, one a line, for signers elsewhere')
    .option('--out <dir>', 'where; default the current folder')
    .action((runId: string, options: FolderOptions & { out?: string }) =>
      using('read', options, async opened => {
        const { manifest, envelopes } = await opened.answers['pay.export']({ runId })
        const { writeFiles } = await loadPay()
        const folder = resolve(options.out ?? '.')
        writeFiles(folder, { [manifest.fileName]: manifest.text, [envelopes.fileName]: envelopes.text })
        const paths = [manifest, envelopes].map(({ fileName }) => resolve(folder, fileName))
        say({ files: paths }, `Written: ${paths.join(', ')}\n`)
      }),
    )

  below('import', 'take in what other signers sent: manifests and signed envelopes, in any order')
    .argument('<file...>', 'the files')
    .action((files: string[], options: FolderOptions) =>
      using('write', options, async opened => {
        const network = options.network ?? opened.network()
        const { text } = await opened.run('pay.importSignatures', { network, files: files.map(path => ({ path })) }, context())
        say({ text }, `${text}\n`)
      }),
    )

  ofRun('submit', 'send what is signed, and settle it; stopped, the same command goes on')
    .option('--raise-by <key>', 'where the network asks for a higher fee this key’s account pays it; the signatures stay as they are')
    .addOption(new Option('--raise-to <stroops>', 'the most that one transaction then costs').argParser(wholeNumber).default(100_000))
    .addOption(passphraseOption())
    .action((runId: string, options: SubmitOptions) =>
      using('write', options, async opened => {
        const keyId = options.raiseBy === undefined ? undefined : await keyOf(opened, options.raiseBy)
        if (keyId !== undefined) await unlock(opened, [keyId], options.passphraseFd)
        const raise = keyId === undefined ? undefined : { keyId, mostStroops: options.raiseTo ?? 100_000 }
        const { fees } = await opened.answers['pay.get']({ runId })
        if (raise && fees && !terminal.json) terminal.out(`${raiseText(fees, raise.mostStroops)}\n`)
        await report(opened, opened.run('pay.start', { runId, raise }, context()), runId)
      }),
    )

  ofRun('resume', 'let a paused run go on').action((runId: string, options: FolderOptions) =>
    using('write', options, opened => report(opened, opened.run('pay.resume', { runId }, context()), runId)),
  )
  ofRun('reconcile', 'bring a run up to what the ledger says; sends nothing').action((runId: string, options: FolderOptions) =>
    using('write', options, opened => report(opened, opened.run('pay.reconcile', { runId }, context()), runId)),
  )
  ofRun('replace', 'new envelopes under the rows’ own numbers, to be signed: payments anew for expired rows, or such that use numbers up')
    .addOption(new Option('--kind <kind>', 'payment or bump').choices(['payment', 'bump']).default('payment'))
    .action((runId: string, options: FolderOptions & { kind: 'payment' | 'bump' }) =>
      using('write', options, opened => report(opened, opened.run('pay.replace', { runId, kind: options.kind }, context()), runId)),
    )
  for (const [name, description] of [
    ['pause', 'hold a run: nothing more is sent until it is resumed'],
    ['cancel', 'end a run: what was not sent is not sent any more'],
    ['withdraw', 'take back a run that nobody here signed'],
  ] as const)
    ofRun(name, description).action((runId: string, options: FolderOptions) =>
      using('write', options, opened => report(opened, opened.run(`pay.${name}`, { runId }), runId)),
    )

  async function report(opened: OpenPay, work: Promise<{ text: string }>, runId: string): Promise<void> {
    const { text } = await work
    const run = await opened.answers['pay.get']({ runId })
    say({ text, run }, `${text === '' ? '' : `${text}\n`}${run.next.text}\n`)
  }

  async function unlock(opened: OpenPay, keyIds: string[], fd: number | undefined): Promise<void> {
    const passphrase = await input.secret('Passphrase to sign (Ctrl-C leaves it unsigned)', fd)
    const { stillLocked } = await opened.keys.command('keys.unlock', { keyIds, passphrase }, { id: actor() }, randomUUID())
    if (stillLocked.length > 0)
      throw new AppError(
        'keys.passphrase',
        'The passphrase does not open all of these keys. Nothing was signed. Sign with one after the other.',
      )
  }

  return pay
}

const using = createUsing(async ask => (await loadPay()).openPay(ask))

async function keyOf({ keys }: OpenPay, nameOrId: string): Promise<string> {
  const wanted = nameOrId.trim().toLowerCase()
  const found = (await keys.list()).keys.find(({ keyId, name }) => keyId === wanted || name.toLowerCase() === wanted)
  if (!found) throw new AppError('not-found', 'There is no key of that name or id. "granary keys list" names them all.')
  return found.keyId
}

function changeOf(options: ConfigOptions): Partial<PayEntry> {
  const { horizon, networkPassphrase: passphrase, asset: assetCode, issuer, payer, channel: channels, fee, signMinutes } = options
  const signSec = signMinutes === undefined ? undefined : signMinutes * 60
  const given = { horizon, passphrase, assetCode, issuer, payer, channels, feeStroops: fee, signSec }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
