import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { mintArchive, mintPeriod } from '../../src-main/core/index.ts'
import { startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { toAppError } from '../../src-shared/errors.ts'
import { caseNames, casesDir, expected, readCase } from '../helpers/cases.ts'
import { runs } from '../helpers/runs.ts'
import { squeezeCase, writeCase } from '../helpers/squeeze-case.ts'
import { syncFolder } from '../helpers/sync.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-sync-golden-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// Not a chain's: the start or end block is not the first one that is later than the period's bound, which is how a sync finds them.
const otherBounds = ['report_at_end_then_too_high', 'report_at_period_start']
/** the quick ones, of which each run takes one at least: sleeps past the end, and contracts */
const quick = ['farmerbot_wakes_after_end_slow', 'nru_ip_usage']

function chosen(): string[] {
  const { numRuns, seed } = runs(1, 107)
  const first = quick[seed % quick.length]!
  const others = caseNames().filter(name => !otherBounds.includes(name) && name !== first)
  // a walk through the others from a place that the seed gives
  const more = Math.min(numRuns - 1, others.length)
  return [first, ...Array.from({ length: more }, (_, i) => others[(seed + i) % others.length]!)]
}

/** What a mint says: its files, or why there are none. */
async function minted(work: Promise<unknown>, outDir: string): Promise<Record<string, string>> {
  try {
    await work
  } catch (error) {
    const { code, message } = toAppError(error)
    return { code, message }
  }
  return Object.fromEntries(readdirSync(outDir).map(name => [name, readFileSync(join(outDir, name), 'utf8')]))
}

test.each(chosen())('%s: synced from a chain and minted, it is what the archive gives, and the case expects', async name => {
  const place = join(folder, name)
  const squeezed = squeezeCase(readCase(name))
  const archive = `${place}.ndjson`
  await writeCase(squeezed, archive)
  const devnet = await startDevnet({ archive })
  const dataDir = join(place, 'data')
  try {
    const { period, network } = squeezed.header
    // the head lies in the next period already, which is followed too
    const state = await syncFolder(dataDir, { endpoints: [devnet.url], network, periods: 2 })
    expect(state.halt).toBeNull()
    const paid = join(casesDir, name, 'paid-hashes.txt')
    const retry = existsSync(paid) ? { previous: join(casesDir, 'retry_source/receipts.ndjson'), paid } : {}
    const how = { resources: 'latest', ...retry } as const
    const [fromArchive, fromStore] = [join(place, 'archive'), join(place, 'store')]
    const archived = await minted(mintArchive({ source: archive, ...how, outDir: fromArchive }, {}), fromArchive)
    const stored = await minted(mintPeriod({ dataDir, period: period.index, ...how, outDir: fromStore }, {}), fromStore)
    expect(stored).toEqual(archived)
    if (existsSync(join(casesDir, name, 'error'))) expect(stored.code).toBe('mint.inconsistent')
    else
      for (const file of ['payouts.csv', 'overview.csv', 'receipts.ndjson', ...(existsSync(paid) ? ['retries.csv'] : [])]) {
        expect(expected(name, file), file).not.toBeNull()
        expect(stored[file], file).toBe(expected(name, file))
      }
  } finally {
    await devnet.close()
    rmSync(place, { recursive: true, force: true })
  }
})
