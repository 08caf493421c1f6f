import { expect, test } from 'vitest'
import { runCommand } from '../../src-main/store/commands.ts'
import { dropPeriod } from '../../src-main/store/drop-period.ts'
import { migrations } from '../../src-main/store/migrations.ts'
import { loadMintConfig, saveMintConfig } from '../../src-main/store/mint-config.ts'
import { loadDecision, loadDecisions, saveDecision } from '../../src-main/store/mint-decisions.ts'
import {
  dropNodeRuns,
  listNodeMints,
  listNodeRuns,
  loadNodeRun,
  loadNodeStates,
  type NodeMintRow,
  nodeMint,
  nodeMintByHash,
  nodeRunKey,
  saveNodeRun,
} from '../../src-main/store/node-mints.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listPeriods } from '../../src-main/store/periods.ts'
import { saveNote } from '../../src-main/store/settings.ts'
import { insertTransfers, loadTransfer, loadTransfers, removeTransfer } from '../../src-main/store/vault-transfers.ts'
import { AppError } from '../../src-shared/errors.ts'
import { defaultMintConfig, type MintDecision, type VaultTransfer } from '../../src-shared/node-period.ts'
import { PERIOD_SEC } from '../../src-shared/time.ts'
import { archiveOf, importWhole, withFolder } from '../helpers/store.ts'

async function withStore(work: (store: Store, folder: string) => void): Promise<void> {
  await withFolder(folder => {
    const store = openStore(folder, { mode: 'write', nowMs: () => 1_700_000_000_000 })
    try {
      work(store, folder)
    } finally {
      store.close()
    }
  })
}

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
  return 'no error'
}

function mint(nodeId: number, startTs: number, changes: Partial<NodeMintRow> = {}): NodeMintRow {
  const hash = (nodeId * 1_000_003 + startTs).toString(16).padStart(64, '0')
  return {
    ...{
      nodeId,
      startTs,
      endTs: startTs + PERIOD_SEC,
      period: 80,
      closedTs: startTs + PERIOD_SEC + 5,
      farmId: 1 + (nodeId % 2),
      farmName: `farm ${1 + (nodeId % 2)}`,
      farmTwinId: nodeId % 3 === 0 ? null : 10_000 + nodeId,
      policyId: 1,
    },
    ...{ uptimeSec: PERIOD_SEC, violation: null, outcome: 'paid-in-full' as const, rewardUnits: 2n ** 70n + 1n, carbonUnits: 0n },
    ...{ utilization: { cru: 7, mru: 8, hru: null, sru: 1000 }, hash, record: `{"node_id":${nodeId},"farm":"Grüner Keller"}` },
    ...changes,
  }
}
const run = (period: number, key = 'k') => ({ period, key, coveredBlock: 1_000_000 + period, computedTs: 1_700_000_000, problems: [] })
const none = new Map<number, unknown[]>()
const all = { offset: 0, limit: 100 }

test('a run comes back as it was saved, with its mints and states', async () => {
  await withStore(store => {
    const states = new Map<number, unknown[]>([
      [9, [{ node_id: 600, used: '340282366920938463463374607431768211455', last_uptime: 2n ** 63n, before: null }]],
      [0, [{ node_id: 1, text: ',18446744073709551615,' }, { node_id: 2 }]],
    ])
    const problems = [{ kind: 'deviation', subject: 'node 1', message: 'look' }]
    const mints = [mint(2, 500), mint(1, 900, { violation: 'UptimeTooHigh', outcome: 'violation', rewardUnits: 0n }), mint(1, 400)]
    saveNodeRun(store, { ...run(80), problems }, mints, states)
    expect(loadNodeRun(store, 80)).toEqual({ ...run(80), problems, open: 3, mints: 3, buckets: [0, 9] })
    expect(loadNodeRun(store, 81)).toBeUndefined()
    for (const [bucket, list] of states) expect(loadNodeStates(store, 80, bucket)).toEqual(list)
    expect(loadNodeStates(store, 80, 5)).toEqual([])
    expect(codeOf(() => loadNodeStates(store, 81, 0))).toBe('mint.missing')
    expect(listNodeMints(store, all)).toEqual({ rows: [mints[2], mints[1], mints[0]], total: 3 })
    expect(nodeMint(store, 1, 900)).toEqual(mints[1])
    expect(nodeMint(store, 1, 901)).toBeUndefined()
  })
})

