import type { Status } from '../../src-shared/contract.ts'
import { AppError } from '../../src-shared/errors.ts'
import { defaultMintConfig } from '../../src-shared/node-period.ts'
import type { DoctorReport, FoundFarm, LiveNode, Network, SyncConfig, SyncPhase, SyncState } from '../../src-shared/sync.ts'
import { periodAt } from '../../src-shared/time.ts'
import { type SmallCore, smallCore } from './small-core.ts'

/** What a page of the sync is told, without a chain and without a store; a test changes it and says `show`. */
export interface SyncWorld {
  sync: SyncState
  networks: Network[]
  live: LiveNode[]
  doctor: DoctorReport | null
  demo: boolean
  readOnly: boolean
}

/** the chain's head in this world: in the middle of period 103 */
export const headTs = periodAt(103).start + 1_200_000
const headBlock = 18_000_000
export const genesis = `0x${'58b0'.repeat(16)}`
export const endpoints = ['wss://chain.one.example', 'wss://chain.two.example/ws']

export const farms: FoundFarm[] = [
  { farmId: 12, name: 'Alder Farm', payoutAddress: `G${'A'.repeat(55)}`, nodes: [17, 18, 19, 240] },
  { farmId: 31, name: 'Alderney Cellar', payoutAddress: '', nodes: [] },
]

const liveNode = (nodeId: number, state: LiveNode['state'], reason: string, change: Partial<LiveNode> = {}): LiveNode => ({
  ...{ nodeId, farmId: 12, farmName: 'Alder Farm', state, reason, powerTarget: 'Up', lastReportTs: headTs - 700, uptimeSec: 812_345 },
  ...{ certified: false, contracts: 2, ...change },
})

export const liveNodes: LiveNode[] = [
  liveNode(17, 'up', 'reported 11 min ago'),
  liveNode(18, 'down', 'no report for 3 h', { lastReportTs: headTs - 10_900, contracts: 0 }),
  liveNode(19, 'asleep', 'asleep since 4 h', { powerTarget: 'Down', contracts: 0 }),
  liveNode(240, 'unknown', 'no report in the recent blocks', { lastReportTs: null, uptimeSec: null, certified: true }),
]

export const config: SyncConfig = { network: 'main', scope: { farms: [12], nodes: [] }, periods: 3, compareShare: 0.05 }

/** A sync in the given phase, at a point that is plausible for it. */
export function syncIn(phase: SyncPhase): SyncState {
  const known = phase !== 'off' && phase !== 'connecting'
  const all = phase === 'following'
  const block = (index: number) => headBlock - Math.round((headTs - periodAt(index).start) / 6)
  const period = (index: number, state: SyncState['periods'][number]['state'], share: number): SyncState['periods'][number] => {
    const { start, end } = periodAt(index)
    const last = Math.min(headBlock, block(index) + Math.round((end - start) / 6))
    const covered = share === 0 ? null : block(index) + Math.round((last - block(index)) * share)
    return {
      ...{ index, start, end, state, firstBlock: block(index), lastBlock: last, coveredToBlock: covered },
      coveredToTs: covered === null ? null : start + (covered - block(index)) * 6,
    }
  }
  return {
    config,
    phase,
    detail: phase === 'backfilling' ? 'reads period 102, block 17,511,200 of 17,800,000' : '',
    genesis: known ? genesis : null,
    head: known ? { n: headBlock, ts: headTs } : null,
    stored: known ? (all ? { n: headBlock, ts: headTs } : { n: 17_511_200, ts: headTs - 2_932_800 }) : null,
    fraction: known && !all ? 0.437 : null,
    blocksPerSec: phase === 'backfilling' ? 1240.4 : all ? 0.17 : 0,
    secondsLeft: phase === 'backfilling' ? 1510 : null,
    bytes: known ? 1_234_567_890 : 0,
    endpoints: endpoints.map((url, index) => ({
      ...{ url, state: phase === 'offline' ? 'failing' : index === 0 ? 'ready' : 'failing', latencyMs: known ? 48 + index : null },
      ...{
        limit: 64 - 60 * index,
        requests: 120_345,
        bytes: 1_200_000_000,
        failures: 3,
        archive: index === 0 ? true : index === 1 ? false : null,
      },
      detail: phase === 'offline' || index === 1 ? 'It did not answer for 20 s. Granary tries it again in a minute.' : '',
    })),
    periods: known
      ? all
        ? [period(103, 'running', 1), period(102, 'settling', 1), period(101, 'complete', 1)]
        : [period(103, 'running', 1), period(102, 'filling', 0.43), period(101, 'waiting', 0)]
      : [],
    runtimes: known
      ? [
          { specVersion: 152, firstBlock: 17_700_000 },
          { specVersion: 145, firstBlock: 17_300_000 },
        ]
      : [],
    comparedBlocks: known ? 12_345 : 0,
    readBlocks: known ? 246_900 : 0,
    halt:
      phase === 'halted'
        ? {
            code: 'chain.undecodable',
            message:
              'Block 17,511,201 holds an event that this Granary does not know: SmartContractModule.Renamed (spec 153). Update Granary, then try again.',
          }
        : null,
  }
}

export const nothingFollowed: SyncState = { ...syncIn('off'), config: null, endpoints: [] }

export const networks: Network[] = [
  { name: 'main', title: 'Mainnet', endpoints: endpoints.map(url => ({ url, own: false })), genesis, known: true },
  { name: 'test', title: 'Testnet', endpoints: [{ url: 'wss://test.example', own: false }], genesis: '', known: true },
  { name: 'lab', title: 'lab', endpoints: [{ url: 'ws://127.0.0.1:9944', own: true }], genesis: `0x${'ab'.repeat(32)}`, known: false },
]

