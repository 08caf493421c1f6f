import { expect, test } from 'vitest'
import { type Standing, sayStanding } from '../../src-main/hosts/electron/standing.ts'
import { smallCore, until } from '../helpers/small-core.ts'

const stands: Standing = {
  ...{ alerts: 1, needsAttention: true, first: [{ title: 'Node 17 is down', path: '/nodes/17' }] },
  ...{ sync: { phase: 'backfilling', fraction: 0.43 }, demo: false },
}

test('how things stand is said at the start and when it changes, no more often than a tray needs; a failed look is tried again', async () => {
  const world = { fraction: 0.4321, worst: 'down' as 'down' | 'info' | null, phase: 'backfilling' }
  const core = smallCore({
    'status.get': () => ({ demo: false, sync: { phase: world.phase, fraction: world.fraction } }),
    'alerts.count': () => ({ total: 1, worst: world.worst, last: 1 }),
    'alerts.list': () => ({ rows: [{ title: 'Node 17\u202e is down', href: '/nodes/17' }], total: 1 }),
  })
  const said: Standing[] = []
  const errors: unknown[] = []
  const waits: (() => void)[] = []
  const stop = sayStanding(core, {
    say: standing => said.push(standing),
    after: (_ms, action) => waits.push(action),
    log: error => errors.push(error),
  })
  await until(() => waits.length === 1, 'it looked')
  expect(said).toEqual([stands])
  // many changes meanwhile are one look after the wait; a thousandth of the way is no news
  const looks = () => core.calls.filter(({ name }) => name === 'status.get').length
  world.fraction = 0.4329
  for (let at = 0; at < 5; at++) core.announce(['sync'])
  expect(looks()).toBe(1)
  waits.shift()!()
  await until(() => waits.length === 1, 'it looked again')
  expect([looks(), said.length]).toEqual([2, 1])
  // nothing changed: no look
  waits.shift()!()
  core.announce(['jobs'])
  expect(looks()).toBe(2)
  world.worst = 'info'
  core.announce(['alerts'])
  await until(() => said.length === 2, 'the change was said')
  world.phase = 'halted'
  core.announce(['sync'])
  waits.shift()!()
  await until(() => said.length === 3, 'the halt was said')
  expect(said.map(({ needsAttention }) => needsAttention)).toEqual([true, false, true])
  await until(() => waits.length === 1, 'it rests')
  waits.shift()!()
  const { 'status.get': answer } = core.answers
  delete core.answers['status.get']
  core.announce(['facts'])
  await until(() => errors.length === 1 && waits.length === 1, 'it was logged')
  core.answers['status.get'] = answer!
  world.phase = 'following'
  core.announce(['facts'])
  waits.shift()!()
  await until(() => said.length === 4, 'it was tried again')
  stop()
  expect(core.listeners()).toBe(0)
})
