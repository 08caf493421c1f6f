import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/core.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { loadCall, saveSubmitted } from '../../src-main/store/chain-calls.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { openStore } from '../../src-main/store/index.ts'
import type { ChainCall, ChainRequest, ChainReview } from '../../src-shared/chain-contract.ts'
import type { CommandInput, CommandName, CommandOutput, Core } from '../../src-shared/contract.ts'
import { tftExact } from '../../src-shared/money.ts'
import type { SignReview } from '../../src-shared/review-contract.ts'
import { connect, decodersOf } from '../helpers/devnet-reader.ts'
import { sendAs } from '../helpers/devnet-sender.ts'
import { writeOddArchive } from '../helpers/odd-archive.ts'
import { weakly } from '../helpers/weak-stretching.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-chain-calls-'))
const archive = join(folder, 'odd.ndjson')
beforeAll(() => writeOddArchive(archive))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const passphrase = 'a passphrase of the test'
const phrase = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk'
const stellar = 'GDIJY6K2BBRIRX423ZFUYKKFDN66XP2KMSBZFQSE2PSNDZ6EDVQTRLSU'
const otherStellar = 'GDVEU3DD4KOFECV66VIHWEZOYX4ZKR3WV27L464SIIPOU2IUI3JCZA57'
const actor = { id: 'test:me' }
let count = 0

let devnet: Devnet
let core: Core
const dataDir = join(folder, 'data')
const keys: Record<string, string> = {}
/** each test has a chain, and a network of that chain's own in the same books */
let network: string
let networks = 0

const open = () => openCore({ ...weakly, dataDir, host: 'cli', version: '0', demoDir: null, mode: 'write', networksFile: null })
const run = <N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> =>
  core.command(name, input, { actor, idempotencyKey: `chain-key-${count++}` })
const requests = async (): Promise<ChainRequest[]> => (await core.query('chain.requests', {})).rows
const request = async (requestId: string): Promise<ChainRequest> => (await requests()).find(found => found.requestId === requestId)!

async function importKey(name: string): Promise<void> {
  keys[name] = (await run('keys.import', { name, kind: 'sr25519', secret: `${phrase}//${name}`, passphrase })).keyId
}
async function unlock(): Promise<void> {
  await run('keys.unlock', { passphrase })
}
const prepare = (call: ChainCall, who = 'Alice', replaces?: string): Promise<ChainReview> =>
  run('chain.prepare', { network, call, keyId: keys[who]!, ...(replaces !== undefined && { replaces }) })
const warningsOf = ({ review }: ChainReview): string[] => review.warnings.map(({ text }) => text)
const fieldsOf = ({ review }: ChainReview) => Object.fromEntries(review.fields.map(({ name, value }) => [name, value]))
async function signed(call: ChainCall, who = 'Alice', replaces?: string): Promise<string> {
  const { request: made } = await prepare(call, who, replaces)
  await run('chain.sign', { requestId: made.requestId, payloadHash: made.payloadHash })
  return made.requestId
}
/** Submits it and waits for its job; gives the request as it is then. */
async function submit(requestId: string): Promise<ChainRequest> {
  await jobEnd((await run('chain.submit', { requestId })).jobId)
  return request(requestId)
}
async function jobEnd(jobId: string): Promise<void> {
  await until(async () => {
    const job = (await core.query('jobs.list', {})).find(({ id }) => id === jobId)
    return job !== undefined && job.state !== 'running'
  })
}
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 30_000; !(await holds()); await new Promise(resolve => setTimeout(resolve, 20)))
    if (Date.now() > endMs) throw new Error('waited in vain')
}
const failure = async (work: Promise<unknown>) =>
  work.then(
    () => 'nothing failed',
    (error: { code: string; details: { reason?: string } }) => `${error.code} ${error.details.reason ?? ''}`.trim(),
  )
