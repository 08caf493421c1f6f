import { TransactionBuilder } from '@stellar/stellar-sdk/base'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import type { Horizon } from '../../src-main/clients/stellar/horizon.ts'
import { exportRun, importEnvelopes, importManifest } from '../../src-main/jobs/pay/exchange.ts'
import type { PlanOrder } from '../../src-main/jobs/pay/plan.ts'
import { reconcileRun, sendRun, steerRun } from '../../src-main/jobs/pay/run.ts'
import { loadAccounts, signRun } from '../../src-main/jobs/pay/sign.ts'
import { openRun } from '../../src-main/jobs/pay/state.ts'
import { connect } from '../../src-main/store/db.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listRuns, loadAttempts, loadRun, saveStage } from '../../src-main/store/runs.ts'
import type { AppError } from '../../src-shared/errors.ts'
import { createRandom, type LocalHorizon, makeWorld, signWith, startHorizon, type World } from '../helpers/horizon/index.ts'
import { carry, fastHorizon, makeFolders, paidOnLedger, payablesOf, payConfig, planAndKeep, replaceRows, signerOf } from '../helpers/pay.ts'

const folders = makeFolders()
afterAll(folders.clear)

let local: LocalHorizon
let world: World
let horizon: Horizon
let opened: Store[] = []

beforeEach(async () => {
  local = await startHorizon({ seed: 7, ledgerSec: 5 })
  world = makeWorld(local.ledger, { channels: 3, farmers: 4 })
  horizon = fastHorizon(local)
})
afterEach(async () => {
  for (const store of opened) store.close()
  opened = []
  await local.stop()
})

function machine(): Store {
  const store = openStore(folders.next(), { mode: 'write' })
  opened.push(store)
  return store
}

const order = (count: number, more: Partial<PlanOrder> = {}): PlanOrder => ({
  network: 'local',
  config: payConfig(local, world),
  rules: 'v3',
  period: 80,
  maker: world.signers[0]!.publicKey(),
  payables: payablesOf(world, count, 'period 80'),
  ...more,
})

async function planned(store: Store, count: number, more: Partial<PlanOrder> = {}): Promise<string> {
  const { runId } = await planAndKeep(store, horizon, order(count, more))
  return runId!
}

async function signed(store: Store, count: number, more: Partial<PlanOrder> = {}): Promise<string> {
  const runId = await planned(store, count, more)
  await signRun(store, runId, [signerOf(world.signers[0]!), signerOf(world.signers[1]!)])
  return runId
}

const codeOf = (work: () => unknown) =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'it was not refused',
      (error: AppError) => `${error.code} ${error.details?.reason ?? ''}`.trim(),
    )

test('a run is planned, signed on two machines, sent and settled; every receipt is paid once', async () => {
  const [maker, other] = [machine(), machine()]
  const runId = await planned(maker, 10)
  await signRun(maker, runId, [signerOf(world.signers[0]!)])
  expect(await codeOf(() => sendRun(maker, horizon, runId))).toBe('pay.refused signatures')
  await carry(maker, other, runId, horizon)
  await signRun(other, runId, [signerOf(world.signers[1]!)])
  await carry(other, maker, runId, horizon)
  const report = await sendRun(maker, horizon, runId)
  expect(report).toMatchObject({ counts: { paid: 10 }, blocked: [], held: false })
  expect(loadRun(maker, runId).stage).toBe('done')
  const paid = paidOnLedger(local, world.payer.publicKey())
  expect([...paid.values()].map(list => list.length)).toEqual(Array(10).fill(1))
  // the other machine learns it from the ledger alone
  const seen = await reconcileRun(other, horizon, runId)
  expect(seen.counts.paid).toBe(10)
  for (const row of openRun(other, runId).rows)
    expect(row.payment).toMatchObject({ hash: row.envelopes[0]!.hash, foreign: false, ledger: expect.any(Number) })
  expect(loadAttempts(maker, runId, 0).length).toBeGreaterThan(0)
})

test('before the bytes leave, that they do is on the disk, written through', async () => {
  const store = machine()
  const runId = await signed(store, 3)
  let sends = 0
  const watching: Horizon = {
    ...horizon,
    async post(path, form, options) {
      sends++
      const disk = connect(`${store.dataDir}/books.db`, 'books', 'read')
      expect(
        disk
          .prepare("SELECT count(*) FROM payout_attempts a JOIN payout_envelopes e USING (hash) WHERE e.stage IN ('sent', 'unclear')")
          .pluck()
          .get(),
      ).toBeGreaterThan(0)
      disk.close()
      expect(store.books.pragma('synchronous', { simple: true })).toBe(2)
      return horizon.post(path, form, options)
    },
  }
  await sendRun(store, watching, runId)
  expect(sends).toBeGreaterThanOrEqual(3)
  store.books.pragma('synchronous = NORMAL')
  const second = await signed(store, 3, { period: 81, payables: payablesOf(world, 3, 'period 81') })
  expect(await codeOf(() => sendRun(store, watching, second))).toBe('internal')
})

