import { type Command, InvalidArgumentError, Option } from 'commander'
import { AppError } from '../../../src-shared/errors.ts'
import { explanationText } from '../../../src-shared/explain-text.ts'
import type { MintActionInput } from '../../../src-shared/mints-contract.ts'
import { mintRowStageSchema } from '../../../src-shared/mints-contract.ts'
import { group, MAX_UNITS, tftExact, unitsFromTft } from '../../../src-shared/money.ts'
import { type MintConfig, triggerSchema, vaultModeSchema } from '../../../src-shared/node-period.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { formatUtc, periodAt } from '../../../src-shared/time.ts'
import type { MintActed, MintConfigShown, MintList, MintShown, MintsWanted } from '../../core/mints-command.ts'
import { resolveDataDir } from '../data-dir.ts'
import { userName } from '../user-name.ts'
import { jsonText, type Terminal } from './terminal.ts'
import { table } from './vault-commands.ts'

const loadMints = () => import('../../core/mints-command.ts')
const actor = () => `cli:${userName()}`

interface Common {
  data?: string
}

type Wanted = Common & MintsWanted & { node?: number; farm?: number }

/** `granary mints` and what stands below it. */
export function addMintsCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  wholeNumber: (text: string) => number,
  commandGroup: (name: string, description: string) => Command,
): void {
  const mints = commandGroup('mints', 'what each node’s own period pays by rule set node-period, and what becomes of it')
  const below = (name: string, description: string): Command => command(name, description, mints)
  const which = (to: Command): Command =>
    to
      .addOption(new Option('--node <id>', 'only those of this node').argParser(wholeNumber))
      .addOption(new Option('--farm <id>', 'only those of this farm').argParser(wholeNumber))

  which(below('list', 'the mints, those that can be claimed first'))
    .addOption(new Option('--stage <stage>', 'only those').choices(mintRowStageSchema.options))
    .action(async (options: Wanted) => {
      const list = (await loadMints()).listMints(resolveDataDir(options.data), wantedOf(options))
      terminal.out(terminal.json ? jsonText(list) : listText(list))
    })

  below('show', 'one mint: its amount, what was decided, its record, and why it is what it is')
    .argument('<mint>', 'its id, or the first 4 or more digits')
    .option('--all', 'each ordinary report on a line of its own')
    .action(async (id: string, options: Common & { all?: boolean }) => {
      const shown = (await loadMints()).showMint(resolveDataDir(options.data), id)
      terminal.out(terminal.json ? jsonText(shown) : showText(shown, options.all ?? false))
    })

  for (const [name, description, kind] of [
    ['claim', 'claim mints, where the farmer claims', 'claim'],
    ['trigger', 'trigger mints, where anyone may', 'trigger'],
  ] as const)
    which(below(name, description))
      .argument('[mint...]', 'their ids, or the first 4 or more digits')
      .option('--all', 'every one that can be, or with --farm or --node those of it')
      .action((ids: string[], options: Wanted & { all?: boolean }) => {
        if (ids.length === 0 && !options.all) throw new AppError('usage', `Say which mints to ${name}: their ids, or --all.`)
        if (ids.length > 0 && options.all) throw new AppError('usage', 'Give ids, or --all, not both.')
        return act(options, ids.length > 0 ? ids : wantedOf(options), () => ({ kind }))
      })

  below('force', 'claim a mint in the farmer’s stead, as an administrator')
    .argument('<mint>', 'its id')
    .requiredOption('--as <name>', 'the administrator')
    .action((id: string, options: Common & { as: string }) => act(options, [id], () => ({ kind: 'force', actor: options.as })))

  below('vote', 'vote for an amount, as a signer')
    .argument('<mint>', 'its id')
    .requiredOption('--as <name>', 'the signer')
    .option('--amount <TFT>', 'with up to 7 decimals; default what Granary works out', amount)
    .action((id: string, options: Common & { as: string; amount?: bigint }) =>
      act(options, [id], ({ row }) => ({ kind: 'vote', signer: options.as, amountUnits: options.amount ?? row.rewardUnits })),
    )

  below('paid', 'say that a decided mint was paid')
    .argument('<mint>', 'its id')
    .requiredOption('--tx <hash>', 'the payment’s transaction')
    .action((id: string, options: Common & { tx: string }) => act(options, [id], () => ({ kind: 'paid', tx: options.tx })))

  below('failed', 'say that the payment of a decided mint failed and never can go through: it is claimable again')
    .argument('<mint>', 'its id')
    .requiredOption('--reason <text>', 'why')
    .addOption(new Option('--attempt <n>', 'which attempt; default the one that is under way').argParser(wholeNumber))
    .action((id: string, options: Common & { reason: string; attempt?: number }) =>
      act(options, [id], ({ decision }) => ({
        kind: 'failed',
        reason: options.reason,
        attempt: options.attempt ?? decision.decided?.attempt ?? 1,
      })),
    )

  below('config', 'how the network mints and pays; with options it is changed')
    .addOption(new Option('--rules <set>', 'which rule set pays').choices(['v3', 'node-period']))
    .option('--first-period <index>', 'the fixed period that node-period counts first, or none', firstPeriod)
    .addOption(new Option('--trigger <who>', 'who triggers the payout').choices(triggerSchema.options))
    .option('--signer <name...>', 'those who vote, in place of the present ones')
    .addOption(new Option('--threshold <m>', 'equal votes that it takes').argParser(wholeNumber))
    .option('--administrator <name...>', 'those who may force, in place of the present ones')
    .addOption(new Option('--carbon <state>', 'offset carbon').choices(['on', 'off']))
    .option('--carbon-wallet <wallet>', 'the wallet that gets the offset')
    .addOption(new Option('--locking <state>', 'show what locking would hold back').choices(['on', 'off']))
    .addOption(new Option('--vault-mode <mode>', 'how the bridge vault is filled').choices(vaultModeSchema.options))
    .option('--vault-address <address>', 'the vault’s account on Stellar')
    .action(async (options: ConfigOptions) => {
      const { data, ...wanted } = options
      const { changeMintConfig, showMintConfig } = await loadMints()
      const isChange = Object.keys(wanted).some(name => name !== 'json' && name !== 'debug')
      const dataDir = resolveDataDir(data)
      const shown = isChange ? changeMintConfig(dataDir, actor(), config => changed(config, wanted)) : showMintConfig(dataDir)
      terminal.out(terminal.json ? jsonText(shown) : configText(shown))
    })

  async function act(options: Common, of: string[] | MintsWanted, action: (shown: ShownMint) => MintActionInput): Promise<void> {
    const say = (done: MintActed): void => {
      if (!terminal.json) terminal.out(actedText(done))
    }
    const done = (await loadMints()).actOnMints(resolveDataDir(options.data), actor(), of, action, say)
    if (terminal.json) terminal.out(jsonText({ mints: done }))
    else if (done.length === 0) terminal.out('There is no mint to act on.\n')
  }
}

