import { randomUUID } from 'node:crypto'
import type { ChainCall, ChainFileReview, ChainRequest, ChainReview, ChainTextFile } from '../../src-shared/chain-contract.ts'
import type { QueryOutput } from '../../src-shared/contract.ts'
import type { DaoReading } from '../../src-shared/dao-contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { callsUnderWay, loadCall } from '../store/chain-calls.ts'
import { loadDaoReading } from '../store/dao.ts'
import { loadSettings } from '../store/index.ts'
import { loadKeys } from '../store/keys.ts'
import { storedNetwork } from '../store/periods.ts'
import { type ChainCommand, openChainRoom } from './chain-calls.ts'
import { createChainCurves } from './chain-curves.ts'
import { type CommandAsk, namedNetwork, openForCommand } from './command-books.ts'
import { openDaoRoom } from './dao.ts'
import { chainEndpoints, findNetwork } from './networks.ts'
import { keptSync } from './sync.ts'

export { writeFilesAtomically as writeFiles } from '../jobs/files.ts'

export interface ChainAsk extends CommandAsk {
  /** asked in the place of the network's own, this time only */
  endpoints?: string[] | undefined
}

/** What a call is prepared with besides itself. */
export interface PrepareOptions {
  /** a key by its name or id; absent: the only one of the chain whose secret is in the vault */
  key?: string | undefined
  /** a request by its id or a beginning of it */
  replaces?: string | undefined
  /** it is signed on another machine */
  offline: boolean
}

/** Calls to the chain for one command line, with the vault of keys to sign them. Keys that it unlocks are locked when it is closed. */
export interface OpenChainCalls {
  /** The network that is meant. Throws AppError usage where none is known. */
  network(): string
  /** what its chain can be asked for, by asking it */
  calls(signal: AbortSignal): Promise<QueryOutput<'chain.calls'>>
  /** The DAO's proposals as the chain has them now or, where it can't be asked, as they were read last. Rejects where they never were. */
  proposals(signal: AbortSignal): Promise<DaoNow>
  /** One of them by its hash or number, with every farm's vote. Rejects as `proposals`, and with AppError not-found. */
  proposal(named: string, signal: AbortSignal): Promise<QueryOutput<'dao.get'> & Pick<DaoNow, 'network' | 'read' | 'offline'>>
  /** The minting curves of the chain now or, where it can't be asked, as they were read last. Rejects where they never were. */
  curves(signal: AbortSignal): Promise<QueryOutput<'chain.curves'>>
  requests(): ChainRequest[]
  /** A request by its id or a beginning of it. Throws AppError not-found. */
  find(requestId: string): ChainRequest
  /** a request as it is shown before it is signed */
  review(requestId: string): Promise<ChainReview>
  /** Makes a call's bytes for a key. */
  prepare(call: ChainCall, options: PrepareOptions, signal: AbortSignal): Promise<ChainReview>
  /** Unlocks its key, and signs what was shown. */
  sign({ request }: ChainReview, passphrase: string): Promise<void>
  /** Marks a signed one as sent: from here on `carry` sends it, now or another time. Nothing to do where it is marked. */
  submit(requestId: string): void
  /** as ChainRoom.carry */
  carry(requestId: string, signal: AbortSignal, onNote: (note: string) => void): Promise<ChainRequest>
  underWay(): string[]
  forget(requestId: string): Promise<void>
  /** a call that is not signed yet, for the machine that has its key */
  file(requestId: string): Promise<ChainTextFile>
  /** `own`: the runtime's metadata from a source of one's own */
  readFile(text: string, own?: Uint8Array): Promise<ChainFileReview>
  signFile(
    input: { text: string; payloadHash: string; keyId: string; confirmed: boolean },
    passphrase: string,
    own?: Uint8Array,
  ): Promise<ChainTextFile>
  /** Keeps a signature that was made elsewhere; gives the request that it signs. */
  takeSignature(text: string): Promise<ChainRequest>
  close(): void
}

/** What the DAO's proposals are; `offline`: why it is not what the chain says now, null where it is. */
export type DaoNow = QueryOutput<'dao.list'> & { offline: string | null }

