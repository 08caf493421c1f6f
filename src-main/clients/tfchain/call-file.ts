import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { AppError } from '../../../src-shared/errors.ts'
import { bigintText } from '../../../src-shared/mint.ts'

/*
 * Calls that are signed on a machine without a network: the file that goes there, and the one that comes back. resources/help/chain-files.md
 * says what stands in them, for other tools.
 */

/** tfchain's metadata has some 100 kB; what claims to be more than this is none. */
const MOST_METADATA_BYTES = 8_000_000

const hex = z.string().regex(/^0x([0-9a-f]{2})+$/i)
const signerSchema = z.object({
  kind: z.enum(['sr25519', 'ed25519']),
  publicKey: z.string().regex(/^0x[0-9a-f]{64}$/),
  address: z.string().max(100),
})

const callFileSchema = z.object({
  format: z.literal('granary-chain-call'),
  version: z.literal(1),
  /** for people; what counts are the bytes */
  what: z.string().max(500),
  network: z.string().max(100),
  signer: signerSchema,
  /** the call, and all that is signed with it */
  payload: hex,
  /** what the key signs: the payload, or its BLAKE2b-256 where it is longer than 256 bytes */
  sign: hex,
  /** the block that it was made on */
  firstBlock: z.number().int().min(0),
  warnings: z.array(z.string().max(1000)).max(50),
  feeUnits: bigintText.nullable(),
  freeUnits: bigintText.nullable(),
  /** of the runtime that the payload is for */
  metadata: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), gzip: z.base64() }),
})

const signatureFileSchema = z.object({
  format: z.literal('granary-chain-signature'),
  version: z.literal(1),
  /** SHA-256 of the payload */
  payloadHash: z.string().regex(/^[0-9a-f]{64}$/),
  signer: signerSchema,
  signature: z.string().regex(/^0x[0-9a-f]{128}$/),
})

export interface CallFile extends Omit<z.infer<typeof callFileSchema>, 'format' | 'version' | 'payload' | 'sign' | 'metadata'> {
  payload: Uint8Array
  sign: Uint8Array
  metadata: Uint8Array
}

export function writeCallFile({ payload, sign, metadata, ...file }: CallFile): string {
  const written = callFileSchema.encode({
    format: 'granary-chain-call',
    version: 1,
    ...file,
    payload: `0x${Buffer.from(payload).toString('hex')}`,
    sign: `0x${Buffer.from(sign).toString('hex')}`,
    metadata: { sha256: sha256(metadata), gzip: gzipSync(metadata, { level: 9 }).toString('base64') },
  })
  return `${JSON.stringify(written, null, 1)}\n`
}

/** Throws AppError chain.refused (damaged) for anything else than such a file. Its bytes still have to be decoded. */
export function readCallFile(text: string): CallFile {
  const parsed = callFileSchema.safeParse(json(text))
  if (!parsed.success) throw damaged('This is no file of a call to the chain. Nothing was signed.')
  const { payload, sign, metadata, format, version, ...file } = parsed.data
  const unpacked = unpack(metadata.gzip)
  if (unpacked === null || sha256(unpacked) !== metadata.sha256)
    throw damaged('The file of the call is damaged: the runtime’s metadata in it can’t be read. Nothing was signed. Make or copy it again.')
  return { ...file, payload: bytesOf(payload), sign: bytesOf(sign), metadata: unpacked }
}

export interface SignatureFile {
  /** null: it was not said; who signed is found by the signature itself */
  payloadHash: string | null
  signature: Uint8Array
}

export function writeSignatureFile(file: Omit<z.infer<typeof signatureFileSchema>, 'format' | 'version'>): string {
  return `${JSON.stringify({ format: 'granary-chain-signature', version: 1, ...file }, null, 1)}\n`
}

/** A signature's file, or the signature alone: 64 bytes as hex, or 65 with the kind of its key in front. Throws AppError chain.refused (damaged). */
export function readSignature(text: string): SignatureFile {
  const [, bare] = /^(?:0x)?(?:0[01])?([0-9a-f]{128})$/i.exec(text.trim()) ?? []
  if (bare !== undefined) return { payloadHash: null, signature: Buffer.from(bare, 'hex') }
  const parsed = signatureFileSchema.safeParse(json(text))
  if (!parsed.success)
    throw damaged('This is no signature of a call to the chain: neither a file of it, nor 64 bytes as hex. Nothing was kept.')
  return { payloadHash: parsed.data.payloadHash, signature: bytesOf(parsed.data.signature) }
}

/** Metadata as it is given by hand: hex, the answer of state_getMetadata that holds it, or its bytes. Throws AppError usage. */
export function readMetadata(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'meta' ? '' : Buffer.from(bytes).toString('utf8').trim()
  if (text === '') return bytes
  const answer = z.object({ result: z.string() }).safeParse(json(text)).data
  const written = (answer?.result ?? text).replace(/^"|"$/g, '')
  if (!hex.safeParse(written).success)
    throw new AppError('usage', 'This is no runtime’s metadata: neither its bytes, nor its hex, nor the answer of state_getMetadata.')
  return bytesOf(written)
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // what is no JSON fits no schema either
    return undefined
  }
}

function unpack(gzip: string): Uint8Array | null {
  try {
    return gunzipSync(Buffer.from(gzip, 'base64'), { maxOutputLength: MOST_METADATA_BYTES })
  } catch {
    // damaged or far too large: the same to whoever reads it
    return null
  }
}

function bytesOf(written: string): Uint8Array {
  return new Uint8Array(Buffer.from(written.slice(2), 'hex'))
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function damaged(message: string): AppError {
  return new AppError('chain.refused', message, { details: { reason: 'damaged' } })
}
