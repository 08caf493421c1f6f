import { Blake2256 } from '@polkadot-api/substrate-bindings'
import { type ChainHeader, type DevChain, hex } from './chain.ts'
import { encodeRecords } from './event-log.ts'
import { decodeExtrinsic, feeOf, rpcError } from './extrinsic.ts'
import type { Faults } from './faults.ts'
import type { Pool } from './pool.ts'
import { type DevnetRuntime, devnetRuntimes } from './runtime.ts'
import type { Value } from './scale.ts'

/** What the answers are made of. `faults` may change while the endpoint runs. */
export interface RpcSource {
  chain: DevChain
  pool: Pool
  faults: Faults
  chainName: string
}

/** One connection's notifications. */
export interface Subscriber {
  /** gives an id; `start` gets what sends a notification and returns the stop */
  subscribe(method: string, start: (send: (result: unknown) => void) => () => void): string
  unsubscribe(id: string): boolean
}

/** Answers a request with the result as JSON text; throws JSON-RPC errors. */
export type RpcMethod = (params: readonly unknown[], connection: Subscriber) => string | Promise<string>

const MOST_KEYS = 1_000
const invalidParams = (why: string) => rpcError(-32602, 'Invalid params', why)
const json = (value: unknown): string => JSON.stringify(value)

