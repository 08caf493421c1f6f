import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type BodyReader, damaged } from './format.ts'

/*
 * How the parts of a backup stand in its body. In version 1 as they are; from version 2 on in pieces, each 4 bytes that say how long it is packed
 * (big-endian) and a zstd frame of its own. What is encrypted is packed before that: what is encrypted does not pack.
 */

export const PIECE_BYTES = 2 ** 20
/** What does not pack grows by a few bytes. */
const MOST_PACKED_BYTES = PIECE_BYTES + 2 ** 16
const LENGTH_BYTES = 4

/** At most PIECE_BYTES, as they stand in the body. */
export function packPiece(piece: Uint8Array): Buffer {
  const packed = zstdCompressSync(piece, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(packed.length)
  return Buffer.concat([length, packed])
}

/** The next piece of a part of which so many bytes are left. Throws AppError backup.damaged. */
export function takePiece(body: BodyReader, version: 1 | 2, left: number): Buffer {
  if (version === 1) return body.take(Math.min(left, PIECE_BYTES))
  const length = body.take(LENGTH_BYTES).readUInt32BE()
  if (length > MOST_PACKED_BYTES || length > body.left()) throw damaged('a part of it is damaged or cut off')
  let piece: Buffer
  try {
    piece = zstdDecompressSync(body.take(length), { maxOutputLength: PIECE_BYTES })
  } catch {
    throw damaged('a part of it is damaged')
  }
  if (piece.length === 0 || piece.length > left) throw damaged('a part of it is damaged')
  return piece
}
