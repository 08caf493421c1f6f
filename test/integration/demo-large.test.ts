import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const program = `
  import { readFileSync } from 'node:fs'
  import { generateDemo } from '${join(import.meta.dirname, '../../src-main/archive/demo.ts')}'
  import { writeArchive } from '${join(import.meta.dirname, '../../src-main/archive/write.ts')}'
  const [target, nodes, days] = process.argv.slice(1)
  const done = await writeArchive(target, sink => generateDemo({ nodes: Number(nodes), days: Number(days), seed: 1 }, sink))
  // Linux counts into maxRSS what the parent held at the fork, but not into VmHWM
  const peakKiB =
    process.platform === 'linux'
      ? Number(readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\\s+([0-9]+)/)[1])
      : process.resourceUsage().maxRSS
  console.log(JSON.stringify({ ...done, peakMiB: peakKiB / 1024 }))`

test('10,000 nodes: streamed, in memory that does not grow with the days', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-large-'))
  try {
    const make = (days: number): { bytes: number; events: number; peakMiB: number } => {
      const target = join(folder, 'demo.ndjson')
      const out = execFileSync(process.execPath, ['--input-type=module', '-e', program, target, '10000', String(days)], {
        encoding: 'utf8',
      })
      const done = JSON.parse(out)
      expect(statSync(target).size).toBe(done.bytes)
      return done
    }
    const day = make(1)
    const two = make(2)
    expect(day.events).toBeGreaterThan(350_000)
    // what a second day adds to the file, kept in memory as lines or events, would be more than this
    expect(two.bytes - day.bytes).toBeGreaterThan(30 * 2 ** 20)
    expect(two.peakMiB).toBeLessThan(day.peakMiB + 100)
    expect(two.peakMiB).toBeLessThan(350)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
