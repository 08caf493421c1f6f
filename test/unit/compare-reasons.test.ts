import { expect, test } from 'vitest'
import { stepReason } from '../../src-main/engines/compare/reasons.ts'
import { receiptHash } from '../../src-main/engines/minting/receipt.ts'
import type { Step } from '../../src-shared/mint.ts'
import { expected } from '../helpers/cases.ts'
import { compareCase } from '../helpers/compare.ts'

const CASE = 'retry_source'
const receipts = expected(CASE, 'receipts.ndjson')!

/** The first receipt with some texts exchanged, hashed anew; what is said of it. */
function reasonsFor(...changes: [from: string, to: string][]): { text: string; by: (string | null)[] } {
  const [line = '', ...rest] = receipts.split('\n')
  const at = line.indexOf(',"receipt":') + 11
  let receipt = line.slice(at, -1)
  for (const [from, to] of changes) {
    expect(receipt).toContain(from)
    receipt = receipt.replace(from, to)
  }
  const changed = `${line.slice(0, at).replace(/[0-9a-f]{64}/, receiptHash(receipt))}${receipt}}`
  const { rows } = compareCase(CASE, { receipts: [changed, ...rest].join('\n') })
  return { text: rows[0]!.reasons.join(' '), by: rows[0]!.differences.map(({ by }) => by) }
}

test('each kind of difference is told with where it can come from, and by how much', () => {
  expect(reasonsFor(['"measured_uptime":2630880', '"measured_uptime":2627280'])).toEqual({
    text: 'Theirs counts 3,600 s (1 h) less uptime.',
    by: ['-3,600 s'],
  })
  expect(reasonsFor(['"tft_connection_price":80', '"tft_connection_price":90']).text).toBe(
    'Another connection price: 90 instead of 80 milli-USD.',
  )
  // 22.354 USD at 0.1 USD a TFT
  expect(reasonsFor(['"tft":2794250000', '"tft":2235400000'])).toEqual({
    text: expect.stringContaining('about 100 instead of 80 milli-USD'),
    by: ['-55.8850000 TFT'],
  })
  expect(reasonsFor(['"farming_policy_id":1', '"farming_policy_id":2'], ['"cu":2400', '"cu":1200']).text).toBe(
    'Another farming policy: 2 instead of 1.',
  )
  expect(reasonsFor(['"resource_rewards":{"cu":2400', '"resource_rewards":{"cu":1200']).text).toBe(
    'Other prices of the same farming policy.',
  )
  expect(reasonsFor(['GFARM1ADDRESS', `G${'A'.repeat(55)}`]).text).toContain('no valid Stellar account')
  expect(reasonsFor(['GFARM1ADDRESS', 'GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7']).text).toContain('Ask the farmer')
  expect(reasonsFor(['"mru":32.0', '"mru":64.0']).text).toContain('Other resources')
  expect(reasonsFor(['"ip":0.0', '"ip":12.5']).text).toContain('Other use')
  expect(reasonsFor(['"tft":2794250000', '"tft":0'], ['"musd":22354', '"musd":0']).text).toContain('theirs pays nothing')
  expect(reasonsFor(['"musd":22354,"tft":2794250000', '"musd":44708,"tft":5588500000']).text).toContain('another rule')
  expect(reasonsFor(['"node_type":"DIY"', '"node_type":"CERTIFIED"']).text).toContain('certification')
  expect(reasonsFor(['"start":1730340520', '"start":1727709640']).text).toContain('another period')
})

test('a line of which nothing fits any more is told by its place between two others', () => {
  const payouts = expected('mixed_random', 'payouts.csv')!.trimEnd().split('\n')
  expect(payouts.length).toBeGreaterThan(3)
  const { rows, head } = compareCase('mixed_random', { payouts: payouts.with(2, `GOTHER,1.0000000,${'3'.repeat(64)}`).join('\n') })
  expect(head.counts).toMatchObject({ equal: payouts.length - 1, differs: 1, missing: 0, extra: 0 })
  expect(rows[0]!.differences.map(({ member }) => member)).toEqual(['payout.address', 'payout.amount', 'payout.hash'])
  expect(rows[0]!.ownHash).toBe(payouts[2]!.split(',')[2])
  // with another number of lines in that place nobody can say whose they are
  const more = compareCase('mixed_random', {
    payouts: payouts.toSpliced(2, 1, `GA,1.0,${'3'.repeat(64)}`, `GB,2.0,${'4'.repeat(64)}`).join('\n'),
  })
  expect(more.head.counts).toMatchObject({ equal: payouts.length - 1, differs: 0, missing: 1, extra: 2 })
})

test('the first own step that accounts for all of a difference in uptime is named', () => {
  const step = (block: number, creditedSec: number, lostSec: number): Step => ({
    kind: 'report',
    rule: `rule ${block}`,
    block,
    ts: block * 6,
    fromTs: 0,
    toTs: 0,
    elapsedSec: creditedSec + lostSec,
    creditedSec,
    lostSec,
    violation: null,
    evidence: {},
  })
  const steps = [step(1, 2400, 0), step(2, 0, 90_000), step(3, 2460, 100), step(4, 300, 0), step(5, 500, 0)]
  expect(stepReason(steps, 90_000)).toContain('block 2 (rule 2)')
  expect(stepReason(steps, 90_001)).toBeNull()
  expect(stepReason(steps, -2460)).toContain('block 3 (rule 3)')
  // their data ends after block 3
  expect(stepReason(steps, -800)).toContain('what you credit after')
  expect(stepReason(steps, -800)).toContain('block 3 (rule 3)')
  expect(stepReason(steps, -801)).toBeNull()
})
