import { Horizon, Keypair, TransactionBuilder } from '@stellar/stellar-sdk'
import { expect, test } from 'vitest'
import { makeKey, TFT } from '../helpers/horizon/index.ts'
import { makePayment, withScene } from '../helpers/stellar.ts'

/*
 * The local Horizon answers as a real one does, as far as Stellar's own client can tell.
 */

test('Stellar’s own client reads accounts, fees, ledgers and history from the local Horizon', async () => {
  await withScene(async scene => {
    const { local, world } = scene
    const server = new Horizon.Server(local.url, { allowHttp: true })
    for (let n = 0; n < 5; n++) {
      local.ledger.admit(makePayment(scene, { memoHash: n.toString().padStart(64, '0') }).envelope)
      local.close()
    }
    const account = await server.loadAccount(world.payer.publicKey())
    expect(account.balances.map(line => line.balance)).toEqual(['999995.0000000', '1000.0000000'])
    expect(account.thresholds.med_threshold).toBe(2)
    expect((await server.feeStats()).fee_charged.p50).toBe('100')
    expect((await server.ledgers().order('desc').limit(1).call()).records[0]?.sequence).toBe(local.ledger.last().sequence)

    const first = await server.transactions().forAccount(world.payer.publicKey()).limit(3).call()
    const second = await first.next()
    expect([...first.records, ...second.records].map(({ hash }) => hash)).toEqual(local.ledger.state.txs.map(({ hash }) => hash))
    expect((await second.next()).records).toEqual([])
    expect((await second.prev()).records.map(({ hash }) => hash)).toEqual(first.records.map(({ hash }) => hash).reverse())
    const one = await server
      .transactions()
      .transaction(first.records[0]?.hash ?? '')
      .call()
    expect([one.memo_type, one.successful, one.source_account]).toEqual(['hash', true, world.channels[0]?.publicKey()])
    expect(TransactionBuilder.fromXdr(one.envelope_xdr, local.ledger.state.passphrase).operations).toHaveLength(1)
    const payments = await server
      .payments()
      .forAccount(world.farmers[0]?.publicKey() ?? '')
      .join('transactions')
      .call()
    expect(payments.records).toHaveLength(5)
    expect(payments.records[0]).toMatchObject({
      type: 'payment',
      amount: '1.0000000',
      asset_code: TFT.code,
      to: world.farmers[0]?.publicKey(),
    })
    await expect(server.loadAccount(makeKey('nobody').publicKey())).rejects.toMatchObject({ response: { status: 404 } })
  })
})

test('Stellar’s own client sends to it, at once and waiting for the ledger', async () => {
  await withScene(
    async scene => {
      const { local } = scene
      const server = new Horizon.Server(local.url, { allowHttp: true })
      const parse = (envelope: string) => TransactionBuilder.fromXdr(envelope, local.ledger.state.passphrase)
      const first = makePayment(scene)
      const done = await server.submitTransaction(parse(first.envelope), { skipMemoRequiredCheck: true })
      expect([done.hash, done.successful]).toEqual([first.facts.hash, true])
      const second = makePayment(scene, { memoHash: 'cd'.repeat(32) })
      const taken = await server.submitAsyncTransaction(parse(second.envelope), { skipMemoRequiredCheck: true })
      expect([taken.hash, taken.tx_status]).toEqual([second.facts.hash, 'PENDING'])
      const unsigned = makePayment(scene, {}, [Keypair.random()])
      await expect(server.submitTransaction(parse(unsigned.envelope), { skipMemoRequiredCheck: true })).rejects.toMatchObject({
        response: { status: 400, data: { extras: { result_codes: { transaction: 'tx_bad_auth' } } } },
      })
    },
    { closing: 'submit' },
  )
})
