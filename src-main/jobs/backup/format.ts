import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { fstatSync, readSync, writeSync } from 'node:fs'
import { AppError } from '../../../src-shared/errors.ts'
import type { Stretching } from '../../signing/key-box.ts'

/*
 * The bytes of a backup file: a head, then the body (what stands in that: make.ts, pieces.ts). Plain, the body stands as it is. Encrypted, the passphrase is stretched as a key's is
 * (signing/key-box.ts), a key of the file's own is made from that by HKDF, and the body stands in pieces that AES-256-GCM encrypts and authenticates,
 * each with its number and whether it is the last, so that none can be left out, put in, or change places.
 *
 * Head: 16 name, 1 kind (0 plain, 1 encrypted); encrypted also 1 log2 N, 1 r, 1 p, 16 salt, 12 nonce, 16 by which a wrong passphrase is told from a
 * damaged file; then 8 of the SHA-256 of all that.
 */

const NAME = Buffer.from('granary backup 1')
const PLAIN = 0
const ENCRYPTED = 1
const SUM_BYTES = 8
const SALT_BYTES = 16
const NONCE_BYTES = 12
const CHECK_BYTES = 16
const TAG_BYTES = 16
const PLAIN_HEAD_BYTES = NAME.length + 1 + SUM_BYTES
const ENCRYPTED_HEAD_BYTES = PLAIN_HEAD_BYTES + 3 + SALT_BYTES + NONCE_BYTES + CHECK_BYTES
const PIECE_BYTES = 2 ** 20
/** What a file may ask of this machine's memory. */
const MOST = { logN: 20, r: 16, p: 4 }

/** A stretched passphrase, with how it was stretched. */
export interface Lock {
  stretched: Uint8Array
  stretching: Stretching
}

export function damaged(what: string): AppError {
  return new AppError(
    'backup.damaged',
    `This backup can't be used: ${what}. Nothing was changed. Take another copy of it, or an earlier backup.`,
  )
}

/** Writes a body to an open, empty file; `end` writes what is left. */
export function createBodyWriter(fd: number, lock: Lock | null): { write(bytes: Uint8Array): void; end(): void } {
  const put = (bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
  }
  if (!lock) {
    put(withSum(Buffer.concat([NAME, Buffer.from([PLAIN])])))
    return { write: put, end: () => {} }
  }
  const { logN, r, p, salt } = lock.stretching
  const nonce = randomBytes(NONCE_BYTES)
  const { key, check } = fileKeys(lock.stretched, nonce)
  const head = withSum(Buffer.concat([NAME, Buffer.from([ENCRYPTED, logN, r, p]), salt, nonce, check]))
  put(head)
  let held = Buffer.alloc(0)
  let number = 0
  const seal = (piece: Uint8Array, isLast: boolean): void => {
    const cipher = createCipheriv('aes-256-gcm', key, pieceNonce(number++, isLast), { authTagLength: TAG_BYTES })
    cipher.setAAD(head)
    put(Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]))
  }
  return {
    write(bytes) {
      held = Buffer.concat([held, bytes])
      // one piece is held back: nobody knows yet whether it is the last
      for (; held.length > PIECE_BYTES; held = held.subarray(PIECE_BYTES)) seal(held.subarray(0, PIECE_BYTES), false)
    },
    end() {
      seal(held, true)
      key.fill(0)
    },
  }
}

/** The body of a backup file, from its beginning to its end. */
export interface BodyReader {
  /** exactly so many bytes. Throws AppError backup.damaged where there are fewer, or they are not what was written */
  take(bytes: number): Buffer
  /** how many bytes are still to come */
  left(): number
}

