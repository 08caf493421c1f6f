import { afterAll, expect, test } from 'vitest'
import { makeFolders } from '../helpers/pay.ts'
import { emptyTally, simulate } from '../helpers/pay-sim.ts'
import { runs } from '../helpers/runs.ts'

const folders = makeFolders()
afterAll(folders.clear)

const { numRuns, seed } = runs(5, 10_000)
/** the run to begin with, so that several processes share the runs of one seed; run n is run 0 of seed + n */
const first = Number(process.env.GRANARY_FIRST ?? 0)
const began = performance.now()

test(
  'whatever fails, the ledger pays every receipt at most once, and the books say what it paid',
  async () => {
    const tally = emptyTally()
    for (let n = first; n < first + numRuns; n++) {
      try {
        await simulate(seed + n, folders, tally)
      } catch (error) {
        throw new Error(`GRANARY_SEED=${seed + n} GRANARY_FIRST=0 GRANARY_RUNS=1 fails: ${(error as Error).message}`, { cause: error })
      }
      if (n % 100 === 99) {
        const done = n + 1 - first
        const sec = (performance.now() - began) / 1000
        console.log(`runs ${first} to ${n}: ${(sec / done).toFixed(2)} s each, ${JSON.stringify(tally)}`)
        folders.sweep()
      }
    }
    console.log(`pay simulation: ${numRuns} runs from GRANARY_SEED=${seed} GRANARY_FIRST=${first}, ${JSON.stringify(tally)}`)
    // it is a simulation of payouts, not of nothing
    expect(tally.paid).toBeGreaterThan(0)
    if (numRuns >= 200) {
      expect(tally.paid).toBeGreaterThan(tally.rows / 3)
      expect(tally.kills).toBeGreaterThanOrEqual(Math.floor(numRuns / 20))
      expect(Math.min(tally.crashes, tally.replaced, tally.secondPlans, tally.retries)).toBeGreaterThan(0)
    }
  },
  120_000 + numRuns * 5_000,
)