/** The methods of a chain node that Granary and @polkadot/api use, by name. */
export function createRpcMethods(source: RpcSource): Record<string, RpcMethod> {
  const { chain, pool } = source
  const storage = createStorageReader(source)

  /** the height of a block hash; without one, the head */
  const heightOf = (hash: unknown): number => {
    if (hash === undefined || hash === null) return chain.head()
    const height = knownHeight(hash)
    if (height === undefined) throw rpcError(4003, 'Client error: UnknownBlock', `Header was not found in the database: ${String(hash)}`)
    return height
  }
  const knownHeight = (hash: unknown): number | undefined => {
    if (typeof hash !== 'string' || !/^0x[0-9a-fA-F]{64}$/.test(hash)) throw invalidParams('a block hash is 0x and 64 hex digits')
    return chain.numberOf(hash)
  }
  /** as heightOf, for methods that read state: pruned blocks have none */
  const stateHeight = (hash: unknown): number => {
    const height = heightOf(hash)
    if (source.faults.prunedBelow !== undefined && height < source.faults.prunedBelow)
      throw rpcError(4003, `Client error: UnknownBlock: State already discarded for ${chain.hash(height)}`)
    return height
  }
  const hashAt = (number: unknown): string | null => {
    const height = typeof number === 'string' ? Number.parseInt(number, number.startsWith('0x') ? 16 : 10) : number
    if (typeof height !== 'number' || !Number.isInteger(height) || height < 0) throw invalidParams('a block number is a whole number')
    return height > chain.head() ? null : chain.hash(height)
  }
  const headerAt = (height: number): ChainHeader => {
    const header = chain.header(height)
    return height === source.faults.lieAboutParent ? { ...header, parentHash: lie(header.parentHash) } : header
  }
  /** a header or block of an unknown hash is null, as a node says it */
  const headerOf = (hash: unknown): ChainHeader | null => {
    const height = hash === undefined || hash === null ? chain.head() : knownHeight(hash)
    return height === undefined ? null : headerAt(height)
  }
  const keyText = (key: unknown): string => {
    if (typeof key !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(key)) throw invalidParams('a storage key is 0x and hex digits')
    return key.toLowerCase()
  }
  const keyList = (keys: unknown): string[] => {
    if (!Array.isArray(keys)) throw invalidParams('a list of storage keys is expected')
    return keys.map(keyText)
  }
  const changeSet = (keys: readonly string[], height: number): string => {
    const changes = keys.map(key => {
      const value = storage(key, height)
      return value === null ? `["${key}",null]` : `["${key}","${value}"]`
    })
    return `{"block":"${chain.hash(height)}","changes":[${changes.join(',')}]}`
  }
  const valueAt = ([key, hash]: readonly unknown[]): string | null => storage(keyText(key), stateHeight(hash))
  const runtimeText = (height: number): string => json(chain.runtimeAfter(height).version)
  const heads =
    (name: string): RpcMethod =>
    (_, connection) =>
      json(
        connection.subscribe(name, send => {
          send(headerAt(chain.head()))
          return chain.onSealed(height => send(headerAt(height)))
        }),
      )
  const stop: RpcMethod = ([id], connection) => json(connection.unsubscribe(String(id)))
  const bytesOf = (text: unknown): Buffer => Buffer.from(keyText(text).slice(2), 'hex')
  const dispatchInfo = (extrinsic: unknown) => {
    const bytes = bytesOf(extrinsic)
    decodeExtrinsic(bytes, chain.runtimeAfter(chain.head()))
    return { weight: { ref_time: 262_074_000, proof_size: 1_493 }, class: 'normal', partialFee: String(feeOf(bytes.length)) }
  }

  const methods: Record<string, RpcMethod> = {
    chain_getBlockHash: ([number]) => {
      if (number === undefined || number === null) return json(chain.hash(chain.head()))
      if (!Array.isArray(number)) return json(hashAt(number))
      if (source.faults.refuseLists) throw invalidParams('invalid type: sequence, expected a block number')
      return json(number.map(hashAt))
    },
    chain_getFinalizedHead: () => json(chain.hash(chain.head())),
    chain_getHeader: ([hash]) => json(headerOf(hash)),
    chain_getBlock: ([hash]) => {
      const header = headerOf(hash)
      if (header === null) return 'null'
      return json({ block: { header, extrinsics: chain.extrinsics(Number(header.number)) }, justifications: null })
    },
    chain_subscribeNewHeads: heads('chain_newHead'),
    chain_subscribeFinalizedHeads: heads('chain_finalizedHead'),
    chain_subscribeAllHeads: heads('chain_allHead'),
    chain_unsubscribeNewHeads: stop,
    chain_unsubscribeFinalizedHeads: stop,
    chain_unsubscribeAllHeads: stop,

    state_getMetadata: ([hash]) => `"${chain.runtimeAfter(stateHeight(hash)).metadata}"`,
    state_getRuntimeVersion: ([hash]) => runtimeText(stateHeight(hash)),
    state_subscribeRuntimeVersion: (_, connection) =>
      json(
        connection.subscribe('state_runtimeVersion', send => {
          send(chain.runtimeAfter(chain.head()).version)
          return chain.onSealed(height => {
            if (chain.runtimeAfter(height) !== chain.runtimeAfter(height - 1)) send(chain.runtimeAfter(height).version)
          })
        }),
      ),
    state_unsubscribeRuntimeVersion: stop,
    state_getStorage: params => json(valueAt(params)),
    state_getStorageSize: params => {
      const value = valueAt(params)
      return json(value === null ? null : value.length / 2 - 1)
    },
    state_getStorageHash: params => {
      const value = valueAt(params)
      return json(value === null ? null : hex(Blake2256(Buffer.from(value.slice(2), 'hex'))))
    },
    state_queryStorageAt: ([keys, hash]) => `[${changeSet(keyList(keys), stateHeight(hash))}]`,
    state_getKeysPaged: ([prefix, count, start, hash]) => {
      const wanted = Number(count)
      if (!(wanted >= 0 && wanted <= MOST_KEYS))
        throw rpcError(4002, `count exceeds maximum value. value: ${String(count)}, max: ${MOST_KEYS}`)
      const from = start === undefined || start === null ? '' : keyText(start)
      return json(chain.state.keys(keyText(prefix ?? '0x'), stateHeight(hash), from, wanted))
    },
    state_subscribeStorage: ([keys], connection) => {
      const wanted = keyList(keys)
      let told: (string | null)[] = []
      return json(
        connection.subscribe('state_storage', send => {
          const tell = (height: number): void => {
            const values = wanted.map(key => storage(key, height))
            const changes = wanted.map((key, index) => [key, values[index]!]).filter((_, index) => told[index] !== values[index])
            told = values
            if (changes.length > 0) send({ block: chain.hash(height), changes })
          }
          tell(chain.head())
          return chain.onSealed(tell)
        }),
      )
    },
    state_unsubscribeStorage: stop,
    state_call: ([name, data, hash]) => {
      const runtime = chain.runtimeAfter(stateHeight(hash))
      switch (name) {
        case 'AccountNonceApi_account_nonce':
          return json(encodeAs(runtime, 'u32', pool.nextNonce(bytesOf(data).subarray(0, 32))))
        case 'TransactionPaymentApi_query_info': {
          // The extrinsic, then its length as u32.
          const extrinsic = bytesOf(data).subarray(0, -4)
          const { weight } = dispatchInfo(hex(extrinsic))
          return json(encodeAs(runtime, 'RuntimeDispatchInfo', { weight, class: 'Normal', partial_fee: feeOf(extrinsic.length) }))
        }
        case 'Metadata_metadata':
          return json(encodeAs(runtime, 'Bytes', metadataBytes(runtime)))
        case 'Metadata_metadata_versions':
          return json(encodeAs(runtime, 'Vec<u32>', [METADATA_VERSION]))
        case 'Metadata_metadata_at_version': {
          const isOurs = bytesOf(data).readUInt32LE() === METADATA_VERSION
          return json(encodeAs(runtime, 'Option<Bytes>', isOurs ? metadataBytes(runtime) : null))
        }
        default:
          throw rpcError(4003, 'Client error: Execution failed', `Exported method ${String(name)} is not found`)
      }
    },

    system_chain: () => json(source.chainName),
    system_chainType: () => json('Development'),
    system_name: () => json('Granary devnet'),
    system_version: () => json('1.0.0'),
    system_properties: () => json({ ss58Format: 42, tokenDecimals: 7, tokenSymbol: 'TFT' }),
    system_health: () => json({ peers: 0, isSyncing: false, shouldHavePeers: false }),
    system_accountNextIndex: async ([address]) => {
      const { decodeAddress } = await import('@polkadot/util-crypto')
      return json(pool.nextNonce(Buffer.from(decodeAddress(String(address)))))
    },

    author_submitExtrinsic: async ([extrinsic]) => json(await pool.submit(bytesOf(extrinsic))),
    author_submitAndWatchExtrinsic: async ([extrinsic], connection) => {
      let send: (status: unknown) => void = () => undefined
      const early: unknown[] = []
      let started = false
      await pool.submit(bytesOf(extrinsic), status => (started ? send(status) : early.push(status)))
      return json(
        connection.subscribe('author_extrinsicUpdate', sendUpdate => {
          send = sendUpdate
          started = true
          for (const status of early) send(status)
          return () => {
            send = () => undefined
          }
        }),
      )
    },
    author_unwatchExtrinsic: stop,
    author_pendingExtrinsics: () => json(pool.pending()),
    payment_queryInfo: ([extrinsic]) => json(dispatchInfo(extrinsic)),
  }
  methods.chain_getHead = methods.chain_getBlockHash!
  methods.state_getStorageAt = methods.state_getStorage!
  methods.state_getRuntimeVersionAt = methods.state_getRuntimeVersion!
  methods.rpc_methods = () => json({ methods: Object.keys(methods).sort() })
  return methods
}

