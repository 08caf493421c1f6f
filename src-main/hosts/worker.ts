import { parentPort } from 'node:worker_threads'
import { toPlainError } from '../../src-shared/errors.ts'
import { runTaskHere } from '../core/tasks.ts'
import type { FromWorker, ToWorker } from './spawn-worker.ts'

// The body of a worker thread: one task at a time, as spawn-worker.ts asks.
const port = parentPort
if (!port) throw new Error('worker.ts runs in a worker thread only')

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
  runTaskHere(message.name, message.input, { signal: abort.signal, onProgress: progress => say({ t: 'progress', id, progress }) })
    .then(value => say({ t: 'done', id, value }))
    .catch((error: unknown) => say({ t: 'failed', id, error: toPlainError(error) }))
    .finally(() => {
      running = undefined
    })
})
