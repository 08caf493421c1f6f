import { randomUUID } from 'node:crypto'
import type { ChainCall, ChainRequest, ChainReview, chainQueries } from '../../src-shared/chain-contract.ts'
import { chainCommands } from '../../src-shared/chain-contract.ts'
import { callSignReview, callText } from '../../src-shared/chain-text.ts'
import type { QueryOutput, Topic } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { readCallValue, sameCall } from '../clients/tfchain/calls.ts'
import type { Extrinsics } from '../clients/tfchain/extrinsic.ts'
import type { Chain } from '../clients/tfchain/types.ts'
import { isAccountId } from '../engines/minting/strkey.ts'
import { verifies } from '../signing/votes/signature.ts'
import { loadRuntimes, pinnedChain } from '../store/chain.ts'
import {
  deleteCall,
  insertCall,
  latestCallRuntime,
  listCalls,
  loadCall,
  loadCallRuntime,
  type StoredCall,
  saveCallRuntime,
  saveSigned,
  saveSubmitted,
} from '../store/chain-calls.ts'
import type { Store } from '../store/index.ts'
import { loadKey, loadKeys } from '../store/keys.ts'
import { callWarnings, createOffline, type OfflineRoom, payloadHash, refused } from './chain-offline.ts'
import type { Keys } from './keys.ts'
import type { Once } from './once.ts'
import type { Parsed } from './queries.ts'

/** What signs and reads extrinsics takes a while to load: whoever calls nothing never waits for it. */
const loadExtrinsics = () => import('../clients/tfchain/extrinsic.ts')

export type ChainCommand = keyof typeof chainCommands
type ChainQuery = keyof typeof chainQueries
export type ChainAnswers = { [N in ChainQuery]: (input: Parsed<N>) => QueryOutput<N> | Promise<QueryOutput<N>> }

export interface ChainSources {
  books: Store
  /** where the sync keeps the runtimes that it met */
  facts(): Store
  /** the network that is shown; null: none */
  network(): string | null
  /** Throws AppError not-found. */
  endpointsOf(network: string): { endpoints: string[]; genesis: string }
  keys: Pick<Keys, 'signWith'>
  changed: (...topics: Topic[]) => void
}

export interface ChainRoom {
  answers: ChainAnswers
  /** All but chain.submit, which also begins to follow. Rejects with AppError chain.*, keys.*, usage, not-found. */
  command(name: Exclude<ChainCommand, 'chain.submit'>, input: unknown, once: Once, signal?: AbortSignal): Promise<unknown>
  /** Marks a call as sent, in the books only: `carry` sends it, after this was committed. Throws AppError chain.refused. */
  submit(requestId: string, once: Once, answer: unknown): unknown
  /** Sends what is marked, and follows it to its end. Rejects with AppError chain.*, cancelled: it may still come into a block then. */
  carry(requestId: string, signal: AbortSignal, onNote?: (note: string) => void): Promise<ChainRequest>
  /** which calls the network's chain has now, by asking it */
  askCalls(network: string, signal?: AbortSignal): Promise<QueryOutput<'chain.calls'>>
  row(requestId: string): ChainRequest
  review(requestId: string): Promise<ChainReview>
  /** for signatures that are made on another machine */
  offline: OfflineRoom
  /** The network where it can be asked; null: it is a demo's, or no endpoint of it is known here. */
  askable(network: string | null): string | null
  /** Does something with a network's chain, connected for as long as it takes. Rejects with AppError chain.*, cancelled, not-found. */
  withChain<T>(network: string, signal: AbortSignal, work: (chain: Chain) => Promise<T>): Promise<T>
  list(input: { offset: number; limit: number }): { rows: ChainRequest[]; total: number }
}

/** A network that does not answer for so long is given up for the moment. */
const GIVE_UP_MS = 15_000
const KEPT_RUNTIMES = 2

