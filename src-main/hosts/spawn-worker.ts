import { existsSync } from 'node:fs'
import nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError, fromPlainError, type PlainError } from '../../src-shared/errors.ts'
import type { TaskRunner } from '../core/tasks.ts'

/** What goes to a worker and what comes back; one task at a time each. */
export type ToWorker = { t: 'run'; id: number; name: string; input: unknown } | { t: 'cancel'; id: number }
export type FromWorker =
  | { t: 'progress'; id: number; progress: unknown }
  | { t: 'done'; id: number; value: unknown }
  | { t: 'failed'; id: number; error: PlainError }

export interface WorkerTaskRunner extends TaskRunner {
  /** ends every thread; tasks under way reject with `cancelled` */
  close(): Promise<void>
}

/** What a thread is given when it starts. */
export interface WorkerInput {
  /** where compiled code is kept, if anywhere */
  compiledDir?: string
}

export interface WorkerOptions {
  /** the worker's file; by default `worker` beside this one, as built or as source */
  file?: string
  /** how long a task may go on after it was asked to stop, before its thread is ended */
  graceMs?: number
  /** a thread ended that nobody ended */
  onDied?: (error: unknown, exitCode: number) => void
}

interface Task {
  id: number
  name: string
  input: unknown
  signal: AbortSignal | undefined
  onProgress: ((progress: unknown) => void) | undefined
  resolve: (value: unknown) => void
  reject: (error: AppError) => void
}

/**
 * Runs tasks in up to `maxThreads` worker threads, which stay for the next task and don't keep the process alive while idle.
 * Tasks beyond that wait in order. A task that is aborted rejects with `cancelled` once it has stopped; one that doesn't stop
 * is ended with its thread. A thread that dies rejects its task with `internal`, and the next task gets a fresh one.
 */
export function workerTaskRunner(
  maxThreads: number,
  { file = workerFile(), graceMs = 5_000, onDied }: WorkerOptions = {},
): WorkerTaskRunner {
  const idle: Worker[] = []
  const busy = new Map<Worker, Task>()
  const queue: Task[] = []
  let nextId = 1
  let closed = false

  function start(): Worker {
    // room for what an import or a mint makes and drops at once: less of it is copied by the garbage collector
    const worker = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: 64 }, workerData: workerInput() })
    let cause: unknown
    worker.on('message', (message: FromWorker) => {
      const task = busy.get(worker)
      if (task?.id !== message.id) return
      if (message.t === 'progress') task.onProgress?.(message.progress)
      else {
        busy.delete(worker)
        worker.unref()
        idle.push(worker)
        if (message.t === 'done') task.resolve(message.value)
        else task.reject(fromPlainError(message.error))
        next()
      }
    })
    worker.on('error', error => {
      cause = error
    })
    worker.on('exit', exitCode => {
      const task = busy.get(worker)
      if (!closed && !task?.signal?.aborted) onDied?.(cause, exitCode)
      busy.delete(worker)
      const place = idle.indexOf(worker)
      if (place >= 0) idle.splice(place, 1)
      task?.reject(task.signal?.aborted ? stopped() : died(task.name, cause))
      if (!closed) next()
    })
    return worker
  }

  function next(): void {
    while (queue.length > 0 && busy.size < maxThreads) {
      const task = queue.shift()!
      const worker = idle.pop() ?? start()
      busy.set(worker, task)
      worker.ref()
      try {
        worker.postMessage({ t: 'run', id: task.id, name: task.name, input: task.input } satisfies ToWorker)
      } catch (cause) {
        // input that cannot be copied to another thread
        busy.delete(worker)
        worker.unref()
        idle.push(worker)
        task.reject(died(task.name, cause))
      }
    }
  }

  function stop(task: Task): void {
    const place = queue.indexOf(task)
    if (place >= 0) {
      queue.splice(place, 1)
      task.reject(stopped())
    }
    for (const [worker, running] of busy) {
      if (running !== task) continue
      worker.postMessage({ t: 'cancel', id: task.id } satisfies ToWorker)
      const timer = setTimeout(() => busy.get(worker) === task && worker.terminate(), graceMs)
      timer.unref()
    }
  }

  function run(name: string, input: unknown, { signal, onProgress }: Parameters<TaskRunner>[2]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted || closed) {
        reject(stopped())
        return
      }
      const abort = (): void => stop(task)
      const task: Task = {
        id: nextId++,
        name,
        input,
        signal,
        onProgress,
        resolve(value) {
          signal?.removeEventListener('abort', abort)
          resolve(value)
        },
        reject(error) {
          signal?.removeEventListener('abort', abort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      queue.push(task)
      next()
    })
  }

  async function close(): Promise<void> {
    closed = true
    for (const task of queue.splice(0)) task.reject(stopped())
    const workers = [...idle, ...busy.keys()]
    for (const [worker, task] of busy) {
      busy.delete(worker)
      task.reject(stopped())
    }
    await Promise.all(workers.map(worker => worker.terminate()))
  }

  return Object.assign(run, { close })
}

/** A thread shares this one's compiled code, which lies in a folder of the Node's version below the one that was named. */
function workerInput(): WorkerInput {
  const versionDir = nodeModule.getCompileCacheDir?.()
  return versionDir === undefined ? {} : { compiledDir: dirname(versionDir) }
}

function workerFile(): string {
  const built = join(import.meta.dirname, 'worker.js')
  return existsSync(built) ? built : join(import.meta.dirname, 'worker.ts')
}

function stopped(): AppError {
  return new AppError('cancelled', 'Stopped on request.')
}

function died(name: string, cause: unknown): AppError {
  const memory = (cause as { code?: unknown } | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY'
  const why = memory ? 'it ran out of memory' : cause instanceof Error ? cause.message : 'its thread ended'
  return new AppError('internal', `The work "${name}" broke off: ${why}. What was saved before is safe; start it again.`, { cause })
}
