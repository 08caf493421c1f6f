// What quotes of the minting curve take: node curve-figures.ts, prints JSON. With a count, so many random cases beside exact fractions instead.
import fc from 'fast-check'
import { quoteMint } from '../../src-main/engines/curve/quote.ts'
import type { Pricing } from '../../src-shared/treasury/curve.ts'
import { anyCurveCase, type CurveCase, compareWithNaive, usual } from '../helpers/curve-fuzz.ts'
import { naiveMint } from '../helpers/naive-curve.ts'

export interface CurveFigures {
  /** quotes per second */
  exact: number
  spot: number
  /** the same payments by exact fractions and trying */
  naiveExact: number
  naiveSpot: number
}

export interface FuzzFigures {
  cases: number
  seed: number
  sec: number
}

const SEED = 7
/** so many different payments, again and again */
const CASES = 2_000
/** each measurement goes on for at least that long */
const LEAST_MS = 500

const fuzzCases = Number(process.argv[2] ?? 0)
console.log(JSON.stringify(fuzzCases > 0 ? fuzz(fuzzCases) : figures()))

function figures(): CurveFigures {
  // without those that are refused: what is measured are quotes
  const cases = fc
    .sample(usual, { numRuns: 2 * CASES, seed: SEED })
    .filter(isQuoted)
    .slice(0, CASES)
  const engine = (pricing: Pricing) => perSecond(cases, each => quoteMint(each.curve, each.issuanceUnits, each.paymentUnits, { pricing }))
  const naive = (pricing: Pricing) => perSecond(cases, each => naiveMint(each.curve, each.issuanceUnits, each.paymentUnits, pricing))
  return { exact: engine('exact'), spot: engine('spot'), naiveExact: naive('exact'), naiveSpot: naive('spot') }
}

function isQuoted(each: CurveCase): boolean {
  return typeof naiveMint(each.curve, each.issuanceUnits, each.paymentUnits, 'exact') !== 'string'
}

function perSecond(cases: CurveCase[], work: (each: CurveCase) => unknown): number {
  for (const each of cases) work(each)
  const startMs = performance.now()
  let done = 0
  while (performance.now() - startMs < LEAST_MS) {
    for (const each of cases) work(each)
    done += cases.length
  }
  return done / ((performance.now() - startMs) / 1000)
}

/** Throws at the first case where the engine and exact fractions differ, with its seed. */
function fuzz(cases: number): FuzzFigures {
  const seed = Number(process.env.GRANARY_SEED ?? Date.now() % 2 ** 31)
  const startMs = performance.now()
  fc.assert(fc.property(anyCurveCase, fc.constantFrom('exact' as const, 'spot' as const), compareWithNaive), { numRuns: cases, seed })
  return { cases, seed, sec: (performance.now() - startMs) / 1000 }
}
