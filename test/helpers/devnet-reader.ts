import { getDynamicBuilder, getLookupFn } from '@polkadot-api/metadata-builders'
import { decAnyMetadata, unifyMetadata } from '@polkadot-api/substrate-bindings'
import { WebSocket } from 'ws'

/** Reads a devnet as another program would: a bare socket, and a library's decoders made from the served metadata. */
export interface DevnetReader {
  call<T>(method: string, params?: unknown[]): Promise<T>
  /** the whole answer, errors too */
  ask(method: string, params?: unknown[]): Promise<{ result?: unknown; error?: { code: number; message: string; data?: string } }>
  /** sends text as it is; the next message that has no id is the answer */
  send(text: string): Promise<unknown>
  /** resolves when the other side cuts the connection */
  closed: Promise<void>
  close(): void
}

export async function connect(url: string): Promise<DevnetReader> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  let lastId = 0
  const waiting = new Map<number, (answer: never) => void>()
  const others: ((answer: unknown) => void)[] = []
  socket.on('message', data => {
    const answer = JSON.parse(data.toString())
    if (typeof answer.id === 'number') waiting.get(answer.id)?.(answer as never)
    else others.shift()?.(answer)
  })
  const ask: DevnetReader['ask'] = (method, params = []) =>
    new Promise(resolve => {
      const id = ++lastId
      waiting.set(id, resolve)
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
  return {
    ask,
    async call<T>(method: string, params?: unknown[]) {
      const { result, error } = await ask(method, params)
      if (error) throw new Error(`${method}: ${error.code} ${error.message}`)
      return result as T
    },
    send: text =>
      new Promise(resolve => {
        others.push(resolve)
        socket.send(text)
      }),
    closed: new Promise(resolve => socket.once('close', () => resolve())),
    close: () => socket.terminate(),
  }
}

export interface DecodedEvent {
  name: string
  extrinsic: number
  data: unknown
}

/** Decoders of one runtime, by its metadata alone. Numbers come as text, bytes as UTF-8, so that values can be compared. */
export function decodersOf(metadata: string) {
  const builder = getDynamicBuilder(getLookupFn(unifyMetadata(decAnyMetadata(metadata as `0x${string}`))))
  return {
    events(hex: string): DecodedEvent[] {
      const records = builder.buildStorage('System', 'Events').value.dec(hex) as EventRecord[]
      return records.map(({ phase, event }) => ({
        name: `${event.type}.${event.value.type}`,
        extrinsic: phase.value,
        data: plain(event.value.value),
      }))
    },
    value: (pallet: string, item: string, hex: string): unknown => plain(builder.buildStorage(pallet, item).value.dec(hex)),
    key: (pallet: string, item: string, ...keys: unknown[]): string => builder.buildStorage(pallet, item).keys.enc(...keys),
  }
}

interface EventRecord {
  phase: { value: number }
  event: { type: string; value: { type: string; value: unknown } }
}

/** Numbers and bigints as text, bytes as UTF-8, nothing as null, all the way down. */
export function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
}
