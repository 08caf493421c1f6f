import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { QueryOutput, Status } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import { idleSync, type LiveNode, type Network, type SyncConfig, type SyncState, syncConfigSchema } from '../../src-shared/sync.ts'
import type { TaskRunner } from '../jobs/context.ts'
import { loadNote, type Store, saveNote } from '../store/index.ts'
import { taskContext } from './imports.ts'
import type { JobRunner } from './jobs.ts'
import type { SyncMessage, SyncTaskInput } from './tasks.ts'

/** What the user decided about the sync; kept in the books. */
const noteSchema = z.object({ config: syncConfigSchema, paused: z.boolean() })
type KeptSync = z.infer<typeof noteSchema>
const NOTE = 'sync'

export function keptSync(store: Store): KeptSync | null {
  const parsed = noteSchema.safeParse(loadNote(store, NOTE))
  return parsed.success ? parsed.data : null
}

/** Whoever calls it holds the transaction (runCommand does). */
export function keepSync(store: Store, kept: KeptSync): void {
  saveNote(store, NOTE, kept)
}

/** The sync of one store: what is to be followed, and how that goes. */
export interface SyncControl {
  readonly config: SyncConfig | null
  /** by the user */
  readonly isPaused: boolean
  state(): SyncState
  status(): Status['sync']
  live(offset: number, limit: number): QueryOutput<'live.list'>
  /** Keeps what to follow and whether it is paused; inside the caller's transaction. `run` then makes it so. */
  keep(config: SyncConfig, paused: boolean): void
  /** starts, restarts or stops the job as the books say */
  run(): void
  /** stops the job, whatever the books say */
  stop(): void
}

export interface SyncControlOptions {
  store: Store
  jobs: JobRunner
  runTask: TaskRunner
  /** Throws AppError not-found. */
  network: (name: string) => Network
  changed: () => void
  /** something of a period is there that was not before */
  onCommit: (period: number) => void
}

export function createSyncControl({ store, jobs, runTask, network, changed, onCommit }: SyncControlOptions): SyncControl {
  let state: SyncState | null = null
  let asOf: { n: number; ts: number } | null = null
  let nodes: LiveNode[] = []
  let jobId: string | null = null

  function idle(): SyncState {
    const config = keptSync(store)?.config ?? null
    return idleSync(config, config ? 'paused' : 'off')
  }

  function start(config: SyncConfig): void {
    const id = randomUUID()
    jobId = id
    jobs.start({
      id,
      kind: 'sync',
      title: `Follow ${config.network}`,
      lane: 'sync',
      run: async context => {
        const { endpoints, genesis } = network(config.network)
        const input: SyncTaskInput = { dataDir: store.dataDir, config, endpoints: endpoints.map(({ url }) => url), genesis }
        const hear = (message: SyncMessage): void => {
          if (message.t === 'live') {
            asOf = message.view.asOf
            nodes = message.view.nodes
          } else if (message.t === 'commit') onCommit(message.period)
          else {
            state = message.state
            const { fraction, detail, secondsLeft } = state
            context.onProgress({ fraction, detail, secondsLeft })
          }
          changed()
        }
        try {
          await runTask('sync', input, { ...taskContext(context), onProgress: message => hear(message as SyncMessage) })
          return { period: null }
        } catch (cause) {
          const error = toAppError(cause)
          const now = state ?? idle()
          if (error.code === 'cancelled') state = resting(now)
          else state = { ...now, phase: 'halted', detail: '', halt: { code: error.code, message: error.message } }
          throw error
        } finally {
          changed()
        }
      },
    })
  }

  function stop(): void {
    if (jobId === null) return
    const running = jobs.list().find(job => job.id === jobId && job.state === 'running')
    if (running) jobs.cancel(running.id)
    jobId = null
  }

  return {
    get config() {
      return keptSync(store)?.config ?? null
    },
    get isPaused() {
      return keptSync(store)?.paused ?? false
    },
    state: () => state ?? idle(),
    status() {
      const { config, phase, head, stored, fraction, secondsLeft, halt } = state ?? idle()
      return {
        phase,
        network: config?.network ?? null,
        headTs: head?.ts ?? null,
        storedTs: stored?.ts ?? null,
        fraction,
        secondsLeft,
        message: halt?.message ?? '',
      }
    },
    live: (offset, limit) => ({ asOf, rows: nodes.slice(offset, offset + limit), total: nodes.length }),
    keep: (config, paused) => keepSync(store, { config, paused }),
    run() {
      const kept = keptSync(store)
      stop()
      if (!kept || kept.paused) {
        state = state && { ...resting(state), config: kept?.config ?? null, phase: kept ? 'paused' : 'off' }
        changed()
        return
      }
      if (state?.config && JSON.stringify(state.config) !== JSON.stringify(kept.config)) {
        // what is shown belongs to what was followed before
        state = null
        asOf = null
        nodes = []
      }
      start(kept.config)
    },
    stop,
  }
}

/** How it stands once nothing is fetched any more. */
function resting(state: SyncState): SyncState {
  const endpoints = state.endpoints.map(endpoint => ({ ...endpoint, state: 'unused' as const }))
  return { ...state, phase: 'paused', detail: '', halt: null, blocksPerSec: 0, secondsLeft: null, endpoints }
}

/** Throws AppError usage where nothing was chosen yet. */
export function configOrThrow(control: SyncControl): SyncConfig {
  if (!control.config) throw new AppError('usage', 'Nothing is followed yet. Choose a network and what to follow first.')
  return control.config
}
