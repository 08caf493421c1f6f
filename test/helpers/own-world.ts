import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importFiles } from '../../src-main/core/index.ts'
import { settleVotes } from '../../src-main/core/vote-commands.ts'
import { makeOwnBundle } from '../../src-main/jobs/audit/own-bundle.ts'
import type { Sealer } from '../../src-main/jobs/audit/seal.ts'
import type { NodePeriodRules } from '../../src-main/jobs/node-mint.ts'
import { computeNodeRuns } from '../../src-main/jobs/node-runs.ts'
import { writeTransaction } from '../../src-main/store/db.ts'
import { saveMintConfig } from '../../src-main/store/mint-config.ts'
import { loadDecision } from '../../src-main/store/mint-decisions.ts'
import { listNodeMints, type NodeMintRow } from '../../src-main/store/node-mints.ts'
import { openStore, type Store } from '../../src-main/store/open.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import { demoArchives } from './demo-archive.ts'
import { ann, bob, cast, doVote, labSet, roomOn } from './votes.ts'

/* A small grid of network "lab" over three periods, each node with periods of its own, one of them decided by signed votes. */

export const ownRules: NodePeriodRules = { firstNodePeriod: null, carbon: false }

export interface OwnWorld {
  folder: string
  dataDir: string
  store: Store
  mints: NodeMintRow[]
  /** the mint that is decided, and that goes on from the node's first one */
  decided: NodeMintRow
  bundle(mint: NodeMintRow, sealer?: Sealer | null): ReturnType<typeof makeOwnBundle>
  clear(): void
}

/** `nowMs`: the store's clock. */
export async function makeOwnWorld(nowMs = Date.now): Promise<OwnWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-own-world-'))
  const dataDir = join(folder, 'data')
  const grid = { nodes: 4, seed: 21, since: 101, network: 'lab' } as const
  const { files, remove } = await demoArchives([
    { ...grid, period: 101 },
    { ...grid, period: 102 },
    { ...grid, period: 103, days: 2 },
  ])
  try {
    await importFiles({ dataDir, files, actor: 'test' }, {})
  } finally {
    remove()
  }
  const store = openStore(dataDir, { mode: 'write', nowMs })
  computeNodeRuns(store, ownRules)
  const mints = listNodeMints(store, { offset: 0, limit: 100 }).rows
  const decided = mints.find(({ period, rewardUnits }) => period === 103 && rewardUnits > 0n)
  if (!decided) throw new Error('the grid has no mint that pays and goes on from another')
  await decide(store, decided)
  return {
    ...{ folder, dataDir, store, mints, decided },
    bundle({ nodeId, startTs }, sealer = null) {
      return makeOwnBundle(store, { nodeId, startTs, rules: ownRules, madeBy: 'test', nowTs: 1_790_000_000 }, async () => new Map(), sealer)
    },
    clear() {
      store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Two of three signers vote for what the mint comes to. */
async function decide(store: Store, { nodeId, startTs, hash, rewardUnits }: NodeMintRow): Promise<void> {
  writeTransaction(store.books, 'books.db', () =>
    saveMintConfig(store, 'lab', { ...defaultMintConfig, rules: 'node-period', trigger: 'verified-amount' }),
  )
  const room = roomOn(store)
  await doVote(room, 'votes.setSigners', { network: 'lab', set: labSet })
  const choice = {
    subject: { rules: 'node-period', nodeId, start: startTs, attempt: 1 },
    options: { rules: 'node-period', carbon: false, firstNodePeriod: null },
    planHash: hash,
    amountUnits: rewardUnits,
  } as const
  await doVote(room, 'votes.import', { network: 'lab', text: [ann, bob].map(signer => cast(signer, choice)).join('\n') })
  settleVotes(room)
  if (!loadDecision(store, 'lab', nodeId, startTs)?.decision.decided) throw new Error('the votes decided nothing')
}
