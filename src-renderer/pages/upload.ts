import type { CommandInput, CommandName, CommandOutput } from '../../src-shared/contract.ts'
import { formatDuration } from '../../src-shared/time.ts'

/** How a browser's file gets to the core: in parts, in order. Apart from React and the DOM, so that it can be tested. */

export const PART_BYTES = 512 * 1024

export interface UploadFile {
  name: string
  size: number
  /** the bytes from `from` to before `to` as base64 */
  readBase64(from: number, to: number): Promise<string>
}

export type Send = <N extends CommandName>(name: N, input: CommandInput<N>) => Promise<CommandOutput<N>>

/**
 * Sends the whole file and begins its import; answers the job's id. While one part is on its way the next one is read. Rejects
 * with what `send` or the reading rejects with; whatever stops it, the core drops what it had of the file.
 */
export function uploadFile(file: UploadFile, send: Send, signal: AbortSignal, onSent: (bytes: number) => void): Promise<string> {
  return sendFile(file, send, signal, onSent, async uploadId => (await send('import.uploadEnd', { uploadId })).jobId)
}

/** Sends the whole file, and answers what `end` makes of it; rejects as `uploadFile` does. */
export async function sendFile<T>(
  file: UploadFile,
  send: Send,
  signal: AbortSignal,
  onSent: (bytes: number) => void,
  end: (uploadId: string) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const { uploadId } = await send('import.uploadBegin', { name: file.name, size: file.size })
  try {
    let next = readPart(file, 0)
    for (let offset = 0; offset < file.size; offset += PART_BYTES) {
      const base64 = await next
      const end = Math.min(offset + PART_BYTES, file.size)
      next = readPart(file, end)
      // a part that can't be read is told when its turn comes; until then nobody listens
      next.catch(() => undefined)
      signal.throwIfAborted()
      await send('import.uploadPart', { uploadId, offset, base64 })
      onSent(end)
    }
    signal.throwIfAborted()
    return await end(uploadId)
  } catch (error) {
    // if the line is gone the core drops it by itself; the first error is the one to tell
    await send('import.uploadCancel', { uploadId }).catch(() => undefined)
    throw error
  }
}

function readPart(file: UploadFile, from: number): Promise<string> {
  return from >= file.size ? Promise.resolve('') : file.readBase64(from, Math.min(from + PART_BYTES, file.size))
}

/** `12.4 MB`; 1 MB is a million bytes. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}

/** `12.4 MB of 80.0 MB, 31.0 MB/s, 2 s left`; rate and time once they mean something. */
export function uploadText(sent: number, size: number, elapsedMs: number): string {
  const parts = [`${bytesText(sent)} of ${bytesText(size)}`]
  if (elapsedMs > 500 && sent > 0) {
    const perSec = (sent * 1000) / elapsedMs
    parts.push(`${bytesText(Math.round(perSec))}/s`)
    if (sent < size) parts.push(`${formatDuration(Math.ceil((size - sent) / perSec))} left`)
  }
  return parts.join(', ')
}
