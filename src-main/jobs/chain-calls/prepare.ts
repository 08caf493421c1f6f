import type { ChainCall } from '../../../src-shared/chain-contract.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { assetAmount } from '../../../src-shared/review-text.ts'
import { cleanName } from '../../../src-shared/text.ts'
import { callValue, sameCall } from '../../clients/tfchain/calls.ts'
import { createExtrinsics, ERA_BLOCKS, type Extrinsics, eraAt } from '../../clients/tfchain/extrinsic.ts'
import { expectedFee, type FinalHead, finalizedHead, nextIndex, readAccount, readValue } from '../../clients/tfchain/submit.ts'
import type { CallOptions, Chain, Hex } from '../../clients/tfchain/types.ts'
import { type CallTold, callsOfAccount, loadCallRuntime, type StoredCall, saveEnd } from '../../store/chain-calls.ts'
import type { Store } from '../../store/index.ts'
import { look } from './carry.ts'

export interface PrepareInput {
  network: string
  call: ChainCall
  signer: StoredCall['signer']
  /** the request whose place it takes */
  replaces: string | null
  /** it is signed on another machine: good for as long as the chain allows */
  offline: boolean
}

/** The bytes of a call and what there is to know of them before they are signed; nothing of it is kept yet. */
export interface PreparedCall {
  payload: Uint8Array
  metadata: Uint8Array
  specVersion: number
  nonce: number
  firstBlock: number
  lastBlock: number
  told: CallTold
  /** requests that this one makes pointless: never sent, of the same call or with blocks that are over */
  dropped: string[]
}

/**
 * Makes a call's bytes at the chain's finalized head. Rejects with AppError chain.refused where the chain has no such call, where the same
 * call of this account is under way, or where one that was given up turns out to be in a block; chain.* where the network can't be read.
 */
export async function prepareCall(chain: Chain, books: Store, input: PrepareInput, signal: AbortSignal): Promise<PreparedCall> {
  const options = { signal, priority: 'head' } as const
  const head = await finalizedHead(chain, options)
  const { metadata, runtime } = await readRuntime(chain, head, options)
  const missing = runtime.calls().find(({ kind }) => kind === input.call.kind)?.missing
  if (missing !== '') throw refused('no-call', `${missing ?? ''} Nothing was made.`)
  const own = callsOfAccount(books, input.network, input.signer.publicKey)
  const before = await settleFormer(chain, books, own, input, head, signal)
  const { nonce: used, freeUnits } = await readAccount(chain, runtime, input.signer.address, head, options)
  const nonce = await chooseNumber(chain, { ...input, used, taken: before.taken, mustReuse: before.mustReuse }, options)
  const payload = runtime.payload(callValue(input.call), {
    nonce,
    tip: 0n,
    era: eraAt(head.n, input.offline ? runtime.longestEra : ERA_BLOCKS),
    birthHash: head.hash,
    genesis: chain.genesis,
    specVersion: runtime.specVersion,
    transactionVersion: runtime.transactionVersion,
  })
  const { era } = runtime.decode(payload)
  // the length is all that counts for the fee
  const publicKey = Buffer.from(input.signer.publicKey, 'hex')
  const feeUnits = await expectedFee(chain, runtime.assemble(payload, { ...input.signer, publicKey }, new Uint8Array(64)), options)
  const warnings = await doubts(chain, runtime, input, head, options)
  if (feeUnits !== null && feeUnits > freeUnits)
    warnings.unshift('The account has less than the fee, so the chain will not take it. Send some TFT to it first.')
  return {
    payload,
    metadata,
    specVersion: runtime.specVersion,
    nonce,
    firstBlock: head.n,
    lastBlock: head.n + era.period - 1,
    told: { warnings, feeUnits, freeUnits },
    dropped: before.dropped,
  }
}

/** The chain's runtime after a block. */
export async function readRuntime(
  chain: Chain,
  head: FinalHead,
  options: CallOptions,
): Promise<{ metadata: Uint8Array; runtime: Extrinsics }> {
  const text = await chain.call<Hex>('state_getMetadata', [head.hash], options)
  const metadata = new Uint8Array(Buffer.from(text.slice(2), 'hex'))
  return { metadata, runtime: createExtrinsics(metadata) }
}

/** What the account's former requests mean for a new one. */
async function settleFormer(
  chain: Chain,
  books: Store,
  own: readonly StoredCall[],
  { call, replaces }: PrepareInput,
  head: FinalHead,
  signal: AbortSignal,
): Promise<{ taken: Set<number>; mustReuse: number | null; dropped: string[] }> {
  const taken = new Set<number>()
  const dropped: string[] = []
  let mustReuse: number | null = null
  for (const former of own) {
    const { stage, requestId, nonce, lastBlock } = former
    const isSame = sameCall(former.call, call)
    const isOver = lastBlock <= head.n
    if (stage === 'prepared' ? isSame || isOver : stage === 'signed' && (isOver || requestId === replaces)) dropped.push(requestId)
    else if (stage === 'signed' || stage === 'sent') {
      if (isSame)
        throw refused(
          'under-way',
          stage === 'sent'
            ? 'The same call of this account was sent and may still come into a block. Wait until it is known what became of it.'
            : 'The same call of this account is signed already. Submit it, or forget it first.',
          requestId,
        )
      taken.add(nonce)
    } else if (stage === 'refused' && !isOver && (isSame || requestId === replaces)) {
      const ended = await look(chain, books, createExtrinsics(loadCallRuntime(books, former.runtime)), requestId, signal)
      if (ended && ended.end.stage === 'final') {
        saveEnd(books, requestId, ended.end)
        throw refused(
          'done',
          `The call that the node said it did not take is in block ${ended.end.block.n}. Nothing more was made.`,
          requestId,
        )
      }
      // as long as its blocks are not over only the same number makes sure that just one of the two comes into a block
      if (ended === null) mustReuse = nonce
    }
  }
  return { taken, mustReuse, dropped }
}

