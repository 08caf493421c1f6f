import { basename, dirname, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { type ChainCall, type ChainRequest, type ChainTextFile, chainCallSchema } from '../../../src-shared/chain-contract.ts'
import { callText, stageText } from '../../../src-shared/chain-text.ts'
import type { QueryOutput } from '../../../src-shared/contract.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { tftExact, unitsFromTft } from '../../../src-shared/money.ts'
import type { SignReview } from '../../../src-shared/review-contract.ts'
import { reviewLines } from '../../../src-shared/review-text.ts'
import { endpointSchema } from '../../../src-shared/sync.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import type { ChainAsk, OpenChainCalls } from '../../core/chain-command.ts'
import { addOfflineCommands } from './chain-offline-commands.ts'
import { createUsing, type FolderOptions, passphraseOption, type SigningOptions, sayOn } from './command-group.ts'
import { curvesText } from './curve-text.ts'
import { proposalsText, proposalText } from './dao-text.ts'
import { createSecretInput, type SecretInput } from './secret-input.ts'
import type { Terminal } from './terminal.ts'
import { table } from './vault-commands.ts'

const loadChain = () => import('../../core/chain-command.ts')

export interface ChainOptions extends FolderOptions {
  endpoint?: string[]
}

interface SendOptions extends ChainOptions, SigningOptions {
  key?: string
  replaces?: string
  offline?: boolean
  out?: string
}

/** Opens the data folder for a command of this group, and closes it after. */
export type UsingChain = <T>(mode: 'read' | 'write', options: ChainOptions, work: (opened: OpenChainCalls) => Promise<T>) => Promise<T>

/** What the commands of this group are made with. */
export interface ChainGroup {
  below: (name: string, description: string) => Command
  using: UsingChain
  terminal: Terminal
  input: SecretInput
  say: (json: unknown, text: string) => void
  /** sends and follows one that is marked, and says how it ended */
  follow: (opened: OpenChainCalls, requestId: string) => Promise<void>
  /** called where something did not do what it was to, or says stop */
  onWrong: () => void
}

/** `granary chain` and what stands below it. `onWrong` is called where a call did not do what it was to. */
export function addChainCommands(
  command: (name: string, description: string, parent?: Command) => Command,
  terminal: Terminal,
  onWrong: () => void,
  wholeNumber: (text: string) => number,
  commandGroup: (name: string, description: string) => Command,
): void {
  const chain = commandGroup('chain', 'calls to the grid’s chain: shown, signed with a key of the vault, and followed until they are final')
  const input = createSecretInput(terminal.err)
  const say = sayOn(terminal)
  const below = (name: string, description: string): Command =>
    command(name, description, chain)
      .option('--network <name>', 'whose chain; default of the network that the data folder holds')
      .option('--endpoint <url...>', 'chain nodes to ask instead of those that are known, this time')
  const sending = (name: string, description: string): Command =>
    below(name, description)
      .option('--key <name>', 'the key that signs; default the only one for the chain')
      .option('--replaces <id>', 'a former call that ended without a block, whose place this one takes')
      .option('--offline', 'do not sign it here: write a file for the machine that has its key; it is good for hours instead of minutes')
      .option('--out <file>', 'with --offline: where to; default in the current folder')
      .addOption(passphraseOption())
  const number = (flags: string, description: string): Option => new Option(flags, description).argParser(wholeNumber).makeOptionMandatory()

  below('calls', 'what this network’s chain can be asked for').action((options: ChainOptions) =>
    using('read', options, async opened => {
      const calls = await opened.calls(terminal.signal)
      say(calls, callsText(calls))
    }),
  )

  below('curves', 'the minting curves of the chain, if its runtime has them: prices, what is minted, and their account checked').action(
    (options: ChainOptions) =>
      using('read', options, async opened => {
        const found = await opened.curves(terminal.signal)
        say(found, curvesText(found))
      }),
  )

  below(
    'proposals',
    'the proposals of the chain’s DAO: what they do, how the vote stands, how long it lasts; your farms and what they weigh',
  )
    .argument('[proposal]', 'one of them, by its number or hash, with every farm’s vote')
    .action((proposal: string | undefined, options: ChainOptions) =>
      using('read', options, async opened => {
        if (proposal !== undefined) {
          const found = await opened.proposal(proposal, terminal.signal)
          return say(found, proposalText(found))
        }
        const now = await opened.proposals(terminal.signal)
        say(now, proposalsText(now))
      }),
    )

  sending('vote', 'vote on a proposal of the DAO as a farm')
    .addOption(number('--farm <id>', 'the farm that votes; its account signs'))
    .requiredOption('--proposal <hash>', 'the proposal’s hash, 0x and 64 hex digits')
    .addOption(new Option('--for', 'vote for it').conflicts('against'))
    .option('--against', 'vote against it')
    .action((options: SendOptions & { farm: number; proposal: string; for?: boolean; against?: boolean }) => {
      if (!options.for && !options.against) throw new AppError('usage', 'Say how you vote: --for or --against. Nothing was made.')
      return send(options, { kind: 'vote', farmId: options.farm, proposal: options.proposal, approve: options.for === true })
    })

  sending('payout-address', 'change where a farm’s payouts go')
    .addOption(number('--farm <id>', 'the farm; its account signs'))
    .requiredOption('--address <G…>', 'the new Stellar address')
    .action((options: SendOptions & { farm: number; address: string }) =>
      send(options, { kind: 'payout-address', farmId: options.farm, address: options.address }),
    )

  sending('claim', 'claim what a node earned, where the chain has that')
    .addOption(number('--node <id>', 'the node; its farm’s account signs'))
    .action((options: SendOptions & { node: number }) => send(options, { kind: 'claim', nodeId: options.node }))

  const ofMint = (name: string, description: string): Command =>
    sending(name, description)
      .addOption(number('--node <id>', 'the node'))
      .addOption(number('--start <second>', 'when the node’s period began, in seconds since 1970 as the chain has it'))
  ofMint('submit-amount', 'a signer’s vote for what a node’s mint pays, where the chain has that')
    .requiredOption('--amount <TFT>', 'what it pays, with up to 7 decimals')
    .action((options: SendOptions & { node: number; start: number; amount: string }) => {
      const amountUnits = unitsFromTft(options.amount.trim())
      if (amountUnits === null) throw new AppError('usage', '--amount takes TFT with up to 7 decimals, such as 279.425. Nothing was made.')
      const { node: nodeId, start: periodStart } = options
      return send(options, { kind: 'submit-amount', nodeId, periodStart, amountUnits: amountUnits.toString() })
    })
  ofMint('trigger', 'pay a node’s mint that the chain worked out, where anyone may').action(
    (options: SendOptions & { node: number; start: number }) =>
      send(options, { kind: 'trigger', nodeId: options.node, periodStart: options.start }),
  )

  addOfflineCommands({ below, using, terminal, input, say, follow, onWrong })

  below('status', 'the calls that were made here; those under way are followed to their end')
    .argument('[id]', 'one call, by its id or the beginning of it')
    .option('--no-follow', 'only what is known here, without asking the chain')
    .action((id: string | undefined, { follow, ...options }: ChainOptions & { follow: boolean }) =>
      using(follow ? 'write' : 'read', options, async opened => {
        if (follow) {
          const wanted = id === undefined ? undefined : opened.find(id).requestId
          for (const requestId of opened.underWay()) if ((wanted ?? requestId) === requestId) await carry(opened, requestId)
        }
        const rows = id === undefined ? opened.requests() : [opened.find(id)]
        say(id === undefined ? { rows } : rows[0], id === undefined ? listText(rows) : requestText(rows[0]!))
      }),
    )

  below('forget', 'take a call out of the list that was never sent, or that ended')
    .argument('<id>', 'its id or the beginning of it')
    .action((id: string, options: ChainOptions) =>
      using('write', options, async opened => {
        await opened.forget(id)
        say({}, 'Taken out of the list.\n')
      }),
    )

  function send(options: SendOptions, asked: ChainCall): Promise<void> {
    const call = readCall(asked)
    const { key, replaces, offline = false } = options
    return using('write', options, async opened => {
      const made = await opened.prepare(call, { key, replaces, offline }, terminal.signal)
      const { requestId, signer } = made.request
      if (!terminal.json) terminal.out(reviewText(made.review))
      if (offline || signer.keyId === null) {
        const path = await writeOut(await opened.file(requestId), options.out)
        return say({ ...made, file: path }, `Written to ${path}. Sign it where the key is: granary chain sign FILE\nId ${requestId}\n`)
      }
      const passphrase = await input.secret('Passphrase to sign and send it (Ctrl-C leaves it unsigned)', options.passphraseFd)
      await opened.sign(made, passphrase)
      opened.submit(requestId)
      await follow(opened, requestId)
    })
  }

  async function follow(opened: OpenChainCalls, requestId: string): Promise<void> {
    const ended = await carry(opened, requestId)
    say(ended, requestText(ended))
    if (ended.stage !== 'final' || ended.error !== null) onWrong()
  }

  function carry(opened: OpenChainCalls, requestId: string): Promise<ChainRequest> {
    const tell = (note: string): void => terminal.progress({ fraction: null, detail: note, secondsLeft: null })
    return opened.carry(requestId, terminal.signal, tell)
  }

  async function using<T>(mode: 'read' | 'write', options: ChainOptions, work: (opened: OpenChainCalls) => Promise<T>): Promise<T> {
    const { endpoint: endpoints } = options
    for (const url of endpoints ?? [])
      if (!endpointSchema.safeParse(url).success)
        throw new AppError('usage', `${url} can't be an endpoint: give wss://HOST, or ws:// on this machine.`)
    return opening(mode, options, work, { endpoints })
  }
}

const opening = createUsing<OpenChainCalls, Pick<ChainAsk, 'endpoints'>>(async ask => (await loadChain()).openChainCalls(ask))

/** Writes a file to where it is wanted, or under its own name into the current folder; gives its path. */
export async function writeOut({ fileName, text }: ChainTextFile, out: string | undefined): Promise<string> {
  const path = resolve(out ?? fileName)
  const { writeFiles } = await loadChain()
  writeFiles(dirname(path), { [basename(path)]: text })
  return path
}

/** Throws AppError usage in the schema's own words. */
function readCall(asked: ChainCall): ChainCall {
  const read = chainCallSchema.safeParse(asked)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw new AppError('usage', `${path.join('.')}: ${message} Nothing was made.`)
}

function callsText({ network, specVersion, calls }: QueryOutput<'chain.calls'>): string {
  const rows = calls.map(({ kind, pallet, name, missing }) => [kind, `${pallet}.${name}`, missing === '' ? 'yes' : missing])
  return `Chain of ${network ?? 'no network'}, runtime ${specVersion ?? 'unknown'}\n${table(['command', 'call', 'can be made'], rows, 'None.')}`
}

export function reviewText(review: SignReview, all = false): string {
  return `${reviewLines(review, { all }).join('\n')}\n`
}

export function requestText(request: ChainRequest): string {
  const { call, block, hash, feeUnits, note, requestId } = request
  const lines = [
    `${callText(call)}: ${stageText(request)}`,
    ...(note === '' ? [] : [`${note.charAt(0).toUpperCase()}${note.slice(1)}`]),
    ...(block === null ? [] : [`Block ${block.n} ${block.hash}`]),
    ...(hash === null ? [] : [`Hash ${hash}`]),
    ...(feeUnits === null ? [] : [`Fee ${tftExact(feeUnits)} TFT`]),
    `Id ${requestId}`,
  ]
  return `${lines.join('\n')}\n`
}

function listText(rows: readonly ChainRequest[]): string {
  const cells = rows.map(row => [formatUtc(row.createdTs), row.network, callText(row.call), stageText(row), row.requestId.slice(0, 8)])
  return table(['made', 'network', 'call', 'state', 'id'], cells, 'No call was made here.')
}
