import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { checkNetwork, checkPayee, loadAccount, loadClock, loadFeeStats, spendable } from '../../src-main/clients/stellar/accounts.ts'
import { createMemoIndex, findByHash, findByMemo, readTransactions } from '../../src-main/clients/stellar/history.ts'
import { checkHorizonUrl } from '../../src-main/clients/stellar/horizon.ts'
import type { StellarTx } from '../../src-main/clients/stellar/types.ts'
import { buildVaultTransfer, readVaultPages, readVaultTransfers } from '../../src-main/clients/stellar/vault.ts'
import { MAX_UNITS } from '../../src-shared/money.ts'
import { makeKey, TFT } from '../helpers/horizon/index.ts'
import { clientOf, makePayment, type Scene, signedBy, withScene } from '../helpers/stellar.ts'

const memo = (n: number) => n.toString(16).padStart(64, '0')

/** Payments in ledgers of their own, memo 0, 1, 2…; gives their hashes in order. */
function pay(scene: Scene, count: number, change: Parameters<typeof makePayment>[1] = {}): string[] {
  return Array.from({ length: count }, (_, n) => {
    const { envelope, facts } = makePayment(scene, { memoHash: memo(n), ...change })
    const admission = scene.local.ledger.admit(envelope)
    if (admission.status !== 'PENDING') throw new Error(`the test's own payment was not taken: ${admission.status}`)
    scene.local.close()
    return facts.hash
  })
}

async function readAll(scene: Scene, account: string, cursor: bigint | null = null): Promise<{ txs: StellarTx[]; cursor: bigint | null }> {
  const txs: StellarTx[] = []
  let last = cursor
  for await (const page of readTransactions(scene.horizon, { account, cursor }, {})) {
    txs.push(...page.txs)
    last = page.cursor
  }
  return { txs, cursor: last }
}

/** A server that answers anything with what the test says. */
async function withServer(answer: RequestListener | undefined, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer ?? (() => undefined))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

const anything = z.object({ ok: z.boolean() })

test('a Horizon is reached by https, or http on this machine', () => {
  expect(checkHorizonUrl('https://horizon.example.org/')).toBe('https://horizon.example.org')
  expect(checkHorizonUrl('https://example.org/horizon/')).toBe('https://example.org/horizon')
  for (const here of ['http://127.0.0.1:8000', 'http://localhost:8000', 'http://[::1]:8000']) expect(checkHorizonUrl(here)).toBe(here)
  const wrong = [
    '',
    'horizon',
    'http://horizon.example.org',
    'ftp://127.0.0.1',
    'https://a:b@example.org',
    'https://example.org/?a=1',
    'http://127.0.0.1.example.org',
  ]
  for (const text of wrong) expect(() => checkHorizonUrl(text)).toThrow('no address of a Horizon')
})

test('what fails for the moment is asked again, with waits that grow', async () => {
  await withScene(async ({ local, world }) => {
    const { horizon, slept } = clientOf(local, { tries: 8 })
    for (const fault of ['error', 'unavailable', 'timeout', 'cut', 'half', 'no-json', 'wrong-json'] as const) local.faults.next(fault)
    const account = await loadAccount(horizon, world.payer.publicKey())
    expect(account?.trustlines).toHaveLength(1)
    expect(slept).toEqual([375, 750, 1500, 3000, 6000, 12_000, 22_500])
  })
})

test('Horizon’s own wish to be left alone is respected; too long a one is told', async () => {
  await withScene(async ({ local, world }) => {
    const { horizon, slept } = clientOf(local, { backoffMs: 1 })
    local.faults.next('too-many')
    expect(await loadAccount(horizon, world.payer.publicKey())).not.toBeNull()
    expect(slept).toEqual([1000])
  })
  await withServer(
    (_, response) => response.writeHead(429, { 'Retry-After': '3600' }).end('{}'),
    async url => {
      const { horizon, slept } = clientOf({ url, ledger: { state: { passphrase: 'x' } } })
      await expect(horizon.read('/', {}, anything)).rejects.toMatchObject({
        code: 'stellar.busy',
        retryable: true,
        details: { retryAfterSec: 3600 },
      })
      expect(slept).toEqual([])
    },
  )
})

