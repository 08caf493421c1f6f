import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { headerHash } from '../../src-main/clients/tfchain/header.ts'
import type { BlockKeys } from '../../src-main/clients/tfchain/read-blocks.ts'
import type { Hex, RawHeader } from '../../src-main/clients/tfchain/types.ts'

/*
 * A chain made of nothing but headers and a few storage items, and a scripted node that serves it over a WebSocket on
 * 127.0.0.1: honest until a test tells it otherwise.
 */

/** the keys of every Substrate chain */
export const systemKeys: BlockKeys = {
  events: '0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7',
  timestamp: '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb',
  parentHash: '0x26aa394eea5630e07c48ae0c9558cef78a42f33323cb5ced3b44dd825fda9fcc',
  number: '0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac',
}

export interface FakeBlock {
  n: number
  hash: Hex
  header: RawHeader
  timestampMs: number
  storage: Record<Hex, Hex>
}

export interface FakeChainOptions {
  /** other salt, other hashes */
  salt?: number
  timestampMs?: (n: number) => number
  events?: (n: number) => Hex
}

/** Blocks 0 to `head`, six seconds apart; block 0 has no time, as on a real chain. */
export function makeFakeChain(head: number, options: FakeChainOptions = {}): FakeBlock[] {
  const { salt = 1, timestampMs = n => 1_700_000_000_000 + n * 6000, events = n => `0x04${littleEndian(n, 8)}` } = options
  const blocks: FakeBlock[] = []
  let parentHash = `0x${'00'.repeat(32)}`
  for (let n = 0; n <= head; n++) {
    const header = {
      parentHash,
      number: `0x${n.toString(16)}`,
      stateRoot: `0x${littleEndian(n * 7 + salt, 32)}`,
      extrinsicsRoot: `0x${littleEndian(n, 32)}`,
      digest: { logs: n === 0 ? [] : [`0x0661757261${littleEndian(n, 9)}`] },
    }
    const storage: Record<Hex, Hex> =
      n === 0
        ? {}
        : {
            [systemKeys.events]: events(n),
            [systemKeys.timestamp]: `0x${littleEndian(timestampMs(n), 8)}`,
            [systemKeys.parentHash]: parentHash,
            [systemKeys.number]: `0x${littleEndian(n, 4)}`,
          }
    const hash = headerHash(header)
    blocks.push({ n, hash, header, timestampMs: n === 0 ? 0 : timestampMs(n), storage })
    parentHash = hash
  }
  return blocks
}

export function littleEndian(value: number, size: number): string {
  const bytes = Buffer.alloc(Math.max(size, 8))
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes.subarray(0, size).toString('hex')
}

/** What a test may throw for a JSON-RPC error. */
export class RpcFault extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** How a node misbehaves; a test changes it at any time. */
export interface Faults {
  delayMs: number
  /** closes a connection after so many requests; 0: never */
  dropAfter: number
  /** answers nothing at all any more, but keeps connections */
  stalls: boolean
  /** chain_getBlockHash takes one number only */
  refusesLists: boolean
  /** the state of blocks below it is thrown away */
  prunedBelow: number
  /** no subscriptions */
  withoutSubscriptions: boolean
  /** its place, instead of the honest answer; throw RpcFault for an error. `undefined` gives no answer */
  answer: ((method: string, params: unknown[], honest: () => unknown) => unknown) | null
}

export interface FakeNode {
  readonly url: string
  readonly faults: Faults
  /** everything that was asked, in order */
  readonly asked: { method: string; params: unknown[] }[]
  /** blocks up to here are finalized; subscribers are told */
  finalize(n: number): void
  /** sends that text as it is to everybody */
  shout(text: string | Buffer): void
  connections(): number
  /** how many there were in all */
  connected(): number
  dropAll(): void
  close(): Promise<void>
}

