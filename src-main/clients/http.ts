/*
 * What every client over HTTP keeps to: https except on this machine, answers limited in size, and a reason in a few words where none came.
 */

const HERE: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/** Whether a host name is this machine, as an address has it. */
export function isThisMachine(hostname: string): boolean {
  return HERE.includes(hostname)
}

/**
 * An address in the form that paths are put behind; null unless it is https, or http on this machine, without user name, query or
 * fragment.
 */
export function safeAddress(text: string): string | null {
  const url = URL.parse(text)
  const isSafe = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isThisMachine(url.hostname)))
  if (!isSafe || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null
  return url.href.replace(/\/+$/, '')
}

/** The answer's text; null where it is longer than `maxBytes`: the rest is not read then. */
export async function readLimited(response: Response, maxBytes: number): Promise<string | null> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > maxBytes) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Why a request came to nothing, in a few words: undici hides the reason in a cause. */
export function reasonOf(error: unknown): string {
  const { name, message, cause } = error as { name?: string; message?: string; cause?: { code?: string; message?: string } }
  if (name === 'TimeoutError') return 'no answer in time'
  return cause?.code ?? cause?.message ?? message ?? String(error)
}