test('after the last try the failure is told, with where and what to do', async () => {
  await withScene(async ({ local, world }) => {
    const { horizon } = clientOf(local, { tries: 2 })
    local.faults.next('cut', /accounts/, 2)
    await expect(loadAccount(horizon, world.payer.publicKey())).rejects.toMatchObject({ code: 'stellar.offline', retryable: true })
    local.faults.next('error', /accounts/, 2)
    await expect(loadAccount(horizon, world.payer.publicKey())).rejects.toMatchObject({ code: 'stellar.busy', retryable: true })
    local.faults.next('wrong-json', /accounts/, 2)
    await expect(loadAccount(horizon, world.payer.publicKey())).rejects.toMatchObject({ code: 'stellar.answer', retryable: false })
  })
  let gone = ''
  await withServer(undefined, async url => {
    gone = url
  })
  const { horizon } = clientOf({ url: gone, ledger: { state: { passphrase: 'x' } } }, { tries: 1 })
  await expect(horizon.read('/', {}, anything)).rejects.toThrow(`${gone} does not answer (ECONNREFUSED)`)
})

test('no redirect is followed, no endless answer read, no server waited for without end', async () => {
  const asked: string[] = []
  await withServer(
    (request, response) => {
      asked.push(request.url ?? '')
      if (request.url === '/away') response.writeHead(302, { Location: '/elsewhere' }).end()
      else if (request.url === '/long') {
        response.writeHead(200)
        const more = setInterval(() => response.write('x'.repeat(1000)), 1)
        response.on('close', () => clearInterval(more))
      } else if (request.url === '/404') response.writeHead(404).end('<html>nothing here</html>')
    },
    async url => {
      const { horizon } = clientOf(
        { url, ledger: { state: { passphrase: 'x' } } },
        { maxBytes: 5000, timeoutMs: 100, submitTimeoutMs: 100, tries: 2 },
      )
      await expect(horizon.read('/away', {}, anything)).rejects.toMatchObject({ code: 'stellar.answer' })
      await expect(horizon.read('/long', {}, anything)).rejects.toThrow('longer than 5000 bytes')
      // that there is no such thing is believed of a Horizon only
      await expect(horizon.read('/404', {}, anything)).rejects.toMatchObject({ code: 'stellar.answer' })
      expect(asked).toEqual(['/away', '/long', '/404'])
      await expect(horizon.read('/silent', {}, anything)).rejects.toThrow('no answer in time')
      expect(await horizon.post('/silent', { tx: 'x' })).toEqual({ status: null, why: 'no answer in time' })
      const stop = new AbortController()
      const stopped = expect(horizon.read('/silent', {}, anything, { signal: stop.signal })).rejects.toMatchObject({ code: 'cancelled' })
      setTimeout(() => stop.abort(), 20)
      await stopped
    },
  )
})

test('a Horizon of another network is refused', async () => {
  await withScene(async ({ local, horizon }) => {
    expect(await checkNetwork(horizon)).toEqual({ elderLedger: 1000, latestLedger: 1000 })
    const other = clientOf(local, { passphrase: 'Public Global Stellar Network ; September 2015' }).horizon
    await expect(checkNetwork(other)).rejects.toMatchObject({ code: 'stellar.network' })
  })
})

test('clock, fees and what an account can pay', async () => {
  await withScene(async ({ local, horizon, world }) => {
    local.close(2)
    local.ledger.setMinFee(250n)
    expect(await loadClock(horizon)).toEqual({ ledger: 1002, closeTs: 1_760_000_010, baseFeeStroops: 100n, baseReserveUnits: 5_000_000n })
    expect(await loadFeeStats(horizon)).toMatchObject({ baseStroops: 100n, p50Stroops: 250n, maxStroops: 250n, fullPermille: 1000 })
    const payer = await loadAccount(horizon, world.payer.publicKey())
    expect(payer).toMatchObject({ ledger: 1002, thresholds: { low: 1, med: 2, high: 3 }, reserves: 6 })
    // its own key has no weight and is no signer
    expect(payer?.signers.map(({ key }) => key).sort()).toEqual(world.signers.map(key => key.publicKey()).sort())
    expect(payer && spendable(payer, null, 5_000_000n)).toBe(10_000_000_000n - 30_000_000n)
    expect(payer && spendable(payer, TFT, 5_000_000n)).toBe(1_000_000_0000000n)
    expect(payer && spendable(payer, { code: 'OTHER', issuer: TFT.issuer }, 5_000_000n)).toBeNull()
    expect(await loadAccount(horizon, makeKey('nobody').publicKey())).toBeNull()
    await expect(loadAccount(horizon, 'GABC')).rejects.toMatchObject({ code: 'usage' })
  })
})

