import { describe, expect, test } from 'vitest'
import {
  axisTicks,
  between,
  isNotable,
  nearestMark,
  pan,
  reveal,
  segmentAt,
  stepMarkIndex,
  timelineModel,
  timelineTotals,
  zoom,
} from '../../src-renderer/components/timeline-model.ts'
import type { Downtime, Explanation, Step } from '../../src-shared/mint.ts'
import type { NodeDetail } from '../../src-shared/nodes-contract.ts'

const start = 1_000_000
const end = start + 100_000

function step(kind: Step['kind'], fromTs: number, toTs: number, creditedSec: number, extra: Partial<Step> = {}): Step {
  const elapsedSec = toTs - fromTs
  return {
    kind,
    rule: 'v3',
    block: toTs,
    ts: toTs,
    fromTs,
    toTs,
    elapsedSec,
    creditedSec,
    lostSec: elapsedSec - creditedSec,
    violation: null,
    evidence: {},
    ...extra,
  }
}

function model(
  steps: Step[],
  options: { downtimes?: Downtime[]; knownTo?: number; sleepingSinceTs?: number | null; timeline?: NodeDetail['timeline'] } = {},
) {
  const detail = {
    row: { sleepingSinceTs: options.sleepingSinceTs ?? null },
    period: { start, end, completeUntilTs: options.knownTo ?? end + 97_200 },
    timeline: options.timeline ?? [],
  } as unknown as NodeDetail
  return timelineModel(detail, { steps, downtimes: options.downtimes ?? [] } as unknown as Explanation)
}

const gapless = (list: { fromTs: number; toTs: number }[]) =>
  list.every((piece, index) => piece.toTs > piece.fromTs && (index === 0 || list[index - 1]!.toTs === piece.fromTs))

describe('segments', () => {
  test('ordinary reports make one stretch, the silent tail is down', () => {
    const { segments } = model([
      step('first-report', start, start + 2400, 2400),
      step('report', start + 2400, start + 4800, 2400),
      step('tail', start + 4800, end, 0, { block: null }),
    ])
    expect(segments.map(({ state, fromTs, toTs }) => [state, fromTs - start, toTs - start])).toEqual([
      ['up', 0, 4800],
      ['down', 4800, 100_000],
    ])
  })

  test('a reboot is down only where the downtime says so', () => {
    const downtime: Downtime = { fromTs: start + 2400, toTs: start + 3000, lostSec: 600, cause: 'reboot', block: 7 }
    const built = model(
      [
        step('first-report', start, start + 2400, 2400),
        step('reboot', start + 2400, start + 4800, 1800),
        step('report', start + 4800, end, 9),
      ],
      { downtimes: [downtime] },
    )
    expect(built.segments.map(({ state, fromTs, toTs }) => [state, fromTs - start, toTs - start])).toEqual([
      ['up', 0, 2400],
      ['down', 2400, 3000],
      ['up', 3000, 100_000],
    ])
    expect(built.segments[1]!.downtime).toBe(downtime)
    expect(segmentAt(built, start + 2500)?.state).toBe('down')
    expect(segmentAt(built, end)).toBeUndefined()
  })

  test('sleeps, credited and still going on', () => {
    const built = model([step('sleep', start, start + 1000, 1000), step('wake', start + 1000, start + 9000, 8000)], {
      sleepingSinceTs: start + 20_000,
      knownTo: start + 50_000,
      downtimes: [{ fromTs: start + 9000, toTs: end, lostSec: 1, cause: 'not-seen-after', block: null }],
    })
    expect(built.segments.map(({ state, fromTs, toTs }) => [state, fromTs - start, toTs - start])).toEqual([
      ['up', 0, 1000],
      ['asleep', 1000, 9000],
      ['down', 9000, 20_000],
      ['asleep', 20_000, 50_000],
      ['unknown', 50_000, 100_000],
    ])
  })

  test('while the period runs, a report that is not due yet is no downtime', () => {
    const tail = (toTs: number) => [step('report', start, start + 2400, 2400), step('tail', start + 2400, toTs, 0, { block: null })]
    const states = (toTs: number) => model(tail(toTs), { knownTo: toTs }).segments.map(segment => segment.state)
    expect(states(start + 4800)).toEqual(['up', 'unknown'])
    expect(states(start + 4900)).toEqual(['up', 'down', 'unknown'])
  })

  test('whatever comes, the stretches cover the period without a gap', () => {
    const built = model(
      [
        step('first-report', start - 500, start + 100, 600),
        step('report', start + 90, start + 70, 0),
        step('report', start + 100, end + 50, 5),
      ],
      { downtimes: [{ fromTs: start - 50, toTs: start + 60, lostSec: 1, cause: 'gap', block: 1 }] },
    )
    expect(gapless(built.segments)).toBe(true)
    expect(built.segments[0]!.fromTs).toBe(start)
    expect(built.segments.at(-1)!.toTs).toBe(end)
  })

  test('without an explanation all is unknown, and the events stay', () => {
    const detail = {
      row: { sleepingSinceTs: null },
      period: { start, end, completeUntilTs: end },
      timeline: [{ block: 1, ts: start + 5, kind: 'report', now: start + 5, uptime: 5 }],
    } as unknown as NodeDetail
    const built = timelineModel(detail, null)
    expect(built.segments).toEqual([{ state: 'unknown', fromTs: start, toTs: end, downtime: null }])
    expect(built.marks).toHaveLength(1)
  })
})

