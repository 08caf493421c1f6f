import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyAction, type DecidableMint, type MintAction, mintStage, undecided } from '../../src-main/engines/minting/triggers.ts'
import { defaultMintConfig, type MintConfig, type MintDecision, triggerSchema } from '../../src-shared/node-period.ts'
import { runs } from '../helpers/runs.ts'

/*
 * Whatever is done by whomever and however often: a mint is paid at most once, and only what the network's option allows is decided. The
 * tally is worked out here a second time, from all votes ever cast.
 */

type Vote = MintAction & { kind: 'vote' }

const names = ['Ann', 'Bob', 'Cleo', 'Dan', 'Root']
const name = fc.constantFrom(...names)
const amountUnits = fc.constantFrom(1000n, 1000n, 1000n, 999n, 999n, 0n)
const vote = fc.record({ kind: fc.constant('vote' as const), signer: name, amountUnits })
const others = fc.record({ kind: fc.constantFrom('trigger' as const, 'claim' as const, 'force' as const), actor: name })
const paid = fc.record({ kind: fc.constant('paid' as const), tx: fc.constantFrom('t1', 't2'), ts: fc.nat(50) })
const failed = fc.record({ kind: fc.constant('failed' as const), attempt: fc.integer({ min: 1, max: 3 }), reason: fc.constant('x') })
const action: fc.Arbitrary<MintAction> = fc.oneof(
  { weight: 12, arbitrary: vote },
  { weight: 4, arbitrary: others },
  { weight: 1, arbitrary: paid },
  { weight: 3, arbitrary: failed },
)
const config: fc.Arbitrary<MintConfig> = fc
  .record({
    trigger: fc.constantFrom(...triggerSchema.options, 'offline-amount' as const),
    signers: fc.subarray(names, { minLength: 1 }),
    threshold: fc.integer({ min: 1, max: 5 }),
    administrators: fc.subarray(names),
  })
  .map(members => ({ ...defaultMintConfig, ...members }))
const soundConfig = config.map(sound => ({ ...sound, threshold: Math.floor(sound.signers.length / 2) + 1 }))

/** What fits the network and the mint's stage at that moment, so that lives get somewhere. */
type Fitting = { kind: 'decide'; who: number; amountUnits: bigint } | { kind: 'end'; isPaid: boolean }
const fitting: fc.Arbitrary<Fitting> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('decide' as const), who: fc.nat(20), amountUnits }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), isPaid: fc.constantFrom(false, false, true) }) },
)

function actionOf(config: MintConfig, decision: MintDecision, step: Fitting | MintAction): MintAction {
  if (step.kind === 'end') {
    if (step.isPaid) return { kind: 'paid', tx: 't3', ts: 7 }
    return { kind: 'failed', attempt: decision.decided?.attempt ?? 1, reason: 'y' }
  }
  if (step.kind !== 'decide') return step
  const { signers, administrators, trigger } = config
  if (trigger === 'permissionless') return { kind: 'trigger', actor: names[step.who % names.length]! }
  if (trigger !== 'claim') return { kind: 'vote', signer: signers[step.who % signers.length]!, amountUnits: step.amountUnits }
  const administrator = administrators[step.who % (administrators.length + 1)]
  return administrator ? { kind: 'force', actor: administrator } : { kind: 'claim', actor: 'Dan' }
}

/** A step: what is done, how often in a row, and whether the operator changes the network's options first. */
const step = fc.record({
  what: fc.oneof({ weight: 4, arbitrary: fitting }, { weight: 1, arbitrary: action }),
  times: fc.constantFrom(1, 1, 2, 3),
  changed: fc.option(fc.oneof({ weight: 4, arbitrary: soundConfig }, config), { freq: 12 }),
})
const life = fc.record({
  start: soundConfig,
  rewardUnits: fc.constantFrom(1000n, 1000n, 1000n, 0n),
  steps: fc.array(step, { minLength: 10, maxLength: 40 }),
})

/** How many present signers' last votes since the last failure are for this amount. */
function tally(config: MintConfig, cast: readonly Vote[], amountUnits: bigint): number {
  const last = new Map(cast.map(vote => [vote.signer, vote.amountUnits]))
  return config.signers.filter(signer => last.get(signer) === amountUnits).length
}

