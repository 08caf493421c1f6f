import type { DaoReading } from '../../../src-shared/dao-contract.ts'
import { AppError } from '../../../src-shared/errors.ts'
import { cleanName } from '../../../src-shared/text.ts'
import type { CallValue } from './calls.ts'
import type { Extrinsics } from './extrinsic.ts'
import { getHashes } from './hashes.ts'
import { type FinalHead, hexText, readValue, readValues } from './submit.ts'
import type { CallOptions, Chain, Hex } from './types.ts'

/*
 * The grid chain's DAO (pallet Dao) at one finalized block, read with the runtime's own metadata. The council proposes; each farm votes with the
 * weight of its nodes as it was when it voted, and may turn its vote around up to the last block. It passes if yes weighs more than no when the
 * council closes it, which it can once as many farms as the threshold says have voted, or after the last block.
 */

/** Blocks that the time of a block is measured over: few enough that every node still has their state. */
const MEASURED_BLOCKS = 100
const KEYS_PER_PAGE = 1_000
/** Longest text of a call that a proposal makes. */
const ACTION_LENGTH = 1_000

/** Whose votes are the user's own. */
export interface OwnFarms {
  /** farms that the user follows */
  farmIds: readonly number[]
  /** addresses of accounts with a key here */
  accounts: readonly string[]
}

type Farm = DaoReading['farms'][number]
type Proposal = DaoReading['proposals'][number]

interface StoredVotes {
  threshold: number
  ayes: { farm_id: number; weight: bigint }[]
  nays: { farm_id: number; weight: bigint }[]
  end: number
  vetos: unknown[]
}

/** Reads proposals, votes and weights after a finalized block. Rejects with AppError chain.*, cancelled. */
export async function readDao(
  chain: Chain,
  runtime: Extrinsics,
  head: FinalHead,
  own: OwnFarms,
  options: CallOptions = {},
): Promise<Omit<DaoReading, 'network'>> {
  const many = (keys: readonly Hex[]) => readValues(chain, keys, head, options)
  const read = async (pallet: string, item: string, ...keys: unknown[]): Promise<unknown> => {
    const bytes = await readValue(chain, runtime.storageKey(pallet, item, ...keys), head, options)
    return bytes === null ? null : runtime.value(pallet, item, bytes)
  }
  const { blockTs, blockMs } = await readTimes(chain, runtime, head, options)
  const known = { specVersion: runtime.specVersion, block: head, blockTs, blockMs }
  const lacks = ['ProposalList', 'Proposals', 'Voting'].find(item => !runtime.hasStorage('Dao', item))
  if (lacks !== undefined) return { ...known, missing: 'This network’s chain has no DAO.', proposals: [], farms: [] }

  const hashes = ((await read('Dao', 'ProposalList')) ?? []) as string[]
  const ofEach = async (item: string): Promise<(Uint8Array | null)[]> =>
    runtime.hasStorage('Dao', item) ? many(hashes.map(hash => runtime.storageKey('Dao', item, hash))) : hashes.map(() => null)
  const [said, voted, actions] = [await ofEach('Proposals'), await ofEach('Voting'), await ofEach('ProposalOf')]
  const proposals = hashes.flatMap((hash, i) =>
    // one that was just closed stands in neither
    said[i] && voted[i] ? [proposalOf(runtime, hash, said[i], voted[i], actions[i] ?? null)] : [],
  )
  const owned = await farmsOfAccounts()
  const ownIds = new Set([...own.farmIds, ...owned])
  const ids = [...new Set([...ownIds, ...proposals.flatMap(({ votes }) => votes.map(({ farmId }) => farmId))])].sort((a, b) => a - b)
  return { ...known, missing: '', proposals, farms: await readFarms(ids, ownIds) }

  /** Farms of the accounts' twins: the chain lists no twin's farms, so all are looked through where there is such a twin. */
  async function farmsOfAccounts(): Promise<number[]> {
    if (own.accounts.length === 0 || !runtime.hasStorage('TfgridModule', 'TwinIdByAccountID')) return []
    const twins = await many(own.accounts.map(account => runtime.storageKey('TfgridModule', 'TwinIdByAccountID', account)))
    const twinIds = new Set(twins.flatMap(bytes => (bytes ? [runtime.value('TfgridModule', 'TwinIdByAccountID', bytes)] : [])))
    // 0: the account has no twin
    twinIds.delete(0)
    if (twinIds.size === 0) return []
    const farms = (await many(await farmKeys())).flatMap(bytes => (bytes ? [farmOf(runtime, bytes)] : []))
    return farms.filter(({ twin_id }) => twinIds.has(twin_id)).map(({ id }) => id)
  }

  async function farmKeys(): Promise<Hex[]> {
    // the hashes of pallet and item, 16 bytes each
    const prefix = runtime.storageKey('TfgridModule', 'Farms', 0).slice(0, 66)
    const keys: Hex[] = []
    for (let from: Hex | null = null; ; from = keys.at(-1)!) {
      const page: Hex[] = await chain.call('state_getKeysPaged', [prefix, KEYS_PER_PAGE, from, head.hash], { ...options, block: head.n })
      keys.push(...page)
      if (page.length < KEYS_PER_PAGE) return keys
    }
  }

  async function readFarms(ids: readonly number[], ownIds: ReadonlySet<number>): Promise<Farm[]> {
    const farms = await many(ids.map(id => runtime.storageKey('TfgridModule', 'Farms', id)))
    const weighed = runtime.hasStorage('Dao', 'FarmWeight')
    const weights = weighed ? await many(ids.map(id => runtime.storageKey('Dao', 'FarmWeight', id))) : []
    const found = ids.flatMap((farmId, i) => {
      const farm = farms[i] && farmOf(runtime, farms[i])
      const stored = weights[i] ?? null
      const weight = stored === null ? 0n : (runtime.value('Dao', 'FarmWeight', stored) as bigint)
      // one that was deleted since it voted, or that the user follows on another network
      return farm
        ? [{ farmId, name: textOf(farm.name), weight: weighed ? weight : null, isOwn: ownIds.has(farmId), twinId: farm.twin_id }]
        : []
    })
    const own = found.filter(({ isOwn }) => isOwn)
    const twins = await many(own.map(({ twinId }) => runtime.storageKey('TfgridModule', 'Twins', twinId)))
    const accounts = new Map(own.map(({ farmId }, i) => [farmId, accountOf(runtime, twins[i]!)]))
    return found.map(({ twinId: _twin, ...farm }) => ({ ...farm, account: accounts.get(farm.farmId) ?? null }))
  }
}

