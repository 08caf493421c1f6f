import { createHash } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type ChainCall, type ChainStage, chainCallSchema } from '../../src-shared/chain-contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { bigintText } from '../../src-shared/mint.ts'
import { writeTransaction } from './db.ts'
import type { Store } from './open.ts'
import type { ChainCallsTable } from './schema.ts'
import { books, change, row, rows } from './sql.ts'

/** What was said when a call was prepared: what there is to think about, and what a node expected; units of 1e-7 TFT, null: it did not say. */
const toldSchema = z.object({ warnings: z.array(z.string()), feeUnits: bigintText.nullable(), freeUnits: bigintText.nullable() })
export type CallTold = z.infer<typeof toldSchema>

/** A call to the grid's chain as the books have it. */
export interface StoredCall {
  requestId: string
  network: string
  call: ChainCall
  /** hex, 32 bytes */
  signer: { kind: 'sr25519' | 'ed25519'; publicKey: string; address: string }
  payload: Uint8Array
  /** names its metadata (loadCallRuntime) */
  runtime: string
  nonce: number
  /** it may stand in the blocks after this one, up to and with the last */
  firstBlock: number
  lastBlock: number
  extrinsic: Uint8Array | null
  hash: string | null
  stage: ChainStage
  attempts: number
  searchedTo: number
  block: { n: number; hash: string } | null
  error: string | null
  feeUnits: bigint | null
  note: string
  replaces: string | null
  told: CallTold
  createdTs: number
  sentTs: number | null
  endedTs: number | null
}

export type NewCall = Pick<
  StoredCall,
  'requestId' | 'network' | 'call' | 'signer' | 'payload' | 'runtime' | 'nonce' | 'firstBlock' | 'lastBlock' | 'replaces' | 'told'
>

/** Newest first. */
export function listCalls(store: Store, { offset, limit }: { offset: number; limit: number }): { rows: StoredCall[]; total: number } {
  const query = books.selectFrom('chain_calls').selectAll().orderBy('created_ts', 'desc').orderBy('id').limit(limit).offset(offset)
  const total = row(store.books, books.selectFrom('chain_calls').select(books.fn.countAll<number>().as('n')))?.n ?? 0
  return { rows: rows(store.books, query).map(toCall), total }
}

/** Those that were sent and have not ended. */
export function callsUnderWay(store: Store): StoredCall[] {
  return rows(store.books, books.selectFrom('chain_calls').selectAll().where('stage', '=', 'sent').orderBy('created_ts')).map(toCall)
}

/** Those that are signed and have not ended: each holds its number, so its account's next call waits for it. */
export function callsHoldingNumbers(store: Store): StoredCall[] {
  return rows(store.books, books.selectFrom('chain_calls').selectAll().where('stage', 'in', ['signed', 'sent']).orderBy('created_ts')).map(
    toCall,
  )
}

/** Those that are not signed yet, of every network. */
export function callsToSign(store: Store): StoredCall[] {
  return rows(store.books, books.selectFrom('chain_calls').selectAll().where('stage', '=', 'prepared').orderBy('created_ts')).map(toCall)
}

/** Every call of one account. */
export function callsOfAccount(store: Store, network: string, publicKey: string): StoredCall[] {
  const query = books.selectFrom('chain_calls').selectAll().where('network', '=', network).where('public_key', '=', publicKey)
  return rows(store.books, query.orderBy('created_ts')).map(toCall)
}

/** By its id or a beginning of it. Throws AppError not-found, usage. */
export function loadCall(store: Store, requestId: string): StoredCall {
  const found = /^[0-9a-f-]{4,36}$/.test(requestId)
    ? rows(store.books, books.selectFrom('chain_calls').selectAll().where('id', '>=', requestId).where('id', '<=', `${requestId}g`))
    : []
  if (found.length > 1) throw new AppError('usage', `More than one call begins with ${requestId}. Give more of its id.`)
  if (!found[0])
    throw new AppError('not-found', `There is no call ${requestId} to the chain. It may have been taken out of the list.`, {
      details: { requestId },
    })
  return toCall(found[0])
}