export function isChainCommand(name: string): name is ChainCommand {
  return Object.hasOwn(chainCommands, name)
}

export function openChainRoom(sources: ChainSources): ChainRoom {
  const { books, keys, changed } = sources
  const runtimes = new Map<string, Extrinsics>()

  /** The last ones are kept: reading metadata takes its time. */
  async function runtimeOf(name: string, load = () => loadCallRuntime(books, name)): Promise<Extrinsics> {
    const known = runtimes.get(name)
    if (known) return known
    const { createExtrinsics } = await loadExtrinsics()
    const made = createExtrinsics(load())
    if (runtimes.size >= KEPT_RUNTIMES) runtimes.clear()
    runtimes.set(name, made)
    return made
  }

  async function withChain<T>(network: string, signal: AbortSignal, work: (chain: Chain) => Promise<T>): Promise<T> {
    const { endpoints, genesis } = sources.endpointsOf(network)
    const { openChain } = await import('../clients/tfchain/chain.ts')
    const pinned = pinnedChain(books)
    const wanted = pinned?.network === network ? pinned.genesis : genesis
    const chain = await openChain({ endpoints, genesis: wanted, giveUpMs: GIVE_UP_MS, signal })
    try {
      return await work(chain)
    } finally {
      await chain.close()
    }
  }

  /** `keyId` null: only its address is known here */
  function keyOf({ signer }: StoredCall): { keyId: string | null; name: string } | null {
    const found = loadKeys(books).find(key => key.publicKey === signer.publicKey && key.kind === signer.kind)
    return found ? { keyId: found.box === null ? null : found.keyId, name: found.name } : null
  }

  function rowOf(call: StoredCall): ChainRequest {
    const { requestId, network, stage, signer, nonce, lastBlock, hash, block, error, feeUnits, note, replaces } = call
    const key = keyOf(call)
    return {
      requestId,
      network,
      call: call.call,
      stage,
      signer: { keyId: key?.keyId ?? null, name: key?.name ?? '', address: signer.address },
      nonce,
      lastBlock,
      payloadHash: payloadHash(call.payload),
      hash,
      block,
      error,
      feeUnits,
      note,
      replaces,
      createdTs: call.createdTs,
      sentTs: call.sentTs,
      endedTs: call.endedTs,
    }
  }

  function list(input: { offset: number; limit: number }): { rows: ChainRequest[]; total: number } {
    const { rows, total } = listCalls(books, input)
    return { rows: rows.map(rowOf), total }
  }

  async function review(requestId: string): Promise<ChainReview> {
    const call = loadCall(books, requestId)
    const request = rowOf(call)
    const { warnings, ...expected } = call.told
    const says = (await runtimeOf(call.runtime)).decode(call.payload)
    const said = readCallValue(says.call)
    if (!said || !sameCall(said, call.call))
      throw new AppError(
        'store.corrupt',
        'The bytes of this call say something else than what was asked for. Forget it, and prepare it again.',
      )
    return {
      request,
      review: callSignReview({
        ...expected,
        says,
        call: said,
        network: call.network,
        signer: request.signer,
        lastBlock: call.lastBlock,
        warnings: callWarnings(warnings),
        hash: request.payloadHash,
        payload: Buffer.from(call.payload).toString('hex'),
      }),
    }
  }

  async function prepare(
    input: { network: string; call: ChainCall; keyId: string; replaces?: string | undefined; offline: boolean },
    once: Once,
    signal: AbortSignal,
  ): Promise<ChainReview> {
    const { network, call, keyId } = input
    const replaces = input.replaces ?? null
    const key = loadKey(books, keyId)
    if (key.kind === 'stellar')
      throw new AppError('usage', `"${key.name}" is a key for Stellar accounts. Choose one for the grid's chain (sr25519 or ed25519).`)
    if (call.kind === 'payout-address' && !isAccountId(call.address))
      throw new AppError(
        'usage',
        `${call.address} is no Stellar account: its checksum does not fit. Nothing was made. Copy it once more.`,
        {
          details: { field: 'address' },
        },
      )
    if (replaces !== null) refuseToReplace(loadCall(books, replaces))
    const { prepareCall } = await import('../jobs/chain-calls/prepare.ts')
    const signer = { kind: key.kind, publicKey: key.publicKey, address: key.address }
    // whose secret is not here signs elsewhere
    const offline = input.offline || key.box === null
    const made = await withChain(network, signal, chain => prepareCall(chain, books, { network, call, signer, replaces, offline }, signal))
    const { payload, metadata, nonce, firstBlock, lastBlock, told } = made
    const { requestId } = once(`call of ${named(key)}: ${callText(call)} (network ${network})`, () => {
      for (const dropped of made.dropped) deleteCall(books, dropped)
      const runtime = saveCallRuntime(books, network, made.specVersion, metadata)
      const id = randomUUID()
      insertCall(books, { requestId: id, network, call, signer, payload, runtime, nonce, firstBlock, lastBlock, replaces, told })
      return { requestId: id }
    }) as { requestId: string }
    changed('chain', 'audit')
    return review(requestId)
  }

  async function sign(
    { requestId, payloadHash: shown }: { requestId: string; payloadHash: string },
    once: Once,
  ): Promise<{ requestId: string; hash: string }> {
    const call = loadCall(books, requestId)
    if (payloadHash(call.payload) !== shown)
      throw refused('other-bytes', 'What was shown is not what would be signed. Nothing was signed. Prepare the call again.')
    if (call.stage !== 'prepared') throw refused('stage', 'This call is signed already. Nothing was signed again.')
    const { keyId, name } = keyOf(call) ?? { keyId: null, name: '' }
    if (keyId === null)
      throw new AppError(
        'not-found',
        'The key of this call is not in the vault here, or only its address is. Nothing was signed. Save the call as a file and sign it where the key is.',
      )
    const { signedBytes } = await loadExtrinsics()
    const runtime = await runtimeOf(call.runtime)
    // what can't be read is not signed
    runtime.decode(call.payload)
    return keep(call, keys.signWith(keyId, signedBytes(call.payload)), `key "${name}"`, once)
  }

  /** Checks a signature, and keeps the extrinsic that it makes. */
  async function keep(call: StoredCall, signature: Uint8Array, whose: string, once: Once): Promise<{ requestId: string; hash: string }> {
    const { extrinsicHash, signedBytes } = await loadExtrinsics()
    const { requestId, signer, payload } = call
    if (!(await verifies(signer, signedBytes(payload), signature)))
      throw new AppError('internal', 'The signature that the vault made does not fit its key. Nothing was kept.')
    const runtime = await runtimeOf(call.runtime)
    const assembled = runtime.assemble(payload, { kind: signer.kind, publicKey: Buffer.from(signer.publicKey, 'hex') }, signature)
    const hash = extrinsicHash(assembled)
    const answered = once(`call ${requestId} of ${whose}: ${callText(call.call)} (network ${call.network})`, () => {
      saveSigned(books, requestId, assembled, hash)
      return { requestId, hash }
    }) as { requestId: string; hash: string }
    changed('chain', 'audit')
    return answered
  }

  function askable(network: string | null): string | null {
    try {
      return network !== null && sources.endpointsOf(network).endpoints.length > 0 ? network : null
    } catch (error) {
      if (error instanceof AppError && error.code === 'not-found') return null
      throw error
    }
  }

  async function knownCalls(): Promise<QueryOutput<'chain.calls'>> {
    const network = askable(sources.network())
    const unknown = { network, specVersion: null, calls: [] }
    if (network === null) return unknown
    const used = latestCallRuntime(books, network)
    const facts = sources.facts()
    const synced = pinnedChain(facts)?.network === network ? loadRuntimes(facts).at(-1) : undefined
    try {
      if (synced && synced.specVersion > (used?.specVersion ?? -1))
        return callsOf(network, await runtimeOf(`${network} ${synced.specVersion}`, () => synced.metadata))
      return used ? callsOf(network, await runtimeOf(used.hash)) : unknown
    } catch (error) {
      // the sync halts at a runtime that can't be read, and says so; here it is only not known what it can do
      if (error instanceof AppError && error.code === 'chain.undecodable') return unknown
      throw error
    }
  }

  const offline = createOffline(sources, keep)

  return {
    offline,
    askable,
    withChain,
    review,
    answers: {
      'chain.calls': knownCalls,
      'chain.requests': list,
      'chain.review': ({ requestId }) => review(requestId),
      'chain.file': ({ requestId }) => offline.file(requestId),
      'chain.readFile': async ({ text }) => (await offline.read(text)).shown,
    },
    async command(name, input, once, signal = new AbortController().signal) {
      switch (name) {
        case 'chain.prepare':
          return prepare(chainCommands[name].in.parse(input), once, signal)
        case 'chain.sign':
          return sign(chainCommands[name].in.parse(input), once)
        case 'chain.signFile':
          return offline.sign(chainCommands[name].in.parse(input), once)
        case 'chain.takeSignature':
          return offline.take(chainCommands[name].in.parse(input).text, once)
        case 'chain.forget': {
          const { requestId } = chainCommands[name].in.parse(input)
          const { call, network } = loadCall(books, requestId)
          const answered = once(`call ${requestId}: ${callText(call)} (network ${network})`, () => {
            deleteCall(books, requestId)
            return {}
          })
          changed('chain', 'audit')
          return answered
        }
      }
    },
    submit(requestId, once, answer) {
      const { stage, call, network } = loadCall(books, requestId)
      if (stage === 'prepared') throw refused('stage', 'This call is not signed yet. Sign it first.')
      if (stage !== 'signed' && stage !== 'sent') throw refused('stage', 'This call has ended. Prepare it again if it is still wanted.')
      const answered = once(`call ${requestId}: ${callText(call)} (network ${network})`, () => {
        if (stage === 'signed') saveSubmitted(books, requestId)
        return answer
      })
      changed('chain', 'audit')
      return answered
    },
    async carry(requestId, signal, onNote) {
      const { carryCall } = await import('../jobs/chain-calls/carry.ts')
      const options = {
        signal,
        onNote: (note: string) => {
          onNote?.(note)
          changed('chain')
        },
      }
      try {
        return await withChain(loadCall(books, requestId).network, signal, async chain =>
          rowOf(await carryCall(chain, books, requestId, options)),
        )
      } finally {
        changed('chain')
      }
    },
    askCalls: (network, signal = new AbortController().signal) =>
      withChain(network, signal, async chain => {
        const [{ readRuntime }, { finalizedHead }] = await Promise.all([
          import('../jobs/chain-calls/prepare.ts'),
          import('../clients/tfchain/submit.ts'),
        ])
        return callsOf(network, (await readRuntime(chain, await finalizedHead(chain, { signal }), { signal })).runtime)
      }),
    row: requestId => rowOf(loadCall(books, requestId)),
    list,
  }
}

function callsOf(network: string, runtime: Extrinsics): QueryOutput<'chain.calls'> {
  return { network, specVersion: runtime.specVersion, calls: runtime.calls() }
}

function refuseToReplace({ stage, requestId }: StoredCall): void {
  if (stage === 'sent')
    throw refused(
      'under-way',
      'The call that this one is to replace may still come into a block. Wait until its blocks are over.',
      requestId,
    )
  if (stage === 'final')
    throw refused('done', 'The call that this one is to replace is done. Make a new one if it is wanted again.', requestId)
}

function named({ name, address }: { name: string; address: string }): string {
  return `key "${name}" (…${address.slice(-6)})`
}
