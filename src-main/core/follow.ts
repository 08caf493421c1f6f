import { join } from 'node:path'
import { commands, type Settings } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { Network } from '../../src-shared/sync.ts'
import type { TaskRunner } from '../jobs/context.ts'
import { listPeriods, refuseOtherNetwork, type Store } from '../store/index.ts'
import type { Computing } from './computing.ts'
import type { JobRunner } from './jobs.ts'
import { createLiveDemo, type Following, type LiveDemo } from './live-demo.ts'
import { findNetwork, type KnownNetwork, listNetworks, removeEndpoint, saveEndpoint } from './networks.ts'
import type { Once } from './once.ts'
import { createRefresher } from './refresh.ts'
import { configOrThrow, createSyncControl, type SyncControl } from './sync.ts'
import type { Topics } from './topics.ts'
import type { View } from './view.ts'

const followCommands = [
  'sync.configure',
  'sync.start',
  'sync.pause',
  'demo.follow',
  'network.addEndpoint',
  'network.removeEndpoint',
] as const
type FollowCommand = (typeof followCommands)[number]

export function isFollowCommand(name: string): name is FollowCommand {
  return (followCommands as readonly string[]).includes(name)
}

export interface FollowSources {
  books: Store
  known: readonly KnownNetwork[]
  view: View
  computing: Computing
  settings(): Settings
  jobs: JobRunner
  runTask: TaskRunner
  changed: Topics['changed']
  isClosed(): boolean
}

/** Follows a network into the user's own store, and before there is one, a made-up chain into the demo's. */
export interface Follow {
  liveDemo: LiveDemo
  /** of what is followed: the user's own network, else the made-up chain, else nothing */
  sync(): SyncControl
  /** Goes on with what the books say is to be followed. */
  resume(): void
  /** Throws AppError usage, not-found, store.*, and what connecting to an endpoint throws. */
  command(name: FollowCommand, input: unknown, once: Once, signal?: AbortSignal): unknown
  /** Nothing is computed of what still comes in. */
  end(): void
}

export function createFollow(sources: FollowSources): Follow {
  const { books, known, view, computing, jobs, runTask, changed } = sources
  const own = followStore(books, name => findNetwork(known, books, name))
  const liveDemo = createLiveDemo(join(books.dataDir, 'demo-live'), runTask, followStore)
  const sync = () => (own.control.config ? own.control : (liveDemo.current()?.sync.control ?? own.control))

  /** A store's sync, and its periods computed as they come in. */
  function followStore(store: Store, network: (name: string) => Network): Following {
    /** what could not be computed, and what was said of it, so that what stays so is told once */
    const failed = new Map<string, string>()
    let lastShown: Store | null = null
    /** Does it unseen; where it fails, `visibly` starts it as a job that everybody sees fail, with the reason. */
    async function unseen(what: string, period: number, work: () => Promise<unknown>, visibly: () => void): Promise<boolean> {
      try {
        await work()
        failed.delete(what)
        return true
      } catch (cause) {
        const { retryable, message } = toAppError(cause)
        if (retryable) refresher.want(period)
        else if (failed.get(what) !== message && !sources.isClosed()) {
          failed.set(what, message)
          visibly()
        }
        return false
      }
    }
    const refresher = createRefresher(async period => {
      const input = { dataDir: store.dataDir, period, resources: sources.settings().resources }
      const isComputed = await unseen(
        `period ${period}`,
        period,
        () => runTask('mint', input, {}),
        () => computing.startPeriod(store, period),
      )
      if (!isComputed) return
      view.forget()
      changed('facts', 'results')
      const isWorkedOut = await unseen(
        'node periods',
        period,
        () => computing.workOutRuns(store),
        () => computing.startNodeRuns(store),
      )
      if (isWorkedOut) computing.mintsSaved()
    })
    const control = createSyncControl({
      store,
      jobs,
      runTask,
      network,
      changed: () => changed('sync'),
      onCommit: period => {
        refresher.want(period)
        // the first data of its own takes the place of the demo on every page, before it is computed
        const { store: shown } = view.active()
        if (shown === lastShown) return
        lastShown = shown
        view.forget()
        changed('facts', 'results', 'labels')
      },
    })
    return { control, refresher }
  }

  async function followDemo(): Promise<unknown> {
    if (listPeriods(books).length > 0 || own.control.config)
      throw new AppError('usage', 'The demo is over: this data folder has real data, or follows a network already.')
    await liveDemo.begin()
    changed('sync')
    return {}
  }

  const followsNow = (network: string) => own.control.config?.network === network

  return {
    liveDemo,
    sync,
    resume: () => own.control.run(),
    command(name, input, once, signal) {
      const steer = (control: SyncControl, subject: string, work: () => void): unknown => {
        const answered = once(subject, () => {
          work()
          return {}
        })
        changed('sync', 'audit')
        control.run()
        return answered
      }
      /** The endpoints of the network are others now. */
      const endpointsChanged = (network: string): void => {
        changed('networks', 'audit')
        if (followsNow(network)) own.control.run()
      }
      /** Connects to an endpoint before it is kept; the network's genesis must fit. */
      const addEndpoint = async ({ network, url }: { network: string; url: string }): Promise<unknown> => {
        const genesis = listNetworks(known, books).find(({ name }) => name === network)?.genesis ?? ''
        const found = (await runTask('chain-probe', { url, genesis }, signal ? { signal } : {})) as { genesis: string }
        const answered = once(`network ${network}`, () => {
          saveEndpoint(books, network, url, found.genesis)
          return found
        })
        endpointsChanged(network)
        return answered
      }
      switch (name) {
        case 'sync.configure': {
          const config = commands[name].in.parse(input)
          findNetwork(known, books, config.network)
          refuseOtherNetwork(books, config.network)
          const answered = steer(own.control, `network ${config.network}`, () => own.control.keep(config, own.control.isPaused))
          liveDemo.end()
          return answered
        }
        case 'sync.start':
        case 'sync.pause': {
          const control = sync()
          return steer(control, 'sync', () => control.keep(configOrThrow(control), name === 'sync.pause'))
        }
        case 'demo.follow':
          return followDemo()
        case 'network.addEndpoint':
          return addEndpoint(commands[name].in.parse(input))
        case 'network.removeEndpoint': {
          const { network, url } = commands[name].in.parse(input)
          const answered = once(`network ${network}`, () => {
            removeEndpoint(books, network, url)
            return {}
          })
          endpointsChanged(network)
          return answered
        }
      }
    },
    end() {
      own.refresher.close()
      liveDemo.end()
    },
  }
}
