import { createReadStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { generateDemo } from '../../src-main/archive/demo.ts'
import { writeArchive } from '../../src-main/archive/write.ts'
import { programDir } from './measure.ts'

/** Where the archives stay from one run to the next. */
export const cacheDir = join(programDir, 'node_modules/.cache/granary-bench')
/** Changes with the generator: what was made by an older one is made again. */
const GENERATION = 3
const SEED = 1

/** The archive of so many nodes over a full period, made once; `period` 101 is the one that is imported beside period 102. */
export async function archiveOf(nodes: number, kind: 'ndjson' | 'ndjson.gz' | 'ndjson.zst', period = 102): Promise<string> {
  mkdirSync(cacheDir, { recursive: true })
  const path = join(cacheDir, `g${GENERATION}-${nodes}-p${period}.${kind}`)
  if (!existsSync(path)) {
    process.stderr.write(`makes ${path} …\n`)
    await writeArchive(path, sink => generateDemo({ nodes, seed: SEED, period }, sink))
  }
  return path
}

/** The same archive as another program might write it: members in another order, spaces between. */
export async function otherSpelling(plain: string): Promise<string> {
  const path = plain.replace('.ndjson', '-other.ndjson')
  if (existsSync(path)) return path
  process.stderr.write(`makes ${path} …\n`)
  const part = `${path}.part`
  const file = await open(part, 'w')
  let batch = ''
  for await (const line of createInterface({ input: createReadStream(plain, { highWaterMark: 1 << 20 }) })) {
    batch += `${spaced(reversed(JSON.parse(line)))}\n`
    if (batch.length > 1 << 20) {
      await file.write(batch)
      batch = ''
    }
  }
  await file.write(batch)
  await file.close()
  renameSync(part, path)
  return path
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

/** JSON as Python writes it, without touching what stands in strings. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${spaced(member)}`)
  return `{${members.join(', ')}}`
}

/** A folder of the cache, empty. */
export function emptyFolder(name: string): string {
  const path = join(cacheDir, name)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  return path
}
