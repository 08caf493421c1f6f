import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readArchive } from '../../src-main/archive/read.ts'
import { type WritingSink, writeArchive } from '../../src-main/archive/write.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-archive-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const cases = join(import.meta.dirname, '../golden/cases')
const examples = readdirSync(cases, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(entry => join(cases, entry.name, 'archive.ndjson.gz'))

async function many(sink: WritingSink, count = 100_000): Promise<void> {
  for (let n = 1; n <= count; n++) {
    sink.block(n, n)
    sink.uptime(n, n, n)
    if (n % 1000 === 0) await sink.drain()
  }
}

test('what is read from the examples is written byte for byte as they have it', async () => {
  expect(examples.length).toBeGreaterThan(100)
  for (const [index, example] of examples.entries()) {
    const name = ['a.ndjson', 'a.ndjson.gz', 'a.ndjson.zst'][index % 3]!
    const target = join(folder, name)
    const { bytes } = await writeArchive(target, async sink => {
      await readArchive(example, sink)
    })
    const raw = readFileSync(target)
    const written = name.endsWith('.gz') ? gunzipSync(raw) : name.endsWith('.zst') ? zstdDecompressSync(raw) : raw
    const expected = gunzipSync(readFileSync(example))
    expect(written.equals(expected), example).toBe(true)
    expect(bytes).toBe(expected.length)
  }
  expect(readdirSync(folder)).toHaveLength(3)
})

test.each(['a.ndjson', 'a.ndjson.gz', 'a.ndjson.zst'])('a failure or a stop leaves the old %s and nothing else', async name => {
  const target = join(folder, name)
  writeFileSync(target, 'old')
  const failing = writeArchive(target, async sink => {
    await many(sink)
    throw new Error('the store broke')
  })
  await expect(failing).rejects.toMatchObject({ code: 'internal', message: 'the store broke' })
  const controller = new AbortController()
  const stopped = writeArchive(
    target,
    async sink => {
      await many(sink)
      controller.abort()
      await many(sink)
    },
    { signal: controller.signal },
  )
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
  const early = writeArchive(target, sink => many(sink, 10), { signal: AbortSignal.abort() })
  await expect(early).rejects.toMatchObject({ code: 'cancelled' })
  expect(readdirSync(folder)).toEqual([name])
  expect(readFileSync(target, 'utf8')).toBe('old')
  await writeArchive(target, sink => many(sink, 10))
  expect(readFileSync(target, 'utf8')).not.toBe('old')
})

test('a folder, or no folder, is said to be so', async () => {
  mkdirSync(join(folder, 'folder'))
  await expect(writeArchive(join(folder, 'folder'), sink => many(sink, 10))).rejects.toMatchObject({ code: 'io.failed' })
  await expect(writeArchive(join(folder, 'no', 'a.ndjson'), sink => many(sink, 10))).rejects.toMatchObject({ code: 'io.missing' })
  expect(readdirSync(folder)).toEqual(['folder'])
})

test.runIf(process.platform === 'linux')('a device stays a device', async () => {
  const { events } = await writeArchive('/dev/null', sink => many(sink, 10))
  expect(events).toBe(10)
  expect(execFileSync('stat', ['-c', '%F', '/dev/null'], { encoding: 'utf8' })).toMatch(/character special/)
  await expect(writeArchive('/dev/full', sink => many(sink))).rejects.toMatchObject({ code: 'io.full' })
})

// A disk of 1 MB, in a mount namespace of its own where the system allows that.
const script = `
  import { readdirSync, writeFileSync, readFileSync } from 'node:fs'
  import { writeArchive } from ${JSON.stringify(join(import.meta.dirname, '../../src-main/archive/write.ts'))}
  const folder = process.argv[1]
  for (const name of ['a.ndjson', 'a.ndjson.gz']) {
    writeFileSync(folder + '/' + name, 'old')
    await writeArchive(folder + '/' + name, async sink => {
      for (let n = 1; n <= 300000; n++) {
        sink.block(n, n)
        sink.uptime(n, Math.floor(Math.random() * 2 ** 50), Math.floor(Math.random() * 2 ** 50))
        if (n % 1000 === 0) await sink.drain()
      }
    }).catch(error => console.log(name, error.code, readFileSync(folder + '/' + name, 'utf8')))
  }
  console.log(readdirSync(folder).join(' '))
`
const inSmallDisk = (command: string) =>
  spawnSync('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=1m none "$0" && ${command}`, folder, process.execPath, script], {
    encoding: 'utf8',
  })
const canMount =
  process.platform === 'linux' && spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt']).status === 0

test.runIf(canMount)('a full disk is said to be full, with nothing left behind', () => {
  const { stdout, stderr } = inSmallDisk('"$1" --input-type=module -e "$2" "$0"')
  expect(stdout, stderr).toBe('a.ndjson io.full old\na.ndjson.gz io.full old\na.ndjson a.ndjson.gz\n')
})
