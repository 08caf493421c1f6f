import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/index.ts'
import { readVaultLedger } from '../../src-main/core/vault-work.ts'
import { openStore } from '../../src-main/store/index.ts'
import { savePayConfig } from '../../src-main/store/pay-config.ts'
import { loadTransfers } from '../../src-main/store/vault-transfers.ts'
import type { Core } from '../../src-shared/contract.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { granary } from '../helpers/granary.ts'
import { makeKey, signWith, TFT } from '../helpers/horizon/index.ts'
import { type PaidWorld, startPaidWorld } from '../helpers/paid-period.ts'
import { ended, run } from '../helpers/pay-core.ts'
import { type DecidedMint, decidedMints } from '../helpers/vault-store.ts'

/* The bridge vault against Stellar: transfers read, differences shown, and a transfer built, signed and read again. */

const vault = makeKey('farmer 2').publicKey()
let origin: string
let network: string
let decided: DecidedMint[]
let folder: string
let dataDir: string
let lab: PaidWorld
let core: Core | null = null

beforeAll(async () => {
  origin = mkdtempSync(join(tmpdir(), 'granary-vault-stellar-'))
  const config = { vault: { ...defaultMintConfig.vault, address: vault } }
  ;({ network, decided } = await decidedMints(join(origin, 'data'), 3, config))
})
afterAll(() => rmSync(origin, { recursive: true, force: true }))
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-vault-stellar-'))
  dataDir = join(folder, 'data')
  cpSync(join(origin, 'data'), dataDir, { recursive: true })
  lab = await startPaidWorld()
  const { local, world } = lab
  const store = openStore(dataDir, { mode: 'write' })
  savePayConfig(store, network, {
    ...{ horizon: local.url, passphrase: local.ledger.state.passphrase, assetCode: TFT.code, issuer: TFT.issuer },
    ...{ payer: world.payer.publicKey(), channels: [], feeStroops: 200, signSec: 3600 },
  })
  store.close()
})
afterEach(async () => {
  await core?.close()
  core = null
  await lab.local.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function open(): Promise<Core> {
  core = await openCore({ dataDir, host: 'cli', version: '1', demoDir: null, networksFile: null, mode: 'write' })
  return core
}
const read = async (on: Core) => ended(on, await run(on, 'vault.read', { network }))
/** backs a mint as it must be */
const back = (n: number) => lab.pay({ payee: vault, amountUnits: decided[n]!.amountUnits, memoHash: decided[n]!.mint.hash })
const tsOf = (tx: string) => {
  const { ledger } = lab.local.ledger.txByHash(tx)!
  return lab.local.ledger.ledgerAt(ledger)!.closeTs
}

test('what Stellar has is entered; a second reading goes on from there and changes nothing', async () => {
  const on = await open()
  const first = back(0)
  lab.pay({ payee: vault, amountUnits: 5n })
  expect((await on.query('vault.get', {})).ledger).toBeNull()
  expect(await read(on)).toBe('2 transfers new on Stellar, 2 entered; the books agree with Stellar.')
  const overview = await on.query('vault.get', {})
  expect(overview).toMatchObject({ transfers: 2, missing: 2, ledger: { transfers: 2, differences: 0 } })
  expect((await on.query('vault.mints', {})).rows[0]).toMatchObject({ state: 'covered', txs: [first] })
  expect(await read(on)).toBe('0 transfers new on Stellar, 0 entered; the books agree with Stellar.')
  back(1)
  lab.local.asked.length = 0
  expect(await read(on)).toBe('1 transfer new on Stellar, 1 entered; the books agree with Stellar.')
  expect(lab.local.asked.find(path => path.includes('/payments'))).toContain('cursor=')
  expect((await on.query('vault.get', {})).missing).toBe(1)
  const { rows } = await on.query('audit.list', { limit: 100 })
  expect(rows.filter(({ action }) => action === 'vault.readEnd')).toHaveLength(3)
  await expect(run(on, 'vault.read', { network: 'other' })).rejects.toMatchObject({ code: 'usage' })
})

test('entries that are not what Stellar has are shown, and mended from what it has', async () => {
  const on = await open()
  const wrong = back(0)
  const removed = back(1)
  const enter = (tx: string, ts: number, amountUnits: bigint) =>
    run(on, 'vault.addTransfer', {
      network,
      transfer: { tx, ts, amountUnits: String(amountUnits), memo: decided[0]!.mint.hash, note: 'mine' },
    })
  await enter(wrong, tsOf(wrong), 7n)
  await enter('ab'.repeat(32), tsOf(wrong), 9n)
  // from after what was read it may stand there by now
  await enter('cd'.repeat(32), lab.local.ledger.last().closeTs + 100, 9n)
  expect(await read(on)).toBe('2 transfers new on Stellar, 1 entered; 2 entries of the books differ from Stellar.')
  await run(on, 'vault.removeTransfer', { network, tx: removed })
  const kinds = async () => (await on.query('vault.differences', {})).rows.map(({ tx, kind }) => [tx, kind])
  expect((await kinds()).sort()).toEqual(
    [
      [wrong, 'figures'],
      ['ab'.repeat(32), 'not-on-stellar'],
      [removed, 'not-entered'],
    ].sort(),
  )
  expect((await on.query('vault.differences', {})).rows.find(({ tx }) => tx === wrong)!.why).toMatch(
    /^Stellar has: .* TFT, entered are 0.0000007 TFT\.$/,
  )
  for (const tx of [wrong, removed]) await run(on, 'vault.takeOver', { network, tx })
  await run(on, 'vault.removeTransfer', { network, tx: 'ab'.repeat(32) })
  expect(await kinds()).toEqual([])
  expect((await on.query('vault.transfers', {})).rows.find(({ tx }) => tx === wrong)).toMatchObject({
    amountUnits: decided[0]!.amountUnits,
    note: 'mine',
  })
  await expect(run(on, 'vault.takeOver', { network, tx: 'ef'.repeat(32) })).rejects.toMatchObject({ code: 'not-found' })
})

test('a reading that is broken off goes on where it was', async () => {
  const all = Array.from({ length: 210 }, (_, n) => lab.pay({ payee: vault, amountUnits: BigInt(n + 1) }))
  const store = openStore(dataDir, { mode: 'write' })
  try {
    const place = { books: store, known: [] }
    const note = (_action: string, _subject: string, _details: unknown, work: () => void) => work()
    const stop = new AbortController()
    const broken = readVaultLedger(place, network, { signal: stop.signal }, { note, onPage: () => stop.abort() })
    await expect(broken).rejects.toMatchObject({ code: 'cancelled' })
    const part = loadTransfers(store, network).length
    expect(part).toBeGreaterThan(0)
    expect(part).toBeLessThan(all.length)
    expect(await readVaultLedger(place, network, {}, { note, onPage: () => {} })).toContain(`${all.length - part} transfers new`)
    expect(loadTransfers(store, network).map(({ tx }) => tx)).toEqual(all)
  } finally {
    store.close()
  }
})

test('a transfer is built for what a mint lacks, reviewed without alarm, signed elsewhere, and read again', async () => {
  const on = await open()
  const { mint, amountUnits } = decided[1]!
  await expect(on.query('vault.build', { network })).rejects.toThrow('Say which mint it is for.')
  const built = await on.query('vault.build', { network, mintId: mint.hash })
  expect(built).toMatchObject({ to: vault, from: lab.world.payer.publicKey(), amountUnits, memo: mint.hash })
  const review = await on.query('review.get', { of: { kind: 'envelope', text: built.envelope }, askLedger: true })
  expect(review.hash).toBe(built.hash)
  expect(review.warnings.filter(({ severity }) => severity === 'stop')).toEqual([])
  expect(review.decision).toMatch(/^You sign: pay .* TFT to the bridge vault, /)
  expect(review.fields).toContainEqual({ name: 'Payee is', value: `the bridge vault of ${network}` })
  const { passphrase } = lab.local.ledger.state
  const signed = signWith(built.envelope, passphrase, ...lab.world.signers.slice(0, 2))
  lab.local.ledger.admit(signed)
  lab.local.close()
  expect(await read(on)).toBe('1 transfer new on Stellar, 1 entered; the books agree with Stellar.')
  expect((await on.query('vault.mints', { search: mint.hash })).rows[0]).toMatchObject({ state: 'covered', txs: [built.hash] })
  await expect(on.query('vault.build', { network, mintId: mint.hash })).rejects.toThrow('This mint is backed')
  const again = await on.query('review.get', { of: { kind: 'envelope', text: built.envelope }, askLedger: false })
  expect(again.warnings.map(({ code }) => code)).toContain('already-paid')
})

test('on the command line: read, differences, take, build', async () => {
  const vaultOf = (...args: string[]) => granary('vault', ...args, '--data', dataDir)
  const tx = back(0)
  expect(await vaultOf('add', '--tx', tx, '--amount', '1', '--time', String(tsOf(tx)))).toMatchObject({ code: 0, err: '' })
  const first = await vaultOf('read', '--check')
  expect([first.code, first.out]).toEqual([1, '1 transfer new on Stellar, 0 entered; 1 entry of the books differs from Stellar.\n'])
  const { out } = await vaultOf('differences')
  expect(out).toContain(tx)
  expect(out).toContain('other figures')
  expect((await vaultOf('take', tx)).code).toBe(0)
  expect((await vaultOf()).out).toMatch(/Stellar was read until .*: 1 transfer, all as in the books\./)
  const file = join(folder, 'envelope.txt')
  const built = await vaultOf('build', '--mint', decided[2]!.mint.hash, '--out', file)
  expect([built.code, built.err]).toEqual([0, ''])
  expect(built.out).toContain(`to the vault ${vault}, memo ${decided[2]!.mint.hash}`)
  const reviewed = await granary('pay', 'review', file, '--data', dataDir)
  expect([reviewed.code, reviewed.err]).toEqual([0, ''])
  expect(reviewed.out).toContain('the bridge vault of')
  expect(readFileSync(file, 'utf8')).toMatch(/^[A-Za-z0-9+/=]+\n$/)
})