/** Of all blocks, those that have an extrinsic of this hash: the chain's own word, without the code under test. */
async function blocksWith(hash: string | null): Promise<number> {
  const { Blake2256 } = await import('@polkadot-api/substrate-bindings')
  const reader = await connect(devnet.url)
  let found = 0
  for (let n = devnet.firstBlock; n <= devnet.head(); n++) {
    const { block } = await reader.call<{ block: { extrinsics: string[] } }>('chain_getBlock', [devnet.hashOf(n)])
    for (const text of block.extrinsics)
      if (`0x${Buffer.from(Blake2256(Buffer.from(text.slice(2), 'hex'))).toString('hex')}` === hash) found++
  }
  reader.close()
  return found
}
async function stored(pallet: string, item: string, ...args: unknown[]): Promise<unknown> {
  const reader = await connect(devnet.url)
  const decoders = decodersOf(await reader.call<string>('state_getMetadata'))
  const value = await reader.call<string | null>('state_getStorage', [decoders.key(pallet, item, ...args)])
  reader.close()
  return value === null ? null : decoders.value(pallet, item, value)
}

beforeAll(async () => {
  core = await open()
  for (const name of ['Alice', 'Bob', 'Charlie', 'Nobody']) await importKey(name)
  await unlock()
})
afterAll(() => core.close())
afterEach(() => devnet.close())

async function startChain(options: { byHand?: boolean } = {}): Promise<void> {
  // by hand: a block comes when the test says so
  devnet = await startDevnet({ archive, ...(options.byHand && { live: true, speed: 0.0001 }) })
  network = `devnet-${networks++}`
  await run('network.addEndpoint', { network, url: devnet.url })
}

const address: ChainCall = { kind: 'payout-address', farmId: 1, address: stellar }

