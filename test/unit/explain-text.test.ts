import { describe, expect, test } from 'vitest'
import { prettyReceipt, receiptInputs } from '../../src-renderer/components/explain-model.ts'
import { explanationText, foldSteps, runTitle } from '../../src-shared/explain-text.ts'
import type { Explanation, Step } from '../../src-shared/mint.ts'
import { cleanName } from '../../src-shared/text.ts'

function report(block: number, creditedSec = 2400, extra: Partial<Step> = {}): Step {
  return {
    kind: 'report',
    rule: 'v3 uptime report 3',
    block,
    ts: block * 10,
    fromTs: block * 10 - 2400,
    toTs: block * 10,
    elapsedSec: 2400,
    creditedSec,
    lostSec: 2400 - creditedSec,
    violation: null,
    evidence: { now: block * 10 },
    ...extra,
  }
}

const steps = [
  report(1, 5, { kind: 'first-report' }),
  report(2),
  report(3),
  report(4, 2000),
  report(5),
  report(6, 2400, { violation: 'ClockSkew' }),
]

test('runs of ordinary reports fold, whatever lost or violated stays, the sums stay', () => {
  const folded = foldSteps(steps)
  expect(folded.map(entry => entry.kind)).toEqual(['first-report', 'run', 'report', 'report', 'report'])
  expect(folded[1]).toMatchObject({ count: 2, firstBlock: 2, lastBlock: 3, creditedSec: 4800 })
  const ignored = [
    report(7, 0, { kind: 'ignored', elapsedSec: 0, lostSec: 0 }),
    report(8, 0, { kind: 'ignored', elapsedSec: 0, lostSec: 0 }),
  ]
  expect(foldSteps([...steps.slice(0, 3), ...ignored]).map(entry => (entry.kind === 'run' ? runTitle(entry) : entry.kind))).toEqual([
    'first-report',
    '2 reports in a row',
    '2 ignored reports in a row',
  ])
  const sum = (list: { creditedSec: number }[]) => list.reduce((total, entry) => total + entry.creditedSec, 0)
  expect(sum(folded)).toBe(sum(steps))
})

const receipt =
  '{"period":{"start":1,"end":2},"farm_id":3,"farm_name":"a\\"{b\u202e","stellar_payout_address":"","resource_units":{"cru":4.0,"mru":7.999,"hru":0.0,"sru":1.5},"node_type":"DIY","farming_policy_id":1,"resource_rewards":{"cu":2400,"su":1000,"nu":30,"ipv4":5}}'

test('the text names the sum, the violation with both points, and the exact receipt', () => {
  const text = explanationText({
    nodeId: 7,
    period: { index: 80, start: 1_732_971_400, end: 1_735_602_280 },
    rules: 'v3',
    resources: 'latest',
    provisional: true,
    steps,
    downtimes: [{ fromTs: 10, toTs: 410, lostSec: 400, cause: 'reboot', block: 4 }],
    violation: { violation: 'ClockSkew', block: 6, ts: 60, before: { now: 50 }, after: { now: 60 } },
    measuredUptimeSec: 11_605,
    elapsedSec: 14_400,
    lostSec: 2795,
    slowBoots: 0,
    derivation: [{ name: 'tft', formula: '2794250000 * 0', value: '0.0000000', unit: 'TFT', note: 'a violation pays nothing' }],
    rewardMusd: 0n,
    rewardUnits: 0n,
    hash: 'ab'.repeat(32),
    receipt,
  } satisfies Explanation)
  for (const part of [
    'Node 7, period 80',
    'provisional',
    '2 reports in a row',
    'Violation ClockSkew',
    'before: [now 50]',
    'after:  [now 60]',
    '0.0000000 TFT',
    receipt,
  ])
    expect(text).toContain(part)
})

describe('receipts', () => {
  test('the inputs in words, floats as the receipt has them', () => {
    const inputs = Object.fromEntries(receiptInputs(receipt))
    expect(inputs).toMatchObject({ Farm: 'a"{b (3)', 'Paid to': 'no address is known', Memory: '7.99 GiB' })
    expect(receiptInputs('not json')).toEqual([])
  })

  test('laid out without touching a value', () => {
    const pretty = prettyReceipt(receipt)
    expect(pretty).toContain('"cru": 4.0,')
    expect(pretty).toContain('"farm_name": "a\\"{b\u202e",')
    expect(JSON.parse(pretty)).toEqual(JSON.parse(receipt))
  })
})

test('names lose what could make them read as something else', () => {
  expect(cleanName(' a\u202eb\u0000c\r\nd\u2066\u200b  e ')).toBe('abc d e')
  expect(cleanName('Äpfel 🍏 農場')).toBe('Äpfel 🍏 農場')
})
