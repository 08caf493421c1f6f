import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type WorkerOptions, type WorkerTaskRunner, workerTaskRunner } from '../../src-main/hosts/spawn-worker.ts'

const odd = join(import.meta.dirname, '../helpers/odd-worker.mjs')
const runners: WorkerTaskRunner[] = []

function runner(maxThreads: number, options: WorkerOptions = { file: odd }): WorkerTaskRunner {
  const made = workerTaskRunner(maxThreads, options)
  runners.push(made)
  return made
}

afterEach(async () => {
  for (const made of runners.splice(0)) await made.close()
})

test('the real worker runs the tasks of the core', async () => {
  await expect(runner(1, {})('no such task', {}, {})).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('no such task'),
  })
})

test('input, progress, result and errors cross, amounts too', async () => {
  const run = runner(1)
  const progress: unknown[] = []
  expect(await run('echo', { amount: 12345678901234567890n }, { onProgress: seen => progress.push(seen) })).toMatchObject({
    input: { amount: 12345678901234567890n },
  })
  expect(progress).toEqual([{ fraction: 0.5 }])
  await expect(run('fail', {}, {})).rejects.toMatchObject({ name: 'AppError', code: 'not-found', details: { id: 7 } })
  expect(await run('echo', 1, {})).toMatchObject({ input: 1 })
})

test('input that cannot be copied is an error of the task only', async () => {
  const run = runner(1)
  await expect(run('echo', () => 1, {})).rejects.toMatchObject({ code: 'internal' })
  expect(await run('echo', 2, {})).toMatchObject({ input: 2 })
})

test('more tasks than threads wait their turn and all come back', async () => {
  const run = runner(2)
  const results = await Promise.all(Array.from({ length: 9 }, (_, i) => run('echo', i, {})))
  expect(results.map(result => (result as { input: number }).input)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
})

test('a thread that ends, or throws outside its task, rejects its task, and the next one gets a fresh thread', async () => {
  const run = runner(1)
  await expect(run('exit', {}, {})).rejects.toMatchObject({ code: 'internal' })
  await expect(run('throw', {}, {})).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('lost my mind') })
  expect(await run('echo', 3, {})).toMatchObject({ input: 3 })
})

test('stopping reaches a running task, a waiting one, and one that does not listen', async () => {
  const run = runner(1, { file: odd, graceMs: 50 })
  const stops = [new AbortController(), new AbortController()]
  const first = run('wait', {}, { signal: stops[0]!.signal })
  const second = run('wait', {}, { signal: stops[1]!.signal })
  stops[1]!.abort()
  await expect(second).rejects.toMatchObject({ code: 'cancelled' })
  stops[0]!.abort()
  await expect(first).rejects.toMatchObject({ code: 'cancelled' })
  const deaf = new AbortController()
  const looping = run('loop', {}, { signal: deaf.signal })
  setTimeout(() => deaf.abort(), 50)
  await expect(looping).rejects.toMatchObject({ code: 'cancelled' })
  await expect(run('echo', 1, { signal: deaf.signal })).rejects.toMatchObject({ code: 'cancelled' })
  expect(await run('echo', 4, {})).toMatchObject({ input: 4 })
})

test('closing ends everything', async () => {
  const run = runner(2)
  const going = [run('loop', {}, {}), run('wait', {}, {}), run('echo', {}, {})]
  const results = Promise.allSettled(going)
  await run.close()
  expect((await results).map(result => result.status === 'rejected' && result.reason.code)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  await expect(run('echo', 1, {})).rejects.toMatchObject({ code: 'cancelled' })
})
