import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto'
import { AppError } from '../../src-shared/errors.ts'
import type { KeyKind } from '../../src-shared/keys-contract.ts'

/*
 * A key's secret at rest. The passphrase is stretched by scrypt, a box's own cipher key is made from that by HKDF with the box's nonce, and
 * AES-256-GCM encrypts and authenticates, with the box's head and the key's public record as associated data. Boxes with the same salt
 * share one stretching: so the keys that one passphrase protects open in the time of one.
 *
 * Bytes: 1 version, 1 log2 N, 1 r, 1 p, 16 salt, 12 nonce, the ciphertext, 16 tag.
 */

const VERSION = 1
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 4 + SALT_BYTES + NONCE_BYTES

/** How a passphrase is stretched; stands in every box. */
export interface Stretching {
  /** scrypt's N is 2 to the power of this */
  logN: number
  r: number
  p: number
  salt: Uint8Array
}

/** N = 2^17 takes 128 MB and some 0.3 to 0.6 s here. */
const NORMAL = { logN: 17, r: 8, p: 1 }
/** What a box may ask of this machine's memory: one that was altered must not stop it. */
const MOST = { logN: 20, r: 16, p: 4 }

/** What the world may know of a key; a box opens only together with its own. */
export interface PublicRecord {
  keyId: string
  /** `secret`: no key of the vault but a secret of a program, which has no public part */
  kind: KeyKind | 'secret'
  /** hex */
  publicKey: string
  address: string
}

/** `logN`: less than normal only where no secret is worth anything: in tests */
export function newStretching(logN = NORMAL.logN): Stretching {
  return { ...NORMAL, logN, salt: randomBytes(SALT_BYTES) }
}

/** Whether a box of these figures is as strong as a new one. */
export function isStrong({ logN, r, p }: Stretching): boolean {
  return logN >= NORMAL.logN && r >= NORMAL.r && p >= NORMAL.p
}

/** Names a stretching: boxes of the same name open with the same stretched passphrase. */
export function stretchingName({ logN, r, p, salt }: Stretching): string {
  return `${logN}/${r}/${p}/${Buffer.from(salt).toString('hex')}`
}

/** 32 bytes, which the caller overwrites when done. Takes its time in a thread of its own. */
export function stretch(passphrase: string, { logN, r, p, salt }: Stretching): Promise<Buffer> {
  // the same text from another keyboard may be composed otherwise
  const text = Buffer.from(passphrase.normalize('NFKC'))
  return new Promise((resolve, reject) => {
    scrypt(text, salt, 32, { N: 2 ** logN, r, p, maxmem: 256 * 2 ** logN * r }, (error, stretched) => {
      text.fill(0)
      if (error)
        reject(new AppError('internal', 'The passphrase could not be stretched: the machine may lack memory. Nothing was changed.'))
      else resolve(stretched)
    })
  })
}

/** Encrypts; `plain` stays the caller's, to be overwritten. */
export function seal(stretched: Uint8Array, stretching: Stretching, record: PublicRecord, plain: Uint8Array): Buffer {
  const { logN, r, p, salt } = stretching
  const nonce = randomBytes(NONCE_BYTES)
  const head = Buffer.concat([Buffer.from([VERSION, logN, r, p]), salt, nonce])
  const key = boxKey(stretched, nonce)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(associated(head, record))
  const box = Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  key.fill(0)
  return box
}

/** What a box asks for. Throws AppError keys.damaged for bytes that are no box of ours. */
export function stretchingOf(box: Uint8Array): Stretching {
  const [version, logN = 0, r = 0, p = 0] = box
  const fits = logN >= 1 && logN <= MOST.logN && r >= 1 && r <= MOST.r && p >= 1 && p <= MOST.p
  if (version !== VERSION || !fits || box.length < HEAD_BYTES + TAG_BYTES)
    throw new AppError(
      'keys.damaged',
      'The stored secret of this key is damaged, or of a newer Granary. Restore a backup of the books, or import the key again from its words.',
    )
  return { logN, r, p, salt: Uint8Array.from(box.subarray(4, 4 + SALT_BYTES)) }
}

/** Decrypts; null where the stretched passphrase is another, or where one bit of box or record was altered (nobody can tell which). */
export function openBox(stretched: Uint8Array, record: PublicRecord, box: Uint8Array): Buffer | null {
  const head = box.subarray(0, HEAD_BYTES)
  const nonce = box.subarray(4 + SALT_BYTES, HEAD_BYTES)
  const key = boxKey(stretched, nonce)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(associated(head, record))
    decipher.setAuthTag(box.subarray(box.length - TAG_BYTES))
    const plain = decipher.update(box.subarray(HEAD_BYTES, box.length - TAG_BYTES))
    try {
      decipher.final()
      return plain
    } catch {
      plain.fill(0)
      return null
    }
  } finally {
    key.fill(0)
  }
}

function boxKey(stretched: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', stretched, nonce, 'granary key box 1', 32))
}

function associated(head: Uint8Array, { keyId, kind, publicKey, address }: PublicRecord): Buffer {
  return Buffer.concat([head, Buffer.from(JSON.stringify([keyId, kind, publicKey, address]))])
}