function encodeAs(runtime: DevnetRuntime, type: string, value: Value): string {
  return hex(runtime.encode(type, value))
}

const METADATA_VERSION = 14

function metadataBytes(runtime: DevnetRuntime): Buffer {
  return Buffer.from(runtime.metadata.slice(2), 'hex')
}

/** Storage at a height: what the history has, and the values that every block has anew. */
function createStorageReader(source: RpcSource): (key: string, height: number) => string | null {
  const { chain } = source
  const [first] = devnetRuntimes()
  const key = (pallet: string, item: string): string => first.storageKey(pallet, item)
  const u32 = Buffer.alloc(4)
  const u64 = Buffer.alloc(8)
  const numberText = (value: number): string => {
    u32.writeUInt32LE(value)
    return hex(u32)
  }
  const made: Record<string, (height: number) => string> = {
    [key('System', 'Number')]: numberText,
    [key('System', 'Events')]: height => hex(eventsWithFaults(source, height)),
    [key('System', 'EventCount')]: height => numberText(chain.records(height).length),
    [key('System', 'ParentHash')]: height => {
      const parent = chain.hash(height - 1)
      return height === source.faults.lieAboutParent ? lie(parent) : parent
    },
    [key('System', 'LastRuntimeUpgrade')]: height => {
      const runtime = chain.runtimeOf(height)
      return runtime.encodeStorage('System', 'LastRuntimeUpgrade', {
        spec_version: runtime.specVersion,
        spec_name: 'substrate-threefold',
      })
    },
    [key('Timestamp', 'Now')]: height => {
      u64.writeBigUInt64LE(BigInt(chain.tsOf(height)) * 1000n)
      return hex(u64)
    },
    // There is no runtime code; that it changes with the runtime is what readers look for.
    [CODE_KEY]: height => hex(Buffer.from(`no code, spec ${chain.runtimeAfter(height).specVersion}`)),
  }
  const byKey = new Map(Object.entries(made))
  return (wanted, height) => {
    const make = byKey.get(wanted)
    if (make) return make(height)
    const value = chain.state.at(wanted, height)
    const { wrongPayout, wrongPrice } = source.faults
    if (wrongPrice !== undefined && wanted === key('TfgridModule', 'ConnectionPrice')) return numberText(wrongPrice)
    if (value === null || wrongPayout === undefined) return value
    const isWrong = wanted === first.storageKey('TfgridModule', 'FarmPayoutV2AddressByFarmID', wrongPayout)
    return isWrong ? `${value.slice(0, -2)}${value.endsWith('41') ? '42' : '41'}` : value
  }
}

/** `:code` */
const CODE_KEY = '0x3a636f6465'

function eventsWithFaults({ chain, faults }: RpcSource, height: number): Buffer {
  if (height !== faults.wrongEvents && height !== faults.undecodable) return chain.events(height)
  const records = chain.records(height)
  if (height === faults.wrongEvents) return encodeRecords(records.slice(0, 1))
  const [head, ...rest] = records
  const strange = Buffer.from(head!.event)
  strange[1] = 0xfe
  return encodeRecords([{ ...head!, event: strange }, ...rest])
}

/** Another hash, the same each time. */
function lie(hash: string): string {
  return hex(Blake2256(Buffer.from(hash)))
}
