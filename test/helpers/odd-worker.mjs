import { parentPort } from 'node:worker_threads'

// A worker that misbehaves on request, for the test of what starts and ends workers.
let cancelled = false
parentPort.on('message', message => {
  if (message.t === 'cancel') {
    cancelled = true
    return
  }
  const { id, name, input } = message
  if (name === 'echo') {
    parentPort.postMessage({ t: 'progress', id, progress: { fraction: 0.5 } })
    parentPort.postMessage({ t: 'done', id, value: { input, thread: process.threadId ?? 0 } })
  } else if (name === 'fail')
    parentPort.postMessage({ t: 'failed', id, error: { code: 'not-found', message: 'No.', retryable: false, details: { id: 7 } } })
  else if (name === 'exit') process.exit(3)
  else if (name === 'throw') throw new Error('lost my mind')
  else if (name === 'loop') for (;;);
  else if (name === 'wait') {
    const timer = setInterval(() => {
      if (!cancelled) return
      clearInterval(timer)
      cancelled = false
      parentPort.postMessage({ t: 'failed', id, error: { code: 'cancelled', message: 'Stopped.', retryable: false, details: {} } })
    }, 2)
  }
})
