import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { openChain } from '../../src-main/clients/tfchain/chain.ts'
import { blockAt, findBlockAfter } from '../../src-main/clients/tfchain/find-block.ts'
import { type ReadBlocksOptions, type ReadCounts, readBlocks } from '../../src-main/clients/tfchain/read-blocks.ts'
import type { Chain, ChainBlock, Hex } from '../../src-main/clients/tfchain/types.ts'
import { AppError } from '../../src-shared/errors.ts'
import { type FakeBlock, type FakeNode, type Faults, makeFakeChain, RpcFault, startFakeNode, systemKeys } from '../helpers/fake-node.ts'
import { runs } from '../helpers/runs.ts'

const blocks = makeFakeChain(2500)
const quick = { timeoutMs: 500, giveUpMs: 3000, silentMs: 1000, backoffMs: 10 }

const toClose: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of toClose.splice(0).reverse()) await each.close()
})

async function node(...args: Parameters<typeof startFakeNode>): Promise<FakeNode> {
  const started = await startFakeNode(...args)
  toClose.push(started)
  return started
}

/** Waits long for an answer: on a busy machine a slow one must not be asked for twice, which would change what is counted. */
function open(...nodes: FakeNode[]): Promise<Chain> {
  return openWith({ ...quick, timeoutMs: 20_000, giveUpMs: 30_000 }, nodes)
}

async function openWith(waits: typeof quick, nodes: FakeNode[]): Promise<Chain> {
  const chain = await openChain({ endpoints: nodes.map(({ url }) => url), ...waits })
  toClose.push(chain)
  const deadlineMs = performance.now() + 20_000
  while (chain.ready().length < nodes.length && performance.now() < deadlineMs) await pause(5)
  return chain
}

/** Reads, and checks that what is delivered is the chain, from the first block without a gap. */
async function read(chain: Chain, options: Partial<ReadBlocksOptions> = {}, from = blocks) {
  const first = options.from ?? 1
  const delivered: ChainBlock[] = []
  const all = { from: first, to: 2500, parentHash: from[first - 1]?.hash ?? null, keys: systemKeys, compareShare: 0, ...options }
  let counts: ReadCounts = { read: 0, compared: 0 }
  let error: AppError | null = null
  try {
    counts = await readBlocks(chain, all, block => {
      delivered.push(block)
    })
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown
    error = thrown
  }
  expectChain(delivered, first, from)
  if (!error)
    expect({ delivered: delivered.length, counts: counts.read }).toEqual({ delivered: all.to - first + 1, counts: delivered.length })
  return { delivered, counts, error }
}

function expectChain(delivered: ChainBlock[], first: number, from: FakeBlock[]): void {
  const wrong = delivered.find(({ n, hash, timestampMs, events }, i) => {
    const block = from[first + i]!
    const raw = block.storage[systemKeys.events] ?? '0x'
    return n !== block.n || hash !== block.hash || timestampMs !== block.timestampMs || Buffer.from(events).toString('hex') !== raw.slice(2)
  })
  expect(wrong).toBeUndefined()
}

/** An answer of the endpoint's, with other values for one block. */
function lieAbout(
  n: number,
  changes: Partial<Record<keyof typeof systemKeys, Hex | null>>,
  times = Number.POSITIVE_INFINITY,
  from = blocks,
): Faults['answer'] {
  let left = times
  return (method, params, honest) => {
    if (method !== 'state_queryStorageAt' || params[1] !== from[n]!.hash || left-- <= 0) return honest()
    const [set] = honest() as { changes: [Hex, Hex | null][] }[]
    const lies = new Map(Object.entries(changes).map(([name, value]) => [systemKeys[name as keyof typeof systemKeys], value]))
    return [{ ...set, changes: set!.changes.map(([key, value]) => [key, lies.has(key) ? lies.get(key) : value]) }]
  }
}

test('blocks come in order, each once, with three requests per thousand besides', async () => {
  const fake = await node(blocks)
  const chain = await open(fake)
  const batches: ReadCounts[] = []
  const before = fake.asked.length
  const { counts } = await read(chain, {
    onBatch: batch => {
      batches.push(batch)
    },
  })
  expect(counts).toEqual({ read: 2500, compared: 0 })
  expect(batches.map(batch => batch.read)).toEqual([1000, 2000, 2500])
  expect(fake.asked.length - before).toBeLessThanOrEqual(2500 + 3 * 3)
  expect((await read(chain, { from: 0, to: 3, parentHash: null })).delivered.map(({ n }) => n)).toEqual([0, 1, 2, 3])
  expect((await read(chain, { from: 1000, to: 1000 })).error).toBeNull()
  expect(await readBlocks(chain, { from: 5, to: 4, parentHash: null, keys: systemKeys, compareShare: 0 }, () => undefined)).toEqual({
    read: 0,
    compared: 0,
  })
})

