import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { explainMint } from '../../src-main/engines/minting/node-period/explain.ts'
import { createNodePeriodFold } from '../../src-main/engines/minting/node-period/fold.ts'
import { mintOf } from '../../src-main/engines/minting/node-period/mint.ts'
import { createV3Mint } from '../../src-main/engines/minting/v3.ts'
import { prettyReceipt, receiptInputs } from '../../src-renderer/components/explain-model.ts'
import { StepList } from '../../src-renderer/components/step-list.tsx'
import { texts } from '../../src-renderer/texts.ts'
import { causeText, describeStep, explanationText, foldSteps, runTitle, stepTitle, withoutCredit } from '../../src-shared/explain-text.ts'
import type { GridEvent, StartSnapshot } from '../../src-shared/grid.ts'
import type { Explanation, Step } from '../../src-shared/mint.ts'
import { group } from '../../src-shared/money.ts'
import { cleanName } from '../../src-shared/text.ts'
import { formatUtc, PERIOD_SEC, periodAt } from '../../src-shared/time.ts'
import { coveredTo, feed, feedEvent, readCase } from '../helpers/cases.ts'
import { checkExplanation } from '../helpers/explain-identities.ts'
import { gridNode, policyOf } from '../helpers/node-period.ts'

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

test('a clock that stays skewed is told by its first report, and by the runs that follow; after a restart anew', () => {
  const skewed = (block: number, extra: Partial<Step> = {}) => report(block, 2405, { violation: 'ClockSkew', ...extra })
  const told = (list: Step[]) => foldSteps(list).map(entry => (entry.kind === 'run' ? runTitle(entry) : `${entry.kind} ${entry.block}`))
  expect(told([report(1), report(2), skewed(3), skewed(4), skewed(5), skewed(6, { lostSec: 61 }), skewed(7)])).toEqual([
    '2 reports in a row',
    'report 3',
    '2 reports in a row, the clock still skewed',
    'report 6',
    'report 7',
  ])
  expect(told([skewed(1), report(2), skewed(3), report(4), report(5, 2400, { violation: 'UptimeTooHigh' })])).toEqual([
    'report 1',
    '3 reports in a row, the clock still skewed in 1 of them',
    'report 5',
  ])
  expect(told([skewed(1), skewed(2), skewed(3), report(4, 2400, { kind: 'reboot' }), skewed(5), skewed(6), skewed(7)])).toEqual([
    'report 1',
    '2 reports in a row, the clock still skewed',
    'reboot 4',
    'report 5',
    '2 reports in a row, the clock still skewed',
  ])
})

test.each(['clock_skew_drift', 'clock_skew_120'])('%s: one report says that the clock is skewed, with its evidence', name => {
  const explanation = explainedCase(name, 1)
  const lines = explanationText(explanation).split('\n')
  const first = explanation.steps.find(step => step.violation === 'ClockSkew')!
  expect(first.block).toBe(explanation.violation!.block)
  expect(lines.filter(line => line.includes('  Report: ') && line.includes('Violation ClockSkew.'))).toEqual([
    expect.stringMatching(new RegExp(`  block ${first.block}  .* \\[now ${first.evidence.now}, uptime ${first.evidence.uptime}, `)),
  ])
  const again = explanation.steps.filter(step => step.kind === 'report' && step.violation === 'ClockSkew').length - 1
  expect(again).toBeGreaterThan(1)
  expect(lines).toContainEqual(expect.stringContaining(`  ${group(String(again))} reports in a row, the clock still skewed: `))
  // each by itself where all are asked for
  expect(explanationText(explanation, { all: true }).split('Violation ClockSkew.').length - 1).toBeGreaterThan(again)
})