async function chooseNumber(
  chain: Chain,
  { signer, used, taken, mustReuse }: { signer: StoredCall['signer']; used: number; taken: ReadonlySet<number>; mustReuse: number | null },
  options: CallOptions,
): Promise<number> {
  if (mustReuse !== null && mustReuse >= used && !taken.has(mustReuse)) return mustReuse
  let nonce = used
  while (taken.has(nonce)) nonce++
  // what waits in the node's pool may be of another program with the same key
  return Math.max(nonce, await nextIndex(chain, signer.address, options))
}

function refused(reason: string, message: string, requestId?: string): AppError {
  return new AppError('chain.refused', message, { details: { reason, ...(requestId !== undefined && { requestId }) } })
}

/** What the chain's state says against a call, in words. It would cost its fee and fail. */
async function doubts(
  chain: Chain,
  runtime: Extrinsics,
  { call, signer }: PrepareInput,
  head: FinalHead,
  options: CallOptions,
): Promise<string[]> {
  const read = async (pallet: string, item: string, ...keys: unknown[]): Promise<Record<string, unknown> | null> => {
    if (!runtime.hasStorage(pallet, item)) return {}
    const bytes = await readValue(chain, runtime.storageKey(pallet, item, ...keys), head, options)
    return bytes && (runtime.value(pallet, item, bytes) as Record<string, unknown>)
  }
  const ofFarm = async (farmId: unknown): Promise<string[]> => {
    const farm = await read('TfgridModule', 'Farms', farmId)
    if (farm === null) return [`The chain knows no farm ${String(farmId)}.`]
    const twin = farm.twin_id === undefined ? {} : await read('TfgridModule', 'Twins', farm.twin_id)
    if (twin?.account_id === undefined || twin.account_id === signer.address) return []
    return [`Farm ${String(farmId)} (${nameOf(farm.name)}) belongs to the account ${String(twin.account_id)}, not to this key.`]
  }
  switch (call.kind) {
    case 'vote': {
      const proposal = await read('Dao', 'Proposals', call.proposal)
      const unknown = proposal === null ? ['The chain knows no proposal with this hash.'] : []
      return [...unknown, ...(await ofFarm(call.farmId))]
    }
    case 'payout-address': {
      const warnings = await ofFarm(call.farmId)
      const item = 'FarmPayoutV2AddressByFarmID'
      const stored = (await read('TfgridModule', item, call.farmId)) as Uint8Array | null
      const present = stored instanceof Uint8Array ? nameOf(stored) : ''
      if (present === call.address) warnings.push('The farm has this address already.')
      else if (present !== '')
        warnings.push(`Payouts of farm ${call.farmId} go to ${present} now. From this call on they go to the new address.`)
      return warnings
    }
    case 'claim': {
      const node = await read('TfgridModule', 'Nodes', call.nodeId)
      if (node === null) return [`The chain knows no node ${call.nodeId}.`]
      return node.farm_id === undefined ? [] : ofFarm(node.farm_id)
    }
    case 'submit-amount': {
      const signers = (await readPlain('Signers')) as unknown
      const isSigner = !Array.isArray(signers) || signers.includes(signer.address)
      const warnings = isSigner ? [] : ['This key is none of the signers that the chain’s minting knows.']
      return [...warnings, ...(await ofMint(call, ['OfflineAmount', 'VerifiedAmount'], BigInt(call.amountUnits)))]
    }
    case 'trigger':
      return ofMint(call, ['Permissionless'])
  }

  async function readPlain(item: string): Promise<unknown> {
    if (!runtime.hasStorage('Minting', item)) return undefined
    const bytes = await readValue(chain, runtime.storageKey('Minting', item), head, options)
    return bytes === null ? undefined : runtime.value('Minting', item, bytes)
  }

  /** What the chain's own record of a mint says against it. */
  async function ofMint(mint: { nodeId: number; periodStart: number }, modes: readonly string[], units?: bigint): Promise<string[]> {
    const warnings: string[] = []
    const mode = (await readPlain('Mode')) as { type?: string } | undefined
    if (mode?.type !== undefined && !modes.includes(mode.type)) warnings.push(`The chain pays mints another way now: ${mode.type}.`)
    const info = await read('Minting', 'MintingInfos', mint.nodeId, BigInt(mint.periodStart))
    if (info === null) warnings.push(`The chain has no mint of node ${mint.nodeId} for this period.`)
    else if (typeof info.paid === 'bigint') warnings.push(`The chain paid this mint already: ${assetAmount(info.paid, 'TFT')}.`)
    else if (units !== undefined && typeof info.amount === 'bigint' && info.amount !== units)
      warnings.push(`The chain worked out another amount for this mint: ${assetAmount(info.amount, 'TFT')}.`)
    return warnings
  }
}

function nameOf(bytes: unknown): string {
  return bytes instanceof Uint8Array ? cleanName(Buffer.from(bytes).toString('utf8')) : ''
}