test('an endpoint that takes no lists, drops connections, is slow: the same blocks', async () => {
  for (const faults of [{ refusesLists: true }, { dropAfter: 200 }, { delayMs: 15 }]) {
    const fake = await node(blocks, faults)
    const { error } = await read(await open(fake), { to: 1300 })
    expect(error).toBeNull()
  }
})

test('an answer that is too big for it is asked for in halves', async () => {
  const fake = await node(blocks, {
    answer: (_method, [n], honest) => {
      if (Array.isArray(n) && n.length > 300) throw new RpcFault(-32702, 'Response is too big')
      return honest()
    },
  })
  expect((await read(await open(fake))).error).toBeNull()
})

test('the other endpoint takes over in the middle', async () => {
  for (const fault of [{ stalls: true }, { prunedBelow: 2501 }]) {
    const first = await node(blocks)
    const second = await node(blocks, { delayMs: 1 })
    const chain = await openWith(quick, [first, second])
    let seen = 0
    await readBlocks(
      chain,
      { from: 1, to: 2500, parentHash: blocks[0]!.hash, keys: systemKeys, compareShare: 0, blocksAhead: 64 },
      block => {
        expect(block.hash).toBe(blocks[++seen]!.hash)
        if (seen === 700) Object.assign(first.faults, fault)
        if (seen === 700 && 'stalls' in fault) first.dropAll()
      },
    )
    expect(seen).toBe(2500)
  }
})

test('a wrong answer that does not come again changes nothing', async () => {
  const fake = await node(blocks)
  const chain = await open(fake)
  for (const changes of [
    { parentHash: blocks[3]!.hash },
    { parentHash: null },
    { number: '0x00000000' },
    { number: null },
    { timestamp: null },
    { events: null },
    { timestamp: `0x${'00'.repeat(8)}` },
  ]) {
    fake.faults.answer = lieAbout(1500, changes, 1)
    expect((await read(chain, { from: 1400, to: 1600 })).error).toBeNull()
  }
  let isWrong = true
  fake.faults.answer = (method, [n], honest) => {
    if (method !== 'chain_getBlockHash' || !Array.isArray(n) || !isWrong) return honest()
    isWrong = false
    return (honest() as Hex[]).map((hash, i) => (i === 50 ? blocks[3]!.hash : hash))
  }
  expect((await read(chain, { from: 1400, to: 1600 })).error).toBeNull()
  for (const lie of [null, { ...blocks[3]!.header }]) {
    isWrong = true
    fake.faults.answer = (method, _params, honest) => {
      if (method !== 'chain_getHeader' || !isWrong) return honest()
      isWrong = false
      return lie
    }
    expect((await read(chain, { from: 1400, to: 1600 })).error).toBeNull()
  }
})

test('a wrong answer that stays ends the reading before that block', async () => {
  const fake = await node(blocks)
  const chain = await open(fake)
  const cases: [Parameters<typeof lieAbout>[1], string][] = [
    [{ parentHash: blocks[3]!.hash }, 'chain.parent'],
    [{ number: '0x01000000' }, 'chain.parent'],
    [{ timestamp: `0x${'00'.repeat(8)}` }, 'chain.parent'],
    [{ parentHash: null }, 'chain.answer'],
    [{ timestamp: null }, 'chain.answer'],
    [{ number: null }, 'chain.answer'],
    [{ events: '0x0' }, 'chain.answer'],
    [{ events: '0xzz' }, 'chain.answer'],
    [{ timestamp: '0x00' }, 'chain.answer'],
  ]
  for (const [changes, code] of cases) {
    fake.faults.answer = lieAbout(1500, changes)
    const { error, delivered } = await read(chain, { from: 1400, to: 1600 })
    expect({ changes, code: error?.code, details: error?.details }).toMatchObject({
      changes,
      code,
      details: { block: 1500, url: fake.url },
    })
    expect(delivered.length).toBe(100)
  }
  // without events at all, said twice: there are none
  fake.faults.answer = lieAbout(1500, { events: null })
  const found: ChainBlock[] = []
  await readBlocks(chain, { from: 1499, to: 1501, parentHash: null, keys: systemKeys, compareShare: 0 }, block => {
    found.push(block)
  })
  expect(found.map(({ events }) => events.length)).toEqual([9, 0, 9])
})

