import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importFiles } from '../../src-main/core/index.ts'
import { basisOf } from '../../src-main/jobs/basis.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import { loadEnd } from '../../src-main/store/mint-input.ts'
import { openStore } from '../../src-main/store/open.ts'
import { storedPeriod } from '../../src-main/store/periods.ts'
import {
  type Asked,
  areIndependent,
  type Basis,
  basisSchema,
  basisText,
  countIndependent,
  endpointName,
  singleWord,
} from '../../src-shared/verify.ts'
import { factsOf, madeUpArchive, syncFolder, syncInto } from '../helpers/sync.ts'

let made: Awaited<ReturnType<typeof madeUpArchive>>
let devnet: Devnet
beforeAll(async () => {
  made = await madeUpArchive({ nodes: 4, days: 0.1 })
  devnet = await startDevnet({ archive: made.archive })
})
afterAll(async () => {
  await devnet.close()
  made.remove()
})

function basisIn(dataDir: string): Basis {
  const store = openStore(dataDir, { mode: 'read' })
  try {
    return basisSchema.parse(basisOf(store, storedPeriod(store, 100)))
  } finally {
    store.close()
  }
}

test('blocks of one endpoint: it is named, nothing was compared, and that is one word only', async () => {
  const dataDir = join(made.folder, 'one')
  await syncFolder(dataDir, { endpoints: [devnet.url] })
  const basis = basisIn(dataDir)
  expect(basis).toMatchObject({ network: 'demo', genesis: devnet.genesis, period: 100, wholeGrid: true, storageProofs: false })
  const all = basis.blocks.last - basis.blocks.first + 1
  const told = [endpointName(devnet.url)]
  const snapshots = { start: told, end: told }
  expect(basis.source).toEqual({ kind: 'chain', endpoints: told, readBlocks: all, comparedBlocks: 0, snapshots })
  expect(singleWord(basis)).toContain('the one endpoint')
  expect(basisText(basis).join('\n')).toContain('No storage proofs were checked.')
  expect(basisText(basis).join('\n')).not.toContain('not known who was asked')
})

test('the share that two endpoints were asked for is kept over stops and goes on from there', async () => {
  const dataDir = join(made.folder, 'two')
  const other = await devnet.serve({ faults: {} })
  try {
    const store = openStore(dataDir, { mode: 'write' })
    const middle = Math.floor(devnet.head() - 500)
    await syncInto(store, { endpoints: [devnet.url], until: middle })
    store.close()
    const before = basisIn(dataDir)
    await syncFolder(dataDir, { endpoints: [devnet.url, other.url], compareShare: 1 })
    const basis = basisIn(dataDir)
    const { source, blocks } = basis
    if (source.kind !== 'chain' || before.source.kind !== 'chain') throw new Error('not of a chain')
    expect(source.endpoints).toEqual([devnet.url, other.url].map(endpointName).sort())
    expect(source.readBlocks).toBe(blocks.last - blocks.first + 1)
    expect(source.comparedBlocks).toBeGreaterThan(0)
    expect(source.comparedBlocks).toBeLessThanOrEqual(source.readBlocks - before.source.readBlocks)
    // the start was read before there was a second endpoint, and was compared since
    expect(source.snapshots?.start).toHaveLength(2)
    expect(source.snapshots?.end).toHaveLength(2)
    expect(singleWord(basis)).toBeNull()
  } finally {
    await other.close()
  }
})

test('an endpoint that tells another payout address stops it; without it, what it told is read again', async () => {
  const store = openStore(join(made.folder, 'liar'), { mode: 'write' })
  const liar = await devnet.serve({ faults: { wrongPayout: 1 } })
  const third = await devnet.serve({ faults: {} })
  const addressesIn = () => loadEnd(store, storedPeriod(store, 100)).payoutAddresses
  try {
    const middle = devnet.head() - 500
    // alone it is believed, and that is said
    await syncInto(store, { endpoints: [liar.url], until: middle })
    expect(singleWord(basisOf(store, storedPeriod(store, 100)))).toContain('the one endpoint')
    const told = addressesIn()
    await expect(syncInto(store, { endpoints: [liar.url, devnet.url], compareShare: 1 })).rejects.toMatchObject({
      code: 'chain.differs',
      message: expect.stringContaining('the payout address of farm 1'),
    })
    await syncInto(store, { endpoints: [devnet.url, third.url], compareShare: 1 })
    const right = addressesIn()
    expect(right).not.toEqual(told)
    expect(right.map(({ farm_id: farm }) => farm)).toEqual(told.map(({ farm_id: farm }) => farm))
    expect(singleWord(basisOf(store, storedPeriod(store, 100)))).toBeNull()
  } finally {
    store.close()
    await liar.close()
    await third.close()
  }
})