type ShownMint = Omit<MintShown, 'explanation'>

function wantedOf({ node, farm, stage }: Wanted): MintsWanted {
  return { nodeId: node, farmId: farm, stage }
}

function amount(text: string): bigint {
  const units = unitsFromTft(text.trim())
  if (units === null || units <= 0n || units > MAX_UNITS)
    throw new InvalidArgumentError('It takes TFT above 0 with up to 7 decimals, such as 279.425.')
  return units
}

function firstPeriod(text: string): number | null {
  if (text === 'none') return null
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("It takes a period's index from 1 on, or none.")
  return Number(text)
}

interface ConfigOptions extends Common {
  rules?: MintConfig['rules']
  firstPeriod?: number | null
  trigger?: MintConfig['trigger']
  signer?: string[]
  threshold?: number
  administrator?: string[]
  carbon?: 'on' | 'off'
  carbonWallet?: string
  locking?: 'on' | 'off'
  vaultMode?: MintConfig['vault']['mode']
  vaultAddress?: string
}

function changed(config: MintConfig, options: ConfigOptions): MintConfig {
  const { rules, firstPeriod: first, trigger, signer, threshold, administrator } = options
  const { carbon, carbonWallet, locking, vaultMode, vaultAddress } = options
  return {
    rules: rules ?? config.rules,
    firstNodePeriod: first === undefined ? config.firstNodePeriod : first,
    trigger: trigger ?? config.trigger,
    signers: signer ?? config.signers,
    threshold: threshold ?? config.threshold,
    administrators: administrator ?? config.administrators,
    carbon: { on: carbon === undefined ? config.carbon.on : carbon === 'on', wallet: carbonWallet ?? config.carbon.wallet },
    locking: { on: locking === undefined ? config.locking.on : locking === 'on' },
    vault: { mode: vaultMode ?? config.vault.mode, address: vaultAddress ?? config.vault.address },
  }
}

const HEADER = ['node', 'farm', 'from', 'to', 'TFT', 'stage', 'mint'] as const