test('a first block that does not stand on what is stored is refused', async () => {
  const { error, delivered } = await read(await open(await node(blocks)), { from: 1400, to: 1600, parentHash: blocks[3]!.hash })
  expect(error).toMatchObject({ code: 'chain.parent', details: { block: 1400 } })
  expect(delivered).toEqual([])
})

test('a header that does not hash up, a hash that is null, no list at all', async () => {
  const fake = await node(blocks)
  const chain = await open(fake)
  const cases: [string, (method: string, params: unknown[], honest: () => unknown) => unknown][] = [
    [
      'chain.parent',
      (method, _p, honest) => (method === 'chain_getHeader' ? { ...blocks[1600]!.header, stateRoot: blocks[1]!.hash } : honest()),
    ],
    ['chain.parent', (method, _p, honest) => (method === 'chain_getHeader' ? null : honest())],
    ['chain.answer', (method, _p, honest) => (method === 'chain_getBlockHash' ? null : honest())],
    ['chain.answer', (method, _p, honest) => (method === 'chain_getBlockHash' ? (honest() as Hex[]).fill('0x12') : honest())],
    ['chain.answer', (method, [n], honest) => (method === 'chain_getBlockHash' && Array.isArray(n) ? n.map(() => null) : honest())],
    ['chain.answer', (method, _p, honest) => (method === 'state_queryStorageAt' ? null : honest())],
    ['chain.answer', (method, _p, honest) => (method === 'state_queryStorageAt' ? [{ changes: [7] }] : honest())],
  ]
  for (const [code, answer] of cases) {
    fake.faults.answer = answer
    const { error, delivered } = await read(chain, { from: 1400, to: 1600 })
    expect({ answer: String(answer), code: error?.code }).toEqual({ answer: String(answer), code })
    expect(delivered).toEqual([])
  }
  // what was asked for null would be answered for the latest block
  expect(fake.asked.filter(({ params }) => params.length > 0 && params.at(-1) === null)).toEqual([])
  fake.faults.answer = null
  const { error } = await read(chain, { from: 2490, to: 2510 })
  expect(error).toMatchObject({ code: 'chain.answer', details: { block: 2501 } })
})

test('two endpoints that disagree halt it, naming both', async () => {
  const honest = await node(blocks)
  const liar = await node(blocks)
  const chain = await open(honest, liar)
  const halt = { code: 'chain.differs', details: { block: 1500 } }
  const range = { from: 1400, to: 1600 }
  // events of another: only whoever compares sees it
  liar.faults.answer = lieAbout(1500, { events: '0x0499' })
  const all = await read(chain, { ...range, compareShare: 1 })
  expect(all.error).toMatchObject(halt)
  expect(all.error?.message).toContain(honest.url)
  expect(all.error?.message).toContain(liar.url)
  // hashes are always compared
  liar.faults.answer = (method, [n], plain) =>
    method === 'chain_getBlockHash' && Array.isArray(n)
      ? (plain() as Hex[]).map((hash, i) => (n[i] === 1500 ? blocks[3]!.hash : hash))
      : plain()
  expect((await read(chain, range)).error).toMatchObject(halt)
  // a parent that is wrong at the one that is asked first, and stays wrong
  liar.faults.answer = null
  honest.faults.answer = lieAbout(1500, { parentHash: blocks[3]!.hash })
  // so few that all are asked of the first
  const few = { from: 1495, to: 1505 }
  expect((await read(chain, few)).error).toMatchObject(halt)
  // both say the same: the block does not stand on what came before
  liar.faults.answer = lieAbout(1500, { parentHash: blocks[3]!.hash })
  expect((await read(chain, few)).error).toMatchObject({ code: 'chain.parent', details: { block: 1500 } })
})

