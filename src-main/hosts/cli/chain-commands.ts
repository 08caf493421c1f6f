import { type Command, Option } from 'commander'
import { type ChainCall, type ChainRequest, type ChainReview, chainCallSchema } from '../../../src-shared/chain-contract.ts'
import { callText, stageText } from '../../../src-shared/chain-text.ts'
import type { QueryOutput } from '../../../src-shared/contract.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { group, tftExact } from '../../../src-shared/money.ts'
import { endpointSchema } from '../../../src-shared/sync.ts'
import { formatUtc } from '../../../src-shared/time.ts'
import type { OpenChainCalls } from '../../core/chain-command.ts'
import { resolveDataDir } from '../data-dir.ts'
import { networksFile } from '../program.ts'
import { userName } from '../user-name.ts'
import { descriptor } from './keys-commands.ts'
import { createSecretInput } from './secret-input.ts'
import { jsonText, type Terminal } from './terminal.ts'
import { table } from './vault-commands.ts'

const loadChain = () => import('../../core/chain-command.ts')

interface Common {
  data?: string
  network?: string
  endpoint?: string[]
}

interface SendOptions extends Common {
  key?: string
  replaces?: string
  passphraseFd?: number
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
  const say = (json: unknown, text: string): void => terminal.out(terminal.json ? jsonText(json) : text)
  const below = (name: string, description: string): Command =>
    command(name, description, chain)
      .option('--network <name>', 'whose chain; default of the network that the data folder holds')
      .option('--endpoint <url...>', 'chain nodes to ask instead of those that are known, this time')
  const sending = (name: string, description: string): Command =>
    below(name, description)
      .option('--key <name>', 'the key that signs; default the only one for the chain')
      .option('--replaces <id>', 'a former call that ended without a block, whose place this one takes')
      .addOption(
        new Option(
          '--passphrase-fd <n>',
          'read the passphrase from this file descriptor; default the terminal, or standard input',
        ).argParser(descriptor),
      )
  const number = (flags: string, description: string): Option => new Option(flags, description).argParser(wholeNumber).makeOptionMandatory()

  below('calls', 'what this network’s chain can be asked for').action((options: Common) =>
    using('read', options, async opened => {
      const calls = await opened.calls(terminal.signal)
      say(calls, callsText(calls))
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

  below('status', 'the calls that were made here; those under way are followed to their end')
    .argument('[id]', 'one call, by its id or the beginning of it')
    .option('--no-follow', 'only what is known here, without asking the chain')
    .action((id: string | undefined, { follow, ...options }: Common & { follow: boolean }) =>
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
    .action((id: string, options: Common) =>
      using('write', options, async opened => {
        await opened.forget(id)
        say({}, 'Taken out of the list.\n')
      }),
    )

  function send(options: SendOptions, asked: ChainCall): Promise<void> {
    const call = readCall(asked)
    return using('write', options, async opened => {
      const review = await opened.prepare(call, options.key, options.replaces, terminal.signal)
      if (!terminal.json) terminal.out(reviewText(review))
      const passphrase = await input.secret('Passphrase to sign and send it (Ctrl-C leaves it unsigned)', options.passphraseFd)
      await opened.signAndSubmit(review, passphrase)
      const ended = await carry(opened, review.request.requestId)
      say(ended, requestText(ended))
      if (ended.stage !== 'final' || ended.error !== null) onWrong()
    })
  }

  function carry(opened: OpenChainCalls, requestId: string): Promise<ChainRequest> {
    const tell = (note: string): void => terminal.progress({ fraction: null, detail: note, secondsLeft: null })
    return opened.carry(requestId, terminal.signal, tell)
  }

  async function using<T>(mode: 'read' | 'write', options: Common, work: (opened: OpenChainCalls) => Promise<T>): Promise<T> {
    const { openChainCalls } = await loadChain()
    const { data, network, endpoint } = options
    for (const url of endpoint ?? [])
      if (!endpointSchema.safeParse(url).success)
        throw new AppError('usage', `${url} can't be an endpoint: give wss://HOST, or ws:// on this machine.`)
    const opened = openChainCalls({
      dataDir: resolveDataDir(data),
      actor: `cli:${userName()}`,
      mode,
      networksFile,
      ...(network !== undefined && { network }),
      ...(endpoint !== undefined && { endpoints: endpoint }),
    })
    try {
      return await work(opened)
    } finally {
      opened.close()
    }
  }
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

function reviewText({ request, fields, warnings, feeUnits, freeUnits }: ChainReview): string {
  const all = [
    ...fields,
    { name: 'Fee', value: feeUnits === null ? 'the node does not say' : `${tftExact(feeUnits)} TFT` },
    ...(freeUnits === null ? [] : [{ name: 'The account has', value: `${group(tftExact(freeUnits))} TFT` }]),
    { name: 'Hash of what is signed', value: request.payloadHash },
  ]
  const width = Math.max(...all.map(({ name }) => name.length))
  const lines = all.map(({ name, value }) => `${name.padEnd(width)}  ${value}`)
  return `${[...lines, ...warnings.map(warning => `! ${warning}`)].join('\n')}\n`
}

function requestText(request: ChainRequest): string {
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