test('what ran ahead of the clock is said as that and never as a loss below 0; it makes up for small lags, not for a downtime', () => {
  const lagging = (block: number, lostSec: number, extra: Partial<Step> = {}) => report(block, 2400 - lostSec, extra)
  expect(withoutCredit([lagging(1, -5), lagging(2, 3), lagging(3, -8)])).toMatchObject({ lostSec: 0, aheadSec: 10 })
  expect(withoutCredit([lagging(1, 60), lagging(2, -1)])).toMatchObject({ lostSec: 59, aheadSec: 0 })
  expect(withoutCredit([lagging(1, -5), lagging(2, 3, { kind: 'reboot' }), lagging(3, 61)])).toMatchObject({ lostSec: 64, aheadSec: 5 })
  // where a period is cut to its length, that is taken from what ran ahead
  expect(withoutCredit([lagging(1, -50), lagging(2, 40, { kind: 'capped' })])).toMatchObject({ lostSec: 0, aheadSec: 10 })
  expect(describeStep(lagging(1, -5))).toBe(
    'Report: the uptime fits the time that passed. 2,400 s (40 min) passed, 2,405 s (40 min 5 s) credited, 5 s ahead of the clock.',
  )

  const drifts = explainedCase('clock_skew_drift', 1)
  // the figures as data stay what the rules give
  expect(drifts.lostSec).toBe(-5475)
  const lines = explanationText(drifts).split('\n')
  expect(lines).toContainEqual(
    expect.stringContaining(
      '23 reports in a row: 55,200 s (15 h 20 min) passed, 55,315 s (15 h 21 min) credited, 0 s lost, 115 s (1 min 55 s) ahead of the clock.',
    ),
  )
  expect(lines).toContain(
    '  = 2,636,355 s (30 d 12 h) credited of 2,630,880 s (30 d 10 h), 0 s lost, 5,475 s (1 h 31 min) ahead of the clock, 0 slow boots',
  )
  for (const name of ['clock_skew_drift', 'measured_uptime_over_period']) {
    const explanation = explainedCase(name, 1)
    expect(explanationText(explanation, { all: true })).not.toMatch(/-[\d,]+ s\b/)
    const page = renderToStaticMarkup(createElement(StepList, { steps: explanation.steps }))
    expect(page).toMatch(/>[\d,]+ s ahead of the clock</)
    expect(page).not.toMatch(/-[\d,]+ s\b/)
  }
  expect(texts.explain.sheet.uptimeSum('9 s', '7 s', '0 s', '2 s', null, null, 0)).toBe(
    '9 s credited of 7 s; 0 s lost; 2 s ahead of the clock.',
  )
})

test.each([
  [
    'farmerbot_slow_boot_twice',
    'it took 1,858 s (30 min 58 s) to boot, which is more than 30 min',
    'took more than 30 min to boot',
    'too-slow',
  ],
  ['farmerbot_24h_plus_1', 'it slept for 86,401 s (1 d), which is more than 24 h', 'asleep for more than 24 h', 'too-long'],
  [
    'farmerbot_slow_and_too_long',
    'it slept for 91,722 s (1 d 1 h), which is more than 24 h, and took 3,998 s (1 h 6 min) to boot, which is more than 30 min',
    'asleep for more than 24 h, and took more than 30 min to boot',
    'both',
  ],
])('%s: which of the limits a sleep went over', (name, meaning, cause, sleep) => {
  const explanation = explainedCase(name, 1)
  const refused = explanation.steps.find(step => step.kind === 'wake-refused')!
  expect(describeStep(refused)).toContain(`Woke up, sleep not credited: ${meaning}: the sleep does not count. `)
  const downtime = explanation.downtimes.find(one => one.cause === 'sleep-refused')!
  expect(downtime).toMatchObject({ lostSec: refused.lostSec, sleep })
  expect(causeText(downtime)).toBe(cause)
  expect(explanationText(explanation)).toContain(` lost: ${cause} (block ${refused.block})`)
  for (const one of explanation.downtimes) if (one.cause !== 'sleep-refused') expect(one.sleep).toBeUndefined()
})

test('a report that is ignored says why, and reports are in one run only where that is the same', () => {
  const after = explainedCase('healthy', 1).steps.filter(step => step.kind === 'ignored')
  expect(after.map(describeStep)).toEqual(['Report ignored: an earlier report closed the period. The uptime stays as it is.'])
  const ignored = (block: number, why: string) => report(block, 0, { kind: 'ignored', elapsedSec: 0, lostSec: 0, evidence: { why } })
  const closed = 'an earlier report closed the period'
  const asleep = 'it is asleep and was not asked to boot'
  const folded = foldSteps([ignored(1, asleep), ignored(2, asleep), ignored(3, closed), ignored(4, closed), ignored(5, closed)])
  expect(folded.map(entry => (entry.kind === 'run' ? runTitle(entry) : entry.kind))).toEqual([
    `2 ignored reports in a row, as ${asleep}`,
    `3 ignored reports in a row, as ${closed}`,
  ])
})

