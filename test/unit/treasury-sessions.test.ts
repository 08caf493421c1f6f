import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createTreasurySessions } from '../../src-main/core/treasury/sessions.ts'

let nowMs: number
let changes: number
const open = () =>
  createTreasurySessions(
    () => ({ entitySec: 100, administratorSec: 10 }),
    () => changes++,
    () => [nowMs, nowMs],
  )

beforeEach(() => {
  nowMs = 1_000_000
  changes = 0
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function pass(sec: number): void {
  for (let i = 0; i < sec; i++) {
    nowMs += 1_000
    vi.advanceTimersByTime(1_000)
  }
}

test('the administrator goes after its idle time, the entity after its own; what is done begins it anew', () => {
  const sessions = open()
  sessions.unlock('anna', 'e1')
  sessions.grant('anna')
  pass(9)
  sessions.use('anna', 'administrator')
  pass(9)
  expect(sessions.isAdministrator('anna')).toBe(true)
  // acting as the entity does not keep the administrator
  sessions.use('anna', 'entity')
  pass(1)
  expect([sessions.isAdministrator('anna'), sessions.entityOf('anna')]).toEqual([false, 'e1'])
  pass(98)
  expect(sessions.entityOf('anna')).toBe('e1')
  pass(1)
  expect(sessions.entityOf('anna')).toBe(null)
  sessions.close()
})

test('each actor has its own, and pages are told when one went', () => {
  const sessions = open()
  sessions.unlock('anna', 'e1')
  sessions.unlock('bob', 'e2')
  sessions.grant('bob')
  expect([sessions.entityOf('anna'), sessions.isAdministrator('anna'), sessions.isAdministrator('bob')]).toEqual(['e1', false, true])
  pass(25)
  expect(changes).toBe(1)
  pass(110)
  expect(changes).toBe(3)
  sessions.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('a machine that slept is locked at the next look, whatever one of its clocks says', () => {
  let wallMs = 0
  const sessions = createTreasurySessions(
    () => ({ entitySec: 100, administratorSec: 10 }),
    () => {},
    () => [wallMs, 0],
  )
  sessions.unlock('anna', 'e1')
  wallMs = 100_000
  expect(sessions.entityOf('anna')).toBe(null)
  sessions.close()
})

test('many commands make no more timers', () => {
  const sessions = open()
  sessions.unlock('anna', 'e1')
  sessions.grant('anna')
  for (let i = 0; i < 1_000; i++) sessions.use('anna', 'administrator')
  expect(vi.getTimerCount()).toBe(1)
  sessions.lock('anna')
  expect(sessions.entityOf('anna')).toBe(null)
  sessions.close()
})