export async function startFakeNode(blocks: FakeBlock[], faults: Partial<Faults> = {}, head = blocks.length - 1): Promise<FakeNode> {
  const rules: Faults = {
    delayMs: 0,
    dropAfter: 0,
    stalls: false,
    refusesLists: false,
    prunedBelow: 0,
    withoutSubscriptions: false,
    answer: null,
    ...faults,
  }
  const byHash = new Map(blocks.map(block => [block.hash, block]))
  const asked: FakeNode['asked'] = []
  const subscribers = new Map<WebSocket, string>()
  let finalized = head
  let connected = 0
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await new Promise(resolve => server.once('listening', resolve))

  const blockOf = (hash: unknown) => {
    const block = hash === undefined || hash === null ? blocks[finalized] : byHash.get(hash as Hex)
    if (!block || block.n > finalized) throw new RpcFault(4003, `Client error: UnknownBlock: Header was not found in the database: ${hash}`)
    return block
  }
  const hashOf = (n: unknown) => (Number(n) <= finalized ? (blocks[Number(n)]?.hash ?? null) : null)
  const stateOf = (hash: unknown) => {
    const block = blockOf(hash)
    if (block.n < rules.prunedBelow) throw new RpcFault(4003, `Client error: UnknownBlock: State already discarded for ${block.hash}`)
    return block
  }
  const honest: Record<string, (params: unknown[]) => unknown> = {
    chain_getBlockHash([n]) {
      if (!Array.isArray(n)) return n === undefined || n === null ? blocks[finalized]!.hash : hashOf(n)
      if (rules.refusesLists) throw new RpcFault(-32602, 'invalid type: sequence, expected a number')
      return n.map(hashOf)
    },
    chain_getFinalizedHead: () => blocks[finalized]!.hash,
    chain_getHeader: ([hash]) => blockOf(hash).header,
    state_getStorage: ([key, hash]) => stateOf(hash).storage[key as Hex] ?? null,
    state_queryStorageAt([keys, hash]) {
      const block = stateOf(hash)
      // in an order of its own: whoever matches by place is wrong
      return [{ block: block.hash, changes: (keys as Hex[]).toReversed().map(key => [key, block.storage[key] ?? null]) }]
    },
  }

  function answerTo(method: string, params: unknown[]): unknown {
    const plain = () => {
      const serve = honest[method]
      if (!serve) throw new RpcFault(-32601, 'Method not found')
      return serve(params)
    }
    return rules.answer ? rules.answer(method, params, plain) : plain()
  }

  const tell = (socket: WebSocket, subscription: string) =>
    socket.send(
      JSON.stringify({ jsonrpc: '2.0', method: 'chain_finalizedHead', params: { subscription, result: blocks[finalized]!.header } }),
    )

  server.on('connection', socket => {
    connected++
    let served = 0
    socket.on('close', () => subscribers.delete(socket))
    socket.on('message', data => {
      if (rules.stalls) return
      if (rules.dropAfter > 0 && ++served > rules.dropAfter) return socket.terminate()
      const { id, method, params } = JSON.parse(String(data)) as { id: number; method: string; params: unknown[] }
      asked.push({ method, params })
      let body: { result: unknown } | { error: { code: number; message: string } }
      try {
        if (method === 'chain_subscribeFinalizedHeads' && !rules.withoutSubscriptions) {
          const subscription = `s${connected}-${served}-${id}`
          subscribers.set(socket, subscription)
          body = { result: subscription }
          setTimeout(() => socket.readyState === socket.OPEN && tell(socket, subscription), rules.delayMs + 1)
        } else if (method === 'chain_unsubscribeFinalizedHeads') body = { result: subscribers.delete(socket) }
        else {
          const result = answerTo(method, params)
          if (result === undefined) return
          body = { result }
        }
      } catch (error) {
        if (!(error instanceof RpcFault)) throw error
        body = { error: { code: error.code, message: error.message } }
      }
      const send = () => socket.readyState === socket.OPEN && socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...body }))
      if (rules.delayMs > 0) setTimeout(send, rules.delayMs)
      else send()
    })
  })

  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: rules,
    asked,
    finalize(n) {
      finalized = n
      if (!rules.stalls) for (const [socket, subscription] of subscribers) tell(socket, subscription)
    },
    shout(text) {
      for (const socket of server.clients) socket.send(text)
    },
    connections: () => server.clients.size,
    connected: () => connected,
    dropAll() {
      for (const socket of server.clients) socket.terminate()
    },
    async close() {
      for (const socket of server.clients) socket.terminate()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
