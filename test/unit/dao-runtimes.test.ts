import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getDynamicBuilder, getLookupFn } from '@polkadot-api/metadata-builders'
import { AccountId, decAnyMetadata, unifyMetadata } from '@polkadot-api/substrate-bindings'
import { describe, expect, test } from 'vitest'
import { readDao } from '../../src-main/clients/tfchain/dao.ts'
import { createExtrinsics } from '../../src-main/clients/tfchain/extrinsic.ts'
import type { Chain } from '../../src-main/clients/tfchain/types.ts'
import { AppError } from '../../src-shared/errors.ts'

/* The DAO as each of the grid chain's runtimes stores it: values written by a library with the runtime's metadata, and read. */

const folder = join(import.meta.dirname, '../../../shared/data/metadata')
const files = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.scale')) : []
if (files.length === 0) test.skip('the DAO of the real runtimes: ../shared/data/metadata is not here', () => undefined)

const text = (value: string) => new Uint8Array(Buffer.from(value))
const address = (byte: number) => AccountId(42).dec(new Uint8Array(32).fill(byte))
const hashes = [1, 2, 3].map(byte => `0x${String(byte).repeat(2).repeat(32)}`)
const head = { n: 5_000, hash: `0x${'cc'.repeat(32)}` }
const earlier = `0x${'bb'.repeat(32)}`
const nowMs = 1_700_000_000_000

/** A chain of nothing but stored values. `hasPast`: its node still has the state of earlier blocks. */
function storedChain(metadata: Uint8Array, hasPast: boolean) {
  const builder = getDynamicBuilder(getLookupFn(unifyMetadata(decAnyMetadata(metadata))))
  const values = new Map<string, string>()
  const put = (pallet: string, item: string, keys: unknown[], value: unknown) => {
    const codec = builder.buildStorage(pallet, item)
    values.set(codec.keys.enc(...keys), `0x${Buffer.from(codec.value.enc(value)).toString('hex')}`)
  }
  const time = builder.buildStorage('Timestamp', 'Now')
  const answers: Record<string, (params: unknown[]) => unknown> = {
    chain_getBlockHash: ([asked]) => (Array.isArray(asked) ? asked.map(() => earlier) : earlier),
    state_getKeysPaged: ([prefix, , from]) =>
      [...values.keys()].filter(key => key.startsWith(prefix as string) && (from === null || key > (from as string))).sort(),
    state_queryStorageAt: ([keys, at]) => {
      if (at === earlier && !hasPast) throw new AppError('chain.not-archive', 'thrown away')
      const stored = (key: string) => {
        const ms = at === earlier ? nowMs - 100 * 6_100 : nowMs
        if (key === time.keys.enc()) return `0x${Buffer.from(time.value.enc(BigInt(ms))).toString('hex')}`
        return values.get(key) ?? null
      }
      return [{ changes: (keys as string[]).map(key => [key, stored(key)]) }]
    },
  }
  const chain = { ready: () => ['ws://here'], call: async (method: string, params: unknown[]) => answers[method]!(params) }
  return { put, chain: chain as unknown as Chain }
}