test('the share that is compared is about the one that was asked for; an endpoint that is away is no disagreement', async () => {
  const first = await node(blocks)
  const second = await node(blocks)
  const chain = await openWith(quick, [first, second])
  let turn = 0
  const { counts } = await read(chain, { to: 1000, compareShare: 0.25, random: () => (turn++ % 4) / 4 })
  expect(counts).toEqual({ read: 1000, compared: 250 })
  expect((await read(chain, { to: 300, compareShare: 1 })).counts.compared).toBe(300)
  // it has not come so far
  second.finalize(100)
  expect((await read(chain, { to: 300, compareShare: 1 })).counts.compared).toBe(100)
  second.faults.stalls = true
  second.dropAll()
  expect((await read(chain, { to: 300, compareShare: 1 })).error).toBeNull()
})

test('a reader that takes its time keeps the queue from growing', async () => {
  const heavy = makeFakeChain(800, { events: n => `0x${(n % 256).toString(16).padStart(2, '0').repeat(40_000)}` })
  const fake = await node(heavy)
  const chain = await open(fake)
  let release = (): void => undefined
  let count = 0
  const isAt = (n: number) => n === 1 || n === 400
  const reading = readBlocks(
    chain,
    { from: 1, to: 800, parentHash: heavy[0]!.hash, keys: systemKeys, compareShare: 0, bytesAhead: 1_000_000 },
    block => {
      count = block.n
      return isAt(block.n) ? new Promise<void>(resolve => (release = resolve)) : undefined
    },
  )
  for (const n of [1, 400]) {
    while (count < n) await pause(10)
    let asked = -1
    while (asked !== fake.asked.length) {
      asked = fake.asked.length
      await pause(100)
    }
    const states = fake.asked.filter(({ method, params }) => method === 'state_queryStorageAt' && (params[0] as Hex[]).length === 4).length
    // once the usual size is known, some twenty-five of 40 kB; before, as many as fit if they were small
    expect(states - n).toBeLessThan(n === 1 ? 260 : 60)
    release()
  }
  expect(await reading).toEqual({ read: 800, compared: 0 })

  const light = await node(blocks)
  const other = await open(light)
  let done = (): void => undefined
  const blocked = readBlocks(other, { from: 1, to: 2500, parentHash: null, keys: systemKeys, compareShare: 0, blocksAhead: 40 }, ({ n }) =>
    n === 1 ? new Promise<void>(resolve => (done = resolve)) : undefined,
  )
  await pause(300)
  expect(light.asked.filter(({ method }) => method === 'state_queryStorageAt').length).toBeLessThanOrEqual(41)
  done()
  await blocked
})

test('it stops at once when told so, or when whoever takes the blocks throws; nothing stays under way', async () => {
  const fake = await node(blocks, { delayMs: 20 })
  const chain = await open(fake)
  const stop = new AbortController()
  let seen = 0
  const options = { from: 1, to: 2500, parentHash: null, keys: systemKeys, compareShare: 0 }
  await expect(
    readBlocks(chain, { ...options, signal: stop.signal }, () => {
      if (++seen === 100) stop.abort()
      expect(seen).toBeLessThanOrEqual(100)
    }),
  ).rejects.toMatchObject({ code: 'cancelled' })
  await expect(readBlocks(chain, { ...options, signal: stop.signal }, () => undefined)).rejects.toMatchObject({ code: 'cancelled' })
  await expect(
    readBlocks(chain, options, ({ n }) => {
      if (n === 50) throw new AppError('io.full', 'full')
    }),
  ).rejects.toMatchObject({ code: 'io.full' })
  const sent = chain.states()[0]!.requests
  await pause(60)
  expect(chain.states()[0]!.requests).toBe(sent)
  // the chain itself is as good as before
  expect((await read(chain, { to: 1100 })).error).toBeNull()
})

test('whatever goes wrong for a moment: the same blocks, or an error that names one', async () => {
  const faultKinds = ['drop', 'mute', 'busy', 'null', 'parent', 'hash', 'odd'] as const
  const small = blocks.slice(0, 301)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 4, max: 330 }), fc.constantFrom(...faultKinds)), { maxLength: 8 }),
      fc.boolean(),
      async (plan, isTwo) => {
        const due = new Map(plan)
        let asked = 0
        const answer: Faults['answer'] = (method, params, honest) => {
          const fault = due.get(++asked)
          const value = honest()
          if (fault === 'drop') fakes[0]!.dropAll()
          if (fault === 'mute') return undefined
          if (fault === 'busy') throw new RpcFault(-32999, 'RPC rate limit exceeded')
          if (fault === 'null') return null
          if (fault === 'odd') return { odd: 1 }
          if (fault === 'hash' && method === 'chain_getBlockHash' && Array.isArray(value)) return value.toReversed()
          if (fault === 'parent' && method === 'state_queryStorageAt')
            return lieAbout(params[1] === small[9]!.hash ? 9 : 10, { parentHash: small[1]!.hash })!(method, params, honest)
          return value
        }
        const fakes = await Promise.all(
          isTwo ? [startFakeNode(small, { answer }), startFakeNode(small)] : [startFakeNode(small, { answer })],
        )
        const chain = await openChain({ endpoints: fakes.map(({ url }) => url), ...quick, timeoutMs: 200 })
        try {
          const { error } = await read(chain, { to: 300, compareShare: 0.1 }, small)
          if (error) expect(error.code).toMatch(/^chain\.(parent|answer|differs)$/)
        } finally {
          await chain.close()
          for (const fake of fakes) await fake.close()
        }
      },
    ),
    runs(6, 500),
  )
})

