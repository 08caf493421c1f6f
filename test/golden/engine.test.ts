import { describe, expect, test } from 'vitest'
import { overviewCsv, payoutsCsv, receiptsNdjson, retriesCsv } from '../../src-main/engines/minting/outputs.ts'
import { planRetries, type Retry } from '../../src-main/engines/minting/retries.ts'
import { createV3Mint, type MintResult } from '../../src-main/engines/minting/v3.ts'
import { type Case, caseNames, coveredTo, expected, feed, readCase } from '../helpers/cases.ts'

const names = caseNames()

function mint(c: Case): MintResult {
  const fold = createV3Mint(c.header, c.start, c.end, { resources: 'latest' })
  feed(c.blocks, fold)
  return fold.finish(coveredTo(c))
}

function retriesOf(c: Case): Retry[] {
  const paid = expected(c.name, 'paid-hashes.txt')
  if (paid === null) return []
  const previous = expected('retry_source', 'receipts.ndjson')!
  return planRetries({
    previous: previous.split('\n'),
    paid: new Set(paid.split('\n').map(line => line.trim())),
    addresses: new Map(c.end.payoutAddresses.map(entry => [entry.farm_id, entry.address])),
    period: c.header.period,
  })
}

test('the cases are there', () => {
  expect(names.length).toBeGreaterThan(100)
})

describe('every case, byte for byte', () => {
  for (const name of names) {
    test(name, () => {
      const c = readCase(name)
      if (expected(name, 'error') !== null) {
        expect(() => mint(c)).toThrow(
          expect.objectContaining({ code: 'mint.inconsistent', message: expect.stringMatching(/node \d+.*block \d+/) }),
        )
        return
      }
      const result = mint(c)
      const retries = retriesOf(c)
      expect(receiptsNdjson(result.nodes)).toBe(expected(name, 'receipts.ndjson'))
      expect(overviewCsv(result.nodes)).toBe(expected(name, 'overview.csv'))
      expect(payoutsCsv(result.nodes, retries)).toBe(expected(name, 'payouts.csv'))
      const wantedRetries = expected(name, 'retries.csv')
      if (wantedRetries !== null) expect(retriesCsv(retries)).toBe(wantedRetries)
    })
  }
})
