import { expect, test } from 'vitest'
import {
  barText,
  behindText,
  choiceScope,
  choiceText,
  comparedText,
  costText,
  countStates,
  examinationText,
  headline,
  percentText,
  periodFraction,
  periodStanding,
  roughDuration,
  scopeChoice,
  setupDefaults,
  sortLive,
} from '../../src-renderer/sync-words.ts'
import type { Status } from '../../src-shared/contract.ts'
import type { LiveNode, SyncPhase } from '../../src-shared/sync.ts'
import { periodAt } from '../../src-shared/time.ts'
import { config, headTs, liveNodes, networks, syncIn } from '../helpers/sync-core.ts'

// local times, so that the words are the same in every zone
const now = new Date(2026, 10, 12, 14, 30).getTime() / 1000
const at1403 = new Date(2026, 10, 12, 14, 3).getTime() / 1000
const dayBefore = new Date(2026, 10, 11, 9, 5).getTime() / 1000

function bar(phase: SyncPhase, change: Partial<Status['sync']> = {}): Status['sync'] {
  return { phase, network: 'main', headTs: at1403, storedTs: at1403, fraction: null, secondsLeft: null, message: '', ...change }
}

test('a time to wait for is no finer than it is known', () => {
  expect([0, 59, 60, 89, 91, 1510, 3599, 5400, 86_399].map(roughDuration)).toEqual([
    ...['less than a minute', 'less than a minute', '1 min', '1 min', '2 min', '25 min', '1 h', '1 h 30 min', '1 d'],
  ])
  expect(roughDuration(200_000)).toBe('2 d 8 h')
})

test('100 % stands only for all of it', () => {
  expect([0, 0.437, 0.9999, 1].map(percentText)).toEqual(['0 %', '43 %', '99 %', '100 %'])
})

test('the status bar: every phase in a few words, with the time of the last block where it stands still', () => {
  expect(barText(bar('off'), now)).toBe('not following the chain')
  expect(barText(bar('connecting'), now)).toBe('connecting')
  expect(barText(bar('backfilling', { fraction: 0.437, secondsLeft: 1510 }), now)).toBe('catching up, 43 %, 25 min left')
  expect(barText(bar('backfilling'), now)).toBe('catching up')
  expect(barText(bar('following'), now)).toBe('following, last block 14:03')
  expect(barText(bar('offline'), now)).toBe('last block 14:03, offline')
  expect(barText(bar('offline', { headTs: null, storedTs: dayBefore }), now)).toBe('last block 11 Nov, 09:05, offline')
  expect(barText(bar('offline', { headTs: null, storedTs: null }), now)).toBe('offline')
  expect(barText(bar('paused', { fraction: 0.5 }), now)).toBe('paused, 50 %')
  expect(barText(bar('halted'), now)).toBe('halted')
})

test('the overview says nothing where all is here or nothing is followed, and else until when', () => {
  expect(behindText(bar('off'), now)).toBeNull()
  expect(behindText(bar('following'), now)).toBeNull()
  expect(behindText(bar('following', { storedTs: at1403 - 120 }), now)).toBeNull()
  expect(behindText(bar('following', { storedTs: dayBefore }), now)).toBe('The data is complete until 11 Nov, 09:05.')
  expect(behindText(bar('backfilling', { storedTs: dayBefore, fraction: 0.437, secondsLeft: 1510 }), now)).toBe(
    'The data is complete until 11 Nov, 09:05. More is coming in, 43 %, about 25 min left.',
  )
  expect(behindText(bar('backfilling', { storedTs: null }), now)).toBe('No history is complete yet. More is coming in.')
  expect(behindText(bar('offline'), now)).toBe('Offline: what happened after 14:03 is not known here.')
  expect(behindText(bar('halted', { message: 'Block 5 is odd.' }), now)).toBe(
    'The sync has halted. Block 5 is odd. The data is complete until 14:03.',
  )
})

