import { crc32, deflateSync, inflateSync } from 'node:zlib'

/* Screenshots as they lie in the repository: a palette of at most 256 colours, a third of the bytes. */

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
const PALETTE = 256

export interface PngSize {
  width: number
  height: number
}

/** Throws an Error where `png` does not begin as a PNG does. */
export function pngSize(png: Buffer): PngSize {
  if (!png.subarray(0, 8).equals(SIGNATURE) || png.toString('latin1', 12, 16) !== 'IHDR') throw new Error('This is no PNG.')
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) }
}

/** A browser's screenshot (8 bits a channel, not interlaced) in few colours; the others become the nearest of them. */
export function smallPng(png: Buffer): Buffer {
  const { width, height } = pngSize(png)
  const channels = { 2: 3, 6: 4 }[png[25]!]
  if (png[24] !== 8 || channels === undefined || png[28] !== 0) throw new Error('This is no screenshot of 8 bits a channel.')
  const bytes = unfiltered(inflateSync(Buffer.concat(chunksOf(png, 'IDAT'))), width * channels, height, channels)
  const colours = Array.from({ length: width * height }, (_, at) => bytes.readUIntBE(at * channels, 3))
  const palette = mostFrequent(colours)
  const index = new Map(palette.map((colour, at) => [colour, at]))
  const lines = Buffer.alloc(height * (width + 1))
  for (const [at, colour] of colours.entries()) {
    let found = index.get(colour)
    if (found === undefined) {
      found = nearest(palette, colour)
      index.set(colour, found)
    }
    lines[at + Math.floor(at / width) + 1] = found
  }
  const header = Buffer.from(png.subarray(16, 29))
  header[9] = 3 // each pixel is a place in the palette
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(rgb))),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunksOf(png: Buffer, wanted: string): Buffer[] {
  const found: Buffer[] = []
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    if (png.toString('latin1', at + 4, at + 8) === wanted) found.push(png.subarray(at + 8, at + 8 + length))
    at += length + 12
  }
  return found
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

/** Pixels without the filter that each line has (PNG specification, section 9). */
function unfiltered(lines: Buffer, lineBytes: number, height: number, step: number): Buffer {
  const out = Buffer.alloc(lineBytes * height)
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (lineBytes + 1)]
    for (let x = 0; x < lineBytes; x++) {
      const at = y * lineBytes + x
      const left = x < step ? 0 : out[at - step]!
      const up = y === 0 ? 0 : out[at - lineBytes]!
      const corner = x < step || y === 0 ? 0 : out[at - lineBytes - step]!
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter!]!
      out[at] = lines[y * (lineBytes + 1) + 1 + x]! + guess
    }
  }
  return out
}

function paeth(left: number, up: number, corner: number): number {
  const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

/** Of colours that look alike only the most frequent, so that shades of grey do not crowd out a green that is rare. */
function mostFrequent(colours: readonly number[]): number[] {
  const counts = new Map<number, number>()
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const alike = new Map<number, number>()
  for (const [colour] of [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])) {
    const coarse = colour & 0xf8f8f8
    if (!alike.has(coarse)) alike.set(coarse, colour)
  }
  return [...alike.values()].slice(0, PALETTE)
}

const rgb = (colour: number): [number, number, number] => [colour >> 16, (colour >> 8) & 255, colour & 255]

function nearest(palette: readonly number[], colour: number): number {
  const [r, g, b] = rgb(colour)
  const distance = (other: number) => {
    const [r2, g2, b2] = rgb(other)
    return (r - r2) ** 2 + (g - g2) ** 2 + (b - b2) ** 2
  }
  return palette.reduce((best, other, at) => (distance(other) < distance(palette[best]!) ? at : best), 0)
}
