import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import type { Keypair } from '@stellar/stellar-sdk/base'
import { buildPayment } from '../../src-main/clients/stellar/build.ts'
import type { Horizon } from '../../src-main/clients/stellar/horizon.ts'
import type { Payable } from '../../src-main/engines/payout-plan/plan.ts'
import { reconcileRun, sendRun, steerRun } from '../../src-main/jobs/pay/run.ts'
import { signRun } from '../../src-main/jobs/pay/sign.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { listRuns } from '../../src-main/store/runs.ts'
import { AppError } from '../../src-shared/errors.ts'
import {
  createRandom,
  type LocalHorizon,
  makeWorld,
  readFaults,
  signWith,
  startHorizon,
  submitFaults,
  TFT,
  type World,
} from './horizon/index.ts'
import {
  carry,
  fastHorizon,
  type makeFolders,
  paidOnLedger,
  payablesOf,
  payConfig,
  planAndKeep,
  receiptHash,
  replaceRows,
  signerOf,
} from './pay.ts'
import { checkBooks } from './pay-check.ts'

/*
 * Simulated payouts: two machines that send and one signer who only signs, each with a store on the disk and a key of its own (two of three
 * are needed), against a ledger over HTTP that fails in every way. Nobody is told what the others do but by files and by the ledger.
 */

/** What happened in a simulation, so that one can see that it was none of nothing. */
export interface Tally {
  rows: number
  paid: number
  crashes: number
  kills: number
  secondPlans: number
  retries: number
  replaced: number
}

export const emptyTally = (): Tally => ({ rows: 0, paid: 0, crashes: 0, kills: 0, secondPlans: 0, retries: 0, replaced: 0 })

interface Machine {
  name: string
  folder: string
  store: Store
  key: Keypair
  horizon: Horizon
  isDown: boolean
}

/** A crash in the middle of a request: the store is gone, whatever was not in it is forgotten. */
class Crash extends Error {}

interface Sim {
  random: () => number
  local: LocalHorizon
  world: World
  machines: [Machine, Machine, Machine]
  payables: Payable[]
  /** machines plan the same, or each its own way */
  isSame: boolean
  /** of requests in which a machine crashes */
  crashShare: number
  tally: Tally
  period: number
}

const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!

/** Runs one simulation to its end and checks it against the ledger. Throws what is wrong. */
export async function simulate(seed: number, folders: ReturnType<typeof makeFolders>, tally: Tally): Promise<void> {
  const random = createRandom(seed)
  const local = await startHorizon({
    seed,
    startTs: earlierTs,
    ledgerSec: 5,
    waitMs: 4,
    hasAsync: random() < 0.9,
    tellsLedger: random() < 0.8,
  })
  const machines: Machine[] = []
  try {
    const rows = 1 + Math.floor(50 * random() ** 4)
    const world = makeWorld(local.ledger, { channels: 1 + Math.floor(random() * 4), farmers: 1 + Math.floor(random() * 5) })
    // most payers have paid before; one that has not is read from its first transaction on
    if (random() < 0.8) payEarlier(local, world)
    startPeriod(local)
    const sim = {
      random,
      local,
      world,
      payables: payablesOf(world, rows, String(seed)),
      isSame: random() < 0.4,
      crashShare: 0,
      tally,
      period: 80,
    } as Sim
    for (const [at, name] of ['A', 'B', 'C'].entries()) machines.push(machine(sim, name, folders.next(), world.signers[at]!))
    sim.machines = machines as Sim['machines']
    tally.rows += rows
    if (seed % 20 === 7) await killed(sim)
    const share = pick(random, [0, 0.03, 0.1, 0.25])
    local.faults.set({ share, reads: readFaults, submits: submitFaults })
    sim.crashShare = pick(random, [0, 0.01, 0.04])
    const steps = 4 + Math.floor(random() * 14)
    for (let step = 0; step < steps; step++) await act(sim)
    local.faults.set({})
    sim.crashShare = 0
    if (random() < 0.7) await finish(sim)
    // whatever is late is in a ledger now, and one look at it must be enough
    local.close(8)
    for (const each of sim.machines) await reconcileAll(each)
    tally.paid += checkBooks(local, world.payer.publicKey(), sim.payables, sim.machines)
  } finally {
    for (const { store, isDown } of machines) if (!isDown) store.close()
    await local.stop()
  }
}

