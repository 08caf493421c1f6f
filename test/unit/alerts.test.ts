import { expect, test } from 'vitest'
import { decideAlerts, isBeyond, type KnownAlert, type Observation } from '../../src-main/engines/alerts/decide.ts'
import { isQuiet, mayTell } from '../../src-main/engines/alerts/quiet.ts'
import { decideTellings, type News } from '../../src-main/engines/alerts/telling.ts'
import {
  type AlertKind,
  alertForms,
  alertKinds,
  alertRuleSchema,
  defaultRule,
  type QuietHours,
  quietHoursSchema,
  quietProblem,
  thresholdProblem,
} from '../../src-shared/alerts.ts'

/* Which alerts open and end, and when somebody is told: values and the time in, values out. */

const defaults = new Map(alertKinds.map(kind => [kind, defaultRule(kind)]))

function seen(kind: AlertKind, value: Observation['value'], change: Partial<Observation> = {}): Observation {
  return {
    ...{ kind, network: 'main', subject: 'node 1', asOfTs: 1_000, value, sinceTs: null, episode: null },
    ...{ title: kind, reason: '', wayOut: '', href: '/nodes/1', ...change },
  }
}

/** The books, as far as the engine knows them. */
function books() {
  const alerts: KnownAlert[] = []
  return {
    alerts,
    look(
      observations: Observation[],
      { whole = {}, rules = defaults }: { whole?: Partial<Record<AlertKind, 'over' | 'unwatched'>>; rules?: typeof defaults } = {},
    ) {
      const entries = Object.entries(whole) as [AlertKind, 'over' | 'unwatched'][]
      const known = { rules, alerts, hasCause: (cause: string) => alerts.some(alert => alert.cause === cause) }
      const { opens, ends } = decideAlerts({ observations, whole: new Map(entries) }, known, 9_999)
      for (const { cause, end, asOfTs } of ends) Object.assign(alerts.find(alert => alert.cause === cause)!, { isOpen: false, end, asOfTs })
      for (const { cause, kind, network, subject, asOfTs } of opens)
        alerts.push({ cause, kind, network, subject, asOfTs, isOpen: true, end: null })
      return {
        opens: opens.map(({ kind, subject, isAgain }) => `${kind} ${subject}${isAgain ? ' again' : ''}`),
        ends: ends.map(({ cause, end }) => `${cause.split('|')[0]} ${end}`),
      }
    },
  }
}

test('defaults keep to their own bounds, and nothing beyond them is a rule', () => {
  for (const kind of alertKinds) {
    const rule = defaultRule(kind)
    expect([kind, alertRuleSchema.parse(rule), thresholdProblem(rule)]).toEqual([kind, rule, null])
    const form = alertForms[kind].threshold
    const bad = form ? [form.least - 1, form.most + 1, 1.5, Number.NaN, null] : [0, 1]
    for (const threshold of bad)
      expect([kind, threshold, thresholdProblem({ kind, threshold })]).toEqual([kind, threshold, expect.any(String)])
  }
})

test('a figure that flaps at its threshold opens one alert: it has to come back by the slack', () => {
  const rule = { ...defaultRule('budget-low'), threshold: 10 }
  expect([11, 10, 9.99, 0].map(value => isBeyond(rule, value, false))).toEqual([false, false, true, true])
  expect([12, 11, 10.99, 10].map(value => isBeyond(rule, value, true))).toEqual([false, false, true, true])
  const kept = books()
  const looks = [9.9, 10.1, 9.9, 10.5, 9.8].map((value, at) => kept.look([seen('budget-low', value, { asOfTs: at, episode: 'p' })]))
  expect(looks.flatMap(({ opens, ends }) => [...opens, ...ends])).toEqual(['budget-low node 1'])
  expect(kept.look([seen('budget-low', 11.5, { asOfTs: 9, episode: 'p' })]).ends).toEqual(['budget-low over'])
  // the same period once more is the same cause
  expect(kept.look([seen('budget-low', 5, { asOfTs: 10, episode: 'p' })]).opens).toEqual([])
  expect(kept.look([seen('budget-low', 5, { asOfTs: 11, episode: 'q' })]).opens).toEqual(['budget-low node 1'])
})

