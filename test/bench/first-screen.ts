import { spawn } from 'node:child_process'
import { join } from 'node:path'
import WebSocket from 'ws'
import { programDir } from './measure.ts'

/**
 * Starts `granary serve` on a data folder and asks, as a page does, for the first screen's queries over the socket.
 * @returns milliseconds from before the process starts to the last answer
 */
export async function firstScreenMs(dataDir: string): Promise<number> {
  const startMs = performance.now()
  const args = [join(programDir, 'src-main/hosts/cli/granary.mjs'), 'serve', '--data', dataDir]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>(resolve => child.on('close', () => resolve()))
  try {
    const link = await new Promise<URL>((resolve, reject) => {
      let said = ''
      child.stdout.on('data', part => {
        said += part
        const found = /^(http:\S+)\n/m.exec(said)
        if (found) resolve(new URL(found[1]!))
      })
      child.on('error', reject).on('close', () => reject(new Error(`granary serve ended before it gave a link: ${said}`)))
    })
    const response = await fetch(new URL('/session', link), {
      method: 'POST',
      headers: { origin: link.origin },
      body: JSON.stringify({ token: link.hash.slice('#token='.length) }),
    })
    const { session } = (await response.json()) as { session: string }
    const socket = new WebSocket(`ws://${link.host}/rpc`, ['granary', `session.${session}`], { origin: link.origin })
    await new Promise<void>((resolve, reject) => {
      const waiting = new Set([1, 2])
      socket.on('open', () => {
        socket.send(JSON.stringify({ t: 'q', id: 1, name: 'status.get', input: {} }))
        socket.send(JSON.stringify({ t: 'q', id: 2, name: 'overview.get', input: {} }))
      })
      socket.on('error', reject)
      socket.on('message', data => {
        const answer = JSON.parse(String(data)) as { t: string; id?: number }
        if (answer.t === 'error') reject(new Error(String(data)))
        if (answer.t === 'ok') waiting.delete(answer.id!)
        if (waiting.size === 0) resolve()
      })
    })
    const tookMs = performance.now() - startMs
    socket.close()
    return tookMs
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}
