import { afterAll, beforeAll, expect, test } from 'vitest'
import { treasuryCommands } from '../../src-shared/treasury/table.ts'
import { type HeldAnalyst, startHeldAnalyst } from '../helpers/held-analyst.ts'
import { runs } from '../helpers/runs.ts'
import { actedElsewhere, acts } from '../helpers/treasury-acts.ts'
import { replay } from '../helpers/treasury-replay.ts'
import { liveAYear } from '../helpers/treasury-sim.ts'

let analyst: HeldAnalyst
beforeAll(async () => {
  analyst = await startHeldAnalyst()
})
afterAll(() => analyst.close())

const { numRuns: commands, seed } = runs(500, 60_000)
const isLong = commands >= 5_000

test('a year of commands, jobs, wrong clocks and crashes: the books balance at every step, and the audit trail gives the same books again', async () => {
  const zone = process.env.TZ
  // slots are in UTC: where the machine is, and when its summer begins, decides nothing
  process.env.TZ = 'Europe/Berlin'
  try {
    const parties = isLong ? 200 : 14
    const { world, ticks, tally } = await liveAYear({
      ...{ seed, commands, parties, analyst },
      ...{ yields: isLong ? '0 */3 * * *' : '0 */12 * * *', wholeEvery: isLong ? 20 : 8 },
    })
    try {
      const { by, ...told } = tally
      const idle = acts.map(({ name }) => name).filter(name => !by.has(name))
      console.log(`a year of ${commands} commands of ${parties} parties, GRANARY_SEED=${seed}: ${JSON.stringify(told)}`)
      if (idle.length > 0) console.log(`done by nobody: ${idle.join(', ')}`)
      process.env.TZ = 'Pacific/Chatham'
      expect(await replay(world.store, ticks, analyst)).toEqual([])
      // it is a simulation of a treasury, not of nothing
      expect(tally.done).toBeGreaterThan(commands / 3)
      expect(Math.min(tally.refused, tally.repeated, tally.slots)).toBeGreaterThan(0)
      if (isLong) {
        expect(idle).toEqual([])
        expect(Math.min(tally.crashes, tally.decided, tally.traced, tally.wrongClocks)).toBeGreaterThan(10)
      }
    } finally {
      world.close()
    }
  } finally {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  }
})

test('every command has its place in the year', () => {
  const has = new Set<string>([...acts.map(({ name }) => name), ...actedElsewhere])
  const missing = Object.keys(treasuryCommands).filter(name => !has.has(name))
  if (missing.length > 0) console.log(`not in the year yet: ${missing.join(', ')}`)
  expect([...has].filter(name => !Object.hasOwn(treasuryCommands, name))).toEqual([])
})
