import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openCore } from '../../src-main/core/core.ts'
import { type Devnet, startDevnet } from '../../src-main/jobs/devnet/index.ts'
import type { CommandInput, CommandName, CommandOutput, Core } from '../../src-shared/contract.ts'
import { granary } from '../helpers/granary.ts'
import { weakly } from '../helpers/weak-stretching.ts'

/* The DAO of a chain: read at one finalized block, voted on through the review and signing of every call, kept for when there is no network. */

const folder = mkdtempSync(join(tmpdir(), 'granary-dao-'))
const dataDir = join(folder, 'data')
const phrase = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk'
const passphrase = 'a passphrase of the test'
let devnet: Devnet
let core: Core
let count = 0
const run = <N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> =>
  core.command(name, input, { actor: { id: 'test:me' }, idempotencyKey: `dao-key-${count++}` })
const list = () => core.query('dao.list', {})

beforeAll(async () => {
  devnet = await startDevnet({ nodes: 12, days: 0.02, live: false })
  core = await openCore({ ...weakly, dataDir, host: 'cli', version: '0', demoDir: null, mode: 'write', networksFile: null })
})
afterAll(async () => {
  await core.close()
  await devnet.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a farm votes for a proposal, turns its vote around, and what was read stays when the network goes', { timeout: 60_000 }, async () => {
  expect(await list()).toEqual({ network: null, read: null, rows: [], farms: [] })
  await expect(run('dao.read', {})).rejects.toMatchObject({ code: 'usage' })
  await run('network.addEndpoint', { network: 'lab', url: devnet.url })
  await run('sync.configure', { network: 'lab', scope: { farms: [1], nodes: [] }, periods: 1, compareShare: 0 })
  await run('sync.pause', {})
  const { keyId } = await run('keys.import', { name: 'Alice', kind: 'sr25519', secret: `${phrase}//Alice`, passphrase })
  await run('keys.unlock', { passphrase })
  expect(await list()).toEqual({ network: 'lab', read: null, rows: [], farms: [] })

  await run('dao.read', {})
  const first = await list()
  const head = devnet.head()
  expect(first.read).toEqual({
    ...{ block: { n: head, hash: devnet.hashOf(head) }, blockTs: devnet.tsOf(head), missing: '' },
    specVersion: 146,
  })
  const [row] = first.rows
  expect(first.rows).toHaveLength(1)
  expect(row).toMatchObject({
    ...{ index: 0, description: 'Try out a vote: this proposal changes nothing', link: '', threshold: 2, vetos: 0, isOver: false },
    action: `System.remark(remark: 0x${Buffer.from('a vote to try out').toString('hex')})`,
    ...{ yes: { farms: 0, weight: 0n }, no: { farms: 0, weight: 0n } },
  })
  // blocks of 6 s
  expect(row!.endTs).toBe(devnet.tsOf(head) + (row!.endBlock - head) * 6)
  const [farm] = first.farms
  expect(first.farms).toHaveLength(1)
  const { farmId, weight } = farm!
  expect(farm).toMatchObject({ keyName: 'Alice', account: expect.stringMatching(/^5/) })
  expect(weight).toBeGreaterThan(0n)
  expect(row!.own).toEqual([{ farmId, vote: null }])

  const { hash: proposal } = row!
  const vote = async (approve: boolean) => {
    const { request } = await run('chain.prepare', { network: 'lab', call: { kind: 'vote', farmId, proposal, approve }, keyId })
    await run('chain.sign', { requestId: request.requestId, payloadHash: request.payloadHash })
    const { jobId } = await run('chain.submit', { requestId: request.requestId })
    for (const endMs = Date.now() + 30_000; Date.now() < endMs; await new Promise(resolve => setTimeout(resolve, 20)))
      if ((await core.query('jobs.list', {})).find(({ id }) => id === jobId)?.state !== 'running') break
    await run('dao.read', {})
  }
  await vote(true)
  expect((await list()).rows[0]).toMatchObject({ yes: { farms: 1, weight }, no: { farms: 0 }, own: [{ farmId, vote: 'for' }] })
  await vote(false)
  const last = await list()
  expect(last.rows[0]).toMatchObject({ yes: { farms: 0, weight: 0n }, no: { farms: 1, weight }, own: [{ farmId, vote: 'against' }] })
  for (const named of ['0', proposal])
    expect(await core.query('dao.get', { proposal: named })).toEqual({
      row: last.rows[0],
      votes: [{ farmId, approve: false, weight, name: farm!.name }],
    })
  await expect(core.query('dao.get', { proposal: '7' })).rejects.toMatchObject({ code: 'not-found' })

  const cli = (...more: string[]) => granary('chain', 'proposals', ...more, '--data', dataDir, '--network', 'lab', '--json')
  expect(JSON.parse((await cli()).out)).toMatchObject({ network: 'lab', offline: null, rows: [{ hash: proposal }], farms: [{ farmId }] })

  await devnet.close()
  await expect(run('dao.read', {})).rejects.toMatchObject({ code: 'chain.offline' })
  expect(await list()).toEqual(last)
  const { code, out } = await granary('chain', 'proposals', '0', '--data', dataDir, '--network', 'lab')
  expect(code).toBe(0)
  expect(out).toMatch(/As it was read last:\nDAO of lab, block \d+ of 20\d\d-/)
  expect(out).toContain(`Proposal 0 ${proposal}\nTry out a vote: this proposal changes nothing\n`)
})