test('mints are listed by node, farm and period, page by page, and found by the beginning of their hash', async () => {
  await withStore(store => {
    const older = [1, 2, 3, 4].map(nodeId => mint(nodeId, 100, { period: 80 }))
    const newer = [1, 2, 3].map(nodeId => mint(nodeId, 100 + PERIOD_SEC, { period: 81, hash: `ab${nodeId}`.padEnd(64, '0') }))
    saveNodeRun(store, run(80), older, none)
    saveNodeRun(store, run(81), newer, none)
    const found = (filter: object) => listNodeMints(store, { ...all, ...filter })
    expect(found({ nodeId: 2 })).toEqual({ rows: [older[1], newer[1]], total: 2 })
    expect(found({ farmId: 2, period: 80 })).toEqual({ rows: [older[0], older[2]], total: 2 })
    expect(found({ period: 81 })).toEqual({ rows: newer, total: 3 })
    expect(found({ offset: 2, limit: 3 })).toEqual({ rows: [older[1], newer[1], older[2]], total: 7 })
    expect(found({ nodeId: 9 })).toEqual({ rows: [], total: 0 })
    expect(nodeMintByHash(store, 'AB2')).toEqual([newer[1]])
    expect(nodeMintByHash(store, 'ab', 2)).toEqual(newer.slice(0, 2))
    for (const prefix of ['', 'xyz', '%', 'a'.repeat(65)]) expect(nodeMintByHash(store, prefix)).toEqual([])
  })
})

test('a run takes the place of the one before, all of it or nothing', async () => {
  await withStore(store => {
    const states = new Map([[0, [{ node_id: 1 }]]])
    saveNodeRun(store, run(80, 'first'), [mint(1, 400), mint(2, 500)], new Map([...states, [3, [{ node_id: 200 }]]]))
    saveNodeRun(store, run(79), [mint(5, 50, { period: 79 })], none)
    function* failing() {
      yield mint(7, 700)
      throw new AppError('mint.inconsistent', 'no')
    }
    expect(codeOf(() => saveNodeRun(store, run(80, 'second'), failing(), none))).toBe('mint.inconsistent')
    expect(loadNodeRun(store, 80)).toMatchObject({ key: 'first', open: 2, mints: 2, buckets: [0, 3] })
    expect(loadNodeStates(store, 80, 3)).toEqual([{ node_id: 200 }])
    expect(listNodeMints(store, { ...all, period: 80 }).total).toBe(2)
    saveNodeRun(store, run(80, 'third'), [mint(1, 410)], states)
    expect(loadNodeRun(store, 80)).toMatchObject({ key: 'third', open: 1, mints: 1, buckets: [0] })
    expect(loadNodeStates(store, 80, 3)).toEqual([])
    expect(listNodeMints(store, all).rows.map(({ nodeId, startTs }) => [nodeId, startTs])).toEqual([
      [1, 410],
      [5, 50],
    ])
    expect(store.facts.prepare('SELECT count(*) FROM node_states').pluck().get()).toBe(1)
    // the same mint in a later run that rests on a former state of this one
    saveNodeRun(store, run(81), [mint(1, 410, { period: 81 })], none)
    saveNodeRun(store, run(80, 'fourth'), [mint(1, 410)], none)
    expect(nodeMint(store, 1, 410)?.period).toBe(80)
  })
})

test('runs are dropped from a period on, and with the period that they were made from', async () => {
  await withStore(store => {
    importWhole(store, archiveOf([]))
    for (const period of [79, 80, 81]) saveNodeRun(store, run(period), [mint(1, period * 10, { period })], new Map([[0, [period]]]))
    const left = () => [
      listNodeRuns(store).map(({ period }) => period),
      listNodeMints(store, all).rows.map(({ period }) => period),
      store.facts.prepare('SELECT period FROM node_states ORDER BY period').pluck().all(),
    ]
    dropNodeRuns(store, 81)
    expect(left()).toEqual(Array(3).fill([79, 80]))
    saveNodeRun(store, run(81), [mint(1, 810, { period: 81 })], new Map([[0, [81]]]))
    dropPeriod(store, 80)
    expect(left()).toEqual(Array(3).fill([79]))
  })
})