/** How the passphrase of a backup is to be stretched; null: it is not encrypted. Throws AppError backup.damaged where it is no backup. */
export function readHead(fd: number): { head: Buffer; stretching: Stretching | null } {
  const { size } = fstatSync(fd)
  const start = readAt(fd, 0, Math.min(size, ENCRYPTED_HEAD_BYTES))
  if (start.length < PLAIN_HEAD_BYTES || !start.subarray(0, NAME.length).equals(NAME))
    throw damaged('this file is no backup, or its beginning is damaged')
  const kind = start[NAME.length]
  const length = kind === ENCRYPTED ? ENCRYPTED_HEAD_BYTES : PLAIN_HEAD_BYTES
  const head = start.subarray(0, length)
  if (head.length < length || !withSum(head.subarray(0, -SUM_BYTES)).equals(head) || (kind !== PLAIN && kind !== ENCRYPTED))
    throw damaged('its beginning is damaged or cut off')
  if (kind === PLAIN) return { head, stretching: null }
  const [logN = 0, r = 0, p = 0] = head.subarray(NAME.length + 1)
  if (logN < 1 || logN > MOST.logN || r < 1 || r > MOST.r || p < 1 || p > MOST.p)
    throw damaged('it asks for more memory than any backup needs')
  const saltAt = NAME.length + 4
  return { head, stretching: { logN, r, p, salt: Uint8Array.from(head.subarray(saltAt, saltAt + SALT_BYTES)) } }
}

/** Opens the body; `stretched` the passphrase, null where it is plain. Throws AppError backup.passphrase, backup.damaged. */
export function openBody(fd: number, head: Buffer, stretched: Uint8Array | null): BodyReader {
  const { size } = fstatSync(fd)
  return stretched ? encryptedBody(fd, size, head, stretched) : plainBody(fd, size, head.length)
}

function plainBody(fd: number, size: number, start: number): BodyReader {
  let at = start
  return {
    take(bytes) {
      if (bytes > size - at) throw damaged('it is cut off')
      const taken = readAt(fd, at, bytes)
      if (taken.length < bytes) throw damaged('it is cut off')
      at += bytes
      return taken
    },
    left: () => size - at,
  }
}

function encryptedBody(fd: number, size: number, head: Buffer, stretched: Uint8Array): BodyReader {
  const nonceAt = NAME.length + 4 + SALT_BYTES
  const { key, check } = fileKeys(stretched, head.subarray(nonceAt, nonceAt + NONCE_BYTES))
  if (!timingSafeEqual(check, head.subarray(nonceAt + NONCE_BYTES, nonceAt + NONCE_BYTES + CHECK_BYTES)))
    throw new AppError(
      'backup.passphrase',
      'This is not the passphrase of this backup. Nothing was changed. Enter the one that it was made with.',
      {
        details: { reason: 'wrong' },
      },
    )
  const sealedBytes = PIECE_BYTES + TAG_BYTES
  const body = size - head.length
  const pieces = Math.ceil(body / sealedBytes)
  const plainBytes = Math.max(0, body - pieces * TAG_BYTES)
  let held = Buffer.alloc(0)
  let number = 0
  let taken = 0
  function next(): Buffer {
    const from = number * sealedBytes
    const sealed = readAt(fd, head.length + from, Math.min(sealedBytes, body - from))
    if (sealed.length <= TAG_BYTES) throw damaged('it is cut off')
    const decipher = createDecipheriv('aes-256-gcm', key, pieceNonce(number, number === pieces - 1), { authTagLength: TAG_BYTES })
    decipher.setAAD(head)
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
    try {
      decipher.final()
    } catch {
      throw damaged(`it is altered or cut off (at byte ${head.length + from})`)
    }
    number++
    return plain
  }
  return {
    take(bytes) {
      if (bytes > plainBytes - taken) throw damaged('it is cut off')
      while (held.length < bytes) held = Buffer.concat([held, next()])
      const found = Buffer.from(held.subarray(0, bytes))
      held = held.subarray(bytes)
      taken += bytes
      return found
    },
    left: () => plainBytes - taken,
  }
}

function withSum(head: Uint8Array): Buffer {
  return Buffer.concat([head, createHash('sha256').update(head).digest().subarray(0, SUM_BYTES)])
}

function fileKeys(stretched: Uint8Array, nonce: Uint8Array): { key: Buffer; check: Buffer } {
  const make = (what: string, bytes: number) => Buffer.from(hkdfSync('sha256', stretched, nonce, what, bytes))
  return { key: make('granary backup 1 key', 32), check: make('granary backup 1 check', CHECK_BYTES) }
}

function pieceNonce(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce[0] = isLast ? 1 : 0
  nonce.writeBigUInt64BE(BigInt(number), 4)
  return nonce
}

function readAt(fd: number, at: number, bytes: number): Buffer {
  const found = Buffer.alloc(bytes)
  let done = 0
  while (done < bytes) {
    const read = readSync(fd, found, done, bytes - done, at + done)
    if (read === 0) break
    done += read
  }
  return found.subarray(0, done)
}