/** Whoever calls it holds the transaction. */
export function insertCall(store: Store, call: NewCall): void {
  const { requestId, signer, payload, replaces, told } = call
  change(
    store.books,
    books.insertInto('chain_calls').values({
      id: requestId,
      network: call.network,
      call: JSON.stringify(call.call),
      key_kind: signer.kind,
      public_key: signer.publicKey,
      address: signer.address,
      payload: Buffer.from(payload),
      runtime: call.runtime,
      nonce: call.nonce,
      first_block: call.firstBlock,
      last_block: call.lastBlock,
      extrinsic: null,
      hash: null,
      stage: 'prepared',
      attempts: 0,
      searched_to: call.firstBlock,
      block_n: null,
      block_hash: null,
      error: null,
      fee_units: null,
      note: '',
      replaces,
      told: JSON.stringify(toldSchema.encode(told)),
      created_ts: store.now(),
      sent_ts: null,
      ended_ts: null,
    }),
  )
}

const changeOf = (store: Store, requestId: string, values: Partial<Selectable<ChainCallsTable>>): void =>
  void change(store.books, books.updateTable('chain_calls').set(values).where('id', '=', requestId))

/** Keeps the signed bytes. Throws AppError chain.refused where another one with this number is signed or sent. Whoever calls it holds the transaction. */
export function saveSigned(store: Store, requestId: string, extrinsic: Uint8Array, hash: string): void {
  const { network, signer, nonce } = loadCall(store, requestId)
  const query = books.selectFrom('chain_calls').select('id').where('network', '=', network).where('public_key', '=', signer.publicKey)
  const other = row(store.books, query.where('nonce', '=', nonce).where('stage', 'in', ['signed', 'sent']))
  if (other && other.id !== requestId)
    throw new AppError('chain.refused', `Another call with number ${nonce} of this account was signed meanwhile. Prepare this one again.`, {
      details: { reason: 'number', requestId: other.id },
    })
  changeOf(store, requestId, { extrinsic: Buffer.from(extrinsic), hash, stage: 'signed' })
}

/** From here on it may stand in a block. Whoever calls it holds the transaction, and sends nothing before that is committed. */
export function saveSubmitted(store: Store, requestId: string): void {
  changeOf(store, requestId, { stage: 'sent', sent_ts: store.now(), note: 'is about to be sent' })
}

/** To be called, and committed by this, right before the bytes leave. */
export function saveAttempt(store: Store, requestId: string): number {
  return writeTransaction(store.books, 'books.db', () => {
    const { attempts } = loadCall(store, requestId)
    changeOf(store, requestId, { attempts: attempts + 1 })
    return attempts + 1
  })
}

export function saveProgress(store: Store, requestId: string, { searchedTo, note }: { searchedTo?: number; note?: string }): void {
  writeTransaction(store.books, 'books.db', () =>
    changeOf(store, requestId, { ...(searchedTo !== undefined && { searched_to: searchedTo }), ...(note !== undefined && { note }) }),
  )
}

/** How a call ended. */
export type CallEnd =
  | { stage: 'final'; block: { n: number; hash: string }; error: string | null; feeUnits: bigint | null; note: string }
  | { stage: 'refused' | 'expired' | 'overtaken'; note: string }

export function saveEnd(store: Store, requestId: string, end: CallEnd): void {
  const outcome =
    end.stage === 'final'
      ? { block_n: end.block.n, block_hash: end.block.hash, error: end.error, fee_units: end.feeUnits?.toString() ?? null }
      : {}
  writeTransaction(store.books, 'books.db', () =>
    changeOf(store, requestId, { stage: end.stage, note: end.note, ended_ts: store.now(), ...outcome }),
  )
}