describe('each call', () => {
  beforeEach(() => startChain())

  test('a payout address is changed: shown from its bytes, signed, final, in one block', async () => {
    const review = await prepare(address)
    const shown = fieldsOf(review)
    expect(shown).toMatchObject({
      Network: network,
      Call: 'TfgridModule.add_stellar_payout_v2address',
      Farm: '1',
      'Stellar address': stellar,
    })
    expect(shown.Genesis).toBe(devnet.genesis)
    expect(shown['Good until']).toBe(`block ${devnet.head() + 63}`)
    expect(warningsOf(review)).toEqual([])
    expect(review.review).toMatchObject({ kind: 'call', decision: `You sign: Payouts of farm 1 to …${stellar.slice(-6)}` })
    const { requestId, payloadHash } = review.request
    expect(review.review.hash).toBe(payloadHash)
    // asked for again, it is shown the same
    expect(await core.query('chain.review', { requestId })).toEqual(review)
    await run('chain.sign', { requestId, payloadHash })
    const done = await submit(requestId)
    expect(done).toMatchObject({
      stage: 'final',
      error: null,
      note: 'done: TfgridModule.FarmPayoutV2AddressRegistered',
    })
    expect(`${tftExact(done.feeUnits!)} TFT`).toBe(shown.Fee)
    expect(done.block).toEqual({ n: devnet.head(), hash: devnet.hashOf(devnet.head()) })
    expect(await stored('TfgridModule', 'FarmPayoutV2AddressByFarmID', 1)).toBe(stellar)
    expect(await blocksWith(done.hash)).toBe(1)
    expect(warningsOf(await prepare(address))).toEqual(['The farm has this address already.'])
    const other = { ...address, address: otherStellar }
    expect(warningsOf(await prepare(other))).toEqual([
      `Payouts of farm 1 go to ${stellar} now. From this call on they go to the new address.`,
    ])
  })

  test('a farm votes on a proposal of the DAO, and votes once only', async () => {
    const proposal = await sendAs(devnet.url, '//Alice', tx =>
      tx.dao!.propose!(2, tx.system!.remark!('0x01'), 'A farm for all', 'https://example.org', null),
    ).then(({ events }) => (events.find(({ name }) => name === 'dao.Proposed')!.data as { proposalHash: string }).proposalHash)
    const vote: ChainCall = { kind: 'vote', farmId: 1, proposal, approve: true }
    const review = await prepare(vote)
    expect(warningsOf(review)).toEqual([])
    expect(fieldsOf(review).Vote).toBe('for it')
    await run('chain.sign', { requestId: review.request.requestId, payloadHash: review.request.payloadHash })
    expect(await submit(review.request.requestId)).toMatchObject({ stage: 'final', error: null, note: 'done: Dao.Voted' })
    const again = await submit(await signed(vote))
    expect(again).toMatchObject({ stage: 'final', error: 'Dao.DuplicateVote' })
    expect(again.note).toContain('Dao.DuplicateVote')
  })

  test('a node’s mints are claimed where the chain has that mode', async () => {
    expect(await submit(await signed({ kind: 'claim', nodeId: 1 }))).toMatchObject({ stage: 'final', error: 'Minting.WrongMode' })
    await sendAs(devnet.url, '//Bob', tx => tx.minting!.saveMintingInfo!(1, 50, 60, 10, 700_000n))
    await sendAs(devnet.url, '//Bob', tx => tx.minting!.setMode!('Claim'))
    expect(await submit(await signed({ kind: 'claim', nodeId: 1 }))).toMatchObject({
      stage: 'final',
      error: null,
      note: 'done: Minting.Minted',
    })
    expect(await submit(await signed({ kind: 'claim', nodeId: 1 }))).toMatchObject({ error: 'Minting.NothingToClaim' })
  })

  test('a signer’s vote and a trigger pay a node’s mint as the chain has it, and what speaks against them is said before', async () => {
    const vote = (amountUnits: string): ChainCall => ({ kind: 'submit-amount', nodeId: 1, periodStart: 1_700_000_000, amountUnits })
    expect(warningsOf(await prepare(vote('700000'), 'Nobody'))).toEqual([
      expect.stringContaining('less than the fee'),
      'This key is none of the signers that the chain’s minting knows.',
      'The chain has no mint of node 1 for this period.',
    ])
    for (const start of [1_700_000_000, 1_700_000_100])
      await sendAs(devnet.url, '//Bob', tx => tx.minting!.saveMintingInfo!(1, start, start + 10, 10, 700_000n))
    await sendAs(devnet.url, '//Bob', tx => tx.minting!.setMode!('OfflineAmount'))
    expect(warningsOf(await prepare(vote('700001'), 'Bob'))).toEqual(['The chain worked out another amount for this mint: 0.0700000 TFT.'])
    const review = await prepare(vote('700000'), 'Bob')
    expect(warningsOf(review)).toEqual([])
    expect(fieldsOf(review)).toMatchObject({ Call: 'Minting.submit_amount', Node: '1', Amount: '0.0700000 TFT' })
    expect(fieldsOf(review)['Period from']).toMatch(/^2023-11-14 22:13:20/)
    const own = await submit(await signed(vote('700000'), 'Bob'))
    expect(own).toMatchObject({ stage: 'final', error: null })
    expect(own.note).toContain('Minting.AmountSubmitted')
    const second = await submit(await signed(vote('700000'), 'Charlie'))
    expect(second.note).toContain('Minting.Minted')

    const trigger: ChainCall = { kind: 'trigger', nodeId: 1, periodStart: 1_700_000_100 }
    expect(warningsOf(await prepare(trigger))).toEqual(['The chain pays mints another way now: OfflineAmount.'])
    expect(warningsOf(await prepare({ ...trigger, periodStart: 1_700_000_000 }))).toContain(
      'The chain paid this mint already: 0.0700000 TFT.',
    )
    await sendAs(devnet.url, '//Bob', tx => tx.minting!.setMode!('Permissionless'))
    expect(await submit(await signed(trigger))).toMatchObject({ stage: 'final', error: null })
  })

  test('who may not call is told before, and by the chain’s own name after', async () => {
    const missing = { kind: 'vote', farmId: 1, proposal: `0x${'ab'.repeat(32)}`, approve: false } as const
    const review = await prepare(missing, 'Charlie')
    expect(warningsOf(review)).toEqual([
      'The chain knows no proposal with this hash.',
      expect.stringMatching(/^Farm 1 \(.+\) belongs to the account 5/),
    ])
    expect(await submit(await signed(address, 'Charlie'))).toMatchObject({ stage: 'final', error: 'TfgridModule.TwinNotExists' })
    expect(warningsOf(await prepare({ kind: 'claim', nodeId: 999 }, 'Charlie'))).toEqual(['The chain knows no node 999.'])
  })
})

