import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { listLedgerTokens, supplyOf } from '../../src-main/store/ledger.ts'
import type { Actor } from '../../src-shared/contract.ts'
import { AppError, errorCodes } from '../../src-shared/errors.ts'
import type { TreasuryCommandName } from '../../src-shared/treasury/table.ts'
import { CUT_OFF, type CutOff, cutOffOf } from './cut-off.ts'
import type { HeldAnalyst } from './held-analyst.ts'
import { createRandom } from './horizon/index.ts'
import { administrator, administratorPassphrase, openTreasury, passphraseOf, type TestTreasury } from './treasury.ts'
import { type Act, acts, type Party, pick, type Scene } from './treasury-acts.ts'
import { changedTables, checkMoney, checkWhole, reachOf, traceOf } from './treasury-check.ts'

/*
 * A year of a treasury: people whose commands come together, an analyst who answers when it likes, jobs at their times, a clock that is set
 * wrong, a disk that fails and a machine that goes off in the middle of a write and is opened again.
 */

const HOUR = 3_600
const DAY = 86_400
export const START_TS = Date.parse('2026-01-15T10:07:00Z') / 1000

export interface YearOrder {
  seed: number
  commands: number
  parties: number
  /** when the pools' yields accrue and auctions end, as a schedule */
  yields: string
  /** the whole check, and whether what was refused left no trace in any table, every so many steps */
  wholeEvery: number
  analyst: HeldAnalyst
}

/** When the clock was looked at, and how far the audit trail was then: all that a repetition needs besides the trail. */
export interface Tick {
  seq: number
  ts: number
}

export interface Tally {
  done: number
  refused: number
  cutOff: number
  crashes: number
  repeated: number
  traced: number
  wrongClocks: number
  decided: number
  slots: number
  by: Map<TreasuryCommandName, number>
}

export interface Year {
  world: TestTreasury
  parties: readonly Party[]
  ticks: Tick[]
  tally: Tally
}

interface Call {
  name: TreasuryCommandName
  act: Act
  actor: Actor
  input: unknown
  key: string
}

/** Lives it to its end; whoever calls closes the world. Throws what is wrong, with the step at which it was. */
export async function liveAYear(order: YearOrder): Promise<Year> {
  const world = await openTreasury(START_TS)
  try {
    return await lived(world, order)
  } catch (error) {
    world.close()
    throw error
  }
}