test("the maker's own signature is not enough, even where it meets the threshold", async () => {
  local.ledger.setAccount(world.payer.publicKey(), { thresholds: { low: 1, med: 1, high: 1 } })
  const store = machine()
  const runId = await planned(store, 2)
  await signRun(store, runId, [signerOf(world.signers[0]!)])
  expect(await codeOf(() => sendRun(store, horizon, runId))).toBe('pay.refused only-maker')
  await signRun(store, runId, [signerOf(world.signers[1]!)])
  expect((await sendRun(store, horizon, runId)).counts.paid).toBe(2)
})

test('a second plan for the same period is refused until the first is proven dead', async () => {
  const store = machine()
  const first = await signed(store, 4)
  expect(await codeOf(() => planned(store, 4))).toBe('pay.refused under-way')
  expect(
    await codeOf(() =>
      planned(store, 2, {
        payables: payablesOf(world, 2, 'others'),
        config: payConfig(local, world, { channels: [world.payer.publicKey()] }),
      }),
    ),
  ).toBe('store.conflict')
  // nobody but the ledger can say that it is dead
  expect(() => saveStage(store, first, 'dead')).toThrow(/not dead/)
  expect(() => saveStage(store, first, 'withdrawn')).toThrow(/signed here/)
  local.close(1, 5 * 3600)
  await reconcileRun(store, horizon, first)
  expect(loadRun(store, first).stage).toBe('dead')
  const second = await signed(store, 4)
  expect(second).not.toBe(first)
  expect((await sendRun(store, horizon, second)).counts.paid).toBe(4)
  // once something was paid there is no other run of this period
  expect(
    await codeOf(() =>
      planned(store, 2, {
        payables: payablesOf(world, 2, 'others'),
        config: payConfig(local, world, { channels: [world.payer.publicKey()] }),
      }),
    ),
  ).toBe('store.conflict')
})

test('a run that nobody here signed can be withdrawn, and another one taken in', async () => {
  const [maker, other] = [machine(), machine()]
  const own = await planned(other, 4, { config: payConfig(local, world, { feeStroops: 2000 }) })
  const runId = await signed(maker, 4)
  expect(await codeOf(() => carry(maker, other, runId, horizon))).toBe('store.conflict')
  saveStage(other, own, 'withdrawn')
  await carry(maker, other, runId, horizon)
  expect(
    listRuns(other)
      .map(run => run.stage)
      .sort(),
  ).toEqual(['open', 'withdrawn'])
})

test('offline: the envelopes are plain lines that any tool signs, and come back in any order, twice, with strangers among them', async () => {
  const store = machine()
  const runId = await planned(store, 6)
  const { manifest, envelopes } = await exportRun(store, runId)
  expect(JSON.parse(manifest).lines).toHaveLength(6)
  const sign = (...keys: typeof world.signers) =>
    envelopes
      .trim()
      .split('\n')
      .map(line => signWith(line, local.ledger.state.passphrase, ...keys))
  const random = createRandom(3)
  const lines = [...sign(world.signers[1]!), ...sign(world.signers[2]!), ...sign(world.signers[1]!), ...sign(world.farmers[0]!)]
  const text = lines.sort(() => random() - 0.5).join('\r\n')
  const accounts = await loadAccounts(horizon, openRun(store, runId).plan)
  const ask = { passphrase: local.ledger.state.passphrase, accounts }
  expect(await importEnvelopes(store, text, ask)).toEqual({ added: 12, foreign: 0, refused: 6 })
  expect(await importEnvelopes(store, text, ask)).toMatchObject({ added: 0 })
  expect(await codeOf(() => importEnvelopes(store, 'no envelope', ask))).toBe('archive.format')
  expect((await sendRun(store, horizon, runId)).counts.paid).toBe(6)
})

test('a manifest that was changed, or is for another network, is refused', async () => {
  const store = machine()
  const { manifest } = await exportRun(store, await planned(store, 3))
  const other = machine()
  const changed = JSON.parse(manifest)
  changed.plan.rows[0].amountUnits = '99'
  expect(await codeOf(() => importManifest(other, JSON.stringify(changed), null))).toBe('archive.format')
  expect(await codeOf(() => importManifest(other, '{', null))).toBe('archive.format')
  expect(await codeOf(() => importManifest(other, manifest, { network: 'main', passphrase: 'x' }))).toBe('store.network')
  expect(listRuns(other)).toEqual([])
})

