import { afterAll, beforeAll, expect, test } from 'vitest'
import { settle } from '../../src-main/core/alerts/alerts.ts'
import { type AlertPart, type AlertSources, createGatherer } from '../../src-main/core/alerts/gather.ts'
import { createKeys } from '../../src-main/core/keys.ts'
import { createMintView } from '../../src-main/core/mint-view.ts'
import { createVoteAnswers } from '../../src-main/core/votes.ts'
import { listAlertHistory } from '../../src-main/store/alerts.ts'
import { insertCall, saveCallRuntime, saveEnd, saveSigned, saveSubmitted } from '../../src-main/store/chain-calls.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { saveMintConfig } from '../../src-main/store/mint-config.ts'
import { saveDecision } from '../../src-main/store/mint-decisions.ts'
import type { Store } from '../../src-main/store/open.ts'
import type { AlertKind } from '../../src-shared/alerts.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { idleSync, type SyncState } from '../../src-shared/sync.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { makeOwnWorld, type OwnWorld } from '../helpers/own-world.ts'
import { administrator, openTreasury } from '../helpers/treasury.ts'
import { ann, bob, cast, cleo, doVote, roomOn } from '../helpers/votes.ts'

/*
 * What is watched besides nodes, on real stores: one cause is one alert, however often and after however many starts it is looked at, and one
 * when it is over.
 */

const clock = { ts: 1_792_000_000 }
let world: OwnWorld
const following = { network: 'lab', scope: 'all', periods: 1, compareShare: 0 } as const
let sync: SyncState = idleSync(null, 'off')

beforeAll(async () => {
  world = await makeOwnWorld(() => clock.ts * 1000)
})
afterAll(() => world?.clear())

/** Alerts as a program has them that was just started. */
function started(store: Store = world.store) {
  const room = roomOn(store)
  const sources = {
    books: store,
    view: { latest: () => 103, period: () => ({ nodes: [] }) },
    settings: () => ({ myFarms: [] }),
    sync: () => ({ config: sync.config, state: () => sync }),
    mints: createMintView({ active: () => ({ store, demo: false }), books: store, followed: () => 'lab' }),
    votes: createVoteAnswers(room),
  } as unknown as AlertSources
  const gatherer = createGatherer(sources)
  return {
    room,
    /** looks as often as is told, `stepSec` between */
    async look(part: AlertPart, times = 2, stepSec = 60) {
      for (let time = 0; time < times; time++) {
        clock.ts += stepSec
        settle(store, await gatherer.look(part), () => {})
      }
    },
  }
}

/** What there was of a kind, oldest first: subject, and how it ended. */
function told(kind: AlertKind, store: Store = world.store): string[] {
  const { rows } = listAlertHistory(store, { kind, severity: null, state: null, search: '' }, { offset: 0, limit: 50 })
  return rows.reverse().map(({ subject, end }) => `${subject} ${end ?? 'open'}`)
}

test('mints claimable: one for each farm, until the last of its mints is claimed', async () => {
  const { store, mints } = world
  writeTransaction(store.books, 'books.db', () =>
    saveMintConfig(store, 'lab', { ...defaultMintConfig, rules: 'node-period', trigger: 'claim' }),
  )
  await started().look('mints')
  const { look } = started()
  await look('mints')
  const due = mints.filter(({ rewardUnits, hash }) => rewardUnits > 0n && hash !== world.decided.hash)
  const farms = [...new Set(due.map(({ farmId }) => farmId))]
  expect(told('mint-claimable').sort()).toEqual(farms.map(farm => `farm ${farm} open`).sort())
  const [farm] = farms
  const own = due.filter(({ farmId }) => farmId === farm)
  for (const [n, { nodeId, startTs, hash, rewardUnits }] of own.entries()) {
    expect(told('mint-claimable')).toContain(`farm ${farm} open`)
    const decided = { attempt: 1, amountUnits: rewardUnits, by: ['test'], how: 'claim' as const, ts: clock.ts + n }
    writeTransaction(store.books, 'books.db', () =>
      saveDecision(store, 'lab', { nodeId, startTs, mintId: hash, decision: { votes: [], decided, payments: [] } }),
    )
    // another connection wrote it, as far as what is kept in memory knows
    await started().look('mints', 1)
  }
  expect(told('mint-claimable')).toContain(`farm ${farm} over`)
  expect(told('mint-claimable')).toHaveLength(farms.length)
})