async function lived(world: TestTreasury, { seed, commands, parties, yields, wholeEvery, analyst }: YearOrder): Promise<Year> {
  const random = createRandom(seed)
  const { clock } = world
  const tally: Tally = {
    ...{ done: 0, refused: 0, cutOff: 0, crashes: 0, repeated: 0, traced: 0, wrongClocks: 0, decided: 0, slots: 0, by: new Map() },
  }
  const scene: Scene = {
    ...{ random, clock, parties: [], known: new Map(), issuedUnits: new Map(), analysing: new Map(), made: 0 },
    analystUrl: analyst.url,
  }
  const ticks: Tick[] = []
  const past: { call: Call; output: string }[] = []
  const weight = acts.reduce((sum, act) => sum + act.weight, 0)
  let cut: CutOff = fast()
  let keys = 0
  /** what time it is, whatever the clock says */
  let trueTs = START_TS
  let wrongBySec = 0
  let steps = 0
  let sent = 0

  await begin()
  const perStepSec = (365 * DAY) / (commands / 4)
  while (sent < commands) {
    steps++
    try {
      await passTime(2 * random() * perStepSec)
      await together()
      if (random() < 0.02) await withCapital()
      while (scene.analysing.size > 0 && random() < 0.5) await analystAnswers()
      check()
      // a long one says that it goes on
      if (commands >= 5_000 && steps % 500 === 0) console.log(`step ${steps}: ${sent} of ${commands} commands`)
    } catch (error) {
      throw new Error(`step ${steps} of seed ${seed}: ${(error as Error).message}`, { cause: error })
    }
  }
  setRight()
  await tick()
  if (view().clock !== 'fine') await confirm()
  while (scene.analysing.size > 0) await analystAnswers()
  check(true)
  tally.slots = world.store.books.prepare("SELECT count(*) FROM scheduled_runs WHERE state = 'done'").pluck().get() as number
  tally.decided = world.store.books.prepare("SELECT count(*) FROM audit WHERE action = 'credit.decide'").pluck().get() as number
  return { world, parties: scene.parties, ticks, tally }

  function fast(): CutOff {
    // what the disk does is not what is tested here; a process that is killed is (treasury-child.ts)
    world.store.books.pragma('synchronous = OFF')
    return cutOffOf(world.store)
  }

  async function begin(): Promise<void> {
    for (const { token } of listLedgerTokens(world.store)) scene.issuedUnits.set(token, supplyOf(world.store, token))
    await world.configure({
      ...{
        'analyst.url': analyst.url,
        'analyst.model': 'held',
        'analyst.timeoutSec': '290',
        'access.fee': '5',
        'jobs.poolYields': yields,
        'jobs.auctions': yields,
      },
      ...{ 'credit.minTrust': '35', 'credit.fallbackMinTrust': '40', 'session.administratorIdleSec': '3600' },
    })
    for (let n = 0; n < parties; n++) scene.parties.push({ ...(await world.entity(`Party ${n}`, '2000')), name: `Party ${n}` })
    for (const [to, token, amount] of [
      ['credit-pool', 'AZR', '50000'],
      ['pool:azr-staking', 'AZR', '20'],
      ['pool:yield-farming', 'AZR', '2000'],
      ['staking-pool', 'AZR', '30'],
    ] as const)
      await world.run(administrator, 'tokens.fund', { to, token, amount })
    for (const { entity } of scene.parties.slice(0, parties / 2))
      await world.run(administrator, 'tokens.fund', { to: entity, token: 'BTA-UTIL', amount: '100' })
    await tick()
  }

  /** Now and then the machine goes off while jobs run. */
  async function tick(): Promise<void> {
    const at = { seq: lastSeq(), ts: clock.ts }
    if (steps > 0 && random() < 0.04) cut.after(Math.floor(random() * 60), 'off')
    await world.treasury.runDue()
    if (cut.happened()) return crash()
    cut.never()
    ticks.push(at)
  }

  async function passTime(sec: number): Promise<void> {
    trueTs += Math.floor(sec)
    const dice = random()
    if (wrongBySec !== 0 && dice < 0.4) setRight()
    else if (wrongBySec === 0 && dice < 0.04) {
      wrongBySec = pick(random, [-365 * DAY, 365 * DAY, 30 * HOUR, -3 * HOUR])
      tally.wrongClocks++
    }
    clock.ts = trueTs + wrongBySec
    await tick()
    // whoever looks sees that the clock is wrong, mostly; nobody confirms a year that has not been
    const isMistaken = wrongBySec < 0 && random() < 0.05
    if (view().clock !== 'fine' && (wrongBySec === 0 ? random() < 0.7 : isMistaken)) await confirm()
  }

  function setRight(): void {
    wrongBySec = 0
    clock.ts = trueTs
  }

  function view() {
    return world.ask(administrator, 'schedule.list', {})
  }

  async function confirm(): Promise<void> {
    await world.run(administrator, 'schedule.confirm', { shownTs: clock.ts })
    await tick()
  }

  /** Some commands at once, as those of several people and programs come. */
  async function together(): Promise<void> {
    const count = random() < 0.5 ? 1 : 1 + Math.floor(random() * 12)
    const calls = Array.from({ length: count }, nextCall)
    sent += count
    if (random() < 0.15) cut.after(Math.floor(random() * 12 * count), random() < 0.5 ? 'once' : 'off')
    const isTraced = count === 1 && steps % wholeEvery === 0
    const trace = isTraced ? traceOf(world.store) : new Map()
    const reach = reachOf(world.store)
    const results = await Promise.allSettled(calls.map(run))
    const again = calls.filter((_call, at) => wasCutOff(results[at]!))
    const isOff = cut.happened()
    cut.never()
    for (const [at, result] of results.entries()) if (!wasCutOff(result)) took(calls[at]!, result)
    if (results.every(({ status }) => status === 'rejected') && reachOf(world.store) !== reach) throw new Error('a refusal left something')
    if (isTraced && results[0]!.status === 'rejected') {
      const left = changedTables(trace, traceOf(world.store))
      if (left.length > 0) throw new Error(`${calls[0]!.name} was refused and changed ${left.join(', ')}`)
      tally.traced++
    }
    if (isOff && again.length > 0) {
      tally.cutOff += again.length
      if (random() < 0.3 || results.some(wasCutOff)) await crash()
      // whoever got no answer asks again, with the same key
      for (const call of again) took(call, (await Promise.allSettled([run(call)]))[0]!)
    }
    for (const note of scene.analysing.values()) await analyst.asked(note)
    if (past.length > 0 && random() < 0.3) await repeat()
  }

  function nextCall(): Call {
    const at = random() * weight
    let sum = 0
    const act = acts.find(({ weight: own }) => {
      sum += own
      return at < sum
    })!
    return { name: act.name, act, key: `sim-${keys++}`, ...act.make(scene) }
  }

  function run({ actor, name, input, key }: Call): Promise<unknown> {
    return world.treasury.command(name, input, actor, key)
  }

  function took(call: Call, result: PromiseSettledResult<unknown>): void {
    const { name, act } = call
    if (result.status === 'rejected') {
      checkRefusal(name, result.reason)
      tally.refused++
      return
    }
    tally.done++
    tally.by.set(name, (tally.by.get(name) ?? 0) + 1)
    act.learn?.(scene, result.value as never, { actor: call.actor, input: call.input as never })
    past.push({ call, output: textOf(result.value) })
    if (past.length > 100) past.shift()
  }

  /** What was done is answered again, and not done again; the key of one is none for another. */
  async function repeat(): Promise<void> {
    const { call, output } = pick(random, past)
    const before = reachOf(world.store)
    const isOther = random() < 0.3 && call.actor.entity !== undefined
    const input = { to: 'treasury', amount: '1', memo: `in place of ${call.key}` }
    const [result] = await Promise.allSettled([isOther ? world.treasury.command('payments.send', input, call.actor, call.key) : run(call)])
    const answer = result.status === 'fulfilled' ? textOf(result.value) : (result.reason as AppError).code
    // who is unlocked, and a secret, are not answered from the books
    const expected = isOther ? 'idempotency.reused' : call.name === 'access-tokens.create' ? 'keys.once' : output
    if (answer !== expected && !isGoneWithoutRepeat(call, answer)) throw new Error(`${call.name} again: ${answer} in place of ${expected}`)
    if (reachOf(world.store) !== before) throw new Error(`${call.name} was done again`)
    tally.repeated++
  }

  /** The administrator, and the entity whose capital it is, both unlocked. */
  async function withCapital(): Promise<void> {
    const party = pick(random, scene.parties)
    const both: Actor = { id: 'test:both' }
    await world.run(both, 'entities.unlock', { entityId: party.entity, passphrase: passphraseOf(party.name) })
    await world.run(both, 'administrator.unlock', { passphrase: administratorPassphrase })
    const [result] = await Promise.allSettled([
      world.run(both, 'revenue.reinvest', { capitalFrom: party.name, capital: '5' }, `sim-${keys++}`),
    ])
    if (result.status === 'rejected') checkRefusal('revenue.reinvest', result.reason)
    await world.run(both, 'entities.lock', {})
  }

  async function analystAnswers(): Promise<void> {
    const [id, note] = [...scene.analysing][0]!
    await analyst.asked(note)
    const state = () => world.ask(administrator, 'credit.application', { id }).state
    // asked before a crash, it is asked again by the next life, perhaps only after the answer to the first
    for (analyst.answer(note); state() === 'analysing'; analyst.answer(note)) await delay(1)
    scene.analysing.delete(id)
  }

  /** The machine is off, and on again: all that was in memory is gone, and the disk is as it was. */
  async function crash(): Promise<void> {
    tally.crashes++
    await world.restart(async dataDir => {
      writeFileSync(join(dataDir, 'lock.json'), JSON.stringify({ pid: 1, host: 'test', sinceTs: clock.ts, clean: false }))
    })
    cut = fast()
    const at = { seq: lastSeq(), ts: clock.ts }
    world.treasury.resume()
    await world.treasury.runDue()
    ticks.push(at)
    for (const note of scene.analysing.values()) await analyst.asked(note)
  }

  function lastSeq(): number {
    return world.store.books.prepare('SELECT entries FROM audit_head').pluck().get() as number
  }

  function check(isWhole = steps % wholeEvery === 0): void {
    const findings = [...checkMoney(world.store, scene.issuedUnits), ...(isWhole ? checkWhole(world.store) : [])]
    if (findings.length > 0) throw new Error(findings.join('\n'))
  }
}

function wasCutOff(result: PromiseSettledResult<unknown>): boolean {
  return result.status === 'rejected' && String((result.reason as Error).message).includes(CUT_OFF)
}

/** What is refused is refused for a reason that has a code and says something. */
function checkRefusal(name: string, reason: unknown): void {
  const isClear = reason instanceof AppError && errorCodes.includes(reason.code) && reason.message.length > 5
  if (isClear && !['internal', 'ledger.refused'].includes(reason.code) && !/^(store|io)\.(?!conflict)/.test(reason.code)) return
  throw new Error(`${name} fails: ${reason instanceof AppError ? reason.code : ''} ${(reason as Error).message}`, { cause: reason })
}

/** An entity that is made is checked before its key is looked at: of the same name there is one now. */
function isGoneWithoutRepeat({ name }: Call, answer: string): boolean {
  return name === 'entities.create' && answer === 'store.conflict'
}

export function textOf(output: unknown): string {
  return JSON.stringify(output, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value))
}
