import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { type OpenChainOptions, openChain } from '../../src-main/clients/tfchain/chain.ts'
import type { Chain, Hex, RawHeader } from '../../src-main/clients/tfchain/types.ts'
import { type FakeNode, makeFakeChain, RpcFault, startFakeNode, systemKeys } from '../helpers/fake-node.ts'

const blocks = makeFakeChain(600)
const otherBlocks = makeFakeChain(20, { salt: 2 })
/** an address where nobody listens */
const nowhere = 'ws://127.0.0.1:9'
/** short waits, so that a fault is over soon */
const quick = { timeoutMs: 300, giveUpMs: 900, silentMs: 300, backoffMs: 20 }

const toClose: { close(): Promise<void> }[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const each of toClose.splice(0).reverse()) await each.close()
})

async function node(...args: Parameters<typeof startFakeNode>): Promise<FakeNode> {
  const started = await startFakeNode(...args)
  toClose.push(started)
  return started
}

async function open(nodes: (FakeNode | string)[], options: Partial<OpenChainOptions> = {}): Promise<Chain> {
  const endpoints = nodes.map(each => (typeof each === 'string' ? each : each.url))
  const chain = await openChain({ endpoints, ...quick, ...options })
  toClose.push(chain)
  return chain
}

const hashes = (chain: Chain, from = 0, to = 600, options = {}) =>
  Promise.all(
    Array.from({ length: to - from }, (_, i) =>
      chain.call<Hex>('chain_getBlockHash', [from + i], options).then(hash => ({ n: from + i, hash })),
    ),
  )
const expectHashes = (found: { n: number; hash: Hex }[]) => expect(found.filter(({ n, hash }) => hash !== blocks[n]!.hash)).toEqual([])
const until = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 10 })
const stateOf = (chain: Chain, url: string) => chain.states().find(state => state.url === url)!

test('an endpoint of another network is refused and never used', async () => {
  const wrong = await node(otherBlocks)
  const right = await node(blocks)
  await expect(openChain({ endpoints: [wrong.url], genesis: blocks[0]!.hash, ...quick })).rejects.toMatchObject({
    code: 'chain.network',
    details: { url: wrong.url },
  })
  for (const genesis of [blocks[0]!.hash, blocks[0]!.hash.slice(0, 14)]) {
    const chain = await open([wrong, right], { genesis })
    expect(chain.genesis).toBe(blocks[0]!.hash)
    await until(() => expect(stateOf(chain, wrong.url).state).toBe('refused'))
    expectHashes(await hashes(chain, 0, 100))
    expect(chain.ready()).toEqual([right.url])
  }
  expect(wrong.asked.every(({ params }) => params[0] === 0)).toBe(true)
})

test('without a known genesis the first endpoint that answers pins it', async () => {
  const first = await node(blocks)
  const second = await node(otherBlocks)
  const chain = await open([nowhere, first, second])
  expect(chain.genesis).toBe(blocks[0]!.hash)
  await until(() => expect(stateOf(chain, second.url).state).toBe('refused'))
  expect(stateOf(chain, nowhere).state).toMatch(/failing|connecting/)
})

test('no endpoint, a wrong address, and an opening that is stopped', async () => {
  const silent = await node(blocks, { stalls: true })
  await expect(openChain({ endpoints: [nowhere, silent.url], ...quick })).rejects.toMatchObject({ code: 'chain.offline', retryable: true })
  for (const url of ['ws://example.org', 'http://127.0.0.1:9', 'wss://a b'])
    await expect(openChain({ endpoints: [url], ...quick })).rejects.toMatchObject({ code: 'usage' })
  await expect(openChain({ endpoints: [] })).rejects.toMatchObject({ code: 'usage' })
  const stop = new AbortController()
  const opening = openChain({ endpoints: [silent.url], signal: stop.signal })
  await pause(30)
  stop.abort()
  await expect(opening).rejects.toMatchObject({ code: 'cancelled' })
  await until(() => expect(silent.connections()).toBe(0))
})

test('what concerns the head goes before bulk requests that wait', async () => {
  const fake = await node(blocks, { delayMs: 5 })
  const chain = await open([fake])
  const bulk = hashes(chain)
  await chain.call('chain_getHeader', [blocks[7]!.hash], { priority: 'head' })
  const place = fake.asked.findIndex(({ method }) => method === 'chain_getHeader')
  expect(place).toBeLessThan(100)
  expectHashes(await bulk)
  expect(fake.asked.length).toBeGreaterThanOrEqual(600)
})

