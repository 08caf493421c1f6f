import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPayment } from '../../src-main/clients/stellar/build.ts'
import { openCore } from '../../src-main/core/index.ts'
import { createMintView } from '../../src-main/core/mint-view.ts'
import type { PayRoom } from '../../src-main/core/pay-room.ts'
import { createReviewer } from '../../src-main/core/review-work.ts'
import { createReviewAnswers } from '../../src-main/core/reviews.ts'
import { openVoteRoom } from '../../src-main/core/votes.ts'
import { receiptsNdjson } from '../../src-main/engines/minting/outputs.ts'
import { planRetries } from '../../src-main/engines/minting/retries.ts'
import { type Payable, planRun } from '../../src-main/engines/payout-plan/plan.ts'
import { addRun, buildEnvelopes } from '../../src-main/jobs/pay/exchange.ts'
import { keepEvents, openRun } from '../../src-main/jobs/pay/state.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { loadEnd, openStore, type Store, storedPeriod } from '../../src-main/store/index.ts'
import { savePayConfig } from '../../src-main/store/pay-config.ts'
import { loadReceipts } from '../../src-main/store/results.ts'
import { paysOfPeriod } from '../../src-main/store/review-facts.ts'
import type { Core } from '../../src-shared/contract.ts'
import type { PayConfig } from '../../src-shared/pay.ts'
import { type LocalHorizon, makeKey, makeWorld, signWith, startHorizon, TFT, type World } from '../helpers/horizon/index.ts'
import { importMintGrid, mintGridNetwork } from '../helpers/mint-grid.ts'
import { receiptHash } from '../helpers/pay.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/* What is shown before signing, with what the store and the ledger know: a grid of three periods, of which 102 is paid. */

let folder: string
let local: LocalHorizon
let world: World
let store: Store
let config: PayConfig
const period = 102
const nowTs = () => store.now()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'granary-review-'))
  await importMintGrid(join(folder, 'data'))
  store = openStore(join(folder, 'data'), { mode: 'write' })
  local = await startHorizon({ seed: 3, startTs: nowTs() })
  world = makeWorld(local.ledger)
  config = {
    horizon: local.url,
    passphrase: local.ledger.state.passphrase,
    assetCode: TFT.code,
    issuer: TFT.issuer,
    payer: world.payer.publicKey(),
    channels: world.channels.map(key => key.publicKey()),
    feeStroops: 1000,
    signSec: 3600,
  }
  writeTransaction(store.books, 'books.db', () => savePayConfig(store, mintGridNetwork, config))
})
afterAll(async () => {
  store.close()
  await local.stop()
  rmSync(folder, { recursive: true, force: true })
})

function roomOf(books: Store = store): PayRoom {
  const mints = createMintView({ active: () => ({ store: books, demo: false }), books, followed: () => mintGridNetwork })
  const keys = {
    list: async () => ({ keys: [], idleSec: 0, nextTryTs: null, safeStorage: null }),
    signWith: () => {
      throw new Error('nobody signs here')
    },
  }
  const votes = openVoteRoom({ books, mints, keys, genesisOf: () => null })
  return { books, mints, known: [], keys, votes, jobOf: () => undefined, plans: new Map(), ledgerMs: undefined }
}

async function planOf(payables: readonly Payable[], books = store, channels = config.channels) {
  const planned = planRun({
    network: mintGridNetwork,
    passphrase: config.passphrase,
    assetCode: TFT.code,
    issuer: TFT.issuer,
    payer: config.payer,
    payerUnits: null,
    rules: 'v3',
    period,
    maker: world.signers[0]!.publicKey(),
    channels: channels.map(address => ({ address, sequence: 0n, spendableStroops: 10n ** 12n })),
    feeStroops: 1000,
    ledgerTs: books.now(),
    signSec: 3600,
    payables,
    payees: new Map(payables.map(({ address }) => [address, { ok: true, roomUnits: null }])),
    paid: new Set(),
  })
  const { plan } = planned
  const envelopes = await buildEnvelopes(plan!)
  return writeTransaction(books.books, 'books.db', () => addRun(books, plan!, envelopes, true))
}

/** The period's receipts, as they are to be paid. */
function payables(): Payable[] {
  return paysOfPeriod(store, period)
    .filter(({ amountUnits, address }) => amountUnits > 0n && address !== '')
    .map(({ nodeId, farmId, hash, address, amountUnits }) => {
      return { kind: 'receipt', nodeId, farmId, startTs: nowTs(), receipt: hash, retryFor: null, address, amountUnits }
    })
}

/** The retry of a node's receipt of the period before, as the rules make it. */
function retryOf(nodeId: number): Payable {
  const stored = storedPeriod(store, period)
  const previous = loadReceipts(store, period - 1, { nodeIds: [nodeId] }).map(node => receiptsNdjson([node]))
  const addresses = new Map(loadEnd(store, stored).payoutAddresses.map(({ farm_id: farmId, address }) => [farmId, address]))
  const [retry] = planRetries({ previous, paid: new Set(), addresses, period: stored })
  const { farmId, hash: receipt, retryFor, address, rewardUnits: amountUnits } = retry!
  return { kind: 'retry', nodeId, farmId, startTs: nowTs(), receipt, retryFor, address, amountUnits }
}

