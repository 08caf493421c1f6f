import { randomUUID } from 'node:crypto'
import { AppError } from '../../src-shared/errors.ts'
import { endpointSchema, networkNameSchema, type Scope, type SyncConfig, type SyncEstimate, type SyncState } from '../../src-shared/sync.ts'
import { formatUtc } from '../../src-shared/time.ts'
import type { JobContext } from '../jobs/context.ts'
import { estimateSync, probeEndpoint } from '../jobs/sync/ask.ts'
import { syncChain } from '../jobs/sync/run.ts'
import { loadSettings, openStore, refuseOtherNetwork, runCommand, type Store } from '../store/index.ts'
import { findNetwork, listNetworks, readKnownNetworks, saveEndpoint } from './networks.ts'
import { createRefresher } from './refresh.ts'
import { keepSync, keptSync } from './sync.ts'
import { runTaskHere } from './tasks.ts'

/** What `granary sync` is asked; what is left out is as it was the last time, else the whole grid of main, two periods. */
export interface SyncCommand {
  dataDir: string
  networksFile: string | null
  actor: string
  network?: string
  /** added to the network's own, and kept once they have answered */
  endpoints: string[]
  scope?: Scope
  periods?: number | null
  compareShare?: number
  until: number | null
  follow: boolean
  /** told before anything is read */
  onEstimate?: (estimate: SyncEstimate) => void
  /** only tells what it would cost */
  estimateOnly: boolean
}

const defaults: SyncConfig = { network: 'main', scope: 'all', periods: 2, compareShare: 0.05 }

/**
 * Follows a chain into the data folder, as its one writer, and computes the periods that it brought. Gives null where only the
 * estimate was wanted. Throws AppError usage, chain.*, store.*, io.*, cancelled; what was read is kept and a rerun goes on from there.
 */
export async function syncNetwork(command: SyncCommand, context: JobContext): Promise<SyncState | null> {
  const signal = context.signal ?? new AbortController().signal
  const known = command.networksFile === null ? [] : readKnownNetworks(command.networksFile)
  const store = openStore(command.dataDir, { mode: 'write' })
  try {
    const kept = keptSync(store)?.config
    const name = command.network ?? kept?.network ?? defaults.network
    if (!networkNameSchema.safeParse(name).success)
      throw new AppError('usage', `"${name}" is no network's name: it has lower-case letters, digits and hyphens.`)
    refuseOtherNetwork(store, name)
    await addEndpoints(store, known, name, command, signal)
    const network = findNetwork(known, store, name)
    const same = kept?.network === name ? kept : undefined
    const config: SyncConfig = {
      network: name,
      scope: command.scope ?? same?.scope ?? defaults.scope,
      periods: command.periods === undefined ? (same ? same.periods : defaults.periods) : command.periods,
      compareShare: command.compareShare ?? same?.compareShare ?? defaults.compareShare,
    }
    const endpoints = network.endpoints.map(({ url }) => url)
    if (command.onEstimate) command.onEstimate(await estimateSync({ endpoints, genesis: network.genesis, ...config }, signal))
    if (command.estimateOnly) return null
    if (JSON.stringify(config) !== JSON.stringify(kept))
      runCommand(
        store,
        {
          actor: command.actor,
          idempotencyKey: randomUUID(),
          command: 'sync.configure',
          input: config,
          audit: { subject: `network ${name}` },
        },
        () => keepSync(store, { config, paused: false }),
      )
    return await follow(store, { config, endpoints, genesis: network.genesis }, command, context, signal)
  } finally {
    store.close()
  }
}

async function follow(
  store: Store,
  what: { config: SyncConfig; endpoints: string[]; genesis: string },
  { dataDir, until, follow: isFollowing }: SyncCommand,
  context: JobContext,
  signal: AbortSignal,
): Promise<SyncState> {
  const changed = new Set<number>()
  const compute = async (period: number): Promise<void> => {
    await (context.runTask ?? runTaskHere)('mint', { dataDir, period, resources: loadSettings(store).resources }, {})
    changed.delete(period)
  }
  // while it follows, the periods that it brings are computed now and then, so that another view of this folder sees them
  const refresher = createRefresher(period =>
    compute(period).catch(error => {
      if (error instanceof AppError && !error.retryable) context.onProgress?.({ fraction: null, detail: error.message, secondsLeft: null })
    }),
  )
  try {
    return await syncChain(
      store,
      { ...what, until, follow: isFollowing },
      {
        onState: state => context.onProgress?.({ fraction: state.fraction, detail: stateLine(state), secondsLeft: state.secondsLeft }),
        onCommit: period => {
          changed.add(period)
          if (isFollowing) refresher.want(period)
        },
      },
      signal,
    )
  } finally {
    refresher.close()
    for (const period of [...changed].sort((a, b) => b - a)) {
      context.onProgress?.({ fraction: null, detail: `computes period ${period}`, secondsLeft: null })
      await compute(period)
    }
  }
}

/** A new endpoint is asked who it is before it is kept; its network's genesis must fit. */
async function addEndpoints(
  store: Store,
  known: ReturnType<typeof readKnownNetworks>,
  name: string,
  { endpoints, actor }: SyncCommand,
  signal: AbortSignal,
): Promise<void> {
  for (const url of endpoints) {
    if (!endpointSchema.safeParse(url).success)
      throw new AppError('usage', `"${url}" is no endpoint. It takes wss://HOST, or ws:// on this machine.`)
    const network = listNetworks(known, store).find(candidate => candidate.name === name)
    if (network?.endpoints.some(endpoint => endpoint.url === url)) continue
    const { genesis } = await probeEndpoint({ url, genesis: network?.genesis ?? '' }, signal)
    const input = { network: name, url }
    runCommand(
      store,
      { actor, idempotencyKey: randomUUID(), command: 'network.addEndpoint', input, audit: { subject: `network ${name}` } },
      () => saveEndpoint(store, name, url, genesis),
    )
  }
}

/** `period 103, block 1,204,000 of 1,438,480, 9,120/s, complete until 2026-11-20 13:02:04 UTC` */
export function stateLine(state: SyncState): string {
  const parts: string[] = []
  if (state.phase === 'offline') parts.push('offline, tries again')
  else if (state.detail) parts.push(state.detail)
  const filling = state.periods.find(period => period.state === 'filling' || period.state === 'waiting')
  if (filling?.coveredToBlock && filling.lastBlock) parts.push(`block ${filling.coveredToBlock} of ${filling.lastBlock}`)
  if (state.blocksPerSec > 0 && state.phase === 'backfilling') parts.push(`${state.blocksPerSec} blocks/s`)
  if (state.stored) parts.push(`complete until ${formatUtc(state.stored.ts)}`)
  return parts.join(', ')
}