/** Why node `nodeId` of a golden case earns what it earns. */
function explainedCase(name: string, nodeId: number): Explanation {
  const of = readCase(name)
  const fold = createV3Mint(of.header, of.start, of.end, { resources: 'latest', explain: id => id === nodeId })
  feed(of.blocks, fold)
  fold.finish(coveredTo(of))
  return fold.explanation(nodeId)
}

describe('what happened, as rule set v3 tells it', () => {
  const c = readCase('healthy')
  const { period } = c.header
  const first = c.start.block
  const report = (sec: number, uptime: number): [number, GridEvent] => [
    sec,
    ['TfgridModule.NodeUptimeReported', { node_id: 1, now: period.start + sec, uptime }],
  ]
  const target = (sec: number, to: 'Up' | 'Down'): [number, GridEvent] => [
    sec,
    ['TfgridModule.PowerTargetChanged', { farm_id: 1, node_id: 1, power_target: to }],
  ]
  const down = (sec: number): [number, GridEvent] => [
    sec,
    ['TfgridModule.PowerStateChanged', { farm_id: 1, node_id: 1, power_state: { Down: 1 } }],
  ]
  /** Explains node 1 by events at their second of the period, each in the block of that second. The end block's is 2,630,882. */
  function explained(events: [number, GridEvent][], coveredTo = c.end.block + 16_200, power: StartSnapshot['power'] = []): Explanation {
    const fold = createV3Mint(c.header, { ...c.start, power }, c.end, { resources: 'latest', explain: () => true })
    for (const [sec, event] of events) {
      fold.block(first + Math.ceil((sec - 2) / 6), period.start + sec)
      feedEvent(event, fold)
    }
    const result = fold.finish(coveredTo)
    const explanation = fold.explanation(1)
    // days say nothing yet of the time that the next report may still credit
    const waits = explanation.steps.find(({ kind, evidence }) => kind === 'tail' && evidence.pending === true && evidence.asleep === false)
    const knownSec = coveredTo >= c.end.block ? PERIOD_SEC : (coveredTo - first) * 6 + 2
    checkExplanation(explanation, result.nodes[0]!, waits ? waits.fromTs - period.start : knownSec)
    return explanation
  }
  const linesOf = (explanation: Explanation) => explanationText(explanation).split('\n')
  const sleeps = (explanation: Explanation) => explanation.steps.filter(step => step.kind === 'sleep').map(describeStep)

  test('ignored reports in a row have their own times, so that time never runs back', () => {
    const events = [
      report(602, 500),
      target(1202, 'Down'),
      down(1262),
      report(2402, 9),
      report(3602, 9),
      report(4802, 9),
      target(6002, 'Up'),
    ]
    const explanation = explained(events)
    const run = foldSteps(explanation.steps).find(entry => entry.kind === 'run')!
    expect(run).toMatchObject({ of: 'ignored', count: 3, fromTs: period.start + 2402, toTs: period.start + 4802 })
    const lines = linesOf(explanation)
    expect(lines).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^  ${formatUtc(period.start + 4802)}  blocks .* 3 ignored reports in a row, as it is asleep and was not asked to boot: 0 s passed`,
        ),
      ),
    )
    const times = lines.filter(line => /^ {2}\d{4}-.* UTC {2}(no event|blocks? \d)/.test(line)).map(line => line.slice(2, 25))
    expect(times.length).toBe(6)
    expect(times).toEqual(times.toSorted())
  })

  test('going to sleep says whether the time before it counts', () => {
    expect(sleeps(explained([report(602, 500), target(1202, 'Down'), down(1262)]))).toEqual([
      'Went to sleep: the farmer put it to sleep; the time since its last report counts. 660 s (11 min) passed, 660 s (11 min) credited.',
    ])
    expect(sleeps(explained([target(1202, 'Down'), down(1262)]))).toEqual([
      'Went to sleep: the farmer put it to sleep before it had reported, so the time up to here does not count. 1,262 s (21 min 2 s) passed, 0 s credited, 1,262 s (21 min 2 s) lost.',
    ])
    expect(sleeps(explained([report(602, 500), target(2_631_002, 'Down'), down(2_631_062)]))).toEqual([
      'Went to sleep: the farmer put it to sleep after the period, where that counts nothing. The uptime stays as it is.',
    ])
    const asleep = { node_id: 1, state: { Down: 5 }, down_since_ts: period.start - 100, target: 'Down' as const }
    expect(sleeps(explained([], undefined, [asleep]))).toEqual([
      'Asleep from the start: it slept already when the period began; the sleep from there on counts if it comes back in time. The uptime stays as it is.',
    ])
  })

  test('what is not known yet is said to be so, and until when it is known; it is not lost', () => {
    const untilSec = 600_002
    const known = formatUtc(period.start + untilSec)
    const whole = explained([report(602, 500)])
    expect(withoutCredit(whole.steps)).toEqual({ lostSec: whole.lostSec, aheadSec: 0, waitingSec: 0, unknownSec: 0 })
    expect(describeStep(whole.steps.at(-1)!)).toMatch(/^No more reports: nobody reported up to here\..* lost\.$/)

    const reportedUntil = (lastSec: number) => {
      const events: [number, GridEvent][] = []
      for (let sec = 602; sec <= lastSec; sec += 2400) events.push(report(sec, 500_000 + sec))
      return explained(events, first + 100_000)
    }
    const waits = reportedUntil(599_000)
    expect(waits.steps.slice(-2).map(stepTitle)).toEqual(['No report since', 'Not known yet'])
    expect(waits.steps.slice(-2).map(describeStep)).toEqual([
      'No report since: nobody reported up to here, which is as far as the data reach; the next report says what counts. 1,800 s (30 min) passed that may still be credited.',
      `Not known yet: the data reach until ${known}. The 2,030,878 s (23 d 12 h) up to the end of the period are not known yet.`,
    ])
    expect(withoutCredit(waits.steps)).toEqual({ lostSec: 0, aheadSec: 0, waitingSec: 1800, unknownSec: PERIOD_SEC - untilSec })

    // the next report comes too late for all of it
    const late = reportedUntil(500_000)
    expect(stepTitle(late.steps.at(-2)!)).toBe('No more reports')
    const asleep = explained([report(602, 500), target(550_002, 'Down'), down(550_062)], first + 100_000)
    expect(stepTitle(asleep.steps.at(-2)!)).toBe('Still asleep')
    for (const explanation of [waits, late, asleep]) {
      const { lostSec, waitingSec, unknownSec } = withoutCredit(explanation.steps)
      expect(explanation.measuredUptimeSec + lostSec + waitingSec + unknownSec).toBe(explanation.elapsedSec)
      const lines = linesOf(explanation)
      expect(lines[1]).toContain(`provisional: the period is known until ${known}`)
      expect(lines.find(line => line.startsWith('  = '))).toContain('2,030,878 s (23 d 12 h) not known yet')
      expect(lines.filter(line => /2,030,878 s[^,]* lost/.test(line))).toEqual([])
    }
  })
})

test('a period of a node’s own begins with a report that counts nothing, and while it runs the last stretch is not lost', () => {
  const { start, end } = periodAt(80)
  const fold = createNodePeriodFold(
    { period: { index: 80, start, end } },
    { block: 0, ts: start, nodes: [gridNode(1)], contracts: [], connectionPrice: 80 },
    { farms: [{ id: 1, name: 'a', twin_id: 1 }], farmingPolicies: [policyOf(3)] },
    { boundary: null, explain: () => true },
  )
  for (const [block, sec] of [1000, 3400, 5800].entries()) {
    fold.block(block + 1, start + sec)
    fold.uptime(1, start + sec, sec)
  }
  const { open } = fold.running()[0]!
  const explanation = explainMint(mintOf(open!, { network: 'test', carbon: false }), open!.story!, 80, start + 9400)
  expect([explanation.steps[0]!, explanation.steps.at(-1)!].map(describeStep)).toEqual([
    "First report: the node's own period begins with it; it counts nothing itself, and the next report is measured against it. The uptime stays as it is.",
    'No report since: nobody reported up to here, which is as far as the data reach; the next report says what counts. 3,600 s (1 h) passed that may still be credited.',
  ])
  const lines = explanationText(explanation).split('\n')
  expect(lines[1]).toContain(`still running: known until ${formatUtc(start + 9400)}`)
  expect(lines).toContain('  = 4,800 s (1 h 20 min) credited of 8,400 s (2 h 20 min), 0 s lost, 3,600 s (1 h) that may still be credited')
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
