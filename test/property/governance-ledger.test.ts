import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkLedger } from '../../src-main/store/ledger.ts'
import { formatAmount } from '../../src-shared/treasury/amounts.ts'
import { voteChoices } from '../../src-shared/treasury/governance.ts'
import { runs } from '../helpers/runs.ts'
import { administrator, nobody, openTreasury, type TestTreasury } from '../helpers/treasury.ts'

/* Votes on a ledger that goes on moving, by a clock that is set back now and then, against balances that the test keeps itself. */

const VOTERS = 4
const someone = fc.nat(VOTERS - 1)
const units = fc.bigInt({ min: 1n, max: 4_000n }).map(tokens => tokens * 10_000_000n + 1n)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('vote' as const), who: someone, choice: fc.constantFrom(...voteChoices) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('give' as const), who: someone, to: someone, units }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fund' as const), to: someone, units }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lock' as const), who: someone, units }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), sec: fc.integer({ min: -90, max: 400 }) }) },
)
const terms = fc.record({
  quorumPercent: fc.constantFrom(1, 40),
  startsInSec: fc.integer({ min: 0, max: 200 }),
  lastsSec: fc.integer({ min: 200, max: 2_000 }),
})

let world: TestTreasury
let voters: { id: string; entity: string }[]
/** what the test knows: after each movement, its time and what everybody held then */
let past: { ts: number; held: bigint[] }[]
beforeAll(async () => {
  world = await openTreasury()
  world.store.books.pragma('synchronous = OFF')
  voters = []
  for (let at = 0; at < VOTERS; at++) voters.push(await world.entity(`Voter ${at}`))
  for (const { entity } of voters) await world.run(administrator, 'tokens.fund', { to: entity, token: 'BTA-GOV', amount: '5000' })
  past = [{ ts: world.clock.ts, held: voters.map(() => 50_000_000_000n) }]
})
afterAll(() => {
  expect(checkLedger(world.store)).toEqual([])
  world.close()
})

const tried = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
function moved(change: (held: bigint[]) => void): void {
  const held = [...past.at(-1)!.held]
  change(held)
  past.push({ ts: world.clock.ts, held })
}
/** Up to the first movement that is later than the start. */
function heldAt(startTs: number): bigint[] {
  const later = past.findIndex(({ ts }) => ts > startTs)
  return past[later === -1 ? past.length - 1 : later - 1]!.held
}

test('power is what was held at the start, no token votes twice, and the outcome is the same whenever it is read', async () => {
  const outcomes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(terms, fc.array(step, { minLength: 5, maxLength: 30 }), async ({ quorumPercent, startsInSec, lastsSec }, steps) => {
      world.clock.ts += 10_000
      // the richest of them has enough to propose
      const { held } = past.at(-1)!
      const proposer = voters[held.indexOf(held.reduce((most, each) => (each > most ? each : most)))]!
      const startTs = world.clock.ts + startsInSec
      const endTs = startTs + lastsSec
      const { id } = await world.run(proposer, 'governance.create', {
        type: 'POLICY_CHANGE',
        title: 'a vote',
        quorumPercent,
        startTs,
        endTs,
      })
      let snapshot: bigint[] | null = null
      const cast = new Map<number, { choice: string; power: bigint }>()
      for (const one of steps) {
        const { ts } = world.clock
        if (one.do === 'wait') world.clock.ts += one.sec
        else if (one.do === 'vote') {
          const isOn = ts >= startTs && ts <= endTs && !cast.has(one.who)
          expect(await tried(world.run(voters[one.who]!, 'governance.vote', { id, vote: one.choice }))).toBe(isOn)
          if (isOn) {
            snapshot ??= heldAt(startTs)
            cast.set(one.who, { choice: one.choice, power: snapshot[one.who]! })
          }
        } else {
          const amount = formatAmount(one.units)
          if (one.do === 'fund') {
            await world.run(administrator, 'tokens.fund', { to: voters[one.to]!.entity, token: 'BTA-GOV', amount })
            moved(now => {
              now[one.to] = now[one.to]! + one.units
            })
          } else if (one.do === 'lock') {
            if (await tried(world.run(voters[one.who]!, 'tokens.lock', { token: 'BTA-GOV', amount }))) moved(() => {})
          } else if (one.who !== one.to) {
            const input = { to: voters[one.to]!.entity, token: 'BTA-GOV', amount }
            if (await tried(world.run(voters[one.who]!, 'tokens.transfer', input)))
              moved(now => {
                now[one.who] = now[one.who]! - one.units
                now[one.to] = now[one.to]! + one.units
              })
          }
        }
      }
      world.clock.ts = Math.max(world.clock.ts, endTs + 1)
      snapshot ??= heldAt(startTs)
      const outcome = world.ask(nobody, 'governance.get', { id })
      const circulating = snapshot.reduce((sum, each) => sum + each, 0n)
      const votes = [...cast.values()]
      const turnout = votes.reduce((sum, { power }) => sum + power, 0n)
      // nobody here has done anything that trust comes from: 29 of 100
      const weighed = (choice: string) => votes.reduce((sum, vote) => sum + (vote.choice === choice ? (vote.power * 29n) / 100n : 0n), 0n)
      const [yes, no] = [weighed('YES'), weighed('NO')]
      expect(turnout <= circulating).toBe(true)
      const state = turnout * 100n >= BigInt(quorumPercent) * circulating && yes + no > 0n && yes >= no ? 'PASSED' : 'REJECTED'
      expect(outcome).toMatchObject({ circulating, turnout, yes, no, votes: votes.length, state })
      world.clock.ts += 365 * 86_400
      expect(world.ask(nobody, 'governance.get', { id })).toEqual(outcome)
      world.clock.ts -= 365 * 86_400
      outcomes.set(state, (outcomes.get(state) ?? 0) + 1)
    }),
    runs(25, 2_000),
  )
  expect([...outcomes.keys()].sort()).toEqual(['PASSED', 'REJECTED'])
})