/** A core that answers the pages of the sync from `world`. */
export function syncCore(change: Partial<SyncWorld> = {}): {
  core: SmallCore
  world: SyncWorld
  show: (change: Partial<SyncWorld>) => void
} {
  const world: SyncWorld = { sync: nothingFollowed, networks, live: [], doctor: null, demo: false, readOnly: false, ...change }
  const core = smallCore()
  const show = (next: Partial<SyncWorld>): void => {
    Object.assign(world, next)
    core.announce(['sync', 'networks', 'facts', 'jobs'])
  }
  const phase = (next: SyncPhase) => () => {
    show({ sync: syncIn(next) })
    return {}
  }
  const status = (): Status => ({
    ...{
      version: '0.1.0',
      host: 'loopback',
      network: world.demo ? 'demo' : null,
      demo: world.demo,
      completeUntilTs: world.sync.stored?.ts ?? null,
    },
    ...{ latestPeriod: null, dataDir: '/home/anna/granary', readOnly: world.readOnly, jobs: [] },
    sync: {
      ...{ phase: world.sync.phase, network: world.sync.config?.network ?? null, headTs: world.sync.head?.ts ?? null },
      ...{ storedTs: world.sync.stored?.ts ?? null, fraction: world.sync.fraction, secondsLeft: world.sync.secondsLeft },
      message: world.sync.halt?.message ?? '',
    },
  })
  core.answers = {
    'status.get': status,
    'settings.get': () => ({ role: 'farmer', theme: 'auto', myFarms: [], resources: 'latest', ui: {} }),
    'settings.set': () => ({}),
    'overview.get': () => ({
      ...{ period: null, elapsedSec: 0, states: { up: 0, 'at-risk': 0, down: 0, asleep: 0, unknown: 0 }, earnedUnits: 0n, earnedMusd: 0n },
      ...{ staysUpUnits: 0n, staysUpMusd: 0n, goesDownUnits: 0n, goesDownMusd: 0n, budgetLow: 0, over: false },
      ...{ farms: [], attention: [], attentionTotal: 0, rules: 'v3' as const },
    }),
    'periods.list': () => [],
    'nodes.list': () => ({
      rows: [],
      total: 0,
      rewardUnits: 0n,
      staysUpUnits: 0n,
      farms: world.sync.config ? [{ farmId: 12, name: 'Alder Farm' }] : [],
    }),
    'jobs.list': () => [],
    'search.find': () => [],
    'audit.list': () => ({ rows: [], total: 0, intact: true }),
    'networks.list': () => world.networks,
    'mintConfig.get': () => ({
      network: world.sync.config?.network ?? null,
      config: defaultMintConfig,
      problems: [],
      chain: { hasPallet: null, specVersion: null, calls: [] },
    }),
    'sync.get': () => world.sync,
    'doctor.get': () => world.doctor,
    'live.list': () => ({ asOf: world.live.length > 0 ? { n: headBlock, ts: headTs } : null, rows: world.live, total: world.live.length }),
    'sync.find': ({ input }) => {
      const { text } = input as { text: string }
      const fits = farms.filter(farm => farm.name.toLowerCase().includes(text.toLowerCase()) || farm.nodes.includes(Number(text)))
      return { farms: fits, total: fits.length }
    },
    'sync.estimate': ({ input }) => ({
      ...{ network: (input as SyncConfig).network, genesis, head: { n: headBlock, ts: headTs }, periods: [103, 102], blocks: 638_000 },
      ...{ requests: 640_000, bytes: 2_100_000_000, storeBytes: 9_000_000, seconds: 1510, nodes: 4, archive: true, endpoint: endpoints[0] },
    }),
    'sync.configure': ({ input }) => {
      show({ sync: { ...syncIn('backfilling'), config: input as SyncConfig }, live: liveNodes })
      return {}
    },
    'sync.start': phase('backfilling'),
    'sync.pause': phase('paused'),
    'demo.follow': phase('following'),
    'doctor.start': () => {
      show({ doctor: examined })
      return { jobId: 'd' }
    },
    'network.addEndpoint': ({ input }) => {
      const { network, url } = input as { network: string; url: string }
      if (url.includes('other'))
        throw new AppError('chain.network', `${url} belongs to another network than ${network}. Nothing was saved.`)
      const own = { url, own: true }
      const known = world.networks.some(one => one.name === network)
      show({
        networks: known
          ? world.networks.map(one => (one.name === network ? { ...one, endpoints: [...one.endpoints, own] } : one))
          : [...world.networks, { name: network, title: network, endpoints: [own], genesis, known: false }],
      })
      return { genesis, specVersion: 152, archive: false }
    },
    'network.removeEndpoint': ({ input }) => {
      const { network, url } = input as { network: string; url: string }
      show({
        networks: world.networks
          .map(one => (one.name === network ? { ...one, endpoints: one.endpoints.filter(each => each.url !== url) } : one))
          .filter(one => one.known || one.endpoints.length > 0),
      })
      return {}
    },
  }
  return { core, world, show }
}

export const examined: DoctorReport = {
  ts: headTs,
  checks: [
    { name: 'Store', state: 'ok', detail: 'Every chunk has its checksum.', wayOut: '' },
    {
      name: 'Chain',
      state: 'problem',
      detail: 'Block 17,400,000 has other events on the chain than in the store.',
      wayOut: 'Import period 102 again, or sync it again.',
    },
    { name: 'Backup', state: 'unknown', detail: 'The folder of backups can not be read.', wayOut: 'Look at its permissions.' },
  ],
}
