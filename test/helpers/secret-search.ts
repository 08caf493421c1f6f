import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { base58Encode } from '@polkadot/util-crypto'

/** A secret by name, in one of the shapes that it has. */
export interface Needle {
  name: string
  bytes: Buffer
}

/** Every shape in which a secret of some bytes could stand somewhere: raw, hex, base58, base64 (also inside of a longer text, at each of its three places), base64url, and as a list of numbers. */
export function shapesOfBytes(name: string, bytes: Uint8Array): Needle[] {
  const raw = Buffer.from(bytes)
  const text = (shape: string, value: string) => ({ name: `${name} as ${shape}`, bytes: Buffer.from(value) })
  const inside = [0, 1, 2].flatMap(before => {
    // the letters that don't depend on what stands before and after
    const from = Math.ceil((before * 4) / 3)
    const whole = Buffer.concat([Buffer.alloc(before), raw])
      .toString('base64')
      .replace(/=+$/, '')
    const inner = whole.slice(from, whole.length - 1)
    return [text('base64', inner), text('base64url', inner.replaceAll('+', '-').replaceAll('/', '_'))]
  })
  return [
    { name: `${name} raw`, bytes: raw },
    text('hex', raw.toString('hex')),
    text('HEX', raw.toString('hex').toUpperCase()),
    text('base58', base58Encode(raw)),
    text('numbers', [...raw].join(',')),
    ...inside,
  ]
}

/** The same of a secret text, with the text as UTF-16 and in pieces: any four of its words that follow each other. */
export function shapesOfText(name: string, secret: string): Needle[] {
  const words = secret.split(' ')
  const runs = words.length < 12 ? [] : words.slice(0, -3).map((_, at) => words.slice(at, at + 4))
  const pieces = runs.flatMap(run => [run.join(' '), run.join('","'), run.join('\n')])
  return [
    ...shapesOfBytes(name, Buffer.from(secret)),
    // a hash of something that people choose can be guessed at
    ...shapesOfBytes(`${name}, hashed`, createHash('sha256').update(secret).digest()),
    { name: `${name} as UTF-16`, bytes: Buffer.from(secret, 'utf16le') },
    ...pieces.map(piece => ({ name: `${name}: some of its words`, bytes: Buffer.from(piece) })),
  ]
}

/** Where any of them stands; each place once for each needle. */
export function findSecrets(places: { name: string; bytes: Uint8Array }[], needles: readonly Needle[]): string[] {
  const found = new Set<string>()
  for (const place of places) {
    const bytes = Buffer.from(place.bytes)
    for (const needle of needles) if (bytes.includes(needle.bytes)) found.add(`${place.name}: ${needle.name}`)
  }
  return [...found]
}

/** Every file below a folder, as places to look at. */
export function filesAsPlaces(folder: string): { name: string; bytes: Uint8Array }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => {
      const path = join(entry.parentPath, entry.name)
      return { name: path.slice(folder.length + 1), bytes: readFileSync(path) }
    })
}
