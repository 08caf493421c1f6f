import { randomUUID } from 'node:crypto'
import type { ChainCall, ChainRequest, ChainReview } from '../../src-shared/chain-contract.ts'
import type { QueryOutput } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { networkNameSchema } from '../../src-shared/sync.ts'
import { refuseOtherNetwork } from '../store/chain.ts'
import { callsUnderWay, loadCall } from '../store/chain-calls.ts'
import { openStore, runCommand } from '../store/index.ts'
import { loadKeys } from '../store/keys.ts'
import { storedNetwork } from '../store/periods.ts'
import { type ChainCommand, openChainRoom } from './chain-calls.ts'
import { createKeys } from './keys.ts'
import { chainEndpoints, findNetwork, readKnownNetworks } from './networks.ts'
import { keptSync } from './sync.ts'

export interface ChainAsk {
  dataDir: string
  actor: string
  /** `read` beside a running Granary */
  mode: 'read' | 'write'
  /** absent: the one that the data folder holds or follows */
  network?: string
  /** asked in the place of the network's own, this time only */
  endpoints?: string[]
  /** the list of networks that comes with Granary */
  networksFile: string | null
}

/** Calls to the chain for one command line, with the vault of keys to sign them. Keys that it unlocks are locked when it is closed. */
export interface OpenChainCalls {
  /** The network that is meant. Throws AppError usage where none is known. */
  network(): string
  /** what its chain can be asked for, by asking it */
  calls(signal: AbortSignal): Promise<QueryOutput<'chain.calls'>>
  requests(): ChainRequest[]
  /** A request by its id or a beginning of it. Throws AppError not-found. */
  find(requestId: string): ChainRequest
  /** Makes a call's bytes for a key by name; without one for the only key of the chain that is in the vault. */
  prepare(call: ChainCall, key: string | undefined, replaces: string | undefined, signal: AbortSignal): Promise<ChainReview>
  /** Unlocks its key, signs what was shown, and marks it as sent: from here on `carry` sends it, now or another time. */
  signAndSubmit({ request }: ChainReview, passphrase: string): Promise<void>
  /** as ChainRoom.carry */
  carry(requestId: string, signal: AbortSignal, onNote: (note: string) => void): Promise<ChainRequest>
  underWay(): string[]
  forget(requestId: string): Promise<void>
  close(): void
}

/** Throws AppError usage, store.*, io.*. */
export function openChainCalls({ dataDir, actor, mode, network: named, endpoints, networksFile }: ChainAsk): OpenChainCalls {
  if (named !== undefined && !networkNameSchema.safeParse(named).success)
    throw new AppError('usage', `"${named}" is no network's name: it has lower-case letters, digits and hyphens.`)
  const store = openStore(dataDir, { mode })
  try {
    if (named !== undefined) refuseOtherNetwork(store, named)
    const keys = createKeys({ books: store, changed: () => {}, safeStorage: null })
    const known = networksFile === null ? [] : readKnownNetworks(networksFile)
    const shown = named ?? storedNetwork(store) ?? keptSync(store)?.config.network ?? null
    const room = openChainRoom({
      books: store,
      facts: () => store,
      network: () => shown,
      endpointsOf(name) {
        if (endpoints === undefined) return chainEndpoints(findNetwork(known, store, name))
        return { endpoints, genesis: known.find(network => network.name === name)?.genesis ?? '' }
      },
      keys,
      changed: () => {},
    })
    const network = (): string => {
      if (shown === null) throw new AppError('usage', 'This data folder holds no network yet. Say whose chain is meant: --network NAME.')
      return shown
    }
    const once =
      (command: ChainCommand, input: unknown) =>
      (subject: string, work: () => unknown): unknown =>
        runCommand(store, { actor, idempotencyKey: randomUUID(), command, input, audit: { subject } }, work)
    const run = (command: Exclude<ChainCommand, 'chain.submit'>, input: unknown, signal?: AbortSignal): Promise<unknown> =>
      room.command(command, input, once(command, input), signal)
    return {
      network,
      calls: signal => room.askCalls(network(), signal),
      requests: () => room.list({ offset: 0, limit: 1000 }).rows,
      find: requestId => room.row(requestId),
      async prepare(call, key, replaces, signal) {
        const input = { network: network(), call, keyId: keyOf(key) }
        const former = replaces === undefined ? {} : { replaces: loadCall(store, replaces).requestId }
        return (await run('chain.prepare', { ...input, ...former }, signal)) as ChainReview
      },
      async signAndSubmit({ request: { requestId, payloadHash, signer } }, passphrase) {
        await keys.command('keys.unlock', { keyIds: [signer.keyId ?? ''], passphrase }, { id: actor }, randomUUID())
        await run('chain.sign', { requestId, payloadHash })
        room.submit(requestId, once('chain.submit', { requestId }), {})
      },
      carry: room.carry,
      underWay: () => callsUnderWay(store).map(({ requestId }) => requestId),
      async forget(requestId) {
        await run('chain.forget', { requestId: loadCall(store, requestId).requestId })
      },
      close() {
        keys.lock()
        store.close()
      },
    }
  } catch (error) {
    store.close()
    throw error
  }

  function keyOf(name: string | undefined): string {
    const found = loadKeys(store).filter(key => key.kind !== 'stellar' && key.box !== null)
    const wanted = name?.trim().toLowerCase()
    const fitting = wanted === undefined ? found : found.filter(key => key.keyId === wanted || key.name.toLowerCase() === wanted)
    const [only, second] = fitting
    if (only && !second) return only.keyId
    if (second) throw new AppError('usage', 'Several keys in the vault can sign for the chain. Say which: --key NAME.')
    throw new AppError(
      'not-found',
      `No ${wanted === undefined ? '' : 'such '}key for the chain (sr25519 or ed25519) is in the vault here. Import it: granary keys import.`,
    )
  }
}
