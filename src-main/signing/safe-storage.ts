import { AppError } from '../../src-shared/errors.ts'

/**
 * The operating system's safe storage, as a host hands it in: a second layer around a box that the passphrase protects already. What
 * goes through it is never a secret itself.
 */
export interface SafeStorage {
  isAvailable(): Promise<boolean>
  /** what it is, e.g. `keychain`, `dpapi`, `gnome_libsecret`; null before it is known or where there is none */
  backend(): Promise<string | null>
  wrap(bytes: Uint8Array): Promise<Uint8Array>
  /** rejects where it was wrapped on another machine or for another user */
  unwrap(bytes: Uint8Array): Promise<Uint8Array>
}

/** A backend that only looks like one: it wraps with a password that everybody knows. */
const PLAIN_BACKENDS = ['basic_text', 'unknown']

/** The name of what new boxes are bound to; null where the host has no safe storage worth the name. */
export async function bindingOf(storage: SafeStorage | null): Promise<string | null> {
  if (!storage || !(await storage.isAvailable())) return null
  const backend = await storage.backend()
  return backend === null || PLAIN_BACKENDS.includes(backend) ? null : backend
}

/** Takes the second layer off. Rejects with AppError keys.bound where this host can't. */
export async function unbind(storage: SafeStorage | null, wrapped: Uint8Array, boundTo: string): Promise<Uint8Array> {
  if (storage && (await storage.isAvailable())) {
    try {
      return await storage.unwrap(wrapped)
    } catch {
      // said below; its own words may name what it holds
    }
  }
  throw new AppError(
    'keys.bound',
    `This key is bound to the safe storage (${boundTo}) of the machine and the desktop app in which it was made. Use it there, or import it here from its words.`,
    { details: { boundTo } },
  )
}
