import nodeModule from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { toPlainError } from '../../src-shared/errors.ts'
import type { FromWorker, ToWorker, WorkerInput } from './spawn-worker.ts'

// The body of a worker thread: one task at a time, as spawn-worker.ts asks.
const port = parentPort
if (!port) throw new Error('worker.ts runs in a worker thread only')
// before the tasks' code is loaded
const { compiledDir } = (workerData ?? {}) as Partial<WorkerInput>
if (compiledDir !== undefined) nodeModule.enableCompileCache(compiledDir)
const loaded = import('../core/tasks.ts')

let running: { id: number; abort: AbortController } | undefined

port.on('message', (message: ToWorker) => {
  if (message.t === 'cancel') {
    if (running?.id === message.id) running.abort.abort()
    return
  }
  const { id } = message
  const abort = new AbortController()
  running = { id, abort }
  const say = (answer: FromWorker): void => port.postMessage(answer)
  loaded
    .then(({ runTaskHere }) =>
      runTaskHere(message.name, message.input, { signal: abort.signal, onProgress: progress => say({ t: 'progress', id, progress }) }),
    )
    .then(value => say({ t: 'done', id, value }))
    .catch((error: unknown) => say({ t: 'failed', id, error: toPlainError(error) }))
    .finally(() => {
      running = undefined
    })
})
