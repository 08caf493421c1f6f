import { importFiles } from '../../src-main/core/index.ts'
import { undecided } from '../../src-main/engines/minting/triggers.ts'
import { computeNodeRuns } from '../../src-main/jobs/node-runs.ts'
import { openStore } from '../../src-main/store/index.ts'
import { saveMintConfig } from '../../src-main/store/mint-config.ts'
import { saveDecision } from '../../src-main/store/mint-decisions.ts'
import { listNodeMints, type NodeMintRow } from '../../src-main/store/node-mints.ts'
import { storedNetwork } from '../../src-main/store/periods.ts'
import { defaultMintConfig, type MintConfig } from '../../src-shared/node-period.ts'
import { demoArchives } from './demo-archive.ts'

export interface DecidedMint {
  mint: NodeMintRow
  amountUnits: bigint
  ts: number
}

/**
 * Fills a data folder with a made-up grid whose network pays by node-period, and decides on some of its mints: at second 1000 on the
 * first, 2000 on the next, and so on; the first of them is paid too.
 */
export async function decidedMints(
  dataDir: string,
  count: number,
  config: Partial<MintConfig> = {},
): Promise<{ network: string; decided: DecidedMint[] }> {
  const demo = await demoArchives([{ nodes: 12, seed: 9 }])
  try {
    await importFiles({ dataDir, files: demo.files, actor: 'test' }, {})
  } finally {
    demo.remove()
  }
  const store = openStore(dataDir, { mode: 'write' })
  try {
    const network = storedNetwork(store)!
    // a trigger that waits for somebody: nothing is decided but what is decided here
    saveMintConfig(store, network, { ...defaultMintConfig, rules: 'node-period', trigger: 'claim', ...config })
    computeNodeRuns(store, { firstNodePeriod: null, carbon: false })
    const paying = listNodeMints(store, { offset: 0, limit: 100 }).rows.filter(({ rewardUnits }) => rewardUnits > 0n)
    const decided = paying.slice(0, count).map((mint, i) => ({ mint, amountUnits: mint.rewardUnits, ts: (i + 1) * 1000 }))
    if (decided.length < count) throw new Error(`only ${decided.length} mints of the made-up grid pay something`)
    for (const [i, { mint, amountUnits, ts }] of decided.entries()) {
      const how = { attempt: 1, amountUnits, by: ['anna'], how: 'claim' as const, ts }
      const payments = i === 0 ? [{ result: 'paid' as const, decided: how, tx: 'ab', ts: ts + 1 }] : []
      const decision = { ...undecided, decided: how, payments }
      saveDecision(store, network, { nodeId: mint.nodeId, startTs: mint.startTs, mintId: mint.hash, decision })
    }
    return { network, decided }
  } finally {
    store.close()
  }
}
