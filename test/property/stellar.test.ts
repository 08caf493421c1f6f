import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadAccount } from '../../src-main/clients/stellar/accounts.ts'
import { buildBump, buildFeeBump } from '../../src-main/clients/stellar/build.ts'
import { follow, type Verdict, verdictOf } from '../../src-main/clients/stellar/reconcile.ts'
import { fitSignatures, verifySignatures } from '../../src-main/clients/stellar/signatures.ts'
import { submit } from '../../src-main/clients/stellar/submit.ts'
import type { AccountState, EnvelopeFacts } from '../../src-main/clients/stellar/types.ts'
import { AppError } from '../../src-shared/errors.ts'
import { makeKey, readFaults, startHorizon, submitFaults } from '../helpers/horizon/index.ts'
import { makeWorld } from '../helpers/horizon/make.ts'
import { runs } from '../helpers/runs.ts'
import { clientOf, makePayment, type Signed, signedBy } from '../helpers/stellar.ts'

/*
 * Whatever is sent however often, by two machines, and whatever Horizon does wrong: what the client says for good of an envelope is what
 * the ledger holds, at every moment and for ever.
 */

const pick = fc.nat(1000)
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pay' as const),
      channel: fc.nat(1),
      behind: fc.constantFrom(0, 0, 0, 1, 2),
      lastsSec: fc.integer({ min: 1, max: 90 }),
      farmer: fc.nat(2),
      signers: fc.constantFrom(2, 2, 2, 2, 1, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('bump' as const), channel: fc.nat(1), lastsSec: fc.integer({ min: 1, max: 90 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('raise' as const), which: pick, fee: fc.constantFrom(100n, 1000n, 10_000n) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      which: pick,
      mode: fc.constantFrom('async' as const, 'sync' as const),
      both: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('close' as const),
      times: fc.integer({ min: 1, max: 3 }),
      afterSec: fc.constantFrom(5, 5, 5, 6, 30),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('look' as const), which: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trust' as const), farmer: fc.nat(2), has: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fee' as const), least: fc.constantFrom(100n, 100n, 300n) }) },
)
const life = fc.record({
  seed: fc.nat(),
  share: fc.constantFrom(0, 0.2, 0.5),
  hasAsync: fc.boolean(),
  tellsLedger: fc.constantFrom(true, true, false),
  steps: fc.array(step, { minLength: 10, maxLength: 40 }),
})

type Truth = 'applied' | 'failed' | 'never'

/** One that was said for good: `never` whether another took the number or its time passed. */
function saidForGood({ state }: Verdict): Truth | null {
  if (state === 'open') return null
  return state === 'applied' || state === 'failed' ? state : 'never'
}

async function live({ seed, share, hasAsync, tellsLedger, steps }: typeof life extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  const local = await startHorizon({ seed, hasAsync, tellsLedger, waitMs: 1 })
  try {
    const { ledger } = local
    const { passphrase } = ledger.state
    const world = makeWorld(ledger)
    const machines = [clientOf(local, { tries: 3 }).horizon, clientOf(local, { tries: 3 }).horizon] as const
    const envelopes: Signed[] = []
    const said: { facts: EnvelopeFacts; truth: Truth }[] = []
    local.faults.set({ share, reads: readFaults, submits: submitFaults })

    const channelAt = (n: number) => world.channels[n]?.publicKey() ?? ''
    const truthOf = ({ hash, innerHash }: EnvelopeFacts): Truth => {
      const row = ledger.txByHash(innerHash ?? hash)
      return !row ? 'never' : row.successful ? 'applied' : 'failed'
    }
    /** What fails for the moment is what the faults are for; anything else is a fault of ours. */
    const allowFailing = async <T>(run: Promise<T>): Promise<T | null> => {
      try {
        return await run
      } catch (error) {
        if (error instanceof AppError && error.code.startsWith('stellar.')) return null
        throw error
      }
    }

    for (const each of steps) {
      const now = ledger.last().closeTs
      const chosen = 'which' in each ? envelopes[each.which % Math.max(1, envelopes.length)] : undefined
      if (each.kind === 'pay') {
        const source = channelAt(each.channel)
        const next = (ledger.find(source)?.sequence ?? 0n) + 1n - BigInt(each.behind)
        const change = {
          source,
          sequence: next,
          minTime: 0,
          maxTime: now + each.lastsSec,
          payee: world.farmers[each.farmer]?.publicKey() ?? '',
          memoHash: envelopes.length.toString(16).padStart(64, '0'),
        }
        envelopes.push(makePayment({ local, world }, change, world.signers.slice(0, each.signers)))
      } else if (each.kind === 'bump') {
        const source = channelAt(each.channel)
        const sequence = (ledger.find(source)?.sequence ?? 0n) + 1n
        const built = buildBump({ passphrase, source, sequence, minTime: 0, maxTime: now + each.lastsSec, feeStroops: 100n })
        envelopes.push(signedBy(built.envelope, passphrase, world.signers.slice(0, 1)))
      } else if (each.kind === 'raise' && chosen && chosen.facts.innerHash === null) {
        const feeSource = world.payer.publicKey()
        const built = buildFeeBump({ passphrase, envelope: chosen.envelope, feeSource, feeStroops: each.fee })
        envelopes.push(signedBy(built.envelope, passphrase, world.signers.slice(0, 1)))
      } else if (each.kind === 'send' && chosen) {
        const all = (each.both ? machines : machines.slice(0, 1)).map(horizon =>
          allowFailing(submit(horizon, chosen.envelope, { mode: each.mode })),
        )
        for (const outcome of await Promise.all(all)) {
          if (outcome?.kind === 'applied') said.push({ facts: chosen.facts, truth: 'applied' })
          if (outcome?.kind !== 'rejected') continue
          if (outcome.sequence === 'used') said.push({ facts: chosen.facts, truth: 'failed' })
          if (outcome.sequence === 'free') expect(truthOf(chosen.facts)).toBe('never')
        }
      } else if (each.kind === 'close') local.close(each.times, each.afterSec)
      else if (each.kind === 'look' && chosen) {
        const verdict = await allowFailing(verdictOf(machines[1], chosen.facts))
        const truth = verdict && saidForGood(verdict)
        if (truth) said.push({ facts: chosen.facts, truth })
      } else if (each.kind === 'trust') {
        const trustlines = each.has ? { [world.key]: world.line() } : {}
        ledger.setAccount(world.farmers[each.farmer]?.publicKey() ?? '', { trustlines })
      } else if (each.kind === 'fee') ledger.setMinFee(each.least)
    }

    // time goes on until nothing can come any more
    local.close(5)
    local.close(1, 100)
    local.close(3, 300)
    for (const { facts } of envelopes) {
      let verdict: Verdict | null = null
      for (let round = 0; round < 30 && (verdict === null || verdict.state === 'open'); round++)
        verdict = await allowFailing(follow(machines[0], facts, { most: 10 }))
      if (!verdict || verdict.state === 'open') throw new Error(`nothing was found out about ${facts.hash}`)
      said.push({ facts, truth: saidForGood(verdict)! })
      if (verdict.state === 'applied' || verdict.state === 'failed') expect(verdict.tx.sequence).toBe(facts.sequence)
    }
    expect(said.map(({ facts, truth }) => [facts.hash, truth])).toEqual(said.map(({ facts }) => [facts.hash, truthOf(facts)]))
    // and no number was used twice
    const numbers = ledger.state.txs.map(({ source, sequence }) => `${source} ${sequence}`)
    expect(new Set(numbers).size).toBe(numbers.length)
  } finally {
    await local.stop()
  }
}

