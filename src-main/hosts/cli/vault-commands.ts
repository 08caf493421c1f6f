import { readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import { group, tftExact } from '../../../src-shared/money.ts'
import type { VaultMode } from '../../../src-shared/node-period.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import type { VaultDifference, VaultEnvelope, VaultMintRow, VaultTransferRow } from '../../../src-shared/vault-contract.ts'
import { CLOCKS_APART_SEC, type FieldRead, readAmount, readMemo, readNote, readTime, readTx } from '../../../src-shared/vault-fields.ts'
import type { VaultAsk, VaultOrder, VaultOverview } from '../../core/vault-command.ts'
import { resolveDataDir } from '../data-dir.ts'
import { networksFile } from '../program.ts'
import { userName } from '../user-name.ts'
import { jsonText, type Terminal } from './terminal.ts'

const loadVault = () => import('../../core/vault-command.ts')

interface Common {
  data?: string
  network?: string
}

interface AddOptions extends Common {
  tx: string
  amount: string
  memo?: string
  time?: string
  note?: string
}

/** `granary vault` and what stands below it. `onWrong` is called where the vault was to be checked and does not cover. */
export function addVaultCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  onWrong: () => void,
): void {
  const network = () => new Option('--network <name>', 'whose vault; default the network that the data folder holds')
  const vault = command('vault', 'the bridge vault: what was minted on the chain against what was sent to the vault on Stellar')
    .addOption(network())
    .option('--check', 'fail (exit 1) where not every mint is backed')
    // an option after `list` is that of `list`
    .enablePositionalOptions()
    .action(async (options: Common & { check?: boolean }) => {
      const overview = (await loadVault()).readVault(ask(options))
      terminal.out(terminal.json ? jsonText(overview) : overviewText(overview))
      if (options.check && !overview.verdict.covered) onWrong()
    })
  const below = (name: string, description: string): Command => command(name, description, vault).addOption(network())
  /** what was given before the subcommand's name counts too */
  const own = <T extends Common>(options: T): T => ({ ...vault.opts<Common>(), ...options })

  below('list', 'the mints that need backing, each with its state')
    .option('--missing', 'only those without their transfer')
    .addOption(new Option('--transfers', 'the transfers that were entered, instead').conflicts('missing'))
    .action(async (options: Common & { missing?: boolean; transfers?: boolean }) => {
      const { listVaultMints, listVaultTransfers } = await loadVault()
      if (options.transfers) {
        const listed = listVaultTransfers(ask(own(options)))
        terminal.out(terminal.json ? jsonText(listed) : table(TRANSFER_HEADER, listed.transfers.map(transferCells), 'No transfers.'))
      } else {
        const listed = listVaultMints(ask(own(options)), options.missing ?? false)
        terminal.out(terminal.json ? jsonText(listed) : table(MINT_HEADER, listed.mints.map(mintCells), 'No mints.'))
      }
    })

  below('read', 'read the transfers to the vault from Stellar, from where it stopped last, and enter those that the books lack')
    .option('--check', 'fail (exit 1) where an entry of the books is not what Stellar has')
    .action(async (given: Common & { check?: boolean }) => {
      const options = own(given)
      const context = { signal: terminal.signal, onProgress: terminal.progress }
      const read = await (await loadVault()).readVaultFromStellar(ask(options), `cli:${userName()}`, context)
      terminal.out(terminal.json ? jsonText(read) : `${read.text}\n`)
      if (options.check && (read.ledger?.differences ?? 0) > 0) onWrong()
    })

  below('differences', 'entries of the books that are not what was read of Stellar').action(async (options: Common) => {
    const listed = (await loadVault()).listVaultDifferences(ask(own(options)))
    terminal.out(terminal.json ? jsonText(listed) : table(DIFFERENCE_HEADER, listed.differences.map(differenceCells), 'No differences.'))
  })

  below('build', 'a transfer to the vault, not signed: review it with granary pay review, sign it with any tool, and read it after')
    .option('--mint <id>', 'the mint that it backs (mode per-mint); default all that is not backed')
    .option('--out <file>', 'where to write the envelope, base64 of the XDR; default standard output')
    .action(async (options: Common & { mint?: string; out?: string }) => {
      const mint = options.mint === undefined ? undefined : (given('--mint', readMemo(options.mint.trim())) ?? undefined)
      const { writeFiles } = await import('../../core/pay-command.ts')
      const built = await (await loadVault()).buildVaultTransfer(ask(own(options)), mint)
      const { out } = options
      if (out !== undefined) writeFiles(dirname(resolve(out)), { [basename(out)]: `${built.envelope}\n` })
      terminal.out(terminal.json ? jsonText(built) : builtText(built, out))
    })

  below('take', "put what Stellar has of a transaction in the place of the books' entry")
    .argument('<tx>', "the Stellar transaction's hash")
    .action((text: string, options: Common) =>
      change(
        own(options),
        { command: 'vault.takeOver', tx: given('TX', readTx(text.trim())) },
        terminal,
        ({ network: name }) => `The books of the vault of ${name} have it as Stellar has it`,
      ),
    )

  below('add', 'enter a transfer to the vault that stands on Stellar')
    .requiredOption('--tx <hash>', "the Stellar transaction's hash")
    .requiredOption('--amount <TFT>', 'TFT with up to 7 decimals, above 0')
    .option('--memo <hash>', "its memo hash, hex or base64: the mint's id in mode per-mint")
    .option('--time <utc>', 'when Stellar took it, e.g. 2024-11-30T12:56:40Z; default now')
    .option('--note <text>', 'what you want to remember of it')
    .action(async (options: AddOptions) => {
      const transfer = transferOf(options)
      const amount = `${group(tftExact(transfer.amountUnits))} TFT`
      await change(own(options), { command: 'vault.addTransfer', transfer }, terminal, ({ network: name, added }) =>
        added === 1 ? `${amount} to the vault of ${name}, entered` : 'It was there already, nothing changed',
      )
    })

  below('import', 'enter the transfers of a CSV file with the header tx,time,amount,memo,note; all of them or none')
    .argument('<file>', 'the file; - reads standard input')
    .action((file: string, options: Common) =>
      change(
        own(options),
        { command: 'vault.importTransfers', text: readFileSync(file === '-' ? 0 : file, 'utf8') },
        terminal,
        ({ network: name, added, unchanged }) =>
          `${added} ${added === 1 ? 'transfer' : 'transfers'} to the vault of ${name} entered, ${unchanged} were there already`,
      ),
    )

  below('remove', 'take a transfer out of the books; nothing happens on Stellar')
    .argument('<tx>', "the Stellar transaction's hash")
    .action((text: string, options: Common) =>
      change(
        own(options),
        { command: 'vault.removeTransfer', tx: given('TX', readTx(text.trim())) },
        terminal,
        ({ network: name }) => `Taken out of the books of the vault of ${name}. Nothing happened on Stellar`,
      ),
    )

  async function change(
    options: Common,
    order: VaultOrder,
    to: Terminal,
    say: (done: { network: string; added: number; unchanged: number }) => string,
  ): Promise<void> {
    const done = (await loadVault()).changeVault(ask(options), `cli:${userName()}`, order)
    to.out(to.json ? jsonText(done) : `${say(done)}.\n`)
  }
}

