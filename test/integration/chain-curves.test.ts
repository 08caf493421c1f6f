import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildRuntime } from '../../src-main/clients/tfchain/runtime.ts'
import type { StateReader } from '../../src-main/clients/tfchain/state.ts'
import { createChainCurves } from '../../src-main/core/chain-curves.ts'
import { palletAccount } from '../../src-main/engines/curve/account.ts'
import { PRECISION, quoteMint } from '../../src-main/engines/curve/quote.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { askCurves, curvesAt } from '../../src-main/jobs/sync/ask-curves.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import type { Topic } from '../../src-shared/contract.ts'
import { sendAs } from '../helpers/devnet-sender.ts'
import { granary } from '../helpers/granary.ts'
import { writeOddArchive } from '../helpers/odd-archive.ts'
import { encodeTree, hexOf, tinyTree } from '../helpers/tiny-metadata.ts'

/* The minting curves of a chain: on a devnet, which has the pallet; by a runtime that has it in another form, and by one that has none. */

const address = '5EYCAe5jXfhqLzusixrt2Ch3ZateFvpRuiGFejB9K4oodMC1'

describe('a devnet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-chain-curves-'))
  const topics: Topic[] = []
  let devnet: Devnet
  let store: Store
  let nowTs = 1_700_000_000
  let network: string | null = null
  beforeAll(async () => {
    const archive = join(folder, 'odd.ndjson')
    await writeOddArchive(archive)
    devnet = await startDevnet({ archive })
    store = openStore(join(folder, 'data'), { mode: 'write' })
  })
  afterAll(async () => {
    store.close()
    await devnet.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const curves = (now: boolean, canWrite = true) =>
    createChainCurves({
      ...{ books: store, network: () => network, endpointsOf: () => ({ endpoints: [devnet.url], genesis: devnet.genesis }) },
      ask: (input, signal) => askCurves(input, signal),
      ...{ changed: (...names) => void topics.push(...names), canWrite, nowTs: () => nowTs },
    })['chain.curves']({ now })

  test('is read at its finalized head, shows what is minted there, and stands as it was read last when it is away', async () => {
    expect(await curves(true)).toEqual({ network: null, read: null, readTs: null, problem: null })
    network = 'devnet'
    expect(await curves(false)).toEqual({ network, read: null, readTs: null, problem: null })
    const before = await curves(true, false)
    // nothing is kept by a view that only reads
    expect([before.read?.curves, topics, (await curves(false)).read]).toEqual([[], [], null])
    expect(before.read).toMatchObject({
      ...{ pallet: 'TokenMintingCurve', precision: PRECISION, block: devnet.head(), blockHash: devnet.hashOf(devnet.head()) },
      account: { address, saidPalletId: 'tmcurve0', saidAddress: address, check: 'same', exists: false },
    })

    const [price, slope, payment] = [3_000_000_000n, 7_000n, 40_000_000n]
    await sendAs(devnet.url, '//Alice', tx => tx.tokenMintingCurve!.createCurve!(7, 0, slope, price))
    await sendAs(devnet.url, '//Bob', tx => tx.tokenMintingCurve!.mint!(7, payment))
    const shape = { initialPrice: price, slope, initialIssuanceUnits: 0n, precision: PRECISION }
    const quote = quoteMint(shape, 0n, payment, { pricing: 'spot' })
    const { read } = await curves(true)
    expect(read?.curves).toEqual([
      {
        ...{ asset: 7, foreignAsset: 0, creator: expect.stringMatching(/^5G/), initialPrice: price, slope, initialIssuance: 0n },
        ...{ issuance: quote.mintedUnits, supply: quote.mintedUnits, price: quote.spotAfter, held: quote.zapUnits },
      },
    ])
    expect(topics).toEqual(['chain'])

    const asked = ['chain', 'curves', '--network', 'devnet', '--endpoint', devnet.url, '--data', join(folder, 'data')]
    const told = await granary(...asked)
    expect([told.code, told.err]).toEqual([0, ''])
    expect(told.out).toContain(`Account of the pallet: ${address}\n  the same by the id that the chain names, tmcurve0`)
    expect(told.out).toMatch(new RegExp(`7 +0 +0\\.00300\\d* +0\\.003 +${quote.mintedUnits} +${quote.mintedUnits} +${quote.zapUnits}`))
    expect(JSON.parse((await granary(...asked, '--json')).out).read.curves[0]).toMatchObject({ asset: 7, slope: String(slope) })

    await devnet.close()
    nowTs += 60
    const away = await curves(true)
    expect(away).toMatchObject({ read, readTs: nowTs - 60, problem: expect.stringContaining('No endpoint') })
    expect(await curves(false)).toEqual({ ...away, problem: null })
  })
})

