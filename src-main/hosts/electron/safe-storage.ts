import type { SafeStorage } from '../../core/index.ts'

/*
 * The system's safe storage is main's; the vault of keys lives in the core's process. Boxes travel between the two, encrypted under
 * the passphrase already, as base64.
 */

export interface SafeRequest {
  t: 'safe'
  id: number
  op: 'backend' | 'wrap' | 'unwrap'
  data: string
}

/** `value`: the backend's name, or bytes; null: there is none, or it refused. */
export interface SafeAnswer {
  t: 'safe'
  id: number
  value: string | null
}

/** Electron's safeStorage, as far as it is used. */
export interface SystemStorage {
  isEncryptionAvailable(): boolean
  /** on Linux only */
  getSelectedStorageBackend?(): string
  encryptString(text: string): Buffer
  decryptString(bytes: Buffer): string
}

/** Main's end: asks the system. Never throws, and says nothing of why something failed. */
export function answerSafe(system: SystemStorage, platform: NodeJS.Platform, { id, op, data }: SafeRequest): SafeAnswer {
  const answer = (value: string | null): SafeAnswer => ({ t: 'safe', id, value })
  try {
    if (!system.isEncryptionAvailable()) return answer(null)
    if (op === 'wrap') return answer(system.encryptString(data).toString('base64'))
    if (op === 'unwrap') return answer(system.decryptString(Buffer.from(data, 'base64')))
    if (platform === 'linux') return answer(system.getSelectedStorageBackend?.() ?? null)
    return answer(platform === 'darwin' ? 'keychain' : 'dpapi')
  } catch {
    return answer(null)
  }
}

/** The core process's end. Questions wait for main's answer; a main that is gone has taken this process with it. */
export function safeStorageOfMain(
  say: (request: SafeRequest) => void,
  onAnswer: (listener: (answer: SafeAnswer) => void) => void,
): SafeStorage {
  const waiting = new Map<number, (value: string | null) => void>()
  let last = 0
  onAnswer(({ id, value }) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  const ask = (op: SafeRequest['op'], data = ''): Promise<string | null> =>
    new Promise(resolve => {
      const id = ++last
      waiting.set(id, resolve)
      say({ t: 'safe', id, op, data })
    })
  async function bytes(op: 'wrap' | 'unwrap', data: Uint8Array): Promise<Uint8Array> {
    const value = await ask(op, Buffer.from(data).toString('base64'))
    if (value === null) throw new Error(`the system's safe storage refused to ${op}`)
    return Buffer.from(value, 'base64')
  }
  return {
    isAvailable: async () => (await ask('backend')) !== null,
    backend: () => ask('backend'),
    wrap: data => bytes('wrap', data),
    unwrap: data => bytes('unwrap', data),
  }
}