/** Some days before the period whose receipts are paid. */
const earlierTs = 1_758_900_000

/** A payment of an earlier period, so that the payer's history begins before this one's receipts. */
function payEarlier({ ledger }: LocalHorizon, { payer, farmers, signers }: World): void {
  const { passphrase } = ledger.state
  const { envelope } = buildPayment({
    passphrase,
    source: payer.publicKey(),
    sequence: ledger.find(payer.publicKey())!.sequence + 1n,
    minTime: 0,
    maxTime: earlierTs + 3600,
    feeStroops: 100n,
    payer: payer.publicKey(),
    payee: farmers[0]!.publicKey(),
    asset: TFT,
    amountUnits: 1n,
    memoHash: receiptHash('an earlier receipt'),
  })
  const { status } = ledger.admit(signWith(envelope, passphrase, signers[0]!, signers[1]!))
  if (status !== 'PENDING') throw new Error(`the earlier payment is ${status}`)
  ledger.close()
}

/** A ledger some days on, and so many after it that no answer from some ledgers ago is that old. */
function startPeriod(local: LocalHorizon): void {
  local.close(1, 1_760_000_000 - earlierTs)
  local.close(4)
}

function machine(sim: Sim, name: string, folder: string, key: Keypair): Machine {
  const self: Machine = { name, folder, key, store: null as never, isDown: false, horizon: null as never }
  begin(sim, self)
  return self
}

/** A machine starts, for the first time or after a crash. What its earlier life left under way gets no answer any more, however late it comes. */
function begin(sim: Sim, self: Machine): void {
  const inner = fastHorizon(sim.local, { tries: 3 })
  const store = openStore(self.folder, { mode: 'write' })
  let isOver = false
  const maybeCrash = () => {
    if (!isOver && sim.random() < sim.crashShare) {
      isOver = true
      self.isDown = true
      store.close()
    }
    if (isOver) throw new Crash()
  }
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    maybeCrash()
    const answer = await work()
    maybeCrash()
    return answer
  }
  self.store = store
  self.isDown = false
  self.horizon = {
    ...inner,
    read: (path, query, schema, options) => around(() => inner.read(path, query, schema, options)),
    post: (path, form, options) => around(() => inner.post(path, form, options)),
  }
}

/** What may fail fails as it does in life; everything else is a fault of ours. */
async function attempt(sim: Sim, who: readonly Machine[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const isExpected = error instanceof AppError && error.code !== 'internal' && error.code !== 'store.corrupt'
    if (!isExpected && !who.some(({ isDown }) => isDown)) throw error
  }
  for (const each of who) {
    if (!each.isDown) continue
    sim.tally.crashes++
    begin(sim, each)
  }
}

async function reconcileAll({ store, horizon }: Machine): Promise<void> {
  for (const { runId } of listRuns(store)) await reconcileRun(store, horizon, runId)
}

const liveRun = ({ store }: Machine) => listRuns(store).find(({ stage }) => ['open', 'running', 'paused', 'stopped'].includes(stage))

