import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import type { Horizon } from '../../src-main/clients/stellar/horizon.ts'
import { previewBackup } from '../../src-main/jobs/backup/restore.ts'
import { exportRun, importManifest } from '../../src-main/jobs/pay/exchange.ts'
import type { PlanOrder } from '../../src-main/jobs/pay/plan.ts'
import { reconcileRun, sendRun, steerRun } from '../../src-main/jobs/pay/run.ts'
import { signRun } from '../../src-main/jobs/pay/sign.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { runsToGoOn } from '../../src-main/store/pay-lists.ts'
import { unknownRunsUntil } from '../../src-main/store/restored.ts'
import { loadRun, saveStage } from '../../src-main/store/runs.ts'
import type { AppError } from '../../src-shared/errors.ts'
import { backUp, restored, writeSteps } from '../helpers/backup.ts'
import { type LocalHorizon, makeWorld, startHorizon, type World } from '../helpers/horizon/index.ts'
import { carry, fastHorizon, makeFolders, paidOnLedger, payablesOf, payConfig, planAndKeep, signerOf } from '../helpers/pay.ts'

/* Books that come back from a backup know less than the ledger: nothing of them may pay twice. The local ledger is the only witness. */

const folders = makeFolders()
afterAll(folders.clear)

let local: LocalHorizon
let world: World
let horizon: Horizon
let opened: Store[] = []

beforeEach(async () => {
  local = await startHorizon({ seed: 7, ledgerSec: 5 })
  world = makeWorld(local.ledger, { channels: 2, farmers: 4 })
  horizon = fastHorizon(local)
})
afterEach(async () => {
  for (const store of opened) store.close()
  opened = []
  await local.stop()
})

function open(dataDir = folders.next()): Store {
  const store = openStore(dataDir, { mode: 'write' })
  opened.push(store)
  return store
}

/** An installation that was in use: its audit trail tells its books from others. */
function inUse(): Store {
  const store = open()
  writeSteps(store, 2)
  return store
}

const order = (more: Partial<PlanOrder> = {}): PlanOrder => ({
  network: 'local',
  config: payConfig(local, world),
  rules: 'v3',
  period: 80,
  maker: world.signers[0]!.publicKey(),
  payables: payablesOf(world, 6, 'period 80'),
  ...more,
})

async function signed(store: Store): Promise<string> {
  const { runId } = await planAndKeep(store, horizon, order())
  await signBoth(store, runId!)
  return runId!
}

const signBoth = (store: Store, runId: string) => signRun(store, runId, [signerOf(world.signers[0]!), signerOf(world.signers[1]!)])

const closeTs = () => local.ledger.last().closeTs

/** The backup takes the place of the store, which is closed for it. */
async function backAgain(store: Store, path: string): Promise<Store> {
  store.close()
  await restored(store.dataDir, path, '', closeTs())
  return open(store.dataDir)
}

const codeOf = (work: () => unknown) =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'it was not refused',
      (error: AppError) => `${error.code} ${error.details?.reason ?? error.message}`.trim(),
    )

/** How often each receipt was paid, by the ledger. */
const timesPaid = () => [...paidOnLedger(local, world.payer.publicKey()).values()].map(list => list.length)

test('a run that was paid since the backup is neither signed nor sent before it is reconciled, and is paid once', async () => {
  const store = inUse()
  const runId = await signed(store)
  const { path } = await backUp(store.dataDir, `${store.dataDir}.backup`)
  saveStage(store, runId, 'running')
  expect((await sendRun(store, horizon, runId)).counts.paid).toBe(6)
  const preview = await previewBackup({ path, passphrase: '', dataDir: store.dataDir, nowTs: closeTs() })
  expect(preview.runsToReconcile).toMatchObject([{ runId, subject: 'period 80', stage: 'open' }])
  const back = await backAgain(store, path)
  expect(runsToGoOn(back)).toEqual([])
  expect(await codeOf(() => sendRun(back, horizon, runId))).toBe('pay.refused restored')
  expect(await codeOf(() => signBoth(back, runId))).toBe('pay.refused restored')
  // somebody may have signed it since: it is not given free
  expect(await codeOf(() => steerRun(back, runId, 'withdraw'))).toBe('pay.refused signed')
  // whoever gets past what is said above is stopped by the books
  back.books.prepare("UPDATE payout_envelopes SET stage = 'sent'").run()
  const send = () => back.books.prepare('INSERT INTO payout_attempts (hash, sent_ts) SELECT hash, 1 FROM payout_envelopes LIMIT 1').run()
  expect(send).toThrow(/reconciled before it is sent/)
  expect((await reconcileRun(back, horizon, runId)).counts.paid).toBe(6)
  expect(loadRun(back, runId).stage).toBe('done')
  expect(timesPaid()).toEqual(Array(6).fill(1))
})