test('the headline answers whether this machine is up to date, in every phase', () => {
  const lines = (['off', 'connecting', 'backfilling', 'following', 'offline', 'paused', 'halted'] as const).map(phase =>
    headline(syncIn(phase), headTs + 3600),
  )
  expect(lines.map(line => line.title)).toEqual([
    ...[
      'Not following',
      'Connecting',
      'Catching up: 43 %, about 25 min left',
      'Up to date',
      'Offline',
      'Paused: 43 %',
      'The sync has halted',
    ],
  ])
  expect(lines[4]!.text).toContain('(1 h ago)')
  expect(lines[6]!.text).toContain('SmartContractModule.Renamed')
  for (const line of lines) expect(line.text).not.toBe('')
  expect(headline({ ...syncIn('backfilling'), fraction: null, secondsLeft: null }, headTs).title).toBe('Catching up')
  expect(headline({ ...syncIn('off'), config: null }, headTs).text).not.toBe(lines[0]!.text)
})

const alder = { farmId: 12, name: 'Alder Farm' }
const node = (nodeId: number, farmId: number | null = 12) => ({ nodeId, farmId, farmName: farmId === 12 ? 'Alder Farm' : '' })

test('what is followed, in the words of its button', () => {
  expect(choiceText('all')).toBe('the whole grid')
  expect(choiceText({ farms: [], nodes: [] })).toBe('nothing yet')
  expect(choiceText({ farms: [alder], nodes: [] })).toBe('Alder Farm (12)')
  expect(choiceText({ farms: [{ farmId: 7, name: '' }], nodes: [] })).toBe('farm 7')
  expect(choiceText({ farms: [alder, { farmId: 7, name: '' }], nodes: [node(99, null)] })).toBe('Alder Farm (12) and farm 7 and node 99')
  expect(choiceText({ farms: [alder, alder, alder], nodes: [] })).toBe('3 farms')
  expect(choiceText({ farms: [], nodes: [node(17), node(18), node(19)] })).toBe('3 nodes of Alder Farm (12)')
  expect(choiceText({ farms: [], nodes: [node(17), node(99, 31)] })).toBe('2 nodes')
  expect(choiceText({ farms: [], nodes: [node(17, null), node(18, null)] })).toBe('2 nodes')
})

test('a name from the chain is cleaned and stands with its id', () => {
  expect(choiceText({ farms: [{ farmId: 12, name: 'Al\u202eder\n Farm' }], nodes: [] })).toBe('Alder Farm (12)')
})

test('the scope is sorted, without doubles, and a node of a chosen farm is not named twice', () => {
  expect(choiceScope('all')).toBe('all')
  expect(choiceScope({ farms: [], nodes: [] })).toBeNull()
  expect(choiceScope({ farms: [alder, { farmId: 7, name: '' }], nodes: [node(240, null), node(17), node(99, 31), node(99, 31)] })).toEqual({
    farms: [7, 12],
    nodes: [99, 240],
  })
})

test('a stored scope comes back as the choice that it was', () => {
  const scope = { farms: [12], nodes: [99] }
  const choice = scopeChoice(scope, new Map([[12, 'Alder Farm']]))
  expect(choice === 'all' ? null : choiceScope(choice)).toEqual(scope)
  expect(choiceText(choice)).toBe('Alder Farm (12) and node 99')
  expect(scopeChoice('all', new Map())).toBe('all')
})

test('what it takes, in a sentence', () => {
  expect(costText({ bytes: 2_100_000_000, seconds: 1510, storeBytes: 9_000_000 })).toBe('about 2.10 GB to fetch, 25 min, 9.0 MB on disk')
})

test('the set-up begins with what is followed, else with the network of the store, else with the first', () => {
  expect(setupDefaults(config, networks, 'test')).toBe(config)
  expect(setupDefaults(null, networks, 'test').network).toBe('test')
  expect(setupDefaults(null, networks, 'elsewhere').network).toBe('main')
  expect(setupDefaults(null, [], null)).toMatchObject({ network: 'main', scope: { farms: [], nodes: [] } })
})