test.each([
  ['changed', "UPDATE node_states SET json = replace(json, '7', '8') WHERE bucket = 0", /checksum/],
  ['lost', 'DELETE FROM node_states WHERE bucket = 0', /missing/],
  ['another’s', 'UPDATE node_states SET (json, crc) = (SELECT json, crc FROM node_states WHERE bucket = 1) WHERE bucket = 0', /checksum/],
])('states that are %s are noticed, others can be read', async (_, sql, message) => {
  await withStore(store => {
    saveNodeRun(
      store,
      run(80),
      [],
      new Map([
        [0, [{ node_id: 7 }]],
        [1, [{ node_id: 70 }]],
      ]),
    )
    store.facts.exec(sql)
    expect(codeOf(() => loadNodeStates(store, 80, 0))).toBe('store.corrupt')
    expect(() => loadNodeStates(store, 80, 0)).toThrow(message)
    expect(loadNodeStates(store, 80, 1)).toEqual([{ node_id: 70 }])
  })
})

test('a run’s key is another for other facts, another run before it, other options', () => {
  const key = nodeRunKey('facts', 'before', { boundaryTs: 5, carbon: true })
  expect(key).toMatch(/^[0-9a-f]{64}$/)
  expect(nodeRunKey('facts', 'before', { carbon: true, boundaryTs: 5 })).toBe(key)
  const others = [
    nodeRunKey('other', 'before', { boundaryTs: 5, carbon: true }),
    nodeRunKey('facts', null, { boundaryTs: 5, carbon: true }),
    nodeRunKey('facts', 'before', { boundaryTs: 6, carbon: true }),
    nodeRunKey('factsbefore', '', { boundaryTs: 5, carbon: true }),
  ]
  expect(new Set([key, ...others]).size).toBe(5)
})

test('a store from before rule set node-period keeps what it has, and takes runs and decisions', async () => {
  await withFolder(folder => {
    const upTo = (steps: readonly string[], table: string) => {
      const end = steps.findIndex(step => step.includes(`CREATE TABLE ${table}`))
      expect(end, table).toBeGreaterThan(0)
      return steps.slice(0, end)
    }
    const before = { facts: upTo(migrations.facts, 'node_runs'), books: upTo(migrations.books, 'mint_decisions') }
    const first = openStore(folder, { mode: 'write', migrations: before })
    importWhole(first, archiveOf([]))
    first.close()
    expect(codeOf(() => openStore(folder, { mode: 'read' }))).toBe('store.migration')
    const store = openStore(folder, { mode: 'write' })
    expect(listPeriods(store).map(({ index }) => index)).toEqual([80])
    expect([listNodeRuns(store), loadDecisions(store, 'test'), loadTransfers(store, 'test')]).toEqual([[], [], []])
    saveNodeRun(store, run(80), [mint(1, 400)], none)
    expect(listNodeMints(store, all).total).toBe(1)
    store.close()
  })
})

const call = { actor: 'cli:anna', idempotencyKey: 'key-0001', command: 'mints.vote', input: {} }
const decided = { attempt: 1, amountUnits: 2n ** 64n, by: ['anna', 'ben'], how: 'votes' as const, ts: 5 }
const decision: MintDecision = {
  votes: [{ signer: 'anna', amountUnits: 2n ** 64n, ts: 4 }],
  decided,
  payments: [{ result: 'failed', decided, reason: 'no trustline', ts: 6 }],
}