test('a start that only a liar told is read again with all that follows it', async () => {
  const dataDir = join(made.folder, 'price')
  const liar = await devnet.serve({ faults: { wrongPrice: 1 } })
  const told = '\\"connectionPrice\\":1,'
  const third = await devnet.serve({ faults: {} })
  try {
    await syncFolder(dataDir, { endpoints: [liar.url], until: devnet.head() - 500 })
    expect(JSON.stringify(factsOf(dataDir))).toContain(told)
    await expect(syncFolder(dataDir, { endpoints: [liar.url, devnet.url], compareShare: 1 })).rejects.toMatchObject({
      code: 'chain.differs',
      message: expect.stringContaining('the connection price'),
    })
    await syncFolder(dataDir, { endpoints: [devnet.url, third.url], compareShare: 1 })
    expect(JSON.stringify(factsOf(dataDir))).not.toContain(told)
    expect(factsOf(dataDir)).toEqual(factsOf(join(made.folder, 'two')))
    expect(singleWord(basisIn(dataDir))).toBeNull()
  } finally {
    await liar.close()
    await third.close()
  }
})

test('an archive rests on its file', async () => {
  const dataDir = join(made.folder, 'archive')
  await importFiles({ dataDir, files: [made.archive], actor: 'test' }, {})
  const basis = basisIn(dataDir)
  expect(basis.source).toMatchObject({ kind: 'archive', name: 'archive.ndjson' })
  expect(basis.genesis).toBeNull()
  expect(singleWord(basis)).toContain('archive.ndjson')
  expect(basisText(basis)[0]).toContain(basis.digest)
})

test('what is not known is said: blocks from before this was kept, a part of the grid, an unfinished period', () => {
  const both = ['wss://a.example', 'wss://b.example']
  const asked: Asked = { endpoints: both, readBlocks: 60, comparedBlocks: 6, snapshots: { start: both, end: both } }
  const basis: Basis = {
    ...{ network: 'main', genesis: '0xab', period: 80, digest: 'cd', blocks: { first: 1, last: 100 }, complete: false, wholeGrid: false },
    ...{ source: { kind: 'chain', ...asked }, storageProofs: false },
  }
  const text = basisText(basis).join('\n')
  expect(text).toContain('Rests on 2 endpoints: wss://a.example, wss://b.example.')
  expect(text).toContain('The events of 6 of 60 blocks (10.0 %) were compared between independent endpoints.')
  expect(text).toContain('Of 40 more blocks it is not known who was asked')
  expect(text).toContain('Only some farms and nodes are followed')
  expect(text).toContain('figures may still change')
  expect(text).toContain('Farms, policies and payout addresses at the end were told alike by wss://a.example and wss://b.example.')
  expect(singleWord(basis)).toBeNull()
  const of = (change: Partial<typeof asked>) => singleWord({ ...basis, source: { kind: 'chain', ...asked, ...change } })
  expect(of({ comparedBlocks: 0 })).toContain('no block was compared')
  expect(of({ endpoints: ['wss://a.example', 'wss://a.example:1'] })).toContain('no two independent endpoints')
  expect(of({ endpoints: [] })).toContain('no two independent endpoints')
  expect(of({ snapshots: undefined })).toContain('payout addresses at the end were not compared')
  expect(of({ snapshots: { start: both, end: ['wss://b.example'] } })).toContain(
    'payout addresses at the end rest on the word of wss://b.example',
  )
  expect(of({ snapshots: { start: ['wss://a.example', 'wss://a.example:1'], end: both } })).toContain(
    'prices at the start rest on the word',
  )
})

test('who runs an endpoint is told by its host; what could be a key to it is not passed on', () => {
  expect(areIndependent('wss://a.example/x', 'wss://a.example:444/y')).toBe(false)
  expect(areIndependent('wss://a.example', 'wss://b.example')).toBe(true)
  expect(areIndependent('ws://127.0.0.1:1', 'ws://127.0.0.1:2')).toBe(true)
  expect(countIndependent(['wss://a.example', 'wss://a.example/2', 'wss://b.example'])).toBe(2)
  expect(endpointName('wss://a.example:444/secret?key=1')).toBe('wss://a.example:444')
})
