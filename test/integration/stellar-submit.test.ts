import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildBump, buildFeeBump } from '../../src-main/clients/stellar/build.ts'
import { comparePayment, follow, verdictOf } from '../../src-main/clients/stellar/reconcile.ts'
import { submit } from '../../src-main/clients/stellar/submit.ts'
import { startHorizon, TFT } from '../helpers/horizon/index.ts'
import { clientOf, makePayment, submitModes as modes, paidUnits, sequenceOf, shape, signedBy, withScene } from '../helpers/stellar.ts'

/*
 * Every way in which a submission can end, against a ledger that really decodes and checks. What the client says is compared with the
 * ledger itself.
 */

test.each(modes)('applied: %s', async mode => {
  await withScene(
    async scene => {
      const { envelope, facts } = makePayment(scene)
      const outcome = await submit(scene.horizon, envelope, { mode })
      if (mode === 'async') expect(shape(outcome)).toEqual(['unclear', 'waiting'])
      else expect(shape(outcome)).toEqual(['applied'])
      const verdict = await verdictOf(scene.horizon, facts)
      expect(verdict.state).toBe('applied')
      if (verdict.state !== 'applied') return
      const { world, local } = scene
      const expected = {
        from: world.payer.publicKey(),
        to: world.farmers[0]?.publicKey() ?? '',
        asset: TFT,
        amountUnits: 10_000_000n,
        memoHash: 'ab'.repeat(32),
      }
      expect(comparePayment(verdict.tx, expected)).toEqual([])
      expect(comparePayment(verdict.tx, { ...expected, amountUnits: 1n, memoHash: '0', to: 'x' })).toEqual(['memo', 'payee', 'amount'])
      expect([verdict.tx.hash, verdict.tx.ledger, verdict.tx.ts]).toEqual([
        facts.hash,
        local.ledger.last().sequence,
        local.ledger.last().closeTs,
      ])
      expect(paidUnits(scene)).toBe(10_000_000n)
      // sent again it is what it was, and paid once
      expect(shape(await submit(scene.horizon, envelope, { mode }))).toEqual(['applied'])
      scene.local.close(3)
      expect(paidUnits(scene)).toBe(10_000_000n)
    },
    { closing: 'submit' },
  )
})

test('one transaction of an account waits at a time; another account is free', async () => {
  await withScene(async scene => {
    const { horizon, local, world } = scene
    const first = makePayment(scene)
    const second = makePayment(scene, { memoHash: 'cd'.repeat(32) })
    const elsewhere = makePayment(scene, { source: world.channels[1]?.publicKey() ?? '', memoHash: 'ef'.repeat(32) })
    expect(shape(await submit(horizon, first.envelope))).toEqual(['unclear', 'waiting'])
    expect(shape(await submit(horizon, first.envelope))).toEqual(['unclear', 'waiting'])
    expect(shape(await submit(horizon, second.envelope))).toEqual(['unclear', 'try-later'])
    expect(shape(await submit(horizon, elsewhere.envelope))).toEqual(['unclear', 'waiting'])
    expect((await verdictOf(horizon, first.facts)).state).toBe('open')
    local.close()
    expect((await verdictOf(horizon, first.facts)).state).toBe('applied')
    expect((await verdictOf(horizon, elsewhere.facts)).state).toBe('applied')
    // the second had the same number
    expect(await verdictOf(horizon, second.facts)).toMatchObject({ state: 'replaced', by: { hash: first.facts.hash } })
    expect(paidUnits(scene)).toBe(20_000_000n)
  })
})

test('what is sent to a Horizon without the asynchronous door goes through the other one', async () => {
  await withScene(
    async scene => {
      expect(shape(await submit(scene.horizon, makePayment(scene).envelope))).toEqual(['applied'])
      expect(shape(await submit(scene.horizon, makePayment(scene).envelope))).toEqual(['applied'])
      const sent = scene.local.asked.filter(line => line.startsWith('POST'))
      expect(sent).toEqual(['POST /transactions_async', 'POST /transactions', 'POST /transactions'])
    },
    { hasAsync: false, closing: 'submit' },
  )
})

test('a transaction that no ledger took in time can be replaced under its own number, and only then', async () => {
  await withScene(async scene => {
    const { horizon, local } = scene
    const { envelope, facts } = makePayment(scene)
    local.faults.next('timeout-before')
    expect(shape(await submit(horizon, envelope))).toEqual(['unclear', 'no-answer'])
    expect((await verdictOf(horizon, facts)).state).toBe('open')
    local.close(12)
    // exactly at its latest time it might still have come
    expect(local.ledger.last().closeTs).toBe(facts.maxTime)
    expect((await verdictOf(horizon, facts)).state).toBe('open')
    local.close(1, 1)
    expect(await verdictOf(horizon, facts)).toMatchObject({ state: 'expired', isNumberUsed: false })
    const again = makePayment(scene, { sequence: facts.sequence })
    expect(shape(await submit(horizon, envelope))).toEqual(['rejected', 'tx_too_late', 'unknown'])
    await submit(horizon, again.envelope)
    local.close()
    expect((await verdictOf(horizon, again.facts)).state).toBe('applied')
    expect((await verdictOf(horizon, facts)).state).toBe('replaced')
    expect(paidUnits(scene)).toBe(10_000_000n)
  })
})