describe('a call that is signed on another machine', () => {
  const offlineDir = join(folder, 'offline')
  let elsewhere: Core
  let keyId: string
  let asked = 0
  const there = <N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> =>
    elsewhere.command(name, input, { actor, idempotencyKey: `elsewhere-key-${asked++}` })
  const refusal = async (work: Promise<unknown>) =>
    work.then(
      () => 'nothing failed',
      (error: { message: string }) => error.message,
    )
  const trigger: ChainCall = { kind: 'trigger', nodeId: 1, periodStart: 5 }
  const prepareFor = (call: ChainCall) => run('chain.prepare', { network, call, keyId: keys.Dave!, offline: true })

  beforeAll(async () => {
    elsewhere = await openCore({
      ...weakly,
      dataDir: offlineDir,
      host: 'cli',
      version: '0',
      demoDir: null,
      mode: 'write',
      networksFile: null,
    })
    const kept = await there('keys.import', { name: 'Dave', kind: 'sr25519', secret: `${phrase}//Dave`, passphrase })
    keyId = kept.keyId
    // the machine that sends knows the address only
    keys.Dave = (await run('keys.watch', { name: 'Dave', kind: 'sr25519', address: kept.address })).keyId
    await there('keys.unlock', { passphrase })
  })
  afterAll(() => elsewhere.close())

  test('its file goes there, the signature comes back, is checked, and the call is sent and final', async () => {
    await startChain()
    const made = await prepareFor(trigger)
    const { requestId, payloadHash, lastBlock } = made.request
    expect(made.request.signer.keyId).toBeNull()
    // 2,048 blocks are the longest that this chain's hashes allow
    expect(lastBlock).toBe(devnet.head() + 2047)
    expect(await failure(run('chain.sign', { requestId, payloadHash }))).toBe('not-found')
    const { text } = await core.query('chain.file', { requestId })
    const shown = await elsewhere.query('chain.readFile', { text })
    expect(shown).toMatchObject({ network, payloadHash, keys: [{ keyId, name: 'Dave' }] })
    expect(shown.review.decision).toBe(made.review.decision)
    expect(shown.review.fields).toEqual(made.review.fields)
    // neither runtime nor chain are known there: what the bytes say is the word of the file
    expect(shown.review.warnings.slice(0, 2).map(({ severity }) => severity)).toEqual(['stop', 'warn'])
    const input = { text, payloadHash, keyId }
    expect(await failure(there('chain.signFile', { ...input, confirmed: false }))).toBe('chain.refused unconfirmed')
    expect(await failure(there('chain.signFile', { ...input, payloadHash: 'ab'.repeat(32), confirmed: true }))).toBe(
      'chain.refused other-bytes',
    )
    const signature = await there('chain.signFile', { ...input, confirmed: true })
    const flipped = signature.text.replace(
      /("signature": "0x.)(.)/,
      (_all, start: string, digit: string) => start + (digit === '0' ? '1' : '0'),
    )
    expect(await refusal(run('chain.takeSignature', { text: flipped }))).toContain('fits no call that waits for one')
    expect(await run('chain.takeSignature', { text: signature.text })).toMatchObject({ requestId })
    expect(await refusal(run('chain.takeSignature', { text: signature.text }))).toContain('signed already')
    expect(await failure(core.query('chain.file', { requestId }))).toBe('chain.refused stage')
    await sendAs(devnet.url, '//Bob', tx => tx.balances!.transferKeepAlive!(made.request.signer.address, 10_000_000n))
    await sendAs(devnet.url, '//Bob', tx => tx.minting!.saveMintingInfo!(1, 5, 15, 10, 700_000n))
    await sendAs(devnet.url, '//Bob', tx => tx.minting!.setMode!('Permissionless'))
    expect(await submit(requestId)).toMatchObject({ stage: 'final', error: null, note: 'done: Minting.Minted' })
  })

  test('another tool signs the bytes of the file, and its signature as hex is enough', async () => {
    await startChain()
    const { request: made } = await prepareFor(address)
    const file = JSON.parse((await core.query('chain.file', { requestId: made.requestId })).text) as { sign: string; payload: string }
    const { Keyring } = await import('@polkadot/keyring')
    const { cryptoWaitReady } = await import('@polkadot/util-crypto')
    await cryptoWaitReady()
    const pair = new Keyring({ type: 'sr25519' }).addFromUri(`${phrase}//Dave`)
    const signOf = (bytes: Uint8Array) => `0x${Buffer.from(pair.sign(bytes)).toString('hex')}`
    const sign = Buffer.from(file.sign.slice(2), 'hex')
    // wrapped, as wallets sign what is no extrinsic
    const wrapped = Buffer.concat([Buffer.from('<Bytes>'), sign, Buffer.from('</Bytes>')])
    expect(await refusal(run('chain.takeSignature', { text: signOf(wrapped) }))).toContain('wrapped in <Bytes>')
    expect(await run('chain.takeSignature', { text: `${signOf(sign)}\n` })).toMatchObject({ requestId: made.requestId })
    await run('chain.forget', { requestId: made.requestId })
  })

  test('a file that was altered is refused, or it is said whose word it is', async () => {
    await startChain()
    const { request: made } = await prepareFor(address)
    const { text } = await core.query('chain.file', { requestId: made.requestId })
    const file = JSON.parse(text) as { payload: string; firstBlock: number; metadata: { sha256: string; gzip: string } }
    const changed = (change: object) => JSON.stringify({ ...file, ...change })
    const renamed = (from: string, to: string) => {
      const metadata = gunzipSync(Buffer.from(file.metadata.gzip, 'base64'))
      metadata.write(to, metadata.indexOf(from))
      const sha256 = createHash('sha256').update(metadata).digest('hex')
      return changed({ metadata: { sha256, gzip: gzipSync(metadata).toString('base64') } })
    }
    const stops = (review: SignReview) => review.warnings.filter(({ severity }) => severity === 'stop').map(({ text: words }) => words)
    // where the call was made its runtime is known
    expect(stops((await core.query('chain.readFile', { text })).review)).toEqual([])
    // the bytes are read alike with it, and all the same it is not the runtime's metadata
    const other = renamed('FarmPayoutV2AddressRegistered', 'FarmPayoutV2AddressRegisterex')
    expect(stops((await elsewhere.query('chain.readFile', { text: other })).review)).toEqual([
      expect.stringContaining('the word of whoever made the file'),
    ])
    for (const [altered, words] of [
      [other, 'is not that of runtime 146 as it is known here'],
      [renamed('add_stellar_payout_v2address', 'add_stellar_payout_v2addresx'), 'which Granary does not make'],
      [changed({ metadata: { ...file.metadata, sha256: 'ab'.repeat(32) } }), 'is damaged'],
      [changed({ firstBlock: file.firstBlock + 1 }), 'contradicts itself'],
      [changed({ sign: '0x00' }), 'contradicts itself'],
      [changed({ payload: `${file.payload}00` }), 'can’t be read'],
      [text.replaceAll(devnet.genesis.slice(2), 'ab'.repeat(32)), 'are for another chain'],
      ['{}', 'no file of a call'],
    ] as const)
      expect(await refusal(core.query('chain.readFile', { text: altered }))).toContain(words)
    await run('chain.forget', { requestId: made.requestId })
  })
})

/** What the books have of a call, read beside the core. */
function kept(requestId: string) {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    return loadCall(store, requestId)
  } finally {
    store.close()
  }
}
const noteOf = (requestId: string, words: string) => until(async () => (await request(requestId)).note.includes(words))
const ended = (requestId: string) => until(async () => !['signed', 'sent'].includes((await request(requestId)).stage))

