import { expect, test } from 'vitest'
import { verdictOf } from '../../src-main/clients/stellar/reconcile.ts'
import { submit } from '../../src-main/clients/stellar/submit.ts'
import { makeKey } from '../helpers/horizon/index.ts'
import { makePayment, submitModes as modes, paidUnits, type Scene, sequenceOf, shape, withScene } from '../helpers/stellar.ts'

/*
 * What Stellar refuses: before a ledger, where nothing is consumed, and within one, where number and fee are gone.
 */

/** What is refused before a ledger: the codes, and nothing is consumed. */
const refusals: [string, (scene: Scene) => string][] = [
  ['tx_too_late', scene => makePayment(scene, { minTime: 0, maxTime: scene.local.ledger.last().closeTs - 1 }).envelope],
  ['tx_too_early', scene => makePayment(scene, { minTime: scene.local.ledger.last().closeTs + 30 }).envelope],
  ['tx_bad_seq', scene => makePayment(scene, { sequence: 5n }).envelope],
  ['tx_bad_seq', scene => makePayment(scene, { sequence: (sequenceOf(scene) ?? 0n) + 2n }).envelope],
  ['tx_bad_auth', scene => makePayment(scene, {}, []).envelope],
  ['tx_bad_auth', scene => makePayment(scene, {}, [makeKey('stranger')]).envelope],
  ['tx_bad_auth_extra', scene => makePayment(scene, {}, scene.world.signers).envelope],
  ['tx_no_source_account', scene => makePayment(scene, { source: makeKey('nobody').publicKey() }).envelope],
  [
    'tx_insufficient_fee',
    scene => {
      scene.local.ledger.setMinFee(1000n)
      return makePayment(scene).envelope
    },
  ],
  [
    'tx_insufficient_balance',
    scene => {
      scene.local.ledger.setAccount(scene.world.channels[0]?.publicKey() ?? '', { lumens: 25_000_000n })
      return makePayment(scene).envelope
    },
  ],
]

test.each(refusals)('refused before a ledger: %s', async (code, make) => {
  for (const mode of modes)
    await withScene(async scene => {
      const envelope = make(scene)
      // also one that a ledger holds already would be refused with these
      const sequence = ['tx_too_late', 'tx_bad_seq', 'tx_insufficient_fee'].includes(code) ? 'unknown' : 'free'
      const before = sequenceOf(scene)
      expect([mode, ...shape(await submit(scene.horizon, envelope, { mode }))]).toEqual([mode, 'rejected', code, sequence])
      scene.local.close()
      expect([sequenceOf(scene), paidUnits(scene), scene.local.ledger.state.txs]).toEqual([before, 0n, []])
    })
})

test('one signature too few for the payer: refused with the operation’s code, nothing consumed', async () => {
  await withScene(async scene => {
    const { envelope, facts } = makePayment(scene, {}, [scene.world.signers[0]!])
    for (const mode of modes) expect(shape(await submit(scene.horizon, envelope, { mode }))).toEqual(['rejected', 'op_bad_auth', 'unknown'])
    scene.local.close(20)
    // it stands in no ledger, and its bounds have passed
    expect(await verdictOf(scene.horizon, facts)).toMatchObject({ state: 'expired', isNumberUsed: false })
  })
})

/** What fails within a ledger: number and fee are gone. */
const failures: [string, (scene: Scene) => void][] = [
  ['op_no_trust', ({ local, world }) => void local.ledger.setAccount(world.farmers[0]?.publicKey() ?? '', { trustlines: {} })],
  [
    'op_not_authorized',
    ({ local, world }) => {
      const line = { ...world.line(), authorised: false }
      local.ledger.setAccount(world.farmers[0]?.publicKey() ?? '', { trustlines: { [world.key]: line } })
    },
  ],
  [
    'op_line_full',
    ({ local, world }) =>
      void local.ledger.setAccount(world.farmers[0]?.publicKey() ?? '', { trustlines: { [world.key]: world.line(0n, 9_999_999n) } }),
  ],
  [
    'op_underfunded',
    ({ local, world }) => void local.ledger.setAccount(world.payer.publicKey(), { trustlines: { [world.key]: world.line(9_999_999n) } }),
  ],
  ['op_src_no_trust', ({ local, world }) => void local.ledger.setAccount(world.payer.publicKey(), { trustlines: {} })],
]

test.each(failures)('failed in a ledger: %s', async (code, arrange) => {
  for (const mode of modes)
    await withScene(
      async scene => {
        arrange(scene)
        const before = sequenceOf(scene) ?? 0n
        const { envelope, facts } = makePayment(scene)
        const first = await submit(scene.horizon, envelope, { mode })
        if (mode === 'sync') expect(shape(first)).toEqual(['rejected', code, 'used'])
        expect(shape(await submit(scene.horizon, envelope, { mode }))).toEqual(['rejected', code, 'used'])
        expect(await verdictOf(scene.horizon, facts)).toMatchObject({ state: 'failed', tx: { codes: { operations: [code] } } })
        expect([sequenceOf(scene), paidUnits(scene)]).toEqual([before + 1n, 0n])
        const lumens = scene.local.ledger.find(scene.world.channels[0]?.publicKey() ?? '')?.lumens
        expect(lumens).toBe(10_000_000_000n - 100n)
      },
      { closing: 'submit' },
    )
})

test('a payee that does not exist fails in a ledger', async () => {
  await withScene(
    async scene => {
      const { envelope } = makePayment(scene, { payee: makeKey('nobody').publicKey() })
      expect(shape(await submit(scene.horizon, envelope, { mode: 'sync' }))).toEqual(['rejected', 'op_no_destination', 'used'])
    },
    { closing: 'submit' },
  )
})