test('an answer that lags behind proves nothing', async () => {
  await withScene(async scene => {
    const { horizon, local } = scene
    const { envelope, facts } = makePayment(scene)
    local.faults.next('late')
    expect(shape(await submit(horizon, envelope))).toEqual(['unclear', 'no-answer'])
    local.close(1, 55)
    // from here on: the ledger is past the bounds, and the account is told as it was before
    local.close(1, 6)
    local.faults.next('stale', /^\/accounts\/[A-Z0-9]+$/)
    expect(await verdictOf(horizon, facts)).toMatchObject({ state: 'open', why: 'Horizon lags behind' })
    expect((await verdictOf(horizon, facts)).state).toBe('expired')
  })
})

test('what came in at the last moment is not said to have expired by one that lags behind', async () => {
  await withScene(async scene => {
    const { horizon, local } = scene
    const { envelope, facts } = makePayment(scene)
    local.close(1, 55)
    await submit(horizon, envelope)
    local.close(1, 5)
    expect(local.ledger.last().closeTs).toBe(facts.maxTime)
    local.close(1, 1)
    local.faults.next('stale', /^\/(transactions|accounts)\//, 1000)
    const seen = new Set<string>()
    for (let look = 0; look < 30; look++) seen.add((await verdictOf(horizon, facts)).state)
    expect([...seen].sort()).toEqual(['applied', 'open'])
  })
})

test('where Horizon does not say of which ledger it speaks, only a long time proves that nothing comes', async () => {
  await withScene(
    async scene => {
      const { facts } = makePayment(scene)
      scene.local.close(1, 600)
      expect((await verdictOf(scene.horizon, facts)).state).toBe('open')
      scene.local.close(1, 100)
      expect((await verdictOf(scene.horizon, facts)).state).toBe('expired')
    },
    { tellsLedger: false },
  )
})

test('a bump takes the number so that the payment never comes', async () => {
  await withScene(
    async scene => {
      const { horizon, local, world } = scene
      const { envelope, facts } = makePayment(scene)
      const { passphrase } = local.ledger.state
      const now = local.ledger.last().closeTs
      const built = buildBump({
        passphrase,
        source: facts.source,
        sequence: facts.sequence,
        minTime: 0,
        maxTime: now + 60,
        feeStroops: 100n,
      })
      const bump = signedBy(built.envelope, passphrase, [world.signers[2]!])
      expect(shape(await submit(horizon, bump.envelope, { mode: 'sync' }))).toEqual(['applied'])
      expect(sequenceOf(scene)).toBe(facts.sequence)
      expect(shape(await submit(horizon, envelope))).toEqual(['rejected', 'tx_bad_seq', 'unknown'])
      expect(await verdictOf(horizon, facts)).toMatchObject({
        state: 'replaced',
        by: { hash: built.hash, otherOperations: ['bumpSequence'] },
      })
    },
    { closing: 'submit' },
  )
})

test('a fee bump gets what waits in vain into a ledger, and is found by the hash that was signed first', async () => {
  await withScene(async scene => {
    const { horizon, local, world } = scene
    const { passphrase } = local.ledger.state
    const { envelope, facts } = makePayment(scene)
    local.ledger.setMinFee(700n)
    expect(shape(await submit(horizon, envelope))).toEqual(['rejected', 'tx_insufficient_fee', 'unknown'])
    const feeSource = world.channels[1]!
    const wrap = (feeStroops: bigint) => {
      const bump = buildFeeBump({ passphrase, envelope, feeSource: feeSource.publicKey(), feeStroops })
      return signedBy(bump.envelope, passphrase, [feeSource])
    }
    const bump = wrap(700n)
    expect(shape(await submit(horizon, bump.envelope))).toEqual(['unclear', 'waiting'])
    // what it wraps waits with it
    expect(shape(await submit(horizon, envelope))).toEqual(['unclear', 'waiting'])
    // while it waits, only ten times the fee takes its place
    expect(shape(await submit(horizon, wrap(6999n).envelope))).toEqual(['rejected', 'tx_insufficient_fee', 'unknown'])
    expect(shape(await submit(horizon, wrap(7000n).envelope))).toEqual(['unclear', 'waiting'])
    local.close()
    for (const each of [facts, bump.facts])
      expect(await verdictOf(horizon, each)).toMatchObject({ state: 'applied', tx: { innerHash: facts.hash, sequence: facts.sequence } })
    expect(local.ledger.find(feeSource.publicKey())?.lumens).toBe(10_000_000_000n - 1400n)
    expect(paidUnits(scene)).toBe(10_000_000n)
    expect(shape(await submit(horizon, envelope))).toEqual(['applied'])
  })
})

test.each(['error-before', 'timeout-before', 'cut-before', 'error-after', 'timeout-after', 'cut-after', 'no-json-after', 'late'] as const)(
  'an answer that says nothing, %s: the same bytes again pay once',
  async fault => {
    for (const mode of modes)
      await withScene(
        async scene => {
          const { horizon, local } = scene
          const { envelope, facts } = makePayment(scene)
          local.faults.next(fault)
          const first = await submit(horizon, envelope, { mode })
          expect(['applied', 'unclear']).toContain(first.kind)
          if (fault.endsWith('-before')) expect(shape(first)).toEqual(['unclear', 'no-answer'])
          await submit(horizon, envelope, { mode })
          local.close(4)
          expect((await verdictOf(horizon, facts)).state).toBe('applied')
          expect(paidUnits(scene)).toBe(10_000_000n)
        },
        { closing: 'submit' },
      )
  },
)

test('too many requests: said with how long to wait, and nothing was sent', async () => {
  await withScene(async scene => {
    scene.local.faults.next('too-many')
    const outcome = await submit(scene.horizon, makePayment(scene).envelope)
    expect(outcome).toMatchObject({ kind: 'unclear', why: 'busy', retryAfterSec: 1 })
    expect(scene.local.ledger.state.pending).toEqual([])
  })
})

test('a node with an error of its own, or without room, has taken nothing', async () => {
  await withScene(async scene => {
    const { envelope } = makePayment(scene)
    for (const mode of modes) {
      scene.local.faults.next('internal')
      expect(shape(await submit(scene.horizon, envelope, { mode }))).toEqual(['rejected', 'tx_internal_error', 'unknown'])
      scene.local.faults.next('try-later')
      expect(shape(await submit(scene.horizon, envelope, { mode }))).toEqual(['unclear', mode === 'async' ? 'try-later' : 'no-answer'])
    }
    expect(scene.local.ledger.state.pending).toEqual([])
  })
})

test('ledgers may close by the clock', async () => {
  await withScene(
    async scene => expect(shape(await submit(scene.horizon, makePayment(scene).envelope, { mode: 'sync' }))).toEqual(['applied']),
    {
      closing: 20,
      waitMs: 5000,
    },
  )
})

test('a server that takes no transactions is named', async () => {
  await withScene(async scene => {
    const { envelope } = makePayment(scene)
    const { horizon } = clientOf({ ...scene.local, url: `${scene.local.url}/elsewhere` })
    await expect(submit(horizon, envelope)).rejects.toMatchObject({ code: 'stellar.answer' })
  })
})

test('a Horizon that looks nothing up before it asks its node answers with a used number, and the client finds what is there', async () => {
  await withScene(
    async scene => {
      const { envelope } = makePayment(scene)
      await submit(scene.horizon, envelope, { mode: 'sync' })
      scene.local.faults.next('stale-check')
      expect(shape(await submit(scene.horizon, envelope, { mode: 'sync' }))).toEqual(['applied'])
    },
    { closing: 'submit' },
  )
})

test('following waits until it is settled, over times without an answer', async () => {
  await withScene(async scene => {
    const { local } = scene
    const { envelope, facts } = makePayment(scene)
    await submit(scene.horizon, envelope)
    let looks = 0
    const { horizon } = clientOf(local, {
      tries: 1,
      sleep: async () => {
        if (++looks === 3) local.close()
      },
    })
    local.faults.next('cut', /transactions/)
    local.faults.next('unavailable', /ledgers/)
    expect((await follow(horizon, facts))?.state).toBe('applied')
    expect(looks).toBe(3)
    const later = makePayment(scene, { memoHash: 'cd'.repeat(32) })
    expect((await follow(horizon, later.facts, { most: 2 }))?.state).toBe('open')
  })
})

test('bytes of another network are refused by the ledger', async () => {
  await withScene(async scene => {
    const { horizon, local } = scene
    const other = makePayment(scene, { passphrase: 'another network' })
    const outcome = await submit(clientOf(local, { passphrase: 'another network' }).horizon, other.envelope)
    expect(shape(outcome)).toEqual(['rejected', 'tx_bad_auth', 'free'])
    await expect(submit(horizon, 'AAAA')).rejects.toMatchObject({ code: 'stellar.envelope' })
  })
})

test('a ledger that is kept on disk goes on where it was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-horizon-'))
  const file = join(folder, 'ledger.json')
  let facts = null as null | ReturnType<typeof makePayment>['facts']
  await withScene(
    async scene => {
      const first = makePayment(scene)
      await submit(scene.horizon, first.envelope)
      scene.local.close()
      const second = makePayment(scene, { memoHash: 'cd'.repeat(32) })
      await submit(scene.horizon, second.envelope)
      facts = second.facts
    },
    { file },
  )
  const local = await startHorizon({ file })
  const { horizon } = clientOf(local)
  expect(local.ledger.state.txs).toHaveLength(1)
  expect((await verdictOf(horizon, facts!)).state).toBe('open')
  local.close()
  expect((await verdictOf(horizon, facts!)).state).toBe('applied')
  await local.stop()
  rmSync(folder, { recursive: true })
})