async function act(sim: Sim): Promise<void> {
  const { random, machines, local } = sim
  const [a, b, c] = machines
  const one = pick(random, [a, b])
  const other = one === a ? b : a
  const run = liveRun(one)
  if (!run) return pick(random, [retry, plan, plan, hasty])(sim, one)
  const { runId } = run
  const dice = random()
  if (dice < 0.15) return attempt(sim, [one], () => signRun(one.store, runId, [signerOf(one.key)]))
  if (dice < 0.4) {
    const to = pick(random, [other, c])
    return attempt(sim, [one, to], () => signAt(one, to, runId))
  }
  const mostRounds = 1 + Math.floor(random() * 12)
  const send = (from: Machine, id: string) => sendRun(from.store, from.horizon, id, {}, { mostRounds, roundMs: 1 })
  if (dice < 0.6) return attempt(sim, [one], () => send(one, runId))
  // somebody clicks twice
  if (dice < 0.68) return attempt(sim, [one], () => all([send(one, runId), send(one, runId)]))
  if (dice < 0.78) {
    const theirs = liveRun(other)
    return attempt(sim, [one, other], () => all([send(one, runId), ...(theirs ? [send(other, theirs.runId)] : [])]))
  }
  if (dice < 0.84) return attempt(sim, [one], () => reconcileRun(one.store, one.horizon, runId))
  if (dice < 0.87) return hasty(sim, one)
  if (dice < 0.92) {
    local.close(1, pick(random, [60, 3600, 5 * 3600]))
    for (const each of machines)
      for (const known of listRuns(each.store)) await attempt(sim, [each], () => reconcileRun(each.store, each.horizon, known.runId))
    return
  }
  if (dice < 0.96)
    return attempt(sim, [one], async () => {
      const { closeTs } = local.ledger.last()
      const kind = random() < 0.8 ? 'payment' : 'bump'
      sim.tally.replaced += replaceRows(one.store, runId, {
        kind,
        fromTs: closeTs,
        signSec: pick(random, [60, 600, 3600]),
        feeStroops: 1000,
      })
      await signRun(one.store, runId, [signerOf(one.key)])
    })
  if (dice < 0.975) return attempt(sim, [one], async () => steerRun(one.store, runId, pick(random, ['pause', 'resume', 'cancel'])))
  if (dice < 0.985) {
    const farmer = pick(random, sim.world.farmers)
    local.ledger.setAccount(farmer.publicKey(), { trustlines: random() < 0.5 ? {} : { [sim.world.key]: sim.world.line() } })
    return
  }
  return retry(sim, one)
}

async function all(list: Promise<unknown>[]): Promise<void> {
  const broken = (await Promise.allSettled(list)).find(result => result.status === 'rejected')
  if (broken?.status === 'rejected') throw broken.reason
}

function plan(sim: Sim, one: Machine, payables = sim.payables, period = sim.period): Promise<void> {
  const { random, local, world, isSame } = sim
  const config = payConfig(
    local,
    world,
    isSame ? {} : { feeStroops: pick(random, [500, 1000, 2000]), signSec: pick(random, [60, 600, 3600]) },
  )
  // another machine may have its own order of accounts, or use the payer itself
  if (!isSame && random() < 0.3) config.channels.reverse()
  if (!isSame && random() < 0.2) config.channels = []
  return attempt(sim, [one], async () => {
    const had = listRuns(one.store).some(({ stage }) => stage === 'dead')
    const order = { network: 'local', config, rules: 'v3' as const, period, maker: one.key.publicKey(), payables }
    const { runId } = await planAndKeep(one.store, one.horizon, order)
    if (runId && had) sim.tally.secondPlans++
  })
}

/** Somebody in a hurry: what was sent is late, and a run of other accounts is to take its place. */
async function hasty(sim: Sim, one: Machine): Promise<void> {
  const { machines, local, world } = sim
  const [a, b, c] = machines
  const other = one === a ? b : a
  await planFor(
    world.channels.map(key => key.publicKey()),
    60,
  )
  const first = liveRun(one)
  if (!first) return
  await signByAll(first.runId)
  local.faults.next('late', /transactions/, 4)
  await attempt(sim, [one], () => sendRun(one.store, one.horizon, first.runId, {}, { mostRounds: 1, roundMs: 1 }))
  for (const each of machines)
    for (const known of listRuns(each.store)) await attempt(sim, [each], () => reconcileRun(each.store, each.horizon, known.runId))
  if (liveRun(one)) return
  await planFor([world.payer.publicKey()], 600)
  const run = liveRun(one)
  if (!run) return
  await signByAll(run.runId)
  await attempt(sim, [one], () => sendRun(one.store, one.horizon, run.runId, {}, { mostRounds: 3, roundMs: 1 }))

  async function planFor(channels: string[], signSec: number): Promise<void> {
    if (liveRun(one)) return
    const config = payConfig(local, world, { channels, signSec })
    const order = { network: 'local', config, rules: 'v3' as const, period: sim.period, maker: one.key.publicKey(), payables: sim.payables }
    await attempt(sim, [one], () => planAndKeep(one.store, one.horizon, order))
  }

  async function signByAll(id: string): Promise<void> {
    for (const to of [c, other]) await attempt(sim, [one, to], () => signAt(one, to, id))
    await attempt(sim, [one], () => signRun(one.store, id, [signerOf(one.key)]))
  }
}

