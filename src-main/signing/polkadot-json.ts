import { randomBytes, scrypt } from 'node:crypto'
import { base64Decode, base64Encode, decodeAddress, naclDecrypt, naclEncrypt, scryptFromU8a, scryptToU8a } from '@polkadot/util-crypto'
import { z } from 'zod'
import type { KeyKind } from '../../src-shared/keys-contract.ts'
import { addressOf, type KeyPair, secretError } from './derive.ts'

/*
 * The files in which polkadot-js and its kin hand a key on: PKCS#8-like bytes, encrypted with xsalsa20-poly1305 under a password stretched
 * by scrypt, as base64 in JSON. The stretching is done by node:crypto in a thread of its own; in JavaScript it would hold up every page.
 */

const fileSchema = z.object({
  encoded: z.string().max(4000),
  encoding: z.object({ content: z.array(z.string()), type: z.union([z.string(), z.array(z.string())]) }),
  address: z.string().max(100),
})

const HEAD = Uint8Array.of(48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32)
const DIVIDER = Uint8Array.of(161, 35, 3, 33, 0)
const KDF_BYTES = 44
const NONCE_BYTES = 24
/** as polkadot-js writes them today */
const NEW_KDF = { N: 2 ** 17, r: 8, p: 1 }

/**
 * The secret of a file: 64 bytes with the public 32 (sr25519), or a seed of 32 (ed25519, and files of the first years). Rejects with
 * AppError keys.secret; wrong passwords are not slowed down, for whoever has the file can try them elsewhere.
 */
export async function readPolkadotJson(
  kind: KeyKind,
  text: string,
  password: string,
): Promise<{ form: 'pair' | 'seed'; secret: Uint8Array; publicKey: Uint8Array }> {
  const file = parse(text)
  const { content, type } = file.encoding
  if (!content.includes(kind))
    throw secretError(
      content.includes('sr25519') || content.includes('ed25519')
        ? `The key in this file is of the other kind: ${content.includes('sr25519') ? 'sr25519' : 'ed25519'}. Nothing was kept. Choose that kind.`
        : 'The key in this file is neither sr25519 nor ed25519. Nothing was kept.',
    )
  if (!type.includes('scrypt') || !type.includes('xsalsa20-poly1305'))
    throw secretError(
      'This file is not encrypted as today (scrypt, xsalsa20-poly1305). Nothing was kept. Export it from its wallet once more, with a password.',
    )
  if (password === '') throw secretError('This file has a password of its own. Enter it too; nothing was kept.')
  const plain = await decrypt(file.encoded, password)
  try {
    const wanted = decodeAddress(file.address)
    const found = split(plain)
    if (!found || !isSame(found.publicKey, wanted)) throw new Error()
    const { secret, publicKey } = found
    if (kind === 'sr25519' && secret.length === 64) return { form: 'pair', secret: Uint8Array.from([...secret, ...publicKey]), publicKey }
    return { form: 'seed', secret: Uint8Array.from(secret.subarray(0, 32)), publicKey }
  } catch {
    throw secretError('What this file holds is no key for its address. Nothing was kept. Export it from its wallet once more.')
  } finally {
    plain.fill(0)
  }
}

/** A key as such a file, under a password. */
export async function writePolkadotJson(kind: KeyKind, name: string, pair: KeyPair, password: string): Promise<string> {
  const salt = randomBytes(32)
  const key = await stretchFor(password, salt, NEW_KDF)
  const plain = Buffer.concat([HEAD, pair.secretKey, DIVIDER, pair.publicKey])
  const { encrypted, nonce } = naclEncrypt(plain, key)
  plain.fill(0)
  key.fill(0)
  const encoded = base64Encode(Buffer.concat([scryptToU8a(salt, NEW_KDF), nonce, encrypted]))
  return JSON.stringify({
    encoded,
    encoding: { content: ['pkcs8', kind], type: ['scrypt', 'xsalsa20-poly1305'], version: '3' },
    address: addressOf(kind, pair.publicKey),
    meta: { name },
  })
}

function parse(text: string): z.infer<typeof fileSchema> {
  try {
    return fileSchema.parse(JSON.parse(text))
  } catch {
    throw secretError(
      'This is not the text of a polkadot-js file. Nothing was kept. Open the file that your wallet exported, and take all of it.',
    )
  }
}

async function decrypt(encoded: string, password: string): Promise<Uint8Array> {
  let bytes: Uint8Array
  let kdf: ReturnType<typeof scryptFromU8a>
  try {
    bytes = encoded.startsWith('0x') ? Buffer.from(encoded.slice(2), 'hex') : base64Decode(encoded)
    kdf = scryptFromU8a(bytes)
  } catch {
    throw secretError('The encrypted part of this file is damaged. Nothing was kept. Export it from its wallet once more.')
  }
  const key = await stretchFor(password, kdf.salt, kdf.params)
  const rest = bytes.subarray(KDF_BYTES)
  const plain = naclDecrypt(rest.subarray(NONCE_BYTES), rest.subarray(0, NONCE_BYTES), key)
  key.fill(0)
  if (!plain)
    throw secretError("The password does not open this file, or the file was altered. Nothing was kept. Enter the file's own password.")
  return plain
}

function stretchFor(password: string, salt: Uint8Array, { N, r, p }: { N: number; r: number; p: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N, r, p, maxmem: 256 * N * r * p }, (error, key) =>
      error ? reject(secretError('The password could not be stretched: the machine may lack memory. Nothing was kept.')) : resolve(key),
    )
  })
}

/** Secret and public bytes; null where the frame around them is another. */
function split(plain: Uint8Array): { secret: Uint8Array; publicKey: Uint8Array } | null {
  if (!isSame(plain.subarray(0, HEAD.length), HEAD)) return null
  for (const length of [64, 32]) {
    const end = HEAD.length + length
    const divider = plain.subarray(end, end + DIVIDER.length)
    const publicKey = Uint8Array.from(plain.subarray(end + DIVIDER.length, end + DIVIDER.length + 32))
    if (isSame(divider, DIVIDER) && publicKey.length === 32) return { secret: plain.subarray(HEAD.length, end), publicKey }
  }
  return null
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
