import type { CompareReport, VerifyReport } from '../../src-shared/compare.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { ResourceRule } from '../../src-shared/mint.ts'
import type { PayConfig } from '../../src-shared/pay.ts'
import { compareWithStore } from '../jobs/compare/compare.ts'
import { type VerifyWanted, verifyFiles } from '../jobs/compare/verify.ts'
import type { JobContext } from '../jobs/context.ts'
import { loadSettings, openStore, type Store } from '../store/index.ts'
import { storedNetwork } from '../store/periods.ts'
import { readKnownNetworks } from './networks.ts'
import { nodePeriodRules } from './node-periods.ts'
import { payConfigOf } from './pay-config.ts'
import { keptSync } from './sync.ts'

export interface CompareAsk {
  dataDir: string
  /** files and folders */
  paths: string[]
  /** absent: as the settings say */
  resources?: ResourceRule
}

/** Where it is asked whether receipts were paid; what is absent is as the settings have it. */
export interface StellarAsk extends Partial<Pick<PayConfig, 'horizon' | 'passphrase' | 'assetCode' | 'issuer' | 'payer'>> {
  /** absent: that of the data folder */
  network?: string
  /** the list of networks that comes with Granary */
  networksFile: string
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
export async function verifyReceipts(ask: CompareAsk & { stellar?: StellarAsk }, context: JobContext): Promise<VerifyReport> {
  const store = storeOrNone(ask.dataDir)
  try {
    const stellar = ask.stellar && (await stellarOf(store, ask.stellar))
    const more = stellar ? { stellar } : {}
    if (store) return await verifyFiles(store, { ...wanted(store, ask), ...more }, context)
    const files = ask.paths.map(path => ({ path }))
    const rules = { firstNodePeriod: null, carbon: false }
    return await verifyFiles(null, { files, resources: ask.resources ?? 'latest', rules, ...more }, context)
  } finally {
    store?.close()
  }
}

/** Throws AppError usage, naming what is not known. */
export async function stellarOf(
  store: Store | null,
  { network: named, networksFile, ...given }: StellarAsk,
): Promise<VerifyWanted['stellar']> {
  const network = named ?? (store && (storedNetwork(store) ?? keptSync(store)?.config.network)) ?? null
  const known = readKnownNetworks(networksFile)
  const config = { ...payConfigOf({ books: store, known }, network).config, ...given }
  const options = { horizon: '--horizon', passphrase: '--passphrase', assetCode: '--asset', issuer: '--issuer', payer: '--payer' } as const
  const missing = (Object.keys(options) as (keyof typeof options)[]).filter(name => config[name] === '').map(name => options[name])
  if (missing.length > 0)
    throw new AppError(
      'usage',
      `How ${network === null ? 'the network' : `network ${network}`} pays on Stellar is not known here. Nothing was verified. Say ${missing.join(', ')}, or enter it in the payout settings.`,
    )
  const [{ createHorizon }, { checkStellarNetwork }] = await Promise.all([
    import('../clients/stellar/horizon.ts'),
    import('../clients/stellar/network.ts'),
  ])
  const { horizon, passphrase, assetCode: code, issuer } = config
  const [problem] = checkStellarNetwork({ horizon, passphrase, asset: { code, issuer } })
  if (problem) throw new AppError('usage', `${problem.message} Nothing was verified.`)
  return { horizon: createHorizon({ url: horizon, passphrase }), network: network ?? 'not named', config }
}

export function storeOrNone(dataDir: string): Store | null {
  try {
    return openStore(dataDir, { mode: 'read' })
  } catch (error) {
    if (toAppError(error).code === 'io.missing') return null
    throw error
  }
}