test('more is asked at once while answers come quickly, and half as much when it is too much', async () => {
  let isBusy = false
  let refused = 0
  const fake = await node(blocks, {
    delayMs: 2,
    answer: (_method, _params, honest) => {
      if (!isBusy) return honest()
      isBusy = ++refused < 60
      throw new RpcFault(-32604, 'Server is busy, try again later')
    },
  })
  const chain = await open([fake])
  expect(stateOf(chain, fake.url).limit).toBeLessThan(32)
  expectHashes(await hashes(chain))
  const before = stateOf(chain, fake.url)
  expect(before.limit).toBeGreaterThan(32)
  expect(before.failures).toBe(0)
  isBusy = true
  const refusing = hashes(chain, 0, 200)
  await until(() => expect(stateOf(chain, fake.url).limit).toBeLessThanOrEqual(before.limit / 2))
  expect(stateOf(chain, fake.url).detail).toMatch(/busy/)
  expectHashes(await refusing)
  expect(refused).toBeGreaterThan(0)
  expect(stateOf(chain, fake.url).failures).toBeGreaterThanOrEqual(refused)
})

test('a connection that is dropped every 50 requests loses nothing', async () => {
  const fake = await node(blocks, { dropAfter: 50 })
  const chain = await open([fake])
  expectHashes(await hashes(chain))
  expect(fake.connected()).toBeGreaterThan(10)
  const { requests, failures, bytes, latencyMs } = stateOf(chain, fake.url)
  expect(requests).toBeGreaterThan(600)
  expect(failures).toBeGreaterThanOrEqual(10)
  expect(bytes).toBeGreaterThan(600 * 66)
  expect(latencyMs).not.toBeNull()
})

test('an endpoint that stalls is failing; another answers, and it comes back', async () => {
  const first = await node(blocks)
  const second = await node(blocks)
  const seen: string[] = []
  const chain = await open([first, second], {
    onStates: states => {
      seen.push(states[0]!.state)
    },
  })
  await until(() => expect(chain.ready()).toEqual([first.url, second.url]))
  first.faults.stalls = true
  expectHashes(await hashes(chain))
  await until(() => expect(seen).toContain('failing'))
  expect(chain.ready()[0]).toBe(second.url)
  first.faults.stalls = false
  await until(() => expect(chain.ready()).toEqual([first.url, second.url]))
})

test('one answer that never comes is asked again, elsewhere first; a question that never gets one fails', async () => {
  let swallowed = 0
  const mute = (_method: string, [n]: unknown[], honest: () => unknown) => {
    if (n !== 13) return honest()
    swallowed++
    return undefined
  }
  const first = await node(blocks, { answer: mute })
  const second = await node(blocks)
  const chain = await open([first, second])
  await until(() => expect(chain.ready()).toHaveLength(2))
  // others go on meanwhile: the endpoint is not stalled
  const others = new AbortController()
  const load = (async () => {
    while (!others.signal.aborted) await Promise.all([chain.call('chain_getBlockHash', [5]), pause(20)])
  })()
  expect(await chain.call('chain_getBlockHash', [13])).toBe(blocks[13]!.hash)
  expect(swallowed).toBe(1)
  second.faults.answer = mute
  await expect(chain.call('chain_getBlockHash', [13])).rejects.toMatchObject({ code: 'chain.busy', retryable: true })
  others.abort()
  await load
})

test('errors are told apart', async () => {
  let error = new RpcFault(0, '')
  const fake = await node(blocks, {
    answer: (method, _params, honest) => {
      if (method === 'chain_getHeader') throw error
      return honest()
    },
  })
  const chain = await open([fake])
  const call = () => chain.call('chain_getHeader', [blocks[1]!.hash])
  for (const [code, message] of [
    [-32702, 'Response is too big'],
    [-32008, 'response'],
    [-32000, 'Exceeded max response size'],
  ] as const) {
    error = new RpcFault(code, message)
    await expect(call()).rejects.toMatchObject({ code: 'chain.busy', retryable: true, details: { tooBig: true, url: fake.url } })
  }
  expect(stateOf(chain, fake.url)).toMatchObject({ failures: 0, state: 'ready' })
  for (const code of [-32601, -32602, -32603, 1010]) {
    error = new RpcFault(code, 'no such thing')
    await expect(call()).rejects.toMatchObject({
      code: 'chain.answer',
      details: { url: fake.url, method: 'chain_getHeader', rpcCode: code },
    })
  }
  for (const bad of [null, undefined]) {
    const asked = fake.asked.length
    await expect(chain.call('chain_getHeader', [bad])).rejects.toMatchObject({ code: 'chain.answer' })
    await expect(chain.call('state_getStorage', [systemKeys.number, bad])).rejects.toMatchObject({ code: 'chain.answer' })
    expect(fake.asked.length).toBe(asked)
  }
  await expect(chain.call('chain_getHeader', [blocks[1]!.hash], { endpoint: nowhere })).rejects.toMatchObject({ code: 'chain.answer' })
})