describe('marks', () => {
  const steps = [
    step('first-report', start, start + 2400, 2400),
    step('reboot', start + 2400, start + 2500, 100),
    step('report', start + 2500, start + 5000, 2460, { violation: 'ClockSkew' }),
    step('sleep', start + 5000, start + 5100, 100),
  ]
  const timeline: NodeDetail['timeline'] = [
    { block: start + 2400, ts: start + 2400, kind: 'report', now: start + 2400, uptime: 1 },
    { block: start + 5100, ts: start + 5100, kind: 'state-down', now: null, uptime: null },
    { block: start + 5050, ts: start + 5050, kind: 'target-down', now: null, uptime: null },
  ]

  test('each event once, in order, with what its step says', () => {
    const { marks } = model(steps, { timeline })
    expect(marks.map(mark => [mark.kind, mark.ts - start])).toEqual([
      ['report', 2400],
      ['reboot', 2500],
      ['violation', 5000],
      ['change', 5050],
      ['sleep', 5100],
    ])
    expect(marks.map(isNotable)).toEqual([false, true, true, true, true])
  })

  test('what came after the period stands at its end if it counted, else not at all', () => {
    const { marks } = model(
      [
        step('report', end - 4800, end - 2400, 2400),
        step('ignored', end - 2400, end - 2400, 0, { ts: end + 5000, block: end + 5000 }),
        step('post-report', end - 2400, end, 2400, { ts: end + 60, block: end + 60 }),
      ],
      { timeline: [{ block: end + 9000, ts: end + 9000, kind: 'target-up', now: null, uptime: null }] },
    )
    expect(marks.map(mark => [mark.kind, mark.ts - end, mark.eventTs - end])).toEqual([
      ['report', -2400, -2400],
      ['report', 0, 60],
    ])
  })

  test('moving between marks', () => {
    const { marks } = model(steps, { timeline })
    expect(stepMarkIndex(marks, 0, 1, false)).toBe(1)
    expect(stepMarkIndex(marks, 1, -1, true)).toBe(1)
    expect(stepMarkIndex(marks, 4, 1, false)).toBe(4)
    expect(nearestMark(marks, start + 2410, 200)).toBe(1)
    expect(nearestMark(marks, start + 2410, 20)).toBe(0)
    expect(nearestMark(marks, start + 50_000, 20)).toBe(-1)
  })

  test('totals', () => {
    expect(timelineTotals(model(steps, { timeline }))).toMatchObject({ up: 5100, unknown: 94_900, reports: 2, reboots: 1, sleeps: 1 })
  })
})

describe('view', () => {
  const period = { fromTs: start, toTs: end }

  test('zooming keeps the anchor in place and stays inside', () => {
    expect(zoom(period, period, 0.5, start + 50_000)).toEqual({ fromTs: start + 25_000, toTs: start + 75_000 })
    expect(zoom(period, period, 0.5, start)).toEqual({ fromTs: start, toTs: start + 50_000 })
    expect(zoom(period, period, 2, start + 5)).toEqual(period)
    const closest = zoom(period, period, 0, start + 50_000)
    expect(closest.toTs - closest.fromTs).toBe(600)
  })

  test('dragging either way, panning and revealing', () => {
    expect(between(start + 9000, start + 3000, period)).toEqual({ fromTs: start + 3000, toTs: start + 9000 })
    expect(between(start, start, period)).toEqual({ fromTs: start, toTs: start + 600 })
    expect(pan({ fromTs: start, toTs: start + 1000 }, period, -1)).toEqual({ fromTs: start, toTs: start + 1000 })
    expect(pan({ fromTs: start, toTs: start + 1000 }, period, 0.5)).toEqual({ fromTs: start + 500, toTs: start + 1500 })
    expect(reveal({ fromTs: start, toTs: start + 1000 }, period, start + 5000)).toEqual({ fromTs: start + 4500, toTs: start + 5500 })
  })

  test('ticks are round in local time, also across a change of the clocks', () => {
    const day = { fromTs: 0, toTs: 86_400 }
    expect(axisTicks(day, 8, () => 3600)).toEqual({
      days: false,
      ticks: [-3600 + 10_800, 18_000, 28_800, 39_600, 50_400, 61_200, 72_000, 82_800],
    })
    const days = axisTicks({ fromTs: 0, toTs: 10 * 86_400 }, 12, ts => (ts < 5 * 86_400 ? 7200 : 3600))
    expect(days.days).toBe(true)
    for (const ts of days.ticks) expect((ts + (ts < 5 * 86_400 ? 7200 : 3600)) % 86_400).toBe(0)
  })
})