/** Throws AppError chain.refused for one that may still come into a block. Whoever calls it holds the transaction. */
export function deleteCall(store: Store, requestId: string): void {
  if (loadCall(store, requestId).stage === 'sent')
    throw new AppError(
      'chain.refused',
      'This call was sent and may still come into a block, so it stays in the list until that is known.',
      {
        details: { reason: 'under-way', requestId },
      },
    )
  change(store.books, books.deleteFrom('chain_calls').where('id', '=', requestId))
}

/** SHA-256, hex. */
export function metadataHash(metadata: Uint8Array): string {
  return createHash('sha256').update(metadata).digest('hex')
}

/** Keeps metadata that calls are made for; gives its name. Whoever calls it holds the transaction. */
export function saveCallRuntime(store: Store, network: string, specVersion: number, metadata: Uint8Array): string {
  const hash = metadataHash(metadata)
  const values = { hash, network, spec_version: specVersion, metadata: zstdCompressSync(metadata), added_ts: store.now() }
  change(
    store.books,
    books
      .insertInto('chain_runtimes')
      .values(values)
      .onConflict(conflict => conflict.column('hash').doUpdateSet({ added_ts: store.now() })),
  )
  return hash
}

/** Throws AppError store.corrupt where it is not what it was. */
export function loadCallRuntime(store: Store, hash: string): Uint8Array {
  const found = row(store.books, books.selectFrom('chain_runtimes').select('metadata').where('hash', '=', hash))
  const metadata = found && zstdDecompressSync(found.metadata)
  if (metadata && metadataHash(metadata) === hash) return metadata
  throw new AppError('store.corrupt', 'The runtime that this call was made for can’t be read in books.db. Prepare the call again.')
}

/** Runtimes that a network's chain had when calls were made; networks may have the same ones, which are kept once. */
function runtimesOf(network: string) {
  const called = books.selectFrom('chain_calls').select('runtime').where('network', '=', network)
  const query = books.selectFrom('chain_runtimes').select(['hash', 'spec_version'])
  return query.where(where => where.or([where('network', '=', network), where('hash', 'in', called)]))
}

/** Names of the metadata that calls for this runtime of a network were made with here. */
export function callRuntimesOf(store: Store, network: string, specVersion: number): string[] {
  return rows(store.books, runtimesOf(network).where('spec_version', '=', specVersion)).map(({ hash }) => hash)
}

/** The metadata that was used last for a network; null: none yet. */
export function latestCallRuntime(store: Store, network: string): { hash: string; specVersion: number } | null {
  const query = runtimesOf(network).orderBy('added_ts', 'desc').orderBy('spec_version', 'desc')
  const found = row(store.books, query.limit(1))
  return found ? { hash: found.hash, specVersion: found.spec_version } : null
}

function toCall(found: Selectable<ChainCallsTable>): StoredCall {
  return {
    requestId: found.id,
    network: found.network,
    call: chainCallSchema.parse(JSON.parse(found.call)),
    signer: { kind: found.key_kind, publicKey: found.public_key, address: found.address },
    payload: new Uint8Array(found.payload),
    runtime: found.runtime,
    nonce: found.nonce,
    firstBlock: found.first_block,
    lastBlock: found.last_block,
    extrinsic: found.extrinsic && new Uint8Array(found.extrinsic),
    hash: found.hash,
    stage: found.stage,
    attempts: found.attempts,
    searchedTo: found.searched_to,
    block: found.block_n === null ? null : { n: found.block_n, hash: found.block_hash ?? '' },
    error: found.error,
    feeUnits: found.fee_units === null ? null : BigInt(found.fee_units),
    note: found.note,
    replaces: found.replaces,
    told: toldSchema.parse(JSON.parse(found.told)),
    createdTs: found.created_ts,
    sentTs: found.sent_ts,
    endedTs: found.ended_ts,
  }
}
