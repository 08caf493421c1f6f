import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  status: number
  /** head and body, as they came */
  text: string
}

/** Sends bytes to 127.0.0.1 as they are, with no client that would tidy them, and reads until the other side ends. */
export function sendRaw(port: number, bytes: string | Buffer, waitMs = 5_000): Promise<RawAnswer> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const finish = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text })
    }
    const timer = setTimeout(finish, waitMs)
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', part => {
      text += part.toString('latin1')
    })
    socket.on('close', finish)
    socket.on('error', finish)
  })
}

/** A request's text; `undefined` leaves a header out. The connection ends with the answer. */
export function requestText(method: string, target: string, headers: Record<string, string | undefined>, body = ''): string {
  const lines = Object.entries({ connection: 'close', 'content-length': body ? String(Buffer.byteLength(body)) : undefined, ...headers })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

/** Opens a connection and sends the beginning of a request only; tells when the other side ended it. */
export function sendSlowly(port: number, beginning: string): { socket: Socket; ended: Promise<number> } {
  const startMs = performance.now()
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.on('connect', () => socket.write(beginning))
  socket.resume()
  return { socket, ended: new Promise(resolve => socket.on('close', () => resolve(performance.now() - startMs))) }
}