describe.each(files)('%s', name => {
  const metadata = new Uint8Array(readFileSync(join(folder, name)))
  const runtime = createExtrinsics(metadata)

  test('proposals, votes with the weight that they had, own farms by account and by choice', async () => {
    const { put, chain } = storedChain(metadata, true)
    const farm = (id: number, twin_id: number, title: string) =>
      put('TfgridModule', 'Farms', [id], {
        ...{ version: 1, id, name: text(title), twin_id, pricing_policy_id: 1, certification: { type: 'NotCertified' } },
        ...{ public_ips: [], dedicated_farm: false },
      })
    for (const [id, twin, title] of [
      [3, 7, 'mine'],
      [5, 8, 'theirs'],
      [9, 9, 'followed\u202e'],
    ] as const)
      farm(id, twin, title)
    put('TfgridModule', 'TwinIdByAccountID', [address(1)], 7)
    for (const id of [7, 9])
      put('TfgridModule', 'Twins', [id], { version: 1, id, account_id: address(id === 7 ? 1 : 2), ip: text('::'), entities: [] })
    put('Dao', 'FarmWeight', [3], 12n)
    put('Dao', 'FarmWeight', [5], 2n ** 60n)
    put('Dao', 'ProposalList', [], hashes)
    for (const [i, hash] of hashes.slice(0, 2).entries()) {
      put('Dao', 'Proposals', [hash], { index: 40 + i, description: text('Ünïcode'), link: text('https://example.org') })
      put('Dao', 'Voting', [hash], {
        ...{ index: 40 + i, threshold: 3, end: 6_000, vetos: [address(4)] },
        ...{
          ayes: [{ farm_id: 5, weight: 2n ** 63n }],
          nays: [
            { farm_id: 3, weight: 11n },
            { farm_id: 77, weight: 1n },
          ],
        },
      })
    }
    put('Dao', 'ProposalOf', [hashes[0]], { type: 'System', value: { type: 'remark', value: { remark: Uint8Array.of(1, 2) } } })

    const read = await readDao(chain, runtime, head, { farmIds: [9, 1234], accounts: [address(1), address(3)] })
    expect(read).toMatchObject({ block: head, blockTs: nowMs / 1000, blockMs: 6_100, missing: '', specVersion: runtime.specVersion })
    expect(read.farms).toEqual([
      { farmId: 3, name: 'mine', weight: 12n, account: address(1), isOwn: true },
      { farmId: 5, name: 'theirs', weight: 2n ** 60n, account: null, isOwn: false },
      { farmId: 9, name: 'followed', weight: 0n, account: address(2), isOwn: true },
    ])
    // the third was closed between the list and now
    expect(read.proposals.map(({ hash, action }) => [hash, action])).toEqual([
      [hashes[0], 'System.remark(remark: 0x0102)'],
      [hashes[1], null],
    ])
    expect(read.proposals[0]).toMatchObject({
      ...{ index: 40, description: 'Ünïcode', link: 'https://example.org', threshold: 3, endBlock: 6_000, vetos: 1 },
      votes: [
        { farmId: 5, approve: true, weight: 2n ** 63n },
        { farmId: 3, approve: false, weight: 11n },
        { farmId: 77, approve: false, weight: 1n },
      ],
    })
  })

  test('no key and no farm of one’s own, a node without a past, a call of another runtime', async () => {
    const { put, chain } = storedChain(metadata, false)
    put('Dao', 'ProposalList', [], [hashes[0]])
    put('Dao', 'Proposals', [hashes[0]], { index: 0, description: text(''), link: text('') })
    put('Dao', 'Voting', [hashes[0]], { index: 0, threshold: 1, ayes: [], nays: [], end: 10, vetos: [] })
    const unreadable: Chain = {
      ...chain,
      call: async <T>(method: string, params: readonly unknown[]): Promise<T> => {
        const answer = (await chain.call(method, params)) as [{ changes: [string, string | null][] }]
        const key = runtime.storageKey('Dao', 'ProposalOf', hashes[0])
        if (method === 'state_queryStorageAt') for (const change of answer[0].changes) if (change[0] === key) change[1] = '0xfeff'
        return answer as T
      },
    }
    const read = await readDao(unreadable, runtime, head, { farmIds: [], accounts: [] })
    expect(read).toMatchObject({ blockMs: null, farms: [], proposals: [{ index: 0, action: null, votes: [] }] })
  })

  test('a chain without a DAO is said to have none', async () => {
    const { chain } = storedChain(metadata, true)
    const without = { ...runtime, hasStorage: (pallet: string, item: string) => pallet !== 'Dao' && runtime.hasStorage(pallet, item) }
    expect(await readDao(chain, without, head, { farmIds: [9], accounts: [address(1)] })).toMatchObject({
      ...{ missing: 'This network’s chain has no DAO.', proposals: [], farms: [], block: head },
    })
  })
})