describe('what can go wrong', () => {
  test('a number that another program used first is overtaken, and nothing of the call happened', async () => {
    await startChain()
    const requestId = await signed(address)
    await sendAs(devnet.url, '//Alice', tx => tx.system!.remark!('0x01'))
    const done = await submit(requestId)
    expect(done).toMatchObject({ stage: 'overtaken', block: null })
    expect(await blocksWith(done.hash)).toBe(0)
    // its place is free: a new one gets the next number
    const again = await submit(await signed(address, 'Alice', requestId))
    expect(again).toMatchObject({ stage: 'final', error: null, nonce: done.nonce + 1, replaces: requestId })
  })

  test('who can’t pay the fee is told before and refused by the node; the replacement has the same number', async () => {
    await startChain()
    const review = await prepare(address, 'Nobody')
    expect(fieldsOf(review)['The account has']).toBe('0.0000000 TFT')
    expect(warningsOf(review)).toEqual([expect.stringContaining('less than the fee'), expect.anything()])
    await run('chain.sign', { requestId: review.request.requestId, payloadHash: review.request.payloadHash })
    const refused = await submit(review.request.requestId)
    expect(refused).toMatchObject({ stage: 'refused', nonce: 0 })
    expect(refused.note).toContain('too little to pay the fee')
    await sendAs(devnet.url, '//Alice', tx => tx.balances!.transferKeepAlive!(refused.signer.address, 10_000_000n))
    const done = await submit(await signed(address, 'Nobody', refused.requestId))
    expect(done).toMatchObject({ stage: 'final', nonce: 0, error: 'TfgridModule.TwinNotExists' })
  })

  test('a call that a node said it did not take, and that is in a block all the same, is found before it is made again', async () => {
    await startChain()
    const refused = await submit(await signed({ kind: 'claim', nodeId: 1 }, 'Nobody'))
    expect(refused.stage).toBe('refused')
    await sendAs(devnet.url, '//Alice', tx => tx.balances!.transferKeepAlive!(refused.signer.address, 10_000_000n))
    const reader = await connect(devnet.url)
    await reader.call('author_submitExtrinsic', [`0x${Buffer.from(kept(refused.requestId).extrinsic!).toString('hex')}`])
    reader.close()
    await until(async () => (await blocksWith(refused.hash)) === 1)
    expect(await failure(prepare({ kind: 'claim', nodeId: 1 }, 'Nobody'))).toBe('chain.refused done')
    expect(await request(refused.requestId)).toMatchObject({ stage: 'final', error: 'Minting.WrongMode' })
  })

  test('the connection drops after a node took it: it is found in that node’s pool and in a block, and sent once', async () => {
    await startChain({ byHand: true })
    devnet.faults.loseSubmits = 1
    const requestId = await signed(address)
    const { jobId } = await run('chain.submit', { requestId })
    await noteOf(requestId, 'a node has it')
    expect(kept(requestId).attempts).toBe(1)
    devnet.produce()
    await jobEnd(jobId)
    expect(await request(requestId)).toMatchObject({ stage: 'final', error: null })
    expect(kept(requestId).attempts).toBe(1)
  })

  test('the connection drops before a node took it: the very same bytes are sent again, after they were looked for', async () => {
    await startChain()
    devnet.faults.dropSubmits = 2
    const requestId = await signed(address)
    const { hash } = await request(requestId)
    const done = await submit(requestId)
    expect(done).toMatchObject({ stage: 'final', error: null, hash })
    expect(kept(requestId).attempts).toBe(3)
    expect(await blocksWith(hash)).toBe(1)
  })

  test('clicks again and again send once; the same call is not made a second time while one is under way', async () => {
    await startChain({ byHand: true })
    const requestId = await signed(address)
    const jobs = await Promise.all([1, 2, 3].map(() => run('chain.submit', { requestId })))
    expect(new Set(jobs.map(({ jobId }) => jobId)).size).toBe(1)
    await noteOf(requestId, 'waits for a block')
    expect(await failure(prepare(address))).toBe('chain.refused under-way')
    expect(await failure(run('chain.forget', { requestId }))).toBe('chain.refused under-way')
    // another call of the account takes the next number, and may come into the same block
    const other = await signed({ kind: 'claim', nodeId: 1 })
    const second = await run('chain.submit', { requestId: other })
    await noteOf(other, 'waits for a block')
    devnet.produce()
    for (const { jobId } of [...jobs, second]) await jobEnd(jobId)
    const [first, later] = [await request(requestId), await request(other)]
    expect([first.stage, later.stage, later.nonce - first.nonce]).toEqual(['final', 'final', 1])
    expect(kept(requestId).attempts).toBe(1)
    expect(first.block).toEqual(later.block)
  })

  test('Granary ends between sending and finality: at its start the call is followed, and not sent again', async () => {
    await startChain({ byHand: true })
    const requestId = await signed(address)
    await run('chain.submit', { requestId })
    await noteOf(requestId, 'waits for a block')
    await core.close()
    expect(kept(requestId).stage).toBe('sent')
    core = await open()
    await noteOf(requestId, 'a node has it')
    devnet.produce()
    await ended(requestId)
    expect(await request(requestId)).toMatchObject({ stage: 'final', error: null })
    expect(kept(requestId).attempts).toBe(1)
    await unlock()
  })

  test('Granary ends after a call was marked and before it was sent: it is sent at the next start', async () => {
    await startChain()
    const requestId = await signed(address)
    await core.close()
    const store = openStore(dataDir, { mode: 'write' })
    writeTransaction(store.books, 'books.db', () => saveSubmitted(store, requestId))
    store.close()
    core = await open()
    await ended(requestId)
    expect(await request(requestId)).toMatchObject({ stage: 'final', error: null })
    await unlock()
  })

  test('the network is away at the start of Granary: the call is carried on when it is back', async () => {
    await startChain()
    const { port } = devnet
    const requestId = await signed(address)
    await core.close()
    const store = openStore(dataDir, { mode: 'write' })
    writeTransaction(store.books, 'books.db', () => saveSubmitted(store, requestId))
    store.close()
    await devnet.close()
    core = await open()
    await until(async () => (await core.query('jobs.list', {})).some(({ detail }) => detail.includes('No endpoint of this network')))
    expect((await request(requestId)).stage).toBe('sent')
    devnet = await startDevnet({ archive, port })
    await ended(requestId)
    expect(await request(requestId)).toMatchObject({ stage: 'final', error: null })
    await unlock()
  })

  test('its blocks go by: expired, and the replacement has the same number', async () => {
    await startChain({ byHand: true })
    devnet.faults.dropSubmits = 1_000
    const requestId = await signed(address)
    const { jobId } = await run('chain.submit', { requestId })
    await until(async () => kept(requestId).attempts > 0)
    devnet.produce(63)
    await jobEnd(jobId)
    const expired = await request(requestId)
    expect(expired).toMatchObject({ stage: 'expired', block: null })
    devnet.faults.dropSubmits = 0
    const again = await signed(address, 'Alice', requestId)
    const second = await run('chain.submit', { requestId: again })
    await noteOf(again, 'waits for a block')
    devnet.produce()
    await jobEnd(second.jobId)
    expect(await request(again)).toMatchObject({ stage: 'final', error: null, nonce: expired.nonce })
    expect(await blocksWith(expired.hash)).toBe(0)
  })

  test('what was signed too long ago is not even sent', async () => {
    await startChain({ byHand: true })
    const requestId = await signed(address)
    devnet.produce(63)
    expect(await submit(requestId)).toMatchObject({ stage: 'expired' })
    expect(kept(requestId).attempts).toBe(0)
    expect(await failure(run('chain.submit', { requestId }))).toBe('chain.refused stage')
    await run('chain.forget', { requestId })
    expect(await request(requestId)).toBeUndefined()
  })

  test('only what was shown is signed, once, with a key that is open', async () => {
    await startChain()
    const { request: made } = await prepare(address)
    const { requestId } = made
    expect(await failure(run('chain.submit', { requestId }))).toBe('chain.refused stage')
    expect(await failure(run('chain.sign', { requestId, payloadHash: 'ab'.repeat(32) }))).toBe('chain.refused other-bytes')
    await run('keys.lock', {})
    expect(await failure(run('chain.sign', { requestId, payloadHash: made.payloadHash }))).toBe('keys.locked')
    await unlock()
    await run('chain.sign', { requestId, payloadHash: made.payloadHash })
    expect(await failure(run('chain.sign', { requestId, payloadHash: made.payloadHash }))).toBe('chain.refused stage')
    await run('chain.forget', { requestId })
  })
})
