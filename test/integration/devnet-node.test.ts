import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiPromise as Api } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import type { KeyringPair } from '@polkadot/keyring/types'
import type { ProviderInterface } from '@polkadot/rpc-provider/types'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Devnet, type Faults, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { connect, decodersOf } from '../helpers/devnet-reader.ts'
import { oddBounds, oddEvents, oddNodes, oddPower, writeOddArchive } from '../helpers/odd-archive.ts'
import { ApiPromise, Keyring, WsProvider } from '../helpers/polkadot-api.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-devnet-node-'))
const oddFile = join(folder, 'odd.ndjson')
beforeAll(() => writeOddArchive(oddFile))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  statuses: string[]
  events: string[]
  /** `Pallet.Error` or the dispatch error's kind */
  error: string | null
  blockHash: string
}

describe('@polkadot/api', () => {
  let devnet: Devnet
  let api: Api
  let alice: KeyringPair
  let bob: KeyringPair
  beforeAll(async () => {
    devnet = await startDevnet({ archive: oddFile })
    api = await ApiPromise.create({
      provider: new WsProvider(devnet.url) as unknown as ProviderInterface,
      noInitWarn: true,
      throwOnConnect: true,
    })
    const keyring = new Keyring({ type: 'sr25519' })
    alice = keyring.addFromUri('//Alice')
    bob = keyring.addFromUri('//Bob')
  })
  afterAll(async () => {
    await api.disconnect()
    await devnet.close()
  })

  const send = (call: SubmittableExtrinsic<'promise'>, signer: KeyringPair): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      const statuses: string[] = []
      call
        .signAndSend(signer, result => {
          statuses.push(result.status.type)
          if (!result.status.isFinalized) return
          const failure = result.dispatchError
          const named = failure?.isModule ? api.registry.findMetaError(failure.asModule) : null
          resolve({
            statuses,
            events: result.events.map(({ event }) => `${event.section}.${event.method}`),
            error: named ? `${named.section}.${named.name}` : failure ? failure.toString() : null,
            blockHash: result.status.asFinalized.toHex(),
          })
        })
        .catch(reject)
    })
  const accountOf = async (address: string) => {
    const { nonce, data } = (await api.query.system!.account!(address)) as unknown as {
      nonce: { toNumber(): number }
      data: { free: { toBigInt(): bigint } }
    }
    return { nonce: nonce.toNumber(), free: data.free.toBigInt() }
  }

  test('connects, and reads both runtimes at their blocks', async () => {
    expect(api.runtimeVersion.specVersion.toNumber()).toBe(146)
    const at = await api.at(devnet.hashOf(oddBounds.first))
    expect(at.runtimeVersion.specVersion.toNumber()).toBe(145)
    const nodes = (await at.query.tfgridModule!.nodes!.entries()).map(
      ([, node]) => node.toJSON() as { id: number; location: { city: string } },
    )
    expect(nodes.map(({ id }) => id).sort()).toEqual(oddNodes.map(({ id }) => id))
    expect(Buffer.from(nodes[0]!.location.city.slice(2), 'hex').toString('utf8')).toBe(oddNodes[0]!.city)
    for (const { node_id, target } of oddPower)
      expect(((await at.query.tfgridModule!.nodePower!(node_id)).toJSON() as { target: string }).target).toBe(target)
    const farms = await (await api.at(devnet.hashOf(oddBounds.last))).query.tfgridModule!.farms!.entries()
    expect(farms).toHaveLength(2)
  })

  test('decodes the events before, in and after the block that upgrades', async () => {
    const blocks = [5_020, 5_045, 5_046, 5_060]
    expect(devnet.upgradeBlock).toBe(5_045)
    for (const block of blocks) {
      const at = await api.at(devnet.hashOf(block))
      const records = (await at.query.system!.events!()) as unknown as { event: { section: string; method: string } }[]
      const grid = records.map(({ event }) => `${event.section}.${event.method}`).filter(name => !name.startsWith('system.'))
      const expected = oddEvents.find(([n]) => n === block)![1].map(([name]) => name[0]!.toLowerCase() + name.slice(1))
      expect(grid.slice(2)).toEqual(expected)
    }
    const version = async (block: number) => (await api.rpc.state.getRuntimeVersion(devnet.hashOf(block))).specVersion.toNumber()
    expect([await version(5_044), await version(5_045), await version(5_046)]).toEqual([145, 146, 146])
    // The wrong runtime must not read them: pallets are renumbered.
    const reader = await connect(devnet.url)
    const wrong = decodersOf(await reader.call<string>('state_getMetadata', [devnet.hashOf(5_045)]))
    const events = await reader.call<string>('state_getStorage', [wrong.key('System', 'Events'), devnet.hashOf(5_045)])
    let names: string[] = []
    try {
      names = wrong.events(events).map(({ name }) => name)
    } catch {
      // Undecodable is as good an answer as wrong names.
    }
    expect(names).not.toContain('TfgridModule.NodeUpdated')
    reader.close()
  })

  test('a transfer is signed, included, paid for and final; its header hashes to its block', async () => {
    const before = { alice: await accountOf(alice.address), bob: await accountOf(bob.address) }
    const call = api.tx.balances!.transferKeepAlive!(bob.address, 12_345n)
    const fee = (await call.paymentInfo(alice)).partialFee.toBigInt()
    const outcome = await send(call, alice)
    expect(outcome.error).toBe(null)
    // on a busy machine the block may be final before the client has told that it has one
    expect(outcome.statuses.filter(status => status !== 'InBlock')).toEqual(['Ready', 'Finalized'])
    expect(outcome.events).toEqual([
      'balances.Withdraw',
      'balances.Transfer',
      'transactionPayment.TransactionFeePaid',
      'system.ExtrinsicSuccess',
    ])
    const after = { alice: await accountOf(alice.address), bob: await accountOf(bob.address) }
    expect(after.alice).toEqual({ nonce: before.alice.nonce + 1, free: before.alice.free - 12_345n - fee })
    expect(after.bob.free).toBe(before.bob.free + 12_345n)
    const header = await api.rpc.chain.getHeader(outcome.blockHash)
    expect(header.hash.toHex()).toBe(outcome.blockHash)
    expect(header.parentHash.toHex()).toBe(devnet.hashOf(header.number.toNumber() - 1))
  })

  test('a call that fails costs its fee and changes nothing else', async () => {
    const before = await accountOf(bob.address)
    const outcome = await send(api.tx.balances!.transferKeepAlive!(bob.address, 10n ** 30n), alice)
    expect(outcome.error).toBe('{"token":"FundsUnavailable"}')
    expect(outcome.events.at(-1)).toBe('system.ExtrinsicFailed')
    expect(await accountOf(bob.address)).toEqual(before)
    const stranger = await send(api.tx.tfgridModule!.changePowerTarget!(1, 'Up'), bob)
    expect(stranger.error).toBe('tfgridModule.UnauthorizedToChangePowerTarget')
    expect((await send(api.tx.timestamp!.set!(1), alice)).error).toBe('BadOrigin')
  })

  test('a farmer’s call changes the grid', async () => {
    const outcome = await send(api.tx.tfgridModule!.changePowerTarget!(1, 'Up'), alice)
    expect(outcome.error).toBe(null)
    expect(((await api.query.tfgridModule!.nodePower!(1)).toJSON() as { target: string }).target).toBe('Up')
  })

  test('a batch goes through as a whole or not at all', async () => {
    const before = await accountOf(bob.address)
    const good = api.tx.balances!.transferKeepAlive!(bob.address, 1_000n)
    const bad = api.tx.balances!.transferKeepAlive!(bob.address, 10n ** 30n)
    expect((await send(api.tx.utility!.batchAll!([good, bad]), alice)).error).toBe('{"token":"FundsUnavailable"}')
    expect((await accountOf(bob.address)).free).toBe(before.free)
    const partly = await send(api.tx.utility!.batch!([good, bad]), alice)
    expect(partly.events).toContain('utility.BatchInterrupted')
    expect((await accountOf(bob.address)).free).toBe(before.free + 1_000n)
  })

  test('a mint is paid once, at the second of three equal votes', async () => {
    const before = await accountOf(alice.address)
    expect((await send(api.tx.minting!.submitAmount!(1, 50, 7n), alice)).error).toBe('minting.InfoNotFound')
    expect((await send(api.tx.minting!.saveMintingInfo!(1, 50, 60, 10, 700_000n), bob)).error).toBe(null)
    expect((await send(api.tx.minting!.submitAmount!(1, 50, 700_000n), bob)).events).not.toContain('minting.Minted')
    const fees = before.free - (await accountOf(alice.address)).free
    const paid = await send(api.tx.minting!.submitAmount!(1, 50, 700_000n), alice)
    expect(paid.events).toContain('minting.Minted')
    // The farm's twin is Alice: the mint comes, the fee of her vote goes.
    const fee = (await api.tx.minting!.submitAmount!(1, 50, 700_000n).paymentInfo(alice)).partialFee.toBigInt()
    expect((await accountOf(alice.address)).free).toBe(before.free - fees + 700_000n - fee)
    expect((await send(api.tx.minting!.submitAmount!(1, 50, 700_000n), bob)).error).toBe('minting.AlreadyPaid')
    expect((await send(api.tx.minting!.claim!(1), alice)).error).toBe('minting.WrongMode')
    await send(api.tx.minting!.setMode!('Claim'), alice)
    expect((await send(api.tx.minting!.claim!(1), alice)).error).toBe('minting.NothingToClaim')
  })

  test('a curve mints a third to the buyer by its formula', async () => {
    expect((await send(api.tx.tokenMintingCurve!.mint!(7, 1_000n), alice)).error).toBe('tokenMintingCurve.NoCurveExists')
    expect((await send(api.tx.tokenMintingCurve!.createCurve!(7, 0, 10n ** 12n, 3n), alice)).error).toBe(null)
    expect((await send(api.tx.tokenMintingCurve!.mint!(7, 1_000n), alice)).error).toBe(null)
    // The formula with K = 10^12, P0 = 3 and the slope m = K, written out again.
    const held = (await api.query.tokenMintingCurve!.holdings!(7, alice.address)) as unknown as { toBigInt(): bigint }
    const scaled = 3n * 10n ** 12n
    const sum = scaled ** 2n + 2n * 10n ** 36n * 1_000n
    let root = BigInt(Math.floor(Math.sqrt(Number(sum))))
    while (root * root > sum) root--
    while ((root + 1n) * (root + 1n) <= sum) root++
    expect(held.toBigInt()).toBe((((root - scaled) / 10n ** 12n) * 333_333n) / 1_000_000n)
    expect((await send(api.tx.tokenMintingCurve!.burn!(7, 10n ** 9n), alice)).error).toBe('tokenMintingCurve.InsufficientBalance')
  })

  test('a used nonce, a wrong signature, a wrong runtime and bytes without sense are refused; a nonce to come waits', async () => {
    const { nonce } = await accountOf(alice.address)
    const call = api.tx.balances!.transferKeepAlive!(bob.address, 1n)
    const reader = await connect(devnet.url)
    const submit = async (hex: string) => (await reader.ask('author_submitExtrinsic', [hex])).error
    const used = await call.signAsync(alice, { nonce: nonce - 1 })
    expect(await submit(used.toHex())).toEqual({ code: 1010, message: 'Invalid Transaction', data: 'Transaction is outdated' })
    const right = (await call.signAsync(alice, { nonce })).toHex()
    const forged = right.replace(/.{2}$/, right.endsWith('00') ? '01' : '00')
    expect((await submit(forged))?.data ?? '').toMatch(/bad signature|bytes are left over|no variant/)
    const changed = api.tx.balances!.transferKeepAlive!(bob.address, 2n)
    const signature = (await call.signAsync(alice, { nonce })).signature
    const stolen = (await changed.signAsync(alice, { nonce }))
      .toHex()
      .replace(/^(0x.{4,8}84.{66}01).{128}/, `$1${signature.toHex().slice(2).slice(-128)}`)
    expect(await submit(stolen)).toEqual({ code: 1010, message: 'Invalid Transaction', data: 'Transaction has a bad signature' })
    const genesisHash = devnet.genesis
    const versions = { specVersion: 145, transactionVersion: 2 }
    const oldRuntime = call.sign(alice, { nonce, era: '0x00', genesisHash, blockHash: genesisHash, runtimeVersion: versions } as never)
    expect(await submit(oldRuntime.toHex())).toMatchObject({ code: 1010, data: 'Transaction has a bad signature' })
    expect(await submit('0x1234')).toMatchObject({ code: 1001 })
    const pauper = new Keyring({ type: 'sr25519' }).addFromUri('//Pauper')
    expect(await submit((await call.signAsync(pauper, { nonce: 0 })).toHex())).toMatchObject({
      code: 1010,
      data: expect.stringContaining('fees'),
    })

    const next = await call.signAsync(alice, { nonce: nonce + 1 })
    expect(await submit(next.toHex())).toBe(undefined)
    expect(await reader.call('author_pendingExtrinsics')).toEqual([next.toHex()])
    expect((await accountOf(alice.address)).nonce).toBe(nonce)
    expect((await send(call, alice)).error).toBe(null)
    expect(await reader.call('author_pendingExtrinsics')).toEqual([])
    expect((await accountOf(alice.address)).nonce).toBe(nonce + 2)
    reader.close()
  })

  test('no extrinsic stands in a block of the session’s rotation', async () => {
    while (devnet.head() % 600 !== 599) devnet.produce()
    const outcome = await send(api.tx.system!.remark!('0x01'), alice)
    const { number } = await api.rpc.chain.getHeader(outcome.blockHash)
    expect(number.toNumber() % 600).toBe(1)
  })
})