test('what the client says for good of an envelope is what the ledger holds', async () => {
  await fc.assert(fc.asyncProperty(life, live), { ...runs(60, 2000), endOnFailure: true })
})

const key = fc.constantFrom('Ann', 'Bob', 'Cleo', 'Dan')
const weights = fc.dictionary(key, fc.constantFrom(0, 1, 1, 2, 3, 255), { maxKeys: 4 })
const threshold = fc.constantFrom(0, 0, 1, 2, 3, 4, 255)
const signing = fc.record({
  channel: fc.record({ own: fc.constantFrom(0, 1), weights, low: threshold }),
  payer: fc.record({ own: fc.constantFrom(0, 1), weights, med: threshold }),
  signers: fc.array(fc.oneof({ weight: 8, arbitrary: key }, { weight: 1, arbitrary: fc.constantFrom('channel 0', 'payer', 'stranger') }), {
    maxLength: 6,
  }),
})
const refused = new Set(['tx_bad_auth', 'tx_bad_auth_extra', 'op_bad_auth'])

test('signatures are counted as the ledger counts them, and what is left of enough is taken', async () => {
  const local = await startHorizon()
  try {
    const { ledger } = local
    const world = makeWorld(ledger, { channels: 1 })
    const { horizon } = clientOf(local)
    const [channel, payer] = [world.channels[0]?.publicKey() ?? '', world.payer.publicKey()]
    const signersOf = (id: string, own: number, of: Record<string, number>) => ({
      [id]: own,
      ...Object.fromEntries(Object.entries(of).map(([name, weight]) => [makeKey(name).publicKey(), weight])),
    })
    const isTaken = (envelope: string) => {
      const admission = ledger.admit(envelope)
      const codes = admission.status === 'ERROR' ? [admission.outcome.code, ...admission.outcome.operations.map(({ code }) => code)] : []
      ledger.state.pending = []
      return !codes.some(code => refused.has(code))
    }
    const each = fc.asyncProperty(signing, async ({ channel: ofChannel, payer: ofPayer, signers }) => {
      ledger.setAccount(channel, {
        signers: signersOf(channel, ofChannel.own, ofChannel.weights),
        thresholds: { low: ofChannel.low, med: 255, high: 255 },
      })
      ledger.setAccount(payer, {
        signers: signersOf(payer, ofPayer.own, ofPayer.weights),
        thresholds: { low: 255, med: ofPayer.med, high: 255 },
      })
      const accounts = new Map<string, AccountState>()
      for (const id of [channel, payer]) {
        const account = await loadAccount(horizon, id)
        if (account) accounts.set(id, account)
      }
      const { envelope } = makePayment({ local, world }, {}, signers.map(makeKey))
      const { passphrase } = ledger.state
      const report = verifySignatures(envelope, passphrase, accounts)
      expect(isTaken(envelope)).toBe(report.isReady)
      const fitted = fitSignatures(envelope, passphrase, accounts)
      expect(isTaken(fitted)).toBe(report.isMet)
      expect(verifySignatures(fitted, passphrase, accounts).isReady).toBe(report.isMet)
    })
    await fc.assert(each, runs(150, 5000))
  } finally {
    await local.stop()
  }
})