test('a run is reviewed from its envelopes: the sum, what is odd about each, and the world that it is held against', async () => {
  const unpaid = paysOfPeriod(store, period - 1).findLast(({ amountUnits, address }) => amountUnits > 0n && address !== '')!
  const list = [...payables(), retryOf(unpaid.nodeId)]
  const [first, second, third] = list
  const trusted = { trustlines: { [world.key]: world.line() } }
  for (const { address } of list) if (address !== second!.address) local.ledger.setAccount(address, { ...trusted, sequence: 1n })
  // whoever made the plan doubled an amount, and sent another receipt to an address of their own
  const stranger = makeKey('stranger').publicKey()
  local.ledger.setAccount(stranger, { ...trusted, sequence: 1n })
  const { runId } = await planOf([
    { ...first!, amountUnits: first!.amountUnits * 2n },
    second!,
    { ...third!, address: stranger },
    ...list.slice(3),
  ])
  const answers = createReviewAnswers(roomOf(), { 'votes.review': () => Promise.reject(new Error('no votes here')) })
  const run = await answers['review.run']({ runId, askLedger: true })
  const total = list.reduce((sum, { amountUnits }) => sum + amountUnits, first!.amountUnits)
  expect(run).toMatchObject({ kind: 'run', rows: list.length, totalUnits: total, hash: runId })
  expect(run.decision).toContain(`in ${list.length} payments of period ${period}`)
  expect(run.counts.find(({ code }) => code === 'receipt-differs')).toMatchObject({ severity: 'stop', rows: 2 })
  expect(run.counts.find(({ code }) => code === 'payee-changed')).toMatchObject({ severity: 'warn' })
  expect(run.counts.find(({ code }) => code === 'account-missing')?.rows).toBe(
    list.filter(payable => payable !== third && payable.address === second!.address).length,
  )
  // the plan is as its hash says, whatever its maker made of the receipts
  expect(run.counts.map(({ code }) => code)).not.toContain('plan-differs')
  expect(run.warned).toBeLessThanOrEqual(list.length)

  const odd = await answers['review.rows']({ runId, askLedger: true, code: 'receipt-differs', offset: 0, limit: 10 })
  expect(odd.rows.map(({ nodeId }) => nodeId).sort()).toEqual([first!.nodeId, third!.nodeId].sort())
  const found = await answers['review.rows']({ runId, askLedger: true, search: stranger.toLowerCase(), offset: 0, limit: 10 })
  expect(found.rows.map(({ payee }) => payee)).toEqual([stranger])

  const row = await answers['review.get']({ of: { kind: 'row', runId, place: found.rows[0]!.place }, askLedger: true })
  expect(row.hash).toBe(found.rows[0]!.hash)
  expect(row.decision).toMatch(/^You sign: pay [\d,]+\.\d{7} TFT to .+ \(farm \d+\), G/)
  expect(row.warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['receipt-differs', 'payee-changed']))
  expect(row.values.find(({ name }) => name.endsWith('payment.destination'))?.value).toBe(stranger)

  // a retry is known by its own hash, which follows from the rules
  const { rows: all } = await answers['review.rows']({ runId, askLedger: true, offset: 0, limit: 100 })
  const retried = all.find(({ payable }) => payable === 'retry')!
  expect(all.flatMap(({ warnings }) => warnings.map(({ code }) => code))).not.toContain('unknown-receipt')
  // whoever signs the receipt itself meanwhile would pay it twice; once the retry is paid, all the more
  const again = buildPayment({ ...payment(), payee: unpaid.address, amountUnits: unpaid.amountUnits, memoHash: unpaid.hash }).envelope
  const warned = async () => (await answers['review.get']({ of: { kind: 'envelope', text: again }, askLedger: false })).warnings
  const paidTwice = async () => (await warned()).filter(({ code }) => code === 'already-paid').map(({ text }) => text)
  expect(await paidTwice()).toEqual([expect.stringContaining(`run ${runId.slice(0, 16)}`)])
  const live = openRun(store, runId)
  const planned = live.plan.rows[retried.place]!
  const to = { from: config.payer, to: planned.payee, assetCode: TFT.code, issuer: TFT.issuer, amountUnits: planned.amountUnits }
  const tx = { hash: retried.hash, successful: true, ledger: 9, ts: nowTs(), source: planned.channel, sequence: planned.sequence }
  keepEvents(store, live, [{ place: retried.place, event: { kind: 'found', tx: { ...tx, memo: planned.receipt, payment: to } } }])
  expect(await paidTwice()).toEqual([expect.stringContaining(`transaction ${retried.hash.slice(0, 16)}`)])
  const done = await answers['review.get']({ of: { kind: 'row', runId, place: retried.place }, askLedger: false })
  expect(done.warnings[0]).toMatchObject({ code: 'already-paid', text: expect.stringContaining('This very transaction') })

  // without the ledger its part is unknown, and is said to be
  const offline = await answers['review.run']({ runId, askLedger: false })
  expect(offline.counts.map(({ code }) => code)).not.toContain('account-missing')
  expect(offline.unknown.join()).toContain('the ledger was not asked')
}, 60_000)