test('an endpoint that lacks a block is no last word', async () => {
  const behind = await node(blocks, {}, 100)
  const ahead = await node(blocks)
  const chain = await open([behind, ahead])
  await until(() => expect(chain.ready()).toHaveLength(2))
  expect(await chain.call('chain_getHeader', [blocks[300]!.hash])).toEqual(blocks[300]!.header)
  await expect(chain.call('chain_getHeader', [blocks[300]!.hash], { endpoint: behind.url })).rejects.toMatchObject({ code: 'chain.answer' })
})

test('an endpoint without old state is asked for new state only', async () => {
  const pruned = await node(blocks, { prunedBelow: 300 })
  const archive = await node(blocks)
  const chain = await open([pruned, archive])
  await until(() => expect(chain.states().map(state => state.archive)).toEqual([false, true]))
  const read = (n: number) =>
    chain.call<{ changes: unknown[] }[]>('state_queryStorageAt', [[systemKeys.number], blocks[n]!.hash], { block: n })
  for (const n of [200, 100, 150, 299, 400])
    expect((await read(n))[0]!.changes).toEqual([[systemKeys.number, blocks[n]!.storage[systemKeys.number]]])
  const ofPruned = pruned.asked.filter(({ method }) => method === 'state_queryStorageAt').map(({ params }) => params[1])
  // 100 and 150 lie before what it had not, so it is not asked for them; 299 it had to be asked for
  expect(ofPruned).toEqual([200, 299, 400].map(n => blocks[n]!.hash))
  const alone = await open([pruned])
  await expect(alone.call('state_queryStorageAt', [[systemKeys.number], blocks[9]!.hash], { block: 9 })).rejects.toMatchObject({
    code: 'chain.not-archive',
    details: { url: pruned.url, block: 9 },
  })
  await expect(alone.call('state_getStorage', [systemKeys.number, blocks[9]!.hash])).rejects.toMatchObject({ code: 'chain.not-archive' })
  expect(stateOf(alone, pruned.url).archive).toBe(false)
})

test('messages that are none end the connection, not the process; those for nobody do nothing', async () => {
  const fake = await node(blocks)
  const chain = await open([fake])
  const strangers = ['{"jsonrpc":"2.0","id":999999,"result":1}', '{"jsonrpc":"2.0","method":"x","params":{"subscription":"s","result":1}}']
  for (const text of strangers) fake.shout(text)
  expectHashes(await hashes(chain, 0, 20))
  expect(fake.connected()).toBe(1)
  // readable, but longer than any honest answer
  const tooLong = JSON.stringify({ jsonrpc: '2.0', id: 999_999, result: '0'.repeat(65 * 2 ** 20) })
  const garbage = ['no json', '', 'null', '[', '{"jsonrpc":"2.0","method":"x"}', Buffer.from([0xff, 0xfe, 0]), tooLong]
  for (const text of garbage) {
    const before = fake.connected()
    fake.shout(text)
    await until(() => expect(fake.connected()).toBe(before + 1))
    await until(() => expect(chain.ready()).toHaveLength(1))
    expectHashes(await hashes(chain, 0, 20))
  }
})

test('answers without a result are asked again, and are an error in the end', async () => {
  let bad = 2
  const fake = await node(blocks)
  const chain = await open([fake])
  // `undefined` in JSON is nothing at all: an answer with neither result nor error
  fake.faults.answer = (_method, _params, honest) => (bad-- > 0 ? { toJSON: () => undefined } : honest())
  expect(await chain.call('chain_getBlockHash', [3])).toBe(blocks[3]!.hash)
  bad = 1000
  await expect(chain.call('chain_getBlockHash', [3])).rejects.toMatchObject({ code: 'chain.answer' })
})

test('with nobody there a call waits for a while, is answered if one comes back, and fails if not', async () => {
  const fake = await node(blocks)
  const chain = await open([fake], { giveUpMs: 1500 })
  fake.faults.stalls = true
  fake.dropAll()
  const waiting = chain.call('chain_getBlockHash', [3])
  await pause(200)
  fake.faults.stalls = false
  expect(await waiting).toBe(blocks[3]!.hash)
  fake.faults.stalls = true
  fake.dropAll()
  await expect(chain.call('chain_getBlockHash', [3])).rejects.toMatchObject({ code: 'chain.offline', retryable: true })
  expect(chain.ready()).toEqual([])
})

test('a clock that is set does not matter', async () => {
  const fake = await node(blocks, { delayMs: 60 })
  const chain = await open([fake], { timeoutMs: 5000 })
  const real = Date.now
  const first = hashes(chain, 0, 40)
  vi.spyOn(Date, 'now').mockImplementation(() => real() + 86_400_000)
  expectHashes(await first)
  const second = hashes(chain, 0, 40)
  vi.spyOn(Date, 'now').mockImplementation(() => real() - 86_400_000)
  expectHashes(await second)
  expect(stateOf(chain, fake.url).failures).toBe(0)
})