test('a payee is checked, and each reason says what the farmer must do', async () => {
  await withScene(async ({ local, horizon, world }) => {
    const [open, , blocked] = world.farmers.map(key => key.publicKey())
    const check = (address: string | undefined, amountUnits = 10_000_000n) =>
      checkPayee(horizon, { address: address ?? '', asset: TFT, amountUnits })
    expect((await check(open)).isPayable).toBe(true)
    expect((await check(open, MAX_UNITS)).isPayable).toBe(true)
    local.ledger.setAccount(blocked ?? '', { trustlines: { [world.key]: { ...world.line(), authorised: false } } })
    const narrow = makeKey('narrow').publicKey()
    local.ledger.setAccount(narrow, { trustlines: { [world.key]: world.line(5_000_000n, 12_000_000n) } })
    const bare = makeKey('bare').publicKey()
    local.ledger.setAccount(bare)
    const cases: [string | undefined, string][] = [
      ['', 'not-an-account'],
      [open?.slice(0, -1), 'not-an-account'],
      [`${open?.slice(0, -1)}A`, 'not-an-account'],
      [makeKey('x').secret(), 'not-an-account'],
      [TFT.issuer, 'is-issuer'],
      [makeKey('nobody').publicKey(), 'missing'],
      [bare, 'no-trustline'],
      [blocked, 'not-authorised'],
      [narrow, 'limit'],
    ]
    for (const [address, problem] of cases) {
      const result = await check(address)
      expect(result).toMatchObject({ isPayable: false, problem })
      if (!result.isPayable) {
        expect(`${result.reason} ${result.wayOut}`).toMatch(/\. .*\.$/)
        expect(result.reason).not.toContain(makeKey('x').secret())
      }
    }
    // exactly what there is room for
    expect((await check(narrow, 7_000_000n)).isPayable).toBe(true)
    expect((await check(narrow, 7_000_001n)).isPayable).toBe(false)
    // a read that failed is neither
    local.faults.next('cut', /accounts/, 99)
    await expect(check(open)).rejects.toMatchObject({ code: 'stellar.offline' })
  })
})

test('history is read page by page, also failed ones, and on from a cursor', async () => {
  await withScene(async scene => {
    const { local, world } = scene
    const payer = world.payer.publicKey()
    expect(await readAll(scene, payer)).toEqual({ txs: [], cursor: null })
    const first = pay(scene, 3)
    local.ledger.setAccount(world.farmers[1]?.publicKey() ?? '', { trustlines: {} })
    const failed = pay(scene, 1, { payee: world.farmers[1]?.publicKey() ?? '' })
    const all = await readAll(scene, payer)
    expect(all.txs.map(({ hash }) => hash)).toEqual([...first, ...failed])
    expect(all.txs.map(({ successful }) => successful)).toEqual([true, true, true, false])
    expect(all.txs[3]?.codes.operations).toEqual(['op_no_trust'])
    expect(await readAll(scene, payer, all.cursor)).toEqual({ txs: [], cursor: all.cursor })
    const more = pay(scene, 2)
    expect((await readAll(scene, payer, all.cursor)).txs.map(({ hash }) => hash)).toEqual(more)
    // the farmer sees only its own
    expect((await readAll(scene, world.farmers[2]?.publicKey() ?? '')).txs).toEqual([])
  })
})

test('pages that come shuffled, twice, too late or too old lose nothing and double nothing', async () => {
  await withScene(async scene => {
    const payer = scene.world.payer.publicKey()
    const hashes = pay(scene, 450)
    for (let round = 0; round < 6; round++) {
      scene.local.faults.set({ share: 0.3, reads: ['shuffled', 'repeated', 'skipped', 'stale', 'too-many', 'error', 'cut', 'half'] })
      const seen = (await readAll(scene, payer)).txs.map(({ hash }) => hash)
      // what the last ledgers hold may still be missing in an old answer, and comes with the next reading
      expect(hashes.slice(0, seen.length)).toEqual(seen)
      expect(seen.length).toBeGreaterThan(440)
    }
  })
}, 120_000)

test('a Horizon whose pages never fit is given up', async () => {
  await withScene(async scene => {
    pay(scene, 3)
    const { cursor } = await readAll(scene, scene.world.payer.publicKey())
    scene.local.faults.next('skipped', /transactions/, 99)
    await expect(readAll(scene, scene.world.payer.publicKey(), cursor)).rejects.toMatchObject({ code: 'stellar.answer' })
  })
})

