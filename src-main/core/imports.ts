import type { Actor } from '../../src-shared/contract.ts'
import { AppError, toAppError } from '../../src-shared/errors.ts'
import type { JobContext, TaskRunner } from '../jobs/context.ts'
import { loadSettings, runCommand, type Store } from '../store/index.ts'
import type { ImportTaskInput, ImportTaskOutput } from './tasks.ts'

export interface ImportOrder {
  /** of the job; makes its end stand in the audit trail once */
  id: string
  path: string
  /** the file's own name, where the path is a copy's */
  name: string
  actor: Actor
}

/**
 * Imports one archive into the store that this process writes, computes its results, and says in the audit trail how that ended.
 * Throws what the import throws.
 */
export async function importAudited(store: Store, order: ImportOrder, runTask: TaskRunner, context: JobContext): Promise<ImportTaskOutput> {
  const input: ImportTaskInput = { dataDir: store.dataDir, path: order.path, name: order.name, resources: loadSettings(store).resources }
  const note = (action: string, subject: string, details: Record<string, unknown>) =>
    runCommand(
      store,
      { actor: order.actor.id, idempotencyKey: `${order.id}:end`, command: action, input: details, audit: { subject } },
      () => null,
    )
  let done: ImportTaskOutput
  try {
    done = (await runTask('import', input, taskContext(context))) as ImportTaskOutput
  } catch (cause) {
    const error = toAppError(cause)
    try {
      note(error.code === 'cancelled' ? 'import.stopped' : 'import.failed', order.name, { code: error.code, message: error.message })
    } catch {
      // books that can't take a note (a full disk) must not hide why the import failed
    }
    throw error
  }
  const { period, outcome, events, digest } = done
  try {
    note('import.finished', `period ${period}`, { file: order.name, outcome, events, digest })
  } catch (cause) {
    const error = toAppError(cause)
    throw new AppError(
      error.code,
      `Period ${period} is imported, but the audit trail could not take note of it: ${error.message} Import the file once more then; nothing changes but the trail.`,
      { cause },
    )
  }
  return done
}

/** A job's context as a task runner takes it. */
export function taskContext(context: JobContext): Parameters<TaskRunner>[2] {
  const { signal, onProgress } = context
  return { ...(signal && { signal }), ...(onProgress && { onProgress: progress => onProgress(progress as never) }) }
}