/** Throws AppError usage, store.*, io.*. */
export function openChainCalls({ endpoints, ...ask }: ChainAsk): OpenChainCalls {
  return openForCommand(ask, ({ store, keys, known, once, close }) => {
    const shown = ask.network ?? storedNetwork(store) ?? keptSync(store)?.config.network ?? null
    const endpointsOf = (name: string) => {
      if (endpoints === undefined) return chainEndpoints(findNetwork(known, store, name))
      return { endpoints, genesis: known.find(network => network.name === name)?.genesis ?? '' }
    }
    const room = openChainRoom({
      ...{ books: store, facts: () => store, network: () => shown, endpointsOf, keys },
      changed: () => {},
    })
    const curves = createChainCurves({
      ...{ books: store, network: () => shown, endpointsOf, nowTs: () => store.now(), changed: () => {} },
      ask: async (input, signal) => (await import('../jobs/sync/ask-curves.ts')).askCurves(input, signal),
      // a look keeps nothing
      canWrite: false,
    })
    const network = () => namedNetwork(shown, 'whose chain is meant')
    const run = (command: Exclude<ChainCommand, 'chain.submit'>, input: unknown, signal?: AbortSignal): Promise<unknown> =>
      room.command(command, input, once(command, input), signal)
    const unlock = async (keyId: string, passphrase: string): Promise<void> =>
      void (await keys.command('keys.unlock', { keyIds: [keyId], passphrase }, { id: ask.actor }, randomUUID()))
    const idOf = (requestId: string): string => loadCall(store, requestId).requestId
    const dao = openDaoRoom({
      ...{ books: store, chain: room, network: () => shown, myFarms: () => loadSettings(store).myFarms, changed: () => {} },
    })
    const readDao = async (signal: AbortSignal): Promise<{ reading: DaoReading; offline: string | null }> => {
      try {
        return { reading: await dao.ask(network(), signal), offline: null }
      } catch (error) {
        const reading = loadDaoReading(store, network())
        if (!(error instanceof AppError) || !error.code.startsWith('chain.') || reading === null) throw error
        return { reading, offline: error.message }
      }
    }
    const daoNow = async (signal: AbortSignal): Promise<DaoNow & { reading: DaoReading }> => {
      const { reading, offline } = await readDao(signal)
      return { network: network(), ...dao.shown(reading), offline, reading }
    }
    return {
      network,
      calls: signal => room.askCalls(network(), signal),
      async curves(signal) {
        const found = await curves['chain.curves']({ network: network(), now: true }, signal)
        if (found.read === null)
          throw new AppError('chain.offline', found.problem ?? 'No endpoint is known of this network.', { retryable: true })
        return found
      },
      async proposals(signal) {
        const { reading: _reading, ...now } = await daoNow(signal)
        return now
      },
      async proposal(named, signal) {
        const { reading, read, offline } = await daoNow(signal)
        return { network: network(), read, offline, ...dao.proposal(reading, named) }
      },
      requests: () => room.list({ offset: 0, limit: 1000 }).rows,
      find: room.row,
      review: requestId => room.review(idOf(requestId)),
      async prepare(call, { key, replaces, offline }, signal) {
        const input = { network: network(), call, keyId: keyOf(key), offline, ...(replaces !== undefined && { replaces: idOf(replaces) }) }
        return (await run('chain.prepare', input, signal)) as ChainReview
      },
      async sign({ request: { requestId, payloadHash, signer } }, passphrase) {
        if (signer.keyId !== null) await unlock(signer.keyId, passphrase)
        await run('chain.sign', { requestId, payloadHash })
      },
      submit(requestId) {
        room.submit(requestId, once('chain.submit', { requestId }), {})
      },
      carry: room.carry,
      underWay: () => callsUnderWay(store).map(({ requestId }) => requestId),
      async forget(requestId) {
        await run('chain.forget', { requestId: idOf(requestId) })
      },
      file: requestId => room.offline.file(idOf(requestId)),
      readFile: async (text, own) => (await room.offline.read(text, own)).shown,
      async signFile(input, passphrase, own) {
        await unlock(input.keyId, passphrase)
        return room.offline.sign(input, once('chain.signFile', input), own)
      },
      async takeSignature(text) {
        const { requestId } = await room.offline.take(text, once('chain.takeSignature', { text }))
        return room.row(requestId)
      },
      close,
    }

    function keyOf(name: string | undefined): string {
      const found = loadKeys(store).filter(key => key.kind !== 'stellar')
      const wanted = name?.trim().toLowerCase()
      const fitting = found.filter(key =>
        wanted === undefined ? key.box !== null : key.keyId === wanted || key.name.toLowerCase() === wanted,
      )
      const [only, second] = fitting
      if (only && !second) return only.keyId
      if (second) throw new AppError('usage', 'Several keys in the vault can sign for the chain. Say which: --key NAME.')
      throw new AppError(
        'not-found',
        `No ${wanted === undefined ? '' : 'such '}key for the chain (sr25519 or ed25519) is in the vault here. Import it (granary keys import), or its address to sign elsewhere (granary keys watch), and name it: --key NAME.`,
      )
    }
  })
}