test('a memo is found in the payer’s history, and thousands of questions cost one reading', async () => {
  await withScene(async scene => {
    const { horizon, local, world } = scene
    const account = world.payer.publicKey()
    const hashes = pay(scene, 5)
    const again = pay(scene, 1)
    expect((await findByMemo(horizon, { account, memoHash: memo(0) })).map(({ hash }) => hash)).toEqual([hashes[0], again[0]])
    expect(await findByMemo(horizon, { account, memoHash: memo(99) })).toEqual([])
    const index = createMemoIndex(horizon, account)
    await index.refresh()
    const before = local.asked.length
    for (let n = 0; n < 1000; n++) index.find(memo(n))
    expect(local.asked.length).toBe(before)
    const [late] = pay(scene, 1, { memoHash: memo(7) })
    expect(index.find(memo(7))).toEqual([])
    await index.refresh()
    expect(local.asked.length).toBe(before + 2)
    expect(index.find(memo(7)).map(({ hash }) => hash)).toEqual([late])
    expect(index.find(memo(0))).toHaveLength(2)
  })
})

test('what Horizon says against the bytes of a transaction is not believed', async () => {
  await withScene(async scene => {
    const { world, local } = scene
    const [hash] = pay(scene, 2)
    // another network's passphrase gives other hashes
    const other = clientOf(local, { passphrase: 'another network' }).horizon
    await expect(findByHash(other, hash ?? '')).rejects.toMatchObject({ code: 'stellar.answer' })
    const rows = local.ledger.state.txs
    const [first, second] = rows
    if (!first || !second) throw new Error('two payments were made')
    first.envelope = second.envelope
    await expect(findByHash(scene.horizon, hash ?? '')).rejects.toMatchObject({ code: 'stellar.answer' })
    await expect(readAll(scene, world.payer.publicKey())).rejects.toMatchObject({ code: 'stellar.answer' })
  })
})

test('transfers to the vault: read once each, with their mint, and one for a mint built', async () => {
  await withScene(async scene => {
    const { horizon, local, world } = scene
    const vault = world.farmers[2]?.publicKey() ?? ''
    const { passphrase } = local.ledger.state
    const mintId = 'cd'.repeat(32)
    const now = local.ledger.last().closeTs
    const built = buildVaultTransfer({
      passphrase,
      source: world.channels[0]?.publicKey() ?? '',
      sequence: (local.ledger.find(world.channels[0]?.publicKey() ?? '')?.sequence ?? 0n) + 1n,
      minTime: 0,
      maxTime: now + 100,
      feeStroops: 100n,
      payer: world.payer.publicKey(),
      asset: TFT,
      amountUnits: 77n,
      vault,
      memo: mintId,
    })
    local.ledger.admit(signedBy(built.envelope, passphrase, world.signers.slice(0, 2)).envelope)
    local.close()
    pay(scene, 1)
    const [third] = pay(scene, 1, { payee: vault, amountUnits: 5n })
    const read = await readVaultTransfers(horizon, { vault, asset: TFT, cursor: null })
    expect(read.transfers).toEqual([
      { tx: built.hash, ts: now + 5, amountUnits: 77n, memo: mintId, note: '' },
      { tx: third, ts: now + 15, amountUnits: 5n, memo: memo(0), note: '' },
    ])
    expect((await readVaultTransfers(horizon, { vault, asset: TFT, cursor: read.cursor })).transfers).toEqual([])
    // another asset, and what the vault itself pays, is none
    expect((await readVaultTransfers(horizon, { vault, asset: { code: 'TFT', issuer: vault }, cursor: null })).transfers).toEqual([])
    expect((await readVaultTransfers(horizon, { vault: world.payer.publicKey(), asset: TFT, cursor: null })).transfers).toEqual([])
    // who stops after a page and goes on from its cursor gets the same, each once
    const onePayment = pay(scene, 205, { payee: vault, amountUnits: 1n })
    const parts: string[] = []
    let cursor: bigint | null = null
    for (;;) {
      const next: IteratorResult<{ transfers: { tx: string }[]; cursor: bigint | null }> = await readVaultPages(horizon, {
        ...{ vault, asset: TFT, cursor },
      }).next()
      if (next.done || (next.value.transfers.length === 0 && next.value.cursor === cursor)) break
      parts.push(...next.value.transfers.map(({ tx }) => tx))
      cursor = next.value.cursor
    }
    expect(parts).toEqual([built.hash, third, ...onePayment].slice(0, parts.length))
    expect(parts.length).toBeGreaterThan(190)
    const rest = await readVaultTransfers(horizon, { vault, asset: TFT, cursor })
    expect([...parts, ...rest.transfers.map(({ tx }) => tx)]).toEqual([built.hash, third, ...onePayment])
    await expect(readVaultTransfers(horizon, { vault: makeKey('nobody').publicKey(), asset: TFT, cursor: null })).resolves.toEqual({
      transfers: [],
      cursor: null,
    })
  })
})
