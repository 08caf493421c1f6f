import type { JobContext } from '../jobs/context.ts'
import type { NodePeriodRules } from '../jobs/node-mint.ts'
import { computeNodeRuns } from '../jobs/node-runs.ts'
import { loadMintConfig } from '../store/mint-config.ts'
import type { Store } from '../store/open.ts'
import { storedNetwork } from '../store/periods.ts'
import { withStore } from './compute.ts'

/** What decides the runs of a store's network; the configuration is in the books that `books` holds, also for the demo's store. */
export function nodePeriodRules(books: Store, store: Store): NodePeriodRules {
  const network = storedNetwork(store)
  const config = loadMintConfig(books, network ?? '')
  return { firstNodePeriod: config.firstNodePeriod, carbon: config.carbon.on }
}

export interface NodeRunsTaskInput {
  dataDir: string
  rules: NodePeriodRules
}

/** Works out every stale run of a store by rule set node-period; gives the periods. Throws AppError mint.*, store.*, io.full, cancelled. */
export async function computeRuns({ dataDir, rules }: NodeRunsTaskInput, { signal }: JobContext): Promise<number[]> {
  return withStore(dataDir, async store => computeNodeRuns(store, rules, signal))
}