function proposalOf(runtime: Extrinsics, hash: string, said: Uint8Array, voted: Uint8Array, action: Uint8Array | null): Proposal {
  const { index, description, link } = runtime.value('Dao', 'Proposals', said) as { index: number; description: unknown; link: unknown }
  const { threshold, ayes, nays, end, vetos } = runtime.value('Dao', 'Voting', voted) as StoredVotes
  const votes = (list: StoredVotes['ayes'], approve: boolean) =>
    list.map(({ farm_id, weight }) => ({ farmId: farm_id, approve, weight: BigInt(weight) }))
  return {
    ...{ hash, index, description: textOf(description), link: textOf(link), action: action && actionText(runtime, action) },
    ...{ threshold, endBlock: end, vetos: vetos.length, votes: [...votes(ayes, true), ...votes(nays, false)] },
  }
}

/** The call that a proposal makes, as text; null: it was made for a runtime whose calls were other ones. */
function actionText(runtime: Extrinsics, bytes: Uint8Array): string | null {
  let call: { type: string; value: { type: string; value?: CallValue['args'] } }
  try {
    call = runtime.value('Dao', 'ProposalOf', bytes) as typeof call
  } catch {
    // a proposal outlives the runtime that it was made with; what it says then is not known, and everything else of it is
    return null
  }
  const args = Object.entries(call.value.value ?? {}).map(([name, value]) => `${name}: ${valueText(value)}`)
  const text = cleanName(`${call.type}.${call.value.type}(${args.join(', ')})`)
  return text.length > ACTION_LENGTH ? `${text.slice(0, ACTION_LENGTH)}…` : text
}

function valueText(value: unknown): string {
  if (value instanceof Uint8Array) return hexText(value)
  const text = JSON.stringify(value, (_name, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString()
    return inner instanceof Uint8Array ? hexText(inner) : inner
  })
  return text ?? 'nothing'
}

async function readTimes(
  chain: Chain,
  runtime: Extrinsics,
  head: FinalHead,
  options: CallOptions,
): Promise<{ blockTs: number; blockMs: number | null }> {
  const timeOf = async (at: FinalHead): Promise<number> => {
    const bytes = await readValue(chain, runtime.storageKey('Timestamp', 'Now'), at, options)
    return bytes === null ? 0 : Number(runtime.value('Timestamp', 'Now', bytes))
  }
  const nowMs = await timeOf(head)
  const before = head.n - Math.min(MEASURED_BLOCKS, head.n - 1)
  const known = { blockTs: Math.floor(nowMs / 1000), blockMs: null }
  if (before >= head.n) return known
  try {
    const { value } = await getHashes(chain, [before], options)
    const earlierMs = await timeOf({ n: before, hash: value[0]! })
    return { ...known, blockMs: earlierMs > 0 && nowMs > earlierMs ? (nowMs - earlierMs) / (head.n - before) : null }
  } catch (error) {
    // a node that keeps no state of earlier blocks: everything but the time of the last block is known all the same
    if (error instanceof AppError && error.code === 'chain.not-archive') return known
    throw error
  }
}

interface StoredFarm {
  id: number
  name: unknown
  twin_id: number
}

function farmOf(runtime: Extrinsics, bytes: Uint8Array): StoredFarm {
  return runtime.value('TfgridModule', 'Farms', bytes) as StoredFarm
}

function accountOf(runtime: Extrinsics, bytes: Uint8Array | null): string | null {
  if (bytes === null) return null
  const { account_id } = runtime.value('TfgridModule', 'Twins', bytes) as { account_id?: unknown }
  return typeof account_id === 'string' ? account_id : null
}

function textOf(bytes: unknown): string {
  return bytes instanceof Uint8Array ? cleanName(Buffer.from(bytes).toString('utf8')) : ''
}