test('a run that is half paid and was being sent waits, is reconciled, and goes on to its end', async () => {
  const store = inUse()
  const runId = await signed(store)
  saveStage(store, runId, 'running')
  const { path } = await backUp(store.dataDir, `${store.dataDir}.backup`)
  await sendRun(store, horizon, runId, {}, { mostRounds: 1 })
  expect(timesPaid().length).toBeLessThan(6)
  const back = await backAgain(store, path)
  expect(loadRun(back, runId).stage).toBe('paused')
  await reconcileRun(back, horizon, runId)
  steerRun(back, runId, 'resume')
  expect((await sendRun(back, horizon, runId)).counts.paid).toBe(6)
  expect(timesPaid()).toEqual(Array(6).fill(1))
})

test('a run that was made after the backup and could still be paid keeps another one out, until the ledger says that its time is over', async () => {
  const store = inUse()
  const { path } = await backUp(store.dataDir, `${store.dataDir}.backup`)
  const lost = await signed(store)
  const files = await exportRun(store, lost)
  // another signer has it too, and pays it later
  const other = open()
  await carry(store, other, lost, horizon)
  const back = await backAgain(store, path)
  const untilTs = unknownRunsUntil(back)
  expect(untilTs).toBeGreaterThan(closeTs() + 3600)
  expect(await codeOf(() => planAndKeep(back, horizon, order({ config: payConfig(local, world, { signSec: 7200 }) })))).toBe(
    'pay.refused restored',
  )
  back.books.function('now_plan', () => JSON.stringify({ createdTs: closeTs() }))
  const insert = () =>
    back.books
      .prepare(
        "INSERT INTO payout_runs (id, network, subject, plan, made_here, stage, added_ts, changed_ts) VALUES ('ab', 'x', 'y', now_plan(), 1, 'open', 1, 1)",
      )
      .run()
  expect(insert).toThrow(/could still be paid/)
  expect((await sendRun(other, horizon, lost)).counts.paid).toBe(6)
  local.close(1, untilTs - closeTs() + 60)
  expect((await planAndKeep(back, horizon, order())).runId).toBeNull()
  expect(timesPaid()).toEqual(Array(6).fill(1))
  // the run itself may come in at any time: it is the same one, and is reconciled before anything else
  await importManifest(back, files.manifest, null)
  expect(await codeOf(() => signBoth(back, lost))).toBe('pay.refused restored')
  expect((await reconcileRun(back, horizon, lost)).counts.paid).toBe(6)
})

test('where nobody knows what was made since, new runs wait for as long as an envelope can be good', async () => {
  const store = inUse()
  const { path } = await backUp(store.dataDir, `${store.dataDir}.backup`)
  await signed(store)
  // another machine: its books, if it has any, say nothing of that
  const fresh = open()
  writeSteps(fresh, 5)
  const back = await backAgain(fresh, path)
  expect(unknownRunsUntil(back)).toBeGreaterThanOrEqual(closeTs() + 24 * 3600)
  expect(await codeOf(() => planAndKeep(back, horizon, order()))).toBe('pay.refused restored')
  // a second restore of the same file does not make it forget
  const again = await backAgain(back, path)
  expect(unknownRunsUntil(again)).toBeGreaterThanOrEqual(closeTs() + 24 * 3600)
})