test('vote wanted: where others voted and a key of this vault has not, until it has', async () => {
  const { store, mints, decided } = world
  writeTransaction(store.books, 'books.db', () =>
    saveMintConfig(store, 'lab', { ...defaultMintConfig, rules: 'node-period', trigger: 'verified-amount' }),
  )
  const keys = createKeys({ books: store, changed: () => {}, safeStorage: null, stretchLogN: 4 })
  const secret = `0x${Buffer.alloc(32, 'seed of Ann').toString('hex')}`
  const key = { name: 'Ann', kind: 'sr25519', secret, passphrase: 'a passphrase of the test' }
  await keys.command('keys.import', key as never, { id: 'test' }, 'a key of the test')
  keys.lock()
  const mint = mints.find(
    ({ nodeId, startTs, rewardUnits }) => rewardUnits > 0n && !(nodeId === decided.nodeId && startTs === decided.startTs),
  )!
  // a decision of the test before would end the voting
  store.books.prepare('DELETE FROM mint_decisions WHERE node_id = ? AND start_ts = ?').run(mint.nodeId, mint.startTs)
  const choice = {
    subject: { rules: 'node-period', nodeId: mint.nodeId, start: mint.startTs, attempt: 1 },
    options: { rules: 'node-period', carbon: false, firstNodePeriod: null },
    planHash: mint.hash,
    amountUnits: mint.rewardUnits,
  } as const
  const { room, look } = started()
  await look('votes')
  expect(told('vote-wanted')).toEqual([])
  await doVote(room, 'votes.import', { network: 'lab', text: cast(cleo, choice) })
  await look('votes')
  await started().look('votes')
  expect(told('vote-wanted')).toEqual(['mints open'])
  await doVote(room, 'votes.import', { network: 'lab', text: cast(ann, choice) })
  await look('votes')
  expect(told('vote-wanted')).toEqual(['mints over'])
  await doVote(room, 'votes.import', { network: 'lab', text: cast(bob, choice) })
  await look('votes')
  expect(told('vote-wanted')).toEqual(['mints over'])
})

test('sync stalled: counted from when data last came, over starts, pauses and sleep; over once data comes', async () => {
  const { store } = world
  const came = (ts: number) => store.facts.prepare("UPDATE imports SET origin = 'sync', finished_ts = ? WHERE period = 103").run(ts)
  sync = { ...idleSync(following, 'offline'), readBlocks: 0 }
  came(clock.ts)
  // started anew every six minutes, as long as 29
  for (let run = 0; run < 4; run++) await started().look('sync', 7)
  expect(told('sync-stalled')).toEqual([])
  const first = started()
  await first.look('sync', 4)
  // more than 30 minutes, and this one may still be about to connect
  expect(told('sync-stalled')).toEqual([])
  await first.look('sync', 3)
  expect(told('sync-stalled')).toEqual(['sync open'])
  const again = started()
  await again.look('sync', 8)
  expect(told('sync-stalled')).toEqual(['sync open'])
  sync = { ...sync, phase: 'following', readBlocks: 10 }
  await again.look('sync')
  expect(told('sync-stalled')).toEqual(['sync over'])
  // the machine sleeps for a day: what is old then is no fault yet
  clock.ts += 86_400
  await again.look('sync', 3)
  expect(told('sync-stalled')).toEqual(['sync over'])
  came(clock.ts)
  await again.look('sync', 10)
  // paused for a day, and begun again
  sync = { ...sync, phase: 'paused' }
  await again.look('sync')
  clock.ts += 86_400
  await again.look('sync')
  sync = { ...sync, phase: 'connecting' }
  await again.look('sync', 3)
  expect(told('sync-stalled')).toEqual(['sync over'])
  sync = { ...sync, phase: 'halted', halt: { code: 'chain.other', message: 'It is another chain.' } }
  await again.look('sync')
  expect(told('sync-stalled')).toEqual(['sync over', 'sync open'])
  sync = { ...sync, phase: 'off', halt: null }
  await again.look('sync')
  expect(told('sync-stalled')).toEqual(['sync over', 'sync over'])
})

