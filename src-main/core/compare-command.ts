import type { CompareReport, VerifyReport } from '../../src-shared/compare.ts'
import { toAppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import { compareWithStore } from '../jobs/compare/compare.ts'
import { verifyFiles } from '../jobs/compare/verify.ts'
import type { JobContext } from '../jobs/context.ts'
import { loadSettings, openStore, type Store } from '../store/index.ts'
import { nodePeriodRules } from './node-periods.ts'

export interface CompareAsk {
  dataDir: string
  /** files and folders */
  paths: string[]
  /** absent: as the settings say */
  resources?: ResourceRule
}

const wanted = (store: Store, { paths, resources }: CompareAsk) => ({
  files: paths.map(path => ({ path })),
  resources: resources ?? loadSettings(store).resources,
  rules: nodePeriodRules(store, store),
})

/** Holds a proposal against the data folder. Reads beside a running Granary. Throws as compareWithStore does. */
export async function compareFiles(ask: CompareAsk & { period?: number }, context: JobContext): Promise<CompareReport> {
  const store = openStore(ask.dataDir, { mode: 'read' })
  try {
    return await compareWithStore(store, { ...wanted(store, ask), ...(ask.period !== undefined && { period: ask.period }) }, context)
  } finally {
    store.close()
  }
}

/** Verifies receipts; without a data folder what it would say is unknown. Throws as verifyFiles does. */
export async function verifyReceipts(ask: CompareAsk, context: JobContext): Promise<VerifyReport> {
  const store = storeOrNone(ask.dataDir)
  try {
    if (store) return await verifyFiles(store, wanted(store, ask), context)
    const files = ask.paths.map(path => ({ path }))
    const rules = { firstNodePeriod: null, carbon: false }
    return await verifyFiles(null, { files, resources: ask.resources ?? 'latest', rules }, context)
  } finally {
    store?.close()
  }
}

function storeOrNone(dataDir: string): Store | null {
  try {
    return openStore(dataDir, { mode: 'read' })
  } catch (error) {
    if (toAppError(error).code === 'io.missing') return null
    throw error
  }
}