function listText(list: MintList): string {
  const rows = list.rows.map(row => [
    String(row.nodeId),
    farmText(row),
    formatUtc(row.start),
    formatUtc(row.end),
    tftExact(row.rewardUnits),
    row.isGone ? `${row.stage} *` : list.rules === 'v3' && row.stage === 'claimable' ? 'would pay' : row.stage,
    row.id.slice(0, 16),
  ])
  const sum = (units: bigint, count: number) => `${group(tftExact(units))} TFT of ${count === 1 ? '1 mint' : `${count} mints`}`
  const lines = [
    ...(list.rules === 'v3' ? ['This network pays by rule set v3: these are what node-period would pay, and none can be claimed.'] : []),
    ...(list.complete ? [] : ['Not every stored period is worked out yet.']),
    table(HEADER, rows, 'No mints.').trimEnd(),
    `${list.rules === 'v3' ? 'Would be claimable' : 'Claimable'}: ${sum(list.claimableUnits, list.claimable)}. Decided: ${sum(list.decidedUnits, list.decided)}. Paid: ${sum(list.paidUnits, list.paid)}.`,
    ...(list.orphans > 0
      ? [
          `* The data does not give ${list.orphans === 1 ? 'this mint' : `these ${list.orphans} mints`} any more: the history was completed, the change-over moved, or the data is not here. What was decided and paid stands.`,
        ]
      : []),
    ...list.gaps,
  ]
  return `${lines.join('\n')}\n`
}

function farmText({ farmName, farmId }: MintShown['row']): string {
  return farmId === null ? 'farm unknown' : `${cleanName(farmName)} (${farmId})`
}

function payee(row: MintShown['row']): string {
  const { farmTwinId } = row
  return `${farmText(row)}, ${farmTwinId === null ? 'twin unknown' : `twin ${farmTwinId}`}`
}

function showText({ row, decision, decidedFor, can, why, counted, threshold, explanation }: MintShown, all: boolean): string {
  const { decided } = decision
  const lines = [
    `Mint ${row.id}`,
    `${group(tftExact(row.rewardUnits))} TFT for ${payee(row)}: ${row.stage}`,
    ...(row.isGone ? [`Node ${row.nodeId}, ${formatUtc(row.start)} to ${formatUtc(row.end)}`] : []),
    ...(decided
      ? [
          `Decided: ${tftExact(decided.amountUnits)} TFT, ${decided.how} by ${decided.by.map(cleanName).join(', ')}, ${formatUtc(decided.ts)}`,
        ]
      : []),
    ...(decidedFor === null ? [] : [`The decision was about mint ${decidedFor}; it was worked out anew since.`]),
    ...decision.votes.map(vote => `Vote of ${cleanName(vote.signer)}: ${tftExact(vote.amountUnits)} TFT, ${formatUtc(vote.ts)}`),
    ...counted.map(({ amountUnits, signers }) => `${signers.length} of ${threshold} votes for ${tftExact(amountUnits)} TFT`),
    ...decision.payments.map(payment =>
      payment.result === 'paid'
        ? `Paid with ${cleanName(payment.tx)}, ${formatUtc(payment.ts)}`
        : `Attempt ${payment.decided.attempt} failed: ${cleanName(payment.reason)}, ${formatUtc(payment.ts)}`,
    ),
    can.length > 0 ? `Can be done: ${can.join(', ')}` : why,
    ...(explanation === null ? [] : ['', explanationText(explanation, { all })]),
  ]
  return `${lines.join('\n')}\n`
}

function actedText({ row, stage }: MintActed): string {
  return `Mint ${row.id.slice(0, 16)} of node ${row.nodeId}: ${group(tftExact(row.decidedUnits ?? row.rewardUnits))} TFT for ${payee(row)}: ${stage}\n`
}

function configText({ network, config, problems, chain }: MintConfigShown): string {
  const { rules, firstNodePeriod: first, trigger, signers, threshold, administrators, carbon, locking, vault } = config
  const names = (list: string[]) => (list.length === 0 ? 'none' : list.map(cleanName).join(', '))
  const lines = [
    `network          ${network ?? 'none yet'}`,
    `rules            ${rules}`,
    `first period     ${first === null ? 'none' : `${first}, from ${formatUtc(periodAt(first).start)}`}`,
    `trigger          ${trigger}`,
    `signers          ${names(signers)}, threshold ${threshold}`,
    `administrators   ${names(administrators)}`,
    `carbon           ${carbon.on ? `on, to ${cleanName(carbon.wallet)}` : 'off'}`,
    `locking          ${locking.on ? 'shown' : 'off'}`,
    `vault            ${vault.mode}, ${vault.address === '' ? 'no address' : vault.address}`,
    `calls on chain   ${chain.hasPallet === null ? 'not known' : chain.hasPallet ? chain.calls.join(', ') : 'this network has none'}`,
    ...problems.map(({ message }) => message),
  ]
  return `${lines.join('\n')}\n`
}