test('what is unknown neither opens nor ends, and what is older than what was known says nothing', () => {
  const kept = books()
  expect(kept.look([seen('node-down', null)])).toEqual({ opens: [], ends: [] })
  kept.look([seen('node-down', 90, { asOfTs: 5_000, episode: 'r' })])
  for (const value of [null, 0] as const) expect(kept.look([seen('node-down', value, { asOfTs: 4_999 })])).toEqual({ opens: [], ends: [] })
  expect(kept.look([seen('node-down', 0, { asOfTs: 5_001 })]).ends).toEqual(['node-down over'])
  expect(kept.look([seen('node-down', 90, { asOfTs: 5_000, episode: 's' })]).opens).toEqual([])
})

test('a late report that becomes a node that is down gives way to it, and does not come again while it is', () => {
  const kept = books()
  const both = (min: number, asOfTs: number, report: number) =>
    (['node-late', 'node-down'] as const).map(kind => seen(kind, min, { asOfTs, sinceTs: report, episode: String(report) }))
  expect(kept.look(both(50, 3_000, 0)).opens).toEqual(['node-late node 1'])
  expect(kept.look(both(90, 5_400, 0))).toEqual({ opens: ['node-down node 1'], ends: ['node-late replaced'] })
  expect(kept.look(both(100, 6_000, 0))).toEqual({ opens: [], ends: [] })
  expect(kept.look(both(0, 7_000, 7_000))).toEqual({ opens: [], ends: ['node-down over'] })
  // it was back and is down again since the last look: another episode of an alert that is open
  kept.look(both(90, 13_000, 7_600))
  expect(kept.look(both(85, 20_000, 14_900))).toEqual({ opens: ['node-down node 1'], ends: ['node-down over'] })
})

test('a rule that is off ends what it had opened; a subject that is not watched any more ends unseen, and another says that it is over', () => {
  const kept = books()
  kept.look([seen('violation', true), seen('vote-wanted', 1, { subject: 'period 3' }), seen('fund-low', 1, { subject: 'ubo-fund' })])
  const off = new Map(defaults).set('fund-low', { ...defaultRule('fund-low'), on: false })
  const { ends } = kept.look([], { whole: { violation: 'unwatched', 'vote-wanted': 'over' }, rules: off })
  expect(ends.sort()).toEqual(['fund-low rule-off', 'violation unwatched', 'vote-wanted over'])
  expect(kept.look([seen('fund-low', 1, { subject: 'ubo-fund' })], { rules: off }).opens).toEqual([])
  // watched again, it is there again, and nobody is told a second time; what was over is another cause
  expect(kept.look([seen('fund-low', 1, { subject: 'ubo-fund' })]).opens).toEqual(['fund-low ubo-fund again'])
  expect(kept.look([seen('violation', true)]).opens).toEqual(['violation node 1 again'])
  expect(kept.look([seen('vote-wanted', 1, { subject: 'period 3' })]).opens).toEqual([])
  kept.look([], { whole: { violation: 'unwatched' } })
  expect(kept.look([seen('violation', true)]).opens).toEqual(['violation node 1 again'])
})

const night: QuietHours = { on: true, from: '22:00', to: '07:00', zone: 'Europe/Brussels', except: 'down' }
const at = (iso: string) => Date.parse(iso) / 1000