test('an operation that failed consumes its row, and the run goes on', async () => {
  const store = machine()
  const runId = await signed(store, 9)
  local.ledger.setAccount(world.farmers[1]!.publicKey(), { trustlines: {} })
  const { counts } = await sendRun(store, horizon, runId)
  expect(counts).toMatchObject({ paid: 7, failed: 2 })
  expect(loadRun(store, runId).stage).toBe('done')
})

test.each(['payment', 'bump'] as const)('a row that can no longer be included is replaced under its own number by a %s', async kind => {
  const store = machine()
  const runId = await signed(store, 6)
  await sendRun(store, horizon, runId, {}, { mostRounds: 1 })
  local.close(1, 5 * 3600)
  const report = await sendRun(store, horizon, runId)
  expect(report.blocked.map(({ why }) => why).join()).toContain('time bounds passed')
  const { closeTs } = local.ledger.last()
  const before = report.counts.paid
  expect(replaceRows(store, runId, { kind, fromTs: closeTs, signSec: 600, feeStroops: 1000 })).toBe(6 - before)
  await signRun(store, runId, [signerOf(world.signers[2]!), signerOf(world.signers[1]!)])
  const { counts } = await sendRun(store, horizon, runId)
  expect(counts).toMatchObject(kind === 'payment' ? { paid: 6 } : { paid: before, 'used-up': 6 - before })
  expect(loadRun(store, runId).stage).toBe('done')
  for (const list of paidOnLedger(local, world.payer.publicKey()).values()) expect(list).toHaveLength(1)
})

test('a fee that is too low is raised without new signatures', async () => {
  const store = machine()
  const runId = await signed(store, 3)
  local.ledger.setMinFee(5000n)
  const fee = world.channels[0]!
  const report = await sendRun(store, horizon, runId, {}, { raise: { signer: signerOf(fee), mostStroops: 20_000n } })
  expect(report.counts.paid).toBe(3)
  expect(local.ledger.state.txs.every(({ innerHash }) => innerHash !== null)).toBe(true)
  // what was named is the most that one costs in all
  const fees = local.ledger.state.txs.map(({ envelope }) => TransactionBuilder.fromXdr(envelope, local.ledger.state.passphrase).fee)
  expect(fees).toEqual(['20000', '20000', '20000'])
})

test('paused, resumed and cancelled: what was not sent is not sent', async () => {
  const store = machine()
  const runId = await signed(store, 9)
  await sendRun(store, horizon, runId, {}, { mostRounds: 1 })
  steerRun(store, runId, 'pause')
  expect(await codeOf(() => sendRun(store, horizon, runId))).toBe('pay.refused stage')
  steerRun(store, runId, 'resume')
  await sendRun(store, horizon, runId, {}, { mostRounds: 1 })
  steerRun(store, runId, 'cancel')
  expect(await codeOf(() => sendRun(store, horizon, runId))).toBe('pay.refused stage')
  const paid = paidOnLedger(local, world.payer.publicKey()).size
  local.close(1, 5 * 3600)
  expect((await reconcileRun(store, horizon, runId)).counts).toMatchObject({ paid: 6, expired: 3 })
  expect(paid).toBe(6)
  expect(loadRun(store, runId).stage).toBe('done')
})

test('a run that was cancelled ends at once when its numbers are used up', async () => {
  const store = machine()
  const runId = await signed(store, 9)
  await sendRun(store, horizon, runId, {}, { mostRounds: 1 })
  steerRun(store, runId, 'cancel')
  replaceRows(store, runId, { kind: 'bump', fromTs: local.ledger.last().closeTs, signSec: 36_000, feeStroops: 1000 })
  await signRun(store, runId, [signerOf(world.signers[2]!), signerOf(world.signers[1]!)])
  expect((await sendRun(store, horizon, runId)).counts).toMatchObject({ paid: 3, 'used-up': 6 })
  expect(loadRun(store, runId).stage).toBe('done')
  expect(paidOnLedger(local, world.payer.publicKey()).size).toBe(3)
  const again = () => replaceRows(store, runId, { kind: 'payment', fromTs: local.ledger.last().closeTs, signSec: 600, feeStroops: 1000 })
  expect(await codeOf(() => again())).toBe('it was not refused')
})