test('how much of a period is here: by blocks, else by time, never outside 0 to 1', () => {
  const { start, end } = periodAt(102)
  const period = {
    index: 102,
    start,
    end,
    state: 'filling' as const,
    firstBlock: 1000,
    lastBlock: 2000,
    coveredToBlock: 1250,
    coveredToTs: start + 10,
  }
  expect(periodFraction(period, null)).toBe(0.25)
  expect(periodFraction({ ...period, coveredToBlock: 900 }, null)).toBe(0)
  expect(periodFraction({ ...period, lastBlock: null, coveredToTs: start + (end - start) / 2 }, null)).toBe(0.5)
  expect(periodFraction({ ...period, lastBlock: null, coveredToTs: start + 500 }, start + 1000)).toBe(0.5)
  expect(periodFraction({ ...period, coveredToBlock: null, coveredToTs: null }, null)).toBeNull()
  expect(periodFraction({ ...period, lastBlock: null, coveredToTs: start }, start)).toBeNull()
})

test('a period that is being filled is not said to run, and a past one that nobody fills neither', () => {
  const period = (index: number) => ({ ...periodAt(index), running: true, provisional: true })
  const sync = syncIn('backfilling')
  const world = { sync, demo: false, nowTs: headTs }
  expect(periodStanding(period(103), world)).toBe('running')
  expect(periodStanding(period(102), world)).toBe('filling')
  expect(periodStanding(period(101), world)).toBe('filling')
  expect(periodStanding(period(90), world)).toBe('partial')
  expect(periodStanding(period(102), { ...world, sync: undefined })).toBe('partial')
  expect(periodStanding(period(103), { ...world, sync: undefined })).toBe('running')
  // the demo's clock stands still where its data ends
  expect(periodStanding(period(90), { ...world, sync: undefined, demo: true })).toBe('running')
  // all of it has come in, and the new results have not yet
  expect(periodStanding(period(102), { ...world, sync: syncIn('following') })).toBe('provisional')
  expect(periodStanding({ ...period(90), running: false }, world)).toBe('provisional')
  expect(periodStanding({ ...period(90), running: false, provisional: false }, world)).toBe('final')
})

test('the head counts, not the clock of this machine', () => {
  const sync = { ...syncIn('off'), head: { n: 1, ts: periodAt(102).start + 5 }, periods: [] }
  expect(periodStanding({ ...periodAt(102), running: true, provisional: true }, { sync, demo: false, nowTs: periodAt(110).start })).toBe(
    'running',
  )
})

test('how far blocks are vouched for says what stands in the way', () => {
  const state = syncIn('following')
  expect(comparedText(state)).toBe('12,345 of 246,900 blocks were asked of two endpoints, and both said the same')
  const none = { ...state, comparedBlocks: 0 }
  expect(comparedText(none)).toBe('No block was compared yet')
  expect(comparedText({ ...none, config: { ...config, compareShare: 0 } })).toBe('No block was compared: comparing is switched off')
  expect(comparedText({ ...none, endpoints: none.endpoints.slice(0, 1) })).toBe('No block was compared: that takes two endpoints')
})

test('live nodes: the worst first, equal ones by id, and every column both ways', () => {
  const ids = (sort: { id: string; descending: boolean }, nodes: LiveNode[] = liveNodes) => sortLive(nodes, sort).map(one => one.nodeId)
  expect(ids({ id: 'state', descending: false })).toEqual([18, 240, 19, 17])
  expect(ids({ id: 'state', descending: true })).toEqual([17, 19, 240, 18])
  expect(ids({ id: 'node', descending: true })).toEqual([240, 19, 18, 17])
  expect(ids({ id: 'lastReport', descending: false })).toEqual([240, 18, 17, 19])
  expect(ids({ id: 'contracts', descending: true })).toEqual([17, 240, 18, 19])
  expect(ids({ id: 'no such column', descending: false })).toEqual([18, 240, 19, 17])
  expect(countStates(liveNodes)).toEqual({ up: 1, 'at-risk': 0, down: 1, asleep: 1, unknown: 1 })
})

test('an examination in a sentence', () => {
  const checks = (...states: ('ok' | 'problem' | 'unknown')[]) => states.map(state => ({ state }))
  expect(examinationText(checks('ok', 'ok'))).toBe('All 2 checks found nothing wrong.')
  expect(examinationText(checks('ok', 'problem', 'unknown'))).toBe('One check found a problem; one could not be made.')
  expect(examinationText(checks('ok', 'unknown', 'unknown'))).toBe('Nothing wrong was found; 2 could not be made.')
  expect(examinationText([])).toBe('The last examination had nothing to look at.')
})