test('the first block after a time is the one that a walk finds', async () => {
  const steps = fc.array(fc.constantFrom(0, 1, 999, 6000, 6000, 6000, 60_000, 3_000_000), { minLength: 1, maxLength: 400 })
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), async (gaps, picks) => {
      const times = [0]
      for (const gap of gaps) times.push(Math.max(times.at(-1)!, 1_700_000_000_123) + gap)
      const made = makeFakeChain(gaps.length, { timestampMs: n => times[n]! })
      const fake = await startFakeNode(made)
      const chain = await openChain({ endpoints: [fake.url], ...quick })
      try {
        const seconds = picks.map(pick => Math.floor(times[pick % times.length]! / 1000) + ((pick >> 4) % 3) - 1)
        for (const ts of [0, 1_600_000_000, 2_000_000_000, ...seconds]) {
          const expected = made.find(({ n, timestampMs }) => n > 0 && Math.floor(timestampMs / 1000) > ts) ?? null
          const find = (low: number) => findBlockAfter(chain, ts, { head: gaps.length, timestampKey: systemKeys.timestamp, low })
          for (const low of [0, picks[0]! % (gaps.length + 1)])
            expect(await find(low)).toEqual(expected && { n: expected.n, hash: expected.hash, timestampMs: expected.timestampMs })
        }
      } finally {
        await chain.close()
        await fake.close()
      }
    }),
    runs(5, 500),
  )
})

test('a search takes few requests, and says what it can not find', async () => {
  const long = makeFakeChain(6000)
  const fake = await node(long)
  const chain = await open(fake)
  const options = { head: 6000, timestampKey: systemKeys.timestamp }
  const before = fake.asked.length
  expect((await findBlockAfter(chain, long[2345]!.timestampMs / 1000, options))?.n).toBe(2346)
  expect(fake.asked.length - before).toBeLessThan(60)
  expect(await findBlockAfter(chain, long[6000]!.timestampMs / 1000, options)).toBeNull()
  expect(await findBlockAfter(chain, 0, { ...options, head: 0 })).toBeNull()
  expect(await blockAt(chain, 0, systemKeys.timestamp)).toEqual({ n: 0, hash: long[0]!.hash, timestampMs: 0 })
  expect(await blockAt(chain, 7, systemKeys.timestamp)).toEqual({ n: 7, hash: long[7]!.hash, timestampMs: long[7]!.timestampMs })
  await expect(blockAt(chain, 30_000, systemKeys.timestamp)).rejects.toMatchObject({ code: 'chain.answer', details: { block: 30_000 } })
  fake.faults.answer = lieAbout(7, { timestamp: null }, 1, long)
  expect((await blockAt(chain, 7, systemKeys.timestamp)).timestampMs).toBe(long[7]!.timestampMs)
  fake.faults.answer = lieAbout(7, { timestamp: null }, 9, long)
  await expect(blockAt(chain, 7, systemKeys.timestamp)).rejects.toMatchObject({ code: 'chain.answer', details: { block: 7 } })
})

test('a block that only one endpoint has so far is found', async () => {
  const behind = await node(blocks, {}, 100)
  const ahead = await node(blocks)
  const chain = await open(behind, ahead)
  expect((await blockAt(chain, 200, systemKeys.timestamp)).hash).toBe(blocks[200]!.hash)
  expect((await read(chain, { from: 90, to: 120 })).error).toBeNull()
  // or has in a moment
  const alone = await open(behind)
  setTimeout(() => behind.finalize(300), 200)
  expect((await blockAt(alone, 250, systemKeys.timestamp)).hash).toBe(blocks[250]!.hash)
})