describe('another runtime', () => {
  const { tree, type } = tinyTree()
  const curveAccount = palletAccount('tmcurve0')

  /** The state of a chain as if these values stood in it. */
  function stateOf(withPallet: boolean, values: Record<string, Uint8Array>): StateReader {
    const runtime = buildRuntime(encodeTree(withPallet ? tree : tinyTree().tree))
    const nameOf = (pallet: string, item: string, keys: (number | Uint8Array)[]) =>
      [pallet, item, ...keys.map(key => (typeof key === 'number' ? key : Buffer.from(key).toString('hex')))].join(' ')
    return {
      ...{ block: { n: 9, hash: '0x09', ts: 54 }, runtime, some: async () => [] },
      value: async (pallet, item, ...keys) => values[nameOf(pallet, item, keys)] ?? null,
      all: async (pallet, item) =>
        Object.entries(values).flatMap(([name, value]): [number, Uint8Array][] => {
          const [inPallet, inItem, key] = name.split(' ')
          return inPallet === pallet && inItem === item ? [[Number(key), value]] : []
        }),
    }
  }
  const u128 = (value: bigint) => Buffer.from(value.toString(16).padStart(32, '0'), 'hex').reverse()
  const u32 = (value: number) => u128(BigInt(value)).subarray(0, 4)

  test('that has no minting curve says so', async () => {
    expect(await curvesAt(stateOf(false, {}))).toMatchObject({ block: 9, pallet: null, curves: [], account: null })
  })

  test('is read by names, whatever the pallet is called and wherever the assets are; another id gives another account', async () => {
    const number = (name: string, of: number) => ({ name, type: of, typeName: undefined, docs: [] })
    const add = (value: (typeof tree.lookup)[number]['def']) => {
      tree.lookup.push({ id: tree.lookup.length, path: [], params: [], def: value, docs: [] })
      return tree.lookup.length - 1
    }
    const struct = (...fields: [string, number][]) => add({ tag: 'composite', value: fields.map(([name, of]) => number(name, of)) })
    const [small, large] = [type.u32!, type.u128!]
    const record = struct(
      ['slope', large],
      ['initial_issuance', large],
      ['paused', type.bool!],
      ['foreign_asset_id', small],
      ['initial_price', large],
    )
    const details = struct(['supply', large], ['deposit', large])
    const holding = struct(['balance', large])
    const data = struct(['free', large])
    const account = struct(['nonce', small], ['data', data])
    const events = add({
      tag: 'variant',
      value: ['CurveCreated', 'CurveUpdated'].map((name, index) => ({ name, fields: [], index, docs: [] })),
    })
    const map = (name: string, value: number, ...keys: number[]) => ({
      ...{ name, modifier: 0, fallback: '0x00' as const, docs: [] },
      type: {
        tag: 'map' as const,
        value: {
          hashers: keys.map(() => ({ tag: 'Blake2128Concat' as const, value: undefined })),
          ...{ key: keys.length === 1 ? keys[0]! : add({ tag: 'tuple', value: keys }), value },
        },
      },
    })
    const pallet = (name: string, index: number, items: ReturnType<typeof map>[]) => ({
      ...{ name, index, storage: { prefix: name, items }, calls: undefined, errors: undefined, docs: [] },
      ...{ events: name === 'Bonding' ? events : undefined, constants: [] as (typeof tree.pallets)[number]['constants'] },
    })
    const bonding = pallet('Bonding', 60, [map('Curves', record, small)])
    const eight = add({ tag: 'array', value: { len: 8, type: type.u8! } })
    bonding.constants.push({ name: 'PalletId', type: eight, value: hexOf(Buffer.from('othercrv')), docs: [] })
    tree.pallets.push(bonding, pallet('Assets', 61, [map('Asset', details, small), map('Account', holding, small, type.AccountId!)]))
    tree.pallets[0]!.storage!.items.push(map('Account', account, type.AccountId!))

    const ofPallet = Buffer.from(curveAccount).toString('hex')
    const state = stateOf(true, {
      'Bonding Curves 5': Buffer.concat([u128(10n ** 6n), u128(100n), Buffer.from([1]), u32(3), u128(PRECISION)]),
      'Bonding Curves 6': Buffer.concat([u128(2n ** 127n), u128(0n), Buffer.from([0]), u32(0), u128(2n ** 128n - 1n)]),
      'Assets Asset 5': Buffer.concat([u128(100n + 10n ** 7n), u128(0n)]),
      [`Assets Account 5 ${ofPallet}`]: u128(66n),
      [`System Account ${ofPallet}`]: Buffer.concat([u32(0), u128(1n)]),
    })
    const read = await curvesAt(state)
    expect(read).toMatchObject({ pallet: 'Bonding', account: { address, exists: true, check: 'differs', saidPalletId: 'othercrv' } })
    expect(read.account?.saidAddress).not.toBe(address)
    expect(read.curves).toEqual([
      {
        ...{ asset: 5, foreignAsset: 3, creator: null, initialPrice: PRECISION, slope: 10n ** 6n, initialIssuance: 100n },
        ...{ issuance: 100n + 10n ** 7n, supply: 10n ** 7n, price: PRECISION + 10n, held: 66n },
      },
      expect.objectContaining({ asset: 6, issuance: 0n, price: 2n ** 128n - 1n, held: 0n }),
    ])
  })
})