test('run stuck: a payout run, and a signed call to the chain, each until it goes on or is over', async () => {
  const { store } = world
  const hour = 3_600
  store.books
    .prepare(
      "INSERT INTO payout_runs (id, network, subject, plan, made_here, stage, added_ts, changed_ts) VALUES (?, 'lab', 'mints', '', 1, 'running', ?, ?)",
    )
    .run('ab'.repeat(32), clock.ts, clock.ts)
  const requestId = '01234567-89ab-4cde-8f01-23456789abcd'
  writeTransaction(store.books, 'books.db', () => {
    const runtime = saveCallRuntime(store, 'lab', 1, Buffer.from('metadata'))
    const call = { kind: 'claim', nodeId: 1 } as never
    const signer = { kind: 'sr25519', publicKey: ann.publicKey, address: '5Ann' } as const
    const blocks = { nonce: 1, firstBlock: 1, lastBlock: 2 }
    const toldThen = { warnings: [], feeUnits: null, freeUnits: null }
    insertCall(store, {
      requestId,
      network: 'lab',
      call,
      signer,
      payload: Buffer.from('p'),
      runtime,
      ...blocks,
      replaces: null,
      told: toldThen,
    })
  })
  const { look } = started()
  await look('runs', 2, 24 * hour)
  // what nobody signed yet holds up nothing
  expect(told('run-stuck')).toEqual(['run abababababababab open'])
  writeTransaction(store.books, 'books.db', () => {
    saveSigned(store, requestId, Buffer.from('x'), 'cd'.repeat(32))
    saveSubmitted(store, requestId)
  })
  await look('runs', 1, 23 * hour)
  expect(told('run-stuck')).toHaveLength(1)
  await look('runs', 1, hour)
  await started().look('runs')
  expect(told('run-stuck')).toEqual(['run abababababababab open', `call ${requestId.slice(0, 16)} open`])
  saveEnd(store, requestId, { stage: 'expired', note: 'its blocks are over' })
  // it goes on, and stands still once more: another episode
  store.books.prepare('UPDATE payout_runs SET changed_ts = ?').run(clock.ts)
  await look('runs')
  expect(told('run-stuck')).toEqual(['run abababababababab over', `call ${requestId.slice(0, 16)} over`])
  await look('runs', 2, 24 * hour)
  store.books.prepare("UPDATE payout_runs SET stage = 'done'").run()
  await look('runs')
  expect(told('run-stuck').filter(one => one.startsWith('run '))).toEqual(['run abababababababab over', 'run abababababababab over'])
})

test('UBO fund low: below a fifth of what it ever had, until it is topped up', async () => {
  const treasury = await openTreasury(clock.ts)
  try {
    const { store } = treasury
    const { look } = started(store)
    await look('treasury')
    expect(told('fund-low', store)).toEqual([])
    const { available } = treasury.ask(administrator, 'rewards.fund', {})
    const bobby = await treasury.entity('bobby')
    const pay = { to: bobby.entity, type: 'milestone_bonus', category: 'first_module', memo: '' }
    await treasury.run(administrator, 'rewards.payAmount', pay)
    const paid = treasury.ask(administrator, 'rewards.fund', {}).paid
    await treasury.run(administrator, 'tokens.fund', {
      from: 'ubo-fund',
      to: 'treasury',
      token: 'AZR',
      amount: formatAmount(available - paid),
    })
    await look('treasury')
    await started(store).look('treasury')
    expect(told('fund-low', store)).toEqual(['ubo-fund open'])
    await treasury.run(administrator, 'rewards.topUp', { amount: formatAmount(paid) })
    await look('treasury')
    expect(told('fund-low', store)).toEqual(['ubo-fund over'])
  } finally {
    treasury.close()
  }
})