test('a call is stopped at once, whether it waits or is under way; closing ends all', async () => {
  const fake = await node(blocks)
  const chain = await open([fake], { timeoutMs: 60_000, giveUpMs: 60_000 })
  fake.faults.stalls = true
  const stop = new AbortController()
  const calls = Array.from({ length: 100 }, (_, n) => chain.call('chain_getBlockHash', [n], { signal: stop.signal }))
  const others = Array.from({ length: 50 }, (_, n) => chain.call('chain_getBlockHash', [n]))
  setTimeout(() => stop.abort(), 20)
  const codes = (results: PromiseSettledResult<unknown>[]) =>
    new Set(results.map(each => (each.status === 'rejected' ? each.reason.code : 'ok')))
  expect(codes(await Promise.allSettled(calls))).toEqual(new Set(['cancelled']))
  const settled = Promise.allSettled(others)
  await chain.close()
  expect(codes(await settled)).toEqual(new Set(['cancelled']))
  await expect(chain.call('chain_getBlockHash', [1])).rejects.toMatchObject({ code: 'cancelled' })
  await until(() => expect(fake.connections()).toBe(0))
})

test('a process with a closed chain ends by itself, whatever was under way', async () => {
  const fake = await node(blocks)
  const file = join(import.meta.dirname, '../../src-main/clients/tfchain/chain.ts')
  const code = `
    import { openChain } from ${JSON.stringify(file)}
    const chain = await openChain({ endpoints: ['${fake.url}', '${nowhere}'] })
    chain.followFinalized(() => {})
    chain.call('chain_getHeader', ['0x00']).catch(() => {})
    await chain.close()
    console.log('closed')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', part => {
    said += part
  })
  const ended = await new Promise(resolve => child.on('close', resolve))
  expect({ ended, said }).toEqual({ ended: 0, said: 'closed\n' })
})

test('the finalized head is followed from endpoint to endpoint, and never goes back', async () => {
  const first = await node(blocks, {}, 100)
  const second = await node(blocks, {}, 95)
  const chain = await open([first, second])
  const heads: (number | null)[] = []
  const stop = chain.followFinalized((head: RawHeader | null) => heads.push(head && Number(head.number)))
  await until(() => expect(heads).toEqual([100]))
  await until(() => expect(chain.ready()).toHaveLength(2))
  first.finalize(101)
  await until(() => expect(heads).toEqual([100, 101]))
  first.faults.stalls = true
  first.dropAll()
  // the second is behind: silence until it has passed what was heard
  await until(() => expect(second.asked.some(({ method }) => method === 'chain_subscribeFinalizedHeads')).toBe(true))
  second.finalize(99)
  second.finalize(102)
  await until(() => expect(heads).toEqual([100, 101, 102]))
  second.faults.stalls = true
  second.dropAll()
  await until(() => expect(heads).toEqual([100, 101, 102, null]))
  const heard = second.asked.length
  second.finalize(97)
  second.faults.stalls = false
  await until(() => expect(second.asked.slice(heard).some(({ method }) => method === 'chain_subscribeFinalizedHeads')).toBe(true))
  await pause(30)
  expect(heads).toEqual([100, 101, 102, null])
  second.finalize(102)
  await until(() => expect(heads).toEqual([100, 101, 102, null, 102]))
  second.finalize(103)
  await until(() => expect(heads.at(-1)).toBe(103))
  stop()
  const asked = second.asked.length
  second.finalize(110)
  await pause(50)
  expect(heads.at(-1)).toBe(103)
  expect(second.asked.slice(asked).map(({ method }) => method)).not.toContain('chain_subscribeFinalizedHeads')
})

test('a silent endpoint is asked for its head, and left for another', async () => {
  const first = await node(blocks, { withoutSubscriptions: true }, 50)
  const chain = await open([first])
  const heads: (number | null)[] = []
  chain.followFinalized(head => heads.push(head && Number(head.number)))
  await until(() => expect(heads).toEqual([50]))
  first.finalize(60)
  await until(() => expect(heads).toEqual([50, 60]))

  const mute = await node(blocks, {}, 10)
  const lively = await node(blocks, {}, 10)
  const both = await open([mute, lively])
  await until(() => expect(both.ready()).toHaveLength(2))
  const told: (number | null)[] = []
  both.followFinalized(head => told.push(head && Number(head.number)))
  await until(() => expect(lively.asked.some(({ method }) => method === 'chain_subscribeFinalizedHeads')).toBe(true))
  lively.finalize(20)
  await until(() => expect(told).toEqual([10, 20]))
})