test('quiet hours go by the wall clock of their zone, over midnight, and when it is set for summer and winter', () => {
  const cases: [string, boolean][] = [
    ['2026-01-10T20:59:59Z', false], // 21:59:59
    ['2026-01-10T21:00:00Z', true], // 22:00
    ['2026-01-10T23:30:00Z', true],
    ['2026-01-11T05:59:59Z', true],
    ['2026-01-11T06:00:00Z', false], // 07:00
    ['2026-07-10T20:00:00Z', true], // 22:00 in summer
    ['2026-07-11T05:00:00Z', false],
    // 29 March: 02:00 becomes 03:00, and 07:00 is an hour earlier than the day before
    ['2026-03-29T04:59:59Z', true],
    ['2026-03-29T05:00:00Z', false],
    // 25 October: 02:30 is there twice
    ['2026-10-25T00:30:00Z', true],
    ['2026-10-25T01:30:00Z', true],
    ['2026-10-25T05:59:59Z', true],
    ['2026-10-25T06:00:00Z', false],
  ]
  for (const [iso, quiet] of cases) expect([iso, isQuiet(at(iso), night)]).toEqual([iso, quiet])
  const noon = { ...night, from: '12:00', to: '13:00', zone: 'UTC' }
  expect(['11:59', '12:00', '12:59', '13:00'].map(time => isQuiet(at(`2026-05-05T${time}:00Z`), noon))).toEqual([false, true, true, false])
  expect(isQuiet(at('2026-01-10T23:30:00Z'), { ...night, on: false })).toBe(false)
  // the hour that the clock leaves out lies in no quiet hours
  const gap = { ...night, from: '02:00', to: '03:00' }
  expect([0, 3_599, 3_600].map(sec => isQuiet(at('2026-03-29T01:00:00Z') + sec, gap))).toEqual([false, false, false])
  const problems = ['22:00', '21:59', '21:00', '23:00'].map(to => quietProblem({ ...night, to }) === null)
  expect(problems).toEqual([false, false, true, true])
  expect(quietHoursSchema.safeParse({ ...night, zone: 'Mars/Olympus' }).success).toBe(false)
  expect(quietHoursSchema.safeParse({ ...night, from: '24:00' }).success).toBe(false)
})

test('severities outrank quiet hours as they were told to', () => {
  const ts = at('2026-01-10T23:30:00Z')
  const may = (except: QuietHours['except']) =>
    (['down', 'at-risk', 'info'] as const).map(severity => mayTell(ts, { ...night, except }, severity))
  expect(may('down')).toEqual([true, false, false])
  expect(may('at-risk')).toEqual([true, true, false])
  expect(may(null)).toEqual([false, false, false])
})

const news = (alertId: number, change: Partial<News> = {}): News => ({
  ...{
    alertId,
    what: 'opened',
    ts: 0,
    isHeld: false,
    severity: 'at-risk',
    title: `Alert ${alertId}`,
    reason: 'Why.',
    href: `/nodes/${alertId}`,
  },
  ...change,
})

test('what quiet hours held is told as one after them, with what is over by then; a single one as itself', () => {
  const [inNight, morning] = [at('2026-01-10T23:30:00Z'), at('2026-01-11T06:00:00Z')]
  const list = [news(1), news(2), news(1, { what: 'over' }), news(3, { severity: 'down' })]
  const told = decideTellings(list, night, inNight)
  expect(told.messages.map(({ title }) => title)).toEqual(['Alert 3'])
  expect(told.held).toEqual(list.slice(0, 3))
  const held = told.held.map(one => ({ ...one, isHeld: true }))
  const { messages } = decideTellings([...held, news(4)], night, morning)
  expect(messages).toMatchObject([
    {
      what: 'summary',
      title: 'While it was quiet: 2 alerts, 1 is over',
      body: 'Over: Alert 1\nAlert 2',
      href: '/alerts',
      severity: 'at-risk',
    },
    { what: 'opened', title: 'Alert 4', body: 'Why.', href: '/nodes/4' },
  ])
  expect(decideTellings(held.slice(1, 2), night, morning).messages).toMatchObject([{ what: 'opened', title: 'Alert 2' }])
  expect(decideTellings([news(1, { what: 'over' })], night, morning).messages).toMatchObject([{ title: 'Over: Alert 1' }])
})

test('many at once are one message that names the first', () => {
  const { messages } = decideTellings(
    Array.from({ length: 40 }, (_, id) => news(id, { severity: id === 7 ? 'down' : 'info' })),
    night,
    at('2026-01-11T12:00:00Z'),
  )
  expect(messages).toHaveLength(1)
  expect(messages[0]).toMatchObject({ title: 'Alerts: 40 alerts', severity: 'down' })
  expect(messages[0]!.body.split('\n').at(-1)).toBe('and 34 more')
})
