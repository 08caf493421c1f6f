import type { KeyMaterial } from '../signing/derive.ts'
import { newStretching, openBox, seal, stretch, stretchingName, stretchingOf } from '../signing/key-box.ts'
import { bindingOf, type SafeStorage, unbind } from '../signing/safe-storage.ts'
import { loadNote, type Store, saveNote } from '../store/index.ts'
import type { StoredKey } from '../store/keys.ts'

const loadSecrets = () => import('../signing/keys.ts')

/** The books' note of the one salt of the vault (see key-box.ts). */
const SALT_NOTE = 'keys.salt'

export interface Boxes {
  /** The key with its secret boxed in, and the salt that saveSalt is to keep with it. */
  box(key: Omit<StoredKey, 'box' | 'boundTo'>, material: KeyMaterial, passphrase: string): Promise<{ stored: StoredKey; salt: string }>
  /**
   * What a passphrase opens of some keys, each stretching done once; null where it opens none. Rejects with AppError keys.bound or
   * keys.damaged where it could be tried on none.
   */
  open(keys: readonly StoredKey[], passphrase: string): Promise<Map<StoredKey, KeyMaterial> | null>
}

/** Whoever calls it holds the transaction. */
export function saveSalt(books: Store, salt: string): void {
  saveNote(books, SALT_NOTE, salt)
}

/** Puts secrets into boxes and takes them out, with the system's safe storage around them where the host has one. */
export function createBoxes(books: Store, safeStorage: SafeStorage | null, stretchLogN?: number): Boxes {
  /** Boxes a secret in. */
  async function box(
    key: Omit<StoredKey, 'box' | 'boundTo'>,
    material: KeyMaterial,
    passphrase: string,
  ): Promise<{ stored: StoredKey; salt: string }> {
    const { packMaterial } = await loadSecrets()
    const kept = loadNote(books, SALT_NOTE)
    const fresh = newStretching(stretchLogN)
    const stretching = typeof kept === 'string' ? { ...fresh, salt: Buffer.from(kept, 'hex') } : fresh
    const stretched = await stretch(passphrase, stretching)
    const plain = packMaterial(material)
    const sealed = seal(stretched, stretching, key, plain)
    plain.fill(0)
    stretched.fill(0)
    const boundTo = await bindingOf(safeStorage)
    const outer = boundTo === null ? sealed : await safeStorage!.wrap(sealed)
    return { stored: { ...key, box: outer, boundTo }, salt: Buffer.from(stretching.salt).toString('hex') }
  }

  /** What a passphrase opens of some keys, each stretching done once; null where it opens none. */
  async function open(keys: readonly StoredKey[], passphrase: string): Promise<Map<StoredKey, KeyMaterial> | null> {
    const { unpackMaterial } = await loadSecrets()
    const stretched = new Map<string, Buffer>()
    const opened = new Map<StoredKey, KeyMaterial>()
    let failed: unknown = null
    try {
      for (const key of keys) {
        try {
          const sealed = key.boundTo === null ? key.box! : await unbind(safeStorage, key.box!, key.boundTo)
          const stretching = stretchingOf(sealed)
          const name = stretchingName(stretching)
          const bytes = stretched.get(name) ?? (await stretch(passphrase, stretching))
          stretched.set(name, bytes)
          const plain = openBox(bytes, key, sealed)
          if (plain === null) continue
          opened.set(key, unpackMaterial(plain))
          plain.fill(0)
        } catch (error) {
          // one key that can't be tried here keeps the others from nothing
          failed = error
        }
      }
    } finally {
      for (const bytes of stretched.values()) bytes.fill(0)
    }
    if (opened.size === 0 && failed !== null && stretched.size === 0) throw failed
    return opened.size === 0 ? null : opened
  }

  return { box, open }
}