test('decisions are kept by network and mint, the last one counts, and one that can’t be read is never none', async () => {
  await withStore(store => {
    const empty: MintDecision = { votes: [], decided: null, payments: [] }
    runCommand(store, call, () => {
      saveDecision(store, 'main', { nodeId: 7, startTs: 100, mintId: 'aa', decision: empty })
      saveDecision(store, 'main', { nodeId: 3, startTs: 900, mintId: 'bb', decision: empty })
      saveDecision(store, 'test', { nodeId: 7, startTs: 100, mintId: 'cc', decision: empty })
      saveDecision(store, 'main', { nodeId: 7, startTs: 100, mintId: 'dd', decision })
      return null
    })
    expect(loadDecision(store, 'main', 7, 100)).toEqual({ nodeId: 7, startTs: 100, mintId: 'dd', decision, changedTs: 1_700_000_000 })
    expect(loadDecisions(store, 'main').map(({ nodeId, mintId }) => [nodeId, mintId])).toEqual([
      [3, 'bb'],
      [7, 'dd'],
    ])
    expect(loadDecision(store, 'test', 7, 100)?.decision).toEqual(empty)
    expect(loadDecision(store, 'main', 7, 101)).toBeUndefined()
    for (const text of ['{', '{"votes":[]}', 'null']) {
      store.books.prepare("UPDATE mint_decisions SET decision = ? WHERE network = 'main' AND node_id = 3").run(text)
      expect(codeOf(() => loadDecisions(store, 'main'))).toBe('store.corrupt')
      expect(codeOf(() => loadDecision(store, 'main', 3, 900))).toBe('store.corrupt')
    }
    expect(loadDecisions(store, 'test')).toHaveLength(1)
  })
})

test('transfers to the vault: once each, never with other figures, and all of a list or none', async () => {
  await withStore(store => {
    const transfer = (n: number, changes: Partial<VaultTransfer> = {}): VaultTransfer => ({
      ...{
        tx: String(n).padStart(64, '0'),
        ts: 1_000 - n,
        amountUnits: 2n ** 66n + BigInt(n),
        memo: n === 1 ? 'ab'.repeat(32) : null,
        note: '',
      },
      ...changes,
    })
    let key = 0
    const insert = (network: string, ...transfers: VaultTransfer[]) =>
      runCommand(store, { ...call, idempotencyKey: `vault-${key++}`, command: 'vault.add' }, () =>
        insertTransfers(store, network, transfers),
      )
    expect(insert('main', transfer(1, { note: 'first' }), transfer(2))).toBe(2)
    expect(insert('main', transfer(2), transfer(3), transfer(1, { note: 'again' }), transfer(3))).toBe(1)
    expect(insert('test', transfer(1, { amountUnits: 5n }))).toBe(1)
    for (const changes of [{ ts: 1 }, { amountUnits: 1n }, { memo: null }]) {
      expect(codeOf(() => insert('main', transfer(4), transfer(1, changes)))).toBe('store.conflict')
      expect(loadTransfer(store, 'main', transfer(4).tx)).toBeUndefined()
    }
    expect(loadTransfers(store, 'main')).toEqual([transfer(3), transfer(2), transfer(1, { note: 'first' })])
    expect(removeTransfer(store, 'main', transfer(1).tx)).toBe(true)
    expect(removeTransfer(store, 'main', transfer(1).tx)).toBe(false)
    expect(loadTransfers(store, 'main')).toHaveLength(2)
    expect(loadTransfers(store, 'test')).toEqual([transfer(1, { amountUnits: 5n })])
  })
})

test('each network has its mint configuration; until one is chosen, today’s rules', async () => {
  await withStore(store => {
    expect(loadMintConfig(store, 'main')).toEqual(defaultMintConfig)
    const config = { ...defaultMintConfig, rules: 'node-period' as const, firstNodePeriod: 103, signers: ['anna', 'ben'], threshold: 2 }
    saveMintConfig(store, 'main', config)
    expect(loadMintConfig(store, 'main')).toEqual(config)
    expect(loadMintConfig(store, 'test')).toEqual(defaultMintConfig)
    saveNote(store, 'mint-config/test', { trigger: 'claim' })
    expect(loadMintConfig(store, 'test')).toEqual({ ...defaultMintConfig, trigger: 'claim' })
    for (const bad of [{ rules: 'v9' }, 'text', null, [1]]) {
      saveNote(store, 'mint-config/test', bad)
      expect(loadMintConfig(store, 'test')).toEqual(defaultMintConfig)
    }
  })
})