function ask({ data, network }: Common): VaultAsk {
  return { dataDir: resolveDataDir(data), networksFile, ...(network !== undefined && { network }) }
}

function transferOf({ tx, amount, memo = '', time, note = '' }: AddOptions): Extract<VaultOrder, { transfer: unknown }>['transfer'] {
  const nowTs = Math.floor(Date.now() / 1000)
  return {
    tx: given('--tx', readTx(tx.trim())),
    amountUnits: given('--amount', readAmount(amount.trim())),
    memo: given('--memo', readMemo(memo.trim())),
    ts: time === undefined ? nowTs : given('--time', readTime(time.trim(), nowTs + CLOCKS_APART_SEC)),
    note: given('--note', readNote(note.trim())),
  }
}

/** Throws AppError usage naming the option. */
function given<T>(option: string, read: FieldRead<T>): T {
  if ('problem' in read) throw new AppError('usage', `${option}: ${read.problem.what}. Nothing was changed. ${read.problem.wayOut}`)
  return read.value
}

const modeText: Record<VaultMode, string> = {
  'per-mint': "a transfer for every mint, with the mint's id as the memo",
  periodic: 'one transfer for all mints since the one before',
  manual: 'only the sum of the transfers counts',
}

function overviewText(overview: VaultOverview): string {
  const { network, mode, address, rules, mintedUnits, vaultedUnits, differenceUnits, verdict, decided, paid, transfers } = overview
  const figures = [
    ['minted', group(tftExact(mintedUnits)), `TFT, ${countOf(decided.count + paid.count, 'mint')}, ${paid.count} of them paid`],
    ['vaulted', group(tftExact(vaultedUnits)), `TFT, ${countOf(transfers, 'transfer')}`],
    differenceUnits < 0n
      ? ['more than minted', group(tftExact(-differenceUnits)), 'TFT']
      : ['not backed', group(tftExact(differenceUnits)), 'TFT'],
  ] as const
  const names = Math.max(...figures.map(([name]) => name.length))
  const digits = Math.max(...figures.map(([, amount]) => amount.length))
  const lines = [
    network === null
      ? 'This data folder holds no network yet; --network NAME says whose vault is meant.'
      : `Bridge vault of ${network}, ${address === '' ? 'no address set' : address}`,
    `Mode ${mode}: ${modeText[mode]}`,
    ...(rules === 'v3' ? ['This network pays by rule set v3, which mints nothing on the chain.'] : []),
    '',
    ...figures.map(([name, amount, unit]) => `${name.padEnd(names)}  ${amount.padStart(digits)} ${unit}`),
    '',
    `${verdict.title}.${verdict.wayOut === '' ? '' : ` ${verdict.wayOut}`}`,
    ledgerLine(overview.ledger),
  ]
  return `${lines.join('\n')}\n`
}

