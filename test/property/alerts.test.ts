import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideAlerts, type KnownAlert, type Observation } from '../../src-main/engines/alerts/decide.ts'
import { mayTell } from '../../src-main/engines/alerts/quiet.ts'
import { decideTellings, type News } from '../../src-main/engines/alerts/telling.ts'
import { alertKinds, alertSeverities, defaultRule, type QuietHours } from '../../src-shared/alerts.ts'
import { runs } from '../helpers/runs.ts'

/* Alerts in whatever order and however often things are seen, with crashes in between: each cause opens once and ends once, and nothing is left untold. */

const rules = new Map(alertKinds.map(kind => [kind, defaultRule(kind)]))
const END_TS = 200_000

/** A node that reports every 40 min, but for its outages. */
function lastReport(outages: readonly (readonly [number, number])[], ts: number): number {
  for (let at = ts - (ts % 2_400); at > 0; at -= 2_400) if (!outages.some(([from, to]) => from <= at && at < to)) return at
  return 0
}

function observe(outages: readonly (readonly [number, number])[], asOfTs: number, isKnown = true): Observation[] {
  const reportTs = lastReport(outages, asOfTs)
  const value = isKnown ? Math.floor((asOfTs - reportTs) / 60) : null
  return (['node-down', 'node-late'] as const).map(kind => ({
    ...{ kind, network: 'main', subject: 'node 1', asOfTs, value, sinceTs: reportTs, episode: String(reportTs) },
    ...{ title: '', reason: '', wayOut: '', href: '' },
  }))
}

const outagesOf = fc
  .uniqueArray(fc.nat({ max: END_TS / 1_000 }), { minLength: 0, maxLength: 8 })
  .map(points => points.sort((a, b) => a - b).map(point => point * 1_000))
  .map(points => Array.from({ length: Math.floor(points.length / 2) }, (_, at) => [points[2 * at]!, points[2 * at + 1]!] as const))

test('in any order, with repetitions and crashes, each cause opens once and ends once, and the end is as it is', () => {
  const look = fc.record({ ts: fc.integer({ min: 1, max: END_TS }), isKnown: fc.boolean(), crashes: fc.boolean() })
  fc.assert(
    fc.property(outagesOf, fc.array(look, { maxLength: 60 }), (outages, looks) => {
      const kept: KnownAlert[] = []
      const counts = new Map<string, { opened: number; ended: number }>()
      const step = (observations: Observation[], crashes: boolean) => {
        const known = { rules, alerts: [...kept], hasCause: (cause: string) => counts.has(cause) }
        const { opens, ends } = decideAlerts({ observations, whole: new Map() }, known, END_TS)
        // nothing of a look that crashed is kept, and it is not told either
        if (crashes) return
        for (const { cause, end, asOfTs } of ends) {
          const alert = kept.find(one => one.cause === cause)!
          expect(alert.isOpen).toBe(true)
          Object.assign(alert, { isOpen: false, end, asOfTs })
          counts.get(cause)!.ended++
        }
        for (const { cause, kind, network, subject, asOfTs } of opens) {
          expect(counts.has(cause)).toBe(false)
          counts.set(cause, { opened: 1, ended: 0 })
          expect(kept.filter(one => one.kind === kind && one.isOpen)).toEqual([])
          kept.push({ cause, kind, network, subject, asOfTs, isOpen: true, end: null })
        }
      }
      for (const { ts, isKnown, crashes } of looks) step(observe(outages, ts, isKnown), crashes)
      step(observe(outages, END_TS), false)
      step(observe(outages, END_TS), false)
      for (const { opened, ended } of counts.values()) expect([opened, ended <= 1]).toEqual([1, true])
      const silentMin = (END_TS - lastReport(outages, END_TS)) / 60
      expect(kept.filter(({ isOpen }) => isOpen).map(({ kind }) => kind)).toEqual(
        silentMin >= 81 ? ['node-down'] : silentMin >= 45 ? ['node-late'] : [],
      )
    }),
    runs(300),
  )
})