describe('faults', () => {
  let devnet: Devnet
  beforeEach(async () => {
    devnet = await startDevnet({ archive: oddFile })
  })
  afterEach(() => devnet.close())

  const open = async (faults: Faults) => {
    const endpoint = await devnet.serve({ faults })
    return { endpoint, reader: await connect(endpoint.url) }
  }

  test('a connection is cut after so many requests', async () => {
    const { reader } = await open({ dropEvery: 3 })
    await reader.call('system_chain')
    await reader.call('system_chain')
    void reader.ask('system_chain')
    await reader.closed
  })

  test('a share of the requests gets no answer, or null; what is asked in between is right', async () => {
    const { reader, endpoint } = await open({ nullShare: 0.5 })
    const answers = []
    for (let i = 0; i < 4; i++) answers.push(await reader.call('system_chain'))
    expect(answers).toEqual(['odd', null, 'odd', null])
    endpoint.faults.nullShare = 0
    endpoint.faults.stallShare = 0.5
    let stalled = true
    await reader.call('system_name')
    void reader.ask('system_chain').then(() => {
      stalled = false
    })
    await reader.call('system_version')
    expect(stalled).toBe(true)
  })

  test('answers come later, and in their order', async () => {
    const { reader, endpoint } = await open({ latencyMs: 30, slow: { share: 0.5, ms: 30 } })
    const order: string[] = []
    await Promise.all(
      ['system_chain', 'system_name'].map(method =>
        reader.ask(method).then(() => {
          order.push(method)
        }),
      ),
    )
    expect(order).toEqual(['system_chain', 'system_name'])
    expect(endpoint.requests()).toBe(2)
  })

  test('lies are told of one block only, and by one endpoint only', async () => {
    const block = 5_060
    const { reader } = await open({ lieAboutParent: block, wrongEvents: block })
    const honest = await connect(devnet.url)
    const hash = devnet.hashOf(block)
    const decoders = decodersOf(await honest.call<string>('state_getMetadata', [hash]))
    const keys = ['ParentHash', 'Events'].map(item => decoders.key('System', item))
    const at = async (from: typeof reader, n: number) => {
      const [set] = await from.call<{ changes: [string, string][] }[]>('state_queryStorageAt', [keys, devnet.hashOf(n)])
      const header = await from.call<{ parentHash: string }>('chain_getHeader', [devnet.hashOf(n)])
      return { header: header.parentHash, parent: set!.changes[0]![1], names: decoders.events(set!.changes[1]![1]).map(({ name }) => name) }
    }
    const truth = await at(honest, block)
    const told = await at(reader, block)
    expect(truth.parent).toBe(devnet.hashOf(block - 1))
    expect(truth.header).toBe(truth.parent)
    expect(told.parent).not.toBe(truth.parent)
    expect(told.header).toBe(told.parent)
    expect(truth.names.length).toBeGreaterThan(told.names.length)
    expect(await at(reader, block + 1)).toEqual(await at(honest, block + 1))
    honest.close()
  })

  test('an event that the metadata does not have cannot be decoded', async () => {
    const { reader } = await open({ undecodable: 5_060 })
    const decoders = decodersOf(await reader.call<string>('state_getMetadata', [devnet.hashOf(5_060)]))
    const read = async (block: number) =>
      decoders.events(await reader.call<string>('state_getStorage', [decoders.key('System', 'Events'), devnet.hashOf(block)]))
    await expect(read(5_060)).rejects.toThrow()
    expect(await read(5_061)).toHaveLength(1)
  })

  test('old state is gone, answers grow too big, lists are refused', async () => {
    const { reader } = await open({ prunedBelow: 5_050, tooBigChars: 500, refuseLists: true })
    const key = decodersOf(await (await connect(devnet.url)).call<string>('state_getMetadata')).key('Timestamp', 'Now')
    const { error } = await reader.ask('state_getStorage', [key, devnet.hashOf(5_049)])
    expect(error).toMatchObject({ code: 4003, message: expect.stringContaining('State already discarded') })
    expect((await reader.ask('state_getStorage', [key, devnet.hashOf(5_050)])).error).toBe(undefined)
    expect(await reader.call('chain_getHeader', [devnet.hashOf(5_000)])).not.toBe(null)
    expect((await reader.ask('state_getMetadata')).error).toMatchObject({ code: -32702, message: 'Response is too big' })
    expect((await reader.ask('chain_getBlockHash', [[1, 2]])).error).toMatchObject({ code: -32602 })
    expect(await reader.send('[{"jsonrpc":"2.0","id":1,"method":"system_chain"}]')).toMatchObject({ error: { code: -32005 } })
  })

  test('what makes no sense is answered as a node does', async () => {
    const reader = await connect(devnet.url)
    const unknown = `0x${'12'.repeat(32)}`
    expect((await reader.ask('state_getStorage', ['0x00', unknown])).error).toMatchObject({
      code: 4003,
      message: expect.stringContaining('UnknownBlock'),
    })
    expect(await reader.call('chain_getHeader', [unknown])).toBe(null)
    expect(await reader.call('chain_getBlockHash', [devnet.head() + 1])).toBe(null)
    expect(await reader.call('chain_getBlockHash', [['0x1388', 5_001, 1e9]])).toEqual([devnet.hashOf(5_000), devnet.hashOf(5_001), null])
    expect((await reader.ask('state_getStorage', ['0x00', 'head'])).error).toMatchObject({ code: -32602 })
    expect((await reader.ask('no_such')).error).toMatchObject({ code: -32601 })
    expect(await reader.send('{')).toMatchObject({ error: { code: -32700 } })
    expect(
      await reader.send(
        '[{"jsonrpc":"2.0","id":1,"method":"system_chain"},{"jsonrpc":"2.0","id":2,"method":"chain_getBlockHash","params":[0]}]',
      ),
    ).toEqual([
      { jsonrpc: '2.0', id: 1, result: 'odd' },
      { jsonrpc: '2.0', id: 2, result: devnet.genesis },
    ])
    reader.close()
  })
})
