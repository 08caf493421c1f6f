import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BUNDLE_WHAT } from '../../src-main/jobs/audit/bundle-form.ts'
import { makeOwnBundle } from '../../src-main/jobs/audit/own-bundle.ts'
import { sealLine, sealLines } from '../../src-main/jobs/audit/seal.ts'
import { verifyBundle } from '../../src-main/jobs/audit/verify-bundle.ts'
import { computeNodeRuns } from '../../src-main/jobs/node-runs.ts'
import { tellNodePeriods } from '../../src-main/jobs/node-stories.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { listNodeMints } from '../../src-main/store/node-mints.ts'
import { savePayments } from '../../src-main/store/payment-checks.ts'
import type { SealedCheck } from '../../src-shared/sealed-check.ts'
import { periodAt } from '../../src-shared/time.ts'
import { granary } from '../helpers/granary.ts'
import { makeOwnWorld, type OwnWorld, ownRules } from '../helpers/own-world.ts'

/* Evidence bundles of nodes' own periods. */

let world: OwnWorld

beforeAll(async () => {
  world = await makeOwnWorld()
})
afterAll(() => world?.clear())

const checkOf = ({ checks }: SealedCheck, name: string) => checks.find(check => check.name === name)!
const linesOf = (bytes: Buffer) => gunzipSync(bytes).toString().trimEnd().split('\n').slice(0, -1)
const sealedAnew = (lines: readonly string[]) => gzipSync(`${[...lines, sealLine(sealLines(BUNDLE_WHAT, lines, 1, null))].join('\n')}\n`)

test('each mint is computed anew from its bundle alone, and is mailed in a small file; a store that has the events says so', async () => {
  const { store, mints, decided } = world
  expect([...new Set(mints.map(({ period }) => period))]).toEqual([102, 103])
  for (const mint of mints.filter(({ nodeId, violation }) => nodeId === decided.nodeId || violation !== null)) {
    const { bytes, hash } = await world.bundle(mint)
    const alone = await verifyBundle('it', bytes, null)
    const states = ['receipt’s bytes', 'hash', 'recomputed from its events', 'derivation'].map(name => checkOf(alone, name).state)
    const name = `node ${mint.nodeId} from ${mint.startTs}`
    expect([name, hash, alone.problems, states]).toEqual([name, mint.hash, [], Array(4).fill('right')])
    expect(bytes.length).toBeLessThan(150_000)
  }
  const { bytes } = await world.bundle(decided)
  expect(checkOf(await verifyBundle('it', bytes, store), 'against your own store').state).toBe('right')
  const told = tellNodePeriods(store, decided.period, decided.nodeId, ownRules).find(({ mint: { id } }) => id === decided.hash)!
  expect(JSON.parse(linesOf(bytes)[2]!).explanation.steps).toEqual(JSON.parse(JSON.stringify(told.explanation.steps)))
})

test('without its stored runs the same bundle comes out; a store with other figures names what differs', async () => {
  const { store, decided } = world
  const { bytes } = await world.bundle(decided)
  store.facts.prepare('DELETE FROM node_runs WHERE period < 103').run()
  expect((await world.bundle(decided)).bytes.equals(bytes)).toBe(true)
  const lines = linesOf(bytes)
  const other = sealedAnew(lines.with(0, lines[0]!.replace(`"nodeId":${decided.nodeId}`, '"nodeId":4000')))
  expect(checkOf(await verifyBundle('it', other, store), 'against your own store')).toMatchObject({
    state: 'fails',
    why: expect.stringContaining('give node 4000 no period of its own'),
  })
  const at = lines.findLastIndex(line => line.includes('NodeUptimeReported'))
  const changed = lines.with(
    at,
    lines[at]!.replace(/"uptime":(\d)/, (_all, digit) => `"uptime":${digit}1`),
  )
  const found = await verifyBundle('it', sealedAnew(changed), store)
  expect(checkOf(found, 'recomputed from its events').state).toBe('fails')
  expect(checkOf(found, 'against your own store')).toMatchObject({
    state: 'fails',
    why: expect.stringContaining(`block ${JSON.parse(lines[at]!).n} (`),
  })
})

