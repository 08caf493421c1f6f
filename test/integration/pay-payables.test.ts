import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { buildPayment } from '../../src-main/clients/stellar/build.ts'
import { importFiles } from '../../src-main/core/index.ts'
import { periodPayables } from '../../src-main/jobs/pay/payables.ts'
import { paidMemos } from '../../src-main/jobs/pay/plan.ts'
import { openStore } from '../../src-main/store/open.ts'
import { tftExact } from '../../src-shared/money.ts'
import { makeWorld, signWith, startHorizon, TFT } from '../helpers/horizon/index.ts'
import { fastHorizon, makeFolders, payConfig } from '../helpers/pay.ts'

const folders = makeFolders()
afterAll(folders.clear)

const cases = join(import.meta.dirname, '../golden/cases')
const lines = (...path: string[]) =>
  readFileSync(join(cases, ...path), 'utf8')
    .split('\n')
    .filter(line => line !== '')

/** A case's archive with a block without events after all that its mint reads, so that nothing of it is provisional. */
function toItsEnd(name: string, target: string): string {
  const text = gunzipSync(readFileSync(join(cases, name, 'archive.ndjson.gz'))).toString()
  const { blocks, period } = JSON.parse(text.slice(0, text.indexOf('\n')))
  const last = { kind: 'block', n: blocks.last + 20_000, ts: period.end + 120_000, events: [] }
  writeFileSync(target, `${text.trimEnd()}\n${JSON.stringify(last)}\n`)
  return target
}

test("a period's payables with retries are the lines of payouts.csv, given what is on the ledger", async () => {
  const local = await startHorizon({ seed: 1 })
  const world = makeWorld(local.ledger, { channels: 2, farmers: 2 })
  const horizon = fastHorizon(local)
  const { passphrase } = local.ledger.state
  /** what stands on the ledger under a memo, by whoever pays */
  function pay(memoHash: string, payer: typeof world.payer, channel: typeof world.payer, ...signers: (typeof world.payer)[]): void {
    const { envelope } = buildPayment({
      passphrase,
      source: channel.publicKey(),
      sequence: local.ledger.find(channel.publicKey())!.sequence + 1n,
      minTime: 0,
      maxTime: local.ledger.last().closeTs + 300,
      feeStroops: 100n,
      payer: payer.publicKey(),
      payee: world.farmers[1]!.publicKey(),
      asset: TFT,
      amountUnits: 1n,
      memoHash,
    })
    expect(local.ledger.admit(signWith(envelope, passphrase, ...signers)).status).toBe('PENDING')
    local.close()
  }
  const folder = folders.next()
  const files = ['retry_source', 'retry_target'].map(name => toItsEnd(name, join(folder, `${name}.ndjson`)))
  await importFiles({ dataDir: folder, files, actor: 'test' }, {})
  const store = openStore(folder, { mode: 'read' })
  const ask = (retries: boolean) => periodPayables(store, horizon, payConfig(local, world), { period: 80, retries })
  try {
    for (const hash of lines('retry_target', 'paid-hashes.txt'))
      pay(hash, world.payer, world.channels[0]!, world.signers[0]!, world.signers[1]!)
    // a stranger's payment under the memo of an unpaid receipt pays nothing
    const unpaid = lines('retry_target', 'retries.csv')[1]!.split(',').at(-1)!
    const stranger = world.farmers[0]!
    local.ledger.setAccount(stranger.publicKey(), { trustlines: { [world.key]: world.line(5n) } })
    pay(unpaid, stranger, stranger, stranger)
    expect(await paidMemos(horizon, payConfig(local, world), 0)).toEqual(new Set(lines('retry_target', 'paid-hashes.txt')))
    const payables = await ask(true)
    const asLines = payables
      .filter(({ address }) => address !== '')
      .map(({ address, amountUnits, receipt }) => `${address},${tftExact(amountUnits)},${receipt}`)
    expect(asLines).toEqual(lines('retry_target', 'payouts.csv'))
    expect(payables.filter(({ kind }) => kind === 'retry')).toHaveLength(lines('retry_target', 'retries.csv').length - 1)
    expect((await ask(false)).every(({ kind }) => kind === 'receipt')).toBe(true)
  } finally {
    store.close()
    await local.stop()
  }
})