/** Another machine gets a run, signs it and gives it back; a run of its own that it has not signed goes. */
async function signAt(from: Machine, to: Machine, runId: string): Promise<void> {
  const held = liveRun(to)
  if (held && held.runId !== runId) steerRun(to.store, held.runId, 'withdraw')
  await carry(from.store, to.store, runId, to.horizon)
  await signRun(to.store, runId, [signerOf(to.key)])
  await carry(to.store, from.store, runId, from.horizon)
}

/** The next period, with retries of what this one has not paid. */
async function retry(sim: Sim, one: Machine): Promise<void> {
  const paid = paidOnLedger(sim.local, sim.world.payer.publicKey())
  const retries = sim.payables
    .filter(({ receipt, kind }) => kind === 'receipt' && !paid.has(receipt))
    .map(payable => ({ ...payable, kind: 'retry' as const, receipt: receiptHash(`retry ${payable.receipt}`), retryFor: payable.receipt }))
  if (retries.length === 0) return
  await plan(sim, one, retries, 81)
  if (liveRun(one)?.subject === 'period 81') sim.tally.retries++
}

function isAllPaid({ local, world, payables }: Sim): boolean {
  const paid = paidOnLedger(local, world.payer.publicKey())
  return payables.every(({ receipt }) => paid.has(receipt) || paid.has(receiptHash(`retry ${receipt}`)))
}

/** Everybody does what is to be done, and nothing fails any more. */
async function finish(sim: Sim): Promise<void> {
  const { machines, local } = sim
  for (let round = 0; round < 6; round++)
    for (const one of machines.slice(0, 2)) {
      if (isAllPaid(sim)) return
      await attempt(sim, machines, async () => {
        for (const each of one === machines[0] ? machines : [one]) await reconcileAll(each)
      })
      const run = liveRun(one)
      if (!run) {
        await (sim.random() < 0.5 ? plan(sim, one) : retry(sim, one))
        continue
      }
      await attempt(sim, machines, async () => {
        if (run.stage === 'paused') steerRun(one.store, run.runId, 'resume')
        for (const to of machines) {
          if (to === one) continue
          await attempt(sim, machines, () => signAt(one, to, run.runId))
        }
        await signRun(one.store, run.runId, [signerOf(one.key)])
        const { blocked } = await sendRun(one.store, one.horizon, run.runId, {}, { roundMs: 1 })
        if (blocked.length > 0) {
          const options = { fromTs: local.ledger.last().closeTs, signSec: 3600, feeStroops: 1000 }
          sim.tally.replaced += replaceRows(one.store, run.runId, { kind: 'payment', ...options })
        }
      })
    }
}

/** A process that sends is killed in the middle, and what it left is taken up. */
async function killed(sim: Sim): Promise<void> {
  const { machines, local, random, tally } = sim
  const [a, , c] = machines
  await plan(sim, a)
  const run = liveRun(a)
  if (!run) return
  await signRun(a.store, run.runId, [signerOf(a.key)])
  await carry(a.store, c.store, run.runId, c.horizon)
  await signRun(c.store, run.runId, [signerOf(c.key)])
  await carry(c.store, a.store, run.runId, a.horizon)
  a.store.close()
  a.isDown = true
  const clock = setInterval(() => local.close(), 8)
  const args = [join(import.meta.dirname, 'pay-child.ts'), a.folder, local.url, local.ledger.state.passphrase, run.runId]
  // loading takes half as long where the modules were compiled before
  const child = spawn(process.execPath, args, { env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(a.folder), 'compiled') } })
  const ended = new Promise(resolve => child.on('exit', resolve))
  const hasBegun = await Promise.race([
    new Promise<boolean>(resolve => child.stdout.once('data', () => resolve(true))),
    ended.then(() => false),
  ])
  if (!hasBegun) throw new Error('the process that was to be killed did not begin')
  await new Promise(resolve => setTimeout(resolve, random() * 200))
  child.kill('SIGKILL')
  await ended
  clearInterval(clock)
  begin(sim, a)
  tally.kills++
}
