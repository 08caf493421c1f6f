import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { AppError } from '../../src-shared/errors.ts'
import { unitsFromTft } from '../../src-shared/money.ts'

/** A file of vectors of the economy (test/golden/economy), as the caller says that it looks. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/economy/${name}-vectors.json`, import.meta.url), 'utf8')) as T
}

/** Base units of a vector's amount, which is decimal text in tokens. */
export function vectorUnits(text: string): bigint {
  const amountUnits = unitsFromTft(text)
  if (amountUnits === null) throw new Error(`no amount: ${text}`)
  return amountUnits
}

/** The message of the refusal that `work` ends in, or null where it does not. Any other error is one of the test. */
export function refusalOf(work: () => unknown): string | null {
  try {
    work()
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    return (error as AppError).message
  }
}

/** The numbers of the rules, as tokenomics.md has them. */
export const feeBps = 10
export const taxBps = 2000
export const creditTerms = {
  minTrust: 60,
  maxRateBps: 1500,
  maxTermMonths: 24,
  usualRateBps: 500,
  usualTermMonths: 12,
  fallbackMinTrust: 70,
  fallbackLimitUnits: vectorUnits('1000'),
}
export const reinvestShares = { studentsBps: 2000, teamBps: 1000, reserveBps: 500 }
export const fixedTerms = {
  minimumUnits: vectorUnits('1'),
  minDays: 30,
  maxDays: 365,
  apy: [
    { fromDays: 0, bps: 200 },
    { fromDays: 30, bps: 400 },
    { fromDays: 90, bps: 600 },
    { fromDays: 180, bps: 800 },
    { fromDays: 365, bps: 1200 },
  ],
  unstakingFromDays: 90,
  unstakingSec: 604_800,
}