function checkDecided(config: MintConfig, mint: DecidableMint, decision: MintDecision, action: MintAction, cast: Vote[]) {
  const { amountUnits, how, by, attempt } = decision.decided!
  expect(attempt).toBe(decision.payments.length + 1)
  expect(mint.rewardUnits).toBeGreaterThan(0n)
  if (how !== 'votes') {
    expect(amountUnits).toBe(mint.rewardUnits)
    expect({ anyone: 'permissionless', claim: 'claim', forced: 'claim' }[how]).toBe(config.trigger)
    expect(action.kind).toBe({ anyone: 'trigger', claim: 'claim', forced: 'force' }[how])
    if (how === 'forced') expect(config.administrators).toContain(by[0])
    return
  }
  expect(['offline-amount', 'verified-amount']).toContain(config.trigger)
  if (config.trigger === 'verified-amount') expect(amountUnits).toBe(mint.rewardUnits)
  const count = tally(config, cast, amountUnits)
  expect(count).toBeGreaterThanOrEqual(config.threshold)
  expect(count * 2).toBeGreaterThan(config.signers.length)
  expect(by).toHaveLength(count)
}

test('a mint is paid at most once, and only what the option allows is decided', () => {
  const seen = { votes: 0, others: 0, paid: 0, failed: 0, refused: 0, again: 0 }
  const { numRuns, seed } = runs(400)
  fc.assert(
    fc.property(life, ({ start, rewardUnits, steps }) => {
      const mint = { id: 'm', rewardUnits }
      let config = start
      let decision = undecided
      let cast: Vote[] = []
      for (const [i, { what, times, changed }] of steps.entries()) {
        config = changed ?? config
        const action = actionOf(config, decision, what)
        for (let time = 0; time < times; time++) {
          const before = structuredClone(decision)
          const was = decision
          const result = applyAction(config, mint, decision, action, i)
          // nothing that was given is changed
          expect(was).toEqual(before)
          if ('refused' in result) {
            seen.refused++
            continue
          }
          decision = result.decision
          if (time > 0) {
            // once more adds nothing
            expect(decision).toEqual(before)
            continue
          }
          if (action.kind === 'vote') cast = [...cast, action]
          if (action.kind === 'failed') {
            expect(action.attempt).toBe(was.decided?.attempt)
            cast = []
          }
          if (before.decided) expect(action.kind === 'failed' || decision.decided === was.decided).toBe(true)
          else if (decision.decided && action.kind !== 'paid') {
            checkDecided(config, mint, decision, action, cast)
            if (decision.decided.how === 'votes') seen.votes++
            else seen.others++
            if (decision.payments.length > 0) seen.again++
          }
          // a sound network never waits although enough votes agree
          if (action.kind === 'vote' && !decision.decided)
            for (const amountUnits of config.trigger === 'verified-amount' ? [rewardUnits] : [999n, 1000n])
              expect(tally(config, cast, amountUnits)).toBeLessThan(config.threshold)
          // payments only grow, at most one is paid, and it is the last
          expect(decision.payments.slice(0, before.payments.length)).toEqual(before.payments)
          const paid = decision.payments.filter(payment => payment.result === 'paid')
          expect(paid.length).toBeLessThanOrEqual(1)
          if (paid.length === 1) expect(decision.payments.at(-1)).toBe(paid[0])
          expect(new Set(decision.votes.map(vote => vote.signer)).size).toBe(decision.votes.length)
          expect(mintStage(decision, mint) === 'paid').toBe(paid.length === 1)
        }
      }
      const stage = mintStage(decision, mint)
      if (stage === 'paid') seen.paid++
      if (stage === 'failed') seen.failed++
    }),
    { numRuns, seed },
  )
  console.log(`triggers: ${JSON.stringify(seen)}`)
  if (numRuns >= 100) for (const count of Object.values(seen)) expect(count).toBeGreaterThan(3)
})

test('nothing but the same payment told again is possible once a mint is paid', () => {
  fc.assert(
    fc.property(soundConfig, fc.array(action, { maxLength: 30 }), (config, actions) => {
      const mint = { id: 'm', rewardUnits: 1000n }
      const decided = applyAction(defaultMintConfig, mint, undecided, { kind: 'trigger', actor: 'Ann' }, 1)
      if ('refused' in decided) throw new Error(decided.refused.code)
      const paid = applyAction(config, mint, decided.decision, { kind: 'paid', tx: 't1', ts: 2 }, 2)
      if ('refused' in paid) throw new Error(paid.refused.code)
      for (const action of actions) {
        const result = applyAction(config, mint, paid.decision, action, 3)
        if (action.kind === 'paid' && action.tx === 't1') expect(result).toEqual({ decision: paid.decision })
        else expect(result).toMatchObject({ refused: { code: 'already-paid' } })
      }
    }),
    runs(200),
  )
})