test('says by whose votes it was decided, and what Stellar said; a vote that was changed is wrong', async () => {
  const { store, decided } = world
  const ledger = { network: 'lab', horizon: 'https://horizon.test', accounts: [], fromTs: 0, untilTs: 1, transactions: 1, problem: null }
  writeTransaction(store.books, 'books.db', () =>
    savePayments(store, { network: 'lab', subject: 'mints', ledger }, [
      [decided.hash, { state: 'paid', txs: [{ tx: 'ab'.repeat(32), ts: 1 }], why: '' }],
    ]),
  )
  const { bytes } = await world.bundle(decided)
  const alone = await verifyBundle('it', bytes, null)
  expect(checkOf(alone, 'decision')).toMatchObject({
    state: 'not-checked',
    why: expect.stringMatching(/by signed votes of Bob and Ann; 2 are needed/),
  })
  expect(checkOf(alone, 'payment')).toMatchObject({ state: 'not-checked', why: expect.stringContaining('As Stellar said') })
  expect(checkOf(await verifyBundle('it', bytes, store), 'decision').state).toBe('right')
  const lines = linesOf(bytes)
  const decision = JSON.parse(lines[5]!)
  const trying = async (change: object) => {
    const line = JSON.stringify({ ...decision, ...change })
    return checkOf(await verifyBundle('it', sealedAnew(lines.with(5, line)), null), 'decision')
  }
  expect(await trying({ decidedFor: '0'.repeat(64) })).toMatchObject({ state: 'fails', why: expect.stringContaining('another mint') })
  expect(await trying({ votes: decision.votes.slice(1) })).toMatchObject({
    state: 'not-checked',
    why: expect.stringContaining('1 of the 2'),
  })
  expect(await trying({ votes: [decision.votes[0], decision.votes[0]] })).toMatchObject({
    state: 'fails',
    why: expect.stringContaining('a second one of the same signer'),
  })
  const lower = { ...decision.decision, decided: { ...decision.decision.decided, amountUnits: '1' } }
  expect(await trying({ decision: lower })).toMatchObject({ state: 'fails', why: expect.stringContaining('0.0000001 TFT were decided') })
})

test('the command line writes it by the mint’s id, and verifies it where nothing is', async () => {
  const { dataDir, folder, decided, store } = world
  const file = join(folder, 'own.evidence')
  // the world's own store holds the folder; what reads beside it sees the same
  const made = await granary('audit', 'bundle', '--mint', decided.hash.slice(0, 12), file, '--json', '--data', dataDir)
  expect([made.err, made.code, JSON.parse(made.out)]).toEqual(['', 0, expect.objectContaining({ receipt: decided.hash, signed: false })])
  const verified = await granary('verify', file, '--data', join(folder, 'nobody'))
  expect([verified.err, verified.code, verified.out]).toEqual(['', 0, expect.stringContaining(`mint ${decided.hash}`)])
  expect(verified.out).toMatch(/right +recomputed from its events: [\d.]+ TFT, to the byte/)
  writeFileSync(file, gzipSync(gunzipSync(readFileSync(file)).toString().replace('"carbon":false', '"carbon":true')))
  const changed = await granary('verify', file, '--data', join(folder, 'nobody'))
  expect([changed.code, changed.out]).toEqual([1, expect.stringContaining('WRONG  line 1, head: It is not as it was sealed')])
  expect((await granary('audit', 'bundle', '--mint', decided.hash, '--period', '102', file, '--data', dataDir)).code).toBe(2)
  expect((await granary('audit', 'bundle', file, '--data', dataDir)).err).toContain('or which mint: --mint ID')
  expect(store.facts.open).toBe(true)
})

test('where node-period takes over from fixed periods, with the carbon offset, the bundle says so and gives the same', async () => {
  const { store, decided } = world
  const rules = { firstNodePeriod: 102, carbon: true }
  computeNodeRuns(store, rules)
  const [mint] = listNodeMints(store, { offset: 0, limit: 100 }).rows.filter(({ carbonUnits }) => carbonUnits > 0n)
  expect([mint?.startTs, mint?.hash === decided.hash]).toEqual([periodAt(102).start, false])
  const order = { nodeId: mint!.nodeId, startTs: mint!.startTs, rules, madeBy: 'test', nowTs: 1 }
  const { bytes } = await makeOwnBundle(store, order, async () => new Map(), null)
  const found = await verifyBundle('it', bytes, store)
  const states = ['recomputed from its events', 'derivation', 'against your own store'].map(name => checkOf(found, name))
  expect(
    states.map(({ state }) => state),
    JSON.stringify(states),
  ).toEqual(Array(3).fill('right'))
  expect(JSON.parse(linesOf(bytes)[0]!)).toMatchObject({ from: 102, closedIn: 103, firstNodePeriod: 102, carbon: true })
})
