import type { BenchOptions } from './bench.ts'
import { childOf } from './bench-core.ts'
import type { CurveFigures, FuzzFigures } from './curve-figures.ts'
import type { Figure } from './table.ts'

/** Random cases beside exact fractions; `GRANARY_RUNS=1000000 npm run bench -- --only curve` has the million. */
const FUZZ_CASES = 20_000

/** Quotes of the minting curve beside the naive ones of the same payments, and the fuzz, which ends the bench where they differ. */
export async function benchCurve({ rounds }: BenchOptions, fuzzCases: number | null): Promise<Figure[]> {
  const found: CurveFigures[] = []
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`the curve: round ${round} of ${rounds}\n`)
    found.push(await childOf<CurveFigures>('curve-figures.ts'))
  }
  process.stderr.write(`the curve: ${fuzzCases ?? FUZZ_CASES} random cases\n`)
  const fuzz = await childOf<FuzzFigures>('curve-figures.ts', String(fuzzCases ?? FUZZ_CASES))
  const naive = (values: number[]) => ({ name: 'exact fractions and trying', values })
  const target = '> 100,000'
  return [
    {
      name: 'curve: quotes, exact',
      unit: 'quotes/s',
      values: found.map(({ exact }) => exact),
      baseline: naive(found.map(({ naiveExact }) => naiveExact)),
      target,
      threads: '1 / 1',
    },
    {
      name: 'curve: quotes, spot',
      unit: 'quotes/s',
      values: found.map(({ spot }) => spot),
      baseline: naive(found.map(({ naiveSpot }) => naiveSpot)),
      target,
      threads: '1 / 1',
    },
    {
      name: `curve: ${fuzz.cases} random cases as exact fractions say, GRANARY_SEED=${fuzz.seed}`,
      unit: 's',
      values: [fuzz.sec],
      threads: '1',
    },
  ]
}
