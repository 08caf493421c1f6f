import type { IncomingMessage, Server } from 'node:http'
import { AppError, toAppError } from '../../../src-shared/errors.ts'

/* What the servers of this machine have in common: the page's and the REST door. */

/** The one address that is listened on: no other machine reaches it. */
export const LOOPBACK_ADDRESS = '127.0.0.1'

/** Listens on this machine alone. Rejects with AppError `usage` for a port that can't be had; `otherPort` says how to take another. */
export function listen(server: Server, port: number, otherPort: { free: string; above: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(new AppError('usage', `Port ${port} is taken by another program. ${otherPort.free}`))
      else if (error.code === 'EACCES') reject(new AppError('usage', `Port ${port} is not allowed for this user. ${otherPort.above}`))
      else reject(toAppError(error))
    })
    server.listen({ host: LOOPBACK_ADDRESS, port, exclusive: true }, resolve)
  })
}

/** A header that is there exactly once; undefined for none and for several. */
export function oneHeader(request: IncomingMessage, header: string): string | undefined {
  const given = request.headersDistinct[header]
  return given?.length === 1 ? given[0] : undefined
}

/** Calls back once, with undefined for a body that is too big; never for one that does not come whole. */
export function readBody(request: IncomingMessage, maxBytes: number, done: (body: Buffer | undefined) => void): void {
  const parts: Buffer[] = []
  let bytes = 0
  let over = false
  request.on('data', (part: Buffer) => {
    bytes += part.length
    if (over) return
    if (bytes > maxBytes) {
      over = true
      done(undefined)
    } else parts.push(part)
  })
  request.on('end', () => {
    if (!over) done(Buffer.concat(parts))
  })
  // half a body: nobody waits for an answer any more
  request.on('error', () => {})
}