test('looked at often enough, each outage that is long enough opens exactly one alert, also with every look twice', () => {
  fc.assert(
    fc.property(outagesOf, fc.boolean(), (outages, isTwice) => {
      const kept: KnownAlert[] = []
      const opened = { 'node-down': 0 } as Record<string, number>
      for (let ts = 600; ts <= END_TS; ts += 600)
        for (let again = 0; again < (isTwice ? 2 : 1); again++) {
          const known = { rules, alerts: kept, hasCause: (cause: string) => kept.some(one => one.cause === cause) }
          const { opens, ends } = decideAlerts({ observations: observe(outages, ts), whole: new Map() }, known, ts)
          for (const { cause, end, asOfTs } of ends) Object.assign(kept.find(one => one.cause === cause)!, { isOpen: false, end, asOfTs })
          for (const opening of opens) {
            opened[opening.kind] = (opened[opening.kind] ?? 0) + 1
            kept.push({ ...opening, isOpen: true, end: null })
          }
        }
      // counted from the reports alone
      const reports = Array.from({ length: END_TS / 2_400 }, (_, at) => at * 2_400).filter(
        at => at === 0 || !outages.some(([from, to]) => from <= at && at < to),
      )
      const gaps = reports.filter((at, place) => (reports[place + 1] ?? END_TS) - at > 82 * 60 + 600)
      const sure = gaps.length
      expect(opened['node-down']).toBeGreaterThanOrEqual(sure)
      expect(opened['node-down']).toBeLessThanOrEqual(reports.filter((at, place) => (reports[place + 1] ?? END_TS) - at >= 81 * 60).length)
    }),
    runs(60),
  )
})

test('quiet hours lose nothing and tell nothing twice', () => {
  const quietOf: fc.Arbitrary<QuietHours> = fc.record({
    on: fc.boolean(),
    from: fc.constantFrom('22:00', '00:00', '12:15'),
    to: fc.constantFrom('07:00', '23:00', '12:45'),
    zone: fc.constantFrom('Europe/Brussels', 'America/New_York', 'Asia/Kolkata', 'UTC'),
    except: fc.constantFrom('down' as const, 'at-risk' as const, null),
  })
  const startTs = Date.parse('2026-03-28T00:00:00Z') / 1000
  const comes = fc.record({
    afterSec: fc.nat({ max: 20_000 }),
    severity: fc.constantFrom(...alertSeverities),
    isOver: fc.boolean(),
    crashes: fc.boolean(),
  })
  fc.assert(
    fc.property(quietOf, fc.array(comes, { maxLength: 40 }), (quiet, list) => {
      let untold: News[] = []
      const told = new Map<string, number>()
      const tell = (nowTs: number, crashes: boolean) => {
        const { messages, held } = decideTellings(untold, quiet, nowTs)
        if (crashes) return
        for (const { news } of messages)
          for (const { alertId, what, severity } of news) {
            expect(mayTell(nowTs, quiet, severity)).toBe(true)
            told.set(`${alertId} ${what}`, (told.get(`${alertId} ${what}`) ?? 0) + 1)
          }
        untold = held.map(one => ({ ...one, isHeld: true }))
      }
      let nowTs = startTs
      list.forEach(({ afterSec, severity, isOver, crashes }, alertId) => {
        nowTs += afterSec
        const one: News = { alertId, what: 'opened', ts: nowTs, isHeld: false, severity, title: `${alertId}`, reason: '', href: '' }
        untold.push(one, ...(isOver ? [{ ...one, what: 'over' as const }] : []))
        tell(nowTs, crashes)
      })
      for (let hour = 0; hour <= 48; hour++) tell(nowTs + hour * 1_800, false)
      expect(untold).toEqual([])
      const wanted = list.flatMap(({ isOver }, id) => [`${id} opened`, ...(isOver ? [`${id} over`] : [])])
      expect([...told.keys()].sort()).toEqual(wanted.sort())
      expect(new Set(told.values()).size).toBeLessThanOrEqual(1)
    }),
    runs(150),
  )
})