test('what somebody else paid under the memo is not paid again, and is shown', async () => {
  const [store, other] = [machine(), machine()]
  const runId = await signed(store, 3)
  // a run that the first machine knows nothing of, of other numbers
  const config = payConfig(local, world, { channels: [world.payer.publicKey()] })
  const foreign = await signed(other, 2, { config })
  expect((await sendRun(other, horizon, foreign)).counts.paid).toBe(2)
  const { counts, blocked } = await sendRun(store, horizon, runId)
  expect(counts.paid).toBe(3)
  expect(blocked).toHaveLength(2)
  for (const list of paidOnLedger(local, world.payer.publicKey()).values()) expect(list).toHaveLength(1)
  replaceRows(store, runId, { kind: 'bump', fromTs: local.ledger.last().closeTs, signSec: 36000, feeStroops: 1000 })
  await signRun(store, runId, [signerOf(world.signers[2]!), signerOf(world.signers[1]!)])
  expect(await sendRun(store, horizon, runId)).toMatchObject({ blocked: [] })
  expect(loadRun(store, runId).stage).toBe('done')
})

test('a retry is planned only when every envelope of the earlier run has expired or failed', async () => {
  const store = machine()
  const first = await signed(store, 4)
  await sendRun(store, horizon, first, {}, { mostRounds: 1 })
  const unpaid = payablesOf(world, 4, 'period 80')[3]!
  const retry = { ...unpaid, kind: 'retry' as const, receipt: 'ab'.repeat(32), retryFor: unpaid.receipt }
  const next = { period: 81, payables: [retry], config: payConfig(local, world, { channels: [world.payer.publicKey()] }) }
  expect(await codeOf(() => planned(store, 1, next))).toBe('pay.refused under-way')
  local.close(1, 5 * 3600)
  await reconcileRun(store, horizon, first)
  const runId = await signed(store, 1, next)
  // and from now on the first receipt is not paid under its own number any more
  const replacing = () =>
    replaceRows(store, first, { kind: 'payment', fromTs: local.ledger.last().closeTs, signSec: 600, feeStroops: 1000 })
  expect(await codeOf(replacing)).toBe('store.conflict')
  expect((await sendRun(store, horizon, runId)).counts.paid).toBe(1)
  expect(paidOnLedger(local, world.payer.publicKey()).size).toBe(4)
})

test('payees that can not be paid stay out, and what is short is named', async () => {
  const store = machine()
  local.ledger.setAccount(world.farmers[0]!.publicKey(), { trustlines: {} })
  const key = Object.keys(local.ledger.find(world.payer.publicKey())!.trustlines)[0]!
  local.ledger.setAccount(world.payer.publicKey(), { trustlines: { [key]: world.line(1n) } })
  const { made } = await planAndKeep(store, horizon, order(8))
  expect(made.leftOut.map(({ payable }) => payable.nodeId)).toEqual([1, 5])
  expect(made.leftOut[0]!.reason).toContain('no trustline')
  expect(made.shortages).toMatchObject([{ account: world.payer.publicKey(), asset: 'TFT', hasUnits: 1n }])
})

test.each([true, false])(
  'answers from before the payment prove nothing about it (Horizon says of which ledger they are: %s)',
  async tellsLedger => {
    await local.stop()
    local = await startHorizon({ seed: 1, tellsLedger })
    world = makeWorld(local.ledger, { channels: 1 })
    horizon = fastHorizon(local)
    const store = machine()
    const runId = await signed(store, 1)
    /** what was said of accounts before, which a server that lags behind says still */
    const said = new Map<string, unknown>()
    const before: Horizon['read'] = async (path, query, schema, options) => {
      const key = `${path} ${JSON.stringify(query)}`
      if (!said.has(key) && path.startsWith('/accounts/')) said.set(key, await horizon.read(path, query, schema, options))
      return said.has(key) ? (said.get(key) as never) : horizon.read(path, query, schema, options)
    }
    await reconcileRun(store, { ...horizon, read: before }, runId)
    // the answer is lost, the payment is not
    const post: Horizon['post'] = async (...ask) => {
      await horizon.post(...ask)
      local.close()
      throw new Error('the connection is gone')
    }
    await expect(sendRun(store, { ...horizon, post }, runId)).rejects.toThrow('the connection is gone')
    expect(paidOnLedger(local, world.payer.publicKey()).size).toBe(1)
    const { maxTs } = openRun(store, runId).rows[0]!.envelopes[0]!
    local.close(1, maxTs + 60 - local.ledger.last().closeTs)
    await reconcileRun(store, { ...horizon, read: before }, runId)
    expect(openRun(store, runId).rows[0]!.envelopes[0]!.stage).not.toBe('expired')
    expect((await reconcileRun(store, horizon, runId)).counts.paid).toBe(1)
  },
)
