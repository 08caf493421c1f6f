import { describe, expect, test } from 'vitest'
import { caseNames, expected } from '../helpers/cases.ts'
import { compareCase } from '../helpers/compare.ts'

describe('what the present program wrote is equal to one’s own, to the last line', () => {
  for (const name of caseNames()) {
    if (expected(name, 'error') !== null) continue
    test(name, () => {
      const files = { payouts: expected(name, 'payouts.csv')!, receipts: expected(name, 'receipts.ndjson')! }
      const { head, rows } = compareCase(name, files, name === 'retry_target' ? { previous: 'retry_source' } : {})
      expect(rows.filter(row => row.state !== 'equal' && row.state !== 'retry')).toEqual([])
      expect(head.order).toBeNull()
      for (const { own, theirs, ownUnits, theirUnits } of head.sums) expect([theirs, theirUnits]).toEqual([own, ownUnits])
      const lines = files.receipts.split('\n').length - 1
      expect(head.counts).toMatchObject({ equal: lines, differs: 0, missing: 0, extra: 0 })
      // payouts.csv alone says the same of those that are paid
      const { head: paid } = compareCase(name, { payouts: files.payouts }, name === 'retry_target' ? { previous: 'retry_source' } : {})
      expect(paid.counts.equal + paid.counts.retry).toBe(files.payouts.split('\n').length - 1)
      expect(paid.counts.differs + paid.counts.missing + paid.counts.extra).toBe(0)
    })
  }
})

test('a line for a receipt of the period before is told as a retry, with its amount apart from the sums', () => {
  const payouts = expected('retry_target', 'payouts.csv')!
  const { head, rows } = compareCase('retry_target', { payouts }, { previous: 'retry_source' })
  const retries = rows.filter(row => row.state === 'retry')
  expect(retries.length).toBeGreaterThan(0)
  expect(head.retryUnits).toBe(retries.reduce((sum, row) => sum + row.theirUnits!, 0n))
  expect(retries[0]!.reasons.join()).toContain('the period before once more')
  // without the period before it can only be said that it may be one
  const unknown = compareCase('retry_target', { payouts })
  expect(unknown.head.counts).toMatchObject({ retry: 0, extra: retries.length })
  expect(unknown.rows.find(row => row.state === 'extra')!.reasons.join()).toContain('not in your store')
})

for (const name of ['resources_lowered', 'resources_raised'])
  test(`${name}: the other choice of resources is found out`, () => {
    const receipts = expected(name, 'receipts.ndjson')!
    const { head, rows } = compareCase(name, { receipts }, { resources: 'minimum' })
    // where both choices give the same there is nothing to find
    for (const row of rows.filter(found => found.state === 'differs'))
      expect(row.reasons).toEqual([expect.stringContaining('the other choice')])
    expect(head.counts.differs).toBe(name === 'resources_raised' ? 1 : 0)
    const paid = compareCase(name, { payouts: expected(name, 'payouts.csv')! }, { resources: 'minimum' })
    for (const row of paid.rows.filter(found => found.state === 'differs'))
      expect(row.reasons.join()).toContain('It is the receipt that you get with resources latest')
  })
