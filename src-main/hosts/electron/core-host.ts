import { randomUUID } from 'node:crypto'
import type { Actor, Core } from '../../../src-shared/contract.ts'
import { toPlainError } from '../../../src-shared/errors.ts'
import type { TextPort } from '../../../src-shared/rpc-client.ts'
import { type RpcConnection, serveConnection } from '../rpc/server.ts'
import type { FromCoreProcess, ToCoreProcess } from './supervisor.ts'

/** The core process's end of a line, as Electron has it (MessagePortMain). */
export interface ElectronPort {
  postMessage(text: string): void
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  start(): void
  close(): void
}

export interface CoreHostEdges {
  open(): Promise<Core>
  actor: Actor
  /** to main */
  say(message: FromCoreProcess): void
  /** from main */
  onMessage(listener: (message: ToCoreProcess, ports: ElectronPort[]) => void): void
  exit(code: number): void
  log(error: unknown): void
}

/** The life of the core's process: opens the core, says that it is ready or why not, serves each page, closes when asked. */
export async function runCoreHost(edges: CoreHostEdges): Promise<void> {
  const lines = new Set<RpcConnection>()
  let core: Core | undefined
  let closeAsked = false

  async function close(): Promise<void> {
    for (const line of lines) line.close()
    try {
      await core?.close()
      edges.exit(0)
    } catch (error) {
      edges.log(error)
      edges.exit(1)
    }
  }

  /** What the desktop has the core do; a refusal is seen on the pages of what it is about. */
  function order(name: 'keys.lock' | 'sync.pause' | 'sync.start'): void {
    core?.command(name, {}, { actor: edges.actor, idempotencyKey: randomUUID() }).catch(edges.log)
  }

  edges.onMessage((message, ports) => {
    if (message.t === 'close') {
      closeAsked = true
      if (core) void close()
      return
    }
    if (message.t === 'lock-keys') {
      order('keys.lock')
      return
    }
    if (message.t === 'pause-sync') {
      order(message.isPaused ? 'sync.pause' : 'sync.start')
      return
    }
    const port = ports[0]
    if (!port) return
    if (!core) port.close()
    else {
      const line = serveConnection(core, edges.actor, textPort(port), { onInternalError: edges.log })
      lines.add(line)
      port.on('close', () => lines.delete(line))
    }
  })

  try {
    core = await edges.open()
  } catch (error) {
    edges.log(error)
    edges.say({ t: 'failed', error: toPlainError(error) })
    edges.exit(1)
    return
  }
  if (closeAsked) await close()
  else edges.say({ t: 'ready' })
}

function textPort(port: ElectronPort): TextPort {
  return {
    send: text => port.postMessage(text),
    onMessage(listener) {
      port.on('message', event => {
        // what is not text is none of the wire; as text it breaks the line
        listener(typeof event.data === 'string' ? event.data : '')
      })
      port.start()
    },
    onClose: listener => port.on('close', listener),
    close: () => port.close(),
  }
}