function ledgerLine(ledger: VaultOverview['ledger']): string {
  if (ledger === null) return 'Stellar was not read: granary vault read.'
  const { untilTs, transfers, differences } = ledger
  const until = untilTs === null ? 'not to its end yet' : `until ${formatUtc(untilTs)}`
  return `Stellar was read ${until}: ${countOf(transfers, 'transfer')}, ${differences === 0 ? 'all as in the books' : `${countOf(differences, 'difference')} (granary vault differences)`}.`
}

function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

const MINT_HEADER = ['decided', 'node', 'farm', 'TFT', 'lacks TFT', 'state', 'mint'] as const

function mintCells(row: VaultMintRow): string[] {
  const farm = row.farmId === null ? 'unknown' : `${cleanName(row.farmName)} (${row.farmId})`
  return [formatUtc(row.ts), String(row.nodeId), farm, tftExact(row.amountUnits), tftExact(row.lackingUnits), row.word, row.id]
}

const TRANSFER_HEADER = ['time', 'TFT', 'state', 'transaction', 'memo', 'note'] as const

function transferCells(row: VaultTransferRow): string[] {
  return [formatUtc(row.ts), tftExact(row.amountUnits), row.word, row.tx, row.memo ?? '-', cleanName(row.note)]
}

const DIFFERENCE_HEADER = ['time', 'TFT', 'what', 'transaction', 'why'] as const
const differenceWords = { figures: 'other figures', 'not-on-stellar': 'not on Stellar', 'not-entered': 'not entered' } as const

function differenceCells({ tx, kind, entered, ledger, why }: VaultDifference): string[] {
  const { ts, amountUnits } = (ledger ?? entered)!
  return [formatUtc(ts), tftExact(amountUnits), differenceWords[kind], tx, why]
}

function builtText({ envelope, hash, from, to, amountUnits, memo, maxTs }: VaultEnvelope, out: string | undefined): string {
  const lines = [
    `${group(tftExact(amountUnits))} TFT from ${from} to the vault ${to}, memo ${memo ?? 'none'}.`,
    `Not signed. It can be included until ${formatUtc(maxTs)}. Signers sign ${hash}.`,
    out === undefined ? envelope : `Written to ${out}.`,
  ]
  return `${lines.join('\n')}\n`
}

/** Columns with two spaces between, amounts and numbers to the right. */
export function table(header: readonly string[], rows: readonly string[][], none: string): string {
  if (rows.length === 0) return `${none}\n`
  const isNumber = header.map(name => name === 'node' || name.endsWith('TFT'))
  const widths = header.map((name, at) => rows.reduce((width, row) => Math.max(width, row[at]!.length), name.length))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (isNumber[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd()
  return `${[header, ...rows].map(line).join('\n')}\n`
}
