import type { KeyMaterial } from '../signing/derive.ts'
import { newStretching, openBox, type PublicRecord, seal, stretch, stretchingName, stretchingOf } from '../signing/key-box.ts'
import { bindingOf, type SafeStorage, unbind } from '../signing/safe-storage.ts'
import { loadNote, type Store, saveNote } from '../store/index.ts'
import type { StoredKey } from '../store/keys.ts'

const loadSecrets = () => import('../signing/keys.ts')

/** The books' note of the one salt of the vault (see key-box.ts). */
const SALT_NOTE = 'keys.salt'

/** A record with its box. */
export interface Boxed extends PublicRecord {
  box: Uint8Array | null
  /** see SafeStorage */
  boundTo: string | null
}

export interface Boxes {
  /** The key with its secret boxed in, and the salt that saveSalt is to keep with it. */
  box(key: Omit<StoredKey, 'box' | 'boundTo'>, material: KeyMaterial, passphrase: string): Promise<{ stored: StoredKey; salt: string }>
  /** Some bytes boxed in, which stay the caller's to overwrite, and the salt that saveSalt is to keep with them. */
  boxBytes(record: PublicRecord, plain: Uint8Array, passphrase: string): Promise<{ box: Uint8Array; boundTo: string | null; salt: string }>
  /** As openEach, of keys. */
  open(keys: readonly StoredKey[], passphrase: string): Promise<Map<StoredKey, KeyMaterial> | null>
  /**
   * What a passphrase opens of some boxes, as `read` reads it, each stretching done once; null where it opens none. The bytes are overwritten
   * afterwards. Rejects with AppError keys.bound or keys.damaged where it could be tried on none.
   */
  openEach<T extends Boxed, R>(boxed: readonly T[], passphrase: string, read: (plain: Buffer, one: T) => R): Promise<Map<T, R> | null>
}

/** Whoever calls it holds the transaction. */
export function saveSalt(books: Store, salt: string): void {
  saveNote(books, SALT_NOTE, salt)
}

/** Puts secrets into boxes and takes them out, with the system's safe storage around them where the host has one. */
export function createBoxes(books: Store, safeStorage: SafeStorage | null, stretchLogN?: number): Boxes {
  async function boxBytes(record: PublicRecord, plain: Uint8Array, passphrase: string) {
    const kept = loadNote(books, SALT_NOTE)
    const fresh = newStretching(stretchLogN)
    const stretching = typeof kept === 'string' ? { ...fresh, salt: Buffer.from(kept, 'hex') } : fresh
    const stretched = await stretch(passphrase, stretching)
    const sealed = seal(stretched, stretching, record, plain)
    stretched.fill(0)
    const boundTo = await bindingOf(safeStorage)
    const box = boundTo === null ? sealed : await safeStorage!.wrap(sealed)
    return { box, boundTo, salt: Buffer.from(stretching.salt).toString('hex') }
  }

  async function box(
    key: Omit<StoredKey, 'box' | 'boundTo'>,
    material: KeyMaterial,
    passphrase: string,
  ): Promise<{ stored: StoredKey; salt: string }> {
    const { packMaterial } = await loadSecrets()
    const plain = packMaterial(material)
    try {
      const { salt, ...boxed } = await boxBytes(key, plain, passphrase)
      return { stored: { ...key, ...boxed }, salt }
    } finally {
      plain.fill(0)
    }
  }

  async function openEach<T extends Boxed, R>(
    boxed: readonly T[],
    passphrase: string,
    read: (plain: Buffer, one: T) => R,
  ): Promise<Map<T, R> | null> {
    const stretched = new Map<string, Buffer>()
    const opened = new Map<T, R>()
    let failed: unknown = null
    try {
      for (const one of boxed) {
        try {
          const sealed = one.boundTo === null ? one.box! : await unbind(safeStorage, one.box!, one.boundTo)
          const stretching = stretchingOf(sealed)
          const name = stretchingName(stretching)
          const bytes = stretched.get(name) ?? (await stretch(passphrase, stretching))
          stretched.set(name, bytes)
          const plain = openBox(bytes, one, sealed)
          if (plain === null) continue
          opened.set(one, read(plain, one))
          plain.fill(0)
        } catch (error) {
          // one that can't be tried here keeps the others from nothing
          failed = error
        }
      }
    } finally {
      for (const bytes of stretched.values()) bytes.fill(0)
    }
    if (opened.size === 0 && failed !== null && stretched.size === 0) throw failed
    return opened.size === 0 ? null : opened
  }

  async function open(keys: readonly StoredKey[], passphrase: string): Promise<Map<StoredKey, KeyMaterial> | null> {
    const { unpackMaterial } = await loadSecrets()
    return openEach(keys, passphrase, unpackMaterial)
  }

  return { box, boxBytes, open, openEach }
}
