import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What one whole process took. */
export interface Taken {
  /** from just before its start to its end */
  wallSec: number
  cpuSec: number
  peakMiB: number
  stdout: string
}

const probe = pathToFileURL(join(import.meta.dirname, 'probe.mjs')).href

/** Runs Node on a file as a process of its own. Rejects with its standard error if it fails. */
export async function runNode(file: string, args: string[]): Promise<Taken> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-bench-'))
  const report = join(folder, 'probe.json')
  try {
    const startMs = performance.now()
    const child = spawn(process.execPath, ['--import', probe, file, ...args], {
      env: { ...process.env, GRANARY_BENCH_PROBE: report, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', part => {
      stdout += part
    })
    child.stderr.on('data', part => {
      stderr += part
    })
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
    const wallSec = (performance.now() - startMs) / 1000
    if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`)
    // Someone changed a source meanwhile: that was a build, not a measurement.
    if (/building the app/i.test(stderr)) return await runNode(file, args)
    return { wallSec, stdout, ...(JSON.parse(readFileSync(report, 'utf8')) as { peakMiB: number; cpuSec: number }) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const programDir = join(import.meta.dirname, '../..')

/** `granary …` as a user starts it: the built program, start-up counted. */
export function granary(...args: string[]): Promise<Taken> {
  return runNode(join(programDir, 'src-main/hosts/cli/granary.mjs'), args)
}

export function median(values: number[]): number {
  return percentile(values, 50)
}

/** The nearest rank; `values` needs no order. */
export function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  if (p === 50 && sorted.length % 2 === 0) return (sorted[sorted.length / 2 - 1]! + sorted[sorted.length / 2]!) / 2
  return sorted[Math.max(Math.ceil((p / 100) * sorted.length) - 1, 0)] ?? Number.NaN
}