/** What an envelope from elsewhere shares with a run's. */
function payment() {
  const times = { minTime: nowTs(), maxTime: nowTs() + 600 }
  return {
    passphrase: config.passphrase,
    source: config.channels[0]!,
    sequence: 900n,
    ...times,
    feeStroops: 1000n,
    payer: config.payer,
    asset: TFT,
  }
}

test('an envelope from anywhere is held against the run that it is of, or of none', async () => {
  const reviewer = createReviewer(roomOf())
  const [pay] = paysOfPeriod(store, period - 1).filter(({ amountUnits, address }) => amountUnits > 0n && address !== '')
  const plan = { ...payment(), payee: pay!.address, amountUnits: pay!.amountUnits, memoHash: pay!.hash }
  const ann = world.signers[0]!
  const text = signWith(buildPayment(plan).envelope, config.passphrase, ann)
  const good = await reviewer.envelope({ kind: 'envelope', text: `${text}\n` }, true)
  expect(good.fields.find(({ name }) => name === 'Stands for')?.value).toBe(`the receipt of node ${pay!.nodeId} for period ${period - 1}`)
  // the ledger says that Ann signs for the payer
  expect(good.signatures).toEqual([{ who: expect.stringContaining(ann.publicKey()), isValid: true }])
  expect(good.warnings.filter(({ severity }) => severity === 'stop')).toEqual([])
  const none = await reviewer.envelope({ kind: 'envelope', text: buildPayment({ ...plan, memoHash: receiptHash('x') }).envelope }, false)
  expect(none.warnings.map(({ code }) => code)).toContain('unknown-receipt')
  expect(none.decision).toContain('an account that no receipt here names')
  await expect(reviewer.envelope({ kind: 'envelope', text: 'nothing' }, false)).rejects.toMatchObject({ code: 'stellar.envelope' })
  await expect(reviewer.envelope({ kind: 'row', runId: 'abcd', place: 0 }, false)).rejects.toMatchObject({ code: 'not-found' })
})

test('the whole core answers, and a Horizon that is gone leaves the review as it is, with the reason', async () => {
  store.close()
  const core: Core = await openCore({
    ...weakly,
    dataDir: join(folder, 'data'),
    host: 'cli',
    version: '1',
    demoDir: null,
    networksFile: null,
    mode: 'read',
  })
  try {
    const [run] = (await core.query('pay.runs', {})).runs
    const review = await core.query('review.run', { runId: run!.runId })
    // one row is paid by now
    expect(review.rows).toBe(run!.rows - 1)
    await local.stop()
    const row = await core.query('review.get', { of: { kind: 'row', runId: run!.runId, place: 0 }, askLedger: true })
    expect(row.kind).toBe('payment')
    expect(row.unknown.join()).toMatch(/The ledger was not asked in full: .*Horizon/)
  } finally {
    await core.close()
    store = openStore(join(folder, 'data'), { mode: 'write' })
  }
})

test('5,500 rows are reviewed in small steps, so that whatever else is asked is answered between them', async () => {
  const other = openStore(join(folder, 'large'), { mode: 'write' })
  try {
    writeTransaction(other.books, 'books.db', () => savePayConfig(other, mintGridNetwork, config))
    const farmers = Array.from({ length: 50 }, (_, n) => makeKey(`large ${n}`).publicKey())
    const list = Array.from({ length: 5500 }, (_, n): Payable => {
      const [receipt, address] = [receiptHash(`large ${n}`), farmers[n % farmers.length]!]
      return { kind: 'receipt', nodeId: n, farmId: n % 50, startTs: 1, receipt, retryFor: null, address, amountUnits: BigInt(n + 1) }
    })
    const channels = Array.from({ length: 40 }, (_, n) => makeKey(`large channel ${n}`).publicKey())
    const { runId } = await planOf(list, other, channels)
    const reviewer = createReviewer(roomOf(other))
    // reading the plan is done once, when the run is first looked at
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    let turns = 0
    const others = setInterval(() => turns++)
    const startMs = performance.now()
    const { review, rows } = await reviewer.run(runId, false)
    const tookMs = performance.now() - startMs
    delay.disable()
    clearInterval(others)
    console.log(`review of 5,500 rows: ${Math.round(tookMs)} ms, longest wait ${Math.round(delay.max / 1e6)} ms`)
    expect([review.rows, rows.length]).toEqual([5500, 5500])
    expect(turns).toBeGreaterThan(10)
    expect((await reviewer.run(runId, false)).review).toEqual(review)
  } finally {
    other.close()
  }
}, 60_000)
