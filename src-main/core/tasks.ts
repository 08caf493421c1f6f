import { AppError } from '../../src-shared/errors.ts'
import type { JobContext, JobProgress } from '../jobs/context.ts'

export type { TaskRunner } from '../jobs/context.ts'

/** The heavy work that a host may run in a worker thread; each has plain data in and out. */
const tasks: Record<string, (input: never, context: JobContext) => Promise<unknown>> = {}

/** Runs a task on this thread; the body of a worker. Rejects with AppError `usage` for a name it does not know. */
export async function runTaskHere(
  name: string,
  input: unknown,
  context: { signal?: AbortSignal; onProgress?: (progress: unknown) => void },
): Promise<unknown> {
  const task = tasks[name]
  if (!task) throw new AppError('usage', `There is no task "${name}".`)
  const inner: JobContext = {}
  if (context.signal) inner.signal = context.signal
  const { onProgress } = context
  if (onProgress) inner.onProgress = (progress: JobProgress) => onProgress(progress)
  return task(input as never, inner)
}
